//! The explorer compared with `stateright`, on the same model.

use std::hash::Hash;

use handfast_model::{
    check::{Hardened, hardened},
    config::{self, Size},
    explore::{Graph, Limits, Measure},
    report::{self, Outcome, Selection},
};
use stateright::{Checker, Model};

/// A model that both explore.
pub struct Exploration<M> {
    system: M,
    measure: Measure,
}

impl Exploration<Hardened> {
    /// The shipped reducers in the configuration of this id.
    pub fn of(size: Size, id: &str) -> Self {
        Self::new(hardened(config::find(size, id).expect("there is such a configuration")))
    }
}

impl<M> Exploration<M>
where
    M: Model<
            State: Clone + Hash + PartialEq + Send + Sync + 'static,
            Action: Clone + PartialEq + Send + Sync + 'static,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    /// Any.
    pub fn new(system: M) -> Self {
        let mut exploration = Self { system, measure: Measure::default() };
        exploration.measure = exploration.graph().measure();
        exploration
    }

    /// How large its graph is.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// By the explorer: level by level, with the edge list.
    pub fn graph(&self) -> Graph {
        let graph = Graph::explore(&self.system, Limits::default(), None);
        assert!(graph.is_complete(), "nothing cuts it short");
        graph
    }

    /// By stateright, depth first on one thread.
    pub fn stateright(&self) -> usize {
        let checker = self.system.clone().checker().threads(1).spawn_dfs().join();
        assert_eq!(checker.unique_state_count(), self.measure.states, "both see the same graph");
        checker.unique_state_count()
    }
}

/// Checks all configurations of a pull request.
pub(crate) fn check_all() {
    let jobs = std::thread::available_parallelism().map_or(1, |count| count.get());
    let report = report::run(&Selection { mutants: false, jobs, ..Selection::all(Size::Quick) });
    assert_eq!(report.outcome, Outcome::AsExpected);
}
