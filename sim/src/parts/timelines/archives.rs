//! Where archives come from and go to, with a word for each step of their way. A step fails, or takes ten seconds, where the script says so;
//! an archive that crawls gives 32 KiB each 29 seconds.

use std::io::{self, Cursor};

use handfast::{
    archive::{Installed, MemoryFs},
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
    shell::{
        folder::{InlineReader, InlineSource, InlineStore},
        storage::{self, Buffer, CheckError, Opening},
    },
};
use tokio::time::{Duration, sleep};

use super::{Log, Observer, Setup};

/// All that is special about the archive's way.
#[derive(Clone)]
pub(super) struct Way {
    log: Log,
    fails: &'static str,
    slow: &'static str,
}

impl Way {
    pub(super) fn new(setup: &Setup, log: &Log) -> Self {
        Self { log: log.clone(), fails: setup.fails, slow: setup.slow }
    }

    fn say(&self, what: impl Into<String>) {
        self.log.say(Observer::Archive, what);
    }

    async fn step(&self, step: &str) -> io::Result<()> {
        if self.slow == step {
            sleep(Duration::from_secs(10)).await;
        }
        if self.fails == step { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

/// Says that something is gone which was neither used up nor discarded.
struct Held(Option<(Way, &'static str)>);

impl Held {
    fn new(way: &Way, gone: &'static str) -> Self {
        Self(Some((way.clone(), gone)))
    }

    fn used(mut self) {
        self.0 = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((way, gone)) = self.0.take() {
            way.say(gone);
        }
    }
}

const GIVEN_UP: &str = "staging is given up";

/// The store of an importing device.
pub(super) struct Store {
    pub(super) inner: InlineStore<MemoryFs>,
    pub(super) way: Way,
}

/// A step of an archive's way into it.
pub(super) struct On<T> {
    inner: T,
    way: Way,
    held: Held,
}

impl<T> On<T> {
    fn discard(self) {
        self.held.used();
        self.way.say("staging is discarded");
    }
}

type Staging = <InlineStore<MemoryFs> as storage::Store>::Staging;
type Complete = <Staging as storage::Staging>::Complete;
type Checked = <Complete as storage::Complete>::Checked;

impl storage::Store for Store {
    type Staging = On<Staging>;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<On<Staging>> {
        self.way.say(format!("staged for {id} with {:?}", credentials.as_str().unwrap_or("?")));
        self.way.step("begin").await?;
        let inner = self.inner.begin(id, credentials).await?;
        Ok(On { inner, way: self.way.clone(), held: Held::new(&self.way, GIVEN_UP) })
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        self.way.say("the account is removed");
        self.way.step("remove").await?;
        self.inner.remove(installed).await
    }
}

impl storage::Staging for On<Staging> {
    type Complete = On<Complete>;

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.way.step("write").await?;
        self.inner.write(bytes).await
    }

    async fn complete(self) -> io::Result<On<Complete>> {
        let Self { inner, way, held } = self;
        way.step("complete").await?;
        Ok(On { inner: inner.complete().await?, way, held })
    }

    async fn discard(self) {
        On::discard(self);
    }
}

impl storage::Complete for On<Complete> {
    type Checked = On<Checked>;

    async fn check(self) -> Result<On<Checked>, CheckError> {
        let Self { inner, way, held } = self;
        way.say("is checked");
        way.step("check").await.map_err(CheckError::Unreadable)?;
        Ok(On { inner: inner.check().await?, way, held })
    }

    async fn discard(self) {
        On::discard(self);
    }
}

impl storage::Checked for On<Checked> {
    type Installed = Installed;

    fn account(&self) -> AccountId {
        self.inner.account()
    }

    async fn install(self) -> io::Result<Installed> {
        let Self { inner, way, held } = self;
        way.say("is installed");
        way.step("install").await?;
        let installed = inner.install().await?;
        held.used();
        Ok(installed)
    }

    async fn discard(self) {
        On::discard(self);
    }
}

/// The archive of an exporting device.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) inner: InlineSource<Cursor<Vec<u8>>>,
    pub(super) way: Way,
}

/// An open one.
pub(super) struct Reader {
    inner: InlineReader<Cursor<Vec<u8>>>,
    way: Way,
    pieces: usize,
    /// Bytes that were read, of which a reader that crawls gives a few.
    rest: Vec<u8>,
    _open: Held,
}

impl storage::Source for Source {
    type Reader = Reader;

    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }

    async fn open(&mut self, password: Secret) -> Opening<Reader> {
        self.way.say(format!("opened with {:?}", password.as_str().unwrap_or("?")));
        if let Err(error) = self.way.step("open").await {
            return Opening::Unreadable(error);
        }
        match self.inner.open(password).await {
            Opening::Opened(inner) => {
                let _open = Held::new(&self.way, "archive closed");
                Opening::Opened(Reader { inner, way: self.way.clone(), pieces: 0, rest: Vec::new(), _open })
            }
            Opening::Wrong => Opening::Wrong,
            Opening::Unreadable(error) => Opening::Unreadable(error),
        }
    }
}

impl storage::Reader for Reader {
    fn length(&self) -> u64 {
        self.inner.length()
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        self.pieces += 1;
        if self.pieces > 1 {
            self.way.step("read").await?;
        }
        if self.way.slow != "crawl" {
            return self.inner.next(buffer).await;
        }
        sleep(Duration::from_secs(29)).await;
        while self.rest.len() < 32 * 1024 {
            self.inner.next(buffer).await?;
            if buffer.is_empty() {
                break;
            }
            self.rest.extend_from_slice(buffer);
        }
        let count = self.rest.len().min(32 * 1024);
        buffer.resize(count, 0);
        buffer.copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(())
    }
}
