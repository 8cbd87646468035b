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
