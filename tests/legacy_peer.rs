//! Peers that name no feature, as today's Jami daemon: message by message.

mod support;

use std::sync::Arc;

use LinkState::{Authenticating, InProgress};
use handfast::{
    message::{Features, ImportResult, Message, Verdict, Word},
    outcome::{LinkState, Outcome, Scheme},
    secret::Secret,
    shell::{
        ExportOptions,
        identity::{Reach, throw_away},
        rendezvous::Listener,
    },
    token::{Code, DeviceId, Token},
};
use support::{Line, NOW, Said, account, export_with, exported, imported, importer, in_time, text};

fn scheme(scheme: Scheme) -> Message<Secret> {
    Message::AuthScheme(scheme, Features::NONE)
}

#[tokio::test(start_paused = true)]
async fn a_legacy_exporter_links_us_and_receives_no_result() {
    in_time(async {
        let (account, store, mut importer, mut legacy) = imported("sesame").await;
        legacy.send(scheme(Scheme::Password)).await;
        for (typed, verdict) in [("simsim", Some(Verdict::Wrong)), ("sesame", None)] {
            importer.answer_one(typed).await;
            assert_eq!(legacy.received().await, Said::Message(Message::Password(Secret::from(typed))));
            if let Some(verdict) = verdict {
                legacy.send(Message::Verdict(verdict)).await;
            }
        }
        legacy.archive(&account.text).await;
        legacy.end().await;
        importer.expect(InProgress).await;
        assert_eq!(importer.outcome().await, Outcome::SUCCESS);
        assert_eq!(legacy.received().await, Said::Lost);
        let installed = importer.report().await.installed.unwrap();
        assert_eq!(text(&store, &installed, "sesame"), account.text);
    })
    .await;
}

/// W-14: its verdict on a message that was no password makes us ask again; then the archive comes.
#[tokio::test(start_paused = true)]
async fn a_stray_verdict_of_a_legacy_exporter_costs_a_prompt_only() {
    in_time(async {
        let (account, _, mut importer, mut legacy) = imported("sesame").await;
        legacy.send(scheme(Scheme::Password)).await;
        importer.answer_one("sesame").await;
        legacy.send(Message::Verdict(Verdict::Wrong)).await;
        legacy.archive(&account.text).await;
        legacy.end().await;
        importer.expect(Authenticating).await;
        importer.expect(InProgress).await;
        assert_eq!(importer.outcome().await, Outcome::SUCCESS);
        importer.report().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_legacy_exporter_receives_a_cancel_as_the_end() {
    in_time(async {
        let (_, _, mut importer, mut legacy) = imported("").await;
        legacy.send(scheme(Scheme::None)).await;
        importer.expect(Authenticating).await;
        importer.handle.remove_account().await.unwrap();
        assert_eq!(legacy.received().await, Said::End);
        assert_eq!(importer.outcome().await, Outcome::CANCELED);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_an_exporter_says_last_is_the_outcome() {
    let ends = [
        (Some(Message::State(Word::Canceled)), Outcome::CANCELED),
        (Some(Message::State(Word::Timeout)), Outcome::Timeout),
        (Some(Message::Verdict(Verdict::Final)), Outcome::Authentication),
        (Some(Message::Password("".into())), Outcome::Protocol),
        (None, Outcome::Network),
    ];
    for (last, outcome) in ends {
        in_time(async {
            let (_, store, mut importer, mut legacy) = imported("").await;
            legacy.send(scheme(Scheme::None)).await;
            importer.expect(Authenticating).await;
            match last {
                Some(message) => legacy.send(message).await,
                None => legacy.end().await,
            }
            assert_eq!(importer.outcome().await, outcome);
            // The exporter may stay on the line: it is closed after a while.
            importer.report().await;
            assert!(store.list().unwrap().is_empty());
        })
        .await;
    }
}

/// R-IMP-10: no archive without consent, and none that is another account's.
#[tokio::test(start_paused = true)]
async fn archives_that_no_one_asked_for_are_refused() {
    in_time(async {
        let (account, store, mut importer, mut legacy) = imported("").await;
        legacy.send(scheme(Scheme::None)).await;
        importer.expect(Authenticating).await;
        legacy.archive(&account.text).await;
        assert_eq!(importer.outcome().await, Outcome::Protocol);
        importer.report().await;
        assert!(store.list().unwrap().is_empty());

        let (_, store, mut importer, mut legacy) = imported("").await;
        legacy.send(scheme(Scheme::None)).await;
        importer.answer_one("").await;
        legacy.archive(&support::account("", 5_000).text).await;
        assert_eq!(importer.outcome().await, Outcome::Protocol, "another account than the one that was shown");
        importer.report().await;
        assert!(store.list().unwrap().is_empty());
    })
    .await;
}

/// R-MSG-3, and broken frames in a session.
#[tokio::test(start_paused = true)]
async fn bytes_that_mean_nothing_end_the_session() {
    for raw in [false, true] {
        in_time(async {
            let (_, _, mut importer, mut legacy) = imported("").await;
            match raw {
                true => legacy.raw(&[0xc1; 100]).await,
                false => legacy.data(&[0xc1; 100]).await,
            }
            assert_eq!(importer.outcome().await, Outcome::Protocol);
            importer.report().await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_legacy_importer_is_linked_and_says_nothing() {
    in_time(async {
        let (account, mut exporter, op, mut legacy) = exported("sesame", 5_000).await;
        legacy.send(Message::Hello(Features::NONE)).await;
        assert_eq!(legacy.received().await, Said::Message(Message::AuthScheme(Scheme::Password, Features::ALL)));
        legacy.send(Message::Password("simsim".into())).await;
        exporter.handle.confirm_add_device(op).await.unwrap();
        assert_eq!(legacy.received().await, Said::Message(Message::Verdict(Verdict::Wrong)));
        legacy.send(Message::Password("sesame".into())).await;
        assert_eq!(legacy.received().await, Said::Archive(account.text));
        legacy.end().await;
        exporter.expect(InProgress).await;
        assert_eq!(exporter.outcome().await, Outcome::Success { confirmed: false });
        exporter.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_third_wrong_password_of_a_legacy_importer_ends_it() {
    in_time(async {
        let (_, mut exporter, op, mut legacy) = exported("sesame", 5_000).await;
        legacy.send(Message::Hello(Features::NONE)).await;
        legacy.received().await;
        exporter.handle.confirm_add_device(op).await.unwrap();
        for verdict in [Verdict::Wrong, Verdict::Wrong, Verdict::Final] {
            legacy.send(Message::Password("simsim".into())).await;
            assert_eq!(legacy.received().await, Said::Message(Message::Verdict(verdict)));
        }
        assert_eq!(legacy.received().await, Said::End);
        assert_eq!(exporter.outcome().await, Outcome::Authentication);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_an_importer_says_last_is_the_outcome() {
    let ends = [
        (Some(Message::State(Word::Timeout)), Outcome::Timeout),
        (Some(Message::State(Word::Canceled)), Outcome::CANCELED),
        (Some(Message::ImportResult(ImportResult::Stored)), Outcome::Protocol),
        (Some(Message::Verdict(Verdict::Wrong)), Outcome::Protocol),
        (None, Outcome::Network),
    ];
    for (last, outcome) in ends {
        in_time(async {
            let (_, mut exporter, _, mut legacy) = exported("", 5_000).await;
            legacy.send(Message::Hello(Features::NONE)).await;
            match last {
                Some(message) => legacy.send(message).await,
                None => legacy.end().await,
            }
            assert_eq!(exporter.outcome().await, outcome);
            // The importer may stay on the line: it is closed after a while.
            exporter.close().await;
        })
        .await;
    }
}

/// An importer that sends an archive, or nothing that can be read.
#[tokio::test(start_paused = true)]
async fn an_importer_that_breaks_the_rules_ends_the_session() {
    for kind in 0..3 {
        in_time(async {
            let (account, mut exporter, _, mut legacy) = exported("", 5_000).await;
            match kind {
                0 => legacy.archive(&account.text).await,
                1 => legacy.data(&[0xc1]).await,
                _ => legacy.raw(&[0xc1]).await,
            }
            assert_eq!(exporter.outcome().await, Outcome::Protocol);
            exporter.close().await;
        })
        .await;
    }
}

/// R-CANCEL-1: who cancels while the request is out answers a late ACCEPT.
#[tokio::test(start_paused = true)]
async fn a_late_accept_is_answered() {
    in_time(async {
        let account = account("", 5_000);
        let (mut line, phone) = Line::new();
        let identity = throw_away(Reach::Direct, NOW).unwrap();
        let device = DeviceId::Short(identity.certificate().short_id().0);
        let token = Token { device, code: Code::parse(b"123456").unwrap() };
        let identity = Arc::new(identity);
        let mut exporter = export_with(phone, account.inline(), account.device.clone(), ExportOptions::default());
        let op = exporter.handle.add_device(&token.text().to_string()).await.unwrap();
        let (stream, _) = line.accept().await.unwrap();
        let mut legacy = importer(stream, &identity).await;
        loop {
            if let Said::Control(handfast::mux::Control::Request(request)) = legacy.next().await {
                exporter.handle.cancel_add_device(op).await.unwrap();
                assert_eq!(exporter.outcome().await, Outcome::CANCELED);
                let state = handfast::mux::RequestState::Accept;
                legacy
                    .control(handfast::mux::Control::Request(handfast::mux::ChannelRequest { state, ..request }))
                    .await;
                break;
            }
        }
        assert_eq!(legacy.received().await, Said::Message(Message::State(Word::Canceled)));
        assert_eq!(legacy.received().await, Said::End);
        drop(legacy);
        exporter.close().await;
    })
    .await;
}
