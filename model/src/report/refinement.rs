//! The visible steps of all configurations of a profile together, against the document: none is missing, and there are no others.

use std::collections::BTreeSet;

use handfast::outcome::Profile;
use serde::Serialize;

use crate::{
    explorer::explore::{Graph, Limits},
    property::{
        documented::{Edge, expected},
        properties::PropertyId,
        visible::see_step,
    },
    report::check::{Checked, Verdict, hardened},
    system::config::{Size, configurations},
};

/// The result of P-DOCUMENTED in all configurations of a profile.
#[derive(Clone, Debug, Serialize)]
pub struct Refinement {
    /// The profile of the daemons.
    pub profile: Profile,
    /// The steps that their clients saw.
    pub found: BTreeSet<Edge>,
    /// The documented edges that were not seen.
    pub missing: BTreeSet<Edge>,
    /// The verdict. The numbers are those of all graphs together.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Refinement {
    /// Puts together what was found where both sides are hardened, or one is and the other hostile.
    pub fn of<'a>(profile: Profile, checked: impl IntoIterator<Item = &'a Checked>) -> Self {
        let mut found = BTreeSet::new();
        let mut verdict = Verdict::Verified { states: 0, edges: 0, depth: 0 };
        for one in checked {
            found.extend(one.visible.iter().copied());
            let rows = one.rows.iter().filter(|row| row.property == PropertyId::Documented);
            for row in rows {
                verdict = and(verdict, &row.verdict);
            }
        }
        let missing: BTreeSet<Edge> = expected(profile).difference(&found).copied().collect();
        if let (true, Some(edge)) = (verdict.is_verified(), missing.first()) {
            verdict = Verdict::unknown(format!("not found: {edge}"));
        }
        Self { profile, found, missing, verdict }
    }
}

/// A violation is one of all; and a pass needs all graphs.
fn and(all: Verdict, one: &Verdict) -> Verdict {
    match (&all, one) {
        (
            Verdict::Verified { states, edges, depth },
            Verdict::Verified { states: more_states, edges: more_edges, depth: other },
        ) => Verdict::Verified { states: states + more_states, edges: edges + more_edges, depth: *depth.max(other) },
        (Verdict::Violated { .. }, _) => all,
        (_, Verdict::Violated { .. }) => one.clone(),
        (Verdict::Verified { .. }, _) => one.clone(),
        (Verdict::NoViolation { .. } | Verdict::Inconclusive { .. }, _) => all,
    }
}

/// Explores the view of the shipped reducers' clients: as a pair, and with the hostile.
pub fn explore(profile: Profile) -> BTreeSet<Edge> {
    let mut found = BTreeSet::new();
    let own = configurations(Size::Small)
        .into_iter()
        .filter(|one| one.profile == profile && !one.cast.has_legacy() && one.clients.is_none());
    for configuration in own {
        let system = hardened(configuration);
        Graph::explore_with(&system, Limits::default(), None, |_, state, action| {
            see_step(&system, state, action, &mut found)
        });
    }
    found
}
