//! Who comes without being meant: nobody changes an operation but the one exporter that knows the code (R-IMP-2, R-IMP-3, R-TOK-5, R-MUX-1).

mod support;

use LinkState::{Authenticating, Connecting, InProgress};
use handfast::{
    archive::{MemoryFs, Store},
    limits::{MAX_CONNECTIONS, MAX_WRONG_CODES},
    mux::{Control, RequestState},
    outcome::{LinkState, Outcome},
    shell::{ExportOptions, ImportOptions},
};
use support::{
    Account, CHANNEL, Importer, Line, Phone, Said, account, export_with, exporter, import_with, in_time, inline, store,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An importer that shows its token.
async fn waiting() -> (Account, Store<MemoryFs>, Importer, Phone, String) {
    let store = store();
    let (line, phone) = Line::new();
    let mut importer = import_with(line, inline(&store), ImportOptions::default());
    let token = importer.token().await;
    (account("", 5_000), store, importer, phone, token)
}

/// The importer can still be linked, by the one who knows the token.
async fn can_be_linked(account: &Account, mut importer: Importer, phone: Phone, token: &str) {
    let mut exporter = export_with(phone, account.inline(), account.device.clone(), ExportOptions::default());
    let (states, (_, exported)) = tokio::join!(importer.answer(&[""]), exporter.link(token));
    assert_eq!(exported, Outcome::SUCCESS);
    assert!(states.ends_with(&[Authenticating, InProgress, LinkState::Done]), "{states:?}");
    assert_eq!(importer.report().await.outcome, Outcome::SUCCESS);
    exporter.close().await;
}

/// The code of a token, and another one.
fn codes(token: &str) -> (&str, String) {
    let code = &token[token.len() - 6..];
    (code, format!("{:06}", 100_000 + (code.parse::<u32>().unwrap() - 100_000 + 1) % 900_000))
}

#[tokio::test(start_paused = true)]
async fn garbage_ends_its_own_connection_only() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 300], &[0xff; 20_000]] {
            let mut stream = phone.call().await.unwrap();
            // It may be closed before all of it is written.
            let _ = stream.write_all(garbage).await;
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn garbage_in_place_of_frames_ends_its_own_connection_only() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        for garbage in [&[0xc1][..], &[0x92, 0x00, 0xc4, 0x01, 0xc0], b"hello"] {
            let mut stranger = exporter(phone.call().await.unwrap(), &account.device).await;
            stranger.raw(garbage).await;
            assert_eq!(stranger.heard().await, Said::Lost);
        }
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_after_three_wrong_codes() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        let (_, wrong) = codes(&token);
        let mut stranger = exporter(phone.call().await.unwrap(), &account.device).await;
        for name in [format!("auth:{wrong}"), "auth:".into(), "auth:12345".into()] {
            stranger.request(name.as_bytes(), CHANNEL).await;
            assert_eq!(stranger.answer().await, RequestState::Decline);
        }
        assert_eq!(stranger.heard().await, Said::Lost);
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_token_is_dead_after_sixteen_wrong_codes() {
    in_time(async {
        let (account, _, mut importer, phone, token) = waiting().await;
        let (_, wrong) = codes(&token);
        let mut stranger = exporter(phone.call().await.unwrap(), &account.device).await;
        for count in 0..MAX_WRONG_CODES {
            if count > 0 && count % 3 == 0 {
                stranger = exporter(phone.call().await.unwrap(), &account.device).await;
            }
            stranger.request(format!("auth:{wrong}").as_bytes(), CHANNEL).await;
            assert_eq!(stranger.answer().await, RequestState::Decline);
        }
        assert_eq!(stranger.heard().await, Said::Lost);
        assert_eq!(importer.outcome().await, Outcome::Authentication);
        importer.report().await;
        assert!(phone.call().await.is_err(), "nobody is there any more");
    })
    .await;
}

/// Real exporters ask for other channels too.
#[tokio::test(start_paused = true)]
async fn other_channels_are_declined_and_cost_nothing() {
    in_time(async {
        let (account, _, mut importer, phone, token) = waiting().await;
        let mut real = exporter(phone.call().await.unwrap(), &account.device).await;
        for number in 0..40 {
            real.request(b"svcdisc://query", CHANNEL + number).await;
            assert_eq!(real.answer().await, RequestState::Decline);
        }
        for number in [0, 0xffff] {
            real.request(b"msg:0123", number).await;
            assert_eq!(real.answer().await, RequestState::Decline);
        }
        real.open(&token).await;
        assert!(matches!(real.heard().await, Said::Message(handfast::message::Message::Hello(_))));
        real.request(b"msg:0123", CHANNEL + 1).await;
        assert_eq!(real.answer().await, RequestState::Decline);
        real.request(b"msg:0123", CHANNEL).await;
        assert_eq!(real.answer().await, RequestState::Decline, "the number is used");
        // Data of a channel that is not there.
        real.raw(&[0x92, 0x07, 0xc4, 0x02, 0xc1, 0xc1]).await;
        real.control(Control::Beacon(true)).await;
        assert_eq!(real.next().await, Said::Control(Control::Beacon(false)));
        importer.expect(Connecting).await;
        importer.handle.remove_account().await.unwrap();
        assert_eq!(importer.outcome().await, Outcome::CANCELED);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_exporter_is_turned_away_during_and_after_a_session() {
    in_time(async {
        let (account, _, mut importer, phone, token) = waiting().await;
        let mut early = exporter(phone.call().await.unwrap(), &account.device).await;
        importer.expect(Connecting).await;
        let mut first = export_with(phone.clone(), account.inline(), account.device.clone(), ExportOptions::default());
        let op = first.begin(&token).await;
        // It was let in before there was a session, and knows the code.
        early.request(format!("auth:{}", codes(&token).0).as_bytes(), CHANNEL).await;
        assert_eq!(early.answer().await, RequestState::Decline);
        // It comes when there is one.
        let mut late = export_with(phone.clone(), account.inline(), account.device.clone(), ExportOptions::default());
        late.handle.add_device(&token).await.unwrap();
        assert_eq!(late.outcome().await, Outcome::Network);
        first.handle.confirm_add_device(op).await.unwrap();
        importer.answer_one("").await;
        assert_eq!(first.outcome().await, Outcome::SUCCESS);
        assert_eq!(importer.outcome().await, Outcome::SUCCESS);
        assert_eq!(early.heard().await, Said::Lost);
        late.handle.add_device(&token).await.unwrap();
        assert_eq!(late.outcome().await, Outcome::Network);
        importer.report().await;
        first.close().await;
        late.close().await;
    })
    .await;
}

/// Connections that say nothing, or do not finish, make room for others after a while.
#[tokio::test(start_paused = true)]
async fn half_open_connections_make_room() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        let mut silent = Vec::new();
        for _ in 0..MAX_CONNECTIONS / 2 {
            silent.push(phone.call().await.unwrap());
        }
        let mut idle = Vec::new();
        for _ in 0..MAX_CONNECTIONS / 2 {
            idle.push(exporter(phone.call().await.unwrap(), &account.device).await);
        }
        // There is no room for a further one.
        let mut refused = phone.call().await.unwrap();
        assert_eq!(refused.read(&mut [0]).await.unwrap_or(0), 0);
        for mut stream in silent {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        for mut stranger in idle {
            assert_eq!(stranger.heard().await, Said::Lost);
        }
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

/// R-SEC-1: the exporter goes on only with the device that the token names.
#[tokio::test(start_paused = true)]
async fn another_device_than_the_tokens_gets_nothing() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        let other = format!("jami-auth://{}/{}", "0123456789abcdef0123456789abcdef01234567", codes(&token).0);
        let mut exporter =
            export_with(phone.clone(), account.inline(), account.device.clone(), ExportOptions::default());
        exporter.handle.add_device(&other).await.unwrap();
        assert_eq!(exporter.outcome().await, Outcome::Network);
        exporter.close().await;
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}
