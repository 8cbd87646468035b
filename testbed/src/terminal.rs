//! The input of a person: lines of standard input, passwords without echo.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _, Write as _},
    os::fd::AsFd as _,
    thread,
    time::Instant,
};

use handfast::{limits::MAX_VALUE, secret::Secret};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use tokio::sync::mpsc;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    input::{Utf16, without_mark},
    interrupt::Interrupts,
    tui::keys::{Decoder, Key},
};

/// Bytes of a line: a password with every byte escaped once, and what stands around it.
const MAX_LINE: usize = 2 * MAX_VALUE;
/// Bytes that are read at once.
const CHUNK: usize = 4096;

/// A line without its end. It may be a password, so it is wiped.
pub(crate) type Line = Zeroizing<Vec<u8>>;

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    /// The rest of it was passed over; the next line may be good.
    #[error("has more than {MAX_LINE} bytes")]
    TooLong,
    /// It is not in UTF-8, and nor are the next ones.
    #[error("cannot be read: {0}")]
    Utf16(#[from] Utf16),
    /// There will be no more.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Standard input, as lines or as keys. It is read by a thread of its own, so that waiting for it can be given up.
pub(crate) struct Typed {
    chunks: mpsc::Receiver<(Instant, io::Result<Chunk>)>,
    /// Earlier input is forgotten.
    since: Option<Instant>,
    /// Bytes that were read and not yet taken.
    chunk: Chunk,
    at: usize,
    splitter: Splitter,
    decoder: Decoder,
    over: bool,
}

/// The bytes of one read; they are wiped. Empty at the end.
type Chunk = Zeroizing<Vec<u8>>;

impl Typed {
    /// Begins to read. There is to be one reader in a process.
    pub(crate) fn of_standard_input() -> Self {
        let (sender, chunks) = mpsc::channel(1);
        thread::spawn(move || {
            if let Err(error) = read_chunks(&sender) {
                let _ = sender.blocking_send((Instant::now(), Err(error)));
            }
        });
        let (chunk, splitter, decoder) = Default::default();
        Self { chunks, since: None, chunk, at: 0, splitter, decoder, over: false }
    }

    /// The next line; `None` at the end. A future that is dropped has taken none.
    pub(crate) async fn line(&mut self) -> Option<Result<Line, LineError>> {
        loop {
            let mut rest = &self.chunk[self.at..];
            let line = self.splitter.next(&mut rest, self.over);
            self.at = self.chunk.len() - rest.len();
            if self.at == self.chunk.len() {
                // A taken line may be a password, and the next line may never come.
                (self.chunk, self.at) = Default::default();
            }
            if line.is_some() || (self.over && self.at == self.chunk.len()) {
                return line;
            }
            if self.at < self.chunk.len() {
                continue;
            }
            if let Err(error) = self.read().await {
                return Some(Err(error.into()));
            }
        }
    }

    /// The next key; `None` at the end, or where nothing can be read any more. A future that is dropped has taken none.
    pub(crate) async fn key(&mut self) -> Option<Key> {
        loop {
            if let Some(key) = self.decoder.next() {
                return Some(key);
            }
            if self.at < self.chunk.len() {
                self.decoder.feed(&self.chunk[self.at..]);
                self.at = self.chunk.len();
            } else if self.over {
                return None;
            } else if self.read().await.is_err() {
                self.over = true;
            }
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        loop {
            let Some((read, chunk)) = self.chunks.recv().await else {
                self.over = true;
                return Ok(());
            };
            let chunk = chunk?;
            self.over = chunk.is_empty();
            // The end comes once, and is not forgotten.
            if self.over || self.since.is_none_or(|since| read >= since) {
                (self.chunk, self.at) = (chunk, 0);
                return Ok(());
            }
        }
    }

    /// Forgets all that was read so far.
    fn forget(&mut self) {
        self.since = Some(Instant::now());
        (self.chunk, self.at, self.splitter) = Default::default();
    }
}

/// Reads past the standard library's own buffer, which is not wiped.
fn read_chunks(chunks: &mpsc::Sender<(Instant, io::Result<Chunk>)>) -> io::Result<()> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut buffer = Zeroizing::new([0; CHUNK]);
    loop {
        let count = match input.read(&mut *buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let chunk = Zeroizing::new(buffer[..count].to_vec());
        // The next read may wait for long, or for ever.
        buffer[..count].zeroize();
        if chunks.blocking_send((Instant::now(), Ok(chunk))).is_err() || count == 0 {
            return Ok(());
        }
    }
}

/// Puts lines together.
#[derive(Default)]
struct Splitter {
    line: Line,
    /// The line is too long, which was said: the rest of it is passed over.
    passes: bool,
    /// Whether the first line is over.
    begun: bool,
}

impl Splitter {
    /// Takes bytes off `input` up to the end of a line. The last line may lack its end.
    fn next(&mut self, input: &mut &[u8], at_end: bool) -> Option<Result<Line, LineError>> {
        let (piece, ended) = match input.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                let piece = &input[..end];
                *input = &input[end + 1..];
                (piece, true)
            }
            None => (std::mem::take(input), at_end),
        };
        if self.passes {
            self.passes = !ended;
            return None;
        }
        if self.line.len() + piece.len() > MAX_LINE {
            // It is said at once: the line may have no end.
            (self.line, self.passes) = (Line::default(), !ended);
            return Some(Err(LineError::TooLong));
        }
        // All the room at once: growing would leave copies.
        if self.line.capacity() == 0 && !piece.is_empty() {
            self.line.reserve_exact(MAX_LINE);
        }
        self.line.extend_from_slice(piece);
        if !ended || (at_end && self.line.is_empty()) {
            return None;
        }
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) {
            match without_mark(&line) {
                Ok(text) => {
                    let mark = line.len() - text.len();
                    drop(line.drain(..mark));
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(Ok(line))
    }
}

/// The echo of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Nothing.
    Nothing,
    /// All of it.
    All,
    /// The end of the line only: it is a password.
    End,
}

/// As long as it lives, the terminal shows of what is typed only what it is set to. Without a terminal it does nothing.
#[derive(Default)]
pub(crate) struct Echo(Option<Termios>);

impl Echo {
    /// Lets the terminal of standard input, if it is one, show this.
    pub(crate) fn new(shows: Shows) -> Self {
        let echo = Self(tcgetattr(io::stdin()).ok());
        echo.set(shows);
        echo
    }

    /// Lets it show this.
    pub(crate) fn set(&self, shows: Shows) {
        let Some(before) = &self.0 else { return };
        let mut now = before.clone();
        now.local_modes.set(LocalModes::ECHO, shows == Shows::All);
        now.local_modes.set(LocalModes::ECHONL, shows == Shows::End);
        // Where this fails the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &now);
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // Where this fails the terminal is gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Forgets text that was typed at a terminal before any question. Input from elsewhere was not typed.
pub(crate) fn forget_typed(typed: Option<&mut Typed>) {
    // Where it fails, standard input is no terminal.
    if tcflush(io::stdin(), QueueSelector::IFlush).is_ok()
        && let Some(typed) = typed
    {
        typed.forget();
    }
}

/// Whether an answer is yes. Everything else is no.
pub(crate) fn is_yes(line: &[u8]) -> bool {
    let word = line.trim_ascii();
    word.eq_ignore_ascii_case(b"y") || word.eq_ignore_ascii_case(b"yes")
}

/// Shows a text on standard error, without ending the line.
pub(crate) fn prompt(text: &str) {
    let mut out = io::stderr().lock();
    // There is no further place to ask.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// There is no one to ask, and nothing that would end the wait.
    #[error("a password is needed: name a file with --password-file, or use a terminal")]
    Unattended,
    /// Ctrl-C.
    #[error("given up")]
    Interrupted,
    /// The answer cannot be read.
    #[error("the password {0}")]
    Line(#[from] LineError),
    /// There is no answer.
    #[error("no password was given")]
    End,
}

/// Asks a person for a password.
pub(crate) async fn ask_password(
    question: &str,
    interrupts: &mut Interrupts,
    typed: &mut Option<Typed>,
) -> Result<Secret, Unanswered> {
    if !io::stdin().is_terminal() {
        return Err(Unanswered::Unattended);
    }
    let _echo = Echo::new(Shows::End);
    forget_typed(typed.as_mut());
    prompt(question);
    tokio::select! {
        biased;
        () = interrupts.next() => {
            prompt("\n");
            Err(Unanswered::Interrupted)
        }
        line = typed.get_or_insert_with(Typed::of_standard_input).line() => match line {
            Some(line) => Ok(Secret::from(line?.as_slice())),
            None => Err(Unanswered::End),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for (chunk, at_end) in chunks.iter().map(|chunk| (*chunk, false)).chain([(&b""[..], true)]) {
            let mut rest = chunk;
            loop {
                match splitter.next(&mut rest, at_end) {
                    Some(line) => lines.push(line.ok().map(|line| line.to_vec())),
                    None if rest.is_empty() => break,
                    None => {}
                }
            }
        }
        lines
    }

    #[test]
    fn lines_are_put_together_whatever_way_they_are_cut() {
        let line = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(split(&[b"a\nb\r\n\nc"]), [line("a"), line("b"), line(""), line("c")]);
        assert_eq!(split(&[b"a", b"b\n", b"\n"]), [line("ab"), line("")]);
        assert_eq!(split(&[]), []);
    }

    /// A line without an end is refused all the same.
    #[test]
    fn a_line_is_too_long_before_its_end() {
        let mut splitter = Splitter::default();
        let long = vec![b'x'; MAX_LINE + 1];
        assert!(matches!(splitter.next(&mut &long[..], false), Some(Err(LineError::TooLong))));
        assert!(splitter.next(&mut &long[..], false).is_none());
        let mut rest = &b"x\ny\n"[..];
        assert!(splitter.next(&mut rest, false).is_none());
        assert_eq!(splitter.next(&mut rest, false).unwrap().unwrap().as_slice(), b"y");
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = vec![b'x'; MAX_LINE + 1];
        assert_eq!(split(&[&long, b"y\nz\n"]), [None, Some(b"z".to_vec())]);
        let fits = vec![b'x'; MAX_LINE];
        assert_eq!(split(&[&fits, b"\nz"]), [Some(fits.clone()), Some(b"z".to_vec())]);
        assert_eq!(split(&[&long]), [None]);
    }
}
