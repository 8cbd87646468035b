//! The common part of both sides, the faults and the networks: the record of a session, and the trigger of its fault.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handfast::{
    archive::MemoryFs,
    outcome::Side,
    reducer::Refused,
    shell::{ImportReport, Recorder, folder::Installed},
    trace::Step,
};
use handfast_model::without::Without;
use tokio::sync::{Notify, oneshot};

use super::{
    fixture::{Exported, FIXTURE},
    plan::{DiskFault, Plan, What},
    wires::Wires,
};

/// A session that is being carried out.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    /// The rules that the sides keep.
    pub(crate) without: Option<Without>,
    /// The importer's disk.
    pub(crate) fs: MemoryFs,
    /// The exported account.
    pub(crate) archive: Exported,
    /// Accounts that are on the disk already.
    pub(crate) accounts: usize,
    /// How the world carries out a fault that begins. Called within the world, between a step and its effects.
    begin: fn(What),
    cancels: [Notify; 2],
    record: Mutex<Record>,
}

/// The result so far.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) steps: Vec<Step>,
    /// The sides of which nothing is left.
    pub(crate) ended: [bool; 2],
    /// The faults that have begun.
    pub(crate) fired: Vec<bool>,
    /// The faults of streams that were met.
    pub(crate) hit: Vec<bool>,
    /// The faults of the connections.
    pub(crate) wires: Wires,
    /// Connections, and listeners, that each side has open.
    pub(crate) open: [usize; 2],
    /// Tasks, and what is open, that a side had at its end, and not at its beginning.
    pub(crate) leaks: Vec<String>,
    /// A wrong state that a client got, or saw.
    pub(crate) false_reports: Vec<String>,
    /// The digits that the screen of each side shows.
    pub(crate) strings: [Option<String>; 2],
    /// An answer that was due to an enemy, and did not come.
    pub(crate) unanswered: Vec<String>,
    /// An enemy was there.
    pub(crate) met: bool,
    /// The importer's machine crashed at an operation of its disk, and that was carried out.
    pub(crate) died: bool,
    buried: bool,
    /// Packets that were lost.
    pub(crate) lost: u64,
    /// The answer to each side's cancel.
    pub(crate) canceled: [Option<Result<(), Refused>>; 2],
    pub(crate) report: Option<ImportReport<Installed>>,
    /// Operations of the importer's disk before the session.
    pub(crate) operations: u64,
    token: Option<oneshot::Sender<String>>,
    shown: Option<oneshot::Receiver<String>>,
}

impl Scene {
    pub(crate) fn new(plan: &Plan, without: Option<Without>, begin: fn(What), fs: MemoryFs, accounts: usize) -> Self {
        let (token, shown) = oneshot::channel();
        let (fired, hit) = (vec![false; plan.faults.len()], vec![false; plan.streams.len()]);
        let record = Record { token: Some(token), shown: Some(shown), fired, hit, ..Record::default() };
        Self {
            plan: plan.clone(),
            without,
            fs,
            accounts,
            archive: FIXTURE.archive(plan),
            begin,
            cancels: Default::default(),
            record: Mutex::new(record),
        }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes every step of a side, and begins the fault after the one that it is for.
    pub(crate) fn recorder(self: &Arc<Self>) -> Recorder {
        let scene = self.clone();
        Box::new(move |step| scene.note(step))
    }

    fn note(&self, step: &Step) {
        self.record().steps.push(step.clone());
        for (number, fault) in self.plan.faults.iter().enumerate().filter(|(_, fault)| fault.at.is(step)) {
            let side = fault.at.side();
            let mut record = self.record();
            if std::mem::replace(&mut record.fired[number], true) {
                continue;
            }
            match fault.what {
                What::ShutWrite => record.wires.shut_write(side),
                What::ShutRead => record.wires.shut_read(side),
                _ => {}
            }
            drop(record);
            match fault.what {
                What::Cancel => self.cancels[side as usize].notify_one(),
                What::Crash(_) if side == Side::Import => self.fs.crash(),
                _ => {}
            }
            (self.begin)(fault.what);
        }
    }

    /// Begins the crash of the importer's machine at an operation of its disk, after which it says nothing any more.
    pub(crate) fn die_at_its_disk(&self) {
        let mut record = self.record();
        if !std::mem::replace(&mut record.died, true) {
            drop(record);
            (self.begin)(What::Crash(0));
        }
    }

    /// Whether that has just begun.
    pub(crate) fn died_at_its_disk(&self) -> bool {
        let mut record = self.record();
        record.died && !std::mem::replace(&mut record.buried, true)
    }

    /// Waits until this side's user is to cancel.
    pub(crate) async fn canceled(&self, side: Side) {
        self.cancels[side as usize].notified().await;
    }

    /// Where the importing user shows the token; a dropped sender shows none.
    pub(crate) fn token(&self) -> Option<oneshot::Sender<String>> {
        self.record().token.take()
    }

    /// Where the exporting user sees it.
    pub(crate) fn shown(&self) -> Option<oneshot::Receiver<String>> {
        self.record().shown.take()
    }

    /// Makes the importer's disk as bad as planned.
    pub(crate) fn damage_disk(&self) {
        let operations = self.fs.operations();
        self.record().operations = operations;
        match self.plan.disk {
            Some(DiskFault::Fails(after)) => self.fs.fail_after(after),
            Some(DiskFault::Crashes(after)) => self.fs.crash_after(after),
            Some(DiskFault::Full(bytes)) => self.fs.set_capacity(Some(self.fs.used() + bytes)),
            Some(DiskFault::Short(bytes)) => self.fs.set_most(Some(bytes)),
            Some(DiskFault::Unreadable(_)) | None => {}
        }
    }
}
