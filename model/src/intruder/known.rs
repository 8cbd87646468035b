//! The attacks that are known, and expected: all other queries are expected to hold.

use handfast::outcome::Scheme;

use crate::intruder::{
    attack::Answer,
    queries::Query,
    situation::{Pair, Situation, Start},
};

/// An expected attack.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pairs: &'static [Pair],
    starts: &'static [Start],
    /// The protection of the archive; none for both.
    scheme: Option<Scheme>,
    query: Query,
    /// The smallest sets of weaknesses, each as it is printed.
    weaknesses: &'static [&'static str],
}

/// Every expected attack. The profile makes no difference.
pub const KNOWN: &[Known] = &[];

/// Whether an answer is the expected one.
pub fn is_expected(situation: &Situation, query: Query, answer: &Answer) -> bool {
    let concerns = |known: &&Known| {
        known.pairs.contains(&situation.pair)
            && known.starts.contains(&situation.start)
            && known.scheme.is_none_or(|scheme| scheme == situation.scheme)
            && known.query == query
    };
    let mut expected: Vec<_> = KNOWN.iter().filter(concerns).flat_map(|known| known.weaknesses).copied().collect();
    expected.sort_unstable();
    match answer {
        Answer::NotAsked => true,
        Answer::Verified => expected.is_empty(),
        Answer::Attacked(attacks) => {
            let mut found: Vec<_> = attacks.iter().map(|attack| attack.weaknesses.to_string()).collect();
            found.sort_unstable();
            found == expected
        }
        Answer::Inconclusive(_) => false,
    }
}
