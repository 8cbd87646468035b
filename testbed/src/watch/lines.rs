//! Lines of a stream, each up to the limit of an observed trace.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Duration,
};

use handfast_model::observed::MAX_LINE;

use crate::failure::Failure;

/// How often a file that is followed is looked at again.
const AGAIN: Duration = Duration::from_millis(100);

/// Lines that wait to be judged. Beyond them the reader waits.
const MAX_WAITING: usize = 64;

/// The lines of a file or of standard input, which a thread of its own reads: an interrupt ends the wait for a line that does not come.
pub(super) struct Lines {
    read: Receiver<io::Result<Option<Vec<u8>>>>,
    name: String,
    stop: &'static AtomicBool,
    /// Lines that are still taken after an interrupt.
    left: usize,
    buffer: Vec<u8>,
    number: usize,
}

/// The result of taking a line.
pub(super) enum Taken<'a> {
    /// A line and its number, counted from 1; without its end.
    Line(usize, &'a [u8]),
    /// The number of a line that is longer than one can be. It was passed over.
    Long(usize),
    /// There is none.
    End,
}

impl Lines {
    /// Opens a file, or standard input.
    pub(super) fn open(path: Option<&Path>, follow: bool, stop: &'static AtomicBool) -> Result<Self, Failure> {
        let (from, name): (Box<dyn io::Read + Send>, String) = match path {
            None => (Box::new(io::stdin()), "standard input".into()),
            Some(path) => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| Failure::usage(format_args!("{name}: {error}")))?;
                if file.metadata().is_ok_and(|about| about.is_dir()) {
                    return Err(Failure::usage(format_args!("{name}: it is a folder")));
                }
                (Box::new(file), name)
            }
        };
        let (sender, read) = mpsc::sync_channel(MAX_WAITING);
        thread::spawn(move || read_lines(BufReader::new(from), follow, &sender));
        Ok(Self { read, name, stop, left: MAX_WAITING, buffer: Vec::new(), number: 0 })
    }

    /// Takes the next line.
    pub(super) fn next(&mut self) -> Result<Taken<'_>, Failure> {
        let line = loop {
            let stopped = self.stop.load(Ordering::Relaxed);
            if stopped {
                // Lines that came before the interrupt are judged; a stream that never pauses ends all the same.
                let Some(left) = self.left.checked_sub(1) else { return Ok(Taken::End) };
                self.left = left;
            }
            let wait = if stopped { Duration::ZERO } else { AGAIN };
            match self.read.recv_timeout(wait) {
                Ok(line) => break line,
                Err(RecvTimeoutError::Disconnected) => return Ok(Taken::End),
                Err(RecvTimeoutError::Timeout) if stopped => return Ok(Taken::End),
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        self.number += 1;
        match line {
            Ok(Some(line)) => self.buffer = line,
            Ok(None) => return Ok(Taken::Long(self.number)),
            Err(error) => return Err(Failure::reason(format_args!("{}: {error}", self.name))),
        }
        Ok(Taken::Line(self.number, &self.buffer))
    }
}

/// Reads lines until their end, an error, or until no one takes them. `None`: a line that is longer than one can be, and was passed over.
fn read_lines(mut from: impl BufRead, follow: bool, sender: &SyncSender<io::Result<Option<Vec<u8>>>>) {
    let (mut line, mut long) = (Vec::new(), false);
    loop {
        let piece = match from.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // The judge may have ended.
                let _ = sender.send(Err(error));
                return;
            }
        };
        let ended = piece.is_empty();
        if ended && follow {
            thread::sleep(AGAIN);
            continue;
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = &piece[..end.unwrap_or(piece.len())];
        long |= line.len() + taken.len() > MAX_LINE;
        if long {
            line.clear();
        } else {
            line.extend_from_slice(taken);
        }
        let used = taken.len() + usize::from(end.is_some());
        from.consume(used);
        let whole = end.is_some() || (ended && (long || !line.is_empty()));
        if whole {
            let line = std::mem::take(&mut line);
            if sender.send(Ok((!std::mem::take(&mut long)).then_some(line))).is_err() {
                return;
            }
        }
        if ended {
            return;
        }
    }
}
