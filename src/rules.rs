//! The rules that the state machines keep, each with a name.
//!
//! A state machine holds the [`Rules`] that it keeps. The shipped ones hold [`AllRules`], a value of no bytes: each question is answered at
//! compile time, and the shipped code has no switch. A checker holds a set of rules that lacks one (a *mutant*), to show that the check
//! of this rule can fail.

use core::{fmt::Debug, hash::Hash};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A named decision of a state machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

rules! {
    /// Import: no archive is taken before a prompt is shown (R-IMP-10).
    PromptBeforeArchive,
    /// Import: no archive is taken before the user answered the prompt for this peer (R-IMP-9, R-IMP-10).
    AnswerBeforeArchive,
    /// Import: a token admits one session and is dead after it (R-TOK-5).
    TokenDies,
    /// Import: the slot is tested and taken in one step (R-IMP-3).
    SlotTakenAtOnce,
    /// Import: the account is shown, and confirmed, only from a chain that verifies (R-SEC-1).
    VerifiedChain,
    /// Import: what is installed is the account that the user confirmed (R-IMP-11).
    Bound,
    /// Import: success is signalled only once the install is durable (R-IMP-13).
    Durable,
    /// Import: a failed install is a failure (R-IMP-13).
    InstallErrors,
    /// Import: a removal does not end an install (R-IMP-13).
    InstallOutlivesRemoval,
    /// Import: the loss of the session does not end an install (R-IMP-13).
    InstallOutlivesLoss,
    /// Import: a word of the peer does not end an install (R-IMP-13).
    InstallOutlivesWord,
    /// Import: no timer ends an install (R-IMP-13, R-TIME-4).
    InstallOutlivesTimers,
    /// Import: the answer's scheme is the one that was asked for (R-API-2).
    SchemeMatches,
    /// Import: a prompt takes one answer (R-API-2).
    OneAnswer,
    /// Import: a refused answer changes nothing (R-API-2).
    RefusalIsPure,
    /// Import: at most three prompts are shown (R-IMP-7).
    PromptsLimited,
    /// Import: a verdict that is not due is ignored (R-IMP-14).
    StrayVerdictIgnored,
    /// Either: bytes that are no message end the operation (R-MSG-3).
    MalformedEnds,
    /// Import: `authScheme` again is ignored (R-IMP-14).
    SchemeAgainIgnored,
    /// Import: the end of the channel after the complete archive is normal (R-IMP-12).
    EndAfterArchive,
    /// Import: CONNECTING is signalled once (R-IMP-2).
    ConnectingOnce,
    /// Import: a late event of one import does not reach another (R-API-7).
    LateImportsApart,
    /// Import: a request that comes again changes nothing (R-RDV-1).
    RepeatsIgnored,
    /// Import: a failed attempt of a stranger changes nothing (R-IMP-2).
    StrangersIsolated,
    /// Import: wrong codes are limited (R-TOK-5).
    CodesLimited,
    /// Import: channels of other names are no wrong codes (R-TOK-5).
    OtherChannelsFree,
    /// Import: where all places are taken, the oldest connection that has come as far makes room (R-IMP-15).
    RoomIsMade,
    /// Import: a connection makes room only for one that has come as far as it has (R-IMP-15).
    ProgressCounts,
    /// Import: what was staged is wiped on failure (R-IMP-12).
    Wiped,
    /// Import: the nonce is sent after the exporter's commitment (R-SAS-2).
    NonceAfterCommitment,
    /// Import: no password is taken before the user said that the strings are equal (R-SAS-6).
    ComparedBeforePassword,

    /// Export: no password is tried before the user confirmed (R-EXP-9).
    ConfirmGate,
    /// Export: a password that arrives before the confirmation waits for it (R-EXP-5).
    EarlyPasswordWaits,
    /// Export: an early password is kept (R-EXP-5).
    EarlyPasswordKept,
    /// Export: a confirmation before the hello is kept (R-API-5).
    EarlyConfirmKept,
    /// Export: wrong passwords are counted (R-EXP-6).
    TriesCounted,
    /// Export: only passwords are counted (R-EXP-7).
    OnlyPasswordsCounted,
    /// Export: an archive that could not be read is no wrong password (R-EXP-6).
    UnreadableIsNoTry,
    /// Export: a cancel is refused once an archive byte is out (R-API-6).
    CancelBeforeSent,
    /// Export: a late result of opening is discarded after a cancel (R-API-6).
    LateOpeningDiscarded,
    /// Export: success waits for the importer's result (R-EXT-2).
    SuccessConfirmed,
    /// Export: the loss of the link is not success (R-EXT-2).
    LossIsFailure,
    /// Export: the end without a result is not success where one is due (R-EXT-2).
    EndIsFailure,
    /// Export: a result before the whole archive was handed over is refused (R-EXP-7).
    ResultAfterArchive,
    /// Export: a result is expected only of a peer that promised one (R-EXT-2).
    ResultOnlyIfNamed,
    /// Export: the peer's leaf key is the token's (R-SEC-1).
    Pinned,
    /// Export: a cancel of the peer after the first archive byte is reported with `sent` (R-CANCEL-1).
    SentIsReported,
    /// Export: a late ACCEPT of an ended operation is answered (R-CANCEL-1).
    LateAcceptAnswered,
    /// Export: an operation has a timer before its channel is open (R-TIME-2).
    ConnectTimer,
    /// Export: an attempt to connect that fails is made again (R-EXP-12).
    AttemptsRepeated,
    /// Export: `authScheme` goes out once (R-EXP-4).
    SchemeSentOnce,
    /// Export: its nonce is opened after the importer's is known (R-SAS-2).
    OpeningAfterNonce,
    /// Export: no password is tried before the user said that the strings are equal (R-SAS-6).
    ComparedBeforeArchive,
    /// Export: while an operation is live, another is refused (R-API-4).
    OneIsLive,
    /// Export: a late event of an ended operation changes nothing in the live one (R-API-7).
    LateEventsApart,

    /// Both: a cancel sends a word, or at least the end of the channel (R-CANCEL-1).
    CancelSaid,
    /// Both: the word is sent also while the peer's features are unknown (R-EXT-3).
    WordWhileUnknown,
    /// Both: strings that a user says to be different end the operation (R-SAS-7).
    DifferenceEnds,
    /// Both: `TIMEOUT` is understood (R-EXT-3).
    TimeoutUnderstood,
    /// Both: the timers that wait for a session stop when it opens (R-TIME-1, R-TIME-2).
    SessionStopsTimers,
    /// Both: progress starts the stall timer again (R-TIME-4).
    ProgressRearms,
    /// Both: at the end every timer stops (R-TIME-5).
    EndStopsTimers,
    /// Both: nothing is signalled after DONE (R-STATE-2).
    DoneLast,
    /// Both: DONE comes once (R-STATE-2).
    DoneOnce,
    /// Both: in a turn IN_PROGRESS goes out before all that is sent (R-STATE-2).
    ProgressBeforeSends,
    /// Both: in a turn DONE goes out after all that is sent (R-STATE-2).
    DoneAfterSends,

    /// Clients: an unknown error is a failure (R-CLI-3, R-CLI-7).
    ClientUnheardFails,
    /// Clients: signals of another operation are not shown (R-CLI-2).
    ClientOwnSignals,
    /// Clients: the screens go forward only (R-CLI-4).
    ClientForward,
    /// Clients: leaving the screen cancels (R-CLI-5).
    ClientLeavingCancels,
    /// Clients: where a cancel is refused, the client shows that the operation goes on (R-CLI-5).
    ClientRefusalIsSaid,
    /// Clients: a question whose answer was refused is asked again only after a further signal (R-CLI-8).
    ClientRefusalWaits,
    /// Clients: the current state is asked for once the operation has a name, so that no signal is missed (R-API-8, R-CLI-9).
    ClientAsksState,
    /// Import client: the account of a failed import is removed (R-CLI-6).
    ClientFailedRemoved,
}

/// A set of rules that a state machine keeps.
pub trait Rules: Clone + Copy + Debug + PartialEq + Eq + PartialOrd + Ord + Hash + Send + Sync + 'static {
    /// Whether every rule is kept, which is known at compile time: what ships asserts its invariants.
    const COMPLETE: bool = false;

    /// Returns whether `rule` is kept.
    fn keeps(self, rule: Rule) -> bool;

    /// Returns whether `rule` is broken.
    #[inline(always)]
    fn lacks(self, rule: Rule) -> bool {
        !self.keeps(rule)
    }
}

/// Every rule is kept: what ships.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllRules;

impl Rules for AllRules {
    const COMPLETE: bool = true;

    #[inline(always)]
    fn keeps(self, _: Rule) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct AllBut(Rule);

    impl Rules for AllBut {
        fn keeps(self, rule: Rule) -> bool {
            rule != self.0
        }
    }

    #[test]
    fn a_rule_that_is_not_kept_is_lacked() {
        let rules = [Rule::PromptBeforeArchive, Rule::AnswerBeforeArchive];
        assert_eq!(rules.map(|rule| AllBut(Rule::PromptBeforeArchive).lacks(rule)), [true, false]);
        assert_eq!(rules.map(|rule| AllRules.lacks(rule)), [false; 2]);
    }
}
