//! The few operations on files that a store needs, as a trait: a simulation makes each of them fail, or be the last one
//! before a crash.

use std::{
    ffi::OsString,
    fmt,
    io::{self, Read, Seek, Write},
    path::Path,
};

use crate::limits::{FILE_MODE, FOLDER_MODE};

/// An open file.
pub trait FsFile: Read + Write + Seek + Send + 'static {
    /// Returns once what was written is durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file system, as far as a store needs one. A name is durable only once the folder that has it was synced.
pub trait Fs: fmt::Debug + Send + Sync + 'static {
    /// An open file.
    type File: FsFile;
    /// The lock of a store in use; released when it is dropped, also by a crash.
    type Guard: Send + Sync + 'static;

    /// Makes a folder that its owner alone may enter (0700). It is an error if there is one.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Makes an empty file that its owner alone may read (0600). It is an error if there is one.
    fn create(&self, path: &Path) -> io::Result<Self::File>;
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Self::File>;
    /// The names in a folder, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Gives a folder another name in the same folder, at once. It is an error if that is taken ([`io::ErrorKind::AlreadyExists`], also where
    /// there is no such folder to rename).
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a folder with all that is in it, in no particular order; also what is no folder.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
    /// Marks the folder as in use by one more, and says whether no one else uses it. `while_alone` runs before others may.
    ///
    /// Where the file system has no locks, no one can know: it goes on, `while_alone` does not run, and [`Fs::no_locks`] says why.
    fn enter(&self, path: &Path, while_alone: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Self::Guard>;

    /// Why a folder was entered without a lock, if it was.
    fn no_locks(_: &Self::Guard) -> Option<&io::Error> {
        None
    }
}

/// A file that is open, and locked where its file system has locks.
#[derive(Debug)]
pub struct MaybeLocked {
    _file: std::fs::File,
    no_locks: Option<io::Error>,
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FsFile for std::fs::File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Fs for Disk {
    type File = std::fs::File;
    type Guard = MaybeLocked;

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER_MODE);
        builder.create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Self::File> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
        options.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Self::File> {
        std::fs::File::open(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut names = std::fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        std::fs::File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        // A folder replaces an empty one without a word.
        if to.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        std::fs::rename(from, to)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        match path.symlink_metadata()?.is_dir() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        }
    }

    fn enter(&self, path: &Path, while_alone: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Self::Guard> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
        let lock = path.join(".lock");
        let file = options
            .open(&lock)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", lock.display())))?;
        let locked = match file.try_lock() {
            Ok(()) => {
                while_alone()?;
                file.unlock()
            }
            Err(std::fs::TryLockError::WouldBlock) => Ok(()),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        };
        let no_locks = locked.and_then(|()| file.lock_shared()).err();
        Ok(MaybeLocked { _file: file, no_locks })
    }

    fn no_locks(guard: &MaybeLocked) -> Option<&io::Error> {
        guard.no_locks.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_is_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        for path in [&from, &to] {
            Disk.create_folder(path).unwrap();
            assert_eq!(Disk.create_folder(path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        }
        // The system itself would replace an empty folder.
        assert_eq!(Disk.rename(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        Disk.remove_folder(&to).unwrap();
        Disk.rename(&from, &to).unwrap();
        assert_eq!(Disk.list(folder.path()).unwrap(), ["to"]);
        // A file is removed as well, and a name that is not there is missed.
        drop(Disk.create(&from).unwrap());
        assert_eq!(Disk.create(&from).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(Disk.list(folder.path()).unwrap(), ["from", "to"]);
        Disk.remove_folder(&from).unwrap();
        assert_eq!(Disk.remove_folder(&from).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(Disk.sync_folder(&from).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
