//! The texts for a person: what happened, and what to do next (R-CLI-7).

use std::io::ErrorKind;

use handfast::{
    client::Failure,
    limits::MAX_TRIES,
    operations::{AddAccountError, AddDeviceError},
    outcome::{Outcome, Scheme, Side},
};

use super::comparison::Shown;

/// This device's knowledge of an end in addition to its outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// The kind of the failure, as the shell noted it.
    pub(crate) cause: Option<ErrorKind>,
    /// Its own user canceled.
    pub(crate) canceled_here: bool,
}

/// The text of a failure, from one side.
pub(crate) fn failed(side: Side, failure: Failure, known: Known) -> &'static str {
    match (side, failure) {
        (side, Failure::Ended(outcome)) => ended(side, outcome, known),
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
pub(crate) fn ended(side: Side, outcome: Outcome, known: Known) -> &'static str {
    use {Outcome::*, Side::*};
    match (side, outcome, known.cause) {
        (Export, Network, Some(ErrorKind::ConnectionRefused)) => {
            return "Nothing listens at the address of the new device. Nothing was sent. Look at its screen whether it still shows \
                    a token, and at which address; then begin again.";
        }
        (Export, Network, Some(ErrorKind::PermissionDenied)) => {
            return "The new device does not know this token: a character of it is wrong, or it was used or has expired. Nothing \
                    was sent. Take the token that the new device shows now, and begin again.";
        }
        (Export, Network, Some(ErrorKind::AddrNotAvailable)) => {
            return "No device that shows this token was found. Nothing was sent. Look at its screen whether it still shows this \
                    token, and whether it is on the same network; or take the address that it shows, with --peer.";
        }
        (Export, Network, Some(ErrorKind::NotFound)) => {
            return "Another device answers at this address, not the one that showed the token. Nothing was sent. Look at the \
                    address that the new device shows, and begin again.";
        }
        (Export, Network, Some(ErrorKind::InvalidData)) => {
            return "Another program answers at the address of the new device. Nothing was sent. Look at the address and the port \
                    that the new device shows, and begin again.";
        }
        (Import, Timeout, Some(_)) => {
            return "A device asked for the link, and no connection to it came about. Nothing was imported. See that both devices are \
                    on one network, or that no firewall is between them; then begin again, with a new token.";
        }
        (Export, Timeout, Some(_)) => {
            return "No new device answered at its address. Nothing was sent. Look at its screen whether it still shows a token, \
                    and at which address and port; see that no firewall is between the two devices; then begin again.";
        }
        _ => {}
    }
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
            "The link to the new device was lost, or it could not be reached. Look at its screen: if it shows the account, it \
             was linked nevertheless; else begin again, with a new token."
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
        (Import, Canceled { .. }) if known.canceled_here => {
            "Canceled on this device. Nothing was imported. To link after all, begin again, with a new token."
        }
        (Import, Canceled { .. }) => {
            "The other device canceled. Nothing was imported. To link after all, begin again, with a new token."
        }
        (Export, Canceled { sent: false }) if known.canceled_here => {
            "Canceled on this device. Nothing was sent. To link after all, begin again, with a new token."
        }
        (Export, Canceled { sent: false }) => {
            "The new device canceled. Nothing was sent. To link after all, begin again, with a new token."
        }
        (Export, Canceled { sent: true }) => {
            "The new device canceled. A part of the account, or all of it, had been sent by then; it said that it keeps \
             nothing. To link after all, begin again, with a new token."
        }
        (Import, Mismatch) => {
            "The two screens showed different strings: another device is between this one and the one that has the account. \
             Nothing was imported. Begin again, with a new token, and type it only on the device that has the account."
        }
        (Export, Mismatch) => {
            "The two screens showed different strings: another device is between this one and the new one. Nothing was sent. \
             Begin again, with the token that the new device itself shows."
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

/// That a password was wrong, the `wrong`th time.
pub(crate) fn wrong_password(wrong: u8) -> String {
    match MAX_TRIES.saturating_sub(wrong) {
        1 => "Wrong password. One try is left.".into(),
        left => format!("Wrong password. {left} tries are left."),
    }
}

/// That the importing user has answered, and what is waited for.
pub(crate) fn agreed(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::None => "You agreed to it. The other device is to confirm this one.",
        Scheme::Password => "You agreed to it. The other device is to confirm this one, and is trying the password…",
    }
}

/// That the exporting user has confirmed, and what is waited for.
pub(crate) const CONFIRMED: &str =
    "You confirmed it. Its user is to agree there, and to type the account's password if it has one.";

/// The question whether both screens show the same, and what it is.
pub(crate) const COMPARE: &str = "The other device has to show the same digits and words.";

/// The string, and the question for a line.
pub(crate) fn comparison(shown: &Shown) -> String {
    format!("{COMPARE}\n  digits  {}\n  words   {}\nDoes it? [y/N] ", shown.groups(), shown.words)
}

/// That there is nothing to compare, and what that means (R-SAS-9).
pub(crate) const NOTHING_TO_COMPARE: &str =
    "There is nothing to compare: the other device does not. If it should, another one is between the two: cancel.";

/// That the comparison is answered, with yes or with no.
pub(crate) const COMPARED: &str = "You have answered whether both screens show the same.";

/// That the other device cannot compare, where a comparison is demanded.
pub(crate) const MATCH_OF_NOTHING: &str = "handfast: --sas-match: the other device cannot compare";

/// That the expected digits are others.
pub(crate) const NO_MATCH: &str = "handfast: --sas-match: these are not the digits that this device shows";

/// That an archive did not open.
pub(crate) const WRONG_OR_DAMAGED: &str = "Wrong password, or the file is damaged: the two cannot be distinguished.";

/// The text after the last byte.
pub(crate) fn all_there(side: Side) -> &'static str {
    match side {
        Side::Import => "All of it is here: checking and storing it…",
        Side::Export => "All of it is sent: the new device is checking and storing it…",
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

    /// Holds R-CLI-7.
    #[test]
    fn each_outcome_has_its_own_text_with_a_next_step() {
        let here = Known { cause: None, canceled_here: true };
        let of = |side| Outcome::ALL.map(|outcome| ended(side, outcome, here)).into_iter().collect::<BTreeSet<_>>();
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
        let mut texts = String::new();
        let mut show = |side, failure: Failure, known: Known, besides: &str| {
            let text = failed(side, failure, known);
            let last = text.rsplit(". ").next().expect("there is a sentence");
            assert!(text != last && STEPS.iter().any(|step| last.starts_with(step)), "it says no next step: {text}");
            texts.push_str(&format!("{failure:?}, {side}{besides}:\n    {text}\n"));
            text
        };
        for failure in failures.chain(refused) {
            for side in [Side::Import, Side::Export] {
                show(side, failure, here, "");
            }
        }
        // Causes with a next step of their own, and cancels of the other device.
        let causes = [
            ErrorKind::ConnectionRefused,
            ErrorKind::AddrNotAvailable,
            ErrorKind::PermissionDenied,
            ErrorKind::NotFound,
            ErrorKind::InvalidData,
            ErrorKind::Other,
        ];
        let network: BTreeSet<_> = causes
            .into_iter()
            .map(|kind| {
                let known = Known { cause: Some(kind), canceled_here: false };
                show(Side::Export, Failure::Ended(Outcome::Network), known, &format!(", {kind:?}"))
            })
            .collect();
        assert_eq!(network.len(), causes.len());
        let attempts = Known { cause: Some(ErrorKind::TimedOut), canceled_here: false };
        show(Side::Export, Failure::Ended(Outcome::Timeout), attempts, ", after its attempts to connect");
        for side in [Side::Import, Side::Export] {
            let there = show(side, Failure::Ended(Outcome::CANCELED), Known::default(), ", by the other device");
            assert_ne!(there, ended(side, Outcome::CANCELED, here));
        }
        insta::assert_snapshot!(texts);
    }
}
