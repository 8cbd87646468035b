//! The import side: one operation.

mod connection;
mod keeper;
mod operation;
mod securing;

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::sync::{mpsc, oneshot, watch};

use self::operation::Operation;
use super::{
    identity::Reach,
    notice::{Notice, Progress, Recorder},
    random::{self, Random},
    rendezvous::Publish,
    storage::Store,
};
use crate::{
    archive::{Identity, UnixTime},
    import::{Effect, Importer, Input},
    limits::{DEFAULT_MAX_ARCHIVE, Durations, MAX_CALLS, MAX_VALUE},
    operations::{self, AddAccountError, LocalId},
    outcome::{Outcome, Scheme},
    reducer::{Config, Refused},
    rules::{AllRules, Rules},
    secret::Secret,
};

/// The environment of an import operation.
#[derive(Debug)]
pub struct ImportEnv<P, S, N> {
    /// Makes this device reachable.
    pub publish: P,
    /// Where the account will be kept.
    pub store: S,
    /// The identity of this device towards the exporter.
    pub identity: ImportIdentity,
    /// Where the token's code and the account's id come from.
    pub random: N,
}

/// The identity of an importing device towards the exporter: a new one, for this one time (R-IMP-1).
#[derive(Debug)]
pub enum ImportIdentity {
    /// A throw-away identity that is to be made, on a thread of its own.
    Make {
        /// How the device is found, which decides what its keys are.
        reach: Reach,
        /// The wall clock, from which on its certificates are valid.
        now: UnixTime,
    },
    /// One that is ready.
    Ready(Arc<Identity>),
}

/// How an import operation behaves.
pub struct ImportOptions {
    /// The profile and the features.
    pub config: Config,
    /// How long its timers run.
    pub durations: Durations,
    /// Bytes that the archive may have (R-MSG-3).
    pub max_archive: u64,
    /// This device's date, with which those of the peer are compared (R-TIME-7); none compares nothing.
    pub now: Option<UnixTime>,
    /// Takes every step of its reducer.
    pub recorder: Option<Recorder>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            config: Config::default(),
            durations: Durations::default(),
            max_archive: DEFAULT_MAX_ARCHIVE,
            now: None,
            recorder: None,
        }
    }
}

/// The result of an import operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport<I> {
    /// The account on this device: what `addAccount` returned.
    pub id: LocalId,
    /// How it ended: also the last signal's.
    pub outcome: Outcome,
    /// The account that was installed, and not removed again.
    pub installed: Option<I>,
}

/// `addAccount` on a device that has no other import operation: as [`Imports::add_account`], which see.
pub fn import<P, S, N>(
    env: ImportEnv<P, S, N>,
    options: ImportOptions,
) -> (ImportHandle, mpsc::UnboundedReceiver<Notice>, impl Future<Output = ImportReport<S::Installed>> + Send)
where
    P: Publish,
    S: Store,
    N: Random,
{
    Imports::new().add_account(env, options).expect("there is room for one")
}

/// [`import`] by another reducer than those that ship: how a checker plays another implementation over real sockets.
pub fn import_by<P, S, N>(
    env: ImportEnv<P, S, N>,
    options: ImportOptions,
    mut reducer: Box<dyn ImportReducer>,
) -> (ImportHandle, mpsc::UnboundedReceiver<Notice>, impl Future<Output = ImportReport<S::Installed>> + Send)
where
    P: Publish,
    S: Store,
    N: Random,
{
    let ImportEnv { publish, store, identity, mut random } = env;
    let (shared, called, notices, noticed, handle) = wired(LocalId(random::id(&mut random)));
    // A reducer that has not begun refuses no beginning.
    let (_, effects) = reducer.handle(Input::AddAccount);
    let operation = Operation::new(reducer, options, random, shared, notices);
    (handle, noticed, operation.run(effects, publish, identity, store, called))
}

/// The ends of an operation, and its handle.
type Wired =
    (Arc<Shared>, mpsc::Receiver<Call>, mpsc::UnboundedSender<Notice>, mpsc::UnboundedReceiver<Notice>, ImportHandle);

/// Returns the queues of an operation and its handle.
fn wired(id: LocalId) -> Wired {
    let (calls, called) = mpsc::channel(MAX_CALLS);
    let (notices, noticed) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        id,
        current: watch::Sender::default(),
        listening: OnceLock::new(),
        progress: Progress::default(),
        left: OnceLock::new(),
    });
    let handle = ImportHandle { calls, shared: shared.clone() };
    (shared, called, notices, noticed, handle)
}

/// The import operations of a device, of which [`MAX_IMPORTS`](crate::limits::MAX_IMPORTS) may be live at once. Clones share them.
///
/// They keep [all rules](AllRules), unless a checker makes them [under others](Imports::under).
#[derive(Clone, Debug)]
pub struct Imports<R: Rules = AllRules>(Arc<Mutex<operations::Imports<R>>>);

impl Imports {
    /// No operation yet.
    pub fn new() -> Self {
        Self::under(AllRules)
    }
}

impl Default for Imports {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Rules> Imports<R> {
    /// No operation yet, under these rules: how a checker shows that a broken one is found.
    pub fn under(rules: R) -> Self {
        Self(Arc::new(Mutex::new(operations::Imports::under(rules))))
    }

    /// `addAccount` (R-API-1): begins an import operation. Its signals come through the receiver, at most ten of them.
    ///
    /// The future is the operation: it has to be polled, on a tokio runtime with time and I/O. It is done when the operation has ended and
    /// its link is closed, at most [`Durations::linger`] and [`Durations::closing`] after DONE. Dropping it drops the link, stops every
    /// task, and leaves of the account either nothing or, if it was being installed, all.
    ///
    /// # Errors
    /// Too many operations are live. Nothing has changed then.
    #[expect(clippy::type_complexity, reason = "what a caller takes apart at once")]
    pub fn add_account<P, S, N>(
        &self,
        env: ImportEnv<P, S, N>,
        options: ImportOptions,
    ) -> Result<
        (
            ImportHandle,
            mpsc::UnboundedReceiver<Notice>,
            impl Future<Output = ImportReport<S::Installed>> + Send + use<P, S, N, R>,
        ),
        AddAccountError,
    >
    where
        P: Publish,
        S: Store,
        N: Random,
    {
        let ImportEnv { publish, store, identity, mut random } = env;
        let id = LocalId(random::id(&mut random));
        let (registered, effects) = Registered::new(self.clone(), id, options.config)?;
        let (shared, called, notices, noticed, handle) = wired(id);
        let operation = Operation::new(Box::new(registered), options, random, shared, notices);
        Ok((handle, noticed, operation.run(effects, publish, identity, store, called)))
    }

    /// No one panics while it is locked.
    fn lock(&self) -> MutexGuard<'_, operations::Imports<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reducer of an import operation, whichever it is: what drives it is compiled once.
pub trait ImportReducer: Send {
    /// Takes an input. Returns why a call is refused, and all effects in their order.
    fn handle(&mut self, input: Input) -> (Option<Refused>, Vec<Effect>);

    /// Returns the outcome, once the operation has ended.
    fn outcome(&self) -> Option<Outcome>;

    /// Whether nothing of the operation is left: the shell ends with it.
    fn is_closed(&self) -> bool;
}

/// An operation among those of its device, until it is dropped.
struct Registered<R: Rules> {
    imports: Imports<R>,
    id: LocalId,
}

impl<R: Rules> Registered<R> {
    /// Begins it. Gives what its first step led to.
    fn new(imports: Imports<R>, id: LocalId, config: Config) -> Result<(Self, Vec<Effect>), AddAccountError> {
        let mut all = imports.lock();
        all.add_account(id, config)?;
        let effects = drain(&mut all);
        drop(all);
        Ok((Self { imports, id }, effects))
    }
}

impl<R: Rules> ImportReducer for Registered<R> {
    fn handle(&mut self, input: Input) -> (Option<Refused>, Vec<Effect>) {
        let mut all = self.imports.lock();
        let refused = all.handle(self.id, input).err();
        (refused, drain(&mut all))
    }

    fn outcome(&self) -> Option<Outcome> {
        self.imports.lock().get(self.id)?.outcome()
    }

    fn is_closed(&self) -> bool {
        self.imports.lock().get(self.id).is_none_or(Importer::is_closed)
    }
}

impl<R: Rules> Drop for Registered<R> {
    fn drop(&mut self) {
        self.imports.lock().forget(self.id);
    }
}

/// Each input is followed by this before the lock is given back: what there is belongs to it.
fn drain<R: Rules>(all: &mut operations::Imports<R>) -> Vec<Effect> {
    std::iter::from_fn(|| all.poll_effect()).map(|(_, effect)| effect).collect()
}

/// The part that an operation and its handles share.
struct Shared {
    id: LocalId,
    current: watch::Sender<Option<Notice>>,
    listening: OnceLock<SocketAddr>,
    progress: Progress,
    /// Once the operation is over: whether it left an account.
    left: OnceLock<bool>,
}

/// A call, and where its answer goes.
enum Call {
    Answer(Secret, Scheme, oneshot::Sender<Result<(), Refused>>),
    Compare(bool, oneshot::Sender<Result<(), Refused>>),
    Remove(oneshot::Sender<Result<(), Refused>>),
}

/// A client's calls to an import operation. Clones make calls to the same one; dropping them all changes nothing.
#[derive(Clone)]
pub struct ImportHandle {
    calls: mpsc::Sender<Call>,
    shared: Arc<Shared>,
}

impl ImportHandle {
    /// The account's id on this device: what `addAccount` returned.
    pub fn id(&self) -> LocalId {
        self.shared.id
    }

    /// Where this device is reached: known from TOKEN_AVAILABLE on.
    pub fn listening(&self) -> Option<SocketAddr> {
        self.shared.listening.get().copied()
    }

    /// The last signal, for a client that comes late (R-API-8); none before the first.
    pub fn current(&self) -> Option<Notice> {
        self.shared.current.borrow().clone()
    }

    /// How far the transfer is.
    pub fn progress(&self) -> Progress {
        self.shared.progress.clone()
    }

    /// `provideAccountAuthentication` (R-API-2): consents to the peer that was shown, with the password, which is empty if there is none.
    ///
    /// # Errors
    /// Nothing was asked, or not with this scheme, or the credentials fit in no message. Nothing has changed then.
    pub async fn provide_account_authentication(&self, credentials: Secret, scheme: Scheme) -> Result<(), Refused> {
        if credentials.len() > MAX_VALUE || credentials.as_str().is_none() {
            return Err(Refused::Credentials);
        }
        self.call(|answer| Call::Answer(credentials, scheme, answer)).await
    }

    /// `compareAccount` (R-SAS-5): whether the user says that both screens show the same string. If not, the operation ends.
    ///
    /// # Errors
    /// There is nothing to compare at this moment. Nothing has changed then.
    pub async fn compare_account(&self, equal: bool) -> Result<(), Refused> {
        self.call(|answer| Call::Compare(equal, answer)).await
    }

    /// `removeAccount` (R-API-3): cancels, or removes what was installed. To do it again changes nothing.
    ///
    /// # Errors
    /// [`Refused::Unknown`] once the operation is over, link and all, and has left an account: that is the store's from then on.
    pub async fn remove_account(&self) -> Result<(), Refused> {
        match self.call(Call::Remove).await {
            Err(Refused::Unknown) if self.shared.left.get() == Some(&false) => Ok(()),
            result => result,
        }
    }

    async fn call(&self, call: impl FnOnce(oneshot::Sender<Result<(), Refused>>) -> Call) -> Result<(), Refused> {
        let (answer, answered) = oneshot::channel();
        self.calls.send(call(answer)).await.map_err(|_| Refused::Unknown)?;
        answered.await.unwrap_or(Err(Refused::Unknown))
    }
}
