//! Two devices link over TCP on this machine, with real TLS and real archives.

mod support;

use handfast::{
    outcome::{LinkState, Outcome},
    shell::{ExportOptions, ImportOptions},
};
use support::{account, export, import, in_time, store, text};

use LinkState::{Authenticating, Connecting, Done, InProgress};

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
        Some(installed) => {
            assert_eq!(report.outcome, Outcome::SUCCESS);
            assert_eq!(installed.account, account.identity.certificate().short_id());
            assert_eq!(text(&store, &installed, password), account.text);
        }
        None => assert!(installed.is_empty() && !report.outcome.is_success()),
    }
    (report.outcome, exported, states, exporter_states)
}

#[tokio::test]
async fn an_unprotected_account_is_linked() {
    let (imported, exported, states, exporter_states) = in_time(link("", 200_000, &[""])).await;
    assert_eq!((imported, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
    assert_eq!(states, [Connecting, Authenticating, InProgress, Done]);
    assert_eq!(exporter_states, [Connecting, Authenticating, InProgress, Done]);
}
