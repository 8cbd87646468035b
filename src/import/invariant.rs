//! The invariants: what each phase of an importer implies.

use super::{Effect, Importer, Link, Phase, Session, Stage};
use crate::{
    limits::{MAX_TRIES, Timer, Timers},
    outcome::{LinkState, Profile, Scheme, Signal},
    reducer::ensure,
    rules::Rules,
};

impl<R: Rules> Importer<R> {
    /// Checks what the phase implies. An importer that ships asserts it after each input in a debug build; the checker asks in each
    /// state.
    ///
    /// # Errors
    /// The line that does not hold.
    pub fn invariant(&self) -> Result<(), &'static str> {
        ensure(self.armed() == self.timers_of_phase(), "the armed timers are those of the phase")?;
        self.queue_is_in_order()?;
        self.admission.invariant()?;
        match self.phase {
            Phase::Idle | Phase::Preparing | Phase::Done { .. } => {
                ensure(self.admission.is_empty(), "connections wait only for a session that can come")?;
            }
            Phase::Waiting { .. } => ensure(self.admission.has_codes_left(), "wrong codes use a token up")?,
            Phase::Linked(stage, session) => {
                ensure(!self.admission.knows(session.conn), "the session's connection waits for no session")?;
                ensure(self.admission.are_all_secured(), "the slot is taken: nothing is secured any more")?;
                session.invariant(stage)?;
                let between = matches!(stage, Stage::Awaiting | Stage::Revealed | Stage::Comparing);
                ensure(!between || self.is_comparing(session), "the users compare where both sides name it")?;
            }
        }
        self.last_signal_fits()
    }

    /// The timers that a phase has (R-TIME-1, R-TIME-3 to R-TIME-5).
    fn timers_of_phase(&self) -> Timers {
        let timers: &[Timer] = match self.phase {
            Phase::Idle | Phase::Linked(Stage::Installing, _) | Phase::Done { link: None, .. } => &[],
            Phase::Preparing => &[Timer::Prepare],
            Phase::Waiting { .. } => &[Timer::Token],
            Phase::Linked(
                Stage::Greeted
                | Stage::Awaiting
                | Stage::Revealed
                | Stage::Comparing
                | Stage::Prompting
                | Stage::Answered,
                _,
            ) => &[Timer::Authenticate],
            Phase::Linked(Stage::Receiving, _) => &[Timer::Stall, Timer::Transfer],
            Phase::Linked(Stage::Checking, _) => &[Timer::Transfer],
            Phase::Done { link: Some(_), .. } => &[Timer::Linger],
        };
        timers.iter().copied().collect()
    }

    /// The last signal is the one of the phase (R-STATE-2).
    fn last_signal_fits(&self) -> Result<(), &'static str> {
        let last = self.last;
        let fits = match self.phase {
            Phase::Idle | Phase::Preparing => last.is_none(),
            Phase::Waiting { connecting: false } => last == Some(Signal::TokenAvailable),
            Phase::Waiting { connecting: true }
            | Phase::Linked(Stage::Greeted | Stage::Awaiting | Stage::Revealed, _) => last == Some(Signal::Connecting),
            Phase::Linked(Stage::Comparing, session) => {
                last == Some(Signal::CompareAccount { peer: session.peer, scheme: session.scheme })
            }
            Phase::Linked(Stage::Prompting, session) => session.is_shown_by(last),
            Phase::Linked(Stage::Answered, session) => match self.config.profile {
                Profile::Documented => session.is_shown_by(last),
                Profile::Jamid => last == Some(Signal::InProgress),
            },
            // An archive after a verdict that strayed comes while the prompt is shown.
            Phase::Linked(Stage::Receiving | Stage::Checking | Stage::Installing, session) => {
                last == Some(Signal::InProgress) || self.config.profile == Profile::Jamid && session.is_shown_by(last)
            }
            Phase::Done { outcome, .. } => last == Some(Signal::Done(outcome)),
        };
        ensure(fits, "the last signal is the one of the phase")
    }

    /// Nothing is queued after the end of the channel, or after DONE, that belongs before it (R-STATE-2, R-EXT-3).
    fn queue_is_in_order(&self) -> Result<(), &'static str> {
        let (mut ended, mut done) = (false, false);
        for effect in self.out.queued() {
            match effect {
                Effect::Send(..) | Effect::End(_) if ended => {
                    return Err("nothing is sent after the end of the channel");
                }
                Effect::Signal(_) if done => return Err("nothing is signalled after DONE"),
                Effect::End(_) => ended = true,
                Effect::Signal(signal) => done = signal.state() == LinkState::Done,
                Effect::Publish
                | Effect::Withdraw
                | Effect::Accept(_)
                | Effect::Refuse(_)
                | Effect::Close(_)
                | Effect::AcceptChannel(_)
                | Effect::DeclineChannel(_)
                | Effect::Send(..)
                | Effect::Arm(_)
                | Effect::Disarm(_)
                | Effect::Stage(_)
                | Effect::Check
                | Effect::Install
                | Effect::Discard
                | Effect::Remove => {}
            }
        }
        Ok(())
    }
}

impl Session {
    /// Checks what a stage implies of its session.
    fn invariant(&self, stage: Stage) -> Result<(), &'static str> {
        ensure(
            (stage == Stage::Greeted) == self.features.is_none(),
            "the user is asked after `authScheme`, and not before",
        )?;
        ensure(self.prompts <= MAX_TRIES, "prompts are limited")?;
        ensure((stage < Stage::Prompting) == (self.prompts == 0), "a prompt is shown from `authScheme` on")?;
        ensure(self.prompts < 2 || self.scheme == Scheme::Password, "only a wrong password is asked for again")?;
        // The answer of the prompt before stays until the next one is given.
        let answered = stage >= Stage::Answered || stage == Stage::Prompting && self.prompts > 1;
        ensure(answered == self.answer.is_some(), "an archive, and another prompt, follow an answer")?;
        ensure(self.link == Link::Open || stage >= Stage::Checking, "only a complete archive outlives its link")?;
        ensure(!self.remove || stage == Stage::Installing, "a removal waits only for an install")
    }

    /// Whether this signal shows the session's prompt.
    fn is_shown_by(&self, signal: Option<Signal>) -> bool {
        let Some(Signal::Prompt { peer, scheme, wrong_password }) = signal else { return false };
        (peer, scheme, wrong_password) == (self.peer, self.scheme, self.prompts > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        import::{Ask, Check, Input},
        message::{Features, ImportResult, Message, Slot},
        outcome::{AccountId, Outcome},
        reducer::{Config, ConnId},
    };

    const CONN: ConnId = ConnId(1);
    const PEER: AccountId = AccountId([7; 20]);

    /// An importer after so many of the steps of a link.
    fn after(steps: usize) -> Importer {
        let mut importer = Importer::new(Config::default());
        let opened = |conn| Input::ConnectionOpened { conn, presented: Some(PEER), verified: true };
        let all = [
            Input::AddAccount,
            Input::Published,
            Input::ConnectionRequested(CONN),
            opened(CONN),
            Input::ChannelRequested(CONN, Ask::Right),
            Input::Message(CONN, Message::AuthScheme(Scheme::Password, Features::ALL)),
            Input::ProvideAccountAuthentication(Slot(1), Scheme::Password),
            Input::ArchiveBegan(CONN),
            Input::ArchiveComplete(CONN),
            Input::Checked(Check::Sound(PEER)),
            Input::Installed(true),
            Input::ChannelEnded(CONN),
        ];
        for &input in &all[..steps] {
            importer.handle(input).unwrap();
            while importer.poll_effect().is_some() {}
            assert_eq!(importer.invariant(), Ok(()), "{input:?}");
        }
        importer
    }

    /// Returns the line that is broken after one part of an importer is changed.
    fn found(steps: usize, change: impl FnOnce(&mut Importer)) -> Result<(), &'static str> {
        let mut importer = after(steps);
        change(&mut importer);
        importer.invariant()
    }

    fn session(importer: &mut Importer) -> &mut Session {
        let Phase::Linked(_, session) = &mut importer.phase else { panic!("no session") };
        session
    }

    /// A timer too many and a timer too few are found in every phase.
    #[test]
    fn a_timer_of_another_phase_is_found() {
        for steps in 0..=12 {
            for timer in Timer::ALL {
                let changed = found(steps, |importer| {
                    if importer.armed().contains(timer) { importer.out.disarm(timer) } else { importer.out.arm(timer) }
                });
                assert_eq!(changed, Err("the armed timers are those of the phase"), "{steps} {timer:?}");
            }
        }
    }

    #[test]
    fn a_signal_of_another_phase_is_found() {
        for steps in 0..=12 {
            let changed = found(steps, |importer| importer.last = Some(Signal::Done(Outcome::Peer)));
            assert_eq!(changed, Err("the last signal is the one of the phase"), "{steps}");
        }
        let other = Signal::Prompt { peer: AccountId([8; 20]), scheme: Scheme::Password, wrong_password: false };
        assert!(found(6, |importer| importer.last = Some(other)).is_err());
    }

    /// Only an archive after a verdict that strayed, which is of the jamid profile, comes while the prompt is shown (R-IMP-9).
    #[test]
    fn a_prompt_that_is_shown_while_the_archive_comes_is_found() {
        let prompt = Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: false };
        let why = Err("the last signal is the one of the phase");
        for steps in 8..=10 {
            for (profile, signal, fits) in [
                (Profile::Documented, prompt, why),
                (Profile::Jamid, prompt, Ok(())),
                (Profile::Documented, Signal::Connecting, why),
                (Profile::Jamid, Signal::Connecting, why),
                (Profile::Jamid, Signal::InProgress, Ok(())),
            ] {
                let changed = found(steps, |importer| {
                    importer.config.profile = profile;
                    importer.last = Some(signal);
                });
                assert_eq!(changed, fits, "{steps} {profile:?} {signal:?}");
            }
        }
    }

    #[test]
    fn what_is_queued_after_an_end_is_found() {
        let end = |importer: &mut Importer| importer.out.push(Effect::End(CONN));
        let say = |importer: &mut Importer| {
            importer.out.push(Effect::Send(CONN, Message::ImportResult(ImportResult::Stored)))
        };
        let after_end = Err("nothing is sent after the end of the channel");
        assert_eq!(
            found(8, |importer| {
                say(importer);
                end(importer)
            }),
            Ok(())
        );
        assert_eq!(
            found(8, |importer| {
                end(importer);
                say(importer)
            }),
            after_end
        );
        assert_eq!(
            found(8, |importer| {
                end(importer);
                end(importer)
            }),
            after_end
        );
        let done = |importer: &mut Importer| importer.out.push(Effect::Signal(Signal::Done(Outcome::SUCCESS)));
        assert_eq!(
            found(12, |importer| {
                done(importer);
                done(importer)
            }),
            Err("nothing is signalled after DONE")
        );
    }

    #[test]
    fn a_session_that_does_not_fit_its_stage_is_found() {
        type Change = fn(&mut Session);
        let wrong: [(usize, &str, Change); 9] = [
            (5, "the user is asked after `authScheme`, and not before", |one| one.features = Some(Features::ALL)),
            (6, "the user is asked after `authScheme`, and not before", |one| one.features = None),
            (6, "prompts are limited", |one| one.prompts = MAX_TRIES + 1),
            (5, "a prompt is shown from `authScheme` on", |one| one.prompts = 1),
            (8, "an archive, and another prompt, follow an answer", |one| one.answer = None),
            (6, "an archive, and another prompt, follow an answer", |one| one.answer = Some(Slot(1))),
            (8, "only a complete archive outlives its link", |one| one.link = Link::Lost),
            (9, "a removal waits only for an install", |one| one.remove = true),
            (8, "only a wrong password is asked for again", |one| (one.prompts, one.scheme) = (2, Scheme::None)),
        ];
        for (steps, why, change) in wrong {
            assert_eq!(found(steps, |importer| change(session(importer))), Err(why), "{steps}");
        }
    }

    #[test]
    fn connections_that_wait_for_nothing_are_found() {
        let candidate = |importer: &Importer| importer.admission.clone();
        let waiting = candidate(&after(3));
        let secured = candidate(&after(4));
        let why = Err("connections wait only for a session that can come");
        assert_eq!(found(1, |importer| importer.admission = waiting.clone()), why);
        assert_eq!(found(12, |importer| importer.admission = secured.clone()), why);
        let why = Err("the session's connection waits for no session");
        assert_eq!(found(5, |importer| importer.admission = secured.clone()), why);
        let why = Err("the slot is taken: nothing is secured any more");
        assert_eq!(
            found(5, |importer| {
                importer.admission = waiting.clone();
                session(importer).conn = ConnId(2);
            }),
            why
        );
    }
}
