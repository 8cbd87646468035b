//! Who comes before there is a session, and strangers beside it (R-IMP-2, R-IMP-3, R-TOK-5).

use alloc::vec::Vec;

use serde::Serialize;

use super::{Ask, Effect, Importer, Input, Phase};
use crate::{
    limits::{MAX_CONNECTIONS, MAX_WRONG_CODES, MAX_WRONG_CODES_PER_CONNECTION},
    outcome::{AccountId, Outcome, Signal},
    reducer::{ConnId, Farewell},
    rules::Rules,
};

/// The connections that are not the session's, in the order in which they came, and the wrong codes so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(super) struct Door {
    callers: Vec<Caller>,
    wrong_codes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Caller {
    conn: ConnId,
    /// The account that its chain proved; none before it is secured.
    peer: Option<AccountId>,
    wrong_codes: u8,
}

impl Door {
    fn position(&self, conn: ConnId) -> Option<usize> {
        self.callers.iter().position(|caller| caller.conn == conn)
    }

    pub(super) fn knows(&self, conn: ConnId) -> bool {
        self.position(conn).is_some()
    }

    pub(super) fn forget(&mut self, conn: ConnId) {
        self.callers.retain(|caller| caller.conn != conn);
    }
}

impl<R: Rules> Importer<R> {
    /// What comes on a connection that is not the session's.
    pub(super) fn at_the_door(&mut self, conn: ConnId, input: Input) {
        if self.broken_at_the_door(conn, input) {
            return;
        }
        match input {
            Input::ConnectionRequested(_) => self.knock(conn),
            Input::ConnectionOpened { presented, verified, .. } => self.identify(conn, presented, verified),
            Input::ConnectionFailed(_) | Input::ConnectionLost(_) => self.door.forget(conn),
            Input::ChannelRequested(_, ask) => self.ask(conn, ask),

            // Only the session's channel carries anything; the rest has no connection and is not for the door.
            Input::ChannelEnded(_)
            | Input::Message(..)
            | Input::Malformed(_)
            | Input::ArchiveBegan(_)
            | Input::ArchiveProgressed(_)
            | Input::ArchiveComplete(_)
            | Input::ArchiveUnwritable(_)
            | Input::AddAccount
            | Input::ProvideAccountAuthentication(..)
            | Input::RemoveAccount
            | Input::Published
            | Input::Unpublishable
            | Input::Checked(_)
            | Input::Installed(_)
            | Input::Fired(_) => {}
        }
    }

    /// Whether the token admits a session. After a session it is dead (R-TOK-5).
    fn admits(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. }) || self.admits_wrongly()
    }

    pub(super) fn knock(&mut self, conn: ConnId) {
        let known = self.door.knows(conn);
        if known || !self.admits() || self.door.callers.len() >= MAX_CONNECTIONS {
            if !known {
                self.out.push(Effect::Refuse(conn));
            }
            return;
        }
        self.door.callers.push(Caller { conn, peer: None, wrong_codes: 0 });
        self.out.push(Effect::Accept(conn));
        if let Phase::Waiting { connecting: false } = self.phase {
            self.phase = Phase::Waiting { connecting: true };
            self.signal(Signal::Connecting);
        }
    }

    /// Who cannot prove the account that it names is sent away: that account would be shown to the user (R-SEC-1).
    pub(super) fn identify(&mut self, conn: ConnId, presented: Option<AccountId>, verified: bool) {
        let Some(at) = self.door.position(conn) else { return };
        match presented {
            Some(peer) if verified => self.door.callers[at].peer = Some(peer),
            Some(_) | None => {
                self.door.forget(conn);
                self.out.push(Effect::Close(conn));
            }
        }
    }

    fn ask(&mut self, conn: ConnId, ask: Ask) {
        let at = self.door.position(conn);
        let caller = at.and_then(|at| self.door.callers[at].peer);
        match (ask, caller) {
            (Ask::Right, Some(peer)) if self.admits() => {
                self.door.forget(conn);
                self.greet(conn, peer);
            }
            (Ask::Right | Ask::Wrong | Ask::Other, _) => self.decline(conn, ask),
        }
    }

    /// Declines a channel, and counts its code if it was a wrong one (R-TOK-5).
    pub(super) fn decline(&mut self, conn: ConnId, ask: Ask) {
        self.out.push(Effect::DeclineChannel(conn));
        if ask != Ask::Wrong || self.outcome().is_some() {
            return;
        }
        self.door.wrong_codes = self.door.wrong_codes.saturating_add(1);
        if let Some(at) = self.door.position(conn) {
            let caller = &mut self.door.callers[at];
            caller.wrong_codes = caller.wrong_codes.saturating_add(1);
            if caller.wrong_codes >= MAX_WRONG_CODES_PER_CONNECTION {
                self.door.forget(conn);
                self.out.push(Effect::Close(conn));
            }
        }
        if self.door.wrong_codes >= MAX_WRONG_CODES && self.admits() {
            self.finish(Outcome::Authentication, Farewell::None);
        }
    }

    /// Sends everybody away.
    pub(super) fn close_door(&mut self) {
        for caller in core::mem::take(&mut self.door.callers) {
            self.out.push(Effect::Close(caller.conn));
        }
    }
}
