//! The folder of an installed account: each file, its mode and its content, and what was applied of the configuration (R-ARC-1, R-ARC-4
//! to R-ARC-6). The list of what is applied is typed here.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Read as _},
    path::Path,
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use handfast::{
    archive::{Archive, Disk, Fs, InsecureKdf, MemoryFs, Store, Terms},
    import::Ask,
    mux::ChannelName,
    operations::LocalId,
    outcome::Scheme,
    secret::Secret,
    shell::tls,
    token::{Code, DeviceId},
};
use serde_json::{Map, Value};

use super::{Cases, Part, install};
use crate::shell::fixture::{FIXTURE, NOW, PASSWORD, new_device};

/// Configuration that an import applies.
pub(super) const APPLIED: [&str; 9] = [
    "Account.activeCallLimit",
    "Account.alias",
    "Account.denySecondIncoming",
    "Account.displayName",
    "Account.dtmfType",
    "Account.ringtoneEnabled",
    "Account.sendComposing",
    "Account.sendReadReceipt",
    "Account.videoEnabled",
];
/// Configuration that names a server, a proxy, a certificate, a port, a manager, or a file of the other device.
const KEPT: [&str; 22] = [
    "Account.archiveHasPassword",
    "Account.archivePath",
    "Account.autoAnswer",
    "Account.enable",
    "Account.hostname",
    "Account.localInterface",
    "Account.localPort",
    "Account.managerUri",
    "Account.managerUsername",
    "Account.publishedAddress",
    "Account.proxyEnabled",
    "Account.proxyPushToken",
    "Account.proxyServer",
    "Account.ringtonePath",
    "Account.type",
    "Account.username",
    "DHT.PublicInCalls",
    "RingNS.uri",
    "STUN.server",
    "TLS.certificateFile",
    "TLS.certificateListFile",
    "TURN.server",
];
const FILES: [&str; 4] = ["account.json", "archive.gz", "ring_device.crt", "ring_device.key"];

/// An account as it is sent, and as it has to be stored.
pub(super) struct Account {
    pub(super) password: Secret,
    pub(super) text: Vec<u8>,
    settings: BTreeMap<String, String>,
}

impl Account {
    /// An account with this password and configuration. Its text claims the other protection than it has, as that of another device may.
    pub(super) fn new(password: &str, configuration: &[(&str, &str)]) -> Self {
        let sample = FIXTURE.text(password.is_empty(), 9_000);
        let members: Map<String, Value> = serde_json::from_slice(&sample).unwrap_or_default();
        let is_configuration = |name: &str| name.contains('.');
        let mut members: Map<_, _> = members.into_iter().filter(|(name, _)| !is_configuration(name)).collect();
        let lie = if password.is_empty() { "true" } else { "false" };
        members.insert("Account.archiveHasPassword".into(), lie.into());
        let mut settings = BTreeMap::new();
        for &(name, value) in configuration {
            members.insert(name.into(), value.into());
            if APPLIED.contains(&name) {
                settings.insert(name.to_owned(), value.to_owned());
            }
        }
        let flag = if password.is_empty() { "false" } else { "true" };
        settings.insert("Account.archiveHasPassword".into(), flag.into());
        Self { password: password.into(), text: Value::Object(members).to_string().into_bytes(), settings }
    }

    /// The parts of a stored account that are otherwise than it has to be.
    pub(super) fn differs<F: Fs>(&self, fs: &F, store: &Store<F>, id: LocalId) -> Option<String> {
        self.look(fs, store, id).err()
    }

    fn look<F: Fs>(&self, fs: &F, store: &Store<F>, id: LocalId) -> Result<(), String> {
        let folder = store.folder(id);
        let names = fs.list(&folder).map_err(|error| error.to_string())?;
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        ensure(names == FILES, || format!("its files are {names:?}"))?;
        let entry = store.entry(id).map_err(|error| error.to_string())?;
        ensure(entry.protection == Scheme::of(&self.password), || format!("it is stored as {:?}", entry.protection))?;
        let file = store.archive(id).map_err(|error| error.to_string())?;
        let opened =
            Archive::open(file, &self.password, &InsecureKdf, Terms::at(NOW)).map_err(|error| error.to_string())?;
        let mut text = Vec::new();
        let read = opened.into_text().map_err(|error| error.to_string())?.read_to_end(&mut text);
        read.map_err(|error| error.to_string())?;
        ensure(text == self.text, || "its text is another".into())?;
        let settings = store.settings(id).map_err(|error| error.to_string())?;
        let settings: BTreeMap<String, String> =
            serde_json::from_slice(&settings).map_err(|error| error.to_string())?;
        ensure(settings == self.settings, || format!("its settings are {settings:?}"))?;
        let device = store.device(id).map_err(|error| error.to_string())?;
        ensure(*device.key().pkcs8() == *new_device().pkcs8(), || "its key is not the new device's".into())?;
        let chain: Vec<_> = device.chain().certificates().iter().map(|one| one.short_id()).collect();
        let account: Vec<_> =
            FIXTURE.exporter.chain().certificates().iter().skip(1).map(|one| one.short_id()).collect();
        ensure(chain.len() == 3 && chain[1..] == account, || format!("its chain is {chain:?}"))
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Carries the table out.
pub(super) fn stored() -> Part {
    let mut cases = Cases::default();
    for password in ["", PASSWORD] {
        for name in APPLIED.into_iter().chain(KEPT) {
            let account = Account::new(password, &[(name, "value"), ("Account.alias", "Max")]);
            cases.expect(format!("{name}, password {password:?}"), None, memory(&account));
        }
        let all: Vec<_> = APPLIED.into_iter().chain(KEPT.into_iter().skip(1)).map(|name| (name, "x")).collect();
        let account = Account::new(password, &all);
        cases.expect(format!("all of them, password {password:?}"), None, memory(&account));
    }
    // The protection is what the user typed (R-ARC-5), also where it looks like nothing.
    for password in [" ", "  ", "\t", "\0", "x ", "none", "false", "\u{e4}"] {
        let account = Account::new(password, &[("Account.alias", "Max")]);
        cases.expect(format!("password {password:?}"), None, memory(&account));
    }
    modes(&mut cases);
    codes(&mut cases);
    cases.part("stored accounts, codes", "R-ARC-1, R-ARC-5, R-ARC-6, R-TOK-2, R-SEC-1")
}

/// Stores an account on a disk in memory.
fn memory(account: &Account) -> Option<String> {
    const ID: LocalId = LocalId(0x0123_4567_89ab_cdef);
    let fs = MemoryFs::new();
    let store = match Store::open_in(fs.clone(), Path::new("/accounts")) {
        Ok(store) => store,
        Err(error) => return Some(error.to_string()),
    };
    install::install(&store, &account.password, &account.text).err().or_else(|| account.differs(&fs, &store, ID))
}

/// On a real disk: the folder of an account is its owner's alone (0700), and so is each file in it (0600) (R-ARC-4).
#[cfg(unix)]
fn modes(cases: &mut Cases) {
    use std::os::unix::fs::PermissionsExt as _;

    const ID: LocalId = LocalId(0x0123_4567_89ab_cdef);
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let root = env::temp_dir().join(format!("handfast-parts-{}-{number}", process::id()));
    for password in ["", PASSWORD] {
        let account = Account::new(password, &[]);
        let found = Store::open_in(Disk, &root).map(|store| {
            let installed = install::install(&store, &account.password, &account.text);
            let mode = |path: &Path| -> io::Result<u32> { Ok(fs::metadata(path)?.permissions().mode() & 0o7777) };
            let folder = store.folder(ID);
            let mut modes = vec![("the folder".to_owned(), mode(&folder).map_err(|error| error.to_string()))];
            for file in FILES {
                let mode = mode(&folder.join(file)).map_err(|error| error.to_string());
                modes.push((file.to_owned(), mode));
            }
            (installed, account.differs(&Disk, &store, ID), modes)
        });
        // A disk that cannot be written to shows nothing, and is no pass.
        let found = found.map_err(|error| error.to_string());
        let files = FILES.map(|file| (file.to_owned(), Ok(0o600)));
        let modes = [("the folder".to_owned(), Ok(0o700))].into_iter().chain(files).collect();
        cases.expect(format!("on a disk, password {password:?}"), Ok((Ok(()), None, modes)), found);
        drop(fs::remove_dir_all(&root));
    }
}

#[cfg(not(unix))]
fn modes(_: &mut Cases) {}

/// A code, and a device's id, that differ in one digit or byte are others.
fn codes(cases: &mut Cases) {
    let right = *b"739182";
    let ask = |name: &[u8], code: &[u8]| ChannelName::new(name).map(|name| Ask::of(&name, Code::parse(code)));
    for (name, stated) in [
        (&b"auth:739182"[..], Ask::Right),
        (b"auth:73918", Ask::Wrong),
        (b"auth:7391822", Ask::Wrong),
        (b"auth:", Ask::Wrong),
        (b"auth:x39182", Ask::Wrong),
        (b"auth", Ask::Other),
        (b"msg:739182", Ask::Other),
        (b"Auth:739182", Ask::Other),
    ] {
        cases.expect(format!("the channel {}", name.escape_ascii()), Some(stated), ask(name, &right));
    }
    cases.expect("a code before there is a token", Some(Ask::Wrong), ask(b"auth:739182", b""));
    for place in 0..right.len() {
        for digit in (b'0'..=b'9').filter(|&digit| digit != right[place]) {
            let mut other = right;
            other[place] = digit;
            let name = [b"auth:", &other[..]].concat();
            let what = format!("{}, where the code is 739182", name.escape_ascii());
            cases.expect(what, Some(Ask::Wrong), ask(&name, &right));
        }
    }
    let chain = FIXTURE.importer.chain();
    let (short, long) = (chain.leaf().short_id().0, chain.leaf().long_id());
    cases.expect("the device of a short token", true, tls::is_device(chain, &DeviceId::Short(short)));
    cases.expect("the device of a long token", true, tls::is_device(chain, &DeviceId::Long(long)));
    for place in 0..short.len() {
        let mut other = short;
        other[place] ^= 1;
        let is = tls::is_device(chain, &DeviceId::Short(other));
        cases.expect(format!("a device whose short id differs in byte {place}"), false, is);
    }
    for place in 0..long.len() {
        let mut other = long;
        other[place] ^= 1;
        let is = tls::is_device(chain, &DeviceId::Long(other));
        cases.expect(format!("a device whose long id differs in byte {place}"), false, is);
    }
    let facts = tls::PeerFacts::of(chain);
    let verified = |asker| facts.asked_by(asker, long).verified;
    cases.expect("a device, and no request before it", true, verified(None));
    cases.expect("the device that asked", true, verified(Some(long)));
    for place in 0..long.len() {
        let mut asker = long;
        asker[place] ^= 1;
        let what = format!("a device where one asked whose id differs in byte {place}");
        cases.expect(what, false, verified(Some(asker)));
    }
}
