//! The screens of the client of an import.

use std::time::Duration;

use handfast::{
    client::import::{Prompt, Screen},
    outcome::{LinkState, Scheme, Side},
    secret::Secret,
};

use super::{
    Decision, Equality, decision, equality,
    field::Masked,
    frame::{Frame, Page, Size, Style},
    keys::Key,
    parts::{Status, clock, draw_comparison, groups, head, progress},
};
use crate::{
    link::{comparison::Shown, texts},
    qr::Code,
};

/// The effect of a key.
pub(crate) enum Act {
    /// The account that is shown is agreed to.
    Agree,
    /// Whether both screens show the same string.
    Equal(bool),
    /// This is its password.
    Password(Secret),
    /// The person wants to be out of here.
    Leave,
}

/// The token, as it is shown.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) code: Option<Code>,
    /// The options by which the other device finds this one, each with a blank before it.
    pub(crate) options: String,
    /// The advice about it.
    pub(crate) advice: Option<String>,
}

/// The drawn values in addition to the client machine's screen.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) token: Option<Token>,
    /// How long the token is good.
    pub(crate) left: Option<Duration>,
    /// The account was agreed to: what is asked for is its password.
    pub(crate) agreed: bool,
    /// The string of the comparison.
    pub(crate) shown: Option<Shown>,
    /// The user wanted to compare, and the other device cannot.
    pub(crate) nothing_to_compare: bool,
    pub(crate) password: Masked,
    /// Wrong passwords so far.
    pub(crate) wrong: u8,
    pub(crate) status: Status,
}

impl View {
    /// Takes a key.
    pub(crate) fn key(&mut self, screen: &Screen, key: Key) -> Option<Act> {
        match screen {
            _ if self.status.leaving => None,
            Screen::Comparing { answered: false, .. } => match equality(key)? {
                Equality::Said(equal) => Some(Act::Equal(equal)),
                Equality::Leave => Some(Act::Leave),
            },
            Screen::Authenticating { answered: false, .. } if !self.agreed => match decision(key)? {
                Decision::Yes => Some(Act::Agree),
                Decision::No => Some(Act::Leave),
            },
            Screen::Authenticating { prompt: Prompt { scheme: Scheme::Password, .. }, answered: false } => match key {
                Key::Enter => Some(Act::Password(self.password.take())),
                Key::Esc => Some(Act::Leave),
                key => {
                    self.password.key(key);
                    None
                }
            },
            _ if key == Key::Esc => Some(Act::Leave),
            _ => None,
        }
    }

    /// Draws the screen.
    pub(crate) fn frame(&self, screen: &Screen, size: Size) -> Frame {
        let mut page = Page::new(size);
        let state = match screen {
            Screen::Initial | Screen::Init => LinkState::Init,
            Screen::TokenAvailable => LinkState::TokenAvailable,
            Screen::Connecting => LinkState::Connecting,
            Screen::Comparing { .. } | Screen::Authenticating { .. } => LinkState::Authenticating,
            Screen::InProgress => LinkState::InProgress,
            Screen::Done | Screen::Error(_) | Screen::Closed => LinkState::Done,
        };
        head(&mut page, Side::Import, state);
        let keys = match screen {
            Screen::Init => {
                page.text("A token is being made for this device. With a large key that takes seconds.");
                "Esc or Ctrl-C: cancel"
            }
            Screen::TokenAvailable => {
                self.draw_token(&mut page);
                "Esc or Ctrl-C: cancel"
            }
            Screen::Connecting => {
                page.text("A device connects. The token stays good until it has proved whose it is.").blank();
                self.draw_token(&mut page);
                "Esc or Ctrl-C: cancel"
            }
            Screen::Comparing { peer, answered } => {
                page.text("The other device belongs to this account:").blank();
                page.row(&format!("    {}", groups(peer)), Style::Strong).blank();
                draw_comparison(&mut page, self.shown.as_ref(), *answered)
            }
            Screen::Authenticating { prompt, answered } => self.draw_prompt(&mut page, *prompt, *answered),
            Screen::InProgress => {
                page.text("The account is being received.").blank();
                if let Some(amount) = self.status.amount {
                    progress(&mut page, Side::Import, amount);
                }
                "Esc or Ctrl-C: cancel"
            }
            // The texts of these stay when the drawing ends.
            Screen::Initial | Screen::Done | Screen::Error(_) | Screen::Closed => "",
        };
        self.status.foot(&mut page, keys);
        page.done()
    }

    fn draw_token(&self, page: &mut Page) {
        let Some(Token { text, code, options, advice }) = &self.token else { return };
        let size = page.size();
        // The text around the code, with the token in one or more rows.
        let others = 12 + text.len().div_ceil(size.columns.max(1));
        let mut how = "run:";
        match code {
            Some(code) if size.rows >= Size::ROWS_OF_QR && size.holds(code.size().with_rows(others)) => {
                for row in code.rows() {
                    page.row(row, code.style());
                }
                how = "scan the code, or run:";
            }
            Some(code) => {
                let Size { columns, rows } = code.size().with_rows(others);
                let rows = rows.max(Size::ROWS_OF_QR);
                page.styled(
                    &format!("Its QR code needs a terminal of {columns} columns and {rows} rows."),
                    Style::Faint,
                );
            }
            None => {}
        }
        page.text("The token:").unbroken(text).blank();
        page.text(&format!("On the device that has the account, {how}"));
        page.row(&format!("  handfast export --archive FILE{options}"), Style::Plain);
        page.text("and type the token there.");
        if let Some(advice) = advice {
            page.text(advice);
        }
        if let Some(left) = self.left {
            page.blank().text(&format!("It is good for {} more.", clock(left)));
        }
    }

    fn draw_prompt(&self, page: &mut Page, prompt: Prompt, answered: bool) -> &'static str {
        page.text("The other device belongs to this account:").blank();
        page.row(&format!("    {}", groups(&prompt.peer)), Style::Strong).blank();
        if answered {
            page.text(texts::agreed(prompt.scheme));
            return "Esc or Ctrl-C: cancel";
        }
        if prompt.wrong_password {
            page.styled(&texts::wrong_password(self.wrong), Style::Wrong).blank();
        }
        if !self.agreed && self.nothing_to_compare {
            page.text(texts::NOTHING_TO_COMPARE).blank();
        }
        if !self.agreed {
            page.text(
                "Compare it with the account id that the other device shows. Is this the account that you want here?",
            );
            return "y: import it   n, Esc or Ctrl-C: cancel";
        }
        page.text("Its password:");
        let mask = "*".repeat(self.password.count().min(page.size().columns.saturating_sub(4)));
        page.field(&mask, mask.len(), None);
        "Enter: go on   Ctrl-U: type it anew   Esc or Ctrl-C: cancel"
    }
}
