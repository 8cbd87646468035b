//! Every turn of both reducers: in every state that they come to, every input, and all of its effects, against a second machine that is typed from
//! the rows of the document (R-IMP, R-EXP). Compared are the effects, whether a call is refused, which timers run and which were started
//! anew; and their order, wherever the document states one (R-STATE-2, R-API-4, R-EXT-3, R-SAS-2, R-IMP-13).

mod export;
mod import;

use std::{
    collections::{HashSet, VecDeque},
    fmt::Debug,
    hash::Hash,
};

use handfast::{
    limits::Timer,
    message::{Features, ImportResult, Message as M, Slot, Verdict, Word},
    outcome::{Profile, Signal},
    reducer::Config,
};

use super::{Cases, Part};

/// The timers that run.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Running([bool; TIMERS.len()]);

impl Running {
    fn of(timers: impl IntoIterator<Item = Timer>) -> Self {
        timers.into_iter().fold(Self::default(), |mut all, timer| {
            all.set(timer, true);
            all
        })
    }

    /// Whether it changes.
    fn set(&mut self, timer: Timer, runs: bool) -> bool {
        let at = TIMERS.iter().position(|&other| other == timer).unwrap_or_default();
        std::mem::replace(&mut self.0[at], runs) != runs
    }
}

impl Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(TIMERS.iter().zip(self.0).filter(|(_, runs)| *runs).map(|(timer, _)| timer)).finish()
    }
}

/// The result of an input: its effects but those that stop timers, and the timers that run then. `None`: a call is refused.
type Turn<E> = Option<(Vec<E>, Running)>;

/// An effect, as far as the order of a turn is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Arm(Timer),
    Disarm(Timer),
    Signal(Signal),
    /// The connection is begun, or the channel is accepted.
    Begin,
    Send(M),
    /// The archive begins to be sent, or to be staged.
    Archive,
    End,
    Remove,
    Other,
}

/// A machine of either side, and its second one.
trait Machine: Clone + Eq + Hash {
    type Input: Copy + Debug;
    type Effect: Copy + Ord + Debug;

    /// Hands an input to the shipped machine. Its effects in their order; `None` where it is refused.
    fn handle(&mut self, input: Self::Input) -> Option<Vec<Self::Effect>>;
    /// Hands an input to the second machine, unless it is a timer that does not run: effects but those that stop timers, in any order.
    fn second(&mut self, input: Self::Input) -> Option<Vec<Self::Effect>>;
    /// The timers of the second machine that run.
    fn running(&mut self) -> &mut Running;

    /// The statement of the document: the second machine's effects, and the timers that run then.
    fn state(&mut self, input: Self::Input) -> Turn<Self::Effect> {
        let stale = Self::fired(input).is_some_and(|timer| !self.running().set(timer, false));
        let effects = if stale { Vec::new() } else { self.second(input)? };
        Some((effects, *self.running()))
    }

    fn step(effect: &Self::Effect) -> Step;
    /// The timer that fires.
    fn fired(input: Self::Input) -> Option<Timer>;
    fn last_signal(&self) -> Option<Signal>;
    fn armed(&self) -> Running;
}

/// Goes to every state.
fn explore<T: Machine>(cases: &mut Cases, whose: &str, config: Config, start: T, inputs: &[T::Input]) {
    let mut seen = HashSet::from([start.clone()]);
    let mut next = VecDeque::from([(start, Running::default(), None)]);
    while let Some((state, running, before)) = next.pop_front() {
        for &input in inputs {
            let mut machine = state.clone();
            let mut running = running;
            let mut signal = before;
            // A timer that fired runs no more, unless it is armed again.
            if let Some(timer) = T::fired(input) {
                running.set(timer, false);
            }
            let came = machine.handle(input);
            for effect in came.iter().flatten() {
                match T::step(effect) {
                    Step::Arm(timer) => drop(running.set(timer, true)),
                    Step::Disarm(timer) => drop(running.set(timer, false)),
                    Step::Signal(last) => signal = Some(last),
                    _ => {}
                }
            }
            let what = || format!("{whose}, {:?}, {:?}: {input:?} after {before:?}", config.profile, config.features);
            let order = came.as_deref().map_or(Ok(()), |effects| ordered::<T>(effects));
            cases.count += 1;
            if order.is_err() {
                cases
                    .broken
                    .push(format!("{}: the document states another order: {order:?}, it came to {came:?}", what()));
            }
            let stated = machine.state(input);
            let armed = machine.armed();
            let came = came.map(|effects| {
                let stops = |effect: &T::Effect| matches!(T::step(effect), Step::Disarm(_));
                (sorted(effects.into_iter().filter(|effect| !stops(effect)).collect()), running)
            });
            let stated = stated.map(|(effects, running)| (sorted(effects), running));
            if stated != came || (came.is_some() && armed != running) {
                cases.broken.push(format!(
                    "{}: the document states {stated:?}, it came to {came:?}, running {armed:?}",
                    what()
                ));
                if cases.broken.len() > 40 {
                    return;
                }
                continue;
            }
            if machine.last_signal() != signal {
                let last = machine.last_signal();
                cases.broken.push(format!(
                    "{}: the document states that the last signal is {signal:?}, it came to {last:?}",
                    what()
                ));
            }
            if seen.insert(machine.clone()) {
                next.push_back((machine, running, signal));
            }
        }
    }
}

fn sorted<E: Ord>(mut effects: Vec<E>) -> Vec<E> {
    effects.sort_unstable();
    effects
}

/// The order of the effects of a turn.
fn ordered<T: Machine>(effects: &[T::Effect]) -> Result<(), &'static str> {
    let steps: Vec<Step> = effects.iter().map(T::step).collect();
    let first = |is: fn(&Step) -> bool| steps.iter().position(is);
    let last = |is: fn(&Step) -> bool| steps.iter().rposition(is);
    let before = |one: Option<usize>, other: Option<usize>| match (one, other) {
        (Some(one), Some(other)) => one < other,
        _ => true,
    };
    let sends = |step: &Step| matches!(step, Step::Send(_));
    let goes = |step: &Step| matches!(step, Step::Send(_) | Step::Archive | Step::End);
    let done = first(|step| matches!(step, Step::Signal(Signal::Done(_))));
    let stated = [
        (
            before(last(|step| *step == Step::Signal(Signal::InProgress)), first(goes)),
            "IN_PROGRESS before all that is sent",
        ),
        (before(last(goes), done), "DONE after all that is sent"),
        (
            before(last(|step| *step == Step::Signal(Signal::Connecting)), first(|step| *step == Step::Begin)),
            "CONNECTING before the request",
        ),
        (before(last(sends), first(|step| *step == Step::End)), "nothing is sent after the end of the channel"),
        (before(done, first(|step| *step == Step::Remove)), "the removal after DONE"),
        (
            before(
                last(|step| matches!(step, Step::Send(M::AuthScheme(..)))),
                first(|step| matches!(step, Step::Send(M::Commitment(_)))),
            ),
            "authScheme before sasCommitment",
        ),
        (
            before(first(|step| *step == Step::Begin), first(sends)),
            "a channel is accepted before anything is sent on it",
        ),
        (
            before(
                last(|step| matches!(step, Step::Send(M::ImportResult(_) | M::Verdict(_)))),
                first(|step| matches!(step, Step::Send(M::State(_)) | Step::End)),
            ),
            "the result before the end",
        ),
        (last(|step| matches!(step, Step::Signal(_))) <= done || done.is_none(), "DONE is the last signal"),
    ];
    stated.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rule)| Err(rule))
}

/// The features that are configured, and those that a peer names.
fn choices() -> [Features; 6] {
    let features = |result, cancel, sas| Features { result, cancel, sas };
    [
        features(false, false, false),
        features(true, true, false),
        features(true, true, true),
        features(true, false, false),
        features(false, true, false),
        features(false, false, true),
    ]
}

/// The messages that a peer sends, but hello, `authScheme` and passwords, in which the sides differ.
fn messages() -> impl Iterator<Item = M> {
    let results = [ImportResult::Stored, ImportResult::FailedArchive, ImportResult::FailedStorage, ImportResult::Other];
    let others = [M::Commitment(Slot::NONE), M::Nonce(Slot::NONE), M::Opening(Slot::NONE), M::Unknown];
    [Verdict::Wrong, Verdict::Final, Verdict::None]
        .map(M::Verdict)
        .into_iter()
        .chain([Word::Canceled, Word::Timeout, Word::Mismatch].map(M::State))
        .chain(results.map(M::ImportResult))
        .chain(others)
}

const TIMERS: [Timer; 9] = [
    Timer::Prepare,
    Timer::Token,
    Timer::Connect,
    Timer::Authenticate,
    Timer::Stall,
    Timer::Transfer,
    Timer::Result,
    Timer::Linger,
    Timer::Retry,
];

/// Carries both out.
pub(super) fn turns() -> Part {
    let mut cases = Cases::default();
    for profile in [Profile::Documented, Profile::Jamid] {
        for features in choices() {
            let config = Config { profile, features, ..Config::default() };
            explore(&mut cases, "export", config, export::Pair::new(config), &export::inputs());
            explore(
                &mut cases,
                "import",
                config,
                import::Pair::new(config),
                &import::inputs(features == Features::ALL),
            );
        }
    }
    cases.part("turns", "R-STATE-2, R-API-2 to R-API-6, R-EXT-2, R-EXT-3, R-SAS-1 to R-SAS-7, R-IMP-1 to R-IMP-14, R-EXP-1 to R-EXP-12, R-CANCEL-1, R-TIME-1 to R-TIME-5")
}
