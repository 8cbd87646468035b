//! Texts that are no TOML or no JSON at all. The words of the readers are in no contract: those that are not known here have a general answer.

/// Returns what is expected, of what the reader of TOML says.
pub(super) fn of_toml(said: &str) -> &'static str {
    /// Parts of what it says, the first that is in it counts.
    const KNOWN: [(&[&str], &str); 9] = [
        (&["duplicate key"], "the same key is there twice"),
        (&["dotted key", "cannot extend"], "expected another key: this one has a value already"),
        (&["escape", "unicode"], "expected an escape of TOML, such as \\n or \\u0041, or a text in single quotes"),
        (&["inline table", "between key-value pairs"], "expected a table on one line: { KEY = VALUE, KEY = VALUE }"),
        (&["array table", "unclosed table", "table open"], "expected the end of a heading: [NAME] or [[NAME]]"),
        (&["array"], "expected a list: values in [ ] with a comma between two of them"),
        (
            &[
                "must be quoted",
                "opening quote",
                "numeric",
                "integer",
                "radix",
                "leading zero",
                "sign",
                "go between digits",
            ],
            "expected a value: a text in quotes, a number, true, false, or a list in [ ]",
        ),
        (&["basic string", "literal string", "multi-line"], "expected the quote that ends the text"),
        (&["value", "key", "extra `=`"], "expected KEY = VALUE"),
    ];
    let known = KNOWN.iter().find(|(parts, _)| parts.iter().any(|part| said.contains(part)));
    known.map_or("expected KEY = VALUE, a heading such as [NAME], or a comment after #", |(_, words)| words)
}

/// Returns what is expected, of what the reader of JSON says.
pub(super) fn of_json(said: &str) -> &'static str {
    const KNOWN: [(&str, &str); 14] = [
        ("number out of range", "expected a number that is not as large"),
        ("EOF ", "expected more: the text ends within a value"),
        ("expected `:`", "expected `:` after the key"),
        ("expected `,` or `]`", "expected `,` and a further value, or `]`"),
        ("expected `,` or `}`", "expected `,` and a further key, or `}`"),
        ("key must be a string", "expected a key in double quotes"),
        ("trailing comma", "expected a further key or value after the comma, or no comma"),
        ("trailing characters", "expected the end: one value of JSON is all"),
        ("control character", "expected the double quote that ends the text, on the same line"),
        ("invalid escape", "expected an escape of JSON, such as \\n"),
        ("unexpected end of hex", "expected an escape of JSON, such as \\u0041"),
        ("lone leading surrogate", "expected an escape of JSON, such as \\u0041"),
        ("invalid unicode", "expected an escape of JSON, such as \\u0041"),
        ("recursion limit", "expected fewer lists and objects in each other"),
    ];
    let known = KNOWN.iter().find(|(begin, _)| said.starts_with(begin));
    known.map_or(
        "expected a value: an object, a list, a text in double quotes, a number, true, false or null",
        |(_, words)| words,
    )
}
