//! Ctrl-C, SIGTERM and SIGHUP: the one place that catches signals.
//!
//! A command without a link does not catch them, so that each ends it at once by the default action, whatever it waits for. Four
//! kinds of work catch them: a link, whose peer has to learn of the end; checks, whose verdict so far is still of use; the
//! question for a password, which gives the terminal its echo back; and a file that is written as a whole, of which nothing stays.

use std::{
    fs,
    future::{Future, pending, poll_fn},
    io,
    path::PathBuf,
    process::exit,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    thread,
    time::Duration,
};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{failure::Failure, output};

/// The exit code of a link that is dropped before it had an outcome: the network's.
const DROPPED: i32 = 10;
/// The exit code of checks that were interrupted.
const INCONCLUSIVE: i32 = 4;
/// How long a link that is dropped may take to wipe what it staged before the process ends all the same.
const AT_REST: Duration = Duration::from_secs(5);

/// A signal that was caught.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caught {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP.
    Hangup,
}

impl Caught {
    /// The exit code that a shell shows for a process that this signal ended.
    const fn exit_code(self) -> i32 {
        128 + match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }
}

/// The signals that end a process.
struct Signals(Vec<(Caught, Signal)>);

impl Signals {
    /// Begins to catch them. Of those that the process was started to ignore, these stay ignored.
    fn catch(stays_ignored: fn(Caught) -> bool) -> io::Result<Self> {
        let kinds = [
            (Caught::Interrupt, SignalKind::interrupt()),
            (Caught::Terminate, SignalKind::terminate()),
            (Caught::Hangup, SignalKind::hangup()),
        ];
        let heeded = kinds.into_iter().filter(|&(caught, kind)| !(stays_ignored(caught) && is_ignored(kind)));
        heeded.map(|(caught, kind)| signal(kind).map(|signal| (caught, signal))).collect::<io::Result<_>>().map(Self)
    }

    /// The next one.
    async fn next(&mut self) -> Caught {
        poll_fn(|context| {
            let mut each = self.0.iter_mut();
            let caught = each.find_map(|(caught, signal)| signal.poll_recv(context).is_ready().then_some(*caught));
            caught.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Whether the process was started with this signal ignored, where the system says so.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (kind.as_raw_value() - 1) != 0
}

/// Of the signals for a link or for checks only a hang-up stays ignored (`nohup`). A script that cancels a link with SIGINT may have
/// started it in the background, where a shell without job control ignores Ctrl-C.
fn hang_up_only(caught: Caught) -> bool {
    caught == Caught::Hangup
}

/// Catches the signals on a thread of its own, which no wait of another thread delays.
fn on_each(stays_ignored: fn(Caught) -> bool, mut act: impl FnMut(Caught) + Send + 'static) -> Result<(), Failure> {
    let failed = |error| Failure::reason(format_args!("signals cannot be caught: {error}"));
    let runtime = runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::catch(stays_ignored).map_err(failed)?
    };
    thread::spawn(move || {
        loop {
            act(runtime.block_on(signals.next()));
        }
    });
    Ok(())
}

/// The interrupts of a link. Each clone receives all that come after those that it was cloned with.
#[derive(Clone)]
pub(crate) struct Interrupts {
    seen: u32,
    count: watch::Receiver<u32>,
}

impl Interrupts {
    /// Begins to catch them. The second one drops the link, and ends the process where the link does not let itself be dropped. A
    /// terminal that goes sends several hang-ups: they count only as the first.
    ///
    /// # Errors
    /// Signals cannot be caught.
    pub(crate) fn of_a_link() -> Result<Self, Failure> {
        let (sender, count) = watch::channel(0);
        let mut so_far = 0;
        on_each(hang_up_only, move |caught| {
            if caught == Caught::Hangup && so_far > 0 {
                return;
            }
            so_far += 1;
            sender.send_replace(so_far);
            if so_far == 2 {
                thread::spawn(|| {
                    thread::sleep(AT_REST);
                    exit(DROPPED)
                });
            }
        })?;
        Ok(Self { seen: 0, count })
    }

    /// The next one. A future that is dropped has taken none.
    pub(crate) async fn next(&mut self) {
        let seen = self.seen;
        match self.count.wait_for(|&count| count > seen).await {
            Ok(_) => self.seen += 1,
            // The thread that counts has no end.
            Err(_) => pending().await,
        }
    }

    /// Receives only those that come from now on.
    pub(crate) fn forget(&mut self) {
        self.seen = *self.count.borrow();
    }

    /// Waits for something, or until an interrupt comes before: `None`.
    pub(crate) async fn or<T>(&mut self, wait: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.next() => None,
            done = wait => Some(done),
        }
    }
}

/// Does on a thread of its own what may wait for ever, such as opening a FIFO. A future that is dropped leaves the thread alone,
/// which the end of the process ends.
pub(crate) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, done) = tokio::sync::oneshot::channel();
    let worker = thread::spawn(move || drop(sender.send(work())));
    match done.await {
        Ok(done) => done,
        Err(_) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            // It has sent.
            Ok(()) => unreachable!("the thread ended without a result"),
        },
    }
}

/// A file that is there only until the work is done, and is removed where a signal ends the process before.
#[derive(Clone, Default)]
pub(crate) struct Unfinished(Arc<Mutex<Option<PathBuf>>>);

impl Unfinished {
    /// Begins to catch signals: each removes the file, if there is one, and ends the process with the exit code that a shell shows for
    /// it.
    ///
    /// # Errors
    /// Signals cannot be caught.
    pub(crate) fn catch() -> Result<Self, Failure> {
        let unfinished = Self::default();
        let caught = unfinished.clone();
        // One that is ignored would not have ended the process.
        let each = |_| true;
        on_each(each, move |signal| {
            // The lock is held until the end, so that no file is begun after it.
            if let Some(path) = &*caught.lock() {
                // It may be gone.
                let _ = fs::remove_file(path);
            }
            exit(signal.exit_code())
        })?;
        Ok(unfinished)
    }

    /// Begins a file. No signal ends the process between the beginning of the file and the note of its path.
    pub(crate) fn begin<T>(&self, make: impl FnOnce() -> io::Result<(T, PathBuf)>) -> io::Result<T> {
        let mut path = self.lock();
        let (made, at) = make()?;
        *path = Some(at);
        Ok(made)
    }

    /// Ends the work: `keep` gives the file its name, and it stays.
    pub(crate) fn end<T>(&self, keep: impl FnOnce() -> T) -> T {
        let mut path = self.lock();
        let kept = keep();
        *path = None;
        kept
    }

    fn lock(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The checks at work have to end.
static STOP: AtomicBool = AtomicBool::new(false);

/// Whether a signal ended the checks: then a person knows why there is no verdict.
pub(crate) fn has_stopped_checks() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Begins to catch signals, so that the first one ends checks, which then are inconclusive, and the second one the process.
pub(crate) fn stops_checks() -> Result<&'static AtomicBool, Failure> {
    on_each(hang_up_only, |_| {
        if STOP.swap(true, Ordering::Relaxed) {
            exit(INCONCLUSIVE)
        }
        output::note("interrupted; again to end at once");
    })?;
    Ok(&STOP)
}
