//! Hosts of their own for tests: network namespaces, between which the test lays cables. Nothing leaves the machine.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::support::{handfast, skipped};

/// A host with a loopback interface. Dropping it ends it, with its cables.
pub(crate) struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Host {
    /// Makes one; none, with a line that says so, where the machine does not let the test.
    pub(crate) fn new() -> Option<Self> {
        let script = "ip link set lo up && echo up && exec cat";
        let mut holder = Command::new("unshare");
        holder.args(["--net", "sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let made = holder.spawn().ok().and_then(|mut child| {
            let mut line = String::new();
            BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
            let host = Self(child);
            (line == "up\n").then_some(host)
        });
        if made.is_none() {
            let required = std::env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
            assert!(!required, "required, and not allowed here: a network namespace (unshare --net, ip)");
            skipped("no network namespace can be made (unshare --net, ip; as root)");
        }
        made
    }

    /// Two hosts with a cable between them.
    pub(crate) fn pair() -> Option<[Self; 2]> {
        let hosts = [Self::new()?, Self::new()?];
        cable([&hosts[0], &hosts[1]], ["cable"; 2], ["10.83.0.1/24", "10.83.0.2/24"]);
        Some(hosts)
    }

    /// Lets this host forward for others, and hides those with addresses of `inside` by its own address on the cable `out`.
    ///
    /// `None`, with a line that says so, where there is no `nft`.
    #[cfg(feature = "dht")]
    pub(crate) fn translate(&self, inside: &str, out: &str) -> Option<()> {
        if Command::new("nft").arg("--version").stdout(Stdio::null()).status().is_err() {
            let required = std::env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
            assert!(!required, "required, and missing: nft (apt-get install nftables)");
            skipped("no nft (apt-get install nftables)");
            return None;
        }
        self.forward();
        let rules = format!(
            "table ip nat {{ chain out {{ type nat hook postrouting priority srcnat; \
             ip saddr {inside} oifname \"{out}\" masquerade; }}; }}"
        );
        run(self.enter().args(["nft", &rules]));
        Some(())
    }

    /// Lets this host forward for others.
    #[cfg(feature = "dht")]
    pub(crate) fn forward(&self) {
        run(self.enter().args(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]));
    }

    /// Sends all that is for no cable of this host to this address.
    #[cfg(feature = "dht")]
    pub(crate) fn route(&self, by: &str) {
        run(self.enter().args(["ip", "route", "add", "default", "via", by]));
    }

    /// A command on this host, which is to be named next.
    pub(crate) fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.0.id()));
        command
    }

    /// The command `handfast` on this host.
    pub(crate) fn handfast(&self, args: &[&str]) -> Command {
        let inner = handfast(args);
        let mut command = self.enter();
        command.arg(inner.get_program()).args(args);
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Lays a cable between two hosts, at each by a name and an address of its own.
pub(crate) fn cable(hosts: [&Host; 2], names: [&str; 2], addresses: [&str; 2]) {
    let [one, other] = hosts.map(|host| host.0.id().to_string());
    let ends = ["link", "add", names[0], "netns", &one, "type", "veth", "peer", "name", names[1], "netns", &other];
    run(Command::new("ip").args(ends));
    for ((host, name), address) in hosts.into_iter().zip(names).zip(addresses) {
        // An address of IPv6 is used at once, without looking whether another host has it.
        let nodad: &[&str] = if address.contains(':') { &["nodad"] } else { &[] };
        run(host.enter().args(["ip", "address", "add", address, "dev", name]).args(nodad));
        run(host.enter().args(["ip", "link", "set", name, "up"]));
    }
}

/// Runs a command that has to succeed.
fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
