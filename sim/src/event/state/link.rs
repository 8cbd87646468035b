//! An exporting device, and the connection between it and the importer.

use std::collections::VecDeque;

use handfast::{message::Slot, outcome::Side};

use crate::event::state::{
    event::{index, other},
    exporter::Exporting,
    pipe::Pipe,
};

/// Where an end of a connection is. The model's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkEnd {
    Away,
    Trying,
    Open,
    Closed,
}

/// An exporter, what is around it, and its connection to the importer.
pub(crate) struct Link<E> {
    pub(crate) export: E,
    pub(crate) exporting: Exporting,
    /// To the importer; to the exporter.
    pub(crate) pipes: [Pipe; 2],
    pub(crate) ends: [LinkEnd; 2],
    /// This side has ended the channel.
    pub(crate) said_end: [bool; 2],
    /// A loss is on its way to this side: the number of its notice.
    pub(crate) lost: [Option<u32>; 2],
    /// Passwords that are on their way to the exporter.
    pub(crate) slots: VecDeque<Slot>,
    /// The number of the request for the connection.
    pub(crate) request: Option<u32>,
    /// The importer has received it.
    pub(crate) requested: bool,
    pub(crate) broken: bool,
    pub(crate) failed: bool,
}

impl<E> Link<E> {
    pub(crate) fn new(export: E) -> Self {
        Self {
            export,
            exporting: Exporting::new(),
            pipes: [Pipe::default(), Pipe::default()],
            ends: [LinkEnd::Away; 2],
            said_end: [false; 2],
            lost: [None; 2],
            slots: VecDeque::new(),
            request: None,
            requested: false,
            broken: false,
            failed: false,
        }
    }

    /// Whether what this side sends now can reach the other.
    pub(crate) fn can_send(&self, from: Side) -> bool {
        let (own, peer) = (index(from), index(other(from)));
        !self.broken && self.ends[own] != LinkEnd::Closed && !self.said_end[own] && self.ends[peer] != LinkEnd::Closed
    }

    /// Whether the importer has no connection with the exporter, and none is on its way to it.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.ends[0], LinkEnd::Away | LinkEnd::Closed) && self.pipes[0].items() == 0
    }

    /// Whether it is being secured.
    pub(crate) fn is_securing(&self) -> bool {
        self.ends == [LinkEnd::Trying; 2] && !self.broken
    }

    /// Whether something is on its way between the two.
    pub(crate) fn carries(&self) -> bool {
        self.is_securing() || self.pipes.iter().any(|pipe| pipe.items() > 0)
    }

    /// Whether the last thing that is on its way to a side is the loss.
    pub(crate) fn learns_of_loss(&self, side: Side) -> bool {
        let last = self.pipes[index(side)].last_item();
        last.is_some() && last == self.lost[index(side)]
    }

    /// The exporter begins another attempt, if it is not the first: then nothing is left of the one before. `served`: that was the
    /// session's, for the importer, and that it failed still excuses how that ended.
    pub(crate) fn begin(&mut self, served: bool) {
        if self.ends[1] != LinkEnd::Away {
            (self.broken, self.failed) = (false, self.failed && served);
            self.pipes[1].clear();
            (self.said_end, self.lost[1]) = ([false; 2], None);
            self.ends[0] = LinkEnd::Away;
        }
        self.exporting.begin();
        self.ends[1] = LinkEnd::Trying;
    }

    /// It breaks, by no one's will.
    pub(crate) fn fail(&mut self) {
        self.broken = true;
        self.failed = true;
    }
}
