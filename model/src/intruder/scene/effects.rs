//! The effects of a side after an input, carried out as its shell would.

use handfast::{
    export::{self, Tried},
    import::{self, Check},
    message::{Message, Verdict},
    outcome::{Scheme, Side as On, Signal},
    reducer::{ConnId, Refused},
};

use crate::{
    intruder::{
        queries::Weakness,
        scene::{Channel, EMPTY, Item, PASSWORD, Peer, Prompt, State, account, owner},
        situation::Situation,
        terms::{Owner, Party, Payload, Term},
    },
    system::{
        side::Side,
        world::{ADDRESS, PEER},
    },
};

/// Wrong codes that a token answers (R-TOK-5), stated here a second time.
const CODES_ANSWERED: u8 = 16;
/// Wrong passwords that an exporter answers (R-EXP-6), stated here a second time.
const PASSWORDS_ANSWERED: u8 = 3;

impl State {
    /// Gives the importer an input, and does what its shell would do, up to where it waits for others. `of` is the account of an
    /// archive that arrives. Returns the effects of the input itself.
    ///
    /// # Errors
    /// The call is refused.
    pub(in crate::intruder) fn give_import(
        &mut self,
        input: import::Input,
        of: Option<Owner>,
    ) -> Result<Vec<import::Effect>, Refused> {
        let effects = self.import.take(input)?;
        self.do_import(input.conn(), Some(input), &effects, of);
        if let import::Input::ConnectionLost(conn) | import::Input::ChannelEnded(conn) = input {
            self.scene.end_session(conn);
        }
        Ok(effects)
    }

    /// Does what the importer's shell would do with these effects.
    pub(in crate::intruder) fn do_import(
        &mut self,
        conn: Option<ConnId>,
        input: Option<import::Input>,
        effects: &[import::Effect],
        of: Option<Owner>,
    ) {
        use import::Effect as E;
        for &effect in effects {
            let scene = &mut self.scene;
            let follows = match effect {
                E::Publish => Some(import::Input::Published),
                E::Check => scene.staged.map(|(_, of)| import::Input::Checked(Check::Sound(account(of)))),
                E::Install => {
                    scene.install();
                    Some(import::Input::Installed(true))
                }
                E::Stage(_) => {
                    scene.staged = conn.zip(of);
                    None
                }
                E::Discard => {
                    scene.staged = None;
                    None
                }
                E::Signal(Signal::Prompt { peer, scheme, .. }) => {
                    let shown = owner(peer);
                    scene.prompt = conn.map(|conn| Prompt { conn, shown, scheme });
                    let proved = conn.and_then(|conn| scene.proved(conn));
                    scene.weaknesses.note(Weakness::Forged, shown == Some(Owner::Honest) && proved != shown);
                    None
                }
                E::Signal(Signal::CompareAccount { .. }) => {
                    scene.compares_account = conn;
                    None
                }
                E::Signal(Signal::Done(outcome)) => {
                    scene.import_done(outcome);
                    None
                }
                E::AcceptChannel(conn) => {
                    scene.begin_session(conn);
                    match conn {
                        PEER => scene.send_exporter(Item::Accepted),
                        _ => scene.caller.channel = Channel::Open,
                    }
                    None
                }
                E::DeclineChannel(conn) => {
                    match conn {
                        PEER => scene.send_exporter(Item::Declined),
                        _ => scene.caller.channel = Channel::Absent,
                    }
                    // An answer says something of the code as long as the right one would have another.
                    let waits = scene.sessions.is_empty() && !scene.spent && !scene.over;
                    if waits && matches!(input, Some(import::Input::ChannelRequested(_, import::Ask::Wrong))) {
                        scene.codes = (scene.codes + 1).min(CODES_ANSWERED + 1);
                        let unlimited = scene.codes > CODES_ANSWERED;
                        scene.facts.codes_unlimited |= unlimited;
                        scene.weaknesses.note(Weakness::Unlimited, unlimited);
                    }
                    None
                }
                E::Send(conn, message) => {
                    if let Message::Password(PASSWORD) = message {
                        scene.learn(if conn == PEER { Term::Sealed(Payload::Password) } else { Term::Password });
                    }
                    if conn == PEER {
                        scene.send_exporter(Item::Message(message));
                    }
                    None
                }
                E::End(conn) => {
                    scene.end_session(conn);
                    match conn {
                        PEER => scene.send_exporter(Item::End),
                        _ => scene.caller.channel = Channel::Ended,
                    }
                    None
                }
                E::Close(PEER) => {
                    scene.end_session(PEER);
                    scene.send_exporter(Item::Lost);
                    None
                }
                E::Close(_) => {
                    scene.end_call();
                    None
                }
                E::Signal(_) | E::Withdraw | E::Accept(_) | E::Refuse(_) | E::Arm(_) | E::Disarm(_) | E::Remove => None,
            };
            if let Some(input) = follows
                && let Ok(effects) = self.import.take(input)
            {
                self.do_import(conn.or(self.scene.staged.map(|(conn, _)| conn)), Some(input), &effects, of);
            }
        }
    }

    /// Gives the exporter an input, and does what its shell would do.
    ///
    /// # Errors
    /// The call is refused.
    pub(in crate::intruder) fn give_export(
        &mut self,
        situation: &Situation,
        input: export::Input,
    ) -> Result<Vec<export::Effect>, Refused> {
        let effects = self.export.take(input)?;
        self.do_export(situation, &effects);
        // Today's exporter takes the steps of its own at once: they only put off what the intruder cannot change.
        while let Some(&step) = self.export.inner().first() {
            let effects = self.export.advance(step);
            self.do_export(situation, &effects);
        }
        Ok(effects)
    }

    /// Does what the exporter's shell would do with these effects.
    pub(in crate::intruder) fn do_export(&mut self, situation: &Situation, effects: &[export::Effect]) {
        use export::Effect as E;
        for &effect in effects {
            let scene = &mut self.scene;
            let elsewhere = matches!(scene.wire.peer, Peer::Intruder(_));
            let follows = match effect {
                E::Connect => {
                    scene.wire.peer = Peer::Awaited;
                    None
                }
                E::RequestChannel => {
                    let scanned = situation.start.scanned();
                    if elsewhere {
                        scene.wire.peer = Peer::Intruder(Channel::Asked);
                        scene.learn(Term::Code(scanned));
                        scene.weaknesses.note(Weakness::Unpinned, scanned != Party::Intruder);
                    } else {
                        scene.learn(Term::Sealed(Payload::Code));
                        scene.send_importer(Item::Request);
                    }
                    None
                }
                E::Send(message) => {
                    if elsewhere && matches!(message, Message::Verdict(Verdict::Wrong | Verdict::Final)) {
                        scene.passwords = (scene.passwords + 1).min(PASSWORDS_ANSWERED + 1);
                        let uncounted = scene.passwords > PASSWORDS_ANSWERED;
                        scene.facts.passwords_unlimited |= uncounted || !scene.confirmed;
                        scene.weaknesses.note(Weakness::Uncounted, uncounted);
                    }
                    scene.send_importer(Item::Message(message));
                    None
                }
                E::Open(slot) => {
                    scene.weaknesses.note(Weakness::Unconfirmed, !scene.confirmed);
                    let right = if situation.scheme == Scheme::None { EMPTY } else { PASSWORD };
                    let tried = if slot == right { Tried::Opened } else { Tried::Wrong };
                    Some(export::Input::Tried(slot, tried))
                }
                E::SendArchive => {
                    scene.facts.sent_elsewhere |= elsewhere || !scene.confirmed;
                    let sent = if elsewhere { Term::Archive(Owner::Honest) } else { Term::Sealed(Payload::Archive) };
                    scene.learn(sent);
                    scene.send_importer(Item::Archive);
                    situation.pair.hardens_export().then_some(export::Input::HandedOver)
                }
                E::End => {
                    scene.send_importer(Item::End);
                    if elsewhere {
                        scene.wire.peer = Peer::Intruder(Channel::Ended);
                    }
                    None
                }
                E::Close => {
                    scene.send_importer(Item::Lost);
                    if elsewhere {
                        scene.wire.peer = Peer::Intruder(Channel::Ended);
                    }
                    None
                }
                E::Signal(Signal::Confirm { .. }) => {
                    scene.asks_device = true;
                    None
                }
                E::Signal(Signal::CompareDevice { .. }) => {
                    scene.compares_device = true;
                    None
                }
                E::Signal(Signal::Done(outcome)) => {
                    scene.export_done(outcome);
                    None
                }
                E::Signal(_) | E::Arm(_) | E::Disarm(_) => None,
            };
            if let Some(input) = follows
                && let Ok(effects) = self.export.take(input)
            {
                self.do_export(situation, &effects);
            }
        }
    }

    /// Takes the next item on the way to a side.
    pub(in crate::intruder) fn pop(&mut self, to: On) -> Option<Item> {
        match to {
            On::Import => self.scene.wire.to_import.pop_front(),
            On::Export => self.scene.wire.to_export.pop_front(),
        }
    }

    /// The input that an item is to the importer; of the archive, its first.
    pub(in crate::intruder) const fn import_input(item: Item) -> Option<import::Input> {
        use import::Input as I;
        Some(match item {
            Item::Request => I::ChannelRequested(PEER, import::Ask::Right),
            Item::Message(message) => I::Message(PEER, message),
            Item::Archive => I::ArchiveBegan(PEER),
            Item::End => I::ChannelEnded(PEER),
            Item::Lost => I::ConnectionLost(PEER),
            Item::Accepted | Item::Declined => return None,
        })
    }

    /// The input that an item is to the exporter.
    pub(in crate::intruder) const fn export_input(item: Item) -> Option<export::Input> {
        use export::Input as I;
        Some(match item {
            Item::Accepted => I::Accepted { peer_address: ADDRESS },
            Item::Declined => I::Declined,
            Item::Message(message) => I::Message(message),
            Item::End => I::Ended,
            Item::Lost => I::Lost,
            Item::Request | Item::Archive => return None,
        })
    }
}
