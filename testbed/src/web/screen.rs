//! A page as the script in the browser draws it: JSON, of which nothing is ever markup.

use bytes::Bytes;
use serde::Serialize;

use crate::{
    qr,
    tui::{
        keys::Key,
        page::{Block, Hint},
        style::Style,
    },
};

/// A screen that is shown.
pub(super) struct Shown {
    id: u64,
    blocks: Vec<Block>,
    ended: bool,
    json: Bytes,
}

/// A screen in JSON.
#[derive(Serialize)]
struct Screen<'a> {
    /// The number of the screen, with which actions name it.
    screen: u64,
    /// The operation is over: the server ends too.
    ended: bool,
    blocks: Vec<Part<'a>>,
}

/// A part of a screen in JSON.
#[derive(Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Part<'a> {
    Title {
        text: &'a str,
    },
    Steps {
        names: &'a [&'a str],
        now: usize,
    },
    Text {
        text: &'a str,
        style: &'static str,
    },
    Row {
        text: &'a str,
        style: &'static str,
    },
    Token {
        text: &'a str,
    },
    Field {
        masked: bool,
        wrong: bool,
    },
    /// The path is in units of a module, in a square of that many.
    Code {
        side: usize,
        path: String,
    },
    Bar {
        done: u64,
        total: u64,
    },
    Camera,
    Image,
    Buttons {
        buttons: Vec<Button>,
    },
}

/// A button of a screen.
#[derive(Serialize)]
struct Button {
    key: &'static str,
    does: &'static str,
}

impl Shown {
    /// The screen with these parts.
    pub(super) fn new(id: u64, blocks: &[Block], ended: bool) -> Self {
        let screen = Screen { screen: id, ended, blocks: blocks.iter().filter_map(part).collect() };
        // Texts and numbers alone: there is no other key of a map than a text.
        let json = serde_json::to_vec(&screen).unwrap_or_default();
        Self { id, blocks: blocks.to_vec(), ended, json: json.into() }
    }

    /// An empty screen, before the client has shown one.
    pub(super) fn empty() -> Self {
        Self::new(0, &[], false)
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    pub(super) fn json(&self) -> Bytes {
        self.json.clone()
    }

    /// Whether it has these parts.
    pub(super) fn is_of(&self, blocks: &[Block]) -> bool {
        self.blocks == blocks
    }

    /// The key of a button of this screen.
    pub(super) fn key(&self, name: &str) -> Option<Key> {
        let hints = self.blocks.iter().filter_map(|block| match block {
            Block::Hints(hints) => Some(hints),
            _ => None,
        });
        hints.flatten().filter_map(|hint| hint.keys.first()).find(|key| named(**key) == Some(name)).copied()
    }

    /// Whether something is typed here.
    pub(super) fn has_field(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Field { .. }))
    }

    /// Whether the camera is looked through here.
    pub(super) fn has_camera(&self) -> bool {
        self.blocks.contains(&Block::Camera)
    }

    /// Whether an image is taken here.
    pub(super) fn has_image(&self) -> bool {
        self.blocks.contains(&Block::Image)
    }
}

/// A part as JSON; none of what means nothing in a browser.
fn part(block: &Block) -> Option<Part<'_>> {
    Some(match block {
        Block::Blank => return None,
        Block::Title(text) => Part::Title { text },
        Block::Steps(names, now) => Part::Steps { names, now: *now },
        Block::Text(text, style) => Part::Text { text, style: look(*style) },
        Block::Row(text, style) => Part::Row { text: text.trim_start(), style: look(*style) },
        Block::Unbroken(text) => Part::Token { text },
        Block::Field { masked, wrong, .. } => Part::Field { masked: *masked, wrong: wrong.is_some() },
        Block::Code(code) => {
            let (side, path) = qr::outline(code.text()).ok()?;
            Part::Code { side, path }
        }
        Block::Bar { done, total } => Part::Bar { done: *done, total: *total },
        Block::Camera => Part::Camera,
        Block::Image => Part::Image,
        Block::Hints(hints) => Part::Buttons { buttons: hints.iter().filter_map(button).collect() },
    })
}

const fn look(style: Style) -> &'static str {
    match style {
        Style::Plain | Style::Code => "plain",
        Style::Strong => "strong",
        Style::Faint => "faint",
        Style::Wrong => "wrong",
    }
}

/// The button of an action. A browser's field is edited with its own keys.
fn button(hint: &Hint) -> Option<Button> {
    Some(Button { key: named(*hint.keys.first()?)?, does: hint.does })
}

/// The name of a button's key; none of a key that edits.
fn named(key: Key) -> Option<&'static str> {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
    match key {
        Key::Enter => Some("Enter"),
        Key::Esc => Some("Esc"),
        Key::Interrupt => Some("Ctrl-C"),
        Key::Char(char) => LETTERS.find(char).map(|at| &LETTERS[at..=at]),
        _ => None,
    }
}
