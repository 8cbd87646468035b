//! Two devices that share nothing but the token link by the OpenDHT network and ICE: with each other, and each with a peer that is not
//! ours, over nodes of ours and of the C++ library. Nothing leaves the loopback interface.

mod oracle;
mod support;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use handfast::{
    archive::{Identity, InsecureKdf, KeyKind, PrivateKey},
    limits::Durations,
    outcome::{LinkState, Outcome, Profile},
    reducer::Config,
    shell::{
        ExportOptions, ImportIdentity, ImportOptions,
        folder::FolderStore,
        identity::Reach,
        rendezvous::opendht::{Offer, OpenDht, Seek},
    },
};
use handfast_dht::{
    InfoHash,
    driver::{Bind, Running},
    wire::{Message, Payload, Reply, Request},
};
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
    export_in(durations(), bootstrap, account).await
}

async fn export_in(durations: Durations, bootstrap: &[SocketAddr], account: &Account) -> Exporter {
    let dht = OpenDht::join(bootstrap).await.unwrap();
    let device = device(account);
    let seek = Seek::new(dht, &device).unwrap();
    let options = ExportOptions { config: config(), durations, ..ExportOptions::default() };
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

/// Ends a node, and starts another without its values at its address.
async fn again(nodes: &mut [Running], at: usize) {
    let SocketAddr::V4(address) = nodes[at].addresses()[0] else { unreachable!("it is of 127.0.0.1") };
    let others: Vec<_> =
        (0..nodes.len()).filter(|other| *other != at).map(|other| nodes[other].addresses()[0]).collect();
    std::mem::replace(&mut nodes[at], node(&[]).await).shutdown().await;
    let bind = Bind { v4: Some(address), v6: None };
    nodes[at] = Running::start(bind, handfast_dht::Config::default()).await.unwrap();
    for other in others {
        nodes[at].bootstrap(other).await.unwrap();
    }
}

/// At each step of a link a node is ended and comes back without what it stored: each of three at each step. At the question all of them
/// end for good: the two devices need no node any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_end_and_come_back_in_the_middle_do_not_end_a_link() {
    let account = account("", 60_000);
    for turn in 0..3 {
        let mut nodes = vec![node(&[]).await];
        let bootstrap = [nodes[0].addresses()[0]];
        nodes.extend([node(&bootstrap).await, node(&bootstrap).await]);
        let store = store();
        let mut importer = import(&bootstrap, &store).await;
        let token = importer.token().await;
        again(&mut nodes, turn).await;
        let mut exporter = export(&bootstrap, &account).await;
        let op = exporter.handle.add_device(&token).await.unwrap();
        exporter.expect(LinkState::Connecting).await;
        again(&mut nodes, (turn + 1) % 3).await;
        let confirm = in_time(exporter.expect(LinkState::Authenticating)).await;
        for node in nodes {
            node.shutdown().await;
        }
        exporter.handle.confirm_add_device(op).await.unwrap();
        in_time(importer.answer(&[""])).await;
        let outcomes = (in_time(importer.report()).await.outcome, in_time(exporter.outcome()).await);
        assert_eq!(outcomes, (Outcome::SUCCESS, Outcome::SUCCESS), "turn {turn}: {confirm:?}");
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
        foreign.secured();
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
        // Further attempts are not answered.
        let durations = Durations { connect: Duration::from_secs(10), ..durations() };
        let mut exporter = export_in(durations, &nodes.bootstrap(), &account).await;
        let (_, outcome) = in_time(exporter.link(&token)).await;
        assert!(matches!(outcome, Outcome::Network | Outcome::Timeout), "{variant}: {outcome:?}");
        // It was refused for what it showed, and not before.
        foreign.secured();
        assert_eq!(foreign.archive(), "no archive", "{variant}");
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
    let variants = ["unpublished", "alone", "no-authority", "no-passive", "signed-only"];
    let asked = variants.map(|variant| (variant, Exporting::start(&nodes, variant, &token, &account.text)));
    // All of them have asked before this one begins, and have no answer when it has linked.
    let foreign = Exporting::start(&nodes, "check", &token, &account.text);
    let states = in_time(importer.answer(&[""])).await;
    assert_eq!(in_time(importer.report()).await.outcome, Outcome::SUCCESS, "{states:?}");
    foreign.end();
    for (variant, mut foreign) in asked {
        assert_eq!(foreign.unanswered(), "no answer", "{variant}");
    }
}

/// R-SEC-4: the device that was vouched for asks, and another of the same account, as sound as the first, shows its leaf at TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_importer_refuses_a_device_that_did_not_ask() {
    let Some(nodes) = Nodes::start(1) else { return };
    let account = account("", 10_000);
    let store = store();
    let mut importer = import(&nodes.bootstrap(), &store).await;
    let token = importer.token().await;
    Exporting::start(&nodes, "check,other-leaf", &token, &account.text).refused();
    // The token stays good.
    let foreign = Exporting::start(&nodes, "check", &token, &account.text);
    let states = in_time(importer.answer(&[""])).await;
    assert_eq!(in_time(importer.report()).await.outcome, Outcome::SUCCESS, "{states:?}");
    foreign.end();
}

/// Nodes keep answers for ten minutes: a listen for each request would open all that came before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_links_several_others_listens_once() {
    let node = node(&[]).await;
    let bootstrap = [node.addresses()[0]];
    let account = account("", 10_000);
    let mut exporter = export(&bootstrap, &account).await;
    for linked in 1..=3 {
        let store = store();
        let mut importer = import(&bootstrap, &store).await;
        let token = importer.token().await;
        let (_, (_, outcome)) = in_time(async { tokio::join!(importer.answer(&[""]), exporter.link(&token)) }).await;
        assert_eq!(outcome, Outcome::SUCCESS);
        // An importer listens at the keys of both its ids.
        assert_eq!(node.statistics().await.unwrap().listeners, 2 * linked + 1);
    }
}

/// Waits for an import's end, and returns why.
async fn why_import(mut importer: Importer) -> String {
    in_time(importer.expect(LinkState::Done)).await.cause.expect("a cause").to_string()
}

/// Looks for a device that no one has published, and returns why the export ends.
async fn why_export(mut exporter: Exporter) -> String {
    exporter.handle.add_device(&format!("jami-auth://{}/123456", "7".repeat(64))).await.unwrap();
    exporter.expect(LinkState::Connecting).await;
    in_time(exporter.expect(LinkState::Done)).await.cause.expect("a cause").to_string()
}

// In the tests below time is tokio's: it goes on when nothing else does.

#[tokio::test(start_paused = true)]
async fn without_a_node_or_a_device_the_link_ends_with_its_reason() {
    // Nothing is there.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = [silent.local_addr().unwrap()];
    let account = account("", 10_000);
    for cause in [why_import(import(&silent, &store()).await).await, why_export(export(&silent, &account).await).await]
    {
        assert!(cause.contains("no OpenDHT node answers at 127.0.0.1:"), "{cause}");
    }
    // A token that no one published.
    let node = node(&[]).await;
    let cause = why_export(export(&[node.addresses()[0]], &account).await).await;
    assert!(cause.contains("no device with the token's id"), "{cause}");
}

/// The network was there when the device joined it.
#[tokio::test(start_paused = true)]
async fn a_network_that_is_gone_ends_a_link_with_its_reason() {
    let node = node(&[]).await;
    let exporter = export(&[node.addresses()[0]], &account("", 10_000)).await;
    node.shutdown().await;
    let cause = why_export(exporter).await;
    assert!(cause.contains("no OpenDHT node answers"), "{cause}");
}

/// A node that acknowledges all that is put, and keeps nothing.
async fn liar() -> SocketAddr {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut bytes = vec![0; 65_536];
        loop {
            let (length, from) = socket.recv_from(&mut bytes).await.unwrap();
            let Ok(Message { transaction, payload: Payload::Request { request, .. }, .. }) =
                Message::decode(&bytes[..length])
            else {
                continue;
            };
            let value = matches!(request, Request::Put { .. }).then_some(1);
            let reply = Reply { id: InfoHash::of(b"liar"), token: Some(&[7; 32]), value, ..Reply::default() };
            let answer = Message { transaction, network: 0, client: false, payload: Payload::Reply(reply) };
            socket.send_to(&answer.to_bytes(), from).await.unwrap();
        }
    });
    address
}

/// A network in which no node stores: the certificates are acknowledged, and are not there. One of clients alone counts as none.
#[tokio::test(start_paused = true)]
async fn a_network_that_stores_nothing_ends_an_import_with_its_reason() {
    let cause = why_import(import(&[liar().await], &store()).await).await;
    assert!(cause.contains("does not keep this device's certificates: try other nodes"), "{cause}");
    let bind = Bind { v6: None, ..Bind::loopback(0) };
    let node = Running::start(bind, handfast_dht::Config { client: true, ..Default::default() }).await.unwrap();
    let cause = why_import(import(&[node.addresses()[0]], &store()).await).await;
    assert!(cause.contains("no OpenDHT node answers"), "{cause}");
}
