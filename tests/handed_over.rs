//! The importer's result may arrive before the exporter's reader has said that the archive is at its end: it waits until then (R-EXT-2).

mod support;

use handfast::{
    archive::{MemoryFs, Store},
    operations::OpId,
    outcome::{LinkState, Outcome},
    shell::{ExportOptions, ImportOptions, rendezvous::Peer},
};
use support::{Account, Exporter, Gate, GatedSource, Importer, account, export_with, import, in_time, store};

/// Two devices, of which the old one reads one piece of its archive, and further ones when the gate is lifted.
async fn gated(account: &Account, store: &Store<MemoryFs>) -> (Importer, Exporter, OpId, Gate) {
    let mut importer = import(store, ImportOptions::default());
    let token = importer.token().await;
    let reading = Gate::after(1);
    let source = GatedSource { source: account.inline(), opening: Gate::open(), reading: reading.clone() };
    let dial = Peer(importer.handle.listening().unwrap());
    let mut exporter = export_with(dial, source, account.device.clone(), ExportOptions::default());
    let op = exporter.begin(&token).await;
    (importer, exporter, op, reading)
}

#[tokio::test]
async fn a_result_before_the_end_of_the_archive_is_known_waits_for_it() {
    in_time(async {
        let (account, store) = (account("", 20_000), store());
        // All of the archive is one piece; the end is not known yet.
        let (mut importer, mut exporter, op, reading) = gated(&account, &store).await;
        importer.expect(LinkState::Connecting).await;
        exporter.handle.confirm_add_device(op).await.unwrap();
        importer.answer_one("").await;

        assert_eq!(importer.outcome().await, Outcome::SUCCESS);
        reading.lift();
        assert_eq!(exporter.outcome().await, Outcome::SUCCESS);
        importer.report().await;
        exporter.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_progress_of_an_export_is_that_of_its_archive() {
    in_time(async {
        let (account, store) = (account("", 200_000), store());
        let (mut importer, mut exporter, op, reading) = gated(&account, &store).await;
        let progress = exporter.handle.progress(op).await.unwrap();
        assert_eq!((progress.done(), progress.total()), (0, 0));
        importer.expect(LinkState::Connecting).await;
        exporter.handle.confirm_add_device(op).await.unwrap();
        importer.answer_one("").await;

        importer.expect(LinkState::InProgress).await;
        let length = account.text.len() as u64;
        assert_eq!((progress.total(), progress.done() < length), (length, true));
        assert!(exporter.handle.progress(OpId(op.0 + 1)).await.is_none());
        reading.lift();
        assert_eq!(exporter.outcome().await, Outcome::SUCCESS);
        assert_eq!(importer.outcome().await, Outcome::SUCCESS);
        assert_eq!((progress.done(), progress.total()), (length, length));
        importer.report().await;
        exporter.close().await;
    })
    .await;
}
