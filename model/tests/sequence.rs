//! The document's sequence diagram (R-SEQ-1): the arrows are the document's, runs of people, clients and daemons have each of them in
//! the order of its lifelines, and all that is otherwise or besides has a reason.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use handfast::outcome::Profile;
use handfast_model::sequence::{
    DIVERGENCES, DOCUMENTED, Document, EXTRAS, How, Lifeline, Part, REPEATED, SCENARIOS, draw,
    follow::{Followup, Links, follow},
};

const PROFILES: [Profile; 2] = [Profile::Documented, Profile::Jamid];

/// The links of all scenarios: each is explored once, however many documents are followed in it.
static LINKS: LazyLock<Links> = LazyLock::new(Links::default);

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

#[test]
fn the_arrows_are_the_document_s() {
    let protocol = page("protocol.md");
    let lines = protocol.lines().skip_while(|line| !line.starts_with("### Sequence: 24 arrows"));
    let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let documented: Vec<_> = table.skip(2).map(cells).collect();
    let part = |part| match part {
        Part::Main => "",
        Part::Protected => "Account is password protected",
        Part::Errors => "Error Scenarios",
        Part::Cancellation => "Optional Cancellation Flows",
    };
    let typed: Vec<_> = DOCUMENTED
        .iter()
        .map(|one| {
            let label = format!("`{}`", one.label);
            vec![one.number.to_string(), one.from.to_string(), one.to.to_string(), label, part(one.part).to_owned()]
        })
        .collect();
    assert_eq!(typed, documented);
}

/// Follows every scenario in a profile.
fn all(document: &Document, profile: Profile) -> Vec<Followup> {
    SCENARIOS.iter().map(|&scenario| follow(&LINKS, document, scenario, profile).unwrap()).collect()
}

fn holds(document: &Document, profile: Profile) -> bool {
    SCENARIOS.iter().all(|&scenario| follow(&LINKS, document, scenario, profile).unwrap().holds())
}

/// Returns the form of each arrow in a profile: as drawn, or otherwise.
fn arrow_in(profile: Profile, number: u8) -> String {
    let of = DIVERGENCES.iter().filter(|one| one.arrow == number && one.profiles.contains(&profile));
    let how = of.map(|one| match one.how {
        How::Before(other) => format!("before {other}"),
        How::Says(label) => format!("`{label}`"),
        How::Always => "always".into(),
        How::ItsEnd => "its end".into(),
    });
    let how = how.collect::<Vec<_>>().join("; ");
    if how.is_empty() { "✓".into() } else { how }
}

fn profiles(profiles: &[Profile]) -> &'static str {
    match profiles {
        [Profile::Documented] => "documented",
        [Profile::Jamid] => "jamid",
        _ => "both",
    }
}

fn way(from: Lifeline, to: Lifeline) -> String {
    if from == to { from.to_string() } else { format!("{from} → {to}") }
}

/// Returns the generated end of `docs/generated/sequence.md`.
fn page_end(found: &[Vec<Followup>; 2]) -> String {
    let mut page_end =
        String::from("## The arrows\n\n| # | | documented profile | profile of today's daemon |\n|---|---|---|---|\n");
    for one in DOCUMENTED {
        let [documented, jamid] = PROFILES.map(|profile| arrow_in(profile, one.number));
        page_end.push_str(&format!(
            "| {} | `{}` | {documented} | {jamid} |\n",
            one.number,
            one.label.replace("<br/>", " ")
        ));
    }
    page_end.push_str("\n## Differences, and why\n\n| # | where | |\n|---|---|---|\n");
    for one in DIVERGENCES {
        page_end.push_str(&format!("| {} | {} | {} |\n", one.arrow, profiles(one.profiles), one.reason));
    }
    page_end.push_str("\n## Repetitions, and why\n\n| # | where | |\n|---|---|---|\n");
    for one in REPEATED {
        page_end.push_str(&format!("| {} | {} | {} |\n", one.arrow, profiles(one.profiles), one.reason));
    }
    page_end.push_str("\n## Additions, and why\n\n| label | lifelines | where | |\n|---|---|---|---|\n");
    for one in EXTRAS {
        let (way, profiles) = (way(one.from, one.to), profiles(one.profiles));
        page_end.push_str(&format!("| `{}` | {way} | {profiles} | {} |\n", one.label, one.reason));
    }
    page_end.push_str("\n## Scenarios\n\n| scenario | arrows | runs | documented profile | profile of today's daemon |\n|---|---|---|---|---|\n");
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        let ends = match scenario.ends {
            [] => "1 to 18".to_owned(),
            ends => {
                let numbers = |of: &[u8]| of.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
                format!("{} after {}", numbers(ends), numbers(scenario.after))
            }
        };
        let runs = if scenario.ends.is_empty() { "all" } else { "one" };
        let [documented, jamid] = [&found[0][number], &found[1][number]]
            .map(|one| format!("{} states, {} steps", one.states, one.steps.unwrap_or_default()));
        page_end.push_str(&format!("| {} | {ends} | {runs} | {documented} | {jamid} |\n", scenario.name));
    }
    for (profile, heading) in PROFILES.into_iter().zip(["The documented profile", "The profile of today's daemon"]) {
        page_end.push_str(&format!("\n## {heading}\n\n```mermaid\n{}```\n", draw(profile).unwrap().mermaid));
    }
    page_end
}

#[test]
fn every_arrow_is_found_and_nothing_else_without_a_reason() {
    let document = Document::default();
    let found = PROFILES.map(|profile| all(&document, profile));
    for (profile, found) in PROFILES.into_iter().zip(&found) {
        for (one, scenario) in found.iter().zip(SCENARIOS) {
            assert!(one.holds(), "{profile:?}, {}: {one:?}", scenario.name);
        }
        let seen = |of: fn(&Followup) -> Vec<usize>| found.iter().flat_map(of).collect::<BTreeSet<_>>();
        let listed = |profiles: &[Profile]| profiles.contains(&profile);
        let extras = EXTRAS.iter().enumerate().filter(|(_, one)| listed(one.profiles)).map(|(at, _)| at).collect();
        assert_eq!(seen(|one| one.extras.iter().copied().collect()), extras, "{profile:?}");
        let repeated = REPEATED.iter().filter(|one| listed(one.profiles)).map(|one| usize::from(one.arrow)).collect();
        assert_eq!(seen(|one| one.repeated.iter().map(|&arrow| arrow.into()).collect()), repeated, "{profile:?}");
    }
    // The ways are through all of it.
    let gone: BTreeSet<u8> = (1..=18).chain(SCENARIOS.iter().flat_map(|one| one.ends).copied()).collect();
    assert_eq!(gone, DOCUMENTED.iter().map(|one| one.number).collect());
    let page_end = page_end(&found);
    assert!(
        page("generated/sequence.md").ends_with(&page_end),
        "docs/generated/sequence.md has to end with\n{page_end}"
    );
}

/// The diagram has each arrow of the main line, in an order that the document allows.
#[test]
fn a_whole_link_is_drawn() {
    for profile in PROFILES {
        let drawn = draw(profile).unwrap();
        let numbers: BTreeSet<u8> = drawn.numbers.iter().copied().collect();
        assert_eq!((numbers, drawn.numbers.len()), ((1..=18).collect(), 18));
    }
}

/// A document with one thing otherwise is not what is found.
#[test]
fn an_arrow_that_is_lost_or_altered_is_missed() {
    for (number, arrow) in DOCUMENTED.iter().enumerate() {
        let fails = |plant: &dyn Fn(&mut Document)| {
            let mut document = Document::default();
            plant(&mut document);
            !holds(&document, Profile::Documented)
        };
        let name = arrow.label;
        let lost = |document: &mut Document| document.arrows.retain(|one| usize::from(one.number) != number + 1);
        assert!(fails(&lost), "lost: {name}");
        let altered = |document: &mut Document| {
            document.arrows[number].label = "something else";
            document.divergences.retain(|one| usize::from(one.arrow) != number + 1);
        };
        assert!(fails(&altered), "altered: {name}");
        let turned = |document: &mut Document| {
            let arrow = &mut document.arrows[number];
            (arrow.from, arrow.to) = match (arrow.from, arrow.to) {
                (from, to) if from == to => (from, Lifeline::ALL[(from as usize + 1) % 4]),
                (from, to) => (to, from),
            };
        };
        assert!(fails(&turned), "turned round: {name}");
    }
    // Nor is one in another order: the confirmation before it is asked for, the success before the transfer.
    for (number, before) in [(13, 10), (17, 16), (18, 15), (12, 9), (7, 2)] {
        let mut document = Document::default();
        let arrow = document.arrows.remove(number - 1);
        document.arrows.insert(before - 1, arrow);
        assert!(!holds(&document, Profile::Documented), "{number} before {before}");
    }
}

/// Each listed reason is needed: without it a scenario fails, or needs a longer path.
#[test]
fn no_reason_is_given_for_nothing() {
    let way = |document: &Document, profile, scenario| {
        let found = follow(&LINKS, document, scenario, profile).unwrap();
        (found.holds(), found.steps)
    };
    let ways = || PROFILES.into_iter().flat_map(|profile| SCENARIOS.map(|scenario| (profile, scenario)));
    let whole: Vec<_> = ways().map(|(profile, scenario)| way(&Document::default(), profile, scenario)).collect();
    let needed = |profiles: &[Profile], document: &Document| {
        let own = ways().zip(&whole).filter(|((profile, _), _)| profiles.contains(profile));
        own.into_iter().any(|((profile, scenario), whole)| way(document, profile, scenario) != *whole)
    };
    for number in 0..DIVERGENCES.len() {
        let mut document = Document::default();
        let one = document.divergences.remove(number);
        assert!(needed(one.profiles, &document), "{one:?}");
    }
    for number in 0..EXTRAS.len() {
        let mut document = Document::default();
        let one = document.extras.remove(number);
        assert!(needed(one.profiles, &document), "{one:?}");
    }
    for number in 0..REPEATED.len() {
        let mut document = Document::default();
        let one = document.repeated.remove(number);
        assert!(needed(one.profiles, &document), "{one:?}");
    }
}
