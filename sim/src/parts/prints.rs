//! The text forms of everything that may hold a secret or a code: neither is in them, in no form, whatever it is a part of (R-SEC-2).

use std::fmt::{Debug, Display};

use handfast::{
    archive::{Archive, Identity, InsecureKdf, Kdf as _, PrivateKey, Seal, Sealer, Terms},
    buffer::Buffer,
    connection::Connection,
    import,
    message::{self, Decoder, Features, Message, encode},
    mux::{ChannelName, ChannelRequest, Control, FrameDecoder, FrameEvent, RequestState},
    outcome::{Outcome, Scheme, Side, Signal, Vocabulary},
    sas::{Channel, Comparison},
    secret::Secret,
    shell::{Notice, Slots},
    token::{self, Code, Token},
};

use super::{Cases, Part, wire};
use crate::shell::fixture::{FIXTURE, NOW, PASSWORD};

/// A code, and a password; nothing else here has their characters.
const CODE: &str = "739182";
const WORD: &str = "Sesame-öffne";
/// A value of a comparison.
const NONCE: &str = "5ec2e7005ec2e7005ec2e7005ec2e7005ec2e7005ec2e7005ec2e7005ec2e700";

/// The forms in which a secret could be in a text: as it is, escaped, in hexadecimal digits, or as a list of numbers. A part of it is as good for
/// a thief.
fn forms(secret: &[u8]) -> Vec<String> {
    let of = |part: &[u8]| {
        let list = |form: fn(&u8) -> String, between: &str| part.iter().map(form).collect::<Vec<_>>().join(between);
        [
            String::from_utf8_lossy(part).into_owned(),
            part.escape_ascii().to_string(),
            list(|byte| format!("{byte:02x}"), ""),
            list(|byte| format!("{byte:02X}"), ""),
            list(|byte| format!("{byte:x}"), ","),
            list(u8::to_string, ","),
        ]
    };
    let mut all: Vec<_> = secret.windows(secret.len().min(5)).flat_map(of).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether one of these forms is in a text, also over several lines.
fn shows(text: &str, forms: &[String]) -> bool {
    let dense: String = text.split_whitespace().collect();
    forms.iter().any(|form| dense.contains(form))
}

/// The values that are printed, and the secrets that may not be there.
struct Printed<'a> {
    cases: &'a mut Cases,
    secrets: [(&'static str, Vec<String>); 4],
}

impl Printed<'_> {
    fn judge(&mut self, what: &str, texts: &[String]) {
        for text in texts {
            for (kind, forms) in &self.secrets {
                let came = shows(text, forms).then_some(text);
                self.cases.expect(format_args!("{what} without {kind}"), None, came);
            }
        }
    }

    fn debug(&mut self, what: &str, value: &impl Debug) {
        let wrapped = Some(Ok::<_, ()>(value));
        self.judge(
            what,
            &[
                format!("{value:?}"),
                format!("{value:#?}"),
                format!("{value:x?}"),
                format!("{wrapped:?}"),
                format!("{wrapped:#?}"),
            ],
        );
    }

    fn both(&mut self, what: &str, value: &(impl Debug + Display)) {
        self.debug(what, value);
        self.judge(what, &[format!("{value}"), format!("{value:#}"), format!("{value:>40}")]);
    }

    fn tag(&mut self, what: &str, tag: &str, value: &(impl Debug + Display)) {
        self.both(what, value);
        self.cases.expect(what, (tag.to_owned(), tag.to_owned()), (format!("{value}"), format!("{value:?}")));
    }
}

/// Carries the list out.
pub(super) fn prints() -> Part {
    let mut cases = Cases::default();
    let code = forms(CODE.as_bytes());
    // The search finds a code.
    for (text, stated) in [
        ("739182", true),
        ("a 739182 b", true),
        ("37 33 39 31 38", true),
        ("373339313832", true),
        ("[55, 51, 57, 49, 56, 50]", true),
        ("[\n    55,\n    51,\n    57,\n    49,\n    56,\n    50,\n]", true),
        ("[37, 33, 39, 31, 38, 32]", true),
        ("39182", true),
        ("<code>", false),
    ] {
        cases.expect(format_args!("the code is in {text:?}"), stated, shows(text, &code));
    }
    let secrets = [
        ("the code", code),
        ("the password", forms(WORD.as_bytes())),
        ("the nonce", forms(NONCE.as_bytes())),
        ("the nonce's bytes", forms(&[0x5e, 0xc2, 0xe7, 0, 0x5e])),
    ];
    let mut printed = Printed { cases: &mut cases, secrets };
    tokens(&mut printed);
    names(&mut printed);
    messages(&mut printed);
    streams(&mut printed);
    comparisons(&mut printed);
    archives(&mut printed);
    cases.part("prints", "R-SEC-2")
}

fn tokens(printed: &mut Printed<'_>) {
    let code = Code::parse(CODE.as_bytes()).expect("it is a code");
    printed.tag("a code", "<code>", &code);
    for id in
        ["02f92cb034a73275b5a23074abfa84a20a4f340b", "3941fdea8f7fc158fa513bec019bef5b9ba4d76e080e819fd59855dd484e79ed"]
    {
        let text = format!("jami-auth://{id}/{CODE}");
        let token = Token::parse(text.as_bytes()).expect("it is a token");
        printed.debug("a token", &token);
        let shown = token.text().to_string();
        printed.cases.expect("the token is shown where it is asked for", text.clone(), shown);
        for end in 0..=text.len() {
            for more in ["", "9"] {
                let other = format!("{}{more}", &text[..end]);
                for parsed in [Token::parse(other.as_bytes()), Token::parse_lenient(other.as_bytes())] {
                    match parsed {
                        Ok(token) => printed.debug("a token that is parsed", &token),
                        Err(error) => printed.both("why it is no token", &error),
                    }
                }
            }
        }
    }
    printed.debug("what a request asks for", &token::parse_channel_name(format!("auth:{CODE}")));
}

/// The names of channels: all that begin as that of a session are a tag, and no other is.
fn names(printed: &mut Printed<'_>) {
    let code = Code::parse(CODE.as_bytes()).expect("it is a code");
    let mut all = vec![code.channel_name().as_bytes().to_vec()];
    let name = format!("auth:{CODE}").into_bytes();
    for byte in 0..=u8::MAX {
        all.push([&name[..], &[byte]].concat());
        all.push([&name[..5], &[byte], &name[5..]].concat());
    }
    for end in 5..name.len() {
        all.push(name[..end].to_vec());
    }
    for place in 5..=name.len() {
        all.push([&name[..place], b"\xff", &name[place..]].concat());
        all.push([&name[..place], b"\r\n", &name[place..]].concat());
    }
    all.extend([[&name[..], b"/more"].concat(), [&name[..], &name[..]].concat(), [&name[..], &[b'x'; 1000]].concat()]);
    for name in &all {
        let what = format!("the channel {}", name.escape_ascii());
        let Some(name) = ChannelName::new(name) else { continue };
        printed.tag(&what, "auth:<code>", &name);
        let request = ChannelRequest { name: name.clone(), channel: 7, state: RequestState::Request };
        printed.debug(&what, &request);
        printed.debug(&what, &Control::Request(request.clone()));
        printed.debug(&what, &FrameEvent::Control(Control::Request(request)));
        printed.debug(&what, &handfast::connection::Event::ChannelRequested(name.clone()));
        printed.debug(&what, &name.ask());
        printed.debug(&what, &import::Ask::of(&name, Some(code)));
    }
    for (name, shown) in
        [("auth", "auth"), ("Auth:12", "Auth:12"), ("", ""), ("sync://x", "sync://x"), ("a\nb", "a\\nb")]
    {
        let came = ChannelName::new(name.as_bytes()).map(|name| (format!("{name}"), format!("{name:?}")));
        printed.cases.expect(name, Some((shown.to_owned(), shown.to_owned())), came);
    }
}

fn messages(printed: &mut Printed<'_>) {
    let secret = || Secret::from(WORD);
    printed.tag("a secret", "<secret>", &secret());
    printed.debug("several secrets", &vec![secret(), secret()]);
    let mut buffer = Buffer::from(WORD.as_bytes().to_vec());
    printed.debug("a buffer", &buffer);
    buffer.clear();
    printed.debug("a buffer with room", &buffer);
    let nonce = || Secret::from(NONCE);
    for message in
        [Message::Password(secret()), Message::Commitment(nonce()), Message::Nonce(nonce()), Message::Opening(nonce())]
    {
        printed.debug("a message", &message);
        let bytes = encode(&message);
        printed.tag("its bytes", "<secret>", &bytes);
        for end in 0..=bytes.len() {
            let mut decoder = Decoder::new(64);
            let came = decoder.next(&mut &bytes.as_bytes()[..end]);
            printed.debug("what is read of it", &came);
            printed.debug("what reads it", &decoder);
            printed.debug("what fails at it", &decoder.next(&mut &b"\xc1"[..]));
            printed.debug("what failed at it", &decoder);
        }
        printed.debug("an event of it", &message::Event::Message(message.clone()));
        printed.debug("an event on a connection", &handfast::connection::Event::Message(message));
    }
    printed.debug("a piece of an archive", &message::Event::ArchiveSlice(WORD.as_bytes()));
    printed.debug("a piece of an archive on a connection", &handfast::connection::Event::ArchiveSlice(WORD.as_bytes()));
    printed.debug("data of a channel", &FrameEvent::Data { channel: 7, bytes: WORD.as_bytes() });
    // A value that cannot stand where it does is not repeated in the error, and no more is a key.
    for name in ["authScheme", "stateMsg", "sasNonce", "accData", WORD] {
        for value in [WORD.as_bytes(), CODE.as_bytes(), &[WORD.as_bytes(), b"\xff"].concat()] {
            let entry = [wire::text(name.as_bytes(), 0), wire::text(value, 0)].concat();
            let bytes = [&b"\x81\xa7payload\x82"[..], &entry, &entry].concat();
            let mut decoder = Decoder::new(6);
            let mut input = &bytes[..];
            let last = std::iter::from_fn(|| decoder.next(&mut input).transpose()).take(4).last();
            printed.debug("what is said of it", &last);
            if let Some(Err(error)) = last {
                printed.both("why it is no message", &error);
            }
        }
    }
}

/// Connections, at every byte of what goes over them.
fn streams(printed: &mut Printed<'_>) {
    let name = ChannelName::new(format!("auth:{CODE}").as_bytes()).expect("it is short");
    let request = ChannelRequest { name: name.clone(), channel: 0x8000, state: RequestState::Request };
    let asked = Control::Request(request.clone()).to_frame();
    let accepted = Control::Request(ChannelRequest { state: RequestState::Accept, ..request }).to_frame();
    let password = encode(&Message::Password(Secret::from(WORD)));
    let said = [&[0x92, 0xcd, 0x80, 0x00, 0xc4, password.len() as u8], password.as_bytes()].concat();
    for (importer, stream) in [(true, [&asked[..], &said].concat()), (false, [&accepted[..], &said].concat())] {
        for end in 0..=stream.len() {
            let mut connection = if importer { Connection::importer(64) } else { Connection::exporter() };
            if !importer {
                connection.request_channel(name.clone());
                printed.debug("a connection that asks", &connection);
            }
            let mut input = &stream[..end];
            while let Some(event) = connection.receive(&mut input) {
                printed.debug("an event", &event);
                drop(event);
                printed.debug("a connection that is asked", &connection);
                connection.accept();
            }
            connection.send(&Message::Password(Secret::from(WORD)));
            printed.debug("a connection", &connection);
            connection.archive(Buffer::from(WORD.as_bytes().to_vec()));
            printed.debug("a connection that sends", &connection);
        }
        for end in 0..=stream.len() {
            let mut frames = FrameDecoder::new();
            let mut input = &stream[..end];
            while let Ok(Some(event)) = frames.next(&mut input) {
                printed.debug("a frame", &event);
            }
            printed.debug("what reads frames", &frames);
            let failed = frames.next(&mut &b"\xc1"[..]).err();
            printed.debug("why it is no frame", &failed);
            printed.debug("what failed to read frames", &frames);
        }
    }
    let mut slots = Slots::default();
    let slot = slots.keep(Secret::from(WORD));
    printed.debug("slots", &slots);
    printed.debug("a slot", &slot);
}

fn comparisons(printed: &mut Printed<'_>) {
    let value: [u8; 32] = std::array::from_fn(|at| [0x5e, 0xc2, 0xe7, 0][at % 4]);
    let channel = || Channel { exported: value.into(), importer: [1; 32], exporter: [2; 32] };
    printed.debug("a channel's values", &channel());
    let mut other = value;
    other[31] = 1;
    let [mut importer, mut exporter] =
        [(Side::Import, value), (Side::Export, other)].map(|(side, nonce)| Comparison::new(side, channel(), nonce));
    importer.take(&Message::AuthScheme(Scheme::None, Features::WITH_SAS));
    exporter.take(&Message::Hello(Features::WITH_SAS));
    let none = || handfast::message::Slot::NONE;
    let fill = |side: &Comparison, message| side.fill(message, |_| Secret::from(WORD));
    let commitment = fill(&exporter, Message::Commitment(none()));
    importer.take(&commitment);
    printed.debug("a comparison with a commitment", &importer);
    exporter.take(&fill(&importer, Message::Nonce(none())));
    importer.take(&fill(&exporter, Message::Opening(none())));
    for side in [&importer, &exporter] {
        printed.debug("a comparison", side);
        let Some(string) = side.string() else {
            printed.cases.expect("the string is known", true, false);
            continue;
        };
        let text = [format!("{string:?}"), format!("{string:#?}"), format!("{side:?}")];
        let shown = text.iter().any(|text| {
            text.contains(&string.digits())
                || string.words().split(' ').any(|word| word.len() > 3 && text.contains(word))
        });
        printed.cases.expect("a string is not in its text form", false, shown);
        let peer_address = ([192, 0, 2, 7], 4711).into();
        let signal = Signal::CompareDevice { peer_address };
        let details = signal.details(Vocabulary::Documented, &string.text());
        let notice = Notice { op: None, signal, details, cause: None, doubt: None };
        let text = format!("{notice:?} {notice:#?}");
        printed.cases.expect(
            "nor in a notice",
            false,
            text.contains(&string.digits()) || text.contains(&string.words()),
        );
    }
    // A token is in the details alone, and these are shown by name.
    let token = format!("jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/{CODE}");
    for signal in [Signal::TokenAvailable, Signal::Connecting, Signal::InProgress, Signal::Done(Outcome::Network)] {
        for vocabulary in [Vocabulary::Documented, Vocabulary::Jamid] {
            let details = signal.details(vocabulary, &token);
            let notice = Notice { op: None, signal, details, cause: None, doubt: None };
            printed.debug("a notice", &notice);
            printed.debug("a signal", &signal);
        }
    }
}

/// An account's archive with a password, and its keys.
fn archives(printed: &mut Printed<'_>) {
    let text = FIXTURE.text(false, 9_000);
    let password = Secret::from(PASSWORD);
    let shown = |texts: &[String], secrets: &[&[u8]]| {
        texts
            .iter()
            .find(|text| secrets.iter().any(|secret| shows(text, &forms(&secret[..secret.len().min(24)]))))
            .cloned()
    };
    let kdf = InsecureKdf;
    let both = |value: &dyn Debug| [format!("{value:?}"), format!("{value:#?}")];
    let key = PrivateKey::generate(handfast::archive::KeyKind::P256).expect("a key");
    // The last bytes of a key are its own; the first ones say which kind it is.
    let own = &key.pkcs8()[key.pkcs8().len() / 2..];
    let pem = key.to_pem();
    let body = pem.lines().nth(1).unwrap_or_default().as_bytes();
    printed.cases.expect("a private key", None, shown(&both(&key), &[own, body]));
    printed.cases.expect("its text form", "PrivateKey(<secret>)".to_owned(), format!("{key:?}"));
    let derived = kdf.derive(&password, &[7; 16]).expect("it is derived");
    printed.cases.expect("a derived key", "Key(<secret>)".to_owned(), format!("{derived:?}"));
    let seal = Seal::new(&password, &kdf).expect("a seal");
    printed.cases.expect("a seal", None, shown(&both(&seal), &[PASSWORD.as_bytes()]));
    let mut sealer = Sealer::new(Vec::new(), seal).expect("it is written to memory");
    std::io::Write::write_all(&mut sealer, &text).expect("it is written to memory");
    let file = std::io::Cursor::new(sealer.finish().expect("it is written to memory"));
    let terms = Terms::at(NOW);
    let opened = Archive::open(file, &password, &kdf, terms);
    printed.cases.expect("it opens", true, opened.is_ok());
    if let Ok(archive) = opened {
        let account: &Identity = archive.account();
        let own = account.key().pkcs8()[account.key().pkcs8().len() / 2..].to_vec();
        printed.cases.expect("an opened archive", None, shown(&both(&archive), &[&own, PASSWORD.as_bytes()]));
        printed.cases.expect("an identity", None, shown(&both(account), &[&own]));
        printed.cases.expect("what was seen", None, shown(&both(archive.summary()), &[&own]));
        if let Ok(text) = archive.into_text() {
            printed.cases.expect("a text that is read", None, shown(&both(&text), &[&own]));
        }
    }
}
