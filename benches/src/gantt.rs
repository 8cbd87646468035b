//! Where the time of a link goes: how busy each of its threads is, from stretch to stretch.

use std::{
    collections::BTreeMap,
    fmt, fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::Serialize;

/// Stretches of a drawing.
const STRETCHES: usize = 60;
/// How often the threads are looked at.
const PERIOD: Duration = Duration::from_millis(5);
/// The threads in the order of what they do, by the names that they have in both ends. Others come after them.
const ORDER: [&str; 7] =
    ["exporter: read", "exporter: TLS", "importer: TLS", "importer: write", "deflate", "check inflate", "check"];

/// The threads of this process while something runs. Threads of one name are one line.
#[derive(Clone, Debug, Serialize)]
pub struct Gantt {
    /// Seconds from begin to end.
    pub seconds: f64,
    /// Processors of the machine.
    pub processors: usize,
    /// The threads that did something.
    pub lines: Vec<Line>,
}

/// The work of the threads of one name.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Their name.
    pub name: String,
    /// Their CPU time in seconds.
    pub cpu: f64,
    /// Processors that they kept busy in each stretch.
    pub busy: Vec<f64>,
}

/// CPU nanoseconds of each thread by number, with its name.
type Look = BTreeMap<u32, (String, u64)>;

/// Looks at the threads until it is stopped.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    looks: JoinHandle<Vec<(Instant, Look)>>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let looks = thread::spawn(move || {
            let mut looks = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                looks.push((Instant::now(), look()));
                thread::sleep(PERIOD);
            }
            looks.push((Instant::now(), look()));
            looks
        });
        Self { stop, looks }
    }

    /// Stops, and draws what was between two moments. None where the system does not say what its threads do.
    pub(crate) fn stop(self, begin: Instant, end: Instant) -> Option<Gantt> {
        self.stop.store(true, Ordering::Relaxed);
        let looks = self.looks.join().expect("it only looks");
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Gantt::of(&looks, begin, end, processors)
    }
}

/// The threads as they are now. Empty where there is no such folder.
fn look() -> Look {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Look::new() };
    let thread = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(entry.path().join("comm")).ok()?.trim().to_owned();
        let spent = fs::read_to_string(entry.path().join("schedstat")).ok()?;
        Some((number, (name, spent.split(' ').next()?.parse().ok()?)))
    };
    threads.filter_map(|entry| thread(entry.ok()?)).collect()
}

impl Gantt {
    fn of(looks: &[(Instant, Look)], begin: Instant, end: Instant, processors: usize) -> Option<Self> {
        let seconds = (end - begin).as_secs_f64();
        let stretch = seconds / STRETCHES as f64;
        let mut lines: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for pair in looks.windows(2) {
            let [(from, before), (to, after)] = pair else { continue };
            // Times outside are not counted.
            let (from_s, to_s) = (since(begin, *from), since(begin, *to));
            if to_s <= 0.0 || from_s >= seconds || to_s <= from_s {
                continue;
            }
            for (number, (name, spent)) in after {
                let earlier = before.get(number).map_or(0, |(_, spent)| *spent);
                let rate = spent.saturating_sub(earlier) as f64 / 1e9 / (to_s - from_s);
                let busy = lines.entry(name.clone()).or_insert_with(|| vec![0.0; STRETCHES]);
                for (at, busy) in busy.iter_mut().enumerate() {
                    let (first, last) = (at as f64 * stretch, (at + 1) as f64 * stretch);
                    *busy += rate * (to_s.min(last) - from_s.max(first)).max(0.0) / stretch;
                }
            }
        }
        let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
        let mut lines: Vec<_> = lines
            .into_iter()
            .map(|(name, busy)| Line { name, cpu: busy.iter().sum::<f64>() * stretch, busy })
            .filter(|line| line.cpu > seconds / 200.0)
            .collect();
        lines.sort_by_key(|line| place(&line.name));
        (!lines.is_empty()).then_some(Self { seconds, processors, lines })
    }
}

/// Seconds from one moment to another, negative if it is earlier.
fn since(begin: Instant, at: Instant) -> f64 {
    match at.checked_duration_since(begin) {
        Some(after) => after.as_secs_f64(),
        None => -(begin - at).as_secs_f64(),
    }
}

impl fmt::Display for Gantt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { name, cpu, busy } in &self.lines {
            let drawn: String = busy.iter().map(|&busy| shade(busy)).collect();
            writeln!(f, "    {name:<15} {cpu:>6.2} s |{drawn}|")?;
        }
        let all: f64 = self.lines.iter().map(|line| line.cpu).sum();
        let share = 100.0 * all / (self.seconds * self.processors as f64);
        write!(
            f,
            "    {:<15} {all:>6.2} s of {} processors in {:.2} s: {share:.0} %",
            "all", self.processors, self.seconds
        )
    }
}

/// How dark a stretch is.
fn shade(busy: f64) -> char {
    match busy {
        ..0.05 => ' ',
        ..0.3 => '░',
        ..0.6 => '▒',
        ..0.9 => '▓',
        _ => '█',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_drawn_where_it_is_busy() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let look = |ms: u64| {
            (at(ms), Look::from([(1, ("one".to_owned(), ms.min(600) * 1_000_000)), (2, ("two".to_owned(), 7))]))
        };
        let gantt = Gantt::of(&[look(0), look(300), look(600), look(1300)], at(300), at(900), 2).unwrap();
        assert_eq!(gantt.lines.len(), 1, "what does nothing is left out");
        assert_eq!(gantt.lines[0].name, "one");
        assert!((gantt.lines[0].cpu - 0.3).abs() < 1e-9);
        let text = gantt.to_string();
        let half = STRETCHES / 2;
        assert!(text.contains(&format!("|{}{}|", "█".repeat(half), " ".repeat(half))), "{text}");
        assert!(text.ends_with("0.30 s of 2 processors in 0.60 s: 25 %"), "{text}");
    }

    #[test]
    fn nothing_seen_is_nothing_drawn() {
        let now = Instant::now();
        assert!(Gantt::of(&[(now, Look::new()), (now, Look::new())], now, now, 2).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_says_what_its_threads_do() {
        assert!(look().values().all(|(name, _)| !name.is_empty()) && !look().is_empty());
    }
}
