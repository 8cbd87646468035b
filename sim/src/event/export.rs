//! What is around the exporting reducer: its connection, and the archive.

use handfast::{
    export::{Effect, Input, Tried},
    inbox::{Garbage, Inbox},
    limits::PROGRESS_STEP,
    message::{Message, Slot, archive_header, encode},
    mux::{ChannelRequest, Control, FIRST_SERVER_CHANNEL, RequestState, VERSION, end_of_channel, frame_header},
    outcome::Side,
    secret::Secret,
};
use handfast_model::{
    action::{Action, DeviceAct},
    side::{ExportSide, ImportSide},
    world::{ADDRESS, is_right, slot},
};

use super::{
    heard::Thing,
    import::code,
    people::password,
    pipe::Notice,
    schedule::{DiskStep, Errand},
    session::{Event, Party, Session},
};

/// The session's channel.
pub(super) const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

/// The exporting device around its reducer.
pub(super) struct Exporting {
    inbox: Inbox,
    open: bool,
    channel: Channel,
    deaf: bool,
    /// The archive is being opened with this password.
    opening: Option<Slot>,
    /// Passwords that came.
    pub(super) passwords: u8,
    sending: Option<Sending>,
    /// Attempts to connect.
    pub(super) attempts: u32,
    /// Counts archives that are sent, so that what is planned for one is not done for another.
    generation: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    None,
    Requested,
    Open,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    /// Frames that are out.
    frames: u16,
    bytes: u64,
}

impl Exporting {
    pub(super) fn new() -> Self {
        Self {
            inbox: Inbox::new(0),
            open: false,
            channel: Channel::None,
            deaf: false,
            opening: None,
            passwords: 0,
            sending: None,
            attempts: 0,
            generation: 0,
        }
    }

    /// Another attempt to connect begins.
    pub(super) fn begin(&mut self) {
        self.attempts += 1;
        (self.inbox, self.open, self.channel, self.deaf) = (Inbox::new(0), false, Channel::None, false);
    }

    /// Whether the channel is asked for, and not answered.
    pub(super) fn asks(&self) -> bool {
        self.channel == Channel::Requested
    }

    /// Whether something is read here.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(super) fn notice_export(&mut self, line: usize, notice: Notice) {
        let action = Some(Action::Deliver(Side::Export));
        let _ = match notice {
            Notice::Opened => {
                self.lines[line].exporting.open = true;
                self.send(line, Side::Export, &[&Control::Version(VERSION).to_frame()], false);
                self.take_export(line, action, Input::Opened { pinned: true })
            }
            Notice::Refused => self.take_export(line, action, Input::Failed),
            Notice::Absent => self.take_export(line, action, Input::Unreachable),
            Notice::Lost => {
                self.lines[line].exporting.open = false;
                self.lines[line].exporting.sending = None;
                self.take_export(line, action, Input::Lost)
            }
            // Nobody tells an exporter that.
            Notice::Request => Ok(()),
        };
    }

    /// The hostile device lets the exporter in.
    pub(super) fn device_opens(&mut self) {
        self.lines[0].exporting.open = true;
    }

    /// The hostile device is gone.
    pub(super) fn device_drops(&mut self) {
        let exporting = &mut self.lines[0].exporting;
        (exporting.open, exporting.sending) = (false, None);
    }

    /// Reads what has arrived.
    pub(super) fn read_export(&mut self, line: usize, upto: u64) {
        if !self.reads(line, Side::Export) {
            return self.queue.after(1, Event::ArriveAtExporter(line, upto));
        }
        let (bytes, start) = self.lines[line].pipes[1].take_bytes();
        let arrived = usize::try_from(upto.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..arrived];
        while self.broken.is_none() && self.lines[line].exporting.open && !self.lines[line].exporting.deaf {
            if !self.reads(line, Side::Export) {
                break;
            }
            let heard = self.lines[line].exporting.inbox.next(&mut rest).map(|heard| heard.map(Thing::from));
            let end = start + (arrived - rest.len()) as u64;
            match heard {
                Ok(None) => break,
                Ok(Some(thing)) => self.hear_export(line, end, thing),
                Err(garbage) => {
                    self.lines[line].exporting.deaf = garbage == Garbage::Frame;
                    self.hear_garbage_at_exporter(line);
                }
            }
        }
        let reads = self.reads(line, Side::Export);
        if !reads {
            self.queue.after(1, Event::ArriveAtExporter(line, upto));
        }
        if self.schedule.device.is_none() && self.lines[line].exporting.open && reads {
            self.pass_over(line, Side::Export, start + arrived as u64 + 1);
        }
        let deaf = self.lines[line].exporting.deaf || !self.lines[line].exporting.open;
        let taken = if deaf { arrived } else { arrived - rest.len() };
        self.lines[line].pipes[1].put_back(bytes, taken);
    }

    fn hear_export(&mut self, line: usize, end: u64, thing: Thing) {
        let (act, input) = match thing {
            Thing::Control(Control::Request(request)) => {
                let due = request.channel == CHANNEL && self.lines[line].exporting.channel == Channel::Requested;
                match request.state {
                    // The importer has no channel to ask for.
                    RequestState::Request => return,
                    _ if !due => return,
                    RequestState::Accept => {
                        self.lines[line].exporting.channel = Channel::Open;
                        self.lines[line].exporting.inbox.open(CHANNEL);
                        (DeviceAct::Accept, Input::Accepted { peer_address: ADDRESS })
                    }
                    RequestState::Decline => {
                        self.lines[line].exporting.channel = Channel::None;
                        (DeviceAct::Decline, Input::Declined)
                    }
                }
            }
            // Behind its beginning an archive is not listened to.
            Thing::Control(Control::Version(_) | Control::Beacon(_) | Control::Unknown)
            | Thing::Slice { .. }
            | Thing::Complete => return,
            Thing::Message(message) => {
                let message = self.keep_password(line, message);
                (DeviceAct::Say(message), Input::Message(message))
            }
            Thing::Began => {
                self.lines[line].exporting.inbox.stop_listening();
                (DeviceAct::Babble, Input::Malformed)
            }
            Thing::End => (DeviceAct::End, Input::Ended),
        };
        let action = if self.schedule.device.is_some() {
            Action::Device(act)
        } else {
            self.pass_over(line, Side::Export, end);
            self.lines[line].pipes[1].take_item(end);
            Action::Deliver(Side::Export)
        };
        let _ = self.take_export(line, Some(action), input);
    }

    /// A password is kept, and has the name that it had on the other side; a hostile device's is named by its number. The lowest bit
    /// says whether it is right.
    fn keep_password(&mut self, line: usize, message: Message<Secret>) -> Message {
        let scheme = self.schedule.scheme;
        let own = &mut self.lines[line];
        message.map_password(|bytes| {
            let right = bytes.as_bytes() == password(true, scheme);
            let name = own.slots.pop_front().unwrap_or_else(|| slot(own.exporting.passwords, right));
            own.exporting.passwords += 1;
            if is_right(name) == right { name } else { slot(u8::MAX >> 1, right) }
        })
    }

    fn hear_garbage_at_exporter(&mut self, line: usize) {
        let (act, input) = match self.lines[line].exporting.channel {
            Channel::None | Channel::Requested => {
                self.device_drops();
                (Some(DeviceAct::Drop), Input::Lost)
            }
            // Behind its own end the exporter ignores it, and the model leaves it out.
            Channel::Open if self.lines[line].said_end[1] => (None, Input::Malformed),
            Channel::Open => (Some(DeviceAct::Babble), Input::Malformed),
        };
        let _ = self.take_export(line, act.map(Action::Device), input);
    }

    /// The archive was tried to be opened.
    pub(super) fn opened(&mut self, line: usize) {
        let Some(slot) = self.lines[line].exporting.opening.take() else { return };
        let tried = match is_right(slot) {
            _ if self.importing.disk[DiskStep::Open as usize].take() => Tried::Unreadable,
            true => Tried::Opened,
            false => Tried::Wrong,
        };
        let _ = self.take_export(line, Some(Action::Opened(tried)), Input::Tried(slot, tried));
    }

    /// The next frame of the archive goes out; behind the last one all is handed over.
    pub(super) fn send_more(&mut self, line: usize, generation: u32) {
        let exporting = &self.lines[line].exporting;
        let sending = exporting.sending.filter(|_| generation == exporting.generation);
        let Some(Sending { frames, bytes }) = sending else { return };
        if self.importing.disk[DiskStep::Send as usize].take() {
            self.lines[line].exporting.sending = None;
            let _ = self.take_export(line, Some(Action::SendFailed), Input::SendFailed);
            return;
        }
        let (all, length) = self.schedule.archive;
        let last = frames + 1 >= all;
        self.send_frame(line, last);
        let out = bytes + u64::from(length);
        if out / PROGRESS_STEP > bytes / PROGRESS_STEP {
            let _ = self.take_export(line, None, Input::Progressed);
        }
        if self.lines[line].exporting.sending.is_none() {
            return;
        }
        if last {
            self.lines[line].exporting.sending = None;
            let _ = self.take_export(line, Some(Action::HandedOver), Input::HandedOver);
        } else {
            self.lines[line].exporting.sending = Some(Sending { frames: frames + 1, bytes: out });
            self.queue.after(self.schedule.pace, Event::SendMore(line, generation));
        }
    }

    /// A frame of the archive.
    fn send_frame(&mut self, line: usize, last: bool) {
        static TEXT: [u8; 1 << 16] = [b'h'; 1 << 16];
        if self.lines[line].can_send(Side::Export) && self.schedule.device.is_none() {
            let length = self.schedule.archive.1;
            let header = frame_header(CHANNEL, length);
            self.send(line, Side::Export, &[header.as_bytes(), &TEXT[..usize::from(length)]], last);
        }
    }

    /// An old exporter hands the archive over in one call.
    fn send_at_once(&mut self, line: usize) {
        let frames = self.schedule.archive.0;
        (1..=frames).for_each(|frame| self.send_frame(line, frame == frames));
    }

    /// Carries out one effect of the exporter.
    pub(super) fn carry_out_export(&mut self, line: usize, effect: Effect) {
        let hostile = self.schedule.device.is_some();
        match effect {
            Effect::Signal(_) => {}
            Effect::Arm(timer) => self.arm(Party::Export(line), timer),
            Effect::Disarm(timer) => self.clock.stop(Party::Export(line), timer),
            Effect::Connect if hostile => {
                self.lines[line].exporting.begin();
                self.people.device_gone = false;
                self.queue.after(self.schedule.work[1], Event::Device);
            }
            Effect::Connect => {
                self.lines[line].begin();
                if line == 0
                    && let Some(ms) = self.importing.slow[Errand::Request as usize].take()
                {
                    self.lines[line].pipes[0].held = self.queue.now() + u64::from(ms);
                }
                if self.lines[line].can_send(Side::Export) {
                    self.tell(line, Side::Import, Notice::Request);
                }
            }
            Effect::RequestChannel => {
                self.lines[line].exporting.channel = Channel::Requested;
                let name = code(line > 0 || !self.schedule.typo).channel_name();
                let request = ChannelRequest { name, channel: CHANNEL, state: RequestState::Request };
                self.say_to_importer(line, &[&Control::Request(request).to_frame()]);
            }
            Effect::Send(message) => {
                // An exporter sends no password.
                let bytes = encode(&message.map_password(|_| Secret::from("")));
                let header = frame_header(CHANNEL, bytes.len() as u16);
                self.say_to_importer(line, &[header.as_bytes(), bytes.as_bytes()]);
            }
            Effect::Open(slot) => {
                self.lines[line].exporting.opening = Some(slot);
                self.queue.after(self.schedule.work[2], Event::Opened(line));
            }
            Effect::SendArchive => {
                let (frames, length) = self.schedule.archive;
                let text = archive_header(u32::from(frames) * u32::from(length));
                let header = frame_header(CHANNEL, text.as_bytes().len() as u16);
                self.say_to_importer(line, &[header.as_bytes(), text.as_bytes()]);
                if self.is_old(Side::Export) {
                    return self.send_at_once(line);
                }
                self.lines[line].exporting.generation += 1;
                self.lines[line].exporting.sending = Some(Sending { frames: 0, bytes: 0 });
                self.queue.after(self.schedule.pace, Event::SendMore(line, self.lines[line].exporting.generation));
            }
            Effect::End => {
                self.lines[line].exporting.sending = None;
                self.lines[line].exporting.inbox.stop_listening();
                self.say_to_importer(line, &[end_of_channel(CHANNEL).as_bytes()]);
                self.lines[line].said_end[1] = true;
            }
            Effect::Close => {
                self.lines[line].exporting.sending = None;
                self.lines[line].exporting.open = false;
                if hostile {
                    self.lines[line].pipes[1].clear();
                } else {
                    self.close(line, Side::Export);
                }
            }
        }
    }

    fn say_to_importer(&mut self, line: usize, pieces: &[&[u8]]) {
        // What is said to a hostile device, nobody reads.
        if self.schedule.device.is_none() && self.lines[line].can_send(Side::Export) {
            self.send(line, Side::Export, pieces, true);
        }
    }
}
