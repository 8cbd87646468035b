//! Every link of a page leads to a file of the repository, and every anchor to a heading.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

/// Folders of pages. `""` is the top folder itself.
const FOLDERS: [&str; 8] = ["", "docs", "dht", "fuzz", "model", "scripts", "sim", "testbed"];
/// Folders that a build made.
const BUILT: [&str; 2] = ["target", "node_modules"];

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Adds the pages of a folder and of the folders below it; of the top folder only its own. A page that is in two folders, as a package
/// has one of `docs`, is read in both.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(top().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = folder.join(&name);
        if entry.file_type().unwrap().is_dir() {
            if folder != Path::new("") && !BUILT.contains(&&*name) {
                pages(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The lines of a page that are not code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// The targets of the links in a page.
fn links(text: &str) -> Vec<&str> {
    let targets = prose(text).flat_map(|line| line.split("](").skip(1));
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// The anchors of a page: its headings as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings.map(|heading| heading.chars().filter(kept).collect::<String>().to_lowercase().replace(' ', "-")).collect()
}

/// A path without `.` and `..`. `None` if it leads out of the repository.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => plain.pop().then_some(())?,
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// The links of these pages that lead nowhere. `exists` says whether there is such a file or folder.
fn dead(pages: &BTreeMap<PathBuf, String>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut dead = Vec::new();
    for (page, text) in pages {
        for link in links(text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { Some(page.clone()) } else { plain(&page.with_file_name(file)) };
            let leads = target.is_some_and(|target| match pages.get(&target) {
                Some(text) => anchor.is_empty() || anchors(text).iter().any(|own| own == anchor),
                None => anchor.is_empty() && exists(&target),
            });
            if !leads {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    dead
}

fn all_pages() -> BTreeMap<PathBuf, String> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        pages(Path::new(folder), &mut found);
    }
    found.into_iter().map(|page| (page.clone(), fs::read_to_string(top().join(page)).unwrap())).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = all_pages();
    let twice = [Path::new("docs/legacy/weaknesses.md"), Path::new("model/pages/weaknesses.md")];
    assert!(twice.iter().all(|page| links(&pages[*page]).len() > 2), "a page in two folders is read in both");
    assert!(pages.len() > 20 && pages.values().map(|text| links(text).len()).sum::<usize>() > 50);
    let dead = dead(&pages, |path| top().join(path).exists());
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

/// The links whose name is code that is not in the file: a page that names a test, or a function, by its file.
fn misnamed(pages: &BTreeMap<PathBuf, String>, read: impl Fn(&Path) -> Option<String>) -> Vec<String> {
    let mut misnamed = Vec::new();
    for (page, text) in pages {
        for rest in prose(text).flat_map(|line| line.split("[`").skip(1)) {
            let Some((name, target)) = rest.split_once("`](") else { continue };
            let target = target.split(')').next().unwrap_or_default();
            let is_name = name.contains('_') && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
            if !is_name || !target.ends_with(".rs") {
                continue;
            }
            let file = plain(&page.with_file_name(target)).and_then(|file| read(&file)).unwrap_or_default();
            if !file.contains(&format!("fn {name}(")) {
                misnamed.push(format!("{}: {name} in {target}", page.display()));
            }
        }
    }
    misnamed
}

#[test]
fn every_function_that_a_page_names_is_in_its_file() {
    let pages = all_pages();
    let misnamed = misnamed(&pages, |file| fs::read_to_string(top().join(file)).ok());
    assert!(misnamed.is_empty(), "functions that are not there:\n{}", misnamed.join("\n"));
}

#[test]
fn a_function_that_is_not_in_its_file_is_found() {
    let text = "[`a_b`](c.rs) [`c_d`](c.rs) [`c`](c.rs) [`a_b`](c.md)".to_owned();
    let pages = BTreeMap::from([(PathBuf::from("docs/a.md"), text)]);
    let read = |file: &Path| (file == Path::new("docs/c.rs")).then(|| "fn a_b() {}".to_owned());
    assert_eq!(misnamed(&pages, read), ["docs/a.md: c_d in c.rs"]);
}

#[test]
fn every_page_is_in_the_map() {
    let pages = all_pages();
    let map = &pages[Path::new("docs/README.md")];
    for page in pages.keys().filter_map(|page| page.strip_prefix("docs").ok()).filter(|page| *page != "README.md") {
        let page = page.to_str().unwrap();
        assert!(links(map).iter().any(|link| link.split('#').next() == Some(page)), "docs/README.md leaves out {page}");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# One thing, twice\n[a](b.md) [b](#one-thing-twice) [c](#two) [d](../../e)\n```\n[f](g.md)\n```\n";
    let pages = BTreeMap::from([(PathBuf::from("docs/a.md"), text.to_owned())]);
    assert_eq!(dead(&pages, |_| false), ["docs/a.md: b.md", "docs/a.md: #two", "docs/a.md: ../../e"]);
    assert_eq!(dead(&pages, |path| path == Path::new("docs/b.md")).len(), 2);
}
