//! The table of faults (docs/faults.md) names tests, mutants, switches and edits that exist; and each wrong edit of the committed list can be
//! made.

use std::{collections::BTreeSet, fs, path::Path};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts of a page between backticks.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_of_the_table_exists() {
    let page = read("docs/faults.md");
    let tests: Vec<_> = quoted(&page).filter_map(|text| text.split_once("::")).collect();
    assert!(tests.len() > 25, "{}", tests.len());
    for (file, name) in tests {
        assert!(read(file).contains(&format!("fn {name}(")), "{file} has no {name}");
    }
}

#[test]
fn every_planted_defect_of_the_table_exists() {
    let page = read("docs/faults.md");
    let mutants = read("model/src/property/mutants/list.rs");
    let words = page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let named: BTreeSet<_> = words.filter(|word| word.strip_prefix("M-").is_some_and(|id| !id.is_empty())).collect();
    assert!(named.len() > 4, "{named:?}");
    named.iter().for_each(|id| assert!(mutants.contains(&format!("\"{id}\"")), "there is no mutant {id}"));
    let edits: BTreeSet<_> = edits().into_iter().map(|edit| edit.name).collect();
    for row in page.lines().filter(|line| line.contains("edit `")) {
        let name = row.rsplit('`').nth(1).unwrap();
        assert!(edits.contains(name), "there is no edit {name}");
    }
}

/// Each fault that a row names is one of the script, which runs the tests of that row and no other; and each of the script is in a row.
#[test]
fn every_planted_fault_is_run_by_the_script() {
    let (page, script) = (read("docs/faults.md"), read("scripts/planted-faults"));
    let names: BTreeSet<_> =
        script.lines().filter_map(|line| line.strip_prefix("    \"")?.strip_suffix("\": (")).collect();
    assert!(names.len() > 15, "{names:?}");
    let mut named = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let (_, planted) = row.trim_end_matches(" |").rsplit_once("| ").unwrap();
        let mut run = BTreeSet::new();
        for name in planted.strip_prefix("fault").into_iter().flat_map(quoted) {
            assert!(names.contains(name), "there is no fault {name}");
            named.insert(name);
            let (_, entry) = script.split_once(&format!("\"{name}\": (")).unwrap();
            let (_, tests) = entry.split_once("        [(").unwrap();
            let (tests, _) = tests.split_once(")]),").unwrap();
            // Package, binary, test.
            let words = tests.split('"').skip(1).step_by(2);
            run.extend(words.skip(2).step_by(3).map(|test| test.rsplit("::").next().unwrap()));
        }
        if planted.starts_with("fault") {
            let named: BTreeSet<_> = quoted(row).filter_map(|text| Some(text.split_once("::")?.1)).collect();
            assert_eq!(run, named, "{row}");
        }
    }
    assert_eq!(named, names);
}

/// An edit of the list.
#[derive(Default)]
struct Edit {
    name: String,
    file: String,
    from: String,
    to: Option<String>,
    found: String,
    test: Option<String>,
}

/// The list. Its strings are TOML's basic ones, which JSON has too.
fn edits() -> Vec<Edit> {
    let mut all: Vec<Edit> = Vec::new();
    for line in read("scripts/wrong-edits.toml").lines() {
        if line == "[[edit]]" {
            all.push(Edit::default());
        } else if let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let value: String = serde_json::from_str(value).unwrap_or_else(|error| panic!("{line}: {error}"));
            let edit = all.last_mut().expect("an edit began");
            match key {
                "name" => edit.name = value,
                "file" => edit.file = value,
                "from" => edit.from = value,
                "to" => edit.to = Some(value),
                "found" => edit.found = value,
                "test" => edit.test = Some(value),
                "kind" | "both" | "why" => {}
                other => panic!("{other}: no such key"),
            }
        }
    }
    all
}

/// Each edit has one place in the file that it changes, so that the list stays with the code.
#[test]
fn every_wrong_edit_can_be_made() {
    let edits = edits();
    let names: BTreeSet<_> = edits.iter().map(|edit| edit.name.as_str()).collect();
    assert_eq!(names.len(), edits.len(), "a name twice");
    assert!(edits.len() >= 80, "{}", edits.len());
    let page = read("docs/wrong-edits.md");
    for Edit { name, file, from, to, found, test } in &edits {
        assert_eq!(read(file).matches(from.as_str()).count(), 1, "{name}: {file} has not one {from:?}");
        assert_ne!(to.as_deref(), Some(from.as_str()), "{name} changes nothing");
        assert!(to.is_some() && !found.is_empty(), "{name}: what it becomes, and what finds it");
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/wrong-edits.md has no row for {name}"));
        assert_eq!(found == "tests", test.is_some(), "{name}: the test that finds it");
        if let Some(test) = test {
            let (file, function) = test.split_once("::").unwrap();
            assert!(read(file).contains(&format!("fn {function}(")), "{file} has no {function}");
            assert!(row.ends_with(&format!("| the test `{test}` |")), "{row}");
        }
    }
}
