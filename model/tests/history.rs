//! The track record: each real bug is found as its row states, and every test that a row names is there.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use handfast_model::{
    explore::Limits,
    history::{BUGS, Line, Mark, OWN, brief, diagrams, markdown, markdown_of_own},
    properties::PropertyId,
};

const PAGE: &str = include_str!("../../docs/history.md");
const README: &str = include_str!("../../README.md");

static LINES: LazyLock<Vec<Line>> =
    LazyLock::new(|| BUGS.iter().map(|bug| Line::new(bug, bug.show(Limits::default()))).collect());

fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// `HANDFAST_BLESS=1` writes the generated parts of the page.
#[test]
fn the_page_has_what_is_found() {
    let parts = [("bugs", markdown(&LINES)), ("own", markdown_of_own()), ("diagrams", diagrams(&LINES))];
    let mut page = PAGE.to_owned();
    for (name, text) in &parts {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let from = page.find(&begin).unwrap_or_else(|| panic!("docs/history.md has no {begin}")) + begin.len();
        let to = page.find(&end).unwrap_or_else(|| panic!("docs/history.md has no {end}"));
        page.replace_range(from..to, &format!("\n{}\n\n", text.trim_end()));
    }
    if std::env::var_os("HANDFAST_BLESS").is_some() {
        fs::write(top().join("docs/history.md"), &page).unwrap();
    }
    assert!(page == PAGE, "docs/history.md is not what is found; HANDFAST_BLESS=1 writes it");
}

#[test]
fn the_readme_has_five_of_them() {
    let five = ["H-7", "H-8", "H-11", "H-17", "H-21"];
    let table = brief(LINES.iter().filter(|line| five.contains(&line.id)));
    assert!(README.contains(&table), "README.md should have:\n{table}");
}

#[test]
fn each_bug_is_found_as_its_row_states() {
    for line in LINES.iter() {
        for shown in &line.shown {
            let (id, with) = (line.id, shown.with);
            assert!(shown.as_stated, "{id} {with}: {} with it, {} without", shown.defect, shown.mended);
            assert!(shown.counterexample.is_some() || shown.property == "R-TOK-1", "{id} {with}");
        }
    }
}

/// A row that is found has an exhibit, and every other one the reason why it is not, or not all of it.
#[test]
fn each_row_says_why() {
    assert_eq!(BUGS.len(), 25);
    for (number, bug) in BUGS.iter().enumerate() {
        assert_eq!(bug.id, format!("H-{}", number + 1));
        assert_eq!(bug.mark == Mark::Found, bug.reason.is_empty(), "{}", bug.id);
        assert!(bug.mark != Mark::Found || !bug.exhibits.is_empty(), "{}", bug.id);
        assert!(bug.mark != Mark::Outside || bug.exhibits.is_empty(), "{}", bug.id);
        assert!(bug.mark != Mark::Part || !bug.elsewhere.is_empty(), "{}", bug.id);
    }
}

/// An exhibit whose stated steps are others is no pass.
#[test]
fn what_is_stated_otherwise_is_noticed() {
    let bug = BUGS.iter().find(|bug| bug.id == "H-7").unwrap();
    let mut exhibit = bug.exhibits[0];
    assert!(exhibit.show(Limits::default()).as_stated);
    exhibit.stated.reverse();
    assert!(!exhibit.show(Limits::default()).as_stated);
    let few = Limits { states: 10, ..Limits::default() };
    assert!(!bug.exhibits[0].show(few).as_stated);
}

/// A defect that makes no difference is not found.
#[test]
fn a_pair_that_is_alike_is_no_exhibit() {
    use handfast_model::history::Subject;
    let mut exhibit = BUGS.iter().find(|bug| bug.id == "H-7").unwrap().exhibits[0];
    let Subject::Daemons(daemons) = &mut exhibit.subject else { panic!("H-7 is of daemons") };
    daemons.changes[1] = daemons.changes[0];
    exhibit.stated[1] = exhibit.stated[0];
    assert!(!exhibit.show(Limits::default()).as_stated);
}

#[test]
fn every_test_that_is_named_is_there() {
    let held = BUGS.iter().flat_map(|bug| bug.elsewhere).chain(OWN.iter().flat_map(|own| own.held));
    let mut count = 0;
    for held in held {
        let path = top().join(held.file);
        assert!(path.exists(), "there is no {}", held.file);
        if !held.test.is_empty() {
            let text = fs::read_to_string(&path).unwrap();
            let line = format!("fn {}(", held.test);
            let (before, _) = text.split_once(&line).unwrap_or_else(|| panic!("{} has no {}", held.file, held.test));
            let attribute = before.rfind("#[").map(|at| &before[at..]).unwrap_or_default();
            assert!(attribute.contains("test"), "{held} is no test");
        }
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn every_rule_that_is_cited_exists() {
    let protocol = fs::read_to_string(top().join("docs/protocol.md")).unwrap();
    let ids: BTreeSet<_> = OWN.iter().map(|own| own.id).collect();
    assert_eq!(ids.len(), OWN.len());
    for own in OWN {
        let known = match own.cites.strip_prefix("P-") {
            Some(_) => PropertyId::from_id(own.cites).is_some(),
            None => protocol.contains(&format!("**{}**", own.cites)),
        };
        assert!(known, "{}: {}", own.id, own.cites);
    }
}
