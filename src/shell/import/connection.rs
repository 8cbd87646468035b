//! One connection of an importing device: a task that carries out what the operation asks of it, and tells what happens.

use std::{io, ops::ControlFlow};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite},
    select,
    sync::oneshot,
    time::{Duration, Instant, sleep_until},
};

use super::securing;
use crate::{
    inbox::{self, Garbage, Inbox},
    limits::PROGRESS_STEP,
    message::{self, Message},
    mux::{CONTROL_CHANNEL, ChannelName, ChannelRequest, Control, PROTOCOL_CHANNEL, RequestState, VERSION},
    reducer::ConnId,
    secret::Secret,
    shell::{
        link::{Heard, Link},
        storage::Sink,
        tls::{self, PeerFacts},
        wiring,
    },
};

/// What the operation asks of a connection, in order.
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

/// What happens on a connection, in order.
pub(super) enum Event {
    /// Its handshake is under way.
    Answered,
    Opened(PeerFacts),
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

/// What a connection is allowed.
pub(super) struct Limits {
    pub(super) max_archive: u64,
    /// How long it may take to be secured.
    pub(super) handshake: Duration,
    /// How long it may then take to become the session's.
    pub(super) opening: Duration,
}

/// Secures a connection, and serves it until it is closed or lost.
pub(super) async fn serve<S, K>(stream: S, tls: tls::ImporterTls, limits: Limits, mut wiring: Wiring<K>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    K: Sink,
{
    let Some((stream, facts)) = securing::secure(stream, &tls, limits.handshake, &mut wiring).await else { return };
    if wiring.tell(Event::Opened(facts)).await.is_continue() {
        let deadline = Instant::now() + limits.opening;
        Connection::new(stream, limits.max_archive, wiring).run(deadline).await;
    }
}

struct Connection<T, K> {
    link: Link<T>,
    inbox: Inbox,
    wiring: Wiring<K>,
    /// The session's channel.
    session: Option<u16>,
    wait: Wait<K>,
    sink: Option<K>,
    /// A command that came while an archive was being written.
    next: Option<Command<K>>,
    /// Frames cannot be understood any more.
    deaf: bool,
}

/// What the connection waits for before it reads on.
enum Wait<K> {
    Nothing,
    /// An answer to this request.
    Answer(ChannelRequest),
    /// A place for the archive that began.
    Place,
    /// The place is being made.
    Making(oneshot::Receiver<io::Result<K>>),
}

impl<T, K> Connection<T, K>
where
    T: AsyncBufRead + AsyncWrite + Unpin,
    K: Sink,
{
    fn new(stream: T, max_archive: u64, wiring: Wiring<K>) -> Self {
        let mut link = Link::new(stream);
        link.outgoing.control(&Control::Version(VERSION));
        let inbox = Inbox::new(max_archive);
        Self { link, inbox, wiring, session: None, wait: Wait::Nothing, sink: None, next: None, deaf: false }
    }

    /// Runs until the connection is closed, or is lost, which is told. A connection that is not the session's at `deadline` is lost.
    async fn run(mut self, deadline: Instant) {
        loop {
            if let Some(command) = self.next.take() {
                match command {
                    Command::Close => break,
                    command => self.carry_out(command),
                }
                continue;
            }
            let listen = matches!(self.wait, Wait::Nothing);
            select! { biased;
                command = self.wiring.commands.recv() => self.next = Some(command.unwrap_or(Command::Close)),
                place = place(&mut self.wait) => {
                    match place {
                        Ok(sink) => {
                            self.sink = Some(sink);
                            self.wait = Wait::Nothing;
                        }
                        Err(error) => {
                            self.wait = Wait::Place;
                            if self.wiring.tell(Event::ArchiveUnwritable(error)).await.is_break() {
                                return;
                            }
                        }
                    }
                }
                heard = self.link.turn(listen) => {
                    let flow = match heard {
                        Heard::Nothing => ControlFlow::Continue(()),
                        Heard::Input => self.read().await,
                        Heard::Lost => {
                            let _ = self.wiring.tell(Event::Lost).await;
                            return;
                        }
                    };
                    if flow.is_break() {
                        break;
                    }
                }
                () = sleep_until(deadline), if self.session.is_none() => {
                    let _ = self.wiring.tell(Event::Lost).await;
                    break;
                }
            }
        }
        self.link.close(self.wiring.closing).await;
    }

    fn carry_out(&mut self, command: Command<K>) {
        match command {
            Command::Accept => self.answer(RequestState::Accept),
            Command::Decline => self.answer(RequestState::Decline),
            Command::Send(message) => {
                if let Some(channel) = self.session {
                    self.link.outgoing.message(channel, &message);
                }
            }
            Command::Stage(place) => self.wait = Wait::Making(place),
            Command::End => {
                if let Some(channel) = self.session {
                    self.link.outgoing.end(channel);
                }
                self.inbox.stop_listening();
                self.sink = None;
                if !matches!(self.wait, Wait::Answer(_)) {
                    self.wait = Wait::Nothing;
                }
            }
            Command::Close => self.next = Some(Command::Close),
        }
    }

    /// Answers the request that waits for it.
    fn answer(&mut self, state: RequestState) {
        if let Wait::Answer(request) = std::mem::replace(&mut self.wait, Wait::Nothing) {
            if state == RequestState::Accept {
                self.session = Some(request.channel);
                self.inbox.open(request.channel);
            }
            self.link.outgoing.control(&Control::Request(ChannelRequest { state, ..request }));
        }
    }

    /// Reads what has arrived, up to the first thing that has to be waited for. Breaks when the connection is over.
    async fn read(&mut self) -> ControlFlow<()> {
        let Self { link: Link { stream, outgoing }, inbox, wiring, session, wait, sink, next, deaf } = self;
        let Ok(input) = stream.fill_buf().await else { return ControlFlow::Continue(()) };
        let mut rest = input;
        while matches!(wait, Wait::Nothing) && next.is_none() && !*deaf {
            let event = match inbox.next(&mut rest) {
                Ok(None) => break,
                Ok(Some(inbox::Heard::Control(Control::Beacon(true)))) => {
                    outgoing.control(&Control::Beacon(false));
                    continue;
                }
                Ok(Some(inbox::Heard::Control(Control::Request(request)))) => match request.state {
                    RequestState::Request if is_usable(request.channel, *session) => {
                        let name = request.name.clone();
                        *wait = Wait::Answer(request);
                        Event::Asked(name)
                    }
                    RequestState::Request => {
                        let answer = ChannelRequest { state: RequestState::Decline, ..request };
                        outgoing.control(&Control::Request(answer));
                        continue;
                    }
                    // An answer to what was never asked.
                    RequestState::Accept | RequestState::Decline => continue,
                },
                Ok(Some(inbox::Heard::Control(_))) => continue,
                Ok(Some(inbox::Heard::End)) => Event::Ended,
                Ok(Some(inbox::Heard::Message(message::Event::Message(message)))) => Event::Message(message),
                Ok(Some(inbox::Heard::Message(message::Event::ArchiveBegan { length }))) => {
                    *wait = Wait::Place;
                    wiring.progress.begin(length);
                    Event::ArchiveBegan(length)
                }
                Ok(Some(inbox::Heard::Message(message::Event::ArchiveSlice(bytes)))) => {
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
                        *wait = Wait::Place;
                        Event::ArchiveUnwritable(error)
                    } else if wiring.progress.passes(bytes.len() as u64, PROGRESS_STEP) {
                        Event::Progressed
                    } else {
                        continue;
                    }
                }
                Ok(Some(inbox::Heard::Message(message::Event::ArchiveEnded))) => {
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
                Err(garbage) => {
                    *deaf = garbage == Garbage::Frame;
                    if session.is_none() {
                        let _ = wiring.tell(Event::Lost).await;
                        return ControlFlow::Break(());
                    }
                    Event::Malformed
                }
            };
            wiring.tell(event).await?;
        }
        let taken = if *deaf { input.len() } else { input.len() - rest.len() };
        stream.consume(taken);
        ControlFlow::Continue(())
    }
}

/// The place that is being made, if one is.
async fn place<K>(wait: &mut Wait<K>) -> io::Result<K> {
    match wait {
        Wait::Making(place) => place.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())),
        Wait::Nothing | Wait::Answer(_) | Wait::Place => std::future::pending().await,
    }
}

/// Whether a channel of this number can be opened (R-MUX-1).
fn is_usable(channel: u16, session: Option<u16>) -> bool {
    channel != CONTROL_CHANNEL && channel != PROTOCOL_CHANNEL && Some(channel) != session
}
