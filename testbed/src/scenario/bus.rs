//! A client of a daemon on a bus: its calls, and the signals that come.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use handfast::secret::Secret;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zbus::{Connection, Message, MessageStream, message::Type};

use super::fault::{Fault, Signalled};
use crate::dbus::{self, INTERFACE, PATH, SERVICE};

/// Signals of a scenario that wait to be looked at. A link has ten.
const MAX_WAITING: usize = 4096;

/// A connection to the bus of a daemon.
pub(crate) struct Bus {
    side: &'static str,
    connection: Connection,
    signals: UnboundedReceiver<Result<Signalled, Fault>>,
}

impl Bus {
    /// Connects, and begins to take signals.
    pub(crate) async fn open(option: &'static str, address: &str, deadline: Duration) -> Result<Self, Fault> {
        let lost = |why: &dyn std::fmt::Display| Fault::Bus(why.to_string());
        let side = if option == "--import" { "import" } else { "export" };
        let connection = match dbus::connect(option, address, deadline).await {
            Ok(connection) => connection,
            Err(failure) => return Err(lost(&failure)),
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
    async fn call<B, R>(&self, call: &'static str, body: &B, returns: &str) -> Result<R, Fault>
    where
        B: serde::Serialize + zbus::wire::DynamicType,
        R: for<'d> zbus::wire::DynamicDeserialize<'d>,
    {
        let answer = self.connection.call_method(Some(SERVICE), PATH, Some(INTERFACE), call, body).await;
        let answer = answer.map_err(|error| Fault::Call { call, why: error.to_string() })?;
        dbus::read(&answer, returns).map_err(|why| Fault::Malformed(format!("what {call} returns: {why}")))
    }

    pub(super) async fn add_account(&mut self) -> Result<String, Fault> {
        let details = HashMap::from([("Account.type", "RING"), ("Account.archiveURL", "jami-auth")]);
        self.call("addAccount", &(details,), "s").await
    }

    pub(super) async fn provide(&mut self, account: &str, credentials: &Secret, scheme: &str) -> Result<bool, Fault> {
        let body = (account, credentials.as_str().unwrap_or_default(), scheme);
        self.call("provideAccountAuthentication", &body, "b").await
    }

    pub(super) async fn remove(&mut self, account: &str) -> Result<(), Fault> {
        self.call("removeAccount", &(account,), "").await
    }

    pub(super) async fn add_device(&mut self, account: &str, uri: &str) -> Result<i32, Fault> {
        self.call("addDevice", &(account, uri), "i").await
    }

    pub(super) async fn confirm(&mut self, account: &str, op: u32) -> Result<bool, Fault> {
        self.call("confirmAddDevice", &(account, op), "b").await
    }

    pub(super) async fn cancel(&mut self, account: &str, op: u32) -> Result<bool, Fault> {
        self.call("cancelAddDevice", &(account, op), "b").await
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
