//! `handfast daemon --scenario` and `--seed`: a client alone, with the other device played by the daemon.

use std::{collections::HashMap, time::Duration};

use zbus::{Connection, MessageStream, connection::Builder};

use crate::{
    dbus::{Bus, Daemon, INTERFACE, PATH, SERVICE, next},
    support::{code, run},
};

type Details = HashMap<String, String>;

/// A client that makes calls and reads signals by itself.
struct Client {
    connection: Connection,
    messages: MessageStream,
}

impl Client {
    async fn on(bus: &Bus) -> Self {
        let connection = Builder::address(bus.address.as_str()).build().await.unwrap();
        let rule = format!("type='signal',interface='{INTERFACE}'");
        let (bus, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        connection.call_method(Some(bus), path, Some(bus), "AddMatch", &rule).await.unwrap();
        Self { messages: MessageStream::from(&connection), connection }
    }

    async fn call<B, R>(&self, name: &str, args: &B) -> R
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
        R: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        let reply = self.connection.call_method(Some(SERVICE), PATH, Some(INTERFACE), name, args).await.unwrap();
        reply.body().deserialize().unwrap()
    }

    /// The next signal of this name, without its account and operation: the state and the details.
    async fn signal(&mut self, name: &str) -> (i32, Details) {
        loop {
            let message = next(&mut self.messages).await.expect("the bus is there");
            if message.header().member().is_none_or(|member| member.as_str() != name) {
                continue;
            }
            return match name {
                "deviceAuthStateChanged" => {
                    let (_, state, details): (String, i32, Details) = message.body().deserialize().unwrap();
                    (state, details)
                }
                _ => {
                    let (_, _, state, details): (String, u32, i32, Details) = message.body().deserialize().unwrap();
                    (state, details)
                }
            };
        }
    }

    /// Imports, and answers each question with this password, or not at all. Returns the states and the error at the end.
    async fn imports(&mut self, password: Option<&str>) -> (Vec<i32>, String) {
        let wanted = Details::from([("Account.archiveURL".to_owned(), "jami-auth".to_owned())]);
        let account: String = self.call("addAccount", &wanted).await;
        let mut states = Vec::new();
        loop {
            let (state, details) = self.signal("deviceAuthStateChanged").await;
            states.push(state);
            if state == 5 {
                return (states, details["error"].clone());
            }
            if let (3, Some(password)) = (state, password) {
                let scheme = details["auth_scheme"].as_str();
                let typed = if scheme.is_empty() { "" } else { password };
                let _: bool = self.call("provideAccountAuthentication", &(account.as_str(), typed, scheme)).await;
            }
        }
    }

    /// Exports this account to the device of this token. Returns the states and the error at the end.
    async fn exports(&mut self, account: &str, token: &str) -> (Vec<i32>, String) {
        let op: i32 = self.call("addDevice", &(account, token)).await;
        assert!(op > 0, "{op}");
        let mut states = Vec::new();
        loop {
            let (state, details) = self.signal("addDeviceStateChanged").await;
            states.push(state);
            if state == 5 {
                return (states, details["error"].clone());
            }
            if state == 3 {
                let _: bool = self.call("confirmAddDevice", &(account, op as u32)).await;
            }
        }
    }
}

fn in_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_secs(120), work).await.expect("it comes to an end") })
}

/// The last states before the end that may be, and the errors.
type End = (&'static [i32], &'static [&'static str]);

/// The plots, and how an importing and an exporting client end: the last states before that, and the errors that may be. A user who
/// gives up at once may be too early for a connection; one who gives up when all is on its way, too late.
const ENDS: [(&str, End, End); 13] = [
    ("agrees", (&[4], &[""]), (&[4], &[""])),
    ("protected", (&[4], &[""]), (&[4], &[""])),
    ("wrong-once", (&[4], &[""]), (&[4], &[""])),
    ("wrong-thrice", (&[4], &[""]), (&[3], &["auth_error"])),
    // A token goes on to be valid for another device, until its timer runs out.
    ("gives-up-connecting", (&[1, 2], &["timeout"]), (&[2], &["network"])),
    ("gives-up-asked", (&[2], &["canceled"]), (&[3], &["canceled"])),
    ("gives-up-prompted", (&[3, 4], &["canceled"]), (&[3], &["canceled"])),
    ("gives-up-answered", (&[4], &["", "canceled"]), (&[3], &["canceled"])),
    ("lost-asked", (&[2], &["network"]), (&[3], &["network"])),
    ("lost-prompted", (&[3, 4], &["network"]), (&[3], &["network"])),
    // The answer may be at the exporter before the connection is lost: it begins to send then.
    ("lost-answered", (&[4], &["", "network"]), (&[3, 4], &["network"])),
    ("silent", (&[2], &["timeout"]), (&[3], &["timeout"])),
    ("absent", (&[1], &["timeout"]), (&[2], &["network"])),
];

/// Each plot ends as it says, on either side.
#[test]
fn each_plot_ends_as_it_says() {
    let Some(bus) = Bus::start() else { return };
    let ended = |(states, error): (Vec<i32>, String), (before, errors): End, plot: &str| {
        let last = states[states.len().saturating_sub(2)];
        assert!(before.contains(&last) && errors.contains(&error.as_str()), "{plot}: {states:?}, {error}");
    };
    for (plot, import, export) in ENDS {
        let waits = matches!(plot, "gives-up-connecting" | "silent" | "absent");
        let args = ["--scenario", plot, "--timers", if waits { "40" } else { "1" }];
        let daemon = Daemon::start(&bus, &args);
        ended(in_runtime(async { Client::on(&bus).await.imports(Some("secret")).await }), import, plot);
        drop(daemon);
        let mut daemon = Daemon::start(&bus, &args);
        let shown = daemon.side.wait(|line| line["token"].is_string());
        assert_eq!(shown["scenario"], plot);
        let account = if plot.starts_with("wrong") { &daemon.protected } else { &daemon.plain };
        let token = shown["token"].as_str().unwrap();
        ended(in_runtime(async { Client::on(&bus).await.exports(account, token).await }), export, plot);
        if !matches!(plot, "absent") {
            // There is another device for the next link.
            let next = daemon.side.wait(|line| line["link"] == 2 && line["client"] == "export");
            assert_ne!(next["token"], shown["token"]);
        }
    }
}

/// The plots of a seed are the same each time, and signals are late by them.
#[test]
fn the_plots_of_a_seed_are_the_same_each_time() {
    let Some(bus) = Bus::start() else { return };
    let first = |seed: &str| {
        let mut daemon = Daemon::start(&bus, &["--seed", seed]);
        daemon.side.wait(|line| line["token"].is_string())["scenario"].clone()
    };
    assert_eq!(first("11"), first("11"));
    for args in [
        &["--scenario", "agree"][..],
        &["--scenario", "agrees", "--seed", "1"],
        &["--scenario", "agrees", "--real"],
        &["--delay", "600001"],
    ] {
        let output = run([&["daemon", "--bus", &bus.address], args].concat(), b"");
        assert_eq!(code(output.status), 2, "{args:?}");
    }
}
