//! Reads the sources for requirements: where each is defined, and each place that cites it. The report links them with properties and
//! mutants; an installed command has no sources to look at.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Folders whose code cites requirements.
const CODE: [&str; 8] =
    ["model/src", "model/tests", "sim/src", "sim/tests", "src", "testbed/src", "testbed/tests/command", "tests"];
/// The page that defines them.
const PROTOCOL: &str = "docs/protocol.md";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let mut table = String::new();
    println!("cargo::rerun-if-changed=../{PROTOCOL}");
    definitions(&fs::read_to_string(root.join(PROTOCOL)).unwrap_or_default(), &mut table);
    for folder in CODE {
        println!("cargo::rerun-if-changed=../{folder}");
        let mut files = Vec::new();
        rust_files(&root.join(folder), &mut files);
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            citations(&name, &fs::read_to_string(&file).unwrap_or_default(), &mut table);
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("requirements.tsv");
    if let Err(error) = fs::write(&out, table) {
        println!("cargo::error={}: {error}", out.display());
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A line for each `**R-…**` of the page: `defined`, id, line, heading, text.
fn definitions(page: &str, table: &mut String) {
    let mut heading = "";
    for (number, line) in page.lines().enumerate() {
        heading = line.strip_prefix("## ").or(line.strip_prefix("### ")).unwrap_or(heading);
        for part in line.split("**").skip(1).step_by(2).filter(|part| ids(part) == [*part]) {
            let text = match line.starts_with('|') {
                true => row(line, part),
                false => paragraph(page, number),
            };
            _ = writeln!(table, "defined\t{part}\t{}\t{heading}\t{text}", number + 1);
        }
    }
}

/// The marks before the id of a requirement: of a list, or of a table.
const MARKS: [char; 4] = ['-', '*', '|', ' '];

/// The sentences of a requirement: the lines to the next one, or to an empty line.
fn paragraph(page: &str, from: usize) -> String {
    let begins = |line: &str| line.trim_start_matches(MARKS).starts_with("R-") && line.contains("**R-");
    let own = page.lines().skip(from + 1).take_while(|line| !line.trim().is_empty() && !begins(line));
    let lines: Vec<_> = page.lines().skip(from).take(1).chain(own).map(str::trim).collect();
    let text = lines.join(" ");
    let text = text.split_once("**").and_then(|(_, rest)| rest.split_once("**")).map_or(&*text, |(_, text)| text);
    text.trim().replace('\t', " ")
}

/// The cells of a requirement that stands in the row of a table, without its id.
fn row(line: &str, id: &str) -> String {
    let cells = line.trim_matches(['|', ' ']).split('|').map(|cell| cell.replace(&format!("**{id}**"), ""));
    let cells: Vec<_> = cells.map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect();
    cells.join(" · ").replace('\t', " ")
}

/// A line for each cited id: `code` or `test`, id, path, line, name. The name is that of the function or the rule around it.
fn citations(path: &str, text: &str, table: &mut String) {
    let of_tests = path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs");
    let lines: Vec<&str> = text.lines().collect();
    let mut in_tests = of_tests;
    for (number, line) in lines.iter().enumerate() {
        in_tests |= line.starts_with("#[cfg(test)]") && lines.get(number + 1).is_some_and(|next| next.ends_with('{'));
        let kind = if in_tests { "test" } else { "code" };
        for id in ids(line) {
            _ = writeln!(table, "{kind}\t{id}\t{path}\t{}\t{}", number + 1, item(&lines, number));
        }
    }
}

/// The item that a line belongs to: the one below a doc comment, or the last function above.
fn item(lines: &[&str], number: usize) -> String {
    let is_doc = |line: &str| line.starts_with("///") || line.starts_with("#[");
    if is_doc(lines[number].trim()) {
        let below = lines[number..].iter().map(|line| line.trim()).find(|line| !is_doc(line));
        return below.map(named).unwrap_or_default();
    }
    let functions = lines[..=number].iter().rev().map(|line| line.trim());
    functions.filter(|line| line.contains("fn ")).map(named).next().unwrap_or_default()
}

/// The name in the first line of an item.
fn named(line: &str) -> String {
    let skipped =
        ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "fn", "struct", "enum", "type", "static"];
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"_()".contains(c));
    let name = words.filter(|word| !word.is_empty() && !skipped.contains(word)).map(|word| word.split('(').next());
    name.flatten().next().unwrap_or_default().to_owned()
}

/// The requirements that a line cites. A range, written with two dots or with "to", stands for each of its ids.
fn ids(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("R-") {
        if line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            continue;
        }
        let Some((family, first, rest)) = id(&line[at..]) else { continue };
        let dots = rest.strip_prefix("..").and_then(number).map(|(last, _)| last);
        let to = rest.strip_prefix(" to ").and_then(id).filter(|(other, ..)| *other == family).map(|(_, last, _)| last);
        let ids = (first..=dots.or(to).unwrap_or(first)).map(|number| format!("{family}{number}"));
        found.extend(ids);
    }
    found.sort();
    found.dedup();
    found
}

/// The family, with its last hyphen, and the number at the start of a text, and what follows.
fn id(text: &str) -> Option<(&str, u32, &str)> {
    let letters = text.strip_prefix("R-")?;
    let end = letters.find(|c: char| !c.is_ascii_uppercase())?;
    let rest = letters[end..].strip_prefix('-')?;
    let (number, rest) = number(rest)?;
    (end > 0).then_some((&text[..end + 3], number, rest))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    Some((text[..text.len() - rest.len()].parse().ok()?, rest))
}
