//! The task that has the storage in its hands: one thing after the other, none of them in the operation's way.

use tokio::sync::{mpsc, oneshot};

use crate::{
    import::Check,
    operations::LocalId,
    secret::Secret,
    shell::storage::{Staging, Store},
};

/// What the operation asks of the storage, in order.
pub(super) enum Work<K> {
    /// Begin to stage an archive with these credentials.
    Stage(Secret, oneshot::Sender<K>),
    Check,
    Install,
    Discard,
    Remove,
}

/// What came of it.
pub(super) enum Done {
    Checked(Check),
    Installed(bool),
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
                // Without a sink the connection learns that there is no place.
                if let Ok((sink, begun)) = store.begin(id, credentials).await {
                    staging = Some(begun);
                    drop(place.send(sink));
                }
                continue;
            }
            Work::Check => Done::Checked(match &mut staging {
                Some(staging) => staging.check().await,
                None => Check::Unreadable,
            }),
            Work::Install => {
                installed = match staging.take() {
                    Some(staging) => staging.install().await.ok(),
                    None => None,
                };
                Done::Installed(installed.is_some())
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
