//! A ratchet on the language of comments, documents, messages and names: words and sentence shapes that make a reader start
//! again are counted for each folder, against numbers in `tests/prose.txt` that may only fall.
//!
//! After a clean-up, `HANDFAST_BLESS=1 cargo test --test prose` writes the lower numbers. It refuses to write a higher one.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// Where prose stands, and what the numbers are kept for. `""` is the top folder itself, without its folders.
const FOLDERS: [&str; 11] = ["", ".ci", "benches", "dht", "docs", "fuzz", "model", "scripts", "sim", "src", "testbed"];
/// Files whose words are counted.
const EXTENSIONS: [&str; 7] = ["md", "py", "rs", "sh", "snap", "toml", "yml"];
/// Folders of data, of other people's words, or of what a build or a test made.
const NOT_PROSE: [&str; 8] =
    ["corpus", "dictionaries", "generated", "node_modules", "regressions", "seeds", "target", "vectors"];

/// Words that a plainer word replaces.
const WORDS: [&str; 19] = [
    "behind", "beside", "board", "deaf", "door", "hear", "heard", "hears", "knock", "knocked", "knocks", "meeting",
    "nobody", "storm", "storms", "tell", "tells", "told", "whoever",
];
/// A stable id that has one of the words in it.
const ID: &str = "P-CANCEL-HEARD";
/// How a sentence does not begin: with a clause in the place of its subject.
const BEGINNINGS: [&str; 6] = ["Nobody", "That which", "Those that", "What", "Who", "Whoever"];

/// What is counted under one word or beginning.
type Counts = BTreeMap<(String, String), u32>;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files with prose in a folder of the repository, itself and those below; of the top folder only its own.
fn files(folder: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(top().join(folder)) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = Path::new(folder).join(&name);
        if entry.file_type().unwrap().is_dir() {
            if !folder.is_empty() && !NOT_PROSE.contains(&&*name) {
                files(path.to_str().unwrap(), found);
            }
        } else if EXTENSIONS.iter().any(|extension| path.extension().is_some_and(|own| own == *extension))
            || !name.contains('.') && folder.starts_with("scripts")
        {
            found.push(path);
        }
    }
}

/// The words of a text. Names are taken apart: `was_told` and `WasTold` are two words each.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split(|c: char| !c.is_ascii_alphabetic()) {
        let mut word = String::new();
        let mut lower = false;
        for c in part.chars() {
            if c.is_ascii_uppercase() && lower {
                words.push(std::mem::take(&mut word));
            }
            lower = c.is_ascii_lowercase();
            word.push(c.to_ascii_lowercase());
        }
        words.push(word);
    }
    words
}

/// The text of a line, if it is prose as a whole: a comment, or a line of a page.
fn prose<'a>(path: &Path, line: &'a str) -> Option<&'a str> {
    let line = line.trim_start();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("md") => Some(line.trim_start_matches(['#', '-', '*', '|', ' ', '>'])),
        Some("rs") => line.strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!', ' '])),
        _ => line.strip_prefix('#').map(|rest| rest.trim_start_matches(['#', '!', ' '])),
    }
}

/// How often a sentence of this line begins with these words. A question may.
fn beginnings(line: &str, beginning: &str) -> u32 {
    let sentences = line.split_inclusive(['.', '?']).map(str::trim_start);
    let begins = |sentence: &str| {
        let rest = sentence.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.starts_with(' ')) && !sentence.ends_with('?')
    };
    sentences.filter(|sentence| begins(sentence)).count() as u32
}

fn counted() -> Counts {
    let mut counts = Counts::new();
    for folder in FOLDERS {
        let mut paths = Vec::new();
        files(folder, &mut paths);
        if folder == "src" {
            files("tests", &mut paths);
        }
        paths.retain(|path| path != Path::new("tests/prose.rs"));
        for path in paths {
            let text = fs::read_to_string(top().join(&path)).unwrap();
            let name = if folder.is_empty() { "." } else { folder };
            for word in words(&text.replace(ID, "")).into_iter().filter(|word| WORDS.contains(&&**word)) {
                *counts.entry((name.into(), word)).or_default() += 1;
            }
            for line in text.lines().filter_map(|line| prose(&path, line)) {
                for beginning in BEGINNINGS {
                    let count = beginnings(line, beginning);
                    if count > 0 {
                        *counts.entry((name.into(), format!("{beginning} …"))).or_default() += count;
                    }
                }
            }
        }
    }
    counts
}

fn committed() -> Counts {
    let text = fs::read_to_string(top().join("tests/prose.txt")).unwrap_or_default();
    let line = |line: &str| {
        let (folder, rest) = line.split_once('\t').unwrap();
        let (word, count) = rest.split_once('\t').unwrap();
        ((folder.to_owned(), word.to_owned()), count.parse().unwrap())
    };
    text.lines().filter(|text| !text.starts_with('#')).map(line).collect()
}

#[test]
fn words_that_make_a_reader_start_again_only_become_fewer() {
    let (now, before) = (counted(), committed());
    let more: Vec<_> = now
        .iter()
        .filter(|(key, count)| before.get(*key).copied().unwrap_or(0) < **count)
        .map(|((folder, word), count)| format!("{folder}: '{word}' {count} times"))
        .collect();
    let first = before.is_empty() && env::var_os("HANDFAST_BLESS").is_some();
    assert!(first || more.is_empty(), "more than tests/prose.txt has; write it plainly:\n{}", more.join("\n"));
    if env::var_os("HANDFAST_BLESS").is_some() {
        let total: u32 = now.values().sum();
        let mut text =
            format!("# Folder, word, how often. In all: {total}. The numbers may only fall (tests/prose.rs).\n");
        for ((folder, word), count) in now {
            text.push_str(&format!("{folder}\t{word}\t{count}\n"));
        }
        fs::write(top().join("tests/prose.txt"), text).unwrap();
        return;
    }
    let fewer: Vec<_> = before
        .iter()
        .filter(|(key, count)| now.get(*key).copied().unwrap_or(0) < **count)
        .map(|((folder, word), count)| format!("{folder}: '{word}' {count} times in tests/prose.txt"))
        .collect();
    assert!(fewer.is_empty(), "fewer now: lower the numbers with HANDFAST_BLESS=1:\n{}", fewer.join("\n"));
}

#[test]
fn names_are_taken_apart_and_questions_may_begin_as_they_like() {
    assert_eq!(words("was_told(WasTold, \"TOLD\")").iter().filter(|word| *word == "told").count(), 3);
    assert_eq!(beginnings("Who is asked answers. What now? What is left goes.", "What"), 1);
    assert_eq!(beginnings("Who is asked answers.", "Who"), 1);
    assert_eq!(prose(Path::new("a.rs"), "    /// Who"), Some("Who"));
    assert_eq!(prose(Path::new("a.rs"), "    let who = 1;"), None);
}
