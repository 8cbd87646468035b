//! Values that the requirements state: numbers, durations, words, bytes. Each is typed here from `docs/protocol.md`, and compared with
//! what ships. So a limit, a word or a code that changes is found.

mod limits;
mod words;

use std::fmt;

use serde::Serialize;

/// A value that a requirement states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// The requirement.
    pub requirement: &'static str,
    /// The thing that has the value.
    pub what: String,
    /// The value in the document.
    pub stated: String,
    /// The value that ships.
    pub shipped: String,
}

impl Stated {
    fn new(
        requirement: &'static str,
        what: impl Into<String>,
        stated: impl fmt::Display,
        shipped: impl fmt::Display,
    ) -> Self {
        Self { requirement, what: what.into(), stated: stated.to_string(), shipped: shipped.to_string() }
    }

    /// Whether what ships is what the document states.
    pub fn holds(&self) -> bool {
        self.stated == self.shipped
    }
}

/// `R-EXP-6, passwords tried in a session: the document states 3, what ships has 4`.
impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requirement, what, stated, shipped } = self;
        write!(f, "{requirement}, {what}: the document states {stated}, what ships has {shipped}")
    }
}

/// Every value that is compared.
pub fn all() -> Vec<Stated> {
    limits::all().into_iter().chain(words::all()).collect()
}

/// Requirements whose text has a number, a duration or a word that is not compared here, and where it is checked instead.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("R-STATE-2", "the order of signals: P-GRAMMAR, typed in the monitor"),
    ("R-TOK-2", "the part `tokens`"),
    ("R-TOK-3", "the part `tokens`; the fuzz targets of the parser"),
    ("R-TOK-4", "the part `tokens`; its fuzz target, against docs/legacy.md"),
    ("R-API-1", "refusals of addAccount: the part `registries`; the number of live operations is compared"),
    ("R-API-2", "P-RETURN"),
    ("R-API-3", "P-RETURN"),
    ("R-API-5", "P-RETURN"),
    ("R-API-6", "P-RETURN, P-NOT-SENT"),
    ("R-API-7", "P-ISOLATED"),
    ("R-API-8", "P-CLIENT: a client that asks is answered with the last signal"),
    ("R-MSG-2", "the streaming codec: its tests and allocation counts; the limit of a value is compared"),
    ("R-SEC-1", "P-BOUND, P-GATE; tests of the shell's TLS"),
    ("R-SEC-2", "tests that look for secrets in what is printed"),
    ("R-EXT-1", "P-SENDS"),
    ("R-EXT-3", "P-SENDS; its words are compared"),
    ("R-IMP-1", "P-SENDS, P-GRAMMAR"),
    ("R-IMP-2", "P-GRAMMAR, P-ISOLATED"),
    ("R-IMP-3", "P-SINGLE, P-SENDS"),
    ("R-IMP-4", "P-SENDS"),
    ("R-IMP-5", "P-GRAMMAR"),
    ("R-IMP-6", "P-PASSWORD, P-SENDS"),
    ("R-IMP-8", "P-SENDS"),
    ("R-IMP-9", "P-CONSENT"),
    ("R-IMP-10", "P-CONSENT"),
    ("R-IMP-11", "P-BOUND, P-SENDS"),
    ("R-IMP-12", "P-BUDGET"),
    ("R-IMP-13", "P-SINGLE, P-SENDS"),
    ("R-IMP-14", "P-SENDS"),
    ("R-EXP-1", "P-GRAMMAR"),
    ("R-EXP-2", "P-ENDS"),
    ("R-EXP-3", "P-GRAMMAR"),
    ("R-EXP-4", "P-SENDS"),
    ("R-EXP-5", "P-GATE, P-HONEST"),
    ("R-EXP-7", "P-SENDS"),
    ("R-EXP-9", "P-GATE"),
    ("R-EXP-10", "P-SENDS, P-PAIR"),
    ("R-EXP-12", "P-ADMITS, P-ENDS"),
    ("R-CANCEL-1", "P-CANCEL-HEARD, P-NOT-SENT, P-SENDS"),
    ("R-TIME-5", "P-SENDS"),
    ("R-PAIR-1", "P-PAIR: the pairs are typed in the monitor"),
    ("R-PAIR-2", "P-HONEST"),
    ("R-PAIR-3", "P-NO-BLAME"),
    ("R-CLI-3", "P-CLIENT; that two words are no error, and every other is one, is compared under R-ERR-2"),
    ("R-RDV-1", "P-ISOLATED"),
    ("R-RDV-2", "tests of the LAN rendezvous, on a network of their own"),
    ("R-RDV-3", "tests of the LAN rendezvous, on a network of their own"),
    ("R-RDV-4", "tests of the OpenDHT rendezvous against nodes of the C++ library"),
    ("R-RDV-5", "tests of the OpenDHT rendezvous against peers in Python"),
    ("R-RDV-6", "tests of the OpenDHT rendezvous against peers in Python"),
    ("R-RDV-7", "tests of the OpenDHT rendezvous against peers in Python"),
    ("R-ICE-1", "tests of ICE against a recorded link of two daemons"),
    ("R-ICE-2", "tests of ICE against a recorded link of two daemons"),
    ("R-ICE-3", "tests of ICE against a recorded link of two daemons"),
    ("R-ICE-4", "tests of ICE against a recorded link of two daemons"),
    ("R-ICE-5", "tests of ICE against a recorded link of two daemons"),
    ("R-SEC-3", "tests of TLS, which read the bytes of a ClientHello"),
    ("R-ARC-1", "tests of what an import applies"),
    ("R-ARC-2", "tests of the archive against files that Jami wrote"),
    ("R-ARC-5", "P-ATREST"),
    ("R-ARC-6", "tests of the store; P-ATOMIC"),
    ("R-SAS-6", "P-PASSWORD, P-GATE and P-SENDS in the configurations `compared`"),
    ("R-SAS-8", "the part `strings`; tests of the command, with digits that are right, wrong, and of no use"),
    ("R-SEQ-1", "docs/sequence.md, which a test derives from every run"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PROTOCOL: &str = include_str!("../../../docs/protocol.md");

    /// Each value that ships is the one that the document states.
    #[test]
    fn what_ships_is_what_the_document_states() {
        let unlike: Vec<_> = all().iter().filter(|one| !one.holds()).map(ToString::to_string).collect();
        assert!(unlike.is_empty(), "{unlike:#?}");
        assert!(all().len() > 100);
    }

    /// One value changed is found, with the requirement and both values.
    #[test]
    fn a_value_that_differs_is_found() {
        let one = Stated::new("R-EXP-6", "passwords tried in a session", 3, 4);
        assert!(!one.holds());
        let text = "R-EXP-6, passwords tried in a session: the document states 3, what ships has 4";
        assert_eq!(one.to_string(), text);
    }

    /// The paragraphs, list items and table rows of the document in which a requirement is written, with its text.
    fn requirements() -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in PROTOCOL.lines() {
            let ends =
                line.is_empty() || line.starts_with('#') || line.starts_with("| **R-") || line.starts_with("**R-");
            if let Some(id) = line.split("**").nth(1).filter(|id| id.starts_with("R-")) {
                found.push((id.into(), line.into()));
            } else if ends {
                found.push((String::new(), String::new()));
            } else if let Some((_, text)) = found.last_mut() {
                text.push(' ');
                text.push_str(line);
            }
        }
        found.retain(|(id, _)| !id.is_empty());
        found
    }

    /// Whether a text has a number or a word of an interface. Ids of requirements and weaknesses are no numbers.
    fn states_a_value(text: &str) -> bool {
        let words = text.split(|c: char| c.is_whitespace() || "|(),;:".contains(c));
        let values = words.filter(|word| !word.contains("R-") && !word.contains("W-") && !word.contains(".md"));
        text.contains('`') || values.into_iter().any(|word| word.contains(|c: char| c.is_ascii_digit()))
    }

    /// Each requirement that states a value is typed here, or somewhere that is named.
    #[test]
    fn each_stated_value_is_typed_a_second_time() {
        let here: BTreeSet<_> = all().iter().map(|one| one.requirement).collect();
        let elsewhere: BTreeSet<_> = ELSEWHERE.iter().map(|(id, _)| *id).collect();
        let stating: Vec<_> = requirements().into_iter().filter(|(_, text)| states_a_value(text)).collect();
        assert!(stating.len() > 40, "{}", stating.len());
        let missing: Vec<_> = stating
            .iter()
            .filter(|(id, _)| !here.contains(id.as_str()) && !elsewhere.contains(id.as_str()))
            .map(|(id, _)| id)
            .collect();
        assert!(missing.is_empty(), "typed nowhere: {missing:?}");
        let known: BTreeSet<_> = requirements().into_iter().map(|(id, _)| id).collect();
        let unknown: Vec<_> = here.iter().chain(&elsewhere).filter(|id| !known.contains(**id)).collect();
        assert!(unknown.is_empty(), "no requirement: {unknown:?}");
    }
}
