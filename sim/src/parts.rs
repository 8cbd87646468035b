//! The parts of a device that no session reaches in every case: the codec, connections, the store.
//!
//! Each part is a table of cases that is typed a second time, from `docs/protocol.md`, and carried out whole: nothing is drawn. Bytes come
//! from an encoder of its own, which can write what the shipped one never writes.

mod admission;
mod archives;
mod clients;
mod comparison;
mod connection;
mod devices;
mod dialogues;
mod draws;
mod ends;
mod features;
mod flaws;
mod install;
mod lines;
mod making;
mod message;
mod payload;
mod prints;
mod registries;
mod removals;
mod signals;
mod spent;
mod stored;
mod strings;
mod timelines;
mod tokens;
mod transfers;
mod turns;
mod wire;

use serde::Serialize;

/// The result of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// The requirements that its table is typed from.
    pub requirements: &'static str,
    /// How many cases were carried out.
    pub cases: usize,
    /// The cases that came out otherwise, in words.
    pub broken: Vec<String>,
}

/// The cases of a part, while they are carried out.
#[derive(Default)]
struct Cases {
    count: usize,
    broken: Vec<String>,
}

impl Cases {
    /// Carries a case out: `came` has to be what the document states.
    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: impl std::fmt::Display, stated: T, came: T) {
        self.count += 1;
        if stated != came {
            self.broken.push(format!("{what}: the document states {stated:?}, it came to {came:?}"));
        }
    }

    fn part(self, name: &'static str, requirements: &'static str) -> Part {
        Part { name, requirements, cases: self.count, broken: self.broken }
    }
}

/// Carries out all parts.
pub fn parts() -> Vec<Part> {
    vec![
        tokens::tokens(),
        message::messages(),
        connection::connections(),
        transfers::transfers(),
        admission::admissions(),
        features::features(),
        ends::ends(),
        comparison::comparisons(),
        strings::strings(),
        registries::registries(),
        clients::clients(),
        dialogues::dialogues(),
        install::installs(),
        removals::removals(),
        stored::stored(),
        devices::devices(),
        timelines::timelines(),
        payload::payloads(),
        flaws::flaws(),
        spent::spent(),
        making::making(),
        lines::lines(),
        prints::prints(),
        signals::signals(),
        turns::turns(),
        archives::archives(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each part has cases, and what ships keeps to all of them.
    #[test]
    fn every_part_is_as_the_document_states() {
        let least = [
            ("tokens", 30_000),
            ("messages", 4000),
            ("connections", 60),
            ("transfers", 300),
            ("admissions", 2000),
            ("features", 500),
            ("ends", 110),
            ("comparisons", 500),
            ("strings", 1000),
            ("registries", 90),
            ("clients", 40),
            ("dialogues", 300),
            ("installs", 300),
            ("removals", 390),
            ("stored accounts, codes", 200),
            ("devices", 150),
            ("timelines", 700),
            ("payloads", 30_000),
            ("flaws", 50_000),
            ("spent", 3000),
            ("making do", 20_000),
            ("lines", 40_000),
            ("prints", 100_000),
            ("signals", 10_000),
            ("turns", 250_000),
            ("archives", 27_000),
        ];
        let parts = parts();
        assert_eq!(parts.iter().map(|part| part.name).collect::<Vec<_>>(), least.map(|(name, _)| name));
        for (part, (_, least)) in parts.iter().zip(least) {
            assert_eq!(part.broken, Vec::<String>::new(), "{}", part.name);
            assert!(part.cases >= least, "{}: {} cases", part.name, part.cases);
        }
    }

    /// A case that comes out otherwise is named, with what is stated and what came.
    #[test]
    fn a_case_that_comes_out_otherwise_is_named() {
        let mut cases = Cases::default();
        cases.expect("a key twice", "refused", "refused");
        cases.expect("two meanings", "refused", "hello");
        let part = cases.part("messages", "R-MSG-1");
        assert_eq!(part.cases, 2);
        assert_eq!(part.broken, [r#"two meanings: the document states "refused", it came to "hello""#]);
    }
}
