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

#[cfg(test)]
mod tests {
    use super::*;

    /// Storage that says what becomes of its archive.
    #[derive(Clone)]
    struct Place(mpsc::UnboundedSender<&'static str>);

    impl Store for Place {
        type Staging = Self;
        type Installed = ();

        async fn begin(&mut self, _: LocalId, _: Secret) -> io::Result<Self> {
            Ok(self.clone())
        }

        async fn remove(&mut self, (): &()) -> io::Result<()> {
            Ok(())
        }
    }

    impl Staging for Place {
        type Complete = Self;

        async fn write(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        async fn complete(self) -> io::Result<Self> {
            self.0.send("complete").unwrap();
            Ok(self)
        }

        async fn discard(self) {
            self.0.send("discarded").unwrap();
        }
    }

    impl Complete for Place {
        type Checked = Self;

        async fn check(self) -> Result<Self, CheckError> {
            Ok(self)
        }

        async fn discard(self) {
            self.0.send("discarded, whole").unwrap();
        }
    }

    impl Checked for Place {
        type Installed = ();

        fn account(&self) -> AccountId {
            AccountId([7; 20])
        }

        async fn install(self) -> io::Result<()> {
            Ok(())
        }

        async fn discard(self) {
            self.0.send("discarded, checked").unwrap();
        }
    }

    /// R-MSG-2: an archive that a connection gives up comes back and is wiped before the storage is at rest: an operation that has ended has
    /// nothing left. One that was whole is wiped when nothing more is asked for.
    #[tokio::test]
    async fn an_archive_that_is_given_up_comes_back_and_is_wiped() {
        for (whole, expected) in [(false, &["discarded"][..]), (true, &["complete", "discarded, whole"])] {
            let (works, wanted) = mpsc::channel(1);
            let (done, _stored) = mpsc::channel(1);
            let (says, mut said) = mpsc::unbounded_channel();
            let kept = tokio::spawn(keep(LocalId(1), Place(says), wanted, done));
            let (place, made) = oneshot::channel();
            assert!(works.send(Work::Stage(Secret::default(), place)).await.is_ok());
            let mut intake = made.await.unwrap().unwrap();
            intake.write(b"half of it").await.unwrap();
            if whole {
                intake.complete().await.unwrap();
            } else {
                drop(intake);
            }
            drop(works);
            assert!(kept.await.unwrap().is_none());
            let mut all = Vec::new();
            while let Some(word) = said.recv().await {
                all.push(word);
            }
            assert_eq!(all, expected);
        }
    }
}
