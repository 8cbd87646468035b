//! The allocations of the codecs: none for a token (R-TOK-3), and never more than their limits for a stream (R-MSG-2, R-MSG-3).

use allocation_counter::{AllocationInfo, measure};
use handfast::{
    limits::{DEFAULT_MAX_ARCHIVE, MAX_CONTROL, MAX_ENTRIES, MAX_KEY, MAX_VALUE},
    message::{Decoder, Event, archive_header},
    mux::{FrameDecoder, frame_header},
    token::{Token, parse_channel_name},
};

/// For keys, their list, and what the allocator rounds up.
const SMALL: u64 = 4096;

#[test]
fn parsing_a_token_allocates_nothing() {
    let texts = [
        "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456",
        "jami-auth://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08/123456",
        "jami-auth://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08/abcdef/more",
        "jami-auth://9f86",
        "",
    ];
    let AllocationInfo { count_total, .. } = measure(|| {
        let taken = texts.iter().filter(|text| Token::parse(text.as_bytes()).is_ok()).count();
        let lenient = texts.iter().filter(|text| Token::parse_lenient(text.as_bytes()).is_ok()).count();
        assert_eq!((taken, lenient), (2, 2));
        parse_channel_name("auth:123456");
    });
    assert_eq!(count_total, 0);
}

#[test]
fn an_archive_of_any_length_takes_no_memory() {
    let length = DEFAULT_MAX_ARCHIVE as u32;
    let piece = "é".repeat(16 * 1024);
    let AllocationInfo { bytes_max, .. } = measure(|| {
        let (mut decoder, mut received) = (Decoder::new(DEFAULT_MAX_ARCHIVE), 0);
        let mut take = |mut input: &[u8]| {
            while let Some(event) = decoder.next(&mut input).unwrap() {
                match event {
                    Event::ArchiveSlice(slice) => received += slice.len(),
                    Event::ArchiveEnded => return true,
                    _ => {}
                }
            }
            false
        };
        assert!(!take(archive_header(length).as_bytes()));
        for left in (0..length as usize / piece.len()).rev() {
            // Cut in the middle of a character.
            let (before, after) = piece.as_bytes().split_at(8191);
            assert!(!take(before));
            assert_eq!(take(after), left == 0);
        }
        assert_eq!(received, length as usize);
    });
    assert!(bytes_max <= SMALL, "{bytes_max}");
}

#[test]
fn the_largest_message_takes_one_value_and_its_keys() {
    let text = |text: &[u8]| [&[0xdb][..], &(text.len() as u32).to_be_bytes(), text].concat();
    let mut stream = b"\x81\xa7payload\xde\x00\x10".to_vec();
    for entry in 0..MAX_ENTRIES as u8 {
        stream.extend(text(&[b'a' + entry; MAX_KEY]));
        stream.extend(text(&vec![b'x'; MAX_VALUE]));
    }
    let AllocationInfo { bytes_max, .. } = measure(|| {
        let mut decoder = Decoder::new(0);
        for _ in 0..3 {
            let pieces = stream.chunks(1000).filter(|piece| decoder.next(&mut &piece[..]).unwrap().is_some());
            assert_eq!(pieces.count(), 1);
        }
    });
    assert!(bytes_max <= MAX_VALUE as u64 + SMALL, "{bytes_max}");
}

#[test]
fn what_is_only_announced_takes_no_more_than_its_limit() {
    let announced: [&[u8]; 6] = [
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xdb\xff\xff\xff\xff",
        b"\x81\xa1x\xdd\xff\xff\xff\xff",
        b"\x81\xa1x\xdb\xff\xff\xff\xff",
        b"\x81\xa7payload\x81\xa1x\xdb\xff\xff\xff\xff",
        b"\x81\xa7payload\x81\xa7accData\xdb\xff\xff\xff\xff",
    ];
    for stream in announced {
        let AllocationInfo { bytes_max, .. } = measure(|| assert!(Decoder::new(1024).next(&mut &stream[..]).is_err()));
        assert!(bytes_max <= SMALL, "{bytes_max}: {stream:02x?}");
    }
    for (channel, most) in [(0, MAX_CONTROL as u64), (0xffff, MAX_CONTROL as u64), (5, 0)] {
        let AllocationInfo { bytes_max, .. } = measure(|| {
            for length in [MAX_CONTROL as u16, u16::MAX] {
                drop(FrameDecoder::new().next(&mut frame_header(channel, length).as_bytes()));
            }
        });
        assert_eq!(bytes_max, most, "{channel}");
    }
}
