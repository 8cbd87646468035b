//! The words of the comparison string (R-SAS-4).

/// The list, in alphabetical order: common English nouns of three to eight letters, chosen for this project, without
/// the usual homophones. It never changes: a word is named by its place.
const LIST: &str = include_str!("words.txt");

/// The words of the list.
pub(super) const COUNT: usize = 1024;

/// Returns the word at a place below [`COUNT`].
pub(super) fn word(place: usize) -> &'static str {
    LIST.split_ascii_whitespace().nth(place).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// R-SAS-4: 1 024 words, all different, in one order, each a word that can be read aloud and typed.
    #[test]
    fn the_list_is_the_fixed_one() {
        let words: Vec<&str> = LIST.split_ascii_whitespace().collect();
        assert_eq!(words.len(), COUNT);
        assert!(words.windows(2).all(|pair| pair[0] < pair[1]), "they are in order, and no word comes twice");
        assert!(words.iter().all(|word| (3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())));
        assert_eq!(crc32fast::hash(LIST.as_bytes()), 0x1224fa73, "the list never changes");
    }
}
