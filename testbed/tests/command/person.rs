//! A person at a terminal: the command in a pseudo-terminal, and an emulator that knows what is on the screen.

use std::{
    cell::Cell,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    path::Path,
    process::Child,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};
use rustix::{
    process::{Pid, Signal, kill_process},
    termios::{LocalModes, tcgetattr},
};

use crate::support::{PATIENCE, code, direct, text};

/// An environment in which screens are drawn.
const TERM: &[(&str, &str)] = &[("TERM", "xterm-256color")];

/// Where the drawing of a frame begins and ends.
const BEGINS: &[u8] = b"\x1b[?2026h";
const ENDS: &[u8] = b"\x1b[?2026l";

/// A person.
pub(crate) struct Person {
    pty: Arc<Pty>,
    child: Child,
    seen: Arc<Seen>,
    /// How often something came that comes again.
    counted: Cell<usize>,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    emulator: vt100::Parser,
    /// All that ever came.
    bytes: Vec<u8>,
    over: bool,
}

impl State {
    /// Whether no frame is half drawn.
    fn is_whole(&self) -> bool {
        let last = |of: &[u8]| self.bytes.windows(of.len()).rposition(|bytes| bytes == of);
        last(BEGINS) <= last(ENDS)
    }

    fn text(&self) -> String {
        self.emulator.screen().contents()
    }
}

fn size(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a terminal has a size")
}

impl Person {
    /// Starts the command at a terminal of this size, in columns and rows.
    pub(crate) fn start<'a>((columns, rows): (u16, u16), args: impl IntoIterator<Item = &'a str>) -> Self {
        Self::start_with((columns, rows), args, TERM)
    }

    /// The same in this environment.
    pub(crate) fn start_with<'a>(
        size: (u16, u16),
        args: impl IntoIterator<Item = &'a str>,
        env: &[(&str, &str)],
    ) -> Self {
        Self::start_in(None, size, args, env)
    }

    fn start_in<'a>(
        folder: Option<&Path>,
        (columns, rows): (u16, u16),
        args: impl IntoIterator<Item = &'a str>,
        env: &[(&str, &str)],
    ) -> Self {
        let (pty, pts) = open().expect("there is a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("it has a size");
        let command = Command::new(env!("CARGO_BIN_EXE_handfast")).args(direct(args)).env_remove("NO_COLOR");
        let command = command.current_dir(folder.unwrap_or(Path::new(".")));
        let child = command.envs(env.iter().copied()).spawn(pts).expect("the command starts");
        let emulator = vt100::Parser::new(size(rows), size(columns), 0);
        let state = Mutex::new(State { emulator, bytes: Vec::new(), over: false });
        let person = Self {
            pty: Arc::new(pty),
            child,
            seen: Arc::new(Seen { state, changed: Condvar::new() }),
            counted: Cell::new(0),
        };
        let (pty, seen) = (person.pty.clone(), person.seen.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // When the command is gone, so is its end of the terminal.
            while let Ok(count @ 1..) = (&*pty).read(&mut bytes) {
                let mut state = seen.state.lock().expect("no thread panics");
                state.emulator.process(&bytes[..count]);
                state.bytes.extend_from_slice(&bytes[..count]);
                seen.changed.notify_all();
            }
            seen.state.lock().expect("no thread panics").over = true;
            seen.changed.notify_all();
        });
        person
    }

    /// Begins an import into this folder.
    pub(crate) fn import(size: (u16, u16), store: &Path, more: &[&str]) -> Self {
        let args = ["import", "--key-type", "p256", "--store", text(store)];
        Self::start(size, args.iter().chain(more).copied())
    }

    /// Begins an export of an archive to an import.
    pub(crate) fn export(size: (u16, u16), archive: &Path, peer: &str, more: &[&str]) -> Self {
        // Names that are the same length everywhere.
        let (folder, name) =
            (archive.parent().expect("it is in a folder"), archive.file_name().expect("it has a name"));
        let args = ["export", "--archive", text(name.as_ref()), "--peer", peer];
        Self::start_in(Some(folder), size, args.iter().chain(more).copied(), TERM)
    }

    fn wait(&self, what: &str, wanted: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.seen.state.lock().expect("no thread panics");
        let waits = |state: &mut State| !(state.over || state.is_whole() && wanted(state));
        let (state, waited) = self.seen.changed.wait_timeout_while(state, PATIENCE, waits).expect("no thread panics");
        assert!(!waited.timed_out() && wanted(&state), "{what} is not seen:\n{}", state.text());
        state
    }

    /// Waits until this is on the screen, and gives all of it.
    pub(crate) fn sees(&self, wanted: &str) -> String {
        self.wait(wanted, |state| state.text().contains(wanted)).text()
    }

    /// Waits until this came once more than when it was waited for the last time.
    pub(crate) fn sees_again(&self, wanted: &str) {
        let count = |state: &State| state.bytes.windows(wanted.len()).filter(|seen| *seen == wanted.as_bytes()).count();
        let before = self.counted.get();
        let now = count(&self.wait(wanted, |state| count(state) > before));
        self.counted.set(now);
    }

    /// Waits until this is on the screen no more, and gives all of it.
    pub(crate) fn sees_no_more(&self, unwanted: &str) -> String {
        self.wait(&format!("anything but {unwanted}"), |state| !state.text().contains(unwanted)).text()
    }

    /// The token that is shown.
    pub(crate) fn token(&self) -> String {
        let screen = self.sees("jami-auth://");
        screen.lines().find(|line| line.starts_with("jami-auth://")).expect("it has a row of its own").to_owned()
    }

    /// The address that is shown after this text.
    pub(crate) fn address(&self) -> String {
        let screen = self.sees("--peer ");
        let rest = screen.split("--peer ").nth(1).expect("it is there");
        rest.split_whitespace().next().expect("an address follows").to_owned()
    }

    /// Waits until a row that begins so goes on in the next one, as far as the terminal knows.
    pub(crate) fn sees_joined(&self, beginning: &str) {
        let joined = |state: &State| {
            let screen = state.emulator.screen();
            let row = screen.rows(0, screen.size().1.get()).position(|row| row.starts_with(beginning));
            row.is_some_and(|row| screen.row_wrapped(row as u16))
        };
        drop(self.wait(beginning, joined));
    }

    /// Presses keys.
    pub(crate) fn presses(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("somebody reads");
    }

    /// Makes the window another one.
    pub(crate) fn resizes(&self, (columns, rows): (u16, u16)) {
        self.seen.state.lock().expect("no thread panics").emulator.screen_mut().set_size(size(rows), size(columns));
        self.pty.resize(Size::new(rows, columns)).expect("it has a size");
    }

    /// Sends a signal from elsewhere.
    pub(crate) fn signals(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// The picture of the screen, in shades of grey, row by row, with its width.
    pub(crate) fn picture(&self) -> (usize, Vec<u8>) {
        /// Pixels of half a cell: two of these are one.
        const HALF: usize = 6;
        const LIGHT: vt100::Color = vt100::Color::Idx(15);
        let state = self.seen.state.lock().expect("no thread panics");
        let screen = state.emulator.screen();
        let (rows, columns) = screen.size();
        let mut pixels = Vec::new();
        for half_row in 0..2 * rows.get() {
            let shade = |column: u16| {
                let cell = screen.cell(half_row / 2, column).expect("it is on the screen");
                let filled = match cell.contents() {
                    "█" => true,
                    "▀" => half_row % 2 == 0,
                    "▄" => half_row % 2 == 1,
                    _ => false,
                };
                // A terminal that is light on dark.
                match (cell.bgcolor() == LIGHT, filled) {
                    (true, true) | (false, false) => 10,
                    (true, false) | (false, true) => 240,
                }
            };
            let row: Vec<u8> = (0..columns.get()).flat_map(|column| [shade(column); HALF]).collect();
            pixels.extend(std::iter::repeat_n(row, HALF).flatten());
        }
        (usize::from(columns.get()) * HALF, pixels)
    }

    /// Whether the command has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it was started").is_some()
    }

    /// Waits for the end. Gives the exit code, and what is left on the screen, which is as it was before.
    pub(crate) fn end(mut self) -> Left {
        let status = self.child.wait().expect("it ends");
        let state = self.wait("the end", |state| state.over);
        let screen = state.emulator.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste(), "{}", state.text());
        let (screen, bytes) = (state.text(), state.bytes.clone());
        drop(state);
        Left { code: code(status), screen, bytes, modes: modes(&self.pty) }
    }
}

/// How a terminal treats what is typed.
fn modes(pty: &Pty) -> LocalModes {
    tcgetattr(pty).expect("it is a terminal").local_modes
}

impl Drop for Person {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The result of a person's session.
pub(crate) struct Left {
    pub(crate) code: i32,
    pub(crate) screen: String,
    /// All that ever came.
    pub(crate) bytes: Vec<u8>,
    modes: LocalModes,
}

impl Left {
    /// The exit code and what is on the screen, of a terminal that echoes and takes lines as before.
    pub(crate) fn result(&self) -> (i32, &str) {
        assert!(self.modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG), "{:?}", self.modes);
        (self.code, &self.screen)
    }

    /// Whether any of these bytes ever came.
    pub(crate) fn has_shown(&self, bytes: &str) -> bool {
        self.bytes.windows(bytes.len()).any(|seen| seen == bytes.as_bytes())
    }
}

/// A screen without what is another each time: these texts, times, QR codes.
pub(crate) fn fixed(screen: &str, volatile: &[(&str, &str)]) -> String {
    let is_code = |line: &&str| line.contains(['█', '▀', '▄']);
    let mut lines: Vec<String> = Vec::new();
    for line in screen.lines() {
        match lines.last() {
            Some(last) if is_code(&line) && last == "(QR code)" => {}
            _ if is_code(&line) => lines.push("(QR code)".into()),
            _ => lines.push(line.to_owned()),
        }
    }
    let mut text = lines.join("\n");
    for (what, name) in volatile {
        text = text.replace(what, name);
    }
    // Minutes and seconds.
    let mut fixed = String::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if let [minute, ':', ten, one, ..] = chars[at..]
            && [minute, ten, one].iter().all(char::is_ascii_digit)
        {
            fixed.push_str("M:SS");
            at += 4;
        } else {
            fixed.push(chars[at]);
            at += 1;
        }
    }
    fixed
}
