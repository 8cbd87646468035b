//! The run that shows that a claim fails.

use std::collections::{HashMap, VecDeque};

use super::{BAD, FROM, Liveness, TO, classes::Classes, components};

/// A node, and one of its edges among all of the graph.
type Step = (u32, usize);

/// A lasso, as edges.
pub(super) struct Run {
    pub(super) root: u32,
    pub(super) prefix: Vec<Step>,
    pub(super) cycle: Vec<Step>,
}

const UNSEEN: u32 = u32::MAX;

impl Liveness<'_> {
    /// A run that breaks the claim, if there is one.
    pub(super) fn witness(&self) -> Option<Run> {
        if !self.marks.iter().any(|mark| mark & BAD != 0) {
            return None;
        }
        let (root, prefix, last) = self.prefix()?;
        let cycle = if self.possible(last).is_empty() { Vec::new() } else { self.cycle(last) };
        Some(Run { root, prefix, cycle })
    }

    /// The shortest way to a bad node with the obligation open: breadth first over the nodes, each without and with it.
    fn prefix(&self) -> Option<(u32, Vec<Step>, u32)> {
        let mut from = vec![UNSEEN; self.graph.states() * 2];
        let open = |node, before| !self.is(node, TO) && (before || self.is(node, FROM));
        let place = |node: u32, open: bool| node as usize * 2 + usize::from(open);
        let mut queue = VecDeque::new();
        for root in (0..self.graph.states() as u32).take_while(|&node| self.graph.is_root(node)) {
            let at = place(root, open(root, false));
            from[at] = at as u32;
            queue.push_back(at);
        }
        while let Some(at) = queue.pop_front() {
            let (node, owed) = ((at / 2) as u32, at % 2 == 1);
            if owed && self.is(node, BAD) {
                let (root, prefix) = self.back(&from, at);
                return Some((root, prefix, node));
            }
            for &target in self.graph.successors(node) {
                let next = place(target, open(target, owed));
                if from[next] == UNSEEN {
                    from[next] = at as u32;
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The way that was taken to a place of the search for a prefix.
    fn back(&self, from: &[u32], mut at: usize) -> (u32, Vec<Step>) {
        let mut steps = Vec::new();
        while from[at] as usize != at {
            let before = from[at] as usize;
            let (node, target) = ((before / 2) as u32, (at / 2) as u32);
            steps.extend(self.edges(node).find(|&(_, other)| other == target).map(|(edge, _)| (node, edge)));
            at = before;
        }
        steps.reverse();
        ((at / 2) as u32, steps)
    }

    /// A fair way from a bad node back to it. Each part goes to the nearest place that fulfils a fair class that is still owed:
    /// one that was possible all the way, and not taken.
    fn cycle(&self, start: u32) -> Vec<Step> {
        let mut members = Vec::new();
        components::components(
            self.graph,
            |node| !self.is(node, TO),
            |component, _| {
                if component.contains(&start) {
                    members = component.to_vec();
                    members.sort_unstable();
                }
            },
        );
        let within = |node: u32| members.binary_search(&node).is_ok();
        let mut owed = self.possible(start);
        let mut cycle: Vec<Step> = Vec::new();
        let mut at = start;
        loop {
            let helps = |edge: usize, target: u32| self.left(owed, edge, target) != owed;
            let part = if owed.is_empty() {
                self.nearest(at, &within, |_, target| target == start)
            } else {
                self.nearest(at, &within, helps)
            };
            // A bad component has all of it; and when nothing is owed, the way back is the last.
            let Some((part, target)) = part else { break };
            let closed = owed.is_empty();
            for &(_, edge) in &part {
                owed = self.left(owed, edge, self.graph.target(edge));
            }
            cycle.extend(part);
            at = target;
            if closed || owed.is_empty() && at == start {
                break;
            }
        }
        cycle
    }

    /// The obligation that remains after an edge.
    fn left(&self, owed: Classes, edge: usize, target: u32) -> Classes {
        owed.without([self.fairness[edge]].into_iter().collect()).and(self.possible(target))
    }

    /// The shortest way within a component to the end of such an edge.
    fn nearest(
        &self,
        start: u32,
        within: &impl Fn(u32) -> bool,
        sought: impl Fn(usize, u32) -> bool,
    ) -> Option<(Vec<Step>, u32)> {
        let mut from: HashMap<u32, Step> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for (edge, target) in self.edges(node).filter(|&(_, target)| within(target)) {
                if sought(edge, target) {
                    let mut steps = vec![(node, edge)];
                    let mut at = node;
                    while at != start {
                        let step = from[&at];
                        steps.push(step);
                        at = step.0;
                    }
                    steps.reverse();
                    return Some((steps, target));
                }
                if target != start && !from.contains_key(&target) {
                    from.insert(target, (node, edge));
                    queue.push_back(target);
                }
            }
        }
        None
    }
}
