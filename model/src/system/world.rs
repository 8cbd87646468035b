//! Everything around the reducers: the link, what the shells do, callers, and what is left of the budget.
//!
//! A state holds only facts that can still matter. An event that no side learns of is not a step of its own: the progress of a
//! transfer only arms a timer that is armed already, and the arming of timers is in the reducers.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use handfast::{
    export,
    import::{self, Ask},
    message::Slot,
    outcome::{AccountId, LinkState, Scheme, Side},
    reducer::{ConnId, Places},
};

use crate::system::{
    config::{Budget, Cast, Configuration, Player},
    link::{End, Item, Link},
    seen::Seen,
};

/// The account of the honest exporter.
pub const HONEST: AccountId = AccountId([0xa1; 20]);
/// The account of every intruder.
pub const INTRUDER: AccountId = AccountId([0xe7; 20]);
/// The connection of the honest exporter, as the importer names it.
pub const PEER: ConnId = ConnId(1);

/// Where the exporter sees the importer.
pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 4711);

/// The environment of the two reducers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub(crate) cast: Cast,
    /// The new device's disk.
    pub(crate) disk: Disk,
    pub(crate) link: Link,
    pub(crate) import: ImportShell,
    pub(crate) export: ExportShell,
    pub(crate) callers: Vec<Caller>,
    /// The importer's places, in a crowd.
    pub(crate) crowd: Option<Places>,
    /// Of the crowd, those that came to where the exporter's connection is, after it.
    pub(crate) overtaken: u8,
    /// A hostile peer sends every value of every message.
    pub(crate) every_word: bool,
    /// The exporter's archive has no password, whatever its flag says.
    pub(crate) mislabelled: bool,
    /// A hostile device in place of the importer.
    pub(crate) device: Option<Device>,
    /// The request of the exporter's token.
    pub(crate) asks: Ask,
    pub(crate) left: Budget,
    pub(crate) seen: Seen,
}

/// The data at hand of the importer's shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct ImportShell {
    /// Asked to become reachable, and not there yet.
    pub(crate) publishing: bool,
    pub(crate) staged: Option<Staged>,
    /// A check is asked for.
    pub(crate) checking: bool,
    /// The account that the last check found.
    pub(crate) checked: Option<AccountId>,
    pub(crate) storage: Storage,
    /// [`Side::flag`](crate::system::side::Side::flag) of the importer.
    pub(crate) flag: Option<bool>,
}

/// The way in which a disk is written, and in which a restart reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Disk {
    /// A name is durable after what it names.
    #[default]
    InOrder,
    /// It does not keep the order.
    Torn,
    /// An old daemon has the account in its list from the beginning of the link, and takes it for one after a restart.
    KeepsPending,
    /// The flag *archive has a password* is written as the scheme is called, whatever was typed.
    NamesScheme,
}

/// An archive in its temporary place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Staged {
    pub(crate) from: ConnId,
    pub(crate) whole: bool,
}

/// Where the install is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) enum Storage {
    #[default]
    None,
    Running,
    /// Done, and not reported.
    Settled {
        durable: bool,
    },
    /// Done, and reported.
    Reported {
        durable: bool,
    },
    /// The linked account was removed.
    Removed,
    /// A crash left part of an account.
    Torn,
}

impl Storage {
    /// Whether there is an account.
    pub(crate) const fn holds_account(self) -> bool {
        matches!(self, Self::Settled { durable: true } | Self::Reported { durable: true })
    }
}

/// The data at hand of the exporter's shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct ExportShell {
    /// The archive is being opened with this password.
    pub(crate) opening: Option<Slot>,
    /// The archive has begun and is not handed over.
    pub(crate) sending: bool,
}

/// One connection to the importer that is not the honest exporter's: a caller's, or one for a request that came again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) stage: Stage,
    pub(crate) chain: Option<AccountId>,
    /// Whether the chain's signatures hold.
    pub(crate) proved: bool,
    /// Wrong codes so far.
    pub(crate) wrong_codes: u8,
    /// The last signals of importer and exporter when the request came again.
    pub(crate) came: Option<(LinkState, LinkState)>,
}

/// The device at the other end of a connection that is not the honest exporter's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody who knows the token.
    Intruder,
    /// Somebody who does not.
    Stranger,
    /// No one: it is for a request that came again, and the exporter answered the first.
    Repeated,
}

/// How far a hostile connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Away,
    /// Asked for; a caller's is accepted and not secured.
    Requested,
    /// A caller's, whose handshake is under way.
    Answered,
    Open,
    /// The exporter asks the device for the channel.
    Asked,
    Session,
    /// In the middle of an archive.
    Sending,
    /// The channel is ended; the connection is open.
    Ended,
    Gone,
}

/// The hostile device that the exporter's token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Device {
    pub(crate) stage: Stage,
    /// Passwords that it has sent.
    pub(crate) passwords: u8,
}

impl World {
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let budget = configuration.budget;
        let caller = Caller { stage: Stage::Away, chain: None, proved: false, wrong_codes: 0, came: None };
        let repeated = if configuration.repeats() { budget.duplicates } else { 0 };
        Self {
            cast: configuration.cast,
            disk: Disk::InOrder,
            link: Link::new(),
            import: ImportShell::default(),
            export: ExportShell::default(),
            callers: vec![caller; usize::from(budget.intruders + budget.strangers + repeated)],
            crowd: configuration.crowd,
            overtaken: 0,
            every_word: configuration.every_word,
            mislabelled: configuration.mislabelled,
            device: (configuration.cast.import == Player::Hostile)
                .then_some(Device { stage: Stage::Away, passwords: 0 }),
            asks: Ask::Right,
            left: budget,
            seen: Seen::default(),
        }
    }

    /// The caller on this connection.
    pub(crate) fn caller(&self, conn: ConnId) -> Option<&Caller> {
        self.callers.get(caller_index(conn)?)
    }

    pub(crate) fn caller_mut(&mut self, conn: ConnId) -> Option<&mut Caller> {
        self.callers.get_mut(caller_index(conn)?)
    }

    /// Returns the device at the other end of the connection of the caller with this index. Connections of callers are not used up like other budgets.
    pub(crate) fn kind(&self, index: usize) -> Kind {
        let intruders = usize::from(self.left.intruders);
        match index {
            _ if index < intruders => Kind::Intruder,
            _ if index < intruders + usize::from(self.left.strangers) => Kind::Stranger,
            _ => Kind::Repeated,
        }
    }

    /// The connections for requests that came again, or will.
    pub(crate) fn repeated(&self) -> &[Caller] {
        self.callers.get(usize::from(self.left.intruders + self.left.strangers)..).unwrap_or_default()
    }

    /// Whether the exporter's request is out, and the directory may deliver it again.
    pub(crate) fn may_repeat(&self) -> bool {
        let sent = self.link.half(Side::Export).end != End::Away;
        sent && self.seen.import.is_up() && self.left.duplicates > 0 && !self.repeated().is_empty()
    }

    /// Whether one of a crowd can come to where the exporter's connection is, which is then overtaken once more. None: not as fast.
    pub(crate) fn overtake(&mut self, stage: Stage) -> Option<()> {
        let Some(Places { unsecured, secured }) = self.crowd else { return Some(()) };
        let waits = self.seen.import.session.is_none();
        let places = match (self.link.half(Side::Import).end, stage) {
            (End::Trying, Stage::Requested) if waits => unsecured,
            (End::Open, Stage::Open) if waits => secured,
            _ => return Some(()),
        };
        if u16::from(self.overtaken) + 1 < places {
            self.overtaken += 1;
        } else {
            self.left.bursts = self.left.bursts.checked_sub(1)?;
        }
        Some(())
    }

    /// How far a connection has come that is not the session's.
    pub(crate) fn stage(&self, conn: ConnId) -> Option<Stage> {
        if conn != PEER {
            return self.caller(conn).map(|caller| caller.stage);
        }
        match self.link.half(Side::Import).end {
            End::Trying => Some(Stage::Requested),
            End::Open => Some(Stage::Open),
            End::Away | End::Closed => None,
        }
    }

    /// Whether the flag of the archive that is being staged is that of the password that was typed: none for an empty one (R-ARC-5).
    pub(crate) fn is_flag_right(&self) -> bool {
        let asked = self.seen.import.consent.map(|prompt| prompt.scheme);
        let empty = self.mislabelled || asked == Some(Scheme::None);
        let typed = !(empty && self.seen.import.typed.is_some_and(is_right));
        let written = if self.disk == Disk::NamesScheme { asked == Some(Scheme::Password) } else { typed };
        self.import.flag.unwrap_or(written) == typed
    }

    /// The account that the chain of the peer on this connection names.
    pub(crate) fn named(&self, conn: ConnId) -> Option<AccountId> {
        if conn == PEER { Some(HONEST) } else { self.caller(conn)?.chain }
    }

    /// The account that it names with signatures that hold.
    pub(crate) fn proved(&self, conn: ConnId) -> Option<AccountId> {
        self.named(conn).filter(|_| self.caller(conn).is_none_or(|caller| caller.proved))
    }

    /// Carries out one effect of the importer, as its shell does.
    pub(crate) fn carry_out_import(&mut self, input: Option<import::Input>, effect: import::Effect) {
        use import::Effect as E;
        match effect {
            E::Signal(_) | E::Arm(_) | E::Disarm(_) => {}
            E::Publish => self.import.publishing = true,
            E::Withdraw => self.import.publishing = false,
            E::Accept(PEER) => {
                self.link.half_mut(Side::Import).end = End::Trying;
                self.overtaken = 0;
            }
            E::Accept(conn) => self.set_caller(conn, Stage::Requested),
            E::Refuse(PEER) => {
                let listens = self.seen.import.is_up() && self.seen.import.done.is_none();
                self.link.send(Side::Import, if listens { Item::Refused } else { Item::Absent });
                let half = self.link.half_mut(Side::Import);
                half.end = End::Closed;
                half.queue.clear();
            }
            E::Close(PEER) => {
                self.link.close(Side::Import);
                self.overtaken = 0;
            }
            E::Refuse(conn) | E::Close(conn) => self.set_caller(conn, Stage::Gone),
            E::AcceptChannel(PEER) => {
                self.link.send(Side::Import, Item::Accepted);
                self.overtaken = 0;
            }
            E::AcceptChannel(conn) => self.set_caller(conn, Stage::Session),
            E::DeclineChannel(PEER) => self.link.send(Side::Import, Item::Declined),
            E::DeclineChannel(_) => {}
            E::Send(PEER, message) => self.link.send(Side::Import, Item::Message(message)),
            E::Send(..) => {}
            E::End(PEER) => self.link.end_channel(Side::Import),
            E::End(conn) => self.set_caller(conn, Stage::Ended),
            E::Stage(_) => {
                // An old importer has the whole archive before it does anything with it.
                let whole = matches!(input, Some(import::Input::ArchiveComplete(_)));
                let conn = input.and_then(|input| input.conn());
                self.import.staged = conn.map(|from| Staged { from, whole });
            }
            E::Check => self.import.checking = true,
            E::Install => self.import.storage = Storage::Running,
            E::Discard => self.import.staged = None,
            E::Remove => self.import.storage = Storage::Removed,
        }
    }

    /// Carries out one effect of the exporter, as its shell does.
    pub(crate) fn carry_out_export(&mut self, effect: export::Effect) {
        use export::Effect as E;
        // An old exporter hands the archive over in one call.
        let at_once = self.cast.export == Player::Legacy;
        match effect {
            E::Open(slot) => self.export.opening = Some(slot),
            E::SendArchive => self.export.sending = !at_once,
            E::End | E::Close => self.export.sending = false,
            E::Signal(_) | E::Arm(_) | E::Disarm(_) | E::Connect | E::RequestChannel | E::Send(_) => {}
        }
        if let Some(device) = &mut self.device {
            device.stage = match effect {
                E::Connect => Stage::Requested,
                E::RequestChannel => Stage::Asked,
                E::End => Stage::Ended,
                E::Close => Stage::Gone,
                E::Signal(_) | E::Arm(_) | E::Disarm(_) | E::Open(_) | E::SendArchive | E::Send(_) => device.stage,
            };
            return;
        }
        match effect {
            E::Signal(_) | E::Arm(_) | E::Disarm(_) | E::Open(_) => {}
            E::Connect => {
                let served = self.seen.import.session == Some(PEER);
                self.link.begin(served);
            }
            E::RequestChannel => self.link.send(Side::Export, Item::ChannelRequest),
            E::Send(message) => self.link.send(Side::Export, Item::Message(message)),
            E::SendArchive => {
                self.link.send(Side::Export, Item::ArchiveBegin);
                if at_once {
                    self.link.send(Side::Export, Item::ArchiveEnd);
                }
            }
            E::End => self.link.end_channel(Side::Export),
            E::Close => self.link.close(Side::Export),
        }
    }

    fn set_caller(&mut self, conn: ConnId, stage: Stage) {
        if let Some(caller) = self.caller_mut(conn) {
            caller.stage = stage;
            if stage == Stage::Gone {
                caller.wrong_codes = 0;
            }
        }
    }

    /// Hands the next item of the link to the importer. Some are the shell's own business.
    pub(crate) fn import_input(&mut self, item: Item) -> Option<import::Input> {
        use import::Input as I;
        Some(match item {
            Item::Request => I::ConnectionRequested(PEER),
            Item::ChannelRequest => I::ChannelRequested(PEER, self.asks),
            Item::Message(message) => I::Message(PEER, message),
            Item::ArchiveBegin => I::ArchiveBegan(PEER),
            Item::ArchiveEnd => {
                if self.cast.import != Player::Legacy {
                    let staged = self.import.staged.as_mut().filter(|staged| staged.from == PEER && !staged.whole)?;
                    staged.whole = true;
                }
                I::ArchiveComplete(PEER)
            }
            Item::End => I::ChannelEnded(PEER),
            Item::Lost => I::ConnectionLost(PEER),
            Item::Opened | Item::Refused | Item::Absent | Item::Accepted | Item::Declined => return None,
        })
    }

    /// Hands the next item of the link to the exporter.
    pub(crate) fn export_input(&mut self, item: Item) -> Option<export::Input> {
        use export::Input as I;
        Some(match item {
            Item::Opened => I::Opened { pinned: true },
            Item::Refused => I::Failed,
            Item::Absent => I::Unreachable,
            Item::Accepted => I::Accepted { peer_address: ADDRESS },
            Item::Declined => I::Declined,
            Item::Message(message) => I::Message(message),
            Item::End => I::Ended,
            Item::Lost => {
                self.export.sending = false;
                I::Lost
            }
            Item::Request | Item::ChannelRequest | Item::ArchiveBegin | Item::ArchiveEnd => return None,
        })
    }
}

/// Whether the archive opens with this password. The lowest bit of a slot says it: the model's way to keep passwords.
pub const fn is_right(slot: Slot) -> bool {
    slot.0 & 1 == 1
}

/// A slot for the `count`-th password.
pub const fn slot(count: u8, right: bool) -> Slot {
    Slot(count << 1 | right as u8)
}

/// The connection of the caller with this index.
pub const fn caller_conn(index: usize) -> ConnId {
    ConnId(index as u32 + 2)
}

pub(crate) fn caller_index(conn: ConnId) -> Option<usize> {
    usize::try_from(conn.0).ok()?.checked_sub(2)
}
