//! The results of a sweep, on disk: a line for each part, written when it is done (`docs/sweeps.md`). A process may be killed at any
//! time; the next one with the same options goes on after the last whole line.

use std::{
    env,
    fs::{self, File, TryLockError},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use handfast::trace::{from_line, to_line};
use handfast_sim::Shard;
use serde::{Deserialize, Serialize};

use super::sweep::{Chosen, Part, Piece, Pieces, Sweep};
use crate::{
    failure::Failure,
    input::{self, without_mark},
    output,
};

/// The version of the format.
const VERSION: u32 = 1;
/// Bytes of a line: far more than twenty violations with their schedules.
const MAX_LINE: u64 = 1 << 24;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// [`VERSION`].
    sweep: u32,
    program: String,
    pub(crate) asked: Sweep,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    shard: Option<Shard>,
}

/// A further line.
#[derive(Serialize, Deserialize)]
struct Line<P> {
    part: Part,
    came_to: P,
}

impl Header {
    /// That of a sweep of this program.
    pub(crate) fn new(asked: &Sweep, shard: Option<Shard>) -> io::Result<Self> {
        Ok(Self { sweep: VERSION, program: program()?, asked: asked.clone(), shard })
    }

    /// Whether both are of one sweep; else what differs.
    pub(crate) fn agrees(&self, other: &Self) -> Result<(), String> {
        let differs = |what, one: &str, other: &str| Err(format!("the {what} differ: {one} and {other}"));
        if self.program != other.program {
            return differs("programs", &self.program, &other.program);
        }
        if self.asked != other.asked {
            let asked = |header: &Self| serde_json::to_string(&header.asked).unwrap_or_default();
            return differs("options", &asked(self), &asked(other));
        }
        Ok(())
    }
}

/// The identity of this program: its version, and the checksum of its file. Another one may have other results.
fn program() -> io::Result<String> {
    // The link stays where the file after it is replaced.
    let mut file = File::open("/proc/self/exe").or_else(|_| File::open(env::current_exe()?))?;
    let mut hasher = crc32fast::Hasher::new();
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes)? {
            0 => break,
            read => hasher.update(&bytes[..read]),
        }
    }
    Ok(format!("handfast {}, crc {:08x}", env!("CARGO_PKG_VERSION"), hasher.finalize()))
}

/// The name of a shard's file.
fn name(shard: Option<Shard>) -> String {
    shard.map_or_else(|| "sweep.ndjson".into(), |Shard { index, of }| format!("sweep-{index}-of-{of}.ndjson"))
}

/// The files of results in a folder.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("sweep") && name.ends_with(".ndjson") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// A file of results that was read.
#[derive(Default)]
pub(crate) struct Results {
    /// None if not even that is whole.
    pub(crate) header: Option<Header>,
    /// The parts, each with its line.
    pub(crate) lines: Vec<(u64, Part, Piece)>,
    /// Bytes of all whole lines. Bytes after them were cut off.
    whole: u64,
}

/// Reads a file of results.
pub(crate) fn read(path: &Path) -> Result<Results, Failure> {
    let failed = |error: io::Error| Failure::usage(format_args!("{}: {error}", path.display()));
    let opened = input::RESULTS.open(path).map_err(|error| failed(error.into()))?;
    let mut file = BufReader::new(opened);
    let mut results = Results::default();
    let mut parts = Vec::new();
    for number in 1.. {
        let refused = |why: String| Failure::usage(format_args!("{}: line {number}: {why}", path.display()));
        let mut line = Vec::new();
        file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)?;
        if line.last() != Some(&b'\n') {
            if line.len() as u64 == MAX_LINE {
                return Err(refused("it is longer than any part".into()));
            }
            // The writer was killed.
            break;
        }
        let unmarked =
            if number == 1 { without_mark(&line).map_err(|error| refused(error.to_string()))? } else { &line };
        let text = std::str::from_utf8(unmarked).map_err(|_| refused("it is not UTF-8".into()))?;
        if let Some(Header { asked, .. }) = &results.header {
            let line: Line<Piece> = from_line(text).map_err(|error| refused(error.to_string()))?;
            let Line { part, came_to } = line;
            let kind = match (&asked.chosen, &came_to) {
                (Chosen::Event(_) | Chosen::Old(..) | Chosen::Guided(..), Piece::Event(_)) => true,
                (Chosen::Turmoil(_) | Chosen::Turns(_), Piece::Turmoil(rows)) => {
                    rows.iter().all(|row| part.block(Some(row.scenario)).is_some())
                }
                _ => false,
            };
            if !kind || parts.binary_search(&part).is_err() {
                return Err(refused(format!("{part} is no part of the sweep")));
            }
            results.lines.push((number, part, came_to));
        } else {
            let what = |error| refused(format!("{error}; give a file that sim --out wrote"));
            let header: Header = from_line(text).map_err(what)?;
            if header.sweep != VERSION {
                return Err(refused(format!("it is of version {}, this program reads {VERSION}", header.sweep)));
            }
            header.asked.is_sound().map_err(refused)?;
            parts = header.asked.parts(header.shard);
            parts.sort();
            results.header = Some(header);
        }
        results.whole += line.len() as u64;
    }
    Ok(results)
}

/// A file of results to which lines are added.
pub(crate) struct Kept {
    file: Mutex<Option<File>>,
}

impl Kept {
    /// Begins a file in a folder, or goes on with the one that is there: gives what it has.
    pub(crate) fn open(folder: &Path, header: &Header) -> Result<(Self, Pieces), Failure> {
        let path = folder.join(name(header.shard));
        let failed = |error: io::Error| Failure::usage(format_args!("--out {}: {error}", path.display()));
        fs::create_dir_all(folder).map_err(failed)?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::usage(format_args!("--out {}: another process writes there", path.display())));
            }
            Err(TryLockError::Error(error)) => output::note(format_args!(
                "--out {}: its file system has no locks ({error}): let one process write there at a time",
                path.display()
            )),
        }
        let there = read(&path)?;
        if let Some(other) = &there.header {
            other.agrees(header).map_err(|why| {
                Failure::usage(format_args!("--out {}: there are results of another sweep; {why}", path.display()))
            })?;
        }
        file.set_len(there.whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        if there.header.is_none() {
            file.write_all(format!("{}\n", to_line(header)).as_bytes()).map_err(failed)?;
        }
        let pieces = there.lines.into_iter().map(|(_, part, piece)| (part, piece)).collect();
        Ok((Self { file: Mutex::new(Some(file)) }, pieces))
    }

    /// Adds a line. It is there even if the process is killed after it. After a failure there are no more: what was written of
    /// that line stays the last.
    pub(crate) fn add(&self, part: Part, came_to: &Piece) -> io::Result<()> {
        let line = format!("{}\n", to_line(&Line { part, came_to }));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.as_mut().map_or(Ok(()), |file| file.write_all(line.as_bytes()));
        if written.is_err() {
            *file = None;
        }
        written
    }
}
