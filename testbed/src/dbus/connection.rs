//! Connections to a bus, and the messages of the interface.

use std::{future::poll_fn, pin::Pin, time::Duration};

use futures_core::Stream as _;
use zbus::{Connection, Message, MessageStream, connection::Builder, wire::DynamicDeserialize};

use crate::failure::Failure;

/// The bus name of a Jami daemon.
pub(crate) const SERVICE: &str = "cx.ring.Ring";
/// The object that has the interface.
pub(crate) const PATH: &str = "/cx/ring/Ring/ConfigurationManager";

/// Connects to a bus: `session`, or an address such as `unix:path=/run/user/1000/bus`. A call that is not answered in `deadline`
/// fails.
///
/// # Errors
/// No bus answers there: exit code 4, as nothing can be said of what is on it.
pub(crate) async fn connect(option: &str, address: &str, deadline: Duration) -> Result<Connection, Failure> {
    let builder = if address == "session" { Builder::session() } else { Builder::address(address) };
    let built = tokio::time::timeout(deadline, builder.method_timeout(deadline).build()).await;
    let failed = |why: &dyn std::fmt::Display| Failure::with_code(4, format_args!("{option} {address}: {why}"));
    match built {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(zbus::Error::Address(error))) => Err(failed(&format_args!(
            "it is no address of a bus ({error}); give `session`, or one such as unix:path=/run/user/1000/bus"
        ))),
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(failed(&"no bus answers in time")),
    }
}

/// Waits for the next message. `None`: the connection is lost.
pub(crate) async fn next(stream: &mut MessageStream) -> Option<Message> {
    loop {
        // After an error the connection ends, and so does the stream.
        if let Ok(message) = poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await? {
            return Some(message);
        }
    }
}

/// The types of a call's arguments, or of a signal's.
pub(crate) fn types_of(member: &str) -> Option<&'static str> {
    Some(match member {
        "addAccount" => "a{ss}",
        "provideAccountAuthentication" => "sss",
        "removeAccount" => "s",
        "addDevice" => "ss",
        "confirmAddDevice" | "cancelAddDevice" => "su",
        "deviceAuthStateChanged" => "sia{ss}",
        "addDeviceStateChanged" => "suia{ss}",
        _ => return None,
    })
}

/// Reads a body that has to have these types.
///
/// # Errors
/// It has others.
pub(crate) fn read<T: for<'d> DynamicDeserialize<'d>>(message: &Message, types: &str) -> Result<T, String> {
    let body = message.body();
    let has = body.signature().to_string();
    // A structure of all arguments is written with or without its parentheses.
    if has.strip_prefix('(').and_then(|has| has.strip_suffix(')')).unwrap_or(&has) != types {
        return Err(format!("it has the types {has:?}, not {types:?}"));
    }
    body.deserialize().map_err(|error| error.to_string())
}
