//! Messages of a D-Bus, as tools or a monitor have them, and the lines of an observed trace that they are.

use std::collections::{HashSet, VecDeque};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::dbus::INTERFACE;

/// Calls that wait for their return.
const MAX_WAITING: usize = 1024;
/// Accounts that are being linked or were.
const MAX_ACCOUNTS: usize = 1024;

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A call.
    MethodCall,
    /// The return of a call.
    MethodReturn,
    /// A call failed.
    Error,
    /// A signal.
    Signal,
}

/// A message of the bus.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub(crate) kind: Kind,
    pub(crate) sender: String,
    pub(crate) destination: String,
    pub(crate) serial: u64,
    pub(crate) reply_to: u64,
    pub(crate) interface: String,
    pub(crate) member: String,
    /// Microseconds of any one clock.
    pub(crate) at: u64,
    pub(crate) body: Vec<Value>,
}

#[derive(Deserialize)]
struct Busctl {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    sender: Option<String>,
    #[serde(default)]
    destination: Option<String>,
    #[serde(default)]
    cookie: u64,
    #[serde(default)]
    reply_cookie: u64,
    #[serde(default)]
    interface: Option<String>,
    #[serde(default)]
    member: Option<String>,
    #[serde(default, rename = "timestamp-realtime")]
    realtime: u64,
    #[serde(default)]
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    data: Value,
}

/// Reads a line of `busctl --json=short monitor`. `None`: a kind of message that no link has.
pub(super) fn busctl(text: &[u8]) -> Result<Option<Captured>, String> {
    let busctl: Busctl = serde_json::from_slice(text)
        .map_err(|error| handfast_model::observed::expected(&error, "a message of busctl --json=short monitor"))?;
    let body = match busctl.payload.map(|payload| payload.data) {
        Some(Value::Array(values)) => values,
        None | Some(Value::Null) => Vec::new(),
        Some(value) => vec![value],
    };
    Ok(Some(Captured {
        kind: busctl.kind,
        sender: busctl.sender.unwrap_or_default(),
        destination: busctl.destination.unwrap_or_default(),
        serial: busctl.cookie,
        reply_to: busctl.reply_cookie,
        interface: busctl.interface.unwrap_or_default(),
        member: busctl.member.unwrap_or_default(),
        at: busctl.realtime,
        body,
    }))
}

/// Turns messages into lines of an observed trace. A call is a line once it has returned.
#[derive(Default)]
pub(crate) struct Converter {
    began: Option<u64>,
    last: u64,
    waiting: VecDeque<Captured>,
    /// The accounts that `addAccount` began to link.
    linked: HashSet<(String, String)>,
    order: VecDeque<(String, String)>,
}

impl Converter {
    /// Returns the line of a message, if it has one.
    pub(crate) fn line(&mut self, message: Captured) -> Option<Value> {
        match message.kind {
            Kind::MethodCall if message.interface == INTERFACE => {
                self.waiting.push_back(message);
                if self.waiting.len() > MAX_WAITING {
                    self.waiting.pop_front();
                }
                None
            }
            Kind::MethodCall => None,
            Kind::Error | Kind::MethodReturn => {
                let own = |call: &Captured| call.sender == message.destination && call.serial == message.reply_to;
                let call = self.waiting.iter().position(own).and_then(|at| self.waiting.remove(at))?;
                if message.kind == Kind::Error { None } else { self.returned(&call, &message) }
            }
            Kind::Signal if message.interface == INTERFACE => self.signal(&message),
            Kind::Signal => None,
        }
    }

    /// Milliseconds since the first message. A clock that is set back stands still.
    fn time(&mut self, at: u64) -> u64 {
        let began = *self.began.get_or_insert(at);
        self.last = self.last.max(at.saturating_sub(began) / 1000);
        self.last
    }

    fn signal(&mut self, message: &Captured) -> Option<Value> {
        let t_ms = self.time(message.at);
        let body = &message.body;
        let account = body.first()?.as_str()?;
        let line = match message.member.as_str() {
            "deviceAuthStateChanged" => json!({
                "t_ms": t_ms, "side": format!("import{}", message.sender), "signal": message.member,
                "accountId": account, "state": body.get(1)?, "details": body.get(2)?,
            }),
            "addDeviceStateChanged" => json!({
                "t_ms": t_ms, "side": export(&message.sender, account), "signal": message.member,
                "accountId": account, "op_id": body.get(1)?, "state": body.get(2)?, "details": body.get(3)?,
            }),
            _ => return None,
        };
        Some(line)
    }

    fn returned(&mut self, call: &Captured, answer: &Captured) -> Option<Value> {
        let t_ms = self.time(answer.at);
        let daemon = &answer.sender;
        let text = |at: usize| call.body.get(at).and_then(Value::as_str);
        let account = text(0).unwrap_or_default();
        let ret = answer.body.first().cloned().unwrap_or(Value::Null);
        let (side, args) = match call.member.as_str() {
            "addAccount" => {
                let details = call.body.first()?.as_object()?;
                let url = details.get("Account.archiveURL").cloned();
                if url.as_ref().and_then(Value::as_str) == Some("jami-auth") {
                    self.links(daemon, ret.as_str().unwrap_or_default());
                }
                let args: Map<String, Value> =
                    url.map(|url| ("Account.archiveURL".to_owned(), url)).into_iter().collect();
                (format!("import{daemon}"), Value::Object(args))
            }
            "provideAccountAuthentication" => {
                (format!("import{daemon}"), json!({"accountId": account, "credentials": text(1)?, "scheme": text(2)?}))
            }
            "removeAccount" => {
                let side = match self.linked.contains(&(daemon.clone(), account.to_owned())) {
                    true => format!("import{daemon}"),
                    false => export(daemon, account),
                };
                (side, json!({"accountId": account}))
            }
            "addDevice" => (export(daemon, account), json!({"uri": text(1)?})),
            "confirmAddDevice" | "cancelAddDevice" => (export(daemon, account), json!({"op_id": call.body.get(1)?})),
            _ => return None,
        };
        Some(json!({"t_ms": t_ms, "side": side, "call": call.member, "args": args, "ret": ret}))
    }

    fn links(&mut self, daemon: &str, account: &str) {
        let key = (daemon.to_owned(), account.to_owned());
        if self.linked.insert(key.clone()) {
            self.order.push_back(key);
            if self.order.len() > MAX_ACCOUNTS
                && let Some(oldest) = self.order.pop_front()
            {
                self.linked.remove(&oldest);
            }
        }
    }
}

/// The exporting account of a daemon: another account of it is another device to the model.
fn export(daemon: &str, account: &str) -> String {
    format!("export{daemon}/{account}")
}
