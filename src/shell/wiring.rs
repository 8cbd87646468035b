//! The connection between the task of a connection and the task of its operation.

use std::ops::ControlFlow;

use tokio::{sync::mpsc, time::Duration};

use super::notice::Progress;

/// The connection's end: commands come, events go, both in order. `I` names the connection among those of the operation.
pub(super) struct Wiring<I, C, E> {
    pub(super) id: I,
    pub(super) commands: mpsc::Receiver<C>,
    pub(super) events: mpsc::Sender<(I, E)>,
    pub(super) progress: Progress,
    /// How long it may take to close.
    pub(super) closing: Duration,
}

impl<I: Copy, C, E> Wiring<I, C, E> {
    /// Breaks when the operation is gone.
    pub(super) async fn report(&self, event: E) -> ControlFlow<()> {
        match self.events.send((self.id, event)).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
