//! Words and bytes: the API's strings in both vocabularies, and messages on the wire.

use handfast::{
    message::{Features, ImportResult, Message, Verdict, Word, archive_header, encode},
    mux::{Control, VERSION, end_of_channel, frame_header},
    outcome::{AccountId, Outcome, Scheme, Signal, Vocabulary},
    secret::Secret,
    token,
};

use super::Stated;

const VOCABULARIES: [Vocabulary; 2] = [Vocabulary::Documented, Vocabulary::Jamid];

pub(super) fn all() -> Vec<Stated> {
    let mut all = outcomes();
    all.extend(details());
    all.extend(messages());
    all.extend(channels());
    all
}

/// The table of R-ERR-1, its exit codes, and what R-ERR-2 adds to it.
fn outcomes() -> Vec<Stated> {
    let table = [
        (Outcome::Success { confirmed: true }, "", "", 0, "success"),
        (Outcome::Success { confirmed: false }, "", "", 0, "success"),
        (Outcome::Network, "network", "network", 10, "network"),
        (Outcome::Timeout, "network", "timeout", 11, "timeout"),
        (Outcome::Authentication, "authentication", "auth_error", 12, "authentication"),
        (Outcome::Canceled { sent: false }, "network", "canceled", 13, "canceled"),
        (Outcome::Canceled { sent: true }, "network", "canceled", 13, "canceled"),
        (Outcome::Mismatch, "authentication", "unknown", 18, "mismatch"),
        (Outcome::Protocol, "network", "unknown", 14, "protocol"),
        (Outcome::Storage, "network", "unknown", 15, "storage"),
        (Outcome::Peer, "network", "unknown", 17, "peer"),
    ];
    let mut all = Vec::new();
    for (outcome, documented, jamid, code, reason) in table {
        let [documented_ships, jamid_ships] = VOCABULARIES.map(|vocabulary| vocabulary.error(outcome));
        all.push(Stated::new(
            "R-ERR-1",
            format!("`error` of {outcome:?}, documented"),
            quoted(documented),
            quoted(documented_ships),
        ));
        all.push(Stated::new("R-ERR-1", format!("`error` of {outcome:?}, jamid"), quoted(jamid), quoted(jamid_ships)));
        all.push(Stated::new("R-ERR-1", format!("exit code of {outcome:?}"), code, outcome.exit_code()));
        all.push(Stated::new("R-ERR-2", format!("`reason` of {outcome:?}"), reason, outcome.reason()));
    }
    for (vocabulary, word) in VOCABULARIES.into_iter().zip(["bad_password", "invalid_credentials"]) {
        all.push(Stated::new("R-ERR-1", format!("`auth_error`, {vocabulary:?}"), word, vocabulary.wrong_password()));
    }
    for (scheme, word) in [(Scheme::None, ""), (Scheme::Password, "password")] {
        all.push(Stated::new("R-ERR-1", format!("scheme {scheme:?}"), quoted(word), quoted(scheme.as_str())));
    }
    for (word, success) in [("", true), ("none", true), ("network", false), ("None", false), ("unheard", false)] {
        all.push(Stated::new(
            "R-ERR-2",
            format!("{} is no error", quoted(word)),
            success,
            Vocabulary::is_success(word),
        ));
    }
    for (word, scheme) in [("", "Some(None)"), ("none", "Some(None)"), ("password", "Some(Password)"), ("key", "None")]
    {
        all.push(Stated::new(
            "R-ERR-2",
            format!("the scheme {}", quoted(word)),
            scheme,
            format!("{:?}", Scheme::from_word(word)),
        ));
    }
    all
}

/// The details of every signal (R-STATE-3), those of an end with what R-ERR-2 and R-EXT-2 add.
fn details() -> Vec<Stated> {
    let peer = AccountId([0xa1; 20]);
    let peer_id = "a1".repeat(20);
    let prompt = |scheme, wrong_password| Signal::Prompt { peer, scheme, wrong_password };
    let asks = |scheme: &str, error: &str| format!("{error}auth_scheme={scheme:?} peer_id={peer_id:?}");
    let plain = |text: &str| [text.to_owned(), text.to_owned()];
    let end = |documented: &str, jamid: &str| [documented.to_owned(), jamid.to_owned()];
    let table: Vec<(Signal, [String; 2])> = vec![
        (Signal::TokenAvailable, plain(r#"token="jami-auth://x""#)),
        (Signal::Connecting, plain("")),
        (prompt(Scheme::None, false), plain(&asks("", ""))),
        (prompt(Scheme::Password, false), plain(&asks("password", ""))),
        (
            prompt(Scheme::Password, true),
            [r#"auth_error="bad_password" "#, r#"auth_error="invalid_credentials" "#]
                .map(|error| asks("password", error)),
        ),
        (Signal::Confirm { peer_address: ([192, 0, 2, 7], 4711).into() }, plain(r#"peer_address="192.0.2.7:4711""#)),
        (
            Signal::Confirm { peer_address: ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 7], 4711).into() },
            plain(r#"peer_address="[2001:db8::7]:4711""#),
        ),
        (Signal::InProgress, plain("")),
        (Signal::Done(Outcome::Success { confirmed: true }), plain(r#"error="""#)),
        (Signal::Done(Outcome::Success { confirmed: false }), plain(r#"confirmed="false" error="""#)),
        (Signal::Done(Outcome::Network), plain(r#"error="network""#)),
        (Signal::Done(Outcome::Timeout), end(r#"error="network" reason="timeout""#, r#"error="timeout""#)),
        (Signal::Done(Outcome::Authentication), end(r#"error="authentication""#, r#"error="auth_error""#)),
        (
            Signal::Done(Outcome::Canceled { sent: false }),
            end(r#"error="network" reason="canceled""#, r#"error="canceled""#),
        ),
        (
            Signal::Done(Outcome::Canceled { sent: true }),
            end(r#"error="network" reason="canceled" sent="true""#, r#"error="canceled" sent="true""#),
        ),
        (Signal::Done(Outcome::Mismatch), end(r#"error="authentication" reason="mismatch""#, r#"error="unknown""#)),
        (Signal::Done(Outcome::Protocol), end(r#"error="network" reason="protocol""#, r#"error="unknown""#)),
        (Signal::Done(Outcome::Storage), end(r#"error="network" reason="storage""#, r#"error="unknown""#)),
        (Signal::Done(Outcome::Peer), end(r#"error="network" reason="peer""#, r#"error="unknown""#)),
    ];
    let mut all = Vec::new();
    for (signal, stated) in table {
        all.extend(of_signal("R-STATE-3", signal, "jami-auth://x", stated));
    }
    let sas = r#"sas="012345" sas_words="a b c d""#;
    let account = Signal::CompareAccount { peer, scheme: Scheme::Password };
    let device = Signal::CompareDevice { peer_address: ([192, 0, 2, 7], 4711).into() };
    let account_stated = format!("{} {sas}", asks("password", ""));
    all.extend(of_signal("R-SAS-5", account, "012345 a b c d", plain(&account_stated)));
    all.extend(of_signal(
        "R-SAS-5",
        device,
        "012345 a b c d",
        plain(&format!(r#"peer_address="192.0.2.7:4711" {sas}"#)),
    ));
    all
}

/// The details of a signal, in both vocabularies.
fn of_signal(requirement: &'static str, signal: Signal, text: &str, stated: [String; 2]) -> Vec<Stated> {
    let of = |(vocabulary, stated): (Vocabulary, String)| {
        let details = signal.details(vocabulary, text);
        let shipped: Vec<_> = details.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        let what = format!("details of {signal:?}, {vocabulary:?}");
        Stated::new(requirement, what, format!("[{stated}]"), format!("[{}]", shipped.join(" ")))
    };
    VOCABULARIES.into_iter().zip(stated).map(of).collect()
}

/// The bytes of every message (R-MSG-1).
fn messages() -> Vec<Stated> {
    // Two keys, `schemeId` 0, and a payload of so many entries.
    let begin = |entries: u8| format!("\\x82\\xa8schemeId\\x00\\xa7payload\\x8{entries}");
    let (result, cancel) = (Features { result: true, ..Features::NONE }, Features { cancel: true, ..Features::NONE });
    let table: Vec<(&'static str, Message<Secret>, u8, &str)> = vec![
        ("R-MSG-1", Message::Hello(Features::NONE), 0, ""),
        ("R-MSG-1", Message::Hello(Features::ALL), 1, "\\xa8features\\xadcancel,result"),
        ("R-MSG-1", Message::Hello(result), 1, "\\xa8features\\xa6result"),
        ("R-MSG-1", Message::Hello(cancel), 1, "\\xa8features\\xa6cancel"),
        ("R-SAS-1", Message::Hello(Features::WITH_SAS), 1, "\\xa8features\\xb1cancel,result,sas"),
        ("R-MSG-1", Message::AuthScheme(Scheme::None, Features::NONE), 1, "\\xaaauthScheme\\xa0"),
        ("R-MSG-1", Message::AuthScheme(Scheme::Password, Features::NONE), 1, "\\xaaauthScheme\\xa8password"),
        (
            "R-MSG-1",
            Message::AuthScheme(Scheme::Password, Features::ALL),
            2,
            "\\xaaauthScheme\\xa8password\\xa8features\\xadcancel,result",
        ),
        ("R-MSG-1", Message::Password(b"geheim".as_slice().into()), 1, "\\xa8password\\xa6geheim"),
        ("R-MSG-1", Message::Password(b"".as_slice().into()), 1, "\\xa8password\\xa0"),
        ("R-EXP-6", Message::Verdict(Verdict::Wrong), 2, "\\xa8canRetry\\xa4true\\xafpasswordCorrect\\xa5false"),
        ("R-EXP-6", Message::Verdict(Verdict::Final), 1, "\\xa8canRetry\\xa5false"),
        ("R-EXT-3", Message::State(Word::Canceled), 1, "\\xa8stateMsg\\xa8CANCELED"),
        ("R-EXT-3", Message::State(Word::Timeout), 1, "\\xa8stateMsg\\xa7TIMEOUT"),
        ("R-SAS-7", Message::State(Word::Mismatch), 1, "\\xa8stateMsg\\xa8MISMATCH"),
        ("R-SAS-2", Message::Commitment(b"ab".as_slice().into()), 1, "\\xadsasCommitment\\xa2ab"),
        ("R-SAS-2", Message::Nonce(b"ab".as_slice().into()), 1, "\\xa8sasNonce\\xa2ab"),
        ("R-SAS-2", Message::Opening(b"ab".as_slice().into()), 1, "\\xaasasOpening\\xa2ab"),
        ("R-EXT-2", Message::ImportResult(ImportResult::Stored), 1, "\\xacimportResult\\xa6stored"),
        ("R-EXT-2", Message::ImportResult(ImportResult::FailedArchive), 1, "\\xacimportResult\\xaefailed_archive"),
        ("R-EXT-2", Message::ImportResult(ImportResult::FailedStorage), 1, "\\xacimportResult\\xaefailed_storage"),
    ];
    let mut all: Vec<_> = table
        .into_iter()
        .map(|(requirement, message, entries, rest)| {
            let what = match &message {
                Message::Password(password) => format!("a password of {} bytes", password.as_bytes().len()),
                other => format!("{:?}", other.clone().map_password(|_| ())),
            };
            let shipped = encode(&message).as_bytes().escape_ascii().to_string();
            Stated::new(requirement, format!("bytes of {what}"), format!("{}{rest}", begin(entries)), shipped)
        })
        .collect();
    let archive = archive_header(70_000);
    let stated = format!("{}\\xa7accData\\xdb\\x00\\x01\\x11p", begin(1));
    all.push(Stated::new(
        "R-MSG-1",
        "bytes before an archive of 70 000 bytes",
        stated,
        archive.as_bytes().escape_ascii(),
    ));
    all
}

/// Frames, the session's channel, and the token (R-MUX-1, R-TOK-1).
fn channels() -> Vec<Stated> {
    let token = format!("jami-auth://{}/123456", "0a".repeat(20));
    let parsed = token::Token::parse(token.as_bytes());
    let name = parsed.as_ref().map(|token| token.code.channel_name().as_bytes().escape_ascii().to_string());
    let control = |what: &str, stated: &str, control: &Control| {
        Stated::new("R-MUX-1", what, stated, control.to_frame().escape_ascii())
    };
    vec![
        Stated::new("R-TOK-1", "how a token begins", "jami-auth://", token::PREFIX),
        Stated::new("R-MUX-1", "the session's channel", "auth:123456", name.unwrap_or_else(|error| error.to_string())),
        Stated::new(
            "R-MUX-1",
            "a frame of 3 bytes",
            "\\x92\\xcd\\x80\\x00\\xc4\\x03",
            frame_header(0x8000, 3).as_bytes().escape_ascii(),
        ),
        Stated::new(
            "R-MUX-1",
            "the end of a channel",
            "\\x92\\xcd\\x80\\x00\\xc4\\x00",
            end_of_channel(0x8000).as_bytes().escape_ascii(),
        ),
        control("the version", "\\x92\\xcd\\xff\\xff\\xc4\\x04\\x81\\xa1v\\x01", &Control::Version(VERSION)),
        control("a beacon that asks", "\\x92\\xcd\\xff\\xff\\xc4\\x04\\x81\\xa1p\\xc3", &Control::Beacon(true)),
        control("a beacon that answers", "\\x92\\xcd\\xff\\xff\\xc4\\x04\\x81\\xa1p\\xc2", &Control::Beacon(false)),
    ]
}

/// A word, so that the empty one is seen.
fn quoted(word: &str) -> String {
    format!("{word:?}")
}
