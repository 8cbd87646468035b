//! A text that is not as it should be: where, and what is expected there. The readers of TOML and JSON say it in words of their own, which
//! are those of a programmer and name types of this program; here are ours.

mod syntax;

use std::{collections::BTreeSet, fmt};

use serde::de::DeserializeOwned;

use crate::{caret::point_at, names::nearest};

/// Why a text was not read. The place is counted from 1, columns in characters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    line: usize,
    column: usize,
    what: String,
    /// The line, with a caret under the place.
    shown: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, what, shown } = self;
        write!(f, "line {line}, column {column}: {what}\n{shown}")
    }
}

impl Misread {
    /// That something else is expected at a byte of a text.
    pub(crate) fn at(text: &str, byte: usize, what: String) -> Self {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let begin = text[..byte].rfind('\n').map_or(0, |end| end + 1);
        let end = text[byte..].find('\n').map_or(text.len(), |end| byte + end);
        Self {
            line: text[..begin].matches('\n').count() + 1,
            column: text[begin..byte].chars().count() + 1,
            what,
            shown: point_at(text[begin..end].trim_end().as_bytes(), byte - begin),
        }
    }
}

impl Misread {
    /// The same of a text that is one line of a longer one.
    pub(crate) fn in_line(self, line: usize) -> Self {
        Self { line, ..self }
    }
}

/// The names that a format has for what both have.
struct Format {
    /// A group of keys.
    object: &'static str,
    /// A list.
    list: &'static str,
}

const TOML: Format = Format { object: "a table", list: "a list in [ ]" };
const JSON: Format = Format { object: "an object in { }", list: "a list in [ ]" };

/// Reads TOML.
pub(crate) fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Misread> {
    let begins = |error: &toml::de::Error| error.span().map_or(text.len(), |span| span.start);
    // Where it is no TOML, the reader says so in its own words. All else that it says is about keys and values.
    toml::de::DeTable::parse(text)
        .map_err(|error| Misread::at(text, begins(&error), syntax::of_toml(error.message()).to_owned()))?;
    toml::from_str(text).map_err(|error| {
        let (what, _) = in_words(error.message(), &TOML);
        Misread::at(text, begins(&error), what)
    })
}

/// Reads JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Misread> {
    serde_json::from_str(text).map_err(|error| of_json(text, &error))
}

/// Says of a text of JSON what a reader said of it.
pub(crate) fn of_json(text: &str, error: &serde_json::Error) -> Misread {
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let read = before + error.column();
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    if error.is_data() {
        let (what, place) = in_words(said, &JSON);
        Misread::at(text, begins_in(text, read, &place), what)
    } else {
        Misread::at(text, read.saturating_sub(1), syntax::of_json(said).to_owned())
    }
}

/// Where what a reader refused is, as seen from where it stopped.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// It begins there: a reader does not go into it.
    Here,
    /// It is this text, which ends there or before.
    Before(String),
    /// It is not known.
    Last,
}

/// The byte at which what was refused begins, of a text of which so many bytes were read.
fn begins_in(text: &str, read: usize, place: &Place) -> usize {
    let mut end = read.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let last = end.saturating_sub(1);
    match place {
        Place::Here => end,
        Place::Before(own) => text[..end].rfind(own.as_str()).unwrap_or(last),
        Place::Last => last,
    }
}

/// A name of a file as a terminal may show it: without control characters, and not of any length.
fn shown(name: &str) -> String {
    const MOST: usize = 60;
    let mut text: String = name.chars().take(MOST).flat_map(char::escape_debug).collect();
    if name.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

/// Translates what a reader says of keys and values, in the forms that `serde` gives all of them. A text that has none of the forms is one
/// of ours.
fn in_words(said: &str, format: &Format) -> (String, Place) {
    let said = said.trim();
    let quoted = |name: &str| Place::Before(format!("\"{name}\""));
    let named = |prefix: &str| said.strip_prefix(prefix)?.split_once('`');
    if let Some((name, rest)) = named("unknown field `") {
        let what = format!("there is no key `{}` here{}", shown(name), instead("the keys are", name, rest));
        return (what, quoted(name));
    }
    if let Some((name, rest)) = named("unknown variant `") {
        let what = format!("`{}` is not known here{}", shown(name), instead("expected one of", name, rest));
        return (what, quoted(name));
    }
    if let Some((name, _)) = named("missing field `") {
        return (format!("the key `{name}` is missing"), Place::Last);
    }
    if let Some((name, _)) = named("duplicate field `") {
        return (format!("the key `{}` is there twice", shown(name)), quoted(name));
    }
    let of_value = ["invalid type: ", "invalid value: "].iter().find_map(|prefix| said.strip_prefix(prefix));
    if let Some((found, wanted)) = of_value.and_then(|rest| rest.rsplit_once(", expected ")) {
        let place = match (found.strip_prefix("string "), found.split('`').nth(1)) {
            _ if ["map", "sequence"].contains(&found) => Place::Here,
            (Some(own), _) | (_, Some(own)) => Place::Before(own.to_owned()),
            _ => Place::Last,
        };
        return (format!("expected {}, not {}", expected(wanted, format), stands(found, format)), place);
    }
    let of_length = said.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "));
    if let Some((length, wanted)) = of_length {
        let what = match wanted.starts_with("struct ") {
            true => format!("expected {}, not {}", format.object, format.list),
            false => format!("expected {}, and it has {length}", expected(wanted, format)),
        };
        return (what, Place::Last);
    }
    (said.to_owned(), Place::Last)
}

/// The possible names, of those that a reader lists after a wrong one: the nearest, and all.
fn instead(all: &str, name: &str, listed: &str) -> String {
    let names: BTreeSet<String> = listed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let near = nearest(name, &names);
    let near = near.first().map_or(String::new(), |near| format!("; the nearest is `{near}`"));
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { near } else { format!("{near}; {all} {}", names.join(", ")) }
}

/// Returns what a reader expects.
fn expected(wanted: &str, format: &Format) -> String {
    let whole = |most: u64| format!("a whole number from 0 to {most}");
    let number_in = |prefix: &str| wanted.strip_prefix(prefix)?.split(' ').next().map(str::to_owned);
    match wanted {
        "u8" => whole(u8::MAX.into()),
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        "u64" | "usize" => "a whole number from 0 on".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a string" | "a borrowed string" | "a character" | "path string" => "a text in quotes".into(),
        "a sequence" => format.list.into(),
        "a map" => format.object.into(),
        _ if wanted.starts_with("struct ") => format.object.into(),
        _ if wanted.contains("enum") || wanted.contains("variant") || wanted == "string or map" => {
            "one of the names that are known here".into()
        }
        _ => match ["an array of length ", "a tuple of size ", "an array of size "].into_iter().find_map(number_in) {
            Some(length) => format!("{} of {length} values", format.list),
            None => "another value".into(),
        },
    }
}

/// Returns what stands in its place.
fn stands(found: &str, format: &Format) -> String {
    let inside = |prefix: &str| found.strip_prefix(prefix)?.strip_suffix('`');
    let number = ["integer `", "floating point `"].into_iter().find_map(inside);
    match (number, inside("boolean `"), found.strip_prefix("string ")) {
        (Some(number), _, _) => format!("the number {number}"),
        (_, Some(value), _) => value.into(),
        (_, _, Some(text)) => format!("the text {text}"),
        _ if found == "sequence" => format.list.into(),
        _ if found == "map" => format.object.into(),
        _ if found == "null" || found == "unit value" => "null".into(),
        _ => "this".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Sample {
        #[serde(default)]
        deadline: u8,
        #[serde(default)]
        slow: bool,
        #[serde(default)]
        plays: Plays,
        #[serde(default)]
        both: (u32, u32),
        #[serde(default)]
        names: Vec<String>,
        needed: String,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Plays {
        #[default]
        Hardened,
        Legacy,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        one: u16,
    }

    fn toml(text: &str) -> String {
        from_toml::<Sample>(text).unwrap_err().to_string()
    }

    fn json(text: &str) -> String {
        from_json::<Sample>(text).unwrap_err().to_string()
    }

    /// A word of a library, or the name of a type.
    fn is_foreign(said: &str) -> bool {
        [
            "TOML parse",
            "unknown field",
            "unknown variant",
            "invalid type",
            "missing field",
            "EOF",
            "u8",
            "Sample",
            "sequence",
        ]
        .iter()
        .any(|word| said.lines().next().unwrap_or_default().contains(word))
    }

    #[test]
    fn what_is_wrong_in_toml_is_said_with_its_place() {
        for (text, said) in [
            (
                "needed = ''\ndeadlin = 4",
                "line 2, column 1: there is no key `deadlin` here; the nearest is `deadline`; the keys are `both`, `deadline`, `inner`, \
                 `names`, `needed`, `plays`, `slow`\n  deadlin = 4\n  ^",
            ),
            (
                "needed = ''\nplays = 'lagacy'",
                "line 2, column 9: `lagacy` is not known here; the nearest is `legacy`; expected one of `hardened`, `legacy`",
            ),
            (
                "needed = ''\n  deadline = 300",
                "line 2, column 14: expected a whole number from 0 to 255, not the number 300",
            ),
            (
                "needed = ''\ndeadline = 'x'",
                "line 2, column 12: expected a whole number from 0 to 255, not the text \"x\"",
            ),
            ("needed = 5", "line 1, column 10: expected a text in quotes, not the number 5"),
            ("needed = ''\nslow = 1", "line 2, column 8: expected true or false, not the number 1"),
            ("needed = ''\nnames = 'a'", "line 2, column 9: expected a list in [ ], not the text \"a\""),
            ("needed = ''\nboth = [1]", "line 2, column 8: expected a list in [ ] of 2 values, and it has 1"),
            ("needed = ''\n[inner]\none = 1\ntwo = 2", "line 4, column 1: there is no key `two` here"),
            ("needed = ''\ninner = 3", "line 2, column 9: expected a table, not the number 3"),
            ("slow = true", "line 1, column 1: the key `needed` is missing"),
            ("needed", "line 1, column 7: expected KEY = VALUE"),
            ("needed = x", "line 1, column 10: expected a value"),
            ("needed = ''\nnames = ['a' 'b']", "line 2, column 14: expected a list"),
            ("needed = ''\nneeded = ''", "line 2, column 1: the same key is there twice"),
            ("ä = 1\n[inner", "line 2, column 7: expected the end of a heading"),
        ] {
            let came = toml(text);
            assert!(came.starts_with(said) && !is_foreign(&came), "{text}\n{came}\n{said}");
        }
        assert_eq!(from_toml::<Sample>("needed = 'x'\nslow = true").map(|one| one.slow), Ok(true));
    }

    #[test]
    fn a_text_that_is_no_toml_is_said_in_plain_words() {
        for (text, said) in [
            ("needed = 'x", "expected the quote that ends the text"),
            ("needed = \"x", "expected the quote that ends the text"),
            ("needed = \"\\q\"", "expected an escape of TOML"),
            ("needed = \"\\u00\"", "expected an escape of TOML"),
            ("needed = ''\ninner = 1\ninner.one = 2", "expected another key: this one has a value already"),
        ] {
            let came = toml(text);
            assert!(came.lines().next().unwrap().contains(said) && !is_foreign(&came), "{text}\n{came}\n{said}");
        }
    }

    /// A name that is not known reaches the terminal without control characters, and not at any length.
    #[test]
    fn a_name_is_shown_as_a_terminal_may_show_it() {
        let came = toml("\"\\u001b]0;x\" = 1");
        assert!(came.contains("no key `\\u{1b}]0;x` here") && !came.contains('\x1b'), "{came}");
        let came = toml(&format!("{} = 1", "long".repeat(1000)));
        assert!(came.contains(&format!("no key `{}…` here", "long".repeat(15))), "{came}");
    }

    #[test]
    fn what_is_wrong_in_json_is_said_with_its_place() {
        for (text, said) in [
            (
                "{\"needed\": \"\",\n \"plain\": 1}",
                "line 2, column 2: there is no key `plain` here; the nearest is `plays`; the keys are",
            ),
            ("{\"plays\": \"lagacy\"}", "line 1, column 11: `lagacy` is not known here; the nearest is `legacy`"),
            ("{\"deadline\": -1}", "line 1, column 14: expected a whole number from 0 to 255, not the number -1"),
            ("{\"names\": {}}", "line 1, column 11: expected a list in [ ], not an object in { }"),
            ("{\"inner\": {\"one\": 1, \"öne\": 1}}", "line 1, column 22: there is no key `öne` here"),
            ("{}", "line 1, column 2: the key `needed` is missing"),
            ("[]", "line 1, column 2: expected an object in { }, not a list in [ ]"),
            ("7", "line 1, column 1: expected an object in { }, not the number 7"),
            ("{\"needed\": \"\"", "line 1, column 13: expected more: the text ends within a value"),
            ("", "line 1, column 1: expected more: the text ends within a value"),
            ("{needed: 1}", "line 1, column 2: expected a key in double quotes"),
            ("{\"needed\" 1}", "line 1, column 11: expected `:` after the key"),
            ("{\"needed\": x}", "line 1, column 12: expected a value"),
            ("{\"needed\": \"\"} x", "line 1, column 16: expected the end"),
            ("{\"needed\": \"\",}", "line 1, column 15: expected a further"),
        ] {
            let came = json(text);
            assert!(came.starts_with(said) && !is_foreign(&came), "{text}\n{came}\n{said}");
        }
    }
}
