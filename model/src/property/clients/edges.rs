//! The clients' machines as they are documented, and the steps between screens that are found (R-CLI-1).
//!
//! [`DOCUMENTED`] is typed from the client state machine of the document *Link new device*, edge by edge with its labels, and from
//! nothing else. A step is a screen that takes the place of another.

use std::{collections::BTreeSet, fmt};

use handfast::{
    client::{
        Failure,
        export::{self, Screen as E},
        import::{self, Screen as I},
    },
    operations::AddDeviceError,
    outcome::{Outcome, Profile, Side},
    rules::AllRules,
};
use serde::Serialize;

use super::{alone::Alone, made::linked};
use crate::{
    explorer::explore::{Graph, Limits},
    system::config::{Budget, Clients, Configuration, Size, configurations},
};

/// One step of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Edge {
    /// Whose. The first three steps are of the machine around both.
    pub side: Side,
    /// The state before, in the document's words.
    pub from: &'static str,
    /// The state after it.
    pub to: &'static str,
    /// The cause, in the document's words where it has some.
    pub label: &'static str,
}

const fn import(from: &'static str, to: &'static str, label: &'static str) -> Edge {
    Edge { side: Side::Import, from, to, label }
}

const fn export(from: &'static str, to: &'static str, label: &'static str) -> Edge {
    Edge { side: Side::Export, from, to, label }
}

/// The state before the first, and after the last.
const END: &str = "[*]";

/// The edges of the document's client diagram: 5 at the top, 11 of an import, 10 of an export, 8 inside Export_Init. The first is
/// of both sides, and knows of the import.
pub const DOCUMENTED: [Edge; 34] = [
    import(END, "Initial", ""),
    import("Initial", "ImportDevice", "ImportFromDevice selected"),
    export("Initial", "ExportDevice", "ExportToDevice selected"),
    import("ImportDevice", "Initial", "Back/Cancel"),
    export("ExportDevice", "Initial", "Back/Cancel"),
    import(END, "Import_Init", ""),
    import("Import_Init", "Import_TokenAvailable", "Token received"),
    import("Import_TokenAvailable", "Import_Connecting", "Peer detected"),
    import("Import_Connecting", "Import_Authenticating", "Connection established"),
    import("Import_Authenticating", "Import_InProgress", "Auth success"),
    import("Import_InProgress", "Import_Done", "Transfer complete"),
    import("Import_Authenticating", "Import_Error", "Bad password"),
    import("Import_Connecting", "Import_Error", "Connection failed"),
    import("Import_InProgress", "Import_Error", "Transfer failed"),
    import("Import_Error", END, "Reset"),
    import("Import_Done", END, "Account ready"),
    export(END, "Export_Init", ""),
    export("Export_Init", "Export_Connecting", "Token validated"),
    export("Export_Connecting", "Export_Authenticating", "Connection established"),
    export("Export_Authenticating", "Export_InProgress", "Auth provided"),
    export("Export_InProgress", "Export_Done", "Transfer complete"),
    export("Export_Connecting", "Export_Error", "Invalid token"),
    export("Export_Authenticating", "Export_Error", "Auth failed"),
    export("Export_InProgress", "Export_Error", "Transfer failed"),
    export("Export_Error", END, "Reset"),
    export("Export_Done", END, "Device added"),
    export(END, "ShowInputOptions", ""),
    export("ShowInputOptions", "ScanQR", "Camera selected"),
    export("ScanQR", "QRScanning", "Start camera"),
    export("QRScanning", "TokenObtained", "QR detected"),
    export("QRScanning", "ShowInputOptions", "Cancel scan"),
    export("ShowInputOptions", "ManualEntry", "Manual selected"),
    export("ManualEntry", "TokenObtained", "Valid code entered"),
    export("ManualEntry", "ShowInputOptions", "Cancel entry"),
];

const FAILED: &str = "an operation can fail anywhere, and not only as the document says (R-STATE-2)";
const REFUSED: &str = "the call that begins it can be refused, and no signal follows (R-API-1, R-API-4)";
const MISSED: &str = "a signal was missed: the next one makes up for it (R-API-8, R-CLI-4)";
const AGAIN: &str = "the user is asked again (R-IMP-7)";
const OTHER: &str = "an old daemon may ask for another peer: consent is given anew (R-API-2, W-11)";

/// The steps beyond them, each with its reason.
pub const OTHERS: [(Edge, &str); 31] = [
    (import("Import_Init", "Import_Error", "Failed"), FAILED),
    (import("Import_Init", "Import_Error", "Refused"), REFUSED),
    (
        import("Import_TokenAvailable", "Import_Error", "Failed"),
        "the token expires, or was guessed at too often (R-TIME-1, R-TOK-5)",
    ),
    (import("Import_Connecting", "Import_Error", "Failed"), FAILED),
    (import("Import_Authenticating", "Import_Error", "Failed"), FAILED),
    (
        import("Import_InProgress", "Import_Error", "Bad password"),
        "today's daemon says IN_PROGRESS when its user answers (R-STATE-2)",
    ),
    (import("Import_Authenticating", "Import_Authenticating", "Wrong password"), AGAIN),
    (
        import("Import_InProgress", "Import_Authenticating", "Wrong password"),
        "the user is asked again, and today's daemon said IN_PROGRESS before (R-STATE-2)",
    ),
    (import("Import_Authenticating", "Import_Authenticating", "Another account"), OTHER),
    (import("Import_Init", "Import_Connecting", "Peer detected"), MISSED),
    (import("Import_Init", "Import_Authenticating", "Connection established"), MISSED),
    (import("Import_Init", "Import_Authenticating", "Wrong password"), MISSED),
    (import("Import_Init", "Import_InProgress", "Auth success"), MISSED),
    (import("Import_Init", "Import_Done", "Transfer complete"), MISSED),
    (import("Import_TokenAvailable", "Import_Authenticating", "Connection established"), MISSED),
    (import("Import_TokenAvailable", "Import_Authenticating", "Wrong password"), MISSED),
    (import("Import_TokenAvailable", "Import_InProgress", "Auth success"), MISSED),
    (import("Import_TokenAvailable", "Import_Done", "Transfer complete"), MISSED),
    (import("Import_Connecting", "Import_Authenticating", "Wrong password"), MISSED),
    (import("Import_Connecting", "Import_InProgress", "Auth success"), MISSED),
    (import("Import_Connecting", "Import_Done", "Transfer complete"), MISSED),
    (import("Import_Authenticating", "Import_Done", "Transfer complete"), MISSED),
    (export("ScanQR", "ShowInputOptions", "Cancel scan"), "a camera that is not there cannot be started"),
    (export("Export_Connecting", "Export_Error", "Refused"), REFUSED),
    (
        export("Export_Connecting", "Export_Error", "Connection failed"),
        "the device is not found, or the link is lost (R-EXP-2)",
    ),
    (export("Export_Connecting", "Export_Error", "Failed"), FAILED),
    (export("Export_Authenticating", "Export_Error", "Failed"), FAILED),
    (export("Export_Authenticating", "Export_Authenticating", "Another address"), OTHER),
    (export("Export_Connecting", "Export_InProgress", "Auth provided"), MISSED),
    (export("Export_Connecting", "Export_Done", "Transfer complete"), MISSED),
    (export("Export_Authenticating", "Export_Done", "Transfer complete"), MISSED),
];

/// Documented edges that no link has, each with why: they are found in the client alone.
pub const NOT_IN_A_LINK: [(Edge, &str); 3] = [
    (
        export("QRScanning", "ShowInputOptions", "Cancel scan"),
        "it leads back, and is left out of the links that are checked",
    ),
    (
        export("ManualEntry", "ShowInputOptions", "Cancel entry"),
        "it leads back, and is left out of the links that are checked",
    ),
    (export("Export_Connecting", "Export_Error", "Invalid token"), "in a link the token is good"),
];

/// Why an edge is there that is not documented.
pub fn reason(edge: &Edge) -> Option<&'static str> {
    OTHERS.iter().find_map(|(other, reason)| (other == edge).then_some(*reason))
}

/// Whether it is documented, or has a reason.
pub fn is_listed(edge: &Edge) -> bool {
    DOCUMENTED.contains(edge) || reason(edge).is_some()
}

const fn import_state(screen: I) -> &'static str {
    match screen {
        I::Initial => "Initial",
        I::Init => "Import_Init",
        I::TokenAvailable => "Import_TokenAvailable",
        I::Connecting => "Import_Connecting",
        I::Comparing { .. } | I::Authenticating { .. } => "Import_Authenticating",
        I::InProgress => "Import_InProgress",
        I::Done => "Import_Done",
        I::Error(_) => "Import_Error",
        I::Closed => END,
    }
}

const fn export_state(screen: E) -> &'static str {
    match screen {
        E::Initial => "Initial",
        E::ShowInputOptions => "ShowInputOptions",
        E::ScanQr => "ScanQR",
        E::QrScanning => "QRScanning",
        E::ManualEntry => "ManualEntry",
        E::TokenObtained => "TokenObtained",
        E::Connecting => "Export_Connecting",
        E::Comparing { .. } | E::Authenticating { .. } => "Export_Authenticating",
        E::InProgress => "Export_InProgress",
        E::Done { .. } => "Export_Done",
        E::Error(_) => "Export_Error",
        E::Closed => END,
    }
}

/// The steps of an import's client, from this screen, upon this input.
pub fn of_import(from: I, input: import::Input, effects: &[import::Effect], mut found: impl FnMut(Edge)) {
    let mut at = from;
    for effect in effects {
        let import::Effect::Show(to) = *effect else { continue };
        match (at, to) {
            (I::Initial | I::Closed, I::Init) => {
                found(import("Initial", "ImportDevice", "ImportFromDevice selected"));
                found(import(END, "Import_Init", ""));
            }
            (_, I::Initial) => found(import("ImportDevice", "Initial", "Back/Cancel")),
            // The same question, answered or not.
            (I::Authenticating { .. }, I::Authenticating { .. }) if input.is_action() => {}
            // A comparison is a part of the documented state (R-SAS-5).
            (I::Comparing { .. }, I::Comparing { .. } | I::Authenticating { .. }) => {}
            (I::Authenticating { .. }, I::Authenticating { .. }) if matches!(input, import::Input::Provided(..)) => {}
            // Asked again after a refusal (R-CLI-8).
            (I::Authenticating { prompt, .. }, I::Authenticating { prompt: again, .. })
                if prompt == again && !prompt.wrong_password => {}
            (at, to) => found(import(import_state(at), import_state(to), import_label(at, to))),
        }
        at = to;
    }
}

const fn import_label(from: I, to: I) -> &'static str {
    match (from, to) {
        (_, I::TokenAvailable) => "Token received",
        (_, I::Connecting) => "Peer detected",
        (_, I::Authenticating { prompt, .. }) if prompt.wrong_password => "Wrong password",
        (I::Authenticating { .. }, I::Authenticating { .. }) => "Another account",
        (_, I::Comparing { .. } | I::Authenticating { .. }) => "Connection established",
        (_, I::InProgress) => "Auth success",
        (_, I::Done) => "Transfer complete",
        (_, I::Error(Failure::NoAccount(_) | Failure::NoDevice(_))) => "Refused",
        (I::Authenticating { .. } | I::InProgress, I::Error(Failure::Ended(Outcome::Authentication))) => "Bad password",
        (I::Connecting, I::Error(Failure::Ended(Outcome::Network))) => "Connection failed",
        (I::InProgress, I::Error(_)) => "Transfer failed",
        (_, I::Error(_)) => "Failed",
        (I::Done, I::Closed) => "Account ready",
        (_, I::Closed) => "Reset",
        (_, I::Initial | I::Init) => "",
    }
}

/// The steps of an export's client, from this screen, upon this input.
pub fn of_export(from: E, input: export::Input, effects: &[export::Effect], mut found: impl FnMut(Edge)) {
    let mut at = from;
    for effect in effects {
        let export::Effect::Show(to) = *effect else { continue };
        match (at, to) {
            (E::Initial | E::Closed, E::ShowInputOptions) => {
                found(export("Initial", "ExportDevice", "ExportToDevice selected"));
                found(export(END, "Export_Init", ""));
                found(export(END, "ShowInputOptions", ""));
            }
            (_, E::Initial) => found(export("ExportDevice", "Initial", "Back/Cancel")),
            (E::TokenObtained, E::Connecting) => found(export("Export_Init", "Export_Connecting", "Token validated")),
            (E::Comparing { .. }, E::Comparing { .. }) => {}
            (E::Authenticating { .. }, E::Authenticating { .. }) if !matches!(input, export::Input::Signal(..)) => {}
            // Asked again after a refusal (R-CLI-8).
            (E::Authenticating { address, .. }, E::Authenticating { address: again, .. }) if address == again => {}
            (at, to) => found(export(export_state(at), export_state(to), export_label(at, to))),
        }
        at = to;
    }
}

const fn export_label(from: E, to: E) -> &'static str {
    match (from, to) {
        (E::QrScanning | E::ScanQr, E::ShowInputOptions) => "Cancel scan",
        (_, E::ShowInputOptions) => "Cancel entry",
        (_, E::ScanQr) => "Camera selected",
        (_, E::QrScanning) => "Start camera",
        (_, E::ManualEntry) => "Manual selected",
        (E::QrScanning, E::TokenObtained) => "QR detected",
        (_, E::TokenObtained) => "Valid code entered",
        (E::Authenticating { .. }, E::Authenticating { .. }) => "Another address",
        (_, E::Comparing { .. } | E::Authenticating { .. }) => "Connection established",
        (_, E::InProgress) => "Auth provided",
        (_, E::Done { .. }) => "Transfer complete",
        (_, E::Error(Failure::NoDevice(AddDeviceError::InvalidUri))) => "Invalid token",
        (_, E::Error(Failure::NoDevice(_) | Failure::NoAccount(_))) => "Refused",
        (E::Connecting, E::Error(Failure::Ended(Outcome::Network))) => "Connection failed",
        (E::Authenticating { .. }, E::Error(Failure::Ended(Outcome::Authentication))) => "Auth failed",
        (E::InProgress, E::Error(_)) => "Transfer failed",
        (_, E::Error(_)) => "Failed",
        (E::Done { .. }, E::Closed) => "Device added",
        (_, E::Closed) => "Reset",
        (_, E::Initial | E::Connecting) => "",
    }
}

/// The steps of both clients alone, whatever comes.
pub fn alone() -> BTreeSet<Edge> {
    let mut found = BTreeSet::from([DOCUMENTED[0]]);
    let importing = Alone::import(import::Client::new());
    Graph::explore_with(&importing, Limits::default(), None, |_, at, input| {
        let (next, effects) = importing.step(at, input)?;
        of_import(at.client.screen(), input, &effects, |edge| {
            found.insert(edge);
        });
        Some(next)
    });
    let exporting = Alone::export(export::Client::new());
    Graph::explore_with(&exporting, Limits::default(), None, |_, at, input| {
        let (next, effects) = exporting.step(at, input)?;
        of_export(at.client.screen(), input, &effects, |edge| {
            found.insert(edge);
        });
        Some(next)
    });
    found
}

/// Those of clients before hardened daemons, in this profile.
pub fn in_links(profile: Profile) -> BTreeSet<Edge> {
    let mut found = BTreeSet::from([DOCUMENTED[0]]);
    let ours = configurations(Size::Small)
        .into_iter()
        .filter(|one| one.profile == profile && one.clients == Some(Clients::Own) && !one.cast.has_legacy());
    // In addition to their own faults, the causes of the document's failures: the link, and three wrong passwords.
    let troubles = |one: Configuration| {
        let lost = Budget { loss: 1, ..Budget::default() };
        let wrong = Budget { wrong: 3, ..Budget::default() };
        [one.budget, lost, wrong].map(|budget| Configuration { budget, ..one })
    };
    for linked in ours.flat_map(troubles).filter_map(|configuration| linked(configuration, AllRules)) {
        Graph::explore_with(&linked, Limits::default(), None, |_, state, step| {
            let (next, done) = linked.step(state, step)?;
            if let Some((input, effects)) = &done.import {
                let from = match state.import.shown() {
                    Some(import::Effect::Show(screen)) => screen,
                    _ => I::Initial,
                };
                of_import(from, *input, effects, |edge| {
                    found.insert(edge);
                });
            }
            if let Some((input, effects)) = &done.export {
                let from = match state.export.shown() {
                    Some(export::Effect::Show(screen)) => screen,
                    _ => E::Initial,
                };
                of_export(from, *input, effects, |edge| {
                    found.insert(edge);
                });
            }
            Some(next)
        });
    }
    found
}

/// Returns the edges to draw for a profile: the steps of links, and the documented ones that those leave out.
pub fn drawn(profile: Profile) -> BTreeSet<Edge> {
    in_links(profile).into_iter().chain(NOT_IN_A_LINK.map(|(edge, _)| edge)).collect()
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} --> {}", self.from, self.to)?;
        if self.label.is_empty() { Ok(()) } else { write!(f, ": {}", self.label) }
    }
}

/// A side's client as a Mermaid state diagram, with the composite states of the document.
pub fn mermaid(side: Side, edges: &BTreeSet<Edge>) -> String {
    let top = |edge: &&Edge| {
        [edge.from, edge.to].iter().any(|name| matches!(*name, "Initial" | "ImportDevice" | "ExportDevice"))
    };
    let entry =
        |edge: &&Edge| ["ShowInputOptions", "ScanQR", "QRScanning", "ManualEntry", "TokenObtained"].contains(&edge.to);
    let own = || edges.iter().filter(|edge| edge.side == side || edge.from == END && edge.to == "Initial");
    let device = match side {
        Side::Import => "ImportDevice",
        Side::Export => "ExportDevice",
    };
    let mut text = String::from("stateDiagram-v2\n");
    own().filter(top).for_each(|edge| text.push_str(&format!("    {edge}\n")));
    text.push_str(&format!("    state {device} {{\n"));
    if own().any(|edge| entry(&edge)) {
        text.push_str("        state Export_Init {\n");
        own().filter(|edge| !top(edge) && entry(edge)).for_each(|edge| text.push_str(&format!("            {edge}\n")));
        text.push_str("        }\n");
    }
    own().filter(|edge| !top(edge) && !entry(edge)).for_each(|edge| text.push_str(&format!("        {edge}\n")));
    text.push_str("    }\n");
    text
}
