//! The invariants: what each phase of an exporter implies.

use super::{Attempt, Comparing, Effect, Exporter, Password, Phase, Rest, Session, Stage};
use crate::{
    limits::{MAX_TRIES, Timer, Timers},
    message::Word,
    outcome::{LinkState, Outcome, Profile, Signal},
    reducer::ensure,
    rules::Rules,
};

impl<R: Rules> Exporter<R> {
    /// Checks what the phase implies. An exporter that ships asserts it after each input in a debug build; the checker asks in each
    /// state.
    ///
    /// # Errors
    /// The line that does not hold.
    pub fn invariant(&self) -> Result<(), &'static str> {
        ensure(self.armed() == self.timers_of_phase(), "the armed timers are those of the phase")?;
        ensure(self.last_signal_fits(), "the last signal is the one of the phase")?;
        self.queue_is_in_order()?;
        match self.phase {
            Phase::Idle | Phase::Connecting(_) => Ok(()),
            Phase::Linked(stage, session) => self.session_fits(stage, session),
            Phase::Done { outcome, rest } => {
                let word = match rest {
                    Rest::Requested(word) => Some(word),
                    Rest::Nothing | Rest::Link => None,
                };
                let due = match outcome {
                    Outcome::Canceled { sent: false } => Some(Word::Canceled),
                    Outcome::Timeout => Some(Word::Timeout),
                    Outcome::Success { .. }
                    | Outcome::Network
                    | Outcome::Authentication
                    | Outcome::Canceled { sent: true }
                    | Outcome::Mismatch
                    | Outcome::Protocol
                    | Outcome::Storage
                    | Outcome::Peer => None,
                };
                ensure(word.is_none() || word == due, "a late ACCEPT is answered with the reason of the end")
            }
        }
    }

    /// The timers that a phase has (R-TIME-2 to R-TIME-5, R-EXP-12).
    fn timers_of_phase(&self) -> Timers {
        let timers: &[Timer] = match self.phase {
            Phase::Idle | Phase::Done { rest: Rest::Nothing, .. } => &[],
            Phase::Connecting(Attempt::Begun | Attempt::Requested) => &[Timer::Connect],
            Phase::Connecting(Attempt::Failed) => &[Timer::Connect, Timer::Retry],
            Phase::Linked(Stage::Authenticating, _) => &[Timer::Authenticate],
            Phase::Linked(Stage::Sending, _) => &[Timer::Stall, Timer::Transfer],
            Phase::Linked(Stage::Sent, _) => &[Timer::Result],
            Phase::Done { rest: Rest::Requested(_) | Rest::Link, .. } => &[Timer::Linger],
        };
        timers.iter().copied().collect()
    }

    /// The last signal is the one of the phase (R-STATE-2).
    fn last_signal_fits(&self) -> bool {
        let last = self.last;
        match self.phase {
            Phase::Idle => last.is_none(),
            Phase::Connecting(_) => last == Some(Signal::Connecting),
            Phase::Linked(Stage::Authenticating, _) if self.address.is_some() => last == Some(Signal::Connecting),
            Phase::Linked(Stage::Authenticating, session) => match session.comparing {
                Comparing::Off => matches!(last, Some(Signal::Confirm { .. })),
                Comparing::Committed => false,
                Comparing::Shown | Comparing::Equal => matches!(last, Some(Signal::CompareDevice { .. })),
            },
            Phase::Linked(Stage::Sending | Stage::Sent, _) => last == Some(Signal::InProgress),
            Phase::Done { outcome, .. } => last == Some(Signal::Done(outcome)),
        }
    }

    /// Checks what a stage implies of its session (R-EXP-4 to R-EXP-9).
    fn session_fits(&self, stage: Stage, session: Session) -> Result<(), &'static str> {
        let Session { features, confirmed, asked, password, tries, comparing } = session;
        let due =
            features.is_some() && (confirmed || !comparing.is_off() || self.config.profile == Profile::Documented);
        let compares = features.is_some_and(|features| self.compares_with(features));
        ensure(compares != comparing.is_off(), "the users compare where both sides name it")?;
        ensure(
            comparing.is_off() || confirmed == (comparing == Comparing::Equal),
            "a device is confirmed by equal strings where they are compared",
        )?;
        let unasked = self.config.features.sas && (features.is_none() || comparing == Comparing::Committed);
        ensure(self.address.is_some() == unasked, "the user is asked once it is known what to ask")?;
        ensure(asked == due, "`authScheme` is out once it is due")?;
        ensure(tries < MAX_TRIES, "tries are limited")?;
        ensure(tries == 0 || confirmed, "a password is tried after the user confirmed")?;
        match password {
            Password::None => {}
            Password::Kept(_) => ensure(asked && !confirmed, "a password is kept until the user confirms")?,
            Password::Trying(_) => ensure(asked && confirmed, "a password is tried after the user confirmed")?,
        }
        let opened = confirmed && asked && password == Password::None;
        ensure(stage == Stage::Authenticating || opened, "the archive goes out after a password that opens it")
    }

    /// Nothing is queued after the end of the channel, or after DONE, that belongs before it (R-STATE-2, R-EXT-3).
    fn queue_is_in_order(&self) -> Result<(), &'static str> {
        let (mut ended, mut done) = (false, false);
        for effect in self.out.queued() {
            match effect {
                Effect::Send(_) | Effect::SendArchive | Effect::End if ended => {
                    return Err("nothing is sent after the end of the channel");
                }
                Effect::Signal(_) if done => return Err("nothing is signalled after DONE"),
                Effect::End => ended = true,
                Effect::Signal(signal) => done = signal.state() == LinkState::Done,
                Effect::Connect
                | Effect::RequestChannel
                | Effect::Send(_)
                | Effect::Open(_)
                | Effect::SendArchive
                | Effect::Close
                | Effect::Arm(_)
                | Effect::Disarm(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        export::{Input, Tried},
        message::{Features, ImportResult, Message, Slot},
        outcome::Scheme,
        reducer::Config,
    };

    /// An exporter after so many of the steps of a link.
    fn after(steps: usize) -> Exporter {
        let mut exporter = Exporter::new(Config::default());
        let all = [
            Input::AddDevice(Scheme::Password),
            Input::Opened { pinned: true },
            Input::Accepted { peer_address: ([192, 0, 2, 7], 4711).into() },
            Input::Message(Message::Hello(Features::ALL)),
            Input::Message(Message::Password(Slot(1))),
            Input::ConfirmAddDevice,
            Input::Tried(Slot(1), Tried::Opened),
            Input::HandedOver,
            Input::Message(Message::ImportResult(ImportResult::Stored)),
            Input::Ended,
        ];
        for &input in &all[..steps] {
            exporter.handle(input).unwrap();
            while exporter.poll_effect().is_some() {}
            assert_eq!(exporter.invariant(), Ok(()), "{input:?}");
        }
        exporter
    }

    /// Returns the line that is broken after one part of an exporter is changed.
    fn found(steps: usize, change: impl FnOnce(&mut Exporter)) -> Result<(), &'static str> {
        let mut exporter = after(steps);
        change(&mut exporter);
        exporter.invariant()
    }

    /// A timer too many and a timer too few are found in every phase.
    #[test]
    fn a_timer_of_another_phase_is_found() {
        for steps in 0..=10 {
            for timer in Timer::ALL {
                let changed = found(steps, |exporter| {
                    if exporter.armed().contains(timer) { exporter.out.disarm(timer) } else { exporter.out.arm(timer) }
                });
                assert_eq!(changed, Err("the armed timers are those of the phase"), "{steps} {timer:?}");
            }
        }
    }

    #[test]
    fn a_signal_of_another_phase_is_found() {
        for steps in 0..=10 {
            let changed = found(steps, |exporter| exporter.last = Some(Signal::Done(Outcome::Peer)));
            assert_eq!(changed, Err("the last signal is the one of the phase"), "{steps}");
        }
    }

    #[test]
    fn a_session_that_does_not_fit_its_stage_is_found() {
        type Change = fn(&mut Session);
        let wrong: [(usize, &str, Change); 10] = [
            (3, "`authScheme` is out once it is due", |one| one.asked = true),
            (4, "`authScheme` is out once it is due", |one| one.asked = false),
            (6, "`authScheme` is out once it is due", |one| one.asked = false),
            (6, "tries are limited", |one| one.tries = MAX_TRIES),
            (4, "a password is tried after the user confirmed", |one| one.tries = 1),
            (6, "a password is tried after the user confirmed", |one| one.confirmed = false),
            (6, "a password is kept until the user confirms", |one| one.password = Password::Kept(Slot(1))),
            (3, "a password is kept until the user confirms", |one| one.password = Password::Kept(Slot(1))),
            (7, "the archive goes out after a password that opens it", |one| one.confirmed = false),
            (7, "the archive goes out after a password that opens it", |one| one.password = Password::Trying(Slot(1))),
        ];
        for (steps, why, change) in wrong {
            let changed = found(steps, |exporter| {
                let Phase::Linked(_, session) = &mut exporter.phase else { panic!("no session: {exporter:?}") };
                change(session);
            });
            assert_eq!(changed, Err(why), "{steps}");
        }
    }

    #[test]
    fn another_reason_for_a_late_accept_is_found() {
        let mut exporter = after(2);
        exporter.handle(Input::CancelAddDevice).unwrap();
        while exporter.poll_effect().is_some() {}
        assert_eq!(exporter.invariant(), Ok(()));
        let Phase::Done { rest, .. } = &mut exporter.phase else { panic!("it has ended") };
        assert_eq!(*rest, Rest::Requested(Word::Canceled));
        *rest = Rest::Requested(Word::Timeout);
        assert_eq!(exporter.invariant(), Err("a late ACCEPT is answered with the reason of the end"));
    }

    #[test]
    fn what_is_queued_after_an_end_is_found() {
        let queue =
            |effects: &[Effect]| found(8, |exporter| effects.iter().for_each(|&effect| exporter.out.push(effect)));
        let (say, end) = (Effect::Send(Message::State(Word::Timeout)), Effect::End);
        let after_end = Err("nothing is sent after the end of the channel");
        assert_eq!(queue(&[say, end]), Ok(()));
        for late in [say, end, Effect::SendArchive] {
            assert_eq!(queue(&[end, late]), after_end);
        }
        let done = Effect::Signal(Signal::Done(Outcome::Timeout));
        assert_eq!(queue(&[done, done]), Err("nothing is signalled after DONE"));
    }
}
