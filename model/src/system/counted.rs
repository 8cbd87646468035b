//! A number with its noun, for texts that people read.

use std::fmt::Display;

/// Returns a number with its noun, which is given in the singular: `1 step`, `2 steps`, `0 queries`.
///
/// Of several words the last one takes the ending.
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let ending = match noun.as_bytes() {
        _ if number == N::from(1) => return format!("{number} {noun}"),
        [.., before, b'y'] if !b"aeiou".contains(before) => return format!("{number} {}ies", &noun[..noun.len() - 1]),
        [.., b's' | b'x'] | [.., b's' | b'c', b'h'] => "es",
        _ => "s",
    };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn a_noun_has_the_number_of_its_number() {
        for (number, noun, text) in [
            (0, "step", "0 steps"),
            (1, "step", "1 step"),
            (2, "step", "2 steps"),
            (1, "further violation", "1 further violation"),
            (21, "further violation", "21 further violations"),
            (1, "query", "1 query"),
            (3, "query", "3 queries"),
            (3, "day", "3 days"),
            (2, "pass", "2 passes"),
            (2, "box", "2 boxes"),
            (2, "match", "2 matches"),
        ] {
            assert_eq!(counted(number, noun), text);
        }
        assert_eq!(counted(1u64, "byte"), "1 byte");
        assert_eq!(counted(1usize, "y"), "1 y");
    }
}
