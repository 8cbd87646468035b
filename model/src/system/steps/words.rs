//! The alphabets in which hostile peers speak.

use handfast::{
    message::{Features, ImportResult, Message, Slot, Verdict, Word},
    outcome::Scheme,
};

/// The alphabet in which an intruder speaks to the importer.
pub const TO_IMPORTER: [Message; 11] = [
    Message::AuthScheme(Scheme::Password, Features::ALL),
    Message::AuthScheme(Scheme::None, Features::NONE),
    Message::Verdict(Verdict::Wrong),
    Message::Verdict(Verdict::Final),
    Message::Verdict(Verdict::None),
    Message::State(Word::Canceled),
    Message::State(Word::Timeout),
    Message::Hello(Features::ALL),
    Message::Password(Slot(0)),
    Message::ImportResult(ImportResult::Stored),
    Message::Unknown,
];

/// The alphabet in which a hostile device speaks to the exporter, passwords apart.
pub const TO_EXPORTER: [Message; 10] = [
    Message::Hello(Features::ALL),
    Message::Hello(Features::NONE),
    Message::ImportResult(ImportResult::Stored),
    Message::ImportResult(ImportResult::FailedStorage),
    Message::State(Word::Canceled),
    Message::State(Word::Timeout),
    Message::AuthScheme(Scheme::Password, Features::ALL),
    Message::Verdict(Verdict::Wrong),
    Message::Verdict(Verdict::Final),
    Message::Unknown,
];

/// Features without a comparison.
const fn features(cancel: bool, result: bool) -> Features {
    Features { cancel, result, ..Features::NONE }
}

/// Every value of every message, but for the slot of a password, and for what belongs to a comparison ([`EVERY_WORD_OF_SAS`]).
pub const EVERY_WORD: [Message; 23] = [
    Message::Hello(features(false, false)),
    Message::Hello(features(false, true)),
    Message::Hello(features(true, false)),
    Message::Hello(features(true, true)),
    Message::AuthScheme(Scheme::None, features(false, false)),
    Message::AuthScheme(Scheme::None, features(false, true)),
    Message::AuthScheme(Scheme::None, features(true, false)),
    Message::AuthScheme(Scheme::None, features(true, true)),
    Message::AuthScheme(Scheme::Password, features(false, false)),
    Message::AuthScheme(Scheme::Password, features(false, true)),
    Message::AuthScheme(Scheme::Password, features(true, false)),
    Message::AuthScheme(Scheme::Password, features(true, true)),
    Message::Password(Slot(0)),
    Message::Verdict(Verdict::Wrong),
    Message::Verdict(Verdict::Final),
    Message::Verdict(Verdict::None),
    Message::State(Word::Canceled),
    Message::State(Word::Timeout),
    Message::ImportResult(ImportResult::Stored),
    Message::ImportResult(ImportResult::FailedArchive),
    Message::ImportResult(ImportResult::FailedStorage),
    Message::ImportResult(ImportResult::Other),
    Message::Unknown,
];

/// Features with a comparison.
const fn comparing(cancel: bool, result: bool) -> Features {
    Features { cancel, result, sas: true }
}

/// Every value of a message that belongs to a comparison (R-SAS-1), but for its handles.
pub const EVERY_WORD_OF_SAS: [Message; 16] = [
    Message::Hello(comparing(false, false)),
    Message::Hello(comparing(false, true)),
    Message::Hello(comparing(true, false)),
    Message::Hello(comparing(true, true)),
    Message::AuthScheme(Scheme::None, comparing(false, false)),
    Message::AuthScheme(Scheme::None, comparing(false, true)),
    Message::AuthScheme(Scheme::None, comparing(true, false)),
    Message::AuthScheme(Scheme::None, comparing(true, true)),
    Message::AuthScheme(Scheme::Password, comparing(false, false)),
    Message::AuthScheme(Scheme::Password, comparing(false, true)),
    Message::AuthScheme(Scheme::Password, comparing(true, false)),
    Message::AuthScheme(Scheme::Password, comparing(true, true)),
    Message::State(Word::Mismatch),
    Message::Commitment(Slot::NONE),
    Message::Nonce(Slot::NONE),
    Message::Opening(Slot::NONE),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The number of a message among all that its type has: a new variant or field does not compile here, or takes another number.
    fn number(message: Message) -> usize {
        let features = |Features { cancel, result, sas }: Features| {
            usize::from(sas) * 100 + usize::from(cancel) * 2 + usize::from(result)
        };
        match message {
            Message::Hello(named) => features(named),
            Message::AuthScheme(Scheme::None, named) => 4 + features(named),
            Message::AuthScheme(Scheme::Password, named) => 8 + features(named),
            Message::Password(Slot(_)) => 12,
            Message::Verdict(Verdict::Wrong) => 13,
            Message::Verdict(Verdict::Final) => 14,
            Message::Verdict(Verdict::None) => 15,
            Message::State(Word::Canceled) => 16,
            Message::State(Word::Timeout) => 17,
            Message::ImportResult(ImportResult::Stored) => 18,
            Message::ImportResult(ImportResult::FailedArchive) => 19,
            Message::ImportResult(ImportResult::FailedStorage) => 20,
            Message::ImportResult(ImportResult::Other) => 21,
            Message::Unknown => 22,
            Message::State(Word::Mismatch) => 23,
            Message::Commitment(Slot(_)) => 24,
            Message::Nonce(Slot(_)) => 25,
            Message::Opening(Slot(_)) => 26,
        }
    }

    #[test]
    fn every_word_is_every_value_of_the_type() {
        let numbers: BTreeSet<_> = EVERY_WORD.map(number).into_iter().collect();
        assert_eq!(numbers, (0..=22).collect());
        let numbers: BTreeSet<_> = EVERY_WORD_OF_SAS.map(number).into_iter().collect();
        let named = |at: usize| (0..4).map(move |features| 100 + 4 * at + features);
        assert_eq!(numbers, (0..3).flat_map(named).chain(23..=26).collect());
        for few in TO_IMPORTER.iter().chain(&TO_EXPORTER) {
            assert!(EVERY_WORD.contains(few), "{few:?}");
        }
    }
}
