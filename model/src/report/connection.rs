//! The connection's table, from exploration: every thing that it can take, in every place that it comes to (R-MUX-1).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use handfast::{
    connection::{Connection, Kind, Phase, Place},
    message::{Features, Message, archive_header, encode},
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, FrameDecoder, FrameEvent, PROTOCOL_CHANNEL,
        RequestState, VERSION, end_of_channel, frame_header,
    },
    outcome::Side,
};

use crate::report::rows::Row;

const CHANNEL: u16 = FIRST_SERVER_CHANNEL;
/// A channel that no one has opened.
const OTHER: u16 = 7;
/// Bytes of an archive.
const ARCHIVE: u32 = 2;

/// The result of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is taken: it is a command that makes sense, or is received as what it is.
    pub taken: bool,
    /// Where the connection is then.
    pub next: Place,
    /// Events, and frames that it sends.
    pub does: Vec<String>,
}

/// The table of a side: of each place, what each kind leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    side: Side,
    rows: BTreeMap<Place, BTreeMap<Kind, Taken>>,
}

/// A connection of this side, which has sent its version.
pub fn fresh(side: Side) -> Connection {
    let mut connection = match side {
        Side::Import => Connection::importer(1 << 20),
        Side::Export => Connection::exporter(),
    };
    transmit(&mut connection);
    connection
}

/// Gives a connection a thing of this kind, and takes what it sends.
pub fn take(connection: &mut Connection, kind: Kind) -> Taken {
    let mut does = Vec::new();
    let taken = match kind {
        Kind::Accept => connection.accept(),
        Kind::Decline => connection.decline(),
        Kind::RequestChannel => connection.request_channel(name()),
        Kind::Send => connection.send(&Message::Hello(Features::ALL)),
        Kind::BeginArchive => connection.begin_archive(ARCHIVE),
        // More than was announced is refused.
        Kind::Archive => {
            !connection.archive(vec![b'x'; ARCHIVE as usize + 1].into())
                && connection.archive(vec![b'x'; ARCHIVE as usize].into())
        }
        Kind::FinishArchive => connection.finish_archive(),
        Kind::TakeArchive => connection.take_archive(),
        Kind::HoldArchive => connection.hold_archive(),
        Kind::EndChannel => connection.end(),
        Kind::Close => {
            let open = connection.place().phase != Phase::Closed;
            connection.close();
            open
        }
        received => {
            let (place, bytes) = (connection.place(), bytes(received, connection.has_session()));
            let (mut input, mut noted) = (&bytes[..], false);
            while let Some(event) =
                connection.receive_noting(&mut input, |at, kind| noted |= (at, kind) == (place, received))
            {
                does.push(format!("{event:?}"));
            }
            // In another place the same bytes are something else.
            noted
        }
    };
    does.extend(transmit(connection));
    connection.used_up();
    Taken { taken, next: connection.place(), does }
}

fn name() -> ChannelName {
    ChannelName::new(b"auth:123456").unwrap_or_else(|| unreachable!("it is short"))
}

/// The bytes that stand for a thing that is received.
fn bytes(kind: Kind, in_session: bool) -> Vec<u8> {
    let frame = |channel, data: &[u8]| [frame_header(channel, data.len() as u16).as_bytes(), data].concat();
    let request = |channel, state| Control::Request(ChannelRequest { name: name(), channel, state }).to_frame();
    match kind {
        Kind::Version => Control::Version(VERSION).to_frame(),
        Kind::Beacon => Control::Beacon(true).to_frame(),
        Kind::BeaconAnswer => Control::Beacon(false).to_frame(),
        Kind::Unknown => Control::Unknown.to_frame(),
        Kind::Request => request(if in_session { OTHER } else { CHANNEL }, RequestState::Request),
        Kind::UselessRequest => request(PROTOCOL_CHANNEL, RequestState::Request),
        Kind::Acceptance => request(CHANNEL, RequestState::Accept),
        Kind::Refusal => request(CHANNEL, RequestState::Decline),
        Kind::StrayAnswer => request(OTHER, RequestState::Accept),
        Kind::Message => frame(CHANNEL, encode(&Message::Hello(Features::ALL)).as_bytes()),
        Kind::ArchiveBegan => frame(CHANNEL, archive_header(ARCHIVE).as_bytes()),
        Kind::ArchiveSlice => frame(CHANNEL, &[b'x'; ARCHIVE as usize - 1]),
        Kind::ArchiveEnded => frame(CHANNEL, &[b'x'; ARCHIVE as usize]),
        Kind::End => end_of_channel(CHANNEL).as_bytes().to_vec(),
        Kind::Stray => frame(OTHER, b"x"),
        Kind::NoMessage => frame(CHANNEL, b"\xc1"),
        Kind::NoFrame => vec![0xc1],
        _ => Vec::new(),
    }
}

/// Takes what waits, frame by frame.
fn transmit(connection: &mut Connection) -> Vec<String> {
    let mut bytes = Vec::new();
    while connection.is_waiting() {
        let (header, data) = connection.transmit();
        bytes.extend([header, data].concat());
        let count = header.len() + data.len();
        connection.sent(count);
    }
    let (mut frames, mut rest, mut all) = (FrameDecoder::new(), &bytes[..], Vec::new());
    while let Ok(Some(event)) = frames.next(&mut rest) {
        all.push(match event {
            FrameEvent::Control(control) => format!("sends {control:?}"),
            event => format!("sends {event:?}"),
        });
    }
    all
}

impl Table {
    /// Explores all places that a side comes to, each by a shortest way.
    pub fn explore(side: Side) -> Self {
        let (mut rows, mut ways) = (BTreeMap::new(), vec![Vec::new()]);
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            let led = || {
                let mut connection = fresh(side);
                way.iter().for_each(|&kind| _ = take(&mut connection, kind));
                connection
            };
            let place = led().place();
            if rows.contains_key(&place) {
                continue;
            }
            let row: BTreeMap<Kind, Taken> = Kind::ALL.iter().map(|&kind| (kind, take(&mut led(), kind))).collect();
            ways.extend(row.iter().map(|(&kind, _)| [&way[..], &[kind]].concat()));
            rows.insert(place, row);
        }
        Self { side, rows }
    }

    /// The result of an input in a place.
    pub fn at(&self, place: Place, kind: Kind) -> Option<&Taken> {
        self.rows.get(&place)?.get(&kind)
    }

    /// Everything that is taken in each place: the place, the kind, and what it leads to.
    pub fn taken(&self) -> impl Iterator<Item = (Place, Kind, &Taken)> {
        self.rows.iter().flat_map(|(&place, kinds)| {
            kinds.iter().filter(|(_, taken)| taken.taken).map(move |(&kind, taken)| (place, kind, taken))
        })
    }

    /// The rows in which something is taken: what coverage counts.
    pub fn rows(&self) -> BTreeSet<Row> {
        let row = |place: Place, kind: Kind| Row { side: self.side, place: place.name(), kind: kind.name() };
        let taken = |(&place, kinds): (&Place, &BTreeMap<Kind, Taken>)| {
            kinds.iter().filter(|(_, taken)| taken.taken).map(|(&kind, _)| row(place, kind)).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(taken).collect()
    }
}

/// By places, a line for each kind that does something.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, row) in &self.rows {
            writeln!(f, "{}: {place}", self.side)?;
            let is_idle = |taken: &Taken| taken.next == *place && taken.does.is_empty();
            for (kind, taken) in row.iter().filter(|(_, taken)| taken.taken && !is_idle(taken)) {
                writeln!(f, "  {:<22} {:<52} {}", kind.name(), taken.next.name(), taken.does.join("; "))?;
            }
            let kinds: Vec<_> = row.iter().filter(|(_, taken)| taken.taken && is_idle(taken)).collect();
            if !kinds.is_empty() {
                let names: Vec<_> = kinds.into_iter().map(|(kind, _)| kind.name()).collect();
                writeln!(f, "  without effect: {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}
