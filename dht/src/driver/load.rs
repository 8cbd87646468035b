//! How busy a node is.

use core::time::Duration;

use crate::limits;

/// Counts questions of others in windows.
#[derive(Debug, Default)]
pub(super) struct Load {
    until: Duration,
    count: u64,
    busy: bool,
    /// When the sockets were read last.
    read_at: Duration,
}

impl Load {
    /// Returns when a busy node reads its sockets next; none when it waits for them.
    pub(super) fn next_read(&self) -> Option<Duration> {
        self.busy.then(|| self.read_at + limits::BUSY_PAUSE)
    }

    /// Counts the questions that were read now. Says whether the node is busy when that changes.
    pub(super) fn note(&mut self, now: Duration, asked: u64) -> Option<bool> {
        let before = self.busy;
        if now >= self.until {
            self.busy &= self.count >= limits::BUSY / 2;
            (self.count, self.until) = (0, now + limits::BUSY_WINDOW);
        }
        self.read_at = now;
        self.count += asked;
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
        // 100 in 50 ms are enough; 99 are not, however often.
        for window in 0..5 {
            assert_eq!(load.note(ms(100 * window), 99), None);
            assert_eq!((load.note(ms(100 * window + 50), 0), load.next_read()), (None, None));
        }
        assert_eq!(load.note(ms(1000), 50), None);
        assert_eq!(load.note(ms(1010), 50), Some(true));
        assert_eq!(load.next_read(), Some(ms(1011)));
        // 50 in a window keep it busy, and 49 do not.
        for (at, asked) in [(1049, 0), (1050, 50), (1099, 0), (1100, 49)] {
            assert_eq!((load.note(ms(at), asked), load.next_read()), (None, Some(ms(at + 1))));
        }
        assert_eq!((load.note(ms(1150), 0), load.next_read()), (Some(false), None));
        // One window may end and the next begin with enough.
        assert_eq!(load.note(ms(1200), 1000), Some(true));
        assert_eq!((load.note(ms(1250), 0), load.note(ms(1300), 1000)), (None, None));
        assert_eq!(load.note(ms(1350), 0), None);
        assert_eq!(load.note(ms(1400), 0), Some(false));
    }
}
