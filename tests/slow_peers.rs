//! Peers that do not read, or send more than they receive: nothing waits for them longer than a timer (R-TIME-4, R-CANCEL-1).

mod support;

use LinkState::InProgress;
use handfast::{
    message::{Features, Message, Word},
    mux::Control,
    operations::OpId,
    outcome::{LinkState, Outcome, Scheme},
};
use support::{Exporter, Said, Script, exported, imported, in_time};
use tokio::time::{Duration, Instant};

/// An exporter that sends an archive to an importer that does not read it.
async fn stuck() -> (Exporter, OpId, Script) {
    let (_, mut exporter, op, mut legacy) = exported("", 3_000_000).await;
    legacy.send(Message::Hello(Features::ALL)).await;
    legacy.received().await;
    legacy.send(Message::Password("".into())).await;
    exporter.handle.confirm_add_device(op).await.unwrap();
    exporter.expect(InProgress).await;
    (exporter, op, legacy)
}

#[tokio::test(start_paused = true)]
async fn an_importer_that_does_not_read_times_out_and_is_closed() {
    in_time(async {
        let (mut exporter, _, _legacy) = stuck().await;
        let began = Instant::now();
        assert_eq!(exporter.outcome().await, Outcome::Timeout);
        assert_eq!(began.elapsed().as_secs(), 30);
        exporter.close().await;
        assert!(began.elapsed() < Duration::from_secs(30 + 5 + 2), "with all that is queued");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_importer_that_does_not_read_is_served() {
    in_time(async {
        let (mut exporter, _, mut legacy) = stuck().await;
        legacy.send(Message::State(Word::Canceled)).await;
        assert_eq!(exporter.outcome().await, Outcome::Canceled { sent: true });
        // The frame that had begun is whole, and then the channel is ended.
        assert_eq!(legacy.received().await, Said::End);
        exporter.close().await;
    })
    .await;
}

/// Requests on a connection whose answers no one reads do not last long.
#[tokio::test(start_paused = true)]
async fn an_exporter_that_only_asks_is_not_listened_to() {
    in_time(async {
        let (_, _, mut importer, mut legacy) = imported("").await;
        legacy.send(Message::AuthScheme(Scheme::None, Features::ALL)).await;
        importer.expect(LinkState::Authenticating).await;
        let asking = async {
            let beacons = Control::Beacon(true).to_frame().repeat(1000);
            for count in 0.. {
                if tokio::time::timeout(Duration::from_secs(1), legacy.raw(&beacons)).await.is_err() {
                    return count;
                }
            }
            unreachable!()
        };
        let asked = asking.await;
        assert!(asked < 100, "{asked} times a thousand");
        importer.handle.remove_account().await.unwrap();
        assert_eq!(importer.outcome().await, Outcome::CANCELED);
        importer.report().await;
    })
    .await;
}

/// A peer that never stops sending does not delay the users.
#[tokio::test(start_paused = true)]
async fn a_chatterer_does_not_drown_the_user() {
    in_time(async {
        let (_, mut exporter, op, mut legacy) = exported("", 5_000).await;
        let chatter = async {
            loop {
                legacy.send(Message::Hello(Features::ALL)).await;
                legacy.send(Message::Unknown).await;
                tokio::task::yield_now().await;
            }
        };
        let user = async {
            exporter.handle.cancel_add_device(op).await.unwrap();
            assert_eq!(exporter.outcome().await, Outcome::CANCELED);
        };
        tokio::select! {
            () = user => {}
            () = chatter => unreachable!(),
        }
        // Time stands still while anybody talks.
        exporter.close().await;
    })
    .await;
}
