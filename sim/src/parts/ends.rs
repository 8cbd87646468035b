//! How an operation ends at each event that ends it alone, and what it says then: the outcome is typed from the rows of the requirements.
//! The ends that depend on the features of both sides are in [`super::features`].

use handfast::{
    export::{self, Exporter, Tried},
    import::{Ask, Importer, Input as I},
    limits::Timer,
    message::{Features, Message as M, Slot, Verdict, Word},
    outcome::{AccountId, Outcome, Profile, Scheme},
    reducer::{Config, ConnId},
};

use super::{Cases, Part, features};

const CONN: ConnId = ConnId(1);
const SLOT: Slot = Slot(1);

/// Carries the tables out.
pub(super) fn ends() -> Part {
    let mut cases = Cases::default();
    for profile in [Profile::Documented, Profile::Jamid] {
        let config = Config { profile, ..Config::default() };
        importer(&mut cases, config);
        exporter(&mut cases, config);
    }
    cases.part("ends", "R-IMP-1 to R-IMP-14, R-EXP-1 to R-EXP-12, R-EXT-3, R-CANCEL-1, R-TIME-1 to R-TIME-5")
}

/// The beginning of an import, up to a stage.
fn import_up_to(stage: usize) -> Vec<I> {
    let stages: [&[I]; 5] = [
        &[I::AddAccount],
        &[I::Published],
        &[
            I::ConnectionRequested(CONN),
            I::ConnectionOpened { conn: CONN, presented: Some(AccountId([7; 20])), verified: true },
            I::ChannelRequested(CONN, Ask::Right),
            I::Message(CONN, M::AuthScheme(Scheme::None, Features::ALL)),
        ],
        &[I::ProvideAccountAuthentication(SLOT, Scheme::None)],
        &[I::ArchiveBegan(CONN)],
    ];
    stages[..=stage].concat()
}

fn importer(cases: &mut Cases, config: Config) {
    const PREPARING: usize = 0;
    const WAITING: usize = 1;
    const PROMPTING: usize = 2;
    const ANSWERED: usize = 3;
    const RECEIVING: usize = 4;
    let silent: &[&str] = &[];
    let (end, timeout, canceled) = (&["the end"][..], &["TIMEOUT", "the end"][..], &["CANCELED", "the end"][..]);
    let table = [
        (PREPARING, I::Unpublishable, silent, Outcome::Network),
        (PREPARING, I::Fired(Timer::Prepare), silent, Outcome::Timeout),
        (PREPARING, I::RemoveAccount, silent, Outcome::CANCELED),
        (WAITING, I::Fired(Timer::Token), silent, Outcome::Timeout),
        (WAITING, I::RemoveAccount, silent, Outcome::CANCELED),
        (PROMPTING, I::ConnectionLost(CONN), silent, Outcome::Network),
        (PROMPTING, I::ChannelEnded(CONN), silent, Outcome::Network),
        (PROMPTING, I::Malformed(CONN), end, Outcome::Protocol),
        (PROMPTING, I::ArchiveBegan(CONN), end, Outcome::Protocol),
        (PROMPTING, I::Message(CONN, M::Hello(Features::ALL)), end, Outcome::Protocol),
        (PROMPTING, I::Message(CONN, M::Verdict(Verdict::Final)), end, Outcome::Authentication),
        (PROMPTING, I::Message(CONN, M::State(Word::Canceled)), end, Outcome::CANCELED),
        (PROMPTING, I::Message(CONN, M::State(Word::Timeout)), end, Outcome::Timeout),
        (PROMPTING, I::Message(CONN, M::State(Word::Mismatch)), end, Outcome::Protocol),
        (PROMPTING, I::Fired(Timer::Authenticate), timeout, Outcome::Timeout),
        (PROMPTING, I::RemoveAccount, canceled, Outcome::CANCELED),
        (ANSWERED, I::Message(CONN, M::Verdict(Verdict::Final)), end, Outcome::Authentication),
        (ANSWERED, I::Message(CONN, M::Password(SLOT)), end, Outcome::Protocol),
        (ANSWERED, I::ConnectionLost(CONN), silent, Outcome::Network),
        (RECEIVING, I::ArchiveUnwritable(CONN), end, Outcome::Storage),
        (RECEIVING, I::Fired(Timer::Stall), timeout, Outcome::Timeout),
        (RECEIVING, I::Fired(Timer::Transfer), timeout, Outcome::Timeout),
        (RECEIVING, I::Message(CONN, M::State(Word::Canceled)), end, Outcome::CANCELED),
        (RECEIVING, I::Message(CONN, M::State(Word::Timeout)), end, Outcome::Timeout),
        (RECEIVING, I::Malformed(CONN), end, Outcome::Protocol),
        (RECEIVING, I::ConnectionLost(CONN), silent, Outcome::Network),
        (RECEIVING, I::ChannelEnded(CONN), silent, Outcome::Network),
        (RECEIVING, I::RemoveAccount, canceled, Outcome::CANCELED),
    ];
    for (stage, input, words, outcome) in table {
        let mut importer = Importer::new(config);
        features::import(&mut importer, &import_up_to(stage));
        let came = features::import(&mut importer, &[input]);
        let what = format!("import, {:?}, {:?}: {input:?}", config.profile, importer_stage(stage));
        cases.expect(what, features::said(words, outcome), came);
    }
}

const fn importer_stage(stage: usize) -> &'static str {
    ["preparing", "the token is shown", "the user is asked", "answered", "receiving"][stage]
}

/// The beginning of an export, up to a stage.
fn export_up_to(stage: usize) -> Vec<export::Input> {
    use export::Input as E;
    let stages: [&[E]; 6] = [
        &[E::AddDevice(Scheme::None)],
        &[E::Opened { pinned: true }],
        &[E::Accepted { peer_address: ([192, 0, 2, 7], 4711).into() }, E::Message(M::Hello(Features::ALL))],
        &[E::ConfirmAddDevice, E::Message(M::Password(SLOT))],
        &[E::Tried(SLOT, Tried::Opened)],
        &[E::HandedOver],
    ];
    stages[..=stage].concat()
}

fn exporter(cases: &mut Cases, config: Config) {
    use export::Input as E;
    const CONNECTING: usize = 0;
    const REQUESTED: usize = 1;
    const ASKING: usize = 2;
    const TRYING: usize = 3;
    const SENDING: usize = 4;
    const SENT: usize = 5;
    let silent: &[&str] = &[];
    let (end, timeout, canceled) = (&["the end"][..], &["TIMEOUT", "the end"][..], &["CANCELED", "the end"][..]);
    let table = [
        (CONNECTING, E::Unreachable, silent, Outcome::Network),
        (CONNECTING, E::Opened { pinned: false }, silent, Outcome::Network),
        (CONNECTING, E::Fired(Timer::Connect), silent, Outcome::Timeout),
        (CONNECTING, E::CancelAddDevice, silent, Outcome::CANCELED),
        (REQUESTED, E::Declined, silent, Outcome::Network),
        (REQUESTED, E::Fired(Timer::Connect), silent, Outcome::Timeout),
        (REQUESTED, E::CancelAddDevice, silent, Outcome::CANCELED),
        (ASKING, E::Lost, silent, Outcome::Network),
        (ASKING, E::Ended, silent, Outcome::Network),
        (ASKING, E::Malformed, end, Outcome::Protocol),
        (ASKING, E::Message(M::AuthScheme(Scheme::None, Features::ALL)), end, Outcome::Protocol),
        (ASKING, E::Message(M::State(Word::Canceled)), end, Outcome::CANCELED),
        (ASKING, E::Message(M::State(Word::Timeout)), end, Outcome::Timeout),
        (ASKING, E::Message(M::State(Word::Mismatch)), end, Outcome::Protocol),
        (ASKING, E::Fired(Timer::Authenticate), timeout, Outcome::Timeout),
        (ASKING, E::CancelAddDevice, canceled, Outcome::CANCELED),
        (TRYING, E::Tried(SLOT, Tried::Unreadable), end, Outcome::Storage),
        (SENDING, E::SendFailed, end, Outcome::Storage),
        (SENDING, E::Lost, silent, Outcome::Network),
        (SENDING, E::Ended, silent, Outcome::Network),
        (SENDING, E::Malformed, end, Outcome::Protocol),
        (SENDING, E::Message(M::State(Word::Canceled)), end, Outcome::Canceled { sent: true }),
        (SENDING, E::Message(M::State(Word::Timeout)), end, Outcome::Timeout),
        (SENDING, E::Fired(Timer::Stall), end, Outcome::Timeout),
        (SENDING, E::Fired(Timer::Transfer), end, Outcome::Timeout),
        (SENT, E::Message(M::State(Word::Canceled)), end, Outcome::Canceled { sent: true }),
        (SENT, E::Lost, silent, Outcome::Network),
    ];
    for (stage, input, words, outcome) in table {
        let mut exporter = Exporter::new(config);
        features::export(&mut exporter, &export_up_to(stage));
        let came = features::export(&mut exporter, &[input]);
        let what = format!("export, {:?}, {:?}: {input:?}", config.profile, exporter_stage(stage));
        cases.expect(what, features::said(words, outcome), came);
    }
}

const fn exporter_stage(stage: usize) -> &'static str {
    ["connecting", "the channel is requested", "the user is asked", "a password is tried", "sending", "sent"][stage]
}
