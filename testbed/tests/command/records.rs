//! A stored trace with one wrong byte is refused.

use crate::support::{Folder, code, run, shown, text};

const SCHEDULE: &str = r#"{"faults":[{"at":{"point":"import.scheme"},"what":"cancel","with":"export"}]}"#;

#[test]
fn a_damaged_byte_in_any_line_is_refused_with_its_place() {
    let folder = Folder::default();
    let schedule = folder.file("whole.schedule.json", SCHEDULE);
    let output = run(["sim", "--schedule", text(&schedule), "--out", text(&folder.path(""))], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let whole = std::fs::read_to_string(folder.path("whole.trace")).unwrap();
    let damaged = folder.path("damaged.trace");
    let mut start = 0;
    assert!(whole.lines().count() > 10);
    for (line, number) in whole.lines().zip(1..) {
        let mut bytes = whole.clone().into_bytes();
        // Another place in each line.
        bytes[start + 11 * number % line.len()] ^= 1;
        std::fs::write(&damaged, bytes).unwrap();
        for command in ["replay", "validate"] {
            let output = run([command, text(&damaged)], b"");
            assert_eq!(code(output.status), 1, "{command}: {}", shown(&output));
            assert!(shown(&output).contains(&format!("damaged.trace: line {number}: ")), "{}", shown(&output));
        }
        start += line.len() + 1;
    }
}
