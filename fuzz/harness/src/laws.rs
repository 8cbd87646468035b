//! The laws that every reducer keeps, whatever it is fed: total, drained, bounded, deterministic, honest about refusals
//! (laws 2, 3 and 6).

use std::fmt::Debug;

use handfast::{client, export, import, reducer, rules::Rules};
use handfast_model::clients::{ClientEffect, ClientInput, Watch};

/// A reducer, as its laws see it.
pub trait Machine: Clone + PartialEq + Debug {
    /// An input.
    type Input: Copy + Debug;
    /// An effect.
    type Effect: Copy + PartialEq + Debug;
    /// Why it takes something not.
    type Refused: PartialEq + Debug;

    /// Why nothing is taken before the effects of the last input are drained.
    const UNDRAINED: Self::Refused;
    /// No input leads to more effects than this.
    const MOST_EFFECTS: usize;

    /// Takes one input.
    ///
    /// # Errors
    /// It is refused, and changes nothing.
    fn handle(&mut self, input: Self::Input) -> Result<(), Self::Refused>;
    /// The next effect.
    fn poll_effect(&mut self) -> Option<Self::Effect>;
    /// Whether it is a call, which may be refused. Events are never refused.
    fn is_asked(input: &Self::Input) -> bool;
}

/// Gives a machine one input, and takes all its effects. Panics if the machine does not keep the laws.
///
/// # Errors
/// The machine refused it.
pub fn step<M: Machine>(machine: &mut M, input: M::Input) -> Result<Vec<M::Effect>, M::Refused> {
    let mut twin = machine.clone();
    let answer = machine.handle(input);
    if let Err(why) = answer {
        assert!(M::is_asked(&input), "only what is asked for is refused: {input:?}");
        assert_eq!(*machine, twin, "what is refused changes nothing");
        return Err(why);
    }
    let undrained = machine.clone();
    let mut effects = Vec::new();
    while let Some(effect) = machine.poll_effect() {
        effects.push(effect);
        assert!(effects.len() <= M::MOST_EFFECTS, "effects without end: {effects:?}");
    }
    if !effects.is_empty() {
        let mut asked = undrained.clone();
        assert_eq!(asked.handle(input), Err(M::UNDRAINED), "effects are drained first");
        assert_eq!(asked, undrained, "what is refused changes nothing");
    }
    assert_eq!(twin.handle(input), answer, "equal inputs, equal answers");
    assert!(std::iter::from_fn(|| twin.poll_effect()).eq(effects.iter().copied()), "equal inputs, equal effects");
    assert_eq!(twin, *machine);
    Ok(effects)
}

/// The same of a client. None: the client refused it. Panics also if the client does what it must not (P-CLIENT).
pub fn step_watched<M>(client: &mut M, watch: &mut Watch, input: M::Input) -> Option<Vec<M::Effect>>
where
    M: Machine<Input: ClientInput, Effect: ClientEffect>,
{
    let effects = step(client, input).ok()?;
    watch.see(input, &effects, false);
    if let Some(fault) = watch.faults().next() {
        panic!("upon {input:?} the client {}: {effects:?}", fault.text());
    }
    Some(effects)
}

/// How many effects an input of a daemon's reducer leads to: eight connections to close, eight timers, and a few of its own.
const MOST_OF_A_DAEMON: usize = 24;
/// How many one of a client's leads to.
const MOST_OF_A_CLIENT: usize = 3;

macro_rules! machine {
    ($($module:ident)::+, $name:ident, $refused:ty, $most:expr, $is_asked:path) => {
        impl<R: Rules> Machine for $($module)::+::$name<R> {
            type Input = $($module)::+::Input;
            type Effect = $($module)::+::Effect;
            type Refused = $refused;

            const UNDRAINED: Self::Refused = <$refused>::Undrained;
            const MOST_EFFECTS: usize = $most;

            fn handle(&mut self, input: Self::Input) -> Result<(), Self::Refused> {
                self.handle(input)
            }

            fn poll_effect(&mut self) -> Option<Self::Effect> {
                self.poll_effect()
            }

            fn is_asked(input: &Self::Input) -> bool {
                $is_asked(input)
            }
        }
    };
}

machine!(import, Importer, reducer::Refused, MOST_OF_A_DAEMON, import::Input::is_call);
machine!(export, Exporter, reducer::Refused, MOST_OF_A_DAEMON, export::Input::is_call);
machine!(client::import, Client, client::Refused, MOST_OF_A_CLIENT, client::import::Input::is_action);
machine!(client::export, Client, client::Refused, MOST_OF_A_CLIENT, client::export::Input::is_action);
