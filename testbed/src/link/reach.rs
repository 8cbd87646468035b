//! Where the other device reaches this one: what a person carries over (R-RDV-1).

use std::net::{IpAddr, SocketAddr};

/// How the other device finds this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// At an address that a person carries over.
    ByAddress,
    /// By the token, on one network.
    OnNetwork,
    /// By the token, in the OpenDHT network that is joined by these names.
    #[cfg(feature = "dht")]
    InDirectory(Vec<String>),
}

/// Where this device listens, and at which of its addresses it is reached there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    listening: Vec<SocketAddr>,
    /// The best one first. A wildcard is not one of them: it names no device.
    addresses: Vec<SocketAddr>,
    found: Found,
}

impl Reach {
    /// Returns the reach of sockets at these addresses. There is at least one address.
    pub(crate) fn of(listening: Vec<SocketAddr>, found: Found) -> Self {
        let interfaces = match listening.iter().any(|address| address.ip().is_unspecified()) {
            // Where the system does not say, a person has to.
            true => if_addrs::get_if_addrs().unwrap_or_default().iter().map(if_addrs::Interface::ip).collect(),
            false => Vec::new(),
        };
        Self::among(listening, &interfaces, found)
    }

    /// The same for a device with these addresses.
    fn among(listening: Vec<SocketAddr>, interfaces: &[IpAddr], found: Found) -> Self {
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in &listening {
            // IPv6 takes IPv4 as well: the socket has both families, as is usual.
            let takes = |ip: &IpAddr| address.is_ipv6() || ip.is_ipv4();
            match address.ip().is_unspecified() {
                true => {
                    let ips = interfaces.iter().filter(|ip| takes(ip));
                    addresses.extend(ips.map(|ip| SocketAddr::new(*ip, address.port())));
                }
                false => addresses.push(*address),
            }
        }
        // One of a single network link needs the name of an interface, which differs between the devices.
        addresses.retain(|address| !matches!(address.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local()));
        let wild = listening.iter().any(|address| address.ip().is_unspecified());
        if wild && addresses.iter().any(|address| !address.ip().is_loopback()) {
            addresses.retain(|address| !address.ip().is_loopback());
        }
        addresses.sort_by_key(|address| rank(address.ip()));
        addresses.dedup();
        Self { listening, addresses, found }
    }

    /// Where this device listens.
    pub(crate) fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// At which addresses it is reached there, the best one first; none if this device has no address.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns the options of `handfast export` by which the other device finds this one, each with a blank before it.
    pub(crate) fn options(&self) -> String {
        match &self.found {
            Found::ByAddress => format!(" --peer {}", self.peer()),
            Found::OnNetwork => String::new(),
            #[cfg(feature = "dht")]
            Found::InDirectory(names) => {
                let names: Vec<_> = names.iter().map(|name| format!(" --bootstrap {name}")).collect();
                format!(" --rendezvous opendht{}", names.concat())
            }
        }
    }

    /// The value for `--peer` on the other device.
    fn peer(&self) -> String {
        match (self.addresses.first(), self.listening.first()) {
            (Some(address), _) => address.to_string(),
            (None, Some(listening)) => format!("ADDRESS:{}", listening.port()),
            (None, None) => "ADDRESS:PORT".into(),
        }
    }

    /// Advice about it.
    pub(crate) fn advice(&self) -> Option<String> {
        match self.found {
            #[cfg(feature = "dht")]
            Found::InDirectory(_) => None,
            Found::ByAddress => self.advice_on_address(),
            Found::OnNetwork if self.addresses.iter().any(|address| !address.ip().is_loopback()) => Some(format!(
                "Both devices have to be on one network. Where that one does not find this one, add --peer {} there.",
                self.peer()
            )),
            Found::OnNetwork => Some(
                "This device has no network: only another program on it finds it. Connect it to the other device's \
                 network, and begin again."
                    .into(),
            ),
        }
    }

    fn advice_on_address(&self) -> Option<String> {
        if !self.listening.iter().any(|address| address.ip().is_unspecified()) {
            return None;
        }
        match &self.addresses[..] {
            [] => Some(
                "This device has no address: connect it to a network, and take its address there for ADDRESS.".into(),
            ),
            [address, ..] if address.ip().is_loopback() => {
                Some("Only this device itself reaches that address: connect it to a network, and begin again.".into())
            }
            [_] => None,
            [_, others @ ..] => {
                let others: Vec<String> = others.iter().map(SocketAddr::to_string).collect();
                Some(format!("If it is not reached there, try {}.", others.join(" or ")))
            }
        }
    }
}

/// The lower, the likelier is an address reached from another device.
fn rank(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => 4,
        IpAddr::V6(ip) if ip.is_loopback() => 5,
        IpAddr::V4(ip) if ip.is_link_local() => 3,
        IpAddr::V4(_) => 1,
        IpAddr::V6(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(listening: &[&str], interfaces: &[&str]) -> Reach {
        let interfaces: Vec<IpAddr> = interfaces.iter().map(|ip| ip.parse().unwrap()).collect();
        let listening = listening.iter().map(|address| address.parse().unwrap()).collect();
        Reach::among(listening, &interfaces, Found::ByAddress)
    }

    fn suggested(listening: &[&str], interfaces: &[&str]) -> (String, String) {
        let reach = reach(listening, interfaces);
        (reach.peer(), reach.advice().unwrap_or_default())
    }

    const ALL: [&str; 7] = ["127.0.0.1", "::1", "169.254.3.4", "fe80::1", "2001:db8::7", "192.168.1.5", "10.0.0.9"];

    #[test]
    fn a_wildcard_is_never_shown_for_an_address() {
        for listening in ["0.0.0.0:4000", "[::]:4000"] {
            for interfaces in [&ALL[..], &["127.0.0.1"], &["::1"], &["fe80::1"], &[]] {
                let reach = reach(&[listening], interfaces);
                assert!(!reach.addresses().iter().any(|address| address.ip().is_unspecified()));
                assert!(!reach.peer().contains("0.0.0.0") && !reach.peer().contains("[::]"), "{}", reach.peer());
                assert!(reach.peer().ends_with(":4000"));
                assert_eq!(reach.listening()[0].to_string(), listening);
            }
        }
    }

    #[test]
    fn what_other_devices_reach_comes_first() {
        let (peer, advice) = suggested(&["[::]:4000"], &ALL);
        assert_eq!(peer, "192.168.1.5:4000");
        assert_eq!(advice, "If it is not reached there, try 10.0.0.9:4000 or [2001:db8::7]:4000 or 169.254.3.4:4000.");
        let (peer, advice) = suggested(&["0.0.0.0:4000"], &["127.0.0.1", "2001:db8::7", "10.0.0.9"]);
        assert_eq!((peer.as_str(), advice.as_str()), ("10.0.0.9:4000", ""));
    }

    #[test]
    fn a_device_that_is_found_on_its_network_needs_no_address() {
        let of = |interfaces: &[&str]| Reach { found: Found::OnNetwork, ..reach(&["[::]:4000"], interfaces) };
        assert_eq!(of(&ALL).options(), "");
        assert_eq!(reach(&["[::]:4000"], &ALL).options(), " --peer 192.168.1.5:4000");
        let advice = of(&ALL).advice().unwrap();
        assert!(advice.contains("one network") && advice.contains("--peer 192.168.1.5:4000"), "{advice}");
        for interfaces in [&["127.0.0.1"][..], &["fe80::1", "::1"], &[]] {
            let advice = of(interfaces).advice().unwrap();
            assert!(advice.contains("no network") && advice.contains("Connect it"), "{advice}");
        }
    }

    #[test]
    fn a_device_without_a_network_says_what_to_do() {
        let (peer, advice) = suggested(&["0.0.0.0:4000"], &["127.0.0.1"]);
        assert!(peer == "127.0.0.1:4000" && advice.contains("connect it to a network"), "{peer} {advice}");
        let (peer, advice) = suggested(&["0.0.0.0:4000"], &["::1"]);
        assert!(peer == "ADDRESS:4000" && advice.contains("connect it to a network"), "{peer} {advice}");
    }

    #[test]
    fn what_was_asked_for_by_address_is_shown_as_it_is() {
        for address in ["127.0.0.1:4000", "192.0.2.1:4000", "[2001:db8::7]:4000"] {
            assert_eq!(suggested(&[address], &[]), (address.into(), String::new()));
        }
        let both = reach(&["[::1]:4000", "127.0.0.1:4000"], &[]);
        assert_eq!(both.peer(), "127.0.0.1:4000");
        assert_eq!(both.addresses().len(), 2);
    }
}
