//! The connection between the two devices: two ordered queues that can be cut.

use handfast::{message::Message, outcome::Side};

/// An item on the link. The connection's own events travel in order with the messages on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// The exporter asks for a connection.
    Request,
    /// It is secured.
    Opened,
    /// It is turned away, or could not be secured.
    Refused,
    /// Nothing listens where it was asked for.
    Absent,
    /// The exporter asks for the token's channel.
    ChannelRequest,
    Accepted,
    Declined,
    Message(Message),
    ArchiveBegin,
    ArchiveEnd,
    /// The channel ends.
    End,
    /// The connection is gone.
    Lost,
}

/// How far a side's end of the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Away,
    /// Asked for, and not secured.
    Trying,
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Half {
    /// The items on their way to this side.
    pub(crate) queue: Vec<Item>,
    pub(crate) end: End,
    /// This side has ended the channel: nothing more goes out.
    pub(crate) ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    import: Half,
    export: Half,
    /// It carries nothing any more, by no one's will.
    broken: bool,
    /// It broke, or was slower than a side that had ended waits. Either excuses an end that was missed (R-PAIR-1).
    pub(crate) failed: bool,
}

impl Link {
    pub(crate) fn new() -> Self {
        let half = || Half { queue: Vec::new(), end: End::Away, ended: false };
        Self { import: half(), export: half(), broken: false, failed: false }
    }

    pub(crate) fn half(&self, side: Side) -> &Half {
        match side {
            Side::Import => &self.import,
            Side::Export => &self.export,
        }
    }

    pub(crate) fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Import => &mut self.import,
            Side::Export => &mut self.export,
        }
    }

    /// `from` sends something. It is gone where no one is left to take it.
    pub(crate) fn send(&mut self, from: Side, item: Item) {
        let own = self.half(from);
        if self.broken || own.end == End::Closed || own.ended || self.half(from.peer()).end == End::Closed {
            return;
        }
        self.half_mut(from.peer()).queue.push(item);
    }

    pub(crate) fn end_channel(&mut self, from: Side) {
        self.send(from, Item::End);
        self.half_mut(from).ended = true;
    }

    /// `side` closes the connection. Items that it sent before still arrive; a close that loses them is a break.
    pub(crate) fn close(&mut self, side: Side) {
        let own = self.half_mut(side);
        if own.end == End::Closed {
            return;
        }
        own.queue.clear();
        own.ended = true;
        own.end = End::Closed;
        let broken = self.broken;
        let peer = self.half_mut(side.peer());
        if !broken && peer.end != End::Closed && !peer.queue.ends_with(&[Item::Lost]) {
            peer.queue.push(Item::Lost);
        }
    }

    /// Takes the next item that is on its way to `side`.
    pub(crate) fn deliver(&mut self, side: Side) -> Option<Item> {
        let half = self.half_mut(side);
        if half.queue.is_empty() {
            return None;
        }
        let item = half.queue.remove(0);
        if matches!(item, Item::Lost | Item::Refused | Item::Absent) {
            half.end = End::Closed;
        }
        Some(item)
    }

    /// The ways in which the connection can break now: how many of the items on their way each side still gets.
    pub(crate) fn breaks(&self) -> impl Iterator<Item = (u8, u8)> {
        let can = !self.broken && self.import.end != End::Away;
        let all = (self.import.spared(), self.export.spared());
        let learns = self.import.would_learn() || self.export.would_learn();
        (0..=all.0)
            .flat_map(move |import| (0..=all.1).map(move |export| (import, export)))
            .filter(move |&cut| can && (learns || cut != all))
    }

    /// Breaks the connection: each side still gets that many of the items that are on their way to it, then learns the loss.
    pub(crate) fn cut(&mut self, to_import: u8, to_export: u8) {
        self.fail();
        for (half, keep) in [(&mut self.import, to_import), (&mut self.export, to_export)] {
            if half.end != End::Closed {
                half.queue.truncate(keep.into());
                half.queue.push(Item::Lost);
            }
        }
    }

    /// The request is lost, with what is after it; no one learns of it.
    pub(crate) fn lose_request(&mut self) {
        self.fail();
        self.import.queue.clear();
    }

    /// The exporter asks for a connection: for another one, if there was one before, of which nothing is left. `served`: the one before was the session's, for the importer, and that it failed still excuses how that ended.
    pub(crate) fn begin(&mut self, served: bool) {
        if self.export.end != End::Away {
            (self.broken, self.failed) = (false, self.failed && served);
            self.export.queue.clear();
            self.export.ended = false;
            self.import.ended = false;
            self.import.end = End::Away;
        }
        self.export.end = End::Trying;
        self.send(Side::Export, Item::Request);
    }

    /// Nothing is carried any more.
    pub(crate) fn fail(&mut self) {
        self.broken = true;
        self.failed = true;
    }

    /// Whether the importer has no connection with the exporter, and none is on its way to it.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.import.end, End::Away | End::Closed) && self.import.queue.is_empty()
    }

    /// Whether the connection is being secured.
    pub(crate) fn is_securing(&self) -> bool {
        let waiting = [&self.import, &self.export].iter().all(|half| half.end == End::Trying);
        waiting && !self.broken
    }

    /// Whether something is on its way.
    pub(crate) fn carries(&self) -> bool {
        !self.import.queue.is_empty() || !self.export.queue.is_empty() || self.is_securing()
    }
}

impl Half {
    /// Whether a break is news to this side.
    fn would_learn(&self) -> bool {
        self.end != End::Closed && !self.queue.ends_with(&[Item::Lost])
    }

    /// How many of the waiting items a break can spare: all but the loss itself.
    fn spared(&self) -> u8 {
        let lost = usize::from(self.queue.ends_with(&[Item::Lost]));
        u8::try_from(self.queue.len() - lost).unwrap_or(u8::MAX)
    }
}

/// The other side.
pub(crate) trait Opposite {
    fn peer(self) -> Self;
}

impl Opposite for Side {
    fn peer(self) -> Self {
        match self {
            Self::Import => Self::Export,
            Self::Export => Self::Import,
        }
    }
}
