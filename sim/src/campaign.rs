//! The common part of the campaigns of both engines: threads, shards, and the comparison of two traces.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use handfast::{
    reducer::Config,
    trace::{self, Header, Step},
};
use serde::{Deserialize, Serialize};

/// One of several machines that share a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which one, from 0 on.
    pub index: u64,
    /// Of how many.
    pub of: u64,
}

/// Returns the number of threads that a campaign has by default.
pub(crate) fn default_jobs() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Calls `each` once for every number below `count`, from `jobs` threads.
pub(crate) fn in_parallel(jobs: NonZeroUsize, count: u64, each: &(dyn Fn(u64) + Sync)) {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..u64::try_from(jobs.get()).unwrap_or(u64::MAX).min(count) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    each(number);
                }
            });
        }
    });
}

/// Returns the trace of a session: lines of JSON, each with its checksum and a line feed.
pub(crate) fn trace(driver: &str, [import, export]: [Config; 2], steps: &[Step]) -> String {
    let (import, export) = (Some(import), Some(export));
    let header = Header { trace: trace::VERSION, driver: driver.into(), import, export };
    let lines = std::iter::once(trace::to_line(&header)).chain(steps.iter().map(trace::to_line));
    lines.flat_map(|line| [line, "\n".into()]).collect()
}

/// Returns where two traces of the same session differ; none if they are equal.
pub(crate) fn difference(one: &str, other: &str) -> Option<String> {
    let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
    (one != other).then(|| format!("line {} of its trace is another one the second time", same + 1))
}
