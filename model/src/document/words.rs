//! Actions, messages and what is on its way, in words.

use handfast::{
    message::{Features, ImportResult, Message, Verdict, Word},
    outcome::Scheme,
};

use crate::{
    property::sends::Said,
    system::{
        action::{Action, CallerAct, DeviceAct},
        link::Item,
        world::World,
    },
};

/// An action in words, with what arrives if something does.
pub(crate) fn describe(before: &World, action: Action) -> String {
    match action {
        Action::Deliver(side) => match before.link.half(side).queue.first() {
            Some(&item) => format!("{action}: {}", words(item)),
            None => action.to_string(),
        },
        Action::Caller(conn, CallerAct::Say(message)) => format!("caller {conn} says: {}", message_words(message)),
        Action::Device(DeviceAct::Say(message)) => format!("the hostile device says: {}", message_words(message)),
        _ => action.to_string(),
    }
}

/// Messages and the end of the channel, in words.
pub(crate) fn said_words(said: &Said) -> String {
    let end = said.ends.then(|| words(Item::End));
    let all: Vec<_> = said.messages.iter().map(|&message| message_words(message)).chain(end).collect();
    if all.is_empty() { "nothing".into() } else { all.join(" ") }
}

/// An item on its way, in words.
pub(crate) fn words(item: Item) -> String {
    match item {
        Item::Request => "request a connection".into(),
        Item::Opened => "TLS".into(),
        Item::Refused | Item::Absent => "refuse the connection".into(),
        Item::ChannelRequest => "request channel auth:(code)".into(),
        Item::Accepted => "accept the channel".into(),
        Item::Declined => "decline the channel".into(),
        Item::Message(message) => message_words(message),
        Item::ArchiveBegin => "{accData: …".into(),
        Item::ArchiveEnd => "… accData complete}".into(),
        Item::End => "EOF".into(),
        Item::Lost => "the connection is gone".into(),
    }
}

/// A message as it is on the wire (R-MSG-1).
pub(crate) fn message_words(message: Message) -> String {
    let features = |features: Features| match features.as_str() {
        "" => String::new(),
        names => format!("features: \"{names}\""),
    };
    match message {
        Message::Hello(named) => format!("{{{}}}", features(named)),
        Message::AuthScheme(scheme, named) => {
            let comma = if named.is_legacy() { "" } else { ", " };
            format!("{{authScheme: \"{}\"{comma}{}}}", Scheme::as_str(scheme), features(named))
        }
        Message::Password(_) => "{password: …}".into(),
        Message::Verdict(Verdict::Wrong) => "{passwordCorrect: \"false\", canRetry: \"true\"}".into(),
        Message::Verdict(Verdict::Final) => "{canRetry: \"false\"}".into(),
        Message::Verdict(Verdict::None) => "{passwordCorrect: \"true\"}".into(),
        Message::Commitment(_) => "{sasCommitment: …}".into(),
        Message::Nonce(_) => "{sasNonce: …}".into(),
        Message::Opening(_) => "{sasOpening: …}".into(),
        Message::State(Word::Mismatch) => "{stateMsg: \"MISMATCH\"}".into(),
        Message::State(Word::Canceled) => "{stateMsg: \"CANCELED\"}".into(),
        Message::State(Word::Timeout) => "{stateMsg: \"TIMEOUT\"}".into(),
        Message::ImportResult(result) => {
            let word = match result {
                ImportResult::Stored => "stored",
                ImportResult::FailedArchive => "failed_archive",
                ImportResult::FailedStorage => "failed_storage",
                ImportResult::Other => "…",
            };
            format!("{{importResult: \"{word}\"}}")
        }
        Message::Unknown => "{(unknown keys)}".into(),
    }
}
