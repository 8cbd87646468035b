//! The dialogues of the client of the new device.

use handfast::{
    client::{
        Received,
        import::{Client, Effect, Input, Screen},
    },
    message::Slot,
    operations::{AddAccountError, LocalId},
    outcome::{AccountId, Outcome, Scheme, Signal},
};

use super::{Dialogue, Speaks};

/// A client, whose operation is 1.
pub(super) struct Held(Client);

impl Speaks for Held {
    fn begin() -> Self {
        Self(Client::new())
    }

    fn takes(&mut self, input: &str) -> bool {
        self.0.handle(read(input)).is_ok()
    }

    fn next(&mut self) -> Option<String> {
        self.0.poll_effect().map(word)
    }
}

/// The input that a word stands for. `other` before it: of another operation.
fn read(text: &str) -> Input {
    let (id, word) = match text.strip_prefix("other ") {
        Some(word) => (LocalId(2), word),
        None => (LocalId(1), text),
    };
    let peer = AccountId([7; 20]);
    let ask = |scheme, wrong_password| Signal::Prompt { peer, scheme, wrong_password };
    let signal = match word {
        "select" => return Input::Select,
        "answer" => return Input::Answer(Slot(3)),
        "same" => return Input::Compare(true),
        "different" => return Input::Compare(false),
        "back" => return Input::Back,
        "reset" => return Input::Reset,
        "finish" => return Input::Finish,
        "added" => return Input::Added(Ok(id)),
        "not added" => return Input::Added(Err(AddAccountError::TooMany)),
        "provided" => return Input::Provided(id, true),
        "not provided" => return Input::Provided(id, false),
        "compared" => return Input::Compared(id, true),
        "not compared" => return Input::Compared(id, false),
        "removed" => return Input::Removed(id, true),
        "not removed" => return Input::Removed(id, false),
        "unknown end" => return Input::Signal(id, Received::Unheard),
        "unknown signal" => return Input::Signal(id, Received::Strange),
        "TOKEN" => Signal::TokenAvailable,
        "CONNECTING" => Signal::Connecting,
        "COMPARE" => Signal::CompareAccount { peer, scheme: Scheme::Password },
        "ASK" => ask(Scheme::Password, false),
        "ASK none" => ask(Scheme::None, false),
        "ASK again" => ask(Scheme::Password, true),
        "CONFIRM" => Signal::Confirm { peer_address: ([192, 0, 2, 1], 7).into() },
        "PROGRESS" => Signal::InProgress,
        "DONE" => Signal::Done(Outcome::SUCCESS),
        "FAILED" => Signal::Done(Outcome::Network),
        "CANCELED" => Signal::Done(Outcome::CANCELED),
        other => unreachable!("no input: {other}"),
    };
    Input::Signal(id, Received::Signal(signal))
}

/// An effect in words.
fn word(effect: Effect) -> String {
    let of = |id: LocalId| if id == LocalId(1) { "" } else { " of another" };
    match effect {
        Effect::AddAccount => "addAccount".into(),
        Effect::Query(id) => format!("query{}", of(id)),
        Effect::ProvideAccountAuthentication(id, slot, scheme) => {
            let slot = if slot == Slot(3) { "" } else { " from nowhere" };
            format!("provide {}{slot}{}", if scheme == Scheme::None { "none" } else { "password" }, of(id))
        }
        Effect::CompareAccount(id, equal) => format!("compare {equal}{}", of(id)),
        Effect::RemoveAccount(id) => format!("removeAccount{}", of(id)),
        Effect::Show(Screen::Comparing { answered, .. }) => {
            format!("Comparing{}", if answered { " answered" } else { "" })
        }
        Effect::Show(Screen::Authenticating { prompt, answered }) => format!(
            "Authenticating{}{}{}",
            if prompt.scheme == Scheme::None { " none" } else { "" },
            if prompt.wrong_password { " wrong" } else { "" },
            if answered { " answered" } else { "" },
        ),
        Effect::Show(screen) => format!("{screen:?}"),
        Effect::Notify(note) => format!("say {note:?}"),
        Effect::Ignored(why) => format!("ignore {why:?}"),
    }
}

const BEGUN: Dialogue = &[("select", "addAccount, Init"), ("added", "query")];
const ASKED: Dialogue = &[("select", "addAccount, Init"), ("added", "query"), ("ASK", "Authenticating")];
const COMPARING: Dialogue = &[("select", "addAccount, Init"), ("added", "query"), ("COMPARE", "Comparing")];
const IN_PROGRESS: Dialogue = &[("select", "addAccount, Init"), ("added", "query"), ("PROGRESS", "InProgress")];
const LEFT_IN_PROGRESS: Dialogue = &[
    ("select", "addAccount, Init"),
    ("added", "query"),
    ("PROGRESS", "InProgress"),
    ("back", "removeAccount"),
    ("removed", "say GoesOn"),
];

pub(super) const DIALOGUES: &[(&str, Dialogue, Dialogue)] = &[
    (
        "a link with a password",
        BEGUN,
        &[
            ("TOKEN", "TokenAvailable"),
            ("CONNECTING", "Connecting"),
            ("ASK", "Authenticating"),
            ("answer", "provide password, Authenticating answered"),
            ("provided", ""),
            ("ASK again", "Authenticating wrong"),
            ("answer", "provide password, Authenticating wrong answered"),
            ("PROGRESS", "InProgress"),
            ("DONE", "Done"),
            ("DONE", "ignore Late"),
            ("finish", "Closed"),
            ("select", "addAccount, Init"),
        ],
    ),
    (
        "a link without a password",
        BEGUN,
        &[
            ("ASK none", "Authenticating none"),
            ("answer", "provide none, Authenticating none answered"),
            ("PROGRESS", "InProgress"),
            ("DONE", "Done"),
            ("back", "Initial"),
        ],
    ),
    (
        "a link with a comparison",
        COMPARING,
        &[
            ("COMPARE", "ignore Again"),
            ("same", "compare true, Comparing answered"),
            ("same", "refused"),
            ("compared", ""),
            ("COMPARE", "ignore Again"),
            ("ASK", "Authenticating"),
            ("COMPARE", "ignore Strange"),
            ("PROGRESS", "InProgress"),
            ("COMPARE", "ignore Strange"),
        ],
    ),
    (
        "screens that differ",
        COMPARING,
        &[("different", "compare false, Comparing answered"), ("FAILED", "removeAccount, Error(Ended(Network))")],
    ),
    (
        "signals again, and too late",
        BEGUN,
        &[
            ("TOKEN", "TokenAvailable"),
            ("TOKEN", "ignore Again"),
            ("CONNECTING", "Connecting"),
            ("CONNECTING", "ignore Again"),
            ("TOKEN", "ignore Strange"),
            ("ASK", "Authenticating"),
            ("ASK", "ignore Again"),
            ("CONNECTING", "ignore Strange"),
            ("TOKEN", "ignore Strange"),
            ("answer", "provide password, Authenticating answered"),
            ("ASK", "ignore Again"),
            ("ASK none", "Authenticating none"),
            ("PROGRESS", "InProgress"),
            ("PROGRESS", "ignore Again"),
            ("ASK", "ignore Strange"),
            ("CONNECTING", "ignore Strange"),
            ("ASK again", "Authenticating wrong"),
            ("ASK again", "Authenticating wrong"),
            ("CONFIRM", "ignore Strange"),
            ("unknown signal", "ignore Strange"),
        ],
    ),
    (
        "an answer that is refused",
        ASKED,
        &[
            ("answer", "provide password, Authenticating answered"),
            ("other not provided", ""),
            ("not provided", "say NotTaken, query, Authenticating answered"),
            ("answer", "refused"),
            ("not provided", ""),
            ("ASK", "Authenticating"),
            ("answer", "provide password, Authenticating answered"),
        ],
    ),
    (
        "a refused answer, and another question",
        ASKED,
        &[
            ("answer", "provide password, Authenticating answered"),
            ("not provided", "say NotTaken, query, Authenticating answered"),
            ("PROGRESS", "InProgress"),
        ],
    ),
    (
        "a comparison that is refused",
        COMPARING,
        &[
            ("same", "compare true, Comparing answered"),
            ("other not compared", ""),
            ("not compared", "say NotTaken, query, Comparing answered"),
            ("same", "refused"),
            ("COMPARE", "Comparing"),
            ("different", "compare false, Comparing answered"),
        ],
    ),
    (
        "left with a token",
        BEGUN,
        &[
            ("TOKEN", "TokenAvailable"),
            ("back", "removeAccount"),
            ("removed", "Initial"),
            ("CANCELED", "ignore Foreign"),
        ],
    ),
    ("left while it is asked", ASKED, &[("back", "removeAccount"), ("answer", "refused"), ("removed", "Initial")]),
    ("left in a comparison", COMPARING, &[("back", "removeAccount"), ("same", "refused"), ("removed", "Initial")]),
    (
        "left while it connects",
        BEGUN,
        &[("CONNECTING", "Connecting"), ("back", "removeAccount"), ("removed", "Initial")],
    ),
    ("left, and the end comes first", ASKED, &[("back", "removeAccount"), ("CANCELED", "Initial"), ("removed", "")]),
    (
        "left, and it failed",
        ASKED,
        &[("back", "removeAccount"), ("FAILED", "Error(Ended(Network))"), ("removed", ""), ("reset", "Closed")],
    ),
    ("left, and it was done", ASKED, &[("back", "removeAccount"), ("DONE", "say RemovedAgain, Initial")]),
    ("left twice", ASKED, &[("back", "removeAccount"), ("back", "say GoesOn, Initial"), ("not removed", "say GoesOn")]),
    (
        "a removal that is refused",
        ASKED,
        &[
            ("back", "removeAccount"),
            ("other removed", ""),
            ("other not removed", "say GoesOn"),
            ("not removed", "say GoesOn"),
            ("answer", "provide password, Authenticating answered"),
            ("back", "removeAccount"),
            ("removed", "Initial"),
        ],
    ),
    ("a removal that no one asked for", ASKED, &[("removed", "ignore Strange"), ("not removed", "ignore Strange")]),
    ("left in progress, and done", LEFT_IN_PROGRESS, &[("DONE", "say RemovedAgain, Initial")]),
    ("left in progress, and cancelled", LEFT_IN_PROGRESS, &[("CANCELED", "Initial")]),
    ("left in progress, and failed", LEFT_IN_PROGRESS, &[("FAILED", "Error(Ended(Network))"), ("back", "Initial")]),
    ("left in progress, and again", LEFT_IN_PROGRESS, &[("back", "say GoesOn, Initial")]),
    ("left in progress, and removed again", LEFT_IN_PROGRESS, &[("removed", "ignore Strange")]),
    (
        "left in progress, and refused",
        IN_PROGRESS,
        &[("back", "removeAccount"), ("not removed", "say GoesOn"), ("DONE", "Done")],
    ),
    (
        "a failure",
        IN_PROGRESS,
        &[
            ("FAILED", "removeAccount, Error(Ended(Network))"),
            ("not removed", ""),
            ("FAILED", "ignore Late"),
            ("finish", "refused"),
            ("reset", "Closed"),
        ],
    ),
    (
        "a cancel by the other device",
        BEGUN,
        &[("CANCELED", "removeAccount, Error(Ended(Canceled { sent: false }))"), ("back", "Initial")],
    ),
    ("an end that no one knows", BEGUN, &[("unknown end", "removeAccount, Error(Unheard)")]),
    (
        "no account",
        &[("select", "addAccount, Init")],
        &[("not added", "Error(NoAccount(TooMany))"), ("reset", "Closed")],
    ),
    (
        "no account, and back",
        &[("select", "addAccount, Init")],
        &[("not added", "Error(NoAccount(TooMany))"), ("back", "Initial")],
    ),
    (
        "left before there is an account",
        &[("select", "addAccount, Init")],
        &[("back", "Initial"), ("select", "refused"), ("added", "removeAccount"), ("removed", "")],
    ),
    (
        "left, and there is no account",
        &[("select", "addAccount, Init")],
        &[("back", "Initial"), ("not added", ""), ("select", "addAccount, Init")],
    ),
    (
        "another operation",
        ASKED,
        &[
            ("other DONE", "ignore Foreign"),
            ("other FAILED", "ignore Foreign"),
            ("added", "ignore Strange"),
            ("DONE", "Done"),
            ("other DONE", "ignore Foreign"),
        ],
    ),
    (
        "nothing was chosen",
        &[],
        &[
            ("answer", "refused"),
            ("same", "refused"),
            ("back", "refused"),
            ("reset", "refused"),
            ("finish", "refused"),
            ("DONE", "ignore Foreign"),
            ("provided", "ignore Late"),
            ("compared", "ignore Late"),
            ("added", "ignore Strange"),
        ],
    ),
    (
        "a screen that does not offer it",
        BEGUN,
        &[
            ("select", "refused"),
            ("answer", "refused"),
            ("different", "refused"),
            ("reset", "refused"),
            ("finish", "refused"),
            ("DONE", "Done"),
            ("reset", "refused"),
        ],
    ),
];
