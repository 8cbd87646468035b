//! The steps of the exporting device: its connection, and the archive.

use handfast::{
    buffer::Buffer,
    connection::{Connection, Kind},
    export::{Effect, Input, Tried},
    limits::PROGRESS_STEP,
    message::{Message, Slot},
    outcome::Side,
    secret::Secret,
};
use handfast_model::{
    action::{Action, DeviceAct},
    side::{ExportSide, ImportSide},
    world::{ADDRESS, is_right, slot},
};

use crate::event::{
    compare::{comparison, filled, handled, has_value},
    schedule::{DiskStep, Errand},
    session::Session,
    state::{
        event::{Event, Party, Whose},
        exporter::Sending,
        importer::code,
        law::Law,
        pipe::Notice,
        users::password,
        wire::{Received, receive, transmit},
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(crate) fn notice_export(&mut self, link: usize, notice: Notice) {
        let action = Some(Action::Deliver(Side::Export));
        let _ = match notice {
            Notice::Opened => {
                self.opens_connection(link);
                self.transmit_export(link, false);
                self.take_export(link, action, Input::Opened { pinned: true })
            }
            Notice::Refused => self.take_export(link, action, Input::Failed),
            Notice::Absent => self.take_export(link, action, Input::Unreachable),
            Notice::Lost => {
                self.links[link].exporting.open = false;
                self.links[link].exporting.sending = None;
                self.take_export(link, action, Input::Lost)
            }
            // An exporter has no input for that.
            Notice::Request => Ok(()),
        };
    }

    /// The exporter's connection is there.
    fn opens_connection(&mut self, link: usize) {
        let compares = self.schedule.compares(Side::Export) && !self.is_legacy(Side::Export);
        let own = &mut self.links[link].exporting;
        (own.open, own.comparison) = (true, compares.then(|| comparison(Side::Export, link)));
        own.connecting = false;
    }

    /// The hostile device lets the exporter in.
    pub(crate) fn device_opens(&mut self) {
        self.opens_connection(0);
        self.users.device_compares = Some(comparison(Side::Import, 0));
    }

    /// The hostile device is gone.
    pub(crate) fn device_drops(&mut self) {
        let exporting = &mut self.links[0].exporting;
        (exporting.open, exporting.sending, exporting.connecting) = (false, None, false);
    }

    /// Reads what has arrived.
    pub(crate) fn read_export(&mut self, link: usize, upto: u64) {
        if !self.reads(link, Side::Export) {
            return self.queue.after(1, Event::ArriveAtExporter(link, upto));
        }
        let (bytes, start) = self.links[link].pipes[1].take_bytes();
        let arrived = usize::try_from(upto.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..arrived];
        while self.broken.is_none() && self.links[link].exporting.open && self.reads(link, Side::Export) {
            let rows = self.rows_of(Side::Export);
            let connection = &mut self.links[link].exporting.connection;
            let Some(thing) = receive(connection, &mut rest, Side::Export, rows.then_some(&mut self.received)) else {
                break;
            };
            let end = start + (arrived - rest.len()) as u64;
            let thing = if link == 0 { self.unpacked(Side::Export, start, end, thing) } else { thing };
            self.receive_export(link, end, thing);
        }
        let reads = self.reads(link, Side::Export);
        if !reads {
            self.queue.after(1, Event::ArriveAtExporter(link, upto));
        }
        if self.schedule.device.is_none() && self.links[link].exporting.open && reads {
            self.pass_over(link, Side::Export, start + arrived as u64 + 1);
        }
        let taken = if self.links[link].exporting.open { arrived - rest.len() } else { arrived };
        self.links[link].pipes[1].put_back(bytes, taken);
        self.transmit_export(link, false);
        if self.schedule.device.is_some() && self.links[link].exporting.open && !self.is_legacy(Side::Export) {
            let read = self.links[link].pipes[1].read();
            if let Some(text) = self.users.ledger.wrong(&self.links[link].exporting.connection, read) {
                self.break_law(Law::Answered, format!("export: {text}"));
            }
        }
    }

    fn receive_export(&mut self, link: usize, end: u64, thing: Received) {
        if self.links[link].exporting.connection.has_ended() && thing.is_data() && !self.is_legacy(Side::Export) {
            return self.break_law(Law::Model, "export: data is received after its own end of the channel".into());
        }
        let (act, input) = match thing {
            Received::Accepted => (DeviceAct::Accept, Input::Accepted { peer_address: ADDRESS }),
            Received::Declined => (DeviceAct::Decline, Input::Declined),
            // An exporter is asked for no channel, and takes no archive.
            Received::Asked(_) | Received::Began(_) | Received::Slice { .. } | Received::Complete => return,
            Received::Message(message) => {
                if self.links[link].exporting.comparison.as_mut().is_some_and(|own| !own.take(&message)) {
                    return self.receive_garbage_at_exporter(link, false);
                }
                let message = self.keep_password(link, message);
                (DeviceAct::Say(message), Input::Message(message))
            }
            Received::End => (DeviceAct::End, Input::Ended),
            Received::Malformed | Received::Lost => {
                return self.receive_garbage_at_exporter(link, matches!(thing, Received::Lost));
            }
        };
        let action = if self.schedule.device.is_some() {
            Action::Device(act)
        } else {
            self.pass_over(link, Side::Export, end);
            self.links[link].pipes[1].take_item(end);
            Action::Deliver(Side::Export)
        };
        let _ = self.take_export(link, Some(action), input);
    }

    /// A password is kept, and has the name that it had on the other side; a hostile device's is named by its number. The lowest bit
    /// says whether it is right.
    fn keep_password(&mut self, link: usize, message: Message<Secret>) -> Message {
        if has_value(&message) {
            return handled(message, Slot::NONE);
        }
        let scheme = self.schedule.scheme;
        let own = &mut self.links[link];
        message.map_password(|bytes| {
            let right = bytes.as_bytes() == password(true, scheme);
            let name = own.slots.pop_front().unwrap_or_else(|| slot(own.exporting.passwords, right));
            own.exporting.passwords += 1;
            if is_right(name) == right { name } else { slot(u8::MAX >> 1, right) }
        })
    }

    fn receive_garbage_at_exporter(&mut self, link: usize, lost: bool) {
        let (act, input) = if lost {
            self.device_drops();
            (Some(DeviceAct::Drop), Input::Lost)
        } else {
            // After its own end the exporter ignores it, and the model leaves it out.
            let ended = self.links[link].exporting.connection.has_ended();
            ((!ended).then_some(DeviceAct::Babble), Input::Malformed)
        };
        let _ = self.take_export(link, act.map(Action::Device), input);
    }

    /// The archive was tried to be opened.
    pub(crate) fn opened(&mut self, link: usize) {
        let Some(slot) = self.links[link].exporting.opening.take() else { return };
        let tried = match is_right(slot) {
            _ if self.importing.disk[DiskStep::Open as usize].take() => Tried::Unreadable,
            true => Tried::Opened,
            false => Tried::Wrong,
        };
        let _ = self.take_export(link, Some(Action::Opened(tried)), Input::Tried(slot, tried));
    }

    /// The next frame of the archive goes out; after the last one all is handed over.
    pub(crate) fn send_more(&mut self, link: usize, generation: u32) {
        let exporting = &self.links[link].exporting;
        let sending = exporting.sending.filter(|_| generation == exporting.generation);
        let Some(Sending { frames, bytes }) = sending else { return };
        if self.importing.disk[DiskStep::Send as usize].take() {
            self.links[link].exporting.sending = None;
            let _ = self.take_export(link, Some(Action::SendFailed), Input::SendFailed);
            return;
        }
        let (all, length) = self.schedule.archive;
        let last = frames + 1 >= all;
        self.send_frame(link, last);
        let out = bytes + u64::from(length);
        if out / PROGRESS_STEP > bytes / PROGRESS_STEP {
            let _ = self.take_export(link, None, Input::Progressed);
        }
        if self.links[link].exporting.sending.is_none() {
            return;
        }
        if last {
            self.links[link].exporting.sending = None;
            self.command(Whose::Export(link), Kind::FinishArchive, Connection::finish_archive);
            let _ = self.take_export(link, Some(Action::HandedOver), Input::HandedOver);
        } else {
            self.links[link].exporting.sending = Some(Sending { frames: frames + 1, bytes: out });
            self.queue.after(self.schedule.pace, Event::SendMore(link, generation));
        }
    }

    /// A frame of the archive.
    fn send_frame(&mut self, link: usize, last: bool) {
        let buffer = Buffer::from(vec![b'h'; self.schedule.archive.1.into()]);
        self.command(Whose::Export(link), Kind::Archive, |connection| connection.archive(buffer));
        self.transmit_export(link, last);
        self.links[link].exporting.connection.used_up();
    }

    /// An old exporter hands the archive over in one call.
    fn send_at_once(&mut self, link: usize) {
        let frames = self.schedule.archive.0;
        (1..=frames).for_each(|frame| self.send_frame(link, frame == frames));
        self.command(Whose::Export(link), Kind::FinishArchive, Connection::finish_archive);
    }

    /// Carries out one effect of the exporter.
    pub(crate) fn carry_out_export(&mut self, link: usize, effect: Effect) {
        let hostile = self.schedule.device.is_some();
        match effect {
            Effect::Signal(_) => {}
            Effect::Arm(timer) => self.arm(Party::Export(link), timer),
            Effect::Disarm(timer) => self.clock.stop(Party::Export(link), timer),
            Effect::Connect if hostile => {
                self.links[link].exporting.begin();
                // Earlier bytes on the connection are lost with it.
                self.links[link].pipes[1].clear();
                self.users.ledger.renew();
                self.users.device_gone = false;
                self.queue.after(self.schedule.work[1], Event::Device);
            }
            Effect::Connect => {
                let served = self.importing.session == Some(link);
                self.links[link].begin(served);
                if link == 0
                    && let Some(ms) = self.importing.slow[Errand::Request as usize].take()
                {
                    self.links[link].pipes[0].held = self.queue.now() + u64::from(ms);
                }
                if self.links[link].can_send(Side::Export) {
                    self.notify(link, Side::Import, Notice::Request);
                }
            }
            Effect::RequestChannel => {
                let name = code(link > 0 || !self.schedule.typo).channel_name();
                self.command(Whose::Export(link), Kind::RequestChannel, |connection| connection.request_channel(name));
                self.transmit_export(link, true);
            }
            Effect::Send(message) => {
                // An exporter sends no password.
                let message = filled(self.links[link].exporting.comparison.as_ref(), message, b"");
                self.command(Whose::Export(link), Kind::Send, |connection| connection.send(&message));
                self.transmit_export(link, true);
            }
            Effect::Open(slot) => {
                self.links[link].exporting.opening = Some(slot);
                self.queue.after(self.schedule.work[2], Event::Opened(link));
            }
            Effect::SendArchive => {
                let (frames, length) = self.schedule.archive;
                let length = u32::from(frames) * u32::from(length);
                let begun = self
                    .command(Whose::Export(link), Kind::BeginArchive, |connection| connection.begin_archive(length));
                self.transmit_export(link, true);
                if !begun {
                    return;
                }
                if self.is_legacy(Side::Export) {
                    return self.send_at_once(link);
                }
                self.links[link].exporting.generation += 1;
                self.links[link].exporting.sending = Some(Sending { frames: 0, bytes: 0 });
                self.queue.after(self.schedule.pace, Event::SendMore(link, self.links[link].exporting.generation));
            }
            Effect::End => {
                self.links[link].exporting.sending = None;
                self.command(Whose::Export(link), Kind::EndChannel, Connection::end);
                self.transmit_export(link, true);
                self.links[link].said_end[1] = true;
            }
            Effect::Close => {
                let exporting = &mut self.links[link].exporting;
                (exporting.open, exporting.sending, exporting.connecting) = (false, None, false);
                if hostile {
                    self.links[link].pipes[1].clear();
                } else {
                    self.close(link, Side::Export);
                }
            }
        }
    }

    /// Transmits what waits on the exporter's connection. `item`: it completes one. A hostile device only counts its answers.
    fn transmit_export(&mut self, link: usize, item: bool) {
        let bytes = transmit(&mut self.links[link].exporting.connection);
        if self.schedule.device.is_some() {
            self.users.ledger.take(&bytes);
        } else if !bytes.is_empty() && self.links[link].can_send(Side::Export) {
            self.send(link, Side::Export, &bytes, item);
        }
    }
}
