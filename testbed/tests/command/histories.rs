//! `handfast history`: real bugs, found again.

use serde_json::Value;

use crate::{
    person::Person,
    support::{code, run, shown},
};

#[test]
fn one_bug_is_found_with_its_shortest_way() {
    let output = run(["history", "--only", "H-8"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("P-HONEST") && text.contains("21 steps  holds"), "{text}");
    assert!(text.contains("2bcfc52") && text.contains("```mermaid\nsequenceDiagram\n"), "{text}");
}

#[test]
fn a_bug_is_a_line_of_json() {
    let output = run(["history", "--only", "H-17", "--json"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let lines: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [line] = &lines.as_array().unwrap()[..] else { panic!("{lines}") };
    assert_eq!((&line["id"], &line["mark"]), (&"H-17".into(), &"found".into()));
    let [restart] = &line["shown"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!((&restart["as_stated"], &restart["defect"]["steps"]), (&true.into(), &2.into()));
}

#[test]
fn a_bug_that_is_outside_has_its_reason() {
    let output = run(["history", "--only", "H-9"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains('○') && text.contains("ICE is outside of the model."), "{text}");
}

/// A graph that is cut short shows nothing, and that is no pass.
#[test]
fn a_row_that_is_not_found_is_an_error() {
    let output = run(["history", "--only", "H-7", "--memory", "1KiB"], b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("not as stated"), "{text}");
    assert_eq!(code(run(["history", "--only", "H-99"], b"").status), 2);
}

/// Each column has a head, and each sign its meaning below the table.
#[test]
fn the_signs_have_a_legend() {
    let output = run(["history", "--only", "H-17"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("bug   sign  the system with the defect"), "{text}");
    for sign in ["● found: ", "◐ found in part: ", "○ not found: ", "not as stated: "] {
        assert_eq!(text.lines().filter(|line| line.starts_with(sign)).count(), 1, "{text}");
    }
}

/// On a terminal of forty columns each row is a block of lines that fit.
#[test]
fn a_narrow_terminal_has_the_whole_table() {
    let left = Person::start((40, 60), ["history", "--only", "H-8"]).end();
    let bytes = String::from_utf8_lossy(&left.bytes).replace('\r', "");
    let table = bytes.split("\n\n").next().unwrap();
    assert!(table.lines().all(|line| line.chars().count() <= 40), "{bytes}");
    let words = bytes.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("bug H-8 sign: ● ") && words.contains(" violates: P-HONEST "), "{bytes}");
}
