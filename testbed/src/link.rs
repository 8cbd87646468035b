//! The common part of `handfast import` and `handfast export`.

pub(crate) mod calls;
pub(crate) mod comparison;
pub(crate) mod front;
pub(crate) mod legacy;
pub(crate) mod observed;
pub(crate) mod options;
pub(crate) mod reach;
pub(crate) mod recorder;
pub(crate) mod rendezvous;
pub(crate) mod session;
pub(crate) mod texts;

use std::{future::Future, io, net::SocketAddr, process::ExitCode, time::Duration};

use clap::{ValueEnum, builder::PossibleValue};
use handfast::{
    archive::{KeyKind, Store, UnixTime},
    limits::Durations,
    outcome::Outcome,
};
use tokio::net::lookup_host;

use self::recorder::TraceFile;
use crate::{
    failure::Failure,
    interrupt::Interrupts,
    output::{self, Background},
};

/// How long threads may take to wipe what was staged by a link that is dropped.
const AT_REST: Duration = Duration::from_secs(3);

/// Runs a link, and waits until what it left is wiped. Where it fails before it began, nothing is left and nothing is waited for.
pub(crate) fn run(link: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::with_code(15, format_args!("no thread can be started: {error}")))?;
    let result = runtime.block_on(link);
    match result {
        Ok(_) => runtime.shutdown_timeout(AT_REST),
        Err(_) => runtime.shutdown_background(),
    }
    result
}

/// Waits until what was printed and recorded of a link is written. An interrupt ends the wait.
pub(crate) async fn written(interrupts: &mut Interrupts, out: Background, trace: Option<TraceFile>) {
    let all = async {
        // Lost standard output was reported when it was lost.
        let _ = out.finish().await;
        if let Some(trace) = trace {
            trace.finish().await;
        }
    };
    // Those of the link are done with; one that comes now has no link to cancel.
    interrupts.forget();
    let _ = interrupts.or(all).await;
}

/// The end of a command that was interrupted before there was a link.
pub(crate) fn given_up() -> Failure {
    Failure::with_code(Outcome::CANCELED.exit_code(), "given up")
}

/// Returns the durations where the timers of the token, of connecting, of the answer and of the transfer run so many times faster.
pub(crate) fn faster(durations: Durations, times: u32) -> Durations {
    let Durations {
        prepare,
        token,
        connect,
        authenticate,
        stall,
        transfer,
        slowest,
        result,
        linger,
        retry,
        handshake,
        opening,
        closing,
    } = durations;
    Durations {
        // Keys take the time that they take.
        prepare,
        token: token / times,
        connect: connect / times,
        authenticate: authenticate / times,
        stall: stall / times,
        transfer: transfer / times,
        slowest,
        result: result / times,
        linger,
        retry,
        handshake,
        opening,
        closing,
    }
}

/// This device's date, with which certificates are made and compared (R-TIME-7).
pub(crate) fn today() -> Result<UnixTime, Failure> {
    handfast::archive::today().map_err(|doubt| Failure::with_code(Outcome::Storage.exit_code(), doubt))
}

/// Says it where other processes cannot be kept from a store, whose file system has no locks.
pub(crate) fn note_locks(store: &Store) {
    if let Some(error) = store.no_locks() {
        output::note(format_args!(
            "--store: its file system has no locks ({error}): use it from one process at a time. What a crash left there is kept"
        ));
    }
}

/// Reads `host:port`, and looks the name up if it is one.
///
/// Gives all addresses of the name, in the order of the resolver; never none.
pub(crate) async fn addresses(option: &str, text: &str) -> Result<Vec<SocketAddr>, Failure> {
    let unknown = |why: &dyn std::fmt::Display| {
        Failure::with_code(Outcome::Network.exit_code(), format_args!("{option} {text}: {why}"))
    };
    match lookup_host(text).await {
        Ok(found) => {
            let found: Vec<SocketAddr> = found.collect();
            if found.is_empty() { Err(unknown(&"the name has no address")) } else { Ok(found) }
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(Failure::usage(format_args!("{option} {text}: expected HOST:PORT, such as 192.0.2.7:4711")))
        }
        // The system's text differs from system to system, and says no more.
        Err(_) => Err(unknown(&"no address is known for this name: look at the name, and at this device's network")),
    }
}

/// Kinds of keys, as the command line names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyType(pub(crate) KeyKind);

impl ValueEnum for KeyType {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(KeyKind::Rsa4096), Self(KeyKind::Rsa2048), Self(KeyKind::P256), Self(KeyKind::P384), Self(KeyKind::P521)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            KeyKind::Rsa4096 => {
                PossibleValue::new("rsa4096").help("What Jami's accounts and devices have; takes seconds to make")
            }
            KeyKind::Rsa2048 => PossibleValue::new("rsa2048").help("The shortest that the OpenDHT network takes"),
            KeyKind::P256 => PossibleValue::new("p256").help("Made at once"),
            KeyKind::P384 => PossibleValue::new("p384").help("What Jami's temporary authorities have"),
            KeyKind::P521 => PossibleValue::new("p521").help("The longest of its kind"),
        })
    }
}
