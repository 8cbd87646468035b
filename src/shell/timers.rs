//! Timers that are armed.

use std::collections::BTreeMap;

use tokio::time::{Duration, Instant, sleep_until};

/// When each armed timer fires.
#[derive(Debug)]
pub(super) struct TimerSet<K>(BTreeMap<K, Instant>);

impl<K> Default for TimerSet<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Copy + Ord> TimerSet<K> {
    /// Starts a timer, from the beginning if it runs.
    pub(super) fn arm(&mut self, timer: K, after: Duration) {
        self.0.insert(timer, Instant::now() + after);
    }

    pub(super) fn disarm(&mut self, timer: K) {
        self.0.remove(&timer);
    }

    /// How long each armed timer still runs.
    #[cfg(test)]
    pub(super) fn left(&self) -> impl Iterator<Item = (K, Duration)> {
        self.0.iter().map(|(&timer, &at)| (timer, at - Instant::now()))
    }

    /// Waits for the next timer that fires, for ever if none is armed. A future that is dropped has changed nothing.
    pub(super) async fn fired(&mut self) -> K {
        let Some((&timer, &at)) = self.0.iter().min_by_key(|&(&timer, &at)| (at, timer)) else {
            return std::future::pending().await;
        };
        sleep_until(at).await;
        self.0.remove(&timer);
        timer
    }
}
