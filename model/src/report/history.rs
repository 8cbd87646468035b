//! The track record: real bugs of *Link new device*, each put back and looked for again.
//!
//! A [`Bug`] is a fix in one of Jami's public repositories. Where the model has what it touched, its exhibits are pairs of systems that
//! differ by that fix alone: the one with the defect has to violate the property in as many steps as the row states, and the one without
//! it must not, or only by a longer way. A weakness that both have, and that would hide the difference, is switched off in both.

mod accounts;
mod bug;
mod exhibit;
mod own;
mod page;
mod parsers;
mod rows;

pub use self::{
    accounts::Named,
    bug::{Bug, Held, Mark},
    exhibit::{Exhibit, Shown, Steps, Subject},
    own::{OWN, Own},
    page::{Line, brief, diagrams, markdown, markdown_of_own},
    rows::BUGS,
};
