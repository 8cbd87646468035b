//! Two processes link by the token alone in an OpenDHT network of this machine (R-RDV-4 to R-RDV-7).

use rustix::process::Signal;

use crate::support::{Folder, Side, accounts, code, run, text};

/// A node of ours, as its own process. Gives the address by which to join.
pub(crate) fn node() -> (Side, String) {
    node_with(&["--port", "0"])
}

fn node_with(more: &[&str]) -> (Side, String) {
    let mut node = Side::start([&["dht", "node", "--json"], more].concat());
    let up = node.wait(|line| line["event"] == "up");
    let addresses = up["addresses"].as_array().expect("it says where");
    let address = addresses.iter().find_map(|address| address.as_str().filter(|text| text.starts_with("127.")));
    let address = address.expect("one of IPv4").to_owned();
    (node, address)
}

#[test]
fn the_token_alone_links_with_and_without_a_password() {
    let (_node, address) = node();
    let way = ["--rendezvous", "opendht", "--bootstrap", &address];
    for password in [None, Some("secret\n")] {
        let folder = Folder::default();
        let file = password.map(|password| folder.file("password", password));
        let given: Vec<&str> = file.iter().flat_map(|file| ["--password-file", text(file)]).collect();
        let archive = folder.archive("archive", "64KiB", file.as_deref());
        let store = folder.path("store");
        let mut importer = Side::import(&store, &[&["--yes", "--profile", "jamid"], &way[..], &given].concat());
        let token = importer.token();
        let args = ["export", "--json", "--yes", "--profile", "jamid", "--archive", text(&archive)];
        let exporter = Side::start([&args[..], &way, &given, &[&token]].concat()).end();
        let importer = importer.end();
        assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
        assert_eq!(accounts(&store).len(), 1);
        // It listens at no address that a person could carry over.
        assert_eq!(importer.lines[0].get("listening"), None);
    }
}

/// Nodes are killed while a link is under way, and come back at their ports without what they stored.
#[test]
fn killed_nodes_that_come_back_do_not_end_a_link() {
    let (mut first, address) = node();
    let others = [0; 2].map(|_| node_with(&["--port", "0", "--bootstrap", &address]));
    let [(mut second, at), _third] = others;
    let again = |node: &mut Side, at: &str, bootstrap: &str| {
        node.kill();
        let port = at.rsplit(':').next().expect("it has a port");
        *node = node_with(&["--port", port, "--bootstrap", bootstrap]).0;
    };
    let folder = Folder::default();
    let (store, archive) = (folder.path("store"), folder.archive("archive", "64KiB", None));
    let way = ["--yes", "--profile", "jamid", "--rendezvous", "opendht", "--bootstrap", &address];
    let mut importer = Side::import(&store, &way);
    let token = importer.token();
    again(&mut second, &at, &address);
    let export = [&["export", "--json", "--archive", text(&archive)], &way[..], &[&token]].concat();
    let mut exporter = Side::start(export);
    exporter.state(2);
    again(&mut first, &address, &at);
    let (exporter, importer) = (exporter.end(), importer.end());
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
}

/// A node that is stopped answers nothing, and refuses nothing either: the port takes what is sent to it. The others do what it did.
#[test]
fn a_node_that_is_stopped_in_the_middle_does_not_end_a_link() {
    let (first, address) = node();
    let [(second, _), (_third, also)] = [0; 2].map(|_| node_with(&["--port", "0", "--bootstrap", &address]));
    let folder = Folder::default();
    let (store, archive) = (folder.path("store"), folder.archive("archive", "64KiB", None));
    let way = ["--yes", "--profile", "jamid", "--rendezvous", "opendht", "--bootstrap", &address, "--bootstrap", &also];
    let mut importer = Side::import(&store, &way);
    let token = importer.token();
    second.signal(Signal::STOP);
    let export = [&["export", "--json", "--archive", text(&archive)], &way[..], &[&token]].concat();
    let mut exporter = Side::start(export);
    exporter.state(2);
    // Now the one by which both have joined, too.
    first.signal(Signal::STOP);
    let (exporter, importer) = (exporter.end(), importer.end());
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
    assert_eq!(accounts(&store).len(), 1);
    for node in [first, second] {
        node.signal(Signal::CONT);
    }
}

/// With all nodes stopped an export ends with its reason. Once they go on, the same token links.
#[test]
fn nodes_that_are_all_stopped_end_an_export_and_not_the_token() {
    let (first, address) = node();
    let nodes = [first, node_with(&["--port", "0", "--bootstrap", &address]).0];
    let folder = Folder::default();
    let (store, archive) = (folder.path("store"), folder.archive("archive", "64KiB", None));
    let way = ["--yes", "--profile", "jamid", "--rendezvous", "opendht", "--bootstrap", &address];
    let mut importer = Side::import(&store, &way);
    let token = importer.token();
    let export = [&["export", "--json", "--archive", text(&archive)], &way[..], &[&token]].concat();
    nodes.iter().for_each(|node| node.signal(Signal::STOP));
    let stopped = Side::start(export.iter().copied()).end();
    nodes.iter().for_each(|node| node.signal(Signal::CONT));
    assert_eq!(stopped.code, 10, "{}", stopped.complaints);
    assert!(stopped.complaints.contains(&format!("no OpenDHT node answers at {address}")), "{}", stopped.complaints);
    let exporter = Side::start(export).end();
    let importer = importer.end();
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
}

#[test]
fn what_is_missing_is_said_before_a_link_begins() {
    let folder = Folder::default();
    let (archive, store) = (folder.archive("archive", "64KiB", None), folder.path("store"));
    let token = format!("jami-auth://{}/123456", "7".repeat(64));
    let import = ["import", "--yes", "--store", text(&store), "--rendezvous", "opendht"];
    let export = ["export", "--yes", "--archive", text(&archive), "--rendezvous", "opendht"];
    assert_eq!(code(run(import, b"").status), 2);
    assert_eq!(code(run([&export[..], &[&token]].concat(), b"").status), 2);
    let unknown = ["--bootstrap", "no-such-host.invalid:4222"];
    for output in [run([&import[..], &unknown].concat(), b""), run([&export[..], &unknown, &[&token]].concat(), b"")] {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(output.status), 10, "{said}");
        assert!(said.contains("no-such-host.invalid") && said.contains("look at the name"), "{said}");
    }
    let other = ["import", "--yes", "--store", text(&store), "--bootstrap", "127.0.0.1:9"];
    assert_eq!(code(run(other, b"").status), 2);
}
