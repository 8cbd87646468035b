//! One connection of an importing device: a task that carries out the operation's requests, and reports events.

use std::{io, ops::ControlFlow};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite},
    select,
    sync::oneshot,
    time::{Duration, Instant, sleep_until},
};

use super::securing;
use crate::{
    connection::{self, Connection},
    limits::{MAX_TURN, PROGRESS_STEP},
    message::Message,
    mux::ChannelName,
    reducer::ConnId,
    sas::Channel,
    secret::Secret,
    shell::{
        link::{Link, Turn},
        storage::Sink,
        tls::{self, PeerFacts},
        wiring,
    },
};

#[cfg(test)]
mod tests;

/// A request of the operation to a connection, in order.
pub(super) enum Command<K> {
    /// Open the channel that was just asked for.
    Accept,
    /// Do not.
    Decline,
    Send(Message<Secret>),
    /// Write the archive that began into this.
    Stage(oneshot::Receiver<io::Result<K>>),
    /// End the session's channel.
    End,
    Close,
}

/// An event of a connection, in order.
pub(super) enum Event {
    /// Its handshake is under way.
    Answered,
    Opened(PeerFacts, Channel),
    Failed,
    Lost,
    /// Nothing is read before it is answered.
    Asked(ChannelName),
    Ended,
    Message(Message<Secret>),
    Malformed,
    /// Nothing is read before there is a place for it, or the channel is ended.
    ArchiveBegan(u64),
    Progressed,
    ArchiveComplete,
    ArchiveUnwritable(io::Error),
}

pub(super) type Wiring<K> = wiring::Wiring<ConnId, Command<K>, Event>;

/// The limits of a connection.
pub(super) struct Limits {
    pub(super) max_archive: u64,
    /// How long it may take to be secured.
    pub(super) handshake: Duration,
    /// How long it may then take to become the session's.
    pub(super) opening: Duration,
}

/// Secures a connection, and serves it until it is closed or lost. `asked_by` is the device that asked for it, where one is known.
pub(super) async fn serve<S, K>(
    stream: S,
    asked_by: Option<[u8; 32]>,
    tls: tls::ImporterTls,
    limits: Limits,
    mut wiring: Wiring<K>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    K: Sink,
{
    let Some((stream, facts, channel)) = securing::secure(stream, &tls, limits.handshake, &mut wiring).await else {
        return;
    };
    let facts = facts.asked_by(asked_by, channel.exporter);
    if wiring.report(Event::Opened(facts, channel)).await.is_continue() {
        let deadline = Instant::now() + limits.opening;
        Served::new(stream, limits.max_archive, wiring).run(deadline).await;
    }
}

struct Served<T, K> {
    link: Link<T>,
    receiver: Receiver<K>,
    /// The place of an archive is being made.
    making: Option<oneshot::Receiver<io::Result<K>>>,
}

/// The receiver of the connection's events.
struct Receiver<K> {
    wiring: Wiring<K>,
    /// Where the archive goes.
    sink: Option<K>,
    /// A command that came while an archive was being written.
    next: Option<Command<K>>,
}

impl<T, K> Served<T, K>
where
    T: AsyncBufRead + AsyncWrite + Unpin,
    K: Sink,
{
    fn new(stream: T, max_archive: u64, wiring: Wiring<K>) -> Self {
        let link = Link::new(stream, Connection::importer(max_archive));
        Self { link, receiver: Receiver { wiring, sink: None, next: None }, making: None }
    }

    /// Runs until the connection is closed, or is lost, which is reported. A connection that is not the session's at `deadline` is lost.
    async fn run(mut self, deadline: Instant) {
        loop {
            if let Some(command) = self.receiver.next.take() {
                match command {
                    Command::Close => break,
                    command => self.carry_out(command),
                }
                continue;
            }
            let flow = select! { biased;
                command = self.receiver.wiring.commands.recv() => {
                    self.receiver.next = Some(command.unwrap_or(Command::Close));
                    continue;
                }
                // A peer that never pauses does not put it off (R-MUX-2).
                () = sleep_until(deadline), if !self.link.connection.has_session() => {
                    let _ = self.receiver.wiring.report(Event::Lost).await;
                    break;
                }
                place = place(&mut self.making) => {
                    self.making = None;
                    match place {
                        Ok(sink) => {
                            self.receiver.sink = Some(sink);
                            self.link.connection.take_archive();
                            ControlFlow::Continue(())
                        }
                        Err(error) => {
                            if self.receiver.wiring.report(Event::ArchiveUnwritable(error)).await.is_break() {
                                return;
                            }
                            ControlFlow::Continue(())
                        }
                    }
                }
                turn = self.link.turn() => match turn {
                    Turn::Nothing => ControlFlow::Continue(()),
                    Turn::Input => self.read().await,
                    Turn::Resumed => self.receiver.receive(&mut self.link.connection, &mut &[][..]).await,
                    Turn::Lost => {
                        let _ = self.receiver.wiring.report(Event::Lost).await;
                        return;
                    }
                },
            };
            if flow.is_break() {
                break;
            }
        }
        // The storage does not wait for the close.
        self.receiver.sink = None;
        self.link.close(self.receiver.wiring.closing).await;
    }

    fn carry_out(&mut self, command: Command<K>) {
        let connection = &mut self.link.connection;
        match command {
            Command::Accept => {
                connection.accept();
            }
            Command::Decline => {
                connection.decline();
            }
            Command::Send(message) => {
                connection.send(&message);
            }
            Command::Stage(place) => self.making = Some(place),
            Command::End => {
                connection.end();
                (self.making, self.receiver.sink) = (None, None);
            }
            Command::Close => self.receiver.next = Some(Command::Close),
        }
    }

    /// Reads what has arrived, up to the first thing that has to be waited for, or a turn of it. Breaks when the connection is over.
    async fn read(&mut self) -> ControlFlow<()> {
        let Link { stream, connection, .. } = &mut self.link;
        let Ok(input) = stream.fill_buf().await else { return ControlFlow::Continue(()) };
        let (mut rest, length) = (input, input.len());
        let flow = self.receiver.receive(connection, &mut rest).await;
        let taken = length - rest.len();
        stream.consume(taken);
        flow
    }
}

impl<K: Sink> Receiver<K> {
    /// Receives, and reports what happens, up to [`MAX_TURN`] events. Breaks when the connection is over.
    async fn receive(&mut self, connection: &mut Connection, input: &mut &[u8]) -> ControlFlow<()> {
        let Self { wiring, sink, next } = self;
        for count in 0.. {
            // Bytes that need no further ones are few.
            if next.is_some() || count >= MAX_TURN && !input.is_empty() {
                break;
            }
            let Some(event) = connection.receive(input) else { break };
            let event = match event {
                connection::Event::ChannelRequested(name) => Event::Asked(name),
                connection::Event::ChannelEnded => Event::Ended,
                connection::Event::Message(message) => Event::Message(message),
                connection::Event::ArchiveBegan { length } => {
                    wiring.progress.begin(length);
                    Event::ArchiveBegan(length)
                }
                connection::Event::ArchiveSlice(bytes) => {
                    let Some(open) = sink else { continue };
                    // In the middle of the archive a command ends it.
                    let written = select! { biased;
                        command = wiring.commands.recv() => {
                            *next = Some(command.unwrap_or(Command::Close));
                            *sink = None;
                            break;
                        }
                        written = open.write(bytes) => written,
                    };
                    if let Err(error) = written {
                        *sink = None;
                        connection.hold_archive();
                        Event::ArchiveUnwritable(error)
                    } else if wiring.progress.passes(bytes.len() as u64, PROGRESS_STEP) {
                        Event::Progressed
                    } else {
                        continue;
                    }
                }
                connection::Event::ArchiveEnded => {
                    let Some(open) = sink.take() else { continue };
                    let complete = select! { biased;
                        command = wiring.commands.recv() => {
                            *next = Some(command.unwrap_or(Command::Close));
                            break;
                        }
                        complete = open.complete() => complete,
                    };
                    match complete {
                        Ok(()) => Event::ArchiveComplete,
                        Err(error) => Event::ArchiveUnwritable(error),
                    }
                }
                connection::Event::Malformed => Event::Malformed,
                connection::Event::Lost => {
                    let _ = wiring.report(Event::Lost).await;
                    return ControlFlow::Break(());
                }
                // An importer requests no channel.
                connection::Event::ChannelAccepted | connection::Event::ChannelDeclined => continue,
            };
            wiring.report(event).await?;
        }
        ControlFlow::Continue(())
    }
}

/// The place that is being made, if one is.
async fn place<K>(making: &mut Option<oneshot::Receiver<io::Result<K>>>) -> io::Result<K> {
    match making {
        Some(place) => place.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())),
        None => std::future::pending().await,
    }
}
