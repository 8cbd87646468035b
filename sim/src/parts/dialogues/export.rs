//! The dialogues of the client of the old device.

use handfast::{
    client::{
        Received,
        export::{Client, Effect, Input, Screen},
    },
    message::Slot,
    operations::{AddDeviceError, OpId},
    outcome::{Outcome, Signal},
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
        Some(word) => (OpId(2), word),
        None => (OpId(1), text),
    };
    let at = |host| ([192, 0, 2, host], 7).into();
    let signal = match word {
        "select" => return Input::Select,
        "camera" => return Input::Camera,
        "start" => return Input::Start,
        "detected" => return Input::Detected(Slot(3)),
        "manual" => return Input::Manual,
        "entered" => return Input::Entered(Slot(3)),
        "cancel" => return Input::Cancel,
        "confirm" => return Input::Confirm,
        "same" => return Input::Compare(true),
        "different" => return Input::Compare(false),
        "back" => return Input::Back,
        "reset" => return Input::Reset,
        "finish" => return Input::Finish,
        "added" => return Input::Added(Ok(id)),
        "not added" => return Input::Added(Err(AddDeviceError::AlreadyLinking)),
        "confirmed" => return Input::Confirmed(id, true),
        "not confirmed" => return Input::Confirmed(id, false),
        "compared" => return Input::Compared(id, true),
        "not compared" => return Input::Compared(id, false),
        "canceled" => return Input::Canceled(id, true),
        "not canceled" => return Input::Canceled(id, false),
        "unknown end" => return Input::Signal(id, Received::Unheard),
        "unknown signal" => return Input::Signal(id, Received::Strange),
        "TOKEN" => Signal::TokenAvailable,
        "CONNECTING" => Signal::Connecting,
        "COMPARE" => Signal::CompareDevice { peer_address: at(1) },
        "COMPARE elsewhere" => Signal::CompareDevice { peer_address: at(2) },
        "CONFIRM" => Signal::Confirm { peer_address: at(1) },
        "CONFIRM elsewhere" => Signal::Confirm { peer_address: at(2) },
        "PROGRESS" => Signal::InProgress,
        "DONE" => Signal::Done(Outcome::SUCCESS),
        "DONE unconfirmed" => Signal::Done(Outcome::Success { confirmed: false }),
        "FAILED" => Signal::Done(Outcome::Network),
        "CANCELED" => Signal::Done(Outcome::CANCELED),
        other => unreachable!("no input: {other}"),
    };
    Input::Signal(id, Received::Signal(signal))
}

/// An effect in words.
fn word(effect: Effect) -> String {
    let of = |id: OpId| if id == OpId(1) { "" } else { " of another" };
    match effect {
        Effect::AddDevice(token) => format!("addDevice{}", if token == Slot(3) { "" } else { " of nowhere" }),
        Effect::Query(id) => format!("query{}", of(id)),
        Effect::ConfirmAddDevice(id) => format!("confirm{}", of(id)),
        Effect::CompareAddDevice(id, equal) => format!("compare {equal}{}", of(id)),
        Effect::CancelAddDevice(id) => format!("cancelAddDevice{}", of(id)),
        Effect::Show(Screen::Comparing { address, answered }) => {
            format!("Comparing {}{}", address.ip(), if answered { " answered" } else { "" })
        }
        Effect::Show(Screen::Authenticating { address, confirmed }) => {
            format!("Authenticating {}{}", address.ip(), if confirmed { " confirmed" } else { "" })
        }
        Effect::Show(screen) => format!("{screen:?}"),
        Effect::Notify(note) => format!("say {note:?}"),
        Effect::Ignored(why) => format!("ignore {why:?}"),
    }
}

const TYPING: Dialogue = &[("select", "ShowInputOptions"), ("manual", "ManualEntry")];
const ADDING: Dialogue =
    &[("select", "ShowInputOptions"), ("manual", "ManualEntry"), ("entered", "TokenObtained, addDevice, Connecting")];
const BEGUN: Dialogue = &[
    ("select", "ShowInputOptions"),
    ("manual", "ManualEntry"),
    ("entered", "TokenObtained, addDevice, Connecting"),
    ("added", "query"),
];
const ASKED: Dialogue = &[
    ("select", "ShowInputOptions"),
    ("manual", "ManualEntry"),
    ("entered", "TokenObtained, addDevice, Connecting"),
    ("added", "query"),
    ("CONFIRM", "Authenticating 192.0.2.1"),
];
const COMPARING: Dialogue = &[
    ("select", "ShowInputOptions"),
    ("manual", "ManualEntry"),
    ("entered", "TokenObtained, addDevice, Connecting"),
    ("added", "query"),
    ("COMPARE", "Comparing 192.0.2.1"),
];

pub(super) const DIALOGUES: &[(&str, Dialogue, Dialogue)] = &[
    (
        "a link by the camera",
        &[("select", "ShowInputOptions"), ("camera", "ScanQr"), ("start", "QrScanning")],
        &[
            ("detected", "TokenObtained, addDevice, Connecting"),
            ("added", "query"),
            ("CONNECTING", ""),
            ("CONFIRM", "Authenticating 192.0.2.1"),
            ("confirm", "confirm, Authenticating 192.0.2.1 confirmed"),
            ("confirmed", ""),
            ("PROGRESS", "InProgress"),
            ("DONE", "Done { confirmed: true }"),
            ("DONE", "ignore Late"),
            ("finish", "Closed"),
            ("select", "ShowInputOptions"),
        ],
    ),
    (
        "a token that is given up",
        &[("select", "ShowInputOptions"), ("camera", "ScanQr")],
        &[
            ("cancel", "ShowInputOptions"),
            ("cancel", "refused"),
            ("camera", "ScanQr"),
            ("start", "QrScanning"),
            ("entered", "refused"),
            ("cancel", "ShowInputOptions"),
            ("manual", "ManualEntry"),
            ("detected", "refused"),
            ("cancel", "ShowInputOptions"),
            ("back", "Initial"),
        ],
    ),
    (
        "left with a field for the token",
        TYPING,
        &[("select", "refused"), ("start", "refused"), ("back", "Initial"), ("back", "refused")],
    ),
    (
        "an end that the new device did not confirm",
        BEGUN,
        &[("DONE unconfirmed", "Done { confirmed: false }"), ("reset", "refused"), ("back", "Initial")],
    ),
    (
        "a link with a comparison",
        COMPARING,
        &[
            ("COMPARE", "ignore Again"),
            ("COMPARE elsewhere", "Comparing 192.0.2.2"),
            ("same", "compare true, Comparing 192.0.2.2 answered"),
            ("confirm", "refused"),
            ("compared", ""),
            ("COMPARE elsewhere", "ignore Again"),
            ("CONFIRM", "ignore Strange"),
            ("PROGRESS", "InProgress"),
            ("COMPARE", "ignore Strange"),
        ],
    ),
    (
        "screens that differ",
        COMPARING,
        &[("different", "compare false, Comparing 192.0.2.1 answered"), ("FAILED", "Error(Ended(Network))")],
    ),
    (
        "signals again, and too late",
        ASKED,
        &[
            ("CONFIRM", "ignore Again"),
            ("CONNECTING", "ignore Strange"),
            ("CONFIRM elsewhere", "Authenticating 192.0.2.2"),
            ("COMPARE", "ignore Strange"),
            ("confirm", "confirm, Authenticating 192.0.2.2 confirmed"),
            ("CONFIRM elsewhere", "ignore Again"),
            ("PROGRESS", "InProgress"),
            ("PROGRESS", "ignore Again"),
            ("CONFIRM", "ignore Strange"),
            ("CONNECTING", "ignore Strange"),
            ("TOKEN", "ignore Strange"),
            ("unknown signal", "ignore Strange"),
        ],
    ),
    (
        "a confirmation that is refused",
        ASKED,
        &[
            ("confirm", "confirm, Authenticating 192.0.2.1 confirmed"),
            ("other not confirmed", ""),
            ("not confirmed", "say NotTaken, query, Authenticating 192.0.2.1 confirmed"),
            ("confirm", "refused"),
            ("not confirmed", ""),
            ("CONFIRM", "Authenticating 192.0.2.1"),
            ("confirm", "confirm, Authenticating 192.0.2.1 confirmed"),
        ],
    ),
    (
        "a comparison that is refused",
        COMPARING,
        &[
            ("same", "compare true, Comparing 192.0.2.1 answered"),
            ("other not compared", ""),
            ("not compared", "say NotTaken, query, Comparing 192.0.2.1 answered"),
            ("same", "refused"),
            ("COMPARE", "Comparing 192.0.2.1"),
            ("different", "compare false, Comparing 192.0.2.1 answered"),
        ],
    ),
    (
        "left while it connects",
        BEGUN,
        &[("back", "cancelAddDevice"), ("canceled", "Initial"), ("CANCELED", "ignore Foreign")],
    ),
    ("left while it is asked", ASKED, &[("back", "cancelAddDevice"), ("confirm", "refused"), ("canceled", "Initial")]),
    ("left in a comparison", COMPARING, &[("back", "cancelAddDevice"), ("same", "refused"), ("canceled", "Initial")]),
    ("left, and the end comes first", ASKED, &[("back", "cancelAddDevice"), ("CANCELED", "Initial"), ("canceled", "")]),
    (
        "left, and it failed",
        ASKED,
        &[("back", "cancelAddDevice"), ("FAILED", "Error(Ended(Network))"), ("not canceled", ""), ("reset", "Closed")],
    ),
    ("left, and it was done", ASKED, &[("back", "cancelAddDevice"), ("DONE", "Done { confirmed: true }")]),
    (
        "left twice",
        ASKED,
        &[("back", "cancelAddDevice"), ("back", "say GoesOn, Initial"), ("not canceled", "say GoesOn")],
    ),
    (
        "a cancel that is refused",
        ASKED,
        &[
            ("back", "cancelAddDevice"),
            ("other canceled", ""),
            ("other not canceled", "say GoesOn"),
            ("not canceled", "say GoesOn"),
            ("confirm", "confirm, Authenticating 192.0.2.1 confirmed"),
            ("back", "cancelAddDevice"),
            ("canceled", "Initial"),
        ],
    ),
    ("a cancel that no one asked for", ASKED, &[("canceled", "ignore Strange"), ("not canceled", "ignore Strange")]),
    (
        "a failure",
        ASKED,
        &[("FAILED", "Error(Ended(Network))"), ("FAILED", "ignore Late"), ("finish", "refused"), ("back", "Initial")],
    ),
    (
        "a cancel by the other device",
        BEGUN,
        &[("CANCELED", "Error(Ended(Canceled { sent: false }))"), ("reset", "Closed")],
    ),
    ("an end that no one knows", BEGUN, &[("unknown end", "Error(Unheard)")]),
    ("no operation", ADDING, &[("not added", "Error(NoDevice(AlreadyLinking))"), ("back", "Initial")]),
    ("no operation, and closed", ADDING, &[("not added", "Error(NoDevice(AlreadyLinking))"), ("reset", "Closed")]),
    (
        "left before there is an operation",
        ADDING,
        &[("back", "Initial"), ("select", "refused"), ("added", "cancelAddDevice"), ("canceled", "")],
    ),
    (
        "left, and there is no operation",
        ADDING,
        &[("back", "Initial"), ("not added", ""), ("select", "ShowInputOptions")],
    ),
    (
        "another operation",
        ASKED,
        &[
            ("other DONE", "ignore Foreign"),
            ("other FAILED", "ignore Foreign"),
            ("added", "ignore Strange"),
            ("DONE", "Done { confirmed: true }"),
            ("other DONE", "ignore Foreign"),
        ],
    ),
    (
        "nothing was chosen",
        &[],
        &[
            ("camera", "refused"),
            ("confirm", "refused"),
            ("same", "refused"),
            ("back", "refused"),
            ("reset", "refused"),
            ("finish", "refused"),
            ("DONE", "ignore Foreign"),
            ("confirmed", "ignore Late"),
            ("compared", "ignore Late"),
            ("added", "ignore Strange"),
        ],
    ),
    (
        "a screen that does not offer it",
        BEGUN,
        &[
            ("select", "refused"),
            ("manual", "refused"),
            ("confirm", "refused"),
            ("different", "refused"),
            ("cancel", "refused"),
            ("reset", "refused"),
            ("finish", "refused"),
        ],
    ),
];
