//! The task that owns the reducers: everything that happens goes in, every effect that comes out is carried out.

use std::{collections::BTreeMap, io, sync::Arc};

use tokio::{select, sync::mpsc, task::JoinSet, time::Instant};

use super::{
    Call, ExportEnv, ExportOptions,
    connection::{self, Command, Event, Wiring},
};
use crate::{
    export::{Effect, Input, Tried},
    limits::{MAX_COMMANDS, MAX_EVENTS, Timer},
    message::{Message, Slot},
    operations::{AddDeviceError, Exports, OpId},
    outcome::{Outcome, Scheme, Side, Signal},
    reducer::Refused,
    rules::Rules,
    sas::{Comparison, ComparisonString},
    secret::Secret,
    shell::{
        notice::{Causes, Notice, Progress},
        random::{self, SystemRandom},
        rendezvous::Dial,
        slots::Slots,
        storage::{Opening, Reader, Source},
        tasks::joined,
        timers::TimerSet,
        tls,
    },
    token::Token,
    trace::{Step, Turn},
};

/// All operations of an account.
pub(super) struct Operations<D, S: Source> {
    reducers: Box<dyn ExportReducers>,
    options: ExportOptions,
    dial: D,
    source: S,
    tls: tls::ExporterTls,
    notices: mpsc::UnboundedSender<Notice>,
    operations: BTreeMap<OpId, Operation<S::Reader>>,
    causes: BTreeMap<OpId, Causes>,
    timers: TimerSet<(OpId, Timer)>,
    connections: JoinSet<()>,
    /// Archives that are being opened.
    openings: JoinSet<(OpId, Slot, Opening<S::Reader>)>,
    events: mpsc::Sender<(OpId, Event)>,
    happened: mpsc::Receiver<(OpId, Event)>,
}

/// The reducers of an account, whichever they are: what drives them is compiled once.
pub trait ExportReducers: Send {
    /// Begins an operation (R-API-4) with the device that the token names, if these reducers take tokens of its form.
    ///
    /// # Errors
    /// See [`AddDeviceError`]; nothing has changed then.
    fn add_device(&mut self, token: &Token, scheme: Scheme) -> Result<OpId, AddDeviceError>;

    /// Takes an input of an operation. Returns why a call is refused.
    fn handle(&mut self, op: OpId, input: Input) -> Option<Refused>;

    /// Returns the effects that the last input led to, all of its operation, in their order.
    fn drain(&mut self) -> Vec<Effect>;

    /// Returns the record of an operation, unless it is forgotten.
    fn look(&self, op: OpId) -> Option<Look>;
}

/// The record of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The last signal.
    pub signal: Option<Signal>,
    /// Whether it has an outcome.
    pub ended: bool,
    /// Whether nothing of it is left.
    pub closed: bool,
}

impl<R: Rules> ExportReducers for Exports<R> {
    fn add_device(&mut self, _: &Token, scheme: Scheme) -> Result<OpId, AddDeviceError> {
        self.add_device(scheme)
    }

    fn handle(&mut self, op: OpId, input: Input) -> Option<Refused> {
        self.handle(op, input).err()
    }

    fn drain(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.poll_effect()).map(|(_, effect)| effect).collect()
    }

    fn look(&self, op: OpId) -> Option<Look> {
        let exporter = self.get(op)?;
        let signal = exporter.last_signal().copied();
        Some(Look { signal, ended: exporter.outcome().is_some(), closed: exporter.is_closed() })
    }
}

/// The shell's part of one operation.
struct Operation<A> {
    token: Token,
    began: Instant,
    tls: Arc<tls::ExporterTls>,
    connection: Option<mpsc::Sender<Command<A>>>,
    /// Attempts to connect.
    attempts: u32,
    passwords: Slots,
    /// Of the last attempt's connection, where this side names `sas`.
    comparison: Option<Comparison>,
    /// The archive that was opened, until it is sent.
    archive: Option<A>,
    /// Its bytes.
    length: u64,
    progress: Progress,
}

impl<D: Dial, S: Source> Operations<D, S> {
    pub(super) fn new(
        reducers: Box<dyn ExportReducers>,
        env: ExportEnv<D, S>,
        options: ExportOptions,
        notices: mpsc::UnboundedSender<Notice>,
    ) -> Self {
        let (events, happened) = mpsc::channel(MAX_EVENTS);
        Self {
            reducers,
            options,
            dial: env.dial,
            source: env.source,
            tls: tls::ExporterTls::new(&env.identity),
            notices,
            operations: BTreeMap::new(),
            causes: BTreeMap::new(),
            timers: TimerSet::default(),
            connections: JoinSet::new(),
            openings: JoinSet::new(),
            events,
            happened,
        }
    }

    /// Runs until no call can come any more, and all operations and their links are closed.
    pub(super) async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        let mut called = true;
        while called || !self.operations.is_empty() {
            let (op, input) = select! { biased;
                (op, timer) = self.timers.fired() => (op, Input::Fired(timer)),
                call = calls.recv(), if called => {
                    match call {
                        Some(call) => self.call(call),
                        None => called = false,
                    }
                    continue;
                }
                Some(opened) = self.openings.join_next() => match joined(opened) {
                    Some((op, slot, opening)) => (op, self.opened(op, slot, opening)),
                    None => continue,
                },
                Some(ended) = self.connections.join_next() => {
                    joined(ended);
                    continue;
                }
                Some((op, event)) = self.happened.recv() => (op, self.input(op, event)),
            };
            // Only calls are refused.
            let _ = self.step(op, input);
        }
        // No one waits any more for reports of connections.
        let Self { mut connections, happened, .. } = self;
        drop(happened);
        while let Some(ended) = connections.join_next().await {
            joined(ended);
        }
    }

    fn call(&mut self, call: Call) {
        // A caller that does not wait for the answer does not need it.
        match call {
            Call::Add(token, answer) => match self.add(token) {
                Ok((op, effects)) => {
                    let _ = answer.send(Ok(op));
                    // After the answer: the first signal comes after the return (R-API-4).
                    self.carry_out(op, effects);
                }
                Err(error) => drop(answer.send(Err(error))),
            },
            Call::Confirm(op, answer) => drop(answer.send(self.step(op, Input::ConfirmAddDevice))),
            Call::Compare(op, equal, answer) => drop(answer.send(self.step(op, Input::CompareAddDevice(equal)))),
            Call::Cancel(op, answer) => drop(answer.send(self.step(op, Input::CancelAddDevice))),
            Call::Current(op, answer) => {
                let signal = self.reducers.look(op).and_then(|look| look.signal);
                drop(answer.send(signal.map(|signal| self.notice(op, signal))));
            }
            Call::Progress(op, answer) => {
                drop(answer.send(self.operations.get(&op).map(|operation| operation.progress.clone())));
            }
        }
    }

    /// Begins an operation; its effects are still to be carried out.
    fn add(&mut self, token: Token) -> Result<(OpId, Vec<Effect>), AddDeviceError> {
        let scheme = self.source.scheme();
        let op = self.reducers.add_device(&token, scheme)?;
        self.source.prepare();
        self.causes.retain(|op, _| self.reducers.look(*op).is_some());
        let operation = Operation {
            token,
            began: Instant::now(),
            tls: Arc::new(self.tls.for_one()),
            connection: None,
            attempts: 0,
            passwords: Slots::default(),
            comparison: None,
            archive: None,
            length: 0,
            progress: Progress::default(),
        };
        self.operations.insert(op, operation);
        let effects = self.drain(op, Input::AddDevice(scheme), None);
        Ok((op, effects))
    }

    /// Returns the reducer's input for an event.
    fn input(&mut self, op: OpId, event: Event) -> Input {
        match event {
            Event::Opened { pinned, channel } => {
                if self.options.config.features.sas
                    && let Some(operation) = self.operations.get_mut(&op)
                {
                    let nonce = random::nonce(&mut SystemRandom);
                    operation.comparison = Some(Comparison::new(Side::Export, channel, nonce));
                }
                if !pinned {
                    let other = "another device answered, not the one that the token names";
                    self.note(op, Outcome::Network, io::Error::new(io::ErrorKind::NotFound, other));
                }
                Input::Opened { pinned }
            }
            Event::Unreachable(error) => {
                self.note(op, Outcome::Network, error);
                Input::Unreachable
            }
            Event::Failed(error) => {
                // If it takes too long, this is why.
                self.note(op, Outcome::Timeout, error);
                Input::Failed
            }
            Event::Lost => Input::Lost,
            Event::Accepted(peer_address) => {
                // The attempts before this one are no reason for what takes too long after it.
                if let Some(causes) = self.causes(op) {
                    *causes = Causes::default();
                }
                Input::Accepted { peer_address }
            }
            Event::Declined => {
                let unknown = "the new device does not know the token's code";
                self.note(op, Outcome::Network, io::Error::new(io::ErrorKind::PermissionDenied, unknown));
                Input::Declined
            }
            Event::Ended => Input::Ended,
            Event::Message(message) => {
                let comparison = self.operations.get_mut(&op).and_then(|operation| operation.comparison.as_mut());
                if comparison.is_some_and(|comparison| !comparison.take(&message)) {
                    return Input::Malformed;
                }
                Input::Message(self.kept(op, message))
            }
            Event::Malformed => Input::Malformed,
            Event::Progressed => {
                if let Some(operation) = self.operations.get(&op) {
                    operation.progress.seen();
                }
                Input::Progressed
            }
            Event::HandedOver => Input::HandedOver,
            Event::SendFailed(error) => {
                self.note(op, Outcome::Storage, error);
                Input::SendFailed
            }
        }
    }

    /// Keeps the password of a message.
    fn kept(&mut self, op: OpId, message: Message<Secret>) -> Message {
        let is_password = matches!(message, Message::Password(_));
        message.map_password(|password| match self.operations.get_mut(&op) {
            Some(operation) if is_password => operation.passwords.keep(password),
            _ => Slot::NONE,
        })
    }

    /// Notes what failed on this device. It is remembered for as long as the operation's last signal can be asked for.
    fn note(&mut self, op: OpId, outcome: Outcome, error: io::Error) {
        if let Some(causes) = self.causes(op) {
            causes.note(outcome, error);
        }
    }

    /// The causes of an operation that has no outcome yet: what comes late is no reason for what has been signalled (R-API-8).
    fn causes(&mut self, op: OpId) -> Option<&mut Causes> {
        let ended = self.reducers.look(op).is_none_or(|look| look.ended);
        (!ended).then(|| self.causes.entry(op).or_default())
    }

    /// The result of a try to open the archive.
    fn opened(&mut self, op: OpId, slot: Slot, opening: Opening<S::Reader>) -> Input {
        let tried = match opening {
            Opening::Opened(archive) if archive.length() > u32::MAX.into() => {
                self.note(op, Outcome::Storage, io::Error::other("the archive is larger than a message can be"));
                Tried::Unreadable
            }
            Opening::Opened(archive) => {
                if let Some(operation) = self.operations.get_mut(&op) {
                    operation.length = archive.length();
                    operation.archive = Some(archive);
                }
                Tried::Opened
            }
            Opening::Wrong => Tried::Wrong,
            Opening::Unreadable(error) => {
                self.note(op, Outcome::Storage, error);
                Tried::Unreadable
            }
        };
        Input::Tried(slot, tried)
    }

    /// Hands an input to the operation's reducer and carries out what it decides.
    fn step(&mut self, op: OpId, input: Input) -> Result<(), Refused> {
        let refused = self.reducers.handle(op, input);
        let effects = self.drain(op, input, refused);
        self.carry_out(op, effects);
        refused.map_or(Ok(()), Err)
    }

    /// Takes what an input led to, and records the step.
    fn drain(&mut self, op: OpId, input: Input, refused: Option<Refused>) -> Vec<Effect> {
        let effects = self.reducers.drain();
        if let Some(recorder) = &mut self.options.recorder {
            let began = self.operations.get(&op).map_or_else(Instant::now, |operation| operation.began);
            let t_ms = began.elapsed().as_millis() as u64;
            recorder(&Step { t_ms, op, turn: Turn::Export { input, effects: effects.clone() }, refused });
        }
        effects
    }

    fn carry_out(&mut self, op: OpId, effects: Vec<Effect>) {
        for effect in effects {
            self.carry_out_one(op, effect);
        }
        let look = self.reducers.look(op);
        if let Some(operation) = self.operations.get_mut(&op) {
            // An opened archive that is not sent at once is not sent.
            operation.archive = None;
            if look.as_ref().is_none_or(|look| look.ended) {
                operation.passwords.clear();
                operation.comparison = None;
            }
        }
        if look.is_none_or(|look| look.closed) {
            self.operations.remove(&op);
        }
    }

    fn carry_out_one(&mut self, op: OpId, effect: Effect) {
        let Some(operation) = self.operations.get_mut(&op) else { return };
        match effect {
            Effect::Signal(signal) => drop(self.notices.send(self.notice(op, signal))),
            Effect::Connect => {
                let (sender, commands) = mpsc::channel(MAX_COMMANDS);
                operation.connection = Some(sender);
                operation.attempts = operation.attempts.saturating_add(1);
                let wiring = Wiring {
                    id: op,
                    commands,
                    events: self.events.clone(),
                    progress: operation.progress.clone(),
                    closing: self.options.durations.closing,
                };
                let (dial, tls) = (self.dial.clone(), operation.tls.clone());
                let within = self.options.durations.handshake;
                self.connections.spawn(connection::serve(dial, operation.token.device, tls, within, wiring));
            }
            Effect::RequestChannel => {
                let name = operation.token.code.channel_name();
                operation.command(Command::RequestChannel(name));
            }
            Effect::Send(message) => {
                let password = |slot| operation.passwords.of(slot);
                let message = match &operation.comparison {
                    Some(comparison) => comparison.fill(message, password),
                    None => message.map_password(password),
                };
                operation.command(Command::Send(message));
            }
            Effect::Open(slot) => {
                let (mut source, password) = (self.source.clone(), operation.passwords.of(slot));
                self.openings.spawn(async move { (op, slot, source.open(password).await) });
            }
            Effect::SendArchive => {
                if let Some(archive) = operation.archive.take() {
                    operation.command(Command::SendArchive(archive));
                }
            }
            Effect::End => operation.command(Command::End),
            Effect::Close => {
                if let Some(connection) = operation.connection.take() {
                    drop(connection.try_send(Command::Close));
                }
            }
            Effect::Arm(timer) => {
                let durations = self.options.durations;
                let runs = match timer {
                    Timer::Retry => durations.pause(operation.attempts),
                    _ => durations.of(timer, operation.length),
                };
                self.timers.arm((op, timer), runs);
            }
            Effect::Disarm(timer) => self.timers.disarm((op, timer)),
        }
    }

    fn notice(&self, op: OpId, signal: Signal) -> Notice {
        let comparison = self.operations.get(&op).and_then(|operation| operation.comparison.as_ref());
        let text = comparison.and_then(Comparison::string).filter(|_| signal.compares());
        let text = text.map(ComparisonString::text).unwrap_or_default();
        let details = signal.details(self.options.config.profile.vocabulary(), &text);
        let cause = self.causes.get(&op).and_then(|causes| causes.of(signal));
        let doubt = match (signal, self.options.now) {
            (Signal::Confirm { .. } | Signal::CompareDevice { .. }, Some(now)) => {
                let shown = self.operations.get(&op).and_then(|operation| operation.tls.shown());
                shown.and_then(|dates| dates.doubt_of_importer(now))
            }
            _ => None,
        };
        Notice { op: Some(op), signal, details, cause, doubt }
    }
}

impl<A> Operation<A> {
    /// Asks something of the connection. The queue has room for all that a reducer can have on the way, so that only a connection that is
    /// gone does not take it; that it is gone is reported in its turn.
    fn command(&self, command: Command<A>) {
        if let Some(connection) = &self.connection {
            drop(connection.try_send(command));
        }
    }
}

#[cfg(test)]
mod tests;
