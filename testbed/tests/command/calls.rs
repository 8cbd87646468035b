//! `--calls`: a tester in place of a person.

use crate::support::{Folder, Side, text};

/// Two sides, both asked by lines on their standard input, in AUTHENTICATING.
fn asked(folder: &Folder) -> (Side, Side) {
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), &["--calls"]);
    let mut exporter = Side::export(&mut importer, &["--calls", "--archive", text(&archive)]);
    importer.state(3);
    exporter.state(3);
    (importer, exporter)
}

#[test]
fn what_is_called_wrongly_is_refused_and_changes_nothing() {
    let folder = Folder::default();
    let (mut importer, mut exporter) = asked(&folder);
    assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":7}"#), false);
    assert_eq!(exporter.call("cancelAddDevice", r#"{"op_id":7}"#), false);
    assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":1}"#), true);
    assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":1}"#), false);
    assert_eq!(exporter.call("addDevice", r#"{"uri":"nonsense"}"#), -1);
    assert_eq!(exporter.call("addDevice", &format!(r#"{{"uri":"{}"}}"#, importer.token())), -2);
    let provide = "provideAccountAuthentication";
    assert_eq!(importer.call(provide, r#"{"scheme":"password","credentials":""}"#), false);
    assert_eq!(importer.call(provide, r#"{"scheme":"","credentials":"","account_id":"0000000000000001"}"#), false);
    assert_eq!(importer.call("removeAccount", r#"{"account_id":"0000000000000001"}"#), false);
    assert_eq!(importer.call(provide, r#"{"scheme":"","credentials":""}"#), true);
    assert_eq!(importer.call(provide, r#"{"scheme":"","credentials":""}"#), false);
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
    assert!(exporter.complaints.contains("confirmAddDevice was refused: "), "{}", exporter.complaints);
}

#[test]
fn lines_that_are_no_calls_are_said_and_passed_over() {
    let folder = Folder::default();
    let (mut importer, mut exporter) = asked(&folder);
    importer.say("hello");
    importer.say(r#"{"call":"confirmAddDevice","args":{"op_id":1}}"#);
    importer.say("");
    importer.say(r#"{"call":"provideAccountAuthentication","args":{"scheme":"","credentials":"hunter2}"#);
    importer.say(&"x".repeat(1 << 20));
    assert_eq!(importer.call("provideAccountAuthentication", r#"{"scheme":"","credentials":""}"#), true);
    assert_eq!(exporter.call("confirmAddDevice", "{}"), true);
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (0, 0));
    insta::assert_snapshot!(importer.complaints, @r"
    --calls: line 1, byte 1: expected JSON
    --calls: line 2, byte 1: expected a call of the import side
    --calls: line 4, byte 82: expected more: the line ends within a value
    --calls: line 5 has more than 131072 bytes
    ");
}

#[test]
fn either_side_cancels_and_the_other_learns_it() {
    for import_cancels in [true, false] {
        let folder = Folder::default();
        let (mut importer, mut exporter) = asked(&folder);
        if import_cancels {
            assert_eq!(importer.call("removeAccount", "{}"), true);
        } else {
            assert_eq!(exporter.call("cancelAddDevice", r#"{"op_id":1}"#), true);
        }
        let (importer, exporter) = (importer.end(), exporter.end());
        assert_eq!((importer.code, exporter.code), (13, 13));
        assert_eq!((importer.states(), exporter.states()), (vec![1, 2, 3, 5], vec![2, 3, 5]));
    }
}

#[test]
fn calls_before_anything_is_asked_are_refused() {
    let folder = Folder::default();
    let mut importer = Side::import(&folder.path("store"), &["--calls"]);
    importer.token();
    assert_eq!(importer.call("provideAccountAuthentication", r#"{"scheme":"","credentials":""}"#), false);
    assert_eq!(importer.call("removeAccount", "{}"), true);
    let importer = importer.end();
    assert_eq!((importer.code, importer.states()), (13, vec![1, 5]));
}
