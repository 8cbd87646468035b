//! The frames of a hostile peer below the messages, and whether it gets the answers that are due (R-MUX-1).

use std::collections::VecDeque;

use handfast::{
    connection::Connection,
    limits::MAX_STRAYS,
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, FrameDecoder, FrameEvent, PROTOCOL_CHANNEL,
        RequestState, VERSION, end_of_channel, frame_header,
    },
};
use handfast_model::counted;
use serde::{Deserialize, Serialize};

/// Something below the messages: frames of the control channels, and of channels that no one opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// A beacon that asks for an answer.
    Beacon,
    /// A beacon that answers none.
    BeaconAnswer,
    /// The version, once more.
    Version,
    /// A control message of an unknown kind.
    Unknown,
    /// One packet with a beacon, an unknown message and a beacon.
    Beacons,
    /// One packet with requests for a reserved number, the session's number, and another.
    Requests,
    /// A request for a reserved number.
    Reserved,
    /// A request for the session's number, under another name.
    Taken,
    /// A channel is accepted, or declined, that was not requested.
    Answer(bool),
    /// Data of a channel that no one opened.
    Foreign,
    /// The end of such a channel.
    ForeignEnd,
    /// More of these than a connection bears (R-MUX-2).
    Flood,
}

impl Below {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Beacon,
        Self::BeaconAnswer,
        Self::Version,
        Self::Unknown,
        Self::Beacons,
        Self::Requests,
        Self::Reserved,
        Self::Taken,
        Self::Answer(true),
        Self::Answer(false),
        Self::Foreign,
        Self::ForeignEnd,
        Self::Flood,
    ];

    /// Its bytes.
    pub(super) fn bytes(self) -> Vec<u8> {
        let request = |channel, state| {
            let name = ChannelName::new(b"sync://below").unwrap_or_else(|| unreachable!("it is short"));
            Control::Request(ChannelRequest { name, channel, state }).to_frame()
        };
        let foreign = [frame_header(FOREIGN, 1).as_bytes(), b"x"].concat();
        match self {
            Self::Beacon => Control::Beacon(true).to_frame(),
            Self::BeaconAnswer => Control::Beacon(false).to_frame(),
            Self::Version => Control::Version(VERSION).to_frame(),
            Self::Unknown => Control::Unknown.to_frame(),
            Self::Beacons => {
                let beacon = Control::Beacon(true);
                packet(PROTOCOL_CHANNEL, &[&beacon, &Control::Unknown, &beacon].map(Control::to_frame))
            }
            Self::Requests => {
                let all = [0, CHANNEL, FOREIGN].map(|channel| request(channel, RequestState::Request));
                packet(0, &all)
            }
            Self::Reserved => request(PROTOCOL_CHANNEL, RequestState::Request),
            Self::Taken => request(CHANNEL, RequestState::Request),
            Self::Answer(accepts) => {
                request(FOREIGN, if accepts { RequestState::Accept } else { RequestState::Decline })
            }
            Self::Foreign => foreign,
            Self::ForeignEnd => end_of_channel(FOREIGN).as_bytes().to_vec(),
            Self::Flood => foreign.repeat(MAX_STRAYS as usize + 1),
        }
    }

    /// How many beacons and requests are in it, each of which is answered once.
    const fn due(self) -> [u32; 2] {
        match self {
            Self::Beacon => [1, 0],
            Self::Beacons => [2, 0],
            Self::Requests => [0, 3],
            Self::Reserved | Self::Taken => [0, 1],
            _ => [0, 0],
        }
    }
}

/// The session's channel.
const CHANNEL: u16 = FIRST_SERVER_CHANNEL;
/// A channel that no one opens.
const FOREIGN: u16 = 7;

/// The messages of these frames in one.
fn packet(channel: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut data = Vec::new();
    for frame in frames {
        // The header of so short a frame has no other length.
        let header = frame_header(channel, 1).as_bytes().len();
        data.extend_from_slice(&frame[header..]);
    }
    [frame_header(channel, data.len() as u16).as_bytes(), &data].concat()
}

/// The answers that are due to a hostile peer, and those that it got.
#[derive(Default)]
pub(super) struct Ledger {
    /// Beacons and requests that were sent, each with where it ends.
    sent: VecDeque<(u64, [u32; 2])>,
    due: [u32; 2],
    got: [u32; 2],
    /// The last bytes were no frame, or more than a connection accepts: nothing after them is due.
    spoilt: bool,
    frames: FrameDecoder,
    /// Something below the messages was sent.
    pub(super) used: bool,
}

impl Ledger {
    /// Another connection begins: on it nothing was sent, and nothing is due of what was sent before.
    pub(super) fn renew(&mut self) {
        *self = Self { used: self.used, ..Self::default() };
    }

    /// Something was sent that ends here.
    pub(super) fn send(&mut self, below: Below, end: u64) {
        self.used = true;
        self.note(below.due(), end);
        self.spoilt |= below == Below::Flood;
    }

    /// A request was sent that ends here.
    pub(super) fn request(&mut self, end: u64) {
        self.note([0, 1], end);
    }

    fn note(&mut self, due: [u32; 2], end: u64) {
        if !self.spoilt {
            self.sent.push_back((end, due));
        }
    }

    /// Bytes that are no frame were sent.
    pub(super) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// Bytes came back.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        while let Ok(Some(event)) = self.frames.next(&mut bytes) {
            match event {
                FrameEvent::Control(Control::Beacon(false)) => self.got[0] += 1,
                FrameEvent::Control(Control::Request(request)) if request.state != RequestState::Request => {
                    self.got[1] += 1;
                }
                _ => {}
            }
        }
    }

    /// The connection has read up to here. Returns a missing answer, if there is one.
    pub(super) fn wrong(&mut self, connection: &Connection, read: u64) -> Option<String> {
        while let Some((_, due)) = self.sent.pop_front_if(|(end, _)| *end <= read) {
            self.due[0] += due[0];
            self.due[1] += due[1];
        }
        // Answers that wait for a command, and those after them, are not there yet.
        if !connection.is_reading() || connection.has_resumed() || self.due == self.got {
            return None;
        }
        let [(beacons, requests), (answers, replies)] = [self.due, self.got].map(|[one, other]| (one, other));
        let [beacons, requests] =
            [(beacons, "beacon"), (requests, "request")].map(|(count, noun)| counted(count, noun));
        Some(format!("{beacons} and {requests} had {answers} and {}", counted(replies, "answer")))
    }
}
