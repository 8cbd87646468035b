//! The names of the weaknesses that a legacy side shows. `docs/legacy/weaknesses.md` is their only source.

const TEXT: &str = include_str!("../../pages/weaknesses.md");

/// The heading of a weakness: of `W-5`, what is wrong in a few words.
pub fn title(id: &str) -> Option<&'static str> {
    TEXT.lines().find_map(|line| line.strip_prefix("### ")?.strip_prefix(id)?.strip_prefix(". "))
}

/// The number of a weakness, by which they are put in order: 5 of `W-5`.
pub fn number(id: &str) -> Option<u32> {
    id.strip_prefix("W-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::flaws::FLAWS;

    #[test]
    fn every_flaw_is_a_weakness_of_the_document() {
        for flaw in FLAWS {
            assert!(title(flaw.weakness).is_some() && number(flaw.weakness).is_some(), "{flaw:?}");
        }
        assert_eq!(title("W-27"), Some("Import result of saving is ignored"));
        assert_eq!((title("W-2"), title("W-"), title("X-2")), (title("W-2"), None, None));
        assert_ne!(title("W-2"), title("W-27"));
    }
}
