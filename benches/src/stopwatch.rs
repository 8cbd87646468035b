//! Time, and the processor's time.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Seconds that `act` takes once, of so many times.
pub fn seconds<T>(times: usize, mut act: impl FnMut() -> T) -> f64 {
    let begin = Instant::now();
    for _ in 0..times {
        std::hint::black_box(act());
    }
    begin.elapsed().as_secs_f64() / times as f64
}

/// The same in CPU time of this thread, for what stays on it and waits for nothing: how busy the machine is, is not in it.
pub fn cpu_seconds<T>(times: usize, mut act: impl FnMut() -> T) -> f64 {
    let begin = cpu_time();
    for _ in 0..times {
        std::hint::black_box(act());
    }
    (cpu_time() - begin).as_secs_f64() / times as f64
}

/// A moment of a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    at: Instant,
    /// The thread's CPU time until then.
    cpu: Duration,
}

impl Mark {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu_time() }
    }
}

/// Returns the CPU time of this thread.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
}

/// The time of a transfer.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From when the first byte is taken out until the last one is taken in.
    pub time: Duration,
    /// CPU time of both ends meanwhile.
    pub cpu: Duration,
}

impl Cost {
    /// The sending end's first and last moment, and the receiving end's.
    pub(crate) fn between([start, sent]: [Mark; 2], [begin, end]: [Mark; 2]) -> Self {
        Self { time: end.at - start.at, cpu: (sent.cpu - start.cpu) + (end.cpu - begin.cpu) }
    }
}
