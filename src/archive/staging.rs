//! From the first byte that arrives to an installed account: staged in its final sealed form, checked, installed at once
//! (R-MSG-2, R-IMP-11, R-ARC-4).
//!
//! One ladder, each step of which consumes the value before it: [`Staging`] takes the text, [`Complete`] has all of it,
//! [`Checked`] is known to be sound, [`Installed`] is an account. Each of the first three wipes what it staged when it is
//! dropped. A [`Follower`] reads the file that [`Staging`] writes, so that most of the check is done when the last byte arrives.

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use rustls_pki_types::UnixTime;

use super::{
    content::{Configuration, HAS_PASSWORD, Summary},
    error::{OpenError, StoreError},
    follow::{Follow, Lead},
    fs::{Disk, Fs, FsFile},
    key::PrivateKey,
    open::{Seen, see},
    seal::{Lock, Seal, Sealer},
    store::{ARCHIVE, DEVICE_CHAIN, DEVICE_KEY, SETTINGS, Store, io_error},
    terms::Terms,
    text::read_back,
};
use crate::{
    limits::MAX_INFLATION,
    operations::LocalId,
    outcome::{AccountId, Scheme},
};

/// A folder that is wiped unless it was installed.
#[derive(Debug)]
struct Folder<F: Fs> {
    store: Store<F>,
    id: LocalId,
    installed: bool,
}

impl<F: Fs> Folder<F> {
    fn path(&self) -> PathBuf {
        self.store.staging(self.id)
    }

    fn fs(&self) -> &F {
        &self.store.shared.fs
    }

    /// Writes a small file and makes its content durable.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        let path = self.path().join(name);
        let mut file = self.fs().create(&path).map_err(io_error("make", &path))?;
        file.write_all(content).and_then(|()| file.sync()).map_err(io_error("write", &path))
    }

    fn wipe(mut self) -> Result<(), StoreError> {
        self.installed = true;
        let path = self.path();
        self.fs().remove_folder(&path).map_err(io_error("remove", &path))
    }
}

impl<F: Fs> Drop for Folder<F> {
    fn drop(&mut self) {
        if !self.installed {
            // Files that cannot be removed now are removed at the next start.
            let _ = self.fs().remove_folder(&self.path());
        }
    }
}

/// An archive that is arriving: a [`Write`] that takes its text. Wiped when dropped.
pub struct Staging<F: Fs = Disk> {
    sealer: Sealer<Lead<F::File>>,
    lock: Lock,
    folder: Folder<F>,
}

/// Reads a staged archive while it is written, in one pull pass (R-MSG-2).
pub struct Follower<F: Fs = Disk> {
    file: Follow<F::File>,
    lock: Lock,
    terms: Terms,
}

/// An archive that has arrived. Wiped when dropped.
#[derive(Debug)]
pub struct Complete<F: Fs = Disk> {
    lock: Lock,
    folder: Folder<F>,
}

/// A staged archive that is sound. Wiped when dropped.
#[derive(Debug)]
pub struct Checked<F: Fs = Disk> {
    seen: Seen,
    folder: Folder<F>,
}

/// An account that was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its name on this device.
    pub id: LocalId,
    /// Its short id.
    pub account: AccountId,
    /// Where its files are.
    pub path: PathBuf,
    /// How its archive is protected (R-ARC-5).
    pub protection: Scheme,
    /// Bytes of the archive's text.
    pub length: u64,
    /// The configuration that was applied, by name (R-ARC-1).
    pub applied: BTreeMap<String, String>,
    /// The names of all configuration in the archive. Values that are not applied are kept.
    pub configuration: Configuration,
}

impl<F: Fs> Store<F> {
    /// Begins to stage an archive for the account that will be `id`, sealed as `seal` says (R-ARC-5).
    pub fn begin(&self, id: LocalId, seal: Seal) -> Result<Staging<F>, StoreError> {
        let folder = Folder { store: self.clone(), id, installed: false };
        let (path, archive) = (folder.path(), folder.path().join(ARCHIVE));
        self.shared.fs.create_folder(&path).map_err(io_error("make", &path))?;
        let file = self.shared.fs.create(&archive).map_err(io_error("make", &archive))?;
        let Seal(lock) = seal;
        let sealer = Sealer::with_lock(Lead::new(file), &lock).map_err(io_error("write", &archive))?;
        Ok(Staging { sealer, lock, folder })
    }
}

impl<F: Fs> Staging<F> {
    /// Compresses on so many threads: see [`Sealer::on_threads`].
    pub fn on_threads(self, threads: usize) -> Self {
        Self { sealer: self.sealer.on_threads(threads), ..self }
    }

    /// Seals the next bytes of the text.
    pub fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        let path = self.folder.path().join(ARCHIVE);
        self.sealer.write_all(text).map_err(io_error("write", &path))
    }

    /// Somebody who goes through the archive after this one, on another thread, or on the same one once it is complete.
    ///
    /// The terms are those of a file that is opened: what passes can be exported. The file itself, which a [`Sealer`] wrote, is within
    /// [`MAX_INFLATION`], whatever these terms say; a further level of compression, which came with the text, may not be.
    pub fn follow(&self, terms: Terms) -> Result<Follower<F>, StoreError> {
        let path = self.folder.path().join(ARCHIVE);
        let file = self.folder.fs().open(&path).map_err(io_error("open", &path))?;
        let terms = Terms { max_inflation: terms.max_inflation.max(MAX_INFLATION), ..terms };
        Ok(Follower { file: self.sealer.out().follow(file), lock: self.lock.clone(), terms })
    }

    /// All of the text has come: writes the end and makes it durable.
    pub fn complete(self) -> Result<Complete<F>, StoreError> {
        let Self { sealer, lock, folder } = self;
        let path = folder.path().join(ARCHIVE);
        let mut lead = sealer.finish().map_err(io_error("write", &path))?;
        // The follower may go on meanwhile.
        lead.complete();
        lead.file().sync().map_err(io_error("sync", &path))?;
        Ok(Complete { lock, folder })
    }

    /// Wipes what was staged.
    pub fn discard(self) -> Result<(), StoreError> {
        drop(self.sealer);
        self.folder.wipe()
    }
}

impl<F: Fs> Follower<F> {
    /// Checks all of R-IMP-11 but the account's id, which the caller compares with [`Summary::account`], and waits for what is not
    /// written yet. [`OpenError::is_about_content`] distinguishes a bad archive from a bad disk.
    pub fn see(mut self) -> Result<Seen, OpenError> {
        see(&mut self.file, &self.lock, self.terms)
    }
}

impl<F: Fs> Complete<F> {
    /// The file that it is staged in.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(ARCHIVE)
    }

    /// Reopens what was staged, now that it is durable, and verifies that it is, byte by byte, what the follower saw (R-ARC-4).
    pub fn confirm(self, seen: Seen) -> Result<Checked<F>, OpenError> {
        let file = self.folder.fs().open(&self.path())?;
        if read_back(file, &self.lock)? != seen.fingerprint {
            return Err(OpenError::Changed);
        }
        Ok(Checked { seen, folder: self.folder })
    }

    /// Wipes what was staged.
    pub fn discard(self) -> Result<(), StoreError> {
        self.folder.wipe()
    }
}

impl<F: Fs> Checked<F> {
    /// The facts about the archive.
    pub fn summary(&self) -> &Summary {
        &self.seen.summary
    }

    /// Makes an account of it: issues a certificate for the new device's key, valid from `now`, makes all of the folder durable,
    /// and gives it its name. After an error there is no account.
    pub fn install(mut self, device: PrivateKey, now: UnixTime) -> Result<Installed, StoreError> {
        let device = self.seen.account.issue_device(device, now)?;
        let Folder { store, id, .. } = &self.folder;
        let (staged, root, path) = (self.folder.path(), &store.shared.root, store.folder(*id));
        self.folder.write(DEVICE_KEY, device.key().to_pem().as_bytes())?;
        self.folder.write(DEVICE_CHAIN, device.chain().to_pem().as_bytes())?;
        self.folder.write(SETTINGS, settings(self.summary()).as_bytes())?;
        let fs = self.folder.fs();
        fs.sync_folder(&staged).map_err(io_error("sync", &staged))?;
        fs.rename(&staged, &path).map_err(io_error("install", &path))?;
        if let Err(error) = fs.sync_folder(root) {
            // No one knows whether the name is durable: it must not be.
            fs.rename(&path, &staged)
                .or_else(|_| fs.remove_folder(&path))
                .and_then(|()| fs.sync_folder(root))
                .map_err(io_error("withdraw", &path))?;
            return Err(io_error("sync", root)(error));
        }
        let id = *id;
        self.folder.installed = true;
        let Summary { account, protection, length, applied, configuration, .. } = self.seen.summary;
        Ok(Installed { id, account, path, protection, length, applied, configuration })
    }

    /// Wipes what was staged.
    pub fn discard(self) -> Result<(), StoreError> {
        self.folder.wipe()
    }
}

/// The applied configuration, and the flag, which is what the file is (R-ARC-5).
fn settings(summary: &Summary) -> String {
    let mut settings: BTreeMap<&str, &str> =
        summary.applied.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let flag = if summary.protection == Scheme::Password { "true" } else { "false" };
    settings.insert(HAS_PASSWORD, flag);
    serde_json::to_string(&settings).expect("strings are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{InsecureKdf, MemoryFs};
    use crate::secret::Secret;

    #[test]
    fn it_compresses_on_the_threads_that_it_is_given() {
        let store = Store::open_in(MemoryFs::new(), "/store").unwrap();
        let staging = store.begin(LocalId(1), Seal::new(&Secret::default(), &InsecureKdf).unwrap()).unwrap();
        assert_eq!(staging.sealer.threads(), 0);
        assert_eq!(staging.on_threads(2).sealer.threads(), 2);
    }
}
