//! The screens of an export before there is a link: the archive may have a password.

use std::path::Path;

use handfast::{
    outcome::{LinkState, Side},
    secret::Secret,
};

use super::{
    field::Masked,
    frame::{Frame, Page, Size, Style},
    keys::Key,
    parts::{Status, head},
};
use crate::link::texts::WRONG_OR_DAMAGED;

/// The effect of a key.
pub(crate) enum Act {
    /// This is the password.
    Password(Secret),
    /// The person wants to be out of here.
    Leave,
}

/// The screen while an archive is opened.
pub(crate) struct View {
    /// The file.
    pub(crate) path: String,
    pub(crate) password: Masked,
    /// The last one was wrong.
    pub(crate) wrong: bool,
    /// A password is being tried.
    pub(crate) opening: bool,
}

impl View {
    /// Of an archive of which nothing was typed yet.
    pub(crate) fn of(path: &Path) -> Self {
        Self { path: path.display().to_string(), password: Masked::default(), wrong: false, opening: false }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: Key) -> Option<Act> {
        match key {
            Key::Esc => Some(Act::Leave),
            Key::Enter if !self.opening => Some(Act::Password(self.password.take())),
            key if !self.opening => {
                self.password.key(key);
                None
            }
            _ => None,
        }
    }

    /// Draws the screen.
    pub(crate) fn frame(&self, size: Size) -> Frame {
        let mut page = Page::new(size);
        head(&mut page, Side::Export, LinkState::Init);
        if self.opening {
            page.text(&format!("{} is being opened.", self.path));
            Status::default().foot(&mut page, "Esc or Ctrl-C: cancel");
            return page.done();
        }
        if self.wrong {
            page.styled(WRONG_OR_DAMAGED, Style::Wrong).blank();
        }
        page.text(&format!("The password of {}:", self.path));
        let mask = "*".repeat(self.password.count().min(size.columns.saturating_sub(4)));
        page.field(&mask, mask.len(), None);
        Status::default().foot(&mut page, "Enter: go on   Ctrl-U: type it anew   Esc or Ctrl-C: cancel");
        page.done()
    }
}
