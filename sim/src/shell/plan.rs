//! Every option of one session: what a seed draws, what is printed, and what is carried out without the seed.

use std::time::Duration;

use handfast::{
    limits::Durations,
    outcome::{Profile, Side},
};
use serde::{Deserialize, Serialize};

use super::{compared::Compared, enemy::Enemy, scenario::Scenario};
use crate::point::Point;

/// A fault, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// After this step.
    pub at: Point,
    /// The faults.
    pub what: What,
}

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Nothing passes any more, and what is in flight is lost.
    Partition,
    /// Packets in flight and later ones are held for so many milliseconds.
    Hold(u64),
    /// Every packet is lost for so many milliseconds.
    Outage(u64),
    /// The writing half of the connection of the side whose step it is is closed, without a word of TLS.
    ShutWrite,
    /// The reading half of the connection of the side whose step it is is closed: it reads the end.
    ShutRead,
    /// The side whose step it is cancels.
    Cancel,
    /// The machine of the side whose step it is crashes, its link is cut, and it is started again after so many milliseconds.
    Crash(u64),
    /// The process of the side whose step it is is killed, its connections are closed, and it is started again after so many
    /// milliseconds.
    Kill(u64),
}

/// A fault of a side's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamFault {
    /// The connection is reset once this side has written so much. All of that arrives, and nothing that the other side has sent and
    /// this one not read.
    Reset(Side, Spot),
    /// This side reads at most `bytes` at once, and then not for `pause_ms`.
    Reads {
        /// Which one.
        side: Side,
        /// At once.
        bytes: usize,
        /// Of virtual time.
        pause_ms: u64,
    },
    /// This side's writes are taken so many bytes at a time.
    Writes {
        /// Which one.
        side: Side,
        /// At once.
        bytes: usize,
    },
}

/// A place in what a side writes to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spot {
    /// After so many whole records of TLS. Each frame of the multiplexer is one of them, or begins one.
    Records(u32),
    /// After so many bytes.
    Bytes(u64),
}

/// A fault of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskFault {
    /// The importer's: the operation after so many fails.
    Fails(u64),
    /// The importer's: at the operation after so many its machine crashes, before it is done, and is started again.
    Crashes(u64),
    /// The importer's: it has so many bytes. Bytes that still fit are written.
    Full(u64),
    /// The importer's: a write takes so many bytes at most.
    Short(usize),
    /// The exporter's: the archive cannot be read beyond so many bytes of its text.
    Unreadable(u64),
}

/// A defect that is built in, to show that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planted {
    /// The importer's store says that an account is durable, and has not kept it.
    ForgetfulStore,
    /// The importer's store says that an account could not be kept, and has kept it.
    SecretiveStore,
    /// The importer's store leaves over what it was to wipe.
    LitteringStore,
    /// A user's time to think depends on something besides the plan.
    Leak,
    /// A task of the importer's panics.
    Panic,
    /// A connection of the exporter's is not closed at its end.
    Socket,
    /// A task of the importer's is not ended at its end.
    Task,
    /// The importer's last step is not recorded, so that a timer seems to be armed at its end.
    Timer,
    /// When the faults are over, the importer's disk still has no room.
    Rot,
    /// The signal to a client is forgotten, so that a late subscriber seems to get another one.
    Forgetful,
}

/// One session: everything that is not the same in all of them. Equal plans give equal traces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The fault that it shows.
    pub scenario: Scenario,
    /// The seed of codes, delays and losses.
    pub random: u64,
    /// The profile of both sides.
    pub profile: Profile,
    /// Whether the archive has a password.
    pub protected: bool,
    /// Bytes of the archive's text.
    pub text: u64,
    /// How many times shorter than real the timers are.
    pub divisor: u32,
    /// Milliseconds of virtual time that pass at once.
    pub tick_ms: u64,
    /// Milliseconds that a packet takes, at least and at most.
    pub latency_ms: (u64, u64),
    /// Milliseconds that the importing and the exporting user think about each thing.
    pub think_ms: (u64, u64),
    /// Milliseconds that the importer takes to be published, to check and to install, and the exporter to derive a key.
    pub work_ms: (u64, u64),
    /// Wrong passwords before the right one.
    pub wrong: u8,
    /// The side whose user does nothing.
    pub idle: Option<Side>,
    /// Packets that are lost, of 1000.
    pub lost: u32,
    /// The faults and their places, each of them once.
    pub faults: Vec<Fault>,
    /// The faults of connections.
    pub streams: Vec<StreamFault>,
    /// The fault of a disk.
    pub disk: Option<DiskFault>,
    /// The enemy, if there is one.
    pub enemy: Option<Enemy>,
    /// The sides that can compare the two screens, if one can.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compared: Option<Compared>,
    /// Both sides are as they are shipped ([`Scenario::Shipped`]), and time is real.
    pub shipped: bool,
    /// Of sides as they are shipped: the exporting device was linked itself, and exports from its store. Else it has an archive.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub linked: bool,
    /// The planted fault.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub planted: Option<Planted>,
}

impl Plan {
    /// The same with a defect built in.
    pub fn with(self, planted: Option<Planted>) -> Self {
        Self { planted, ..self }
    }

    /// Whether a side names the comparison of the two screens.
    pub(crate) fn compares(&self, side: Side) -> bool {
        match self.compared {
            None => false,
            Some(Compared::Alone(only)) => only == side,
            Some(_) => true,
        }
    }

    /// Whether the user of a side says that the two strings are equal. They are: no one is between the two.
    pub(crate) fn says_equal(&self, side: Side) -> bool {
        self.compared != Some(Compared::Differs(side))
    }

    /// The same pair's next link, in which nothing goes wrong.
    pub(crate) fn afterwards(&self) -> Self {
        Self {
            scenario: Scenario::NoFault,
            random: self.random.wrapping_add(1),
            wrong: 0,
            idle: None,
            lost: 0,
            faults: Vec::new(),
            streams: Vec::new(),
            disk: None,
            enemy: None,
            compared: self.compared.map(|_| Compared::Same),
            planted: None,
            ..self.clone()
        }
    }

    /// How long the timers run.
    pub fn durations(&self) -> Durations {
        let scaled = Durations::default().scaled_down(self.divisor);
        // The round trips are not shorter by as much.
        let closing = scaled.closing.max(Duration::from_millis(50));
        let [handshake, opening] = [scaled.handshake, scaled.opening].map(|time| time.max(Duration::from_secs(2)));
        Durations { closing, handshake, opening, ..scaled }
    }

    /// After so much virtual time no operation can be alive (R-TIME-4).
    pub fn limit(&self) -> Duration {
        let Durations { prepare, token, connect, authenticate, transfer, result, linger, closing, .. } =
            self.durations();
        let people = Duration::from_millis(4 * (self.think_ms.0 + self.think_ms.1 + self.work_ms.0 + self.work_ms.1));
        2 * (prepare + token + connect + authenticate + transfer + result + linger + closing + people)
            + Duration::from_secs(1)
    }
}
