//! The track record: real bugs of *Link new device*, each put back and looked for again.
//!
//! A [`Bug`] is a fix in one of Jami's public repositories. Where the model has what it touched, its exhibits are pairs of systems that
//! differ by that fix alone: the one with the defect has to violate the property in as many steps as the row states, and the one without
//! it must not, or only by a longer way. A weakness that both have, and that would hide the difference, is switched off in both.

mod exhibit;
mod own;
mod page;
mod parsers;
mod rows;

use serde::Serialize;

pub use self::{
    exhibit::{Exhibit, Shown, Steps, Subject},
    own::{OWN, Own},
    page::{Line, brief, diagrams, markdown, markdown_of_own},
    rows::BUGS,
};
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
    /// The bug of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        BUGS.iter().find(|bug| bug.id == id)
    }

    /// Carries out all exhibits.
    pub fn show(&'static self, limits: Limits) -> Vec<Shown> {
        self.exhibits.iter().map(|exhibit| exhibit.show(limits)).collect()
    }
}
