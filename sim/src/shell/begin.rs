//! How the two sides of a session begin: as shipped, or under the rules of a mutant.

use std::pin::Pin;

use handfast::shell::{
    self, ExportEnv, ExportHandle, ExportOptions, ImportEnv, ImportHandle, ImportOptions, ImportReport, Imports,
    Notice, Random, export_under,
    folder::Installed,
    rendezvous::{Dial, Publish},
    storage::{Source, Store},
};
use handfast_model::without::Without;
use tokio::sync::mpsc::UnboundedReceiver;

/// A side that has begun: the client's calls, its signals, and the operation.
pub(crate) type Begun<H, T> = (H, UnboundedReceiver<Notice>, Pin<Box<dyn Future<Output = T> + Send>>);

/// Begins an import. `None`: as shipped.
pub(crate) fn import<P, S, N>(
    env: ImportEnv<P, S, N>,
    options: ImportOptions,
    rules: Option<Without>,
) -> Begun<ImportHandle, ImportReport<Installed>>
where
    P: Publish,
    S: Store<Installed = Installed>,
    N: Random,
{
    match rules {
        None => {
            let (handle, notices, operation) = shell::import(env, options);
            (handle, notices, Box::pin(operation))
        }
        Some(rules) => {
            let begun = Imports::under(rules).add_account(env, options);
            let (handle, notices, operation) = begun.expect("there is room for one");
            (handle, notices, Box::pin(operation))
        }
    }
}

/// Begins an account's exports. `None`: as shipped.
pub(crate) fn export<D: Dial, S: Source>(
    env: ExportEnv<D, S>,
    options: ExportOptions,
    rules: Option<Without>,
) -> Begun<ExportHandle, ()> {
    match rules {
        None => {
            let (handle, notices, operations) = shell::export(env, options);
            (handle, notices, Box::pin(operations))
        }
        Some(rules) => {
            let (handle, notices, operations) = export_under(env, options, rules);
            (handle, notices, Box::pin(operations))
        }
    }
}
