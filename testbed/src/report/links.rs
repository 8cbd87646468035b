//! Requirements with the code, the tests, the properties, the rules and the mutants that refer to them.

use std::collections::{BTreeMap, BTreeSet};

use handfast_model::{flaws::FLAWS, mutants::MUTANTS, properties::PropertyId};
use serde::Serialize;

/// The table that the build read from the sources (`build.rs`): a line for each definition and each citation.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/requirements.tsv"));

/// A place in a file of the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// From the top of the repository.
    pub(crate) path: &'static str,
    /// From 1.
    pub(crate) line: u32,
    /// The function, or the item, around it. Empty at the top of a file.
    pub(crate) item: &'static str,
}

/// A requirement of `docs/protocol.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Requirement {
    pub(crate) id: &'static str,
    pub(crate) text: &'static str,
    /// The heading that it stands under.
    pub(crate) heading: &'static str,
    pub(crate) defined: Place,
    /// Code that cites it, tests apart.
    pub(crate) code: Vec<Place>,
    /// Tests that cite it.
    pub(crate) tests: Vec<Place>,
    /// Properties that stand for it.
    pub(crate) properties: Vec<&'static str>,
    /// Named decisions that cite it.
    pub(crate) rules: Vec<&'static str>,
    /// Mutants that break such a rule.
    pub(crate) mutants: Vec<&'static str>,
}

impl Requirement {
    /// The missing part: code, or a check that would notice.
    pub(crate) fn gap(&self) -> Option<&'static str> {
        match (self.code.is_empty(), self.tests.is_empty() && self.properties.is_empty()) {
            (true, _) => Some("no code cites it"),
            (_, true) => Some("no test and no property cites it"),
            (false, false) => None,
        }
    }
}

/// All requirements, in the order of the page that defines them.
pub(crate) fn requirements() -> Vec<Requirement> {
    let mut all: Vec<Requirement> = Vec::new();
    let mut numbers = BTreeMap::new();
    for line in TABLE.lines() {
        let fields: Vec<&'static str> = line.split('\t').collect();
        if let ["defined", id, line, heading, text] = fields[..] {
            let defined = Place { path: "docs/protocol.md", line: line.parse().unwrap_or(1), item: id };
            numbers.insert(id, all.len());
            let (code, tests, properties, rules, mutants) = Default::default();
            all.push(Requirement { id, text, heading, defined, code, tests, properties, rules, mutants });
        }
    }
    for line in TABLE.lines() {
        let fields: Vec<&'static str> = line.split('\t').collect();
        let [kind @ ("code" | "test"), id, path, line, item] = fields[..] else { continue };
        let Some(requirement) = numbers.get(id).map(|&number| &mut all[number]) else { continue };
        let place = Place { path, line: line.parse().unwrap_or(1), item };
        if path == "src/rules.rs" && kind == "code" {
            requirement.rules.push(item);
        }
        match kind {
            "test" => requirement.tests.push(place),
            _ => requirement.code.push(place),
        }
    }
    for requirement in &mut all {
        let properties = PropertyId::ALL.iter().filter(|property| cited(property.cites()).contains(requirement.id));
        requirement.properties = properties.map(|property| property.id()).collect();
        let breaks = |rule| requirement.rules.iter().any(|name| format!("{rule:?}") == *name);
        let by_rule = MUTANTS.iter().filter(|mutant| mutant.without.broken().any(breaks));
        let ids: BTreeSet<_> = by_rule.map(|mutant| mutant.id).collect();
        requirement.mutants = ids.into_iter().collect();
    }
    all
}

/// A thing to which another kind of thing should refer, and none does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Orphan {
    /// A requirement, a property, or a rule.
    pub(crate) id: String,
    pub(crate) gap: String,
}

/// Properties that no mutant violates. A document is compared, and not a rule: `model/tests/checks/documented.rs` shows that it can fail.
const BY_TESTS: [PropertyId; 1] = [PropertyId::Documented];

/// All gaps. Each requirement has code and a check, each property a requirement and a defect that violates it, each rule that a mutant
/// breaks a requirement. A citation of a requirement that does not exist is one too.
pub(crate) fn orphans(all: &[Requirement]) -> Vec<Orphan> {
    let orphan = |id: &str, gap: &str| Orphan { id: id.to_owned(), gap: gap.to_owned() };
    let mut orphans: Vec<_> = all.iter().filter_map(|one| Some(orphan(one.id, one.gap()?))).collect();
    for property in PropertyId::ALL {
        let is_cited = |id: &String| all.iter().any(|one| one.id == *id);
        let unknown: Vec<_> = cited(property.cites()).into_iter().filter(|id| !is_cited(id)).collect();
        orphans.extend(unknown.iter().map(|id| orphan(id, "a property stands for it, and no document defines it")));
        if !all.iter().any(|one| one.properties.contains(&property.id())) {
            orphans.push(orphan(property.id(), "it stands for no requirement"));
        }
        // A known weakness of an old peer shows too that a property can fail.
        let killed = MUTANTS.iter().any(|mutant| mutant.property == *property);
        let shown = FLAWS.iter().any(|flaw| flaw.property == *property);
        if !killed && !shown && !BY_TESTS.contains(property) {
            orphans.push(orphan(property.id(), "no defect violates it"));
        }
    }
    let rules: BTreeSet<_> =
        MUTANTS.iter().flat_map(|mutant| mutant.without.broken()).map(|rule| format!("{rule:?}")).collect();
    let uncited = rules.iter().filter(|rule| !all.iter().any(|one| one.rules.contains(&rule.as_str())));
    orphans.extend(uncited.map(|rule| orphan(rule, "it cites no requirement")));
    let places = TABLE.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    for fields in places.filter(|fields| matches!(fields[0], "code" | "test")) {
        if let [_, id, path, line, _] = fields[..]
            && !all.iter().any(|one| one.id == id)
        {
            orphans.push(orphan(id, &format!("{path}:{line} cites it, and no document defines it")));
        }
    }
    orphans
}

/// The ids in a text. `R-CLI-2 to R-CLI-6` stands for each of them.
pub(crate) fn cited(text: &str) -> BTreeSet<String> {
    let parse = |id: &str| {
        let (family, number) = id.trim().rsplit_once('-')?;
        Some((family.to_owned(), number.parse::<u32>().ok()?))
    };
    let range = |part: &str| {
        let (first, last) = part.split_once(" to ").unwrap_or((part, part));
        let ((family, first), (_, last)) = (parse(first)?, parse(last)?);
        Some((first..=last).map(move |number| format!("{family}-{number}")))
    };
    text.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_orphan_on_any_side() {
        let all = requirements();
        assert!(all.len() > 80, "{} requirements", all.len());
        assert_eq!(orphans(&all), Vec::<Orphan>::new());
    }

    /// A requirement less leaves its citations without one, and a requirement that nothing cites is one too.
    #[test]
    fn orphans_are_seen_on_each_side() {
        let mut all = requirements();
        let at = all.iter().position(|one| one.id == "R-EXP-9").unwrap();
        let gone = all.remove(at);
        let found = orphans(&all);
        let gaps: Vec<_> = found.iter().filter(|one| one.id == gone.id).map(|one| &*one.gap).collect();
        assert_eq!(gaps.len(), gone.properties.len() + gone.code.len() + gone.tests.len(), "{gaps:?}");
        let rule = gone.rules.iter().find(|rule| !all.iter().any(|one| one.rules.contains(rule)));
        let of_rule = found.iter().find(|one| Some(&*one.id) == rule.copied());
        assert_eq!(of_rule.map(|one| &*one.gap), rule.map(|_| "it cites no requirement"));
        let alone = Requirement { code: Vec::new(), ..gone };
        assert_eq!(orphans(&[alone])[0].gap, "no code cites it");
    }

    #[test]
    fn places_are_those_of_the_sources() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for one in requirements() {
            for place in one.code.iter().chain(&one.tests).chain([&one.defined]) {
                let text = std::fs::read_to_string(root.join(place.path)).unwrap();
                let line = text.lines().nth(place.line as usize - 1).unwrap_or_default();
                let family = one.id.rsplit_once('-').map_or("", |(family, _)| family);
                assert!(line.contains(family), "{}:{} does not cite {}: {line}", place.path, place.line, one.id);
            }
        }
    }

    #[test]
    fn ranges_stand_for_each_id() {
        let ids = cited("R-CLI-2 to R-CLI-4, R-API-7");
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["R-API-7", "R-CLI-2", "R-CLI-3", "R-CLI-4"]);
    }
}
