//! Errors of the system in plain words: what is wrong, where, and what to do.

use std::io::{Error, ErrorKind};

/// How the system's own text of an error ends, before its number.
const MARK: &str = "(os error ";

/// Puts plain words in the place of the system's text, wherever a failure has one. A failure that is nothing but a place and such a text
/// begins with what could not be done.
pub(crate) fn plain(text: String) -> String {
    let Some((found, words)) = found(&text) else { return text };
    let (place, rest) = (&text[..found.0], &text[found.1..]);
    match place.strip_suffix(": ") {
        Some(place) if is_place(place) => format!("cannot use {place}: {words}{rest}"),
        _ => format!("{place}{words}{rest}"),
    }
}

/// Where the system's text is, and the words for it.
fn found(text: &str) -> Option<((usize, usize), &'static str)> {
    let mark = text.find(MARK)?;
    let number = mark + MARK.len();
    let end = number + text[number..].find(')')?;
    let error = Error::from_raw_os_error(text[number..end].parse().ok()?);
    let own = error.to_string();
    let start = (end + 1).checked_sub(own.len()).filter(|&start| text.get(start..=end) == Some(&own))?;
    Some(((start, end + 1), words(&error)?))
}

/// Whether a text is a file or an option, and not a sentence that says already what could not be done.
fn is_place(text: &str) -> bool {
    ["cannot", "could not", ": ", "lost", "\n", "incomplete"].iter().all(|part| !text.contains(part))
}

/// Returns what is wrong, and what to do.
fn words(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder; check the path",
        ErrorKind::PermissionDenied => "this user may not use it; choose another, or change its permissions",
        ErrorKind::AlreadyExists => "there is a file of this name, and a folder is needed; give another name",
        ErrorKind::NotADirectory => "a part of the path is a file, and a folder is needed; check the path",
        ErrorKind::IsADirectory => "this is a folder, and a file is needed; give the path of a file",
        ErrorKind::AddrInUse => "another program listens there; give another port, or 0 for a free one",
        ErrorKind::AddrNotAvailable => "this machine has no such address; give one of its own, such as 127.0.0.1",
        ErrorKind::StorageFull => "the disk is full; make room, or choose another place",
        ErrorKind::ReadOnlyFilesystem => "nothing can be written there; choose another place",
        ErrorKind::ConnectionRefused => "nothing listens there; check the address",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the system's text of an error.
    fn text(number: i32) -> String {
        Error::from_raw_os_error(number).to_string()
    }

    #[test]
    fn the_system_s_text_gives_way_to_words() {
        assert_eq!(
            plain(format!("--report rand: {}", text(17))),
            "cannot use --report rand: there is a file of this name, and a folder is needed; give another name"
        );
        assert_eq!(
            plain(format!("--store: could not open the store: {}", text(20))),
            "--store: could not open the store: a part of the path is a file, and a folder is needed; check the path"
        );
        assert_eq!(
            plain(format!("a/b.gz: {} at the end", text(2))),
            "cannot use a/b.gz: there is no such file or folder; check the path at the end"
        );
    }

    /// A text without one, one with another, or one that only looks like it, stays.
    #[test]
    fn other_texts_stay() {
        for other in ["line 1: expected JSON".to_owned(), text(71), "x (os error y)".into(), "No (os error 2)".into()] {
            assert_eq!(plain(other.clone()), other);
        }
    }
}
