//! Guided campaigns: what they come to follows from their seed alone, and they walk more of the model than blind ones.

use handfast_sim::event::{Class, Edges, Engine, Found, Mutant, Sessions, Watch, Way, guided};

const SESSIONS: u64 = 1500;

fn campaign(seeds: std::ops::Range<u64>) -> Found {
    guided(&Engine::shipped(), seeds, &Class::ALL, Watch::GUIDED)
}

fn edges(way: Way, seed: u64) -> usize {
    let engine = Engine::shipped();
    let mut sessions = Sessions::new(&engine, way, seed, &Class::ALL);
    let mut edges = Edges::default();
    for _ in 0..SESSIONS {
        let (schedule, ran) = sessions.carry_out(Watch::GUIDED);
        assert_eq!(ran.broken, None, "{schedule}");
        edges.note(&ran.edges);
    }
    edges.count()
}

#[test]
fn they_walk_more_of_the_model() {
    let [blind, guided] = [Way::Blind, Way::Guided].map(|way| edges(way, 0));
    assert!(2 * guided > 3 * blind, "{guided} edges, and {blind} blind");
}

#[test]
fn equal_seeds_give_equal_campaigns() {
    let one = campaign(7..107);
    assert_eq!(one, campaign(7..107));
    assert_ne!(one.edges, campaign(8..108).edges);
    assert_eq!((one.sessions, one.broken), (100, 0));
}

/// A campaign that was cut is the beginning of the whole one: the last session of a violation's campaign is the violation's.
#[test]
fn a_longer_campaign_begins_alike() {
    let sessions = |count: usize| {
        let engine = Engine::shipped();
        let mut sessions = Sessions::new(&engine, Way::Guided, 3, &Class::ALL);
        (0..count).map(|_| sessions.carry_out(Watch::GUIDED).0).collect::<Vec<_>>()
    };
    let (few, many) = (sessions(60), sessions(120));
    assert_eq!(few, many[..60]);
    assert!(many[60..].iter().any(|schedule| !few.contains(schedule)));
}

/// As parts of a sweep they add up in any order, and what is written is read back.
#[test]
fn campaigns_add_up() {
    let parts = [campaign(0..50), campaign(1 << 14..(1 << 14) + 50)];
    let [mut one, mut other] = [Found::default(), Found::default()];
    parts.iter().for_each(|part| one.merge(part.clone()));
    parts.iter().rev().for_each(|part| other.merge(part.clone()));
    assert_eq!(one, other);
    assert!(one.edges.count() > parts[0].edges.count().max(parts[1].edges.count()));
    assert_eq!(serde_json::from_str::<Found>(&serde_json::to_string(&one).unwrap()).unwrap(), one);
}

/// A blind sweep notes no edges, and its results are written as ever.
#[test]
fn a_blind_sweep_has_no_edges() {
    let found = handfast_sim::event::block(&Engine::shipped(), 0..10, &Class::ALL, Watch::SWEEP);
    assert!(found.edges.is_empty());
    assert!(!serde_json::to_string(&found).unwrap().contains("edges"));
}

#[test]
fn a_mutant_is_hunted_by_either_way() {
    let mutant = Mutant::find("M-29").unwrap();
    for way in [Way::Blind, Way::Guided] {
        let kill = mutant.hunt(way, 0..3000).unwrap();
        assert_eq!(mutant.hunt(way, 0..kill.seeds).unwrap(), kill, "{way:?}");
        assert_eq!(mutant.hunt(way, 0..kill.seeds - 1), None, "{way:?}");
    }
}
