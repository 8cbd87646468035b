//! The explorer beside `stateright`, on the same model.

use handfast_model::{
    check::{Hardened, hardened},
    config::{self, Size},
    explore::{Graph, Limits, Measure},
    report::{self, Outcome, Selection},
};
use stateright::{Checker, Model};

/// A configuration of the shipped reducers.
pub struct Exploration {
    system: Hardened,
    measure: Measure,
}

impl Exploration {
    /// That of this id.
    pub fn new(size: Size, id: &str) -> Self {
        let system = hardened(config::find(size, id).expect("there is such a configuration"));
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
