//! The second engine: `stateright` over the same model.

use std::{
    collections::BTreeSet,
    hash::Hash,
    panic,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use stateright::{Checker, HasDiscoveries, Model};

use crate::explorer::explore::{Ended, Limits};

/// How often it is looked whether it has to end.
const PERIOD: Duration = Duration::from_millis(50);

/// The requests to a model.
pub(crate) trait Explorable:
    Model<State: Clone + Hash + PartialEq + Send + Sync + 'static, Action: Clone + PartialEq + Send + Sync + 'static>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<M> Explorable for M where
    M: Model<
            State: Clone + Hash + PartialEq + Send + Sync + 'static,
            Action: Clone + PartialEq + Send + Sync + 'static,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

/// The counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) states: usize,
    pub(crate) generated: usize,
}

/// Runs to the end of a graph, which is known to have one: what was counted, and what was discovered.
///
/// # Errors
/// It was not done in time. Its thread, which cannot be ended, then goes on for as long as the process.
pub(crate) fn explore<M: Explorable>(model: &M, limits: Limits) -> Result<(Tally, BTreeSet<&'static str>), Ended> {
    let began = Instant::now();
    let model = model.clone();
    let (sender, results) = channel();
    let worker = thread::spawn(move || {
        let checker = model.checker().threads(1).spawn_dfs().join();
        let tally = Tally { states: checker.unique_state_count(), generated: checker.state_count() };
        // No one waits for what comes too late.
        let _ = sender.send((tally, checker.discoveries().into_keys().collect()));
    });
    loop {
        match results.recv_timeout(PERIOD) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => limits.over(began).map_or(Ok(()), Err)?,
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(cause) = worker.join() {
                    panic::resume_unwind(cause)
                }
                unreachable!("a worker that does not panic sends its result")
            }
        }
    }
}

/// Its answer for a violation that has a shortest way of so many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// It finds it too, in so many steps and in no fewer.
    InSteps(usize),
    /// It does not.
    Otherwise,
    /// It was not asked: the graph is too large up to there.
    NotAsked,
}

/// Generated states up to which it is asked.
const CHEAP: usize = 300_000;

/// Looks for a violation level by level, where that is cheap.
pub(crate) fn confirm<M: Explorable>(model: &M, property: &'static str, steps: usize) -> Confirmed {
    // Some(None): none within so many steps. A state's depth is one more than its steps, and has to be less than the target.
    let within = |steps: usize| {
        let checker = model
            .clone()
            .checker()
            .threads(1)
            .target_max_depth(steps + 2)
            .target_state_count(CHEAP)
            .finish_when(HasDiscoveries::AnyOf([property].into()))
            .spawn_bfs()
            .join();
        let found = checker.discovery(property).map(|path| path.into_actions().len());
        (found.is_some() || checker.state_count() < CHEAP).then_some(found)
    };
    // Of several paths it reports the last that it found: it is asked for shorter ones by themselves.
    match (steps.checked_sub(1).map_or(Some(None), within), within(steps)) {
        (None, _) | (_, None) => Confirmed::NotAsked,
        (Some(None), Some(Some(found))) if found == steps => Confirmed::InSteps(found),
        (Some(_), Some(_)) => Confirmed::Otherwise,
    }
}
