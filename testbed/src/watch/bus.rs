//! The messages of a bus, as a monitor of it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use zbus::{Message, MessageStream, message::Type};

use super::{
    Judge,
    capture::{Captured, Converter, Kind},
};
use crate::{
    dbus::{self, INTERFACE},
    failure::Failure,
};

/// How long the bus may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How often an interrupt is looked for.
const AGAIN: Duration = Duration::from_millis(100);
/// Messages that wait while a line is judged. Beyond them the bus keeps more, or ends the connection.
const MAX_WAITING: usize = 4096;

/// Watches until an interrupt, or until the bus is lost: then what was seen is judged all the same, and the verdict is no pass.
pub(super) fn watch(address: &str, judge: &mut Judge, stop: &'static AtomicBool) -> Result<(), Failure> {
    // Two threads: the time of a message is noted when it arrives, also while another one is judged.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::with_code(4, format_args!("no thread can be started: {error}")))?;
    runtime.block_on(messages(address, judge, stop))
}

async fn messages(address: &str, judge: &mut Judge, stop: &'static AtomicBool) -> Result<(), Failure> {
    let lost = |why: &dyn std::fmt::Display| Failure::with_code(4, format_args!("--bus {address}: {why}"));
    let connection = dbus::connect("--bus", address, DEADLINE).await?;
    let mut stream = MessageStream::from(&connection);
    let (bus, rules) = ("org.freedesktop.DBus", Vec::<String>::new());
    connection
        .call_method(
            Some(bus),
            "/org/freedesktop/DBus",
            Some("org.freedesktop.DBus.Monitoring"),
            "BecomeMonitor",
            &(rules, 0_u32),
        )
        .await
        .map_err(|error| lost(&format_args!("it cannot be watched: {error}")))?;
    judge.watching(address)?;
    let (arrived, mut arrivals) = tokio::sync::mpsc::channel(MAX_WAITING);
    let arriving = tokio::spawn(async move {
        while let Some(message) = dbus::next(&mut stream).await {
            if arrived.send((message, now())).await.is_err() {
                return;
            }
        }
    });
    let mut converter = Converter::default();
    let mut again = tokio::time::interval(AGAIN);
    let result = loop {
        if stop.load(Ordering::Relaxed) {
            break Ok(());
        }
        tokio::select! {
            arrival = arrivals.recv() => {
                let Some((message, at)) = arrival else { break Err(lost(&"the bus is lost")) };
                match captured(&message, at) {
                    Ok(captured) => judge.captured(&mut converter, captured)?,
                    Err(why) => judge.flawed(why)?,
                }
            }
            _ = again.tick() => {}
        }
    };
    arriving.abort();
    result
}

/// The time, in microseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros() as u64)
}

/// Reads a message that arrived at this time. `None`: no link has it.
fn captured(message: &Message, at: u64) -> Result<Option<Captured>, String> {
    let header = message.header();
    let kind = match message.message_type() {
        Type::MethodCall => Kind::MethodCall,
        Type::MethodReturn => Kind::MethodReturn,
        Type::Error => Kind::Error,
        Type::Signal => Kind::Signal,
    };
    let interface = header.interface().map_or("", |name| name.as_str());
    if matches!(kind, Kind::MethodCall | Kind::Signal) && interface != INTERFACE {
        return Ok(None);
    }
    let member = header.member().map_or("", |name| name.as_str());
    let body = body(message, kind, member).map_err(|why| format!("{member}: {why}"))?;
    Ok(Some(Captured {
        kind,
        sender: header.sender().map_or("", |name| name.as_str()).to_owned(),
        destination: header.destination().map_or("", |name| name.as_str()).to_owned(),
        serial: header.primary().serial_num().get().into(),
        reply_to: header.reply_serial().map_or(0, |serial| serial.get().into()),
        interface: interface.to_owned(),
        member: member.to_owned(),
        at,
        body,
    }))
}

type Texts = BTreeMap<String, String>;

fn body(message: &Message, kind: Kind, member: &str) -> Result<Vec<Value>, String> {
    let types = dbus::types_of(member).unwrap_or_default();
    let value = match (kind, member) {
        (Kind::Signal, "deviceAuthStateChanged") => json!(dbus::read::<(String, i32, Texts)>(message, types)?),
        (Kind::Signal, "addDeviceStateChanged") => json!(dbus::read::<(String, u32, i32, Texts)>(message, types)?),
        (Kind::MethodCall, "addAccount") => json!([dbus::read::<Texts>(message, types)?]),
        (Kind::MethodCall, "provideAccountAuthentication") => {
            json!(dbus::read::<(String, String, String)>(message, types)?)
        }
        (Kind::MethodCall, "removeAccount") => json!([dbus::read::<String>(message, types)?]),
        (Kind::MethodCall, "addDevice") => json!(dbus::read::<(String, String)>(message, types)?),
        (Kind::MethodCall, "confirmAddDevice" | "cancelAddDevice") => {
            json!(dbus::read::<(String, u32)>(message, types)?)
        }
        // The call says what it returns, and the judge whether it may.
        (Kind::MethodReturn, _) => match message.body().signature().to_string().as_str() {
            "s" => json!([dbus::read::<String>(message, "s")?]),
            "b" => json!([dbus::read::<bool>(message, "b")?]),
            "i" => json!([dbus::read::<i32>(message, "i")?]),
            _ => json!([]),
        },
        _ => json!([]),
    };
    Ok(if let Value::Array(values) = value { values } else { vec![value] })
}
