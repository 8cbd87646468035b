//! Whole links by the token alone in virtual time: two devices and nodes of the OpenDHT network on hosts of their own, and a network between
//! them that is slow and loses packets. Certificates are published and read back, the request and its answer pass through the nodes, ICE
//! checks its connections over TCP, TLS runs over the one that is chosen, and the reducers come to DONE on both sides. All follows from a
//! seed: keys are constants, so that nothing else decides which node stores what.

mod simulated;
mod support;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use handfast::{
    archive::{Identity, InsecureKdf, PrivateKey, Role, Sample, Seal, Sealer},
    limits::Durations,
    outcome::{Outcome, Profile, Scheme, Signal},
    reducer::Config,
    secret::Secret,
    shell::{
        self, ExportEnv, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, Recorder,
        folder::{FileSource, InlineSource, InlineStore},
        rendezvous::opendht::{Offer, OpenDht, Seek},
    },
};
use handfast_dht::driver::Running;
use simulated::{Carried, Datagrams, Numbers, Segments, World};
use support::{NOW, store, terms, text};
use tokio::sync::oneshot;

/// Nodes that store.
const NODES: usize = 5;
/// The hosts of the two devices, after those of the nodes.
const IMPORTER: usize = NODES;
const EXPORTER: usize = NODES + 1;
const PORT: u16 = 4222;
/// How long a node that was killed is away.
const AWAY: Duration = Duration::from_secs(4);
/// More than a link may take.
const LIMIT: Duration = Duration::from_secs(120);
const LENGTH: u64 = 40_000;

fn address(host: usize) -> Ipv4Addr {
    // Networks of their own: of one with many nodes a lookup uses two.
    Ipv4Addr::new(10, host as u8 + 1, 0, 1)
}

/// The nodes by which the devices join.
fn bootstrap() -> [SocketAddr; 2] {
    [0, 1].map(|host| (address(host), PORT).into())
}

/// The account that is linked, and who the devices are.
struct Fixture {
    exporter: Arc<Identity>,
    importer: Arc<Identity>,
    text: Vec<u8>,
    file: Arc<Vec<u8>>,
}

/// A key of Ed25519 that is made of a number.
fn key(number: u8) -> PrivateKey {
    // PKCS#8 is these bytes and the key's 32.
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([number; 32]);
    PrivateKey::from_pkcs8(&der).unwrap()
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let account = |number, name| {
        let authority = Identity::authority(key(number), "Jami CA", NOW).unwrap();
        authority.issue(key(number + 1), name, Role::Authority, NOW).unwrap()
    };
    // Devices need RSA: to no other key can be encrypted.
    let device = |account: &Identity, pem: &str| {
        let end = pem.find("-----BEGIN CERTIFICATE").unwrap();
        Arc::new(account.issue_device(PrivateKey::from_pem(&pem.as_bytes()[..end]).unwrap(), NOW).unwrap())
    };
    let (own, temporary) = (account(1, "Jami"), account(3, "Jami Temporary User"));
    let mut text = Vec::new();
    Sample::of(&own, &key(1), Scheme::None, LENGTH, 1).unwrap().write_to(&mut text).unwrap();
    let mut sealer = Sealer::new(Vec::new(), Seal::new(&Secret::default(), &InsecureKdf).unwrap()).unwrap();
    std::io::Write::write_all(&mut sealer, &text).unwrap();
    Fixture {
        exporter: device(&own, include_str!("../dht/tests/vectors/exporter.pem")),
        importer: device(&temporary, include_str!("../dht/tests/vectors/importer.pem")),
        text,
        file: Arc::new(sealer.finish().unwrap()),
    }
});

/// A moment of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The importer shows its token: it is published, and listens.
    Token,
    /// The exporter looks for the token's device.
    Search,
    /// The two devices are connected, and the exporter asks its user.
    Question,
}

/// The result so far.
#[derive(Default)]
struct Record {
    steps: Vec<String>,
    moments: Vec<Moment>,
    outcomes: [Option<Outcome>; 2],
    installed: Option<Vec<u8>>,
}

type Shared = Arc<Mutex<Record>>;

fn recorder(shared: &Shared, side: &'static str) -> Option<Recorder> {
    let shared = shared.clone();
    Some(Box::new(move |step| shared.lock().unwrap().steps.push(format!("{side} {step:?}"))))
}

fn config() -> Config {
    Config { profile: Profile::Jamid, ..Config::default() }
}

/// A node that stores.
async fn node(host: usize, seed: [u8; 32]) {
    let sockets = [Some(Datagrams::open(PORT).await), None];
    let node = Running::over(sockets, handfast_dht::Config::default(), &seed).unwrap();
    for other in bootstrap().into_iter().filter(|other| other.ip() != address(host)) {
        node.bootstrap(other).await.unwrap();
    }
    std::future::pending().await
}

/// The node of a device.
async fn join(host: usize, seed: [u8; 32]) -> OpenDht {
    let sockets = [Some(Datagrams::open(PORT).await), None];
    let config = handfast_dht::Config { client: true, ..handfast_dht::Config::default() };
    let node = Running::over(sockets, config, &seed).unwrap();
    for address in bootstrap() {
        node.bootstrap(address).await.unwrap();
    }
    // Several that wait for this are woken in an order that tokio draws.
    node.connected().await.unwrap();
    OpenDht::over(node, &bootstrap(), Arc::new(Segments(address(host)))).await.unwrap()
}

async fn import(shared: Shared, mut numbers: Numbers, token: oneshot::Sender<String>) {
    let dht = join(IMPORTER, numbers.bytes()).await;
    let accounts = store();
    let place = InlineStore::new(accounts.clone(), Arc::new(InsecureKdf), key(9), 1 << 30, NOW);
    let identity = ImportIdentity::Ready(FIXTURE.importer.clone());
    let env = ImportEnv { publish: Offer(dht), store: place, identity, random: numbers };
    let durations = Durations::default().for_directory();
    let recorder = recorder(&shared, "import");
    let options = ImportOptions { config: config(), durations, recorder, ..ImportOptions::default() };
    let (handle, mut notices, operation) = shell::import(env, options);
    let operation = tokio::spawn(operation);
    let mut token = Some(token);
    while let Some(notice) = notices.recv().await {
        match notice.signal {
            Signal::TokenAvailable => {
                shared.lock().unwrap().moments.push(Moment::Token);
                token.take().unwrap().send(notice.details["token"].clone()).unwrap();
            }
            Signal::Prompt { scheme, .. } => {
                handle.provide_account_authentication(Secret::default(), scheme).await.unwrap();
            }
            _ => {}
        }
    }
    let report = operation.await.unwrap();
    let mut record = shared.lock().unwrap();
    record.installed = report.installed.map(|installed| text(&accounts, &installed, ""));
    record.outcomes[0] = Some(report.outcome);
}

async fn export(shared: Shared, mut numbers: Numbers, token: oneshot::Receiver<String>) {
    let token = token.await.unwrap();
    let dht = join(EXPORTER, numbers.bytes()).await;
    let file = FIXTURE.file.clone();
    let open = move || Ok(std::io::Cursor::new(file.to_vec()));
    let source = InlineSource::new(FileSource::new(open, Arc::new(InsecureKdf), terms()).unwrap());
    let identity = FIXTURE.exporter.clone();
    let env = ExportEnv { dial: Seek::new(dht, &identity).unwrap(), source, identity };
    let durations = Durations::default().for_directory();
    let recorder = recorder(&shared, "export");
    let options = ExportOptions { config: config(), durations, recorder, ..ExportOptions::default() };
    let (handle, mut notices, operations) = shell::export(env, options);
    let operations = tokio::spawn(operations);
    let op = handle.add_device(&token).await.unwrap();
    while let Some(notice) = notices.recv().await {
        match notice.signal {
            Signal::Connecting => shared.lock().unwrap().moments.push(Moment::Search),
            Signal::Confirm { .. } => {
                shared.lock().unwrap().moments.push(Moment::Question);
                handle.confirm_add_device(op).await.unwrap();
            }
            Signal::Done(outcome) => {
                shared.lock().unwrap().outcomes[1] = Some(outcome);
                break;
            }
            _ => {}
        }
    }
    drop(handle);
    operations.await.unwrap();
}

/// A link that came to its end.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    time: Duration,
    carried: Carried,
    steps: Vec<String>,
}

/// Links once. So many of a thousand packets are lost; a node is killed at a moment, and comes back without its values.
fn link(seed: u64, loss: u64, kill: Option<(Moment, usize)>) -> Link {
    let hosts: Vec<_> = (0..NODES + 2).map(address).collect();
    let mut world = World::new(seed, loss, &hosts);
    let mut numbers = Numbers::new(seed ^ 0x5eed);
    let shared = Shared::default();
    for host in 0..NODES {
        world.start(host, node(host, numbers.bytes()));
    }
    let (shown, seen) = oneshot::channel();
    world.start(IMPORTER, import(shared.clone(), Numbers::new(numbers.below(u64::MAX)), shown));
    world.start(EXPORTER, export(shared.clone(), Numbers::new(numbers.below(u64::MAX)), seen));
    let mut kill = kill;
    let mut back = None;
    loop {
        world.tick();
        let moments = shared.lock().unwrap().moments.clone();
        if let Some((_, host)) = kill.take_if(|(moment, _)| moments.contains(moment)) {
            world.kill(host);
            back = Some((world.elapsed() + AWAY, host));
        }
        if let Some((_, host)) = back.take_if(|(at, _)| world.elapsed() >= *at) {
            world.start(host, node(host, numbers.bytes()));
        }
        if shared.lock().unwrap().outcomes.iter().all(Option::is_some) {
            break;
        }
        assert!(world.elapsed() < LIMIT, "seed {seed} does not end: {:?}", shared.lock().unwrap().steps);
    }
    assert_eq!(kill, None, "seed {seed}: the node lives");
    let (time, carried) = (world.elapsed(), world.carried());
    drop(world);
    let record = std::mem::take(&mut *shared.lock().unwrap());
    assert_eq!(record.outcomes, [Some(Outcome::SUCCESS); 2], "seed {seed}, after {time:?}: {:?}", record.steps);
    assert!(record.installed.as_ref() == Some(&FIXTURE.text), "seed {seed}: what is installed is not the account");
    Link { time, carried, steps: record.steps }
}

#[test]
fn the_token_alone_links_over_a_slow_network_that_loses_packets() {
    let carried: Vec<_> = (1..=6).map(|seed| link(seed, 30, None).carried).collect();
    // Datagrams of every link, and segments of most.
    assert!(carried.iter().all(|carried| carried.lost[0] > 0), "{carried:?}");
    assert!(carried.iter().filter(|carried| carried.lost[1] > 0).count() > 3, "{carried:?}");
}

#[test]
fn a_node_that_is_killed_in_the_middle_does_not_end_a_link() {
    for (seed, moment) in (11..).zip([Moment::Token, Moment::Search, Moment::Question]) {
        for host in [0, NODES - 1] {
            link(seed, 20, Some((moment, host)));
        }
    }
}

#[test]
fn a_seed_gives_the_same_link_again_and_another_seed_another() {
    let kill = Some((Moment::Search, 0));
    let first = link(21, 30, kill);
    assert_eq!(first, link(21, 30, kill));
    assert_ne!(first.carried, link(22, 30, kill).carried);
}
