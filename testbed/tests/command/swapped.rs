//! A swapped QR code with real processes (W-12): the exporter's user is given the intruder's token, and the intruder, with keys and an
//! account of its own, has a connection with each of the two commands.
//!
//! Where both users compare they see different strings, and refusing leaves nothing (R-SAS-7, R-SAS-9). Where they do not compare the
//! same intruder has the account, and neither user sees anything of it.

use std::{
    fs,
    io::Cursor,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
};

use handfast::{
    archive::{Archive, Argon2i, Identity, InsecureKdf, KeyKind, PrivateKey, Terms, UnixTime},
    message::{Features, ImportResult, Message, Slot, Word},
    outcome::{Scheme, Side as On},
    sas::Comparison,
    secret::Secret,
    shell::identity::{Reach, throw_away},
    token::{Code, DeviceId, Form, Token},
};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    of_today::{SHIPPED, TODAY, asks, borrowed, installed},
    script::{Said, Script, comparing_exporter, comparing_importer, exporter, importer},
    support::{Ended, Folder, Side, accounts, handfast, text},
};

/// The messages and archives that reached the intruder after its exchanges, from each side.
type Received = Vec<(On, Said)>;

/// An intruder whose code the exporter's user scans.
struct Intruder {
    device: Identity,
    /// The form of its token.
    form: Form,
    listener: std::net::TcpListener,
    /// The new device, and the code on its screen.
    target: SocketAddr,
    token: String,
}

impl Intruder {
    fn before(import: &mut Side) -> Self {
        let device = throw_away(Reach::Direct, UnixTime::now()).expect("there are keys");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
        listener.set_nonblocking(true).expect("a port can be polled");
        Self { device, form: Form::Short, listener, target: import.listening(), token: import.token() }
    }

    /// One before an import of the profile `jamid`, whose tokens have the long id.
    fn before_today(import: &mut Side) -> Self {
        Self { form: Form::Long, ..Self::before(import) }
    }

    /// The code that is put over the one on the new device's screen, and the place where its device listens.
    fn swapped(&self) -> (String, String) {
        let code = Code::from_random(123_456).expect("it is one");
        let leaf = self.device.certificate();
        let device = match self.form {
            Form::Short => DeviceId::Short(leaf.short_id().0),
            Form::Long => DeviceId::Long(leaf.long_id()),
        };
        let token = Token { device, code };
        (self.listener.local_addr().expect("it is bound").to_string(), token.text().to_string())
    }

    fn listener(&self) -> TcpListener {
        let listener = self.listener.try_clone().expect("it can be cloned");
        TcpListener::from_std(listener).expect("there is a runtime")
    }

    /// A session with each of the two, and an exchange of its own with each: all that it can do, since each string depends on the
    /// session (R-SAS-3). Then everything is relayed, or nothing is. Returns the digits that it computed, in the order of the new
    /// device and the old one, and what reached it.
    async fn stands_between(self, scheme: Scheme, relays: bool) -> ([String; 2], Received) {
        let no_password = |_| panic!("no password is sent");
        let account = own_account();
        let stream = TcpStream::connect(self.target).await.expect("it listens");
        let (mut new_device, channel) = comparing_exporter(stream, &account).await;
        let mut as_exporter = Comparison::new(On::Export, channel, [7; 32]);
        new_device.open(&self.token).await;

        let (stream, _) = self.listener().accept().await.expect("the exporter connects");
        let (mut old_device, channel) = comparing_importer(stream, &self.device).await;
        let mut as_importer = Comparison::new(On::Import, channel, [8; 32]);
        old_device.accept().await;

        old_device.send(Message::Hello(Features::WITH_SAS)).await;
        let Said::Message(asks) = old_device.received().await else { panic!("a question is due") };
        assert_eq!(asks, Message::AuthScheme(scheme, Features::WITH_SAS));
        assert!(as_importer.take(&asks));
        let Said::Message(hello) = new_device.received().await else { panic!("a greeting is due") };
        assert_eq!(hello, Message::Hello(Features::WITH_SAS));
        assert!(as_exporter.take(&hello));
        new_device.send(Message::AuthScheme(scheme, Features::WITH_SAS)).await;
        let Said::Message(commitment) = old_device.received().await else { panic!("a commitment is due") };
        assert!(as_importer.take(&commitment));
        new_device.send(as_exporter.fill(Message::Commitment(Slot::NONE), no_password)).await;
        let Said::Message(nonce) = new_device.received().await else { panic!("a nonce is due") };
        assert!(as_exporter.take(&nonce));
        old_device.send(as_importer.fill(Message::Nonce(Slot::NONE), no_password)).await;
        let Said::Message(opening) = old_device.received().await else { panic!("an opening is due") };
        assert!(as_importer.take(&opening));
        new_device.send(as_exporter.fill(Message::Opening(Slot::NONE), no_password)).await;
        let digits = [as_exporter, as_importer].map(|one| one.string().expect("it knows both nonces").digits());
        (digits, relay(new_device, old_device, relays).await)
    }

    /// The whole attack without a comparison: the archive from the old device, then the new device linked with the stolen account.
    /// Returns the archive; none where the exporter's user ends the link.
    async fn takes_the_account(self) -> Option<Vec<u8>> {
        let (stream, _) = self.listener().accept().await.expect("the exporter connects");
        let mut old_device = importer(stream, &self.device).await;
        old_device.accept().await;
        old_device.send(Message::Hello(Features::ALL)).await;
        let archive = loop {
            match old_device.received().await {
                // One of today takes a password for its answer only.
                Said::Message(Message::AuthScheme(..)) => old_device.send(Message::Password(Secret::default())).await,
                Said::Archive(archive) => break archive,
                Said::End | Said::Lost => return None,
                _ => {}
            }
        };
        old_device.send(Message::ImportResult(ImportResult::Stored)).await;
        while old_device.received().await != Said::Lost {}

        let stolen = opened(&archive);
        let key = PrivateKey::generate(KeyKind::P256).expect("there are keys");
        let device = stolen.account().issue_device(key, UnixTime::now()).expect("the account's key issues it");
        let stream = TcpStream::connect(self.target).await.expect("it listens");
        let mut new_device = exporter(stream, &device).await;
        new_device.open(&self.token).await;
        new_device.send(Message::AuthScheme(Scheme::None, Features::ALL)).await;
        while !matches!(new_device.received().await, Said::Message(Message::Password(_))) {}
        new_device.archive(&archive).await;
        while new_device.received().await != Said::Lost {}
        Some(archive)
    }
}

impl Intruder {
    /// The attack on a protected archive: its password comes from the new device's user, who is shown the account that the intruder's
    /// chain only names (W-3). Returns the archive; none where the new device has no session with such a chain.
    async fn takes_the_password_and_the_account(self, account: &Identity) -> Option<Vec<u8>> {
        let (stream, _) = self.listener().accept().await.expect("the exporter connects");
        let mut old_device = importer(stream, &self.device).await;
        old_device.accept().await;
        old_device.send(Message::Hello(Features::ALL)).await;
        let Said::Message(Message::AuthScheme(Scheme::Password, _)) = old_device.received().await else {
            panic!("it asks for a password")
        };
        let mut new_device = borrowed(self.target, &own_account(), account).await;
        if !asks(&mut new_device, &self.token).await {
            return None;
        }
        new_device.send(Message::AuthScheme(Scheme::Password, Features::ALL)).await;
        let password = loop {
            match new_device.received().await {
                Said::Message(Message::Password(password)) => break password,
                Said::Lost => panic!("no password comes"),
                _ => {}
            }
        };
        old_device.send(Message::Password(password)).await;
        let archive = loop {
            match old_device.received().await {
                Said::Archive(archive) => break archive,
                Said::Lost => panic!("no archive comes"),
                _ => {}
            }
        };
        old_device.send(Message::ImportResult(ImportResult::Stored)).await;
        while old_device.received().await != Said::Lost {}
        new_device.archive(&archive).await;
        while new_device.received().await != Said::Lost {}
        Some(archive)
    }
}

/// A device of an account of the intruder's own.
pub(crate) fn own_account() -> Identity {
    let now = UnixTime::now();
    let (account, _) = Identity::account(KeyKind::P256, now).expect("there are keys");
    account.issue_device(PrivateKey::generate(KeyKind::P256).expect("there are keys"), now).expect("it is issued")
}

fn opened(archive: &[u8]) -> Archive<Cursor<Vec<u8>>> {
    let terms = Terms::at(UnixTime::now());
    let archive = Archive::open(Cursor::new(archive.to_vec()), &Secret::default(), &InsecureKdf, terms);
    archive.expect("it is an account's archive")
}

/// Passes on what comes from either side until both are gone, or passes nothing on.
async fn relay(mut new_device: Script, mut old_device: Script, relays: bool) -> Received {
    let mut received = Received::new();
    let mut open = [true; 2];
    while open != [false; 2] {
        let (side, said) = tokio::select! {
            said = new_device.received(), if open[0] => (On::Import, said),
            said = old_device.received(), if open[1] => (On::Export, said),
        };
        let (at, other) = match side {
            On::Import => (0, &mut old_device),
            On::Export => (1, &mut new_device),
        };
        match &said {
            Said::Lost => {
                open[at] = false;
                continue;
            }
            Said::End if relays => other.end().await,
            Said::Archive(archive) if relays => other.archive(archive).await,
            Said::Message(message) if relays => other.send(again(message)).await,
            _ => {}
        }
        received.push((side, said));
    }
    received
}

/// The same message once more. Of a password the test has no use.
fn again(message: &Message<Secret>) -> Message<Secret> {
    match message {
        Message::State(word) => Message::State(*word),
        other => panic!("{other:?} reached the intruder"),
    }
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("there is a runtime").block_on(work)
}

/// Two commands, the places of their files, and the archive.
struct Link {
    folder: Folder,
    archive: PathBuf,
}

impl Link {
    fn new(passwords: Option<&str>) -> Self {
        let folder = Folder::default();
        let passwords = passwords.map(|line| folder.file("passwords", line));
        let archive = folder.archive("archive", "64KiB", passwords.as_deref());
        for name in ["importer", "exporter"] {
            fs::create_dir(folder.path(name)).expect("folders can be made");
        }
        Self { folder, archive }
    }

    /// A side with a working folder, and temporary files, of its own.
    fn side(&self, name: &str, args: &[&str]) -> Side {
        let place = self.folder.path(name);
        let mut command = handfast(args);
        command.current_dir(&place).env("TMPDIR", &place).env("HOME", &place);
        Side::of(command)
    }

    fn import(&self, more: &[&str]) -> Side {
        let store = self.folder.path("store");
        self.side("importer", &[&["import", "--json", "--key-type", "p256", "--store", text(&store)], more].concat())
    }

    /// Begins the export to the device of the code that its user was given.
    fn export(&self, intruder: &Intruder, more: &[&str]) -> Side {
        let (listening, token) = intruder.swapped();
        let args = ["export", "--json", "--peer", &listening, "--archive", text(&self.archive)];
        self.side("exporter", &[&args, more, &[&token]].concat())
    }

    /// Nothing is on either disk but what was there before.
    fn left_nothing(&self, archive: &[u8]) {
        assert!(accounts(&self.folder.path("store")).is_empty());
        for name in ["importer", "exporter"] {
            assert_eq!(files(&self.folder.path(name)), Vec::<PathBuf>::new(), "{name}");
        }
        assert_eq!(fs::read(&self.archive).expect("it is there"), archive);
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn is_mismatch(ended: &Ended) {
    let details = ended.details();
    assert_eq!(ended.code, 18, "{}", ended.complaints);
    assert_eq!((&details["error"], &details["reason"]), (&"authentication".into(), &"mismatch".into()));
}

/// Either user refuses and the intruder passes that on, or both have to, since it passes nothing on.
#[test]
fn users_who_compare_see_different_strings_and_refusing_leaves_nothing() {
    let passwords = Some("secret\n");
    for (scheme, passwords, refusing) in [
        (Scheme::None, None, &[On::Import][..]),
        (Scheme::None, None, &[On::Export]),
        (Scheme::Password, passwords, &[On::Import, On::Export]),
    ] {
        let link = Link::new(passwords);
        let archive = fs::read(&link.archive).expect("it is there");
        let mut importer = link.import(&["--sas", "--calls"]);
        let intruder = Intruder::before(&mut importer);
        let passwords = link.folder.path("passwords");
        let known = ["--password-file", text(&passwords)];
        let known = if scheme == Scheme::Password { &known[..] } else { &[] };
        let mut exporter = link.export(&intruder, &[&["--sas", "--calls"], known].concat());
        let relays = refusing.len() == 1;
        let intruder = thread::spawn(move || run(intruder.stands_between(scheme, relays)));

        let [here, there] = [&mut importer, &mut exporter].map(|side| side.state(3)["details"].clone());
        let shown = [&here, &there].map(|details| details["sas"].as_str().expect("it is shown").to_owned());
        assert_ne!(shown[0], shown[1], "both screens show the same digits");
        assert_ne!(here["sas_words"], there["sas_words"]);
        for side in refusing {
            let refused = match side {
                On::Import => importer.call("compareAccount", r#"{"equal":false}"#),
                On::Export => exporter.call("compareAddDevice", r#"{"equal":false}"#),
            };
            assert_eq!(refused, true);
        }
        is_mismatch(&importer.end());
        is_mismatch(&exporter.end());
        let (computed, received) = intruder.join().expect("the intruder ends");
        // It knows both strings, which does not help it.
        assert_eq!(computed, shown);
        let refusal = |side| (side, Said::Message(Message::State(Word::Mismatch)));
        let refusals: Vec<_> = refusing.iter().map(|&side| refusal(side)).collect();
        let mut messages = received.iter().filter(|(_, said)| *said != Said::End);
        assert!(refusals.iter().all(|one| received.contains(one)), "{received:?}");
        assert!(messages.all(|one| refusals.contains(one)), "{received:?}");
        link.left_nothing(&archive);
    }
}

/// Programs that are given the digits of the other screen find the difference by themselves (R-SAS-8). The digits come through a FIFO,
/// once they are shown.
#[test]
fn the_digits_of_the_other_screen_are_others() {
    let link = Link::new(None);
    let archive = fs::read(&link.archive).expect("it is there");
    let fifos = ["one", "two"].map(|name| link.folder.path(name));
    for path in &fifos {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.expect("there is mkfifo").success());
    }
    let options = fifos.each_ref().map(|path| format!("@{}", text(path)));
    let mut importer = link.import(&["--yes", "--sas-match", &options[0]]);
    let intruder = Intruder::before(&mut importer);
    let mut exporter = link.export(&intruder, &["--yes", "--sas-match", &options[1]]);
    let intruder = thread::spawn(move || run(intruder.stands_between(Scheme::None, false)));
    let [here, there] = [&mut importer, &mut exporter]
        .map(|side| side.state(3)["details"]["sas"].as_str().expect("it is shown").to_owned());
    for (path, digits) in fifos.iter().zip([there, here]) {
        fs::write(path, format!("{digits}\n")).expect("the command reads it");
    }
    for side in [importer, exporter] {
        let ended = side.end();
        is_mismatch(&ended);
        assert!(ended.complaints.contains("these are not the digits"), "{}", ended.complaints);
    }
    let (_, received) = intruder.join().expect("the intruder ends");
    assert!(!received.iter().any(|(_, said)| matches!(said, Said::Archive(_) | Said::Message(Message::Password(_)))));
    link.left_nothing(&archive);
}

/// W-12: without a comparison the intruder has the account, both commands report success, and the new device's user sees the own
/// account.
#[test]
fn users_who_do_not_compare_give_it_the_account() {
    hands_over_the_account([&[], &[]], Intruder::before);
}

/// The same with today's daemon on either side, or on both.
#[test]
fn users_of_today_give_it_the_account() {
    let today: &[&str] = &["--profile", "jamid", "--reducers", "legacy"];
    let shipped = &today[..2];
    for sides in [[today, today], [today, shipped], [shipped, today]] {
        hands_over_the_account(sides, Intruder::before_today);
    }
}

/// Links through the intruder, with these options of the importer and of the exporter.
fn hands_over_the_account([of_import, of_export]: [&[&str]; 2], intruder: fn(&mut Side) -> Intruder) {
    let link = Link::new(None);
    let mut importer = link.import(&[&["--yes"][..], of_import].concat());
    let intruder = intruder(&mut importer);
    let exporter = link.export(&intruder, &[&["--yes"][..], of_export].concat());
    let archive = run(intruder.takes_the_account()).expect("the exporter hands it out");
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (0, 0), "{}\n{}", importer.complaints, exporter.complaints);
    let source = fs::read(&link.archive).expect("it is there");
    let [stolen, id] = [&archive, &source].map(|archive| opened(archive).account().certificate().short_id());
    assert_eq!(stolen, id);
    let asked = importer.lines.iter().find(|line| line["state"] == 3).expect("its user is asked");
    assert_eq!(asked["details"]["peer_id"], id.to_string());
    assert_eq!(accounts(&link.folder.path("store")).len(), 1);
}

/// W-3 and W-12: a password is no help either where the importer is today's. One that ships shows no account whose chain does not prove
/// it (R-SEC-1), and its user has no reason to type a password.
#[test]
fn a_password_does_not_keep_it_from_users_of_today() {
    for (of_import, of_export) in
        [(&TODAY[..], &SHIPPED[..]), (&TODAY, &TODAY), (&SHIPPED, &SHIPPED), (&SHIPPED, &TODAY)]
    {
        let link = Link::new(Some("secret\n"));
        let passwords = link.folder.path("passwords");
        let known = ["--yes", "--password-file", text(&passwords)];
        let source = fs::read(&link.archive).expect("it is there");
        let account =
            Archive::open(Cursor::new(&source), &Secret::from("secret"), &Argon2i, Terms::at(UnixTime::now()));
        let account = account.expect("it is the password");
        let account = account.account();
        let id = account.certificate().short_id().to_string();
        let mut importer = link.import(&[&known[..], of_import].concat());
        let intruder = Intruder::before_today(&mut importer);
        let exporter = link.export(&intruder, &[&known[..], of_export].concat());
        let archive = run(intruder.takes_the_password_and_the_account(account));
        let exporter = exporter.end();
        if of_import == SHIPPED {
            assert_eq!(archive, None);
            importer.interrupt();
            let importer = importer.end();
            assert!(!importer.states().contains(&3) && !exporter.states().contains(&4), "{}", exporter.complaints);
            assert_eq!((importer.code, exporter.code), (13, 10), "{}\n{}", importer.complaints, exporter.complaints);
            link.left_nothing(&source);
            continue;
        }
        let importer = importer.end();
        assert_eq!((importer.code, exporter.code), (0, 0), "{}\n{}", importer.complaints, exporter.complaints);
        let archive = archive.expect("the exporter hands it out");
        assert_eq!(opened(&archive).account().certificate().short_id().to_string(), id);
        let asked = importer.lines.iter().find(|line| line["state"] == 3).expect("its user is asked");
        assert_eq!(asked["details"]["peer_id"], id);
        assert_eq!(installed(&link.folder.path("store")), [id]);
    }
}

/// The intruder that leaves the feature out towards a user who compares has nothing: there is nothing to compare, and the user, whose
/// other device can, ends the link (R-SAS-9).
#[test]
fn an_intruder_that_leaves_the_feature_out_has_nothing() {
    let link = Link::new(None);
    let archive = fs::read(&link.archive).expect("it is there");
    let mut importer = link.import(&["--sas", "--calls"]);
    let intruder = Intruder::before(&mut importer);
    let exporter = link.export(&intruder, &["--yes", "--sas-match", "123456"]);
    assert_eq!(run(intruder.takes_the_account()), None);
    let exporter = exporter.end();
    assert_eq!(exporter.code, 13, "{}", exporter.complaints);
    assert!(exporter.complaints.contains("the other device cannot compare"), "{}", exporter.complaints);
    assert_eq!(importer.call("removeAccount", "{}"), true);
    assert_eq!(importer.end().code, 13);
    link.left_nothing(&archive);
}
