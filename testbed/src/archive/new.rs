//! Made-up archives.

use std::{
    io::BufWriter,
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
use crate::{failure::Failure, link::KeyType, output, passwords::Passwords, size::Size};

/// The archive to make.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct New {
    /// Bytes of its JSON text: 65536, 64KiB, 1GiB. More than 64MiB needs --max-archive to open
    #[arg(long, value_name = "SIZE")]
    size: Size,
    /// The output file. An existing file is replaced once the archive is whole
    #[arg(long, value_name = "F")]
    output: PathBuf,
    /// Protect it with the first line of this file
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// The kind of the account's keys
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = KeyType(KeyKind::Rsa4096))]
    key_type: KeyType,
    /// Contacts are drawn from this seed; keys never are
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
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
        let password = self.password()?;
        let (account, authority) =
            Identity::account(self.key_type.0, today().map_err(Failure::reason)?).map_err(Failure::reason)?;
        let sample =
            Sample::of(&account, &authority, Scheme::of(&password), self.size.0, self.seed).map_err(Failure::reason)?;
        let seal = Seal::new(&password, &Argon2i).map_err(Failure::reason)?;
        output::whole(&self.output, |file| {
            let mut sealer = Sealer::new(BufWriter::new(file), seal)?;
            sample.write_to(&mut sealer)?;
            sealer.finish().map(drop)
        })
        .map_err(|error| Failure::reason(format_args!("{}: {error}", self.output.display())))?;
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
