//! The form of frames and control messages, and where a bad one is bad (R-MUX-1).

use handfast::{
    limits::{MAX_CHANNEL_NAME, MAX_CONTROL, MAX_FRAME, MAX_NESTING},
    mux::{
        CONTROL_CHANNEL, ChannelName, ChannelRequest, Control, Expected, FrameDecoder, FrameEvent, MuxError,
        MuxErrorKind as Kind, PROTOCOL_CHANNEL, RequestState, end_of_channel, frame_header,
    },
};
use rmp::encode::{self, ByteBuf};

fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
    [frame_header(channel, data.len() as u16).as_bytes(), data].concat()
}

fn request(name: &str, channel: u16, state: RequestState) -> Control {
    Control::Request(ChannelRequest { name: ChannelName::new(name.as_bytes()).unwrap(), channel, state })
}

/// The control messages of one frame.
fn controls(channel: u16, data: &[u8]) -> Result<Vec<Control>, (u64, Kind)> {
    let stream = frame(channel, data);
    let (mut decoder, mut input, mut found) = (FrameDecoder::new(), &stream[..], Vec::new());
    loop {
        match decoder.next(&mut input) {
            Ok(Some(FrameEvent::Control(control))) => found.push(control),
            Ok(Some(event)) => panic!("{event:?}"),
            Ok(None) => {
                assert!(input.is_empty() && decoder.is_between_frames());
                return Ok(found);
            }
            Err(MuxError { offset, kind }) => return Err((offset, kind)),
        }
    }
}

/// The error of a stream, the same whatever pieces it comes in.
fn error(stream: &[u8]) -> (u64, Kind) {
    let [whole, in_bytes] = [stream.len(), 1].map(|size| error_in_pieces(stream, size));
    assert_eq!(whole, in_bytes, "{stream:02x?}");
    whole
}

fn error_in_pieces(stream: &[u8], size: usize) -> (u64, Kind) {
    let mut decoder = FrameDecoder::new();
    for mut piece in stream.chunks(size) {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next(&mut &b"\x92\x05\xc4\x00"[..]), Err(error), "it stays");
                    return (error.offset, error.kind);
                }
            }
        }
    }
    panic!("no error: {stream:02x?}")
}

#[test]
fn headers_are_those_of_another_implementation() {
    for channel in [0, 1, 127, 128, 255, 256, 0x8000, 0xffff] {
        for length in [0, 1, 255, 256, 65535] {
            let mut buffer = ByteBuf::new();
            encode::write_array_len(&mut buffer, 2).unwrap();
            encode::write_uint(&mut buffer, u64::from(channel)).unwrap();
            encode::write_bin_len(&mut buffer, u32::from(length)).unwrap();
            let header = frame_header(channel, length);
            assert_eq!([header.as_bytes(), header.as_ref()], [buffer.as_slice(); 2]);
        }
    }
    assert_eq!(end_of_channel(7), frame_header(7, 0));
}

#[test]
fn data_comes_in_the_slices_that_came_in() {
    let stream = [frame(5, b"hello"), end_of_channel(6).as_bytes().to_vec(), frame(0x8000, b"x")].concat();
    let (mut decoder, mut input) = (FrameDecoder::new(), &stream[..5]);
    assert_eq!(decoder.next(&mut input), Ok(Some(FrameEvent::Data { channel: 5, bytes: b"h" })));
    assert_eq!(decoder.next(&mut input), Ok(None));
    assert!(!decoder.is_between_frames());
    input = &stream[5..];
    assert_eq!(decoder.next(&mut input), Ok(Some(FrameEvent::Data { channel: 5, bytes: b"ello" })));
    assert!(decoder.is_between_frames());
    assert_eq!(decoder.next(&mut input), Ok(Some(FrameEvent::End { channel: 6 })));
    assert_eq!(decoder.next(&mut input), Ok(Some(FrameEvent::Data { channel: 0x8000, bytes: b"x" })));
    assert_eq!((decoder.next(&mut input), decoder.offset()), (Ok(None), stream.len() as u64));
}

#[test]
fn every_form_of_a_frame_is_read() {
    for array in [&b"\x92"[..], b"\xdc\x00\x02", b"\xdd\0\0\0\x02"] {
        for channel in [
            &b"\x05"[..],
            b"\xcc\x05",
            b"\xcd\0\x05",
            b"\xce\0\0\0\x05",
            b"\xcf\0\0\0\0\0\0\0\x05",
            b"\xd0\x05",
            b"\xd1\0\x05",
        ] {
            for bin in [&b"\xc4\x01"[..], b"\xc5\0\x01", b"\xc6\0\0\0\x01"] {
                let stream = [array, channel, bin, b"z"].concat();
                let event = FrameDecoder::new().next(&mut &stream[..]);
                assert_eq!(event, Ok(Some(FrameEvent::Data { channel: 5, bytes: b"z" })), "{stream:02x?}");
            }
        }
    }
}

#[test]
fn a_bad_frame_is_refused_where_it_is_bad() {
    for wrong in [&b"\x00"[..], b"\x80", b"\x90", b"\x91", b"\x93", b"\xc0", b"\xa1", b"\xdc\0\x03"] {
        assert_eq!(error(wrong), (0, Kind::Expected(Expected::Frame)), "{wrong:02x?}");
    }
    for wrong in
        [&b"\xff"[..], b"\xce\0\x01\0\0", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", b"\xd0\xff", b"\xc2", b"\xa1"]
    {
        assert_eq!(error(&[b"\x92", wrong].concat()), (1, Kind::Expected(Expected::Channel)), "{wrong:02x?}");
    }
    for wrong in [&b"\x00"[..], b"\xa0", b"\xa1", b"\xd9\x01", b"\x90", b"\x80", b"\xd4", b"\xc0"] {
        assert_eq!(error(&[b"\x92\x05", wrong].concat()), (2, Kind::Expected(Expected::Data)), "{wrong:02x?}");
    }
    assert_eq!(error(b"\x92\x05\xc1"), (2, Kind::Reserved));
    assert_eq!(error(&[&frame(5, b"abc")[..], b"\xc1"].concat()), (7, Kind::Reserved));
}

#[test]
fn limits_hold_before_the_bytes_come() {
    assert_eq!(error(b"\x92\x05\xc6\x00\x01\x00\x00"), (2, Kind::FrameLength));
    assert_eq!(error(b"\x92\x05\xc6\xff\xff\xff\xff"), (2, Kind::FrameLength));
    let longest = vec![0; MAX_FRAME];
    assert!(matches!(
        FrameDecoder::new().next(&mut &frame(5, &longest)[..]),
        Ok(Some(FrameEvent::Data { channel: 5, bytes })) if bytes == longest
    ));
    for channel in [CONTROL_CHANNEL, PROTOCOL_CHANNEL] {
        let header = frame_header(channel, MAX_CONTROL as u16 + 1);
        assert_eq!(error(header.as_bytes()).1, Kind::ControlLength);
        assert_eq!(controls(channel, &b"\x80".repeat(MAX_CONTROL)).unwrap().len(), MAX_CONTROL);
    }
    let name = "n".repeat(MAX_CHANNEL_NAME);
    let longest = request(&name, 1, RequestState::Request);
    assert_eq!(FrameDecoder::new().next(&mut &longest.to_frame()[..]), Ok(Some(FrameEvent::Control(longest))));
    assert_eq!(ChannelName::new(format!("{name}n").as_bytes()), None);
    let longer = [&b"\x93\xda\x04\x01"[..], name.as_bytes(), b"n\x01\x00"].concat();
    assert_eq!(controls(CONTROL_CHANNEL, &longer), Err((5 + 1, Kind::NameLength)));
}

#[test]
fn a_control_frame_holds_any_number_of_messages() {
    let all = [
        request("msg:9f86", 0x8002, RequestState::Request),
        Control::Version(1),
        request("", 0, RequestState::Accept),
        Control::Beacon(true),
        Control::Beacon(false),
        request("svcdisc://query", 0xffff, RequestState::Decline),
        Control::Version(u32::MAX),
        Control::Unknown,
    ];
    // The header of a short frame has four bytes on the control channel and six on the protocol channel.
    let data = |control: &Control| match control {
        Control::Request(_) => control.to_frame()[4..].to_vec(),
        _ => control.to_frame()[6..].to_vec(),
    };
    let joined: Vec<u8> = all.iter().flat_map(data).collect();
    assert_eq!(controls(CONTROL_CHANNEL, &joined).unwrap(), all);
    for channel in [CONTROL_CHANNEL, PROTOCOL_CHANNEL] {
        assert_eq!(controls(channel, b""), Ok(vec![Control::Unknown]), "no end: these channels have none");
    }
    let maps: Vec<_> = all.iter().filter(|control| !matches!(control, Control::Request(_))).cloned().collect();
    let joined: Vec<u8> = maps.iter().flat_map(data).collect();
    assert_eq!(controls(PROTOCOL_CHANNEL, &joined).unwrap(), maps);
}

#[test]
fn an_unknown_state_declines_and_later_values_are_ignored() {
    let said = |rest: &[u8]| controls(CONTROL_CHANNEL, &[b"\x93\xa1n\x07", rest].concat());
    for (state, byte) in
        [(RequestState::Request, &b"\x00"[..]), (RequestState::Accept, b"\xcc\x01"), (RequestState::Decline, b"\x02")]
    {
        assert_eq!(said(byte), Ok(vec![request("n", 7, state)]));
    }
    for unknown in [&b"\x03"[..], b"\xff", b"\xd3\x80\0\0\0\0\0\0\0", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"] {
        assert_eq!(said(unknown), Ok(vec![request("n", 7, RequestState::Decline)]), "{unknown:02x?}");
    }
    let later = b"\x95\xa1n\x07\x00\x81\xa1x\x91\xc0\xc4\x01\xff";
    assert_eq!(controls(CONTROL_CHANNEL, later), Ok(vec![request("n", 7, RequestState::Request)]));
    let maps = b"\x82\xa1v\x01\xa1x\x92\x01\x02\x82\xa1x\xc0\xa1p\xc3\xde\x00\x01\xa1p\xc2";
    assert_eq!(
        controls(PROTOCOL_CHANNEL, maps),
        Ok(vec![Control::Version(1), Control::Unknown, Control::Beacon(false)])
    );
}

#[test]
fn a_bad_control_message_is_refused_where_it_is_bad() {
    use Expected::{Beacon, Channel, Key, Name, Protocol, State, Version};
    // Offsets in the data, which begins at 4 on the control channel and at 6 on the protocol channel.
    let cases: &[(&[u8], u64, Kind)] = &[
        (b"\x00", 0, Kind::Expected(Expected::Control)),
        (b"\x92\xa1n\x07", 0, Kind::Expected(Expected::Control)),
        (b"\x93\xc4\x01n\x07\x00", 1, Kind::Expected(Name)),
        (b"\x93\xa1n\xa17\x00", 3, Kind::Expected(Channel)),
        (b"\x93\xa1n\xce\0\x01\0\0\x00", 3, Kind::Expected(Channel)),
        (b"\x93\xa1n\x07\xc2", 4, Kind::Expected(State)),
        (b"\x80\x93\xa1n\x07", 5, Kind::Cut),
        (b"\x93\xa5n", 3, Kind::Cut),
        (b"\x93\xdb\xff\xff\xff\xffn", 7, Kind::Cut),
        (b"\xdd\xff\xff\xff\xff\xa1n\x07\x00", 9, Kind::Cut),
        (b"\x81\x00\x00", 1, Kind::Expected(Key)),
        (b"\x81\xa1v\xff", 3, Kind::Expected(Version)),
        (b"\x81\xa1v\xcf\0\0\0\x01\0\0\0\0", 3, Kind::Expected(Version)),
        (b"\x81\xa1p\x01", 3, Kind::Expected(Beacon)),
        (b"\x81\xa1x\xc1", 3, Kind::Reserved),
        (b"\xc1", 0, Kind::Reserved),
        (b"\x81\xa1x\xa1\xff", 4, Kind::Utf8),
        (b"\x81\xa1x\xdb\xff\xff\xff\xff", 3, Kind::Cut),
        (b"\xdf\xff\xff\xff\xff\xa1p\xc3", 8, Kind::Cut),
    ];
    for &(data, at, kind) in cases {
        assert_eq!(controls(CONTROL_CHANNEL, data), Err((4 + at, kind)), "{data:02x?}");
    }
    let deep = [&b"\x81\xa1x"[..], &[0x91; MAX_NESTING], b"\xc0"].concat();
    assert_eq!(controls(CONTROL_CHANNEL, &deep), Err((4 + 3 + MAX_NESTING as u64 - 1, Kind::Nesting)));
    let request = b"\x93\xa1n\x07\x00";
    assert_eq!(controls(PROTOCOL_CHANNEL, request), Err((6, Kind::Expected(Protocol))));
}

#[test]
fn no_code_and_no_data_prints() {
    let stream = request("auth:135790", 0x8000, RequestState::Request).to_frame();
    let mut decoder = FrameDecoder::new();
    assert_eq!(decoder.next(&mut &stream[..stream.len() - 1]), Ok(None));
    let held = format!("{decoder:?}");
    assert_eq!(held, format!("FrameDecoder {{ offset: {}, failed: None, .. }}", stream.len() - 1));
    let event = decoder.next(&mut &stream[stream.len() - 1..]).unwrap().unwrap();
    let printed = format!("{held} {event:?} {:?}", FrameEvent::Data { channel: 1, bytes: b"135790" });
    assert!(
        !printed.contains("135790") && printed.contains("auth:<code>") && printed.contains("<6 bytes>"),
        "{printed}"
    );
}
