//! Laws of the codecs: what is written is read, cuts change nothing, and any bytes are taken.

use handfast::{
    message::{Features, ImportResult, Message, Verdict, Word},
    mux::{ChannelName, ChannelRequest, Control, RequestState, frame_header},
    outcome::Scheme,
    secret::Secret,
    token::{Ask, Code, DeviceId, Token, TokenErrorKind, parse_channel_name},
};
use handfast_harness::{
    message::{self, Part},
    mux::{self, Framed},
    pieces::pieces,
    token_differential,
};
use proptest::{collection::vec, prelude::*, sample::Index};

fn codes() -> impl Strategy<Value = Code> {
    any::<u32>().prop_filter_map("of no use", Code::from_random)
}

fn tokens() -> impl Strategy<Value = Token> {
    let short = any::<[u8; 20]>().prop_filter("all zero", |id| *id != [0; 20]).prop_map(DeviceId::Short);
    let long = any::<[u8; 32]>().prop_filter("all zero", |id| *id != [0; 32]).prop_map(DeviceId::Long);
    (prop_oneof![short, long], codes()).prop_map(|(device, code)| Token { device, code })
}

fn messages() -> impl Strategy<Value = Message<Secret>> {
    let features = (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(result, cancel, sas)| Features {
        result,
        cancel,
        sas,
    });
    let scheme = prop_oneof![Just(Scheme::None), Just(Scheme::Password)];
    let result = prop_oneof![
        Just(ImportResult::Stored),
        Just(ImportResult::FailedArchive),
        Just(ImportResult::FailedStorage),
        Just(ImportResult::Other)
    ];
    prop_oneof![
        features.clone().prop_map(Message::Hello),
        (scheme, features).prop_map(|(scheme, features)| Message::AuthScheme(scheme, features)),
        any::<String>().prop_map(|password| Message::Password(password.into())),
        prop_oneof![Just(Verdict::Wrong), Just(Verdict::Final), Just(Verdict::None)].prop_map(Message::Verdict),
        prop_oneof![Just(Word::Canceled), Just(Word::Timeout), Just(Word::Mismatch)].prop_map(Message::State),
        "[0-9a-f]{64}".prop_map(|value| Message::Commitment(value.into())),
        "[0-9a-f]{64}".prop_map(|value| Message::Nonce(value.into())),
        "[0-9a-f]{64}".prop_map(|value| Message::Opening(value.into())),
        result.prop_map(Message::ImportResult),
        Just(Message::Unknown),
    ]
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let archive = "[ -~é→😀]{0,400}".prop_map(Part::Archive);
    vec(prop_oneof![3 => messages().prop_map(Part::Message), 1 => archive], 0..6)
}

fn framed() -> impl Strategy<Value = Vec<Framed>> {
    let channel = 1..0xffff_u16;
    let name = prop_oneof![vec(any::<u8>(), 0..40), codes().prop_map(|code| code.channel_name().as_bytes().to_vec())];
    let state = prop_oneof![Just(RequestState::Request), Just(RequestState::Accept), Just(RequestState::Decline)];
    let request = (name, any::<u16>(), state).prop_map(|(name, channel, state)| {
        Control::Request(ChannelRequest { name: ChannelName::new(&name).unwrap(), channel, state })
    });
    let control = prop_oneof![
        request,
        any::<u32>().prop_map(Control::Version),
        any::<bool>().prop_map(Control::Beacon),
        Just(Control::Unknown)
    ];
    let data = (channel.clone(), vec(any::<u8>(), 1..400)).prop_map(|(channel, data)| Framed::Data(channel, data));
    vec(prop_oneof![data, channel.prop_map(Framed::End), control.prop_map(Framed::Control)], 0..6)
}

/// Some bytes, replaced, taken out or put in.
fn mutated(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (valid, vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..4)).prop_map(|(mut bytes, changes)| {
        for (index, byte, kind) in changes {
            let at = index.index(bytes.len() + 1);
            match (kind, bytes.get_mut(at)) {
                (0, Some(there)) => *there = byte,
                (1, Some(_)) => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn tokens_that_are_written_are_read(token in tokens()) {
        let text = token.text().to_string();
        prop_assert_eq!(Token::parse(text.as_bytes()), Ok(token));
        prop_assert_eq!(Token::parse(text.to_uppercase().replace("JAMI-AUTH", "jami-auth").as_bytes()), Ok(token));
        let long = matches!(token.device, DeviceId::Long(_));
        prop_assert_eq!(Token::parse_lenient(text.as_bytes()).ok(), long.then_some(token));
        prop_assert!(token.code.number().is_some_and(|number| (100_000..=999_999).contains(&number)));
        prop_assert_eq!(parse_channel_name(token.code.channel_name()), Ask::Code(token.code));
    }

    /// All before an error's offset is the beginning of a token, and with the byte there it no longer is.
    #[test]
    fn an_error_of_a_token_is_where_it_says(text in mutated(tokens().prop_map(|token| token.text().to_string().into_bytes()))) {
        let Err(error) = Token::parse(&text) else { return Ok(()) };
        prop_assert!(error.offset <= text.len());
        prop_assume!(error.kind != TokenErrorKind::AllZero);
        prop_assert!(begins_a_token(&text[..error.offset]));
        prop_assert!(error.offset == text.len() || !begins_a_token(&text[..=error.offset]));
    }

    #[test]
    fn lenient_takes_no_less_of_long_tokens(text in mutated(tokens().prop_map(|token| token.text().to_string().into_bytes()))) {
        match (Token::parse(&text), Token::parse_lenient(&text)) {
            (Ok(strict), Ok(lenient)) => prop_assert_eq!(strict, lenient),
            (Ok(strict), Err(_)) => prop_assert!(matches!(strict.device, DeviceId::Short(_))),
            (Err(_), Err(error)) => prop_assert!(error.offset <= text.len()),
            (Err(_), Ok(_)) => {}
        }
    }

    /// Today's daemon's rules, and what the crate `url` finds in a URI.
    #[test]
    fn other_parsers_agree(text in mutated(tokens().prop_map(|token| token.text().to_string().into_bytes()))) {
        token_differential::check(&text);
    }

    #[test]
    fn any_bytes_are_taken_for_a_token(text in any::<Vec<u8>>()) {
        for text in [text.clone(), [b"jami-auth://", &text[..]].concat()] {
            for error in [Token::parse(&text).err(), Token::parse_lenient(&text).err()].into_iter().flatten() {
                prop_assert!(error.offset <= text.len());
            }
            parse_channel_name(&text);
        }
    }

    #[test]
    fn messages_that_are_written_are_read_wherever_they_are_cut(parts in parts(), sizes in vec(1..50_usize, 0..4), cuts in vec(any::<Index>(), 8)) {
        let stream = message::write(&parts);
        for sizes in [&sizes[..], &[1], &[stream.len()]] {
            let (read, rest, error) = message::read(&pieces(&stream, sizes));
            prop_assert!(error.is_none() && rest.is_empty() && read == parts, "{:?} {:?}", error, read);
        }
        for cut in cuts.iter().map(|cut| cut.index(stream.len() + 1)) {
            let (before, after) = stream.split_at(cut);
            let (read, _, error) = message::read(&[before, after]);
            prop_assert!(error.is_none() && read == parts, "cut at {}: {:?}", cut, error);
        }
    }

    /// Also errors, and where they are.
    #[test]
    fn cuts_change_nothing_in_mutated_messages(stream in mutated(parts().prop_map(|parts| message::write(&parts))), sizes in vec(1..20_usize, 0..4)) {
        let (whole, rest, error) = message::read(&[&stream]);
        for sizes in [&sizes[..], &[1]] {
            let (chunked, part, chunked_error) = message::read(&pieces(&stream, sizes));
            prop_assert!(chunked == whole);
            prop_assert_eq!(chunked_error, error);
            // More of a text that turns out to be none may have been handed out.
            prop_assert!(part.starts_with(&rest));
        }
    }

    #[test]
    fn any_bytes_are_taken_for_messages(stream in any::<Vec<u8>>(), sizes in vec(1..9_usize, 0..4)) {
        let (whole, _, error) = message::read(&[&stream]);
        let (chunked, _, chunked_error) = message::read(&pieces(&stream, &sizes));
        prop_assert!(chunked == whole && chunked_error == error);
    }

    #[test]
    fn frames_that_are_written_are_read_wherever_they_are_cut(frames in framed(), sizes in vec(1..50_usize, 0..4), cuts in vec(any::<Index>(), 8)) {
        let stream = mux::write(&frames);
        let mut joined = Vec::new();
        frames.into_iter().for_each(|frame| mux::push(&mut joined, frame));
        for sizes in [&sizes[..], &[1], &[stream.len()]] {
            prop_assert_eq!(mux::read(&pieces(&stream, sizes)), (joined.clone(), None));
        }
        for cut in cuts.iter().map(|cut| cut.index(stream.len() + 1)) {
            let (before, after) = stream.split_at(cut);
            prop_assert_eq!(mux::read(&[before, after]), (joined.clone(), None), "cut at {}", cut);
        }
    }

    #[test]
    fn cuts_change_nothing_in_mutated_frames(stream in mutated(framed().prop_map(|frames| mux::write(&frames))), sizes in vec(1..20_usize, 0..4)) {
        let whole = mux::read(&[&stream]);
        prop_assert_eq!(&mux::read(&pieces(&stream, &sizes)), &whole);
        prop_assert_eq!(&mux::read(&pieces(&stream, &[1])), &whole);
    }

    #[test]
    fn any_bytes_are_taken_for_frames(stream in any::<Vec<u8>>(), sizes in vec(1..9_usize, 0..4)) {
        prop_assert_eq!(mux::read(&[&stream]), mux::read(&pieces(&stream, &sizes)));
        let control = [frame_header(0, stream.len() as u16).as_bytes(), &stream].concat();
        prop_assert_eq!(mux::read(&[&control]), mux::read(&pieces(&control, &sizes)));
    }
}

/// Whether something can follow so that the whole is a token: decided without the parser's ways, by trying to fill up a token.
fn begins_a_token(text: &[u8]) -> bool {
    let model = |digits: usize| format!("jami-auth://{}/000000", "1".repeat(digits)).into_bytes();
    [model(40), model(64)].iter().any(|model| {
        text.len() <= model.len()
            && text.iter().zip(model).all(|(&byte, wanted)| match wanted {
                b'1' => byte.is_ascii_hexdigit(),
                b'0' => byte.is_ascii_digit(),
                literal => byte == *literal,
            })
    })
}
