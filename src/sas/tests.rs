use alloc::string::ToString;

use super::*;
use crate::{message::Features, outcome::Scheme};

fn channel() -> Channel {
    let exported: Value = core::array::from_fn(|at| at as u8);
    Channel { exported: exported.into(), importer: [0xa1; 32], exporter: [0xb2; 32] }
}

fn importer(channel: Channel) -> Comparison {
    Comparison::new(Side::Import, channel, [0x11; 32])
}

fn exporter(channel: Channel) -> Comparison {
    Comparison::new(Side::Export, channel, [0x22; 32])
}

fn sent(comparison: &Comparison, message: Message) -> Message<Secret> {
    comparison.fill(message, |_| panic!("it has no password"))
}

const COMMITMENT: Message = Message::Commitment(Slot::NONE);
const NONCE: Message = Message::Nonce(Slot::NONE);
const OPENING: Message = Message::Opening(Slot::NONE);

const SCHEME: Message<Secret> = Message::AuthScheme(Scheme::None, Features::WITH_SAS);
const HELLO: Message<Secret> = Message::Hello(Features::WITH_SAS);

/// Runs the exchange. Returns whether the importer takes the opening.
fn exchange(importer: &mut Comparison, exporter: &mut Comparison) -> bool {
    assert!(exporter.take(&HELLO) && importer.take(&SCHEME));
    assert!(importer.take(&sent(exporter, COMMITMENT)));
    assert!(exporter.take(&sent(importer, NONCE)));
    importer.take(&sent(exporter, OPENING))
}

/// The values were computed apart from this code, by the text of R-SAS-3 and R-SAS-4:
///
/// ```python
/// from hashlib import sha256
/// exported, importer, exporter = bytes(range(32)), bytes([0xa1]) * 32, bytes([0xb2]) * 32
/// nonces = bytes([0x11]) * 32, bytes([0x22]) * 32
/// print(sha256(b"handfast sas commitment" + exported + importer + exporter + nonces[1]).hexdigest())
/// string = sha256(b"handfast sas string" + exported + importer + exporter + nonces[0] + nonces[1]).digest()
/// print("%06d" % (int.from_bytes(string[:8], "big") % 10**6))
/// words = int.from_bytes(string[8:13], "big")
/// print([open("src/sas/words.txt").read().split()[words >> shift & 1023] for shift in (30, 20, 10, 0)])
/// ```
#[test]
fn the_string_is_that_of_a_second_computation() {
    let (mut importer, mut exporter) = (importer(channel()), exporter(channel()));
    let Message::Commitment(commitment) = sent(&exporter, COMMITMENT) else { panic!("a commitment") };
    assert_eq!(commitment.as_str(), Some("25d38b3fa98cbebd4b658e91614a46a4e7e426dd9d7944c33e04ac554a3ca863"));
    assert!(exchange(&mut importer, &mut exporter));
    for side in [&importer, &exporter] {
        let string = side.string().unwrap();
        assert_eq!(string.digits(), "232601");
        assert_eq!(string.words(), "sock hippo present rack");
        assert_eq!(string.text(), "232601 sock hippo present rack");
    }
}

/// R-SAS-3: every input of the string changes it. The two ends of two channels see different strings.
#[test]
fn every_input_counts() {
    let string = |channel: Channel, nonce: u8| {
        let mut one = Comparison::new(Side::Export, channel, [nonce; 32]);
        assert!(one.take(&HELLO));
        assert!(one.take(&sent(&importer(self::channel()), NONCE)));
        one.string().unwrap().text()
    };
    let base = string(channel(), 0x22);
    let mut other = channel();
    other.exported[31] ^= 1;
    assert_ne!(string(other, 0x22), base, "what TLS exports");
    assert_ne!(string(Channel { importer: [0xa2; 32], ..channel() }, 0x22), base, "the importer's key");
    assert_ne!(string(Channel { exporter: [0xb3; 32], ..channel() }, 0x22), base, "the exporter's key");
    assert_ne!(string(channel(), 0x23), base, "the exporter's nonce");
    let mut one = exporter(channel());
    assert!(one.take(&HELLO));
    assert!(one.take(&sent(&Comparison::new(Side::Import, channel(), [0x12; 32]), NONCE)));
    assert_ne!(one.string().unwrap().text(), base, "the importer's nonce");
}

/// R-SAS-3: an opening that is not what was committed to, or comes without a commitment, opens nothing.
#[test]
fn only_the_committed_nonce_opens_a_commitment() {
    let other = Comparison::new(Side::Export, channel(), [0x23; 32]);
    let mut one = importer(channel());
    assert!(one.take(&SCHEME));
    assert!(!one.take(&sent(&exporter(channel()), OPENING)), "nothing was committed to");
    assert!(one.take(&sent(&exporter(channel()), COMMITMENT)));
    assert!(!one.take(&sent(&other, OPENING)));
    assert!(one.string().is_none());
    assert!(one.take(&sent(&exporter(channel()), OPENING)));
    // A commitment that was made for another channel is none here.
    let mut one = importer(channel());
    let elsewhere = exporter(Channel { importer: [0xa2; 32], ..channel() });
    assert!(!exchange(&mut one, &mut exporter(Channel { importer: [0xa2; 32], ..channel() })));
    assert!(elsewhere.string().is_none() && one.string().is_none());
}

/// R-SAS-1: keys of a peer that does not name the feature are ignored, and so are those that come before it has named anything. Its
/// first features count.
#[test]
fn a_comparison_that_is_not_in_force_ignores_its_keys() {
    let features = |side, sas| {
        let features = if sas { Features::WITH_SAS } else { Features::ALL };
        if side == Side::Import { Message::AuthScheme(Scheme::None, features) } else { Message::Hello(features) }
    };
    let wrong = Comparison::new(Side::Export, channel(), [0x23; 32]);
    let keys = |one: &mut Comparison| {
        let (importer, exporter) = (importer(channel()), exporter(channel()));
        let openings = [sent(&wrong, OPENING), sent(&exporter, OPENING)];
        let [early, wrong, right] = [&openings[0], &openings[0], &openings[1]];
        let each = [early, &sent(&exporter, COMMITMENT), wrong, right, &sent(&importer, NONCE)];
        each.map(|message| one.take(message))
    };
    for side in [Side::Import, Side::Export] {
        let mut one = Comparison::new(side, channel(), [0x11; 32]);
        assert_eq!(keys(&mut one), [true; 5], "the peer has named nothing yet");
        assert!(one.string().is_none());
        assert!(one.take(&features(side, false)) && one.take(&features(side, true)));
        assert_eq!(keys(&mut one), [true; 5], "the peer does not name it");
        assert!(one.string().is_none());
    }
    let mut one = importer(channel());
    assert!(one.take(&features(Side::Import, true)) && one.take(&features(Side::Import, false)));
    assert_eq!(keys(&mut one), [false, true, false, true, true]);
    assert!(one.string().is_some());
}

/// R-SEC-2: nothing of a comparison prints.
#[test]
fn it_prints_as_a_tag() {
    let (mut importer, mut exporter) = (importer(channel()), exporter(channel()));
    assert!(exchange(&mut importer, &mut exporter));
    let printed = format!("{importer:?} {:?} {:?}", channel(), importer.string());
    assert_eq!(printed, "<comparison> <channel> Some(<comparison string>)");
    assert_eq!(format!("{:?}", sent(&exporter, OPENING)), "Opening(<secret>)");
}

/// R-SAS-8: expected digits may be typed in groups. Nothing equals digits that are not shown.
#[test]
fn expected_digits_are_compared_whole() {
    assert!(is_expected("232601", "232601") && is_expected("232 601", "232601"));
    for wrong in ["", "232602", "23260", "2326010", "sock"] {
        assert!(!is_expected(wrong, "232601"), "{wrong:?}");
    }
    assert!(!is_expected("", "") && !is_expected("", " "));
}

/// The digits keep their leading zeros, and the words their order.
#[test]
fn the_string_is_cut_from_the_hash_as_stated() {
    let mut hash = [0; 32];
    hash[7] = 7;
    hash[12] = 1;
    let string = ComparisonString::of(&hash);
    assert_eq!(string.digits(), "000007");
    let first = words::word(0).to_string();
    assert_eq!(string.words(), [&first, &first, &first, words::word(1)].join(" "));
    let all = ComparisonString::of(&[0xff; 32]);
    assert_eq!(all.digits(), "551615");
    let last = words::word(1023);
    assert_eq!(all.words(), [last, last, last, last].join(" "));
}
