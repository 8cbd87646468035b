//! `handfast daemon`, `drive` and `watch --bus` on a private bus.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::Value;
use zbus::{Connection, MessageStream, connection::Builder, message::Type};

use crate::support::{Folder, Side, code, run, shown, skipped, text};

pub(crate) const SERVICE: &str = "cx.ring.Ring";
pub(crate) const PATH: &str = "/cx/ring/Ring/ConfigurationManager";
pub(crate) const INTERFACE: &str = "cx.ring.Ring.ConfigurationManager";

const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=FOLDER/bus</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A busy machine hands signals on late.
const LATE: [&str; 4] = ["--delay", "signal=5000", "--delay", "call=10000"];

/// A bus of a test's own.
pub(crate) struct Bus {
    process: Child,
    pub(crate) address: String,
    _folder: Folder,
}

impl Bus {
    /// Starts one. `None`: this machine has no `dbus-daemon`, and nothing requires it.
    pub(crate) fn start() -> Option<Self> {
        let folder = Folder::default();
        let path = folder.path("");
        let config = folder.file("bus.conf", CONFIG.replace("FOLDER", text(&path).trim_end_matches('/')));
        let mut command = Command::new("dbus-daemon");
        command.args([&format!("--config-file={}", text(&config)), "--print-address", "--nofork"]);
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                assert!(std::env::var_os("HANDFAST_REQUIRE").is_none(), "dbus-daemon is required: {error}");
                skipped(format_args!("there is no dbus-daemon: {error}"));
                return None;
            }
        };
        let mut address = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut address).expect("the bus prints its address");
        Some(Self { process, address: address.trim().to_owned(), _folder: folder })
    }

    fn kill(&mut self) {
        self.process.kill().and_then(|()| self.process.wait().map(drop)).expect("it runs");
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // It may have been ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A daemon, and its accounts.
pub(crate) struct Daemon {
    pub(crate) side: Side,
    pub(crate) plain: String,
    pub(crate) protected: String,
}

impl Daemon {
    pub(crate) fn start(bus: &Bus, more: &[&str]) -> Self {
        let args = ["daemon", "--bus", &bus.address];
        let mut side = Side::start(args.iter().chain(more).copied());
        let ready = side.wait(|line| line["daemon"] == SERVICE);
        let account = |name: &str| ready[name].as_str().expect("it is printed").to_owned();
        Self { side, plain: account("plain"), protected: account("protected") }
    }

    fn drive<'a>(&'a self, import: &'a Bus, export: &'a Bus) -> Vec<&'a str> {
        vec![
            "drive",
            "--json",
            "--import",
            &import.address,
            "--export",
            &export.address,
            "--plain",
            &self.plain,
            "--protected",
            &self.protected,
            // These daemons ask when they are ready.
            "--pace",
            "0",
        ]
    }
}

/// The verdict on each scenario.
fn verdicts(output: &std::process::Output) -> BTreeMap<String, Value> {
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["scenario"].as_str().unwrap().to_owned(), row)).collect()
}

#[test]
fn all_scenarios_pass_and_a_watch_of_the_bus_allows_them() {
    let Some(bus) = Bus::start() else { return };
    for profile in ["jamid", "documented"] {
        let daemon = Daemon::start(&bus, &["--profile", profile]);
        let mut watch =
            Side::start([&["watch", "--json", "--bus", &bus.address, "--profile", profile], &LATE[..]].concat());
        watch.wait(|line| line["report"] == "watching");
        let output = run([daemon.drive(&bus, &bus), vec!["--all", "--profile", profile]].concat(), b"");
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        let rows = verdicts(&output);
        assert_eq!(rows.len(), 26, "{}", shown(&output));
        assert_eq!(rows["no-password"]["import"], "");
        assert_ne!(rows["wrong-thrice"]["export"], "");
        watch.interrupt();
        let ended = watch.end();
        assert_eq!(ended.code, 0, "{:#?}", ended.lines);
        assert!(ended.lines.iter().filter(|line| line["report"] == "ended").count() >= 15, "{:#?}", ended.lines);
    }
}

/// Two daemons on two buses, which find each other by a folder.
#[test]
fn two_daemons_link_across_two_buses() {
    let (Some(one), Some(other)) = (Bus::start(), Bus::start()) else { return };
    let folder = Folder::default();
    let exchange = folder.path("exchange");
    let more = ["--exchange", text(&exchange)];
    let (_import, export) = (Daemon::start(&one, &more), Daemon::start(&other, &more));
    let args = ["--scenario", "no-password", "--scenario", "wrong-once", "--scenario", "cancel-asked"];
    let output = run([export.drive(&one, &other), args.to_vec()].concat(), b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
}

/// A Jami daemon asks its users before it is ready for their answers: the users of `drive` take time.
#[test]
fn the_users_of_drive_take_time() {
    let Some(bus) = Bus::start() else { return };
    let daemon = Daemon::start(&bus, &[]);
    let folder = Folder::default();
    let traces = folder.path("traces");
    let mut args = daemon.drive(&bus, &bus);
    args.truncate(args.len() - 2);
    args.extend(["--pace", "200", "--scenario", "no-password", "--traces", text(&traces)]);
    let output = run(args, b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let trace = std::fs::read_to_string(traces.join("no-password.ndjson")).unwrap();
    let lines: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = |found: &dyn Fn(&&Value) -> bool| lines.iter().find(found).unwrap()["t_ms"].as_u64().unwrap();
    let (shown, given) = (at(&|line| line["state"] == 1), at(&|line| line["call"] == "addDevice"));
    assert!(given - shown >= 200, "{trace}");
    let asked = at(&|line| line["side"] == "export" && line["state"] == 3);
    let confirmed = at(&|line| line["call"] == "confirmAddDevice");
    assert!(confirmed - asked >= 200, "{trace}");
}

/// Clients of two daemons, on two buses, link over an OpenDHT network of this machine.
#[cfg(feature = "dht")]
#[test]
fn clients_of_two_real_daemons_link_over_opendht() {
    let (Some(one), Some(other)) = (Bus::start(), Bus::start()) else { return };
    let (_node, address) = crate::opendht::node();
    let real = ["--real", "--bootstrap", &address];
    let (_import, export) = (Daemon::start(&one, &real), Daemon::start(&other, &real));
    let args = ["--scenario", "no-password", "--scenario", "wrong-once", "--scenario", "cancel-asked"];
    let output = run([export.drive(&one, &other), args.to_vec()].concat(), b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
}

/// Timers run out where a user never answers.
#[test]
fn silent_users_let_timers_run_out() {
    let Some(bus) = Bus::start() else { return };
    let daemon = Daemon::start(&bus, &["--timers", "20"]);
    let args = ["--timers", "--scenario", "silent-export", "--scenario", "silent-import"];
    let output = run([daemon.drive(&bus, &bus), args.to_vec()].concat(), b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
}

/// Broken rules of the daemon: some are seen from outside, with the property that forbids them, and some are not.
#[test]
fn broken_rules_are_found_where_clients_can_see_them() {
    let Some(bus) = Bus::start() else { return };
    // A token that stays alive shows only where it is used twice.
    let cases = [("M-10", "no-password", 1), ("M-25", "other-scheme", 1), ("M-03", "no-password", 0)];
    for (mutant, scenario, expected) in cases {
        let daemon = Daemon::start(&bus, &["--mutant", mutant]);
        let output = run([daemon.drive(&bus, &bus), vec!["--scenario", scenario]].concat(), b"");
        assert_eq!(code(output.status), expected, "{mutant}: {}", shown(&output));
    }
}

#[test]
fn other_calls_are_answered_with_the_errors_of_the_bus() {
    let Some(bus) = Bus::start() else { return };
    let daemon = Daemon::start(&bus, &[]);
    on_bus(&bus, async |client| {
        let error = async |path: &str, interface: &str, call: &str| {
            let answer = client.call_method(Some(SERVICE), path, Some(interface), call, &()).await;
            answer.expect_err("it is refused").to_string()
        };
        assert!(error(PATH, INTERFACE, "getAccountList").await.contains("getAccountList"));
        assert!(error(PATH, INTERFACE, "addDevice").await.contains("types"), "its arguments are others");
        assert!(error(PATH, "cx.ring.Ring.CallManager", "accept").await.contains(INTERFACE));
        assert!(error("/", INTERFACE, "addDevice").await.contains(PATH));
        let path = PATH;
        let introspect = "org.freedesktop.DBus.Introspectable";
        let xml = client.call_method(Some(SERVICE), path, Some(introspect), "Introspect", &()).await.unwrap();
        assert!(xml.body().deserialize::<String>().unwrap().contains("addDeviceStateChanged"));
        let args = (&daemon.plain, "x");
        let refused = client.call_method(Some(SERVICE), path, Some(INTERFACE), "addDevice", &args).await;
        assert_eq!(refused.unwrap().body().deserialize::<i32>().unwrap(), -1);
    });
}

/// R-CLI-10: an operation is that of the account with which it began; calls that name the other account change nothing in it.
#[test]
fn calls_that_name_another_account_are_refused() {
    let Some(bus) = Bus::start() else { return };
    let daemon = Daemon::start(&bus, &[]);
    on_bus(&bus, async |client| {
        let rule = format!("type='signal',interface='{INTERFACE}',member='deviceAuthStateChanged'");
        let mut signals = MessageStream::for_match_rule(rule.as_str(), &client, None).await.unwrap();
        let details = (BTreeMap::from([("Account.archiveURL", "jami-auth")]),);
        client.call_method(Some(SERVICE), PATH, Some(INTERFACE), "addAccount", &details).await.unwrap();
        let token = loop {
            let message = next(&mut signals).await.expect("the bus is there");
            let (_, _, details): (String, i32, BTreeMap<String, String>) = message.body().deserialize().unwrap();
            if let Some(token) = details.get("token") {
                break token.clone();
            }
        };
        let args = (&daemon.plain, token.as_str());
        let begun = client.call_method(Some(SERVICE), PATH, Some(INTERFACE), "addDevice", &args).await.unwrap();
        let op = u32::try_from(begun.body().deserialize::<i32>().unwrap()).expect("it begins");
        let call = async |name: &str, account: &str| {
            let answer = client.call_method(Some(SERVICE), PATH, Some(INTERFACE), name, &(account, op)).await;
            answer.unwrap().body().deserialize::<bool>().unwrap()
        };
        for name in ["confirmAddDevice", "cancelAddDevice"] {
            assert!(!call(name, &daemon.protected).await, "{name}");
        }
        assert!(call("cancelAddDevice", &daemon.plain).await, "it goes on");
    });
}

/// Does something as a client of a bus.
fn on_bus(bus: &Bus, work: impl AsyncFnOnce(Connection)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { work(Builder::address(bus.address.as_str()).build().await.unwrap()).await });
}

/// Waits until an exporting user is asked.
struct Asked(tokio::runtime::Runtime, MessageStream);

impl Asked {
    fn on(bus: &Bus) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let rule = format!("type='signal',interface='{INTERFACE}',member='addDeviceStateChanged'");
        let stream = runtime.block_on(async {
            let connection = Builder::address(bus.address.as_str()).build().await.unwrap();
            MessageStream::for_match_rule(rule.as_str(), &connection, None).await.unwrap()
        });
        Self(runtime, stream)
    }

    fn wait(mut self) {
        self.0.block_on(async {
            loop {
                let message = next(&mut self.1).await.expect("the bus is there");
                let (_, _, state, _): (String, u32, i32, BTreeMap<String, String>) =
                    message.body().deserialize().unwrap();
                if state == 3 {
                    return;
                }
            }
        });
    }
}

/// The next message of a stream.
pub(crate) async fn next(stream: &mut MessageStream) -> Option<zbus::Message> {
    let next =
        std::future::poll_fn(|context| futures_core::Stream::poll_next(std::pin::Pin::new(&mut *stream), context));
    next.await?.ok()
}

#[test]
fn a_bus_that_dies_a_daemon_that_dies_and_one_that_never_answers_are_inconclusive() {
    let Some(mut bus) = Bus::start() else { return };
    let daemon = Daemon::start(&bus, &[]);
    let waits = |daemon: &Daemon, deadline| {
        let args = [daemon.drive(&bus, &bus), vec!["--deadline", deadline, "--scenario", "silent-export"]].concat();
        Side::start(args)
    };

    // It dies while a user thinks.
    let mut watch = Side::start([&["watch", "--json", "--bus", &bus.address], &LATE[..]].concat());
    watch.wait(|line| line["report"] == "watching");
    let asked = Asked::on(&bus);
    let driven = waits(&daemon, "60");
    asked.wait();
    drop(daemon);
    let ended = driven.end();
    assert_eq!(ended.code, 4, "{:?}", ended.lines);
    assert!(ended.lines[0]["why"].as_str().unwrap().contains("left the bus"), "{:?}", ended.lines);

    // It never answers.
    let daemon = Daemon::start(&bus, &[]);
    daemon.side.signal(Signal::STOP);
    let ended = waits(&daemon, "5").end();
    assert_eq!(ended.code, 4, "{:?}", ended.lines);
    assert!(ended.lines[0]["why"].as_str().unwrap().contains("addAccount"), "{:?}", ended.lines);
    daemon.side.signal(Signal::CONT);

    // Another one does not get the name.
    let second = run(["daemon", "--bus", &bus.address], b"");
    assert_eq!(code(second.status), 4, "{}", shown(&second));
    assert!(shown(&second).contains(SERVICE), "{}", shown(&second));

    // The bus dies.
    bus.kill();
    assert_eq!(watch.end().code, 4);
    let ended = daemon.side.end();
    assert_eq!(ended.code, 4);
    assert!(ended.complaints.contains("the connection is lost"), "{}", ended.complaints);
    let accounts = ["--plain", "0123456789abcdef", "--protected", "fedcba9876543210"];
    let args = ["drive", "--all", "--import", &bus.address, "--export", &bus.address];
    let output = run([&args[..], &accounts].concat(), b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
    // Before anything is looked for: the scenarios need accounts.
    let output = run(args, b"");
    assert_eq!(code(output.status), 2, "{}", shown(&output));
    let output = run(["watch", "--bus", &bus.address], b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
}

/// A daemon whose signal has other types than the interface says.
#[test]
fn a_malformed_signal_is_the_daemons_fault() {
    let Some(bus) = Bus::start() else { return };
    let address = bus.address.clone();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.spawn(async move {
        let connection = Builder::address(address.as_str()).build().await.unwrap();
        let mut calls = MessageStream::from(&connection);
        connection.request_name(SERVICE).await.unwrap();
        ready.send(()).unwrap();
        loop {
            let Some(message) = next(&mut calls).await else { return };
            if message.message_type() != Type::MethodCall {
                continue;
            }
            connection.reply(&message.header(), &"0123456789abcdef").await.unwrap();
            let body = ("0123456789abcdef", "one", BTreeMap::from([("token", "x")]));
            let none = None::<&str>;
            connection.emit_signal(none, PATH, INTERFACE, "deviceAuthStateChanged", &body).await.unwrap();
        }
    });
    is_ready.recv_timeout(Duration::from_secs(60)).unwrap();
    let args = ["--scenario", "no-password", "--plain", "0123456789abcdef"];
    let output =
        run([&["drive", "--json", "--import", &bus.address, "--export", &bus.address], &args[..]].concat(), b"");
    assert_eq!(code(output.status), 1, "{}", shown(&output));
    assert!(shown(&output).contains("types"), "{}", shown(&output));
}
