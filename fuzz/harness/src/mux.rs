//! Laws of any bytes on a connection (R-MUX-1).

use handfast::mux::{Control, FrameDecoder, FrameEvent, MuxError, end_of_channel, frame_header};

use crate::pieces::{cuts, pieces};

/// A frame, or a control message that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// Data of a channel.
    Data(u16, Vec<u8>),
    /// The end of a channel.
    End(u16),
    /// A control message.
    Control(Control),
}

/// Panics if a decoder does to this stream what it must not: cuts, whose sizes are the first four bytes, change something; or what was
/// read is not read again where it is written.
pub fn check(input: &[u8]) {
    let Some((sizes, stream)) = cuts(input) else { return };
    let whole = read(&[stream]);
    assert_eq!(read(&pieces(stream, &sizes)), whole);
    assert_eq!(read(&pieces(stream, &[1])), whole);
    assert_eq!(read(&[&write(&whole.0)]), (whole.0, None), "what is written is read");
}

/// Writes a stream. Data is cut into frames.
pub fn write(frames: &[Framed]) -> Vec<u8> {
    let one = |frame: &Framed| match frame {
        Framed::Data(channel, data) => {
            let frame = |data: &[u8]| [frame_header(*channel, data.len() as u16).as_bytes(), data].concat();
            data.chunks(usize::from(u16::MAX)).flat_map(frame).collect()
        }
        Framed::End(channel) => end_of_channel(*channel).as_bytes().to_vec(),
        Framed::Control(control) => control.to_frame(),
    };
    frames.iter().flat_map(one).collect()
}

/// The result of a decoder for a stream in these pieces, neighbouring data of one channel joined, and its error.
pub fn read(pieces: &[&[u8]]) -> (Vec<Framed>, Option<MuxError>) {
    let (mut decoder, mut frames) = (FrameDecoder::new(), Vec::new());
    for piece in pieces {
        let mut input = *piece;
        loop {
            match decoder.next(&mut input) {
                Ok(None) => break assert!(input.is_empty(), "all that is needed was taken"),
                Ok(Some(FrameEvent::Data { channel, bytes })) => {
                    let is_borrowed = !bytes.is_empty() && piece.as_ptr_range().contains(&bytes.as_ptr());
                    assert!(is_borrowed, "data is borrowed from the input");
                    push(&mut frames, Framed::Data(channel, bytes.to_vec()));
                }
                Ok(Some(FrameEvent::End { channel })) => frames.push(Framed::End(channel)),
                Ok(Some(FrameEvent::Control(control))) => frames.push(Framed::Control(control)),
                Err(error) => {
                    assert!(error.offset <= decoder.offset() + input.len() as u64);
                    assert_eq!(decoder.next(&mut input), Err(error), "an error stays");
                    return (frames, Some(error));
                }
            }
        }
    }
    (frames, None)
}

/// Appends a frame, or its data to the last one's.
pub fn push(frames: &mut Vec<Framed>, frame: Framed) {
    match (frames.last_mut(), frame) {
        (Some(Framed::Data(last, data)), Framed::Data(channel, more)) if *last == channel => data.extend(more),
        (_, frame) => frames.push(frame),
    }
}
