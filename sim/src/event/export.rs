//! What is around the exporting reducer: its connection, and the archive.

use handfast::{
    export::{Effect, Input, Tried},
    inbox::{Garbage, Heard, Inbox},
    limits::PROGRESS_STEP,
    message::{self, Message, Slot, archive_header, encode},
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
    engine::{Event, LinkEnd, Session},
    import::code,
    people::password,
    pipe::Notice,
    schedule::DiskStep,
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
            generation: 0,
        }
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

/// What was heard, without what it was read from.
enum Thing {
    Control(Control),
    Message(Message<Secret>),
    Began,
    Rest,
    End,
}

impl From<Heard<'_>> for Thing {
    fn from(heard: Heard<'_>) -> Self {
        match heard {
            Heard::Control(control) => Self::Control(control),
            Heard::Message(message::Event::Message(message)) => Self::Message(message),
            Heard::Message(message::Event::ArchiveBegan { .. }) => Self::Began,
            Heard::Message(message::Event::ArchiveSlice(_) | message::Event::ArchiveEnded) => Self::Rest,
            Heard::End => Self::End,
        }
    }
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(super) fn notice_export(&mut self, notice: Notice) {
        let action = Some(Action::Deliver(Side::Export));
        let _ = match notice {
            Notice::Opened => {
                self.exporting.open = true;
                self.send(Side::Export, &[&Control::Version(VERSION).to_frame()], false);
                self.take_export(action, Input::Opened { pinned: true })
            }
            Notice::Refused => self.take_export(action, Input::Unreachable),
            Notice::Lost => {
                self.exporting.open = false;
                self.exporting.sending = None;
                self.take_export(action, Input::Lost)
            }
            // Nobody tells an exporter that.
            Notice::Request => Ok(()),
        };
    }

    /// The hostile device lets the exporter in.
    pub(super) fn device_opens(&mut self) {
        self.exporting.open = true;
    }

    /// The hostile device is gone.
    pub(super) fn device_drops(&mut self) {
        self.exporting.open = false;
        self.exporting.sending = None;
    }

    /// Reads what has arrived.
    pub(super) fn read_export(&mut self, upto: u64) {
        let (bytes, start) = self.pipes[1].take_bytes();
        let arrived = usize::try_from(upto.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..arrived];
        while self.broken.is_none() && self.exporting.open && !self.exporting.deaf {
            let heard = self.exporting.inbox.next(&mut rest).map(|heard| heard.map(Thing::from));
            let end = start + (arrived - rest.len()) as u64;
            match heard {
                Ok(None) => break,
                Ok(Some(thing)) => self.hear_export(end, thing),
                Err(garbage) => {
                    self.exporting.deaf = garbage == Garbage::Frame;
                    self.hear_garbage_at_exporter();
                }
            }
        }
        if self.schedule.device.is_none() && self.exporting.open {
            self.pass_over(Side::Export, start + arrived as u64 + 1);
        }
        let deaf = self.exporting.deaf || !self.exporting.open;
        let taken = if deaf { arrived } else { arrived - rest.len() };
        self.pipes[1].put_back(bytes, taken);
    }

    fn hear_export(&mut self, end: u64, thing: Thing) {
        let (act, input) = match thing {
            Thing::Control(Control::Request(request)) => {
                let due = request.channel == CHANNEL && self.exporting.channel == Channel::Requested;
                match request.state {
                    // The importer has no channel to ask for.
                    RequestState::Request => return,
                    _ if !due => return,
                    RequestState::Accept => {
                        self.exporting.channel = Channel::Open;
                        self.exporting.inbox.open(CHANNEL);
                        (DeviceAct::Accept, Input::Accepted { peer_address: ADDRESS })
                    }
                    RequestState::Decline => {
                        self.exporting.channel = Channel::None;
                        (DeviceAct::Decline, Input::Declined)
                    }
                }
            }
            Thing::Control(Control::Version(_) | Control::Beacon(_) | Control::Unknown) | Thing::Rest => return,
            Thing::Message(message) => {
                let message = self.keep_password(message);
                (DeviceAct::Say(message), Input::Message(message))
            }
            Thing::Began => {
                self.exporting.inbox.stop_listening();
                (DeviceAct::Babble, Input::Malformed)
            }
            Thing::End => (DeviceAct::End, Input::Ended),
        };
        let action = if self.schedule.device.is_some() {
            Action::Device(act)
        } else {
            self.pass_over(Side::Export, end);
            self.pipes[1].take_item(end);
            Action::Deliver(Side::Export)
        };
        let _ = self.take_export(Some(action), input);
    }

    /// A password is kept, and named by its number; the lowest bit says whether it is right.
    fn keep_password(&mut self, message: Message<Secret>) -> Message {
        let (count, scheme) = (self.exporting.passwords, self.schedule.scheme);
        let message = message.map_password(|bytes| slot(count, bytes.as_bytes() == password(true, scheme)));
        if let Message::Password(_) = message {
            self.exporting.passwords += 1;
        }
        message
    }

    fn hear_garbage_at_exporter(&mut self) {
        let (act, input) = match self.exporting.channel {
            Channel::None | Channel::Requested => {
                self.device_drops();
                (Some(DeviceAct::Drop), Input::Lost)
            }
            // Behind its own end the exporter ignores it, and the model leaves it out.
            Channel::Open if self.said_end[1] => (None, Input::Malformed),
            Channel::Open => (Some(DeviceAct::Babble), Input::Malformed),
        };
        let _ = self.take_export(act.map(Action::Device), input);
    }

    /// The archive was tried to be opened.
    pub(super) fn opened(&mut self) {
        let Some(slot) = self.exporting.opening.take() else { return };
        let tried = match is_right(slot) {
            _ if self.importing.disk[DiskStep::Open as usize].take() => Tried::Unreadable,
            true => Tried::Opened,
            false => Tried::Wrong,
        };
        let _ = self.take_export(Some(Action::Opened(tried)), Input::Tried(slot, tried));
    }

    /// The next frame of the archive goes out; behind the last one all is handed over.
    pub(super) fn send_more(&mut self, generation: u32) {
        let Some(Sending { frames, bytes }) =
            self.exporting.sending.filter(|_| generation == self.exporting.generation)
        else {
            return;
        };
        if self.importing.disk[DiskStep::Send as usize].take() {
            self.exporting.sending = None;
            let _ = self.take_export(Some(Action::SendFailed), Input::SendFailed);
            return;
        }
        let (all, length) = self.schedule.archive;
        let last = frames + 1 >= all;
        if self.can_send(Side::Export) && self.schedule.device.is_none() {
            static TEXT: [u8; 1 << 16] = [b'h'; 1 << 16];
            let header = frame_header(CHANNEL, length);
            self.send(Side::Export, &[header.as_bytes(), &TEXT[..usize::from(length)]], last);
        }
        let out = bytes + u64::from(length);
        if out / PROGRESS_STEP > bytes / PROGRESS_STEP {
            let _ = self.take_export(None, Input::Progressed);
        }
        if self.exporting.sending.is_none() {
            return;
        }
        if last {
            self.exporting.sending = None;
            let _ = self.take_export(Some(Action::HandedOver), Input::HandedOver);
        } else {
            self.exporting.sending = Some(Sending { frames: frames + 1, bytes: out });
            self.queue.after(self.schedule.pace, Event::SendMore(generation));
        }
    }

    /// Carries out one effect of the exporter.
    pub(super) fn carry_out_export(&mut self, effect: Effect) {
        let hostile = self.schedule.device.is_some();
        match effect {
            Effect::Signal(_) => {}
            Effect::Arm(timer) => self.arm(Side::Export, timer),
            Effect::Disarm(timer) => self.clock.stop(Side::Export, timer),
            Effect::Connect if hostile => self.queue.after(self.schedule.work[1], Event::Device),
            Effect::Connect => {
                self.ends[1] = LinkEnd::Trying;
                if self.can_send(Side::Export) {
                    self.tell(Side::Import, Notice::Request);
                }
            }
            Effect::RequestChannel => {
                self.exporting.channel = Channel::Requested;
                let name = code(!self.schedule.typo).channel_name();
                let request = ChannelRequest { name, channel: CHANNEL, state: RequestState::Request };
                self.say_to_importer(&[&Control::Request(request).to_frame()]);
            }
            Effect::Send(message) => {
                // An exporter sends no password.
                let bytes = encode(&message.map_password(|_| Secret::from("")));
                let header = frame_header(CHANNEL, bytes.len() as u16);
                self.say_to_importer(&[header.as_bytes(), bytes.as_bytes()]);
            }
            Effect::Open(slot) => {
                self.exporting.opening = Some(slot);
                self.queue.after(self.schedule.work[2], Event::Opened);
            }
            Effect::SendArchive => {
                let (frames, length) = self.schedule.archive;
                let text = archive_header(u32::from(frames) * u32::from(length));
                let header = frame_header(CHANNEL, text.as_bytes().len() as u16);
                self.say_to_importer(&[header.as_bytes(), text.as_bytes()]);
                self.exporting.generation += 1;
                self.exporting.sending = Some(Sending { frames: 0, bytes: 0 });
                self.queue.after(self.schedule.pace, Event::SendMore(self.exporting.generation));
            }
            Effect::End => {
                self.exporting.sending = None;
                self.exporting.inbox.stop_listening();
                self.say_to_importer(&[end_of_channel(CHANNEL).as_bytes()]);
                self.said_end[1] = true;
            }
            Effect::Close => {
                self.exporting.sending = None;
                self.exporting.open = false;
                if hostile {
                    self.pipes[1].clear();
                } else {
                    self.close(Side::Export);
                }
            }
        }
    }

    fn say_to_importer(&mut self, pieces: &[&[u8]]) {
        // What is said to a hostile device, nobody reads.
        if self.schedule.device.is_none() && self.can_send(Side::Export) {
            self.send(Side::Export, pieces, true);
        }
    }
}
