//! The document's sequence diagram, and what is known to be otherwise in a link of ours (R-SEQ-1).
//!
//! [`DOCUMENTED`] is typed from the Mermaid source of the document *Link new device*, arrow by arrow with its labels, and from
//! nothing else. It is read as the order on each lifeline plus the causality of messages; [`follow`] holds it against the runs
//! of people, clients and daemons.

use std::fmt;

use handfast::outcome::{Profile, Scheme};
use serde::Serialize;

/// A lifeline of the diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Lifeline {
    /// The client of the new device, with its person.
    NewClient,
    /// The daemon of the new device.
    NewDaemon,
    /// The daemon of the old device.
    OldDaemon,
    /// The client of the old device, with its person.
    OldClient,
}

use Lifeline::{NewClient, NewDaemon, OldClient, OldDaemon};

impl Lifeline {
    /// All four, in the diagram's order.
    pub const ALL: [Self; 4] = [NewClient, NewDaemon, OldDaemon, OldClient];

    /// Its short name in the diagram.
    pub const fn short(self) -> &'static str {
        match self {
            NewClient => "IC",
            NewDaemon => "ID",
            OldDaemon => "ED",
            OldClient => "EC",
        }
    }
}

impl fmt::Display for Lifeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NewClient => "new client",
            NewDaemon => "new daemon",
            OldDaemon => "old daemon",
            OldClient => "old client",
        })
    }
}

/// The part of the diagram that an arrow stands in, by its heading there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part {
    /// The line from the beginning to success.
    Main,
    /// "Account is password protected".
    Protected,
    /// "Error Scenarios".
    Errors,
    /// "Optional Cancellation Flows".
    Cancellation,
}

/// One arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Arrow {
    /// Counted from 1, in the diagram's order.
    pub number: u8,
    /// Where it begins.
    pub from: Lifeline,
    /// Where it ends; its own lifeline for what a person or client does by itself.
    pub to: Lifeline,
    /// As the document has it.
    pub label: &'static str,
    /// Where it stands.
    pub part: Part,
}

const fn arrow(number: u8, from: Lifeline, to: Lifeline, label: &'static str) -> Arrow {
    Arrow { number, from, to, label, part: Part::Main }
}

const fn within(part: Part, arrow: Arrow) -> Arrow {
    Arrow { part, ..arrow }
}

/// The arrows of the document's diagram.
pub const DOCUMENTED: [Arrow; 24] = [
    arrow(1, NewClient, NewDaemon, "addAccount(archiveURL=\"jami-auth\")"),
    arrow(2, NewDaemon, NewClient, "deviceAuthStateChanged(state=TOKEN_AVAILABLE)"),
    arrow(3, OldClient, OldClient, "User chooses to export"),
    arrow(4, OldClient, OldClient, "Scan QR/Enter token"),
    arrow(5, OldClient, OldDaemon, "addDevice(token)"),
    arrow(6, OldDaemon, NewDaemon, "DHT connection request"),
    arrow(7, NewDaemon, NewClient, "deviceAuthStateChanged(state=CONNECTING)"),
    arrow(8, OldDaemon, OldClient, "addDeviceStateChanged(state=CONNECTING)"),
    arrow(9, NewDaemon, NewClient, "deviceAuthStateChanged(state=AUTHENTICATING,<br/>peer_id, auth_scheme)"),
    arrow(10, OldDaemon, OldClient, "addDeviceStateChanged(state=AUTHENTICATING,<br/>peer_address)"),
    within(Part::Protected, arrow(11, NewClient, NewClient, "Show password prompt")),
    within(Part::Protected, arrow(12, NewClient, NewDaemon, "provideAccountAuthentication(password)")),
    arrow(13, OldClient, OldDaemon, "confirmAddDevice()"),
    arrow(14, NewDaemon, NewClient, "deviceAuthStateChanged(state=IN_PROGRESS)"),
    arrow(15, OldDaemon, OldClient, "addDeviceStateChanged(state=IN_PROGRESS)"),
    arrow(16, OldDaemon, NewDaemon, "Transfer account archive"),
    arrow(17, NewDaemon, NewClient, "deviceAuthStateChanged(state=DONE, error=\"\")"),
    arrow(18, OldDaemon, OldClient, "addDeviceStateChanged(state=DONE, error=\"\")"),
    within(Part::Errors, arrow(19, NewDaemon, NewClient, "deviceAuthStateChanged(state=DONE, error=\"network\")")),
    within(Part::Errors, arrow(20, OldDaemon, OldClient, "addDeviceStateChanged(state=DONE, error=\"network\")")),
    within(
        Part::Errors,
        arrow(21, NewDaemon, NewClient, "deviceAuthStateChanged(state=DONE, error=\"authentication\")"),
    ),
    within(
        Part::Errors,
        arrow(22, OldDaemon, OldClient, "addDeviceStateChanged(state=DONE, error=\"authentication\")"),
    ),
    within(Part::Cancellation, arrow(23, NewClient, NewDaemon, "removeAccount()")),
    within(Part::Cancellation, arrow(24, OldClient, OldDaemon, "cancelAddDevice()")),
];

/// In what way an arrow is otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It comes before this one.
    Before(u8),
    /// It says this.
    Says(&'static str),
    /// It is there without its part too.
    Always,
    /// It takes time, and is its end.
    ItsEnd,
}

/// An arrow that is otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Divergence {
    /// Where.
    pub profiles: &'static [Profile],
    /// Which.
    pub arrow: u8,
    /// How.
    pub how: How,
    /// Why.
    pub reason: &'static str,
}

const BOTH: &[Profile] = &[Profile::Documented, Profile::Jamid];
const DOCUMENTED_ONLY: &[Profile] = &[Profile::Documented];
const JAMID: &[Profile] = &[Profile::Jamid];

const fn diverges(profiles: &'static [Profile], arrow: u8, how: How, reason: &'static str) -> Divergence {
    Divergence { profiles, arrow, how, reason }
}

const NAMES: &str = "the operation is named (R-API-5, R-API-6)";
const WORD: &str = "today's daemon has another word for it (R-ERR-1)";

/// The differences from the document, each with its reason.
pub const DIVERGENCES: [Divergence; 9] = [
    diverges(
        BOTH,
        2,
        How::Says("deviceAuthStateChanged(state=TOKEN_AVAILABLE, token)"),
        "the arrow leaves out the one detail that the document's table has (R-STATE-3)",
    ),
    diverges(
        BOTH,
        8,
        How::Before(6),
        "CONNECTING is an operation's first signal, and comes before the request is sent (R-API-4)",
    ),
    diverges(
        BOTH,
        12,
        How::Says("provideAccountAuthentication(password, scheme)"),
        "the scheme is named, and has to be the one that was asked for (R-API-2)",
    ),
    diverges(BOTH, 12, How::Always, "it is the person's consent to the account, password or not (R-API-2)"),
    diverges(BOTH, 13, How::Says("confirmAddDevice(op_id)"), NAMES),
    diverges(BOTH, 16, How::ItsEnd, "the new device says IN_PROGRESS when the archive begins to arrive (R-IMP-9)"),
    diverges(JAMID, 21, How::Says("deviceAuthStateChanged(state=DONE, error=\"auth_error\")"), WORD),
    diverges(JAMID, 22, How::Says("addDeviceStateChanged(state=DONE, error=\"auth_error\")"), WORD),
    diverges(BOTH, 24, How::Says("cancelAddDevice(op_id)"), NAMES),
];

/// An event that the diagram has no arrow for.
#[derive(Clone, Copy, Debug)]
pub struct Extra {
    /// Where.
    pub profiles: &'static [Profile],
    /// Where it begins.
    pub from: Lifeline,
    /// Where it ends.
    pub to: Lifeline,
    /// Its label.
    pub label: &'static str,
    /// Why.
    pub reason: &'static str,
}

const fn extra(from: Lifeline, to: Lifeline, label: &'static str, reason: &'static str) -> Extra {
    Extra { profiles: BOTH, from, to, label, reason }
}

const ASKED: &str = "the client asks again for a signal that came before it knew the operation's name (R-API-8)";
const CHANNEL: &str = "a session is a channel of its own, named after the token's code (R-MUX-1, R-IMP-3)";
const MESSAGES: &str = "the messages of the two daemons are below the document's view (R-MSG-1)";
const REPORTED_BACK: &str = "success is said once the account is stored (R-EXT-2)";
const ONCE_MORE: &str = "the user is asked again (R-IMP-7, R-EXP-6)";
const CANCELED: &str = "a cancel ends the operation on both sides (R-CANCEL-1)";

/// The events in addition to the arrows, each with its reason.
pub const EXTRAS: [Extra; 24] = [
    extra(NewClient, NewDaemon, "ask for the state", ASKED),
    extra(OldClient, OldDaemon, "ask for the state", ASKED),
    extra(NewClient, NewDaemon, "removeAccount()", "of a failed import nothing stays (R-CLI-6)"),
    extra(
        NewClient,
        NewClient,
        "Show the account to be confirmed",
        "consent is asked for without a password too (R-API-2)",
    ),
    extra(OldDaemon, NewDaemon, "request channel auth:(code)", CHANNEL),
    extra(NewDaemon, OldDaemon, "accept the channel", CHANNEL),
    extra(NewDaemon, OldDaemon, "{features: \"cancel,result\"}", MESSAGES),
    extra(OldDaemon, NewDaemon, "{authScheme: \"password\", features: \"cancel,result\"}", MESSAGES),
    extra(OldDaemon, NewDaemon, "{authScheme: \"\", features: \"cancel,result\"}", MESSAGES),
    extra(NewDaemon, OldDaemon, "{password: …}", MESSAGES),
    extra(OldDaemon, NewDaemon, "the archive begins", "the transfer takes time; the arrow is its end"),
    extra(NewDaemon, OldDaemon, "{importResult: \"stored\"}", REPORTED_BACK),
    extra(NewDaemon, OldDaemon, "EOF", "the channel ends after the last message (R-EXT-2, R-EXT-3)"),
    extra(OldDaemon, NewDaemon, "EOF", "the channel ends after the last message (R-EXT-2, R-EXT-3)"),
    extra(OldDaemon, NewDaemon, "{passwordCorrect: \"false\", canRetry: \"true\"}", ONCE_MORE),
    extra(OldDaemon, NewDaemon, "{canRetry: \"false\"}", "three passwords were wrong (R-EXP-6)"),
    Extra {
        profiles: DOCUMENTED_ONLY,
        ..extra(
            NewDaemon,
            NewClient,
            "deviceAuthStateChanged(state=AUTHENTICATING, peer_id, auth_scheme, auth_error=\"bad_password\")",
            ONCE_MORE,
        )
    },
    Extra {
        profiles: JAMID,
        ..extra(
            NewDaemon,
            NewClient,
            "deviceAuthStateChanged(state=AUTHENTICATING, peer_id, auth_scheme, auth_error=\"invalid_credentials\")",
            ONCE_MORE,
        )
    },
    extra(OldDaemon, NewDaemon, "{stateMsg: \"CANCELED\"}", CANCELED),
    extra(NewDaemon, OldDaemon, "{stateMsg: \"CANCELED\"}", CANCELED),
    Extra {
        profiles: DOCUMENTED_ONLY,
        ..extra(
            NewDaemon,
            NewClient,
            "deviceAuthStateChanged(state=DONE, error=\"network\", reason=\"canceled\")",
            CANCELED,
        )
    },
    Extra {
        profiles: JAMID,
        ..extra(NewDaemon, NewClient, "deviceAuthStateChanged(state=DONE, error=\"canceled\")", CANCELED)
    },
    Extra {
        profiles: DOCUMENTED_ONLY,
        ..extra(
            OldDaemon,
            OldClient,
            "addDeviceStateChanged(state=DONE, error=\"network\", reason=\"canceled\")",
            CANCELED,
        )
    },
    Extra {
        profiles: JAMID,
        ..extra(OldDaemon, OldClient, "addDeviceStateChanged(state=DONE, error=\"canceled\")", CANCELED)
    },
];

/// An arrow that can come more than once.
#[derive(Clone, Copy, Debug)]
pub struct Repeated {
    /// Where.
    pub profiles: &'static [Profile],
    /// Which.
    pub arrow: u8,
    /// Why.
    pub reason: &'static str,
}

const fn again(profiles: &'static [Profile], arrow: u8, reason: &'static str) -> Repeated {
    Repeated { profiles, arrow, reason }
}

/// The arrows that can come more than once, each with its reason.
pub const REPEATED: [Repeated; 8] = [
    again(BOTH, 2, ASKED),
    again(BOTH, 7, ASKED),
    again(BOTH, 8, ASKED),
    again(BOTH, 9, ASKED),
    again(BOTH, 10, ASKED),
    again(BOTH, 11, ONCE_MORE),
    again(BOTH, 12, ONCE_MORE),
    again(JAMID, 14, "today's daemon says so at each answer (R-STATE-2)"),
];

/// The document's side of the comparison. Tests plant errors in copies of it.
#[derive(Clone, Debug)]
pub struct Document {
    /// The document's arrows.
    pub arrows: Vec<Arrow>,
    /// The differences.
    pub divergences: Vec<Divergence>,
    /// The additions.
    pub extras: Vec<Extra>,
    /// The repetitions.
    pub repeated: Vec<Repeated>,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            arrows: DOCUMENTED.into(),
            divergences: DIVERGENCES.into(),
            extras: EXTRAS.into(),
            repeated: REPEATED.into(),
        }
    }
}

/// A way through the diagram.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// In words.
    pub name: &'static str,
    /// How the archive is protected.
    pub scheme: Scheme,
    /// The faults, and how often: a name of [`Budget`](crate::system::config::Budget).
    pub trouble: Option<(&'static str, u8)>,
    /// The arrows of the main line that are there before it turns off.
    pub after: &'static [u8],
    /// The arrows that it turns off to, and ends with. None: the main line is gone to its end, in every run.
    pub ends: &'static [u8],
}

/// The scenarios of the document, and the one of an account without a password.
pub const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "link", scheme: Scheme::Password, trouble: None, after: &[], ends: &[] },
    Scenario { name: "link, no password", scheme: Scheme::None, trouble: None, after: &[], ends: &[] },
    Scenario {
        name: "network error during the transfer",
        scheme: Scheme::Password,
        trouble: Some(("loss", 1)),
        after: &[14, 15],
        ends: &[19, 20],
    },
    Scenario {
        name: "authentication failed",
        scheme: Scheme::Password,
        trouble: Some(("wrong", 3)),
        after: &[12, 13],
        ends: &[21, 22],
    },
    Scenario {
        name: "cancellation by the new device",
        scheme: Scheme::Password,
        trouble: Some(("import_cancels", 1)),
        after: &[9],
        ends: &[23],
    },
    Scenario {
        name: "cancellation by the old device",
        scheme: Scheme::Password,
        trouble: Some(("export_cancels", 1)),
        after: &[10],
        ends: &[24],
    },
];
