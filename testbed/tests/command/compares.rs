//! Two processes whose users compare (R-SAS-5, R-SAS-8, R-SAS-9).

use std::{fs, process::Command, thread};

use serde_json::Value;

use crate::{
    support::{Ended, Folder, Side, accounts, text},
    validates::Seen,
};

fn begun(folder: &Folder, import: &[&str], export: &[&str]) -> (Side, Side) {
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), import);
    let exporter = Side::export(&mut importer, &[&["--archive", text(&archive)], export].concat());
    (importer, exporter)
}

/// The digits that a side shows.
fn digits(side: &mut Side) -> String {
    let details = &side.state(3)["details"];
    assert_eq!(details["sas_words"].as_str().unwrap().split(' ').count(), 4);
    details["sas"].as_str().unwrap().to_owned()
}

fn ended(importer: Side, exporter: Side, code: i32) -> (Ended, Ended) {
    let (exporter, importer) = (exporter.end(), importer.end());
    assert_eq!((importer.code, exporter.code), (code, code), "{}\n{}", importer.complaints, exporter.complaints);
    // Both outputs are a link that the model has.
    Seen::new(Folder::default(), &importer, &exporter).is_allowed();
    (importer, exporter)
}

/// `--yes` answers all but the comparison, and the digits of the other screen answer that. They come through a FIFO, once they are shown.
#[test]
fn the_digits_of_the_other_screen_answer() {
    let folder = Folder::default();
    let fifos = ["one", "two"].map(|name| folder.path(name));
    for path in &fifos {
        assert!(Command::new("mkfifo").arg(path).status().expect("there is mkfifo").success());
    }
    let options = fifos.each_ref().map(|path| format!("@{}", text(path)));
    let [import, export] = options.each_ref().map(|from| ["--yes", "--sas-match", from.as_str()]);
    let (mut importer, mut exporter) = begun(&folder, &import, &export);
    let (here, there) = (digits(&mut importer), digits(&mut exporter));
    assert_eq!(here, there);
    for (path, digits) in fifos.into_iter().zip([there, here]) {
        thread::spawn(move || fs::write(path, format!("{digits}\n")));
    }
    let (importer, exporter) = ended(importer, exporter, 0);
    assert_eq!((importer.states(), exporter.states()), (vec![1, 2, 3, 3, 4, 5], vec![2, 3, 4, 5]));
    assert_eq!(accounts(&folder.path("store")).len(), 1);
}

/// Other digits end both sides, each with the outcome that is theirs, and leave nothing.
#[test]
fn other_digits_end_the_link() {
    let folder = Folder::default();
    let (importer, exporter) = begun(&folder, &["--yes", "--sas-match", "123456"], &["--sas", "--calls"]);
    let (importer, exporter) = ended(importer, exporter, 18);
    for side in [&importer, &exporter] {
        let details = side.details();
        assert_eq!((&details["error"], &details["reason"]), (&"authentication".into(), &"mismatch".into()));
    }
    assert!(importer.complaints.contains("these are not the digits"), "{}", importer.complaints);
    assert!(accounts(&folder.path("store")).is_empty());
}

/// A program that makes the calls compares by calls.
#[test]
fn calls_compare() {
    for equal in [true, false] {
        let folder = Folder::default();
        let (mut importer, mut exporter) = begun(&folder, &["--sas", "--calls"], &["--sas", "--calls"]);
        assert_eq!(digits(&mut importer), digits(&mut exporter));
        let early = importer.call("provideAccountAuthentication", r#"{"credentials":"","scheme":""}"#);
        assert_eq!((early, exporter.call("confirmAddDevice", "{}")), (Value::from(false), Value::from(false)));
        assert_eq!(importer.call("compareAccount", r#"{"equal":true}"#), true);
        assert_eq!(importer.call("provideAccountAuthentication", r#"{"credentials":"","scheme":""}"#), true);
        assert_eq!(exporter.call("compareAddDevice", &format!(r#"{{"equal":{equal}}}"#)), true);
        ended(importer, exporter, if equal { 0 } else { 18 });
        assert_eq!(accounts(&folder.path("store")).len(), usize::from(equal));
    }
}

/// With a side that does not compare, a user who wants to is not answered for: what `--sas-match` demands is not there, and the link is
/// cancelled; a stream of calls goes on as it likes.
#[test]
fn there_may_be_nothing_to_compare() {
    let folder = Folder::default();
    let (importer, exporter) = begun(&folder, &["--yes", "--sas-match", "123456"], &["--yes"]);
    let (importer, _) = ended(importer, exporter, 13);
    assert!(importer.complaints.contains("the other device cannot compare"), "{}", importer.complaints);
    let folder = Folder::default();
    let (importer, exporter) = begun(&folder, &["--yes"], &["--yes", "--sas-match", "123456"]);
    let (_, exporter) = ended(importer, exporter, 13);
    assert!(exporter.complaints.contains("the other device cannot compare"), "{}", exporter.complaints);
    let folder = Folder::default();
    let (mut importer, exporter) = begun(&folder, &["--sas", "--calls"], &["--yes"]);
    assert!(importer.state(3)["details"].get("sas").is_none());
    assert_eq!(importer.call("provideAccountAuthentication", r#"{"credentials":"","scheme":""}"#), true);
    ended(importer, exporter, 0);
}
