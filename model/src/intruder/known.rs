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

const fn known(
    pairs: &'static [Pair],
    starts: &'static [Start],
    scheme: Option<Scheme>,
    query: Query,
    weaknesses: &'static [&'static str],
) -> Known {
    Known { pairs, starts, scheme, query, weaknesses }
}

const ALL: &[Pair] = &Pair::ALL;
const LEGACY_IMPORT: &[Pair] = &[Pair::LH, Pair::LL];
const LEGACY_EXPORT: &[Pair] = &[Pair::HL, Pair::LL];
const HONEST_CODE: &[Start] = &[Start::Nothing, Start::Device, Start::DeviceAccount, Start::Token, Start::TokenAccount];
const OPEN: Option<Scheme> = Some(Scheme::None);
const PROTECTED: Option<Scheme> = Some(Scheme::Password);

/// Every expected attack. The profile makes no difference.
#[rustfmt::skip]
pub const KNOWN: &[Known] = &[
    // The swapped code gives an open archive away, and a protected one where the password is known or can be asked for.
    known(ALL, &[Start::Swapped], OPEN, Query::Archive, &["W-12"]),
    known(ALL, &[Start::Swapped], OPEN, Query::ExportAgrees, &["W-12"]),
    known(ALL, &[Start::Swapped], OPEN, Query::ImportAgrees, &["W-12"]),
    known(ALL, &[Start::Swapped], OPEN, Query::Consent, &["W-12"]),
    known(ALL, &[Start::Password], None, Query::Archive, &["W-12"]),
    known(ALL, &[Start::Password], None, Query::ExportAgrees, &["W-12"]),
    known(ALL, &[Start::Password], None, Query::ImportAgrees, &["W-12"]),
    known(ALL, &[Start::Password], None, Query::Consent, &["W-12"]),
    known(LEGACY_IMPORT, &[Start::Swapped], PROTECTED, Query::Archive, &["W-3+W-12"]),
    known(LEGACY_IMPORT, &[Start::Swapped], PROTECTED, Query::ExportAgrees, &["W-3+W-12"]),
    known(LEGACY_IMPORT, &[Start::Swapped], PROTECTED, Query::ImportAgrees, &["W-3+W-12"]),
    known(LEGACY_IMPORT, &[Start::Swapped], PROTECTED, Query::Consent, &["W-3+W-12"]),

    // Today's importer: the password goes to the intruder, and its archive, or none, comes from it.
    known(LEGACY_IMPORT, &[Start::Token, Start::TokenAccount], PROTECTED, Query::Password, &["W-3", "W-11"]),
    known(LEGACY_IMPORT, &[Start::Swapped], PROTECTED, Query::Password, &["W-3"]),
    known(LEGACY_IMPORT, &[Start::Token, Start::TokenAccount], None, Query::ImportAgrees, &["W-2", "W-11"]),
    known(LEGACY_IMPORT, &[Start::TokenAccount, Start::Swapped, Start::Password], None, Query::ImportAgrees, &["W-1", "W-3+W-4"]),
    known(LEGACY_IMPORT, &[Start::Token], None, Query::Consent, &["W-1+W-3+W-11"]),
    known(LEGACY_IMPORT, &[Start::TokenAccount, Start::Swapped, Start::Password], None, Query::Consent, &["W-1", "W-3+W-4"]),
    known(LEGACY_IMPORT, &[Start::Device, Start::DeviceAccount], None, Query::Failing, &["W-29"]),

    // Today's exporter reports success when the bytes are written.
    known(LEGACY_EXPORT, HONEST_CODE, None, Query::ExportAgrees, &["W-5"]),
];

/// Whether an answer is the expected one.
pub fn is_expected(situation: &Situation, query: Query, answer: &Answer) -> bool {
    // Users who compare find the device that is between theirs: nothing is left of W-12, which is all that two hardened devices have.
    let compare = situation.comparison.is_demanded();
    let concerns = |known: &&Known| {
        !compare
            && known.pairs.contains(&situation.pair)
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
