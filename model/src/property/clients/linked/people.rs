//! The next actions of the persons before the clients.

use handfast::{
    client::{export, import},
    message::Slot,
    outcome::{LinkState, Side},
};

use super::{Linked, Step, Whole, desk::Desk};
use crate::property::clients::Client;

impl Linked {
    /// The actions that people may try; a screen that does not offer one refuses it.
    pub(super) fn people(&self, state: &Whole, steps: &mut Vec<Step>) {
        if self.has(Side::Import) {
            Self::import_people(state, steps);
        }
        if self.has(Side::Export) {
            Self::export_people(state, steps);
        }
    }

    /// Gives what people who answer at once do before anything else can happen, and the calls of their clients, each up to its
    /// return. Whether there is any.
    pub(super) fn at_once(&self, state: &Whole, steps: &mut Vec<Step>) -> bool {
        use {export::Input as E, import::Input as I};
        let (import, export) = (&state.import, &state.export);
        let answers = [I::Answer(Slot(1)), I::Compare(true)];
        let answer = answers.into_iter().find(|&answer| self.has(Side::Import) && import.offers(answer));
        let confirms = [E::Confirm, E::Compare(true)];
        let confirm = confirms.into_iter().find(|&confirm| self.has(Side::Export) && export.offers(confirm));
        steps.extend(import.driven(Side::Import).or(answer.map(Step::Import)));
        steps.extend(export.driven(Side::Export).or(confirm.map(Step::Export)));
        !steps.is_empty()
    }

    fn import_people(state: &Whole, steps: &mut Vec<Step>) {
        use import::Input as I;
        let desk = &state.import;
        let wrong = (state.link.world.left.wrong > 0).then_some(I::Answer(Slot(0)));
        let backs = [I::Back, I::Compare(false)].into_iter().filter(|_| desk.backs > 0);
        let select = (!desk.begun).then_some(I::Select);
        let tried = [I::Answer(Slot(1)), I::Compare(true), I::Reset, I::Finish];
        let tried = tried.into_iter().chain(select).chain(wrong).chain(backs);
        steps.extend(tried.filter(|&input| desk.offers(input)).map(Step::Import));
    }

    fn export_people(state: &Whole, steps: &mut Vec<Step>) {
        use export::Input as E;
        let desk = &state.export;
        let known = state.link.world.seen.import.signalled != LinkState::Init;
        let select = (!desk.begun && known).then_some(E::Select);
        // Inside Export_Init there is nothing to cancel but the entry, which leads back and is explored by itself.
        let backs = if desk.watch.is_entering() { &[E::Back][..] } else { &[E::Back, E::Cancel, E::Compare(false)] };
        let backs = backs.iter().copied().filter(|_| desk.backs > 0);
        let tried = [
            E::Camera,
            E::Start,
            E::Detected(Slot(0)),
            E::Manual,
            E::Entered(Slot(0)),
            E::Confirm,
            E::Compare(true),
            E::Reset,
            E::Finish,
        ];
        steps
            .extend(tried.into_iter().chain(select).chain(backs).filter(|&input| desk.offers(input)).map(Step::Export));
    }
}

impl<C: Client> Desk<C> {
    /// The next step of the calls that are on their way.
    fn driven(&self, side: Side) -> Option<Step> {
        let call = (!self.calls.is_empty()).then_some(Step::Call(side));
        (!self.returns.is_empty()).then_some(Step::Return(side)).or(call)
    }
}
