//! The layers of the workspace, by the `use` lines of its files: no circle of imports that is longer than two files, and in a package
//! with folders in layers no arrow from a lower folder to a higher one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The longest circle of imports that may be.
const LONGEST: usize = 2;

/// The packages, with the longest circle that each has. A number above [`LONGEST`] may only fall.
const PACKAGES: [(&str, usize); 7] = [
    ("src", LONGEST),
    ("model/src", LONGEST),
    ("sim/src", LONGEST),
    ("testbed/src", LONGEST),
    ("benches/src", LONGEST),
    ("dht/src", LONGEST),
    ("fuzz/harness/src", LONGEST),
];

/// The folders of a package, from the lowest on: none imports a later one. Folders of one layer do not import each other.
type Layers = &'static [&'static [&'static str]];

const LAYERS: [(&str, Layers); 3] = [
    (
        "src",
        &[
            &["buffer", "limits", "rules", "secret", "utf8"],
            &["msgpack", "outcome"],
            &["message", "token"],
            &["mux", "reducer", "sas"],
            &["connection", "export", "import"],
            &["operations"],
            &["client", "trace"],
            &["archive", "ice"],
            &["shell"],
        ],
    ),
    ("model/src", &[&["system"], &["explorer"], &["property"], &["document", "intruder"], &["report"]]),
    ("sim/src", &[&["draw", "mutants", "point", "replay", "campaign"], &["event", "shell"]]),
];

/// A file is named by the path of its module; the root by the empty path.
type Module = Vec<String>;

/// The files of a package, tests apart, and the files that each imports.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

fn files(folder: &Path, at: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            files(&path, &[at.clone(), vec![name]].concat(), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let root = at.is_empty() && (name == "lib" || name == "main");
            let module = if root { Module::new() } else { [at.clone(), vec![name]].concat() };
            found.insert(module, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The text without comments and without its own tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The paths that a tree of imports names.
fn paths(tree: &str, before: &[String], found: &mut Vec<Module>) {
    let mut depth = 0;
    let branches = tree.split(|char| {
        depth += i32::from(char == '{') - i32::from(char == '}');
        char == ',' && depth == 0
    });
    for branch in branches.map(str::trim).filter(|branch| !branch.is_empty()) {
        let (steps, inner) = match branch.split_once('{') {
            Some((steps, inner)) => (steps, inner.rsplit_once('}').map(|(inner, _)| inner)),
            None => (branch, None),
        };
        let steps = steps.split("::").map(|step| step.split_whitespace().next().unwrap_or_default());
        let path = before.iter().cloned().chain(steps.filter(|step| !step.is_empty()).map(String::from));
        let path: Module = path.collect();
        match inner {
            Some(inner) => paths(inner, &path, found),
            None => found.push(path),
        }
    }
}

/// The modules that a file names: in its imports, and elsewhere by paths from `crate` and `super`.
fn named(text: &str) -> Vec<Module> {
    let text = code(text);
    let mut found = Vec::new();
    // Each part begins after a `use` and has its tree up to the first semicolon.
    let parts = text.split_inclusive(|char: char| char.is_whitespace() || char == '(');
    let mut tree: Option<String> = None;
    let mut rest = String::new();
    for part in parts {
        match (&mut tree, part.split_once(';')) {
            (Some(so_far), Some((end, after))) => {
                so_far.push_str(end);
                paths(so_far, &[], &mut found);
                tree = None;
                rest.push_str(after);
            }
            (Some(so_far), None) => so_far.push_str(part),
            (None, _) if part.trim_end() == "use" => tree = Some(String::new()),
            (None, _) => rest.push_str(part),
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            if rest[..at].ends_with("::") {
                continue;
            }
            let path = rest[at..].split(|char: char| !char.is_alphanumeric() && char != '_' && char != ':').next();
            found.push(path.unwrap().split("::").filter(|step| !step.is_empty()).map(String::from).collect());
        }
    }
    found
}

fn imports(package: &str) -> Imports {
    let mut texts = BTreeMap::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(package), &Module::new(), &mut texts);
    let imported = |module: &Module, text: &String| {
        let file = |path: Module| {
            let from_root: Module = match path.first()?.as_str() {
                "crate" => path[1..].to_vec(),
                "self" => [module.clone(), path[1..].to_vec()].concat(),
                "super" => {
                    let up = path.iter().take_while(|step| *step == "super").count();
                    [module[..module.len().saturating_sub(up)].to_vec(), path[up..].to_vec()].concat()
                }
                _ => return None,
            };
            // A path that leads to no file is the root's, if it is not of another package.
            let mut files = (0..=from_root.len()).rev().map(|length| from_root[..length].to_vec());
            files.find(|file| texts.contains_key(file)).filter(|file| file != module)
        };
        // The root imports everything.
        if module.is_empty() { BTreeSet::new() } else { named(text).into_iter().filter_map(file).collect() }
    };
    texts.iter().map(|(module, text)| (module.clone(), imported(module, text))).collect()
}

/// The files that a file leads to, by any number of imports.
fn reached<'a>(imports: &'a Imports, from: &'a Module) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(module) = waiting.pop() {
        waiting.extend(imports[module].iter().filter(|next| reached.insert(*next)));
    }
    reached
}

/// The sets of files that all lead to each other.
fn circles(imports: &Imports) -> BTreeSet<Vec<String>> {
    let reached: BTreeMap<_, _> = imports.keys().map(|module| (module, self::reached(imports, module))).collect();
    let own = |module: &Module| -> Vec<String> {
        let both = reached[module].iter().filter(|other| reached[*other].contains(module));
        both.map(|module| module.join("::")).collect()
    };
    imports.keys().map(own).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn no_circle_of_imports_is_long() {
    for (package, longest) in PACKAGES {
        let circles = circles(&imports(package));
        let found = circles.iter().map(Vec::len).max().unwrap_or(0);
        let long: Vec<_> = circles.iter().filter(|circle| circle.len() > longest).collect();
        assert!(long.is_empty(), "{package}: {long:#?}");
        assert!(longest == LONGEST || found == longest, "{package}: the longest circle is of {found} now: say so here");
    }
}

#[test]
fn no_folder_imports_a_higher_one() {
    for (package, layers) in LAYERS {
        let layer = |module: &Module| {
            layers.iter().position(|layer| module.first().is_some_and(|first| layer.contains(&first.as_str())))
        };
        for (module, imported) in imports(package) {
            let Some(own) = layer(&module) else { continue };
            let is_higher = |other: &&Module| match layer(other) {
                Some(layer) if layer == own => other.first() != module.first(),
                layer => layer.is_none_or(|layer| layer > own),
            };
            let higher: Vec<_> = imported.iter().filter(is_higher).collect();
            assert!(higher.is_empty(), "{package}/{} imports {higher:?}", module.join("/"));
        }
    }
}

/// The test can fail: it sees a circle of three, whichever way the imports are written.
#[test]
fn a_circle_is_found() {
    let named = |text: &str| named(text).into_iter().map(|path| path.join("::")).collect::<Vec<_>>();
    assert_eq!(named("use crate::{a::{B, self}, c as d};"), ["crate::a::B", "crate::a::self", "crate::c"]);
    assert_eq!(named("// use crate::a;\nlet x = super::e::f();"), ["super::e::f"]);
    let module = |name: &str| vec![name.to_owned()];
    let arrow = |from: &str, to: &str| (module(from), BTreeSet::from([module(to)]));
    let found = circles(&BTreeMap::from([arrow("a", "b"), arrow("b", "c"), arrow("c", "a"), arrow("d", "a")]));
    assert_eq!(found, BTreeSet::from([["a", "b", "c"].map(String::from).to_vec()]));
}
