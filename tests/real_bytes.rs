//! The bytes of real daemons, and those that were derived from the framing rules, both ways (`vectors/bytes.json`).

use handfast::{
    message::{Decoder, Event, Features, Message, Verdict, Word, encode},
    mux::{self, ChannelRequest, Control, FrameDecoder, FrameEvent, RequestState},
    outcome::Scheme,
    secret::Secret,
    token::Code,
};

/// The named vectors of one part of the file.
fn vectors(part: &str) -> Vec<(String, Vec<u8>)> {
    let file: serde_json::Value = serde_json::from_str(include_str!("vectors/bytes.json")).unwrap();
    let unhex = |text: &str| {
        let digits = text.as_bytes().chunks_exact(2);
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    };
    let vectors = file[part]["vectors"].as_array().unwrap().iter();
    vectors.map(|vector| (vector["name"].as_str().unwrap().into(), unhex(vector["hex"].as_str().unwrap()))).collect()
}

fn named_message(name: &str) -> Message<Secret> {
    match name {
        "empty" => Message::Hello(Features::NONE),
        "authScheme-empty" => Message::AuthScheme(Scheme::None, Features::NONE),
        "authScheme-password" => Message::AuthScheme(Scheme::Password, Features::NONE),
        "password" => Message::Password("c2cvc3jmbafsw".into()),
        "passwordCorrect-false-canRetry-true" => Message::Verdict(Verdict::Wrong),
        "canRetry-false" => Message::Verdict(Verdict::Final),
        "stateMsg-TIMEOUT" => Message::State(Word::Timeout),
        "stateMsg-CANCELED" => Message::State(Word::Canceled),
        other => panic!("a vector that has no message yet: {other}"),
    }
}

#[test]
fn messages_are_those_of_real_daemons() {
    let vectors = vectors("messages");
    assert_eq!(vectors.len(), 8);
    for (name, bytes) in vectors {
        let message = named_message(&name);
        assert_eq!(encode(&message).as_bytes(), bytes, "{name}");
        let (mut decoder, mut input) = (Decoder::new(0), &bytes[..]);
        assert_eq!(decoder.next(&mut input), Ok(Some(Event::Message(message))), "{name}");
        assert!(input.is_empty() && decoder.is_between_messages(), "{name}");
    }
}

enum Frame {
    Control(Control),
    Data(u16, Vec<u8>),
    End(u16),
}

fn named_frame(name: &str) -> Frame {
    let request = |state| {
        let name = Code::parse(b"123456").unwrap().channel_name();
        Frame::Control(Control::Request(ChannelRequest { name, channel: mux::FIRST_SERVER_CHANNEL, state }))
    };
    match name {
        "REQUEST auth:123456 on 0x8000" => request(RequestState::Request),
        "ACCEPT auth:123456 on 0x8000" => request(RequestState::Accept),
        "DECLINE auth:123456 on 0x8000" => request(RequestState::Decline),
        "version 1" => Frame::Control(Control::Version(mux::VERSION)),
        "beacon request" => Frame::Control(Control::Beacon(true)),
        "hello on 0x8000" => Frame::Data(0x8000, encode(&Message::Hello(Features::NONE)).as_bytes().into()),
        "end of 0x8000" => Frame::End(0x8000),
        other => panic!("a vector that has no frame yet: {other}"),
    }
}

#[test]
fn frames_are_those_of_the_framing_rules() {
    let vectors = vectors("frames");
    assert_eq!(vectors.len(), 7);
    for (name, bytes) in vectors {
        let (mut decoder, mut input) = (FrameDecoder::new(), &bytes[..]);
        let event = decoder.next(&mut input).unwrap().unwrap();
        let written = match named_frame(&name) {
            Frame::Control(control) => {
                assert_eq!(event, FrameEvent::Control(control.clone()), "{name}");
                control.to_frame()
            }
            Frame::Data(channel, data) => {
                assert_eq!(event, FrameEvent::Data { channel, bytes: &data }, "{name}");
                [mux::frame_header(channel, data.len() as u16).as_bytes(), &data].concat()
            }
            Frame::End(channel) => {
                assert_eq!(event, FrameEvent::End { channel }, "{name}");
                mux::end_of_channel(channel).as_bytes().into()
            }
        };
        assert_eq!(written, bytes, "{name}");
        assert!(input.is_empty() && decoder.is_between_frames(), "{name}");
    }
}
