//! The rules that the reducers keep, each with a name.
//!
//! A reducer is generic over its [`Rules`]. What ships is [`AllRules`]; a checker breaks one rule in a type of its own (a
//! *mutant*) to show that the check which guards it can fail. There is no switch at run time.

use core::{fmt::Debug, hash::Hash};

/// The named rules. Each constant says whether the rule is kept; all are by default.
pub trait Rules:
    Clone + Copy + Debug + Default + PartialEq + Eq + PartialOrd + Ord + Hash + Send + Sync + 'static
{
    /// Import: no archive is taken before a prompt is shown (R-IMP-10).
    const PROMPT_BEFORE_ARCHIVE: bool = true;
    /// Import: no archive is taken before the user answered the prompt for this peer (R-IMP-9, R-IMP-10).
    const ANSWER_BEFORE_ARCHIVE: bool = true;
    /// Import: a token admits one session and is dead after it (R-TOK-5).
    const TOKEN_DIES: bool = true;
    /// Import: the slot is tested and taken in one step (R-IMP-3).
    const SLOT_TAKEN_AT_ONCE: bool = true;
    /// Import: the account is shown, and confirmed, only from a chain that verifies (R-SEC-1).
    const VERIFIED_CHAIN: bool = true;
    /// Import: what is installed is the account that the user confirmed (R-IMP-11).
    const BOUND: bool = true;
    /// Import: success is said only once the install is durable (R-IMP-13).
    const DURABLE: bool = true;
    /// Import: a failed install is a failure (R-IMP-13).
    const INSTALL_ERRORS: bool = true;
    /// Import: a removal does not end an install (R-IMP-13).
    const INSTALL_OUTLIVES_REMOVAL: bool = true;
    /// Import: the loss of the session does not end an install (R-IMP-13).
    const INSTALL_OUTLIVES_LOSS: bool = true;
    /// Import: the peer's word does not end an install (R-IMP-13).
    const INSTALL_OUTLIVES_WORD: bool = true;
    /// Import: no timer ends an install (R-IMP-13, R-TIME-4).
    const INSTALL_OUTLIVES_TIMERS: bool = true;
    /// Import: the answer's scheme is the one that was asked for (R-API-2).
    const SCHEME_MATCHES: bool = true;
    /// Import: a prompt takes one answer (R-API-2).
    const ONE_ANSWER: bool = true;
    /// Import: a refused answer changes nothing (R-API-2).
    const REFUSAL_IS_PURE: bool = true;
    /// Import: at most three prompts are shown (R-IMP-7).
    const PROMPTS_LIMITED: bool = true;
    /// Import: a verdict that is not due is ignored (R-IMP-14).
    const STRAY_VERDICT_IGNORED: bool = true;
    /// Import: `authScheme` again is ignored (R-IMP-14).
    const SCHEME_AGAIN_IGNORED: bool = true;
    /// Import: an end behind the complete archive is normal (R-IMP-12).
    const END_BEHIND_ARCHIVE: bool = true;
    /// Import: CONNECTING is signalled once (R-IMP-2).
    const CONNECTING_ONCE: bool = true;
    /// Import: a late event of one import does not reach another (R-API-7).
    const LATE_IMPORTS_APART: bool = true;
    /// Import: a request that comes again changes nothing (R-RDV-1).
    const REPEATS_IGNORED: bool = true;
    /// Import: a failed attempt of a stranger changes nothing (R-IMP-2).
    const STRANGERS_ISOLATED: bool = true;
    /// Import: wrong codes are limited (R-TOK-5).
    const CODES_LIMITED: bool = true;
    /// Import: channels of other names are no wrong codes (R-TOK-5).
    const OTHER_CHANNELS_FREE: bool = true;
    /// Import: where all places are taken, the oldest connection that has come as far makes room (R-IMP-15).
    const ROOM_IS_MADE: bool = true;
    /// Import: a connection makes room only for one that has come as far as it has (R-IMP-15).
    const PROGRESS_COUNTS: bool = true;
    /// Import: what was staged is wiped on failure (R-IMP-12).
    const WIPED: bool = true;

    /// Export: no password is tried before the user confirmed (R-EXP-9).
    const CONFIRM_GATE: bool = true;
    /// Export: a password that came before the confirmation waits for it (R-EXP-5).
    const EARLY_PASSWORD_WAITS: bool = true;
    /// Export: an early password is kept (R-EXP-5).
    const EARLY_PASSWORD_KEPT: bool = true;
    /// Export: a confirmation before the hello is kept (R-API-5).
    const EARLY_CONFIRM_KEPT: bool = true;
    /// Export: wrong passwords are counted (R-EXP-6).
    const TRIES_COUNTED: bool = true;
    /// Export: only passwords are counted (R-EXP-7).
    const ONLY_PASSWORDS_COUNTED: bool = true;
    /// Export: an archive that could not be read is no wrong password (R-EXP-6).
    const UNREADABLE_IS_NO_TRY: bool = true;
    /// Export: a cancel is refused once an archive byte is out (R-API-6).
    const CANCEL_BEFORE_SENT: bool = true;
    /// Export: a late result of opening is discarded after a cancel (R-API-6).
    const LATE_OPENING_DISCARDED: bool = true;
    /// Export: success waits for the importer's result (R-EXT-2).
    const SUCCESS_CONFIRMED: bool = true;
    /// Export: the loss of the link is not success (R-EXT-2).
    const LOSS_IS_FAILURE: bool = true;
    /// Export: the end without a result is not success where one is due (R-EXT-2).
    const END_IS_FAILURE: bool = true;
    /// Export: a result before the whole archive was handed over is refused (R-EXP-7).
    const RESULT_AFTER_ARCHIVE: bool = true;
    /// Export: a result is expected only of a peer that promised one (R-EXT-2).
    const RESULT_ONLY_IF_NAMED: bool = true;
    /// Export: the peer's leaf key is the token's (R-SEC-1).
    const PINNED: bool = true;
    /// Export: the peer's cancel after the first archive byte is told apart (R-CANCEL-1).
    const SENT_IS_TOLD: bool = true;
    /// Export: a late ACCEPT of an ended operation is answered (R-CANCEL-1).
    const LATE_ACCEPT_ANSWERED: bool = true;
    /// Export: an operation has a timer before its channel is open (R-TIME-2).
    const CONNECT_TIMER: bool = true;
    /// Export: an attempt to connect that fails is made again (R-EXP-12).
    const ATTEMPTS_REPEATED: bool = true;
    /// Export: `authScheme` goes out once (R-EXP-4).
    const SCHEME_SENT_ONCE: bool = true;
    /// Export: while an operation is live, another is refused (R-API-4).
    const ONE_IS_LIVE: bool = true;
    /// Export: a late event of an ended operation changes nothing in the live one (R-API-7).
    const LATE_EVENTS_APART: bool = true;

    /// Both: a cancel is said, or at least the channel ended (R-CANCEL-1).
    const CANCEL_SAID: bool = true;
    /// Both: the word is said also while the peer's features are unknown (R-EXT-3).
    const WORD_WHILE_UNKNOWN: bool = true;
    /// Both: `TIMEOUT` is understood (R-EXT-3).
    const TIMEOUT_UNDERSTOOD: bool = true;
    /// Both: the timers of what was waited for stop when the session opens (R-TIME-1, R-TIME-2).
    const SESSION_STOPS_TIMERS: bool = true;
    /// Both: progress starts the stall timer again (R-TIME-4).
    const PROGRESS_REARMS: bool = true;
    /// Both: at the end every timer stops (R-TIME-5).
    const END_STOPS_TIMERS: bool = true;
    /// Both: nothing is signalled after DONE (R-STATE-2).
    const DONE_LAST: bool = true;
    /// Both: DONE comes once (R-STATE-2).
    const DONE_ONCE: bool = true;

    /// Clients: an error that nobody has heard of is a failure (R-CLI-3, R-CLI-7).
    const CLIENT_UNHEARD_FAILS: bool = true;
    /// Clients: what another operation says is not shown (R-CLI-2).
    const CLIENT_OWN_SIGNALS: bool = true;
    /// Clients: what is shown goes forward only (R-CLI-4).
    const CLIENT_FORWARD: bool = true;
    /// Clients: leaving the screen cancels (R-CLI-5).
    const CLIENT_LEAVING_CANCELS: bool = true;
    /// Clients: where a cancel is refused, it is said that the operation goes on (R-CLI-5).
    const CLIENT_REFUSAL_IS_SAID: bool = true;
    /// Import client: the account of a failed import is removed (R-CLI-6).
    const CLIENT_FAILED_REMOVED: bool = true;
}

/// Every rule is kept: what ships.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllRules;

impl Rules for AllRules {}
