//! Why `stateright`'s `eventually` decides nothing here: the same claims, at the same time. In capitals: where it is wrong. It knows
//! of no step that no one has to take.

use stateright::{Checker, Model};

use crate::tiny::{Tiny, words};

const MODELS: [(&str, &str, &[u8]); 14] = [
    ("a line", "0a1 1a2", &[2]),
    ("a branch that ends elsewhere", "0a1 1a2 0a3", &[2]),
    ("a join", "0a1 0a2 1a3 2a3 3a4", &[1]),
    ("a join, the other way round", "0a2 0a1 1a3 2a3 3a4", &[1]),
    ("a join in the goal", "0a1 0a2 1a3 2a3", &[3]),
    ("a longer way to a join", "0a1 1a2 2a3 0a3 3a4", &[2]),
    ("a shorter way to a join", "0a3 0a1 1a2 2a3 3a4", &[2]),
    ("a cycle", "0a1 1a2 2a0", &[]),
    ("a cycle with the goal", "0a1 1a2 2a0", &[1]),
    ("a cycle with a way out of its class", "0a1 1a0 1a2", &[2]),
    ("a cycle with a fair way out", "0a1 1a0 0b2 1b2", &[2]),
    ("a self-loop", "0a0", &[]),
    ("a self-loop, and then the goal", "0a0 0b1", &[1]),
    ("a step that no one has to take", "0-1", &[1]),
];

#[test]
fn where_eventually_is_wrong() {
    let mut table = format!("{:36} {:18} {:8} {}\n", "model", "liveness pass", "dfs", "bfs");
    for (name, edges, to) in MODELS {
        let tiny = Tiny::new(edges, to);
        let ours = tiny.check().map_or_else(|lasso| words(&lasso), |()| "holds".into());
        let theirs = |discovered: bool| match (discovered, ours == "holds") {
            (true, false) => "fails",
            (false, true) => "holds",
            (true, true) => "FAILS",
            (false, false) => "HOLDS",
        };
        let dfs = tiny.clone().checker().spawn_dfs().join().discovery("to").is_some();
        let bfs = tiny.clone().checker().spawn_bfs().join().discovery("to").is_some();
        table.push_str(&format!("{name:36} {ours:18} {:8} {}\n", theirs(dfs), theirs(bfs)));
    }
    insta::assert_snapshot!(table);
}
