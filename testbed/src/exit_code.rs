//! The exit codes of checks.

/// The exit codes of checks, for `--help`.
pub(crate) const CHECKS: &str = "\
Exit codes: 0 all as expected, 1 a safety property is violated, 2 usage, 3 a liveness property is
violated, 4 inconclusive, 5 equal inputs gave unequal results, 101 a panic.";

/// The exit code of what says nothing.
pub(crate) const INCONCLUSIVE: u8 = 4;

/// The exit code where all is as expected, and a graph is not the accepted one.
const GRAPH_CHANGED: u8 = 6;

/// The advice where memory or time cut a check of the model short.
pub(crate) const CUT_SHORT: &str = "INCONCLUSIVE: a check was cut short; give it more --time or --memory";

/// The worst of some exit codes: a panic, safety, liveness, nondeterminism, inconclusive, a changed graph, in this order.
pub(crate) fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 7] = [0, 6, 4, 5, 3, 1, 101];
    codes.into_iter().max_by_key(|code| ORDER.iter().position(|known| known == code)).unwrap_or(0)
}

/// The verdict on a run of many checks, in words. `is_certain`: something that was decided is not as expected, though nothing that ships is violated:
/// a mutant that lives, or an old peer without its defect.
pub(crate) const fn words(code: u8, is_certain: bool) -> &'static str {
    match code {
        0 => "ALL AS EXPECTED",
        INCONCLUSIVE if !is_certain => "INCONCLUSIVE",
        GRAPH_CHANGED => "ALL AS EXPECTED, BUT THE GRAPH CHANGED",
        _ => "NOT AS EXPECTED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_whether_something_is_decided() {
        assert_eq!(
            [0, 1, 3, 4, 6].map(|code| words(code, false)),
            [
                "ALL AS EXPECTED",
                "NOT AS EXPECTED",
                "NOT AS EXPECTED",
                "INCONCLUSIVE",
                "ALL AS EXPECTED, BUT THE GRAPH CHANGED",
            ]
        );
        assert_eq!(words(4, true), "NOT AS EXPECTED");
    }

    #[test]
    fn the_worst_counts() {
        assert_eq!(worst([]), 0);
        assert_eq!(worst([0, 4, 5]), 5);
        assert_eq!(worst([3, 4, 1, 0]), 1);
        assert_eq!(worst([1, 101]), 101);
        assert_eq!(worst([6, 0, 0]), 6);
        assert_eq!(worst([6, 4]), 4);
    }
}
