//! The import side of today's daemon: rows I1 to I23.

use handfast::{
    import::{Ask, Check, Effect, Input},
    limits::{Timer, Timers},
    message::{Features, Message, Slot, Verdict, Word},
    outcome::{AccountId, Outcome, Scheme, Signal},
    reducer::{ConnId, Refused},
};

use super::{
    change::{Change, Changes},
    rows::{AuthState, Rows},
};
use crate::system::side::Side;

/// The credentials of an archive that is stored in clear.
const CLEAR: Slot = Slot(u8::MAX);

/// The import side. Its one context serves every channel that it ever opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Importer {
    /// The decisions that are not those of 2026-08.
    changes: Changes,
    stage: Stage,
    state: AuthState,
    /// The manager still holds the operation.
    live: bool,
    /// Open channels, as it counts them: unsigned, and not always right.
    open: u8,
    /// Channels that passed the test, and are not counted yet (I4).
    passed: Vec<ConnId>,
    /// The channels that are open, with the account that each peer's chain names.
    channels: Vec<ConnId>,
    /// The accounts that the chains of the peers name.
    chains: Vec<(ConnId, AccountId)>,
    /// The channel that it remembers.
    channel: Option<ConnId>,
    /// The scheme that was asked for, and the one that is stored.
    asked: Scheme,
    scheme: Scheme,
    credentials: Option<Slot>,
    transferred: bool,
    timer: bool,
    /// The channel whose reader is loading an archive.
    loading: Option<ConnId>,
    installed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    None,
    /// Keys are being generated.
    Preparing,
    Listening,
    /// The account is gone, the temporary node is not.
    Removed,
}

impl Importer {
    /// Not begun.
    pub fn new() -> Self {
        Self::of(Changes::NONE)
    }

    /// The same of another day, not begun.
    pub fn of(changes: Changes) -> Self {
        Self {
            changes,
            stage: Stage::None,
            state: AuthState::Handshake,
            live: false,
            open: 0,
            passed: Vec::new(),
            channels: Vec::new(),
            chains: Vec::new(),
            channel: None,
            asked: Scheme::None,
            scheme: Scheme::None,
            credentials: None,
            transferred: false,
            timer: false,
            loading: None,
            installed: false,
        }
    }

    fn peer(&self, conn: ConnId) -> AccountId {
        let chain = self.chains.iter().find(|(other, _)| *other == conn);
        chain.map_or(AccountId([0; 20]), |(_, account)| *account)
    }

    fn error(&self) -> Outcome {
        match self.state {
            AuthState::AuthError => Outcome::Authentication,
            AuthState::Timeout => Outcome::Timeout,
            AuthState::Canceled => Outcome::CANCELED,
            AuthState::Err => Outcome::Protocol,
            _ if self.transferred => Outcome::SUCCESS,
            _ => Outcome::Network,
        }
    }

    /// [`Side::take`], which notes the rows that the step takes.
    ///
    /// # Errors
    /// The call is refused.
    pub fn take_noting(&mut self, input: Input, rows: &mut Rows) -> Result<Vec<Effect>, Refused> {
        use Input as I;
        let known = |conn: ConnId, side: &Self| side.channels.contains(&conn);
        Ok(match input {
            I::AddAccount if self.stage == Stage::None => {
                rows.take(1);
                self.stage = Stage::Preparing;
                self.live = true;
                vec![Effect::Publish]
            }
            I::AddAccount => return Err(Refused::Started),
            // Whether the network knows of it or not.
            I::Published | I::Unpublishable => {
                rows.take(2);
                if self.stage == Stage::Preparing {
                    self.stage = Stage::Listening;
                }
                vec![Effect::Signal(Signal::TokenAvailable)]
            }
            I::ConnectionRequested(conn) | I::ConnectionRequestedFrom(conn, _)
                if matches!(self.stage, Stage::None | Stage::Preparing) =>
            {
                vec![Effect::Refuse(conn)]
            }
            I::ConnectionRequested(conn) | I::ConnectionRequestedFrom(conn, _) => {
                rows.take(3);
                vec![Effect::Signal(Signal::Connecting), Effect::Accept(conn)]
            }
            // It has no limit to make room for.
            I::ConnectionAnswered(_) | I::ConnectionsExhausted => vec![],
            I::ConnectionOpened { conn, verified: false, .. } if self.changes.has(Change::WholeChain) => {
                vec![Effect::Close(conn)]
            }
            I::ConnectionOpened { conn, presented, .. } => {
                self.chains.extend(presented.map(|account| (conn, account)));
                vec![]
            }
            // In this model a connection asks for the token's channel once.
            I::ChannelRequested(conn, Ask::Right) if self.passed.contains(&conn) => vec![],
            I::ChannelRequested(conn, Ask::Right) if self.open < 1 => {
                rows.take(4);
                self.passed.push(conn);
                vec![]
            }
            I::ChannelRequested(conn, _) => {
                rows.take(5);
                vec![Effect::DeclineChannel(conn)]
            }
            I::ConnectionFailed(_) if self.changes.has(Change::FailureIgnored) => vec![],
            I::ConnectionFailed(_) => {
                rows.take(6);
                self.state = AuthState::Err;
                self.live = false;
                self.open = self.open.wrapping_sub(1);
                let mut effects = self.stop_timer();
                effects.push(Effect::Signal(Signal::Done(Outcome::Network)));
                effects
            }
            // The account is gone with what would load its archive: whatever comes, it closes the channel.
            I::Message(conn, _) | I::Malformed(conn) | I::ArchiveComplete(conn)
                if known(conn, self) && self.stage == Stage::Removed =>
            {
                rows.take(23);
                self.close(conn, rows)
            }
            I::Message(conn, message) if known(conn, self) => self.message(conn, message, rows),
            I::Malformed(conn) if known(conn, self) => {
                rows.take(8);
                self.state = AuthState::Err;
                if self.changes.has(Change::MalformedWaits) { vec![] } else { self.close(conn, rows) }
            }
            I::ArchiveComplete(conn) if known(conn, self) => self.archive(conn, rows),
            I::Checked(Check::Sound(account)) if self.loading.is_some() && self.may_install(account) => {
                vec![Effect::Install]
            }
            I::Checked(Check::Sound(_)) if self.loading.is_none() => vec![],
            I::Checked(_) => {
                self.state = AuthState::Err;
                self.loaded(rows)
            }
            // A failure to save is logged, and nothing else.
            I::Installed(durable) => {
                self.transferred = true;
                self.installed = durable;
                self.loaded(rows)
            }
            I::ProvideAccountAuthentication(slot, scheme) => match self.stage {
                Stage::None | Stage::Removed => return Err(Refused::Unknown),
                _ if scheme == Scheme::None && self.changes.has(Change::PasswordSchemeOnly) => {
                    return Err(Refused::WrongScheme);
                }
                Stage::Listening if self.state == AuthState::Auth && self.live => {
                    rows.take(13);
                    self.state = AuthState::Data;
                    self.scheme = scheme;
                    self.credentials = Some(slot);
                    let mut effects = vec![Effect::Signal(Signal::InProgress)];
                    effects.extend(self.channel.map(|conn| Effect::Send(conn, Message::Password(slot))));
                    effects
                }
                // Refused inside; the call returns true all the same.
                Stage::Preparing | Stage::Listening => {
                    rows.take(14);
                    vec![]
                }
            },
            I::Fired(Timer::Authenticate) if self.timer => {
                self.timer = false;
                let open = self.channel.filter(|_| !self.state.is_completed());
                open.map_or_else(Vec::new, |conn| {
                    rows.take(21);
                    self.state = AuthState::Timeout;
                    let mut effects = vec![Effect::Send(conn, Message::State(Word::Timeout))];
                    effects.extend(self.close(conn, rows));
                    effects
                })
            }
            I::ChannelEnded(conn) | I::ConnectionLost(conn) => {
                self.passed.retain(|other| *other != conn);
                if known(conn, self) { self.shut(conn, rows) } else { vec![] }
            }
            // It has no such call.
            I::CompareAccount(_) => return Err(Refused::NotAsked),
            I::RemoveAccount if self.stage == Stage::None => return Err(Refused::Unknown),
            I::RemoveAccount => {
                rows.take(23);
                self.stage = Stage::Removed;
                self.live = false;
                if std::mem::take(&mut self.installed) { vec![Effect::Remove] } else { vec![] }
            }
            // A message is handled when it is complete. A message on a closed channel is dropped.
            I::Message(..)
            | I::Malformed(_)
            | I::ArchiveBegan(_)
            | I::ArchiveProgressed(_)
            | I::ArchiveComplete(_)
            | I::ArchiveUnwritable(_)
            | I::Fired(_) => vec![],
        })
    }

    /// [`Side::advance`], which notes the rows that the step takes.
    pub fn advance_noting(&mut self, step: u8, rows: &mut Rows) -> Vec<Effect> {
        let conn = self.passed.remove(step.into());
        self.ready(conn, rows)
    }

    fn message(&mut self, conn: ConnId, message: Message, rows: &mut Rows) -> Vec<Effect> {
        use AuthState as S;
        match (self.state, message) {
            (_, Message::State(Word::Canceled)) => {
                rows.take(9);
                self.state = S::Canceled;
                self.close(conn, rows)
            }
            (S::Handshake, Message::AuthScheme(scheme, _)) => {
                rows.take(10);
                vec![self.ask(conn, scheme)]
            }
            // A key is missed, and the exception swallowed.
            (S::Handshake, _) => {
                rows.take(11);
                vec![]
            }
            (S::Auth, _) => {
                rows.take(15);
                vec![]
            }
            (S::Data, Message::Verdict(Verdict::Final)) => {
                rows.take(16);
                self.state = S::AuthError;
                self.close(conn, rows)
            }
            (S::Data, Message::Verdict(Verdict::Wrong)) => {
                rows.take(17);
                self.state = S::Auth;
                let peer = self.peer(conn);
                vec![Effect::Signal(Signal::Prompt { peer, scheme: Scheme::Password, wrong_password: true })]
            }
            (S::Data, _) => {
                rows.take(18);
                self.state = S::Err;
                self.close(conn, rows)
            }
            (S::Est | S::Err | S::AuthError | S::Timeout | S::Canceled, _) => vec![],
        }
    }

    fn ask(&mut self, conn: ConnId, scheme: Scheme) -> Effect {
        self.state = AuthState::Auth;
        (self.asked, self.scheme) = (scheme, scheme);
        Effect::Signal(Signal::Prompt { peer: self.peer(conn), scheme, wrong_password: false })
    }

    /// A message with `accData`. Only an intruder sends one in HANDSHAKE; it says `authScheme` too then, without which the
    /// message would be dropped (I11).
    fn archive(&mut self, conn: ConnId, rows: &mut Rows) -> Vec<Effect> {
        if self.state != AuthState::Data && self.changes.has(Change::ArchiveAfterAnswer) {
            return vec![];
        }
        let mut effects = match self.state {
            AuthState::Handshake => {
                rows.take(12);
                vec![self.ask(conn, Scheme::None)]
            }
            AuthState::Data => {
                rows.take(19);
                vec![]
            }
            AuthState::Auth | AuthState::Err => vec![],
            AuthState::Est | AuthState::AuthError | AuthState::Timeout | AuthState::Canceled => return vec![],
        };
        rows.take(20);
        self.loading = Some(conn);
        let typed = self.credentials.unwrap_or(CLEAR);
        let clear = self.scheme == Scheme::None && self.asked != Scheme::None;
        let under = if clear || self.changes.has(Change::StoresInClear) { CLEAR } else { typed };
        effects.extend([Effect::Signal(Signal::InProgress), Effect::Stage(under), Effect::Check]);
        effects
    }

    /// Whether an archive of this account is installed.
    fn may_install(&self, account: AccountId) -> bool {
        !self.changes.has(Change::ArchiveBound) || self.loading.is_some_and(|conn| self.peer(conn) == account)
    }

    /// The archive is loaded, or what came is not an archive: the channel is closed.
    fn loaded(&mut self, rows: &mut Rows) -> Vec<Effect> {
        let conn = self.loading.take().filter(|conn| self.channels.contains(conn));
        conn.map_or_else(Vec::new, |conn| self.close(conn, rows))
    }

    /// A channel is counted, accepted and ready (I4, I7).
    fn ready(&mut self, conn: ConnId, rows: &mut Rows) -> Vec<Effect> {
        rows.take(7);
        self.open = self.open.wrapping_add(1);
        self.state = AuthState::Handshake;
        self.channel = Some(conn);
        self.channels.push(conn);
        self.channels.sort_unstable();
        self.timer = true;
        vec![
            Effect::AcceptChannel(conn),
            Effect::Arm(Timer::Authenticate),
            Effect::Send(conn, Message::Hello(Features::NONE)),
        ]
    }

    /// A channel is shut: the client learns of the end.
    fn shut(&mut self, conn: ConnId, rows: &mut Rows) -> Vec<Effect> {
        rows.take(22);
        self.channels.retain(|other| *other != conn);
        self.channel = None;
        self.open = self.open.wrapping_sub(1);
        self.live = false;
        let mut effects = self.stop_timer();
        effects.push(Effect::Signal(Signal::Done(self.error())));
        effects
    }

    /// It closes a channel: its own client learns of it first, then the peer.
    fn close(&mut self, conn: ConnId, rows: &mut Rows) -> Vec<Effect> {
        let mut effects = self.shut(conn, rows);
        effects.push(Effect::End(conn));
        effects
    }

    fn stop_timer(&mut self) -> Vec<Effect> {
        if std::mem::take(&mut self.timer) { vec![Effect::Disarm(Timer::Authenticate)] } else { vec![] }
    }
}

impl Default for Importer {
    fn default() -> Self {
        Self::new()
    }
}

impl Side for Importer {
    type Input = Input;
    type Effect = Effect;

    fn take(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
        self.take_noting(input, &mut Rows::default())
    }

    fn armed(&self) -> Timers {
        let mut timers = Timers::default();
        if self.timer {
            timers.insert(Timer::Authenticate);
        }
        timers
    }

    /// The temporary node is never stopped.
    fn is_closed(&self) -> bool {
        self.stage == Stage::None
    }

    fn inner(&self) -> Vec<u8> {
        (0..self.passed.len() as u8).collect()
    }

    fn advance(&mut self, step: u8) -> Vec<Effect> {
        self.advance_noting(step, &mut Rows::default())
    }

    fn reads(&self, conn: ConnId) -> bool {
        self.loading != Some(conn)
    }

    /// It comes from the scheme's name, whatever was typed.
    fn flag(&self) -> Option<bool> {
        let named = self.loading.map(|_| self.scheme == Scheme::Password);
        named.filter(|_| !self.changes.has(Change::FlagFromPassword))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONN: ConnId = ConnId(1);
    const SOUND: Input = Input::Checked(Check::Sound(AccountId([1; 20])));

    /// After an answer: nothing more is missing than the archive.
    fn answered() -> Importer {
        let mut side = Importer::new();
        let opened = Input::ConnectionOpened { conn: CONN, verified: true, presented: Some(AccountId([1; 20])) };
        for input in [Input::AddAccount, Input::Published, opened, Input::ChannelRequested(CONN, Ask::Right)] {
            side.take(input).expect("it is no call that is refused");
        }
        side.advance(0);
        side.take(Input::Message(CONN, Message::AuthScheme(Scheme::Password, Features::NONE))).expect("it is no call");
        let effects = side.take(Input::ProvideAccountAuthentication(Slot(0), Scheme::Password));
        assert!(effects.is_ok_and(|effects| effects.contains(&Effect::Signal(Signal::InProgress))));
        side
    }

    /// I20, and I23: the same archive is loaded, unless the account is removed.
    #[test]
    fn an_archive_that_comes_after_a_removal_closes_the_channel_and_is_not_loaded() {
        let mut side = answered();
        let effects = side.take(Input::ArchiveComplete(CONN)).expect("it is no call");
        assert_eq!(effects, [Effect::Signal(Signal::InProgress), Effect::Stage(Slot(0)), Effect::Check]);

        let ended =
            [Effect::Disarm(Timer::Authenticate), Effect::Signal(Signal::Done(Outcome::Network)), Effect::End(CONN)];
        for next in [
            Input::ArchiveComplete(CONN),
            Input::Malformed(CONN),
            Input::Message(CONN, Message::Verdict(Verdict::Wrong)),
            Input::Message(CONN, Message::State(Word::Canceled)),
        ] {
            let mut side = answered();
            assert_eq!(side.take(Input::RemoveAccount), Ok(vec![]), "nothing is sent, and the channel stays open");
            for input in [Input::ArchiveBegan(CONN), Input::ArchiveProgressed(CONN)] {
                assert_eq!(side.take(input), Ok(vec![]), "a message is handled when it is complete");
            }
            let mut rows = Rows::default();
            assert_eq!(side.take_noting(next, &mut rows), Ok(ended.to_vec()), "{next:?}");
            assert_eq!(rows.iter().collect::<Vec<_>>(), [22, 23]);
            // Nothing comes after it.
            assert_eq!(side.take(SOUND), Ok(vec![]));
            assert_eq!(side.take(Input::ArchiveComplete(CONN)), Ok(vec![]));
        }
    }
}
