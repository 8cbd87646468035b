//! The group `parts` of `verify`: the codec, connections and the store, case by case.

use std::fmt;

use handfast_model::counted;
use handfast_sim::{Part, parts};
use quick_junit::{TestCase, TestSuite};
use serde::Serialize;

use crate::verdicts::status;

/// The parts, and what came of their cases.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Tried(Vec<Part>);

impl Tried {
    /// Carries all of them out.
    pub(crate) fn new() -> Self {
        Self(parts())
    }

    /// Returns the exit code of the command.
    pub(crate) fn exit_code(&self) -> u8 {
        self.0.iter().any(|part| !part.broken.is_empty()).into()
    }

    /// The cases that came out otherwise than the document states, each in a line.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        let of =
            |part: &Part| part.broken.iter().map(|text| format!("{}, {text}", part.requirements)).collect::<Vec<_>>();
        self.0.iter().flat_map(of).collect()
    }

    /// The same as a suite of JUnit.
    pub(crate) fn suite(&self) -> TestSuite {
        let mut suite = TestSuite::new("parts");
        for part in &self.0 {
            let mut case = TestCase::new(part.name, status(part.broken.is_empty(), true, &part.broken.join("\n")));
            case.set_classname("parts");
            suite.add_test_case(case);
        }
        suite
    }
}

/// The broken cases, the first lines of each part, and then a line for each part.
impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So many broken cases of a part are printed.
        const SHOWN: usize = 5;
        for part in self.0.iter().filter(|part| !part.broken.is_empty()) {
            for text in part.broken.iter().take(SHOWN) {
                writeln!(f, "VIOLATED {}: {}: {text}", part.requirements, part.name)?;
            }
            if let more @ 1.. = part.broken.len().saturating_sub(SHOWN) {
                writeln!(f, "… and {more} more")?;
            }
        }
        let count: usize = self.0.iter().map(|part| part.cases).sum();
        let broken: usize = self.0.iter().map(|part| part.broken.len()).sum();
        let names: Vec<_> = self.0.iter().map(|part| part.name).collect();
        let verdict = if broken == 0 { "all as stated".to_owned() } else { format!("{broken} VIOLATED") };
        write!(f, "parts: {}: {}, {verdict}", names.join(", "), counted(count, "case"))
    }
}
