//! The pairs in which two hardened peers may end, as one predicate over their traces (R-PAIR-1).

use handfast::{
    export::{Effect as ExportEffect, Input as E},
    import::{Effect as ImportEffect, Input as I},
    limits::Timer,
    message::{Message as M, Verdict},
    outcome::{
        Outcome::{self, Canceled, Network, Peer, Protocol, Storage, Success, Timeout},
        Signal,
    },
    trace::{Step, Turn},
};
use serde::{Deserialize, Serialize};

/// The allowed pairs, importer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pair {
    /// (Success, Success).
    BothSucceed,
    /// (Success, Network) after a failure of the link.
    SuccessUnheard,
    /// (Success, Timeout) after the exporter's result timer.
    SuccessTooLate,
    /// Two equal failures; Canceled equals Canceled with `sent`.
    Equal,
    /// Two failures, each decided on its own side before the other's was heard.
    EachItsOwn,
    /// (Network, Protocol, Storage or Timeout in the middle of a message): never put into words.
    ExportUnspoken,
    /// (Protocol, Network).
    ImportProtocol,
    /// (Protocol or Storage, Peer): the exporter was told.
    Told,
    /// Network on either side after a failure of the link.
    LinkFailed,
    /// (Storage, Network): the importer's disk failed in the middle of the archive, a failure of the device without a word.
    ImportUnspoken,
    /// (x, Network) where no session came to be.
    NoSession,
    /// One side had no operation.
    Alone,
    /// One side crashed, which excuses any failure of the other.
    Crashed,
}

/// How a side ended, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) cause: Cause,
}

/// What made a side end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A timer of its own.
    Timer(Timer),
    /// Its disk, in the middle of a message that it sends or gets: it cannot be put into words.
    Unspoken,
    /// Anything else of its own: its user, an install, a message that breaks a rule.
    Own,
    /// The peer said or showed that it ended, or the link was lost.
    Heard,
}

impl End {
    /// The end that a step brings, if it does.
    pub(crate) fn of(step: &Step) -> Option<Self> {
        let outcome = match &step.turn {
            Turn::Import { effects, .. } => effects.iter().find_map(|effect| match effect {
                ImportEffect::Signal(Signal::Done(outcome)) => Some(*outcome),
                _ => None,
            }),
            Turn::Export { effects, .. } => effects.iter().find_map(|effect| match effect {
                ExportEffect::Signal(Signal::Done(outcome)) => Some(*outcome),
                _ => None,
            }),
        };
        let cause = match &step.turn {
            Turn::Import { input, .. } => match input {
                I::Fired(timer) => Cause::Timer(*timer),
                I::ArchiveUnwritable(_) => Cause::Unspoken,
                I::Message(_, M::State(_) | M::Verdict(Verdict::Final))
                | I::ChannelEnded(_)
                | I::ConnectionLost(_)
                | I::ConnectionFailed(_) => Cause::Heard,
                _ => Cause::Own,
            },
            Turn::Export { input, .. } => match input {
                E::Fired(timer) => Cause::Timer(*timer),
                E::SendFailed => Cause::Unspoken,
                E::Message(M::State(_) | M::ImportResult(_)) | E::Declined | E::Ended | E::Unreachable | E::Lost => {
                    Cause::Heard
                }
                _ => Cause::Own,
            },
        };
        outcome.map(|outcome| Self { outcome, cause })
    }
}

/// What excuses a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// The importer accepted the exporter's channel.
    pub(crate) session: bool,
    /// The link failed.
    pub(crate) broken: bool,
    /// The importer, or the exporter, crashed.
    pub(crate) crashed: bool,
}

/// Which allowed pair the two ends are, if they are one.
pub(crate) fn classify(import: Option<End>, export: Option<End>, around: Circumstances) -> Option<Pair> {
    if around.crashed {
        return Some(Pair::Crashed);
    }
    let (import, export) = match (import, export) {
        (Some(import), Some(export)) => (import, export),
        (Some(End { outcome: Success { .. }, .. }), None) | (None, _) => return None,
        (Some(_), None) => return Some(Pair::Alone),
    };
    let own = |end: End| end.cause != Cause::Heard;
    match (import.outcome, export.outcome) {
        (Success { .. }, Outcome::SUCCESS) => Some(Pair::BothSucceed),
        (Success { .. }, Network) if around.broken => Some(Pair::SuccessUnheard),
        (Success { .. }, Timeout) if export.cause == Cause::Timer(Timer::Result) => Some(Pair::SuccessTooLate),
        (Success { .. }, _) | (_, Success { .. }) => None,
        (Canceled { .. }, Canceled { .. }) => Some(Pair::Equal),
        (one, other) if one == other => Some(Pair::Equal),
        _ if own(import) && own(export) => Some(Pair::EachItsOwn),
        (Network, Protocol | Storage) => Some(Pair::ExportUnspoken),
        (Network, Timeout) if matches!(export.cause, Cause::Timer(Timer::Stall | Timer::Transfer)) => {
            Some(Pair::ExportUnspoken)
        }
        (Protocol, Network) => Some(Pair::ImportProtocol),
        (Protocol | Storage, Peer) => Some(Pair::Told),
        (Network, _) | (_, Network) if around.broken => Some(Pair::LinkFailed),
        (Storage, Network) if import.cause == Cause::Unspoken => Some(Pair::ImportUnspoken),
        (_, Network) if !around.session => Some(Pair::NoSession),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(outcome: Outcome, cause: Cause) -> Option<End> {
        Some(End { outcome, cause })
    }

    /// The pairs that R-PAIR-1 calls out as never to happen, whatever failed but a crash.
    #[test]
    fn what_must_never_be_is_no_pair() {
        let around = Circumstances { session: true, broken: true, crashed: false };
        let causes = [Cause::Timer(Timer::Result), Cause::Unspoken, Cause::Own, Cause::Heard];
        for (one, other) in causes.into_iter().flat_map(|one| causes.map(|other| (one, other))) {
            for failure in [Network, Timeout, Outcome::Authentication, Outcome::CANCELED, Protocol, Storage] {
                assert_eq!(classify(end(failure, one), end(Outcome::SUCCESS, other), around), None);
            }
            for failure in [Outcome::CANCELED, Outcome::Authentication, Protocol, Storage] {
                assert_eq!(classify(end(Outcome::SUCCESS, one), end(failure, other), around), None);
            }
        }
        assert_eq!(classify(end(Outcome::SUCCESS, Cause::Own), None, around), None);
    }

    #[test]
    fn a_failure_of_the_link_has_to_have_been_one() {
        let session = Circumstances { session: true, ..Circumstances::default() };
        let pair = (end(Outcome::SUCCESS, Cause::Own), end(Network, Cause::Heard));
        assert_eq!(classify(pair.0, pair.1, session), None);
        assert_eq!(classify(pair.0, pair.1, Circumstances { broken: true, ..session }), Some(Pair::SuccessUnheard));
    }
}
