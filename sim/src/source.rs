//! The exporter's archive: a file in memory that the library opens.

use std::{
    io::{self, BufRead as _, Cursor},
    sync::Arc,
};

use handfast::{
    archive::{Archive, InsecureKdf, OpenError, Password, Terms, Text},
    outcome::Scheme,
    secret::Secret,
    shell::storage::{self, Buffer, Opening},
};
use tokio::time::{Duration, sleep};

use crate::fixture::NOW;

type File = Cursor<Arc<[u8]>>;

/// An archive that can be exported.
#[derive(Clone)]
pub(crate) struct Exported {
    pub(crate) file: Arc<[u8]>,
    pub(crate) scheme: Scheme,
    /// How long it takes to open.
    pub(crate) work: Duration,
    /// Bytes of the text that can be read.
    pub(crate) readable: u64,
}

impl storage::Source for Exported {
    type Reader = Reader;

    fn scheme(&self) -> Scheme {
        self.scheme
    }

    async fn open(&mut self, password: Secret) -> Opening<Reader> {
        sleep(self.work).await;
        let file = Cursor::new(self.file.clone());
        let opened = Archive::open(file, &Password::new(password.as_bytes()), &InsecureKdf, Terms::at(NOW));
        match opened.and_then(|archive| archive.into_text()) {
            Ok(text) => Opening::Opened(Reader { length: text.remaining(), text, readable: self.readable }),
            Err(OpenError::WrongPassword) => Opening::Wrong,
            Err(_) => Opening::Unreadable,
        }
    }
}

/// An archive that is open.
pub(crate) struct Reader {
    text: Text<File>,
    length: u64,
    readable: u64,
}

impl storage::Reader for Reader {
    fn length(&self) -> u64 {
        self.length
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        buffer.clear();
        let bytes = self.text.fill_buf()?;
        let count = bytes.len();
        self.readable = self.readable.checked_sub(count as u64).ok_or(io::ErrorKind::InvalidData)?;
        buffer.extend_from_slice(bytes);
        self.text.consume(count);
        Ok(())
    }
}
