//! One link, as it was seen: the lanes of its two sides, with their lines in the model's terms.

use std::collections::BTreeMap;

use handfast::{
    export, import,
    outcome::{LinkState, Scheme, Side},
};

use crate::{
    report::observed::parse::{Clock, Credentials, Line},
    system::Turn,
};

/// One link, as it was seen.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Of each side; none if no one looked at it.
    pub(crate) lanes: [Option<Lane>; 2],
    /// The accounts that the importer showed.
    pub(crate) peers: Vec<String>,
    /// The texts that were typed, by their numbers.
    pub(crate) typed: Vec<u16>,
    /// Other operations that were given the token.
    pub(crate) others: u8,
    /// Whether the exporter was given another code.
    pub(crate) wrong_code: bool,
    /// Whether the exporter's account was removed.
    pub(crate) unplugged: bool,
}

impl Run {
    pub(crate) fn new(lanes: [Option<Lane>; 2]) -> Self {
        let mut run = Self { lanes, ..Self::default() };
        let unplugs = |lane: &Lane| lane.calls.iter().any(|asked| asked.what == What::Unplug);
        run.unplugged = run.lane(Side::Export).is_some_and(unplugs);
        if let Some(import) = &run.lanes[0] {
            for peer in import.signals.iter().filter_map(|seen| seen.details.get("peer_id")) {
                if !run.peers.contains(peer) {
                    run.peers.push(peer.clone());
                }
            }
            for asked in &import.calls {
                if let What::Provide { credentials: Credentials::Text(text), .. } = asked.what
                    && !run.typed.contains(&text)
                {
                    run.typed.push(text);
                }
            }
        }
        run
    }

    /// The lane of a side at which somebody looked.
    pub(crate) fn lane(&self, side: Side) -> Option<&Lane> {
        self.lanes[index(side)].as_ref()
    }

    /// All lanes at which somebody looked.
    pub(crate) fn seen(&self) -> impl Iterator<Item = (Side, &Lane)> {
        [Side::Import, Side::Export].into_iter().filter_map(|side| Some((side, self.lane(side)?)))
    }
}

/// The lines of one operation, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    pub(crate) signals: Vec<Seen>,
    pub(crate) calls: Vec<Asked>,
    /// Where every step of the side was recorded, these are all there is to explain.
    pub(crate) turns: Option<Vec<Turned>>,
}

/// A step that was recorded, in the model's terms.
#[derive(Clone, Debug)]
pub(crate) struct Turned {
    pub(crate) noted: Noted,
    pub(crate) turn: Turn,
}

/// A signal that was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) noted: Noted,
    pub(crate) state: u8,
    pub(crate) details: BTreeMap<String, String>,
}

/// A call that returned.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) noted: Noted,
    /// When the call before it returned: it began later.
    pub(crate) earliest: u64,
    pub(crate) what: What,
}

/// A line and its time.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    /// Which line of the trace.
    pub(crate) line: usize,
    pub(crate) t_ms: u64,
    pub(crate) clock: Clock,
    /// Why nothing explains it.
    pub(crate) flaw: Option<&'static str>,
    /// Why nothing may explain it.
    pub(crate) doubt: Option<&'static str>,
}

/// A call and its return, in the model's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    AddAccount,
    Provide {
        credentials: Credentials,
        scheme: Scheme,
        accepted: bool,
    },
    Remove,
    AddDevice,
    Confirm {
        accepted: bool,
    },
    Cancel {
        accepted: bool,
    },
    CompareAccount {
        equal: bool,
        accepted: bool,
    },
    CompareAddDevice {
        equal: bool,
        accepted: bool,
    },
    /// Another `addDevice`: it is refused as long as this operation is live.
    Another {
        refused: bool,
    },
    /// The exporter's account is removed: its connections go with it.
    Unplug,
    /// It does not concern the operation.
    Nothing,
}

impl What {
    /// The call with which a recorded step began, if it was one.
    pub(crate) fn recorded(turn: &Turn) -> Option<Self> {
        use export::Input as E;
        use import::Input as I;
        Some(match turn {
            Turn::Import(Some(I::AddAccount), _) => Self::AddAccount,
            Turn::Import(Some(I::ProvideAccountAuthentication(_, scheme)), _) => {
                Self::Provide { credentials: Credentials::Hidden, scheme: *scheme, accepted: true }
            }
            Turn::Import(Some(I::RemoveAccount), _) => Self::Remove,
            Turn::Export(Some(E::AddDevice(_)), _) => Self::AddDevice,
            Turn::Export(Some(E::ConfirmAddDevice), _) => Self::Confirm { accepted: true },
            Turn::Export(Some(E::CancelAddDevice), _) => Self::Cancel { accepted: true },
            Turn::Import(Some(I::CompareAccount(equal)), _) => Self::CompareAccount { equal: *equal, accepted: true },
            Turn::Export(Some(E::CompareAddDevice(equal)), _) => {
                Self::CompareAddDevice { equal: *equal, accepted: true }
            }
            Turn::Import(..) | Turn::Export(..) | Turn::Neither => return None,
        })
    }
}

/// The index of a side's lane.
pub(crate) const fn index(side: Side) -> usize {
    match side {
        Side::Import => 0,
        Side::Export => 1,
    }
}

impl Lane {
    /// The lines that are not explained yet, when so many signals (or steps) and calls are.
    pub(crate) fn heads(&self, signals: u16, calls: u16) -> impl Iterator<Item = &Noted> {
        let signal = self.signals.get(usize::from(signals)).map(|seen| &seen.noted);
        let call = self.calls.get(usize::from(calls)).map(|asked| &asked.noted);
        let turn = self.turns.as_ref().and_then(|turns| turns.get(usize::from(signals))).map(|turned| &turned.noted);
        [signal, call, turn].into_iter().flatten()
    }

    /// Whether its user was asked to compare (R-SAS-5).
    pub(crate) fn compares(&self) -> bool {
        let asked = |seen: &Seen| seen.state == LinkState::Authenticating.number() && seen.details.contains_key("sas");
        let recorded = |turned: &Turned| match &turned.turn {
            Turn::Import(_, effects) => {
                effects.iter().any(|effect| matches!(effect, import::Effect::Signal(signal) if signal.compares()))
            }
            Turn::Export(_, effects) => {
                effects.iter().any(|effect| matches!(effect, export::Effect::Signal(signal) if signal.compares()))
            }
            Turn::Neither => false,
        };
        self.signals.iter().any(asked) || self.turns.iter().flatten().any(recorded)
    }

    /// Whether its end is written: DONE.
    pub(crate) fn has_ended(&self) -> bool {
        self.signals.last().is_some_and(|last| last.state == LinkState::Done.number())
    }

    /// Its lines.
    pub(crate) fn noted(&self) -> impl Iterator<Item = &Noted> {
        let signals = self.signals.iter().map(|seen| &seen.noted);
        let turns = self.turns.iter().flatten().map(|turned| &turned.noted);
        signals.chain(self.calls.iter().map(|asked| &asked.noted)).chain(turns)
    }

    pub(super) fn call(&mut self, line: usize, from: &Line, what: What, flaw: Option<&'static str>) {
        let earliest = self.calls.last().map_or(0, |last| last.noted.t_ms);
        self.calls.push(Asked { noted: Noted::of(line, from, flaw), earliest, what });
    }
}

impl Noted {
    pub(super) fn of(line: usize, from: &Line, flaw: Option<&'static str>) -> Self {
        Self { line, t_ms: from.t_ms, clock: from.clock, flaw, doubt: None }
    }
}
