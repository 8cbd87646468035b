//! Options whose value is the name of something that the model or the simulator has: completions list the names, and an unknown one
//! is answered with the nearest.

use std::{collections::BTreeSet, ffi::OsStr};

use clap::{
    Arg, Command, Error,
    builder::{PossibleValue, TypedValueParser},
    error::ErrorKind,
};
use handfast_model::{
    config::{self, Configuration, Size},
    history::BUGS,
    intruder::{Query, Start},
    mutants::MUTANTS,
    properties::PropertyId,
    walk,
};
use handfast_sim::{Scenario, event::Class};

/// Names that are shown for an unknown one.
const NEAREST: usize = 3;

/// A parser of names of one kind.
#[derive(Clone)]
pub(crate) struct Names {
    kind: &'static str,
    list: fn() -> BTreeSet<String>,
}

impl Names {
    /// Names of configurations, of any size.
    pub(crate) const CONFIGURATIONS: Self = Self { kind: "configuration", list: configurations };
    /// Ids of mutants.
    pub(crate) const MUTANTS: Self = Self { kind: "mutant", list: mutants };
    /// Ids of real bugs.
    pub(crate) const BUGS: Self = Self { kind: "bug", list: bugs };
    /// Ids of properties.
    pub(crate) const PROPERTIES: Self = Self { kind: "property", list: properties };
    /// Goals of any configuration.
    pub(crate) const GOALS: Self = Self { kind: "goal", list: goals };
    /// Names of an intruder's knowledge at the beginning.
    pub(crate) const STARTS: Self = Self { kind: "knowledge", list: starts };
    /// Queries about an intruder.
    pub(crate) const QUERIES: Self = Self { kind: "query", list: queries };
    /// Scenarios, families of scenarios, and classes of faults.
    pub(crate) const SCENARIOS: Self = Self { kind: "scenario", list: scenarios };
}

fn all_configurations() -> impl Iterator<Item = Configuration> {
    [Size::Small, Size::Quick, Size::Full].into_iter().flat_map(config::configurations)
}

fn configurations() -> BTreeSet<String> {
    all_configurations().map(|one| one.id()).collect()
}

fn mutants() -> BTreeSet<String> {
    MUTANTS.iter().map(|mutant| mutant.id.to_owned()).collect()
}

fn bugs() -> BTreeSet<String> {
    BUGS.iter().map(|bug| bug.id.to_owned()).collect()
}

fn properties() -> BTreeSet<String> {
    PropertyId::ALL.iter().map(|property| property.id().to_owned()).collect()
}

fn goals() -> BTreeSet<String> {
    config::configurations(Size::Quick).iter().flat_map(walk::goals).map(str::to_owned).collect()
}

fn starts() -> BTreeSet<String> {
    Start::ALL.iter().map(|start| start.name().to_owned()).collect()
}

fn queries() -> BTreeSet<String> {
    Query::ALL.iter().map(|query| query.name().to_owned()).collect()
}

fn scenarios() -> BTreeSet<String> {
    let shell = Scenario::all();
    let families = shell.iter().map(|one| one.family().to_string());
    families.chain(shell.iter().map(Scenario::to_string)).chain(Class::WITH_SAS.iter().map(Class::to_string)).collect()
}

/// The answer to an unknown name: the nearest ones, or all of them if the name is `?`.
pub(crate) fn unknown(kind: &str, name: &str, names: &BTreeSet<String>) -> String {
    if name == "?" {
        // One a line: names of goals have commas in them.
        return format!("there are{}", names.iter().map(|name| format!("\n  {name}")).collect::<String>());
    }
    if name.is_empty() {
        return format!("a {kind} has a name; the name '?' lists all");
    }
    let near = match &nearest(name, names)[..] {
        [] => among(name, names),
        [one] => format!("the nearest is {one}; "),
        several => format!("the nearest are {}; ", several.join(", ")),
    };
    format!("there is no {kind} {name:?}; {near}the name '?' lists all")
}

/// Some of the names of which a part was given.
fn among(part: &str, names: &BTreeSet<String>) -> String {
    let lower = part.to_ascii_lowercase();
    let mut with = names.iter().filter(|known| known.to_ascii_lowercase().contains(&lower)).map(String::as_str);
    let some: Vec<_> = with.by_ref().take(NEAREST).collect();
    match (some.is_empty(), with.count()) {
        (true, _) => String::new(),
        (_, 0) => format!("names that contain it: {}; ", some.join(", ")),
        (_, more) => format!("names that contain it: {} and {more} more; ", some.join(", ")),
    }
}

/// The names that are nearest to one, the nearest first.
pub(crate) fn nearest<'a>(name: &str, names: &'a BTreeSet<String>) -> Vec<&'a str> {
    let lower = name.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase());
    let mut near: Vec<_> = names.iter().map(|known| (distance(known), known.as_str())).collect();
    near.sort_unstable();
    // A name of which more than half is another one is a guess.
    let is_near = |(distance, known): &(usize, &str)| 2 * distance <= known.chars().count().max(name.chars().count());
    near.into_iter().take(NEAREST).filter(is_near).map(|(_, known)| known).collect()
}

/// The name of the list that is this one but for the case of its letters, if only one is.
fn in_any_case(name: &str, names: &BTreeSet<String>) -> Option<String> {
    let mut same = names.iter().filter(|known| known.eq_ignore_ascii_case(name));
    same.next().filter(|_| same.next().is_none()).cloned()
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        let (names, name) = ((self.list)(), value.to_string_lossy());
        if names.contains(&*name) {
            return Ok(name.into_owned());
        }
        if let Some(known) = in_any_case(&name, &names) {
            return Ok(known);
        }
        let option = arg.and_then(Arg::get_long).unwrap_or_default();
        let text = format!("--{option}: {}\n", unknown(self.kind, &name, &names));
        Err(Error::raw(ErrorKind::InvalidValue, text).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // Only completions and pages ask for them, once in a process.
        Some(Box::new((self.list)().into_iter().map(|name| PossibleValue::new(&*name.leak()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let names = configurations();
        assert_eq!(
            unknown("configuration", "HH-documented-hones", &names).split(", ").next(),
            Some("there is no configuration \"HH-documented-hones\"; the nearest are HH-documented-honest")
        );
        assert_eq!(unknown("mutant", "?", &mutants()).lines().skip(1).count(), MUTANTS.len());
    }

    #[test]
    fn a_name_that_is_far_from_all_has_no_nearest() {
        let text = unknown("configuration", "FOO", &configurations());
        assert_eq!(text, "there is no configuration \"FOO\"; the name '?' lists all");
        assert_eq!(unknown("mutant", "", &mutants()), "a mutant has a name; the name '?' lists all");
    }

    #[test]
    fn letters_of_either_case_are_a_name() {
        assert_eq!(in_any_case("m-10", &mutants()).as_deref(), Some("M-10"));
        assert_eq!(in_any_case("hh-DOCUMENTED-honest", &configurations()).as_deref(), Some("HH-documented-honest"));
        assert_eq!(in_any_case("m-1", &mutants()), None);
        assert!(unknown("property", "p-gat", &properties()).contains("the nearest are P-GATE"));
        let part = unknown("configuration", "HH", &configurations());
        assert!(
            part.contains("names that contain it: HH-documented-") && part.contains(" more; the name '?'"),
            "{part}"
        );
        let none = unknown("configuration", "xyz", &configurations());
        assert_eq!(none, "there is no configuration \"xyz\"; the name '?' lists all");
    }

    #[test]
    fn each_kind_has_names() {
        for kind in
            [Names::CONFIGURATIONS, Names::MUTANTS, Names::BUGS, Names::PROPERTIES, Names::GOALS, Names::SCENARIOS]
        {
            assert!((kind.list)().len() > 10, "{}", kind.kind);
        }
        assert_eq!([Names::STARTS, Names::QUERIES].map(|kind| (kind.list)().len()), [7, 7]);
    }
}
