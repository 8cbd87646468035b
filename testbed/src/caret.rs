//! Shows where in a text something is wrong.

/// Bytes that are shown before and after the place.
const BEFORE: usize = 60;
const AFTER: usize = 20;

/// Two lines: the text around `offset`, with what does not print escaped, and a caret under the byte there.
pub(crate) fn point_at(text: &[u8], offset: usize) -> String {
    let offset = offset.min(text.len());
    let start = offset.saturating_sub(BEFORE);
    let end = text.len().min(offset + AFTER);
    let cut = |yes: bool| if yes { "..." } else { "" };
    let before = format!("{}{}", cut(start > 0), shown(&text[start..offset]));
    let after = format!("{}{}", shown(&text[offset..end]), cut(end < text.len()));
    format!("  {before}{after}\n  {:width$}^", "", width = before.len())
}

/// Bytes as a terminal may show them. Quotes print.
fn shown(bytes: &[u8]) -> String {
    let one = |&byte: &u8| match byte {
        b'"' | b'\'' => char::from(byte).to_string(),
        other => other.escape_ascii().to_string(),
    };
    bytes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::point_at;

    #[test]
    fn quotes_stay_as_they_are() {
        insta::assert_snapshot!(point_at(br#"name = "it's \"#, 7), @r#"
        name = "it's \\
               ^
        "#);
    }

    #[test]
    fn the_caret_stands_under_the_byte() {
        insta::assert_snapshot!(point_at(b"jami-auth:/x", 11), @r"
        jami-auth:/x
                   ^
        ");
    }

    #[test]
    fn what_does_not_print_is_escaped() {
        insta::assert_snapshot!(point_at(b"a\x1b[31m\xffb", 7), @r"
        a\x1b[31m\xffb
                     ^
        ");
    }

    #[test]
    fn a_long_text_is_cut_on_both_sides() {
        let text = "0123456789".repeat(30);
        insta::assert_snapshot!(point_at(text.as_bytes(), 150), @r"
        ...01234567890123456789012345678901234567890123456789012345678901234567890123456789...
                                                                       ^
        ");
    }

    #[test]
    fn the_end_can_be_pointed_at() {
        insta::assert_snapshot!(point_at(b"ab", 2), @r"
        ab
          ^
        ");
        assert_eq!(point_at(b"", 9), "  \n  ^");
    }
}
