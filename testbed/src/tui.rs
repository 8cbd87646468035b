//! Screens that are drawn in place, where a person sits at a capable terminal.
//!
//! A screen is a function of what the client machine shows, of what the person has typed, and of a size: it gives lines. Only
//! [`tty`] knows that there is a terminal.

pub(crate) mod export;
pub(crate) mod field;
pub(crate) mod frame;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod parts;
#[cfg(test)]
mod tests;
pub(crate) mod tty;
pub(crate) mod unlock;

/// Whether a person agrees, or wants to be out of here.
pub(crate) enum Decision {
    Yes,
    No,
}

/// The answer of a person who compares two screens.
pub(crate) enum Equality {
    /// Whether they show the same.
    Said(bool),
    Leave,
}

/// The answer of a key to the question whether both screens show the same. Other keys answer nothing.
fn equality(key: keys::Key) -> Option<Equality> {
    match key {
        keys::Key::Char('y' | 'Y') => Some(Equality::Said(true)),
        keys::Key::Char('n' | 'N') => Some(Equality::Said(false)),
        keys::Key::Esc => Some(Equality::Leave),
        _ => None,
    }
}

/// The answer of a key to a question of yes and no. Other keys answer nothing.
fn decision(key: keys::Key) -> Option<Decision> {
    match key {
        keys::Key::Char('y' | 'Y') => Some(Decision::Yes),
        keys::Key::Char('n' | 'N') | keys::Key::Esc => Some(Decision::No),
        _ => None,
    }
}
