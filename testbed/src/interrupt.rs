//! Ctrl-C, and what stops a service.

use std::{
    io,
    process::exit,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::failure::Failure;

/// Listens for SIGINT and SIGTERM, which no longer end the process.
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next one. A future that is dropped has taken none.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What is at work has to end.
static STOP: AtomicBool = AtomicBool::new(false);

/// The exit code of what says nothing.
const INCONCLUSIVE: i32 = 4;

/// Begins to listen, so that the first interrupt ends checks, which then say nothing, and the second the process.
pub(crate) fn stops_checks() -> Result<&'static AtomicBool, Failure> {
    let failed = |error| Failure::reason(format_args!("interrupts cannot be listened to: {error}"));
    let runtime = runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let mut interrupts = {
        let _context = runtime.enter();
        Interrupts::listen().map_err(failed)?
    };
    thread::spawn(move || {
        loop {
            runtime.block_on(interrupts.next());
            if STOP.swap(true, Ordering::Relaxed) {
                exit(INCONCLUSIVE)
            }
            // Where not even this can be written there is nobody to be told.
            let _ = io::Write::write_all(&mut io::stderr().lock(), b"handfast: interrupted; again to end at once\n");
        }
    });
    Ok(&STOP)
}
