//! What is around the importing reducer: its connections, its disk, the directory.

use handfast::{
    import::{Ask, Check, Effect, Input},
    inbox::{Garbage, Heard, Inbox},
    limits::{DEFAULT_MAX_ARCHIVE, PROGRESS_STEP},
    message::{self, Message, Slot, encode},
    mux::{CONTROL_CHANNEL, ChannelRequest, Control, PROTOCOL_CHANNEL, RequestState, end_of_channel, frame_header},
    outcome::Side,
    reducer::ConnId,
    secret::Secret,
    token::{self, Code},
};
use handfast_model::{
    action::{Action, CallerAct},
    follow::Did,
    side::{ExportSide, ImportSide},
    world::{HONEST, INTRUDER, PEER},
};

use super::{
    engine::{Event, LinkEnd, Session},
    hostile::Visitor,
    people::password,
    pipe::{Notice, Pipe},
    schedule::DiskStep,
};

/// A fault that happens when it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trap(bool);

impl Trap {
    /// It is set: it happens when it can.
    pub(super) fn arm(&mut self) -> Result<(), &'static str> {
        self.0 = true;
        Ok(())
    }

    pub(super) const fn is_armed(self) -> bool {
        self.0
    }

    /// Whether it happens now. It does once.
    pub(super) fn take(&mut self) -> bool {
        std::mem::take(&mut self.0)
    }
}

/// The importing device around its reducer.
pub(super) struct Importing {
    /// The exporter's connection, and those of visitors.
    pub(super) conns: Vec<Conn>,
    /// The visitors behind the further connections.
    pub(super) visitors: Vec<Visitor>,
    /// The connection whose channel was accepted.
    pub(super) session: Option<usize>,
    publishing: bool,
    /// The token's code, once it is shown.
    code: Code,
    staged: Option<Staged>,
    checking: bool,
    install: Install,
    pub(super) lose_request: Trap,
    pub(super) unreachable: Trap,
    pub(super) unpublishable: Trap,
    pub(super) unsecured: Trap,
    pub(super) disk: [Trap; 5],
}

#[derive(Debug)]
struct Staged {
    /// The first byte says whose account it is.
    first: Option<u8>,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Install {
    None,
    Running,
    Settled(bool),
    Reported(bool),
}

/// A connection of the importing device.
pub(super) struct Conn {
    inbox: Inbox,
    stage: Stage,
    session: Option<u16>,
    asked: Option<ChannelRequest>,
    deaf: bool,
    /// Where the archive goes.
    sink: bool,
    /// The importer has ended the channel.
    over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Away,
    Knocked,
    Open,
    Closed,
}

impl Conn {
    pub(super) fn new() -> Self {
        let inbox = Inbox::new(DEFAULT_MAX_ARCHIVE);
        Self { inbox, stage: Stage::Away, session: None, asked: None, deaf: false, sink: false, over: false }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Knocked | Stage::Open)
    }

    pub(super) fn set(&mut self, stage: Stage) {
        self.stage = stage;
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn close(&mut self) {
        self.stage = Stage::Closed;
    }
}

/// The code of every token: what it is does not matter.
pub(super) fn code(right: bool) -> Code {
    let number = if right { 23 } else { 42 };
    Code::from_random(number).unwrap_or_else(|| unreachable!("these are usable"))
}

impl Importing {
    pub(super) fn new() -> Self {
        Self {
            conns: vec![Conn::new()],
            visitors: Vec::new(),
            session: None,
            publishing: false,
            code: code(true),
            staged: None,
            checking: false,
            install: Install::None,
            lose_request: Trap::default(),
            unreachable: Trap::default(),
            unpublishable: Trap::default(),
            unsecured: Trap::default(),
            disk: Default::default(),
        }
    }

    /// The device crashes and starts again, which removes left-overs. Whether an account is there.
    pub(super) fn crash(&mut self, whole: bool) -> bool {
        let there = match self.install {
            Install::Running => whole,
            Install::Settled(durable) | Install::Reported(durable) => durable,
            Install::None => false,
        };
        self.install = if there { Install::Reported(true) } else { Install::None };
        (self.publishing, self.checking, self.staged) = (false, false, None);
        there
    }

    pub(super) const fn holds_staged(&self) -> bool {
        self.staged.is_some()
    }
}

fn conn_id(number: usize) -> ConnId {
    ConnId(number as u32 + 1)
}

fn conn_number(conn: ConnId) -> usize {
    (conn.0 as usize).saturating_sub(1)
}

/// What was heard, without what it was read from.
enum Thing {
    Control(Control),
    Message(Message<Secret>),
    Began,
    Slice { first: Option<u8>, length: u64 },
    Complete,
    End,
}

impl From<Heard<'_>> for Thing {
    fn from(heard: Heard<'_>) -> Self {
        match heard {
            Heard::Control(control) => Self::Control(control),
            Heard::Message(message::Event::Message(message)) => Self::Message(message),
            Heard::Message(message::Event::ArchiveBegan { .. }) => Self::Began,
            Heard::Message(message::Event::ArchiveSlice(bytes)) => {
                Self::Slice { first: bytes.first().copied(), length: bytes.len() as u64 }
            }
            Heard::Message(message::Event::ArchiveEnded) => Self::Complete,
            Heard::End => Self::End,
        }
    }
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(super) fn published(&mut self) {
        if !std::mem::take(&mut self.importing.publishing) {
            return;
        }
        let _ = if self.importing.unpublishable.take() {
            self.take_import(Some(Action::Unpublishable), Input::Unpublishable)
        } else {
            self.take_import(Some(Action::Published), Input::Published)
        };
    }

    pub(super) fn notice_import(&mut self, notice: Notice) {
        let action = Some(Action::Deliver(Side::Import));
        let _ = match notice {
            Notice::Request => self.take_import(action, Input::ConnectionRequested(PEER)),
            Notice::Lost => {
                self.importing.conns[0].close();
                self.take_import(action, Input::ConnectionLost(PEER))
            }
            // Nobody tells an importer that.
            Notice::Opened | Notice::Refused => Ok(()),
        };
    }

    /// The exporter's connection is secured, unless somebody has given it up.
    pub(super) fn secured(&mut self) {
        if self.ends != [LinkEnd::Trying; 2] || self.link_broken {
            return;
        }
        if self.importing.unsecured.take() {
            self.tell(Side::Export, Notice::Refused);
            self.link_broken = true;
            self.link_failed = true;
            self.ends[0] = LinkEnd::Closed;
            self.importing.conns[0].close();
            let _ = self.take_import(Some(Action::Unsecured), Input::ConnectionFailed(PEER));
            return;
        }
        self.ends = [LinkEnd::Open; 2];
        self.tell(Side::Export, Notice::Opened);
        self.importing.conns[0].set(Stage::Open);
        let input = Input::ConnectionOpened { conn: PEER, presented: Some(HONEST), verified: true };
        let _ = self.take_import(Some(Action::Secured), input);
    }

    fn pipe(&mut self, number: usize) -> &mut Pipe {
        match number.checked_sub(1) {
            None => &mut self.pipes[0],
            Some(visitor) => &mut self.importing.visitors[visitor].pipe,
        }
    }

    /// Reads what has arrived on a connection.
    pub(super) fn read_import(&mut self, conn: ConnId, upto: u64) {
        let number = conn_number(conn);
        let (bytes, start) = self.pipe(number).take_bytes();
        let arrived = usize::try_from(upto.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..arrived];
        while self.broken.is_none() {
            let own = &mut self.importing.conns[number];
            if own.stage != Stage::Open || own.deaf {
                break;
            }
            let heard = own.inbox.next(&mut rest).map(|heard| heard.map(Thing::from));
            let end = start + (arrived - rest.len()) as u64;
            match heard {
                Ok(None) => break,
                Ok(Some(thing)) => self.hear_import(number, end, thing),
                Err(garbage) => {
                    own.deaf = garbage == Garbage::Frame;
                    self.hear_garbage(number);
                }
            }
        }
        if number == 0 && self.importing.conns[0].stage == Stage::Open {
            self.pass_over(Side::Import, start + arrived as u64 + 1);
        }
        let deaf = self.importing.conns[number].deaf || self.importing.conns[number].stage != Stage::Open;
        let taken = if deaf { arrived } else { arrived - rest.len() };
        self.pipe(number).put_back(bytes, taken);
    }

    /// What ends before here, and was not handed on, is passed over in the model too.
    pub(super) fn pass_over(&mut self, side: Side, before: u64) {
        while self.pipes[super::engine::index(side)].pass_item(before) {
            self.follow(Action::Deliver(side), Did::Nothing);
        }
    }

    /// What the model calls it that something was heard.
    fn action(&mut self, number: usize, end: u64, act: CallerAct) -> Option<Action> {
        if number > 0 {
            return Some(Action::Caller(conn_id(number).0, act));
        }
        self.pass_over(Side::Import, end);
        self.pipes[0].take_item(end);
        Some(Action::Deliver(Side::Import))
    }

    fn hear_import(&mut self, number: usize, end: u64, thing: Thing) {
        let conn = conn_id(number);
        let own = &mut self.importing.conns[number];
        let (act, input) = match thing {
            Thing::Control(Control::Request(request)) => {
                let usable = request.channel != CONTROL_CHANNEL
                    && request.channel != PROTOCOL_CHANNEL
                    && Some(request.channel) != own.session;
                // An answer to what was never asked, and a channel of a number that cannot be opened, are the shell's own business.
                if request.state != RequestState::Request || !usable {
                    return;
                }
                let ask = match request.name.ask() {
                    token::Ask::Code(code) if code == self.importing.code => Ask::Right,
                    token::Ask::Code(_) | token::Ask::NoCode => Ask::Wrong,
                    token::Ask::Other => Ask::Other,
                };
                own.asked = Some(request);
                (CallerAct::Ask(ask), Input::ChannelRequested(conn, ask))
            }
            Thing::Control(Control::Version(_) | Control::Beacon(_) | Control::Unknown) => return,
            Thing::Message(message) => {
                let message = message.map_password(|_| Slot(0));
                (CallerAct::Say(message), Input::Message(conn, message))
            }
            Thing::Began => (CallerAct::Begin, Input::ArchiveBegan(conn)),
            Thing::Slice { first, length } => return self.stage(number, first, length),
            Thing::Complete => {
                if !std::mem::take(&mut own.sink) {
                    // An archive that was not staged ends unheard.
                    if number > 0 {
                        self.follow(Action::Caller(conn.0, CallerAct::Complete), Did::Nothing);
                    }
                    return;
                }
                if self.importing.disk[DiskStep::Stage as usize].take() {
                    return self.unwritable(number);
                }
                (CallerAct::Complete, Input::ArchiveComplete(conn))
            }
            Thing::End => (CallerAct::End, Input::ChannelEnded(conn)),
        };
        let action = self.action(number, end, act);
        let _ = self.take_import(action, input);
    }

    fn hear_garbage(&mut self, number: usize) {
        let conn = conn_id(number);
        let own = &mut self.importing.conns[number];
        let (act, input) = match own.session {
            None => {
                own.close();
                (Some(CallerAct::Drop), Input::ConnectionLost(conn))
            }
            // Behind its own end the importer ignores it, and the model leaves it out.
            Some(_) if own.over => (None, Input::Malformed(conn)),
            Some(_) => (Some(CallerAct::Babble), Input::Malformed(conn)),
        };
        let _ = self.take_import(act.map(|act| Action::Caller(conn.0, act)), input);
    }

    /// Bytes of an archive come.
    fn stage(&mut self, number: usize, first: Option<u8>, length: u64) {
        if !self.importing.conns[number].sink {
            return;
        }
        if self.importing.disk[DiskStep::Stage as usize].take() {
            return self.unwritable(number);
        }
        let Some(staged) = &mut self.importing.staged else { return };
        staged.first = staged.first.or(first);
        let before = staged.bytes / PROGRESS_STEP;
        staged.bytes += length;
        if staged.bytes / PROGRESS_STEP > before {
            let _ = self.take_import(None, Input::ArchiveProgressed(conn_id(number)));
        }
    }

    fn unwritable(&mut self, number: usize) {
        self.importing.conns[number].sink = false;
        let _ = self.take_import(Some(Action::Unwritable), Input::ArchiveUnwritable(conn_id(number)));
    }

    pub(super) fn checked(&mut self) {
        if !std::mem::take(&mut self.importing.checking) {
            return;
        }
        let first = self.importing.staged.as_ref().and_then(|staged| staged.first);
        let check = match first {
            _ if self.importing.disk[DiskStep::Check as usize].take() => Check::Unreadable,
            Some(b'h') => Check::Sound(HONEST),
            Some(b'i') => Check::Sound(INTRUDER),
            Some(_) | None => Check::Unsound,
        };
        let _ = self.take_import(Some(Action::Checked(check)), Input::Checked(check));
    }

    /// The install is through, and the importer does not know yet.
    pub(super) fn settled(&mut self) {
        if self.importing.install != Install::Running {
            return;
        }
        let durable = !self.importing.disk[DiskStep::Install as usize].take();
        self.importing.install = Install::Settled(durable);
        if durable {
            self.importing.staged = None;
        }
        self.follow(Action::Settle { durable }, Did::Nothing);
        self.queue.after(1, Event::Reported);
    }

    pub(super) fn reported(&mut self) {
        if let Install::Settled(durable) = self.importing.install {
            self.importing.install = Install::Reported(durable);
            let _ = self.take_import(Some(Action::Report), Input::Installed(durable));
        }
    }

    /// Carries out one effect of the importer.
    pub(super) fn carry_out_import(&mut self, input: Input, effect: Effect) {
        let work = self.schedule.work;
        match effect {
            Effect::Signal(_) => {}
            Effect::Arm(timer) => self.arm(Side::Import, timer),
            Effect::Disarm(timer) => self.clock.stop(Side::Import, timer),
            Effect::Publish => {
                self.importing.publishing = true;
                self.queue.after(work[0], Event::Published);
            }
            Effect::Withdraw => self.importing.publishing = false,
            Effect::Accept(conn) => {
                self.importing.conns[conn_number(conn)].set(Stage::Knocked);
                if conn == PEER {
                    self.ends[0] = LinkEnd::Trying;
                    self.queue.after(work[1], Event::Secured);
                }
            }
            Effect::Refuse(PEER) => {
                self.say_to_exporter(|session| {
                    session.tell(Side::Export, Notice::Refused);
                });
                self.ends[0] = LinkEnd::Closed;
                self.pipes[0].clear();
                self.importing.conns[0].close();
            }
            Effect::Close(PEER) => {
                self.importing.conns[0].close();
                self.close(Side::Import);
            }
            Effect::Refuse(conn) | Effect::Close(conn) => self.importing.conns[conn_number(conn)].close(),
            Effect::AcceptChannel(conn) => self.answer_channel(conn, RequestState::Accept),
            Effect::DeclineChannel(conn) => self.answer_channel(conn, RequestState::Decline),
            Effect::Send(conn, message) => self.say(conn, message),
            Effect::End(conn) => self.end_channel(conn),
            Effect::Stage(_) => {
                if let Some(conn) = input.conn() {
                    let number = conn_number(conn);
                    self.importing.conns[number].sink = true;
                    self.importing.staged = Some(Staged { first: None, bytes: 0 });
                }
            }
            Effect::Check => {
                self.importing.checking = true;
                self.queue.after(work[3], Event::Checked);
            }
            Effect::Install => {
                self.importing.install = Install::Running;
                self.queue.after(work[4], Event::Settled);
            }
            Effect::Discard => self.importing.staged = None,
            Effect::Remove => self.importing.install = Install::None,
        }
    }

    fn say_to_exporter(&mut self, say: impl FnOnce(&mut Self)) {
        if self.can_send(Side::Import) {
            say(self);
        }
    }

    fn answer_channel(&mut self, conn: ConnId, state: RequestState) {
        let number = conn_number(conn);
        let own = &mut self.importing.conns[number];
        let Some(request) = own.asked.take() else { return };
        if state == RequestState::Accept {
            own.session = Some(request.channel);
            own.inbox.open(request.channel);
            self.importing.session = Some(number);
        }
        if conn == PEER {
            let frame = Control::Request(ChannelRequest { state, ..request }).to_frame();
            self.say_to_exporter(|session| session.send(Side::Import, &[&frame], true));
        }
    }

    fn say(&mut self, conn: ConnId, message: Message) {
        let Some(channel) = self.importing.conns[conn_number(conn)].session else { return };
        // What is said to a visitor, nobody reads.
        if conn != PEER || !self.can_send(Side::Import) {
            return;
        }
        let (right, scheme) = (self.people.typed.unwrap_or_default(), self.schedule.scheme);
        let message = message.map_password(|_| Secret::from(password(right, scheme)));
        let bytes = encode(&message);
        let header = frame_header(channel, bytes.len() as u16);
        self.send(Side::Import, &[header.as_bytes(), bytes.as_bytes()], true);
    }

    fn end_channel(&mut self, conn: ConnId) {
        let own = &mut self.importing.conns[conn_number(conn)];
        own.inbox.stop_listening();
        (own.sink, own.over) = (false, true);
        let channel = own.session.unwrap_or_default();
        if conn == PEER {
            self.say_to_exporter(|session| session.send(Side::Import, &[end_of_channel(channel).as_bytes()], true));
            self.said_end[0] = true;
        }
    }
}
