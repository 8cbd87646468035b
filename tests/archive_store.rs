//! An account is installed as a whole or not at all, whatever fails and wherever the machine crashes (R-ARC-4, R-ARC-6).

#![cfg(feature = "archive")]

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Read, Write},
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use handfast::{
    archive::{
        APPLIED, Archive, Checked, Fs, Identity, InsecureKdf, KeyKind, MemoryFs, OpenError, PrivateKey, Role, Sample,
        Seal, Store, StoreError, Terms, UnixTime, certificate::Chain,
    },
    limits::MAX_ACCOUNT_FILE,
    operations::LocalId,
    outcome::Scheme,
    secret::Secret,
};

const ID: LocalId = LocalId(0x0123_4567_89ab_cdef);
const LENGTH: u64 = 100_000;

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
}

fn terms() -> Terms {
    Terms::at(now())
}

fn account() -> &'static (Identity, PrivateKey) {
    static ACCOUNT: OnceLock<(Identity, PrivateKey)> = OnceLock::new();
    ACCOUNT.get_or_init(|| Identity::account(KeyKind::P256, now()).unwrap())
}

fn text() -> &'static [u8] {
    static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
    TEXT.get_or_init(|| {
        let (account, authority) = account();
        let mut text = Vec::new();
        Sample::of(account, authority, Scheme::None, LENGTH, 7).unwrap().write_to(&mut text).unwrap();
        assert_eq!(text.len() as u64, LENGTH);
        text
    })
}

fn device() -> PrivateKey {
    static DEVICE: OnceLock<Vec<u8>> = OnceLock::new();
    PrivateKey::from_pkcs8(DEVICE.get_or_init(|| PrivateKey::generate(KeyKind::P256).unwrap().pkcs8().to_vec()))
        .unwrap()
}

#[derive(Debug)]
enum Failure {
    Store(StoreError),
    Open(OpenError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

fn stage<F: Fs>(store: &Store<F>, id: LocalId, password: &Secret, text: &[u8]) -> Result<Checked<F>, Failure> {
    let mut staging = store.begin(id, Seal::new(password, &InsecureKdf).unwrap())?;
    for slice in text.chunks(10_000) {
        staging.write(slice)?;
    }
    let follower = staging.follow(terms())?;
    let staged = staging.complete()?;
    Ok(staged.confirm(follower.see()?)?)
}

fn import<F: Fs>(store: &Store<F>, password: &Secret) -> Result<LocalId, Failure> {
    Ok(stage(store, ID, password, text())?.install(device(), now())?.id)
}

/// That the account is there with all that belongs to it.
fn assert_whole<F: Fs>(store: &Store<F>, password: &Secret) {
    let entries = store.list().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].id, ID);
    assert_eq!(entries[0].account, account().0.certificate().short_id());
    assert_eq!(entries[0].protection, Scheme::of(password));
    let archive = Archive::open(store.archive(ID).unwrap(), password, &InsecureKdf, terms()).unwrap();
    let mut read = Vec::new();
    archive.into_text().unwrap().read_to_end(&mut read).unwrap();
    assert!(read == text());
    let device = store.device(ID).unwrap();
    assert_eq!(device.chain().certificates().len(), 3);
    assert_eq!(device.chain().certificates()[1].short_id(), entries[0].account);
    assert!(!device.certificate().is_authority());
    let settings: serde_json::Value = serde_json::from_slice(&store.settings(ID).unwrap()).unwrap();
    let flag = if password.is_empty() { "false" } else { "true" };
    assert_eq!(settings["Account.archiveHasPassword"], flag);
    assert_eq!(settings["Account.displayName"], "Sample");
    assert_eq!(settings.get("TURN.server"), None);
}

#[test]
fn an_account_is_installed_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let password = Secret::from("secret");
    {
        let store = Store::open(&root).unwrap();
        assert_eq!(import(&store, &password).unwrap(), ID);
        assert_whole(&store, &password);
        match import(&store, &password).unwrap_err() {
            Failure::Store(StoreError::Io { what: "install", .. }) => {}
            failure => panic!("{failure:?}"),
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| std::fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(""), mode("0123456789abcdef")], [0o700; 2]);
        let files = ["archive.gz", "ring_device.key", "ring_device.crt", "account.json"];
        assert_eq!(files.map(|file| mode(&format!("0123456789abcdef/{file}"))), [0o600; 4]);
        assert_eq!(std::fs::read_dir(root.join("0123456789abcdef")).unwrap().count(), files.len());
    }
    let store = Store::open(&root).unwrap();
    assert_whole(&store, &password);
    store.remove(ID).unwrap();
    store.remove(ID).unwrap();
    assert_eq!(store.list().unwrap(), []);
    assert!(matches!(store.archive(ID), Err(StoreError::NoSuchAccount(ID))));
}

#[test]
fn what_is_not_installed_is_wiped() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let names = || {
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != ".lock").count()
    };
    let seal = || Seal::new(&Secret::default(), &InsecureKdf).unwrap();
    let mut staging = store.begin(ID, seal()).unwrap();
    staging.write(b"{").unwrap();
    assert_eq!(names(), 1);
    staging.discard().unwrap();
    drop(store.begin(ID, seal()).unwrap());
    let mut staging = store.begin(ID, seal()).unwrap();
    staging.write(b"{}").unwrap();
    let follower = staging.follow(terms()).unwrap();
    let staged = staging.complete().unwrap();
    assert!(follower.see().unwrap_err().is_about_content());
    drop(staged);
    drop(stage(&store, ID, &Secret::default(), text()).unwrap());
    assert_eq!(names(), 0);
}

/// A text of hardly more than one letter is written so that its file opens again (R-ARC-3), protected or not.
#[test]
fn a_text_that_compresses_well_is_installed_and_exported() {
    let store = Store::open_in(MemoryFs::new(), "/store").unwrap();
    let mut text = text().to_vec();
    text.splice(1..1, format!("\"x\":\"{}\",", "y".repeat(16 << 20)).into_bytes());
    for (id, password) in [(LocalId(1), Secret::default()), (LocalId(2), Secret::from("secret"))] {
        stage(&store, id, &password, &text).unwrap().install(device(), now()).unwrap();
        let archive = Archive::open(store.archive(id).unwrap(), &password, &InsecureKdf, terms()).unwrap();
        let mut read = Vec::new();
        archive.into_text().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == text);
    }
}

/// The level that another device compressed is limited as in a file: an archive that would not open again is not installed.
#[test]
fn a_bomb_is_not_installed() {
    let store = Store::open_in(MemoryFs::new(), "/store").unwrap();
    let mut text = text().to_vec();
    text.splice(1..1, format!("\"x\":\"{}\",", "y".repeat(8_000_000)).into_bytes());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&text).unwrap();
    match stage(&store, ID, &Secret::default(), &gzip.finish().unwrap()).unwrap_err() {
        Failure::Open(error @ OpenError::Inflation { limit: 200 }) => assert!(error.is_about_content()),
        failure => panic!("{failure:?}"),
    }
}

/// The text of an archive of an account.
fn text_of(account: &Identity) -> Vec<u8> {
    let mut text = Vec::new();
    Sample::of(account, &device(), Scheme::None, 200_000, 7).unwrap().write_to(&mut text).unwrap();
    text
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

/// That an account is refused for what it is, with this reason.
fn assert_unsound(account: &Identity, reason: &str) {
    let store = Store::open_in(MemoryFs::new(), "/store").unwrap();
    let error = match stage(&store, ID, &Secret::default(), &text_of(account)).unwrap_err() {
        Failure::Open(error) => error,
        failure => panic!("{failure:?}"),
    };
    assert!(error.is_about_content());
    assert_eq!(error.to_string(), format!("the account cannot issue the certificate of a device: {reason}"));
}

/// That an account is installed, and that all of it can be read again.
fn assert_installed(account: &Identity, device: PrivateKey) {
    let store = Store::open_in(MemoryFs::new(), "/store").unwrap();
    let spki = device.spki();
    stage(&store, ID, &Secret::default(), &text_of(account)).unwrap().install(device, now()).unwrap();
    assert_eq!(store.list().unwrap()[0].account, account.certificate().short_id());
    let shown = store.device(ID).unwrap();
    assert_eq!(
        (shown.certificate().spki(), &shown.chain().certificates()[1..]),
        (&*spki, account.chain().certificates())
    );
}

/// An account whose chain has so many certificates.
fn account_below(certificates: usize) -> Identity {
    let authority = Identity::authority(key(), "authority", now()).unwrap();
    (1..certificates).fold(authority, |above, _| above.issue(key(), "below", Role::Authority, now()).unwrap())
}

/// A device's chain is longer by one than its account's, and may have eight certificates as well.
#[test]
fn an_account_is_refused_whose_devices_would_have_too_long_a_chain() {
    assert_installed(&account_below(7), key());
    assert_unsound(&account_below(8), "expected at most 8 certificates");
}

/// The account's own certificate is good, and those of its devices would not be.
#[test]
fn an_account_is_refused_above_which_a_path_ends() {
    let authority = |length| {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(length));
        let chain = Chain::from_der([params.self_signed(&key).unwrap().der().to_vec()]).unwrap();
        Identity::new(PrivateKey::from_pkcs8(key.serialized_der()).unwrap(), chain).unwrap()
    };
    let account = |length| authority(length).issue(key(), "account", Role::Authority, now()).unwrap();
    assert_installed(&account(1), key());
    assert_unsound(&account(0), "certificate 2 may not issue the one before it");
}

/// A device's certificate repeats the account's name, and has room for the largest key.
#[test]
fn an_account_is_refused_whose_name_is_too_long_for_a_device() {
    let authority = Identity::authority(key(), "authority", now()).unwrap();
    let account = |name: usize| authority.issue(key(), &"n".repeat(name), Role::Authority, now()).unwrap();
    let rsa = PrivateKey::generate(KeyKind::Rsa2048).unwrap();
    assert_installed(&account(14_500), rsa);
    // As long as it can be: its own certificate has less than 16 KiB.
    let most = 16 * 1024 - (account(14_500).certificate().der().len() - 14_500) - 4;
    assert_unsound(&account(most), "certificate 0 has more than 16384 bytes");
}

/// No file of an account is cut short: not the chain, of certificates with long names, and not the settings.
#[test]
fn what_is_long_is_read_as_it_was_written() {
    let names = [5000, 3800].map(|length| "n".repeat(length));
    let authority = Identity::authority(key(), &names[0], now()).unwrap();
    let middle = authority.issue(key(), &names[1], Role::Authority, now()).unwrap();
    let account = middle.issue(key(), &"n".repeat(11_950), Role::Authority, now()).unwrap();
    let device = account.issue_device(key(), now()).unwrap();
    assert!(device.chain().to_pem().len() > 64 * 1024, "{}", device.chain().to_pem().len());
    assert_installed(&account, key());

    // The longest settings: each byte of nine values takes six.
    let store = Store::open_in(MemoryFs::new(), "/store").unwrap();
    let value = "\u{1}".repeat(64 * 1024);
    let mut changed = text().to_vec();
    for name in ["alias", "displayName", "videoEnabled", "activeCallLimit", "sendReadReceipt"] {
        let old = String::from_utf8(changed).unwrap();
        let (before, rest) = old.split_once(&format!("\"Account.{name}\":\"")).unwrap();
        changed = format!("{before}{}", rest.split_once("\",").unwrap().1).into_bytes();
    }
    let long: String = APPLIED.iter().map(|name| format!("\"{name}\":\"{}\",", "\\u0001".repeat(64 * 1024))).collect();
    changed.splice(1..1, long.into_bytes());
    stage(&store, ID, &Secret::default(), &changed).unwrap().install(key(), now()).unwrap();
    let settings: BTreeMap<String, String> = serde_json::from_slice(&store.settings(ID).unwrap()).unwrap();
    assert_eq!(settings.len(), 10);
    assert!(APPLIED.iter().all(|name| settings[*name] == value));
}

/// A file of an account is read as a whole or not at all: its last byte counts.
#[test]
fn a_file_that_is_longer_than_any_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    import(&store, &Secret::default()).unwrap();
    let path = store.folder(ID).join("account.json");
    let most = MAX_ACCOUNT_FILE as usize;
    std::fs::write(&path, vec![b' '; most]).unwrap();
    assert_eq!(store.settings(ID).unwrap().len(), most);
    std::fs::write(&path, vec![b' '; most + 1]).unwrap();
    let error = store.settings(ID).unwrap_err().to_string();
    assert!(error.ends_with("account.json: it has 4194305 bytes, and may have 4194304"), "{error}");
}

/// Dropped, it is wiped in silence; discarded, it says so where it is not.
#[test]
fn what_cannot_be_discarded_is_reported() {
    let fs = MemoryFs::new();
    let store = Store::open_in(fs.clone(), "/store").unwrap();
    let begin = |id| {
        let mut staging = store.begin(LocalId(id), Seal::new(&Secret::default(), &InsecureKdf).unwrap()).unwrap();
        staging.write(b"{}").unwrap();
        staging
    };
    let (staging, staged) = (begin(1), begin(2).complete().unwrap());
    let checked = stage(&store, LocalId(3), &Secret::default(), text()).unwrap();
    let fails = || fs.fail_after(0);
    let reported = |discarded| matches!(discarded, Err(StoreError::Io { what: "remove", .. }));
    fails();
    assert!(reported(staging.discard()));
    fails();
    assert!(reported(staged.discard()));
    fails();
    assert!(reported(checked.discard()));
}

/// An account is no more durable than the folder of its store is.
#[test]
fn a_new_store_is_durable_in_its_folder() {
    let fs = MemoryFs::new();
    fs.create_folder("/folder".as_ref()).unwrap();
    fs.sync_folder("/".as_ref()).unwrap();
    drop(Store::open_in(fs.clone(), "/folder/store").unwrap());
    fs.crash();
    fs.restart(|_| 0);
    assert_eq!(fs.list("/folder".as_ref()).unwrap(), ["store"]);
}

/// A store says where it is, whatever is damaged in it, and makes no folder for its own.
#[test]
fn what_is_damaged_is_listed_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let store = Store::open(&root).unwrap();
    assert_eq!(format!("{store:?}"), format!("Store {{ shared: {} }}", root.display()));
    assert!(store.no_locks().is_none());
    assert!(store.list_whole().unwrap().0.is_empty());
    import(&store, &Secret::default()).unwrap();
    let damaged = store.folder(LocalId(7));
    std::fs::create_dir(&damaged).unwrap();
    std::fs::create_dir(root.join("another name")).unwrap();
    store.list().unwrap_err();
    let (whole, strays) = store.list_whole().unwrap();
    assert_eq!((whole.len(), whole[0].id), (1, ID));
    assert_eq!(strays.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), [damaged]);
    match Store::open(folder.path().join("none/store")).unwrap_err() {
        StoreError::Io { what: "make", .. } => {}
        error => panic!("{error}"),
    }
}

/// A file system that has no locks, as some of networks have none.
#[derive(Debug)]
struct WithoutLocks(MemoryFs);

impl Fs for WithoutLocks {
    type File = <MemoryFs as Fs>::File;
    type Guard = io::Error;

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.0.create_folder(path)
    }

    fn create(&self, path: &Path) -> io::Result<Self::File> {
        self.0.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Self::File> {
        self.0.open(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.0.list(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.0.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.0.remove_folder(path)
    }

    fn enter(&self, _: &Path, _: &mut dyn FnMut() -> io::Result<()>) -> io::Result<io::Error> {
        Ok(io::ErrorKind::Unsupported.into())
    }

    fn no_locks(guard: &io::Error) -> Option<&io::Error> {
        Some(guard)
    }
}

/// Others may use it at the same time, so that nothing is taken for left over.
#[test]
fn a_store_without_locks_says_so_and_removes_nothing() {
    let fs = MemoryFs::new();
    let locked = Store::open_in(fs.clone(), "/store").unwrap();
    assert!(locked.no_locks().is_none());
    drop(locked);
    fs.create_folder("/store/.staging-0123456789abcdef".as_ref()).unwrap();
    let store = Store::open_in(WithoutLocks(fs.clone()), "/store").unwrap();
    assert_eq!(store.no_locks().map(io::Error::kind), Some(io::ErrorKind::Unsupported));
    assert_eq!(fs.list("/store".as_ref()).unwrap(), [".staging-0123456789abcdef"]);
}

/// The archive that was checked on the way is the durable one at the end, or it is no account (R-ARC-4).
#[test]
fn what_changes_after_the_check_is_noticed() {
    for password in [Secret::default(), Secret::from("secret")] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut staging = store.begin(ID, Seal::new(&password, &InsecureKdf).unwrap()).unwrap();
        let follower = staging.follow(terms()).unwrap();
        let checking = std::thread::spawn(move || follower.see());
        text().chunks(10_000).for_each(|slice| staging.write(slice).unwrap());
        let staged = staging.complete().unwrap();
        let seen = checking.join().unwrap().unwrap();
        let mut file = std::fs::read(staged.path()).unwrap();
        let middle = file.len() / 2;
        file[middle] ^= 1;
        std::fs::write(staged.path(), file).unwrap();
        assert!(!staged.confirm(seen).unwrap_err().is_about_content());
        assert_eq!(store.list().unwrap(), []);
    }
}

#[test]
fn left_overs_are_removed_unless_somebody_uses_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let checked = stage(&first, ID, &Secret::default(), text()).unwrap();
    // A second process opens the store while the first one stages.
    let second = Store::open(folder.path()).unwrap();
    checked.install(device(), now()).unwrap();
    assert_whole(&second, &Secret::default());
    drop((first, second));

    std::fs::create_dir(folder.path().join(".staging-0123456789abcdef")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(!folder.path().join(".staging-0123456789abcdef").exists());
    assert_whole(&store, &Secret::default());
}

/// No plaintext of a protected archive is written, not even before it is complete (R-MSG-2).
#[test]
fn no_plaintext_of_a_protected_archive_touches_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut staging = store.begin(ID, Seal::new(&Secret::from("secret"), &InsecureKdf).unwrap()).unwrap();
    // A short text is compressed at its end.
    let text = text().repeat(1 + 4_000_000 / text().len());
    staging.write(&text).unwrap();
    let path = folder.path().join(format!(".staging-{ID}/archive.gz"));
    let staged = std::fs::read(path).unwrap();
    assert!(staged.len() > 10_000, "it is written as it comes");
    let mut plain =
        handfast::archive::Sealer::new(Vec::new(), Seal::new(&Secret::default(), &InsecureKdf).unwrap()).unwrap();
    plain.write_all(&text).unwrap();
    let plain = plain.finish().unwrap();
    // Past the envelopes the compressed bytes would be the same.
    assert!(!staged.windows(16).any(|window| window == &plain[1000..1016]));
}

/// How many operations an import takes.
fn operations(password: &Secret) -> u64 {
    let fs = MemoryFs::new();
    let store = Store::open_in(fs.clone(), "/store").unwrap();
    let before = fs.operations();
    import(&store, password).unwrap();
    let operations = fs.operations() - before;
    assert_whole(&store, password);
    operations
}

#[test]
fn a_crash_anywhere_leaves_no_half_account() {
    for password in [Secret::default(), Secret::from("secret")] {
        let total = operations(&password);
        let mut whole = 0;
        for crash in 0..=total {
            for kept in [0, 1, usize::MAX] {
                let fs = MemoryFs::new();
                let store = Store::open_in(fs.clone(), "/store").unwrap();
                fs.crash_after(crash);
                let result = import(&store, &password);
                assert_eq!(result.is_ok(), crash == total);
                drop(store);
                fs.crash();
                fs.restart(|_| kept);
                let store = Store::open_in(fs.clone(), "/store").unwrap();
                let installed = !store.list().unwrap().is_empty();
                if installed {
                    assert_whole(&store, &password);
                    whole += 1;
                }
                assert!(installed || result.is_err(), "what was reported is there");
                let others = fs.list("/store".as_ref()).unwrap().len() - usize::from(installed);
                assert_eq!(others, 0, "left-overs are removed");
                if !installed {
                    import(&store, &password).unwrap();
                    assert_whole(&store, &password);
                }
            }
        }
        // After the end, whatever is kept; and where the last sync is missing, if both of its changes were kept.
        assert_eq!(whole, 3 + 1);
    }
}

#[test]
fn a_failure_anywhere_installs_nothing() {
    let password = Secret::from("secret");
    for failure in 0..operations(&password) {
        let fs = MemoryFs::new();
        let store = Store::open_in(fs.clone(), "/store").unwrap();
        fs.fail_after(failure);
        match import(&store, &password).unwrap_err() {
            Failure::Store(_) => {}
            Failure::Open(error) => assert!(!error.is_about_content(), "{error}"),
        }
        assert_eq!(store.list().unwrap(), []);
        assert!(fs.list("/store".as_ref()).unwrap().is_empty(), "wiped");
        // Not later either.
        fs.crash();
        fs.restart(|_| usize::MAX);
        let store = Store::open_in(fs.clone(), "/store").unwrap();
        assert_eq!(store.list().unwrap(), []);
        import(&store, &password).unwrap();
    }
}

#[test]
fn a_full_disk_installs_nothing() {
    let password = Secret::default();
    let needed = {
        let fs = MemoryFs::new();
        let store = Store::open_in(fs.clone(), "/store").unwrap();
        import(&store, &password).unwrap();
        fs.used()
    };
    // Signatures vary in length, by a few bytes.
    for capacity in [0, needed / 2, needed - 16] {
        let fs = MemoryFs::new();
        let store = Store::open_in(fs.clone(), "/store").unwrap();
        fs.set_capacity(Some(capacity));
        match import(&store, &password).unwrap_err() {
            Failure::Store(StoreError::Io { error, .. }) => assert_eq!(error.kind(), std::io::ErrorKind::StorageFull),
            failure => panic!("{failure:?}"),
        }
        assert_eq!((store.list().unwrap(), fs.used()), (vec![], 0));
    }
}

#[test]
fn a_crash_while_removing_leaves_it_whole_or_gone() {
    let password = Secret::default();
    for crash in 0.. {
        let fs = MemoryFs::new();
        let store = Store::open_in(fs.clone(), "/store").unwrap();
        import(&store, &password).unwrap();
        fs.crash_after(crash);
        let removed = store.remove(ID).is_ok();
        fs.crash();
        fs.restart(|count| count / 2);
        let store = Store::open_in(fs.clone(), "/store").unwrap();
        if !store.list().unwrap().is_empty() {
            assert!(!removed);
            assert_whole(&store, &password);
        }
        if removed {
            break;
        }
    }
}

/// A removal that failed is finished by another one, and where there was none, by the next start.
#[test]
fn a_failure_while_removing_is_reported() {
    let names = |fs: &MemoryFs| fs.list("/store".as_ref()).unwrap().len();
    for failure in 0..4 {
        for again in [false, true] {
            let fs = MemoryFs::new();
            let store = Store::open_in(fs.clone(), "/store").unwrap();
            import(&store, &Secret::default()).unwrap();
            fs.fail_after(failure);
            assert!(matches!(store.remove(ID), Err(StoreError::Io { .. })), "{failure}");
            if again {
                store.remove(ID).unwrap();
                assert_eq!(names(&fs), 0, "{failure}");
                store.remove(ID).unwrap();
                continue;
            }
            drop(store);
            // It is whole, or nothing is left of it.
            let store = Store::open_in(fs.clone(), "/store").unwrap();
            match failure {
                0 => assert_whole(&store, &Secret::default()),
                _ => assert_eq!(names(&fs), 0, "{failure}"),
            }
        }
    }
}

/// A removal does not touch an account of the same name that is being installed.
#[test]
fn an_account_that_is_being_installed_is_not_removed() {
    let fs = MemoryFs::new();
    let store = Store::open_in(fs.clone(), "/store").unwrap();
    let staged = stage(&store, ID, &Secret::default(), text()).unwrap();
    store.remove(ID).unwrap();
    staged.install(device(), now()).unwrap();
    assert_whole(&store, &Secret::default());
}

/// A→B, then B→C from what B stored: the same text, another device of the same account each time (R-ARC-6).
#[test]
fn what_was_installed_can_be_exported_again() {
    let (first, second) = (MemoryFs::new(), MemoryFs::new());
    let (b, c) = (Store::open_in(first, "/b").unwrap(), Store::open_in(second, "/c").unwrap());
    let password = Secret::from("secret");
    import(&b, &password).unwrap();
    let mut text = Vec::new();
    let archive = Archive::open(b.archive(ID).unwrap(), &password, &InsecureKdf, terms()).unwrap();
    archive.into_text().unwrap().read_to_end(&mut text).unwrap();
    let other = PrivateKey::generate(KeyKind::P256).unwrap();
    stage(&c, ID, &password, &text).unwrap().install(other, now()).unwrap();
    let (of_b, of_c) = (b.device(ID).unwrap(), c.device(ID).unwrap());
    assert_ne!(of_b.certificate().long_id(), of_c.certificate().long_id());
    assert_eq!(of_b.chain().certificates()[1..], of_c.chain().certificates()[1..]);
}

/// The shell moves all of these to threads that may block.
#[test]
fn everything_can_be_sent_to_another_thread() {
    fn assert_send<T: Send + 'static>() {}
    assert_send::<Store>();
    assert_send::<handfast::archive::Staging>();
    assert_send::<handfast::archive::Complete>();
    assert_send::<Checked>();
    assert_send::<Archive<std::fs::File>>();
    assert_send::<handfast::archive::Text<std::fs::File>>();
    assert_send::<Seal>();
    assert_send::<PrivateKey>();
    assert_send::<Identity>();
}
