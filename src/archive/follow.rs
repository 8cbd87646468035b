//! A file that is read while it is being written: what is sealed is checked on the way, and not only after it.

use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// How much of a file is written.
#[derive(Default)]
struct Written {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    length: u64,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// All of it is written.
    Complete,
    /// It never will be.
    Abandoned,
}

impl Written {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// How many bytes may be read at `at`: none at the end. Waits until it is known.
    fn ahead(&self, at: u64) -> io::Result<u64> {
        let waits = |state: &mut State| state.length <= at && state.end == End::Open;
        let state = self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        match state.end {
            End::Abandoned => Err(io::Error::other("what is being written was abandoned")),
            End::Open | End::Complete => Ok(state.length.saturating_sub(at)),
        }
    }
}

/// The end that writes. Dropped before it is complete, it leaves its readers with an error.
pub(super) struct Lead<W> {
    file: W,
    written: Arc<Written>,
}

impl<W> Lead<W> {
    pub(super) fn new(file: W) -> Self {
        Self { file, written: Arc::default() }
    }

    /// Reads after it, in the same file.
    pub(super) fn follow<R>(&self, file: R) -> Follow<R> {
        Follow { file, written: self.written.clone(), at: 0 }
    }

    /// The file.
    pub(super) fn file(&mut self) -> &mut W {
        &mut self.file
    }

    /// There is no more.
    pub(super) fn complete(&self) {
        self.written.change(|state| state.end = End::Complete);
    }
}

impl<W> Drop for Lead<W> {
    fn drop(&mut self) {
        self.written.change(|state| {
            if state.end == End::Open {
                state.end = End::Abandoned;
            }
        });
    }
}

impl<W: Write> Write for Lead<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written.change(|state| state.length += count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The end that reads: waits where nothing is written yet.
pub(super) struct Follow<R> {
    file: R,
    written: Arc<Written>,
    at: u64,
}

impl<R: Read> Read for Follow<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ahead = self.written.ahead(self.at)?;
        let most = out.len().min(usize::try_from(ahead).unwrap_or(usize::MAX));
        let count = self.file.read(&mut out[..most])?;
        if count == 0 && most > 0 {
            // It was written, and is gone.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Follow<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, thread};

    use super::*;
    use crate::archive::{MemoryFs, fs::Fs};

    #[test]
    fn who_follows_reads_all_and_waits_for_it() {
        let (fs, path) = (MemoryFs::new(), Path::new("/file"));
        let mut lead = Lead::new(fs.create(path).unwrap());
        let mut follow = lead.follow(fs.open(path).unwrap());
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            follow.read_to_end(&mut all).map(|_| all)
        });
        let text: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
        text.chunks(777).for_each(|piece| lead.write_all(piece).unwrap());
        lead.complete();
        assert_eq!(reader.join().unwrap().unwrap(), text);
    }

    #[test]
    fn what_is_abandoned_has_no_end() {
        let (fs, path) = (MemoryFs::new(), Path::new("/file"));
        let mut lead = Lead::new(fs.create(path).unwrap());
        let mut follow = lead.follow(fs.open(path).unwrap());
        lead.write_all(b"some").unwrap();
        drop(lead);
        assert!(follow.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn what_was_written_and_is_not_there_is_missed() {
        let fs = MemoryFs::new();
        let mut lead = Lead::new(fs.create(Path::new("/file")).unwrap());
        fs.create(Path::new("/other")).unwrap();
        let mut follow = lead.follow(fs.open(Path::new("/other")).unwrap());
        lead.write_all(b"some").unwrap();
        lead.complete();
        assert_eq!(follow.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_flushed_is_flushed_in_the_file() {
        struct Flushed(u32);
        impl Write for Flushed {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                self.0 += 1;
                Ok(())
            }
        }
        let mut lead = Lead::new(Flushed(0));
        lead.flush().unwrap();
        assert_eq!(lead.file().0, 1);
    }
}
