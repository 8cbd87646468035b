//! Where the document and today's daemon disagree, what the two profiles do, and what exploration says to it.
//!
//! The first two columns are those of `docs/legacy/daemon.md` 10. Each entry asks one question or more of three links: two hardened peers
//! in either profile, and two of today's. A divergence that cannot be asked about says so.

mod asked;

pub use self::asked::Subject;

/// A question, and the answers that it has to have.
#[derive(Clone, Copy)]
pub struct Question {
    /// A question.
    pub text: &'static str,
    /// Of each of [`Subject::ALL`], in their order. `None`: it cannot be asked of it.
    pub answers: [Option<bool>; 3],
    /// Finds the answer.
    pub ask: fn(Subject) -> bool,
}

/// One place in which document and daemon disagree.
#[derive(Clone, Copy)]
pub struct Divergence {
    /// Its number: D1 to D22.
    pub number: u8,
    /// The behaviour of the documented profile.
    pub documented: &'static str,
    /// The behaviour of the jamid profile.
    pub jamid: &'static str,
    /// The questions that show it.
    pub questions: &'static [Question],
    /// The part that cannot be asked about.
    pub unasked: Option<&'static str>,
}

const fn question(text: &'static str, answers: [Option<bool>; 3], ask: fn(Subject) -> bool) -> Question {
    Question { text, answers, ask }
}

const fn entry(
    number: u8,
    documented: &'static str,
    jamid: &'static str,
    questions: &'static [Question],
) -> Divergence {
    Divergence { number, documented, jamid, questions, unasked: None }
}

const AS_DOCUMENTED: &str = "as documented";
const AS_THE_DAEMON: &str = "as today's daemon";
const THE_SAME: &str = "the same";

const ALL: [Option<bool>; 3] = [Some(true); 3];
const NONE: [Option<bool>; 3] = [Some(false); 3];
const DOCUMENTED: [Option<bool>; 3] = [Some(true), Some(false), Some(false)];
const TODAY: [Option<bool>; 3] = [Some(false), Some(false), Some(true)];
const DAEMON: [Option<bool>; 3] = [Some(false), Some(true), Some(true)];
const OURS: [Option<bool>; 3] = [Some(true), Some(true), Some(false)];

/// Each of them.
pub const DIVERGENCES: [Divergence; 22] = [
    entry(
        1,
        "59 characters are shown; 59 and 83 are taken (R-TOK-1)",
        "83 are shown; 59 and 83 are taken",
        &[
            question("the token that is shown has 59 characters", [Some(true), Some(false), None], asked::short_token),
            question("a token of 59 characters is taken", OURS, asked::takes_a_short_token),
        ],
    ),
    entry(
        2,
        "it names the channel too, by its code (R-TOK-1, R-MUX-1)",
        THE_SAME,
        &[question("another code is another channel", [Some(true), Some(true), None], asked::code_names_the_channel)],
    ),
    entry(
        3,
        "`\"\"` and `password` are said, `none` is understood (R-ERR-2)",
        THE_SAME,
        &[
            question("`none` is said as auth_scheme", NONE, asked::says_none_as_scheme),
            question("`none` is taken for `\"\"`", [Some(true), Some(true), None], asked::understands_none),
        ],
    ),
    entry(
        4,
        AS_DOCUMENTED,
        AS_THE_DAEMON,
        &[question("auth_error is `bad_password`", DOCUMENTED, asked::says_bad_password)],
    ),
    entry(
        5,
        "the documented words, and the exact outcome as `reason` (R-ERR-2)",
        AS_THE_DAEMON,
        &[question("every error is a documented word", DOCUMENTED, asked::errors_are_documented)],
    ),
    entry(
        6,
        "the address of the importing device, which alone the person can compare (R-STATE-3)",
        THE_SAME,
        &[question("peer_address is the importing device's", ALL, asked::address_is_the_importer_s)],
    ),
    entry(
        7,
        AS_DOCUMENTED,
        "as today's daemon (R-EXP-4)",
        &[question(
            "the new device can be in AUTHENTICATING before the old one's user confirmed",
            DOCUMENTED,
            asked::asks_before_the_confirmation,
        )],
    ),
    entry(
        8,
        "always required: it is the consent to `peer_id` (R-API-2)",
        THE_SAME,
        &[question("an archive leaves though the new device's user answered nothing", NONE, asked::sends_unanswered)],
    ),
    entry(
        9,
        "AUTHENTICATING again, three tries in all; the third wrong one is the error (R-IMP-7, R-EXP-6)",
        "the same, with IN_PROGRESS in between",
        &[
            question("after a wrong password it is asked again", ALL, asked::asks_again),
            question("three wrong passwords end in the error", ALL, asked::third_wrong_is_the_error),
        ],
    ),
    entry(
        10,
        "when the archive begins to arrive, after the right password (R-IMP-9)",
        "when the user answers; not again on receipt (R-STATE-2)",
        &[question(
            "the new device says IN_PROGRESS before a password opened the archive",
            DAEMON,
            asked::in_progress_before_the_password,
        )],
    ),
    entry(
        11,
        "Success is said once the new device says that the account is stored (R-EXT-2)",
        THE_SAME,
        &[question("the old device says Success, and nothing was stored", TODAY, asked::success_of_nothing)],
    ),
    entry(
        12,
        "one of the pairs of R-PAIR-1: equal unless the link failed or each decided by itself",
        THE_SAME,
        &[
            question("the two errors can be different", ALL, asked::errors_differ),
            question("the two ends can be a pair that R-PAIR-1 does not allow", TODAY, asked::ends_in_no_pair),
        ],
    ),
    entry(
        13,
        "the peer is informed (R-CANCEL-1)",
        THE_SAME,
        &[question("a peer can be left waiting for its timers", TODAY, asked::cancel_is_unheard)],
    ),
    entry(
        14,
        "DONE at once, also while connecting (R-API-6)",
        THE_SAME,
        &[question("a cancel while connecting is followed by DONE at once", OURS, asked::cancel_ends_at_once)],
    ),
    entry(
        15,
        "a negative return and no signal; the client shows 'Invalid token' from Connecting (R-API-4)",
        THE_SAME,
        &[question(
            "an invalid token gives a number below zero",
            [Some(true), Some(true), None],
            asked::invalid_token_is_negative,
        )],
    ),
    entry(
        16,
        "once (R-IMP-2)",
        THE_SAME,
        &[question("the new device can say CONNECTING twice", TODAY, asked::connecting_twice)],
    ),
    entry(
        17,
        "DONE is last (R-STATE-2)",
        THE_SAME,
        &[question("the new device can signal after DONE", TODAY, asked::signals_after_done)],
    ),
    entry(
        18,
        "the import side alone has TOKEN_AVAILABLE, and asks again",
        THE_SAME,
        &[question("but for TOKEN_AVAILABLE both sides take the same steps", NONE, asked::sides_are_alike)],
    ),
    entry(19, "never signalled (R-STATE-2)", THE_SAME, &[question("INIT is signalled", NONE, asked::signals_init)]),
    entry(
        20,
        "every phase has a timer (R-TIME-1 to R-TIME-4)",
        THE_SAME,
        &[question("an operation can go on for ever", TODAY, asked::goes_on_for_ever)],
    ),
    Divergence {
        unasked: Some("that `key` is refused by today's daemon was read in its source"),
        ..entry(
            21,
            "refused, with false (R-API-2)",
            THE_SAME,
            &[
                question("the scheme `key` is one", [Some(false), Some(false), None], asked::key_is_a_scheme),
                question("an answer without a question returns true", TODAY, asked::unasked_answer_is_true),
            ],
        )
    },
    Divergence {
        unasked: Some("managed accounts, and what today's daemon returns for them, are not modelled"),
        ..entry(
            22,
            "1 and up, or one of three negative errors; never 0 (R-API-4)",
            THE_SAME,
            &[question("an error is a number below zero", [Some(true), Some(true), None], asked::errors_are_negative)],
        )
    },
];
