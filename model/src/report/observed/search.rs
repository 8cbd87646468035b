//! Searches for a run that explains the lines: a model whose state is a system and the lines explained so far.
//!
//! A node is a state of the system and how many lines of each side are explained. A step is one of the system that shows only what
//! the next lines of its side say. The nodes after a prefix of the lines are the set of states in which the system can be then; all
//! of them are built, by the explorer that checks properties too.
//!
//! **When something happened.** A signal is noted soon after the moment at which it was given. A call was taken some time before its
//! return was noted, and after the return of the call before it. Signals of a side keep their order, and so do its calls. Lines
//! of different clocks have no order. A posted task of a daemon runs soon, and a timer runs out when it does and not before:
//! [`Delays`] has the times. So a step lies between two moments, and the search keeps those apart that cannot overlap.

mod advance;
pub(super) mod memo;
mod times;

use std::sync::{Arc, Mutex, PoisonError};

use handfast::{
    export,
    import::{self, Ask},
    limits::Timer,
    outcome::{Details, LinkState, Scheme, Side, Signal},
};
use stateright::{Model, Property};

use self::memo::{Memo, Met, Step};
use super::{
    parse::{Clock, Credentials, signal_words},
    plain::{asks_wrongly, plain},
    runs::{Asked, Noted, Run, What, index},
    terms::Terms,
};
use crate::{
    property::judged::Judged,
    system::{
        Aim, Turn,
        action::Action,
        config::Player,
        side::{ExportSide, ImportSide},
        world::HONEST,
    },
};

/// The name of the property that a node which explains everything has.
pub(super) const EXPLAINED: &str = "everything is explained";

/// How many nodes of the frontier are looked at for a report.
const KEPT: usize = 512;
/// How many kinds of posted steps a side has at most.
const POSTED: usize = 4;

/// A system and the lines of it.
pub(super) struct Search<'a, I, E> {
    system: &'a Judged<I, E>,
    memo: &'a Memo<I, E>,
    run: &'a Run,
    terms: &'a Terms,
    /// The lines of the run, in the order of the trace.
    order: Vec<usize>,
    /// The only clock, if there is only one, and when it was looked at last.
    clock: Option<(Clock, u64)>,
    /// The time of the last line of each clock.
    ends: Vec<(Clock, u64)>,
    best: Mutex<Best<Node<I, E>>>,
}

/// How far it came.
pub(super) struct Best<N> {
    /// How many lines are explained.
    pub(super) lines: usize,
    /// In how many nodes.
    pub(super) count: usize,
    /// Some of them.
    pub(super) nodes: Vec<N>,
}

/// A state, and what is explained in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node<I, E> {
    pub(super) state: Met<I, E>,
    at: [Cursor; 2],
    guess: Guess,
}

/// How many lines of a side are explained, and since when its timers run at the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
struct Cursor {
    signals: u16,
    calls: u16,
    armed: [u64; Timer::ALL.len()],
    /// When what it has posted is done at the latest, by the numbers of the steps.
    posted: [u64; POSTED],
    /// When its peer sent something to it, at the earliest. Only of an old daemon.
    received: u64,
    /// Whether the call that is under way at the end of its file has been taken.
    under_way: bool,
}

/// Hidden facts that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Guess {
    /// How the archive is protected.
    scheme: Scheme,
    /// Which of the typed texts is its password.
    password: Option<u16>,
    /// Which of the shown accounts is the exporter's.
    peer: u8,
}

/// A step of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// No one saw it happen.
    Hidden(Action),
    /// The next call of a side, with the right password if it has one.
    Call(Side, bool),
}

/// A step that was taken.
pub(super) struct Taken<I, E> {
    pub(super) node: Node<I, E>,
    pub(super) turn: Arc<Turn>,
    /// The action in the system; none for a call that changed nothing.
    pub(super) action: Option<Action>,
    /// The lines that it explains.
    pub(super) lines: Vec<usize>,
}

/// Why a step cannot be taken.
pub(super) enum Stop {
    /// It cannot be, or not now.
    Impossible,
    /// It would give a signal that is not what was seen next.
    Unseen(Side, Signal),
}

impl<N> Default for Best<N> {
    fn default() -> Self {
        Self { lines: 0, count: 0, nodes: Vec::new() }
    }
}

impl<'a, I: ImportSide, E: ExportSide> Search<'a, I, E> {
    /// Searches in a system, whose states may have been met by other searches in it.
    pub(super) fn new(system: &'a Judged<I, E>, memo: &'a Memo<I, E>, run: &'a Run, terms: &'a Terms) -> Self {
        let mut noted: Vec<&Noted> = run.seen().flat_map(|(_, lane)| lane.noted()).collect();
        noted.sort_by_key(|noted| noted.line);
        let first = noted.first().map(|noted| noted.clock);
        let clock = first.filter(|clock| noted.iter().all(|noted| noted.clock == *clock));
        let end = noted.iter().map(|noted| noted.t_ms).max().unwrap_or(0);
        let mut ends: Vec<(Clock, u64)> = Vec::new();
        for noted in &noted {
            match ends.iter_mut().find(|(clock, _)| *clock == noted.clock) {
                Some((_, end)) => *end = noted.t_ms.max(*end),
                None => ends.push((noted.clock, noted.t_ms)),
            }
        }
        Self {
            system,
            memo,
            run,
            terms,
            order: noted.iter().map(|noted| noted.line).collect(),
            clock: clock.map(|clock| (clock, end)),
            ends,
            best: Mutex::default(),
        }
    }

    /// How far it came.
    pub(super) fn best(&self) -> Best<Node<I, E>> {
        std::mem::take(&mut *self.best.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a step, if it shows what was seen.
    pub(super) fn take(&self, node: &Node<I, E>, act: Act) -> Result<Taken<I, E>, Stop> {
        let mut lines = Vec::new();
        let mut at = node.at;
        let (step, action) = match act {
            Act::Hidden(action) => {
                if !self.may_happen(node, action) {
                    return Err(Stop::Impossible);
                }
                let step = self.memo.step(self.system, &node.state, action).ok_or(Stop::Impossible)?;
                if let Some(side) = action.caller().filter(|side| self.run.lane(*side).is_some()) {
                    at[index(side)].under_way = self.is_looked_at(&at, side);
                }
                (step, Some(action))
            }
            Act::Call(side, right) => {
                let what = self.next_call(node, side).ok_or(Stop::Impossible)?;
                if let Some(asked) = self.next_asked(node, side) {
                    if asked.noted.flaw.is_some() || !self.is_due(&at, asked.noted.clock, self.begun(asked)) {
                        return Err(Stop::Impossible);
                    }
                    lines.push(asked.noted.line);
                    at[index(side)].calls += 1;
                }
                let (step, action) = self.call(node, what, right).ok_or(Stop::Impossible)?;
                if !self.was_shown(node, side, what, &step.turn) {
                    return Err(Stop::Impossible);
                }
                (step, action)
            }
        };
        // Where every step was recorded, one that changes nothing is not a step.
        let Step { to, turn, idle } = step;
        if !idle {
            self.explain(&mut at, node.guess, &turn, &mut lines)?;
        }
        let mut next = Node { state: to, at, guess: node.guess };
        self.set_timers(node, &mut next, &turn);
        self.set_posted(node, &mut next, act);
        self.set_received(&mut next, act);
        Ok(Taken { node: next, turn, action, lines })
    }

    /// The next call of a side that was seen.
    fn next_asked(&self, node: &Node<I, E>, side: Side) -> Option<&Asked> {
        self.run.lane(side)?.calls.get(usize::from(node.at[index(side)].calls))
    }

    /// The next call of a side, seen or recorded.
    fn next_call(&self, node: &Node<I, E>, side: Side) -> Option<What> {
        if let Some(asked) = self.next_asked(node, side) {
            return Some(asked.what);
        }
        let turns = self.run.lane(side)?.turns.as_ref()?;
        What::recorded(&turns.get(usize::from(node.at[index(side)].signals))?.turn)
    }

    /// Whether the client had seen what it answers. No one answers what was not shown.
    fn was_shown(&self, node: &Node<I, E>, side: Side, what: What, turn: &Turn) -> bool {
        let answers = match what {
            What::Provide { .. } => !turn.is_empty(),
            What::Confirm { accepted }
            | What::CompareAccount { accepted, .. }
            | What::CompareAddDevice { accepted, .. } => accepted,
            What::AddAccount | What::Remove | What::AddDevice | What::Cancel { .. } => false,
            What::Another { .. } | What::Unplug | What::Nothing => false,
        };
        if !answers {
            return true;
        }
        let (Some(asked), Some(lane)) = (self.next_asked(node, side), self.run.lane(side)) else { return true };
        let last = usize::from(node.at[index(side)].signals).checked_sub(1).and_then(|last| lane.signals.get(last));
        last.is_some_and(|shown| shown.noted.line < asked.noted.line)
    }

    /// Hands a call to its side, if that gives the answer that was seen.
    fn call(&self, node: &Node<I, E>, what: What, right: bool) -> Option<(Step<I, E>, Option<Action>)> {
        let state = &node.state;
        let nothing = || (Step::none(state), None);
        let (aim, action, accepted) = match what {
            What::Nothing => return Some(nothing()),
            What::Unplug => {
                let mut state = (**state).clone();
                state.world.left.loss = state.world.left.loss.saturating_add(1);
                return Some((Step::none(&self.memo.met(state)), None));
            }
            What::Another { refused } => return (is_live(self.system, state) == refused).then(nothing),
            What::AddAccount => (Aim::Import(import::Input::AddAccount), Action::AddAccount, true),
            What::Remove => (Aim::Import(import::Input::RemoveAccount), Action::RemoveAccount, true),
            What::Provide { credentials, scheme, accepted } => {
                if !node.guess.allows(credentials, right) {
                    return None;
                }
                let slot = state.world.next_slot(right);
                let input = import::Input::ProvideAccountAuthentication(slot, scheme);
                (Aim::Import(input), Action::Answer { right }, accepted)
            }
            What::AddDevice => {
                // The token has to be shown before it is given.
                if self.run.lane(Side::Import).is_some() && state.world.seen.import.signalled == LinkState::Init {
                    return None;
                }
                let scheme = node.guess.scheme;
                (Aim::Export(export::Input::AddDevice(scheme)), Action::AddDevice(scheme), true)
            }
            What::Confirm { accepted } => {
                (Aim::Export(export::Input::ConfirmAddDevice), Action::ConfirmAddDevice, accepted)
            }
            What::CompareAccount { equal, accepted } => {
                (Aim::Import(import::Input::CompareAccount(equal)), Action::CompareAccount { equal }, accepted)
            }
            What::CompareAddDevice { equal, accepted } => {
                (Aim::Export(export::Input::CompareAddDevice(equal)), Action::CompareAddDevice { equal }, accepted)
            }
            What::Cancel { accepted } => {
                (Aim::Export(export::Input::CancelAddDevice), Action::CancelAddDevice, accepted)
            }
        };
        match self.memo.hand(self.system, state, aim) {
            Some(step) => accepted.then_some((step, Some(action))),
            None => (!accepted).then(nothing),
        }
    }

    /// The signals of a turn have to be the next ones that were seen of its side.
    fn explain(&self, at: &mut [Cursor; 2], guess: Guess, turn: &Turn, lines: &mut Vec<usize>) -> Result<(), Stop> {
        let (side, signals) = signals_of(turn);
        let Some(lane) = self.run.lane(side) else { return Ok(()) };
        if let Some(turns) = lane.turns.as_ref().filter(|_| *turn != Turn::Neither) {
            let next = turns.get(usize::from(at[index(side)].signals)).ok_or(Stop::Impossible)?;
            if plain(turn.clone()) != next.turn {
                return Err(Stop::Impossible);
            }
            at[index(side)].signals += 1;
            lines.push(next.noted.line);
            return Ok(());
        }
        for signal in signals {
            let seen = lane.signals.get(usize::from(at[index(side)].signals));
            if seen.is_none() && self.may_be_unwritten(at, side) {
                continue;
            }
            let seen = seen.filter(|seen| {
                seen.noted.flaw.is_none()
                    && signal.state().number() == seen.state
                    && self.words(side, guess, signal, Some(&seen.details)) == seen.details
            });
            let Some(seen) = seen else { return Err(Stop::Unseen(side, signal)) };
            if !self.is_due(at, seen.noted.clock, seen.noted.t_ms.saturating_sub(self.terms.delays.signal)) {
                return Err(Stop::Impossible);
            }
            at[index(side)].signals += 1;
            lines.push(seen.noted.line);
        }
        Ok(())
    }

    /// Returns the details of a signal. Values for which the model has a symbol are taken from the line.
    fn words(&self, side: Side, guess: Guess, signal: Signal, seen: Option<&Details>) -> Details {
        let vocabulary = self.system.configuration().profile_of(side).vocabulary();
        let free = |key: &str| seen.and_then(|seen| seen.get(key)).map_or("…", String::as_str);
        let mut details = signal.details(vocabulary, free("token"));
        if let Signal::Prompt { peer, .. } | Signal::CompareAccount { peer, .. } = signal {
            let bound = self.run.peers.get(usize::from(guess.peer)).filter(|_| peer == HONEST);
            details.insert("peer_id".into(), bound.map_or(free("peer_id"), String::as_str).to_owned());
        }
        for key in ["peer_address", "sas", "sas_words"] {
            if let Some(value) = details.get_mut(key) {
                free(key).clone_into(value);
            }
        }
        details
    }

    /// A signal in words, as it could have been seen.
    pub(super) fn describe(&self, node: &Node<I, E>, side: Side, signal: Signal) -> String {
        let words = self.words(side, node.guess, signal, None);
        format!("{side}: {}", signal_words(side, signal.state().name(), &words))
    }

    fn heads(&self, at: [Cursor; 2]) -> impl Iterator<Item = &Noted> {
        self.run.seen().flat_map(move |(side, lane)| {
            let cursor = at[index(side)];
            lane.heads(cursor.signals, cursor.calls)
        })
    }

    fn is_legacy(&self, side: Side) -> bool {
        self.system.configuration().cast.player(side) == Player::Legacy
    }

    /// How many lines are explained: all before the first that is not, or all together where they have no order.
    fn explained(&self, at: &[Cursor; 2]) -> usize {
        match self.clock {
            Some(_) => {
                let first = self.heads(*at).map(|head| head.line).min();
                first.map_or(self.order.len(), |line| self.order.partition_point(|other| *other < line))
            }
            None => at.iter().map(|cursor| usize::from(cursor.signals + cursor.calls)).sum(),
        }
    }

    /// The first lines that are not explained in a node: of each side one where they have no order.
    pub(super) fn next_lines(&self, node: &Node<I, E>) -> Vec<&Noted> {
        let mut heads: Vec<&Noted> = self.heads(node.at).collect();
        heads.sort_by_key(|head| head.line);
        let mut clocks = Vec::new();
        heads.retain(|head| {
            !clocks.contains(&head.clock) && {
                clocks.push(head.clock);
                true
            }
        });
        heads
    }

    /// Which calls would be accepted in a node, of a side at which somebody looked.
    pub(super) fn calls(&self, node: &Node<I, E>) -> Vec<(Side, &'static str)> {
        use export::Input as E;
        use import::Input as I;
        let state = &node.state;
        let scheme = state.world.seen.import.prompt.map_or(node.guess.scheme, |prompt| prompt.scheme);
        let slot = state.world.next_slot(true);
        let calls = [
            (Side::Import, "addAccount", Aim::Import(I::AddAccount)),
            (Side::Import, "provideAccountAuthentication", Aim::Import(I::ProvideAccountAuthentication(slot, scheme))),
            (Side::Import, "removeAccount", Aim::Import(I::RemoveAccount)),
            (Side::Export, "addDevice", Aim::Export(E::AddDevice(node.guess.scheme))),
            (Side::Import, "compareAccount", Aim::Import(I::CompareAccount(true))),
            (Side::Export, "confirmAddDevice", Aim::Export(E::ConfirmAddDevice)),
            (Side::Export, "compareAddDevice", Aim::Export(E::CompareAddDevice(true))),
            (Side::Export, "cancelAddDevice", Aim::Export(E::CancelAddDevice)),
        ];
        let accepted = calls.into_iter().filter(|(side, _, aim)| {
            self.run.lane(*side).is_some() && self.memo.hand(self.system, state, *aim).is_some()
        });
        accepted.map(|(side, name, _)| (side, name)).collect()
    }
}

impl<I: ImportSide, E: ExportSide> Model for Search<'_, I, E> {
    type State = Node<I, E>;
    type Action = Act;

    fn init_states(&self) -> Vec<Self::State> {
        let mut roots = Vec::new();
        for mut state in self.system.init_states() {
            state.world.left.early = 1;
            let mut turns = self.run.seen().flat_map(|(_, lane)| lane.turns.iter().flatten());
            if self.run.wrong_code || turns.any(asks_wrongly) {
                state.world.asks = Ask::Wrong;
            }
            let state = self.memo.met(state);
            for scheme in [Scheme::None, Scheme::Password] {
                let typed = self.run.typed.iter().filter(|_| scheme == Scheme::Password);
                for password in [None].into_iter().chain(typed.map(|text| Some(*text))) {
                    for peer in 0..self.run.peers.len().clamp(1, u8::MAX.into()) as u8 {
                        let guess = Guess { scheme, password, peer };
                        roots.push(Node { state: state.clone(), at: [Cursor::default(); 2], guess });
                    }
                }
            }
        }
        roots
    }

    fn actions(&self, node: &Self::State, acts: &mut Vec<Self::Action>) {
        let explained = self.explained(&node.at);
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        if explained > best.lines || best.count == 0 {
            *best = Best { lines: explained, ..Best::default() };
        }
        if explained == best.lines {
            best.count += 1;
            if best.nodes.len() < KEPT {
                best.nodes.push(node.clone());
            }
        }
        drop(best);
        self.acts(node, acts);
    }

    fn next_state(&self, node: &Self::State, act: Self::Action) -> Option<Self::State> {
        self.take(node, act).ok().map(|taken| taken.node)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::sometimes(EXPLAINED, |search: &Self, node: &Node<I, E>| search.heads(node.at).next().is_none())]
    }
}

impl Guess {
    /// Whether what was typed can be the right password, or a wrong one. Only an archive without a password opens with none.
    fn allows(self, credentials: Credentials, right: bool) -> bool {
        match credentials {
            Credentials::Hidden => true,
            Credentials::Empty => right == (self.scheme == Scheme::None),
            Credentials::Text(text) => right == (self.password == Some(text)),
        }
    }
}

/// Whether the export operation keeps another one from beginning.
fn is_live<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, state: &Met<I, E>) -> bool {
    let seen = &state.world.seen.export;
    match system.configuration().cast.export {
        // An old exporter takes another one as soon as it has forgotten the last.
        Player::Legacy => seen.started && state.export.clone().take(export::Input::AddDevice(Scheme::None)).is_err(),
        Player::Hardened | Player::Hostile => seen.started && seen.done.is_none(),
    }
}

pub(super) fn signals_of(turn: &Turn) -> (Side, Vec<Signal>) {
    match turn {
        Turn::Import(_, effects) => (
            Side::Import,
            effects
                .iter()
                .filter_map(|effect| if let import::Effect::Signal(signal) = effect { Some(*signal) } else { None })
                .collect(),
        ),
        Turn::Export(_, effects) => (
            Side::Export,
            effects
                .iter()
                .filter_map(|effect| if let export::Effect::Signal(signal) = effect { Some(*signal) } else { None })
                .collect(),
        ),
        Turn::Neither => (Side::Import, Vec::new()),
    }
}
