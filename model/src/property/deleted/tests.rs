//! A mutant of the mutants: each check is deleted, and a committed fact has to change. A fact is a mutant or a weakness of today's
//! daemon, with the property that shows it and the steps of its shortest counterexample.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    hash::Hash,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use handfast::{operations::Exports, rules::AllRules};
use stateright::Model;

use super::deletion::{Place, failing, without};
use crate::{
    explorer::explore::{Graph, Limits},
    property::{
        again::{Again, WithBoth, with_both},
        clients::{linked::Linked, made::linked},
        flaws::{FLAWS, Flaw},
        mutants::{MUTANTS, Mutant, Setting},
        players::Players,
        properties::PropertyId,
    },
    system::{
        config::{Configuration, Size, configurations, find},
        device::{ExportDevice, ImportDevice, NewDevice},
    },
};

/// Further properties that mutants violate, and checks that no fact needs.
static KNOWN: LazyLock<String> = LazyLock::new(|| {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/property/deleted/known.txt")).unwrap()
});

/// The sources of the checks, and how a check begins in each.
const SOURCES: [(&str, &str, &str); 7] = [
    ("model/src/property/judge.rs", include_str!("../judge.rs"), "self.expect("),
    ("model/src/property/sends.rs", include_str!("../sends.rs"), "checked("),
    ("model/src/property/holds.rs", include_str!("../holds.rs"), "checked("),
    ("model/src/property/claims.rs", include_str!("../claims.rs"), "checked("),
    ("model/src/property/again.rs", include_str!("../again.rs"), "checked("),
    ("model/src/property/clients/linked.rs", include_str!("../clients/linked.rs"), "checked("),
    ("model/src/property/clients/watch.rs", include_str!("../clients/watch.rs"), "self.hold("),
];

/// Every file with a check is in the list, so that a check in a new one is deleted too.
#[test]
fn every_source_with_a_check_is_listed() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    let mut folders = vec![top.join("src/property")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let name = format!("model/{}", path.strip_prefix(top).unwrap().display());
            let calls = ["self.expect(", "checked(Self::", "checked(P", "checked(property", "self.hold("];
            if !name.contains("/deleted") && calls.iter().any(|call| text.contains(call)) {
                found.insert(name);
            }
        }
    }
    assert_eq!(found, SOURCES.iter().map(|(file, ..)| (*file).to_owned()).collect());
}

/// A check, as its source has it.
struct Check {
    place: Place,
    /// None: it is of each liveness property.
    property: Option<PropertyId>,
    /// The condition.
    text: String,
}

/// The arguments of a call that begins here.
fn arguments(source: &str) -> Vec<String> {
    let (mut depth, mut all) = (0, vec![String::new()]);
    for char in source.chars() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        all.last_mut().unwrap().push(char);
    }
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    all.into_iter().map(words).filter(|text| !text.is_empty()).collect()
}

fn property_named(text: &str) -> Option<PropertyId> {
    let (_, name) = text.split_once("::")?;
    PropertyId::ALL.iter().copied().find(|property| format!("{property:?}") == name)
}

/// Every check of the sources.
fn checks() -> Vec<Check> {
    let mut all = Vec::new();
    for (file, source, begins) in SOURCES {
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (at, _) in source.match_indices(begins) {
            let line = source[..at].matches('\n').count() as u32 + 1;
            let arguments = arguments(&source[at + begins.len()..]);
            let named = arguments.iter().find_map(|argument| property_named(argument));
            let property = if begins == "self.hold(" { Some(PropertyId::Client) } else { named };
            let text = arguments.into_iter().find(|argument| property_named(argument).is_none()).unwrap();
            all.push(Check { place: Place { file, line }, property, text });
        }
    }
    all
}

/// The shortest violation of a property: its steps, the states that were looked at, and the checks each of which is alone in failing there.
struct Violation {
    steps: usize,
    states: usize,
    alone: BTreeSet<Place>,
}

fn shortest<M>(model: &M, property: &str, states: u32) -> Option<Violation>
where
    M: Model<State: Hash, Action: Clone>,
{
    let graph = Graph::explore(model, Limits { states, ..Limits::default() }, Some(property));
    let path = graph.path(model, property)?;
    let ((action, _), earlier) = path.steps.split_last()?;
    let before = earlier.last().map_or(&path.root, |(_, state)| state);
    let condition = model.properties().into_iter().find(|one| one.name == property)?.condition;
    let fails = || model.next_state(before, action.clone()).is_none_or(|next| !condition(model, &next));
    let (_, failed) = failing(fails);
    let alone = failed.into_iter().filter(|&place| !without(place, fails)).collect();
    Some(Violation { steps: path.steps.len(), states: graph.states(), alone })
}

/// Returns the checks without which the shortest violation is gone or longer.
fn needed<M>(model: &M, property: &str) -> BTreeSet<Place>
where
    M: Model<State: Hash, Action: Clone>,
{
    let Some(found) = shortest(model, property, u32::MAX) else { panic!("{property} is not violated") };
    let lost = |place: &Place| {
        let again = without(*place, || shortest(model, property, found.states as u32));
        again.is_none_or(|again| again.steps > found.steps)
    };
    found.alone.iter().copied().filter(lost).collect()
}

/// The same for what a mutant violates.
fn needed_by(mutant: &Mutant, property: PropertyId, configuration: &str) -> BTreeSet<Place> {
    let configuration = find(Size::Small, configuration).unwrap();
    match mutant.setting {
        _ if property == PropertyId::Admits => needed_by_hunt(mutant),
        Setting::Reducers | Setting::Disk | Setting::Flag => needed(&mutant.in_place(configuration), property.id()),
        Setting::Registries => {
            let config = configuration.reducers();
            let (import, export) = (NewDevice::under(config, mutant.without), Exports::under(config, mutant.without));
            needed(&Again::new(configuration, import, export), property.id())
        }
        Setting::Clients => needed_by_clients(&linked(configuration, mutant.without).unwrap(), property),
    }
}

/// Of the sides whose client violates a property.
fn needed_by_clients(linked: &Linked, property: PropertyId) -> BTreeSet<Place> {
    let asked = Linked::asked(linked.configuration()).filter(|(asked, _)| *asked == property);
    let names: Vec<_> = asked.map(|(_, half)| property.name(half)).collect();
    let violated = |name: &&&str| shortest(linked, name, u32::MAX).is_some();
    names.iter().filter(violated).flat_map(|name| needed(linked, name)).collect()
}

/// Of a property that only whole runs violate.
fn needed_by_hunt(mutant: &Mutant) -> BTreeSet<Place> {
    let found = || mutant.hunt(Size::Small, Limits::default()).row.verdict;
    let (verdict, failed) = failing(found);
    assert!(verdict.is_violated(), "{}: {verdict}", mutant.id);
    let lost = |place: &Place| without(*place, found).steps() > verdict.steps();
    failed.into_iter().filter(lost).collect()
}

/// Of a weakness of today's daemon or clients.
fn needed_by_flaw(flaw: &Flaw) -> BTreeSet<Place> {
    struct Needed(&'static str);

    impl WithBoth for Needed {
        type Output = BTreeSet<Place>;

        fn with<I: ImportDevice, D: ExportDevice>(self, again: &Again<I, D>) -> BTreeSet<Place> {
            needed(again, self.0)
        }
    }

    let is = |one: &Configuration| one.cast == flaw.cast && one.name == flaw.shown_in;
    let configuration = configurations(Size::Small).into_iter().find(is).unwrap();
    if let Some(linked) = linked(configuration, AllRules) {
        needed(&linked, flaw.name())
    } else if configuration.again {
        with_both(configuration, Needed(flaw.name()))
    } else {
        needed(&Players::default().system(configuration), flaw.name())
    }
}

/// Further properties that mutants violate.
fn also() -> impl Iterator<Item = (&'static Mutant, PropertyId, &'static str)> {
    let rows = KNOWN.lines().filter_map(|line| line.strip_prefix("also "));
    rows.map(|row| {
        let mut words = row.split(' ');
        let mutant = words.next().and_then(Mutant::find).unwrap();
        let property = words.next().and_then(PropertyId::from_id).unwrap();
        (mutant, property, words.next().unwrap_or(mutant.configuration))
    })
}

/// How long the list of checks is that no fact needs.
const UNNOTICED: usize = 28;

/// Checks that no fact needs: the property, how the check begins in the sources, and the reason. The list only shrinks: [`UNNOTICED`].
fn unnoticed() -> Vec<(PropertyId, &'static str, &'static str)> {
    let rows = KNOWN.lines().filter_map(|line| line.strip_prefix("unnoticed "));
    let row = |row: &'static str| {
        let (check, reason) = row.rsplit_once(" # ").unwrap();
        let (property, text) = check.split_once(' ').unwrap();
        (PropertyId::from_id(property).unwrap(), text, reason)
    };
    rows.map(row).collect()
}

/// The facts that need each check. Weaknesses are asked for what no mutant needs.
fn noticed(checks: &[Check]) -> BTreeMap<Place, Vec<String>> {
    let mut noticed: BTreeMap<Place, Vec<String>> = BTreeMap::new();
    let own = MUTANTS.iter().map(|mutant| (mutant, mutant.property, mutant.configuration));
    for (mutant, property, configuration) in own.chain(also()) {
        let also = (property, configuration) != (mutant.property, mutant.configuration);
        for place in needed_by(mutant, property, configuration) {
            let other = if also { " as well" } else { "" };
            noticed.entry(place).or_default().push(format!("{}{other}", mutant.id));
        }
    }
    let open: BTreeSet<PropertyId> =
        checks.iter().filter(|check| !noticed.contains_key(&check.place)).filter_map(|check| check.property).collect();
    for flaw in FLAWS.iter().filter(|flaw| open.contains(&flaw.property)) {
        for place in needed_by_flaw(flaw) {
            noticed.entry(place).or_default().push(format!("{} in {}", flaw.weakness, flaw.cast));
        }
    }
    noticed
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/checks.md")
}

/// The name of a check in the page, without its place in the file.
fn name(check: &Check) -> String {
    let file = check.place.file.trim_start_matches("model/src/property/");
    format!("{} | `{}` ({file})", check.property.map_or("liveness", PropertyId::id), check.text.replace('|', "\\|"))
}

/// The page has each check of the sources, and no other: what notices it is asked by the test that writes the page.
#[test]
fn the_page_has_every_check() {
    let page = fs::read_to_string(page()).unwrap();
    let rows: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("| ")).collect();
    let rows = rows.into_iter().filter(|row| row.contains(".rs) | ")).map(|row| row.rsplit_once(" | ").unwrap().0);
    let names: BTreeSet<String> = checks().iter().map(name).collect();
    assert_eq!(
        rows.map(String::from).collect::<BTreeSet<_>>(),
        names,
        "docs/generated/checks.md says how it is written"
    );
}

/// `HANDFAST_BLESS=1` writes the page.
#[test]
#[ignore = "half a minute: for the night, and after a change of a check"]
fn each_deleted_check_is_noticed() {
    let checks = checks();
    let noticed = noticed(&checks);
    let places: BTreeSet<Place> = checks.iter().map(|check| check.place).collect();
    assert_eq!(places.len(), checks.len(), "two checks on one line");
    assert_eq!(noticed.keys().find(|place| !places.contains(place)), None, "a check that the sources do not list");
    let mut rows: BTreeMap<(Option<PropertyId>, String), Vec<String>> = BTreeMap::new();
    let (mut silent, mut reasons) = (Vec::new(), unnoticed());
    assert!(reasons.len() <= UNNOTICED, "a check more that nothing needs: {}", reasons.len());
    for check in &checks {
        let Check { place, property, text } = check;
        let by = noticed.get(place).cloned().unwrap_or_else(|| {
            let known = reasons.iter().position(|(of, begins, _)| Some(*of) == *property && text.starts_with(begins));
            match known.map(|at| reasons.remove(at)) {
                Some((.., reason)) => vec![format!("nothing: {reason}")],
                None => {
                    silent.push(format!("{place:?} {property:?}: {text}"));
                    Vec::new()
                }
            }
        });
        rows.entry((*property, name(check))).or_default().extend(by);
    }
    assert!(silent.is_empty(), "deleted, and nothing notices: {silent:#?}");
    assert!(reasons.is_empty(), "in the list, and noticed: {reasons:#?}");
    let mut page = PAGE.to_owned();
    for ((_, name), mut by) in rows {
        by.dedup();
        page.push_str(&format!("| {name} | {} |\n", by.join(", ")));
    }
    let path = self::page();
    if env::var_os("HANDFAST_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), page, "docs/generated/checks.md, write it with HANDFAST_BLESS=1");
}

const PAGE: &str = "# The checks, and what notices that one is deleted

Written by `HANDFAST_BLESS=1 cargo test -p handfast-model --lib each_deleted_check -- --ignored`. Each check of a property is deleted by itself, in a build for tests, and the facts
that the project commits are asked again: the shortest counterexample of each mutant ([properties.md](../properties.md#mutants)), and, for
the checks that no mutant needs, of each weakness of today's daemon (`check --flaws`). A fact notices a deletion if without the check its
counterexample is gone or longer. *as well*: the mutant violates another property too, or its
own in another configuration.

| property | check | is noticed by |
|---|---|---|
";

/// Which mutants violate what besides their property, so that a check which nothing needs would be needed.
#[test]
#[ignore = "it looks for rows of known.txt, for those who write them"]
fn what_else_would_notice() {
    let checks = checks();
    let noticed = noticed(&checks);
    let silent: Vec<_> = checks.iter().filter(|check| !noticed.contains_key(&check.place)).collect();
    let properties: BTreeSet<_> = silent.iter().filter_map(|check| check.property).collect();
    let in_reducers = || MUTANTS.iter().filter(|mutant| mutant.setting == Setting::Reducers);
    for property in properties {
        let asked = |mutant: &&Mutant| property.applies(&find(Size::Small, mutant.configuration).unwrap());
        for mutant in in_reducers().filter(asked) {
            let Some(found) = shortest(&mutant.system(Size::Small).unwrap(), property.id(), 20_000) else { continue };
            for check in silent.iter().filter(|check| found.alone.contains(&check.place)) {
                println!("also {} {}: {}", mutant.id, property.id(), check.text);
            }
        }
    }
    silent.iter().for_each(|check| println!("unnoticed {:?} {} # ({:?})", check.property, check.text, check.place));
    assert_eq!(silent.len(), unnoticed().len(), "known.txt has a row for each of them");
}
