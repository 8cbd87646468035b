//! Comparisons of the two screens (R-SAS-1 to R-SAS-9): the sides that name the feature, the answers of their users, and the values of
//! both ends.

use handfast::{
    message::{Features, Message, Slot},
    outcome::Side,
    reducer::Config,
    sas::{Channel, Comparison},
    secret::Secret,
};
use handfast_model::steps::EVERY_WORD_OF_SAS;
use serde::{Deserialize, Serialize};

use crate::event::schedule::Schedule;

/// A session with a side that can compare. By default both do, and both users see the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compare {
    /// The only side that names the feature; none where both do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<Side>,
    /// The side whose user says that the strings differ, whatever they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<Side>,
}

impl Schedule {
    /// Whether a side names the feature.
    pub fn compares(&self, side: Side) -> bool {
        self.sas.is_some_and(|sas| sas.alone.is_none_or(|alone| alone == side))
    }

    /// How the reducer of a side is configured.
    pub fn config(&self, side: Side) -> Config {
        let features = if self.compares(side) { Features::WITH_SAS } else { Features::ALL };
        Config { profile: self.profile, features, ..Config::default() }
    }
}

/// A word that belongs to a comparison, said by a hostile peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A message. Its values are those of the peer's end of the channel.
    Message(Message),
    /// An opening that does not open the commitment: no message (R-SAS-3).
    WrongOpening,
}

/// How many words there are.
pub(crate) const WORDS: u8 = EVERY_WORD_OF_SAS.len() as u8 + 1;

impl Said {
    /// The word of this number.
    pub(crate) fn of(number: u8) -> Self {
        let number = usize::from(number % WORDS);
        EVERY_WORD_OF_SAS.get(number).map_or(Self::WrongOpening, |&message| Self::Message(message))
    }
}

/// The numbers of the words that a peer says in this order, as the honest one would.
pub(crate) mod word {
    /// `authScheme` for consent alone, and for a password, with all features.
    pub(crate) const SCHEMES: [u8; 2] = [7, 11];
    pub(crate) const HELLO: u8 = 3;
    pub(crate) const MISMATCH: u8 = 12;
    pub(crate) const COMMITMENT: u8 = 13;
    pub(crate) const NONCE: u8 = 14;
    pub(crate) const OPENING: u8 = 15;
    pub(crate) const WRONG_OPENING: u8 = 16;
}

/// Returns the comparison of one end of a connection. Channels of different connections are different, and equal sessions have equal
/// values.
pub(crate) fn comparison(side: Side, conn: usize) -> Comparison {
    let byte = conn as u8;
    let channel = Channel { exported: [byte; 32].into(), importer: [1; 32], exporter: [2; 32] };
    let nonce = match side {
        Side::Import => 3,
        Side::Export => 4,
    };
    Comparison::new(side, channel, [nonce; 32])
}

/// Returns the message with the values of this end.
pub(crate) fn filled(comparison: Option<&Comparison>, message: Message, password: &'static [u8]) -> Message<Secret> {
    match comparison {
        Some(comparison) => comparison.fill(message, |_| Secret::from(password)),
        None => message.map_password(|_| Secret::from(password)),
    }
}

/// Whether what a message carries is a value of a comparison, of which a reducer has no handle.
pub(crate) const fn has_value<P>(message: &Message<P>) -> bool {
    matches!(message, Message::Commitment(_) | Message::Nonce(_) | Message::Opening(_))
}

/// Returns the message as a reducer has it, where passwords have this handle.
pub(crate) fn handled(message: Message<Secret>, password: Slot) -> Message {
    let slot = if has_value(&message) { Slot::NONE } else { password };
    message.map_password(|_| slot)
}

/// Whether two ends that have a string show the same one. An end without one shows nothing that differs.
pub(crate) fn is_same(one: Option<&Comparison>, other: Option<&Comparison>) -> bool {
    let string = |end: Option<&Comparison>| end.and_then(Comparison::string).cloned();
    match (string(one), string(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_have_their_numbers() {
        use handfast::{message::Word, outcome::Scheme};
        let all = |scheme| Said::Message(Message::AuthScheme(scheme, Features::WITH_SAS));
        assert_eq!(word::SCHEMES.map(Said::of), [all(Scheme::None), all(Scheme::Password)]);
        assert_eq!(Said::of(word::HELLO), Said::Message(Message::Hello(Features::WITH_SAS)));
        assert_eq!(Said::of(word::MISMATCH), Said::Message(Message::State(Word::Mismatch)));
        assert_eq!(Said::of(word::COMMITMENT), Said::Message(Message::Commitment(Slot::NONE)));
        assert_eq!(Said::of(word::NONCE), Said::Message(Message::Nonce(Slot::NONE)));
        assert_eq!(Said::of(word::OPENING), Said::Message(Message::Opening(Slot::NONE)));
        assert_eq!(Said::of(word::WRONG_OPENING), Said::WrongOpening);
    }
}
