//! The possible actions in a state, and the input that each hands to a reducer.

use handfast::{
    export::{self, Tried},
    import::{self, Ask, Check},
    limits::Timer,
    message::{Features, ImportResult, Message, Slot, Verdict, Word},
    outcome::{AccountId, LinkState, Scheme, Side},
    reducer::ConnId,
};

use crate::system::{
    Aim,
    action::{Action, CallerAct, Chain, DeviceAct},
    config::{Configuration, Player},
    link::{End, Item},
    seen::Compared,
    stated::TRIES,
    world::{
        ADDRESS, Caller, Device, HONEST, INTRUDER, Kind, PEER, Stage, Storage, World, caller_conn, caller_index,
        is_right, slot,
    },
};

/// How often a user answers, at most: once more than there may be prompts.
const MAX_ANSWERS: u8 = TRIES + 1;

/// The alphabet in which an intruder speaks to the importer.
pub const TO_IMPORTER: [Message; 11] = [
    Message::AuthScheme(Scheme::Password, Features::ALL),
    Message::AuthScheme(Scheme::None, Features::NONE),
    Message::Verdict(Verdict::Wrong),
    Message::Verdict(Verdict::Final),
    Message::Verdict(Verdict::None),
    Message::State(Word::Canceled),
    Message::State(Word::Timeout),
    Message::Hello(Features::ALL),
    Message::Password(Slot(0)),
    Message::ImportResult(ImportResult::Stored),
    Message::Unknown,
];

/// The alphabet in which a hostile device speaks to the exporter, passwords apart.
pub const TO_EXPORTER: [Message; 10] = [
    Message::Hello(Features::ALL),
    Message::Hello(Features::NONE),
    Message::ImportResult(ImportResult::Stored),
    Message::ImportResult(ImportResult::FailedStorage),
    Message::State(Word::Canceled),
    Message::State(Word::Timeout),
    Message::AuthScheme(Scheme::Password, Features::ALL),
    Message::Verdict(Verdict::Wrong),
    Message::Verdict(Verdict::Final),
    Message::Unknown,
];

/// Features without a comparison.
const fn features(cancel: bool, result: bool) -> Features {
    Features { cancel, result, ..Features::NONE }
}

/// Every value of every message, but for the slot of a password, and for what belongs to a comparison ([`EVERY_WORD_OF_SAS`]).
pub const EVERY_WORD: [Message; 23] = [
    Message::Hello(features(false, false)),
    Message::Hello(features(false, true)),
    Message::Hello(features(true, false)),
    Message::Hello(features(true, true)),
    Message::AuthScheme(Scheme::None, features(false, false)),
    Message::AuthScheme(Scheme::None, features(false, true)),
    Message::AuthScheme(Scheme::None, features(true, false)),
    Message::AuthScheme(Scheme::None, features(true, true)),
    Message::AuthScheme(Scheme::Password, features(false, false)),
    Message::AuthScheme(Scheme::Password, features(false, true)),
    Message::AuthScheme(Scheme::Password, features(true, false)),
    Message::AuthScheme(Scheme::Password, features(true, true)),
    Message::Password(Slot(0)),
    Message::Verdict(Verdict::Wrong),
    Message::Verdict(Verdict::Final),
    Message::Verdict(Verdict::None),
    Message::State(Word::Canceled),
    Message::State(Word::Timeout),
    Message::ImportResult(ImportResult::Stored),
    Message::ImportResult(ImportResult::FailedArchive),
    Message::ImportResult(ImportResult::FailedStorage),
    Message::ImportResult(ImportResult::Other),
    Message::Unknown,
];

/// Features with a comparison.
const fn comparing(cancel: bool, result: bool) -> Features {
    Features { cancel, result, sas: true }
}

/// Every value of a message that belongs to a comparison (R-SAS-1), but for its handles.
pub const EVERY_WORD_OF_SAS: [Message; 16] = [
    Message::Hello(comparing(false, false)),
    Message::Hello(comparing(false, true)),
    Message::Hello(comparing(true, false)),
    Message::Hello(comparing(true, true)),
    Message::AuthScheme(Scheme::None, comparing(false, false)),
    Message::AuthScheme(Scheme::None, comparing(false, true)),
    Message::AuthScheme(Scheme::None, comparing(true, false)),
    Message::AuthScheme(Scheme::None, comparing(true, true)),
    Message::AuthScheme(Scheme::Password, comparing(false, false)),
    Message::AuthScheme(Scheme::Password, comparing(false, true)),
    Message::AuthScheme(Scheme::Password, comparing(true, false)),
    Message::AuthScheme(Scheme::Password, comparing(true, true)),
    Message::State(Word::Mismatch),
    Message::Commitment(Slot::NONE),
    Message::Nonce(Slot::NONE),
    Message::Opening(Slot::NONE),
];

impl World {
    /// The slot of the password that is typed next.
    pub(crate) fn next_slot(&self, right: bool) -> Slot {
        slot(self.seen.import.answers, right)
    }

    /// Whether a user has something to do: to begin, to answer, to confirm.
    pub(crate) fn somebody_is_asked(&self) -> bool {
        let (import, export) = (&self.seen.import, &self.seen.export);
        let compares = import.compared == Compared::Asked || export.compared == Compared::Asked;
        !import.started || !export.started || import.prompt.is_some() || compares || export.asked && !export.confirmed
    }

    /// The actions of the users.
    pub(crate) fn people(&self, configuration: &Configuration, actions: &mut Vec<Action>) {
        let (import, export) = (&self.seen.import, &self.seen.export);
        if self.cast.import != Player::Hostile {
            if !import.started {
                actions.push(Action::AddAccount);
            }
            let linked = matches!(import.signalled, LinkState::Authenticating | LinkState::InProgress);
            let asked = (linked || import.prompt.is_some()) && import.is_up();
            // An unrequested answer is refused by a hardened importer, so that it is free; an old one says true.
            let unasked = self.cast.import != Player::Legacy || self.left.clicks > 0;
            if asked && import.answers < MAX_ANSWERS && (import.prompt.is_some() || unasked) {
                actions.push(Action::Answer { right: true });
                if self.left.wrong > 0 {
                    actions.push(Action::Answer { right: false });
                }
                if self.left.clicks > 0 && import.prompt.is_some() {
                    actions.push(Action::AnswerOtherwise);
                }
            }
            if import.compared == Compared::Asked && import.is_up() {
                actions.push(Action::CompareAccount { equal: true });
                if self.left.import_cancels > 0 {
                    actions.push(Action::CompareAccount { equal: false });
                }
            }
            if import.is_up() && import.done.is_none() && self.left.import_cancels > 0 {
                actions.push(Action::RemoveAccount);
            }
        }
        if self.cast.export != Player::Hostile {
            // The token is known once it was shown, and can be typed also when it is dead.
            if !export.started && (self.device.is_some() || import.signalled != LinkState::Init) {
                actions.extend(configuration.schemes.iter().map(|&scheme| Action::AddDevice(scheme)));
            }
            if export.asked && (!export.confirmed || self.left.clicks > 0) {
                actions.push(Action::ConfirmAddDevice);
            }
            if export.compared == Compared::Asked && export.is_up() {
                actions.push(Action::CompareAddDevice { equal: true });
                if self.left.export_cancels > 0 {
                    actions.push(Action::CompareAddDevice { equal: false });
                }
            }
            if export.is_up() && self.left.export_cancels > 0 {
                actions.push(Action::CancelAddDevice);
            }
        }
    }

    /// The actions of the network.
    pub(crate) fn network(&self, actions: &mut Vec<Action>) {
        let may_lose = self.left.loss > 0;
        if self.import.publishing {
            actions.push(Action::Published);
            // An old importer does not look whether it can be reached.
            if may_lose && self.cast.import != Player::Legacy {
                actions.push(Action::Unpublishable);
            }
        }
        for side in [Side::Import, Side::Export] {
            if !self.link.half(side).queue.is_empty() {
                actions.push(Action::Deliver(side));
            }
        }
        if self.link.is_securing() {
            actions.push(Action::Secured);
        }
        // A shell that no longer has the connection takes the request for a new one: these are among the callers.
        if self.may_repeat() && matches!(self.link.half(Side::Import).end, End::Trying | End::Open) {
            actions.push(Action::Repeat);
        }
        if !may_lose {
            return;
        }
        if self.link.is_securing() {
            actions.push(Action::Unsecured);
        }
        if self.link.half(Side::Import).queue.first() == Some(&Item::Request) {
            actions.push(Action::LoseRequest);
            if self.link.half(Side::Export).end == End::Trying {
                actions.push(Action::Unreachable);
                if self.left.retries > 0 {
                    actions.push(Action::AttemptFails);
                }
            }
        }
        actions.extend(self.link.breaks().map(|(to_import, to_export)| Action::Break { to_import, to_export }));
    }

    /// The actions of the shells.
    pub(crate) fn shells(&self, actions: &mut Vec<Action>) {
        let may_fail = self.left.storage > 0;
        let mut offer = |can: bool, good: Action, bad: Option<Action>| {
            if can {
                actions.push(good);
                actions.extend(bad.filter(|_| may_fail));
            }
        };
        if let Some(slot) = self.export.opening {
            let tried = if is_right(slot) { Tried::Opened } else { Tried::Wrong };
            offer(true, Action::Opened(tried), Some(Action::Opened(Tried::Unreadable)));
        }
        offer(self.export.sending, Action::HandedOver, Some(Action::SendFailed));
        if self.import.checking {
            let from = self.import.staged.map(|staged| staged.from);
            // An old importer checks what it has in memory.
            let read_back = self.cast.import != Player::Legacy;
            offer(true, Action::Checked(Check::Sound(HONEST)), read_back.then_some(Action::Checked(Check::Unreadable)));
            if from != Some(PEER) {
                offer(true, Action::Checked(Check::Sound(INTRUDER)), None);
                offer(true, Action::Checked(Check::Unsound), None);
            }
        }
        let running = self.import.storage == Storage::Running;
        offer(running, Action::Settle { durable: true }, Some(Action::Settle { durable: false }));
        offer(matches!(self.import.storage, Storage::Settled { .. }), Action::Report, None);
        let staging = self.import.staged.is_some_and(|staged| !staged.whole);
        if staging && may_fail {
            actions.push(Action::Unwritable);
        }
    }

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

    /// Lets an action happen: what it costs and moves, and what it hands to a reducer. `None`: it cannot happen.
    pub(crate) fn aim(&mut self, action: Action) -> Option<Aim> {
        use export::Input as E;
        use import::Input as I;
        let aim = match action {
            Action::AddAccount => Aim::Import(I::AddAccount),
            Action::Answer { right } => {
                let asked = self.seen.import.prompt.or(self.seen.import.consent)?;
                if self.seen.import.prompt.is_none() && self.cast.import == Player::Legacy {
                    self.left.clicks = self.left.clicks.checked_sub(1)?;
                }
                self.left.wrong = self.left.wrong.checked_sub((!right).into())?;
                Aim::Import(I::ProvideAccountAuthentication(self.next_slot(right), asked.scheme))
            }
            Action::RemoveAccount => {
                self.left.import_cancels = self.left.import_cancels.checked_sub(1)?;
                Aim::Import(I::RemoveAccount)
            }
            Action::AddDevice(scheme) => Aim::Export(E::AddDevice(scheme)),
            Action::AnswerOtherwise => {
                self.left.clicks = self.left.clicks.checked_sub(1)?;
                let other = match self.seen.import.prompt?.scheme {
                    Scheme::None => Scheme::Password,
                    Scheme::Password => Scheme::None,
                };
                Aim::Import(I::ProvideAccountAuthentication(self.next_slot(true), other))
            }
            Action::ConfirmAddDevice => {
                self.left.clicks = self.left.clicks.checked_sub(self.seen.export.confirmed.into())?;
                Aim::Export(E::ConfirmAddDevice)
            }
            Action::CompareAccount { equal } => {
                self.left.import_cancels = self.left.import_cancels.checked_sub((!equal).into())?;
                Aim::Import(I::CompareAccount(equal))
            }
            Action::CompareAddDevice { equal } => {
                self.left.export_cancels = self.left.export_cancels.checked_sub((!equal).into())?;
                Aim::Export(E::CompareAddDevice(equal))
            }
            Action::CancelAddDevice => {
                self.left.export_cancels = self.left.export_cancels.checked_sub(1)?;
                Aim::Export(E::CancelAddDevice)
            }
            Action::Published => {
                self.import.publishing = false;
                Aim::Import(I::Published)
            }
            Action::Crash(side, remains) => {
                self.crash(side, remains)?;
                Aim::Neither
            }
            Action::Inner(side, step) => Aim::Inner(side, step),
            Action::Fire(Side::Import, timer) => Aim::Import(I::Fired(timer)),
            Action::Fire(Side::Export, timer) => {
                self.left.retries = self.left.retries.checked_sub((timer == Timer::Retry).into())?;
                Aim::Export(E::Fired(timer))
            }
            Action::Unpublishable
            | Action::Unreachable
            | Action::AttemptFails
            | Action::LoseRequest
            | Action::Unsecured
            | Action::Break { .. } => {
                self.left.loss = self.left.loss.checked_sub(1)?;
                self.lose(action)
            }
            Action::Repeat => {
                self.left.duplicates = self.left.duplicates.checked_sub(1)?;
                Aim::Import(I::ConnectionRequested(PEER))
            }
            Action::Secured => {
                self.link.half_mut(Side::Import).end = End::Open;
                self.link.half_mut(Side::Export).end = End::Open;
                self.overtaken = 0;
                self.link.send(Side::Import, Item::Opened);
                Aim::Import(I::ConnectionOpened { conn: PEER, presented: Some(HONEST), verified: true })
            }
            Action::Deliver(side) => self.deliver(side)?,
            Action::Opened(tried) => {
                if tried == Tried::Unreadable {
                    self.left.storage = self.left.storage.checked_sub(1)?;
                }
                Aim::Export(E::Tried(self.export.opening.take()?, tried))
            }
            Action::HandedOver => {
                // One step: the shell says so before it reads what the importer answers.
                self.export.sending = false;
                self.link.send(Side::Export, Item::ArchiveEnd);
                Aim::Export(E::HandedOver)
            }
            Action::SendFailed => {
                self.left.storage = self.left.storage.checked_sub(1)?;
                Aim::Export(E::SendFailed)
            }
            Action::Unwritable => {
                self.left.storage = self.left.storage.checked_sub(1)?;
                Aim::Import(I::ArchiveUnwritable(self.import.staged?.from))
            }
            Action::Checked(check) => {
                if check == Check::Unreadable {
                    self.left.storage = self.left.storage.checked_sub(1)?;
                }
                self.import.checking = false;
                self.import.checked = match check {
                    Check::Sound(account) => Some(account),
                    Check::Unsound | Check::Unreadable => None,
                };
                Aim::Import(I::Checked(check))
            }
            Action::Settle { durable } => {
                if !durable {
                    self.left.storage = self.left.storage.checked_sub(1)?;
                }
                self.settle(durable);
                Aim::Neither
            }
            Action::Report => {
                let Storage::Settled { durable } = self.import.storage else { return None };
                self.import.storage = Storage::Reported { durable };
                Aim::Import(I::Installed(durable))
            }
            Action::Caller(conn, act) => self.caller_does(ConnId(conn), act)?,
            Action::Device(act) => Aim::Export(self.device_does(act)?),
        };
        Some(aim)
    }

    fn lose(&mut self, action: Action) -> Aim {
        match action {
            Action::Unpublishable => {
                self.import.publishing = false;
                return Aim::Import(import::Input::Unpublishable);
            }
            Action::Unreachable | Action::AttemptFails => {
                self.link.lose_request();
                self.link.half_mut(Side::Export).end = End::Closed;
                let failed = action == Action::AttemptFails;
                return Aim::Export(if failed { export::Input::Failed } else { export::Input::Unreachable });
            }
            Action::Unsecured => {
                self.link.send(Side::Import, Item::Refused);
                self.link.fail();
                self.link.half_mut(Side::Import).end = End::Closed;
                return Aim::Import(import::Input::ConnectionFailed(PEER));
            }
            Action::Break { to_import, to_export } => self.link.cut(to_import, to_export),
            _ => self.link.lose_request(),
        }
        Aim::Neither
    }

    fn deliver(&mut self, side: Side) -> Option<Aim> {
        let item = self.link.deliver(side)?;
        let aim = match side {
            Side::Import => self.import_input(item).map(Aim::Import),
            Side::Export => self.export_input(item).map(Aim::Export),
        };
        Some(aim.unwrap_or(Aim::Neither))
    }

    /// The install ends.
    fn settle(&mut self, durable: bool) {
        self.import.storage = Storage::Settled { durable };
        if durable {
            self.import.staged = None;
        }
    }

    fn caller_does(&mut self, conn: ConnId, act: CallerAct) -> Option<Aim> {
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

    fn device_does(&mut self, act: DeviceAct) -> Option<export::Input> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The number of a message among all that its type has: a new variant or field does not compile here, or takes another number.
    fn number(message: Message) -> usize {
        let features = |Features { cancel, result, sas }: Features| {
            usize::from(sas) * 100 + usize::from(cancel) * 2 + usize::from(result)
        };
        match message {
            Message::Hello(named) => features(named),
            Message::AuthScheme(Scheme::None, named) => 4 + features(named),
            Message::AuthScheme(Scheme::Password, named) => 8 + features(named),
            Message::Password(Slot(_)) => 12,
            Message::Verdict(Verdict::Wrong) => 13,
            Message::Verdict(Verdict::Final) => 14,
            Message::Verdict(Verdict::None) => 15,
            Message::State(Word::Canceled) => 16,
            Message::State(Word::Timeout) => 17,
            Message::ImportResult(ImportResult::Stored) => 18,
            Message::ImportResult(ImportResult::FailedArchive) => 19,
            Message::ImportResult(ImportResult::FailedStorage) => 20,
            Message::ImportResult(ImportResult::Other) => 21,
            Message::Unknown => 22,
            Message::State(Word::Mismatch) => 23,
            Message::Commitment(Slot(_)) => 24,
            Message::Nonce(Slot(_)) => 25,
            Message::Opening(Slot(_)) => 26,
        }
    }

    #[test]
    fn every_word_is_every_value_of_the_type() {
        let numbers: BTreeSet<_> = EVERY_WORD.map(number).into_iter().collect();
        assert_eq!(numbers, (0..=22).collect());
        let numbers: BTreeSet<_> = EVERY_WORD_OF_SAS.map(number).into_iter().collect();
        let named = |at: usize| (0..4).map(move |features| 100 + 4 * at + features);
        assert_eq!(numbers, (0..3).flat_map(named).chain(23..=26).collect());
        for few in TO_IMPORTER.iter().chain(&TO_EXPORTER) {
            assert!(EVERY_WORD.contains(few), "{few:?}");
        }
    }
}
