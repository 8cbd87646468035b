//! The table of scenarios.

use std::{fmt, str::FromStr};

use handfast::outcome::Side;
use serde::{Deserialize, Serialize};

use crate::{plan::World, point::Point};

/// What happens in a session, and thereby what has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scenario {
    /// Nothing: both succeed (R-PAIR-2).
    NoFault,
    /// So many wrong passwords are typed before the right one: both succeed, but for three.
    Wrong(u8),
    /// Packets are lost, and TCP sends them again: both succeed.
    Loss,
    /// No packet passes for a while, from this point on: both succeed.
    Outage(Point),
    /// What is sent from this point on is held for a while: both succeed.
    Hold(Point),
    /// From this point on nothing passes any more, and what is in flight is lost.
    Partition(Point),
    /// The side whose step it is cancels.
    Cancel(Point),
    /// The machine of the side whose step it is crashes, and is started again.
    Crash(Point),
    /// The process of the side whose step it is is killed, and started again.
    Kill(Point),
    /// An operation of the importer's disk fails.
    DiskFails,
    /// The importer's disk is full.
    DiskFull,
    /// The exporter's archive can no longer be read when it is being sent.
    ArchiveFails,
    /// This side's user does nothing, and the timers have their real length.
    Idle(Side),
}

impl Scenario {
    /// All of them, in the order in which they are reported.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::NoFault, Self::Wrong(1), Self::Wrong(2), Self::Wrong(3), Self::Loss];
        for of in [Self::Outage, Self::Hold, Self::Partition, Self::Cancel, Self::Crash, Self::Kill] {
            all.extend(Point::all().map(of));
        }
        let rest = [Self::DiskFails, Self::DiskFull, Self::ArchiveFails];
        all.extend(rest.into_iter().chain([Side::Import, Side::Export].map(Self::Idle)));
        all
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
            Self::Cancel(_) => "cancel",
            Self::Crash(_) => "crash",
            Self::Kill(_) => "kill",
            Self::DiskFails => "disk-fails",
            Self::DiskFull => "disk-full",
            Self::ArchiveFails => "archive-fails",
            Self::Idle(_) => "idle",
        }
    }

    /// What carries it.
    pub fn world(self) -> World {
        match self {
            Self::Loss | Self::Outage(_) => World::Packets,
            _ => World::Hosts,
        }
    }

    /// The point at which its fault begins.
    pub fn point(self) -> Option<Point> {
        match self {
            Self::Outage(at)
            | Self::Hold(at)
            | Self::Partition(at)
            | Self::Cancel(at)
            | Self::Crash(at)
            | Self::Kill(at) => Some(at),
            Self::NoFault
            | Self::Wrong(_)
            | Self::Loss
            | Self::DiskFails
            | Self::DiskFull
            | Self::ArchiveFails
            | Self::Idle(_) => None,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.family())?;
        match (self, self.point()) {
            (_, Some(point)) => write!(f, "@{point}"),
            (Self::Idle(side), None) => write!(f, "@{side}"),
            _ => Ok(()),
        }
    }
}

/// There is no scenario of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario {0:?}: expected one like no-fault, loss, partition@import.opened")]
pub struct NoScenario(pub String);

impl FromStr for Scenario {
    type Err = NoScenario;

    fn from_str(text: &str) -> Result<Self, NoScenario> {
        let found = Self::all().into_iter().find(|scenario| scenario.to_string() == text);
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
}
