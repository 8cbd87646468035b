//! The daemons' state machines as they are documented, and the visible steps that a check found (R-CLI-1).
//!
//! A visible step is a signal: the state that the client saw before, the one that it sees now, and what made the daemon say so.
//! The tables are typed from the document, and from nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use handfast::{
    export::{self, Tried},
    import,
    message::{ImportResult, Message, Verdict as Judgement},
    operations::OpId,
    outcome::{LinkState, Outcome, Profile, Side, Signal},
    trace::{self, Step},
};
use serde::Serialize;

use crate::system::{Turn, seen::Seen};

/// One visible step of a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Edge {
    /// Whose.
    pub side: Side,
    /// The state before. `None`: there was no operation.
    pub from: Option<LinkState>,
    /// The signalled state.
    pub to: LinkState,
    /// The cause, in the document's words where it has some.
    pub label: &'static str,
}

/// A visible step that the document does not have.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    /// Where it is.
    pub profiles: &'static [Profile],
    /// Which.
    pub edge: Edge,
    /// Why it has to be.
    pub reason: &'static str,
}

/// A documented edge that a profile does not have.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut {
    /// Where it is not.
    pub profile: Profile,
    /// Which.
    pub edge: Edge,
    /// Why.
    pub reason: &'static str,
}

const fn begins(side: Side) -> Edge {
    Edge { side, from: None, to: LinkState::Init, label: "" }
}

const fn import(from: LinkState, to: LinkState, label: &'static str) -> Edge {
    Edge { side: Side::Import, from: Some(from), to, label }
}

const fn export(from: LinkState, to: LinkState, label: &'static str) -> Edge {
    Edge { side: Side::Export, from: Some(from), to, label }
}

use LinkState::{Authenticating, Connecting, Done, InProgress, Init, TokenAvailable};

/// The edges of the document's two daemon diagrams.
pub const DOCUMENTED: [Edge; 11] = [
    begins(Side::Import),
    import(Init, TokenAvailable, "Generate token"),
    import(TokenAvailable, Connecting, "Peer detected"),
    import(Connecting, Authenticating, "Connection established"),
    import(Authenticating, InProgress, "Auth success"),
    import(InProgress, Done, "Transfer complete"),
    begins(Side::Export),
    export(Init, Connecting, "Token validated"),
    export(Connecting, Authenticating, "Connection established"),
    export(Authenticating, InProgress, "Auth success"),
    export(InProgress, Done, "Transfer complete"),
];

const BOTH: &[Profile] = &[Profile::Documented, Profile::Jamid];
const FAILURE: &str = "DONE, a failure here, cuts an operation off anywhere (R-STATE-2)";

const fn failure(edge: Edge) -> Other {
    Other { profiles: BOTH, edge, reason: FAILURE }
}

/// The edges beyond them.
pub const OTHERS: [Other; 13] = [
    failure(import(Init, Done, "Failed")),
    failure(import(TokenAvailable, Done, "Failed")),
    failure(import(Connecting, Done, "Failed")),
    failure(import(Authenticating, Done, "Failed")),
    failure(import(InProgress, Done, "Failed")),
    Other {
        profiles: &[Profile::Documented],
        edge: import(Authenticating, Authenticating, "Wrong password"),
        reason: "the user is asked again (R-IMP-7)",
    },
    Other {
        profiles: BOTH,
        edge: import(Authenticating, Authenticating, "Strings equal"),
        reason: "the users compare before the password is asked for (R-SAS-5)",
    },
    Other {
        profiles: &[Profile::Jamid],
        edge: import(Authenticating, InProgress, "Answer sent"),
        reason: "today's daemon says so when its user answers (R-STATE-2)",
    },
    Other {
        profiles: &[Profile::Jamid],
        edge: import(InProgress, Authenticating, "Wrong password"),
        reason: "the user is asked again (R-IMP-7), and the answer was IN_PROGRESS (R-STATE-2)",
    },
    Other {
        profiles: &[Profile::Jamid],
        edge: import(Authenticating, Done, "Transfer complete"),
        reason: "a legacy exporter's archive may come after a stray verdict (R-IMP-9), and it says nothing new (R-STATE-2)",
    },
    failure(export(Connecting, Done, "Failed")),
    failure(export(Authenticating, Done, "Failed")),
    failure(export(InProgress, Done, "Failed")),
];

/// The documented edges that are not there.
pub const LEFT_OUT: [LeftOut; 1] = [LeftOut {
    profile: Profile::Jamid,
    edge: import(Authenticating, InProgress, "Auth success"),
    reason: "IN_PROGRESS comes with the answer, and not with the archive (R-STATE-2)",
}];

/// The edges that there have to be, and no more.
pub fn expected(profile: Profile) -> BTreeSet<Edge> {
    let left_out = |edge: &Edge| LEFT_OUT.iter().any(|left| left.profile == profile && left.edge == *edge);
    let others = OTHERS.iter().filter(|other| other.profiles.contains(&profile)).map(|other| other.edge);
    DOCUMENTED.into_iter().filter(|edge| !left_out(edge)).chain(others).collect()
}

/// Why an edge is there that is not documented.
pub fn reason(profile: Profile, edge: Edge) -> Option<&'static str> {
    OTHERS.iter().find(|other| other.profiles.contains(&profile) && other.edge == edge).map(|other| other.reason)
}

/// The label of a step that nothing explains. No table has it.
const UNEXPLAINED: &str = "(unexplained)";

impl Edge {
    /// The signals of an import, and their causes.
    pub(crate) fn of_import(from: LinkState, input: Option<import::Input>, signal: Signal) -> Self {
        use import::Input as I;
        let label = match (signal, input) {
            (Signal::TokenAvailable, Some(I::Published)) => "Generate token",
            (Signal::Connecting, Some(I::ConnectionRequested(_) | I::ConnectionRequestedFrom(..))) => "Peer detected",
            (Signal::Prompt { wrong_password: false, .. }, Some(I::Message(_, Message::AuthScheme(..)))) => {
                "Connection established"
            }
            (Signal::CompareAccount { .. }, Some(I::Message(_, Message::Opening(_)))) => "Connection established",
            (Signal::Prompt { wrong_password: false, .. }, Some(I::CompareAccount(true))) => "Strings equal",
            (Signal::Prompt { wrong_password: true, .. }, Some(I::Message(_, Message::Verdict(Judgement::Wrong)))) => {
                "Wrong password"
            }
            (Signal::InProgress, Some(I::ArchiveBegan(_))) => "Auth success",
            (Signal::InProgress, Some(I::ProvideAccountAuthentication(..))) => "Answer sent",
            (Signal::Done(Outcome::Success { .. }), Some(I::Installed(true))) => "Transfer complete",
            (Signal::Done(outcome), _) if !outcome.is_success() => "Failed",
            _ => UNEXPLAINED,
        };
        import(from, signal.state(), label)
    }

    /// The signals of an export, and their causes.
    pub(crate) fn of_export(from: LinkState, input: Option<export::Input>, signal: Signal) -> Self {
        use export::Input as I;
        let label = match (signal, input) {
            (Signal::Connecting, Some(I::AddDevice(_))) => "Token validated",
            (Signal::Confirm { .. }, Some(I::Accepted { .. })) => "Connection established",
            (Signal::CompareDevice { .. }, Some(I::Message(Message::Nonce(_)))) => "Connection established",
            (Signal::InProgress, Some(I::Tried(_, Tried::Opened))) => "Auth success",
            (Signal::Done(Outcome::SUCCESS), Some(I::Message(Message::ImportResult(ImportResult::Stored)))) => {
                "Transfer complete"
            }
            // The end of the channel is all that a peer without the feature `result` says (R-EXT-2).
            (Signal::Done(Outcome::Success { confirmed: false }), Some(I::Ended)) => "Transfer complete",
            (Signal::Done(outcome), _) if !outcome.is_success() => "Failed",
            _ => UNEXPLAINED,
        };
        export(from, signal.state(), label)
    }

    /// Whether it is documented, or listed with its reason.
    pub(crate) fn is_listed(&self, profile: Profile) -> bool {
        let left_out = LEFT_OUT.iter().any(|left| left.profile == profile && left.edge == *self);
        DOCUMENTED.contains(self) && !left_out || reason(profile, *self).is_some()
    }
}

/// Returns the edges of a turn for a client that has seen this.
pub(crate) fn see(seen: &Seen, turn: &Turn, mut found: impl FnMut(Edge)) {
    match turn {
        Turn::Import(input, effects) => {
            if *input == Some(import::Input::AddAccount) && !seen.import.started {
                found(begins(Side::Import));
            }
            let mut from = seen.import.signalled;
            for effect in effects {
                if let import::Effect::Signal(signal) = *effect {
                    found(Edge::of_import(from, *input, signal));
                    from = signal.state();
                }
            }
        }
        Turn::Export(input, effects) => {
            if matches!(input, Some(export::Input::AddDevice(_))) && !seen.export.started {
                found(begins(Side::Export));
            }
            let mut from = seen.export.signalled;
            for effect in effects {
                if let export::Effect::Signal(signal) = *effect {
                    found(Edge::of_export(from, *input, signal));
                    from = signal.state();
                }
            }
        }
        Turn::Neither => {}
    }
}

/// Returns the visible steps of recorded operations, one for each signal, in the order of the record.
pub fn of_steps(steps: &[Step]) -> Vec<Edge> {
    let mut found = Vec::new();
    let mut states: BTreeMap<(Side, OpId), LinkState> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.refused.is_none()) {
        let operation = (step.side(), step.op);
        let mut from = states.get(&operation).copied();
        match &step.turn {
            trace::Turn::Import { input, effects } => {
                if *input == import::Input::AddAccount {
                    found.push(begins(Side::Import));
                    from = Some(LinkState::Init);
                }
                for effect in effects {
                    if let (import::Effect::Signal(signal), Some(before)) = (*effect, from) {
                        found.push(Edge::of_import(before, Some(*input), signal));
                        from = Some(signal.state());
                    }
                }
            }
            trace::Turn::Export { input, effects } => {
                if matches!(input, export::Input::AddDevice(_)) {
                    found.push(begins(Side::Export));
                    from = Some(LinkState::Init);
                }
                for effect in effects {
                    if let (export::Effect::Signal(signal), Some(before)) = (*effect, from) {
                        found.push(Edge::of_export(before, Some(*input), signal));
                        from = Some(signal.state());
                    }
                }
            }
        }
        states.extend(from.map(|state| (operation, state)));
    }
    found
}

/// As the document names it: `Import_TokenAvailable`.
pub fn state_name(side: Side, state: LinkState) -> String {
    let side = match side {
        Side::Import => "Import",
        Side::Export => "Export",
    };
    format!("{side}_{state:?}")
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.map_or("[*]".into(), |from| state_name(self.side, from));
        write!(f, "{from} --> {}", state_name(self.side, self.to))?;
        match self.label {
            "" => Ok(()),
            label => write!(f, ": {label}"),
        }
    }
}

/// A side's machine as a Mermaid state diagram.
pub fn mermaid(side: Side, edges: &BTreeSet<Edge>) -> String {
    let own = edges.iter().filter(|edge| edge.side == side).map(|edge| format!("    {edge}\n"));
    std::iter::once("stateDiagram-v2\n".to_owned()).chain(own).collect()
}
