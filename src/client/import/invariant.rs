//! The invariants: what each phase of the new device's client implies.

use super::{Client, Effect, Leaving, Operation, Phase, Stage};
use crate::{
    client::{Failure, Reply},
    operations::LocalId,
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
            Phase::Over(_, Some(Failure::Ended(outcome))) if outcome.is_success() => {
                return Err("a success is no failure");
            }
            Phase::Over(_, Some(Failure::NoAccount(_) | Failure::NoDevice(_))) => {
                return Err("an operation that was refused has not ended");
            }
            Phase::NotBegun(failure) => {
                ensure(matches!(failure, Failure::NoAccount(_)), "an import that has not begun was refused")?;
            }
            Phase::Initial | Phase::Adding | Phase::Dropping | Phase::Linking(_) | Phase::Over(..) | Phase::Closed => {}
        }
        let mut shown = None;
        for &effect in self.out.queued() {
            match effect {
                Effect::Show(screen) => shown = Some(screen),
                Effect::AddAccount => ensure(self.phase == Phase::Adding, "`addAccount` is called to begin")?,
                Effect::ProvideAccountAuthentication(id, ..) => {
                    ensure(self.has_answered(id), "an answer is given where the user is asked")?;
                }
                Effect::CompareAccount(id, _) => {
                    ensure(self.has_compared(id), "strings are compared where the user is asked")?;
                }
                Effect::RemoveAccount(id) => {
                    ensure(self.is_leaving(id), "an account is removed that is left, or has failed")?
                }
                Effect::Query(id) => ensure(self.operation() == Some(id), "a client asks for its own operation")?,
                Effect::Notify(_) | Effect::Ignored(_) => {}
            }
        }
        ensure(shown.is_none_or(|screen| screen == self.screen()), "the last screen shown is the one of the phase")
    }

    fn has_answered(&self, id: LocalId) -> bool {
        matches!(self.phase, Phase::Linking(Operation { id: own, stage: Stage::Authenticating { reply: Reply::Given, .. }, .. }) if own == id)
    }

    fn has_compared(&self, id: LocalId) -> bool {
        matches!(self.phase, Phase::Linking(Operation { id: own, stage: Stage::Comparing { reply: Reply::Given, .. }, .. }) if own == id)
    }

    fn is_leaving(&self, id: LocalId) -> bool {
        match self.phase {
            Phase::Linking(Operation { id: own, leaving, .. }) => own == id && leaving == Leaving::Called,
            Phase::Over(own, failure) => own == id && failure.is_some(),
            // It was left before it had an id.
            Phase::Initial => true,
            Phase::Adding | Phase::Dropping | Phase::NotBegun(_) | Phase::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::import::{Input, Prompt, Screen},
        message::Slot,
        operations::AddDeviceError,
        outcome::{AccountId, Outcome, Scheme, Signal},
    };
    use alloc::vec::Vec;

    const OWN: LocalId = LocalId(1);
    const OTHER: LocalId = LocalId(2);
    const PROMPT: Prompt = Prompt { peer: AccountId([7; 20]), scheme: Scheme::None, wrong_password: false };

    fn signal(signal: Signal) -> Input {
        Input::Signal(OWN, crate::client::Received::Signal(signal))
    }

    fn after(steps: usize) -> Client {
        let prompt = Signal::Prompt { peer: PROMPT.peer, scheme: PROMPT.scheme, wrong_password: false };
        let all = [
            Input::Select,
            Input::Added(Ok(OWN)),
            signal(Signal::TokenAvailable),
            signal(prompt),
            Input::Answer(Slot(1)),
            signal(Signal::Done(Outcome::Network)),
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
        let answer = |id| Effect::ProvideAccountAuthentication(id, Slot(1), Scheme::None);
        for steps in 0..=6 {
            let refused: Vec<_> = [Effect::AddAccount, answer(OWN), Effect::RemoveAccount(OWN), Effect::Query(OWN)]
                .iter()
                .map(|&call| queued(steps, &[call]).is_err())
                .collect();
            // Begun; asked and answered; ended with a failure, or not begun at all; an operation is there.
            let allowed = [steps == 1, steps == 5, steps == 0 || steps == 6, steps >= 2];
            assert_eq!(refused, allowed.map(|may| !may), "{steps}");
        }
        assert_eq!(queued(5, &[answer(OTHER)]), Err("an answer is given where the user is asked"));
        assert_eq!(
            queued(6, &[Effect::RemoveAccount(OTHER)]),
            Err("an account is removed that is left, or has failed")
        );
        assert_eq!(queued(2, &[Effect::Query(OTHER)]), Err("a client asks for its own operation"));
    }

    /// R-SAS-5: the user compares, and says so once.
    #[test]
    fn a_comparison_at_the_wrong_time_is_found() {
        let why = Err("strings are compared where the user is asked");
        let compare = |id| Effect::CompareAccount(id, true);
        for steps in 0..=6 {
            assert_eq!(queued(steps, &[compare(OWN)]), why, "{steps}");
        }
        let mut asked = after(3);
        for input in [signal(Signal::CompareAccount { peer: PROMPT.peer, scheme: PROMPT.scheme }), Input::Compare(true)]
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
        assert_eq!(queued(3, &[Effect::Show(Screen::TokenAvailable)]), Ok(()));
        assert_eq!(queued(3, &[Effect::Show(Screen::TokenAvailable), Effect::Show(Screen::InProgress)]), why);
        assert_eq!(queued(3, &[Effect::Show(Screen::Done)]), why);
    }

    #[test]
    fn a_failure_that_is_none_is_found() {
        let found = |phase| Client { phase, ..Client::new() }.invariant();
        let success = Failure::Ended(Outcome::SUCCESS);
        assert_eq!(found(Phase::Over(OWN, Some(success))), Err("a success is no failure"));
        let refused = Failure::NoDevice(AddDeviceError::Generic);
        assert_eq!(found(Phase::Over(OWN, Some(refused))), Err("an operation that was refused has not ended"));
        assert_eq!(found(Phase::NotBegun(refused)), Err("an import that has not begun was refused"));
    }
}
