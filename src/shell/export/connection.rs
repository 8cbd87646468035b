//! The connection of an export operation: a task that carries out the operation's requests, and reports events.

use std::{io, net::SocketAddr, ops::ControlFlow, sync::Arc};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite},
    select,
    time::{Duration, timeout},
};

use crate::{
    connection::{self, Connection},
    limits::{MAX_TURN, PROGRESS_STEP},
    message::Message,
    mux::ChannelName,
    operations::OpId,
    sas::Channel,
    secret::Secret,
    shell::{
        link::{Link, Turn},
        rendezvous::{Dial, may_answer_later},
        storage::{Buffer, Reader},
        tls::{self, HandshakeError},
        wiring,
    },
    token::DeviceId,
};

/// A request of the operation to its connection, in order.
pub(super) enum Command<R> {
    RequestChannel(ChannelName),
    Send(Message<Secret>),
    SendArchive(R),
    /// End the channel; in the middle of the archive, at once.
    End,
    Close,
}

/// An event of the connection, in order.
pub(super) enum Event {
    Opened {
        pinned: bool,
        channel: Channel,
    },
    /// Another attempt is of no use.
    Unreachable(io::Error),
    /// It may be.
    Failed(io::Error),
    Lost,
    Accepted(SocketAddr),
    Declined,
    Ended,
    Message(Message<Secret>),
    Malformed,
    Progressed,
    /// Reported before anything that is read later.
    HandedOver,
    SendFailed(io::Error),
}

pub(super) type Wiring<R> = wiring::Wiring<OpId, Command<R>, Event>;

/// Connects to a device, secures the connection in this time, and serves it until it is closed or lost.
pub(super) async fn serve<D, R>(
    dial: D,
    device: DeviceId,
    tls: Arc<tls::ExporterTls>,
    within: Duration,
    mut wiring: Wiring<R>,
) where
    D: Dial,
    R: Reader,
{
    let connect = async {
        let (stream, address) = dial.dial(device).await.map_err(of_dialling)?;
        let (stream, chain) = tls.handshake(stream).await.map_err(of_handshake)?;
        let channel = tls.channel(&stream).map_err(of_handshake)?;
        Result::<_, Event>::Ok((stream, address, tls::is_device(&chain, &device), channel))
    };
    let connect = async {
        let late = || Event::Failed(io::Error::new(io::ErrorKind::TimedOut, "the other device does not answer"));
        timeout(within, connect).await.unwrap_or_else(|_| Err(late()))
    };
    let connected = select! { biased;
        // There is nothing yet that could be asked of it but to close.
        _ = wiring.commands.recv() => return,
        connected = connect => connected,
    };
    match connected {
        Ok((stream, address, pinned, channel)) => {
            if wiring.report(Event::Opened { pinned, channel }).await.is_continue() {
                Served::new(stream, address, wiring).run().await;
            }
        }
        Err(event) => {
            let _ = wiring.report(event).await;
        }
    }
}

/// Returns the meaning of an error of [`Dial`]: where a link was there, or may be, it failed, and another one may not (R-EXP-12).
fn of_dialling(error: io::Error) -> Event {
    if may_answer_later(&error) { Event::Failed(error) } else { Event::Unreachable(error) }
}

/// Returns the event for a handshake that failed. A peer whose bytes are not TLS is no importer, and stays none: another attempt is of
/// no use (R-EXP-12).
fn of_handshake(error: HandshakeError) -> Event {
    match error {
        HandshakeError::Tls(rustls::Error::InvalidMessage(_)) => {
            let other = "the program at this address does not speak TLS";
            Event::Unreachable(io::Error::new(io::ErrorKind::InvalidData, other))
        }
        HandshakeError::Link(ref link) => Event::Failed(io::Error::new(link.kind(), error)),
        HandshakeError::Chain(_) | HandshakeError::Tls(_) => Event::Failed(io::Error::other(error)),
    }
}

struct Served<T, R> {
    link: Link<T>,
    address: SocketAddr,
    wiring: Wiring<R>,
    sending: Option<Sending<R>>,
}

/// An archive that is being sent.
struct Sending<R> {
    reader: R,
    stage: Stage,
}

enum Stage {
    /// The next bytes are being read into the buffer.
    Reading(Buffer),
    /// They are being sent.
    Writing,
    /// All were read; the last are being sent.
    Flushing,
}

const OTHER_LENGTH: &str = "the archive has not the length that it had when it was opened";

impl<T, R> Served<T, R>
where
    T: AsyncBufRead + AsyncWrite + Unpin,
    R: Reader,
{
    fn new(stream: T, address: SocketAddr, wiring: Wiring<R>) -> Self {
        Self { link: Link::new(stream, Connection::exporter()), address, wiring, sending: None }
    }

    /// Runs until the connection is closed, or is lost, which is reported.
    async fn run(mut self) {
        loop {
            let flow = select! { biased;
                command = self.wiring.commands.recv() => match command {
                    None | Some(Command::Close) => break,
                    Some(command) => {
                        self.carry_out(command);
                        ControlFlow::Continue(())
                    }
                },
                more = more(&mut self.sending) => self.send(more).await,
                turn = self.link.turn() => {
                    // Sent bytes are reported before received ones.
                    let flow = self.sent().await;
                    match turn {
                        Turn::Nothing => flow,
                        Turn::Input if flow.is_continue() => self.read().await,
                        Turn::Resumed if flow.is_continue() => {
                            receive(&mut self.link.connection, &mut &[][..], self.address, &self.wiring).await
                        }
                        Turn::Input | Turn::Resumed => flow,
                        Turn::Lost => {
                            let _ = self.wiring.report(Event::Lost).await;
                            return;
                        }
                    }
                }
            };
            if flow.is_break() {
                break;
            }
        }
        self.link.close(self.wiring.closing).await;
    }

    fn carry_out(&mut self, command: Command<R>) {
        let connection = &mut self.link.connection;
        match command {
            Command::RequestChannel(name) => {
                connection.request_channel(name);
            }
            Command::Send(message) => {
                connection.send(&message);
            }
            Command::SendArchive(reader) => {
                let length = reader.length();
                self.wiring.progress.begin(length);
                // A password that does not fit into a message opens nothing.
                if connection.begin_archive(length as u32) {
                    self.sending = Some(Sending { reader, stage: Stage::Reading(Buffer::default()) });
                }
            }
            Command::End => {
                self.sending = None;
                connection.end();
            }
            Command::Close => {}
        }
    }

    /// Takes further bytes of the archive, the last of which are followed by none.
    async fn send(&mut self, more: io::Result<Buffer>) -> ControlFlow<()> {
        let Some(sending) = &mut self.sending else { return ControlFlow::Continue(()) };
        let connection = &mut self.link.connection;
        let error = match more {
            Ok(buffer) if buffer.is_empty() => {
                if connection.finish_archive() {
                    sending.stage = Stage::Flushing;
                    return self.sent().await;
                }
                io::Error::other(OTHER_LENGTH)
            }
            Ok(buffer) => {
                if connection.archive(buffer) {
                    sending.stage = Stage::Writing;
                    return ControlFlow::Continue(());
                }
                io::Error::other(OTHER_LENGTH)
            }
            Err(error) => error,
        };
        self.sending = None;
        self.wiring.report(Event::SendFailed(error)).await
    }

    /// Reports how far the archive is out.
    async fn sent(&mut self) -> ControlFlow<()> {
        let Some(sending) = &mut self.sending else { return ControlFlow::Continue(()) };
        if self.link.connection.is_cut() {
            // The link is lost, which the next read shows.
            self.sending = None;
            return ControlFlow::Continue(());
        }
        let new = self.link.connection.archived() - self.wiring.progress.done();
        if self.wiring.progress.passes(new, PROGRESS_STEP) {
            self.wiring.report(Event::Progressed).await?;
        }
        match sending.stage {
            Stage::Writing => {
                if let Some(buffer) = self.link.connection.used_up() {
                    sending.stage = Stage::Reading(buffer);
                }
            }
            Stage::Flushing if !self.link.is_waiting() => {
                self.sending = None;
                self.wiring.report(Event::HandedOver).await?;
            }
            Stage::Reading(_) | Stage::Flushing => {}
        }
        ControlFlow::Continue(())
    }

    /// Reads a turn of what has arrived. Breaks when the connection is over.
    async fn read(&mut self) -> ControlFlow<()> {
        let Self { link: Link { stream, connection, .. }, address, wiring, .. } = self;
        let Ok(input) = stream.fill_buf().await else { return ControlFlow::Continue(()) };
        let (mut rest, length) = (input, input.len());
        let flow = receive(connection, &mut rest, *address, wiring).await;
        let taken = length - rest.len();
        stream.consume(taken);
        flow
    }
}

/// Receives, and reports what happens. Breaks when the connection is over.
async fn receive<R>(
    connection: &mut Connection,
    input: &mut &[u8],
    address: SocketAddr,
    wiring: &Wiring<R>,
) -> ControlFlow<()> {
    for count in 0.. {
        // Bytes that need no further ones are few.
        if count >= MAX_TURN && !input.is_empty() {
            break;
        }
        let Some(event) = connection.receive(input) else { break };
        let event = match event {
            connection::Event::ChannelAccepted => Event::Accepted(address),
            connection::Event::ChannelDeclined => Event::Declined,
            connection::Event::ChannelEnded => Event::Ended,
            connection::Event::Message(message) => Event::Message(message),
            connection::Event::Malformed => Event::Malformed,
            connection::Event::Lost => {
                let _ = wiring.report(Event::Lost).await;
                return ControlFlow::Break(());
            }
            // An exporter is asked for no channel, and takes no archive.
            connection::Event::ChannelRequested(_)
            | connection::Event::ArchiveBegan { .. }
            | connection::Event::ArchiveSlice(_)
            | connection::Event::ArchiveEnded => continue,
        };
        wiring.report(event).await?;
    }
    ControlFlow::Continue(())
}

/// The next bytes of an archive that is being sent and waits for them.
async fn more<R: Reader>(sending: &mut Option<Sending<R>>) -> io::Result<Buffer> {
    match sending {
        Some(Sending { reader, stage: Stage::Reading(buffer), .. }) => {
            reader.next(buffer).await?;
            Ok(std::mem::take(buffer))
        }
        Some(_) | None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
