//! Two devices that share nothing but the token link by the OpenDHT network and ICE: with each other, and each with a peer that is not
//! ours, over nodes of ours and of the C++ library. Nothing leaves the loopback interface.

mod oracle;
mod support;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use handfast::{
    archive::{Identity, InsecureKdf, KeyKind, PrivateKey},
    limits::Durations,
    outcome::{Outcome, Profile},
    reducer::Config,
    shell::{
        ExportOptions, ImportIdentity, ImportOptions,
        folder::FolderStore,
        identity::Reach,
        rendezvous::opendht::{Offer, OpenDht, Seek},
    },
};
use handfast_dht::driver::{Bind, Running};
use oracle::{Exporting, Importing, Nodes};
use support::{Account, Exporter, Importer, NOW, account, export_with, import_as, in_time, store, text};

/// A node of ours that stores, at a free port of 127.0.0.1.
async fn node(bootstrap: &[SocketAddr]) -> Running {
    let bind = Bind { v6: None, ..Bind::loopback(0) };
    let node = Running::start(bind, handfast_dht::Config::default()).await.unwrap();
    for address in bootstrap {
        node.bootstrap(*address).await.unwrap();
    }
    node
}

fn config() -> Config {
    Config { profile: Profile::Jamid, ..Config::default() }
}

fn durations() -> Durations {
    Durations::default().for_directory()
}

async fn import(bootstrap: &[SocketAddr], store: &handfast::archive::Store<handfast::archive::MemoryFs>) -> Importer {
    let dht = OpenDht::join(bootstrap).await.unwrap();
    let identity = ImportIdentity::Make { reach: Reach::Directory, now: NOW };
    let place = FolderStore::new(store.clone(), Arc::new(InsecureKdf), KeyKind::P256, 1 << 30, NOW);
    let options = ImportOptions { config: config(), durations: durations(), ..ImportOptions::default() };
    import_as(identity, Offer(dht), place, options)
}

/// A device of the account with a key that can be encrypted to.
fn device(account: &Account) -> Arc<Identity> {
    Arc::new(account.identity.issue_device(PrivateKey::generate(KeyKind::Rsa2048).unwrap(), NOW).unwrap())
}

async fn export(bootstrap: &[SocketAddr], account: &Account) -> Exporter {
    let dht = OpenDht::join(bootstrap).await.unwrap();
    let device = device(account);
    let seek = Seek::new(dht, &device).unwrap();
    let options = ExportOptions { config: config(), durations: durations(), ..ExportOptions::default() };
    export_with(seek, account.source(), device, options)
}

/// Links by the token alone, and checks what is installed.
async fn link(bootstrap: &[SocketAddr], password: &str, answers: &[&str], length: u64) {
    let account = account(password, length);
    let store = store();
    let mut importer = import(bootstrap, &store).await;
    let token = importer.token().await;
    let mut exporter = export(bootstrap, &account).await;
    let (_, (_, exported)) = tokio::join!(importer.answer(answers), exporter.link(&token));
    let report = importer.report().await;
    exporter.close().await;
    assert_eq!((report.outcome, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
    assert_eq!(text(&store, &report.installed.unwrap(), password), account.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_alone_links_over_nodes_of_ours() {
    for count in [1, 3] {
        let mut nodes = vec![node(&[]).await];
        let bootstrap = [nodes[0].addresses()[0]];
        for _ in 1..count {
            nodes.push(node(&bootstrap).await);
        }
        in_time(link(&bootstrap, "", &[""], 100_000)).await;
        in_time(link(&bootstrap, "sesame", &["simsim", "sesame"], 3_000_000)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_alone_links_over_nodes_of_the_library() {
    for count in [1, 3, 8] {
        let Some(nodes) = Nodes::start(count) else { return };
        in_time(link(&nodes.bootstrap(), "", &[""], 100_000)).await;
        in_time(link(&nodes.bootstrap(), "sesame", &["sesame"], 20_000)).await;
    }
}

/// The variants of a foreign importer with which ours links: what it sends, when, and how it is framed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_exporter_links_with_a_foreign_importer() {
    let Some(nodes) = Nodes::start(1) else { return };
    for variant in [
        "",
        "two",
        "late-answer",
        "no-active",
        "no-listener",
        "no-fingerprint",
        "split",
        "joined",
        "empty",
        "foreign-chain",
        "stranger",
    ] {
        let account = account("", 60_000);
        let mut foreign = Importing::start(&nodes, variant);
        let token = foreign.token();
        let mut exporter = export(&nodes.bootstrap(), &account).await;
        let (_, outcome) = in_time(exporter.link(&token)).await;
        // It confirms nothing: it is of a kind that knows no result.
        assert_eq!(outcome, Outcome::Success { confirmed: false }, "{variant}");
        exporter.close().await;
        assert_eq!(foreign.archive().as_bytes(), account.text, "{variant}");
    }
}

/// Those with which ours does not: a foreign signer's answer, a leaf that is not the token's, none, and what is signed alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_exporter_refuses_what_a_foreign_importer_may_not_do() {
    let Some(nodes) = Nodes::start(1) else { return };
    for variant in ["other-leaf", "no-certificate"] {
        let account = account("", 10_000);
        let mut foreign = Importing::start(&nodes, variant);
        let token = foreign.token();
        let mut exporter = export(&nodes.bootstrap(), &account).await;
        let (_, outcome) = in_time(exporter.link(&token)).await;
        assert!(matches!(outcome, Outcome::Network | Outcome::Timeout), "{variant}: {outcome:?}");
    }
    // The answer of another signer burns nothing here: the right one is taken after it.
    let account = account("", 10_000);
    let mut foreign = Importing::start(&nodes, "foreign-answer");
    let token = foreign.token();
    let mut exporter = export(&nodes.bootstrap(), &account).await;
    let (_, outcome) = in_time(exporter.link(&token)).await;
    assert_eq!(outcome, Outcome::Success { confirmed: false });
}

/// The variants of a foreign exporter with which ours links.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_importer_links_with_a_foreign_exporter() {
    let Some(nodes) = Nodes::start(1) else { return };
    let account = account("", 60_000);
    for variant in [
        "",
        "check",
        "check,dial",
        "no-active",
        "check,loopback-2",
        "dead-line",
        "duplicate",
        "no-version",
        "stranger,dial",
    ] {
        let store = store();
        let mut importer = import(&nodes.bootstrap(), &store).await;
        let token = importer.token().await;
        let foreign = Exporting::start(&nodes, variant, &token, &account.text);
        in_time(importer.answer(&[""])).await;
        let report = in_time(importer.report()).await;
        assert_eq!(report.outcome, Outcome::SUCCESS, "{variant}");
        assert_eq!(text(&store, &report.installed.unwrap(), ""), account.text, "{variant}");
        foreign.end();
    }
}

/// Requests that are not answered: of a signer who is not vouched for, and without a line to connect to. The token stays good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_importer_passes_over_requests_that_it_need_not_answer() {
    let Some(nodes) = Nodes::start(1) else { return };
    let account = account("", 10_000);
    let store = store();
    let mut importer = import(&nodes.bootstrap(), &store).await;
    let token = importer.token().await;
    for variant in ["unpublished", "alone", "no-authority", "no-passive", "signed-only"] {
        let mut foreign = Exporting::start(&nodes, variant, &token, &account.text);
        assert_eq!(foreign.unanswered(), "no answer", "{variant}");
    }
    let foreign = Exporting::start(&nodes, "check", &token, &account.text);
    let states = in_time(importer.answer(&[""])).await;
    assert_eq!(in_time(importer.report()).await.outcome, Outcome::SUCCESS, "{states:?}");
    foreign.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_node_or_a_device_the_link_ends_with_its_reason() {
    // Nothing is there.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let store = store();
    let mut importer = import(&[silent.local_addr().unwrap()], &store).await;
    let notice = in_time(importer.next()).await;
    let cause = notice.cause.expect("a cause").to_string();
    assert!(cause.contains("no OpenDHT node answers at 127.0.0.1:"), "{cause}");
    // A token that no one published.
    let node = node(&[]).await;
    let mut exporter = export(&[node.addresses()[0]], &account("", 10_000)).await;
    exporter.handle.add_device(&format!("jami-auth://{}/123456", "7".repeat(64))).await.unwrap();
    exporter.expect(handfast::outcome::LinkState::Connecting).await;
    let notice = tokio::time::timeout(Duration::from_secs(600), exporter.notices.recv()).await.unwrap().unwrap();
    let cause = notice.cause.expect("a cause").to_string();
    assert!(cause.contains("no device with the token's id"), "{cause}");
}
