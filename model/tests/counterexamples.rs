//! The counterexamples of the mutants as sequence diagrams, and that their traces replay.

use handfast::{
    export::Exporter,
    import::Importer,
    operations::OpId,
    rules::{AllRules, Rule, Rules},
    trace::{Header, Step, Turn, from_line},
};
use handfast_model::{
    config::{Cast, Size, configurations, find},
    diagram::Counterexample,
    explore::Limits,
    mutants::Mutant,
    walk::reach,
    without::Without,
};

fn counterexample(id: &str) -> Counterexample {
    Mutant::find(id).unwrap().hunt(Size::Small, Limits::default()).row.counterexample.unwrap()
}

macro_rules! diagrams {
    ($($test:ident $id:literal;)*) => {
        $(
            #[test]
            fn $test() {
                insta::assert_snapshot!(counterexample($id).mermaid);
            }
        )*
    };
}

diagrams! {
    archive_without_consent "M-01";
    cancel_after_the_first_byte "M-09";
    password_tried_without_a_gate "M-10";
    early_password_tried_before_the_confirmation "M-11";
    tries_without_end "M-12";
    signal_after_done "M-18";
}

/// Plays a trace on fresh reducers with these rules, and returns how many steps agreed.
fn replay(lines: &[String], rules: impl Rules) -> usize {
    let header: Header = from_line(&lines[0]).unwrap();
    let mut importer = Importer::under(header.import.unwrap(), rules);
    let mut exporter = Exporter::under(header.export.unwrap(), rules);
    let same = |line: &&String| {
        let step: Step = from_line(line).unwrap();
        let again = match step.turn {
            Turn::Import { input, .. } => Step::import(step.t_ms, &mut importer, input),
            Turn::Export { input, .. } => Step::export(step.t_ms, OpId(1), &mut exporter, input),
        };
        again == step
    };
    lines[1..].iter().take_while(same).count()
}

#[test]
fn a_way_to_success_plays_again() {
    for configuration in
        configurations(Size::Small).into_iter().filter(|one| one.cast == Cast::HH && one.name == "honest")
    {
        let way = reach(configuration, "wrong twice, then right", Limits::default()).unwrap();
        assert_eq!(replay(&way.trace, AllRules), way.trace.len() - 1);
        insta::assert_snapshot!(configuration.id(), way.schedule.join("\n"));
    }
    assert!(reach(find(Size::Small, "HH-jamid-honest").unwrap(), "no such goal", Limits::default()).is_none());
}

/// A counterexample plays again on the mutant, and not on what ships.
#[test]
fn a_counterexample_plays_again_on_its_mutant_only() {
    let trace = counterexample("M-09").trace;
    assert_eq!(replay(&trace, Without::new(&[Rule::CancelBeforeSent])), trace.len() - 1);
    assert_eq!(replay(&trace, AllRules), trace.len() - 2);
}
