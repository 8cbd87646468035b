//! The faults of the connections of a session, as its streams carry them out.

use std::task::Waker;

use handfast::outcome::Side;

/// The faults of the connections of a session.
#[derive(Default)]
pub(crate) struct Wires {
    /// The reset side, and how many bytes the other side gets before it learns of it.
    pub(crate) reset: Option<(Side, u64)>,
    pub(crate) no_writes: [bool; 2],
    pub(crate) no_reads: [bool; 2],
    /// The tasks that wait for something on each side's end.
    pub(crate) wakers: [Option<Waker>; 2],
}

impl Wires {
    pub(crate) fn shut_write(&mut self, side: Side) {
        self.no_writes[side as usize] = true;
        self.wake(side);
    }

    pub(crate) fn shut_read(&mut self, side: Side) {
        self.no_reads[side as usize] = true;
        self.wake(side);
    }

    /// Whether the connection was reset.
    pub(crate) fn is_reset(&self) -> bool {
        self.reset.is_some()
    }

    pub(crate) fn wake(&mut self, side: Side) {
        self.wakers[side as usize].take().into_iter().for_each(Waker::wake);
    }
}
