//! Whole operations of the shell, with a scripted other device, in virtual time: what its user is shown, what the other device gets, what
//! becomes of archives, and after how long (R-TIME-1 to R-TIME-6, R-EXT-2, R-EXT-3, R-CANCEL-1, R-EXP-12, R-IMP-2, R-STATE-3).

mod archives;
mod export;
mod import;
mod peer;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use handfast::{
    archive::{Identity, InsecureKdf, KeyKind, PrivateKey, Sample, Seal, Sealer, UnixTime},
    message::Features,
    outcome::{Profile, Scheme},
    secret::Secret,
    shell::Notice,
};
use tokio::{task::yield_now, time::Instant};

use super::{Cases, Part};

/// Each step of a script, and what comes of it, in words. `2.5: …` came that many seconds after the step began.
type Timeline = &'static [(&'static str, &'static str)];

/// The device that is asked, and all that is special about it and its environment.
#[derive(Clone, Copy)]
struct Setup {
    profile: Profile,
    features: Features,
    /// Of the account.
    password: &'static str,
    /// What becomes of each attempt of an exporter to connect; the last one of all further ones.
    attempts: &'static [&'static str],
    /// The step of the archive's way that fails, and the one that takes ten seconds.
    fails: &'static str,
    slow: &'static str,
}

const HARDENED: Setup = Setup {
    profile: Profile::Documented,
    features: Features { result: true, cancel: true, sas: false },
    password: "sesame",
    attempts: &["answers"],
    fails: "",
    slow: "",
};
const OPEN: Setup = Setup { password: "", ..HARDENED };
const JAMID: Setup = Setup { profile: Profile::Jamid, ..HARDENED };
const NAMELESS: Setup = Setup { features: Features { result: false, cancel: false, sas: false }, ..HARDENED };
const RESULT_ALONE: Setup = Setup { features: Features { result: true, cancel: false, sas: false }, ..HARDENED };
const CANCEL_ALONE: Setup = Setup { features: Features { result: false, cancel: true, sas: false }, ..HARDENED };

/// When the certificates of the tests begin to be valid.
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// The code of every token.
const CODE: &str = "123456";

/// The bytes of every archive's text.
const LENGTH: u64 = 200_000;

/// How often all tasks get their turn before time may go on: more than any exchange of this part needs.
const TURNS: usize = 400;

/// Who saw something, in the order in which what happens at one time is put.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Observer {
    User,
    Network,
    Archive,
    Peer,
}

/// All that was seen.
#[derive(Clone)]
struct Log(Arc<Mutex<Vec<(Instant, Observer, String)>>>);

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

    /// What a user is shown.
    fn notice(&self, notice: &Notice) {
        let details = notice.details.iter().map(|(key, value)| format!(" {key}={value}")).collect::<String>();
        self.say(Observer::User, format!("{}{details}", notice.state()));
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
    fn new(password: &str) -> Self {
        let (identity, authority) = Identity::account(KeyKind::P256, NOW).expect("an account");
        let password = Secret::from(password);
        let another = Identity::account(KeyKind::P256, NOW).expect("an account");
        let texts = [(&identity, &authority), (&another.0, &another.1)].map(|(account, authority)| {
            let mut text = Vec::new();
            let sample = Sample::of(account, authority, Scheme::of(&password), LENGTH, 1).expect("a sample");
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
fn hold<D: Device>(cases: &mut Cases, whose: &str, scripts: &[(&str, Setup, Timeline, Timeline)]) {
    let accounts = ["", "sesame"].map(|password| (password, Account::new(password)));
    for (name, setup, beginning, rest) in scripts {
        let account = &accounts.iter().find(|(password, _)| *password == setup.password).expect("one of the two").1;
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().expect("a runtime").block_on(async {
            let log = Log(Arc::default());
            let mut device = D::begin(setup, account, &log).await;
            for (number, (step, stated)) in beginning.iter().chain(*rest).enumerate() {
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
                let came = came.replace(&short, "DEVICE").replace(&long, "LONG-ID");
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
    cases.part("timelines", "R-TIME-1 to R-TIME-6, R-EXT-2, R-EXT-3, R-CANCEL-1, R-EXP-12, R-IMP-2, R-STATE-3")
}
