//! The content of a screen, from top to bottom, without a size: a terminal lays it out in rows ([`frame`](super::frame)), and a browser in its
//! own way ([`web`](crate::web)).

use super::{
    keys::Key,
    style::{Size, Style},
};
use crate::qr::Code;

/// The kind of place that shows a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// A terminal of this size.
    Terminal(Size),
    /// A browser, which scrolls.
    #[cfg(feature = "web")]
    Browser,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Some space.
    Blank,
    /// The name of the command's task.
    Title(&'static str),
    /// The documented states, and the number of the present one, from 0.
    Steps(Vec<&'static str>, usize),
    /// Words, wrapped.
    Text(String, Style),
    /// A row that keeps its blanks.
    Row(String, Style),
    /// A text of one word, to be copied whole.
    Unbroken(String),
    /// A field that is typed into. The text before it is its label.
    Field {
        /// The visible text.
        shown: String,
        /// How many characters are before the cursor.
        at: usize,
        /// The character with the first flaw.
        wrong: Option<usize>,
        /// The text is a password, of which only the length is visible.
        masked: bool,
    },
    /// A QR code.
    Code(Code),
    /// How far a transfer is, in bytes. The total is not 0.
    Bar {
        /// Bytes so far.
        done: u64,
        /// All bytes.
        total: u64,
    },
    /// The picture of the camera. A browser alone has one.
    Camera,
    /// A place for an image of a QR code. A browser alone has one.
    Image,
    /// The possible actions.
    Hints(Vec<Hint>),
}

/// An action, and its keys. The first key is the action's own.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Hint {
    /// The keys, of which there is at least one.
    pub(crate) keys: &'static [Key],
    /// The effect, as a verb.
    pub(crate) does: &'static str,
}

#[cfg(not(test))]
impl std::fmt::Debug for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.does)
    }
}

impl Hint {
    /// The end of the operation, on most screens.
    pub(crate) const CANCEL: Self = Self::new(&[Key::Esc, Key::Interrupt], "cancel");

    /// An action by its keys.
    pub(crate) const fn new(keys: &'static [Key], does: &'static str) -> Self {
        Self { keys, does }
    }
}

/// As a terminal shows it.
impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, key) in self.keys.iter().enumerate() {
            let before = match index {
                0 => "",
                last if last + 1 == self.keys.len() => " or ",
                _ => ", ",
            };
            f.write_str(before)?;
            match key {
                Key::Char(char) => write!(f, "{char}")?,
                Key::Enter => f.write_str("Enter")?,
                Key::Esc => f.write_str("Esc")?,
                Key::Backspace => f.write_str("Backspace")?,
                Key::Clear => f.write_str("Ctrl-U")?,
                Key::Interrupt => f.write_str("Ctrl-C")?,
                // No hint names another one.
                _ => f.write_str("?")?,
            }
        }
        write!(f, ": {}", self.does)
    }
}

/// A page that is being made, from top to bottom.
pub(crate) struct Page {
    surface: Surface,
    blocks: Vec<Block>,
}

impl Page {
    /// An empty page for this place.
    pub(crate) const fn new(surface: Surface) -> Self {
        Self { surface, blocks: Vec::new() }
    }

    /// Whether a browser shows it.
    pub(crate) const fn is_in_browser(&self) -> bool {
        self.room().is_none()
    }

    /// The size of the place; none where it has no end.
    const fn room(&self) -> Option<Size> {
        match self.surface {
            Surface::Terminal(size) => Some(size),
            #[cfg(feature = "web")]
            Surface::Browser => None,
        }
    }

    /// Whether a QR code has room among so many other rows.
    pub(crate) fn holds(&self, code: &Code, others: usize) -> bool {
        self.room().is_none_or(|size| size.rows >= Size::ROWS_OF_QR && size.holds(code.size().with_rows(others)))
    }

    /// Columns of a row; none where rows have no end.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.room().map(|size| size.columns)
    }

    /// The content.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Adds a part.
    pub(crate) fn push(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }

    /// Adds some space.
    pub(crate) fn blank(&mut self) -> &mut Self {
        self.push(Block::Blank)
    }

    /// Adds words.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.styled(text, Style::Plain)
    }

    /// Adds words of a style.
    pub(crate) fn styled(&mut self, text: &str, style: Style) -> &mut Self {
        self.push(Block::Text(text.to_owned(), style))
    }

    /// Adds a row that keeps its blanks.
    pub(crate) fn row(&mut self, text: &str, style: Style) -> &mut Self {
        self.push(Block::Row(text.to_owned(), style))
    }

    /// Adds a text of one word, to be copied whole.
    pub(crate) fn unbroken(&mut self, text: &str) -> &mut Self {
        self.push(Block::Unbroken(text.to_owned()))
    }

    /// Adds a field with a visible text, the cursor after its first `at` characters, and the place of the first flaw.
    pub(crate) fn field(&mut self, shown: &str, at: usize, wrong: Option<usize>) -> &mut Self {
        self.push(Block::Field { shown: shown.to_owned(), at, wrong, masked: false })
    }

    /// Adds a field for a password of so many characters.
    pub(crate) fn password(&mut self, count: usize) -> &mut Self {
        let shown = "*".repeat(count.min(self.columns().unwrap_or(usize::MAX).saturating_sub(4)));
        // In a browser the field itself shows how much is typed.
        let shown = if self.is_in_browser() { String::new() } else { shown };
        self.push(Block::Field { at: shown.len(), shown, wrong: None, masked: true })
    }
}
