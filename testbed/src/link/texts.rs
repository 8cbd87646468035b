//! What a person is told: what happened, and what to do next (R-CLI-7).

use handfast::{
    client::Failure,
    operations::{AddAccountError, AddDeviceError},
    outcome::{Outcome, Side},
};

/// What a client shows of a failure, from one side.
pub(crate) fn failed(side: Side, failure: Failure) -> &'static str {
    match (side, failure) {
        (side, Failure::Ended(outcome)) => ended(side, outcome),
        (Side::Import, Failure::Unheard) => {
            "It failed, for a reason that this program does not know. Nothing was imported. Make sure that both devices are \
             up to date, and begin again, with a new token."
        }
        (Side::Export, Failure::Unheard) => {
            "It failed, for a reason that this program does not know. Look at the new device: if it shows the account, it was \
             linked nevertheless; else make sure that both devices are up to date, and begin again, with a new token."
        }
        (_, Failure::NoAccount(AddAccountError::TooMany)) => {
            "Too many accounts are being imported on this device. Wait until one of them is done, or cancel it."
        }
        (_, Failure::NoAccount(AddAccountError::Taken)) => "This device could not begin an account. Try again.",
        (_, Failure::NoDevice(AddDeviceError::InvalidUri)) => {
            "This is no token of a new device. Take the one that its screen shows now."
        }
        (_, Failure::NoDevice(AddDeviceError::AlreadyLinking)) => {
            "This account is being linked already. Wait until that is done, or cancel it."
        }
        (_, Failure::NoDevice(AddDeviceError::Generic)) => {
            "This account cannot be linked from this device. Look whether it is there, and enabled."
        }
    }
}

/// How a link ended, from one side.
pub(crate) fn ended(side: Side, outcome: Outcome) -> &'static str {
    use {Outcome::*, Side::*};
    match (side, outcome) {
        (Import, Success { .. }) => "The account is on this device.",
        (Export, Success { confirmed: true }) => "The account is on the new device.",
        (Export, Success { confirmed: false }) => {
            "The account was sent, and the new device ended the link as if all were well. It is of a kind that does not \
             confirm it: look at its screen."
        }
        (Import, Network) => {
            "The link to the other device was lost, or this device could not be reached. Nothing was imported. Begin again, \
             with a new token."
        }
        (Export, Network) => {
            "The new device could not be reached, does not know this token, or was lost. Look at its screen: if it shows the \
             account, it was linked nevertheless; else begin again, with a new token."
        }
        (Import, Timeout) => "It took too long. Nothing was imported. Begin again, with a new token.",
        (Export, Timeout) => {
            "It took too long. Look at the new device: if it shows the account, it was linked nevertheless; else begin again, \
             with a new token."
        }
        (Import, Authentication) => {
            "No right password was given, or the token was guessed at too often. Nothing was imported. Begin again, with a \
             new token."
        }
        (Export, Authentication) => {
            "The new device gave no right password in three tries. Nothing was sent. Begin again, with a new token."
        }
        (Import, Canceled { .. }) => {
            "Canceled. Nothing was imported. To link after all, begin again, with a new token."
        }
        (Export, Canceled { sent: false }) => {
            "Canceled. Nothing was sent. To link after all, begin again, with a new token."
        }
        (Export, Canceled { sent: true }) => {
            "The new device canceled. A part of the account, or all of it, had been sent by then; it said that it keeps \
             nothing. To link after all, begin again, with a new token."
        }
        (Import, Protocol) => {
            "The other device broke a rule, or what it sent is not the account that you agreed to. Nothing was imported. Make \
             sure which device you are linking with."
        }
        (Export, Protocol) => {
            "The new device broke a rule. Make sure which device you are linking with, and that it is up to date."
        }
        (Import, Storage) => {
            "This device could not store the account. Nothing was imported. Look at the free space and the permissions of \
             the store."
        }
        (Export, Storage) => {
            "This device could not read the account's archive to its end. Look at the file: `handfast archive inspect`."
        }
        (Import, Peer) => {
            "The other device said that it failed. Nothing was imported. Look at its screen for the reason, and begin again, \
         with a new token."
        }
        (Export, Peer) => {
            "The new device said that it could not take the account. Look at its screen for the reason, and begin again, with \
             a new token."
        }
    }
}

/// That an operation could not be stopped, or not yet (R-CLI-5).
pub(crate) fn goes_on(side: Side) -> &'static str {
    match side {
        Side::Import => "It goes on for now: what is stored already is removed again. Ctrl-C again drops the link.",
        Side::Export => "It is too late to cancel: the link goes on. Ctrl-C again drops it.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// With what a text says to do next.
    const STEPS: [&str; 8] = [
        "Begin again",
        "Look at",
        "Look whether",
        "Make sure",
        "Take the",
        "To link after all",
        "Try again",
        "Wait until",
    ];

    #[test]
    fn each_outcome_has_its_own_text_with_a_next_step() {
        let of = |side| Outcome::ALL.map(|outcome| ended(side, outcome)).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(of(Side::Export).len(), Outcome::ALL.len());
        // An import's success is always confirmed, and it learns nothing of what was sent.
        assert_eq!(of(Side::Import).len(), Outcome::ALL.len() - 2);
        let failures = Outcome::ALL.into_iter().filter(|outcome| !outcome.is_success()).map(Failure::Ended);
        let refused = [
            Failure::Unheard,
            Failure::NoAccount(AddAccountError::TooMany),
            Failure::NoAccount(AddAccountError::Taken),
            Failure::NoDevice(AddDeviceError::InvalidUri),
            Failure::NoDevice(AddDeviceError::AlreadyLinking),
            Failure::NoDevice(AddDeviceError::Generic),
        ];
        let mut told = String::new();
        for failure in failures.chain(refused) {
            for side in [Side::Import, Side::Export] {
                let text = failed(side, failure);
                let last = text.rsplit(". ").next().expect("there is a sentence");
                assert!(
                    text != last && STEPS.iter().any(|step| last.starts_with(step)),
                    "it says no next step: {text}"
                );
                told.push_str(&format!("{failure:?}, {side}:\n    {text}\n"));
            }
        }
        insta::assert_snapshot!(told);
    }
}
