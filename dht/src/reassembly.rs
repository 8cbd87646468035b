//! Long values: messages that wait for the parts of their values, and parts that came first.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::limits;
use crate::wire::{Item, Part, Values};

/// A message and its values, complete.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// The datagram that announced the values.
    pub(crate) head: Vec<u8>,
    /// The encoded values.
    pub(crate) values: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Assembly {
    /// Empty until the message has come.
    head: Vec<u8>,
    values: Vec<Piece>,
    /// Parts that came before the message.
    early: Vec<(u32, u32, Vec<u8>)>,
    begun: Duration,
    last: Duration,
    bytes: usize,
}

/// A value that grows. Room is taken as bytes come, not as they are announced.
#[derive(Debug)]
struct Piece {
    len: usize,
    bytes: Vec<u8>,
    /// Ranges beyond `bytes`, by offset; they do not overlap.
    later: BTreeMap<usize, Vec<u8>>,
}

impl Piece {
    fn is_whole(&self) -> bool {
        self.bytes.len() == self.len
    }

    /// Takes a range unless it is empty, outside, or overlaps; returns what it costs.
    fn take(&mut self, offset: usize, data: &[u8]) -> usize {
        let Some(end) = offset.checked_add(data.len()).filter(|end| *end <= self.len) else { return 0 };
        let before = self.later.range(..end).next_back().map_or(0, |(at, bytes)| at + bytes.len());
        if data.is_empty() || offset < self.bytes.len() || before > offset {
            return 0;
        }
        self.later.insert(offset, data.to_vec());
        while let Some(next) = self.later.remove(&self.bytes.len()) {
            self.bytes.extend_from_slice(&next);
        }
        cost(data)
    }
}

/// Returns what a part is counted with: a sender may cut a value into single bytes.
const fn cost(data: &[u8]) -> usize {
    data.len() + limits::PART_OVERHEAD
}

/// All messages that wait, by sender and transaction.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    waiting: BTreeMap<(SocketAddr, u32), Assembly>,
    by_address: BTreeMap<IpAddr, usize>,
    by_age: BTreeSet<(Duration, SocketAddr, u32)>,
    bytes: usize,
    /// None is given up before this time.
    check_at: Option<Duration>,
}

impl Reassembly {
    /// Returns how many bytes all messages hold.
    pub(crate) const fn held(&self) -> usize {
        self.bytes
    }

    /// Begins to wait for the values that `head` announces; returns it when all of their parts have come already.
    pub(crate) fn announce(
        &mut self,
        now: Duration,
        key: (SocketAddr, u32),
        head: &[u8],
        values: &Values<'_>,
    ) -> Option<Whole> {
        let mut pieces = Vec::with_capacity(values.len().min(limits::VALUES_PER_MESSAGE));
        let mut total = 0usize;
        for item in values.iter() {
            let Item::Announced(len) = item else { return None };
            if len == 0 || len as usize > limits::ANNOUNCED {
                return None;
            }
            total += len as usize;
            pieces.push(Piece { len: len as usize, bytes: Vec::new(), later: BTreeMap::new() });
        }
        if pieces.len() != values.len() || total > limits::ANNOUNCED_PER_MESSAGE {
            return None;
        }
        let assembly = self.entry(now, key)?;
        // The same message again: a repetition. The parts that have come stay.
        if !assembly.head.is_empty() {
            return None;
        }
        assembly.head = head.to_vec();
        assembly.values = pieces;
        let early = core::mem::take(&mut assembly.early);
        let dropped: usize = early.iter().map(|(_, _, data)| cost(data)).sum();
        let kept: usize = early.iter().map(|(index, offset, data)| assembly.place(*index, *offset, data)).sum();
        let bytes = head.len() + assembly.values.len() * limits::PART_OVERHEAD + kept;
        assembly.bytes = assembly.bytes - dropped + bytes;
        self.bytes = self.bytes - dropped + bytes;
        let whole = self.complete(key);
        self.shrink();
        whole
    }

    /// Takes a part; returns the message when it was the last.
    pub(crate) fn part(&mut self, now: Duration, key: (SocketAddr, u32), part: &Part<'_>) -> Option<Whole> {
        if part.data.is_empty() || part.data.len() > limits::ANNOUNCED {
            return None;
        }
        let assembly = self.entry(now, key)?;
        let taken = if assembly.head.is_empty() {
            if assembly.bytes + cost(part.data) > limits::EARLY_BYTES {
                return None;
            }
            assembly.early.push((part.index, part.offset, part.data.to_vec()));
            cost(part.data)
        } else {
            assembly.place(part.index, part.offset, part.data)
        };
        assembly.bytes += taken;
        if taken > 0 {
            assembly.last = now;
        }
        self.bytes += taken;
        let whole = self.complete(key);
        self.shrink();
        whole
    }

    fn shrink(&mut self) {
        while self.bytes > limits::ASSEMBLY_BYTES && self.drop_oldest() {}
    }

    fn entry(&mut self, now: Duration, key: (SocketAddr, u32)) -> Option<&mut Assembly> {
        if !self.waiting.contains_key(&key) {
            let count = self.by_address.get(&key.0.ip()).copied().unwrap_or(0);
            if count >= limits::ASSEMBLIES_PER_ADDRESS {
                return None;
            }
            if self.waiting.len() >= limits::ASSEMBLIES {
                self.drop_oldest();
            }
            *self.by_address.entry(key.0.ip()).or_default() += 1;
            self.by_age.insert((now, key.0, key.1));
            let due = now + limits::ASSEMBLY_PAUSE;
            self.check_at = Some(self.check_at.map_or(due, |at| at.min(due)));
        }
        Some(self.waiting.entry(key).or_insert_with(|| Assembly {
            head: Vec::new(),
            values: Vec::new(),
            early: Vec::new(),
            begun: now,
            last: now,
            bytes: 0,
        }))
    }

    fn complete(&mut self, key: (SocketAddr, u32)) -> Option<Whole> {
        let assembly = self.waiting.get(&key)?;
        if assembly.head.is_empty() || !assembly.values.iter().all(Piece::is_whole) {
            return None;
        }
        let assembly = self.remove(key)?;
        Some(Whole { head: assembly.head, values: assembly.values.into_iter().map(|value| value.bytes).collect() })
    }

    fn remove(&mut self, key: (SocketAddr, u32)) -> Option<Assembly> {
        let assembly = self.waiting.remove(&key)?;
        self.bytes -= assembly.bytes;
        self.by_age.remove(&(assembly.begun, key.0, key.1));
        if let Some(count) = self.by_address.get_mut(&key.0.ip()) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&key.0.ip());
            }
        }
        Some(assembly)
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.by_age.first().map(|(_, from, transaction)| (*from, *transaction));
        oldest.and_then(|key| self.remove(key)).is_some()
    }

    /// Returns when [`Reassembly::advance`] may have something to do.
    pub(crate) const fn next_due(&self) -> Option<Duration> {
        self.check_at
    }

    /// Gives up what has waited too long.
    pub(crate) fn advance(&mut self, now: Duration) {
        if self.check_at.is_none_or(|at| at > now) {
            return;
        }
        let over: Vec<_> =
            self.waiting.iter().filter(|(_, assembly)| assembly.due() <= now).map(|(key, _)| *key).collect();
        for key in over {
            self.remove(key);
        }
        self.check_at = self.waiting.values().map(Assembly::due).min();
    }
}

impl Assembly {
    fn due(&self) -> Duration {
        (self.begun + limits::ASSEMBLY).min(self.last + limits::ASSEMBLY_PAUSE)
    }

    fn place(&mut self, index: u32, offset: u32, data: &[u8]) -> usize {
        self.values.get_mut(index as usize).map_or(0, |value| value.take(offset as usize, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgpack::Writer;

    const START: Duration = Duration::from_secs(1);

    fn from(last: u8, port: u16) -> SocketAddr {
        ([10, 0, 0, last], port).into()
    }

    fn lens(lens: &[u32]) -> (u32, Vec<u8>) {
        let mut out = Writer::default();
        for len in lens {
            out.uint(*len);
        }
        (lens.len() as u32, out.into_bytes())
    }

    fn announce(all: &mut Reassembly, key: (SocketAddr, u32), announced: &[u32]) -> Option<Whole> {
        let (count, items) = lens(announced);
        all.announce(START, key, b"head", &Values::of(count, &items))
    }

    fn part(index: u32, offset: u32, data: &[u8]) -> Part<'_> {
        Part { index, offset, data }
    }

    #[test]
    fn every_order_of_parts_and_message_gives_the_values() {
        let key = (from(1, 1), 7);
        let parts = [part(0, 0, b"ab"), part(0, 2, b"c"), part(1, 0, b"xyz")];
        // Where the message comes among the parts, and which part comes first.
        for place in 0..=3 {
            for turn in 0..3 {
                let mut all = Reassembly::default();
                let mut whole = None;
                for step in 0..=3 {
                    if step == place {
                        whole = whole.or(announce(&mut all, key, &[3, 3]));
                    }
                    if step < 3 {
                        whole = whole.or(all.part(START, key, &parts[(step + turn) % 3]));
                    }
                }
                let whole = whole.expect("all parts have come");
                assert_eq!((&whole.head[..], whole.values), (&b"head"[..], vec![b"abc".to_vec(), b"xyz".to_vec()]));
                assert_eq!((all.held(), all.by_address.len()), (0, 0));
            }
        }
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let key = (from(1, 1), 7);
        let mut all = Reassembly::default();
        announce(&mut all, key, &[4]);
        all.part(START, key, &part(0, 1, b"bc"));
        for (offset, data) in [(0, &b"ab"[..]), (2, b"c"), (1, b"x"), (3, b"de"), (u32::MAX, b"a"), (0, b"")] {
            assert_eq!(all.part(START, key, &part(0, offset, data)), None);
        }
        assert_eq!(all.part(START, key, &part(1, 0, b"abcd")), None);
        all.part(START, key, &part(0, 0, b"a"));
        assert_eq!(all.part(START, key, &part(0, 3, b"d")).unwrap().values, [b"abcd"]);
    }

    #[test]
    fn impossible_announcements_are_refused() {
        let mut all = Reassembly::default();
        for announced in [&[0][..], &[limits::ANNOUNCED as u32 + 1], &[65_568; 17], &[]] {
            announce(&mut all, (from(1, 1), 7), announced);
            assert_eq!(all.waiting.values().filter(|assembly| !assembly.values.is_empty()).count(), 0);
        }
    }

    #[test]
    fn a_flood_of_parts_and_messages_is_bounded() {
        let mut all = Reassembly::default();
        for transaction in 0..50_000u32 {
            let key = (from((transaction % 250) as u8 + 1, 1), transaction / 20);
            announce(&mut all, key, &[60_000; 10]);
            all.part(START, key, &part(0, 2 * transaction % 50_000, &[1; 1280]));
            all.part(START, (key.0, transaction), &part(0, transaction % 9000, b"x"));
            assert!(all.held() <= limits::ASSEMBLY_BYTES);
            assert!(all.waiting.len() <= limits::ASSEMBLIES);
        }
    }

    #[test]
    fn an_address_has_its_share_only_and_time_ends_it() {
        let mut all = Reassembly::default();
        for transaction in 0..1000 {
            all.part(START, (from(1, 1), transaction), &part(0, 0, b"x"));
        }
        assert_eq!(all.waiting.len(), limits::ASSEMBLIES_PER_ADDRESS);
        let key = (from(2, 1), 1);
        announce(&mut all, key, &[9]);
        assert_eq!(all.next_due(), Some(START + limits::ASSEMBLY_PAUSE));
        // A part gives a message more time, but not for ever.
        let mut now = START;
        for offset in 0..5 {
            all.part(now, key, &part(0, offset, b"x"));
            now += Duration::from_secs(2);
            all.advance(now);
        }
        assert_eq!(all.waiting.len(), 0);
    }
}
