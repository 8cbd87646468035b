//! One secured connection, on either side: bytes in, events out; commands in, bytes out (R-MUX-1, R-MSG-1).
//!
//! A [`Connection`] has no socket, no clock and no task. A driver that has them moves bytes:
//!
//! 1. It gives received bytes to [`Connection::receive`] until that returns `None`, and carries out what each event leads to.
//!    Where the connection [has resumed](Connection::has_resumed), it does so again, with no bytes if there are none.
//! 2. It transmits what [`Connection::transmit`] returns, and reports with [`Connection::sent`] how many bytes of it went out, until
//!    nothing waits.
//! 3. It reads from its transport only while [`Connection::is_reading`].
//!
//! Version, beacons, and the refusal of channels that cannot be opened are the connection's own business: they lead to no event. A
//! command that makes no sense where the connection is changes nothing and returns `false`. Frames that mean nothing, or cost an answer, are
//! accepted up to a limit; a peer that goes on beyond it loses its connection, as if it had sent bytes that are no frame (R-MUX-2).

mod inbound;
mod outbound;
mod place;
#[cfg(test)]
mod tests;

use core::fmt;

use crate::{
    buffer::Buffer,
    limits::{MAX_BEACONS, MAX_REQUESTS, MAX_STRAYS, MAX_UNSENT},
    message::{self, Message},
    mux::{
        CONTROL_CHANNEL, ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, PROTOCOL_CHANNEL, RequestState,
        VERSION,
    },
    outcome::Side,
    reducer::ensure,
    secret::Secret,
};

use self::{
    inbound::{Inbound, Item},
    outbound::Outbound,
};

pub use self::place::{Doing, Kind, Phase, Place};

/// An event on a connection, in the order of its bytes.
#[derive(PartialEq, Eq)]
pub enum Event<'a> {
    /// Import: the peer requests a channel. Nothing is read before [`Connection::accept`] or [`Connection::decline`].
    ChannelRequested(ChannelName),
    /// Export: the peer accepts the channel: it is the session's.
    ChannelAccepted,
    /// Export: the peer declines the channel.
    ChannelDeclined,
    /// The peer ended the session's channel.
    ChannelEnded,
    /// A message of the session's channel.
    Message(Message<Secret>),
    /// Import: an archive begins. Nothing is read before [`Connection::take_archive`] or [`Connection::end`].
    ArchiveBegan {
        /// Its length in bytes, within the configured limit.
        length: u64,
    },
    /// Import: bytes of the archive, borrowed from the input, never empty.
    ArchiveSlice(&'a [u8]),
    /// Import: the archive is complete.
    ArchiveEnded,
    /// The peer broke the protocol in the session. Its further data on the session's channel is not received.
    Malformed,
    /// The peer broke the protocol, and there is no session: nothing is left but to close the connection.
    Lost,
}

/// Without the archive's bytes.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChannelRequested(name) => f.debug_tuple("ChannelRequested").field(name).finish(),
            Self::ChannelAccepted => f.write_str("ChannelAccepted"),
            Self::ChannelDeclined => f.write_str("ChannelDeclined"),
            Self::ChannelEnded => f.write_str("ChannelEnded"),
            Self::Message(message) => f.debug_tuple("Message").field(message).finish(),
            Self::ArchiveBegan { length } => f.debug_struct("ArchiveBegan").field("length", length).finish(),
            Self::ArchiveSlice(bytes) => write!(f, "ArchiveSlice(<{} bytes>)", bytes.len()),
            Self::ArchiveEnded => f.write_str("ArchiveEnded"),
            Self::Malformed => f.write_str("Malformed"),
            Self::Lost => f.write_str("Lost"),
        }
    }
}

/// One secured connection, without I/O.
pub struct Connection {
    side: Side,
    phase: Phase,
    /// The session's channel: the one that was accepted, or that this side requests.
    channel: Option<u16>,
    waits: Waits,
    /// An archive has begun to be received, and has a place.
    receiving: bool,
    /// Something was left when it stopped reading, perhaps complete already.
    stopped: bool,
    spent: Spent,
    /// Bytes of an announced archive that were not yet handed to [`Connection::archive`].
    sending: Option<u64>,
    inbound: Inbound,
    outbound: Outbound,
}

/// The peer's use of the limits of one connection (R-MUX-2).
#[derive(Default)]
struct Spent {
    strays: u32,
    requests: u32,
    beacons: u32,
}

/// Which command is waited for before anything further is read.
enum Waits {
    Nothing,
    /// The answer to this request.
    Answer(ChannelRequest),
    /// The place of the archive that began.
    Place,
}

impl Connection {
    /// The importing device's end, which takes archives of at most `max_archive` bytes (R-MSG-3).
    pub fn importer(max_archive: u64) -> Self {
        Self::new(Side::Import, max_archive, None)
    }

    /// The exporting device's end. It takes no archive.
    pub fn exporter() -> Self {
        Self::new(Side::Export, 0, Some(FIRST_SERVER_CHANNEL))
    }

    fn new(side: Side, max_archive: u64, channel: Option<u16>) -> Self {
        let mut outbound = Outbound::default();
        outbound.control(&Control::Version(VERSION));
        Self {
            side,
            phase: Phase::Free,
            channel,
            waits: Waits::Nothing,
            receiving: false,
            spent: Spent::default(),
            stopped: false,
            sending: None,
            inbound: Inbound::new(max_archive),
            outbound,
        }
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        let doing = match (&self.waits, self.receiving, self.sending) {
            (Waits::Answer(_), false, _) => Doing::Answering,
            (Waits::Answer(_), true, _) => Doing::AnsweringAmidArchive,
            (Waits::Place, ..) => Doing::Placing,
            (Waits::Nothing, true, _) => Doing::Receiving,
            (Waits::Nothing, false, Some(_)) if self.is_finishing() => Doing::Finishing,
            (Waits::Nothing, false, Some(_)) => Doing::Sending,
            (Waits::Nothing, false, None) => Doing::Nothing,
        };
        Place { phase: self.phase, doing }
    }

    /// Whether a channel was accepted as the session's, on a connection that is not closed.
    pub fn has_session(&self) -> bool {
        !matches!(self.phase, Phase::Free | Phase::Requested | Phase::Closed)
    }

    /// Whether this side has ended the session's channel.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended | Phase::Over | Phase::DiscardingEnded)
    }

    /// Whether bytes are to be received: no command is waited for, and not too many bytes wait to be transmitted ([`MAX_UNSENT`]).
    ///
    /// The exporter does not read between the archive's last byte and [`Connection::finish_archive`]: the importer's result may be there,
    /// and comes after it.
    pub fn is_reading(&self) -> bool {
        matches!(self.waits, Waits::Nothing) && self.outbound.queued() < MAX_UNSENT && !self.is_finishing()
    }

    /// Whether it stopped in the middle of what it was given, and reads again: [`Connection::receive`] may return an event without further
    /// bytes.
    pub fn has_resumed(&self) -> bool {
        self.stopped && self.is_reading()
    }

    fn is_finishing(&self) -> bool {
        self.sending == Some(0) && !self.outbound.has_buffer()
    }

    /// Takes bytes off `input` up to the end of the next event. `None`: all were taken and more are needed, or the connection is not
    /// [reading](Connection::is_reading); what is left in `input` is to be given again then.
    pub fn receive<'a>(&mut self, input: &mut &'a [u8]) -> Option<Event<'a>> {
        self.receive_noting(input, |_, _| {})
    }

    /// [`Connection::receive`], which reports each thing that is received, and where, also those that lead to no event: what coverage
    /// counts.
    pub fn receive_noting<'a>(&mut self, input: &mut &'a [u8], mut note: impl FnMut(Place, Kind)) -> Option<Event<'a>> {
        self.stopped = false;
        while self.is_reading() {
            if matches!(self.phase, Phase::Discarding | Phase::DiscardingEnded | Phase::Closed) {
                *input = &[];
                return None;
            }
            let item = self.inbound.next(input)?;
            let kind = self.kind(&item);
            note(self.place(), kind);
            let event = if self.bears(kind) { self.take(item) } else { self.take(Item::NoFrame) };
            self.check();
            if event.is_some() {
                return event;
            }
        }
        self.stopped = true;
        None
    }

    /// The kind of an item.
    fn kind(&self, item: &Item<'_>) -> Kind {
        match item {
            Item::Control(Control::Version(_)) => Kind::Version,
            Item::Control(Control::Beacon(true)) => Kind::Beacon,
            Item::Control(Control::Beacon(false)) => Kind::BeaconAnswer,
            Item::Control(Control::Unknown) => Kind::Unknown,
            Item::Control(Control::Request(request)) => match request.state {
                RequestState::Request if self.can_open(request.channel) => Kind::Request,
                RequestState::Request => Kind::UselessRequest,
                _ if !self.is_answer(request) => Kind::StrayAnswer,
                RequestState::Accept => Kind::Acceptance,
                RequestState::Decline => Kind::Refusal,
            },
            Item::Message(message::Event::Message(_)) => Kind::Message,
            Item::Message(message::Event::ArchiveBegan { .. }) => Kind::ArchiveBegan,
            Item::Message(message::Event::ArchiveSlice(_)) => Kind::ArchiveSlice,
            Item::Message(message::Event::ArchiveEnded) => Kind::ArchiveEnded,
            Item::End => Kind::End,
            Item::Stray => Kind::Stray,
            Item::NoMessage => Kind::NoMessage,
            Item::NoFrame => Kind::NoFrame,
        }
    }

    /// Counts what means nothing or costs an answer. `false`: it is more than a connection bears, and counts as no frame (R-MUX-2).
    fn bears(&mut self, kind: Kind) -> bool {
        let (count, most) = match kind {
            Kind::Stray | Kind::StrayAnswer | Kind::BeaconAnswer | Kind::Unknown | Kind::Version => {
                (&mut self.spent.strays, MAX_STRAYS)
            }
            Kind::Request | Kind::UselessRequest => (&mut self.spent.requests, MAX_REQUESTS),
            Kind::Beacon => (&mut self.spent.beacons, MAX_BEACONS),
            _ => return true,
        };
        *count = count.saturating_add(1);
        *count <= most
    }

    fn take<'a>(&mut self, item: Item<'a>) -> Option<Event<'a>> {
        match (self.phase, item) {
            (_, Item::Control(Control::Beacon(true))) => {
                self.outbound.control(&Control::Beacon(false));
                None
            }
            (_, Item::Control(Control::Beacon(false) | Control::Version(_) | Control::Unknown)) => None,
            (_, Item::Control(Control::Request(request))) => match request.state {
                RequestState::Request => self.requested(request),
                RequestState::Accept | RequestState::Decline => self.answered(&request),
            },
            // A channel that was declined, or was ended by the peer, may still carry something.
            (_, Item::Stray) => None,

            (Phase::Open, Item::Message(event)) => self.said(event),
            (Phase::Open, Item::NoMessage) => Some(self.garbled()),
            (Phase::Open | Phase::Garbled, Item::End) => {
                (self.phase, self.receiving) = (Phase::PeerEnded, false);
                Some(Event::ChannelEnded)
            }
            (Phase::Ended, Item::End) => {
                self.phase = Phase::Over;
                Some(Event::ChannelEnded)
            }

            (Phase::Free | Phase::Requested, Item::NoFrame) => {
                self.phase = Phase::Closed;
                Some(Event::Lost)
            }
            (Phase::Open | Phase::Garbled | Phase::PeerEnded, Item::NoFrame) => {
                (self.phase, self.receiving) = (Phase::Discarding, false);
                Some(Event::Malformed)
            }
            (Phase::Ended | Phase::Over, Item::NoFrame) => {
                self.phase = Phase::DiscardingEnded;
                Some(Event::Malformed)
            }

            (phase, Item::Message(_) | Item::NoMessage | Item::End | Item::NoFrame) => {
                debug_assert!(
                    false,
                    "the inbound half reads the session's channel only while it is open, not {phase:?}"
                );
                None
            }
        }
    }

    /// Whether a request for this number can be left to the operation: it is not reserved, and not in use (R-MUX-1). The importer has no
    /// channel to request of the exporter.
    fn can_open(&self, channel: u16) -> bool {
        let reserved = channel == CONTROL_CHANNEL || channel == PROTOCOL_CHANNEL;
        self.side == Side::Import && !reserved && self.channel != Some(channel)
    }

    /// Whether this answers the request that this side made.
    fn is_answer(&self, answer: &ChannelRequest) -> bool {
        self.phase == Phase::Requested && self.channel == Some(answer.channel)
    }

    fn requested(&mut self, request: ChannelRequest) -> Option<Event<'static>> {
        if !self.can_open(request.channel) {
            self.answer(request, RequestState::Decline);
            return None;
        }
        let name = request.name.clone();
        self.waits = Waits::Answer(request);
        Some(Event::ChannelRequested(name))
    }

    fn answered(&mut self, answer: &ChannelRequest) -> Option<Event<'static>> {
        if !self.is_answer(answer) {
            return None;
        }
        if answer.state == RequestState::Accept {
            self.open(answer.channel);
            Some(Event::ChannelAccepted)
        } else {
            self.phase = Phase::Free;
            Some(Event::ChannelDeclined)
        }
    }

    fn open(&mut self, channel: u16) {
        self.phase = Phase::Open;
        self.channel = Some(channel);
        self.inbound.open(channel);
    }

    fn said<'a>(&mut self, event: message::Event<'a>) -> Option<Event<'a>> {
        Some(match event {
            message::Event::Message(message) => Event::Message(message),
            // An exporter takes no archive, not even an empty one.
            message::Event::ArchiveBegan { .. } if self.side == Side::Export => self.garbled(),
            message::Event::ArchiveBegan { length } => {
                self.waits = Waits::Place;
                Event::ArchiveBegan { length }
            }
            message::Event::ArchiveSlice(bytes) => Event::ArchiveSlice(bytes),
            message::Event::ArchiveEnded => {
                self.receiving = false;
                Event::ArchiveEnded
            }
        })
    }

    fn garbled(&mut self) -> Event<'static> {
        (self.phase, self.receiving) = (Phase::Garbled, false);
        self.inbound.skip();
        Event::Malformed
    }

    fn answer(&mut self, request: ChannelRequest, state: RequestState) {
        self.outbound.control(&Control::Request(ChannelRequest { state, ..request }));
    }

    /// Import: accepts the channel that is requested, as the session's. A connection has one session: a further channel is declined, and
    /// `false` returned.
    pub fn accept(&mut self) -> bool {
        if self.phase != Phase::Free {
            self.decline();
            return false;
        }
        let Some(request) = self.take_request() else { return false };
        self.open(request.channel);
        self.answer(request, RequestState::Accept);
        self.check();
        true
    }

    /// Import: declines the channel that is requested.
    pub fn decline(&mut self) -> bool {
        let Some(request) = self.take_request() else { return false };
        self.answer(request, RequestState::Decline);
        self.check();
        true
    }

    fn take_request(&mut self) -> Option<ChannelRequest> {
        if !matches!(self.waits, Waits::Answer(_)) {
            return None;
        }
        match core::mem::replace(&mut self.waits, Waits::Nothing) {
            Waits::Answer(request) => Some(request),
            Waits::Nothing | Waits::Place => None,
        }
    }

    /// Export: requests the session's channel, under this name.
    pub fn request_channel(&mut self, name: ChannelName) -> bool {
        let (Side::Export, Phase::Free, Some(channel)) = (self.side, self.phase, self.channel) else { return false };
        self.phase = Phase::Requested;
        self.answer(ChannelRequest { name, channel, state: RequestState::Request }, RequestState::Request);
        self.check();
        true
    }

    /// The session's channel, if this side can send on it: it has not ended it.
    fn sends_on(&self) -> Option<u16> {
        let open = matches!(self.phase, Phase::Open | Phase::Garbled | Phase::PeerEnded | Phase::Discarding);
        self.channel.filter(|_| open)
    }

    /// Sends a message of the session: not after its end, and not in the middle of an archive.
    pub fn send(&mut self, message: &Message<Secret>) -> bool {
        let Some(channel) = self.sends_on().filter(|_| self.sending.is_none()) else { return false };
        self.outbound.message(channel, message);
        true
    }

    /// Export: announces an archive of so many bytes, which [`Connection::archive`] takes, and [`Connection::finish_archive`] ends.
    pub fn begin_archive(&mut self, length: u32) -> bool {
        let channel = self.sends_on().filter(|_| self.side == Side::Export && self.sending.is_none());
        let Some(channel) = channel else { return false };
        self.sending = Some(length.into());
        self.outbound.archive_header(channel, length);
        self.check();
        true
    }

    /// Export: further bytes of the archive that is announced, without a copy; no more than are left of it. The next ones can be handed
    /// over when these are [used up](Connection::used_up).
    pub fn archive(&mut self, buffer: Buffer) -> bool {
        let (Some(channel), Some(left)) = (self.sends_on(), self.sending) else { return false };
        let rest = left.checked_sub(buffer.len() as u64);
        let Some(rest) = rest.filter(|_| !buffer.is_empty() && !self.outbound.has_buffer()) else { return false };
        self.sending = Some(rest);
        self.outbound.archive(channel, buffer);
        self.check();
        true
    }

    /// Export: the buffer that [`Connection::archive`] took, once all of it is transmitted.
    pub fn used_up(&mut self) -> Option<Buffer> {
        self.outbound.used_up()
    }

    /// Export: there is nothing after the archive's last byte. `false`: it is not yet transmitted, or bytes are missing.
    pub fn finish_archive(&mut self) -> bool {
        let complete = self.is_finishing();
        if complete {
            self.sending = None;
        }
        complete
    }

    /// Bytes of archives that are transmitted, headers apart.
    pub fn archived(&self) -> u64 {
        self.outbound.archived()
    }

    /// Import: there is a place for the archive that began. Its bytes are received.
    pub fn take_archive(&mut self) -> bool {
        let waits = matches!(self.waits, Waits::Place);
        if waits {
            (self.waits, self.receiving) = (Waits::Nothing, true);
        }
        self.check();
        waits
    }

    /// Import: the archive that is received has no place any more. Nothing is read before [`Connection::end`].
    pub fn hold_archive(&mut self) -> bool {
        let holds = self.receiving && matches!(self.waits, Waits::Nothing);
        if holds {
            (self.waits, self.receiving) = (Waits::Place, false);
        }
        self.check();
        holds
    }

    /// Ends the session's channel, at once: the rest of an archive is dropped, but for the frame that has begun. Data of the peer
    /// on the channel is skipped from now on; its end is an event still.
    pub fn end(&mut self) -> bool {
        let Some(channel) = self.sends_on() else { return false };
        self.phase = match self.phase {
            Phase::PeerEnded => Phase::Over,
            Phase::Discarding => Phase::DiscardingEnded,
            _ => Phase::Ended,
        };
        (self.receiving, self.sending) = (false, None);
        if matches!(self.waits, Waits::Place) {
            self.waits = Waits::Nothing;
        }
        self.inbound.skip();
        self.outbound.end(channel);
        self.check();
        true
    }

    /// Closes the connection: nothing is received or sent any more, but for what waits; of an archive, the frame that has begun.
    pub fn close(&mut self) {
        (self.phase, self.waits, self.receiving, self.sending) = (Phase::Closed, Waits::Nothing, false, None);
        self.outbound.drop_archive();
        self.check();
    }

    /// The bytes that are to be transmitted next, in two pieces: the header of a frame, and data where it lies. Both are empty where nothing
    /// waits.
    pub fn transmit(&self) -> (&[u8], &[u8]) {
        self.outbound.transmit()
    }

    /// So many bytes of what [`Connection::transmit`] returned went out.
    pub fn sent(&mut self, count: usize) {
        self.outbound.sent(count);
    }

    /// Whether bytes wait to be transmitted.
    pub fn is_waiting(&self) -> bool {
        self.outbound.is_waiting()
    }

    /// The transport takes no bytes any more: drops bytes that wait, and later ones. Receiving goes on: a peer says
    /// why it leaves before it leaves.
    pub fn cut(&mut self) {
        self.sending = None;
        self.outbound.cut();
        self.check();
    }

    /// Whether [`Connection::cut`] was called.
    pub fn is_cut(&self) -> bool {
        self.outbound.is_cut()
    }

    /// Checks what each phase implies. A connection asserts it after each step in a debug build; the checker asks in each place.
    ///
    /// # Errors
    /// The line that does not hold.
    pub fn invariant(&self) -> Result<(), &'static str> {
        let (phase, side) = (self.phase, self.side);
        ensure(!self.has_session() || self.channel.is_some(), "a session has a channel")?;
        ensure(
            side == Side::Export || self.has_session() || phase == Phase::Closed || self.channel.is_none(),
            "an importer's channel is a session's",
        )?;
        ensure(phase != Phase::Requested || side == Side::Export, "the exporter requests the channel")?;
        let archive = self.receiving || matches!(self.waits, Waits::Place);
        let comes = phase == Phase::Open && side == Side::Import;
        ensure(!archive || comes, "an archive comes in an open session of the importer")?;
        let goes = self.sends_on().is_some() && side == Side::Export;
        ensure(self.sending.is_none() || goes, "an archive goes out in a session of the exporter that is not ended")?;
        ensure(side == Side::Import || !matches!(self.waits, Waits::Answer(_)), "the importer is asked")?;
        let closed =
            phase != Phase::Closed || matches!(self.waits, Waits::Nothing) && !archive && self.sending.is_none();
        ensure(closed, "nothing is under way on a closed connection")?;
        let ended = self.outbound.has_ended();
        ensure(
            phase == Phase::Closed || ended == self.has_ended(),
            "the channel's end is sent once, and nothing after it",
        )
    }

    fn check(&self) {
        debug_assert_eq!(self.invariant(), Ok(()), "{self:?}");
    }
}

/// Without names and messages.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("side", &self.side).field("place", &self.place()).finish_non_exhaustive()
    }
}
