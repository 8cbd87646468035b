//! Requirements and who cites them: nothing cites an id that the documents do not define, and code cites each requirement.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

/// Where code cites requirements.
const CODE: [&str; 5] = ["src", "model", "sim", "testbed", "tests"];

/// An id with a number: a requirement (R), a weakness of today's daemon (W) or a mutant (M).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    family: String,
    number: u32,
}

impl Id {
    fn is_requirement(&self) -> bool {
        self.family.starts_with("R-")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family.as_str() {
            "M" => write!(f, "M-{:02}", self.number),
            family => write!(f, "{family}-{}", self.number),
        }
    }
}

/// The number at the start of `text`, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    Some((text[..text.len() - rest.len()].parse().ok()?, rest))
}

/// The id at the start of `text`, and what follows it.
fn id(text: &str) -> Option<(Id, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '-');
    let family = text[..text.len() - rest.len()].strip_suffix('-')?;
    let known = matches!(family, "W" | "M") || family.strip_prefix("R-").is_some_and(|rest| !rest.contains('-'));
    let (number, rest) = number(rest)?;
    known.then(|| (Id { family: family.into(), number }, rest))
}

/// All ids that a text cites. A range, written with two dots or with "to", stands for each of its ids.
fn ids(text: &str) -> BTreeSet<Id> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(|c: char| c.is_ascii_uppercase()) {
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            continue;
        }
        let Some((first, rest)) = id(&text[at..]) else { continue };
        let dots = rest.strip_prefix("..").and_then(number).map(|(last, _)| last);
        let to = rest.strip_prefix(" to ").and_then(id).filter(|(last, _)| last.family == first.family);
        let last = dots.or(to.map(|(last, _)| last.number)).unwrap_or(first.number);
        found.extend((first.number..=last).map(|number| Id { family: first.family.clone(), number }));
    }
    found
}

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below `folder` that have this extension, as paths from the top of the repository.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path, extension));
        } else if Path::new(&path).extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The ids that the documents define: requirements in bold, weaknesses as headings, mutants as the first cell of a row.
fn defined() -> BTreeSet<Id> {
    let sources = [("protocol", "**", "**"), ("legacy/weaknesses", "\n### ", ". "), ("properties", "\n| ", " | ")];
    let mut all = BTreeSet::new();
    for (document, before, after) in sources {
        let text = read(format!("docs/{document}.md"));
        for (at, _) in text.match_indices(before) {
            let Some((id, rest)) = id(&text[at + before.len()..]) else { continue };
            if rest.starts_with(after) {
                assert!(all.insert(id.clone()), "{id} is defined twice");
            }
        }
    }
    all
}

#[test]
fn nothing_cites_an_id_that_the_documents_do_not_define() {
    let defined = defined();
    let sources = CODE.iter().flat_map(|folder| files(folder, "rs")).chain(files("docs", "md"));
    let unknown: Vec<_> = sources
        .flat_map(|path| {
            let cited = ids(&read(&path));
            cited.difference(&defined).map(|id| format!("{path} cites {id}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(unknown.is_empty(), "not defined in docs/:\n{}", unknown.join("\n"));
}

#[test]
fn code_cites_every_requirement() {
    let cited: BTreeSet<_> =
        CODE.iter().flat_map(|folder| files(folder, "rs")).flat_map(|path| ids(&read(path))).collect();
    let missing: Vec<_> = defined().difference(&cited).filter(|id| id.is_requirement()).map(Id::to_string).collect();
    assert_eq!(missing, Vec::<String>::new(), "cited nowhere in {CODE:?}");
}

#[test]
fn ids_are_found_alone_in_ranges_and_nowhere_else() {
    // Put together here, so that this file itself cites nothing.
    let r = |number: u32| format!("R-{}-{number}", "ABC");
    let text = format!("({}, {} to {}, {}..12) w{} {}x AES-256 SHA-1 W{}", r(1), r(3), r(5), r(11), r(20), r(30), "-7");
    let found: Vec<_> = ids(&text).iter().map(Id::to_string).collect();
    assert_eq!(found, [&r(1), &r(3), &r(4), &r(5), &r(11), &r(12), &r(30), "W-7"]);
}
