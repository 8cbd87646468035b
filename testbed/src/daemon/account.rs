//! An account that the daemon has, made up for the occasion.

use std::{io::Cursor, sync::Arc};

use handfast::{
    archive::{Argon2i, Identity, PrivateKey, Sample, Seal, Sealer, Terms, UnixTime},
    limits::Durations,
    operations::LocalId,
    outcome::Scheme,
    reducer::Config,
    secret::Secret,
    shell::{self, ExportEnv, ExportHandle, ExportOptions, Notice, folder::FileSource},
};
use handfast_model::without::Without;
use tokio::{sync::mpsc::UnboundedReceiver, task::AbortHandle};

use super::exchange::Way;
use crate::failure::Failure;

/// The password of the protected account.
pub(super) const PASSWORD: &str = "secret";
/// Bytes of an archive's text.
const SIZE: u64 = 64 << 10;

/// An account that can be exported.
pub(super) struct Account {
    pub(super) id: LocalId,
    pub(super) export: ExportHandle,
    pub(super) notices: UnboundedReceiver<Notice>,
    /// The task that takes its calls.
    pub(super) operations: AbortHandle,
}

impl Account {
    /// Makes an account, and begins to take its calls.
    pub(super) fn make(
        password: &str,
        now: UnixTime,
        config: Config,
        durations: Durations,
        way: &Way,
        rules: Without,
    ) -> Result<Self, Failure> {
        let kdf = Arc::new(Argon2i);
        let password = Secret::from(password);
        let (account, authority) = Identity::account(way.keys(), now).map_err(Failure::reason)?;
        let seal = Seal::new(&password, &Argon2i).map_err(Failure::reason)?;
        let mut sealer = Sealer::new(Vec::new(), seal).map_err(Failure::reason)?;
        let sample = Sample::of(&account, &authority, Scheme::of(&password), SIZE, 0).map_err(Failure::reason)?;
        sample.write_to(&mut sealer).map_err(Failure::reason)?;
        let archive = sealer.finish().map_err(Failure::reason)?;
        let key = PrivateKey::generate(way.keys()).map_err(Failure::reason)?;
        let identity = Arc::new(account.issue_device(key, now).map_err(Failure::reason)?);
        let source =
            FileSource::new(move || Ok(Cursor::new(archive.clone())), kdf, Terms::at(now)).map_err(Failure::reason)?;
        let env = ExportEnv { dial: way.dialer(&identity)?, source, identity };
        let options = ExportOptions { config, durations, now: Some(now), ..ExportOptions::default() };
        let (export, notices, operations) = shell::export_under(env, options, rules);
        let operations = tokio::spawn(operations).abort_handle();
        let id = LocalId(getrandom::u64().map_err(Failure::reason)?);
        Ok(Self { id, export, notices, operations })
    }
}
