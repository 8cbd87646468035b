//! One link in the command: its events, and the screens and lines that show them.

use std::{io, time::Duration};

use handfast::{
    outcome::{LinkState, Side},
    reducer::Refused,
    shell::{Notice, Progress},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::{
    calls::{self, Calls},
    front::{Event, Front},
    observed::{Observer, Returned},
    options::LinkOptions,
    texts,
};
#[cfg(feature = "web")]
use crate::web::{self, Panel};
use crate::{
    interrupt::Interrupts,
    plain::plain,
    terminal::{self, Echo, Line, LineError, Shows, Typed},
    tui::{
        keys::Key,
        page::{Page, Surface},
        parts::{Amount, Status},
    },
};

/// How often what moves by itself is drawn: progress, time.
const REDRAW: Duration = Duration::from_millis(100);

/// The events.
pub(crate) enum Happened<T> {
    /// A signal.
    Signal(Notice),
    /// A line of standard input, or its end.
    Line(Option<Result<Line, LineError>>),
    /// A key, where screens are drawn.
    Key(Key),
    /// Another event of a page in a browser.
    #[cfg(feature = "web")]
    Page(web::Event),
    /// The drawing may be out of date.
    Stale,
    /// Ctrl-C, or what stops a service.
    Interrupt,
    /// The terminal is gone.
    Gone,
    /// Nothing else happened before what is due.
    Due,
    /// The operation is over, its link closed. Nothing follows.
    Over(T),
}

/// The ends that a link has in this process.
pub(crate) struct Session<T> {
    observer: Observer,
    notices: mpsc::UnboundedReceiver<Notice>,
    operation: JoinHandle<T>,
    /// The result of the operation, if it is over and signals of it are still to be taken.
    over: Option<T>,
    interrupts: Interrupts,
    front: Front,
    /// Whether a terminal shows what is typed, where nothing is drawn: only as the answer to a question that may be shown.
    echo: Echo,
    /// Whether somebody waits for a line.
    reading: bool,
    line: u64,
    json: bool,
    redraw: Interval,
    transfer: Option<Transfer>,
    /// The last remark in addition to a screen.
    note: Option<String>,
    /// Where the end is shown, in these paragraphs.
    #[cfg(feature = "web")]
    end: Option<(Panel, Vec<String>)>,
}

/// An archive that is on its way.
struct Transfer {
    side: Side,
    progress: Progress,
    /// That all bytes are there was said.
    said: bool,
    began: Instant,
    /// Where nothing is drawn.
    bar: Option<ProgressBar>,
}

impl<T> Session<T> {
    /// The session of an operation that runs.
    pub(crate) fn new(
        options: &LinkOptions,
        observer: Observer,
        notices: mpsc::UnboundedReceiver<Notice>,
        operation: JoinHandle<T>,
        interrupts: Interrupts,
        front: Front,
    ) -> Self {
        let mut redraw = interval(REDRAW);
        redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            observer,
            notices,
            operation,
            over: None,
            interrupts,
            echo: front.quiet(options),
            front,
            reading: options.calls,
            line: 0,
            json: options.json,
            redraw,
            transfer: None,
            note: None,
            #[cfg(feature = "web")]
            end: None,
        }
    }

    /// Returns the next event: interrupts first, then signals. Work that is `due` waits for both, so that
    /// nothing is done at once, and again, past them.
    pub(crate) async fn next(&mut self, due: bool) -> Happened<T> {
        loop {
            if let Some(over) = self.over.take_if(|_| self.notices.is_empty()) {
                return Happened::Over(over);
            }
            let moves = self.transfer.is_some() || self.is_drawn().is_some();
            tokio::select! {
                biased;
                () = self.interrupts.next() => return Happened::Interrupt,
                Some(notice) = self.notices.recv() => {
                    self.observer.signal(&notice);
                    if let Some(doubt) = &notice.doubt {
                        self.complain(format_args!("handfast: warning: {doubt}"));
                    }
                    if notice.state() == LinkState::Done {
                        self.transfer = None;
                    }
                    return Happened::Signal(notice);
                }
                over = &mut self.operation, if self.over.is_none() => match over {
                    // Signals that are left are taken first.
                    Ok(report) => self.over = Some(report),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                // A turn of the scheduler: what is there already comes before.
                () = tokio::task::yield_now(), if due => return Happened::Due,
                typed = typed(&mut self.front, self.reading), if !due => match typed {
                    Input::Line(line) => {
                        self.reading &= line.is_some();
                        return Happened::Line(line);
                    }
                    Input::Event(Event::Key(None)) => {
                        self.stop_drawing();
                        return Happened::Gone;
                    }
                    Input::Event(Event::Key(Some(Key::Interrupt))) => return Happened::Interrupt,
                    Input::Event(Event::Key(Some(key))) => return Happened::Key(key),
                    Input::Event(Event::Resized) => return Happened::Stale,
                    #[cfg(feature = "web")]
                    Input::Event(Event::Page(event)) => return Happened::Page(event),
                },
                _ = self.redraw.tick(), if moves => match (&self.front, &mut self.transfer) {
                    (Front::Lines(_), Some(Transfer { side, progress, said, bar: Some(bar), .. })) => {
                        let (done, total) = (progress.done(), progress.total());
                        bar.set_length(total);
                        bar.set_position(done);
                        if total > 0 && done >= total && !std::mem::replace(said, true) {
                            let text = texts::all_there(*side);
                            self.print(text);
                        }
                    }
                    (Front::Lines(_), _) => {}
                    _ => return Happened::Stale,
                },
            }
        }
    }

    /// Waits for a line from now on, which answers a question. Earlier input at a terminal is forgotten, and later
    /// input is `shown` there.
    pub(crate) fn ask(&mut self, shown: bool) {
        if let Front::Lines(typed) = &mut self.front {
            terminal::forget_typed(typed.as_mut());
        }
        self.echo.set(if shown { Shows::All } else { Shows::End });
        self.reading = true;
    }

    /// The question needs no answer any more.
    pub(crate) fn stop_listening(&mut self) {
        self.echo.set(Shows::Nothing);
        self.reading = false;
    }

    /// Reads a line of `--calls`. A line that is no call is reported, and changes nothing.
    pub(crate) fn call_of<C: Calls>(&mut self, line: Result<Line, LineError>) -> Option<C> {
        self.line += 1;
        let number = self.line;
        match line {
            Ok(line) => match calls::read(number, &line) {
                Ok(call) => return call,
                Err(error) => self.complain(format_args!("--calls: {error}")),
            },
            Err(error) => self.complain(format_args!("--calls: line {number} {error}")),
        }
        None
    }

    /// The answer to a question, which then is open no more; none if there is none, which is said.
    pub(crate) fn answer(&mut self, line: Option<Result<Line, LineError>>) -> Option<Line> {
        self.stop_listening();
        match line {
            Some(Ok(line)) => return Some(line),
            Some(Err(error)) => self.complain(format_args!("\nhandfast: the answer {error}")),
            None => self.complain(
                "\nhandfast: no answer: standard input is at its end (--yes agrees, --password-file answers)",
            ),
        }
        None
    }

    /// Notes a call that was made, and what it returned.
    pub(crate) fn called(&mut self, call: &'static str, args: impl Serialize, ret: Returned) {
        self.observer.call(call, args, ret);
    }

    /// Notes a call that is accepted or refused, and says why it is refused.
    pub(crate) fn answered(&mut self, call: &'static str, args: impl Serialize, result: Result<(), Refused>) {
        self.called(call, args, Returned::Accepted(result.is_ok()));
        if let Err(refused) = result {
            self.complain(format_args!("{call} was refused: {refused}"));
        }
    }

    /// Shows how far the archive is, to a person at a terminal.
    pub(crate) fn show_progress(&mut self, side: Side, progress: Progress) {
        if self.json && self.is_drawn().is_none() {
            return;
        }
        let bar = matches!(self.front, Front::Lines(_)).then(|| {
            let style =
                ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant.
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        self.transfer = Some(Transfer { side, progress, said: false, began: Instant::now(), bar });
    }

    /// Returns the parts in addition to the screen, which the person may have given up.
    pub(crate) fn status(&self, leaving: bool) -> Status {
        let amount = self.transfer.as_ref().map(|Transfer { progress, began, .. }| Amount {
            done: progress.done(),
            total: progress.total(),
            elapsed: began.elapsed(),
        });
        Status { amount, note: self.note.clone(), leaving }
    }

    /// Whether screens are drawn, and whether they may have colours.
    pub(crate) const fn is_drawn(&self) -> Option<bool> {
        match &self.front {
            Front::Drawn(tty) => Some(tty.has_colours()),
            #[cfg(feature = "web")]
            Front::Browser(_) => Some(true),
            Front::Lines(_) => None,
        }
    }

    /// Whether a browser shows the screens: it may have a camera.
    pub(crate) const fn is_in_browser(&self) -> bool {
        !matches!(self.front, Front::Lines(_) | Front::Drawn(_))
    }

    /// Draws a page, where pages are drawn. It asks this question.
    pub(crate) fn draw(&mut self, question: &impl std::fmt::Debug, page: impl FnOnce(Surface) -> Page) {
        self.front.draw(question, page);
    }

    /// Ends drawing: later text stays on the terminal, and the remarks so far are printed first.
    pub(crate) fn stop_drawing(&mut self) {
        if matches!(self.front, Front::Lines(_)) {
            return;
        }
        match std::mem::replace(&mut self.front, Front::Lines(None)) {
            Front::Drawn(tty) => {
                tty.close();
                if let Some(note) = self.note.take() {
                    self.complain(note);
                }
            }
            #[cfg(feature = "web")]
            Front::Browser(browser) => {
                self.end = Some((browser.panel(), Vec::new()));
                // On the terminal it was printed at once.
                if let Some(note) = self.note.take() {
                    self.end_with(note);
                }
            }
            Front::Lines(_) => {}
        }
    }

    /// Removes the remark: it is over.
    pub(crate) fn drop_note(&mut self) {
        self.note = None;
    }

    /// Prints a text for a person. Where lines of JSON are printed, those say it.
    pub(crate) fn print(&mut self, text: impl std::fmt::Display) {
        match self.json {
            false => self.complain(text),
            true => self.show(text.to_string()),
        }
    }

    /// Prints how the link ended, and in any case the cause of a failure on this device.
    pub(crate) fn print_end(&mut self, text: &str, last: Option<&Notice>) {
        self.print(text);
        if let Some(cause) = last.and_then(|notice| notice.cause.as_ref()) {
            self.complain(format_args!("handfast: {}", plain(cause.to_string())));
        }
    }

    /// Says what is to be said in any case, in plain words.
    pub(crate) fn complain(&mut self, text: impl std::fmt::Display) {
        let text = plain(text.to_string());
        match (&self.front, &self.transfer) {
            (Front::Drawn(_), _) => {}
            (_, Some(Transfer { bar: Some(bar), .. })) => {
                bar.suspend(|| terminal::prompt(&format!("{text}\n")));
            }
            _ => terminal::prompt(&format!("{text}\n")),
        }
        self.show(text);
    }

    /// Prints what became of the digits that were expected. Returns the answer to the comparison; none if they could not be read, and
    /// the link is left.
    pub(crate) fn compared(&mut self, equal: io::Result<bool>) -> Option<bool> {
        match &equal {
            Ok(true) => {}
            Ok(false) => self.complain(texts::NO_MATCH),
            Err(error) => self.complain(format_args!("handfast: --sas-match: {error}")),
        }
        equal.ok()
    }

    /// Shows a remark where screens are drawn, or where the end is shown.
    fn show(&mut self, text: String) {
        if self.is_drawn().is_some() {
            self.note = Some(text);
        } else {
            #[cfg(feature = "web")]
            self.end_with(text);
        }
    }

    /// Adds a paragraph to the end that a browser shows.
    #[cfg(feature = "web")]
    fn end_with(&mut self, text: String) {
        if let Some((panel, texts)) = &mut self.end {
            texts.push(text);
            panel.end(texts);
        }
    }

    /// Whether the outcome is the only thing that is waited for.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }
}

/// An action of the person.
enum Input {
    Line(Option<Result<Line, LineError>>),
    Event(Event),
}

/// The next line, if one is waited for, or what happens at a terminal that is drawn on.
async fn typed(front: &mut Front, reading: bool) -> Input {
    match front {
        Front::Lines(typed) if reading => Input::Line(typed.get_or_insert_with(Typed::of_standard_input).line().await),
        front => Input::Event(front.event().await),
    }
}

impl<T> Drop for Session<T> {
    /// Drops the link, if there still is one.
    fn drop(&mut self) {
        self.operation.abort();
    }
}
