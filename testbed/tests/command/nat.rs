//! Devices on hosts of their own link by the token over OpenDHT: with translated addresses between them, and with IPv6 alone (R-ICE-2, R-ICE-4).
//! Where both addresses are translated they do not, and say why (R-ICE-5).

use crate::{
    network::{Host, cable},
    support::{Ended, Folder, Side, accounts, text},
};

/// A network of documentation (RFC 5737): to the hosts it is the public one.
const PUBLIC: [&str; 2] = ["198.51.100.1", "198.51.100.2"];
/// Another one.
const ALSO_PUBLIC: [&str; 2] = ["203.0.113.1", "203.0.113.2"];

/// A node of OpenDHT on a host, at port 4222 of all its addresses.
fn node(host: &Host) -> Side {
    let mut node = Side::of(host.handfast(&["dht", "node", "--public", "--json"]));
    node.wait(|line| line["event"] == "up");
    node
}

/// Links a device on one host with an account on another.
fn link(importer: &Host, exporter: &Host, bootstrap: &str) -> [Ended; 2] {
    let folder = Folder::default();
    let (store, archive) = (folder.path("store"), folder.archive("archive", "64KiB", None));
    let way = ["--json", "--yes", "--profile", "jamid", "--rendezvous", "opendht", "--bootstrap", bootstrap];
    let mut new = Side::of(importer.handfast(&[&["import", "--store", text(&store)], &way[..]].concat()));
    let token = new.token();
    let old =
        Side::of(exporter.handfast(&[&["export", "--archive", text(&archive)], &way[..], &[&token]].concat())).end();
    if old.code != 0 {
        // It would wait for the token's end.
        new.interrupt();
    }
    [new.end(), old]
}

fn assert_linked([importer, exporter]: &[Ended; 2]) {
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
}

/// A host whose address is translated by a router, the router, and a host outside.
fn translated() -> Option<[Host; 3]> {
    let hosts = [Host::new()?, Host::new()?, Host::new()?];
    let [inside, router, outside] = &hosts;
    cable([inside, router], ["out", "in"], ["10.83.1.2/24", "10.83.1.1/24"]);
    cable(
        [router, outside],
        ["out", "out"],
        PUBLIC.map(|address| format!("{address}/24")).each_ref().map(|text| &**text),
    );
    inside.route("10.83.1.1");
    router.translate("10.83.1.0/24", "out")?;
    Some(hosts)
}

#[test]
fn one_device_with_a_translated_address_links_from_either_side() {
    let Some([inside, _router, outside]) = translated() else { return };
    let _node = node(&outside);
    let bootstrap = format!("{}:4222", PUBLIC[1]);
    assert_linked(&link(&outside, &inside, &bootstrap));
    assert_linked(&link(&inside, &outside, &bootstrap));
}

/// Two routers, each of which hides a host by its own address, and a node between them, by which their cables lead to each other.
fn both_translated() -> Option<([Host; 2], [Host; 2], Host)> {
    let node = Host::new()?;
    node.forward();
    let side = |inner: [&str; 2], outer: [&str; 2], name: &str, network: &str| {
        let (inside, router) = (Host::new()?, Host::new()?);
        cable([&inside, &router], ["out", "in"], inner.map(|address| format!("{address}/24")).each_ref().map(|a| &**a));
        cable([&router, &node], ["out", name], outer.map(|address| format!("{address}/24")).each_ref().map(|a| &**a));
        inside.route(inner[1]);
        router.route(outer[1]);
        router.translate(network, "out")?;
        Some([inside, router])
    };
    let [one, its] = side(["10.83.1.2", "10.83.1.1"], PUBLIC, "one", "10.83.1.0/24")?;
    let [other, router] = side(["10.83.2.2", "10.83.2.1"], ALSO_PUBLIC, "other", "10.83.2.0/24")?;
    Some(([one, other], [its, router], node))
}

/// Without a relay no connection comes about: both ends say so, with the addresses that were tried (R-ICE-5, R-TIME-1, R-TIME-2). The
/// exporter's attempts have twenty seconds, and the token thirty.
#[test]
fn two_devices_with_translated_addresses_end_with_their_reason() {
    let Some(([new, old], _routers, between)) = both_translated() else { return };
    let _node = node(&between);
    let folder = Folder::default();
    let (store, archive) = (folder.path("store"), folder.archive("archive", "64KiB", None));
    let way = ["--json", "--yes", "--profile", "jamid", "--rendezvous", "opendht", "--bootstrap"];
    let near = [PUBLIC, ALSO_PUBLIC].map(|[_, node]| format!("{node}:4222"));
    let import = [&["import", "--timers", "10", "--store", text(&store)], &way[..], &[&near[0]]].concat();
    let mut import = Side::of(new.handfast(&import));
    let token = import.token();
    let export = [&["export", "--timers", "3", "--archive", text(&archive)], &way[..], &[&near[1], &token]].concat();
    let export = Side::of(old.handfast(&export)).end();
    let import = import.end();
    for (ended, address, begins) in [
        (import, "10.83.2.2:", "a device asked for the link: no connection leads to the other device; "),
        (export, "10.83.1.2:", "no connection leads to the other device; "),
    ] {
        assert_eq!(ended.code, 11, "{}", ended.complaints);
        assert_eq!(ended.details()["error"], "timeout");
        let cause = ended.lines.iter().find_map(|line| line["cause"].as_str()).expect("a cause");
        assert!(cause.starts_with(begins) && cause.contains(address), "{cause}");
        assert!(ended.complaints.contains(cause), "{}", ended.complaints);
    }
    assert!(accounts(&store).is_empty());
}

/// A host with nothing but its loopback interface, and a node elsewhere.
#[test]
fn a_device_without_a_network_learns_what_to_do() {
    let Some(host) = Host::new() else { return };
    let folder = Folder::default();
    let (store, archive) = (folder.path("store"), folder.archive("archive", "64KiB", None));
    let way = ["--json", "--yes", "--rendezvous", "opendht", "--bootstrap", "198.51.100.9:4222"];
    let token = format!("jami-auth://{}/123456", "7".repeat(64));
    let import = Side::of(host.handfast(&[&["import", "--store", text(&store)], &way[..]].concat()));
    let export = Side::of(host.handfast(&[&["export", "--archive", text(&archive)], &way[..], &[&token]].concat()));
    for ended in [import.end(), export.end()] {
        assert_eq!(ended.code, 10, "{}", ended.complaints);
        let cause = ended.lines.iter().find_map(|line| line["cause"].as_str()).expect("a cause");
        assert!(cause.contains("no OpenDHT node answers at 198.51.100.9:4222: look at the address"), "{cause}");
    }
}

#[test]
fn devices_with_ipv6_alone_link() {
    let Some([one, other]) = Host::new().and_then(|one| Some([one, Host::new()?])) else { return };
    cable([&one, &other], ["cable"; 2], ["fd83::1/64", "fd83::2/64"]);
    let _node = node(&one);
    assert_linked(&link(&one, &other, "[fd83::1]:4222"));
    assert_linked(&link(&other, &one, "[fd83::1]:4222"));
}
