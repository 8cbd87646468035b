//! Reads past a value that is ignored: anything, within limits.

use crate::{
    limits::{MAX_NESTING, MAX_VALUE},
    utf8::Utf8,
};

use super::{Head, HeadReader};

/// Levels that an ignored value may have: it stands in one map at least.
const LEVELS: usize = MAX_NESTING - 1;

/// An ignored value of a map that is itself in nothing. In all it has at most [`MAX_VALUE`] bytes after its first head.
#[derive(Debug)]
pub(crate) struct Skip {
    head: HeadReader,
    /// Values that each open container still lacks.
    open: [u32; LEVELS],
    depth: usize,
    /// Bytes of a string that are still to come.
    body: u32,
    /// Set in a text.
    utf8: Option<Utf8>,
    /// Bytes that may still come.
    budget: u32,
    begun: bool,
}

/// Why a value is not even ignored, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: u64,
    pub(crate) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Reserved,
    Nesting,
    Length,
    Utf8,
}

impl FaultKind {
    const fn at(self, offset: u64) -> Fault {
        Fault { offset, kind: self }
    }
}

impl Skip {
    pub(crate) fn new() -> Self {
        Self {
            head: HeadReader::new(),
            open: [0; LEVELS],
            depth: 0,
            body: 0,
            utf8: None,
            budget: MAX_VALUE as u32,
            begun: false,
        }
    }

    /// Takes bytes off `input`, which stands at `offset` of the stream, and says whether the value is complete.
    pub(crate) fn take(&mut self, input: &mut &[u8], offset: &mut u64) -> Result<bool, Fault> {
        loop {
            if self.body > 0 {
                if input.is_empty() {
                    return Ok(false);
                }
                self.take_body(input, offset)?;
            } else {
                let (at, before) = (*offset - self.head.pending() as u64, input.len());
                let head = self.head.next(input).map_err(|_| FaultKind::Reserved.at(at))?;
                *offset += (before - input.len()) as u64;
                let Some(head) = head else { return Ok(false) };
                self.begin(head, (*offset - at) as u32).map_err(|kind| kind.at(at))?;
            }
            if self.body == 0 {
                if let Some(Err(cut)) = self.utf8.take().map(|utf8| utf8.end()) {
                    return Err(FaultKind::Utf8.at(*offset - cut as u64));
                }
                if self.complete() {
                    return Ok(true);
                }
            }
        }
    }

    fn take_body(&mut self, input: &mut &[u8], offset: &mut u64) -> Result<(), Fault> {
        let (piece, rest) = input.split_at(input.len().min(self.body as usize));
        if let Some(utf8) = &mut self.utf8 {
            utf8.take(piece).map_err(|at| FaultKind::Utf8.at(offset.saturating_add_signed(at as i64)))?;
        }
        *input = rest;
        *offset += piece.len() as u64;
        self.body -= piece.len() as u32;
        Ok(())
    }

    /// Begins a value whose head has `size` bytes.
    fn begin(&mut self, head: Head, size: u32) -> Result<(), FaultKind> {
        if self.begun {
            self.spend(size)?;
        }
        self.begun = true;
        match head {
            Head::Scalar | Head::Bool(_) | Head::Unsigned(_) | Head::Negative => {}
            Head::Str(length) => {
                self.spend(length)?;
                self.body = length;
                self.utf8 = Some(Utf8::default());
            }
            Head::Bin(length) => {
                self.spend(length)?;
                self.body = length;
            }
            Head::Ext(length) => {
                let length = length.saturating_add(1);
                self.spend(length)?;
                self.body = length;
            }
            Head::Array(values) => self.open(values)?,
            Head::Map(entries) => self.open(entries.saturating_mul(2))?,
        }
        Ok(())
    }

    /// Opens a container of `values` values. Each value has at least one byte.
    fn open(&mut self, values: u32) -> Result<(), FaultKind> {
        let level = self.open.get_mut(self.depth).ok_or(FaultKind::Nesting)?;
        if values > self.budget {
            return Err(FaultKind::Length);
        }
        // One more than its values: the container itself is complete with the last of them, or at once.
        *level = values + 1;
        self.depth += 1;
        Ok(())
    }

    fn spend(&mut self, bytes: u32) -> Result<(), FaultKind> {
        self.budget = self.budget.checked_sub(bytes).ok_or(FaultKind::Length)?;
        Ok(())
    }

    /// A value, or the head of a container, is complete: closes the containers that it was the last of, and says whether none is open.
    fn complete(&mut self) -> bool {
        while let Some(level) = self.depth.checked_sub(1) {
            self.open[level] -= 1;
            if self.open[level] > 0 {
                return false;
            }
            self.depth = level;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use super::*;

    /// Reads past an array of one `bin` whose head has so many bytes of length, and so many bytes after it, from this offset on.
    fn skipped(marker: u8, width: usize, length: usize, offset: u64) -> Result<bool, FaultKind> {
        let head = &length.to_be_bytes()[size_of::<usize>() - width..];
        let bytes: Vec<u8> = [&[0x91, marker], head, &vec![0; length]].concat();
        Skip::new().take(&mut &*bytes, &mut offset.clone()).map_err(|fault| fault.kind)
    }

    /// Each byte after the first head counts, those of further heads too.
    #[test]
    fn a_head_of_several_bytes_counts_whole() {
        for (marker, width) in [(0xc5, 2), (0xc6, 4)] {
            // 64 KiB, as the document has it.
            let most = 64 * 1024 - 1 - width;
            for offset in [0, 1, 100, 1 << 40] {
                assert_eq!(skipped(marker, width, most, offset), Ok(true), "{marker:x} at {offset}");
                if most + 1 < 1 << (8 * width) {
                    assert_eq!(
                        skipped(marker, width, most + 1, offset),
                        Err(FaultKind::Length),
                        "{marker:x} at {offset}"
                    );
                }
            }
        }
    }
}
