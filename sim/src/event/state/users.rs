//! The two users of a session.

use handfast::{
    outcome::{AccountId, Scheme},
    sas::Comparison,
};

use crate::event::{below::Ledger, state::event::Party};

/// The calls that the users have made, and the questions that they are asked.
#[derive(Default)]
pub(crate) struct Users {
    pub(crate) started: [bool; Party::COUNT],
    /// Answers that were taken.
    pub(crate) answers: u8,
    /// Passwords that were typed wrong.
    pub(crate) typed_wrong: u8,
    pub(crate) prompt: Option<(AccountId, Scheme)>,
    /// Prompts so far.
    pub(crate) prompts: u8,
    /// Whether the password that was typed last is right.
    pub(crate) typed: Option<bool>,
    pub(crate) invited: bool,
    /// The exporting user is asked to confirm, or has given up.
    pub(crate) asked: bool,
    pub(crate) gave_up: bool,
    /// A user was asked to compare.
    pub(crate) compares: bool,
    /// The account is being linked already: the exporting user waits for the end of that (R-API-4).
    pub(crate) waits: bool,
    /// The number of the hostile device's next act, and whether it has gone.
    pub(crate) device_next: usize,
    pub(crate) device_gone: bool,
    /// Its end of a comparison.
    pub(crate) device_compares: Option<Comparison>,
    /// The answers that are due to it.
    pub(crate) ledger: Ledger,
}

impl Users {
    /// The prompt of the importing user is withdrawn.
    pub(crate) fn forget_prompt(&mut self) {
        self.prompt = None;
    }
}

/// The bytes of a password.
pub(crate) fn password(right: bool, scheme: Scheme) -> &'static [u8] {
    match (right, scheme) {
        (true, Scheme::Password) => b"correct horse",
        (true, Scheme::None) => b"",
        (false, _) => b"wrong horse",
    }
}
