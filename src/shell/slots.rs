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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(slots: &Slots, slot: Slot) -> String {
        slots.of(slot).as_str().unwrap().to_owned()
    }

    #[test]
    fn each_secret_is_found_by_its_slot() {
        let mut slots = Slots::default();
        let (first, second) = (slots.keep("one".into()), slots.keep("two".into()));
        assert_eq!((text(&slots, first), text(&slots, second)), ("one".into(), "two".into()));
        slots.take_back();
        assert_eq!((text(&slots, first), text(&slots, second)), ("one".into(), String::new()));
        slots.clear();
        assert_eq!(text(&slots, first), "");
    }

    /// Eight are kept. One more has a slot of its own, in which nothing is.
    #[test]
    fn no_more_are_kept_than_an_operation_has() {
        let mut slots = Slots::default();
        let kept: Vec<_> = (0..10).map(|number| slots.keep(format!("{number}").as_str().into())).collect();
        let texts: Vec<_> = kept.into_iter().map(|slot| text(&slots, slot)).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6", "7", "", ""]);
    }
}
