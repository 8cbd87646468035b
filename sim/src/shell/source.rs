//! The exporter's archive: a file in memory that the library opens, slowly, and, where planned, cannot read to its end.

use std::{
    io::{self, Cursor},
    sync::Arc,
};

use handfast::{
    archive::{InsecureKdf, MemoryFile, MemoryFs, Seal, Store, Terms},
    operations::LocalId,
    outcome::Scheme,
    secret::Secret,
    shell::{
        folder::{FileReader, FileSource, InlineReader, InlineSource},
        storage::{self, Buffer, Opening},
    },
};
use tokio::time::{Duration, sleep};

use super::{
    disk,
    fixture::{Exported, NOW, kdf, new_device, password},
    plan::Plan,
    side::Failure,
};

type File = Cursor<Arc<[u8]>>;

/// An archive that can be exported.
#[derive(Clone)]
pub(crate) struct Archive {
    source: InlineSource<File>,
    /// How long it takes to open.
    work: Duration,
    /// Bytes of the text that can be read.
    readable: u64,
}

impl Archive {
    pub(crate) fn new(file: Arc<[u8]>, work: Duration, readable: u64) -> io::Result<Self> {
        let open = move || Ok(Cursor::new(file.clone()));
        let source = FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW))?;
        Ok(Self { source: InlineSource::new(source), work, readable })
    }
}

impl storage::Source for Archive {
    type Reader = Reader;

    fn scheme(&self) -> Scheme {
        self.source.scheme()
    }

    async fn open(&mut self, password: Secret) -> Opening<Reader> {
        sleep(self.work).await;
        match self.source.open(password).await {
            Opening::Opened(reader) => Opening::Opened(Reader { reader, readable: self.readable }),
            Opening::Wrong => Opening::Wrong,
            Opening::Unreadable(error) => Opening::Unreadable(error),
        }
    }
}

/// An archive that can be exported: a simulated one, or one as it ships.
#[derive(Clone)]
pub(crate) enum AnySource {
    Simulated(Archive),
    File(FileSource<File>),
    Account(FileSource<MemoryFile>),
}

impl storage::Source for AnySource {
    type Reader = AnyReader;

    fn scheme(&self) -> Scheme {
        match self {
            Self::Simulated(source) => source.scheme(),
            Self::File(source) => source.scheme(),
            Self::Account(source) => source.scheme(),
        }
    }

    fn prepare(&mut self) {
        match self {
            Self::Simulated(source) => source.prepare(),
            Self::File(source) => source.prepare(),
            Self::Account(source) => source.prepare(),
        }
    }

    async fn open(&mut self, password: Secret) -> Opening<AnyReader> {
        match self {
            Self::Simulated(source) => {
                opened(source.open(password).await, |reader| AnyReader::Simulated(Box::new(reader)))
            }
            Self::File(source) => opened(source.open(password).await, AnyReader::File),
            Self::Account(source) => opened(source.open(password).await, AnyReader::File),
        }
    }
}

fn opened<R>(opening: Opening<R>, reader: impl FnOnce(R) -> AnyReader) -> Opening<AnyReader> {
    match opening {
        Opening::Opened(opened) => Opening::Opened(reader(opened)),
        Opening::Wrong => Opening::Wrong,
        Opening::Unreadable(error) => Opening::Unreadable(error),
    }
}

/// An archive of any source that is open.
pub(crate) enum AnyReader {
    Simulated(Box<Reader>),
    File(FileReader),
}

impl storage::Reader for AnyReader {
    fn length(&self) -> u64 {
        match self {
            Self::Simulated(reader) => reader.length(),
            Self::File(reader) => reader.length(),
        }
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        match self {
            Self::Simulated(reader) => reader.next(buffer).await,
            Self::File(reader) => reader.next(buffer).await,
        }
    }
}

/// The store of a device that has linked the account before.
pub(crate) fn linked(archive: &Exported, plan: &Plan) -> Result<(Store<MemoryFs>, LocalId), Failure> {
    let store = disk::open(&MemoryFs::new())?;
    let seal = Seal::new(&Secret::from(password(plan.protected)), &*kdf(plan))?;
    let mut staging = store.begin(LocalId(1), seal)?;
    let follower = staging.follow(Terms::at(NOW))?;
    staging.write(&archive.text)?;
    let complete = staging.complete()?;
    let installed = complete.confirm(follower.see()?)?.install(new_device(), NOW)?;
    Ok((store, installed.id))
}

/// An archive that is open.
pub(crate) struct Reader {
    reader: InlineReader<File>,
    readable: u64,
}

impl storage::Reader for Reader {
    fn length(&self) -> u64 {
        self.reader.length()
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        self.reader.next(buffer).await?;
        self.readable = self.readable.checked_sub(buffer.len() as u64).ok_or(io::ErrorKind::InvalidData)?;
        Ok(())
    }
}
