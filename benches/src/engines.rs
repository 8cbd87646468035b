//! Whole sessions of the simulator's engines.

use handfast_sim::{
    Plan, Scenario,
    event::{Class, Engine, Schedule, Watch},
};

/// Seeds of the event engine that run in one measurement.
pub const SEEDS: u64 = 2_000;
/// Sessions of turmoil that run in one measurement: enough for the rare long archive to be as rare as it is in a sweep.
pub const SESSIONS: u64 = 512;

/// Draws schedules with all kinds of faults.
pub fn schedules(count: u64) -> Vec<Schedule> {
    (0..count).map(|seed| Schedule::draw(seed, &Class::ALL)).collect()
}

/// Carries schedules out with the shipped reducers. Gives the steps that broke a law: none.
pub fn carry_out(schedules: &[Schedule], watch: Watch) -> usize {
    let engine = Engine::shipped();
    let broken = schedules.iter().filter(|schedule| engine.run(schedule, watch).broken.is_some()).count();
    assert_eq!(broken, 0, "no law is broken");
    schedules.len()
}

/// Draws sessions of the shell in which nothing goes wrong.
pub fn plans(count: u64) -> Vec<Plan> {
    (0..count).map(|seed| Plan::draw(Scenario::NoFault, seed)).collect()
}

/// Carries them out in `turmoil`.
pub fn simulate(plans: &[Plan]) -> usize {
    for plan in plans {
        let run = handfast_sim::run(plan);
        assert!(run.violations.is_empty() && run.reached, "no rule is broken");
    }
    plans.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_come_to_their_end() {
        assert_eq!(carry_out(&schedules(50), Watch::ALL), 50);
        assert_eq!(simulate(&plans(2)), 2);
    }
}
