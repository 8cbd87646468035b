//! The screens of the client of an export.

use std::path::PathBuf;

use handfast::{
    client::export::Screen,
    outcome::{AccountId, LinkState, Side},
    token::{SHORT_LENGTH, Token, TokenError, TokenErrorKind},
};

use super::{
    Decision, decision,
    field::Shown,
    frame::{Frame, Page, Size, Style},
    keys::Key,
    parts::{Beside, groups, head, progress},
};
use crate::token::read_typed;

/// What a key leads to.
pub(crate) enum Act {
    /// The token is to be read from an image.
    Camera,
    /// From this one.
    Start(PathBuf),
    /// The token is to be typed.
    Manual,
    /// This is it.
    Entered(Token),
    /// Back to the choice of how to take the token.
    Cancel,
    /// The device that is shown is the right one.
    Confirm,
    /// The person wants to be out of here.
    Leave,
}

/// Ways to take a token, in the order in which they are offered.
const WAYS: [(char, &str); 2] = [('t', "Type or paste it"), ('i', "Read it from an image of its QR code")];

/// What is drawn beside what the client machine shows.
pub(crate) struct View {
    /// Which account is given, if its certificate names it.
    pub(crate) account: Option<AccountId>,
    /// Where the new device is looked for.
    pub(crate) peer: String,
    /// Which way to take the token is marked.
    way: usize,
    typed: Shown,
    path: Shown,
    pub(crate) beside: Beside,
}

impl View {
    pub(crate) fn new(account: Option<AccountId>, peer: String) -> Self {
        let (typed, path, beside) = Default::default();
        Self { account, peer, way: 0, typed, path, beside }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, screen: &Screen, key: Key) -> Option<Act> {
        match screen {
            _ if self.beside.leaving => None,
            Screen::ShowInputOptions => self.choose(key),
            Screen::ManualEntry => match key {
                Key::Esc => Some(Act::Cancel),
                Key::Enter => match self.parsed() {
                    Ok(token) => Some(Act::Entered(token)),
                    Err(_) => None,
                },
                key => {
                    self.typed.key(key);
                    None
                }
            },
            Screen::ScanQr => match key {
                Key::Esc => Some(Act::Cancel),
                Key::Enter if !self.path.is_empty() => Some(Act::Start(self.path.text().trim().into())),
                key => {
                    self.path.key(key);
                    None
                }
            },
            Screen::QrScanning => (key == Key::Esc).then_some(Act::Cancel),
            Screen::Authenticating { confirmed: false, .. } => match decision(key)? {
                Decision::Yes => Some(Act::Confirm),
                Decision::No => Some(Act::Leave),
            },
            _ if key == Key::Esc => Some(Act::Leave),
            _ => None,
        }
    }

    fn choose(&mut self, key: Key) -> Option<Act> {
        let way = match key {
            Key::Up => {
                self.way = (self.way + WAYS.len() - 1) % WAYS.len();
                return None;
            }
            Key::Down => {
                self.way = (self.way + 1) % WAYS.len();
                return None;
            }
            Key::Enter => self.way,
            Key::Char(char) => WAYS.iter().position(|(letter, _)| *letter == char.to_ascii_lowercase())?,
            Key::Esc => return Some(Act::Leave),
            _ => return None,
        };
        self.way = way;
        Some(if way == 0 { Act::Manual } else { Act::Camera })
    }

    fn parsed(&self) -> Result<Token, TokenError> {
        read_typed(self.typed.text().as_bytes())
    }

    /// What is drawn.
    pub(crate) fn frame(&self, screen: &Screen, size: Size) -> Frame {
        let mut page = Page::new(size);
        let state = match screen {
            Screen::Initial
            | Screen::ShowInputOptions
            | Screen::ScanQr
            | Screen::QrScanning
            | Screen::ManualEntry
            | Screen::TokenObtained => LinkState::Init,
            Screen::Connecting => LinkState::Connecting,
            Screen::Authenticating { .. } => LinkState::Authenticating,
            Screen::InProgress => LinkState::InProgress,
            Screen::Done { .. } | Screen::Error(_) | Screen::Closed => LinkState::Done,
        };
        head(&mut page, Side::Export, state);
        let keys = match screen {
            Screen::ShowInputOptions => self.draw_ways(&mut page),
            Screen::ManualEntry => self.draw_entry(&mut page),
            Screen::ScanQr => {
                page.text("The image of the QR code, a PNG file such as a screenshot:");
                page.field(&self.path.text(), self.path.at(), None);
                "Enter: read it   Esc: back   Ctrl-C: cancel"
            }
            Screen::QrScanning => {
                page.text("The image is being read.");
                "Esc: back   Ctrl-C: cancel"
            }
            Screen::TokenObtained | Screen::Connecting => {
                page.text(&format!("The new device is being connected to, at {}.", self.peer));
                "Esc or Ctrl-C: cancel"
            }
            Screen::Authenticating { address, confirmed } => {
                page.text("A new device asks for the account:").blank();
                page.row(&format!("    its address  {address}"), Style::Strong);
                self.draw_account(&mut page);
                page.blank();
                if *confirmed {
                    page.text("You confirmed it. Its user is to agree there, and to type the account's password if it has one.");
                    "Esc or Ctrl-C: cancel"
                } else {
                    page.text("The new device shows the account id too. Is it yours, and in front of you?");
                    "y: give it the account   n, Esc or Ctrl-C: cancel"
                }
            }
            Screen::InProgress => {
                page.text("The account is being sent.").blank();
                if let Some(amount) = self.beside.amount {
                    progress(&mut page, amount);
                }
                "Esc or Ctrl-C: cancel"
            }
            // What is said of these stays when nothing is drawn any more.
            Screen::Initial | Screen::Done { .. } | Screen::Error(_) | Screen::Closed => "",
        };
        self.beside.foot(&mut page, keys);
        page.done()
    }

    fn draw_account(&self, page: &mut Page) {
        if let Some(account) = &self.account {
            page.row(&format!("    the account  {}", groups(account)), Style::Strong);
        }
    }

    fn draw_ways(&self, page: &mut Page) -> &'static str {
        page.text("The new device shows a token. How is it to be taken?").blank();
        for (index, (letter, way)) in WAYS.iter().enumerate() {
            let (mark, style) = if index == self.way { ('>', Style::Strong) } else { (' ', Style::Plain) };
            page.row(&format!("  {mark} {letter}  {way}"), style);
        }
        "Up, Down, Enter or a letter: choose   Esc or Ctrl-C: cancel"
    }

    fn draw_entry(&self, page: &mut Page) -> &'static str {
        page.text("The token that the new device shows:");
        let text = self.typed.text();
        let parsed = self.parsed();
        // All that is there may begin a token.
        let unfinished = |error: &TokenError| error.offset >= text.trim_end().len() && text.trim_end() == text;
        let wrong = match &parsed {
            Err(error) if !self.typed.is_empty() && !unfinished(error) => {
                let before = text.as_bytes().get(..error.offset).unwrap_or_default();
                Some((String::from_utf8_lossy(before).chars().count(), error.kind))
            }
            Ok(_) | Err(_) => None,
        };
        page.field(&text, self.typed.at(), wrong.map(|(at, _)| at)).blank();
        match (&parsed, wrong) {
            (Ok(_), _) => {
                page.text("This is a token.");
                "Enter: link this device   Esc: back   Ctrl-C: cancel"
            }
            (Err(_), Some((at, kind))) => {
                page.styled(&format!("No token: at character {} expected {}.", at + 1, expected(kind)), Style::Wrong);
                "Backspace, Ctrl-U: mend it   Esc: back   Ctrl-C: cancel"
            }
            (Err(error), None) => {
                page.text(&format!("Next: {}.", expected(error.kind)));
                "Esc: back   Ctrl-C: cancel"
            }
        }
    }
}

/// What was expected, for people.
fn expected(kind: TokenErrorKind) -> String {
    match kind {
        TokenErrorKind::HexDigit => "a digit of the device id, 0 to 9 or a to f".into(),
        TokenErrorKind::End => format!("the end: a token has {SHORT_LENGTH} characters, or 83"),
        kind => kind.to_string(),
    }
}
