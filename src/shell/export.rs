//! The export side: the operations of one account.

mod connection;
mod operations;

use std::{future::Future, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use self::operations::Operations;
pub use self::operations::{ExportReducers, Look};
use super::{
    notice::{Notice, Progress, Recorder},
    rendezvous::Dial,
    storage::Source,
};
use crate::{
    archive::{Identity, UnixTime},
    limits::{Durations, MAX_CALLS},
    operations::{AddDeviceError, Exports, OpId},
    reducer::{Config, Refused},
    rules::{AllRules, Rules},
    token::Token,
};

/// The environment of an exporting account.
#[derive(Debug)]
pub struct ExportEnv<D, S> {
    /// Finds the importing devices.
    pub dial: D,
    /// The account's archive.
    pub source: S,
    /// The identity of this device: a device of the account, by a certificate that the account's key signed (R-EXP-11).
    pub identity: Arc<Identity>,
}

/// How export operations behave.
#[derive(Default)]
pub struct ExportOptions {
    /// The profile and the features.
    pub config: Config,
    /// How long their timers run.
    pub durations: Durations,
    /// Whether a token is taken that only today's Jami daemon takes (R-TOK-4).
    pub lenient: bool,
    /// This device's date, with which those of the peers are compared (R-TIME-7); none compares nothing.
    pub now: Option<UnixTime>,
    /// Takes every step of their reducers.
    pub recorder: Option<Recorder>,
}

/// Makes an account's operations possible. Their signals come through the receiver, at most five for each `addDevice`.
///
/// The future carries the operations out: it has to be polled, on a tokio runtime with time and I/O. It is done when all handles are
/// dropped, all operations have ended, and their links are closed. Dropping it drops the links.
pub fn export<D, S>(
    env: ExportEnv<D, S>,
    options: ExportOptions,
) -> (ExportHandle, mpsc::UnboundedReceiver<Notice>, impl Future<Output = ()> + Send)
where
    D: Dial,
    S: Source,
{
    export_under(env, options, AllRules)
}

/// [`export`] under other rules than the shipped ones: how a checker shows that a broken one is found.
pub fn export_under<R, D, S>(
    env: ExportEnv<D, S>,
    options: ExportOptions,
    rules: R,
) -> (ExportHandle, mpsc::UnboundedReceiver<Notice>, impl Future<Output = ()> + Send)
where
    R: Rules,
    D: Dial,
    S: Source,
{
    let reducers = Box::new(Exports::under(options.config, rules));
    export_by(env, options, reducers)
}

/// [`export`] by other reducers than those that ship: how a checker plays another implementation over real sockets.
pub fn export_by<D, S>(
    env: ExportEnv<D, S>,
    options: ExportOptions,
    reducers: Box<dyn ExportReducers>,
) -> (ExportHandle, mpsc::UnboundedReceiver<Notice>, impl Future<Output = ()> + Send)
where
    D: Dial,
    S: Source,
{
    let (calls, called) = mpsc::channel(MAX_CALLS);
    let lenient = options.lenient;
    let (notices, noticed) = mpsc::unbounded_channel();
    let operations = Operations::new(reducers, env, options, notices);
    (ExportHandle { calls, lenient }, noticed, operations.run(called))
}

/// A call, and where its answer goes.
enum Call {
    Add(Token, oneshot::Sender<Result<OpId, AddDeviceError>>),
    Confirm(OpId, oneshot::Sender<Result<(), Refused>>),
    Compare(OpId, bool, oneshot::Sender<Result<(), Refused>>),
    Cancel(OpId, oneshot::Sender<Result<(), Refused>>),
    Current(OpId, oneshot::Sender<Option<Notice>>),
    Progress(OpId, oneshot::Sender<Option<Progress>>),
}

/// A client's calls for one account. Clones make calls for the same one.
#[derive(Clone)]
pub struct ExportHandle {
    calls: mpsc::Sender<Call>,
    /// See [`ExportOptions::lenient`].
    lenient: bool,
}

impl ExportHandle {
    /// `addDevice` (R-API-4): begins to link the device that the token names. CONNECTING is signalled after this has returned.
    ///
    /// # Errors
    /// See [`AddDeviceError`]. Nothing has changed then, and nothing is signalled.
    pub async fn add_device(&self, token: &str) -> Result<OpId, AddDeviceError> {
        let parse = if self.lenient { Token::parse_lenient } else { Token::parse };
        self.add_device_by(parse(token.as_bytes()).map_err(|_| AddDeviceError::InvalidUri)?).await
    }

    /// `addDevice` for a client that has parsed the token (R-TOK-1).
    ///
    /// # Errors
    /// As [`ExportHandle::add_device`], but for [`AddDeviceError::InvalidUri`].
    pub async fn add_device_by(&self, token: Token) -> Result<OpId, AddDeviceError> {
        self.call(|answer| Call::Add(token, answer)).await.unwrap_or(Err(AddDeviceError::Generic))
    }

    /// `confirmAddDevice` (R-API-5): the user confirms the importing device's address.
    ///
    /// # Errors
    /// There is nothing to confirm, or it is confirmed. Nothing has changed then.
    pub async fn confirm_add_device(&self, op: OpId) -> Result<(), Refused> {
        self.call(|answer| Call::Confirm(op, answer)).await.unwrap_or(Err(Refused::Unknown))
    }

    /// `compareAddDevice` (R-SAS-5): whether the user says that both screens show the same string, which confirms the device. If not, the
    /// operation ends.
    ///
    /// # Errors
    /// There is nothing to compare at this moment. Nothing has changed then.
    pub async fn compare_add_device(&self, op: OpId, equal: bool) -> Result<(), Refused> {
        self.call(|answer| Call::Compare(op, equal, answer)).await.unwrap_or(Err(Refused::Unknown))
    }

    /// `cancelAddDevice` (R-API-6). Done means that no byte of the archive was or will be sent.
    ///
    /// # Errors
    /// It is too late, or the operation is over. Nothing has changed then.
    pub async fn cancel_add_device(&self, op: OpId) -> Result<(), Refused> {
        self.call(|answer| Call::Cancel(op, answer)).await.unwrap_or(Err(Refused::Unknown))
    }

    /// The operation's last signal, for a client that comes late (R-API-8). Ended operations are forgotten when a new one begins.
    pub async fn current(&self, op: OpId) -> Option<Notice> {
        self.call(|answer| Call::Current(op, answer)).await.flatten()
    }

    /// How far the operation's transfer is; none for an operation that is over.
    pub async fn progress(&self, op: OpId) -> Option<Progress> {
        self.call(|answer| Call::Progress(op, answer)).await.flatten()
    }

    /// None if the account's future is gone.
    async fn call<T>(&self, call: impl FnOnce(oneshot::Sender<T>) -> Call) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.calls.send(call(answer)).await.ok()?;
        answered.await.ok()
    }
}
