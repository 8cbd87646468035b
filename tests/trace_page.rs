//! `docs/trace.md` lists the names that a trace has: all of them, and no others.

use std::{collections::BTreeSet, fs, path::Path};

use handfast::{
    export, import,
    limits::Timer,
    message::{ImportResult, Message, Verdict, Word},
    outcome::{Outcome, Scheme, Signal},
    reducer::Refused,
};
use serde::de::DeserializeOwned;

type Names = BTreeSet<String>;

/// The text between each pair of backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The serialized names of a type's variants, as its reader lists them where it is given another one.
fn variants<T: DeserializeOwned>() -> Names {
    let Err(error) = serde_json::from_str::<T>("\"no such name\"") else { panic!("it has no such name") };
    let error = error.to_string();
    let (unknown, expected) = error.split_once("expected").unwrap();
    assert!(unknown.starts_with("unknown variant"), "{error}");
    quoted(expected).map(str::to_owned).collect()
}

fn all<const N: usize>(sets: [Names; N]) -> Names {
    sets.into_iter().flatten().collect()
}

/// The cells of each row of the table below a heading, without its head.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let table = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    table.skip(2).map(cells).collect()
}

/// The quoted names in a cell: its words with capital and small letters, which no member or placeholder has.
fn names(cell: &str) -> Names {
    let words = quoted(cell).flat_map(|text| text.split(|char: char| !char.is_ascii_alphanumeric()));
    let is_name = |word: &&str| {
        word.starts_with(|char: char| char.is_ascii_uppercase())
            && word.contains(|char: char| char.is_ascii_lowercase())
    };
    words.filter(is_name).map(str::to_owned).collect()
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trace.md")).unwrap()
}

/// The names in one column of a table.
fn column(rows: &[Vec<String>], at: usize) -> Names {
    rows.iter().flat_map(|row| names(&row[at])).collect()
}

#[test]
fn the_page_lists_every_input() {
    let page = page();
    let import = rows(&page, "### Inputs of an import");
    assert_eq!(column(&import, 0), variants::<import::Input>());
    assert_eq!(column(&import, 1), all([variants::<import::Ask>(), variants::<import::Check>()]));
    let export = rows(&page, "### Inputs of an export");
    assert_eq!(column(&export, 0), variants::<export::Input>());
    assert_eq!(column(&export, 1), variants::<export::Tried>());
}

#[test]
fn the_page_lists_every_effect() {
    let rows = rows(&page(), "### Effects");
    let of = |side: &str| {
        assert!(rows.iter().all(|row| ["both", "import", "export"].contains(&&*row[1])), "{rows:?}");
        rows.iter().filter(|row| row[1] == "both" || row[1] == side).flat_map(|row| names(&row[0])).collect::<Names>()
    };
    assert_eq!(of("import"), variants::<import::Effect>());
    assert_eq!(of("export"), variants::<export::Effect>());
}

#[test]
fn the_page_lists_every_value() {
    let page = page();
    let said = all([variants::<Message>(), variants::<Verdict>(), variants::<Word>(), variants::<ImportResult>()]);
    let stated = [
        ("scheme", variants::<Scheme>()),
        ("timer", variants::<Timer>()),
        ("message", said),
        ("signal", variants::<Signal>()),
        ("outcome", variants::<Outcome>()),
    ];
    let values = rows(&page, "### Values");
    for (value, stated) in stated {
        let row = values.iter().find(|row| row[0] == value).unwrap_or_else(|| panic!("no row {value}"));
        assert_eq!(names(&row[1]), stated, "{value}");
    }
    let step = rows(&page, "## A step");
    let refused = step.iter().find(|row| row[0] == "`refused`").unwrap();
    assert_eq!(names(&refused[1]), variants::<Refused>());
}

/// A name that is left out of the page, or is too much there, is noticed.
#[test]
fn a_page_that_is_incomplete_is_noticed() {
    let page = page();
    let inputs = |page: &str| column(&rows(page, "### Inputs of an import"), 0);
    let whole = inputs(&page);
    assert!(whole.contains("CompareAccount") && whole.len() > 20, "{whole:?}");
    assert_ne!(inputs(&page.replace("| `CompareAccount` |", "| |")), whole);
    assert_ne!(inputs(&page.replace("`CompareAccount`", "`CompareAccount`, `CompareAccounts`")), whole);
}
