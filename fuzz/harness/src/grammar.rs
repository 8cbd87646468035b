//! The grammar of signals (R-STATE-2), in both profiles.

use handfast::outcome::{LinkState, Profile, Signal};

/// The state that was signalled last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grammar(Option<LinkState>);

impl Grammar {
    /// The state that a client has seen.
    pub(crate) fn state(self) -> LinkState {
        self.0.unwrap_or(LinkState::Init)
    }

    /// Takes a signal, and panics if it may not follow.
    pub(crate) fn take(&mut self, profile: Profile, signal: &Signal) {
        use LinkState::{Authenticating, Connecting, Done, InProgress, TokenAvailable};
        let (from, to) = (self.0, signal.state());
        let retry = matches!(signal, Signal::Prompt { wrong_password: true, .. });
        let allowed = match (from, to) {
            (Some(Done), _) => false,
            (_, Done) => true,
            (None, TokenAvailable | Connecting) | (Some(TokenAvailable), Connecting) => true,
            (Some(Connecting), Authenticating) => !retry,
            (Some(Authenticating), Authenticating) => retry && profile == Profile::Documented,
            (Some(Authenticating), InProgress) => true,
            (Some(InProgress), Authenticating) => retry && profile == Profile::Jamid,
            _ => false,
        };
        assert!(allowed, "{from:?} -> {signal:?}");
        self.0 = Some(to);
    }
}
