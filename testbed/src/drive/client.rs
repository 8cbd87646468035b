//! A client of a daemon on a bus: its calls, and the signals that come.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zbus::{Connection, Message, MessageStream, message::Type};

use crate::dbus::{self, INTERFACE, PATH, SERVICE};

/// Signals of a scenario that wait to be looked at. A link has ten.
const MAX_WAITING: usize = 4096;

/// Why a scenario came to no end, or ended wrongly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// No bus answers, or it went.
    #[error("the bus is lost: {0}")]
    Bus(String),
    /// The daemon left the bus.
    #[error("the daemon of the {0} side left the bus")]
    Daemon(&'static str),
    /// A call failed, or was not answered in time.
    #[error("{call}: {why}")]
    Call { call: &'static str, why: String },
    /// A signal did not come in time.
    #[error("no {what} came in {seconds} s")]
    Silent { what: String, seconds: u64 },
    /// A signal or a return has other types than the interface says.
    #[error("{0}")]
    Malformed(String),
    /// It went otherwise than the scenario says.
    #[error("{0}")]
    Otherwise(String),
    /// The scenario needs an option.
    #[error("it needs {0}")]
    Needs(&'static str),
}

impl Fault {
    /// Whether a daemon is at fault for what it said. Where it says nothing, nothing can be said of it.
    pub(super) const fn is_violation(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Otherwise(_))
    }
}

/// A signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signalled {
    pub(super) account: String,
    /// The operation, of the export side's signal.
    pub(super) op: Option<u32>,
    pub(super) state: i32,
    pub(super) details: BTreeMap<String, String>,
}

/// A connection to the bus of a daemon.
pub(super) struct Bus {
    side: &'static str,
    connection: Connection,
    signals: UnboundedReceiver<Result<Signalled, Fault>>,
}

impl Bus {
    /// Connects, and begins to take signals.
    pub(super) async fn open(option: &'static str, address: &str, deadline: Duration) -> Result<Self, Fault> {
        let lost = |why: &dyn std::fmt::Display| Fault::Bus(why.to_string());
        let side = if option == "--import" { "import" } else { "export" };
        let connection = match dbus::connect(option, address, deadline).await {
            Ok(connection) => connection,
            Err(_) => return Err(lost(&format_args!("{option} {address}: no bus answers"))),
        };
        let mut stream = MessageStream::from(&connection);
        let rules = [
            format!("type='signal',sender='{SERVICE}',interface='{INTERFACE}',path='{PATH}'"),
            format!("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{SERVICE}'"),
        ];
        for rule in rules {
            let bus = "org.freedesktop.DBus";
            let added = connection.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), "AddMatch", &rule).await;
            added.map_err(|error| lost(&error))?;
        }
        let (sender, signals) = unbounded_channel();
        tokio::spawn(async move {
            let mut count = 0;
            while let Some(message) = dbus::next(&mut stream).await {
                let Some(signal) = signalled(side, &message) else { continue };
                count += 1;
                if sender.send(signal).is_err() || count > MAX_WAITING {
                    return;
                }
            }
            // The scenario may have ended.
            let _ = sender.send(Err(Fault::Bus("the connection is closed".into())));
        });
        Ok(Self { side, connection, signals })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Result<Signalled, Fault> {
        match self.signals.recv().await {
            Some(signal) => signal,
            None => Err(Fault::Bus(format!("more than {MAX_WAITING} signals came on the {} side", self.side))),
        }
    }

    /// Makes a call, which returns a value of these types.
    pub(super) async fn call<B, R>(&self, call: &'static str, body: &B, returns: &str) -> Result<R, Fault>
    where
        B: serde::Serialize + zbus::wire::DynamicType,
        R: for<'d> zbus::wire::DynamicDeserialize<'d>,
    {
        let answer = self.connection.call_method(Some(SERVICE), PATH, Some(INTERFACE), call, body).await;
        let answer = answer.map_err(|error| Fault::Call { call, why: error.to_string() })?;
        dbus::read(&answer, returns).map_err(|why| Fault::Malformed(format!("what {call} returns: {why}")))
    }
}

/// Reads a signal. `None`: it is no signal of the interface.
fn signalled(side: &'static str, message: &Message) -> Option<Result<Signalled, Fault>> {
    if message.message_type() != Type::Signal {
        return None;
    }
    let header = message.header();
    let member = header.member()?.as_str().to_owned();
    let types = dbus::types_of(&member).unwrap_or_default();
    let wrong = |why: String| Fault::Malformed(format!("the signal {member}: {why}"));
    match (header.interface()?.as_str(), member.as_str()) {
        (INTERFACE, "deviceAuthStateChanged") => {
            let read = dbus::read::<(String, i32, BTreeMap<String, String>)>(message, types);
            Some(read.map_err(wrong).map(|(account, state, details)| Signalled { account, op: None, state, details }))
        }
        (INTERFACE, "addDeviceStateChanged") => {
            let read = dbus::read::<(String, u32, i32, BTreeMap<String, String>)>(message, types);
            Some(read.map_err(wrong).map(|(account, op, state, details)| Signalled {
                account,
                op: Some(op),
                state,
                details,
            }))
        }
        ("org.freedesktop.DBus", "NameOwnerChanged") => {
            let (_, _, owner) = dbus::read::<(String, String, String)>(message, "sss").ok()?;
            owner.is_empty().then_some(Err(Fault::Daemon(side)))
        }
        _ => None,
    }
}

/// The details as JSON.
pub(super) fn json(details: &BTreeMap<String, String>) -> Value {
    details
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
