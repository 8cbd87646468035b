//! A buffered reader of secret text: what it has read ahead is wiped when it is dropped, which that of the standard library is not.

use std::io::{self, BufRead, Read};

use crate::buffer::Buffer;

/// Reads ahead up to the length of its buffer.
pub(super) struct Buffered<R> {
    source: R,
    buffer: Buffer,
    /// The bytes that may be taken, from `start` to `end`.
    start: usize,
    end: usize,
}

impl<R> Buffered<R> {
    pub(super) fn new(length: usize, source: R) -> Self {
        Self { source, buffer: Buffer::new(length), start: 0, end: 0 }
    }

    pub(super) fn source(&self) -> &R {
        &self.source
    }

    pub(super) fn into_source(self) -> R {
        self.source
    }

    /// The bytes that were read ahead.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

impl<R: Read> Read for Buffered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // There is nothing to gain from a copy.
        if self.start == self.end && out.len() >= self.buffer.len() {
            return read_on(&mut self.source, out);
        }
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Buffered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            // Nothing is left to take if the source fails.
            (self.start, self.end) = (0, 0);
            self.end = read_on(&mut self.source, &mut self.buffer)?;
        }
        Ok(self.ahead())
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }
}

/// Reads again after a signal. The layers above could not: a pass over an archive ends at its first error.
fn read_on(source: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Gives its bytes a few at a time, and is interrupted before each read.
    struct Slow(Vec<u8>, usize, bool);

    impl Read for Slow {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.1.min(self.0.len()).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    #[test]
    fn it_reads_as_the_reader_of_the_standard_library_does() {
        let text: Vec<u8> = (0..1000_u32).map(|at| (at % 251) as u8).collect();
        for (length, at_once, out) in [(1, 1, 1), (7, 3, 2), (8, 100, 8), (8, 100, 64), (64, 5, 7), (4096, 1000, 10)] {
            let (mut ours, mut known) = (Vec::new(), Vec::new());
            let mut reader = Buffered::new(length, Slow(text.clone(), at_once, false));
            let mut other = BufReader::with_capacity(length, Slow(text.clone(), at_once, false));
            let mut room = vec![0; out];
            loop {
                match reader.read(&mut room).expect("no interruption is seen") {
                    0 => break,
                    count => ours.extend_from_slice(&room[..count]),
                }
            }
            other.read_to_end(&mut known).expect("it goes on after an interruption");
            assert_eq!((&ours, &known), (&text, &text), "{length} {at_once} {out}");
            assert!(reader.ahead().is_empty());
        }
    }

    /// Of an error nothing is made, and nothing is left to take after it.
    #[test]
    fn an_error_of_the_source_is_no_interruption() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        for out in [1, 8] {
            let mut reader = Buffered::new(8, Failing);
            assert_eq!(reader.read(&mut vec![0; out]).unwrap_err().kind(), io::ErrorKind::StorageFull);
            assert!(reader.ahead().is_empty());
        }
    }

    /// Writes down for how many bytes it is asked.
    struct Asked(Vec<usize>);

    impl Read for Asked {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.0.push(out.len());
            Ok(out.len())
        }
    }

    #[test]
    fn a_short_read_takes_from_a_full_buffer_and_a_long_one_goes_past_it() {
        let mut reader = Buffered::new(64, Asked(Vec::new()));
        for _ in 0..8 {
            assert_eq!(reader.read(&mut [0; 8]).unwrap(), 8);
        }
        assert_eq!(reader.source().0, [64]);
        for length in [64, 100, 63] {
            assert_eq!(reader.read(&mut vec![0; length]).unwrap(), length);
        }
        // One byte is left in the buffer, which comes first.
        assert_eq!(reader.read(&mut [0; 200]).unwrap(), 1);
        assert_eq!(reader.source().0, [64, 64, 100, 64]);
    }
}
