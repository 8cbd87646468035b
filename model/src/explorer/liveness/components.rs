//! Strongly connected components, by Tarjan's algorithm in the form of Pearce (2016): one number for each node, and no recursion.

use crate::explorer::explore::Graph;

struct Frame {
    node: u32,
    /// How many of its edges were looked at.
    looked: u32,
    /// Nothing after it leads farther back.
    root: bool,
}

/// Finds the strongly connected components of the part of a graph that `inside` has: `found` gets the nodes of each, and
/// whether a node is one of them.
pub(super) fn components(
    graph: &Graph,
    inside: impl Fn(u32) -> bool,
    mut found: impl FnMut(&[u32], &dyn Fn(u32) -> bool),
) {
    // 0: not seen. From below: when it was seen, or the earliest that it leads back to. From above: its component.
    let mut numbers = vec![0u32; graph.states()];
    let (mut seen, mut component) = (0, u32::MAX);
    let mut frames: Vec<Frame> = Vec::new();
    let mut stack: Vec<u32> = Vec::new();
    for start in 0..graph.states() as u32 {
        if !inside(start) || numbers[start as usize] != 0 {
            continue;
        }
        let mut enter = Some(start);
        loop {
            if let Some(node) = enter.take() {
                seen += 1;
                numbers[node as usize] = seen;
                frames.push(Frame { node, looked: 0, root: true });
            }
            let Some(frame) = frames.last_mut() else { break };
            let node = frame.node;
            if let Some(&target) = graph.successors(node).get(frame.looked as usize) {
                let number = numbers[target as usize];
                if inside(target) && number == 0 {
                    // Once it is done, the same edge is looked at again.
                    enter = Some(target);
                    continue;
                }
                if inside(target) && number < numbers[node as usize] {
                    numbers[node as usize] = number;
                    frame.root = false;
                }
                frame.looked += 1;
                continue;
            }
            let root = frame.root;
            frames.pop();
            stack.push(node);
            if root {
                let own = numbers[node as usize];
                let first = stack.iter().rposition(|&other| numbers[other as usize] < own).map_or(0, |at| at + 1);
                for &member in &stack[first..] {
                    numbers[member as usize] = component;
                }
                found(&stack[first..], &|other| numbers[other as usize] == component);
                stack.truncate(first);
                component -= 1;
            }
        }
    }
}
