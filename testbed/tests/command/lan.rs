//! Devices find each other by the token alone, on one network (R-RDV-2, R-RDV-3).

use crate::{
    network::Host,
    support::{Ended, Folder, Side, text},
};

fn import(host: &Host, folder: &Folder) -> Side {
    let store = folder.path("store");
    let args = ["import", "--json", "--yes", "--key-type", "p256", "--store", text(&store)];
    Side::of(host.handfast(&args))
}

fn export(host: &Host, folder: &Folder, token: &str, more: &[&str]) -> Side {
    let archive = folder.archive("archive", "64KiB", None);
    let args = [&["export", "--json", "--yes", "--archive", text(&archive)], more, &[token]].concat();
    Side::of(host.handfast(&args))
}

fn linked(importer: Ended, exporter: Ended) {
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
    assert_eq!((importer.states(), exporter.states()), (vec![1, 2, 3, 4, 5], vec![2, 3, 4, 5]));
}

#[test]
fn two_devices_on_one_network_need_the_token_alone() {
    let Some([one, other]) = Host::pair() else { return };
    for profile in ["documented", "jamid"] {
        let folder = Folder::default();
        let store = folder.path("store");
        let args = ["import", "--json", "--yes", "--key-type", "p256", "--profile", profile, "--store", text(&store)];
        let mut importer = Side::of(one.handfast(&args));
        let token = importer.token();
        let exporter = export(&other, &folder, &token, &["--profile", profile]).end();
        // The exporting user confirms the address at which the device was reached.
        let confirm = exporter.lines.iter().find(|line| line["state"] == 3).unwrap();
        let address = confirm["details"]["peer_address"].as_str().unwrap();
        // Either family may answer first.
        assert!(address.starts_with("10.83.0.1:") || address.starts_with("[fe80::"), "{confirm}");
        linked(importer.end(), exporter);
    }
}

#[test]
fn two_programs_on_a_device_without_a_network_need_the_token_alone() {
    let Some(host) = Host::new() else { return };
    let folder = Folder::default();
    let mut importer = import(&host, &folder);
    let token = importer.token();
    let exporter = export(&host, &folder, &token, &[]).end();
    linked(importer.end(), exporter);
}

/// An address given means that address, although the device is announced as well.
#[test]
fn an_address_is_taken_as_it_is() {
    let Some([one, other]) = Host::pair() else { return };
    let folder = Folder::default();
    let mut importer = import(&one, &folder);
    let (token, port) = (importer.token(), importer.listening().port());
    let nowhere = export(&other, &folder, &token, &["--peer", "10.83.0.1:9"]).end();
    assert_eq!(nowhere.code, 10, "{}", nowhere.complaints);
    let exporter = export(&other, &folder, &token, &["--peer", &format!("10.83.0.1:{port}")]).end();
    linked(importer.end(), exporter);
}

/// The announced device of another token is not taken for it.
#[test]
fn a_device_that_is_not_found_is_reported_with_what_to_do() {
    let Some([one, other]) = Host::pair() else { return };
    let folder = Folder::default();
    let mut importer = import(&one, &folder);
    importer.token();
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    let exporter = export(&other, &folder, token, &[]).end();
    assert_eq!(exporter.code, 10, "{}", exporter.complaints);
    let cause = exporter.lines.iter().find_map(|line| line["cause"].as_str()).expect("a cause");
    assert!(cause.contains("announces"), "{cause}");
    assert_eq!(exporter.states(), [2, 5]);
}

#[test]
fn ways_that_contradict_an_address_are_a_usage_error() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    for more in [&["--rendezvous", "direct"][..], &["--rendezvous", "lan", "--peer", "127.0.0.1:9"]] {
        let args = [&["export", "--yes", "--archive", text(&archive)], more, &[token]].concat();
        assert_eq!(crate::support::code(crate::support::run(args, b"").status), 2, "{more:?}");
    }
}
