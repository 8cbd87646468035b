//! A client, what is on its way to and from it, and whether its person can go on.

use std::collections::VecDeque;

use handfast::{client::Received, outcome::Signal};

use crate::property::clients::{Client, ClientEffect as _, Shown, Watch};

/// A client, and what is on its way to and from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Desk<C: Client> {
    pub(crate) client: C,
    pub(crate) watch: Watch,
    pub(crate) calls: VecDeque<C::Effect>,
    pub(crate) returns: VecDeque<C::Input>,
    pub(crate) signals: VecDeque<Received>,
    /// The last signal of the daemon.
    pub(super) last: Option<Received>,
    /// The answer to the last signal was accepted.
    pub(super) answered: bool,
    /// The last screen.
    shown: Option<C::Effect>,
    /// Somebody began.
    pub(super) begun: bool,
    /// How often the person may still leave.
    pub(super) backs: u8,
}

impl<C: Client> Desk<C> {
    pub(super) fn new(client: C, backs: u8) -> Self {
        Self {
            client,
            watch: Watch::default(),
            calls: VecDeque::new(),
            returns: VecDeque::new(),
            signals: VecDeque::new(),
            last: None,
            answered: false,
            shown: None,
            begun: false,
            backs,
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.calls.is_empty() && self.returns.is_empty() && self.signals.is_empty()
    }

    /// Something comes to the client. `None`: its screen does not offer it.
    pub(super) fn take(&mut self, input: C::Input) -> Option<Vec<C::Effect>> {
        let effects = self.client.take(input).ok()?;
        self.watch.see(input, &effects, self.client.is_broken());
        self.shown = effects.iter().rfind(|effect| effect.shown().is_some()).copied().or(self.shown);
        self.calls.extend(effects.iter().filter(|effect| effect.call().is_some()));
        Some(effects)
    }

    /// The screen; none before the first.
    pub(crate) const fn shown(&self) -> Option<C::Effect> {
        self.shown
    }

    /// The last signal of the daemon.
    pub(crate) const fn last(&self) -> Option<Received> {
        self.last
    }

    pub(super) fn offers(&self, input: C::Input) -> bool {
        !self.client.is_broken() && self.client.clone().take(input).is_ok()
    }

    /// Whether a person can go on (R-CLI-9). Where nothing is under way, the token is shown, a question of the daemon can be answered, and
    /// its end is shown. All that is under way arrives, and there is only so much of it: so each of these is shown in the end.
    /// A screen that was left, and one that says that the operation goes on, shows nothing further.
    pub(super) fn gets_on(&self, answer: C::Input, compare: C::Input) -> bool {
        if !self.is_quiet() || self.watch.is_left() || self.watch.said || self.client.is_broken() {
            return true;
        }
        match self.last {
            Some(Received::Signal(Signal::Prompt { .. } | Signal::Confirm { .. })) => {
                self.answered || self.offers(answer)
            }
            Some(Received::Signal(Signal::CompareAccount { .. } | Signal::CompareDevice { .. })) => {
                self.answered || self.offers(compare)
            }
            Some(Received::Signal(Signal::TokenAvailable)) => self.shown.is_some_and(|shown| shown.is_token()),
            Some(Received::Unheard | Received::Signal(Signal::Done(_))) => self.watch.shown != Some(Shown::Link),
            Some(Received::Signal(Signal::Connecting | Signal::InProgress) | Received::Strange) | None => true,
        }
    }

    pub(super) fn receive(&mut self, received: Received) {
        (self.last, self.answered) = (Some(received), false);
        self.signals.push_back(received);
    }
}
