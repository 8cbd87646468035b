//! The connection of an export operation: a task that carries out what the operation asks of it, and tells what happens.

use std::{io, net::SocketAddr, ops::ControlFlow, sync::Arc};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite},
    select,
    time::{Duration, timeout},
};

use crate::{
    inbox::{self, Garbage, Inbox},
    limits::PROGRESS_STEP,
    message::{self, Message, archive_header},
    mux::{ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, RequestState, VERSION},
    operations::OpId,
    secret::Secret,
    shell::{
        link::{Heard, Link},
        rendezvous::Dial,
        storage::{Buffer, Reader},
        tls, wiring,
    },
    token::DeviceId,
};

/// What the operation asks of its connection, in order.
pub(super) enum Command<R> {
    RequestChannel(ChannelName),
    Send(Message<Secret>),
    SendArchive(R),
    /// End the channel; in the middle of the archive, at once.
    End,
    Close,
}

/// What happens on the connection, in order.
pub(super) enum Event {
    Opened {
        pinned: bool,
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
    /// Told before anything that is read later.
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
        let (stream, chain) = tls.handshake(stream).await.map_err(|error| Event::Failed(io::Error::other(error)))?;
        Result::<_, Event>::Ok((stream, address, tls::is_device(&chain, &device)))
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
        Ok((stream, address, pinned)) => {
            if wiring.tell(Event::Opened { pinned }).await.is_continue() {
                Connection::new(stream, address, wiring).run().await;
            }
        }
        Err(event) => {
            let _ = wiring.tell(event).await;
        }
    }
}

/// What an error of [`Dial`] means: where a link was there, or may be, it failed, and another one may not (R-EXP-12).
fn of_dialling(error: io::Error) -> Event {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, TimedOut, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | Interrupted | TimedOut | UnexpectedEof => {
            Event::Failed(error)
        }
        _ => Event::Unreachable(error),
    }
}

struct Connection<T, R> {
    link: Link<T>,
    address: SocketAddr,
    inbox: Inbox,
    wiring: Wiring<R>,
    channel: Channel,
    sending: Option<Sending<R>>,
    /// Frames cannot be understood any more.
    deaf: bool,
}

/// The session's channel: this side asks for its first number.
const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    None,
    Requested,
    Open,
}

/// An archive that is being sent.
struct Sending<R> {
    reader: R,
    /// Bytes that were not yet read.
    left: u64,
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

impl<T, R> Connection<T, R>
where
    T: AsyncBufRead + AsyncWrite + Unpin,
    R: Reader,
{
    fn new(stream: T, address: SocketAddr, wiring: Wiring<R>) -> Self {
        let mut link = Link::new(stream);
        link.outgoing.control(&Control::Version(VERSION));
        // Nobody sends an archive to an exporter.
        let inbox = Inbox::new(0);
        Self { link, address, inbox, wiring, channel: Channel::None, sending: None, deaf: false }
    }

    /// Runs until the connection is closed, or is lost, which is told.
    async fn run(mut self) {
        loop {
            let listen = !self.is_at_the_end();
            let flow = select! { biased;
                command = self.wiring.commands.recv() => match command {
                    None | Some(Command::Close) => break,
                    Some(command) => {
                        self.carry_out(command);
                        ControlFlow::Continue(())
                    }
                },
                more = more(&mut self.sending) => self.send(more).await,
                heard = self.link.turn(listen) => {
                    // What was sent is told before what was heard.
                    let flow = self.sent().await;
                    match heard {
                        Heard::Nothing => flow,
                        Heard::Input if flow.is_continue() && !self.is_at_the_end() => self.read().await,
                        // It stays where it is.
                        Heard::Input => flow,
                        Heard::Lost => {
                            let _ = self.wiring.tell(Event::Lost).await;
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
        let outgoing = &mut self.link.outgoing;
        match command {
            Command::RequestChannel(name) => {
                self.channel = Channel::Requested;
                let request = ChannelRequest { name, channel: CHANNEL, state: RequestState::Request };
                outgoing.control(&Control::Request(request));
            }
            Command::Send(message) => outgoing.message(CHANNEL, &message),
            Command::SendArchive(reader) => {
                let length = reader.length();
                self.wiring.progress.begin(length);
                // What does not fit into a message was not opened.
                outgoing.data(CHANNEL, archive_header(length as u32).as_bytes());
                let stage = Stage::Reading(Buffer::default());
                self.sending = Some(Sending { reader, left: length, stage });
            }
            Command::End => {
                self.sending = None;
                outgoing.end(CHANNEL);
                self.inbox.stop_listening();
            }
            Command::Close => {}
        }
    }

    /// Whether all bytes of the archive are out, and its reader has not said yet that they are: the importer's result may be there
    /// already, and is not listened to before.
    fn is_at_the_end(&self) -> bool {
        matches!(self.sending, Some(Sending { stage: Stage::Reading(_), left: 0, .. }))
    }

    /// Takes further bytes of the archive, the last of which are followed by none.
    async fn send(&mut self, more: io::Result<Buffer>) -> ControlFlow<()> {
        let Some(sending) = &mut self.sending else { return ControlFlow::Continue(()) };
        let error = match more {
            Ok(buffer) if buffer.is_empty() && sending.left == 0 => {
                sending.stage = Stage::Flushing;
                return self.sent().await;
            }
            Ok(buffer) if !buffer.is_empty() && buffer.len() as u64 <= sending.left => {
                sending.left -= buffer.len() as u64;
                sending.stage = Stage::Writing;
                self.link.outgoing.archive(CHANNEL, buffer);
                return ControlFlow::Continue(());
            }
            Ok(_) => io::Error::other("the archive has not the length that it had when it was opened"),
            Err(error) => error,
        };
        self.sending = None;
        self.wiring.tell(Event::SendFailed(error)).await
    }

    /// Tells how far the archive is out.
    async fn sent(&mut self) -> ControlFlow<()> {
        let Some(sending) = &mut self.sending else { return ControlFlow::Continue(()) };
        let outgoing = &mut self.link.outgoing;
        if outgoing.is_cut() {
            // The link is lost, and will be heard to be.
            self.sending = None;
            return ControlFlow::Continue(());
        }
        let new = outgoing.archived() - self.wiring.progress.done();
        if self.wiring.progress.passes(new, PROGRESS_STEP) {
            self.wiring.tell(Event::Progressed).await?;
        }
        match sending.stage {
            Stage::Writing => {
                if let Some(buffer) = outgoing.used_up() {
                    sending.stage = Stage::Reading(buffer);
                }
            }
            Stage::Flushing if !outgoing.is_waiting() => {
                self.sending = None;
                self.wiring.tell(Event::HandedOver).await?;
            }
            Stage::Reading(_) | Stage::Flushing => {}
        }
        ControlFlow::Continue(())
    }

    /// Reads all that has arrived. Breaks when the connection is over.
    async fn read(&mut self) -> ControlFlow<()> {
        let Self { link: Link { stream, outgoing }, address, inbox, wiring, channel, deaf, .. } = self;
        let Ok(input) = stream.fill_buf().await else { return ControlFlow::Continue(()) };
        let length = input.len();
        let mut rest = input;
        while !*deaf {
            let event = match inbox.next(&mut rest) {
                Ok(None) => break,
                Ok(Some(inbox::Heard::Control(Control::Beacon(true)))) => {
                    outgoing.control(&Control::Beacon(false));
                    continue;
                }
                Ok(Some(inbox::Heard::Control(Control::Request(request)))) => match request.state {
                    // The importer has no channel to ask for.
                    RequestState::Request => {
                        let answer = ChannelRequest { state: RequestState::Decline, ..request };
                        outgoing.control(&Control::Request(answer));
                        continue;
                    }
                    _ if request.channel != CHANNEL || *channel != Channel::Requested => continue,
                    RequestState::Accept => {
                        *channel = Channel::Open;
                        inbox.open(CHANNEL);
                        Event::Accepted(*address)
                    }
                    RequestState::Decline => {
                        *channel = Channel::None;
                        Event::Declined
                    }
                },
                Ok(Some(inbox::Heard::Control(_))) => continue,
                Ok(Some(inbox::Heard::End)) => Event::Ended,
                Ok(Some(inbox::Heard::Message(message::Event::Message(message)))) => Event::Message(message),
                Ok(Some(inbox::Heard::Message(message::Event::ArchiveBegan { .. }))) => {
                    inbox.stop_listening();
                    Event::Malformed
                }
                Ok(Some(inbox::Heard::Message(message::Event::ArchiveSlice(_) | message::Event::ArchiveEnded))) => {
                    continue;
                }
                Err(garbage) => {
                    *deaf = garbage == Garbage::Frame;
                    if *channel != Channel::Open {
                        let _ = wiring.tell(Event::Lost).await;
                        return ControlFlow::Break(());
                    }
                    Event::Malformed
                }
            };
            wiring.tell(event).await?;
        }
        stream.consume(length);
        ControlFlow::Continue(())
    }
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
