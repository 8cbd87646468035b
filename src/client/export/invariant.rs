//! The invariants: what each phase of the old device's client implies.

use super::{Client, Effect, Operation, Phase, Stage};
use crate::{
    client::{Failure, Reply},
    operations::OpId,
    reducer::ensure,
    rules::Rules,
};

impl<R: Rules> Client<R> {
    /// Checks what the phase implies. A client that ships asserts it after each input in a debug build; the checker asks in each state.
    ///
    /// # Errors
    /// The line that does not hold.
    pub fn invariant(&self) -> Result<(), &'static str> {
        match self.phase {
            Phase::Failed(_, Failure::Ended(outcome)) if outcome.is_success() => return Err("a success is no failure"),
            Phase::Failed(_, Failure::NoAccount(_) | Failure::NoDevice(_)) => {
                return Err("an operation that was refused has not ended");
            }
            Phase::NotBegun(failure) => {
                ensure(matches!(failure, Failure::NoDevice(_)), "an export that has not begun was refused")?;
            }
            Phase::Initial
            | Phase::Token(_)
            | Phase::Adding
            | Phase::Dropping
            | Phase::Linking(_)
            | Phase::Done(..)
            | Phase::Failed(..)
            | Phase::Closed => {}
        }
        let mut shown = None;
        for &effect in self.out.queued() {
            match effect {
                Effect::Show(screen) => shown = Some(screen),
                Effect::AddDevice(_) => ensure(self.phase == Phase::Adding, "`addDevice` is called to begin")?,
                Effect::ConfirmAddDevice(id) => {
                    ensure(self.has_confirmed(id), "a device is confirmed where the user is asked")?;
                }
                Effect::CompareAddDevice(id, _) => {
                    ensure(self.has_compared(id), "strings are compared where the user is asked")?;
                }
                Effect::CancelAddDevice(id) => ensure(self.is_leaving(id), "an operation is cancelled that is left")?,
                Effect::Query(id) => ensure(self.operation() == Some(id), "a client asks for its own operation")?,
                Effect::Notify(_) | Effect::Ignored(_) => {}
            }
        }
        ensure(shown.is_none_or(|screen| screen == self.screen()), "the last screen shown is the one of the phase")
    }

    fn has_confirmed(&self, id: OpId) -> bool {
        let Phase::Linking(Operation { id: own, stage: Stage::Authenticating { reply, .. }, .. }) = self.phase else {
            return false;
        };
        own == id && matches!(reply, Reply::Given)
    }

    fn has_compared(&self, id: OpId) -> bool {
        matches!(self.phase, Phase::Linking(Operation { id: own, stage: Stage::Comparing { reply: Reply::Given, .. }, .. }) if own == id)
    }

    fn is_leaving(&self, id: OpId) -> bool {
        match self.phase {
            Phase::Linking(Operation { id: own, leaving, .. }) => own == id && leaving,
            // It was left before it had an id.
            Phase::Initial => true,
            Phase::Token(_)
            | Phase::Adding
            | Phase::Dropping
            | Phase::Done(..)
            | Phase::Failed(..)
            | Phase::NotBegun(_)
            | Phase::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::export::{Input, Screen},
        message::Slot,
        operations::AddAccountError,
        outcome::{Outcome, Signal},
    };
    use alloc::vec::Vec;

    const OWN: OpId = OpId(1);
    const OTHER: OpId = OpId(2);

    fn signal(signal: Signal) -> Input {
        Input::Signal(OWN, crate::client::Received::Signal(signal))
    }

    fn after(steps: usize) -> Client {
        let confirm = Signal::Confirm { peer_address: ([192, 0, 2, 7], 4711).into() };
        let all = [
            Input::Select,
            Input::Manual,
            Input::Entered(Slot(0)),
            Input::Added(Ok(OWN)),
            signal(confirm),
            Input::Confirm,
            Input::Back,
        ];
        let mut client = Client::new();
        for &input in &all[..steps] {
            client.handle(input).unwrap();
            while client.poll_effect().is_some() {}
        }
        client
    }

    fn queued(steps: usize, effects: &[Effect]) -> Result<(), &'static str> {
        let mut client = after(steps);
        effects.iter().for_each(|&effect| client.out.push(effect));
        client.invariant()
    }

    #[test]
    fn a_call_at_the_wrong_time_is_found() {
        for steps in 0..=7 {
            let calls = [
                Effect::AddDevice(Slot(0)),
                Effect::ConfirmAddDevice(OWN),
                Effect::CancelAddDevice(OWN),
                Effect::Query(OWN),
            ];
            let refused: Vec<_> = calls.iter().map(|&call| queued(steps, &[call]).is_err()).collect();
            // Begun; asked and answered; left, or not begun at all; an operation is there.
            let allowed = [steps == 3, steps >= 6, steps == 0 || steps == 7, steps >= 4];
            assert_eq!(refused, allowed.map(|may| !may), "{steps}");
        }
        assert_eq!(queued(6, &[Effect::ConfirmAddDevice(OTHER)]), Err("a device is confirmed where the user is asked"));
        assert_eq!(queued(7, &[Effect::CancelAddDevice(OTHER)]), Err("an operation is cancelled that is left"));
        assert_eq!(queued(4, &[Effect::Query(OTHER)]), Err("a client asks for its own operation"));
    }

    /// R-SAS-5: the user compares, and says so once.
    #[test]
    fn a_comparison_at_the_wrong_time_is_found() {
        let why = Err("strings are compared where the user is asked");
        let compare = |id| Effect::CompareAddDevice(id, true);
        for steps in 0..=7 {
            assert_eq!(queued(steps, &[compare(OWN)]), why, "{steps}");
        }
        let mut asked = after(4);
        for input in
            [signal(Signal::CompareDevice { peer_address: ([192, 0, 2, 7], 4711).into() }), Input::Compare(true)]
        {
            let answered = matches!(input, Input::Compare(_));
            asked.handle(input).unwrap();
            while asked.poll_effect().is_some() {}
            for (id, fits) in [(OWN, if answered { Ok(()) } else { why }), (OTHER, why)] {
                let mut client = asked.clone();
                client.out.push(compare(id));
                assert_eq!(client.invariant(), fits, "{input:?} {id:?}");
            }
        }
    }

    #[test]
    fn another_screen_is_found() {
        let why = Err("the last screen shown is the one of the phase");
        assert_eq!(queued(4, &[Effect::Show(Screen::Connecting)]), Ok(()));
        assert_eq!(queued(4, &[Effect::Show(Screen::InProgress)]), why);
    }

    #[test]
    fn a_failure_that_is_none_is_found() {
        let found = |phase| Client { phase, ..Client::new() }.invariant();
        let success = Failure::Ended(Outcome::SUCCESS);
        assert_eq!(found(Phase::Failed(OWN, success)), Err("a success is no failure"));
        let refused = Failure::NoAccount(AddAccountError::Taken);
        assert_eq!(found(Phase::Failed(OWN, refused)), Err("an operation that was refused has not ended"));
        assert_eq!(found(Phase::NotBegun(refused)), Err("an export that has not begun was refused"));
    }
}
