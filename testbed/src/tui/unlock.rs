//! The screens of an export before there is a link: the archive may have a password.

use std::path::Path;

use handfast::{
    outcome::{LinkState, Side},
    secret::Secret,
};

use super::{
    field::Masked,
    keys::Key,
    page::{Hint, Page, Surface},
    parts::{ANEW, GO_ON, Status, head},
    style::Style,
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

    /// Makes the page of the screen.
    pub(crate) fn page(&self, surface: Surface) -> Page {
        let mut page = Page::new(surface);
        head(&mut page, Side::Export, LinkState::Init);
        if self.opening {
            page.text(&format!("{} is being opened.", self.path));
            Status::default().foot(&mut page, &[Hint::CANCEL]);
            return page;
        }
        if self.wrong {
            page.styled(WRONG_OR_DAMAGED, Style::Wrong).blank();
        }
        page.text(&format!("The password of {}:", self.path));
        page.password(self.password.count());
        Status::default().foot(&mut page, &[GO_ON, ANEW, Hint::CANCEL]);
        page
    }
}
