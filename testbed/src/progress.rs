//! How far long work is, on standard error: a bar on a terminal, else a line in ten seconds.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal as _, Write as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use handfast_model::report::{self, Report, Selection};
use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const PERIOD: Duration = Duration::from_secs(10);

/// Pieces of work that are begun and done, by several threads.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    bar: Option<ProgressBar>,
    ticker: Option<JoinHandle<()>>,
}

/// Runs what is selected, and shows how far it is.
pub(crate) fn run(what: &'static str, selection: &Selection) -> Report {
    let watch = Watch::new(what);
    report::run_watched(selection, &|progress| match progress {
        report::Progress::Pieces(pieces) => watch.expect(pieces),
        report::Progress::Began(name) => watch.began(name),
        report::Progress::Done(name) => watch.done(name),
    })
}

struct Shared {
    what: &'static str,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    pieces: usize,
    done: usize,
    at_work: BTreeSet<String>,
    ended: bool,
}

impl State {
    fn names(&self) -> String {
        self.at_work.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl Watch {
    /// Watches work of this name.
    pub(crate) fn new(what: &'static str) -> Self {
        let shared = Arc::new(Shared { what, state: Mutex::default(), ended: Condvar::new() });
        if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:20} {pos} of {len}, {elapsed}  {wide_msg}");
            let bar = ProgressBar::new(0);
            // The template is a constant.
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_secs(1));
            return Self { shared, bar: Some(bar), ticker: None };
        }
        let ticking = shared.clone();
        Self { shared, bar: None, ticker: Some(thread::spawn(move || ticking.tick())) }
    }

    /// There are so many pieces more.
    pub(crate) fn expect(&self, pieces: usize) {
        let mut state = self.shared.lock();
        state.pieces += pieces;
        self.redraw(&state);
    }

    /// A piece is begun.
    pub(crate) fn began(&self, name: &str) {
        let mut state = self.shared.lock();
        state.at_work.insert(name.to_owned());
        self.redraw(&state);
    }

    /// It is done.
    pub(crate) fn done(&self, name: &str) {
        let mut state = self.shared.lock();
        state.at_work.remove(name);
        state.done += 1;
        self.redraw(&state);
    }

    /// A piece of what is at work is done, and the work goes on.
    pub(crate) fn one_done(&self) {
        let mut state = self.shared.lock();
        state.done += 1;
        self.redraw(&state);
    }

    fn redraw(&self, state: &State) {
        if let Some(bar) = &self.bar {
            bar.set_length(state.pieces as u64);
            bar.set_position(state.done as u64);
            bar.set_message(state.names());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        let mut state = self.lock();
        loop {
            let (next, waited) = self.ended.wait_timeout(state, PERIOD).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if state.ended {
                return;
            }
            if waited.timed_out() {
                let names = state.names();
                let at_work = if names.is_empty() { String::new() } else { format!(", at work: {names}") };
                let line = format!("{}: {} of {} done{at_work}\n", self.what, state.done, state.pieces);
                // There is no further place to report to.
                let _ = io::stderr().lock().write_all(line.as_bytes());
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if let Some(ticker) = self.ticker.take() {
            // A panic of the ticker has been printed.
            let _ = ticker.join();
        }
    }
}
