//! The account that is linked, and who the devices are.

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use handfast::{
    archive::{
        Argon2i, Identity, InsecureKdf, Kdf, Key, OutOfMemory, PrivateKey, Role, Sample, Seal, Sealer, UnixTime,
    },
    limits::MAX_CHAIN,
    outcome::Scheme,
    secret::Secret,
    shell::Random,
};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::plan::Plan;

/// The wall clock of all devices.
pub(crate) const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
/// The password of an archive that has one.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

const BROKEN: &str = "the fixture is made of constants";

/// The fixed part of all sessions. Keys are Ed25519 and made of numbers, so that ids are the same in every process, and signatures
/// have the same length in every handshake. An authority's is RSA, as Jami's are, and of its shortest: most of the signatures that a
/// session verifies are by one, and that is what RSA is quickest at.
pub(crate) struct Fixture {
    account: Identity,
    authority: PrivateKey,
    /// The identity of the exporter (R-EXP-11).
    pub(crate) exporter: Arc<Identity>,
    /// The identity of the importer towards the exporter.
    pub(crate) importer: Arc<Identity>,
    /// By protection, length, and whether the key derivation is the real one.
    archives: Mutex<BTreeMap<(bool, u64, bool), Exported>>,
}

pub(crate) static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let own = Identity::authority(authority(), "Jami CA", NOW).expect(BROKEN);
    let account = own.issue(key(2), "Jami", Role::Authority, NOW).expect(BROKEN);
    let exporter = account.issue_device(key(3), NOW).expect(BROKEN);
    let temporary = Identity::authority(authority(), "Jami Temporary CA", NOW).expect(BROKEN);
    let temporary = temporary.issue(key(5), "Jami Temporary User", Role::Authority, NOW).expect(BROKEN);
    let importer = temporary.issue(key(6), "Jami Temporary device", Role::Device, NOW).expect(BROKEN);
    Fixture {
        account,
        authority: authority(),
        exporter: Arc::new(exporter),
        importer: Arc::new(importer),
        archives: Mutex::default(),
    }
});

/// The identity of a device that is not honest.
pub(crate) struct Strange {
    /// Its chain is longer than one may be.
    pub(crate) long: Identity,
    /// Its certificate is its own.
    pub(crate) alone: Identity,
    /// Another account than the one that is linked.
    other: Identity,
}

pub(crate) static STRANGE: LazyLock<Strange> = LazyLock::new(|| {
    let alone = Identity::authority(key(8), "no one", NOW).expect(BROKEN);
    let authority = || Identity::authority(key(9), "Jami CA", NOW).expect(BROKEN);
    let below = |above: Identity| above.issue_beyond(key(10), "Jami", Role::Authority, NOW).expect(BROKEN);
    let long = (0..MAX_CHAIN).fold(authority(), |above, _| below(above));
    Strange { long, alone, other: below(authority()) }
});

/// The key with this number.
pub(crate) fn key(number: u8) -> PrivateKey {
    // PKCS#8 of Ed25519 is these bytes and the key's 32.
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([number; 32]);
    PrivateKey::from_pkcs8(&der).expect(BROKEN)
}

/// The key of every authority that vouches for somebody.
fn authority() -> PrivateKey {
    PrivateKey::from_pkcs8(include_bytes!("authority.der")).expect(BROKEN)
}

/// The key of a device that is new.
pub(crate) fn new_device() -> PrivateKey {
    key(7)
}

impl Fixture {
    /// An archive whose text has this length.
    pub(crate) fn archive(&self, plan: &Plan) -> Exported {
        let Plan { protected, text, shipped, .. } = *plan;
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        archives.entry((protected, text, shipped)).or_insert_with(|| self.make(protected, text, &*kdf(plan))).clone()
    }

    /// The text of the account's archive, of this length.
    pub(crate) fn text(&self, protected: bool, length: u64) -> Vec<u8> {
        text(&self.account, &self.authority, protected, length)
    }

    /// The text of a sound archive of another account.
    pub(crate) fn of_another(&self, protected: bool, length: u64) -> Vec<u8> {
        text(&STRANGE.other, &key(9), protected, length)
    }

    fn make(&self, protected: bool, length: u64, kdf: &dyn Kdf) -> Exported {
        let text = self.text(protected, length);
        let seal = Seal::new(&Secret::from(password(protected)), kdf).expect(BROKEN);
        let mut sealer = Sealer::new(Vec::new(), seal).expect(BROKEN);
        sealer.write_all(&text).expect(BROKEN);
        Exported { text: text.into(), file: sealer.finish().expect(BROKEN).into() }
    }
}

/// The text of an account's archive, of this length.
fn text(account: &Identity, authority: &PrivateKey, protected: bool, length: u64) -> Vec<u8> {
    let scheme = if protected { Scheme::Password } else { Scheme::None };
    let sample = Sample::of(account, authority, scheme, length, length).expect(BROKEN);
    let mut text = Vec::new();
    sample.write_to(&mut text).expect(BROKEN);
    text
}

/// An archive, as a text and as a file.
#[derive(Clone)]
pub(crate) struct Exported {
    pub(crate) text: Arc<[u8]>,
    pub(crate) file: Arc<[u8]>,
}

/// How a password becomes a key: for nothing, or as it is shipped.
pub(crate) fn kdf(plan: &Plan) -> Arc<dyn Kdf> {
    if plan.shipped { Arc::new(Remembered) } else { Arc::new(InsecureKdf) }
}

/// [`Argon2i`], which derives no key twice: a session asks for the same one when it seals, checks and judges an archive, and each
/// derivation is a second of a processor.
#[derive(Clone, Copy, Debug)]
struct Remembered;

/// Keys by password and salt.
type Derived = BTreeMap<(Vec<u8>, [u8; 16]), Key>;

/// The keys of all sessions.
static DERIVED: Mutex<Derived> = Mutex::new(Derived::new());

impl Kdf for Remembered {
    fn derive(&self, password: &Secret, salt: &[u8; 16]) -> Result<Key, OutOfMemory> {
        let input = (password.as_bytes().to_vec(), *salt);
        let derived = || DERIVED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derived().get(&input) {
            return Ok(key.clone());
        }
        // Without the lock: two threads derive at once.
        let key = Argon2i.derive(password, salt)?;
        Ok(derived().entry(input).or_insert(key).clone())
    }
}

/// The right password.
pub(crate) fn password(protected: bool) -> &'static str {
    if protected { PASSWORD } else { "" }
}

/// The importer's randomness in a simulation.
pub(crate) struct Seeded(ChaCha8Rng);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
