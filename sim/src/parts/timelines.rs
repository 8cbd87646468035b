//! Whole operations of the shell, with a scripted other device, in virtual time: what its user is shown, what the other device gets, what
//! becomes of archives, and after how long (R-TIME-1 to R-TIME-6, R-EXT-2, R-EXT-3, R-CANCEL-1, R-EXP-12, R-IMP-2, R-STATE-3).

mod archives;
mod export;
mod import;
mod peer;

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use handfast::{
    archive::{Identity, InsecureKdf, KeyKind, PrivateKey, Sample, Seal, Sealer, UnixTime},
    message::Features,
    outcome::{Profile, Scheme},
    sas::ComparisonString,
    secret::Secret,
    shell::Notice,
};
use tokio::{task::yield_now, time::Instant};

use super::{Cases, Part};

/// Each step of a script, and what comes of it, in words. `2.5: …` came that many seconds after the step began.
type Timeline = &'static [(&'static str, &'static str)];

/// A script: its name, what is special about it, and its parts, one after the other.
type Script = (&'static str, Setup, &'static [Timeline]);

/// The device that is asked, and all that is special about it and its environment.
#[derive(Clone, Copy)]
struct Setup {
    profile: Profile,
    features: Features,
    /// Of the account, and how many bytes the text of its archive has.
    password: &'static str,
    length: u64,
    /// The fate of each attempt of an exporter to connect; the last one is that of all further ones.
    attempts: &'static [&'static str],
    /// The step of the archive's way that fails, and the one that takes ten seconds.
    fails: &'static str,
    slow: &'static str,
    /// Days that this device's date is after that of all others.
    days: i64,
}

const HARDENED: Setup = Setup {
    profile: Profile::Documented,
    features: Features { result: true, cancel: true, sas: false },
    password: "sesame",
    length: LENGTH,
    attempts: &["answers"],
    fails: "",
    slow: "",
    days: 0,
};
const OPEN: Setup = Setup { password: "", ..HARDENED };
const COMPARING: Setup = Setup { features: Features { result: true, cancel: true, sas: true }, ..HARDENED };
const JAMID: Setup = Setup { profile: Profile::Jamid, ..HARDENED };
const NAMELESS: Setup = Setup { features: Features { result: false, cancel: false, sas: false }, ..HARDENED };
const RESULT_ALONE: Setup = Setup { features: Features { result: true, cancel: false, sas: false }, ..HARDENED };
const CANCEL_ALONE: Setup = Setup { features: Features { result: false, cancel: true, sas: false }, ..HARDENED };

/// When the certificates of the tests begin to be valid.
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// The code of every token.
const CODE: &str = "123456";

/// The bytes of an archive's text, unless a script says otherwise.
const LENGTH: u64 = 200_000;

/// How often all tasks get their turn before time may go on: more than any exchange of this part needs.
const TURNS: usize = 400;

/// The observers, in the order in which what they see at one time is put.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Observer {
    User,
    Network,
    Archive,
    Peer,
}

/// All that was seen.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Instant, Observer, String)>>>, Strings);

/// The comparison strings that scripted devices came to: the details that an honest user sees on the other screen.
type Strings = Arc<Mutex<Vec<String>>>;

impl Log {
    fn say(&self, observer: Observer, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), observer, what.into()));
    }

    /// Lets everything happen that needs no time, and takes what was seen since `began`.
    async fn settle(&self, began: Instant) -> String {
        for _ in 0..TURNS {
            yield_now().await;
        }
        let mut seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        seen.sort_by_key(|&(at, observer, _)| (at, observer));
        let line = |(at, _, what): (Instant, Observer, String)| match at - began {
            Duration::ZERO => what,
            after => format!("{}: {what}", after.as_millis() as f64 / 1000.0),
        };
        seen.into_iter().map(line).collect::<Vec<_>>().join(", ")
    }

    /// A scripted device knows its string.
    fn string(&self, string: &ComparisonString) {
        let details = format!("sas={} sas_words={}", string.digits(), string.words());
        self.1.lock().unwrap_or_else(PoisonError::into_inner).push(details);
    }

    /// A signal, as a user is shown it: the details, the kind of the cause, and which date is in doubt.
    fn notice(&self, notice: &Notice) {
        let mut shown = notice.state().to_string();
        for (key, value) in &notice.details {
            shown += &format!(" {key}={value}");
        }
        if let Some(cause) = &notice.cause {
            shown += &format!(" because {}", cause.kind());
        }
        if let Some(doubt) = &notice.doubt {
            let doubt = format!("{doubt:?}");
            shown += &format!(" doubt {}", doubt.split(' ').next().unwrap_or_default());
        }
        self.say(Observer::User, shown);
    }
}

/// An operation under test.
trait Device: Sized {
    /// Begins it.
    async fn begin(setup: &Setup, account: &Account, log: &Log) -> Self;
    /// Takes a step, unless all devices do.
    async fn step(&mut self, step: &str);
    /// Has the scripted device of this name do something.
    fn peer(&mut self, name: &str, does: &str);
    /// The new device.
    fn device() -> &'static Identity;
    /// Waits until nothing of it is left.
    async fn end(self);
}

/// An account, its archive, and one of its devices.
struct Account {
    /// The text of its archive, and of another account's.
    texts: Arc<[Vec<u8>; 2]>,
    file: Vec<u8>,
    device: Arc<Identity>,
    /// Its own id, and that of another device.
    id: String,
    other: Arc<Identity>,
}

impl Account {
    fn new(password: &str, length: u64) -> Self {
        let (identity, authority) = Identity::account(KeyKind::P256, NOW).expect("an account");
        let password = Secret::from(password);
        let another = Identity::account(KeyKind::P256, NOW).expect("an account");
        let texts = [(&identity, &authority), (&another.0, &another.1)].map(|(account, authority)| {
            let mut text = Vec::new();
            let sample = Sample::of(account, authority, Scheme::of(&password), length, 1).expect("a sample");
            sample.write_to(&mut text).expect("it is written to memory");
            text
        });
        let seal = Seal::new(&password, &InsecureKdf).expect("a seal");
        let mut sealer = Sealer::new(Vec::new(), seal).expect("it is written to memory");
        std::io::Write::write_all(&mut sealer, &texts[0]).expect("it is written to memory");
        let file = sealer.finish().expect("it is written to memory");
        let [device, other] = [(); 2].map(|()| Arc::new(identity.issue_device(key(), NOW).expect("a device")));
        Self { texts: Arc::new(texts), file, device, id: identity.certificate().short_id().to_string(), other }
    }
}

/// The kind of an error.
fn kind(name: &str) -> ErrorKind {
    match name {
        "refused" => ErrorKind::ConnectionRefused,
        "reset" => ErrorKind::ConnectionReset,
        "aborted" => ErrorKind::ConnectionAborted,
        "broken" => ErrorKind::BrokenPipe,
        "interrupted" => ErrorKind::Interrupted,
        "late" => ErrorKind::TimedOut,
        "cut" => ErrorKind::UnexpectedEof,
        "unknown" => ErrorKind::NotFound,
        "denied" => ErrorKind::PermissionDenied,
        "no-address" => ErrorKind::AddrNotAvailable,
        "no-host" => ErrorKind::HostUnreachable,
        "no-net" => ErrorKind::NetworkUnreachable,
        "net-down" => ErrorKind::NetworkDown,
        "exhausted" => ErrorKind::Other,
        _ => panic!("no kind of an error: {name}"),
    }
}

/// The date of the device under test.
fn today(setup: &Setup) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW.as_secs().saturating_add_signed(setup.days * 86_400)))
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).expect("a key")
}

/// Both ids of a device, as a token has them.
fn ids(device: &Identity) -> [String; 2] {
    let leaf = device.certificate();
    let long = leaf.long_id().iter().map(|byte| format!("{byte:02x}")).collect();
    [leaf.short_id().to_string(), long]
}

/// Carries out each script, and compares what came of each step.
fn hold<D: Device>(cases: &mut Cases, whose: &str, scripts: [&'static [Script]; 3]) {
    let mut accounts = BTreeMap::new();
    for (name, setup, parts) in scripts.into_iter().flatten() {
        let account = accounts.entry((setup.password, setup.length));
        let account = account.or_insert_with_key(|(password, length)| Account::new(password, *length));
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().expect("a runtime").block_on(async {
            let log = Log::default();
            let mut device = D::begin(setup, account, &log).await;
            for (number, (step, stated)) in parts.iter().copied().flatten().enumerate() {
                let began = Instant::now();
                match step.split_once(' ') {
                    _ if *step == "begin" => {}
                    Some(("wait", seconds)) => {
                        let seconds = seconds.parse().expect("seconds");
                        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                    }
                    Some((name, does)) if name.len() == 1 => device.peer(name, does),
                    _ => device.step(step).await,
                }
                let came = log.settle(began).await.replace(&account.id, "ACCOUNT");
                let [short, long] = ids(D::device());
                let mut came = came.replace(&short, "DEVICE").replace(&long, "LONG-ID");
                for string in &*log.1.lock().unwrap_or_else(PoisonError::into_inner) {
                    came = came.replace(string, "sas=THE-SAME");
                }
                cases.expect(format!("{whose}, {name}, step {}: {step}", number + 1), *stated, &*came);
            }
            let began = Instant::now();
            let ended = tokio::time::timeout(Duration::from_secs(3600), device.end()).await.is_ok();
            let left = log.settle(began).await;
            cases.expect(format!("{whose}, {name}: what happens at its end"), (true, ""), (ended, &*left));
        });
    }
}

pub(super) fn timelines() -> Part {
    let mut cases = Cases::default();
    hold::<import::Held>(&mut cases, "import", import::SCRIPTS);
    hold::<export::Held>(&mut cases, "export", export::SCRIPTS);
    import::dropped(&mut cases);
    cases.part("timelines", "R-TIME-1 to R-TIME-6, R-EXT-2, R-EXT-3, R-CANCEL-1, R-EXP-12, R-IMP-2, R-STATE-3")
}
