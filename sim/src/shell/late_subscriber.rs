//! A client that subscribes late (R-API-8): at any time it gets the last signal of the client that was there all the time, and sees the
//! progress of a transfer go forward only.

use std::sync::Arc;

use handfast::{
    outcome::{Outcome, Side, Signal},
    shell::{Notice, Progress},
};
use tokio::time::{Duration, Instant};

use super::{plan::Planted, scene::Scene};

/// How often it looks at a transfer.
const LOOK: Duration = Duration::from_millis(10);

/// The client's knowledge of its operation, with which the state that a late subscriber gets is compared.
pub(crate) struct LateSubscriber {
    scene: Arc<Scene>,
    side: Side,
    last: Option<Notice>,
    /// Of the transfer, as it was seen last: bytes so far, and in all.
    seen: (u64, u64),
    look: Option<Instant>,
}

impl LateSubscriber {
    pub(crate) fn new(scene: &Arc<Scene>, side: Side) -> Self {
        Self { scene: scene.clone(), side, last: None, seen: (0, 0), look: None }
    }

    /// Holds it against the side if it is not so.
    pub(crate) fn expect(&self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so {
            self.scene.record().false_reports.push(format!("{}: {}", self.side, what()));
        }
    }

    /// A signal.
    pub(crate) fn is_signalled(&mut self, notice: &Notice) {
        if let Some(token) = notice.details.get("token").filter(|token| !token.is_empty()) {
            self.expect(!format!("{notice:?}").contains(&**token), || "a token is printed (R-SEC-2)".into());
        }
        if notice.signal == Signal::Done(Outcome::Storage) {
            let said = notice.cause.as_ref().map(|cause| (cause.kind(), cause.to_string()));
            self.expect(said.is_some_and(|(_, text)| !text.is_empty()), || {
                "a failure of this device has no cause".into()
            });
        }
        if self.scene.plan.planted != Some(Planted::Forgetful) {
            self.last = Some(notice.clone());
        }
        self.look = (notice.signal == Signal::InProgress).then(|| Instant::now() + LOOK);
    }

    /// Returns the state that a client gets that subscribes when no signal is on its way.
    pub(crate) fn subscribes(&self, current: Option<Notice>) {
        self.expect(current == self.last, || format!("signalled {:?}, and a late client gets {current:?}", self.last));
    }

    /// Looks at the transfer.
    pub(crate) fn reads_progress(&mut self, progress: &Progress) {
        let (done, total) = (progress.done(), progress.total());
        let (before, all) = std::mem::replace(&mut self.seen, (done, total));
        let forward = done >= before && done <= total && (all == 0 || all == total);
        self.expect(forward, || format!("{done} of {total} bytes after {before} of {all}"));
        self.look = self.look.map(|_| Instant::now() + LOOK);
        if let Some(Notice { signal: Signal::Done(outcome), .. }) = self.last
            && outcome.is_success()
        {
            let text = self.scene.plan.text;
            self.expect((done, total) == (text, text), || format!("{done} of {total} bytes of {text} at the end"));
        }
    }

    /// When it looks again; none while nothing is transferred.
    pub(crate) fn next_look(&self) -> Option<(Instant, ())> {
        self.look.map(|at| (at, ()))
    }
}
