//! Users who compare the two screens, in the event engine (R-SAS-1 to R-SAS-9): both, one, with accidents, and with hostile peers.

use std::num::NonZeroUsize;

use handfast::{
    export, import,
    outcome::{Outcome, Profile, Scheme, Side},
    trace::Turn,
};
use handfast_sim::{
    event::{Act, Class, Compare, Device, Engine, Mutant, Ran, Schedule, Sweep, Watch, sweep},
    replay,
};

fn schedule(profile: Profile, scheme: Scheme, sas: Compare) -> Schedule {
    Schedule { profile, scheme, sas: Some(sas), ..Schedule::default() }
}

fn all(sas: Compare) -> Vec<Schedule> {
    let profiles = [Profile::Documented, Profile::Jamid];
    let schemes = [Scheme::None, Scheme::Password];
    profiles.into_iter().flat_map(|profile| schemes.map(|scheme| schedule(profile, scheme, sas))).collect()
}

/// Runs it; no law may be broken, and its trace replays on fresh reducers.
fn run(schedule: &Schedule) -> Ran {
    let ran = Engine::shipped().run(schedule, Watch::ALL);
    assert_eq!(ran.broken, None, "{schedule}");
    replay(schedule.config(Side::Import), schedule.config(Side::Export), &ran.steps).unwrap();
    ran
}

fn installs_or_sends(ran: &Ran) -> bool {
    ran.steps.iter().any(|step| match &step.turn {
        Turn::Import { effects, .. } => effects.contains(&import::Effect::Install),
        Turn::Export { effects, .. } => effects.contains(&export::Effect::SendArchive),
    })
}

#[test]
fn users_who_see_the_same_link() {
    for schedule in all(Compare::default()) {
        let ran = run(&schedule);
        assert_eq!(ran.outcomes(), (Some(Outcome::SUCCESS), Some(Outcome::SUCCESS)), "{schedule}");
        assert_eq!(ran.classes, [Class::Compared]);
        assert!(ran.trace().lines().next().unwrap().contains("sas"));
    }
}

/// R-SAS-7: either user who sees a difference ends both, and nothing moves.
#[test]
fn a_difference_ends_both() {
    for side in [Side::Import, Side::Export] {
        for schedule in all(Compare { differs: Some(side), ..Compare::default() }) {
            let ran = run(&schedule);
            assert_eq!(ran.outcomes(), (Some(Outcome::Mismatch), Some(Outcome::Mismatch)), "{schedule}");
            assert!(!installs_or_sends(&ran), "{schedule}");
        }
    }
}

/// R-SAS-1: where one side alone can compare, the link is as without.
#[test]
fn one_that_can_compare_links_with_one_that_cannot() {
    for side in [Side::Import, Side::Export] {
        for schedule in all(Compare { alone: Some(side), ..Compare::default() }) {
            let ran = run(&schedule);
            assert_eq!(ran.outcomes(), (Some(Outcome::SUCCESS), Some(Outcome::SUCCESS)), "{schedule}");
            assert!(ran.classes.is_empty());
        }
    }
}

/// A campaign breaks no law, and every class of faults happens in it; hostile peers come as far as the users' answer.
#[test]
fn a_campaign_of_comparisons_finds_nothing() {
    let jobs = NonZeroUsize::new(2).unwrap();
    let options = Sweep { seeds: 0..8_000, classes: Class::WITH_SAS.to_vec(), jobs, ..Sweep::default() };
    let found = sweep(&Engine::shipped(), &options, &|_| {});
    assert_eq!((found.broken, found.violations.first()), (0, None));
    assert_eq!(found.never(&options.classes).collect::<Vec<_>>(), []);
    assert!(found.fired[&Class::Compared] > 2_000, "{:?}", found.fired);
    let ended = |import, export| found.ends.get(&(import, export)).copied().unwrap_or_default();
    assert!(ended(Some(Outcome::Mismatch), Some(Outcome::Mismatch)) > 100, "{:?}", found.ends);
    assert!(ended(None, Some(Outcome::Mismatch)) > 10, "{:?}", found.ends);
    assert!(ended(Some(Outcome::Mismatch), None) > 10, "{:?}", found.ends);
}

/// Schedules of campaigns without comparisons are as if there were none.
#[test]
fn a_campaign_without_comparisons_has_none() {
    for seed in 0..2_000 {
        let (without, with) = (Schedule::draw(seed, &Class::ALL), Schedule::draw(seed, &Class::WITH_SAS));
        assert!(without.sas.is_none() && with.sas.is_some());
        assert_eq!(without.to_string().find("sas"), None);
        let users = |one: &Schedule| (one.profile, one.scheme, one.think, one.latency, one.wrong);
        assert_eq!(users(&without), users(&with));
    }
}

/// Each mutant of a comparison is found in few sessions.
#[test]
fn every_mutant_of_a_comparison_is_found() {
    for id in ["M-60", "M-61", "M-62", "M-63", "M-64"] {
        let kill = Mutant::find(id).unwrap().hunt(handfast_sim::event::Way::Blind, 0..100);
        let kill = kill.unwrap_or_else(|| panic!("{id} survives"));
        assert!(kill.schedule.sas.is_some(), "{id}: {}", kill.schedule);
    }
}

/// W-12 in a schedule: a hostile device that leaves the comparison out has the archive, and one that takes part has a user who sees
/// another string (R-SAS-7).
#[test]
fn a_hostile_device_that_compares_gets_nothing() {
    // The numbers: hello with `sas`, and the nonce, among the words of a comparison.
    let compares = [Act::Compare(3), Act::Compare(14)];
    let device = |acts: &[Act]| {
        let acts = [&[Act::Secure(true), Act::Answer(true)], acts, &[Act::Password(true), Act::Wait(60_000)]].concat();
        Some(Device { every: 20, acts })
    };
    let sas = Some(Compare { differs: Some(Side::Export), ..Compare::default() });
    for (acts, sas, sends) in [
        (&[Act::Say(0)][..], None, true),
        // The exporter has the feature, and the device leaves it out: the user confirms with nothing to compare (R-SAS-9).
        (&[Act::Say(0)][..], Some(Compare::default()), true),
        (&compares, sas, false),
        // A user who does not look is no protection.
        (&compares, Some(Compare::default()), true),
    ] {
        let ran = run(&Schedule { device: device(acts), sas, ..Schedule::default() });
        assert_eq!(installs_or_sends(&ran), sends, "{:?}", ran.outcomes());
        assert_eq!(ran.outcomes().1 == Some(Outcome::Mismatch), !sends);
    }
}
