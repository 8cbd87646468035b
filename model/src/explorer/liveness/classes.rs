//! Sets of fairness classes.

use super::Fairness;

/// A set of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Classes([u64; 4]);

impl Classes {
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn and(self, other: Self) -> Self {
        self.each(other, |one, other| one & other)
    }

    pub(super) fn without(self, other: Self) -> Self {
        self.each(other, |one, other| one & !other)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == [0; 4]
    }

    fn each(self, other: Self, word: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|at| word(self.0[at], other.0[at])))
    }
}

/// Unfair actions are in no class.
impl FromIterator<Fairness> for Classes {
    fn from_iter<T: IntoIterator<Item = Fairness>>(actions: T) -> Self {
        let mut set = Self([0; 4]);
        for action in actions {
            if let Fairness::Fair(class) = action {
                set.0[usize::from(class / 64)] |= 1 << (class % 64);
            }
        }
        set
    }
}
