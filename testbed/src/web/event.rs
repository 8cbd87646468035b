//! The events of a page, as the client takes them.

use handfast::token::Token;
use zeroize::Zeroizing;

use crate::tui::keys::Key;

/// An event of the page.
pub(crate) enum Event {
    /// A button that a key presses in a terminal.
    Key(Key),
    /// The text of the field.
    Typed {
        /// All of it; it may be a password.
        text: Zeroizing<String>,
        /// It is complete.
        enter: bool,
    },
    /// The camera, or an image, shows this token.
    Seen(Token),
    /// There is no camera, or none any more: the reason, for a person.
    NoCamera(&'static str),
}

/// An event, and the screen that it belongs to.
pub(super) struct Sent {
    pub(super) screen: u64,
    pub(super) event: Event,
}
