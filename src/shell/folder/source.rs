//! Archives that are exported from files.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};

use super::transfer::{BUFFER, QUEUE, gone, with_path};
use crate::{
    archive::{
        self, Archive, Fs, Identity, IdentityError, Kdf, KeyKind, OpenError, PrivateKey, Terms, Text, UnixTime,
        Validated, protection,
    },
    operations::LocalId,
    outcome::Scheme,
    secret::Secret,
    shell::storage::{self, Buffer, Opening},
};

/// An archive in a file, which every try opens anew.
pub struct FileSource<F> {
    open: Arc<dyn Fn() -> io::Result<F> + Send + Sync>,
    kdf: Arc<dyn Kdf>,
    terms: Terms,
    scheme: Scheme,
    /// The cause of a failure once it is open.
    path: Option<Arc<Path>>,
    /// The result of the first pass, if there is no password. Locked for as long as the pass takes, so that no other one is made meanwhile.
    validated: Arc<Mutex<Option<Validated>>>,
}

impl<F> Clone for FileSource<F> {
    fn clone(&self) -> Self {
        Self {
            open: self.open.clone(),
            kdf: self.kdf.clone(),
            terms: self.terms,
            scheme: self.scheme,
            path: self.path.clone(),
            validated: self.validated.clone(),
        }
    }
}

impl FileSource<File> {
    /// The archive in the file at `path`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(path: &Path, kdf: Arc<dyn Kdf>, terms: Terms) -> io::Result<Self> {
        let path: Arc<Path> = path.into();
        let opened = path.clone();
        let source = Self::new(move || File::open(&opened).map_err(with_path(&opened)), kdf, terms)?;
        Ok(Self { path: Some(path), ..source })
    }
}

impl<F: Read + Seek + Send + 'static> FileSource<F> {
    /// The archive that `open` opens, time after time.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn new(
        open: impl Fn() -> io::Result<F> + Send + Sync + 'static,
        kdf: Arc<dyn Kdf>,
        terms: Terms,
    ) -> io::Result<Self> {
        let scheme = protection(&mut open()?)?;
        Ok(Self { open: Arc::new(open), kdf, terms, scheme, path: None, validated: Arc::default() })
    }

    /// The archive of an account that is in a store.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn account<S>(store: archive::Store<S>, id: LocalId, kdf: Arc<dyn Kdf>, terms: Terms) -> io::Result<Self>
    where
        S: Fs<File = F>,
    {
        let path = store.folder(id).into();
        let source = Self::new(move || Ok(store.archive(id)?), kdf, terms)?;
        Ok(Self { path: Some(path), ..source })
    }
}

impl<F: Read + Seek + Send + 'static> storage::Source for FileSource<F> {
    type Reader = FileReader;

    fn scheme(&self) -> Scheme {
        self.scheme
    }

    fn prepare(&mut self) {
        if self.scheme == Scheme::None {
            let source = self.clone();
            // An archive that is not sound is reported when it is opened.
            spawn_blocking(move || drop(source.validate()));
        }
    }

    async fn open(&mut self, password: Secret) -> Opening<FileReader> {
        let (answer, answered) = oneshot::channel();
        let source = self.clone();
        spawn_blocking(move || source.serve(&password, answer));
        answered.await.unwrap_or_else(|_| Opening::Unreadable(gone()))
    }
}

impl<F: Read + Seek + Send> FileSource<F> {
    /// Opens the archive, and reads it for as long as somebody takes what is read.
    fn serve(&self, password: &Secret, answer: oneshot::Sender<Opening<FileReader>>) {
        let (full, pieces) = mpsc::channel(QUEUE);
        let (used, mut free) = mpsc::channel(QUEUE);
        let (opening, text) = match self.open_prepared(password) {
            Opening::Opened((length, text)) => (Opening::Opened(FileReader { length, pieces, used }), Some(text)),
            Opening::Wrong => (Opening::Wrong, None),
            Opening::Unreadable(error) => (Opening::Unreadable(error), None),
        };
        // A late answer is of no interest.
        let (Ok(()), Some(mut text)) = (answer.send(opening), text) else { return };
        loop {
            let mut buffer = free.try_recv().unwrap_or_default();
            let piece = fill(&mut buffer, &mut text).map(|()| buffer).map_err(|error| self.named(error));
            let last = piece.as_ref().map_or(true, |piece| piece.is_empty());
            if full.blocking_send(piece).is_err() || last {
                return;
            }
        }
    }

    /// Makes the first pass over an unprotected archive, unless it was made.
    fn validate(&self) -> Result<(), OpenError> {
        let mut validated = self.validated.lock().unwrap_or_else(PoisonError::into_inner);
        if validated.is_none() {
            *validated = Some(Validated::of((self.open)()?, self.terms)?);
        }
        Ok(())
    }

    /// Opens the archive on this thread, and returns the length of its text with it. Waits for a pass that is being made, and makes none
    /// if the file is still what it was then.
    fn open_prepared(&self, password: &Secret) -> Opening<(u64, Text<F>)> {
        if self.scheme == Scheme::None && password.is_empty() {
            let mut validated = self.validated.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = &*validated
                && let Ok(text) = (self.open)().map_err(OpenError::from).and_then(|file| found.text(file))
            {
                return Opening::Opened((found.length(), text));
            }
            *validated = None;
        }
        self.open_here(password)
    }

    /// The same, with a first pass in any case.
    pub(super) fn open_here(&self, password: &Secret) -> Opening<(u64, Text<F>)> {
        let file = match (self.open)() {
            Ok(file) => file,
            Err(error) => return Opening::Unreadable(error),
        };
        let opened = Archive::open(file, password, &*self.kdf, self.terms)
            .and_then(|archive| Ok((archive.summary().length, archive.into_text()?)));
        match opened {
            Ok(opened) => Opening::Opened(opened),
            Err(OpenError::WrongPassword) => Opening::Wrong,
            Err(error @ OpenError::Date(_)) => Opening::Unreadable(error.into()),
            Err(error) => Opening::Unreadable(self.named(error.into())),
        }
    }

    /// Says which file it is about, if there is one.
    fn named(&self, error: io::Error) -> io::Error {
        match &self.path {
            Some(path) => with_path(path)(error),
            None => error,
        }
    }
}

/// Replaces what is in `buffer` by at most [`BUFFER`] bytes of `text`, fewer only at its end.
pub(super) fn fill(buffer: &mut Buffer, text: &mut Text<impl Read + Seek>) -> io::Result<()> {
    let most = text.remaining().min(BUFFER as u64) as usize;
    buffer.resize(most, 0);
    let mut length = 0;
    while length < most {
        match text.read(&mut buffer[length..])? {
            0 => break,
            count => length += count,
        }
    }
    buffer.truncate(length);
    Ok(())
}

/// An archive that a [`FileSource`] opened.
#[derive(Debug)]
pub struct FileReader {
    length: u64,
    pieces: mpsc::Receiver<io::Result<Buffer>>,
    used: mpsc::Sender<Buffer>,
}

impl storage::Reader for FileReader {
    fn length(&self) -> u64 {
        self.length
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        let piece = self.pieces.recv().await.ok_or_else(gone)??;
        let used = std::mem::replace(buffer, piece);
        // If there are enough of them, it is wiped.
        drop(self.used.try_send(used));
        Ok(())
    }
}

/// Why an archive gives no identity to export with.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its account cannot issue a certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// An identity that the account in an archive issues for the occasion, where there is no linked device
/// ([`Store::device`](archive::Store::device), R-EXP-11). Blocks for as long as the archive's key and the new one take.
///
/// # Errors
/// The archive does not open, or its account cannot issue certificates.
pub fn issued_identity<F: Read + Seek + Send>(
    file: F,
    password: &Secret,
    kdf: &dyn Kdf,
    terms: Terms,
    keys: KeyKind,
    now: UnixTime,
) -> Result<Identity, IssueError> {
    let archive = Archive::open(file, password, kdf, terms)?;
    let key = PrivateKey::generate(keys).map_err(IdentityError::from)?;
    Ok(archive.account().issue_device(key, now)?)
}

#[cfg(test)]
mod tests;
