//! The comparison of both users (R-SAS-1, R-SAS-2, R-SAS-5 to R-SAS-7), for every choice of the other features: what each side says in the
//! order of the document, and at each end.

use handfast::{
    export::{self, Exporter},
    import::{Ask, Importer, Input},
    limits::Timer,
    message::{Features, ImportResult, Message as M, Slot, Verdict, Word},
    outcome::{AccountId, Outcome, Profile, Scheme},
    reducer::{Config, ConnId},
};

use super::{
    Cases, Part,
    features::{ASKED, COMPARES, Said, TRIED, choices, export, import, named, said},
};

const CONN: ConnId = ConnId(1);
const COMMITMENT: M = M::Commitment(Slot::NONE);
const NONCE: M = M::Nonce(Slot::NONE);
const OPENING: M = M::Opening(Slot::NONE);

/// Carries the table out.
pub(super) fn comparisons() -> Part {
    let mut cases = Cases::default();
    for profile in [Profile::Documented, Profile::Jamid] {
        for own in choices().filter(|own| own.sas) {
            for peer in choices().filter(|peer| peer.sas) {
                let config = Config { profile, features: own, ..Config::default() };
                importer(&mut cases, config, peer);
                exporter(&mut cases, config, peer);
            }
        }
    }
    cases.part("comparisons", "R-SAS-1, R-SAS-2, R-SAS-5, R-SAS-6, R-SAS-7")
}

/// The words where the operation goes on.
fn goes_on(words: &[&str]) -> Said {
    (words.iter().map(|&word| word.to_owned()).collect(), None)
}

/// A side's words before the end of the channel, if the peer understands them.
fn ends(word: Option<&str>, end: Outcome) -> Said {
    said(&word.into_iter().chain(["the end"]).collect::<Vec<_>>(), end)
}

/// An importer, and an exporter that names these features.
fn importer(cases: &mut Cases, config: Config, peer: Features) {
    let what = |at: &str| format!("import, {:?}, own {:?}, peer {peer:?}: {at}", config.profile, config.features);
    let message = |message| Input::Message(CONN, message);
    let answer = Input::ProvideAccountAuthentication(Slot(1), Scheme::None);
    let at = |inputs: &[Input]| {
        let mut importer = Importer::new(config);
        let opened = Input::ConnectionOpened { conn: CONN, presented: Some(AccountId([7; 20])), verified: true };
        let channel = Input::ChannelRequested(CONN, Ask::Right);
        let begun = [Input::AddAccount, Input::Published, Input::ConnectionRequested(CONN), opened, channel];
        import(&mut importer, &begun);
        import(&mut importer, inputs);
        importer
    };
    let scheme = message(M::AuthScheme(Scheme::None, peer));
    let order = [scheme, message(COMMITMENT), message(OPENING)];
    for (index, (input, stated)) in order.into_iter().zip([&[][..], &["sasNonce"], &[COMPARES]]).enumerate() {
        cases.expect(what(&format!("{input:?}")), goes_on(stated), import(&mut at(&order[..index]), &[input]));
    }
    // Before `authScheme` no comparison is in force: what comes of one is passed over, and is still due afterwards.
    for input in [COMMITMENT, NONCE, OPENING].map(message) {
        let what = |at: &str| what(&format!("{input:?} before authScheme{at}"));
        let mut early = at(&[]);
        cases.expect(what(""), goes_on(&[]), import(&mut early, &[input, input]));
        cases.expect(what(", then the order"), goes_on(&["sasNonce", COMPARES]), import(&mut early, &order));
    }
    let came = import(&mut at(&[]), &[message(M::State(Word::Mismatch))]);
    cases.expect(what("MISMATCH before authScheme"), ends(None, Outcome::Protocol), came);
    let compared = Input::CompareAccount(true);
    cases.expect(what("equal strings"), goes_on(&[ASKED]), import(&mut at(&order), &[compared]));
    for (stage, arrived) in [("asked", &order[..1]), ("shown its nonce", &order[..2]), ("compares", &order)] {
        let what = |at: &str| what(&format!("{stage}: {at}"));
        cases.expect(what("an answer"), goes_on(&[&refused(answer)]), import(&mut at(arrived), &[answer]));
        if arrived.len() < 3 {
            let stated = goes_on(&[&refused(compared)]);
            cases.expect(what("a comparison"), stated, import(&mut at(arrived), &[compared]));
        }
        let next = order.get(arrived.len());
        let others = [message(COMMITMENT), message(OPENING), message(NONCE), message(M::Verdict(Verdict::Final))];
        let others = others.into_iter().chain([Input::ArchiveBegan(CONN), Input::Malformed(CONN)]);
        for input in others.filter(|input| next != Some(input)) {
            cases.expect(
                what(&format!("{input:?}")),
                ends(None, Outcome::Protocol),
                import(&mut at(arrived), &[input]),
            );
        }
        let canceled = peer.cancel.then_some("CANCELED");
        let came = import(&mut at(arrived), &[Input::RemoveAccount]);
        cases.expect(what("a cancel"), ends(canceled, Outcome::CANCELED), came);
        let came = import(&mut at(arrived), &[Input::Fired(Timer::Authenticate)]);
        cases.expect(what("a timer"), ends(Some("TIMEOUT"), Outcome::Timeout), came);
        let came = import(&mut at(arrived), &[message(M::State(Word::Mismatch))]);
        cases.expect(what("MISMATCH"), ends(None, Outcome::Mismatch), came);
    }
    let came = import(&mut at(&order), &[Input::CompareAccount(false)]);
    cases.expect(what("different strings"), ends(Some("MISMATCH"), Outcome::Mismatch), came);
    let twice = goes_on(&[ASKED, &refused(compared)]);
    cases.expect(what("equal strings, twice"), twice, import(&mut at(&order), &[compared; 2]));
}

/// The words for a call that is refused.
fn refused(call: impl std::fmt::Debug) -> String {
    format!("{call:?} is refused")
}

/// An exporter, and an importer that names these features.
fn exporter(cases: &mut Cases, config: Config, peer: Features) {
    use export::Input as E;
    let what = |at: &str| format!("export, {:?}, own {:?}, peer {peer:?}: {at}", config.profile, config.features);
    let at = |inputs: &[E]| {
        let mut exporter = Exporter::new(config);
        let peer_address = ([192, 0, 2, 7], 4711).into();
        export(&mut exporter, &[E::AddDevice(Scheme::None), E::Opened { pinned: true }, E::Accepted { peer_address }]);
        export(&mut exporter, inputs);
        exporter
    };
    let scheme = format!("authScheme, {}", named(config.features));
    let (equal, password) = (E::CompareAddDevice(true), E::Message(M::Password(Slot(1))));
    let order = [E::Message(M::Hello(peer)), E::Message(NONCE), password, equal];
    let stated: [&[&str]; 4] = [&[&scheme, "sasCommitment"], &["sasOpening", COMPARES], &[], &[TRIED]];
    for (index, (input, stated)) in order.into_iter().zip(stated).enumerate() {
        cases.expect(what(&format!("{input:?}")), goes_on(stated), export(&mut at(&order[..index]), &[input]));
    }
    // Before the hello no comparison is in force: what comes of one is passed over, and is still due afterwards.
    for input in [COMMITMENT, NONCE, OPENING].map(E::Message) {
        let what = |at: &str| what(&format!("{input:?} before the hello{at}"));
        let mut early = at(&[]);
        cases.expect(what(""), goes_on(&[]), export(&mut early, &[input, input]));
        let stated = goes_on(&[&scheme, "sasCommitment", "sasOpening", COMPARES]);
        cases.expect(what(", then the order"), stated, export(&mut early, &order[..2]));
    }
    let came = export(&mut at(&[]), &[E::Message(M::State(Word::Mismatch))]);
    cases.expect(what("MISMATCH before the hello"), ends(None, Outcome::Protocol), came);
    let late = export(&mut at(&order[..2]), &[equal, password]);
    cases.expect(what("equal strings, then a password"), goes_on(&[TRIED]), late);
    for (stage, arrived) in [("greeted", &order[..1]), ("compares", &order[..2]), ("has a password", &order[..3])] {
        let what = |at: &str| what(&format!("{stage}: {at}"));
        let confirm = E::ConfirmAddDevice;
        cases.expect(what("a confirmation"), goes_on(&[&refused(confirm)]), export(&mut at(arrived), &[confirm]));
        if arrived.len() < 2 {
            let stated = goes_on(&[&refused(equal)]);
            cases.expect(what("a comparison"), stated, export(&mut at(arrived), &[equal]));
        }
        let next = &order[arrived.len()];
        let stored = M::ImportResult(ImportResult::Stored);
        let others = [M::Password(Slot(1)), NONCE, COMMITMENT, OPENING, stored].map(E::Message);
        for input in others.into_iter().chain([E::Malformed]).filter(|input| next != input) {
            cases.expect(
                what(&format!("{input:?}")),
                ends(None, Outcome::Protocol),
                export(&mut at(arrived), &[input]),
            );
        }
        let came = export(&mut at(arrived), &[E::CancelAddDevice]);
        cases.expect(what("a cancel"), ends(Some("CANCELED"), Outcome::CANCELED), came);
        let came = export(&mut at(arrived), &[E::Fired(Timer::Authenticate)]);
        cases.expect(what("a timer"), ends(peer.cancel.then_some("TIMEOUT"), Outcome::Timeout), came);
        let came = export(&mut at(arrived), &[E::Message(M::State(Word::Mismatch))]);
        cases.expect(what("MISMATCH"), ends(None, Outcome::Mismatch), came);
    }
    for arrived in [&order[..2], &order[..3]] {
        let came = export(&mut at(arrived), &[E::CompareAddDevice(false)]);
        cases.expect(what("different strings"), ends(Some("MISMATCH"), Outcome::Mismatch), came);
    }
    let twice = goes_on(&[&refused(equal)]);
    cases.expect(what("equal strings, twice"), twice, export(&mut at(&order), &[equal]));
}
