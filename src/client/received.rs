//! A signal as it arrives: a number and a map of strings, read once, at the edge.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::outcome::{Details, Outcome, Scheme, Side, Signal, Vocabulary};

/// A signal as a client reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Received {
    /// This.
    Signal(Signal),
    /// DONE, with an unknown error. It is a failure (R-ERR-2).
    Unheard,
    /// No signal of this side has this state or these details.
    Strange,
}

impl Received {
    /// Reads a signal of a side, in the words of either profile.
    pub fn read(side: Side, state: i32, details: &Details) -> Self {
        let word = |key: &str| details.get(key).map(String::as_str);
        let signal = match (state, side) {
            (1, Side::Import) if details.contains_key("token") => Some(Signal::TokenAvailable),
            (2, _) => Some(Signal::Connecting),
            (3, Side::Import) => prompt(word),
            (3, Side::Export) => word("peer_address").and_then(|address| address.parse().ok()).map(|peer_address| {
                if word("sas").is_some() {
                    Signal::CompareDevice { peer_address }
                } else {
                    Signal::Confirm { peer_address }
                }
            }),
            (4, _) => Some(Signal::InProgress),
            (5, _) => return outcome(word).map_or(Self::Unheard, |outcome| Self::Signal(Signal::Done(outcome))),
            (1, Side::Import | Side::Export) | (i32::MIN..=0 | 6.., _) => None,
        };
        signal.map_or(Self::Strange, Self::Signal)
    }
}

fn prompt<'a>(word: impl Fn(&str) -> Option<&'a str>) -> Option<Signal> {
    let (peer, scheme) = (word("peer_id")?.parse().ok()?, Scheme::from_word(word("auth_scheme")?)?);
    if word("sas").is_some() {
        return Some(Signal::CompareAccount { peer, scheme });
    }
    // Whatever it is called, something was wrong with the last answer.
    let wrong_password = word("auth_error").is_some_and(|error| !Vocabulary::is_success(error));
    Some(Signal::Prompt { peer, scheme, wrong_password })
}

/// The exact outcome where there is one, else what the error says. A DONE without an error says nothing, so that it is not an outcome.
fn outcome<'a>(word: impl Fn(&str) -> Option<&'a str>) -> Option<Outcome> {
    let error = word("error")?;
    if Vocabulary::is_success(error) {
        return Some(Outcome::Success { confirmed: word("confirmed") != Some("false") });
    }
    let said = match word("reason").unwrap_or(error) {
        // The word of today's daemon.
        said if said == Vocabulary::Jamid.error(Outcome::Authentication) => Outcome::Authentication.reason(),
        said => said,
    };
    let sent = word("sent") == Some("true");
    let mut failures = Outcome::ALL.into_iter().filter(|outcome| !outcome.is_success());
    failures.find(|&outcome| outcome.reason() == said && outcome != Outcome::Canceled { sent: !sent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::AccountId;

    fn details(entries: &[(&str, &str)]) -> Details {
        entries.iter().map(|&(key, value)| (key.into(), value.into())).collect()
    }

    fn done(entries: &[(&str, &str)]) -> Received {
        Received::read(Side::Export, 5, &details(entries))
    }

    /// A client reads the signal of its daemon: exactly in the documented vocabulary, as exactly as it can be in the other.
    #[test]
    fn what_is_written_is_read() {
        let peer_address = "[2001:db8::7]:4711".parse().unwrap();
        let peer = AccountId([0xa1; 20]);
        let prompt = |scheme, wrong_password| Signal::Prompt { peer, scheme, wrong_password };
        let received = |side, signal: Signal, vocabulary| {
            Received::read(side, signal.state().number().into(), &signal.details(vocabulary, "jami-auth://…"))
        };
        for vocabulary in [Vocabulary::Documented, Vocabulary::Jamid] {
            for signal in [
                Signal::TokenAvailable,
                Signal::Connecting,
                prompt(Scheme::None, false),
                prompt(Scheme::Password, true),
                Signal::CompareAccount { peer, scheme: Scheme::Password },
                Signal::InProgress,
            ] {
                assert_eq!(received(Side::Import, signal, vocabulary), Received::Signal(signal));
            }
            for asked in [Signal::Confirm { peer_address }, Signal::CompareDevice { peer_address }] {
                assert_eq!(received(Side::Export, asked, vocabulary), Received::Signal(asked));
            }
            for exact in Outcome::ALL {
                let unsaid = vocabulary.error(exact) == "unknown";
                let expected = if unsaid { Received::Unheard } else { Received::Signal(Signal::Done(exact)) };
                assert_eq!(received(Side::Export, Signal::Done(exact), vocabulary), expected, "{exact:?}");
            }
        }
    }

    /// R-ERR-2, R-CLI-3: two words are success, and every other is a failure.
    #[test]
    fn an_unknown_error_is_a_failure() {
        let success = Received::Signal(Signal::Done(Outcome::SUCCESS));
        assert_eq!(done(&[("error", "")]), success);
        assert_eq!(done(&[("error", "none")]), success);
        for error in ["unknown", "success", "Success", "NONE", " ", "ok", "0", "state"] {
            assert_eq!(done(&[("error", error)]), Received::Unheard, "{error:?}");
        }
        assert_eq!(done(&[]), Received::Unheard);
        // A reason refines a failure; it does not undo it.
        assert_eq!(done(&[("error", "network"), ("reason", "success")]), Received::Unheard);
        assert_eq!(done(&[("error", "network"), ("reason", "")]), Received::Unheard);
        assert_eq!(done(&[("error", "x"), ("reason", "peer")]), Received::Signal(Signal::Done(Outcome::Peer)));
    }

    #[test]
    fn what_no_daemon_says_is_strange() {
        let id = "a1".repeat(20);
        let import = |state, entries: &[(&str, &str)]| Received::read(Side::Import, state, &details(entries));
        assert_eq!(import(0, &[]), Received::Strange);
        assert_eq!(import(1, &[]), Received::Strange);
        assert_eq!(import(3, &[("peer_id", &id)]), Received::Strange);
        assert_eq!(import(3, &[("peer_id", "a1"), ("auth_scheme", "")]), Received::Strange);
        assert_eq!(import(3, &[("peer_id", &id), ("auth_scheme", "key")]), Received::Strange);
        assert_eq!(import(6, &[]), Received::Strange);
        assert_eq!(import(-1, &[]), Received::Strange);
        assert_eq!(Received::read(Side::Export, 1, &details(&[("token", "x")])), Received::Strange);
        assert_eq!(Received::read(Side::Export, 3, &details(&[("peer_address", "here")])), Received::Strange);
    }
}
