//! The importer's result may arrive before the exporter's reader has said that the archive is at its end: it waits until then (R-EXT-2).

mod support;

use handfast::{
    outcome::{LinkState, Outcome},
    shell::{ExportOptions, ImportOptions, rendezvous::Peer},
};
use support::{Gate, GatedSource, account, export_with, import, in_time, store};

#[tokio::test]
async fn a_result_before_the_end_of_the_archive_is_known_waits_for_it() {
    in_time(async {
        let (account, store) = (account("", 20_000), store());
        let mut importer = import(&store, ImportOptions::default());
        let token = importer.token().await;
        // All of the archive is one piece; the end is not known yet.
        let reading = Gate::after(1);
        let source = GatedSource { source: account.inline(), opening: Gate::open(), reading: reading.clone() };
        let dial = Peer(importer.handle.listening().unwrap());
        let mut exporter = export_with(dial, source, account.device.clone(), ExportOptions::default());
        let op = exporter.begin(&token).await;
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
