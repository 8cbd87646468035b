//! What a person is told: what happened, and what to do next (R-CLI-7).

use handfast::outcome::{Outcome, Side};

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
        (Import, Canceled { .. }) => "Canceled. Nothing was imported.",
        (Export, Canceled { sent: false }) => "Canceled. Nothing was sent.",
        (Export, Canceled { sent: true }) => {
            "The new device canceled. A part of the account, or all of it, had been sent by then; it said that it keeps \
             nothing."
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
        (Import, Peer) => "The other device said that it failed. Nothing was imported.",
        (Export, Peer) => {
            "The new device said that it could not take the account. Look at its screen for the reason, and begin again, with \
             a new token."
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_outcome_has_its_own_text() {
        use Outcome::*;
        let outcomes = [
            Success { confirmed: true },
            Success { confirmed: false },
            Network,
            Timeout,
            Authentication,
            Canceled { sent: false },
            Canceled { sent: true },
            Protocol,
            Storage,
            Peer,
        ];
        let of = |side| outcomes.map(|outcome| ended(side, outcome)).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(of(Side::Export).len(), outcomes.len());
        // An import's success is always confirmed, and it learns nothing of what was sent.
        assert_eq!(of(Side::Import).len(), outcomes.len() - 2);
    }
}
