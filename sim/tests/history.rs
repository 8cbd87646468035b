//! Real bugs of old daemons that the model has no place for, put back below the messages (`docs/history.md`).

use handfast_model::config::Cast;
use handfast_sim::event::{Class, Engine, Law, Schedule, Sessions, Way, broken};

const PAIRS: [Cast; 2] = [Cast::HL, Cast::LH];

/// H-4. Cut anywhere, or not at all, an honest pair succeeds without the defect, and not cut it succeeds with it.
#[test]
fn a_message_that_is_cut_between_two_reads_ends_an_honest_link() {
    for cast in PAIRS {
        for cut in [0, 1, 2, 7, 30] {
            let schedule = Schedule { cut, ..Schedule::default() };
            assert_eq!(broken(&Engine::of(cast), &schedule), None, "{cast}, {cut}");
            let with = (cut > 0).then_some(Law::Honest);
            assert_eq!(broken(&Engine::unpacking_once(cast), &schedule), with, "{cast}, {cut}");
        }
    }
}

/// H-4 is found in schedules that are drawn, too.
#[test]
fn drawn_schedules_cut_messages() {
    for cast in PAIRS {
        let engine = Engine::unpacking_once(cast);
        let classes: Vec<_> = Class::ALL.into_iter().filter(|class| class.is_of(cast)).collect();
        let mut sessions = Sessions::new(&engine, Way::Blind, 0, &classes);
        let found = (0..2000).find_map(|_| sessions.carry_out(handfast_sim::event::Watch::BARE).1.broken);
        assert_eq!(found.map(|broken| broken.law), Some(Law::Honest), "{cast}");
    }
}
