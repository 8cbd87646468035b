//! The steps of an archive's way into a folder that are the same with threads and without.

use std::io;

use crate::{
    archive::{Checked, Complete, Follower, Fs, Kdf, OpenError, Seal, Seen, Staging, Store, Terms},
    operations::LocalId,
    secret::Secret,
    shell::storage::CheckError,
};

use super::transfer::with_path;

/// Begins an archive, sealed with `credentials`, and a follower that checks what is written.
pub(super) fn begin<F: Fs>(
    store: &Store<F>,
    id: LocalId,
    credentials: &Secret,
    kdf: &dyn Kdf,
    terms: Terms,
) -> io::Result<(Staging<F>, Follower<F>)> {
    let seal = Seal::new(credentials, kdf).map_err(io::Error::other)?;
    let staging = store.begin(id, seal)?;
    let follower = staging.follow(terms)?;
    Ok((staging, follower))
}

/// Checks a complete archive by what its follower saw. Says whose fault it is if it is not sound.
pub(super) fn check<F: Fs>(
    complete: Complete<F>,
    see: impl FnOnce() -> Result<Seen, OpenError>,
) -> Result<Checked<F>, CheckError> {
    let path = complete.path();
    see().and_then(|seen| complete.confirm(seen)).map_err(|error| match error.is_about_content() {
        true => CheckError::Unsound(error.into()),
        // It is not the file's.
        false if matches!(error, OpenError::Date(_)) => CheckError::Unreadable(error.into()),
        false => CheckError::Unreadable(with_path(&path)(error.into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{DateDoubt, Day, InsecureKdf, MemoryFs, UnixTime};

    fn complete() -> Complete<MemoryFs> {
        let store = Store::open_in(MemoryFs::default(), "/accounts").unwrap();
        let terms = Terms::at(UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000)));
        let (mut staging, _) = begin(&store, LocalId(1), &Secret::default(), &InsecureKdf, terms).unwrap();
        staging.write(b"{}").unwrap();
        staging.complete().unwrap()
    }

    /// The path of the file is in the reason where the reason may be the file, and not where it is the date of this device.
    #[test]
    fn a_failure_names_its_file_unless_the_date_is_the_reason() {
        let named = |error: OpenError| {
            let complete = complete();
            let path = complete.path().display().to_string();
            let Err(CheckError::Unreadable(reason)) = check(complete, || Err(error)) else { panic!("another error") };
            reason.to_string().contains(&path)
        };
        assert!(named(OpenError::Io(io::ErrorKind::PermissionDenied.into())));
        assert!(!named(OpenError::Date(DateDoubt::Impossible { now: Day(0) })));
    }
}
