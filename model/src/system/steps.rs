//! The possible actions in a state, and the input that each hands to a reducer.
//!
//! Here are those of users, network and shells, and where every action leads; callers and a hostile device have a file of their own.

mod hostile;
mod words;

use handfast::{
    export::{self, Tried},
    import::{self, Check},
    limits::Timer,
    message::Slot,
    outcome::{LinkState, Scheme, Side},
    reducer::ConnId,
};

pub use self::words::{EVERY_WORD, EVERY_WORD_OF_SAS, TO_EXPORTER, TO_IMPORTER};
use crate::system::{
    Aim,
    action::Action,
    config::{Configuration, Player},
    link::{End, Item},
    seen::Compared,
    stated::TRIES,
    world::{HONEST, INTRUDER, PEER, Storage, World, is_right, slot},
};

/// How often a user answers, at most: once more than there may be prompts.
const MAX_ANSWERS: u8 = TRIES + 1;

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
}
