//! A program as one side of a scenario: the contract of docs/interop.md.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use handfast::{outcome::Side, secret::Secret};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    fault::{Fault, Signalled},
    process::{NOT_SUPPORTED, Process},
    wire::{Relay, Wire, nowhere},
};

/// The names that a command may have in braces.
pub(crate) const PLACES: [&str; 9] =
    ["handfast", "here", "store", "archive", "password-file", "peer", "token", "profile", "timers"];

/// The part that both sides of a scenario share: where the importing program listens.
#[derive(Clone, Default)]
pub(crate) struct Published(Arc<Mutex<Option<String>>>);

/// The values of the names in braces that are given from outside.
#[derive(Clone)]
pub(crate) struct Given {
    /// The folder of this scenario.
    pub(crate) folder: PathBuf,
    /// The command of this side, with names in braces.
    pub(crate) command: Vec<String>,
    /// The names and their values.
    pub(crate) places: BTreeMap<&'static str, String>,
    /// The archive and the password file of each account.
    pub(crate) archives: BTreeMap<&'static str, (PathBuf, PathBuf)>,
    /// How long a line is waited for.
    pub(crate) deadline: Duration,
    /// The connection to the other program.
    pub(crate) wire: Wire,
}

/// A program. It is started by the call that begins an operation.
pub(crate) struct Program {
    side: Side,
    name: &'static str,
    given: Given,
    published: Published,
    process: Option<Process>,
    relay: Option<Relay>,
    signals: VecDeque<Signalled>,
    /// The account of the import, or that which is exported.
    account: String,
    /// Its operations: the number of the process that has it, its own id, and its id here, which no other process has.
    ops: Vec<(u32, u32, u32)>,
    number: u32,
    /// DONE was signalled: a program may end.
    done: bool,
    /// It has printed a line.
    printed: bool,
    complaints: String,
}

impl Program {
    /// Returns one that has not begun.
    pub(crate) fn new(side: Side, given: Given, published: Published) -> Self {
        let name = if side == Side::Import { "import" } else { "export" };
        Self {
            side,
            name,
            given,
            published,
            process: None,
            relay: None,
            signals: VecDeque::new(),
            account: String::new(),
            ops: Vec::new(),
            number: 0,
            done: false,
            printed: false,
            complaints: String::new(),
        }
    }

    async fn start(&mut self, mut places: BTreeMap<&'static str, String>) -> Result<(), Fault> {
        self.stop(Duration::ZERO).await;
        places.extend(self.given.places.clone());
        let fill = |text: &String| {
            let mut text = text.clone();
            for (name, value) in &places {
                text = text.replace(&format!("{{{name}}}"), value);
            }
            text
        };
        let command: Vec<String> = self.given.command.iter().map(fill).collect();
        self.number += 1;
        self.done = false;
        self.printed = false;
        self.process = Some(Process::start(self.name, &command, &self.given.folder)?);
        Ok(())
    }

    async fn stop(&mut self, within: Duration) {
        if let Some(process) = self.process.take() {
            self.complaints.push_str(&process.end(within).await);
        }
    }

    pub(super) async fn end(&mut self, within: Duration) -> String {
        self.stop(within).await;
        self.relay = None;
        std::mem::take(&mut self.complaints)
    }

    pub(super) fn cut(&self) -> Result<(), Fault> {
        let none = || Fault::Unsupported("the programs connect by themselves: nothing can be cut".into());
        self.relay.as_ref().map(Relay::cut).ok_or_else(none)
    }

    /// The next line; `None` once it has ended after DONE.
    async fn line(&mut self) -> Result<Option<Value>, Fault> {
        let side = self.name;
        let Some(process) = &mut self.process else { return Ok(None) };
        if let Some(line) = process.line().await {
            self.printed = true;
            return line.map(Some);
        }
        // It stays until the next one starts, or all is over: this future may be dropped, and then the next one sees the same end.
        let (code, how) = process.status(Duration::from_secs(1)).await;
        match code {
            Some(NOT_SUPPORTED) => Err(Fault::Unsupported(format!("the program of the {side} side says so"))),
            _ if self.done => Ok(None),
            _ => Err(Fault::Died { side, how: format!("{how}{}", self.doubt()) }),
        }
    }

    /// The doubt about a program that printed nothing.
    const fn doubt(&self) -> &'static str {
        if self.printed { "" } else { "; it printed no line, so it may be no shim: docs/interop.md" }
    }

    pub(super) async fn next(&mut self) -> Result<Signalled, Fault> {
        loop {
            if let Some(signal) = self.signals.pop_front() {
                return Ok(signal);
            }
            let Some(line) = self.line().await? else {
                // It signals nothing any more.
                return std::future::pending().await;
            };
            if let Some(signal) = self.take(&line)? {
                return Ok(signal);
            }
        }
    }

    /// The next signal that came before a call returned.
    pub(super) fn arrived(&mut self) -> Option<Signalled> {
        self.signals.pop_front()
    }

    fn wrong(&self, line: &Value, why: &str) -> Fault {
        let mut line = line.clone();
        if let Some(typed) = line.pointer_mut("/args/credentials") {
            *typed = "<secret>".into();
        }
        let shown: String = line.to_string().chars().take(200).collect();
        Fault::Malformed(format!("the program of the {} side: {why}: {shown}", self.name))
    }

    /// Reads a line that is no answer to a call: a signal, a header, or neither.
    fn take(&mut self, line: &Value) -> Result<Option<Signalled>, Fault> {
        if line.get("observed").is_some() {
            let first = line["addresses"].get(0).or_else(|| line.get("listening")).and_then(Value::as_str);
            if let (Side::Import, Some(address)) = (self.side, first) {
                *self.published.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(address.to_owned());
            }
            return Ok(None);
        }
        if line.get("call").is_some() {
            return Err(self.wrong(line, "it makes a call of its own"));
        }
        let own = if self.side == Side::Import { "deviceAuthStateChanged" } else { "addDeviceStateChanged" };
        if line["signal"] != own {
            return Err(self.wrong(line, "it is no header, no call and no signal of this side"));
        }
        let state = line["state"].as_i64().and_then(|state| i32::try_from(state).ok());
        let state = state.ok_or_else(|| self.wrong(line, "`state` is no number"))?;
        let details = match line.get("details") {
            None => BTreeMap::new(),
            Some(details) => serde_json::from_value(details.clone())
                .map_err(|_| self.wrong(line, "`details` is no object of texts"))?,
        };
        let op = match self.side {
            Side::Import => None,
            Side::Export => {
                let id = line["op_id"].as_u64().and_then(|id| u32::try_from(id).ok());
                Some(self.ours(id.ok_or_else(|| self.wrong(line, "`op_id` is no number"))?))
            }
        };
        let account = line["accountId"].as_str().unwrap_or(&self.account).to_owned();
        self.done |= state == 5;
        Ok(Some(Signalled { account, op, state, details }))
    }

    /// The id of an operation here.
    fn ours(&mut self, theirs: u32) -> u32 {
        if let Some((_, _, ours)) = self.ops.iter().find(|(number, id, _)| (*number, *id) == (self.number, theirs)) {
            return *ours;
        }
        let is_used = |id: u32| self.ops.iter().any(|(_, _, ours)| *ours == id);
        let ours = if is_used(theirs) { (1..).find(|&id| !is_used(id)).unwrap_or(theirs) } else { theirs };
        self.ops.push((self.number, theirs, ours));
        ours
    }

    /// Makes a call, and waits for its line. `None`: the program has ended, and with it the operation.
    async fn call(&mut self, call: &'static str, args: Value) -> Result<Option<Value>, Fault> {
        let line = json!({"side": self.side, "call": call, "args": args});
        let Some(process) = &mut self.process else { return Ok(None) };
        // One that has ended takes no line. The lines that it printed say whether it may have.
        let _ = process.say(&line).await;
        self.returned(call).await
    }

    async fn returned(&mut self, call: &'static str) -> Result<Option<Value>, Fault> {
        let seconds = self.given.deadline.as_secs();
        let until = Instant::now() + self.given.deadline;
        loop {
            let line = match timeout_at(until, self.line()).await {
                Ok(line) => line?,
                Err(_) => {
                    return Err(Fault::Call {
                        call,
                        why: format!("it is not answered in {seconds} s{}", self.doubt()),
                    });
                }
            };
            let Some(line) = line else { return Ok(None) };
            if line["call"] == call {
                return Ok(Some(line.get("ret").cloned().unwrap_or(Value::Null)));
            }
            if let Some(signal) = self.take(&line)? {
                self.signals.push_back(signal);
            }
        }
    }

    async fn accepted(&mut self, call: &'static str, args: Value) -> Result<bool, Fault> {
        match self.call(call, args).await? {
            None => Ok(false),
            Some(Value::Bool(accepted)) => Ok(accepted),
            Some(_) => Err(Fault::Malformed(format!("what {call} returns is not true or false"))),
        }
    }

    pub(super) async fn add_account(&mut self) -> Result<String, Fault> {
        let store = self.given.folder.join(format!("store-{}", self.number + 1));
        self.start(BTreeMap::from([("store", store.display().to_string())])).await?;
        let account = self.returned("addAccount").await?;
        let text = account.as_ref().and_then(Value::as_str);
        let account = text.ok_or_else(|| Fault::Malformed("addAccount returns no account id".into()))?;
        account.clone_into(&mut self.account);
        Ok(account.to_owned())
    }

    pub(super) async fn provide(&mut self, account: &str, credentials: &Secret, scheme: &str) -> Result<bool, Fault> {
        let typed = credentials.as_str().unwrap_or_default();
        let args = json!({"account_id": account, "credentials": typed, "scheme": scheme});
        self.accepted("provideAccountAuthentication", args).await
    }

    pub(super) async fn remove(&mut self, account: &str) -> Result<(), Fault> {
        self.call("removeAccount", json!({"account_id": account})).await.map(drop)
    }

    pub(super) async fn add_device(&mut self, account: &str, uri: &str) -> Result<i32, Fault> {
        let returned = if self.process.is_some() && !self.done {
            self.call("addDevice", json!({"uri": uri})).await?
        } else {
            let account_of = |name: &str| name == account;
            let Some((_, (archive, password))) = self.given.archives.iter().find(|(name, _)| account_of(name)) else {
                return Err(Fault::Unsupported("a program has the account that it is started with".into()));
            };
            let (archive, password) = (archive.display().to_string(), password.display().to_string());
            account.clone_into(&mut self.account);
            let peer = self.peer().await?;
            let places = [("archive", archive), ("password-file", password), ("peer", peer), ("token", uri.to_owned())];
            self.start(BTreeMap::from(places)).await?;
            self.returned("addDevice").await?
        };
        let returned = returned.as_ref().and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        let returned = returned.ok_or_else(|| Fault::Malformed("addDevice returns no number".into()))?;
        Ok(match u32::try_from(returned) {
            Ok(op @ 1..) => i32::try_from(self.ours(op)).unwrap_or(returned),
            _ => returned,
        })
    }

    /// Where the exporting program connects to.
    async fn peer(&mut self) -> Result<String, Fault> {
        let side = self.name;
        let failed = |error: std::io::Error| Fault::Process { side, why: format!("no relay can listen: {error}") };
        let named = self.published.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let asks = self.given.command.iter().any(|arg| arg.contains("{peer}"));
        let Some(named) = named else {
            if asks && self.number == 0 {
                return Ok(nowhere().await.map_err(failed)?.to_string());
            }
            return Ok(String::new());
        };
        if self.given.wire == Wire::Whole {
            return Ok(named);
        }
        if !asks {
            return Err(Fault::Unsupported("the programs connect by themselves".into()));
        }
        let relay = Relay::start(self.given.wire, named).await.map_err(failed)?;
        let address = relay.address.to_string();
        self.relay = Some(relay);
        Ok(address)
    }

    pub(super) async fn confirm(&mut self, _: &str, op: u32) -> Result<bool, Fault> {
        self.on("confirmAddDevice", op).await
    }

    pub(super) async fn cancel(&mut self, _: &str, op: u32) -> Result<bool, Fault> {
        self.on("cancelAddDevice", op).await
    }

    async fn on(&mut self, call: &'static str, op: u32) -> Result<bool, Fault> {
        let theirs = self.ops.iter().find(|(number, _, ours)| (*number, *ours) == (self.number, op));
        // An operation of a program that has ended takes no call.
        let Some(&(_, theirs, _)) = theirs else { return Ok(false) };
        self.accepted(call, json!({"op_id": theirs})).await
    }
}
