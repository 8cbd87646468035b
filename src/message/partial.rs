//! The meaning of the entries of a message together (R-MSG-1).

use alloc::{boxed::Box, vec::Vec};

use crate::{limits::SAS_VALUE, outcome::Scheme, secret::Secret};

use super::{Features, ImportResult, Message, Verdict, Word, error::MessageErrorKind as Kind, keys::Key};

/// The part of a message that was read so far.
#[derive(Default)]
pub(super) struct Partial {
    pub(super) outer: Level,
    pub(super) inner: Level,
    /// The key that gives the message its one meaning; of the two of a verdict, `passwordCorrect`.
    topic: Option<Key>,
    /// The message, where one value makes it.
    said: Option<Message<Secret>>,
    features: Option<Features>,
    password_correct: Option<Truth>,
    can_retry: Option<Truth>,
}

/// One of the two maps.
#[derive(Default)]
pub(super) struct Level {
    /// Entries that are not complete.
    pub(super) left: u32,
    known: u16,
    unknown: Vec<Box<str>>,
}

/// The value of a verdict's key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Truth {
    True,
    False,
    Other,
}

impl Truth {
    fn from_word(word: &str) -> Self {
        match word {
            "true" => Self::True,
            "false" => Self::False,
            _ => Self::Other,
        }
    }
}

impl Level {
    /// Notes the key of that `name`, and says which of `keys` it is.
    fn note(&mut self, keys: &[Key], name: &str) -> Result<Option<Key>, Kind> {
        let key = keys.iter().copied().find(|key| key.name() == name);
        let repeated = match key {
            Some(key) => {
                let before = self.known;
                self.known |= 1 << key as u16;
                self.known == before
            }
            None => {
                let repeated = self.unknown.iter().any(|other| **other == *name);
                self.unknown.push(name.into());
                repeated
            }
        };
        if repeated { Err(Kind::Repeated) } else { Ok(key) }
    }
}

impl Partial {
    /// Takes a key of the outer map; `None` is an unknown one.
    pub(super) fn outer_key(&mut self, name: &str) -> Result<Option<Key>, Kind> {
        self.outer.note(&Key::OUTER, name)
    }

    /// Takes a key of the payload; `None` is an unknown one.
    pub(super) fn inner_key(&mut self, name: &str) -> Result<Option<Key>, Kind> {
        let key = self.inner.note(&Key::INNER, name)?;
        let topic = match key {
            Some(Key::CanRetry) => Key::PasswordCorrect,
            Some(Key::Features) | None => return Ok(key),
            Some(key) => key,
        };
        match self.topic.replace(topic) {
            Some(other) if other != topic => Err(Kind::TwoMeanings),
            _ => Ok(key),
        }
    }

    /// Takes the value of a key of the payload, other than `accData`.
    pub(super) fn value(&mut self, key: Option<Key>, text: &str) -> Result<(), Kind> {
        match key {
            Some(Key::AuthScheme) => {
                let scheme = Scheme::from_word(text).ok_or(Kind::AuthScheme)?;
                self.said = Some(Message::AuthScheme(scheme, Features::NONE));
            }
            Some(Key::Password) => self.said = Some(Message::Password(text.into())),
            Some(Key::SasCommitment) => self.said = Some(Message::Commitment(sas_value(text)?)),
            Some(Key::SasNonce) => self.said = Some(Message::Nonce(sas_value(text)?)),
            Some(Key::SasOpening) => self.said = Some(Message::Opening(sas_value(text)?)),
            Some(Key::StateMsg) => self.said = Some(Message::State(Word::from_word(text).ok_or(Kind::StateMsg)?)),
            Some(Key::ImportResult) => self.said = Some(Message::ImportResult(ImportResult::from_word(text))),
            Some(Key::PasswordCorrect) => self.password_correct = Some(Truth::from_word(text)),
            Some(Key::CanRetry) => self.can_retry = Some(Truth::from_word(text)),
            Some(Key::Features) => self.features = Some(Features::from_names(text)),
            Some(Key::AccData | Key::SchemeId | Key::Payload) | None => {}
        }
        Ok(())
    }

    /// Returns the whole message; `None` if it carried an archive.
    pub(super) fn finish(self) -> Option<Message<Secret>> {
        let features = self.features.unwrap_or_default();
        match self.topic {
            None if self.features.is_none() && !self.inner.unknown.is_empty() => Some(Message::Unknown),
            None => Some(Message::Hello(features)),
            Some(Key::PasswordCorrect) => Some(Message::Verdict(verdict(self.password_correct, self.can_retry))),
            Some(_) => self.said.map(|said| match said {
                Message::AuthScheme(scheme, _) => Message::AuthScheme(scheme, features),
                said => said,
            }),
        }
    }
}

/// A value of a comparison: lower-case hexadecimal digits, and exactly as many as there have to be.
fn sas_value(text: &str) -> Result<Secret, Kind> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 2 * SAS_VALUE && text.bytes().all(is_digit) { Ok(text.into()) } else { Err(Kind::Comparison) }
}

/// The table's words on `passwordCorrect` and `canRetry`.
fn verdict(password_correct: Option<Truth>, can_retry: Option<Truth>) -> Verdict {
    match (password_correct, can_retry) {
        (_, Some(Truth::False)) => Verdict::Final,
        (Some(Truth::False), None | Some(Truth::True)) => Verdict::Wrong,
        _ => Verdict::None,
    }
}
