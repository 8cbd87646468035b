//! The short comparison string over TLS: two devices that compare, one that does not, and another device between the two.

mod support;

use LinkState::{Authenticating, Connecting};
use handfast::{
    Config, Profile,
    archive::{MemoryFs, Store},
    message::{Features, Message, Slot, Word},
    operations::OpId,
    outcome::{LinkState, Outcome, Scheme, Side, Signal},
    sas::{Channel, Comparison},
    secret::Secret,
    shell::{
        ExportOptions, ImportOptions, Notice,
        identity::{Reach, throw_away},
        rendezvous::Listener,
    },
    token::{Code, DeviceId, Token},
};
use support::{
    Account, Exporter, Importer, Line, NOW, Said, Script, account, comparing_exporter, comparing_importer, export_with,
    import_with, in_time, inline, store, text,
};

const COMMITMENT: Message = Message::Commitment(Slot::NONE);
const NONCE: Message = Message::Nonce(Slot::NONE);
const OPENING: Message = Message::Opening(Slot::NONE);

fn config(profile: Profile, features: Features) -> Config {
    Config { profile, features, ..Config::default() }
}

/// Two devices that share a line, and name these features.
async fn pair(
    profile: Profile,
    [import, export]: [Features; 2],
) -> (Account, Store<MemoryFs>, Importer, Exporter, OpId) {
    let (store, account) = (store(), account("sesame", 5_000));
    let (line, phone) = Line::new();
    let options = ImportOptions { config: config(profile, import), ..ImportOptions::default() };
    let mut importer = import_with(line, inline(&store), options);
    let token = importer.token().await;
    let options = ExportOptions { config: config(profile, export), ..ExportOptions::default() };
    let mut exporter = export_with(phone, account.inline(), account.device.clone(), options);
    let op = exporter.handle.add_device(&token).await.unwrap();
    exporter.expect(Connecting).await;
    importer.expect(Connecting).await;
    (account, store, importer, exporter, op)
}

/// The string that a signal shows.
fn shown(notice: &Notice) -> (String, String) {
    assert!(notice.signal.compares(), "{notice:?}");
    (notice.details["sas"].clone(), notice.details["sas_words"].clone())
}

fn accounts(store: &Store<MemoryFs>) -> usize {
    store.list().unwrap().len()
}

/// R-SAS-1, R-SAS-5, R-SAS-6: both screens show the same digits and words, other ones in each link, and only after both users said so
/// the password and the account move.
#[tokio::test(start_paused = true)]
async fn two_devices_that_compare_link() {
    in_time(async {
        let mut seen = Vec::new();
        for profile in [Profile::Documented, Profile::Jamid] {
            let (account, store, mut importer, mut exporter, op) = pair(profile, [Features::WITH_SAS; 2]).await;
            let here = importer.expect(Authenticating).await;
            let there = exporter.expect(Authenticating).await;
            assert!(here.details.contains_key("peer_id") && there.details.contains_key("peer_address"));
            let string = shown(&here);
            assert_eq!(string, shown(&there));
            assert!(string.0.len() == 6 && string.1.split(' ').count() == 4, "{string:?}");
            seen.push(string);
            let early = importer.handle.provide_account_authentication(Secret::from("sesame"), Scheme::Password).await;
            assert!(early.is_err() && exporter.handle.confirm_add_device(op).await.is_err());
            importer.handle.compare_account(true).await.unwrap();
            importer.answer_one("sesame").await;
            exporter.handle.compare_add_device(op, true).await.unwrap();
            assert_eq!(importer.outcome().await, Outcome::SUCCESS);
            assert_eq!(exporter.outcome().await, Outcome::SUCCESS);
            let installed = importer.report().await.installed.unwrap();
            assert_eq!(text(&store, &installed, "sesame"), account.text);
        }
        assert_ne!(seen[0], seen[1], "each link has a string of its own");
    })
    .await;
}

/// R-SAS-7: where either user says that the strings differ, both links end with the same outcome, and nothing is on any disk.
#[tokio::test(start_paused = true)]
async fn a_difference_ends_both_and_leaves_nothing() {
    in_time(async {
        for refuses in [Side::Import, Side::Export] {
            let (_, store, mut importer, mut exporter, op) = pair(Profile::Documented, [Features::WITH_SAS; 2]).await;
            importer.expect(Authenticating).await;
            exporter.expect(Authenticating).await;
            match refuses {
                Side::Import => importer.handle.compare_account(false).await.unwrap(),
                Side::Export => exporter.handle.compare_add_device(op, false).await.unwrap(),
            }
            assert_eq!(importer.outcome().await, Outcome::Mismatch);
            assert_eq!(exporter.outcome().await, Outcome::Mismatch);
            assert_eq!(importer.report().await.installed, None);
            assert_eq!(accounts(&store), 0);
        }
    })
    .await;
}

/// R-SAS-1, R-SAS-9: with a device that does not name it, as a hardened one of before or as today's daemon, the link is as before.
#[tokio::test(start_paused = true)]
async fn a_device_that_compares_links_with_one_that_does_not() {
    in_time(async {
        for profile in [Profile::Documented, Profile::Jamid] {
            for other in [Features::ALL, Features::NONE] {
                for features in [[Features::WITH_SAS, other], [other, Features::WITH_SAS]] {
                    let (account, store, mut importer, mut exporter, op) = pair(profile, features).await;
                    let asked = exporter.expect(Authenticating).await;
                    assert!(matches!(asked.signal, Signal::Confirm { .. }) && !asked.details.contains_key("sas"));
                    exporter.handle.confirm_add_device(op).await.unwrap();
                    importer.answer_one("sesame").await;
                    assert_eq!(importer.outcome().await, Outcome::SUCCESS);
                    assert!(exporter.outcome().await.is_success());
                    let installed = importer.report().await.installed.unwrap();
                    assert_eq!(text(&store, &installed, "sesame"), account.text, "{profile:?} {features:?}");
                }
            }
        }
    })
    .await;
}

/// W-12: the exporter's user scanned the code of a device in the middle, which has a session with each of the two honest ones, and an
/// account of its own. It does all that it can: it makes an exchange of its own with each. The users see different strings.
#[tokio::test(start_paused = true)]
async fn a_device_in_the_middle_cannot_make_the_screens_equal() {
    in_time(async {
        let store = store();
        let (line, phone) = Line::new();
        let options = ImportOptions { config: config(Profile::Documented, Features::WITH_SAS), ..Default::default() };
        let mut importer = import_with(line, inline(&store), options);
        let token = importer.token().await;
        let intruder = account("", 5_000);
        let (mut to_importer, channel) = comparing_exporter(phone.call().await.unwrap(), &intruder.device).await;
        let mut as_exporter = Comparison::new(Side::Export, channel, [7; 32]);
        to_importer.open(&token).await;

        // The swapped code.
        let (mut own_line, own_phone) = Line::new();
        let identity = throw_away(Reach::Direct, NOW).unwrap();
        let device = DeviceId::Short(identity.certificate().short_id().0);
        let swapped = Token { device, code: Code::parse(b"123456").unwrap() };
        let victim = account("sesame", 5_000);
        let options = ExportOptions { config: config(Profile::Documented, Features::WITH_SAS), ..Default::default() };
        let mut exporter = export_with(own_phone, victim.inline(), victim.device.clone(), options);
        let op = exporter.handle.add_device(&swapped.text().to_string()).await.unwrap();
        let (mut to_exporter, channel) = comparing_importer(own_line.accept().await.unwrap().0, &identity).await;
        let mut as_importer = Comparison::new(Side::Import, channel, [8; 32]);
        to_exporter.accept().await;

        let no_password = |_| panic!("no password is sent");
        to_exporter.send(Message::Hello(Features::WITH_SAS)).await;
        let Said::Message(scheme) = to_exporter.received().await else { panic!("a question") };
        assert_eq!(scheme, Message::AuthScheme(Scheme::Password, Features::WITH_SAS));
        assert!(as_importer.take(&scheme));
        let Said::Message(hello) = to_importer.received().await else { panic!("a greeting") };
        assert_eq!(hello, Message::Hello(Features::WITH_SAS));
        assert!(as_exporter.take(&hello));
        to_importer.send(Message::AuthScheme(Scheme::Password, Features::WITH_SAS)).await;
        let Said::Message(commitment) = to_exporter.received().await else { panic!("a commitment") };
        assert!(as_importer.take(&commitment));
        to_importer.send(as_exporter.fill(COMMITMENT, no_password)).await;
        let Said::Message(nonce) = to_importer.received().await else { panic!("a nonce") };
        assert!(as_exporter.take(&nonce));
        to_exporter.send(as_importer.fill(NONCE, no_password)).await;
        let Said::Message(opening) = to_exporter.received().await else { panic!("an opening") };
        assert!(as_importer.take(&opening));
        to_importer.send(as_exporter.fill(OPENING, no_password)).await;

        importer.expect(Connecting).await;
        exporter.expect(Connecting).await;
        let here = shown(&importer.expect(Authenticating).await);
        let there = shown(&exporter.expect(Authenticating).await);
        assert_ne!(here, there, "both screens show the same");
        // It knows both strings, which does not help it.
        assert_eq!(as_exporter.string().unwrap().digits(), here.0);
        assert_eq!(as_importer.string().unwrap().digits(), there.0);

        importer.handle.compare_account(false).await.unwrap();
        exporter.handle.compare_add_device(op, false).await.unwrap();
        assert_eq!(to_importer.received().await, Said::Message(Message::State(Word::Mismatch)));
        assert_eq!(to_exporter.received().await, Said::Message(Message::State(Word::Mismatch)));
        assert_eq!(importer.outcome().await, Outcome::Mismatch);
        assert_eq!(exporter.outcome().await, Outcome::Mismatch);
        assert_eq!(to_importer.received().await, Said::End);
        drop((to_importer, to_exporter));
        assert_eq!(importer.report().await.installed, None);
        assert_eq!(accounts(&store), 0);
    })
    .await;
}

/// R-SAS-3: values that are passed on from one channel to another are none there, and a nonce other than the committed one opens nothing.
#[tokio::test(start_paused = true)]
async fn what_does_not_belong_to_the_channel_is_refused() {
    in_time(async {
        for relayed in [true, false] {
            let (_, mut importer, mut script, channel) = comparing().await;
            let mut elsewhere = channel.clone();
            elsewhere.exported[0] ^= u8::from(relayed);
            let committed = Comparison::new(Side::Export, elsewhere, [7; 32]);
            let opened = Comparison::new(Side::Export, channel, [if relayed { 7 } else { 8 }; 32]);
            let no_password = |_| panic!("no password is sent");
            script.send(Message::AuthScheme(Scheme::None, Features::WITH_SAS)).await;
            script.send(committed.fill(COMMITMENT, no_password)).await;
            assert!(matches!(script.received().await, Said::Message(Message::Nonce(_))));
            script.send(opened.fill(OPENING, no_password)).await;
            assert_eq!(importer.outcome().await, Outcome::Protocol, "{relayed}");
        }
    })
    .await;
}

/// R-SAS-1: from an exporter that does not name the feature, the keys of a comparison are ignored, also those that open nothing. The
/// link goes on.
#[tokio::test(start_paused = true)]
async fn keys_of_an_exporter_that_does_not_compare_are_ignored() {
    in_time(async {
        for features in [Features::ALL, Features::NONE] {
            let (_, mut importer, mut script, channel) = comparing().await;
            let [one, other] = [7, 8].map(|nonce| Comparison::new(Side::Export, channel.clone(), [nonce; 32]));
            let keys = || {
                let no_password = |_| panic!("no password is sent");
                [one.fill(OPENING, no_password), one.fill(COMMITMENT, no_password), other.fill(OPENING, no_password)]
            };
            for message in keys() {
                script.send(message).await;
            }
            script.send(Message::AuthScheme(Scheme::None, features)).await;
            for message in keys() {
                script.send(message).await;
            }
            importer.expect(Connecting).await;
            let asked = importer.expect(Authenticating).await;
            assert!(matches!(asked.signal, Signal::Prompt { .. }) && !asked.details.contains_key("sas"), "{asked:?}");
            importer.handle.provide_account_authentication(Secret::from(""), Scheme::None).await.unwrap();
            assert!(matches!(script.received().await, Said::Message(Message::Password(_))), "{features:?}");
        }
    })
    .await;
}

/// R-SAS-1: the same of an importer that does not name it.
#[tokio::test(start_paused = true)]
async fn keys_of_an_importer_that_does_not_compare_are_ignored() {
    in_time(async {
        for features in [Features::ALL, Features::NONE] {
            let (mut line, phone) = Line::new();
            let identity = throw_away(Reach::Direct, NOW).unwrap();
            let device = DeviceId::Short(identity.certificate().short_id().0);
            let token = Token { device, code: Code::parse(b"123456").unwrap() };
            let account = account("", 5_000);
            let options =
                ExportOptions { config: config(Profile::Documented, Features::WITH_SAS), ..Default::default() };
            let mut exporter = export_with(phone, account.inline(), account.device.clone(), options);
            let op = exporter.handle.add_device(&token.text().to_string()).await.unwrap();
            let (mut script, channel) = comparing_importer(line.accept().await.unwrap().0, &identity).await;
            let own = Comparison::new(Side::Import, channel, [8; 32]);
            script.accept().await;
            let no_password = |_| panic!("no password is sent");
            script.send(own.fill(NONCE, no_password)).await;
            script.send(Message::Hello(features)).await;
            script.send(own.fill(NONCE, no_password)).await;
            exporter.expect(Connecting).await;
            let asked = exporter.expect(Authenticating).await;
            assert!(matches!(asked.signal, Signal::Confirm { .. }) && !asked.details.contains_key("sas"), "{asked:?}");
            let scheme = Message::AuthScheme(Scheme::None, Features::WITH_SAS);
            assert_eq!(script.received().await, Said::Message(scheme), "{features:?}");
            exporter.handle.confirm_add_device(op).await.unwrap();
            script.send(Message::Password(Secret::from(""))).await;
            assert!(!matches!(script.received().await, Said::End), "the archive comes");
        }
    })
    .await;
}

/// R-SAS-1, R-SAS-2: a commitment that comes before `authScheme` counts as not having come. The importer answers the one
/// after it, which is also the one that has to be opened.
#[tokio::test(start_paused = true)]
async fn a_commitment_before_the_features_commits_to_nothing() {
    in_time(async {
        for opens_the_second in [true, false] {
            let (_, mut importer, mut script, channel) = comparing().await;
            let [mut first, mut second] =
                [7, 8].map(|nonce| Comparison::new(Side::Export, channel.clone(), [nonce; 32]));
            let no_password = |_| panic!("no password is sent");
            for exporter in [&mut first, &mut second] {
                assert!(exporter.take(&Message::Hello(Features::WITH_SAS)));
            }
            script.send(first.fill(COMMITMENT, no_password)).await;
            script.send(Message::AuthScheme(Scheme::None, Features::WITH_SAS)).await;
            script.send(second.fill(COMMITMENT, no_password)).await;
            let Said::Message(nonce) = script.received().await else { panic!("a nonce") };
            let opened = if opens_the_second { &mut second } else { &mut first };
            assert!(opened.take(&nonce));
            script.send(opened.fill(OPENING, no_password)).await;
            if opens_the_second {
                importer.expect(Connecting).await;
                let here = shown(&importer.expect(Authenticating).await);
                assert_eq!(here.0, second.string().unwrap().digits());
                importer.handle.compare_account(false).await.unwrap();
                assert_eq!(importer.outcome().await, Outcome::Mismatch);
            } else {
                assert_eq!(importer.outcome().await, Outcome::Protocol);
            }
        }
    })
    .await;
}

/// R-SAS-3: in a comparison that is in force, an opening of nothing is no message.
#[tokio::test(start_paused = true)]
async fn an_opening_without_a_commitment_is_refused() {
    in_time(async {
        let (_, mut importer, mut script, channel) = comparing().await;
        script.send(Message::AuthScheme(Scheme::None, Features::WITH_SAS)).await;
        let exporter = Comparison::new(Side::Export, channel, [7; 32]);
        script.send(exporter.fill(OPENING, |_| panic!("no password is sent"))).await;
        assert_eq!(importer.outcome().await, Outcome::Protocol);
    })
    .await;
}

/// An importer that compares, and an exporter that has a session with it and has got its hello.
async fn comparing() -> (Store<MemoryFs>, Importer, Script, Channel) {
    let store = store();
    let (line, phone) = Line::new();
    let options = ImportOptions { config: config(Profile::Documented, Features::WITH_SAS), ..Default::default() };
    let mut importer = import_with(line, inline(&store), options);
    let token = importer.token().await;
    let peer = account("", 5_000);
    let (mut script, channel) = comparing_exporter(phone.call().await.unwrap(), &peer.device).await;
    script.open(&token).await;
    assert_eq!(script.received().await, Said::Message(Message::Hello(Features::WITH_SAS)));
    (store, importer, script, channel)
}
