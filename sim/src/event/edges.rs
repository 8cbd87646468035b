//! The edges of the model that sessions walk: what a guided sweep is guided by.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A set of edges, by the upper half of their fingerprints. Of a hundred thousand edges about one shares its own with another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Edges(BTreeSet<u32>);

impl Edges {
    /// Notes edges by their fingerprints.
    pub fn note(&mut self, fingerprints: &[u64]) {
        self.0.extend(fingerprints.iter().map(|fingerprint| (fingerprint >> 32) as u32));
    }

    /// Adds the edges of another part.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the number of edges.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, as in a sweep that does not note them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
