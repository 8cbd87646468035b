//! Time, and the processor's time.

use std::time::{Duration, Instant};

/// Seconds that `act` takes once, of so many times.
pub fn seconds<T>(times: usize, mut act: impl FnMut() -> T) -> f64 {
    let begin = Instant::now();
    for _ in 0..times {
        std::hint::black_box(act());
    }
    begin.elapsed().as_secs_f64() / times as f64
}

/// The seconds of two things that run in turns, and so many times each time.
pub fn in_turns<T, U>(
    rounds: usize,
    times: usize,
    mut ours: impl FnMut() -> T,
    mut theirs: impl FnMut() -> U,
) -> (Vec<f64>, Vec<f64>) {
    (0..rounds).map(|_| (seconds(times, &mut ours), seconds(times, &mut theirs))).unzip()
}

/// A moment of a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) at: Instant,
    /// The thread's CPU time until then; none where the system does not tell.
    cpu: Option<Duration>,
}

impl Mark {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu_time() }
    }
}

/// CPU time of this thread, as Linux tells it.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// What a transfer took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From when the first byte is taken out until the last one is taken in.
    pub time: Duration,
    /// CPU time of both ends meanwhile; none where the system does not tell.
    pub cpu: Option<Duration>,
}

impl Cost {
    /// The sending end's first and last moment, and the receiving end's.
    pub(crate) fn between([start, sent]: [Mark; 2], [begin, end]: [Mark; 2]) -> Self {
        let cpu = |from: Mark, to: Mark| Some(to.cpu? - from.cpu?);
        let both = || Some(cpu(start, sent)? + cpu(begin, end)?);
        Self { time: end.at - start.at, cpu: both() }
    }
}
