//! The terminal that screens are drawn on. It is as it was before when nothing is drawn any more, whatever ends it.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
    style::{Attribute, Color, Colors, Print, SetAttribute, SetColors, SetForegroundColor},
    terminal::{
        self, BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
        EnterAlternateScreen, LeaveAlternateScreen,
    },
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    frame::{Frame, Row, width},
    keys::Key,
    style::{Size, Style},
};
use crate::terminal::Typed;

/// Whether what is pasted is to be marked as such.
const MARK_PASTED: &str = "\x1b[?2004h";
const MARK_NOTHING: &str = "\x1b[?2004l";

/// Whether there is something to put back.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// An event of a terminal.
pub(crate) enum Event {
    /// A key; none when the terminal is gone.
    Key(Option<Key>),
    /// It may have another size.
    Resized,
}

/// A terminal that is drawn on.
pub(crate) struct Tty {
    typed: Typed,
    resized: Signal,
    size: Size,
    colours: bool,
    drawn: Option<Frame>,
}

impl Tty {
    /// Begins to draw, if there is a person at a terminal that can do it and has the room. Else gives nothing, and lines are for all.
    pub(crate) fn open() -> Option<Self> {
        let all = io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal();
        if !all || is_dumb() || !size().is_some_and(|size| size.holds(Size::LEAST)) {
            return None;
        }
        let resized = signal(SignalKind::window_change()).ok()?;
        begin().ok()?;
        let (typed, colours) = (Typed::of_standard_input(), has_colours());
        Some(Self { typed, resized, size: size()?, colours, drawn: None })
    }

    /// Whether colours may be used.
    pub(crate) const fn has_colours(&self) -> bool {
        self.colours
    }

    /// How large a frame may be.
    pub(crate) const fn size(&self) -> Size {
        self.size
    }

    /// Returns the next event. A future that is dropped has taken nothing.
    pub(crate) async fn next(&mut self) -> Event {
        tokio::select! {
            biased;
            _ = self.resized.recv() => {
                self.size = size().unwrap_or(self.size);
                self.drawn = None;
                Event::Resized
            }
            key = self.typed.key() => Event::Key(key),
        }
    }

    /// Draws a frame in the place of the last one.
    pub(crate) fn draw(&mut self, frame: Frame) {
        if self.drawn.as_ref() == Some(&frame) || !DRAWN.load(Ordering::Relaxed) {
            return;
        }
        // Where it cannot be written, the terminal is gone, and reading from it ends too.
        let _ = self.write(&frame);
        self.drawn = Some(frame);
    }

    fn write(&self, frame: &Frame) -> io::Result<()> {
        let mut out = io::stderr().lock();
        let mut bytes = Vec::new();
        queue!(bytes, BeginSynchronizedUpdate, Hide)?;
        if self.drawn.is_none() {
            queue!(bytes, Clear(ClearType::All))?;
        }
        for (index, row) in frame.rows.iter().enumerate() {
            let above = index.checked_sub(1).and_then(|above| frame.rows.get(above));
            self.write_row(&mut bytes, index, row, above)?;
        }
        queue!(bytes, MoveTo(0, frame.rows.len() as u16))?;
        if frame.rows.len() < self.size.rows {
            queue!(bytes, Clear(ClearType::FromCursorDown))?;
        }
        if let Some((row, column)) = frame.cursor {
            queue!(bytes, MoveTo(column as u16, row as u16), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        out.write_all(&bytes)?;
        out.flush()
    }

    fn write_row(&self, bytes: &mut Vec<u8>, index: usize, row: &Row, above: Option<&Row>) -> io::Result<()> {
        if row.joined && above.is_some() {
            // The row above is full, and the terminal itself goes on to this one, so that it knows them as one line.
            let full: String = above.iter().flat_map(|above| &above.spans).map(|span| span.text.as_str()).collect();
            queue!(bytes, MoveTo(0, (index - 1) as u16), EnableLineWrap, SetAttribute(Attribute::Bold), Print(full))?;
        } else {
            queue!(bytes, MoveTo(0, index as u16), DisableLineWrap)?;
        }
        for span in &row.spans {
            match span.style {
                Style::Plain => {}
                Style::Strong => queue!(bytes, SetAttribute(Attribute::Bold))?,
                Style::Faint => queue!(bytes, SetAttribute(Attribute::Dim))?,
                Style::Wrong if self.colours => {
                    queue!(bytes, SetAttribute(Attribute::Bold), SetForegroundColor(Color::Red))?;
                }
                Style::Wrong => queue!(bytes, SetAttribute(Attribute::Bold))?,
                Style::Code => queue!(bytes, SetColors(Colors::new(Color::Black, Color::White)))?,
            }
            queue!(bytes, Print(&span.text), SetAttribute(Attribute::Reset))?;
        }
        // After a full row the cursor still stands on its last character, which clearing would erase.
        if width(row) < self.size.columns {
            queue!(bytes, Clear(ClearType::UntilNewLine))?;
        }
        Ok(())
    }

    /// Ends drawing. Later output stays.
    pub(crate) fn close(self) {}
}

impl Drop for Tty {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether colours may be used: the convention of no-color.org.
pub(crate) fn has_colours() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether the terminal understands nothing but lines.
pub(crate) fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// How large the terminal is.
pub(crate) fn size() -> Option<Size> {
    let (columns, rows) = terminal::size().ok()?;
    Some(Size { columns: columns.into(), rows: rows.into() })
}

fn begin() -> io::Result<()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
    });
    terminal::enable_raw_mode()?;
    DRAWN.store(true, Ordering::Relaxed);
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, Print(MARK_PASTED))?;
    let mut out = io::stderr().lock();
    let begun = out.write_all(&bytes).and_then(|()| out.flush());
    drop(out);
    begun.inspect_err(|_| restore())
}

/// Puts the terminal back as it was, if that is still to be done.
fn restore() {
    if !DRAWN.swap(false, Ordering::Relaxed) {
        return;
    }
    let mut bytes = Vec::new();
    // Where the terminal is gone there is nothing to put back.
    let _ =
        queue!(bytes, SetAttribute(Attribute::Reset), EnableLineWrap, Print(MARK_NOTHING), LeaveAlternateScreen, Show);
    let mut out = io::stderr().lock();
    let _ = out.write_all(&bytes).and_then(|()| out.flush());
    let _ = terminal::disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use pty_process::blocking::{Command, open};
    use rustix::termios::{LocalModes, tcgetattr};
    use tokio::runtime;

    use super::*;
    use crate::tui::page::{Page, Surface};

    #[test]
    #[ignore = "`a_panic_is_printed_on_the_terminal_as_it_was_before` runs it, in a pseudo-terminal"]
    fn panics_while_it_is_drawn() {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _context = runtime.enter();
        let mut tty = Tty::open().expect("this is a terminal");
        let mut page = Page::new(Surface::Terminal(tty.size()));
        page.text("drawn");
        tty.draw(page.frame(tty.size()));
        panic!("on purpose");
    }

    #[test]
    fn a_panic_is_printed_on_the_terminal_as_it_was_before() {
        let (mut pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(24, 80)).unwrap();
        let name = "tui::tty::tests::panics_while_it_is_drawn";
        let command = Command::new(env::current_exe().unwrap()).args(["--exact", name, "--ignored", "--nocapture"]);
        let mut child = command.env("TERM", "xterm").spawn(pts).unwrap();
        let mut bytes = Vec::new();
        // The end of a pseudo-terminal is an error.
        let _ = pty.read_to_end(&mut bytes);
        assert!(!child.wait().unwrap().success());
        let seen = String::from_utf8_lossy(&bytes);
        let at = |what: &str| seen.find(what).unwrap_or_else(|| panic!("{what:?} is not in {seen:?}"));
        let order = [at("\x1b[?1049h"), at("drawn\x1b"), at("\x1b[?1049l"), at("on purpose")];
        assert!(order.is_sorted(), "{order:?}: {seen:?}");
        assert!(tcgetattr(&pty).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON));
    }
}
