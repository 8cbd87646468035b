//! What both sides, the faults and the world share: the record of a session, and the trigger of its fault.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handfast::{
    archive::MemoryFs,
    outcome::Side,
    reducer::Refused,
    shell::{ImportReport, Recorder, folder::Installed},
    trace::Step,
};
use tokio::sync::{Notify, oneshot};

use crate::{
    fixture::{Exported, FIXTURE},
    plan::{DiskFault, Plan, What},
};

/// A session that is being carried out.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    /// The importer's disk.
    pub(crate) fs: MemoryFs,
    /// What is exported.
    pub(crate) archive: Exported,
    /// How the world carries out a fault that begins. Called within the world, between a step and its effects.
    begin: fn(What),
    cancels: [Notify; 2],
    board: Mutex<Board>,
}

/// What came of it so far.
#[derive(Default)]
pub(crate) struct Board {
    pub(crate) steps: Vec<Step>,
    /// The sides of which nothing is left.
    pub(crate) ended: [bool; 2],
    /// The fault has begun.
    pub(crate) fired: bool,
    /// Packets that were lost.
    pub(crate) lost: u64,
    /// What was answered to each side's cancel.
    pub(crate) canceled: [Option<Result<(), Refused>>; 2],
    pub(crate) report: Option<ImportReport<Installed>>,
    /// Operations of the importer's disk before the session.
    pub(crate) operations: u64,
    token: Option<oneshot::Sender<String>>,
    shown: Option<oneshot::Receiver<String>>,
}

impl Scene {
    pub(crate) fn new(plan: &Plan, begin: fn(What)) -> Self {
        let (token, shown) = oneshot::channel();
        let board = Board { token: Some(token), shown: Some(shown), ..Board::default() };
        Self {
            plan: plan.clone(),
            fs: MemoryFs::new(),
            archive: FIXTURE.archive(plan.protected, plan.text),
            begin,
            cancels: Default::default(),
            board: Mutex::new(board),
        }
    }

    pub(crate) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes every step of a side, and begins the fault behind the one that it is for.
    pub(crate) fn recorder(self: &Arc<Self>) -> Recorder {
        let scene = self.clone();
        Box::new(move |step| scene.record(step))
    }

    fn record(&self, step: &Step) {
        let mut board = self.board();
        board.steps.push(step.clone());
        let Some(fault) = self.plan.fault.filter(|fault| !board.fired && fault.at.is(step)) else { return };
        board.fired = true;
        drop(board);
        match fault.what {
            What::Cancel => self.cancels[fault.at.side() as usize].notify_one(),
            What::Crash(_) if fault.at.side() == Side::Import => self.fs.crash(),
            _ => {}
        }
        (self.begin)(fault.what);
    }

    /// Waits until this side's user is to cancel.
    pub(crate) async fn canceled(&self, side: Side) {
        self.cancels[side as usize].notified().await;
    }

    /// Where the importing user shows the token; whoever drops it shows none.
    pub(crate) fn token(&self) -> Option<oneshot::Sender<String>> {
        self.board().token.take()
    }

    /// Where the exporting user sees it.
    pub(crate) fn shown(&self) -> Option<oneshot::Receiver<String>> {
        self.board().shown.take()
    }

    /// Makes the importer's disk as bad as planned.
    pub(crate) fn damage_disk(&self) {
        let operations = self.fs.operations();
        self.board().operations = operations;
        match self.plan.disk {
            Some(DiskFault::Fails(after)) => self.fs.fail_after(after),
            Some(DiskFault::Full(bytes)) => self.fs.set_capacity(Some(bytes)),
            Some(DiskFault::Unreadable(_)) | None => {}
        }
    }
}
