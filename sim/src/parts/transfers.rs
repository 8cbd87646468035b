//! An archive as an exporter sends it (R-MUX-1, R-MSG-1, R-MSG-2): frames of a stream that is the same however it is handed over and taken,
//! and what is left of it where the channel ends, or the connection closes, in the middle.

use handfast::{
    buffer::Buffer,
    connection::Connection,
    message::{Features, Message},
    mux::ChannelName,
};

use super::{Cases, Part};

/// The session's channel as a frame begins: an array of two, and the number 0x8000.
const CHANNEL: &[u8] = b"\x92\xcd\x80\x00";
/// The end of the channel: no data.
const END: &[u8] = b"\x92\xcd\x80\x00\xc4\x00";

/// An exporter whose session is open, and which has sent nothing on it.
fn open() -> Connection {
    let mut exporter = Connection::exporter();
    ChannelName::new(b"auth:123456").map(|name| exporter.request_channel(name));
    let mut answer: &[u8] = b"\x92\x00\xc4\x11\x93\xabauth:123456\xcd\x80\x00\x01";
    while exporter.receive(&mut answer).is_some() {}
    take(&mut exporter, usize::MAX);
    exporter
}

/// Takes at most so many bytes that wait.
fn take(connection: &mut Connection, most: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < most && connection.is_waiting() {
        let (head, data) = connection.transmit();
        let next = [head, data].concat();
        let count = next.len().min(most - all.len());
        all.extend_from_slice(&next[..count]);
        connection.sent(count);
    }
    all
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| b'a' + (at % 23) as u8).collect()
}

/// The data of the frames of a stream. Anything else is an error.
fn data(mut stream: &[u8]) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    while !stream.is_empty() {
        let rest = stream.strip_prefix(CHANNEL).ok_or("a frame begins otherwise")?;
        let (length, rest) = match rest {
            [0xc4, length, rest @ ..] => (usize::from(*length), rest),
            [0xc5, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => return Err("data begins otherwise".into()),
        };
        if length == 0 {
            return Err("a frame without data".into());
        }
        all.extend_from_slice(rest.get(..length).ok_or("a frame is cut")?);
        stream = &rest[length..];
    }
    Ok(all)
}

/// Where the frames of a stream end.
fn ends(stream: &[u8]) -> Vec<usize> {
    let mut all = vec![0];
    let mut at = 0;
    while let Some([.., high, low]) = stream.get(at..at + 7) {
        // Frames of less than 256 bytes have a head of six.
        at += if stream[at + 4] == 0xc4 {
            6 + usize::from(*high)
        } else {
            7 + usize::from(u16::from_be_bytes([*high, *low]))
        };
        all.push(at);
    }
    all
}

/// Sends a whole archive in buffers of this length, and takes it in pieces of that one.
fn sent(length: usize, buffers: usize, pieces: usize) -> Result<Vec<u8>, &'static str> {
    let mut exporter = open();
    if !exporter.begin_archive(length as u32) {
        return Err("it is not announced");
    }
    let (text, mut stream) = (text(length), Vec::new());
    for part in text.chunks(buffers) {
        if exporter.finish_archive() {
            return Err("it ends before its last byte");
        }
        if !exporter.archive(Buffer::from(part.to_vec())) {
            return Err("a buffer is refused");
        }
        if exporter.archive(Buffer::from(vec![b'x'])) {
            return Err("a second buffer is taken");
        }
        while exporter.is_waiting() {
            stream.extend(take(&mut exporter, pieces));
        }
        if exporter.used_up().is_none_or(|buffer| **buffer != *part) {
            return Err("a buffer does not come back");
        }
    }
    if exporter.archive(Buffer::from(vec![b'x'])) {
        return Err("more is taken than was announced");
    }
    if exporter.is_reading() || !exporter.finish_archive() || !exporter.is_reading() {
        return Err("it is read between the last byte and the end");
    }
    if exporter.archived() != length as u64 {
        return Err("other bytes are counted");
    }
    Ok(stream)
}

/// The bytes of the session's message with an archive.
fn message(length: usize) -> Vec<u8> {
    let head = match length {
        0..=31 => vec![0xa0 | length as u8],
        32..=255 => vec![0xd9, length as u8],
        256..=65_535 => [&[0xda], &(length as u16).to_be_bytes()[..]].concat(),
        _ => [&[0xdb], &(length as u32).to_be_bytes()[..]].concat(),
    };
    [b"\x82\xa8schemeId\x00\xa7payload\x81\xa7accData", &head[..], &text(length)].concat()
}

pub(super) fn transfers() -> Part {
    let mut cases = Cases::default();
    for length in [1, 2, 31, 32, 255, 256, 65_529, 65_530, 65_535, 65_536, 200_000] {
        for buffers in [1 << 12, 65_529, 65_530, 1 << 20] {
            for pieces in [1, 7, 4096, usize::MAX] {
                if length > 65_536 && pieces == 1 {
                    continue;
                }
                let came = sent(length, buffers, pieces).map_err(ToString::to_string).and_then(|stream| data(&stream));
                let what = format!("an archive of {length} bytes, in buffers of {buffers}, taken by {pieces}");
                cases.expect(what, true, came == Ok(message(length)));
            }
        }
    }
    stops(&mut cases);
    cases.part("transfers", "R-MUX-1, R-MSG-1, R-MSG-2, R-EXT-3")
}

/// The channel ends, or the connection closes or is cut, after some bytes of an archive.
fn stops(cases: &mut Cases) {
    const LENGTH: usize = 150_000;
    let begun = |count: usize| {
        let mut exporter = open();
        exporter.begin_archive(LENGTH as u32);
        exporter.archive(Buffer::from(text(LENGTH)));
        let stream = take(&mut exporter, count);
        (exporter, stream)
    };
    let (_, whole) = begun(usize::MAX);
    let ends = ends(&whole);
    cases.expect("a whole archive is whole frames", Some(&whole.len()), ends.last());
    let first = ends[1];
    for count in ends
        .iter()
        .flat_map(|end| (0..=9).map(move |more| (end + more).saturating_sub(2)))
        .chain([first + 4000, 100_000])
    {
        let count = count.min(whole.len());
        // A frame that has begun is finished; the announcement is a frame of its own, and waits apart.
        let end = ends.iter().copied().find(|&end| end >= count.max(first)).unwrap_or_default();
        let kept = &whole[..end];
        let what = |what| format!("{what} after {count} of {} bytes", whole.len());

        let (mut exporter, mut stream) = begun(count);
        cases.expect(what("the channel ends"), true, exporter.end());
        cases.expect(what("a message follows the end"), false, exporter.send(&Message::Hello(Features::NONE)));
        cases.expect(what("a buffer follows the end"), false, exporter.archive(Buffer::from(vec![b'x'])));
        stream.extend(take(&mut exporter, usize::MAX));
        cases.expect(what("the end: the whole stream"), true, stream == [kept, END].concat());

        let (mut exporter, mut stream) = begun(count);
        exporter.close();
        stream.extend(take(&mut exporter, usize::MAX));
        cases.expect(what("the connection closes: the whole stream"), true, stream == kept);

        let (mut exporter, stream) = begun(count);
        exporter.cut();
        cases.expect(what("the transport is gone: the archive"), false, exporter.archive(Buffer::from(vec![b'x'])));
        exporter.send(&Message::Hello(Features::NONE));
        exporter.end();
        cases.expect(what("the transport is gone: bytes wait"), (false, count), (exporter.is_waiting(), stream.len()));
    }
}
