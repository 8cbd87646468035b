//! The task that has the storage in its hands: one thing after the other, none of them in the operation's way.

use std::io;

use tokio::sync::{mpsc, oneshot};

use crate::{
    operations::LocalId,
    outcome::AccountId,
    secret::Secret,
    shell::storage::{CheckError, Staging, Store},
};

/// What the operation asks of the storage, in order.
pub(super) enum Work<K> {
    /// Begin to stage an archive with these credentials.
    Stage(Secret, oneshot::Sender<io::Result<K>>),
    Check,
    Install,
    Discard,
    Remove,
}

/// What came of it.
pub(super) enum Done {
    Checked(Result<AccountId, CheckError>),
    Installed(io::Result<()>),
}

/// Carries out what is asked until nothing more will be, and says what is installed then.
pub(super) async fn keep<S: Store>(
    id: LocalId,
    mut store: S,
    mut works: mpsc::Receiver<Work<S::Sink>>,
    done: mpsc::Sender<Done>,
) -> Option<S::Installed> {
    let mut staging: Option<S::Staging> = None;
    let mut installed: Option<S::Installed> = None;
    while let Some(work) = works.recv().await {
        let answer = match work {
            Work::Stage(credentials, place) => {
                let sink = store.begin(id, credentials).await.map(|(sink, begun)| {
                    staging = Some(begun);
                    sink
                });
                drop(place.send(sink));
                continue;
            }
            Work::Check => Done::Checked(match &mut staging {
                Some(staging) => staging.check().await,
                None => Err(CheckError::Unreadable(nothing_staged())),
            }),
            Work::Install => {
                let account = match staging.take() {
                    Some(staging) => staging.install().await,
                    None => Err(nothing_staged()),
                };
                Done::Installed(account.map(|account| installed = Some(account)))
            }
            Work::Discard => {
                if let Some(staging) = staging.take() {
                    staging.discard().await;
                }
                continue;
            }
            Work::Remove => {
                if let Some(account) = &installed
                    && store.remove(account).await.is_ok()
                {
                    installed = None;
                }
                continue;
            }
        };
        if done.send(answer).await.is_err() {
            break;
        }
    }
    installed
}

/// A reducer asks for these in their order.
fn nothing_staged() -> io::Error {
    io::Error::other("nothing is staged")
}
