//! Two processes link on loopback.

use crate::support::{Ended, Folder, Side, accounts, text};

/// Links with these further options of either side.
fn link(folder: &Folder, import: &[&str], export: &[&str]) -> (Ended, Ended) {
    let mut importer = Side::import(&folder.path("store"), import);
    let exporter = Side::export(&mut importer, export).end();
    (importer.end(), exporter)
}

#[test]
fn an_unprotected_account_is_linked() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let (importer, exporter) = link(&folder, &["--yes"], &["--yes", "--archive", text(&archive)]);
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
    assert_eq!((importer.states(), exporter.states()), (vec![1, 2, 3, 4, 5], vec![2, 3, 4, 5]));
    let id = importer.lines[1]["ret"].as_str().unwrap();
    assert_eq!(accounts(&folder.path("store")), [id]);
}

#[test]
fn a_protected_account_is_linked_after_a_wrong_password() {
    let folder = Folder::default();
    let (right, both) = (folder.file("right", "secret\n"), folder.file("both", "wrong\nsecret\n"));
    let archive = folder.archive("archive", "64KiB", Some(&right));
    let (importer, exporter) = link(
        &folder,
        &["--yes", "--password-file", text(&both)],
        &["--yes", "--archive", text(&archive), "--password-file", text(&right)],
    );
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
    assert_eq!(importer.states(), [1, 2, 3, 3, 4, 5]);
    let second = importer.lines.iter().filter(|line| line["state"] == 3).nth(1).unwrap();
    assert_eq!(second["details"]["auth_error"], "bad_password");
}

#[test]
fn three_wrong_passwords_end_both_sides() {
    let folder = Folder::default();
    let (right, wrong) = (folder.file("right", "secret\n"), folder.file("wrong", "a\nb\nc\nsecret\n"));
    let archive = folder.archive("archive", "64KiB", Some(&right));
    let (importer, exporter) = link(
        &folder,
        &["--yes", "--profile", "jamid", "--password-file", text(&wrong)],
        &["--yes", "--profile", "jamid", "--archive", text(&archive), "--password-file", text(&right)],
    );
    assert_eq!((importer.code, exporter.code), (12, 12));
    assert_eq!(
        (&importer.details()["error"], &exporter.details()["error"]),
        (&"auth_error".into(), &"auth_error".into())
    );
    assert!(accounts(&folder.path("store")).is_empty());
}

#[test]
fn a_password_file_that_is_used_up_cancels() {
    let folder = Folder::default();
    let (right, wrong) = (folder.file("right", "secret\n"), folder.file("wrong", "a\n"));
    let archive = folder.archive("archive", "64KiB", Some(&right));
    let (importer, exporter) = link(
        &folder,
        &["--yes", "--password-file", text(&wrong)],
        &["--yes", "--archive", text(&archive), "--password-file", text(&right)],
    );
    assert_eq!((importer.code, exporter.code), (13, 13));
    assert!(importer.lines.iter().any(|line| line["call"] == "removeAccount" && line["ret"] == true));
}

/// R-ARC-6: what was linked links the next one.
#[test]
fn a_linked_device_links_another() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let (importer, _) = link(&folder, &["--yes"], &["--yes", "--archive", text(&archive)]);
    assert_eq!(importer.code, 0);
    let mut next = Side::import(&folder.path("next"), &["--yes"]);
    let exporter = Side::export(&mut next, &["--yes", "--store", text(&folder.path("store"))]).end();
    let next = next.end();
    assert_eq!((next.code, exporter.code), (0, 0), "{}{}", next.complaints, exporter.complaints);
    let peer =
        |ended: &Ended| ended.lines.iter().find_map(|line| line["details"]["peer_id"].as_str().map(str::to_owned));
    assert_eq!(peer(&next), peer(&importer));
}

/// People answer, and nothing is printed that scripts would need.
#[test]
fn people_are_asked() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), &[]);
    let mut exporter = Side::export(&mut importer, &["--archive", text(&archive)]);
    importer.state(3);
    importer.say("y");
    exporter.state(3);
    exporter.say("yes");
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (0, 0));
    assert!(importer.complaints.contains("Import this account? [y/N]"), "{}", importer.complaints);
    assert!(exporter.complaints.contains("[y/N]"), "{}", exporter.complaints);
}

#[test]
fn a_person_who_says_no_cancels() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), &[]);
    let mut exporter = Side::export(&mut importer, &["--archive", text(&archive)]);
    exporter.state(3);
    exporter.say("");
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (13, 13));
    assert_eq!(exporter.details()["reason"], "canceled");
}

#[test]
fn a_wrong_code_is_a_network_failure() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), &["--yes"]);
    let token = importer.token();
    let listening = importer.listening().to_string();
    let other = if token.ends_with("/100000") { "100001" } else { "100000" };
    let wrong = format!("{}{other}", &token[..token.len() - 6]);
    let args = ["export", "--json", "--yes", "--archive", text(&archive), "--peer", &listening];
    let failed = Side::start(args.into_iter().chain([&*wrong])).end();
    assert_eq!(failed.code, 10);
    // The operation goes on waiting (R-IMP-2).
    let linked = Side::start(args.into_iter().chain([&*token])).end();
    assert_eq!((linked.code, importer.end().code), (0, 0));
}
