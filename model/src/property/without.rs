//! The rules of a mutant: all but a set of them.

use std::fmt;

use handfast::rules::{Rule, Rules};

/// The rules that lack some.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Without([u64; 2]);

const _: () = assert!(Rule::ALL.len() <= 128, "a bit for each rule");

impl Without {
    /// Returns all rules but these.
    pub const fn new(broken: &[Rule]) -> Self {
        let mut bits = [0; 2];
        let mut at = 0;
        while at < broken.len() {
            let rule = broken[at] as usize;
            bits[rule / 64] |= 1 << (rule % 64);
            at += 1;
        }
        Self(bits)
    }

    /// Returns the rules that are broken, in the order of [`Rule::ALL`].
    pub fn broken(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |rule| self.lacks(*rule))
    }
}

impl Rules for Without {
    fn keeps(self, rule: Rule) -> bool {
        let rule = rule as usize;
        self.0[rule / 64] & (1 << (rule % 64)) == 0
    }
}

impl fmt::Debug for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Without")?;
        f.debug_set().entries(self.broken()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_broken_by_itself() {
        assert_eq!(Without::new(&[]).broken().count(), 0);
        assert_eq!(Without::new(Rule::ALL).broken().count(), Rule::ALL.len());
        for &rule in Rule::ALL {
            assert_eq!(Without::new(&[rule]).broken().collect::<Vec<_>>(), [rule]);
        }
        assert_eq!(format!("{:?}", Without::new(&[Rule::Wiped, Rule::Bound])), "Without{Bound, Wiped}");
    }
}
