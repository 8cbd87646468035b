//! The screens of the client of an export.

use std::path::PathBuf;

use handfast::{
    client::export::Screen,
    outcome::{AccountId, LinkState, Side},
    token::{SHORT_LENGTH, Token, TokenError, TokenErrorKind},
};

use super::{
    Decision, Equality, decision, equality,
    field::Shown,
    frame::{Frame, Page, Size, Style},
    keys::Key,
    parts::{Status, draw_comparison, groups, head, progress},
};
use crate::{
    given::{Given, trimmed},
    link::{
        comparison,
        texts::{CONFIRMED, NOTHING_TO_COMPARE},
    },
};

/// The effect of a key.
pub(crate) enum Act {
    /// The token is to be read from this image.
    Start(PathBuf),
    /// This is the token.
    Entered(Token),
    /// Back to the choice of how to take the token.
    Cancel,
    /// The device that is shown is the right one.
    Confirm,
    /// Whether both screens show the same string.
    Equal(bool),
    /// The person wants to be out of here.
    Leave,
}

/// The drawn values in addition to the client machine's screen.
pub(crate) struct View {
    /// Which account is given, if its certificate names it.
    pub(crate) account: Option<AccountId>,
    /// That the new device is looked for, and where: a sentence.
    pub(crate) sought: String,
    /// The token, or the path of its image.
    given: Shown,
    /// The string of the comparison.
    pub(crate) shown: Option<comparison::Shown>,
    /// The user wanted to compare, and the other device cannot.
    pub(crate) nothing_to_compare: bool,
    pub(crate) status: Status,
}

impl View {
    pub(crate) fn new(account: Option<AccountId>, sought: String) -> Self {
        let (given, status) = Default::default();
        Self { account, sought, given, shown: None, nothing_to_compare: false, status }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, screen: &Screen, key: Key) -> Option<Act> {
        match screen {
            _ if self.status.leaving => None,
            Screen::ShowInputOptions => match key {
                Key::Esc => Some(Act::Leave),
                Key::Enter => match Given::read(&self.given.text()) {
                    Given::Token(token) => Some(Act::Entered(token)),
                    Given::Image(path) => Some(Act::Start(path)),
                    Given::Neither(_) => None,
                },
                key => {
                    self.given.key(key);
                    None
                }
            },
            Screen::QrScanning => (key == Key::Esc).then_some(Act::Cancel),
            Screen::Comparing { answered: false, .. } => match equality(key)? {
                Equality::Said(equal) => Some(Act::Equal(equal)),
                Equality::Leave => Some(Act::Leave),
            },
            Screen::Authenticating { confirmed: false, .. } => match decision(key)? {
                Decision::Yes => Some(Act::Confirm),
                Decision::No => Some(Act::Leave),
            },
            _ if key == Key::Esc => Some(Act::Leave),
            _ => None,
        }
    }

    /// Draws the screen.
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
            Screen::Comparing { .. } | Screen::Authenticating { .. } => LinkState::Authenticating,
            Screen::InProgress => LinkState::InProgress,
            Screen::Done { .. } | Screen::Error(_) | Screen::Closed => LinkState::Done,
        };
        head(&mut page, Side::Export, state);
        let keys = match screen {
            Screen::ShowInputOptions => self.draw_entry(&mut page),
            // These are passed through.
            Screen::ManualEntry | Screen::ScanQr => "",
            Screen::QrScanning => {
                page.text("The image is being read.");
                "Esc: back   Ctrl-C: cancel"
            }
            Screen::TokenObtained | Screen::Connecting => {
                page.text(&self.sought);
                "Esc or Ctrl-C: cancel"
            }
            Screen::Comparing { address, answered } => {
                page.text("A new device asks for the account:").blank();
                page.row(&format!("    its address  {address}"), Style::Strong);
                self.draw_account(&mut page);
                page.blank();
                draw_comparison(&mut page, self.shown.as_ref(), *answered)
            }
            Screen::Authenticating { address, confirmed } => {
                page.text("A new device asks for the account:").blank();
                page.row(&format!("    its address  {address}"), Style::Strong);
                self.draw_account(&mut page);
                page.blank();
                if self.nothing_to_compare && !confirmed {
                    page.text(NOTHING_TO_COMPARE).blank();
                }
                if *confirmed {
                    page.text(CONFIRMED);
                    "Esc or Ctrl-C: cancel"
                } else {
                    page.text("The new device shows the account id too. Is it yours, and in front of you?");
                    "y: give it the account   n, Esc or Ctrl-C: cancel"
                }
            }
            Screen::InProgress => {
                page.text("The account is being sent.").blank();
                if let Some(amount) = self.status.amount {
                    progress(&mut page, Side::Export, amount);
                }
                "Esc or Ctrl-C: cancel"
            }
            // The texts of these stay when the drawing ends.
            Screen::Initial | Screen::Done { .. } | Screen::Error(_) | Screen::Closed => "",
        };
        self.status.foot(&mut page, keys);
        page.done()
    }

    fn draw_account(&self, page: &mut Page) {
        if let Some(account) = &self.account {
            page.row(&format!("    the account  {}", groups(account)), Style::Strong);
        }
    }

    fn draw_entry(&self, page: &mut Page) -> &'static str {
        page.text(
            "The token that the new device shows, or the image of its QR code (a PNG file, such as a screenshot).",
        );
        page.text("Type it, paste it, or drop the file here:");
        let text = self.given.text();
        let given = Given::read(&text);
        // Blanks and quotes before it are no part of what is counted.
        let before = text.find(trimmed(&text)).unwrap_or(0);
        // All that is there may begin a token.
        let unfinished = |error: &TokenError| error.offset >= trimmed(&text).len();
        let wrong = match &given {
            Given::Neither(error) if !self.given.is_empty() && !unfinished(error) => {
                let before = text.as_bytes().get(..before + error.offset).unwrap_or_default();
                Some((String::from_utf8_lossy(before).chars().count(), error.kind))
            }
            Given::Token(_) | Given::Image(_) | Given::Neither(_) => None,
        };
        page.field(&text, self.given.at(), wrong.map(|(at, _)| at)).blank();
        match (&given, wrong) {
            (Given::Token(_), _) => {
                page.text("This is a token.");
                "Enter: link this device   Esc or Ctrl-C: cancel"
            }
            (Given::Image(_), _) => {
                page.text("This is no token: it is taken for the path of an image.");
                "Enter: read the image   Esc or Ctrl-C: cancel"
            }
            (Given::Neither(_), Some((at, kind))) => {
                page.styled(&format!("No token: at character {} expected {}.", at + 1, expected(kind)), Style::Wrong);
                "Backspace, Ctrl-U: mend it   Esc or Ctrl-C: cancel"
            }
            (Given::Neither(error), None) => {
                page.text(&format!("Next: {}.", expected(error.kind)));
                "Esc or Ctrl-C: cancel"
            }
        }
    }
}

/// Returns the expectation, for people.
fn expected(kind: TokenErrorKind) -> String {
    match kind {
        TokenErrorKind::HexDigit => "a digit of the device id, 0 to 9 or a to f".into(),
        TokenErrorKind::End => format!("the end: a token has {SHORT_LENGTH} characters, or 83"),
        kind => kind.to_string(),
    }
}
