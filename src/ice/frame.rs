//! Frames on a connection (RFC 4571): two bytes of length, then so many bytes (R-ICE-3).

use std::io;

/// Bytes of a head.
pub const HEAD: usize = 2;
/// Bytes of the head of a TLS record.
const RECORD_HEAD: usize = 5;
/// Bytes of the longest TLS record (RFC 8446, 5.2, and 256 more as in version 1.2), with its head.
pub const MAX_RECORD: usize = RECORD_HEAD + (1 << 14) + 2048;

/// Takes the first frame off `input`; none while it is not whole.
pub fn take<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (head, rest) = input.split_first_chunk::<HEAD>()?;
    let (frame, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*head)))?;
    *input = rest;
    Some(frame)
}

/// Adds a frame of at most 65 535 bytes to `out`.
pub fn put(out: &mut Vec<u8>, frame: &[u8]) {
    debug_assert!(frame.len() <= usize::from(u16::MAX));
    out.extend((frame.len() as u16).to_be_bytes());
    out.extend(frame);
}

/// Cuts what TLS writes into frames of one record each: no frame begins in the middle of one, where it could look like STUN.
#[derive(Debug, Default)]
pub struct Records {
    /// The beginning of a record.
    begun: Vec<u8>,
}

impl Records {
    /// Takes bytes, and adds a frame to `out` for each record that is whole now.
    ///
    /// # Errors
    /// A record is longer than TLS has them.
    pub fn put(&mut self, out: &mut Vec<u8>, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let wanted = self.length().unwrap_or(RECORD_HEAD);
            if wanted > MAX_RECORD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a TLS record is too long"));
            }
            let (piece, rest) = bytes.split_at(bytes.len().min(wanted - self.begun.len()));
            self.begun.extend(piece);
            bytes = rest;
            if self.length() == Some(self.begun.len()) {
                put(out, &self.begun);
                self.begun.clear();
            }
        }
        Ok(())
    }

    /// The bytes of the record that is begun, once its head is there.
    fn length(&self) -> Option<usize> {
        let length = self.begun.get(3..RECORD_HEAD)?;
        Some(RECORD_HEAD + usize::from(u16::from_be_bytes([length[0], length[1]])))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(body: &[u8]) -> Vec<u8> {
        [&[23, 3, 3], &(body.len() as u16).to_be_bytes()[..], body].concat()
    }

    proptest! {
        /// However records are cut, each is one frame; and frames are read however they arrive.
        #[test]
        fn each_record_is_a_frame(
            bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..12),
            cut in 1_usize..40,
        ) {
            let records: Vec<_> = bodies.iter().map(|body| record(body)).collect();
            let (mut cutter, mut out) = (Records::default(), Vec::new());
            for piece in records.concat().chunks(cut) {
                cutter.put(&mut out, piece).unwrap();
            }
            let (mut have, mut found) = (Vec::new(), Vec::new());
            for piece in out.chunks(cut) {
                have.extend_from_slice(piece);
                let mut rest = &have[..];
                while let Some(frame) = take(&mut rest) {
                    found.push(frame.to_vec());
                }
                have = rest.to_vec();
            }
            prop_assert!(have.is_empty());
            prop_assert_eq!(found, records);
        }
    }

    /// RFC 8446 has 16 KiB, and TLS 1.2 up to 2048 bytes more.
    #[test]
    fn a_record_that_is_too_long_is_refused() {
        let longest = record(&[7; 16_384 + 2_048]);
        let mut out = Vec::new();
        Records::default().put(&mut out, &longest).unwrap();
        assert_eq!(take(&mut &out[..]), Some(&longest[..]));
        for too_long in [record(&[7; 16_384 + 2_049]), vec![23, 3, 3, 0xff, 0xff, 0]] {
            let mut out = Vec::new();
            assert!(Records::default().put(&mut out, &too_long).is_err());
            assert!(out.is_empty());
        }
    }
}
