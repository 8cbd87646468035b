//! The daemons as documented (R-CLI-1): the table is the document's, what is explored is the table, and what is not is found.

use std::{collections::BTreeSet, env, fs, path::Path, sync::LazyLock};

use handfast::outcome::{LinkState, Profile, Side};
use handfast_model::{
    check::{Checked, Verdict, check_system},
    config::Size,
    documented::{DOCUMENTED, Edge, LEFT_OUT, expected, mermaid, reason, state_name},
    explore::Limits,
    mutants::Mutant,
    properties::PropertyId,
    refinement::{self, Refinement},
    report::{Outcome, Selection, run},
};

use crate::WHOLE;

const PROFILES: [Profile; 2] = [Profile::Documented, Profile::Jamid];

/// The steps that clients see in each profile.
static FOUND: LazyLock<[BTreeSet<Edge>; 2]> = LazyLock::new(|| PROFILES.map(refinement::explore));

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// The rows of the table below this heading, as pairs of states and labels.
fn rows<'a>(page: &'a str, heading: &str) -> BTreeSet<Vec<&'a str>> {
    let lines = page.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table
        .skip(2)
        .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect()
}

#[test]
fn the_table_is_the_document_s() {
    let protocol = page("protocol.md");
    for (side, heading) in
        [(Side::Import, "### Daemon, import: 6 edges"), (Side::Export, "### Daemon, export: 5 edges")]
    {
        let own: Vec<_> = DOCUMENTED.iter().filter(|edge| edge.side == side).collect();
        let names: Vec<[String; 2]> = own
            .iter()
            .map(|edge| [edge.from.map_or("[*]".into(), |from| state_name(side, from)), state_name(side, edge.to)])
            .collect();
        let typed: BTreeSet<Vec<&str>> =
            own.iter().zip(&names).map(|(edge, [from, to])| vec![from.as_str(), to.as_str(), edge.label]).collect();
        assert_eq!(typed, rows(&protocol, heading));
    }
}

/// All edges of a profile with where they come from, as `docs/generated/machines.md` has them.
fn table(profile: Profile, found: &BTreeSet<Edge>) -> String {
    let mut table = String::from("| step | |\n|---|---|\n");
    for edge in found {
        let why = match (DOCUMENTED.contains(edge), reason(profile, *edge)) {
            (true, _) => "documented",
            (false, Some(reason)) => reason,
            (false, None) => "NOT LISTED",
        };
        table.push_str(&format!("| `{edge}` | {why} |\n"));
    }
    for left in LEFT_OUT.iter().filter(|left| left.profile == profile) {
        table.push_str(&format!("| not `{}` | {} |\n", left.edge, left.reason));
    }
    table
}

#[test]
fn what_is_explored_is_what_is_listed() {
    let mut page_end = String::new();
    let headings = ["The documented profile", "The profile of today's daemon"];
    for ((profile, found), heading) in PROFILES.into_iter().zip(&*FOUND).zip(headings) {
        assert_eq!(*found, expected(profile));
        page_end.push_str(&format!("\n## {heading}\n\n{}", table(profile, found)));
        for side in [Side::Import, Side::Export] {
            page_end.push_str(&format!("\n```mermaid\n{}```\n", mermaid(side, found)));
        }
    }
    if env::var_os("HANDFAST_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/machines.md");
        let whole = fs::read_to_string(&path).unwrap();
        let (head, _) = whole.split_once("\n## The documented profile").unwrap();
        fs::write(path, format!("{head}{page_end}")).unwrap();
    }
    assert!(
        page("generated/machines.md").ends_with(&page_end),
        "docs/generated/machines.md has to end with\n{page_end}"
    );
}

/// A document with one edge otherwise is not what is found (R-CLI-1).
#[test]
fn an_edge_that_is_lost_or_altered_is_missed() {
    let found = &FOUND[0];
    assert_eq!(expected(Profile::Documented), *found);
    for edge in DOCUMENTED {
        // An edge of the table that is neither another step nor left out is found with its own label and no other.
        let others: BTreeSet<Edge> = expected(Profile::Documented).into_iter().filter(|other| *other != edge).collect();
        assert_ne!(others, *found, "lost: {edge}");
        let altered = Edge { label: "something else", ..edge };
        assert_ne!(others.into_iter().chain([altered]).collect::<BTreeSet<_>>(), *found, "altered: {edge}");
    }
}

#[test]
fn a_whole_run_says_so_for_each_profile() {
    assert_eq!(WHOLE.outcome, Outcome::AsExpected);
    assert_eq!(WHOLE.documented.iter().map(|one| one.profile).collect::<Vec<_>>(), PROFILES);
    assert!(WHOLE.documented.iter().all(|one| one.verdict.is_verified() && one.missing.is_empty()));
    // Of a part nothing is said.
    let configuration = Some("HH-jamid-honest".into());
    let part = run(&Selection { mutants: false, configuration, ..Selection::all(Size::Small) });
    assert!(part.documented.is_empty());
}

/// A step that no one listed.
#[test]
fn a_step_too_many_is_found() {
    for id in ["M-17", "M-18", "M-19"] {
        let system = Mutant::find(id).unwrap().system(Size::Small).unwrap();
        let checked = check_system(&system, Some(PropertyId::Documented), Limits::default());
        let row = &checked.rows[0];
        assert!(row.verdict.is_violated(), "{id}: {}", row.verdict);
        assert!(row.counterexample.is_some());
        let unlisted = checked.visible.difference(&expected(Profile::Documented)).count();
        assert!(unlisted > 0, "{id}");
        assert!(Refinement::of(Profile::Documented, [&checked]).verdict.is_violated(), "{id}");
    }
}

/// A step that is listed, and not taken anywhere.
#[test]
fn a_step_too_few_is_no_pass() {
    let of_profile = |one: &&Checked| one.configuration.contains("-documented-");
    let mut checked: Vec<_> = WHOLE.checked.iter().filter(of_profile).cloned().collect();
    let whole = Refinement::of(Profile::Documented, &checked);
    assert!(whole.verdict.is_verified(), "{}", whole.verdict);
    let retry = |edge: &Edge| edge.label == "Wrong password" && edge.to == LinkState::Authenticating;
    for one in &mut checked {
        one.visible.retain(|edge| !retry(edge));
    }
    let less = Refinement::of(Profile::Documented, &checked);
    assert!(less.missing.iter().all(retry) && less.missing.len() == 1, "{:?}", less.missing);
    let expected = "INCONCLUSIVE (not found: Import_Authenticating --> Import_Authenticating: Wrong password)";
    assert_eq!(less.verdict.to_string(), expected);
    // Nor is a graph that was cut short.
    checked[0].rows.iter_mut().for_each(|row| row.verdict = Verdict::NoViolation { bounded: "10 states".into() });
    assert!(!Refinement::of(Profile::Documented, &checked).verdict.is_verified());
}
