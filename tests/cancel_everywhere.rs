//! Each side cancels in each state: both end, as R-CANCEL-1 and R-PAIR-1 say, and nothing that was staged is left.

mod support;

use LinkState::{Authenticating, Connecting, InProgress};
use handfast::{
    archive::{Fs, MemoryFs, Store},
    outcome::{LinkState, Outcome},
    reducer::Refused,
    shell::{ExportOptions, ImportOptions},
};
use support::{
    Account, Dead, Exporter, Fails, Gate, GatedSource, GatedStore, Importer, Line, Phone, account, export_with,
    import_with, in_time, inline,
};

const CANCELED: Outcome = Outcome::CANCELED;
const SENT: Outcome = Outcome::Canceled { sent: true };

/// Where a link can be held.
struct Gates {
    opening: Gate,
    reading: Gate,
    checking: Gate,
    installing: Gate,
    fails: Fails,
}

impl Default for Gates {
    /// Nowhere.
    fn default() -> Self {
        let [opening, reading, checking, installing] = [(); 4].map(|()| Gate::open());
        Self { opening, reading, checking, installing, fails: Fails::Nothing }
    }
}

/// A link that is held there.
struct Held {
    account: Account,
    fs: MemoryFs,
    store: Store<MemoryFs>,
    importer: Importer,
    phone: Phone,
    token: String,
    gates: Gates,
}

impl Held {
    async fn new(gates: Gates) -> Self {
        let fs = MemoryFs::default();
        let store = Store::open_in(fs.clone(), "/accounts").unwrap();
        let (line, phone) = Line::new();
        let place = GatedStore {
            checking: gates.checking.clone(),
            installing: gates.installing.clone(),
            fails: gates.fails,
            ..GatedStore::new(inline(&store))
        };
        let mut importer = import_with(line, place, ImportOptions::default());
        let token = importer.token().await;
        Self { account: account("", 400_000), fs, store, importer, phone, token, gates }
    }

    fn exporter(&self) -> Exporter {
        let source = GatedSource {
            source: self.account.inline(),
            opening: self.gates.opening.clone(),
            reading: self.gates.reading.clone(),
        };
        export_with(self.phone.clone(), source, self.account.device.clone(), ExportOptions::default())
    }

    /// Both users are asked.
    async fn asked(&mut self) -> (Exporter, handfast::operations::OpId) {
        let mut exporter = self.exporter();
        let op = exporter.begin(&self.token).await;
        self.importer.expect(Connecting).await;
        (exporter, op)
    }

    /// Both users have said yes.
    async fn agreed(&mut self) -> (Exporter, handfast::operations::OpId) {
        let (exporter, op) = self.asked().await;
        exporter.handle.confirm_add_device(op).await.unwrap();
        self.importer.answer_one("").await;
        (exporter, op)
    }

    /// Both ends end like this, and nothing is left but what is installed.
    async fn end(mut self, mut exporter: Exporter, imported: Outcome, exported: Outcome) {
        assert_eq!(self.importer.outcome().await, imported);
        assert_eq!(exporter.outcome().await, exported);
        let report = self.importer.report().await;
        assert_eq!(report.outcome, imported);
        exporter.close().await;
        assert_eq!(self.store.list().unwrap().len(), usize::from(report.installed.is_some()));
        assert!(!is_staging(&self.fs), "what was staged is wiped");
    }
}

/// Whether something is in the store besides accounts.
fn is_staging(fs: &MemoryFs) -> bool {
    let names = fs.list("/accounts".as_ref()).unwrap();
    names.iter().any(|name| name.to_string_lossy().starts_with(".staging"))
}

#[tokio::test(start_paused = true)]
async fn the_importer_before_anybody_called() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        held.importer.handle.remove_account().await.unwrap();
        assert_eq!(held.importer.outcome().await, CANCELED);
        // The token is dead: no one is there.
        let mut exporter = held.exporter();
        exporter.handle.add_device(&held.token).await.unwrap();
        assert_eq!(exporter.outcome().await, Outcome::Network);
        exporter.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_importer_while_a_connection_is_made() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        let silent = held.phone.call().await.unwrap();
        held.importer.expect(Connecting).await;
        held.importer.handle.remove_account().await.unwrap();
        assert_eq!(held.importer.outcome().await, CANCELED);
        held.importer.report().await;
        drop(silent);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_importer_when_it_is_asked() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        let (exporter, _) = held.asked().await;
        held.importer.expect(Authenticating).await;
        held.importer.handle.remove_account().await.unwrap();
        held.importer.handle.remove_account().await.unwrap();
        held.end(exporter, CANCELED, CANCELED).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_importer_when_it_has_answered() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        let (exporter, _) = held.asked().await;
        held.importer.answer_one("").await;
        held.importer.handle.remove_account().await.unwrap();
        held.end(exporter, CANCELED, CANCELED).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_importer_while_the_archive_is_opened() {
    in_time(async {
        let mut held = Held::new(Gates { opening: Gate::after(0), ..Gates::default() }).await;
        let (exporter, _) = held.agreed().await;
        held.importer.handle.remove_account().await.unwrap();
        held.gates.opening.lift();
        held.end(exporter, CANCELED, CANCELED).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_importer_in_the_middle_of_the_archive() {
    in_time(async {
        let mut held = Held::new(Gates { reading: Gate::after(1), ..Gates::default() }).await;
        let (exporter, _) = held.agreed().await;
        held.importer.expect(InProgress).await;
        held.importer.handle.remove_account().await.unwrap();
        held.end(exporter, CANCELED, SENT).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_importer_while_the_archive_is_checked() {
    in_time(async {
        let mut held = Held::new(Gates { checking: Gate::after(0), ..Gates::default() }).await;
        let (mut exporter, _) = held.agreed().await;
        held.importer.expect(InProgress).await;
        exporter.expect(InProgress).await;
        until_handed_over(&held).await;
        held.importer.handle.remove_account().await.unwrap();
        held.gates.checking.lift();
        held.end(exporter, CANCELED, SENT).await;
    })
    .await;
}

/// R-IMP-13: what comes during the install is remembered.
#[tokio::test(start_paused = true)]
async fn the_importer_while_the_account_is_installed() {
    in_time(async {
        let mut held = Held::new(Gates { installing: Gate::after(0), ..Gates::default() }).await;
        let (mut exporter, _) = held.agreed().await;
        exporter.expect(InProgress).await;
        until_handed_over(&held).await;
        held.importer.handle.remove_account().await.unwrap();
        held.gates.installing.lift();
        held.end(exporter, Outcome::SUCCESS, Outcome::SUCCESS).await;
    })
    .await;
}

/// The whole archive is with the importer, and nothing more happens by itself.
async fn until_handed_over(held: &Held) {
    let progress = held.importer.handle.progress();
    while progress.total() == 0 || progress.done() < progress.total() {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_exporter_while_it_looks_for_the_device() {
    in_time(async {
        let held = Held::new(Gates::default()).await;
        let mut exporter = export_with(Dead, held.account.inline(), held.account.device.clone(), Default::default());
        let op = exporter.handle.add_device(&held.token).await.unwrap();
        exporter.expect(Connecting).await;
        assert_eq!(exporter.handle.confirm_add_device(op).await, Err(Refused::NotAsked));
        exporter.handle.cancel_add_device(op).await.unwrap();
        assert_eq!(exporter.outcome().await, CANCELED);
        assert!(exporter.handle.cancel_add_device(op).await.is_err());
        exporter.close().await;
        held.importer.handle.remove_account().await.unwrap();
        held.importer.report().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_exporter_when_it_is_asked() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        let (exporter, op) = held.asked().await;
        exporter.handle.cancel_add_device(op).await.unwrap();
        assert_eq!(exporter.handle.cancel_add_device(op).await, Err(Refused::Ended));
        held.end(exporter, CANCELED, CANCELED).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_exporter_when_it_has_confirmed() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        let (exporter, op) = held.asked().await;
        exporter.handle.confirm_add_device(op).await.unwrap();
        assert_eq!(exporter.handle.confirm_add_device(op).await, Err(Refused::Confirmed));
        held.importer.expect(Authenticating).await;
        exporter.handle.cancel_add_device(op).await.unwrap();
        held.end(exporter, CANCELED, CANCELED).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_exporter_while_the_archive_is_opened() {
    in_time(async {
        let mut held = Held::new(Gates { opening: Gate::after(0), ..Gates::default() }).await;
        let (exporter, op) = held.agreed().await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        exporter.handle.cancel_add_device(op).await.unwrap();
        held.gates.opening.lift();
        held.end(exporter, CANCELED, CANCELED).await;
    })
    .await;
}

/// R-API-6: from the first byte on it is too late, and the link goes on.
#[tokio::test(start_paused = true)]
async fn the_exporter_in_the_middle_of_the_archive() {
    in_time(async {
        let mut held = Held::new(Gates { reading: Gate::after(1), ..Gates::default() }).await;
        let (mut exporter, op) = held.agreed().await;
        exporter.expect(InProgress).await;
        assert_eq!(exporter.handle.cancel_add_device(op).await, Err(Refused::TooLate));
        held.gates.reading.lift();
        held.end(exporter, Outcome::SUCCESS, Outcome::SUCCESS).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_exporter_is_a_lost_link() {
    in_time(async {
        let mut held = Held::new(Gates { reading: Gate::after(1), ..Gates::default() }).await;
        let (mut exporter, _) = held.agreed().await;
        exporter.expect(InProgress).await;
        held.importer.expect(InProgress).await;
        exporter.done.abort();
        assert_eq!(held.importer.outcome().await, Outcome::Network);
        assert_eq!(held.importer.report().await.installed, None);
        assert!(held.store.list().unwrap().is_empty() && !is_staging(&held.fs));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_importer_is_a_lost_link_and_leaves_nothing() {
    in_time(async {
        let mut held = Held::new(Gates { reading: Gate::after(1), ..Gates::default() }).await;
        let (mut exporter, _) = held.agreed().await;
        held.importer.expect(InProgress).await;
        held.importer.report.abort();
        assert_eq!(exporter.outcome().await, Outcome::Network);
        exporter.close().await;
        assert!(held.store.list().unwrap().is_empty() && !is_staging(&held.fs));
        assert_eq!(held.importer.handle.remove_account().await, Err(Refused::Unknown));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn storage_that_fails_is_said() {
    for fails in [Fails::Beginning, Fails::Writing, Fails::Installing] {
        in_time(async {
            let mut held = Held::new(Gates { fails, ..Gates::default() }).await;
            let (exporter, _) = held.agreed().await;
            let exported = if fails == Fails::Installing { Outcome::Peer } else { Outcome::Network };
            held.end(exporter, Outcome::Storage, exported).await;
        })
        .await;
    }
}

/// R-TIME-4, R-TIME-5: a transfer that stands still ends on both sides.
#[tokio::test(start_paused = true)]
async fn a_transfer_that_stands_still_times_out() {
    in_time(async {
        let mut held = Held::new(Gates { reading: Gate::after(1), ..Gates::default() }).await;
        let (exporter, _) = held.agreed().await;
        held.importer.expect(InProgress).await;
        let began = tokio::time::Instant::now();
        // Both timers are due: the importer's is said, the exporter in the middle of a message cannot say its own.
        held.end(exporter, Outcome::Timeout, Outcome::Timeout).await;
        assert!((30..60).contains(&began.elapsed().as_secs()));
    })
    .await;
}

/// R-TIME-1 to R-TIME-3: every operation ends.
#[tokio::test(start_paused = true)]
async fn every_wait_ends() {
    in_time(async {
        let mut held = Held::new(Gates::default()).await;
        assert_eq!(held.importer.outcome().await, Outcome::Timeout, "no one called for five minutes");
        let mut exporter = export_with(Dead, held.account.inline(), held.account.device.clone(), Default::default());
        exporter.handle.add_device(&held.token).await.unwrap();
        assert_eq!(exporter.outcome().await, Outcome::Timeout, "no one was found for a minute");
        exporter.close().await;

        let mut held = Held::new(Gates::default()).await;
        let (exporter, _) = held.asked().await;
        // No user acted for five minutes.
        held.end(exporter, Outcome::Timeout, Outcome::Timeout).await;
    })
    .await;
}
