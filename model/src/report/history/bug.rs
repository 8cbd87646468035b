//! A bug of the past, and how much of it is found again.

use serde::Serialize;

use super::exhibit::{Exhibit, Shown};
use crate::explorer::explore::Limits;

/// How much of a bug is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The defect, put back, is found.
    Found,
    /// A half of it is, or its class in the code of this project only.
    Part,
    /// It is not.
    Outside,
}

impl Mark {
    /// The sign of it in a table.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Found => "●",
            Self::Part => "◐",
            Self::Outside => "○",
        }
    }
}

/// A file of the repository in which a class of defects is caught, and the test in it, if it is one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The path from the top of the repository.
    pub file: &'static str,
    /// The name of the function. Empty: all of the file.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub test: &'static str,
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.file)?;
        if self.test.is_empty() { Ok(()) } else { write!(f, " ({})", self.test) }
    }
}

/// A fix, and the bug that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// The stable id.
    pub id: &'static str,
    /// When the fix was merged.
    pub merged: &'static str,
    /// The repositories and commits.
    pub fix: &'static str,
    /// The effect that users saw, and its cause.
    pub broke: &'static str,
    /// How much of it is found.
    pub mark: Mark,
    /// Where it is found in this model.
    pub exhibits: &'static [Exhibit],
    /// Why it is not found, or not all of it. Empty where all is.
    pub reason: &'static str,
    /// The places where the class is caught by other means.
    pub elsewhere: &'static [Held],
}

impl Bug {
    /// Carries out all exhibits.
    pub fn show(&'static self, limits: Limits) -> Vec<Shown> {
        self.exhibits.iter().map(|exhibit| exhibit.show(limits)).collect()
    }
}
