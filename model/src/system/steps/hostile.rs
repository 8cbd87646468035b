//! The steps of callers and of a hostile device: the ones that each can take where it stands, and what they hand to a reducer.

use handfast::{
    export,
    import::{self, Ask},
    message::Message,
    outcome::AccountId,
    reducer::ConnId,
};

use super::words::{EVERY_WORD, EVERY_WORD_OF_SAS, TO_EXPORTER, TO_IMPORTER};
use crate::system::{
    Aim,
    action::{Action, CallerAct, Chain, DeviceAct},
    config::{Configuration, Player},
    world::{ADDRESS, Caller, Device, HONEST, INTRUDER, Kind, Stage, World, caller_conn, caller_index, slot},
};

impl World {
    /// The actions of callers and a hostile device, and of requests that come again.
    pub(crate) fn hostile(&self, configuration: &Configuration, actions: &mut Vec<Action>) {
        // Callers of a kind are alike: they come in order.
        let fresh = |kind| {
            let mut indices = 0..self.callers.len();
            indices.find(|&index| self.kind(index) == kind && self.comes(self.callers[index].stage))
        };
        let alone = |caller: &Caller| matches!(caller.stage, Stage::Away | Stage::Gone);
        let blocked = configuration.single_file && !self.callers.iter().all(alone);
        let next = [Kind::Intruder, Kind::Stranger, Kind::Repeated].map(fresh);
        for (index, caller) in self.callers.iter().enumerate() {
            if !self.comes(caller.stage) || !blocked && next.contains(&Some(index)) {
                let conn = caller_conn(index);
                self.caller_acts(caller, self.kind(index), |act| actions.push(Action::Caller(conn.0, act)));
            }
        }
        if let Some(device) = self.device {
            self.device_acts(device, |act| actions.push(Action::Device(act)));
        }
    }

    /// Whether a caller is one that can come now. In a crowd those come again that are gone, as long as there is something to come for.
    fn comes(&self, stage: Stage) -> bool {
        stage == Stage::Away || stage == Stage::Gone && self.crowd.is_some() && self.seen.import.session.is_none()
    }

    fn caller_acts(&self, caller: &Caller, kind: Kind, mut act: impl FnMut(CallerAct)) {
        match caller.stage {
            Stage::Away if kind == Kind::Repeated && !self.may_repeat() => {}
            Stage::Away if self.seen.import.is_up() => act(CallerAct::Request),
            Stage::Gone if self.comes(Stage::Gone) && self.seen.import.is_up() => act(CallerAct::Request),
            Stage::Requested if kind == Kind::Repeated => act(CallerAct::Fail),
            Stage::Requested | Stage::Answered => {
                act(CallerAct::Fail);
                if self.crowd.is_some() && caller.stage == Stage::Requested {
                    act(CallerAct::Answer);
                }
                act(CallerAct::Prove(Chain::Own));
                if kind == Kind::Intruder {
                    act(CallerAct::Prove(Chain::Forged));
                }
            }
            Stage::Open => {
                if kind == Kind::Intruder {
                    act(CallerAct::Ask(Ask::Right));
                }
                if self.left.asks > 0 {
                    act(CallerAct::Ask(Ask::Wrong));
                    act(CallerAct::Ask(Ask::Other));
                }
                act(CallerAct::Drop);
            }
            Stage::Session => {
                if self.left.words > 0 {
                    self.words(&TO_IMPORTER).for_each(|message| act(CallerAct::Say(message)));
                    act(CallerAct::Babble);
                    act(CallerAct::Begin);
                }
                self.further_asks(&mut act);
                act(CallerAct::End);
                act(CallerAct::Drop);
            }
            Stage::Sending => {
                act(CallerAct::Complete);
                act(CallerAct::End);
                act(CallerAct::Drop);
            }
            Stage::Ended => {
                // The importer has ended the channel, and waits for the other end.
                if self.seen.import.done.is_some() && self.cast.import == Player::Hardened {
                    self.further_asks(&mut act);
                    act(CallerAct::End);
                }
                act(CallerAct::Drop);
            }
            Stage::Away | Stage::Asked | Stage::Gone => {}
        }
    }

    /// The messages of a hostile peer: one of each kind that matters, or every value. Passwords for an exporter are right or wrong, and apart.
    fn words(&self, few: &'static [Message]) -> impl Iterator<Item = Message> + use<> {
        let to_exporter = few.len() == TO_EXPORTER.len();
        let every = self.every_word.then(|| EVERY_WORD.iter().chain(&EVERY_WORD_OF_SAS));
        let every =
            every.into_iter().flatten().filter(move |word| !(to_exporter && matches!(word, Message::Password(_))));
        let few = if self.every_word { &[] } else { few };
        few.iter().chain(every).copied()
    }

    /// The session's peer can ask for other channels. Old importers were observed without that.
    fn further_asks(&self, act: &mut impl FnMut(CallerAct)) {
        if self.left.asks > 0 && self.cast.import == Player::Hardened {
            act(CallerAct::Ask(Ask::Wrong));
            act(CallerAct::Ask(Ask::Other));
        }
    }

    fn device_acts(&self, device: Device, mut act: impl FnMut(DeviceAct)) {
        match device.stage {
            Stage::Requested => {
                act(DeviceAct::Open { pinned: true });
                act(DeviceAct::Open { pinned: false });
                act(DeviceAct::Drop);
            }
            Stage::Asked => {
                act(DeviceAct::Accept);
                act(DeviceAct::Decline);
                act(DeviceAct::Drop);
            }
            Stage::Session => {
                if self.left.words > 0 {
                    self.words(&TO_EXPORTER).for_each(|message| act(DeviceAct::Say(message)));
                    for right in [false, true] {
                        act(DeviceAct::Say(Message::Password(slot(device.passwords, right))));
                    }
                    act(DeviceAct::Babble);
                }
                act(DeviceAct::End);
                act(DeviceAct::Drop);
            }
            Stage::Ended => {
                act(DeviceAct::End);
                act(DeviceAct::Drop);
            }
            Stage::Away | Stage::Answered | Stage::Open | Stage::Sending | Stage::Gone => {}
        }
    }

    pub(super) fn caller_does(&mut self, conn: ConnId, act: CallerAct) -> Option<Aim> {
        use import::Input as I;
        match act {
            CallerAct::Ask(Ask::Wrong | Ask::Other) => self.left.asks = self.left.asks.checked_sub(1)?,
            CallerAct::Say(_) | CallerAct::Babble | CallerAct::Begin => {
                self.left.words = self.left.words.checked_sub(1)?;
            }
            _ => {}
        }
        let staged = self.import.staged.as_mut().filter(|staged| staged.from == conn && !staged.whole);
        // An archive that was not staged ends unheard.
        let unheard = match staged {
            _ if self.cast.import == Player::Legacy => false,
            Some(staged) if act == CallerAct::Complete => std::mem::replace(&mut staged.whole, true),
            _ => act == CallerAct::Complete,
        };
        match act {
            CallerAct::Request => self.overtake(Stage::Requested)?,
            CallerAct::Prove(_) => self.overtake(Stage::Open)?,
            _ => {}
        }
        let came = (self.seen.import.signalled, self.seen.export.signalled);
        let again = act == CallerAct::Request && self.kind(caller_index(conn)?) == Kind::Repeated;
        self.left.duplicates = self.left.duplicates.checked_sub(again.into())?;
        let caller = self.caller_mut(conn)?;
        if again {
            caller.came = Some(came);
        }
        let at = caller.stage;
        caller.stage = match act {
            CallerAct::Fail | CallerAct::Drop => Stage::Gone,
            CallerAct::Answer => Stage::Answered,
            CallerAct::Prove(_) => Stage::Open,
            CallerAct::Begin => Stage::Sending,
            CallerAct::Complete => Stage::Session,
            CallerAct::End => Stage::Ended,
            CallerAct::Request | CallerAct::Ask(_) | CallerAct::Say(_) | CallerAct::Babble => at,
        };
        if unheard {
            return Some(Aim::Neither);
        }
        if caller.stage == Stage::Gone {
            caller.wrong_codes = 0;
        }
        Some(Aim::Import(match act {
            CallerAct::Request => I::ConnectionRequested(conn),
            CallerAct::Answer => I::ConnectionAnswered(conn),
            CallerAct::Fail => I::ConnectionFailed(conn),
            CallerAct::Prove(chain) => {
                let (account, verified): (AccountId, bool) = match chain {
                    Chain::Own => (INTRUDER, true),
                    Chain::Forged => (HONEST, false),
                    Chain::Same => (HONEST, true),
                };
                (caller.chain, caller.proved) = (Some(account), verified);
                I::ConnectionOpened { conn, presented: Some(account), verified }
            }
            CallerAct::Ask(ask) => I::ChannelRequested(conn, ask),
            CallerAct::Say(message) => I::Message(conn, message),
            CallerAct::Babble => I::Malformed(conn),
            CallerAct::Begin => I::ArchiveBegan(conn),
            CallerAct::Complete => I::ArchiveComplete(conn),
            CallerAct::End => I::ChannelEnded(conn),
            CallerAct::Drop => I::ConnectionLost(conn),
        }))
    }

    pub(super) fn device_does(&mut self, act: DeviceAct) -> Option<export::Input> {
        use export::Input as E;
        if matches!(act, DeviceAct::Say(_) | DeviceAct::Babble) {
            self.left.words = self.left.words.checked_sub(1)?;
        }
        let device = self.device.as_mut()?;
        let at = device.stage;
        match act {
            DeviceAct::Open { .. } => device.stage = Stage::Open,
            DeviceAct::Accept => device.stage = Stage::Session,
            DeviceAct::Say(Message::Password(_)) => device.passwords += 1,
            DeviceAct::End if device.stage == Stage::Ended => device.stage = Stage::Gone,
            DeviceAct::End => device.stage = Stage::Ended,
            DeviceAct::Drop => {
                device.stage = Stage::Gone;
                self.export.sending = false;
            }
            DeviceAct::Decline | DeviceAct::Say(_) | DeviceAct::Babble => {}
        }
        Some(match act {
            DeviceAct::Open { pinned } => E::Opened { pinned },
            DeviceAct::Accept => E::Accepted { peer_address: ADDRESS },
            DeviceAct::Decline => E::Declined,
            DeviceAct::Say(message) => E::Message(message),
            DeviceAct::Babble => E::Malformed,
            DeviceAct::End => E::Ended,
            DeviceAct::Drop if at == Stage::Requested => E::Failed,
            DeviceAct::Drop => E::Lost,
        })
    }
}
