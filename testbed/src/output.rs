//! What a command writes: standard output, without the panic of `println!` when nobody reads it, and files.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::failure::{Failure, unwritable};

/// Prints a line.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| unwritable(&error))
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(Failure::reason)?)
}

/// Prints the command that shows a failure again, as the last line.
pub(crate) fn again(command: Option<impl Display>) -> Result<(), Failure> {
    command.map_or(Ok(()), |command| line(format_args!("again: {command}")))
}

/// Says something beside the verdict, on standard error.
pub(crate) fn note(text: impl Display) {
    // Where not even this can be written there is nobody to be told.
    let _ = io::stderr().lock().write_all(format!("handfast: {text}\n").as_bytes());
}

/// Begins a file that its owner alone may read, whatever the umask. A file that is there is emptied, and made so too. What is no regular
/// file stays as it is.
pub(crate) fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// Writes a file that is whole or not there, readable by its owner only. What is no regular file is written to as it is.
pub(crate) fn whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut file = File::options().write(true).open(path)?;
        return write(&mut file).and_then(|()| file.flush());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
