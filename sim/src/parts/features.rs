//! Every choice of features of both sides, and what each side then says at each end (R-EXT-1 to R-EXT-3): the reducers are driven by hand, and
//! the table is typed from the requirements. Where both name `sas` there is a comparison, which has a table of its own.

use handfast::{
    export::{self, Exporter, Tried},
    import::{Ask, Check, Effect as I, Importer, Input},
    limits::Timer,
    message::{Features, ImportResult, Message as M, Slot, Word},
    operations::{Imports, LocalId},
    outcome::{AccountId, Outcome, Profile, Scheme, Signal},
    reducer::{Config, ConnId},
};

use super::{Cases, Part};

const PEER: AccountId = AccountId([7; 20]);
const CONN: ConnId = ConnId(1);

/// The user is asked for a password, or to confirm the device.
pub(super) const ASKED: &str = "the user is asked";
/// The user is asked to compare.
pub(super) const COMPARES: &str = "the user compares";
/// A password is tried.
pub(super) const TRIED: &str = "a password is tried";

/// All choices of features.
pub(super) fn choices() -> impl Iterator<Item = Features> {
    let switch = [false, true];
    let two =
        move |sas| switch.into_iter().flat_map(move |result| switch.map(|cancel| Features { result, cancel, sas }));
    switch.into_iter().flat_map(two)
}

/// The messages that an operation sends, in words, and how it ends.
pub(super) type Said = (Vec<String>, Option<Outcome>);

fn word(message: M) -> String {
    match message {
        M::Hello(features) => format!("hello, {}", named(features)),
        M::AuthScheme(_, features) => format!("authScheme, {}", named(features)),
        M::Commitment(_) => "sasCommitment".into(),
        M::Nonce(_) => "sasNonce".into(),
        M::Opening(_) => "sasOpening".into(),
        M::State(Word::Mismatch) => "MISMATCH".into(),
        M::State(Word::Canceled) => "CANCELED".into(),
        M::State(Word::Timeout) => "TIMEOUT".into(),
        M::ImportResult(ImportResult::Stored) => "stored".into(),
        M::ImportResult(ImportResult::FailedArchive) => "failed_archive".into(),
        M::ImportResult(ImportResult::FailedStorage) => "failed_storage".into(),
        other => format!("{other:?}"),
    }
}

/// Features, in words.
pub(super) fn named(Features { result, cancel, sas }: Features) -> String {
    format!("result: {result}, cancel: {cancel}, sas: {sas}")
}

/// Returns the words of an importer at these inputs.
pub(super) fn import(importer: &mut Importer, inputs: &[Input]) -> Said {
    let (mut said, mut end) = (Vec::new(), None);
    for &input in inputs {
        if importer.handle(input).is_err() {
            said.push(format!("{input:?} is refused"));
        }
        while let Some(effect) = importer.poll_effect() {
            match effect {
                I::Send(_, message) => said.push(word(message)),
                I::End(_) => said.push("the end".into()),
                I::Remove => said.push("the account is removed".into()),
                I::Signal(Signal::Done(outcome)) => end = Some(outcome),
                I::Signal(Signal::CompareAccount { .. }) => said.push(COMPARES.into()),
                I::Signal(Signal::Prompt { .. }) => said.push(ASKED.into()),
                _ => {}
            }
        }
    }
    (said, end)
}

/// Returns the words of an exporter at these inputs.
pub(super) fn export(exporter: &mut Exporter, inputs: &[export::Input]) -> Said {
    let (mut said, mut end) = (Vec::new(), None);
    for &input in inputs {
        if exporter.handle(input).is_err() {
            said.push(format!("{input:?} is refused"));
        }
        while let Some(effect) = exporter.poll_effect() {
            match effect {
                export::Effect::Send(message) => said.push(word(message)),
                export::Effect::End => said.push("the end".into()),
                export::Effect::Open(_) => said.push(TRIED.into()),
                export::Effect::Signal(Signal::Done(outcome)) => end = Some(outcome),
                export::Effect::Signal(Signal::CompareDevice { .. }) => said.push(COMPARES.into()),
                export::Effect::Signal(Signal::Confirm { .. }) => said.push(ASKED.into()),
                _ => {}
            }
        }
    }
    (said, end)
}

pub(super) fn said(words: &[&str], end: Outcome) -> Said {
    (words.iter().map(|&word| word.to_owned()).collect(), Some(end))
}

/// Carries the table out.
pub(super) fn features() -> Part {
    let mut cases = Cases::default();
    for profile in [Profile::Documented, Profile::Jamid] {
        for own in choices() {
            let config = Config { profile, features: own, ..Config::default() };
            for peer in choices().filter(|peer| !(own.sas && peer.sas)) {
                importer(&mut cases, config, peer);
                exporter(&mut cases, config, peer);
            }
        }
    }
    registries(&mut cases);
    cases.part("features", "R-EXT-1, R-EXT-2, R-EXT-3, R-API-1, R-API-3, R-SAS-1, R-SAS-5")
}

/// Eight imports are live at once, and not nine (R-API-1).
fn registries(cases: &mut Cases) {
    let mut imports = Imports::new();
    let begun = (0..9).map(|id| {
        let begun = imports.add_account(LocalId(id), Config::default()).is_ok();
        while imports.poll_effect().is_some() {}
        begun
    });
    cases.expect("nine imports, live", [vec![true; 8], vec![false]].concat(), begun.collect());
}

/// An importer, and an exporter that names these features.
fn importer(cases: &mut Cases, config: Config, peer: Features) {
    let what = |at: &str| format!("import, {:?}, own {:?}, peer {peer:?}: {at}", config.profile, config.features);
    let greeted = || {
        let mut importer = Importer::new(config);
        let opened = Input::ConnectionOpened { conn: CONN, presented: Some(PEER), verified: true };
        let inputs = [
            Input::AddAccount,
            Input::Published,
            Input::ConnectionRequested(CONN),
            opened,
            Input::ChannelRequested(CONN, Ask::Right),
        ];
        let came = import(&mut importer, &inputs);
        (importer, came)
    };
    let (mut unasked, hello) = greeted();
    let stated = (vec![format!("hello, {}", named(config.features))], None);
    cases.expect(what("its hello"), stated, hello);
    let came = import(&mut unasked, &[Input::RemoveAccount]);
    cases.expect(
        what("a cancel before the peer's features are known"),
        said(&["CANCELED", "the end"], Outcome::CANCELED),
        came,
    );
    let asked = || {
        let mut importer = greeted().0;
        import(&mut importer, &[Input::Message(CONN, M::AuthScheme(Scheme::None, peer))]);
        importer
    };
    let words: &[&str] = if peer.cancel { &["CANCELED", "the end"] } else { &["the end"] };
    let came = import(&mut asked(), &[Input::RemoveAccount]);
    cases.expect(what("a cancel"), said(words, Outcome::CANCELED), came);
    let came = import(&mut asked(), &[Input::Fired(Timer::Authenticate)]);
    cases.expect(what("a timer"), said(&["TIMEOUT", "the end"], Outcome::Timeout), came);
    let complete = || {
        let mut importer = asked();
        let answer = Input::ProvideAccountAuthentication(Slot(1), Scheme::None);
        import(&mut importer, &[answer, Input::ArchiveBegan(CONN), Input::ArchiveComplete(CONN)]);
        importer
    };
    let both = config.features.result && peer.result;
    for (inputs, word, end) in [
        (&[Input::Checked(Check::Sound(PEER)), Input::Installed(true)][..], "stored", Outcome::SUCCESS),
        (&[Input::Checked(Check::Sound(PEER)), Input::Installed(false)], "failed_storage", Outcome::Storage),
        (&[Input::Checked(Check::Unreadable)], "failed_storage", Outcome::Storage),
        (&[Input::Checked(Check::Unsound)], "failed_archive", Outcome::Protocol),
        (&[Input::Checked(Check::Sound(AccountId([8; 20])))], "failed_archive", Outcome::Protocol),
    ] {
        let words: &[&str] = if both { &[word, "the end"] } else { &["the end"] };
        cases.expect(what(&format!("{inputs:?}")), said(words, end), import(&mut complete(), inputs));
    }
    removals(cases, complete());
}

/// `removeAccount` after the end removes the account, once (R-API-3): of a failed import there is none.
fn removals(cases: &mut Cases, mut importer: Importer) {
    let removed = [Input::RemoveAccount; 2];
    let stored = [Input::Checked(Check::Sound(PEER)), Input::Installed(true)];
    let mut failed = importer.clone();
    import(&mut importer, &stored);
    let stated = (vec!["the account is removed".to_owned()], None);
    cases.expect("import: two removals after a success", stated, import(&mut importer, &removed));
    import(&mut failed, &[Input::Checked(Check::Unsound)]);
    cases.expect("import: two removals after a failure", (Vec::new(), None), import(&mut failed, &removed));
}

/// An exporter, and an importer that names these features.
fn exporter(cases: &mut Cases, config: Config, peer: Features) {
    use export::Input as E;
    let what = |at: &str| format!("export, {:?}, own {:?}, peer {peer:?}: {at}", config.profile, config.features);
    let peer_address = ([192, 0, 2, 7], 4711).into();
    let open = || {
        let mut exporter = Exporter::new(config);
        let inputs = [E::AddDevice(Scheme::None), E::Opened { pinned: true }, E::Accepted { peer_address }];
        export(&mut exporter, &inputs);
        exporter
    };
    let canceled = said(&["CANCELED", "the end"], Outcome::CANCELED);
    let timed_out = |word| said(if word { &["TIMEOUT", "the end"] } else { &["the end"] }, Outcome::Timeout);
    cases.expect(what("a cancel before the hello"), canceled.clone(), export(&mut open(), &[E::CancelAddDevice]));
    let came = export(&mut open(), &[E::Fired(Timer::Authenticate)]);
    cases.expect(what("a timer before the hello"), timed_out(true), came);
    let asked = || {
        let mut exporter = open();
        let mut inputs = [E::ConfirmAddDevice, E::Message(M::Hello(peer))];
        if config.features.sas {
            inputs.reverse();
        }
        let came = export(&mut exporter, &inputs);
        (exporter, came)
    };
    // An exporter that would compare asks its user once it knows that there is nothing to compare.
    let asks = config.features.sas.then(|| ASKED.to_owned());
    let scheme = format!("authScheme, {}", named(config.features));
    let stated = (asks.into_iter().chain([scheme]).collect(), None);
    cases.expect(what("its question"), stated, asked().1);
    cases.expect(what("a cancel"), canceled, export(&mut asked().0, &[E::CancelAddDevice]));
    let came = export(&mut asked().0, &[E::Fired(Timer::Authenticate)]);
    cases.expect(what("a timer"), timed_out(peer.cancel), came);
    // A second hello changes nothing.
    let other = Features { result: !peer.result, cancel: !peer.cancel, sas: !peer.sas };
    let came = export(&mut asked().0, &[E::Message(M::Hello(other)), E::Fired(Timer::Authenticate)]);
    cases.expect(what("a timer after a second hello"), timed_out(peer.cancel), came);
    let sent = || {
        let mut exporter = asked().0;
        let slot = Slot(1);
        export(&mut exporter, &[E::Message(M::Password(slot)), E::Tried(slot, Tried::Opened), E::HandedOver]);
        exporter
    };
    let both = config.features.result && peer.result;
    for (result, end) in [
        (ImportResult::Stored, Outcome::SUCCESS),
        (ImportResult::FailedArchive, Outcome::Peer),
        (ImportResult::FailedStorage, Outcome::Peer),
        (ImportResult::Other, Outcome::Peer),
    ] {
        let end = if both { end } else { Outcome::Protocol };
        let came = export(&mut sent(), &[E::Message(M::ImportResult(result))]);
        cases.expect(what(&format!("{result:?}")), said(&["the end"], end), came);
    }
    let end = if both { Outcome::Network } else { Outcome::Success { confirmed: false } };
    cases.expect(what("the end of the channel"), said(&[], end), export(&mut sent(), &[E::Ended]));
    cases.expect(
        what("a timer for the result"),
        timed_out(peer.cancel),
        export(&mut sent(), &[E::Fired(Timer::Result)]),
    );
}
