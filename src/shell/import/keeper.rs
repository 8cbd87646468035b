//! The task that owns the storage: it takes one archive up the ladder, one step at a time, while the operation goes on.

use std::io;

use tokio::sync::{mpsc, oneshot};

use crate::{
    operations::LocalId,
    outcome::AccountId,
    secret::Secret,
    shell::storage::{CheckError, Checked, Complete, Sink, Staging, Store},
};

/// A request of the operation to the storage, in order.
pub(super) enum Work<K> {
    /// Begin to stage an archive with these credentials.
    Stage(Secret, oneshot::Sender<io::Result<K>>),
    Check,
    Install,
    Discard,
    Remove,
}

/// Its result.
pub(super) enum Done {
    Checked(Result<AccountId, CheckError>),
    Installed(io::Result<()>),
}

/// The archive while a connection writes it. It comes back to the keeper in any case: whole, or given up.
pub(super) struct Intake<S> {
    /// None once it came back.
    staging: Option<S>,
    back: Option<oneshot::Sender<Back<S>>>,
}

/// How an archive comes back from a connection.
enum Back<S> {
    /// All bytes are written; the connection waits for the answer.
    Whole(S, oneshot::Sender<io::Result<()>>),
    GivenUp(S),
}

impl<S> Intake<S> {
    fn new(staging: S) -> (Self, oneshot::Receiver<Back<S>>) {
        let (back, returned) = oneshot::channel();
        (Self { staging: Some(staging), back: Some(back) }, returned)
    }

    fn give_back(&mut self, how: impl FnOnce(S) -> Back<S>) {
        if let (Some(staging), Some(back)) = (self.staging.take(), self.back.take()) {
            // A keeper that is gone needs nothing: the archive is dropped, which wipes it.
            drop(back.send(how(staging)));
        }
    }
}

impl<S> Drop for Intake<S> {
    fn drop(&mut self) {
        self.give_back(Back::GivenUp);
    }
}

impl<S: Staging> Sink for Intake<S> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.staging {
            Some(staging) => staging.write(bytes).await,
            None => Err(gone()),
        }
    }

    async fn complete(mut self) -> io::Result<()> {
        let (answer, answered) = oneshot::channel();
        self.give_back(|staging| Back::Whole(staging, answer));
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// Carries out what is asked until nothing more will be. Returns what is installed then.
pub(super) async fn keep<S: Store>(
    id: LocalId,
    mut store: S,
    mut works: mpsc::Receiver<Work<Intake<S::Staging>>>,
    done: mpsc::Sender<Done>,
) -> Option<S::Installed> {
    let complete = receive(id, &mut store, &mut works).await?;
    if !matches!(works.recv().await, Some(Work::Check)) {
        complete.discard().await;
        return None;
    }
    let checked = match complete.check().await {
        Ok(checked) => checked,
        Err(error) => {
            // An operation that is gone needs no answer, here and below.
            let _ = done.send(Done::Checked(Err(error))).await;
            return None;
        }
    };
    let _ = done.send(Done::Checked(Ok(checked.account()))).await;
    if !matches!(works.recv().await, Some(Work::Install)) {
        checked.discard().await;
        return None;
    }
    let installed = match checked.install().await {
        Ok(installed) => installed,
        Err(error) => {
            let _ = done.send(Done::Installed(Err(error))).await;
            return None;
        }
    };
    let _ = done.send(Done::Installed(Ok(()))).await;
    while let Some(work) = works.recv().await {
        if matches!(work, Work::Remove) && store.remove(&installed).await.is_ok() {
            return None;
        }
    }
    Some(installed)
}

/// Begins an archive once it is asked for, lends it to a connection, and waits until it comes back. Returns none if it does not come
/// back whole; nothing of it is left then.
async fn receive<S: Store>(
    id: LocalId,
    store: &mut S,
    works: &mut mpsc::Receiver<Work<Intake<S::Staging>>>,
) -> Option<<S::Staging as Staging>::Complete> {
    let Some(Work::Stage(credentials, place)) = works.recv().await else { return None };
    let returned = match store.begin(id, credentials).await {
        Ok(staging) => {
            let (intake, returned) = Intake::new(staging);
            // A connection that does not want it any more gives it up.
            drop(place.send(Ok(intake)));
            returned
        }
        Err(error) => {
            drop(place.send(Err(error)));
            return None;
        }
    };
    match returned.await.ok()? {
        Back::Whole(staging, answer) => {
            let (complete, result) = match staging.complete().await {
                Ok(complete) => (Some(complete), Ok(())),
                Err(error) => (None, Err(error)),
            };
            // A connection that was closed meanwhile does not need it.
            let _ = answer.send(result);
            complete
        }
        Back::GivenUp(staging) => {
            staging.discard().await;
            None
        }
    }
}

/// The other end of a channel is gone.
fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}
