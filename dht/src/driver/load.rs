//! How busy a node is.

use core::time::Duration;

use crate::limits;

/// Counts datagrams in windows.
#[derive(Debug, Default)]
pub(super) struct Load {
    until: Duration,
    count: u32,
    busy: bool,
    /// When the sockets were read last.
    read_at: Duration,
}

impl Load {
    /// Returns when a busy node reads its sockets next; none when it waits for them.
    pub(super) fn next_read(&self) -> Option<Duration> {
        self.busy.then(|| self.read_at + limits::BUSY_PAUSE)
    }

    /// Counts what was read now. Says whether the node is busy when that changes.
    pub(super) fn note(&mut self, now: Duration, taken: u32) -> Option<bool> {
        let before = self.busy;
        if now >= self.until {
            self.busy &= self.count >= limits::BUSY / 2;
            (self.count, self.until) = (0, now + limits::BUSY_WINDOW);
        }
        self.read_at = now;
        self.count += taken;
        self.busy |= self.count >= limits::BUSY;
        (self.busy != before).then_some(self.busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_node_is_busy_while_enough_comes_and_reads_at_intervals_then() {
        let mut load = Load::default();
        // 40 in 20 ms are enough; 39 are not, however often.
        for window in 0..5 {
            assert_eq!(load.note(ms(100 * window), 39), None);
            assert_eq!((load.note(ms(100 * window + 20), 0), load.next_read()), (None, None));
        }
        assert_eq!(load.note(ms(1000), 20), None);
        assert_eq!(load.note(ms(1010), 20), Some(true));
        assert_eq!(load.next_read(), Some(ms(1011)));
        // 20 in a window keep it busy, and 19 do not.
        for (at, taken) in [(1019, 0), (1020, 20), (1039, 0), (1040, 19)] {
            assert_eq!((load.note(ms(at), taken), load.next_read()), (None, Some(ms(at + 1))));
        }
        assert_eq!((load.note(ms(1060), 0), load.next_read()), (Some(false), None));
        // One window may end and the next begin with enough.
        assert_eq!(load.note(ms(1080), 1000), Some(true));
        assert_eq!((load.note(ms(1100), 0), load.note(ms(1120), 1000)), (None, None));
        assert_eq!(load.note(ms(1140), 0), None);
        assert_eq!(load.note(ms(1160), 0), Some(false));
    }
}
