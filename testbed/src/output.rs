//! The output of a command: standard output, without the panic of `println!` when it cannot be written, and files.

use std::{
    fmt::Display,
    fs::{self, File},
    io::{self, IsTerminal as _, Write},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use handfast::limits::FILE_MODE;
use serde::Serialize;
use tempfile::NamedTempFile;
use tokio::sync::watch;

use crate::{
    failure::{Failure, unwritable},
    interrupt::Unfinished,
    plain::plain,
};

/// Prints a line.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| unwritable(&error))
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(Failure::reason)?)
}

/// Prints the command that shows a failure again, as the last line.
pub(crate) fn again(command: Option<impl Display>) -> Result<(), Failure> {
    command.map_or(Ok(()), |command| line(format_args!("again: {command}")))
}

/// Prints a remark on standard error.
pub(crate) fn note(text: impl Display) {
    // There is no further place to report to.
    let text = plain(text.to_string());
    let _ = io::stderr().lock().write_all(format!("handfast: {text}\n").as_bytes());
}

/// Begins a file that its owner alone may read, whatever the umask. A file that is there is emptied, and made so too. A device or a
/// pipe stays as it is.
pub(crate) fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

/// Finds a place that cannot be written before the work, and leaves it as it is. A pipe is not opened: that waits for its reader.
pub(crate) fn is_writable(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(kind) if kind.is_file() || kind.is_dir() => File::options().write(true).open(path).map(drop),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            // The system's own error says more plainly that there is no folder.
            fs::metadata(folder)?;
            tempfile::tempfile_in(folder).map(drop)
        }
        Err(error) => Err(error),
    }
}

/// Writes a file that is whole or not there, readable by its owner only, also where a signal ends the process. A device or a pipe is
/// written to as it is.
pub(crate) fn whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::reason(format_args!("--output {}: {error}", path.display()));
    let there = path.metadata();
    if there.as_ref().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut file = File::options().write(true).open(path).map_err(failed)?;
        return write(&mut file).and_then(|()| file.flush()).map_err(failed);
    }
    if there.is_ok_and(|there| there.is_dir()) {
        return Err(failed(io::Error::from_raw_os_error(rustix::io::Errno::ISDIR.raw_os_error())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Asked first: the error of a temporary file names a file that the reader does not know.
    folder.metadata().map_err(failed)?;
    let unfinished = Unfinished::catch()?;
    let begun = unfinished.begin(|| {
        let file = NamedTempFile::new_in(folder)?;
        let at = file.path().to_owned();
        Ok((file, at))
    });
    let mut file = begun.map_err(failed)?;
    write(file.as_file_mut()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    unfinished.end(|| file.persist(path)).map_err(|refused| failed(refused.error))?;
    Ok(())
}

/// Reports that the standard output of a link is lost.
fn lost(error: &io::Error) {
    note(format_args!("standard output is lost, and the link goes on: {error}"));
}

/// Bytes that wait to be written by a [`Background`]. More bytes are lost, and reported as lost.
const MAX_WAITING: usize = 16 << 20;

/// A file or stream that is written by a thread of its own, in order, so that the work that it reports on does not depend on it: a
/// reader that is slow or gone, or a disk that is full, changes nothing but what is read. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct Background {
    /// The thread; none for a terminal, which is written to at once, in the order of what is printed to standard error.
    pieces: Option<mpsc::Sender<Vec<u8>>>,
    shared: Arc<Shared>,
    /// Closed once all is written, or the first failure is noted.
    done: watch::Receiver<()>,
}

#[derive(Default)]
struct Shared {
    waiting: AtomicUsize,
    failed: OnceLock<io::Error>,
}

impl Background {
    /// Begins to write to `out`. At the first failure `lost` is called, and nothing more is written.
    pub(crate) fn new(mut out: impl Write + Send + 'static, lost: impl FnOnce(&io::Error) + Send + 'static) -> Self {
        let (pieces, taken) = mpsc::channel::<Vec<u8>>();
        let (writing, done) = watch::channel(());
        let shared = Arc::new(Shared::default());
        let of = shared.clone();
        thread::spawn(move || {
            let _writing = writing;
            let mut write = || {
                for piece in &taken {
                    out.write_all(&piece).and_then(|()| out.flush())?;
                    of.waiting.fetch_sub(piece.len(), Ordering::Relaxed);
                    if let Some(error) = of.failed.get() {
                        return Err(io::Error::new(error.kind(), error.to_string()));
                    }
                }
                Ok(())
            };
            if let Err(error) = write() {
                lost(&error);
                // The first failure may be that of a full queue.
                let _ = of.failed.set(error);
            }
        });
        Self { pieces: Some(pieces), shared, done }
    }

    /// Standard output. That it is lost is reported once, on standard error.
    pub(crate) fn standard_output() -> Self {
        if io::stdout().is_terminal() {
            return Self { pieces: None, shared: Arc::default(), done: watch::channel(()).1 };
        }
        Self::new(io::stdout(), lost)
    }

    /// Writes a text, and the end of a line after it.
    pub(crate) fn line(&self, text: impl Display) {
        let piece = format!("{text}\n").into_bytes();
        let length = piece.len();
        if self.shared.failed.get().is_some() {
            return;
        }
        if self.shared.waiting.fetch_add(length, Ordering::Relaxed) + length > MAX_WAITING {
            // Only the first is kept.
            let _ =
                self.shared.failed.set(io::Error::other(format!("more than {MAX_WAITING} bytes wait for its reader")));
            return;
        }
        match &self.pieces {
            // After a failure there is no thread that takes it.
            Some(pieces) => drop(pieces.send(piece)),
            None => {
                let mut out = io::stdout().lock();
                if let Err(error) = out.write_all(&piece).and_then(|()| out.flush()) {
                    lost(&error);
                    let _ = self.shared.failed.set(error);
                }
                self.shared.waiting.fetch_sub(length, Ordering::Relaxed);
            }
        }
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        // Values that are printed have no keys that JSON lacks.
        if let Ok(text) = serde_json::to_string(value) {
            self.line(text);
        }
    }

    /// Waits until all is written. Gives the first failure.
    pub(crate) async fn finish(self) -> Result<(), io::Error> {
        let Self { pieces, shared, mut done } = self;
        drop(pieces);
        // It changes by being closed only.
        while done.changed().await.is_ok() {}
        match shared.failed.get() {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }
}
