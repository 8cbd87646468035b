//! The rules that the reducers of a session keep: all of them, or all but a mutant's.

use std::pin::Pin;

use handfast::{
    limits::Timers,
    outcome::Side,
    reducer::Config,
    rules::{AllRules, Rules},
    shell::{
        self, ExportEnv, ExportHandle, ExportOptions, ImportEnv, ImportHandle, ImportOptions, ImportReport, Imports,
        Notice, Random, export_under,
        folder::Installed,
        rendezvous::{Dial, Publish},
        storage::{Source, Store},
    },
    trace::Step,
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    disk::Accounts,
    fixture::Seeded,
    hosts::Net,
    replay::{Diverged, replay_under},
    source::Archive,
};

/// A side that has begun: the client's calls, its signals, and the operation.
pub(crate) type Begun<H, T> = (H, UnboundedReceiver<Notice>, Pin<Box<dyn Future<Output = T> + Send>>);
/// An import that has begun.
pub(crate) type Import = Begun<ImportHandle, ImportReport<Installed>>;
/// An export that has begun.
pub(crate) type Export = Begun<ExportHandle, ()>;

/// How sides begin that keep some rules, and how their traces replay. In the world of hosts.
#[derive(Clone, Copy)]
pub(crate) struct Under {
    pub(crate) import: fn(ImportEnv<Net, Accounts, Seeded>, ImportOptions) -> Import,
    pub(crate) export: fn(ExportEnv<Net, Archive>, ExportOptions) -> Export,
    pub(crate) replay: Replay,
}

/// Replays a trace, and says what is left of its reducers.
type Replay = fn(Config, Config, &[Step]) -> Result<Vec<Left>, Diverged>;

/// What is left of a reducer at the end of a trace.
pub(crate) struct Left {
    pub(crate) side: Side,
    pub(crate) closed: bool,
    pub(crate) armed: Timers,
}

impl Under {
    /// As shipped.
    pub(crate) const ALL: Self = Self { import, export, replay: left::<AllRules> };

    /// As a mutant has it.
    pub(crate) const fn rules<R: Rules>() -> Self {
        let import: fn(_, _) -> Import = |env, options| {
            let begun = Imports::<R>::default().add_account(env, options);
            let (handle, notices, operation) = begun.expect("there is room for one");
            (handle, notices, Box::pin(operation))
        };
        let export: fn(_, _) -> Export = |env, options| {
            let (handle, notices, operations) = export_under::<R, _, _>(env, options);
            (handle, notices, Box::pin(operations))
        };
        Self { import, export, replay: left::<R> }
    }
}

/// Begins an import, as shipped.
pub(crate) fn import<P, S, N>(env: ImportEnv<P, S, N>, options: ImportOptions) -> Import
where
    P: Publish,
    S: Store<Installed = Installed>,
    N: Random,
{
    let (handle, notices, operation) = shell::import(env, options);
    (handle, notices, Box::pin(operation))
}

/// Begins an account's exports, as shipped.
pub(crate) fn export<D: Dial, S: Source>(env: ExportEnv<D, S>, options: ExportOptions) -> Export {
    let (handle, notices, operations) = shell::export(env, options);
    (handle, notices, Box::pin(operations))
}

fn left<R: Rules>(import: Config, export: Config, steps: &[Step]) -> Result<Vec<Left>, Diverged> {
    let replayed = replay_under::<R>(import, export, steps)?;
    let importers = replayed.imports.values();
    let importers = importers.map(|one| Left { side: Side::Import, closed: one.is_closed(), armed: one.armed() });
    let exporters = replayed.exports.values();
    let exporters = exporters.map(|one| Left { side: Side::Export, closed: one.is_closed(), armed: one.armed() });
    Ok(importers.chain(exporters).collect())
}
