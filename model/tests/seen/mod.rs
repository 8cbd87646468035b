//! Observed traces, line by line.

use serde_json::{Value, json};

/// The token of the importer of the traces.
pub(crate) const TOKEN: &str = "jami-auth://799301de89386f6eebfaa855d3d135f93458bf2754a6463f0570fce30f1229d8/727601";
/// Another code of the same device.
pub(crate) const WRONG_CODE: &str =
    "jami-auth://799301de89386f6eebfaa855d3d135f93458bf2754a6463f0570fce30f1229d8/727602";
/// Another device.
pub(crate) const ELSEWHERE: &str =
    "jami-auth://6315c76ffce55f3d44869124d677a1963c60c0b8993ce5fad461dcf9259fc4e8/482261";
const PEER: &str = "02f92cb034a73275b5a23074abfa84a20a4f340b";

/// A trace that is being written. Each line is noted a second and a half after the last one.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    lines: Vec<Value>,
    t_ms: u64,
    /// The device on which exports are made.
    export: &'static str,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// So much later than usual.
    pub(crate) fn after(mut self, ms: u64) -> Self {
        self.t_ms += ms;
        self
    }

    /// The next lines are of this device.
    pub(crate) fn on(mut self, export: &'static str) -> Self {
        self.export = export;
        self
    }

    fn line(mut self, mut line: Value) -> Self {
        self.t_ms += 1500;
        line["t_ms"] = self.t_ms.into();
        self.lines.push(line);
        self
    }

    fn import(self, call: &str, args: Value, ret: impl Into<Value>) -> Self {
        self.line(json!({"side": "import", "call": call, "args": args, "ret": ret.into()}))
    }

    fn export(self, call: &str, args: Value, ret: impl Into<Value>) -> Self {
        let side = format!("export{}", self.export);
        self.line(json!({"side": side, "call": call, "args": args, "ret": ret.into()}))
    }

    fn imports(self, state: u8, details: Value) -> Self {
        self.line(json!({"side": "import", "signal": "deviceAuthStateChanged", "state": state, "details": details}))
    }

    fn exports(self, op: u32, state: u8, details: Value) -> Self {
        let side = format!("export{}", self.export);
        let line =
            json!({"side": side, "signal": "addDeviceStateChanged", "state": state, "details": details, "op_id": op});
        self.line(line)
    }

    pub(crate) fn add_account(self) -> Self {
        self.import("addAccount", json!({"Account.archiveURL": "jami-auth"}), "61271c0fd75371aa")
    }

    pub(crate) fn token(self) -> Self {
        self.imports(1, json!({"token": TOKEN}))
    }

    /// The importer's user begins, and is shown the token.
    pub(crate) fn begin() -> Self {
        Self::default().add_account().token()
    }

    pub(crate) fn import_connecting(self) -> Self {
        self.imports(2, json!({}))
    }

    pub(crate) fn asked(self) -> Self {
        self.imports(3, json!({"auth_scheme": "password", "peer_id": PEER}))
    }

    pub(crate) fn asked_again(self) -> Self {
        let details = json!({"auth_scheme": "password", "peer_id": PEER, "auth_error": "invalid_credentials"});
        self.imports(3, details)
    }

    pub(crate) fn import_in_progress(self) -> Self {
        self.imports(4, json!({}))
    }

    pub(crate) fn import_done(self, error: &str) -> Self {
        self.imports(5, json!({"error": error}))
    }

    pub(crate) fn provide(self, credentials: &str, ret: bool) -> Self {
        let args = json!({"scheme": "password", "credentials": credentials});
        self.import("provideAccountAuthentication", args, ret)
    }

    pub(crate) fn remove_account(self) -> Self {
        self.import("removeAccount", json!({}), Value::Null)
    }

    pub(crate) fn add_device(self, uri: &str, ret: i64) -> Self {
        self.export("addDevice", json!({"uri": uri}), ret)
    }

    pub(crate) fn export_connecting(self, op: u32) -> Self {
        self.exports(op, 2, json!({}))
    }

    /// The exporter's user begins, and both connect.
    pub(crate) fn connect(self, op: u32) -> Self {
        let begun = self.add_device(TOKEN, op.into()).at_once().export_connecting(op);
        begun.import_connecting().exports(op, 3, json!({"peer_address": "127.0.0.1:56926"}))
    }

    /// This line is noted together with the last one.
    pub(crate) fn at_once(mut self) -> Self {
        self.t_ms -= 1499;
        self
    }

    pub(crate) fn confirm(self, op: u32, ret: bool) -> Self {
        self.export("confirmAddDevice", json!({"op_id": op}), ret)
    }

    pub(crate) fn cancel(self, op: u32, ret: bool) -> Self {
        self.export("cancelAddDevice", json!({"op_id": op}), ret)
    }

    pub(crate) fn unplug(self) -> Self {
        self.export("removeAccount", json!({}), Value::Null)
    }

    pub(crate) fn export_in_progress(self, op: u32) -> Self {
        self.exports(op, 4, json!({}))
    }

    pub(crate) fn export_done(self, op: u32, error: &str) -> Self {
        self.exports(op, 5, json!({"error": error}))
    }

    /// From the connection to the archive of a protected account.
    pub(crate) fn succeed(self, op: u32) -> Self {
        let answered = self.confirm(op, true).at_once().asked().import_in_progress().at_once().provide("right", true);
        let sent = answered.export_in_progress(op).at_once().export_done(op, "");
        sent.at_once().import_in_progress().import_done("")
    }
}
