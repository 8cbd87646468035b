//! Connections that are not the session's: which of them are let in, and which make room for others (R-IMP-2, R-IMP-3, R-IMP-15, R-TOK-5).
//!
//! A *candidate* is a connection that may become the session's. How far it has come is its *proof*: nothing has arrived on it, its
//! handshake is under way, it is secured. Each of these stages has places of its own. Where all of a stage are taken, a connection
//! that comes to it evicts the oldest one there; one whose address has half of the places already, the oldest one of that address.
//! So no connection is evicted by one that has proved less; none before as many others as half of the places have come to its stage;
//! and strangers at one address evict no connection of another address.

use alloc::vec::Vec;

use serde::Serialize;

use super::{Ask, Effect, Importer, Input, Phase};
use crate::{
    limits::{MAX_WRONG_CODES, MAX_WRONG_CODES_PER_CONNECTION},
    outcome::{AccountId, Outcome, Signal},
    reducer::{ConnId, Farewell, Origin, Places, ensure},
    rules::{Rule, Rules},
};

/// The connections that are not the session's, and the wrong codes so far.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(super) struct Admission {
    /// In the order in which they came to their stage.
    candidates: Vec<Candidate>,
    places: Places,
    wrong_codes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Candidate {
    conn: ConnId,
    origin: Origin,
    proof: Proof,
    wrong_codes: u8,
}

/// How far a candidate has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Proof {
    /// Nothing has arrived.
    Nothing,
    /// Its handshake is under way.
    Answered,
    /// It is secured; its chain proved this account.
    Secured(AccountId),
}

impl Proof {
    /// The stages, from the one that proves least.
    const STAGES: usize = 3;

    const fn stage(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Answered => 1,
            Self::Secured(_) => 2,
        }
    }
}

impl Admission {
    pub(super) const fn new(places: Places) -> Self {
        Self { candidates: Vec::new(), places, wrong_codes: 0 }
    }

    fn position(&self, conn: ConnId) -> Option<usize> {
        self.candidates.iter().position(|candidate| candidate.conn == conn)
    }

    pub(super) fn knows(&self, conn: ConnId) -> bool {
        self.position(conn).is_some()
    }

    pub(super) fn remove(&mut self, conn: ConnId) {
        self.candidates.retain(|candidate| candidate.conn != conn);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Whether all candidates are secured: after a session began no other is let in.
    pub(super) fn are_all_secured(&self) -> bool {
        self.candidates.iter().all(|one| one.proof.stage() == Proof::STAGES - 1)
    }

    /// Whether wrong codes have not used the token up (R-TOK-5).
    pub(super) fn has_codes_left(&self) -> bool {
        self.wrong_codes < MAX_WRONG_CODES
    }

    /// Checks what holds of candidates in every phase.
    ///
    /// # Errors
    /// The line that does not hold.
    pub(super) fn invariant(&self) -> Result<(), &'static str> {
        let fits = (0..Proof::STAGES).all(|stage| self.of_stage(stage).count() <= self.places(stage));
        ensure(fits, "no stage has more connections than places")?;
        let spent = |one: &Candidate| one.wrong_codes >= MAX_WRONG_CODES_PER_CONNECTION;
        ensure(!self.candidates.iter().any(spent), "a connection with too many wrong codes is closed")?;
        let alone = |one: &Candidate| self.candidates.iter().filter(|other| other.conn == one.conn).count() == 1;
        ensure(self.candidates.iter().all(alone), "a connection waits once")
    }

    fn of_stage(&self, stage: usize) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(move |candidate| candidate.proof.stage() == stage)
    }

    /// How many places a stage has: one at least.
    fn places(&self, stage: usize) -> usize {
        let places = if stage == Proof::STAGES - 1 { self.places.secured } else { self.places.unsecured };
        usize::from(places.max(1))
    }

    /// The candidate of a stage that makes room for one that comes from there.
    fn victim(&self, stage: usize, origin: Origin) -> Option<ConnId> {
        let mut own = self.of_stage(stage).filter(|one| one.origin == origin);
        let share = self.places(stage).div_ceil(2);
        let oldest = own.next().filter(|_| origin != Origin::UNKNOWN && own.count() + 1 >= share);
        oldest.or_else(|| self.oldest(stage)).map(|one| one.conn)
    }

    /// The candidate that has been in a stage for longest.
    fn oldest(&self, stage: usize) -> Option<&Candidate> {
        self.of_stage(stage).next()
    }
}

impl<R: Rules> Importer<R> {
    /// An event of a connection that is not the session's.
    pub(super) fn on_candidate(&mut self, conn: ConnId, input: Input) {
        if self.broken_candidate(conn, input) {
            return;
        }
        match input {
            Input::ConnectionRequested(_) => self.admit(conn, Origin::UNKNOWN),
            Input::ConnectionRequestedFrom(_, origin) => self.admit(conn, origin),
            Input::ConnectionAnswered(_) => {
                if let Some(at) = self.admission.position(conn)
                    && self.admission.candidates[at].proof == Proof::Nothing
                {
                    self.advance(at, Proof::Answered);
                }
            }
            Input::ConnectionOpened { presented, verified, .. } => self.identify(conn, presented, verified),
            Input::ConnectionFailed(_) | Input::ConnectionLost(_) => self.admission.remove(conn),
            Input::ChannelRequested(_, ask) => self.ask(conn, ask),

            // Only the session's channel carries anything; the rest has no connection.
            Input::ChannelEnded(_)
            | Input::Message(..)
            | Input::Malformed(_)
            | Input::ArchiveBegan(_)
            | Input::ArchiveProgressed(_)
            | Input::ArchiveComplete(_)
            | Input::ArchiveUnwritable(_)
            | Input::AddAccount
            | Input::ProvideAccountAuthentication(..)
            | Input::CompareAccount(_)
            | Input::RemoveAccount
            | Input::Published
            | Input::Unpublishable
            | Input::ConnectionsExhausted
            | Input::Checked(_)
            | Input::Installed(_)
            | Input::Fired(_) => {}
        }
    }

    /// Whether the token admits a session. After a session it is dead (R-TOK-5).
    fn admits(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. }) || self.admits_wrongly()
    }

    /// Lets a connection in, if the token admits a session.
    pub(super) fn admit(&mut self, conn: ConnId, origin: Origin) {
        if self.admission.knows(conn) {
            return;
        }
        if !self.admits() || !self.make_room(0, origin) {
            return self.out.push(Effect::Refuse(conn));
        }
        self.admission.candidates.push(Candidate { conn, origin, proof: Proof::Nothing, wrong_codes: 0 });
        self.out.push(Effect::Accept(conn));
        if let Phase::Waiting { connecting: false } = self.phase {
            self.phase = Phase::Waiting { connecting: true };
            self.signal(Signal::Connecting);
        }
    }

    /// Makes room for one more candidate in a stage. Says whether there is some.
    fn make_room(&mut self, stage: usize, origin: Origin) -> bool {
        if self.admission.of_stage(stage).count() < self.admission.places(stage) {
            return true;
        }
        let victim = if self.rules.keeps(Rule::ProgressCounts) {
            self.admission.victim(stage, origin)
        } else {
            (0..Proof::STAGES).rev().find_map(|stage| self.admission.victim(stage, origin))
        };
        let made = self.rules.keeps(Rule::RoomIsMade);
        victim.filter(|_| made).into_iter().for_each(|conn| self.evict(conn));
        made
    }

    fn evict(&mut self, conn: ConnId) {
        self.admission.remove(conn);
        self.out.push(Effect::Close(conn));
    }

    /// A candidate has come to a further stage, as the last of those that are there.
    fn advance(&mut self, at: usize, proof: Proof) {
        let candidate = self.admission.candidates.remove(at);
        if self.make_room(proof.stage(), candidate.origin) {
            self.admission.candidates.push(Candidate { proof, ..candidate });
        } else {
            self.out.push(Effect::Close(candidate.conn));
        }
    }

    /// The device can take no further connection: it makes do with fewer places from now on, and frees one at least (R-IMP-15).
    pub(super) fn make_do(&mut self) {
        let all = self.admission.candidates.len();
        // Without a candidate it is not for their sake.
        let Some(fewer) = all.checked_sub(1) else { return };
        let share = u16::try_from(fewer / Proof::STAGES).unwrap_or(u16::MAX).max(1);
        let Places { unsecured, secured } = self.admission.places;
        self.admission.places = Places { unsecured: unsecured.min(share), secured: secured.min(share) };
        for stage in 0..Proof::STAGES {
            while self.admission.of_stage(stage).count() > self.admission.places(stage)
                && let Some(oldest) = self.admission.oldest(stage)
            {
                self.evict(oldest.conn);
            }
        }
        if self.admission.candidates.len() == all
            && let Some(oldest) = (0..Proof::STAGES).find_map(|stage| self.admission.oldest(stage))
        {
            self.evict(oldest.conn);
        }
    }

    /// A peer that does not prove the account that it names is closed: that account would be shown to the user (R-SEC-1).
    pub(super) fn identify(&mut self, conn: ConnId, presented: Option<AccountId>, verified: bool) {
        let Some(at) = self.admission.position(conn) else { return };
        match presented {
            Some(peer) if verified => self.advance(at, Proof::Secured(peer)),
            Some(_) | None => self.evict(conn),
        }
    }

    fn ask(&mut self, conn: ConnId, ask: Ask) {
        let at = self.admission.position(conn);
        let proof = at.map(|at| self.admission.candidates[at].proof);
        match (ask, proof) {
            (Ask::Right, Some(Proof::Secured(peer))) if self.admits() => {
                self.admission.remove(conn);
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
        self.admission.wrong_codes = self.admission.wrong_codes.saturating_add(1);
        if let Some(at) = self.admission.position(conn) {
            let candidate = &mut self.admission.candidates[at];
            candidate.wrong_codes = candidate.wrong_codes.saturating_add(1);
            if candidate.wrong_codes >= MAX_WRONG_CODES_PER_CONNECTION {
                self.evict(conn);
            }
        }
        if self.admission.wrong_codes >= MAX_WRONG_CODES && self.admits() {
            self.finish(Outcome::Authentication, Farewell::None);
        }
    }

    /// Closes the candidates that are not secured: a session has begun, and what they wait for is taken (R-TOK-5).
    pub(super) fn close_unsecured(&mut self) {
        let secured = Proof::STAGES - 1;
        self.admission.candidates.retain(|one| {
            let stays = one.proof.stage() == secured;
            if !stays {
                self.out.push(Effect::Close(one.conn));
            }
            stays
        });
    }

    /// Closes all candidates.
    pub(super) fn close_candidates(&mut self) {
        for candidate in core::mem::take(&mut self.admission.candidates) {
            self.out.push(Effect::Close(candidate.conn));
        }
    }
}

#[cfg(test)]
mod tests;
