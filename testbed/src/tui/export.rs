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
    keys::Key,
    page::{Block, Hint, Page, Surface},
    parts::{Status, draw_comparison, groups, head, progress},
    style::Style,
};
use crate::{
    given::{Given, trimmed},
    link::{
        comparison,
        texts::{CONFIRMED, NOTHING_TO_COMPARE},
    },
    token::read_typed,
};

/// The device is the right one.
const CONFIRM: Hint = Hint::new(&[Key::Char('y')], "give it the account");
/// It is not.
const REFUSE: Hint = Hint::new(&[Key::Char('n'), Key::Esc, Key::Interrupt], "cancel");
/// The text is a token.
const LINK: Hint = Hint::new(&[Key::Enter], "link this device");
/// The text is a path.
const READ: Hint = Hint::new(&[Key::Enter], "read the image");
/// The text has to be corrected first.
const MEND: Hint = Hint::new(&[Key::Backspace, Key::Clear], "mend it");
/// Back to the choice of how to take the token.
const BACK: Hint = Hint::new(&[Key::Esc], "back");
/// The end of the operation, where Esc goes back.
const CANCEL: Hint = Hint::new(&[Key::Interrupt], "cancel");
/// The token is read by the camera, or from an image.
const SCAN: Hint = Hint::new(&[Key::Char('s')], "scan the QR code");
/// The token is typed.
const TYPE: Hint = Hint::new(&[Key::Char('t')], "type or paste the token");
/// The camera is switched on.
const START: Hint = Hint::new(&[Key::Enter], "start the camera");

/// The effect of a key.
pub(crate) enum Act {
    /// The token is to be scanned.
    Scan,
    /// The camera is to be started.
    Look,
    /// The token is to be typed.
    Type,
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
    /// Each documented screen is shown by itself: there may be a camera.
    pub(crate) has_camera: bool,
    /// The string of the comparison.
    pub(crate) shown: Option<comparison::Shown>,
    /// The user wanted to compare, and the other device cannot.
    pub(crate) nothing_to_compare: bool,
    pub(crate) status: Status,
}

impl View {
    pub(crate) fn new(account: Option<AccountId>, sought: String) -> Self {
        let (given, has_camera, status) = Default::default();
        Self { account, sought, given, has_camera, shown: None, nothing_to_compare: false, status }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, screen: &Screen, key: Key) -> Option<Act> {
        match screen {
            _ if self.status.leaving => None,
            Screen::ShowInputOptions if self.has_camera => match key {
                Key::Char('s') => Some(Act::Scan),
                Key::Char('t') => Some(Act::Type),
                Key::Esc => Some(Act::Leave),
                _ => None,
            },
            Screen::ScanQr => match key {
                Key::Enter => Some(Act::Look),
                Key::Esc => Some(Act::Cancel),
                _ => None,
            },
            Screen::ShowInputOptions | Screen::ManualEntry => match key {
                Key::Esc if *screen == Screen::ManualEntry => Some(Act::Cancel),
                Key::Esc => Some(Act::Leave),
                Key::Enter => match self.given() {
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

    /// Makes the page of the screen.
    pub(crate) fn page(&self, screen: &Screen, surface: Surface) -> Page {
        let mut page = Page::new(surface);
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
        let hints: &[Hint] = match screen {
            Screen::ShowInputOptions if self.has_camera => {
                page.text("The new device shows a token, and its QR code. How is the token to be taken?");
                &[SCAN, TYPE, Hint::CANCEL]
            }
            Screen::ShowInputOptions | Screen::ManualEntry => self.draw_entry(&mut page),
            Screen::ScanQr => {
                page.text("Start the camera, and hold the new device so that its QR code is in the picture.").blank();
                page.text("Or take an image of the code, such as a screenshot:").push(Block::Image);
                &[START, BACK, CANCEL]
            }
            Screen::QrScanning if self.has_camera => {
                page.text(
                    "The camera looks for the QR code. Hold it still, and so near that it fills half of the picture.",
                );
                page.push(Block::Camera);
                &[BACK, CANCEL]
            }
            Screen::QrScanning => {
                page.text("The image is being read.");
                &[BACK, CANCEL]
            }
            Screen::TokenObtained | Screen::Connecting => {
                page.text(&self.sought);
                &[Hint::CANCEL]
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
                    &[Hint::CANCEL]
                } else {
                    page.text("The new device shows the account id too. Is it yours, and in front of you?");
                    &[CONFIRM, REFUSE]
                }
            }
            Screen::InProgress => {
                page.text("The account is being sent.").blank();
                if let Some(amount) = self.status.amount {
                    progress(&mut page, Side::Export, amount);
                }
                &[Hint::CANCEL]
            }
            // The texts of these stay when the drawing ends.
            Screen::Initial | Screen::Done { .. } | Screen::Error(_) | Screen::Closed => &[],
        };
        self.status.foot(&mut page, hints);
        page
    }

    fn draw_account(&self, page: &mut Page) {
        if let Some(account) = &self.account {
            page.row(&format!("    the account  {}", groups(account)), Style::Strong);
        }
    }

    /// Reads the field. Where images are given in another way, a text is a token or none.
    fn given(&self) -> Given {
        let text = self.given.text();
        match Given::read(&text) {
            Given::Image(_) if self.has_camera => {
                read_typed(trimmed(&text).as_bytes()).map_or_else(Given::Neither, Given::Token)
            }
            given => given,
        }
    }

    fn draw_entry(&self, page: &mut Page) -> &'static [Hint] {
        if self.has_camera {
            page.text("The token that the new device shows:");
        } else {
            page.text(
                "The token that the new device shows, or the image of its QR code (a PNG file, such as a screenshot).",
            );
            page.text("Type it, paste it, or drop the file here:");
        }
        let text = self.given.text();
        let given = self.given();
        // Blanks and quotes before it are no part of what is counted.
        let before = text.find(trimmed(&text)).unwrap_or(0);
        let wrong = match &given {
            Given::Neither(error) if !self.given.is_empty() && !is_unfinished(trimmed(&text), error) => {
                let before = text.as_bytes().get(..before + error.offset).unwrap_or_default();
                Some((String::from_utf8_lossy(before).chars().count(), error.kind))
            }
            Given::Token(_) | Given::Image(_) | Given::Neither(_) => None,
        };
        page.field(&text, self.given.at(), wrong.map(|(at, _)| at)).blank();
        match (&given, wrong) {
            (Given::Token(_), _) => {
                page.text("This is a token.");
                if self.has_camera { &[LINK, BACK, CANCEL] } else { &[LINK, Hint::CANCEL] }
            }
            (Given::Image(_), _) => {
                page.text("This is no token: it is taken for the path of an image.");
                &[READ, Hint::CANCEL]
            }
            (Given::Neither(_), Some((at, kind))) => {
                page.styled(&format!("No token: at character {} expected {}.", at + 1, expected(kind)), Style::Wrong);
                if self.has_camera { &[MEND, BACK, CANCEL] } else { &[MEND, Hint::CANCEL] }
            }
            (Given::Neither(error), None) => {
                page.text(&format!("Next: {}.", expected(error.kind)));
                if self.has_camera { &[BACK, CANCEL] } else { &[Hint::CANCEL] }
            }
        }
    }
}

/// Whether all of the text may begin a token.
fn is_unfinished(text: &str, error: &TokenError) -> bool {
    error.offset >= text.len()
}

/// Returns the expectation, for people.
fn expected(kind: TokenErrorKind) -> String {
    match kind {
        TokenErrorKind::HexDigit => "a digit of the device id, 0 to 9 or a to f".into(),
        TokenErrorKind::End => format!("the end: a token has {SHORT_LENGTH} characters, or 83"),
        kind => kind.to_string(),
    }
}
