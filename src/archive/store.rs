//! The folder in which a device keeps its accounts, one folder each, whole or not at all (R-ARC-4, R-ARC-6).
//!
//! ```text
//! <root>/<16 hex digits>/archive.gz        0600  the archive: gzip or encrypted, as the user typed (R-ARC-5)
//!                        ring_device.key   0600  this device's private key, PEM
//!                        ring_device.crt   0600  device, account and authority certificate, PEM
//!                        account.json      0600  the configuration that was applied, and the flag of R-ARC-5
//! <root>/.staging-…                              what is not installed yet, or no longer: removed at the next start
//! ```
//!
//! The archive's text is kept as it came, byte by byte. The flag inside of it says what the *other* device thought of its
//! protection; this device's own flag is written next to it, and always equals the form of the file.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    certificate::Chain,
    error::{IdentityError, StoreError},
    fs::{Disk, Fs},
    identity::Identity,
    key::PrivateKey,
    open::protection,
};
use crate::{
    buffer::Buffer,
    limits::MAX_ACCOUNT_FILE,
    operations::LocalId,
    outcome::{AccountId, Scheme},
};

pub(super) const ARCHIVE: &str = "archive.gz";
pub(super) const DEVICE_KEY: &str = "ring_device.key";
pub(super) const DEVICE_CHAIN: &str = "ring_device.crt";
pub(super) const SETTINGS: &str = "account.json";
/// How the names of folders begin that are no accounts.
const STAGING: &str = ".staging-";

/// An account of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name on this device.
    pub id: LocalId,
    /// The account's short id.
    pub account: AccountId,
    /// How its archive is protected, which is the flag `archiveHasPassword` too.
    pub protection: Scheme,
}

/// An entry with the name of an account that is not an account: where it is, and why.
pub type Stray = (PathBuf, StoreError);

/// A folder of accounts. Cheap to clone; clones share it.
#[derive(Debug)]
pub struct Store<F: Fs = Disk> {
    pub(super) shared: Arc<Shared<F>>,
}

pub(super) struct Shared<F: Fs> {
    pub(super) fs: F,
    pub(super) root: PathBuf,
    guard: F::Guard,
}

impl<F: Fs> fmt::Debug for Shared<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root.display())
    }
}

impl<F: Fs> Clone for Store<F> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl Store {
    /// Opens or makes a store in a folder of this machine.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_in(Disk, root)
    }
}

impl<F: Fs> Store<F> {
    /// Opens or makes a store in a folder, whose parent has to be there, and removes what a crash left over, unless another
    /// process uses the store.
    pub fn open_in(fs: F, root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        match fs.create_folder(&root) {
            Ok(()) => {
                // An account is no more durable than the folder that it is in.
                let parent = root.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
                fs.sync_folder(parent).map_err(io_error("sync", parent))?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error("make", &root)(error)),
        }
        let guard = fs.enter(&root, &mut || clean(&fs, &root)).map_err(io_error("open the store", &root))?;
        Ok(Self { shared: Arc::new(Shared { fs, root, guard }) })
    }

    /// Why other processes cannot be kept from using the store at the same time, if they cannot: its file system has no locks. Left-overs of a
    /// crash are not removed then.
    pub fn no_locks(&self) -> Option<&io::Error> {
        F::no_locks(&self.shared.guard)
    }

    /// The accounts, by local id.
    ///
    /// # Errors
    /// The folder cannot be read, or something in it has the name of an account and is not an account: see [`Store::list_whole`].
    pub fn list(&self) -> Result<Vec<Entry>, StoreError> {
        self.ids()?.into_iter().map(|id| self.entry(id)).collect()
    }

    /// The accounts that are whole, by local id; and what has the name of an account and is not an account, or is damaged: where it is, and why.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list_whole(&self) -> Result<(Vec<Entry>, Vec<Stray>), StoreError> {
        let (mut entries, mut strays) = (Vec::new(), Vec::new());
        for id in self.ids()? {
            match self.entry(id) {
                Ok(entry) => entries.push(entry),
                Err(error) => strays.push((self.folder(id), error)),
            }
        }
        Ok((entries, strays))
    }

    fn ids(&self) -> Result<Vec<LocalId>, StoreError> {
        let Shared { fs, root, .. } = &*self.shared;
        let names = fs.list(root).map_err(io_error("list", root))?;
        Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
    }

    /// One account.
    pub fn entry(&self, id: LocalId) -> Result<Entry, StoreError> {
        let path = self.folder(id).join(ARCHIVE);
        let protection = protection(&mut self.archive(id)?).map_err(io_error("read", &path))?;
        let chain = self.chain(id)?;
        let account = chain.certificates().get(1).ok_or(IdentityError::Mismatch)?.short_id();
        Ok(Entry { id, account, protection })
    }

    /// The archive of an account, to be opened with [`Archive::open`](super::Archive::open); each call opens the file anew.
    pub fn archive(&self, id: LocalId) -> Result<F::File, StoreError> {
        let path = self.folder(id).join(ARCHIVE);
        self.shared.fs.open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::NoSuchAccount(id),
            _ => io_error("open", &path)(error),
        })
    }

    /// This device's key and certificate of an account: what it shows in TLS (R-EXP-11).
    pub fn device(&self, id: LocalId) -> Result<Identity, StoreError> {
        let key = PrivateKey::from_pem(&self.read(id, DEVICE_KEY)?).map_err(IdentityError::from)?;
        Ok(Identity::new(key, self.chain(id)?)?)
    }

    /// The configuration that was applied to an account, and the flag [`HAS_PASSWORD`](super::HAS_PASSWORD): a JSON object of
    /// strings.
    pub fn settings(&self, id: LocalId) -> Result<Vec<u8>, StoreError> {
        self.read(id, SETTINGS).map(|settings| settings.to_vec())
    }

    /// Removes an account with all its files. A crash leaves it whole or gone; it is no error if there is none. A removal that failed is
    /// finished by another one, or when the store is next opened with no one else in it, on a file system with locks.
    pub fn remove(&self, id: LocalId) -> Result<(), StoreError> {
        let Shared { fs, root, .. } = &*self.shared;
        let (folder, gone) = (self.folder(id), root.join(format!("{STAGING}{id}.removed")));
        let mut renamed = fs.rename(&folder, &gone);
        if renamed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists) {
            // An earlier removal failed after this step.
            self.finish_removal(&gone)?;
            renamed = fs.rename(&folder, &gone);
        }
        match renamed {
            Ok(()) => self.finish_removal(&gone),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(io_error("remove", &folder)(error)),
        }
    }

    /// Removes the files of an account that has lost its name. That it has lasts before they are removed.
    fn finish_removal(&self, gone: &Path) -> Result<(), StoreError> {
        let Shared { fs, root, .. } = &*self.shared;
        fs.sync_folder(root).map_err(io_error("sync", root))?;
        match fs.remove_folder(gone) {
            // Another removal of the same account was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(io_error("remove", gone)),
        }
    }

    /// Where the files of an account are, if it is there.
    pub fn folder(&self, id: LocalId) -> PathBuf {
        self.shared.root.join(id.to_string())
    }

    pub(super) fn staging(&self, id: LocalId) -> PathBuf {
        self.shared.root.join(format!("{STAGING}{id}"))
    }

    fn chain(&self, id: LocalId) -> Result<Chain, StoreError> {
        Ok(Chain::from_pem(&self.read(id, DEVICE_CHAIN)?).map_err(IdentityError::from)?)
    }

    /// Reads a small file, all of it or none.
    fn read(&self, id: LocalId, name: &str) -> Result<Buffer, StoreError> {
        let path = self.folder(id).join(name);
        let mut file = self.shared.fs.open(&path).map_err(io_error("open", &path))?;
        let mut read = || {
            let length = file.seek(SeekFrom::End(0))?;
            if length > MAX_ACCOUNT_FILE {
                let long = format!("it has {length} bytes, and may have {MAX_ACCOUNT_FILE}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, long));
            }
            file.rewind()?;
            // It does not grow, which would leave copies.
            let mut bytes = Buffer::new(length as usize);
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(io_error("read", &path))
    }
}

/// Removes the folders that are no accounts.
fn clean<F: Fs>(fs: &F, root: &Path) -> io::Result<()> {
    for name in fs.list(root)? {
        if name.to_string_lossy().starts_with(STAGING) {
            let path = root.join(name);
            fs.remove_folder(&path).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("what was left there cannot be removed: {}: {error}", path.display()),
                )
            })?;
        }
    }
    Ok(())
}

pub(super) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |error| StoreError::Io { what, path, error }
}
