//! How often each engine took each documented edge of the daemons and the clients.

use std::collections::{BTreeMap, BTreeSet};

use handfast::outcome::{Profile, Side};
use handfast_model::{
    check::Checked,
    clients::edges as of_clients,
    counted,
    documented::{self, Edge},
};
use handfast_sim::{
    Plan, Scenario,
    event::{Class, Engine, Schedule, Watch},
    run,
};
use serde::Serialize;

/// Sessions of the event engine of which each step is recorded.
pub(crate) const EVENT_SESSIONS: u64 = 1_000;

/// A machine, as its document draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    /// The states, from the first to the last.
    pub(crate) states: Vec<String>,
    pub(crate) edges: Vec<Covered>,
    /// The engines, and the meaning of the count of each, in the order of [`Covered::counts`].
    pub(crate) engines: Vec<Counted>,
}

/// An engine, and what was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Counted {
    pub(crate) engine: &'static str,
    pub(crate) of: String,
}

/// An edge, and how often each engine took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Covered {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) label: &'static str,
    /// Why it is there, if the document does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    pub(crate) counts: Vec<u64>,
}

/// The steps that clients saw in sessions of the simulators that ran.
#[derive(Default)]
pub(crate) struct Sessions {
    event: Option<Counts>,
    turmoil: Option<Counts>,
}

type Counts = BTreeMap<Edge, u64>;

impl Sessions {
    /// Records sessions of the simulators that are asked for.
    pub(crate) fn record(event: bool, turmoil: bool) -> Self {
        let look = Watch { trace: true, ..Watch::BARE };
        let count = |steps: &mut dyn Iterator<Item = Vec<Edge>>| {
            let mut counts = Counts::new();
            steps.flatten().for_each(|edge| *counts.entry(edge).or_default() += 1);
            counts
        };
        let engine = Engine::shipped();
        let of_event = |seed| documented::of_steps(&engine.run(&Schedule::draw(seed, &Class::ALL), look).steps);
        let of_turmoil = |scenario| documented::of_steps(&run(&Plan::draw(scenario, 0)).steps);
        Self {
            event: event.then(|| count(&mut (0..EVENT_SESSIONS).map(of_event))),
            turmoil: turmoil.then(|| count(&mut Scenario::all().into_iter().map(of_turmoil))),
        }
    }
}

/// The four machines.
pub(crate) fn machines(checked: &[Checked], sessions: &Sessions) -> Vec<Machine> {
    let mut machines: Vec<_> = [Side::Import, Side::Export].map(|side| daemon(side, checked, sessions)).into();
    if !checked.is_empty() {
        let links = of_clients::in_links(Profile::Documented);
        let alone = of_clients::alone();
        machines.extend([Side::Import, Side::Export].map(|side| client(side, &links, &alone)));
    }
    machines
}

fn daemon(side: Side, checked: &[Checked], sessions: &Sessions) -> Machine {
    let all: BTreeSet<Edge> =
        [Profile::Documented, Profile::Jamid].into_iter().flat_map(documented::expected).collect();
    let mut own: Vec<Edge> = all.into_iter().filter(|edge| edge.side == side).collect();
    own.sort_by_key(|edge| (edge.from, edge.to));
    let mut states = vec!["[*]".to_owned()];
    for edge in &own {
        let name = documented::state_name(side, edge.to);
        if !states.contains(&name) {
            states.push(name);
        }
    }
    let rank = |name: &str| own.iter().find(|edge| documented::state_name(side, edge.to) == name).map(|edge| edge.to);
    states.sort_by_key(|name| rank(name));
    let graphs = checked.iter().filter(|one| !one.visible.is_empty()).count();
    let mut engines = vec![Counted { engine: "checker", of: format!("configurations, of {graphs}") }];
    let sample = |engine, sessions| Counted { engine, of: format!("times in {}", counted(sessions, "session")) };
    engines.extend(sessions.event.as_ref().map(|_| sample("event engine", EVENT_SESSIONS)));
    engines.extend(sessions.turmoil.as_ref().map(|_| sample("turmoil", Scenario::all().len() as u64)));
    let edges = own.iter().map(|edge| {
        let by_checker = checked.iter().filter(|one| one.visible.contains(edge)).count() as u64;
        let simulated = [&sessions.event, &sessions.turmoil].into_iter().flatten();
        let profiles = [Profile::Documented, Profile::Jamid];
        Covered {
            from: edge.from.map_or("[*]".into(), |from| documented::state_name(side, from)),
            to: documented::state_name(side, edge.to),
            label: edge.label,
            reason: profiles.into_iter().find_map(|profile| documented::reason(profile, *edge)),
            counts: [by_checker]
                .into_iter()
                .chain(simulated.map(|counts| counts.get(edge).copied().unwrap_or(0)))
                .collect(),
        }
    });
    let name = match side {
        Side::Import => "Daemon, import",
        Side::Export => "Daemon, export",
    };
    Machine { name, states, edges: edges.collect(), engines }
}

fn client(side: Side, links: &BTreeSet<of_clients::Edge>, alone: &BTreeSet<of_clients::Edge>) -> Machine {
    let listed = of_clients::DOCUMENTED.into_iter().chain(of_clients::OTHERS.map(|(edge, _)| edge));
    let own: Vec<_> = listed.filter(|edge| edge.side == side || edge.to == "Initial" && edge.from == "[*]").collect();
    let mut states: Vec<String> = Vec::new();
    for name in own.iter().flat_map(|edge| [edge.from, edge.to]) {
        if !states.iter().any(|known| known == name) {
            states.push(name.into());
        }
    }
    let edges = own.iter().map(|edge| Covered {
        from: edge.from.into(),
        to: edge.to.into(),
        label: edge.label,
        reason: of_clients::reason(edge),
        counts: vec![links.contains(edge).into(), alone.contains(edge).into()],
    });
    let name = match side {
        Side::Import => "Client, import",
        Side::Export => "Client, export",
    };
    let engines = [("checker, in links", "1: walked"), ("checker, alone", "1: walked")];
    let engines = engines.map(|(engine, of)| Counted { engine, of: of.into() }).into();
    Machine { name, states, edges: edges.collect(), engines }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each documented edge of the daemons is in the sample, and no step that no document lists.
    #[test]
    fn a_sample_of_the_event_engine_takes_each_documented_edge() {
        let sessions = Sessions::record(true, false);
        let counts = sessions.event.as_ref().unwrap();
        let missing: Vec<_> = documented::DOCUMENTED.iter().filter(|edge| !counts.contains_key(edge)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let profiles = [Profile::Documented, Profile::Jamid];
        let listed: BTreeSet<Edge> = profiles.into_iter().flat_map(documented::expected).collect();
        let others: Vec<_> = counts.keys().filter(|edge| !listed.contains(edge)).map(ToString::to_string).collect();
        assert_eq!(others, Vec::<String>::new());
        let machines = [Side::Import, Side::Export].map(|side| daemon(side, &[], &sessions));
        let edges = machines.iter().flat_map(|machine| &machine.edges);
        assert!(edges.clone().all(|edge| edge.counts.len() == 2 && edge.counts[0] == 0));
        assert!(edges.filter(|edge| edge.reason.is_none()).all(|edge| edge.counts[1] > 0));
    }
}
