//! The rows of the table of figures.

use std::time::Duration;

use handfast_model::config::Size;
use handfast_sim::event::Watch;

use crate::{
    abstraction::Links,
    archives::{Account, Deflated},
    carrier::{Carrier, Loopback, Pipe},
    codec, engines,
    explorations::{Exploration, check_all},
    figure::{Effort, Figure, Group, Reach, Scale, Unit, size_text},
    link::{Place, confirm_to_done, drawn},
    spread::Spread,
    steps,
    stopwatch::{Cost, cpu_seconds, seconds},
    wire::Transfer,
};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// All of them, in the order of the table.
pub const GROUPS: [Group; 8] = [
    Group { name: "codec", about: "tokens, messages and frames in memory", measure: codec },
    Group { name: "steps", about: "the reducers' steps", measure: reducers },
    Group { name: "archive", about: "sealing and opening, key derivation apart", measure: archive },
    Group { name: "transfer", about: "an archive over a pipe or loopback", measure: transfer },
    Group { name: "link", about: "a whole link with its stores", measure: link },
    Group { name: "explorer", about: "the explorer compared with stateright", measure: explorer },
    Group { name: "sessions", about: "whole sessions of the simulator's engines", measure: sessions },
    Group { name: "check", about: "all configurations of a pull request", measure: check },
];

type Report<'a> = &'a mut dyn FnMut(Figure);

/// The seconds of two things that run in turns: in CPU time, as they stay on this thread.
fn in_turns<T, U>(
    rounds: usize,
    times: usize,
    mut ours: impl FnMut() -> T,
    mut theirs: impl FnMut() -> U,
) -> (Vec<f64>, Vec<f64>) {
    (0..rounds).map(|_| (cpu_seconds(times, &mut ours), cpu_seconds(times, &mut theirs))).unzip()
}

/// How often a thing runs each turn so that it takes about a millisecond.
fn times<T>(mut act: impl FnMut() -> T) -> usize {
    let once = cpu_seconds(3, &mut act);
    ((1e-3 / once.max(1e-9)) as usize).clamp(1, 1 << 20)
}

/// Something that is compared with nothing: the seconds of each round, in CPU time.
fn alone<T>(rounds: usize, mut act: impl FnMut() -> T) -> Vec<f64> {
    let times = times(&mut act);
    (0..rounds).map(|_| cpu_seconds(times, &mut act)).collect()
}

fn codec(effort: Effort, report: Report<'_>) {
    let rounds = 4 * effort.rounds;
    let nanoseconds = |name: &str, values: Vec<f64>| Figure::alone(name, Unit::Seconds, &values);
    report(nanoseconds("token, parse", alone(rounds, codec::parse_token)).reaching(Reach::AtMost(100e-9)));
    let (token, mut text) = (codec::parse_token(), String::new());
    report(nanoseconds("token, format", alone(rounds, || codec::format_token(&token, &mut text))));
    let (messages, mut wire) = (codec::messages(), Vec::new());
    report(nanoseconds("six messages, encode", alone(rounds, || codec::encode_messages(&messages, &mut wire))));
    report(nanoseconds("six messages, decode", alone(rounds, || codec::decode_messages(&wire))));
    for size in effort.up_to([KIB, 64 * KIB, MIB, 64 * MIB], [MIB, 64 * MIB, 64 * MIB]) {
        let one = std::cell::RefCell::new(codec::Archive::new(size));
        let times = times(|| one.borrow_mut().copy());
        let rounds = if size > MIB { effort.rounds } else { rounds };
        let copy = || one.borrow_mut().copy();
        let compared = |what: &str, act: &dyn Fn() -> usize| {
            let (ours, theirs) = in_turns(rounds, times, act, copy);
            let name = format!("message and frames, {what}, {}", size_text(size));
            let figure = Figure::compared(name, Unit::Rate, size as f64, "memcpy", (&ours, &theirs));
            // The fixed cost of a message is more than a copy of few bytes.
            if size < MIB { figure } else { figure.reaching(Reach::Share(0.5)) }
        };
        report(compared("encode", &|| one.borrow_mut().encode()));
        report(compared("decode", &|| one.borrow_mut().decode()));
    }
}

fn reducers(effort: Effort, report: Report<'_>) {
    let each: Vec<_> = alone(4 * effort.rounds, steps::link).iter().map(|all| all / steps::STEPS as f64).collect();
    report(Figure::alone("a step of a reducer", Unit::Seconds, &each));
}

fn archive(effort: Effort, report: Report<'_>) {
    let size = effort.pick(MIB, 16 * MIB);
    for (what, password) in [("plain", ""), ("protected", "sesame")] {
        let account = Account::new(size, password);
        let deflated = Deflated::of(&account);
        let mut compared = |act: &str, of: &str, ours: &dyn Fn() -> u64, theirs: &dyn Fn() -> u64| {
            // By the clock: two threads open an archive.
            let turns = (0..effort.rounds).map(|_| (seconds(1, ours), seconds(1, theirs)));
            let (ours, theirs): (Vec<_>, Vec<_>) = turns.unzip();
            let name = format!("archive, {what}, {act}, {}", size_text(size));
            report(Figure::compared(name, Unit::Rate, size as f64, of, (&ours, &theirs)));
        };
        let seal = || {
            account.seal(&mut std::io::sink());
            size as u64
        };
        compared("seal", "deflate", &seal, &|| account.deflate());
        compared("open (first pass)", "inflate", &|| account.open(), &|| deflated.inflate());
        compared("read (both passes)", "inflate", &|| account.read(), &|| deflated.inflate());
    }
}

/// Buffer sizes of bare copies.
const BUFFERS: [usize; 4] = [16 * KIB, 64 * KIB, 128 * KIB, 256 * KIB];

fn transfer(effort: Effort, report: Report<'_>) {
    let sizes = [64 * KIB, MIB, 16 * MIB, 256 * MIB, 1024 * MIB];
    for size in effort.up_to(sizes, [16 * MIB, 256 * MIB, 1024 * MIB]) {
        let transfer = Transfer::new(size);
        let rounds = match size {
            0..=MIB => 4 * effort.rounds,
            size if size > 256 * MIB => effort.rounds.div_ceil(3),
            _ => effort.rounds,
        };
        let mut compare = |name: String, ours: &dyn Fn() -> Cost, bare: &dyn Fn(usize) -> Cost| {
            report(compared_with_the_best(&format!("{name}, {}", size_text(size)), size, rounds, ours, bare))
        };
        frames_and_link::<Pipe>(&transfer, &mut compare);
        frames_and_link::<Loopback>(&transfer, &mut compare);
    }
}

type Compare<'a> = &'a mut dyn FnMut(String, &dyn Fn() -> Cost, &dyn Fn(usize) -> Cost);

fn frames_and_link<C: Carrier>(transfer: &Transfer, compare: Compare<'_>) {
    compare(format!("{}, frames", C::NAME), &|| transfer.framed::<C>(), &|buffer| transfer.bare::<C>(buffer));
    compare(format!("{}, link over TLS", C::NAME), &|| transfer.link::<C>(), &|buffer| transfer.bare_tls::<C>(buffer));
}

/// Compares a transfer with the best of the bare copies.
fn compared_with_the_best(
    name: &str,
    size: usize,
    rounds: usize,
    ours: &dyn Fn() -> Cost,
    bare: &dyn Fn(usize) -> Cost,
) -> Figure {
    let buffers = BUFFERS.into_iter().filter(|&buffer| buffer <= size);
    let mut copies: Vec<_> = buffers.map(|buffer| (buffer, Vec::new())).collect();
    let mut links = Vec::new();
    for _ in 0..rounds {
        links.push(ours());
        copies.iter_mut().for_each(|(buffer, costs)| costs.push(bare(*buffer)));
    }
    let time = |costs: &[Cost]| costs.iter().map(|cost| cost.time.as_secs_f64()).collect::<Vec<_>>();
    let cpu = |costs: &[Cost]| costs.iter().map(|cost| cost.cpu.as_secs_f64()).collect::<Vec<_>>();
    let best = |of: &dyn Fn(&[Cost]) -> Vec<f64>| {
        let all = copies.iter().map(|(buffer, costs)| (*buffer, of(costs)));
        let median = |values: &[f64]| Spread::of(values.iter().copied()).median;
        all.min_by(|(_, one), (_, other)| median(one).total_cmp(&median(other))).expect("there are some")
    };
    let (buffer, theirs) = best(&time);
    let what = format!("bare copy, {} a step", size_text(buffer));
    let mut figure = Figure::compared(name, Unit::Rate, size as f64, what, (&time(&links), &theirs));
    if let Some(comparison) = &mut figure.comparison {
        comparison.cpu = Some(Spread::of_ratios(&best(&cpu).1, &cpu(&links)));
    }
    // The shell's work at its usual size.
    let whole = name.starts_with("loopback, link") && size >= 256 * MIB;
    if whole { figure.reaching(Reach::Share(0.9)) } else { figure }
}

fn link(effort: Effort, report: Report<'_>) {
    let small = Account::new(64 * KIB, "");
    let rounds = 4 * effort.rounds;
    let all: Vec<_> = (0..rounds).map(|_| confirm_to_done(&small, Place::Memory, Duration::ZERO)).collect();
    let name = "confirm to DONE, 64 KiB, plain, stores in memory";
    report(Figure::alone(name, Unit::Seconds, &all).reaching(Reach::AtMost(10e-3)));
    for size in effort.up_to([4 * MIB, 64 * MIB, 1024 * MIB], [4 * MIB, 64 * MIB, 1024 * MIB]) {
        if effort.scale > Scale::Quick && size == 4 * MIB {
            continue;
        }
        let rounds = if size > 64 * MIB { effort.rounds.div_ceil(5) } else { effort.rounds.div_ceil(2) };
        // By the bound of a design with one thread that compresses: three times and two and a half times what it reached.
        for (what, password, least) in [("plain", "", 2.0), ("protected", "sesame", 1.6)] {
            whole_link(&Account::new(size, password), what, rounds, Reach::Share(least), report);
        }
    }
}

/// Compares links with one thread's deflate at zlib's default level, and with the slowest stage of the link, alone: nothing can be faster.
fn whole_link(account: &Account, what: &str, rounds: usize, reach: Reach, report: Report<'_>) {
    let size = account.text.len();
    let deflated = Deflated::of(account);
    // The user has looked at the address when an unprotected archive has been gone through.
    let look = match account.password() {
        "" => Duration::from_secs_f64(0.1 + 3.0 * seconds(1, || account.open())),
        _ => Duration::ZERO,
    };
    for (place, store) in [(Place::Memory, "in memory"), (Place::Disk, "on disk")] {
        let (mut links, mut deflates) = (Vec::new(), Vec::new());
        let mut stages =
            [("inflate", Vec::new()), ("seal, all threads", Vec::new()), ("inflate and validate", Vec::new())];
        for _ in 0..rounds {
            links.push(confirm_to_done(account, place, look));
            deflates.push(seconds(1, || account.deflate()));
            stages[0].1.push(seconds(1, || deflated.inflate()));
            stages[1].1.push(seconds(1, || account.seal_on_threads()));
            stages[2].1.push(seconds(1, || account.open()));
        }
        let name = format!("whole link, {what}, store {store}, {}", size_text(size));
        let comparison = |what: &str, theirs: &[f64]| {
            Figure::compared(name.clone(), Unit::Rate, size as f64, what, (&links, theirs))
        };
        report(
            comparison("deflate at level 6, one thread", &deflates).reaching(reach).drawn(drawn(account, place, look)),
        );
        let median = |stage: &(&str, Vec<f64>)| Spread::of(stage.1.iter().copied()).median;
        let slowest = stages.iter().max_by(|one, other| median(one).total_cmp(&median(other))).expect("there are some");
        report(comparison(&format!("its slowest stage, {}", slowest.0), &slowest.1));
    }
}

fn explorer(effort: Effort, report: Report<'_>) {
    let size = effort.pick(Size::Small, Size::Quick);
    let one = Exploration::of(size, "HH-documented-faults");
    let compared = |name: &str, states: usize, ours: &dyn Fn() -> usize, theirs: &dyn Fn() -> usize| {
        // stateright works on a thread of its own.
        let turn = |_| (seconds(1, ours), seconds(1, theirs));
        let (ours, theirs): (Vec<_>, Vec<_>) = (0..effort.rounds.div_ceil(2)).map(turn).unzip();
        let name = format!("explorer, one thread, edge list kept, {name}, {states} states");
        let figure =
            Figure::compared(name, Unit::PerSecond, states as f64, "stateright, depth first", (&ours, &theirs));
        figure.reaching(Reach::Share(1.0))
    };
    let states = one.measure().states;
    report(compared("the reducers with faults", states, &|| one.graph().states(), &|| one.stateright()));
    report(Figure::alone("explorer, kept of each state", Unit::Bytes, &[one.measure().bytes_per_state as f64]));
    let links = Exploration::new(Links(effort.pick(3, 4)));
    let states = links.measure().states;
    report(compared("abstract links", states, &|| links.graph().states(), &|| links.stateright()));
}

fn sessions(effort: Effort, report: Report<'_>) {
    let each = |count: usize, seconds: Vec<f64>| seconds.iter().map(|all| count as f64 / all).collect::<Vec<_>>();
    let schedules = engines::schedules(effort.pick(200, engines::SEEDS));
    let mut sweep = |name: &str, watch: Watch, reach: Option<Reach>| {
        let seconds: Vec<_> =
            (0..effort.rounds).map(|_| cpu_seconds(1, || engines::carry_out(&schedules, watch))).collect();
        report(Figure { reach, ..Figure::alone(name, Unit::PerSecond, &each(schedules.len(), seconds)) });
    };
    sweep("event engine, bare", Watch::BARE, Some(Reach::AtLeast(50_000.0)));
    sweep("event engine, followed in the model, coverage", Watch::SWEEP, None);
    sweep("event engine, every property after every step, trace", Watch::ALL, None);
    let plans = engines::plans(effort.pick(4, engines::SESSIONS));
    let seconds: Vec<_> = (0..effort.rounds).map(|_| cpu_seconds(1, || engines::simulate(&plans))).collect();
    let figure = Figure::alone("turmoil engine, no fault", Unit::PerSecond, &each(plans.len(), seconds));
    report(figure.reaching(Reach::AtLeast(500.0)));
}

fn check(effort: Effort, report: Report<'_>) {
    if effort.scale == Scale::Quick {
        return;
    }
    let once = seconds(1, check_all);
    report(Figure::alone("check, all configurations, quick", Unit::Seconds, &[once]).reaching(Reach::AtMost(60.0)));
}
