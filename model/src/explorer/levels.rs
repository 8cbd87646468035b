//! How large a graph is, level by level.

use std::fmt;

use serde::Serialize;

use crate::explorer::explore::Graph;

/// States and edges of each level of a graph: those that are as many steps away, and the steps that begin there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Levels(Vec<[usize; 2]>);

impl Levels {
    /// Those of a graph.
    pub fn of(graph: &Graph) -> Self {
        let mut levels: Vec<[usize; 2]> = Vec::new();
        graph.each_level(|level, edges| {
            if levels.len() <= level {
                levels.resize(level + 1, [0, 0]);
            }
            levels[level][0] += 1;
            levels[level][1] += edges;
        });
        Self(levels)
    }

    /// Reads what was printed.
    pub fn parse(text: &str) -> Option<Self> {
        let level = |pair: &str| {
            let (states, edges) = pair.split_once('/')?;
            Some([states.parse().ok()?, edges.parse().ok()?])
        };
        text.split(' ').map(level).collect::<Option<_>>().map(Self)
    }

    /// How many levels there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// States and edges of a level; none where it has none.
    pub fn at(&self, level: usize) -> [usize; 2] {
        self.0.get(level).copied().unwrap_or_default()
    }

    /// States and edges in all.
    pub fn sum(&self) -> [usize; 2] {
        self.0.iter().fold([0, 0], |[states, edges], level| [states + level[0], edges + level[1]])
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, [states, edges]) in self.0.iter().enumerate() {
            write!(f, "{}{states}/{edges}", if number > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let levels = Levels(vec![[1, 2], [2, 3], [1, 0]]);
        assert_eq!(levels.to_string(), "1/2 2/3 1/0");
        assert_eq!(Levels::parse("1/2 2/3 1/0"), Some(levels.clone()));
        assert_eq!((levels.sum(), levels.at(1), levels.at(3)), ([4, 5], [2, 3], [0, 0]));
        for text in ["", "1", "1/x", "1/2  2/3"] {
            assert_eq!(Levels::parse(text), None, "{text}");
        }
    }
}
