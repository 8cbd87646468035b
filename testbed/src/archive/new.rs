//! Made-up archives.

use std::{
    io::{self, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use handfast::{
    archive::{Argon2i, Identity, KeyKind, Sample, Seal, Sealer, today},
    outcome::AccountId,
    outcome::Scheme,
    secret::Secret,
};
use serde::Serialize;

use super::EXAMPLES;
use crate::{
    failure::Failure, link::KeyType, numbers::whole, output, passwords::Passwords, progress::Watch, size::Size,
};

/// The archive to make.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct New {
    /// Bytes of its JSON text: 65536, 64KiB, 1GiB. More than 64MiB needs --max-archive to open
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    size: Size,
    /// The output file. A file that is there is replaced once the archive is whole; at a terminal only with --force
    #[arg(long, value_name = "F")]
    output: PathBuf,
    /// Protect it with the first line of this file
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// The kind of the account's keys
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = KeyType(KeyKind::Rsa4096))]
    key_type: KeyType,
    /// Contacts are drawn from this seed; keys never are
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    seed: u64,
    /// Replace a file that is there, also at a terminal. Without a terminal it is replaced in any case
    #[arg(long)]
    force: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// The parts of the work, as the progress names them.
const KEYS: &str = "keys";
const TEXT: &str = "MiB of the archive";

/// Bytes of a piece of the text: one mebibyte.
const PIECE: u64 = 1 << 20;

/// Returns how many whole pieces a text has.
fn pieces(length: u64) -> usize {
    usize::try_from(length / PIECE).unwrap_or(usize::MAX)
}

/// A writer whose progress is shown.
struct Counted<'a, W> {
    inner: W,
    bytes: u64,
    watch: &'a Watch,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        let before = pieces(self.bytes);
        self.bytes += count as u64;
        (before..pieces(self.bytes)).for_each(|_| self.watch.one_done());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The new archive.
#[derive(Serialize)]
struct Made<'a> {
    output: &'a Path,
    account: AccountId,
    protection: &'static str,
    text_length: u64,
    contacts: u64,
}

impl New {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if !self.force && self.output.is_file() && io::stdin().is_terminal() && io::stderr().is_terminal() {
            return Err(Failure::reason(format_args!(
                "cannot write --output {}: there is a file of this name; give another name, or --force to replace it",
                self.output.display()
            )));
        }
        let password = self.password()?;
        let watch = Watch::new("archive new");
        watch.expect(1 + pieces(self.size.0));
        watch.began(KEYS);
        let (account, authority) =
            Identity::account(self.key_type.0, today().map_err(Failure::reason)?).map_err(Failure::reason)?;
        let sample =
            Sample::of(&account, &authority, Scheme::of(&password), self.size.0, self.seed).map_err(Failure::reason)?;
        let seal = Seal::new(&password, &Argon2i).map_err(Failure::reason)?;
        watch.done(KEYS);
        watch.began(TEXT);
        output::whole(&self.output, |file| {
            let mut sealer = Sealer::new(BufWriter::new(file), seal)?;
            sample.write_to(&mut Counted { inner: &mut sealer, bytes: 0, watch: &watch })?;
            sealer.finish().map(drop)
        })?;
        drop(watch);
        let made = Made {
            output: &self.output,
            account: account.certificate().short_id(),
            protection: Scheme::of(&password).as_str(),
            text_length: self.size.0,
            contacts: sample.contacts(),
        };
        if self.json {
            output::json(&made)?
        } else {
            output::line(format_args!("account {}", made.account))?
        }
        Ok(ExitCode::SUCCESS)
    }

    fn password(&self) -> Result<Secret, Failure> {
        let Some(path) = &self.password_file else { return Ok(Secret::default()) };
        Passwords::read(path).and_then(|mut passwords| passwords.first()).map_err(Failure::reason)
    }
}
