//! The grammar of signals (R-STATE-2), in both profiles.

use handfast::outcome::{LinkState, Profile, Signal};

/// The state that was signalled last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grammar(Option<LinkState>, Comparison);

/// How far a comparison has come (R-SAS-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Comparison {
    /// There is none.
    #[default]
    None,
    Signalled,
    /// The user was asked for consent after it.
    Over,
}

impl Grammar {
    /// The state that a client has seen.
    pub(crate) fn state(self) -> LinkState {
        self.0.unwrap_or(LinkState::Init)
    }

    /// Takes a signal, and panics if it may not follow.
    pub(crate) fn take(&mut self, profile: Profile, signal: &Signal) {
        use LinkState::{Authenticating, Connecting, Done, InProgress, TokenAvailable};
        let (from, to) = (self.0, signal.state());
        let compared =
            self.1 == Comparison::Signalled && matches!(signal, Signal::Prompt { wrong_password: false, .. });
        let retry = matches!(signal, Signal::Prompt { wrong_password: true, .. });
        let allowed = match (from, to) {
            (Some(Done), _) => false,
            (_, Done) => true,
            (None, TokenAvailable | Connecting) | (Some(TokenAvailable), Connecting) => true,
            (Some(Connecting), Authenticating) => !retry,
            (Some(Authenticating), Authenticating) => compared || retry && profile == Profile::Documented,
            (Some(Authenticating), InProgress) => true,
            (Some(InProgress), Authenticating) => retry && profile == Profile::Jamid,
            _ => false,
        };
        assert!(allowed, "{from:?} -> {signal:?}");
        self.0 = Some(to);
        self.1 = match self.1 {
            _ if signal.compares() => Comparison::Signalled,
            Comparison::Signalled if compared => Comparison::Over,
            before => before,
        };
    }
}
