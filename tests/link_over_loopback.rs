//! Two devices link over TCP on this machine, with real TLS and real archives.

mod support;

use std::sync::{Arc, Mutex};

use LinkState::{Authenticating, Connecting, Done, InProgress};
use handfast::{
    archive::InsecureKdf,
    outcome::{LinkState, Outcome, Profile},
    reducer::{Config, Refused},
    secret::Secret,
    shell::{ExportOptions, ImportOptions, folder::FileSource},
    trace::Step,
};
use support::{Exporter, account, export, export_with, import, in_time, store, terms, text};

/// Links with these answers. Gives both outcomes and the states of both sides, and checks what is installed.
async fn link(password: &str, length: u64, answers: &[&str]) -> (Outcome, Outcome, Vec<LinkState>, Vec<LinkState>) {
    let account = account(password, length);
    let store = store();
    let mut importer = import(&store, ImportOptions::default());
    let token = importer.token().await;
    let mut exporter = export(&account, &importer, ExportOptions::default());
    let (states, (exporter_states, exported)) = tokio::join!(importer.answer(answers), exporter.link(&token));
    let report = importer.report().await;
    exporter.close().await;
    let installed = store.list().unwrap();
    match report.installed {
        Some(account_here) => {
            assert_eq!(report.outcome, Outcome::SUCCESS);
            assert_eq!(account_here.account, account.identity.certificate().short_id());
            assert_eq!(installed.len(), 1);
            assert_eq!(text(&store, &account_here, password), account.text);
        }
        None => assert!(installed.is_empty() && !report.outcome.is_success()),
    }
    (report.outcome, exported, states, exporter_states)
}

const DIRECT: [LinkState; 4] = [Connecting, Authenticating, InProgress, Done];

#[tokio::test]
async fn an_unprotected_account_is_linked() {
    let (imported, exported, states, exporter_states) = in_time(link("", 200_000, &[""])).await;
    assert_eq!((imported, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
    assert_eq!((&states[..], &exporter_states[..]), (&DIRECT[..], &DIRECT[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_account_is_linked() {
    let (imported, exported, states, exporter_states) = in_time(link("sesame", 600_000, &["sesame"])).await;
    assert_eq!((imported, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
    assert_eq!((&states[..], &exporter_states[..]), (&DIRECT[..], &DIRECT[..]));
}

#[tokio::test]
async fn wrong_passwords_may_be_corrected_twice() {
    for answers in [&["simsim", "sesame"][..], &["", "simsim", "sesame"]] {
        let (imported, exported, states, exporter_states) = in_time(link("sesame", 5_000, answers)).await;
        assert_eq!((imported, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
        let mut expected = vec![Connecting];
        expected.extend(answers.iter().map(|_| Authenticating));
        expected.extend([InProgress, Done]);
        assert_eq!(states, expected);
        assert_eq!(exporter_states, DIRECT);
    }
}

#[tokio::test]
async fn the_third_wrong_password_ends_it() {
    let (imported, exported, states, exporter_states) = in_time(link("sesame", 5_000, &["a", "b", "c"])).await;
    assert_eq!((imported, exported), (Outcome::Authentication, Outcome::Authentication));
    assert_eq!(states, [Connecting, Authenticating, Authenticating, Authenticating, Done]);
    assert_eq!(exporter_states, [Connecting, Authenticating, Done]);
}

#[tokio::test]
async fn the_smallest_archive_and_one_of_many_frames_arrive() {
    for length in [3_500, 1 << 20] {
        assert_eq!(in_time(link("", length, &[""])).await.0, Outcome::SUCCESS);
    }
}

/// R-ARC-6: what is linked is a device of the account, which can link the next one.
#[tokio::test]
async fn a_linked_device_links_the_next_one() {
    in_time(async {
        let account = account("sesame", 20_000);
        let stores = [store(), store()];
        let mut importer = import(&stores[0], ImportOptions::default());
        let token = importer.token().await;
        let mut exporter = export(&account, &importer, ExportOptions::default());
        tokio::join!(importer.answer(&["sesame"]), exporter.link(&token));
        let first = importer.report().await.installed.unwrap();

        let mut importer = import(&stores[1], ImportOptions::default());
        let token = importer.token().await;
        let id = first.id;
        let device = Arc::new(stores[0].device(id).unwrap());
        let source = FileSource::account(stores[0].clone(), id, Arc::new(InsecureKdf), terms()).unwrap();
        let dial = handfast::shell::rendezvous::Peer(importer.handle.listening().unwrap());
        let mut exporter: Exporter = export_with(dial, source, device, ExportOptions::default());
        let (_, (_, exported)) = tokio::join!(importer.answer(&["sesame"]), exporter.link(&token));
        let second = importer.report().await;
        assert_eq!((second.outcome, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
        let second = second.installed.unwrap();
        assert_eq!(second.account, first.account);
        assert_eq!(text(&stores[1], &second, "sesame"), account.text);
        let devices = [(&stores[0], first), (&stores[1], second)];
        let [a, b] = devices.map(|(store, installed)| store.device(installed.id).unwrap());
        assert_ne!(a.certificate().short_id(), b.certificate().short_id());
    })
    .await;
}

#[tokio::test]
async fn signals_carry_what_the_users_compare() {
    in_time(async {
        let account = account("sesame", 5_000);
        let store = store();
        let mut importer = import(&store, ImportOptions::default());
        let token = importer.token().await;
        assert_eq!(token.len(), handfast::token::SHORT_LENGTH);
        assert!(!format!("{:?}", importer.handle.current()).contains(&token[53..]), "the code does not print");
        let mut exporter = export(&account, &importer, ExportOptions::default());
        let op = exporter.handle.add_device(&token).await.unwrap();
        assert!(exporter.expect(Connecting).await.details.is_empty());
        let asked = exporter.expect(Authenticating).await;
        assert_eq!(asked.details["peer_address"], importer.handle.listening().unwrap().to_string());
        importer.expect(Connecting).await;
        let prompt = importer.expect(Authenticating).await;
        assert_eq!(prompt.details["peer_id"], account.identity.certificate().short_id().to_string());
        assert_eq!(prompt.details["auth_scheme"], "password");
        assert_eq!(importer.handle.current(), Some(prompt));
        assert_eq!(exporter.handle.current(op).await, Some(asked));

        let call =
            importer.handle.provide_account_authentication(Secret::from("sesame"), handfast::outcome::Scheme::None);
        assert_eq!(call.await, Err(Refused::WrongScheme));
        importer.handle.remove_account().await.unwrap();
        assert_eq!(importer.expect(Done).await.details["reason"], "canceled");
        assert_eq!(exporter.expect(Done).await.details["reason"], "canceled");
        importer.report().await;
        exporter.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_jamid_profile_links_too() {
    in_time(async {
        let account = account("", 5_000);
        let store = store();
        let config = Config { profile: Profile::Jamid, ..Config::default() };
        let mut importer = import(&store, ImportOptions { config, ..ImportOptions::default() });
        let token = importer.token().await;
        assert_eq!(token.len(), handfast::token::LONG_LENGTH);
        let mut exporter = export(&account, &importer, ExportOptions { config, lenient: true, ..Default::default() });
        let (states, (_, exported)) = tokio::join!(importer.answer(&[""]), exporter.link(&token));
        assert_eq!(states, [Connecting, Authenticating, InProgress, Done]);
        assert_eq!(exported, Outcome::SUCCESS);
        assert_eq!(importer.report().await.outcome, Outcome::SUCCESS);
    })
    .await;
}

/// Law 1: what the shell records replays on fresh reducers.
#[tokio::test]
async fn recorded_steps_replay_on_fresh_reducers() {
    in_time(async {
        let steps = Arc::new(Mutex::new(Vec::<Step>::new()));
        let recorder = || {
            let steps = steps.clone();
            Some(Box::new(move |step: &Step| steps.lock().unwrap().push(step.clone())) as handfast::shell::Recorder)
        };
        let account = account("sesame", 100_000);
        let store = store();
        let mut importer = import(&store, ImportOptions { recorder: recorder(), ..Default::default() });
        let token = importer.token().await;
        let mut exporter = export(&account, &importer, ExportOptions { recorder: recorder(), ..Default::default() });
        tokio::join!(importer.answer(&["simsim", "sesame"]), exporter.link(&token));
        importer.report().await;
        exporter.close().await;

        let mut fresh_importer = handfast::import::Importer::new(Config::default());
        let mut fresh_exporter = handfast::export::Exporter::new(Config::default());
        let steps = steps.lock().unwrap();
        assert!(steps.len() > 20);
        for step in steps.iter() {
            let again = match step.turn {
                handfast::trace::Turn::Import { input, .. } => Step::import(step.t_ms, &mut fresh_importer, input),
                handfast::trace::Turn::Export { input, .. } => {
                    Step::export(step.t_ms, step.op, &mut fresh_exporter, input)
                }
            };
            assert_eq!(again, *step);
        }
        assert_eq!(fresh_importer.outcome(), Some(Outcome::SUCCESS));
        assert!(fresh_importer.is_closed() && fresh_exporter.is_closed());
    })
    .await;
}
