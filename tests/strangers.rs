//! Strangers at the importer: only the exporter that knows the code changes an operation (R-IMP-2, R-IMP-3, R-IMP-15, R-TOK-5, R-MUX-1).

mod support;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use LinkState::{Authenticating, Connecting, InProgress};
use handfast::{
    archive::{Identity, MemoryFs, Store},
    limits::{Durations, MAX_SECURED, MAX_UNSECURED, MAX_WRONG_CODES},
    mux::{Control, RequestState},
    outcome::{LinkState, Outcome, Signal},
    shell::{
        ExportOptions, ImportOptions,
        rendezvous::{Dial, Listener, Publish},
    },
    token::DeviceId,
};
use support::{
    Account, CHANNEL, Importer, Line, Phone, Said, account, export_with, exporter, import_with, in_time, inline, store,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Duration,
};

/// An importer that shows its token.
async fn waiting() -> (Account, Store<MemoryFs>, Importer, Phone, String) {
    waiting_for(Durations::default()).await
}

async fn waiting_for(durations: Durations) -> (Account, Store<MemoryFs>, Importer, Phone, String) {
    let store = store();
    let (line, phone) = Line::new();
    let mut importer = import_with(line, inline(&store), ImportOptions { durations, ..ImportOptions::default() });
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
            assert_eq!(stranger.received().await, Said::Lost);
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
        assert_eq!(stranger.received().await, Said::Lost);
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
        assert_eq!(stranger.received().await, Said::Lost);
        assert_eq!(importer.outcome().await, Outcome::Authentication);
        importer.report().await;
        assert!(phone.call().await.is_err(), "no one is there any more");
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
        assert!(matches!(real.received().await, Said::Message(handfast::message::Message::Hello(_))));
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
        assert_eq!(late.outcome().await, Outcome::Timeout, "it tries again until it is too long");
        first.handle.confirm_add_device(op).await.unwrap();
        importer.answer_one("").await;
        assert_eq!(first.outcome().await, Outcome::SUCCESS);
        assert_eq!(importer.outcome().await, Outcome::SUCCESS);
        assert_eq!(early.received().await, Said::Lost);
        late.handle.add_device(&token).await.unwrap();
        assert_eq!(late.outcome().await, Outcome::Network);
        importer.report().await;
        first.close().await;
        late.close().await;
    })
    .await;
}

/// Connections that say nothing, or do not ask for a channel, are lost after a while (R-TIME-6).
#[tokio::test(start_paused = true)]
async fn connections_that_do_not_go_on_are_lost() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        let mut silent = phone.call().await.unwrap();
        let mut idle = exporter(phone.call().await.unwrap(), &account.device).await;
        let _ = silent.read_to_end(&mut Vec::new()).await;
        assert_eq!(idle.received().await, Said::Lost);
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

/// Connections may wait for longer than a test takes: those that are closed before make room.
fn for_ever() -> Durations {
    let day = Duration::from_secs(24 * 60 * 60);
    Durations { handshake: day, opening: day, ..Durations::default() }
}

/// R-IMP-15: strangers that say nothing fill all places, and the exporter is let in.
#[tokio::test(start_paused = true)]
async fn silent_strangers_make_room() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting_for(for_ever()).await;
        let mut silent = Vec::new();
        for _ in 0..MAX_UNSECURED + 40 {
            silent.push(phone.call().await.unwrap());
        }
        for stranger in &mut silent[..40] {
            let _ = stranger.read_to_end(&mut Vec::new()).await;
        }
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

/// R-IMP-15: strangers that begin a handshake and do not finish it fill all places of that.
#[tokio::test(start_paused = true)]
async fn slow_strangers_make_room() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting_for(for_ever()).await;
        let mut slow = Vec::new();
        for _ in 0..MAX_UNSECURED + 40 {
            let mut stranger = phone.call().await.unwrap();
            stranger.write_all(b"\x16\x03\x03").await.unwrap();
            slow.push(stranger);
        }
        for stranger in &mut slow[..40] {
            let _ = stranger.read_to_end(&mut Vec::new()).await;
        }
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

/// R-IMP-15: strangers with an account of their own, which is as good as any before the code.
#[tokio::test(start_paused = true)]
async fn secured_strangers_make_room() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting_for(for_ever()).await;
        let mut idle = Vec::new();
        for _ in 0..MAX_SECURED + 4 {
            idle.push(exporter(phone.call().await.unwrap(), &account.device).await);
        }
        for stranger in &mut idle[..4] {
            assert_eq!(stranger.received().await, Said::Lost);
        }
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

/// R-IMP-15: a device that has no descriptor for another connection frees some.
#[tokio::test(start_paused = true)]
async fn a_device_without_descriptors_goes_on() {
    in_time(async {
        let store = store();
        let (line, phone) = Line::new();
        // EMFILE, for which the library has no name.
        let short = Failing { line, before: SHORT, error: Some(io::Error::from_raw_os_error(24)) };
        let options = ImportOptions { durations: for_ever(), ..ImportOptions::default() };
        let mut importer = import_with(short, inline(&store), options);
        let token = importer.token().await;
        let mut silent = Vec::new();
        for _ in 0..SHORT {
            silent.push(phone.call().await.unwrap());
        }
        // A third of those that are left stays.
        for stranger in &mut silent[..usize::from(SHORT) * 2 / 3] {
            let _ = stranger.read_to_end(&mut Vec::new()).await;
        }
        can_be_linked(&account("", 5_000), importer, phone, &token).await;
    })
    .await;
}

/// Connections that a device takes before it has no descriptor left.
const SHORT: u8 = 31;

/// A line on which one connection cannot be taken.
struct Failing {
    line: Line,
    /// How many are taken before it.
    before: u8,
    error: Option<io::Error>,
}

impl Publish for Failing {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        Ok(self)
    }
}

impl Listener for Failing {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        if self.before == 0
            && let Some(error) = self.error.take()
        {
            return Err(error);
        }
        let accepted = self.line.accept().await?;
        self.before = self.before.saturating_sub(1);
        Ok(accepted)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.line.local_addr()
    }
}

/// R-ICE-5: a device that asked and was not reached is named where nothing else comes, and forgotten where something does.
#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_reached_is_the_cause_of_a_timeout() {
    in_time(async {
        for calls in [false, true] {
            let (line, phone) = Line::new();
            let store = store();
            let options = ImportOptions::default();
            let error = Some(io::Error::new(io::ErrorKind::HostUnreachable, "no way leads to it"));
            let mut importer = import_with(Failing { line, before: 0, error }, inline(&store), options);
            importer.token().await;
            if calls {
                phone.call().await.unwrap();
            }
            let mut notice = importer.next().await;
            while notice.state() != LinkState::Done {
                notice = importer.next().await;
            }
            assert!(matches!(notice.signal, Signal::Done(Outcome::Timeout)), "{notice:?}");
            let cause = notice.cause.map(|cause| cause.to_string());
            assert_eq!(cause.as_deref(), (!calls).then_some("no way leads to it"));
        }
    })
    .await;
}

/// R-EXP-12: what is at the address closes the first connections, and then lets the exporter in.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_is_made_again() {
    in_time(async {
        let (account, _, mut importer, phone, token) = waiting().await;
        let flaky = Flaky { phone, fails: Arc::new(AtomicU32::new(5)) };
        let mut exporter = export_with(flaky, account.inline(), account.device.clone(), ExportOptions::default());
        let (_, (states, exported)) = tokio::join!(importer.answer(&[""]), exporter.link(&token));
        assert_eq!(exported, Outcome::SUCCESS);
        assert_eq!(states.first(), Some(&Connecting), "and CONNECTING is signalled once");
        assert_eq!(states.iter().filter(|state| **state == Connecting).count(), 1);
        exporter.close().await;
    })
    .await;
}

/// R-TIME-2, R-EXP-12: what never lets it in is not tried for ever.
#[tokio::test(start_paused = true)]
async fn attempts_end_with_the_time_to_connect() {
    in_time(async {
        let (account, _, importer, phone, token) = waiting().await;
        let flaky = Flaky { phone: phone.clone(), fails: Arc::new(AtomicU32::new(u32::MAX)) };
        let mut exporter =
            export_with(flaky.clone(), account.inline(), account.device.clone(), ExportOptions::default());
        exporter.handle.add_device(&token).await.unwrap();
        assert_eq!(exporter.outcome().await, Outcome::Timeout);
        let attempts = u32::MAX - flaky.fails.load(Ordering::Relaxed);
        assert!((10..30).contains(&attempts), "{attempts} attempts");
        exporter.close().await;
        can_be_linked(&account, importer, phone, &token).await;
    })
    .await;
}

/// A phone whose first calls are cut off.
#[derive(Clone, Debug)]
struct Flaky {
    phone: Phone,
    fails: Arc<AtomicU32>,
}

impl Dial for Flaky {
    type Stream = DuplexStream;

    async fn dial(self, device: DeviceId) -> io::Result<(DuplexStream, SocketAddr)> {
        let fails = self.fails.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        let (near, address) = self.phone.dial(device).await?;
        Ok((if fails { duplex(1).0 } else { near }, address))
    }
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
