//! Lines of a stream, each up to the limit of an observed trace.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use handfast_model::observed::MAX_LINE;

use crate::failure::Failure;

/// How often a file that is followed is looked at again.
const AGAIN: Duration = Duration::from_millis(100);

/// The lines of a file or of standard input.
pub(super) struct Lines {
    from: Box<dyn BufRead>,
    name: String,
    follow: bool,
    stop: &'static AtomicBool,
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
        let (from, name): (Box<dyn BufRead>, String) = match path {
            None => (Box::new(io::stdin().lock()), "standard input".into()),
            Some(path) => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| Failure::usage(format_args!("{name}: {error}")))?;
                if file.metadata().is_ok_and(|about| about.is_dir()) {
                    return Err(Failure::usage(format_args!("{name}: it is a folder")));
                }
                (Box::new(BufReader::new(file)), name)
            }
        };
        Ok(Self { from, name, follow, stop, buffer: Vec::new(), number: 0 })
    }

    /// Takes the next line.
    pub(super) fn next(&mut self) -> Result<Taken<'_>, Failure> {
        self.buffer.clear();
        let mut long = false;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Taken::End);
            }
            let piece = match self.from.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::reason(format_args!("{}: {error}", self.name))),
            };
            if piece.is_empty() {
                if self.follow {
                    thread::sleep(AGAIN);
                    continue;
                }
                if self.buffer.is_empty() && !long {
                    return Ok(Taken::End);
                }
                break;
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            let taken = &piece[..end.unwrap_or(piece.len())];
            long |= self.buffer.len() + taken.len() > MAX_LINE;
            if long {
                self.buffer.clear();
            } else {
                self.buffer.extend_from_slice(taken);
            }
            let used = taken.len() + usize::from(end.is_some());
            self.from.consume(used);
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        Ok(if long { Taken::Long(self.number) } else { Taken::Line(self.number, &self.buffer) })
    }
}
