//! `handfast sim --digest`: the checksum of the traces, for two processes, builds or machines to be compared.

use std::{
    fmt,
    num::NonZeroUsize,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use handfast_sim::Shard;
use serde::Serialize;

use super::sweep::{Part, Sweep};
use crate::{failure::Failure, output};

/// The traces of a part.
#[derive(Clone, Copy, Serialize)]
struct Digest {
    part: Part,
    crc: u32,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}  {}", self.crc, self.part)
    }
}

/// Prints a line for each part.
pub(super) fn print(asked: &Sweep, shard: Option<Shard>, jobs: NonZeroUsize, json: bool) -> Result<ExitCode, Failure> {
    let parts = asked.parts(shard);
    let next = AtomicUsize::new(0);
    let digests = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(parts.len()) {
            scope.spawn(|| {
                while let Some(&part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let digest = Digest { part, crc: asked.digest(part) };
                    digests.lock().unwrap_or_else(PoisonError::into_inner).push(digest);
                }
            });
        }
    });
    let mut digests = digests.into_inner().unwrap_or_else(PoisonError::into_inner);
    digests.sort_by_key(|digest| digest.part);
    if json {
        output::json(&digests)?;
    } else {
        output::line(asked.head(shard))?;
        digests.iter().try_for_each(output::line)?;
    }
    Ok(ExitCode::SUCCESS)
}
