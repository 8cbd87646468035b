//! Every option of one session, drawn from a seed.

use std::time::Duration;

use handfast::{
    limits::Durations,
    outcome::{Profile, Side},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{point::Point, scenario::Scenario};

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// `turmoil`: hosts that crash, links that are partitioned or held.
    Hosts,
    /// `turmoil-net`: packets that are lost, and a TCP that sends them again.
    Packets,
}

/// A fault, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Behind this step.
    pub at: Point,
    /// What happens.
    pub what: What,
}

/// What happens at a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Nothing passes any more, and what is in flight is lost.
    Partition,
    /// What is in flight and what is sent is held for so many milliseconds.
    Hold(u64),
    /// Every packet is lost for so many milliseconds.
    Outage(u64),
    /// The side whose step it is cancels.
    Cancel,
    /// The machine of the side whose step it is crashes, its link is cut, and it is started again after so many milliseconds.
    Crash(u64),
    /// The process of the side whose step it is is killed, its connections are closed, and it is started again after so many
    /// milliseconds.
    Kill(u64),
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskFault {
    /// The importer's: the operation after so many fails.
    Fails(u64),
    /// The importer's: it has so many bytes.
    Full(u64),
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
    /// The importer's store leaves behind what it was to wipe.
    LitteringStore,
    /// A user's time to think depends on something besides the plan.
    Leak,
    /// A task of the importer's panics.
    Panic,
}

/// One session: everything that is not the same in all of them. Equal plans give equal traces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it shows.
    pub scenario: Scenario,
    /// What codes, delays and losses are drawn from.
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
    /// What happens, and where.
    pub fault: Option<Fault>,
    /// What is wrong with a disk.
    pub disk: Option<DiskFault>,
    /// What is wrong on purpose.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub planted: Option<Planted>,
}

/// Bytes of texts that make several steps of progress.
const LONG: [u64; 4] = [70_000, 131_071, 200_000, 300_000];
/// Bytes of texts that make none.
const SHORT: [u64; 4] = [6_000, 9_000, 15_000, 30_000];

impl Plan {
    /// The plan of a scenario and a seed. Four seeds in a row have both profiles, with and without a password.
    pub fn draw(scenario: Scenario, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut between = |(least, most): (u64, u64)| random.random_range(least..=most);
        let real_timers = matches!(scenario, Scenario::Idle(_));
        let long = scenario.point().is_some_and(Point::needs_progress) || scenario == Scenario::ArchiveFails;
        let long = long || between((0, 15)) == 0;
        let text = if long { LONG } else { SHORT }[between((0, 3)) as usize];
        let latency = between((1, 4));
        let what = match scenario {
            Scenario::Hold(_) => Some(What::Hold(between((5, 100)))),
            Scenario::Outage(_) => Some(What::Outage(between((5, 60)))),
            Scenario::Partition(_) => Some(What::Partition),
            Scenario::Cancel(_) => Some(What::Cancel),
            Scenario::Crash(_) => Some(What::Crash(between((10, 400)))),
            Scenario::Kill(_) => Some(What::Kill(between((10, 400)))),
            _ => None,
        };
        Self {
            scenario,
            random: between((0, u64::MAX)),
            profile: if seed & 1 == 0 { Profile::Documented } else { Profile::Jamid },
            protected: seed & 2 == 0,
            text,
            divisor: if real_timers { 1 } else { 100 },
            tick_ms: if real_timers { 50 } else { 1 },
            latency_ms: if real_timers { (50, 200) } else { (latency, latency + between((0, 3))) },
            think_ms: (between((0, 20)), between((0, 20))),
            work_ms: (between((0, 5)), between((0, 20))),
            wrong: if let Scenario::Wrong(count) = scenario { count } else { 0 },
            idle: if let Scenario::Idle(side) = scenario { Some(side) } else { None },
            lost: if scenario == Scenario::Loss { between((20, 150)) as u32 } else { 0 },
            fault: scenario.point().zip(what).map(|(at, what)| Fault { at, what }),
            disk: match scenario {
                Scenario::DiskFails => Some(DiskFault::Fails(between((0, 30)))),
                Scenario::DiskFull => Some(DiskFault::Full(between((0, 2_000)))),
                Scenario::ArchiveFails => Some(DiskFault::Unreadable(between((0, text - 1)))),
                _ => None,
            },
            planted: None,
        }
    }

    /// The same with a defect built in.
    pub fn with(self, planted: Option<Planted>) -> Self {
        Self { planted, ..self }
    }

    /// How long the timers run.
    pub fn durations(&self) -> Durations {
        let scaled = Durations::default().scaled_down(self.divisor);
        // The round trips are not shorter by as much.
        let closing = scaled.closing.max(Duration::from_millis(50));
        Durations { closing, ..scaled }
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
