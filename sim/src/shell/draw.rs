//! The plan that a seed and a scenario give.

use handfast::outcome::{Profile, Side};

use super::{
    compared::Compared,
    plan::{DiskFault, Fault, Plan, Spot, StreamFault, What},
    scenario::{Fate, Scenario, World},
};
use crate::{draw, point::Point};

/// Bytes of texts that make several steps of progress.
const LONG: [u64; 4] = [70_000, 131_071, 200_000, 300_000];
/// Bytes of texts that make none.
const SHORT: [u64; 4] = [6_000, 7_500, 9_000, 15_000];
/// Bytes that a side writes before the archive, about.
const OPENING: u64 = 4_000;

type Draw = draw::Draw<u64>;

impl Draw {
    /// A byte of what a side writes, as often at the beginning as anywhere.
    fn byte(&mut self, of: Side, text: u64) -> Spot {
        let end = if of == Side::Export && self.between(0, 1) == 0 { OPENING + text } else { OPENING };
        Spot::Bytes(self.between(0, end))
    }

    /// The fault of a family that begins at a step.
    fn what(&mut self, scenario: Scenario) -> Option<What> {
        match scenario {
            Scenario::Hold(_) => Some(What::Hold(self.between(5, 100))),
            Scenario::Outage(_) => Some(What::Outage(self.between(5, 60))),
            Scenario::Partition(_) => Some(What::Partition),
            Scenario::HalfClose(_) => Some(What::ShutWrite),
            Scenario::ReadClosed(_) => Some(What::ShutRead),
            Scenario::Cancel(_) => Some(What::Cancel),
            Scenario::Crash(_) => Some(What::Crash(self.between(10, 400))),
            Scenario::Kill(_) => Some(What::Kill(self.between(10, 400))),
            _ => None,
        }
    }

    fn stream(&mut self, scenario: Scenario, text: u64) -> Option<StreamFault> {
        match scenario {
            Scenario::Reset(of, records) => Some(StreamFault::Reset(of, Spot::Records(records.into()))),
            Scenario::ResetWithin(of) | Scenario::Compared(Compared::ResetWithin(of)) => {
                Some(StreamFault::Reset(of, self.byte(of, text)))
            }
            // A byte a tick, which the timers, of their real length, wait for.
            Scenario::SlowReader(side) => Some(StreamFault::Reads { side, bytes: 1, pause_ms: 1 }),
            // Slower than what is waited for.
            Scenario::Crawl(side) => Some(StreamFault::Reads { side, bytes: 16, pause_ms: self.between(5, 50) }),
            Scenario::ByteReads(side) => Some(StreamFault::Reads { side, bytes: 1, pause_ms: 0 }),
            Scenario::ByteWrites(side) => Some(StreamFault::Writes { side, bytes: 1 }),
            _ => None,
        }
    }

    fn disk(&mut self, scenario: Scenario, text: u64) -> Option<DiskFault> {
        match scenario {
            Scenario::DiskFails(after) => Some(DiskFault::Fails(after.into())),
            Scenario::DiskCrashes(after) => Some(DiskFault::Crashes(after.into())),
            Scenario::DiskFull => Some(DiskFault::Full(self.between(0, 2_500))),
            Scenario::DiskShort => Some(DiskFault::Short(self.one_of(&[1, 7, 100]))),
            Scenario::ArchiveFails => Some(DiskFault::Unreadable(self.between(0, text - 1))),
            _ => None,
        }
    }

    /// Several faults of any kind that this world has.
    fn swarm(&mut self, world: World, plan: &mut Plan) {
        plan.wrong = self.one_of(&[0, 0, 0, 1, 2, 3]);
        plan.lost = if world == World::Packets { self.one_of(&[0, 20, 100]) } else { 0 };
        let points: Vec<_> = Point::all().collect();
        for _ in 0..self.between(2, 4) {
            let at = self.one_of(&points);
            let family = match world {
                World::Hosts => self.one_of(&[
                    Scenario::Hold,
                    Scenario::Partition,
                    Scenario::HalfClose,
                    Scenario::ReadClosed,
                    Scenario::Cancel,
                    Scenario::Crash,
                    Scenario::Kill,
                ]),
                World::Packets => {
                    self.one_of(&[Scenario::Outage, Scenario::HalfClose, Scenario::ReadClosed, Scenario::Cancel])
                }
            };
            plan.faults.extend(self.what(family(at)).map(|what| Fault { at, what }));
        }
        for _ in 0..self.between(0, 2) {
            let side = self.side();
            let family =
                self.one_of(&[Scenario::ResetWithin, Scenario::Crawl, Scenario::ByteReads, Scenario::ByteWrites]);
            plan.streams.extend(self.stream(family(side), plan.text));
        }
        let disk = match self.between(0, 7) {
            0 => Scenario::DiskFails(self.between(0, 40) as u8),
            1 if world == World::Hosts => Scenario::DiskCrashes(self.between(0, 40) as u8),
            2 => Scenario::DiskFull,
            3 => Scenario::DiskShort,
            4 => Scenario::ArchiveFails,
            _ => Scenario::NoFault,
        };
        plan.disk = self.disk(disk, plan.text);
    }
}

impl Plan {
    /// The plan of a scenario and a seed. Four seeds in a row have both profiles, with and without a password.
    pub fn draw(scenario: Scenario, seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let idles = matches!(scenario, Scenario::Idle(_));
        let shipped = matches!(scenario, Scenario::Shipped(_));
        let real_timers = idles || shipped || matches!(scenario, Scenario::SlowReader(_));
        let text = match scenario {
            // As short as there are: a byte takes a tick, and each operation of the disk is one scenario.
            Scenario::SlowReader(_) | Scenario::DiskFails(_) | Scenario::DiskCrashes(_) => SHORT[0],
            // The one that crawls has to be slower than what is waited for.
            Scenario::Crawl(_) | Scenario::ArchiveFails => draw.one_of(&LONG),
            _ if scenario.point().is_some_and(Point::needs_progress) => draw.one_of(&LONG),
            _ if draw.between(0, 63) == 0 => draw.one_of(&LONG),
            _ => draw.one_of(&SHORT),
        };
        let latency = draw.between(1, 4);
        let mut plan = Self {
            scenario,
            random: draw.between(0, u64::MAX),
            profile: if seed & 1 == 0 { Profile::Documented } else { Profile::Jamid },
            // The real key derivation takes seconds.
            protected: if shipped { seed.is_multiple_of(8) } else { seed & 2 == 0 },
            text,
            divisor: if real_timers { 1 } else { 100 },
            tick_ms: match scenario {
                Scenario::Idle(_) => 50,
                // Time passes in steps that no fault depends on.
                Scenario::NoFault | Scenario::Wrong(_) => draw.one_of(&[5, 10]),
                _ => 1,
            },
            latency_ms: if idles { (50, 200) } else { (latency, latency + draw.between(0, 3)) },
            think_ms: (draw.between(0, 20), draw.between(0, 20)),
            work_ms: (draw.between(0, 5), draw.between(0, 20)),
            wrong: if let Scenario::Wrong(count) = scenario { count } else { 0 },
            idle: if let Scenario::Idle(side) = scenario { Some(side) } else { None },
            lost: if scenario == Scenario::Loss { draw.between(20, 150) as u32 } else { 0 },
            faults: Vec::new(),
            streams: draw.stream(scenario, text).into_iter().collect(),
            disk: draw.disk(scenario, text),
            enemy: if let Scenario::Enemy(enemy) = scenario { Some(enemy) } else { None },
            compared: if let Scenario::Compared(compared) = scenario { Some(compared) } else { None },
            shipped,
            linked: shipped && seed & 1 == 1,
            planted: None,
        };
        plan.faults.extend(scenario.point().zip(draw.what(scenario)).map(|(at, what)| Fault { at, what }));
        match scenario {
            Scenario::Shipped(Fate::Canceled) => {
                let received = Point::all().find(|point| point.to_string() == "import.received");
                plan.faults.extend(received.map(|at| Fault { at, what: What::Cancel }));
            }
            Scenario::Shipped(Fate::DiskFails) => plan.disk = Some(DiskFault::Fails(draw.between(1, 15))),
            Scenario::Swarm(world) => draw.swarm(world, &mut plan),
            Scenario::Compared(Compared::Swarm) => draw.swarm(World::Hosts, &mut plan),
            _ => {}
        }
        plan
    }
}
