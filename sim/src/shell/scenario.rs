//! The table of scenarios.

use std::{borrow::Cow, fmt, str::FromStr};

use handfast::outcome::Side;
use serde::{Deserialize, Serialize};

use super::{compared::Compared, enemy::Enemy};
use crate::point::Point;

/// A simulated network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// `turmoil`: hosts that crash, links that are partitioned or held.
    Hosts,
    /// `turmoil-net`: packets that are lost, and a TCP that sends them again.
    Packets,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hosts => "hosts",
            Self::Packets => "packets",
        })
    }
}

/// The faults of a session, and thereby its expected result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scenario {
    /// Nothing: both succeed (R-PAIR-2).
    NoFault,
    /// This number of wrong passwords is typed before the right one. Both sides succeed, except after three.
    Wrong(u8),
    /// Packets are lost, and TCP sends them again: both succeed.
    Loss,
    /// No packet passes for a while, from this point on: both succeed.
    Outage(Point),
    /// Packets from this point on are held for a while: both succeed.
    Hold(Point),
    /// From this point on nothing passes any more, and what is in flight is lost.
    Partition(Point),
    /// The side whose step it is closes the writing half of its connection, without a word.
    HalfClose(Point),
    /// The side whose step it is reads the end of its connection, which its peer has not written.
    ReadClosed(Point),
    /// The connection is reset after so many records of TLS that this side wrote.
    Reset(Side, u8),
    /// The connection is reset after any byte that this side wrote.
    ResetWithin(Side),
    /// This side reads a byte a millisecond, and the timers have their real length: both succeed.
    SlowReader(Side),
    /// This side reads so slowly that the transfer's timers run out.
    Crawl(Side),
    /// This side reads one byte at a time: both succeed.
    ByteReads(Side),
    /// This side's writes are taken one byte at a time: both succeed.
    ByteWrites(Side),
    /// The side whose step it is cancels.
    Cancel(Point),
    /// The machine of the side whose step it is crashes, and is started again.
    Crash(Point),
    /// The process of the side whose step it is is killed, and started again.
    Kill(Point),
    /// The operation of the importer's disk after so many fails.
    DiskFails(u8),
    /// The importer's machine crashes at the operation of its disk after so many, and is started again.
    DiskCrashes(u8),
    /// The importer's disk is full.
    DiskFull,
    /// The importer's disk takes a part of each write only: both succeed.
    DiskShort,
    /// The exporter's archive can no longer be read when it is being sent.
    ArchiveFails,
    /// Somebody is there who should not be.
    Enemy(Enemy),
    /// A side can compare the two screens, or both.
    Compared(Compared),
    /// Several faults at once, and then none: whatever came of it, the next link succeeds.
    Swarm(World),
    /// This side's user does nothing, and the timers have their real length.
    Idle(Side),
    /// Both sides are as they are shipped, but for the network and the disk: with threads, the real key derivation, a new identity,
    /// the system's randomness and the real timers. Its traces are not repeatable.
    Shipped(Fate),
}

/// The result of a link of two sides as they are shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Both succeed.
    Linked,
    /// The importing user cancels when the archive has come.
    Canceled,
    /// The importer's disk fails.
    DiskFails,
}

impl Fate {
    const ALL: [Self; 3] = [Self::Linked, Self::Canceled, Self::DiskFails];
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linked => "linked",
            Self::Canceled => "canceled",
            Self::DiskFails => "disk-fails",
        })
    }
}

/// Both.
const SIDES: [Side; 2] = [Side::Import, Side::Export];

/// Operations of the importer's disk from the first byte of the archive to an installed account, with the shortest text and a
/// password. Without one there are fewer.
const OPERATIONS: u8 = 28;

/// Records of TLS that a side writes when nothing goes wrong, at least.
const fn records(side: Side) -> u8 {
    match side {
        Side::Import => 9,
        Side::Export => 11,
    }
}

impl Scenario {
    /// All of them, in the order in which they are reported.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::NoFault, Self::Wrong(1), Self::Wrong(2), Self::Wrong(3), Self::Loss];
        for of in [Self::Outage, Self::Hold, Self::Partition, Self::HalfClose, Self::ReadClosed] {
            all.extend(Point::all().map(of));
        }
        all.extend(SIDES.into_iter().flat_map(|side| (0..records(side)).map(move |after| Self::Reset(side, after))));
        for of in [Self::ResetWithin, Self::SlowReader, Self::Crawl, Self::ByteReads, Self::ByteWrites] {
            all.extend(SIDES.map(of));
        }
        for of in [Self::Cancel, Self::Crash, Self::Kill] {
            all.extend(Point::all().map(of));
        }
        for of in [Self::DiskFails, Self::DiskCrashes] {
            all.extend((0..OPERATIONS).map(of));
        }
        all.extend([Self::DiskFull, Self::DiskShort, Self::ArchiveFails]);
        all.extend(Enemy::all().map(Self::Enemy));
        all.extend([World::Hosts, World::Packets].map(Self::Swarm));
        all.extend(SIDES.map(Self::Idle));
        all.extend(Fate::ALL.map(Self::Shipped));
        all.extend(Compared::all().map(Self::Compared));
        all
    }

    /// Returns the name of a scenario, or of a family, that may have been written before it had another one: plans and results are kept.
    pub fn name_of_today(name: &str) -> Cow<'_, str> {
        match name.strip_prefix("deaf") {
            Some(rest) if rest.is_empty() || rest.starts_with('@') => format!("read-closed{rest}").into(),
            _ => name.into(),
        }
    }

    /// The family's name: what is before `@`.
    pub fn family(self) -> &'static str {
        match self {
            Self::NoFault => "no-fault",
            Self::Wrong(1) => "wrong-once",
            Self::Wrong(2) => "wrong-twice",
            Self::Wrong(_) => "wrong-thrice",
            Self::Loss => "loss",
            Self::Outage(_) => "outage",
            Self::Hold(_) => "hold",
            Self::Partition(_) => "partition",
            Self::HalfClose(_) => "half-close",
            Self::ReadClosed(_) => "read-closed",
            Self::Reset(..) => "reset",
            Self::ResetWithin(_) => "reset-within",
            Self::SlowReader(_) => "slow-reader",
            Self::Crawl(_) => "crawl",
            Self::ByteReads(_) => "byte-reads",
            Self::ByteWrites(_) => "byte-writes",
            Self::Cancel(_) => "cancel",
            Self::Crash(_) => "crash",
            Self::Kill(_) => "kill",
            Self::DiskFails(_) => "disk-fails",
            Self::DiskCrashes(_) => "disk-crashes",
            Self::DiskFull => "disk-full",
            Self::DiskShort => "disk-short",
            Self::ArchiveFails => "archive-fails",
            Self::Enemy(enemy) => enemy.family(),
            Self::Compared(_) => "compared",
            Self::Swarm(_) => "swarm",
            Self::Idle(_) => "idle",
            Self::Shipped(_) => "as-shipped",
        }
    }

    /// Returns the network that carries it.
    pub fn world(self) -> World {
        match self {
            Self::Swarm(world) => world,
            // Where a window closes when it is full, and is opened again by who reads.
            Self::Loss
            | Self::Outage(_)
            | Self::SlowReader(_)
            | Self::Crawl(_)
            | Self::ByteReads(_)
            | Self::ByteWrites(_)
            | Self::Shipped(_) => World::Packets,
            _ => World::Hosts,
        }
    }

    /// The point at which its fault begins.
    pub fn point(self) -> Option<Point> {
        match self {
            Self::Outage(at)
            | Self::Hold(at)
            | Self::Partition(at)
            | Self::HalfClose(at)
            | Self::ReadClosed(at)
            | Self::Cancel(at)
            | Self::Crash(at)
            | Self::Kill(at) => Some(at),
            _ => None,
        }
    }

    /// Whether equal plans give equal traces: not where there are threads.
    pub fn is_repeatable(self) -> bool {
        !matches!(self, Self::Shipped(_))
    }

    /// Whether the pair is asked to link once more, without a fault, on what was left.
    pub fn has_second_phase(self) -> bool {
        matches!(
            self,
            Self::Crash(_)
                | Self::Kill(_)
                | Self::DiskFails(_)
                | Self::DiskCrashes(_)
                | Self::DiskFull
                | Self::Compared(Compared::Swarm)
                | Self::Swarm(_)
        )
    }

    /// The text after `@`.
    fn place(self) -> Option<String> {
        match self {
            Self::Reset(side, after) => Some(format!("{side}.{after}")),
            Self::ResetWithin(side)
            | Self::SlowReader(side)
            | Self::Crawl(side)
            | Self::ByteReads(side)
            | Self::ByteWrites(side)
            | Self::Idle(side) => Some(side.to_string()),
            Self::DiskFails(after) | Self::DiskCrashes(after) => Some(after.to_string()),
            Self::Enemy(enemy) => Some(enemy.mischief().to_string()),
            Self::Compared(compared) => Some(compared.to_string()),
            Self::Swarm(world) => Some(world.to_string()),
            Self::Shipped(fate) => Some(fate.to_string()),
            _ => self.point().map(|point| point.to_string()),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.family())?;
        self.place().map_or(Ok(()), |place| write!(f, "@{place}"))
    }
}

/// There is no scenario of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario {0:?}: expected one like no-fault, loss, partition@import.opened")]
pub struct NoScenario(pub String);

impl FromStr for Scenario {
    type Err = NoScenario;

    fn from_str(text: &str) -> Result<Self, NoScenario> {
        let name = Self::name_of_today(text);
        let found = Self::all().into_iter().find(|scenario| scenario.to_string() == *name);
        found.ok_or_else(|| NoScenario(text.into()))
    }
}

impl TryFrom<String> for Scenario {
    type Error = NoScenario;

    fn try_from(text: String) -> Result<Self, NoScenario> {
        text.parse()
    }
}

impl From<Scenario> for String {
    fn from(scenario: Scenario) -> Self {
        scenario.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for scenario in Scenario::all() {
            assert_eq!(scenario.to_string().parse(), Ok(scenario));
        }
        assert!("partition@nowhere".parse::<Scenario>().is_err());
    }

    /// Plans and results of earlier versions have it.
    #[test]
    fn a_former_name_is_read() {
        let former = "deaf@import.opened".parse::<Scenario>().map(|scenario| scenario.to_string());
        assert_eq!(former.as_deref(), Ok("read-closed@import.opened"));
        assert_eq!(Scenario::name_of_today("deafness"), "deafness");
    }
}
