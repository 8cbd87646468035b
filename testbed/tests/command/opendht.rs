//! Two processes link by the token alone in an OpenDHT network of this machine (R-RDV-4 to R-RDV-7).

use crate::support::{Folder, Side, accounts, code, run, text};

/// A node of ours, as its own process. Gives the address by which to join.
pub(crate) fn node() -> (Side, String) {
    let mut node = Side::start(["dht", "node", "--port", "0", "--json"]);
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
    assert_eq!(code(run([&import[..], &unknown].concat(), b"").status), 10);
    assert_eq!(code(run([&export[..], &unknown, &[&token]].concat(), b"").status), 10);
    let other = ["import", "--yes", "--store", text(&store), "--bootstrap", "127.0.0.1:9"];
    assert_eq!(code(run(other, b"").status), 2);
}
