//! One link as the command sees it: what happens to it, and what is shown of it.

use std::time::Duration;

use handfast::{
    outcome::LinkState,
    reducer::Refused,
    shell::{Notice, Progress},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::{sync::mpsc, task::JoinHandle, time::interval};

use super::{
    calls::{self, Calls},
    observed::{Observer, Returned},
    options::LinkOptions,
};
use crate::{
    failure::Failure,
    interrupt::Interrupts,
    terminal::{self, Line, LineError, Lines},
};

/// How often the progress bar is drawn.
const REDRAW: Duration = Duration::from_millis(100);

/// What happens.
pub(crate) enum Happened<T> {
    /// A signal.
    Signal(Notice),
    /// A line of standard input, or its end.
    Line(Option<Result<Line, LineError>>),
    /// Ctrl-C, or what stops a service.
    Interrupt,
    /// The operation is over, its link closed. Nothing follows.
    Over(T),
}

/// The ends that a link has in this process.
pub(crate) struct Session<T> {
    observer: Observer,
    notices: mpsc::UnboundedReceiver<Notice>,
    operation: JoinHandle<T>,
    interrupts: Interrupts,
    lines: Option<Lines>,
    /// Whether somebody waits for a line.
    reading: bool,
    line: u64,
    json: bool,
    transfer: Option<(ProgressBar, Progress)>,
}

impl<T> Session<T> {
    /// The session of an operation that runs.
    pub(crate) fn new(
        options: &LinkOptions,
        observer: Observer,
        notices: mpsc::UnboundedReceiver<Notice>,
        operation: JoinHandle<T>,
        interrupts: Interrupts,
        lines: Option<Lines>,
    ) -> Self {
        Self {
            observer,
            notices,
            operation,
            interrupts,
            lines,
            reading: options.calls,
            line: 0,
            json: options.json,
            transfer: None,
        }
    }

    /// The next thing that happens.
    ///
    /// # Errors
    /// The operation panicked.
    pub(crate) async fn next(&mut self) -> Result<Happened<T>, Failure> {
        if self.reading && self.lines.is_none() {
            self.lines = Some(Lines::of_standard_input());
        }
        let mut redraw = interval(REDRAW);
        loop {
            tokio::select! {
                biased;
                () = self.interrupts.next() => return Ok(Happened::Interrupt),
                Some(notice) = self.notices.recv() => {
                    self.observer.signal(&notice)?;
                    if notice.state() == LinkState::Done {
                        self.transfer = None;
                    }
                    return Ok(Happened::Signal(notice));
                }
                line = next_line(&mut self.lines), if self.reading => {
                    if line.is_none() {
                        self.reading = false;
                    }
                    return Ok(Happened::Line(line));
                }
                over = &mut self.operation => return match over {
                    Ok(report) => Ok(Happened::Over(report)),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                _ = redraw.tick(), if self.transfer.is_some() => {
                    if let Some((bar, progress)) = &self.transfer {
                        bar.set_length(progress.total());
                        bar.set_position(progress.done());
                    }
                }
            }
        }
    }

    /// Waits for a line from now on: a question was asked.
    pub(crate) fn listen(&mut self) {
        self.reading = true;
    }

    /// The question needs no answer any more.
    pub(crate) fn stop_listening(&mut self) {
        self.reading = false;
    }

    /// Reads a line of `--calls`. What is none is said, and changes nothing.
    pub(crate) fn call_of<C: Calls>(&mut self, line: Result<Line, LineError>) -> Option<C> {
        self.line += 1;
        match line {
            Ok(line) => match calls::read(self.line, &line) {
                Ok(call) => return call,
                Err(error) => self.complain(format_args!("--calls: {error}")),
            },
            Err(error) => self.complain(format_args!("--calls: line {} {error}", self.line)),
        }
        None
    }

    /// The answer to a question, which then is open no more; none if there is none, which is said.
    pub(crate) fn answer(&mut self, line: Option<Result<Line, LineError>>) -> Option<Line> {
        self.stop_listening();
        match line {
            Some(Ok(line)) => return Some(line),
            Some(Err(error)) => self.complain(format_args!("\nhandfast: the answer {error}")),
            None => self.complain("\nhandfast: nobody answers: standard input is at its end"),
        }
        None
    }

    /// Notes a call that was made, and what it returned.
    pub(crate) fn called(&mut self, call: &'static str, args: impl Serialize, ret: Returned) -> Result<(), Failure> {
        self.observer.call(call, args, ret)
    }

    /// Notes a call that is accepted or refused, and says why it is refused.
    pub(crate) fn answered(
        &mut self,
        call: &'static str,
        args: impl Serialize,
        result: Result<(), Refused>,
    ) -> Result<(), Failure> {
        self.called(call, args, Returned::Accepted(result.is_ok()))?;
        if let Err(refused) = result {
            self.complain(format_args!("{call} was refused: {refused}"));
        }
        Ok(())
    }

    /// Shows how far the archive is, to a person at a terminal.
    pub(crate) fn show_progress(&mut self, progress: Progress) {
        if self.json {
            return;
        }
        let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // The template is a constant.
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.transfer = Some((bar, progress));
    }

    /// Tells a person. Where lines of JSON are printed, those tell it.
    pub(crate) fn tell(&self, text: impl std::fmt::Display) {
        if !self.json {
            self.complain(text);
        }
    }

    /// Tells how the link ended, and in any case what failed on this device.
    pub(crate) fn tell_end(&self, text: &str, last: Option<&Notice>) {
        self.tell(text);
        if let Some(cause) = last.and_then(|notice| notice.cause.as_ref()) {
            self.complain(format_args!("handfast: {cause}"));
        }
    }

    /// Says what is to be said in any case.
    pub(crate) fn complain(&self, text: impl std::fmt::Display) {
        let text = format!("{text}\n");
        match &self.transfer {
            Some((bar, _)) => bar.suspend(|| terminal::prompt(&text)),
            None => terminal::prompt(&text),
        }
    }

    /// Whether the outcome is the only thing that is waited for.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }
}

async fn next_line(lines: &mut Option<Lines>) -> Option<Result<Line, LineError>> {
    match lines {
        Some(lines) => lines.next().await,
        None => None,
    }
}

impl<T> Drop for Session<T> {
    /// Drops the link, if there still is one.
    fn drop(&mut self) {
        self.operation.abort();
    }
}
