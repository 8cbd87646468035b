//! Inputs of the reducers, made of a fuzzer's bytes. A byte chooses what comes, further ones what it carries; few values stand for many,
//! so that what belongs together meets.

use std::net::IpAddr;

use arbitrary::{Result, Unstructured};
use handfast::{
    client::{self, Received},
    export,
    import::{self, Ask, Check},
    limits::Timer,
    message::{Features, ImportResult, Message, Slot, Verdict, Word},
    operations::{AddAccountError, AddDeviceError, LocalId, OpId},
    outcome::{AccountId, Details, Outcome, Profile, Scheme, Side, Signal},
    reducer::{Config, ConnId},
};

use crate::received;

const MOST_INPUTS: usize = 200;

/// A configuration of a reducer.
pub(crate) fn config(from: &mut Unstructured<'_>) -> Result<Config> {
    let profile = *from.choose(&[Profile::Documented, Profile::Jamid])?;
    Ok(Config { profile, features: features(from)?, ..Config::default() })
}

/// The rest of the bytes, as inputs.
pub(crate) fn all<T>(from: &mut Unstructured<'_>, one: fn(&mut Unstructured<'_>) -> Result<T>) -> Vec<T> {
    let some = || (!from.is_empty()).then(|| one(from).ok()).flatten();
    std::iter::from_fn(some).take(MOST_INPUTS).collect()
}

fn features(from: &mut Unstructured<'_>) -> Result<Features> {
    Ok(Features { result: from.arbitrary()?, cancel: from.arbitrary()?, sas: from.arbitrary()? })
}

fn scheme(from: &mut Unstructured<'_>) -> Result<Scheme> {
    from.choose(&[Scheme::None, Scheme::Password]).copied()
}

fn slot(from: &mut Unstructured<'_>) -> Result<Slot> {
    Ok(Slot(from.int_in_range(0..=3)?))
}

fn conn(from: &mut Unstructured<'_>) -> Result<ConnId> {
    Ok(ConnId(from.int_in_range(0..=11)?))
}

fn account(from: &mut Unstructured<'_>) -> Result<AccountId> {
    Ok(AccountId([from.int_in_range(0..=1)?; 20]))
}

fn timer(from: &mut Unstructured<'_>) -> Result<Timer> {
    from.choose(&Timer::ALL).copied()
}

fn message(from: &mut Unstructured<'_>) -> Result<Message> {
    use ImportResult::{FailedArchive, FailedStorage, Other, Stored};
    Ok(match from.int_in_range(0..=9)? {
        0 => Message::Hello(features(from)?),
        1 => Message::AuthScheme(scheme(from)?, features(from)?),
        2 => Message::Password(slot(from)?),
        3 => Message::Verdict(*from.choose(&[Verdict::Wrong, Verdict::Final, Verdict::None])?),
        4 => Message::State(*from.choose(&[Word::Canceled, Word::Timeout, Word::Mismatch])?),
        5 => Message::ImportResult(*from.choose(&[Stored, FailedArchive, FailedStorage, Other])?),
        6 => Message::Commitment(Slot::NONE),
        7 => Message::Nonce(Slot::NONE),
        8 => Message::Opening(Slot::NONE),
        _ => Message::Unknown,
    })
}

/// Any input of an importer.
pub(crate) fn import(from: &mut Unstructured<'_>) -> Result<import::Input> {
    use import::Input::*;
    Ok(match from.int_in_range(0..=23)? {
        0 => AddAccount,
        1 => ProvideAccountAuthentication(slot(from)?, scheme(from)?),
        2 => RemoveAccount,
        3 => Published,
        4 => Unpublishable,
        5 => ConnectionRequested(conn(from)?),
        6 => {
            let presented = from.arbitrary::<bool>()?.then(|| account(from)).transpose()?;
            ConnectionOpened { conn: conn(from)?, presented, verified: from.arbitrary()? }
        }
        7 => ConnectionFailed(conn(from)?),
        8 => ConnectionLost(conn(from)?),
        9 => ChannelRequested(conn(from)?, *from.choose(&[Ask::Right, Ask::Wrong, Ask::Other])?),
        10 => ChannelEnded(conn(from)?),
        11 => Message(conn(from)?, message(from)?),
        12 => Malformed(conn(from)?),
        13 => ArchiveBegan(conn(from)?),
        14 => ArchiveProgressed(conn(from)?),
        15 => ArchiveComplete(conn(from)?),
        16 => ArchiveUnwritable(conn(from)?),
        17 => Checked(match from.int_in_range(0..=2)? {
            0 => Check::Sound(account(from)?),
            1 => Check::Unsound,
            _ => Check::Unreadable,
        }),
        18 => Installed(from.arbitrary()?),
        19 => ConnectionRequestedFrom(conn(from)?, IpAddr::from([192, 0, 2, from.int_in_range(0..=3)?]).into()),
        20 => ConnectionAnswered(conn(from)?),
        21 => ConnectionsExhausted,
        22 => CompareAccount(from.arbitrary()?),
        _ => Fired(timer(from)?),
    })
}

/// Any input of an exporter.
pub(crate) fn export(from: &mut Unstructured<'_>) -> Result<export::Input> {
    use export::{Input::*, Tried as What};
    Ok(match from.int_in_range(0..=17)? {
        0 => AddDevice(scheme(from)?),
        1 => ConfirmAddDevice,
        2 => CancelAddDevice,
        3 => Opened { pinned: from.arbitrary()? },
        4 => Unreachable,
        5 => Lost,
        6 => Accepted { peer_address: ([127, 0, 0, 1], 4711).into() },
        7 => Declined,
        8 => Ended,
        9 => Message(message(from)?),
        10 => Malformed,
        11 => Tried(slot(from)?, *from.choose(&[What::Opened, What::Wrong, What::Unreadable])?),
        12 => Progressed,
        13 => HandedOver,
        14 => SendFailed,
        15 => Failed,
        16 => CompareAddDevice(from.arbitrary()?),
        _ => Fired(timer(from)?),
    })
}

/// Which operation: mostly the one that is there.
fn operation(from: &mut Unstructured<'_>) -> Result<u32> {
    Ok(from.int_in_range(0..=7)?.max(5) - 4)
}

/// Returns an input of a client: a signal, or details as a daemon, or a program in its place, may write them.
fn said(from: &mut Unstructured<'_>, side: Side) -> Result<Received> {
    Ok(Received::Signal(match from.int_in_range(0..=10)? {
        0 => Signal::TokenAvailable,
        1 => Signal::Connecting,
        2 => Signal::Prompt { peer: account(from)?, scheme: scheme(from)?, wrong_password: from.arbitrary()? },
        3 => Signal::Confirm { peer_address: ([192, 0, 2, 7], from.int_in_range(0..=1)?).into() },
        4 => Signal::InProgress,
        5 => Signal::Done(*from.choose(&Outcome::ALL)?),
        6 => return Ok(Received::Unheard),
        7 => return Ok(Received::Strange),
        8 => Signal::CompareAccount { peer: account(from)?, scheme: scheme(from)? },
        9 => Signal::CompareDevice { peer_address: ([192, 0, 2, 7], from.int_in_range(0..=1)?).into() },
        _ => return Ok(received::read(side, from.int_in_range(-1..=6)?, &details(from)?)),
    }))
}

/// Details, of the words that some daemon knows and of others.
fn details(from: &mut Unstructured<'_>) -> Result<Details> {
    let keys = [
        "error",
        "reason",
        "token",
        "peer_id",
        "auth_scheme",
        "auth_error",
        "peer_address",
        "sent",
        "confirmed",
        "sas",
    ];
    let id = "a1".repeat(20);
    let words =
        ["", "none", "true", "false", "password", "invalid_credentials", "auth_error", "unknown", "[::1]:1", &id];
    let outcomes = Outcome::ALL.map(Outcome::reason);
    let words: Vec<&str> = words.into_iter().chain(outcomes).collect();
    let mut details = Details::new();
    for _ in 0..from.int_in_range(0..=4)? {
        let value = match from.arbitrary()? {
            true => (*from.choose(&words)?).to_owned(),
            false => {
                let length = from.int_in_range(0..=12)?;
                String::from_utf8_lossy(from.bytes(length)?).into_owned()
            }
        };
        details.insert((*from.choose(&keys)?).to_owned(), value);
    }
    Ok(details)
}

/// Any input of the client of an import.
pub(crate) fn import_client(from: &mut Unstructured<'_>) -> Result<client::import::Input> {
    use client::import::Input::*;
    let id = |from: &mut Unstructured<'_>| Ok(LocalId(operation(from)?.into()));
    Ok(match from.int_in_range(0..=11)? {
        0 => Select,
        1 => Answer(slot(from)?),
        2 => Back,
        3 => Reset,
        4 => Finish,
        5 => Added(Ok(id(from)?)),
        6 => Added(Err(*from.choose(&[AddAccountError::TooMany, AddAccountError::Taken])?)),
        7 => Provided(id(from)?, from.arbitrary()?),
        8 => Removed(id(from)?, from.arbitrary()?),
        9 => Compare(from.arbitrary()?),
        10 => Compared(id(from)?, from.arbitrary()?),
        _ => Signal(id(from)?, said(from, Side::Import)?),
    })
}

/// Any input of the client of an export.
pub(crate) fn export_client(from: &mut Unstructured<'_>) -> Result<client::export::Input> {
    use {AddDeviceError::*, client::export::Input::*};
    let id = |from: &mut Unstructured<'_>| Ok(OpId(operation(from)?));
    Ok(match from.int_in_range(0..=17)? {
        0 => Select,
        1 => Camera,
        2 => Start,
        3 => Detected(slot(from)?),
        4 => Manual,
        5 => Entered(slot(from)?),
        6 => Cancel,
        7 => Confirm,
        8 => Back,
        9 => Reset,
        10 => Finish,
        11 => Added(Ok(id(from)?)),
        12 => Added(Err(*from.choose(&[InvalidUri, AlreadyLinking, Generic])?)),
        13 => Confirmed(id(from)?, from.arbitrary()?),
        14 => Canceled(id(from)?, from.arbitrary()?),
        15 => Compare(from.arbitrary()?),
        16 => Compared(id(from)?, from.arbitrary()?),
        _ => Signal(id(from)?, said(from, Side::Export)?),
    })
}
