//! What is around the exporting reducer: its connection, and the archive.

use handfast::{
    buffer::Buffer,
    connection::{Connection, Kind, Phase},
    export::{Effect, Input, Tried},
    limits::PROGRESS_STEP,
    message::{Message, Slot},
    mux::FIRST_SERVER_CHANNEL,
    outcome::Side,
    secret::Secret,
};
use handfast_model::{
    action::{Action, DeviceAct},
    side::{ExportSide, ImportSide},
    world::{ADDRESS, is_right, slot},
};

use super::{
    heard::{Thing, receive},
    import::code,
    judge::Law,
    link::transmit,
    people::password,
    pipe::Notice,
    schedule::{DiskStep, Errand},
    session::{Event, Party, Session, Whose},
};

/// The session's channel.
pub(super) const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

/// The exporting device around its reducer.
pub(super) struct Exporting {
    connection: Connection,
    open: bool,
    /// The archive is being opened with this password.
    opening: Option<Slot>,
    /// Passwords that came.
    pub(super) passwords: u8,
    sending: Option<Sending>,
    /// Counts archives that are sent, so that what is planned for one is not done for another.
    generation: u32,
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
            connection: Connection::exporter(),
            open: false,
            opening: None,
            passwords: 0,
            sending: None,
            generation: 0,
        }
    }

    /// Another attempt to connect begins.
    pub(super) fn begin(&mut self) {
        (self.connection, self.open) = (Connection::exporter(), false);
    }

    /// Whether the channel is asked for, and not answered.
    pub(super) fn asks(&self) -> bool {
        self.connection.place().phase == Phase::Requested
    }

    pub(super) const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
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
                self.transmit_export(line, false);
                self.take_export(line, action, Input::Opened { pinned: true })
            }
            Notice::Refused => self.take_export(line, action, Input::Failed),
            Notice::Absent => self.take_export(line, action, Input::Unreachable),
            Notice::Lost => {
                self.lines[line].exporting.open = false;
                self.lines[line].exporting.sending = None;
                self.take_export(line, action, Input::Lost)
            }
            // No one tells an exporter that.
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
        while self.broken.is_none() && self.lines[line].exporting.open && self.reads(line, Side::Export) {
            let rows = self.rows_of(Side::Export);
            let connection = &mut self.lines[line].exporting.connection;
            let Some(thing) = receive(connection, &mut rest, Side::Export, rows.then_some(&mut self.received)) else {
                break;
            };
            let end = start + (arrived - rest.len()) as u64;
            self.hear_export(line, end, thing);
        }
        let reads = self.reads(line, Side::Export);
        if !reads {
            self.queue.after(1, Event::ArriveAtExporter(line, upto));
        }
        if self.schedule.device.is_none() && self.lines[line].exporting.open && reads {
            self.pass_over(line, Side::Export, start + arrived as u64 + 1);
        }
        let taken = if self.lines[line].exporting.open { arrived - rest.len() } else { arrived };
        self.lines[line].pipes[1].put_back(bytes, taken);
        self.transmit_export(line, false);
        if self.schedule.device.is_some() && self.lines[line].exporting.open && !self.is_old(Side::Export) {
            let read = self.lines[line].pipes[1].read();
            if let Some(text) = self.people.ledger.wrong(&self.lines[line].exporting.connection, read) {
                self.break_law(Law::Answered, format!("export: {text}"));
            }
        }
    }

    fn hear_export(&mut self, line: usize, end: u64, thing: Thing) {
        let (act, input) = match thing {
            Thing::Accepted => (DeviceAct::Accept, Input::Accepted { peer_address: ADDRESS }),
            Thing::Declined => (DeviceAct::Decline, Input::Declined),
            // An exporter is asked for no channel, and takes no archive.
            Thing::Asked(_) | Thing::Began | Thing::Slice { .. } | Thing::Complete => return,
            Thing::Message(message) => {
                let message = self.keep_password(line, message);
                (DeviceAct::Say(message), Input::Message(message))
            }
            Thing::End => (DeviceAct::End, Input::Ended),
            Thing::Malformed | Thing::Lost => return self.hear_garbage_at_exporter(line, matches!(thing, Thing::Lost)),
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

    fn hear_garbage_at_exporter(&mut self, line: usize, lost: bool) {
        let (act, input) = if lost {
            self.device_drops();
            (Some(DeviceAct::Drop), Input::Lost)
        } else {
            // After its own end the exporter ignores it, and the model leaves it out.
            let ended = self.lines[line].exporting.connection.has_ended();
            ((!ended).then_some(DeviceAct::Babble), Input::Malformed)
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

    /// The next frame of the archive goes out; after the last one all is handed over.
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
            self.command(Whose::Export(line), Kind::FinishArchive, Connection::finish_archive);
            let _ = self.take_export(line, Some(Action::HandedOver), Input::HandedOver);
        } else {
            self.lines[line].exporting.sending = Some(Sending { frames: frames + 1, bytes: out });
            self.queue.after(self.schedule.pace, Event::SendMore(line, generation));
        }
    }

    /// A frame of the archive.
    fn send_frame(&mut self, line: usize, last: bool) {
        let buffer = Buffer::from(vec![b'h'; self.schedule.archive.1.into()]);
        self.command(Whose::Export(line), Kind::Archive, |connection| connection.archive(buffer));
        self.transmit_export(line, last);
        self.lines[line].exporting.connection.used_up();
    }

    /// An old exporter hands the archive over in one call.
    fn send_at_once(&mut self, line: usize) {
        let frames = self.schedule.archive.0;
        (1..=frames).for_each(|frame| self.send_frame(line, frame == frames));
        self.command(Whose::Export(line), Kind::FinishArchive, Connection::finish_archive);
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
                // What was sent on the connection before is lost with it.
                self.lines[line].pipes[1].clear();
                self.people.ledger.renew();
                self.people.device_gone = false;
                self.queue.after(self.schedule.work[1], Event::Device);
            }
            Effect::Connect => {
                let served = self.importing.session == Some(line);
                self.lines[line].begin(served);
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
                let name = code(line > 0 || !self.schedule.typo).channel_name();
                self.command(Whose::Export(line), Kind::RequestChannel, |connection| connection.request_channel(name));
                self.transmit_export(line, true);
            }
            Effect::Send(message) => {
                // An exporter sends no password.
                let message = message.map_password(|_| Secret::from(""));
                self.command(Whose::Export(line), Kind::Send, |connection| connection.send(&message));
                self.transmit_export(line, true);
            }
            Effect::Open(slot) => {
                self.lines[line].exporting.opening = Some(slot);
                self.queue.after(self.schedule.work[2], Event::Opened(line));
            }
            Effect::SendArchive => {
                let (frames, length) = self.schedule.archive;
                let length = u32::from(frames) * u32::from(length);
                let begun = self
                    .command(Whose::Export(line), Kind::BeginArchive, |connection| connection.begin_archive(length));
                self.transmit_export(line, true);
                if !begun {
                    return;
                }
                if self.is_old(Side::Export) {
                    return self.send_at_once(line);
                }
                self.lines[line].exporting.generation += 1;
                self.lines[line].exporting.sending = Some(Sending { frames: 0, bytes: 0 });
                self.queue.after(self.schedule.pace, Event::SendMore(line, self.lines[line].exporting.generation));
            }
            Effect::End => {
                self.lines[line].exporting.sending = None;
                self.command(Whose::Export(line), Kind::EndChannel, Connection::end);
                self.transmit_export(line, true);
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

    /// Transmits what waits on the exporter's connection. `item`: it completes one. A hostile device only counts its answers.
    fn transmit_export(&mut self, line: usize, item: bool) {
        let bytes = transmit(&mut self.lines[line].exporting.connection);
        if self.schedule.device.is_some() {
            self.people.ledger.take(&bytes);
        } else if !bytes.is_empty() && self.lines[line].can_send(Side::Export) {
            self.send(line, Side::Export, &bytes, item);
        }
    }
}
