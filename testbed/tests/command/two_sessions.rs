//! Two sessions of one token with today's importer (W-2, W-11), over TLS, with a hostile exporter and a real `handfast export`.
//!
//! The importer runs in this process: `handfast import --reducers legacy` serves each request at once, and ends with DONE. The threads of
//! the daemon that run at the same time, and its node that goes on after DONE, are a schedule of [`legacy::Threads`].

use std::{fs::File, path::PathBuf, sync::Arc};

use handfast::{
    archive::{Archive, Argon2i, Identity, InsecureKdf, KeyKind, Store, Terms, UnixTime},
    import::{Ask, Input},
    limits::{DEFAULT_MAX_ARCHIVE, Durations},
    message::{Features, Message},
    mux::RequestState,
    outcome::{Outcome, Profile, Scheme, Signal},
    reducer::{Config, ConnId},
    secret::Secret,
    shell::{
        self, ImportEnv, ImportHandle, ImportIdentity, ImportOptions, Notice, SystemRandom, folder::FolderStore,
        identity::Reach, rendezvous::Listen,
    },
    token::Token,
    trace::{Step, Turn},
};
use tokio::{net::TcpStream, sync::mpsc::UnboundedReceiver, task::AbortHandle};

use crate::{
    of_today::{SHIPPED, TODAY, answered, asks, borrowed, installed},
    script::{CHANNEL, Said, Script, exporter},
    support::{Folder, PATIENCE, Side, Steps, text},
    swapped::own_account,
};

#[path = "../../src/link/legacy.rs"]
#[allow(dead_code, reason = "the command uses the rest")]
mod legacy;

use legacy::Threads;

/// The password of the archive that has one.
const PASSWORD: &str = "correct horse";

/// The old device: a real `handfast export`.
struct OldDevice {
    side: Side,
    steps: Steps,
}

impl OldDevice {
    /// Its user confirms, as a person does: later than the new device's first message comes, which today's exporter takes for a wrong
    /// password if it asked before (W-14).
    fn confirms(&mut self) {
        self.side.state(3);
        self.steps.wait("\"Hello\"");
        assert_eq!(self.side.call("confirmAddDevice", "{}"), true);
    }

    fn ends_well(self) {
        let ended = self.side.end();
        assert_eq!(ended.code, 0, "{}", ended.complaints);
    }
}

/// The new device: an importer in this process.
struct NewDevice {
    handle: ImportHandle,
    notices: UnboundedReceiver<Notice>,
    /// The inputs of its reducer.
    inputs: UnboundedReceiver<Input>,
    operation: AbortHandle,
    token: String,
    /// How often its user was asked, and how often success was signalled.
    prompts: usize,
    successes: usize,
}

impl NewDevice {
    /// Today's, with this schedule of its threads; without one, the importer that ships.
    async fn begins(store: PathBuf, threads: Option<Threads>) -> Self {
        let now = UnixTime::now();
        let store = Store::open(store).expect("it can be made");
        let env = ImportEnv {
            publish: Listen("127.0.0.1:0".parse().expect("it is an address")),
            store: FolderStore::new(store, Arc::new(InsecureKdf), KeyKind::P256, DEFAULT_MAX_ARCHIVE, now),
            identity: ImportIdentity::Make { reach: Reach::Direct, now },
            random: SystemRandom,
        };
        let (given, inputs) = tokio::sync::mpsc::unbounded_channel();
        let recorder = move |step: &Step| {
            if let Turn::Import { input, .. } = &step.turn {
                // A test that is over does not look at them.
                let _ = given.send(*input);
            }
        };
        let config = Config { profile: Profile::Jamid, ..Config::default() };
        // A connection waits for another process to begin, on a machine that may have other work.
        let durations = Durations { handshake: PATIENCE, opening: PATIENCE, ..ImportOptions::default().durations };
        let options =
            ImportOptions { config, durations, recorder: Some(Box::new(recorder)), ..ImportOptions::default() };
        let (handle, mut notices, operation) = match threads {
            Some(threads) => {
                let reducer = Box::new(legacy::Importer::of(threads));
                let (handle, notices, operation) = shell::import_by(env, options, reducer);
                (handle, notices, tokio::spawn(operation))
            }
            None => {
                let (handle, notices, operation) = shell::import(env, options);
                (handle, notices, tokio::spawn(operation))
            }
        };
        let shown = notices.recv().await.expect("the token is shown");
        let token = shown.details["token"].clone();
        Self { handle, notices, inputs, operation: operation.abort_handle(), token, prompts: 0, successes: 0 }
    }

    async fn connects(&self) -> TcpStream {
        TcpStream::connect(self.handle.listening().expect("it is known")).await.expect("it listens")
    }

    /// An intruder asks for the token's channel. It is not answered yet.
    async fn is_asked_by(&mut self, intruder: &mut Script) -> ConnId {
        let token = Token::parse(self.token.as_bytes()).expect("it is one");
        intruder.request(token.code.channel_name().as_bytes(), CHANNEL).await;
        self.is_asked().await
    }

    /// Waits until another connection has come. Returns it.
    async fn comes(&mut self) -> ConnId {
        loop {
            let input = self.inputs.recv().await.expect("it runs");
            if let Input::ConnectionRequested(conn) | Input::ConnectionRequestedFrom(conn, _) = input {
                return conn;
            }
        }
    }

    /// Waits until another request for the token's channel has come. Returns its connection.
    async fn is_asked(&mut self) -> ConnId {
        loop {
            let input = self.inputs.recv().await.expect("it runs");
            if let Input::ChannelRequested(conn, Ask::Right) = input {
                return conn;
            }
        }
    }

    /// Waits until another question has come. Returns its connection.
    async fn is_questioned(&mut self) -> ConnId {
        loop {
            let input = self.inputs.recv().await.expect("it runs");
            if let Input::Message(conn, Message::AuthScheme(..)) = input {
                return conn;
            }
        }
    }

    /// The old device begins to link this one.
    fn export(&self, folder: &Folder, more: &[&str]) -> OldDevice {
        let listening = self.handle.listening().expect("it is known").to_string();
        let (archive, trace) = (folder.path("archive"), folder.path("trace"));
        let steps = Steps::at(&trace);
        let args = ["--json", "--calls", "--archive", text(&archive), "--peer", &listening, "--trace", text(&trace)];
        let side = Side::start(["export"].iter().chain(&args).chain(more).copied().chain([&*self.token]));
        OldDevice { side, steps }
    }

    /// The next signal but the ones of progress. None: the operation is over.
    async fn next(&mut self) -> Option<Signal> {
        loop {
            let signal = self.notices.recv().await?.signal;
            match signal {
                Signal::Connecting | Signal::InProgress => continue,
                Signal::Prompt { .. } => self.prompts += 1,
                Signal::Done(Outcome::SUCCESS) => self.successes += 1,
                _ => {}
            }
            return Some(signal);
        }
    }

    /// Its user is asked to agree to this account.
    async fn prompts(&mut self, account: &Identity, asked: Scheme) {
        let peer = account.certificate().short_id();
        assert_eq!(self.next().await, Some(Signal::Prompt { peer, scheme: asked, wrong_password: false }));
    }

    /// The link comes about. If it does not, what the exporter says of it is shown.
    async fn succeeds_with(&mut self, old_device: &mut OldDevice) {
        let next = self.next().await;
        assert_eq!(next, Some(Signal::Done(Outcome::SUCCESS)), "{}", old_device.steps.so_far());
    }

    async fn answers(&self, password: &str, scheme: Scheme) {
        let answer = self.handle.provide_account_authentication(Secret::from(password), scheme);
        answer.await.expect("it is due");
    }
}

impl Drop for NewDevice {
    fn drop(&mut self) {
        // The node of today's daemon ends with its process.
        self.operation.abort();
    }
}

/// The old device's archive, opened.
fn account(folder: &Folder, password: Option<&str>) -> Archive<File> {
    let passwords = password.map(|password| folder.file("passwords", format!("{password}\n")));
    let archive = folder.archive("archive", "64KiB", passwords.as_deref());
    let file = File::open(archive).expect("it is there");
    let password = Secret::from(password.unwrap_or_default());
    Archive::open(file, &password, &Argon2i, Terms::at(UnixTime::now())).expect("it is an account's archive")
}

/// Runs the import on threads of its own, since a test waits for processes in between.
fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("there is a runtime").block_on(work)
}

/// The options of an exporter of each kind.
const EXPORTERS: [&[&str]; 2] = [&SHIPPED, &TODAY];

/// W-2: after the link the token opens another session, and its end is reported as a success once more. The token of one that ships is dead
/// (R-TOK-5).
#[test]
fn todays_token_opens_a_session_after_the_link() {
    for (of_export, is_of_today) in EXPORTERS.into_iter().flat_map(|exporter| [(exporter, true), (exporter, false)]) {
        let folder = Folder::default();
        let archive = account(&folder, None);
        let account = archive.account();
        run(async {
            let threads = is_of_today.then_some(Threads { together: 1, end: false });
            let mut device = NewDevice::begins(folder.path("store"), threads).await;
            let listening = device.handle.listening().expect("it is known");
            let mut old_device = device.export(&folder, of_export);
            old_device.confirms();
            device.prompts(account, Scheme::None).await;
            device.answers("", Scheme::None).await;
            device.succeeds_with(&mut old_device).await;
            old_device.ends_well();

            if is_of_today {
                let mut intruder = exporter(device.connects().await, &own_account()).await;
                assert!(asks(&mut intruder, &device.token).await);
                drop(intruder);
                assert_eq!(device.next().await, Some(Signal::Done(Outcome::SUCCESS)));
            } else {
                assert_eq!(device.next().await, None);
                TcpStream::connect(listening).await.expect_err("nothing listens");
            }
            assert_eq!(device.successes, if is_of_today { 2 } else { 1 });
        });
        assert_eq!(installed(&folder.path("store")), [account.certificate().short_id().to_string()]);
    }
}

/// W-11: the intruder's request passes the test together with the exporter's, and its session outlives the link: its end is a second
/// success. One that ships has one slot, which the first request takes (R-IMP-3).
#[test]
fn two_requests_together_are_two_successes_of_todays_importer() {
    for (of_export, is_of_today) in EXPORTERS.into_iter().flat_map(|exporter| [(exporter, true), (exporter, false)]) {
        let folder = Folder::default();
        let archive = account(&folder, None);
        let account = archive.account();
        run(async {
            let threads = is_of_today.then_some(Threads { together: 2, end: false });
            let mut device = NewDevice::begins(folder.path("store"), threads).await;
            let mut intruder = exporter(device.connects().await, &own_account()).await;
            let expected = if is_of_today {
                device.is_asked_by(&mut intruder).await;
                RequestState::Accept
            } else {
                RequestState::Decline
            };
            let mut old_device = device.export(&folder, of_export);
            device.is_asked().await;
            if !is_of_today {
                // The other order: the slot is the exporter's.
                device.is_asked_by(&mut intruder).await;
            }
            assert_eq!(answered(&mut intruder).await, Some(expected), "{}", old_device.steps.so_far());
            old_device.confirms();
            device.prompts(account, Scheme::None).await;
            device.answers("", Scheme::None).await;
            device.succeeds_with(&mut old_device).await;
            drop(intruder);
            let again = is_of_today.then_some(Signal::Done(Outcome::SUCCESS));
            assert_eq!(device.next().await, again);
            assert_eq!(device.successes, if is_of_today { 2 } else { 1 });
            old_device.ends_well();
        });
        assert_eq!(installed(&folder.path("store")), [account.certificate().short_id().to_string()]);
    }
}

/// W-11: the exporter asks for the password, and the answer goes to the intruder, whose channel was opened last. One that ships sends it
/// to the session that asked (R-IMP-3, R-IMP-9).
#[test]
fn the_password_goes_to_the_other_one_of_two_sessions() {
    for (of_export, is_of_today) in EXPORTERS.into_iter().flat_map(|exporter| [(exporter, true), (exporter, false)]) {
        let folder = Folder::default();
        let archive = account(&folder, Some(PASSWORD));
        let account = archive.account();
        let passwords = folder.path("passwords");
        run(async {
            let threads = is_of_today.then_some(Threads { together: 2, end: false });
            let mut device = NewDevice::begins(folder.path("store"), threads).await;
            let mut intruder = exporter(device.connects().await, &own_account()).await;
            let mut old_device =
                device.export(&folder, &[&["--password-file", text(&passwords)][..], of_export].concat());
            device.is_asked().await;
            device.is_asked_by(&mut intruder).await;
            let expected = if is_of_today { RequestState::Accept } else { RequestState::Decline };
            assert_eq!(answered(&mut intruder).await, Some(expected), "{}", old_device.steps.so_far());
            old_device.confirms();
            device.prompts(account, Scheme::Password).await;
            device.answers(PASSWORD, Scheme::Password).await;
            if is_of_today {
                let password = loop {
                    match intruder.received().await {
                        Said::Message(Message::Password(password)) => break password,
                        Said::Lost => panic!("no password comes"),
                        _ => {}
                    }
                };
                assert_eq!(password, Secret::from(PASSWORD));
            } else {
                assert_eq!(device.next().await, Some(Signal::Done(Outcome::SUCCESS)));
                while device.next().await.is_some() {}
                let mut later = intruder.received().await;
                while later == Said::End {
                    later = intruder.received().await;
                }
                assert_eq!(later, Said::Lost);
                old_device.ends_well();
            }
        });
    }
}

/// W-1, W-3 and W-11: the user agrees to what the intruder's session asks, and the exporter's archive is installed by that answer. One
/// that ships has no session with a borrowed chain (R-SEC-1), and takes an archive after the answer in the same session (R-IMP-10).
#[test]
fn an_answer_to_the_intruder_installs_the_archive_of_another_session() {
    for (of_export, is_of_today) in EXPORTERS.into_iter().flat_map(|exporter| [(exporter, true), (exporter, false)]) {
        let folder = Folder::default();
        let archive = account(&folder, None);
        let account = archive.account();
        run(async {
            let threads = is_of_today.then_some(Threads { together: 2, end: false });
            let mut device = NewDevice::begins(folder.path("store"), threads).await;
            let target = device.handle.listening().expect("it is known");
            let mut intruder = borrowed(target, &own_account(), account).await;
            let intruding = device.comes().await;
            let first = if is_of_today {
                Some(device.is_asked_by(&mut intruder).await)
            } else {
                assert!(!asks(&mut intruder, &device.token).await);
                None
            };
            let mut old_device = device.export(&folder, of_export);
            // A request of the intruder may be among the inputs though it gets no session.
            let second = loop {
                let asked = device.is_asked().await;
                if asked != intruding {
                    break asked;
                }
            };
            old_device.side.state(3);
            if let Some(first) = first {
                assert_eq!(first, intruding);
                intruder.send(Message::AuthScheme(Scheme::None, Features::ALL)).await;
                device.prompts(account, Scheme::None).await;
                // The old device has asked nothing yet: its user has confirmed nothing.
                assert_eq!(device.is_questioned().await, first);
            }
            old_device.confirms();
            assert_eq!(device.is_questioned().await, second, "{}", old_device.steps.so_far());
            if first.is_none() {
                device.prompts(account, Scheme::None).await;
            }
            device.answers("", Scheme::None).await;
            device.succeeds_with(&mut old_device).await;
            assert_eq!(device.prompts, 1);
            old_device.ends_well();
        });
        assert_eq!(installed(&folder.path("store")), [account.certificate().short_id().to_string()]);
    }
}
