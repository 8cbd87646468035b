//! The secrets that a reducer or a client machine knows by their handles (R-SEC-2).

use crate::{message::Slot, secret::Secret};

/// The passwords of one operation, or of one client.
#[derive(Debug, Default)]
pub struct Slots(Vec<Secret>);

impl Slots {
    /// More than any operation has: three tries, and one more that ends it.
    const MOST: usize = 8;

    /// Keeps a secret. Those of an operation that takes no more are not kept.
    pub fn keep(&mut self, secret: Secret) -> Slot {
        let slot = Slot(self.0.len() as u8);
        if self.0.len() < Self::MOST {
            self.0.push(secret);
        }
        slot
    }

    /// Forgets the secret that was kept last.
    pub fn take_back(&mut self) {
        self.0.pop();
    }

    /// A copy of a secret; an empty one if it is not kept.
    pub fn of(&self, slot: Slot) -> Secret {
        self.0.get(usize::from(slot.0)).cloned().unwrap_or_default()
    }

    /// Wipes them all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
