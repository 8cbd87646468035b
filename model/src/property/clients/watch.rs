//! The watch of a client, and the judgement of each of its steps (P-CLIENT).

use handfast::{
    client::Received,
    outcome::{Side, Signal},
};

use super::{Call, ClientEffect, ClientInput, Kind, Shown};
use crate::property::{deleted::checked, properties::PropertyId};

/// A fault of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It shows a success that its daemon did not signal (R-CLI-3).
    FalseSuccess,
    /// It shows what another operation says (R-CLI-2).
    Foreign,
    /// It broke (R-CLI-4).
    Broken,
    /// The screen is left, its operation is not cancelled, and no one says that it goes on (R-CLI-5).
    LeftAlone,
    /// A cancel was refused, and no one says that the operation goes on (R-CLI-5).
    RefusedUnsaid,
    /// The screen of a failed import is left, and its account is not removed (R-CLI-6).
    Kept,
    /// The screen went back, and not to ask once more (R-CLI-4).
    Back,
    /// It makes a call again that was refused, and its daemon has signalled nothing since (R-CLI-8).
    CalledAgain,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::FalseSuccess,
        Self::Foreign,
        Self::Broken,
        Self::LeftAlone,
        Self::RefusedUnsaid,
        Self::Kept,
        Self::Back,
        Self::CalledAgain,
    ];

    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::FalseSuccess => "shows a success that no daemon signalled",
            Self::Foreign => "shows what another operation says",
            Self::Broken => "broke",
            Self::LeftAlone => "was left, and its operation goes on unsaid",
            Self::RefusedUnsaid => "does not say that the operation goes on",
            Self::Kept => "does not remove the account of a failed import",
            Self::Back => "went back",
            Self::CalledAgain => "makes a refused call again, without a signal in between",
        }
    }
}

/// The facts about an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Answer {
    /// None was given.
    #[default]
    None,
    /// The call has not returned.
    Called,
    /// The call was refused.
    Refused,
}

/// The facts about a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watch {
    /// A call for a new operation has not returned.
    pending: bool,
    /// The last operation, and how it ended, as its client knows it.
    own: Option<u32>,
    ended: Option<bool>,
    cancelled: bool,
    /// The last answer, as long as its daemon has signalled nothing since.
    answer: Answer,
    pub(crate) said: bool,
    /// The screen; none before the first.
    pub(crate) shown: Option<Shown>,
    /// How far its screen was.
    reached: u8,
    /// The faults of the last step: a bit for each.
    faults: u8,
}

impl Watch {
    /// Returns the faults of the last step.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        Fault::ALL.into_iter().filter(|&fault| self.faults & 1 << fault as u8 != 0)
    }

    /// Whether it did anything.
    pub(crate) const fn is_at_fault(&self) -> bool {
        self.faults != 0
    }

    /// Whether the screen of the last operation is left.
    pub(crate) fn is_left(&self) -> bool {
        self.shown == Some(Shown::Away)
    }

    /// Whether no operation was asked for yet.
    pub(crate) const fn is_entering(&self) -> bool {
        !self.pending && self.own.is_none()
    }

    /// Nothing is held against it any more.
    pub(crate) fn forgive(&mut self) {
        self.faults = 0;
    }

    #[cfg_attr(test, track_caller)]
    fn hold(&mut self, fault: Fault) {
        self.faults |= u8::from(!checked(PropertyId::Client, false)) << fault as u8;
    }

    /// The client took this, and that came out.
    pub fn see<I: ClientInput, E: ClientEffect>(&mut self, input: I, effects: &[E], broken: bool) {
        self.faults = 0;
        let kind = input.kind();
        let mut foreign = false;
        let mut refused = false;
        match kind {
            Kind::Added(id) if self.pending => {
                (self.pending, self.own, self.ended) = (false, id, None);
            }
            Kind::Signal(id, received) => {
                foreign = self.own != Some(id);
                if !foreign {
                    self.answer = Answer::None;
                }
                if let (false, None, Some(success)) = (foreign, self.ended, end(received)) {
                    self.ended = Some(success);
                }
            }
            Kind::Canceled(id, false) => {
                refused = self.cancelled && self.own == Some(id) && self.ended.is_none();
                self.cancelled &= !refused;
            }
            Kind::Answered(id, accepted) if self.own == Some(id) && self.answer == Answer::Called => {
                self.answer = if accepted { Answer::None } else { Answer::Refused };
            }
            Kind::Action | Kind::Added(_) | Kind::Answered(..) | Kind::Canceled(_, true) => {}
        }
        for effect in effects {
            match effect.call() {
                Some(Call::Add) => {
                    *self = Self { pending: true, faults: self.faults, shown: self.shown, ..Self::default() }
                }
                Some(Call::Cancel(id)) => self.cancelled |= self.own == Some(id),
                Some(Call::Answer) => {
                    if self.answer == Answer::Refused {
                        self.hold(Fault::CalledAgain);
                    }
                    self.answer = Answer::Called;
                }
                Some(Call::Query) | None => {}
            }
            self.said |= effect.says_it_goes_on();
            if let Some(shown) = effect.shown() {
                if foreign {
                    self.hold(Fault::Foreign);
                }
                if shown == Shown::Success && self.ended != Some(true) {
                    self.hold(Fault::FalseSuccess);
                }
                self.shown = Some(shown);
            }
        }
        if let Kind::Signal(_, received) = kind {
            self.look_back(received, effects);
        }
        if broken {
            self.hold(Fault::Broken);
        }
        if refused && !self.said {
            self.hold(Fault::RefusedUnsaid);
        }
        // If it could not be cancelled, the client says that it goes on, and then the person knows.
        let stays = self.is_left() && self.own.is_some() && !self.cancelled && !self.said;
        match self.ended {
            None if stays => self.hold(Fault::LeftAlone),
            Some(false) if stays && I::SIDE == Side::Import => self.hold(Fault::Kept),
            None | Some(_) => {}
        }
    }

    /// The token is not shown again after a question, nor a connection after it.
    fn look_back<E: ClientEffect>(&mut self, received: Received, effects: &[E]) {
        let step = match received {
            Received::Signal(Signal::TokenAvailable) => 1,
            Received::Signal(Signal::Connecting) => 2,
            Received::Signal(
                Signal::Prompt { .. }
                | Signal::Confirm { .. }
                | Signal::CompareAccount { .. }
                | Signal::CompareDevice { .. }
                | Signal::InProgress,
            ) => 3,
            Received::Signal(Signal::Done(_)) | Received::Unheard | Received::Strange => return,
        };
        if effects.iter().any(|effect| effect.shown() == Some(Shown::Link)) {
            if step < self.reached {
                self.hold(Fault::Back);
            }
            self.reached = self.reached.max(step);
        }
    }
}

/// Whether it is an end, and then whether a good one.
const fn end(received: Received) -> Option<bool> {
    match received {
        Received::Signal(Signal::Done(outcome)) => Some(outcome.is_success()),
        Received::Unheard => Some(false),
        Received::Signal(_) | Received::Strange => None,
    }
}
