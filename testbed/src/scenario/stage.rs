//! The stage of a scenario: two daemons, their users' calls, and what comes of them.

use std::{collections::HashMap, time::Duration};

use handfast::{outcome::Profile, secret::Secret};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    fault::{Fault, Signalled},
    port::Port,
};

/// How long a user takes who takes time.
const THINKS: Duration = Duration::from_millis(300);

/// How long a program may take to end after its operation has.
const GRACE: Duration = Duration::from_secs(10);

/// The accounts that can be exported.
pub(crate) struct Accounts {
    pub(crate) plain: Option<String>,
    pub(crate) protected: Option<String>,
    pub(crate) password: Secret,
}

/// A scenario under way.
pub(crate) struct Stage<'a> {
    import: Port,
    export: Port,
    accounts: &'a Accounts,
    deadline: Duration,
    pace: Duration,
    began: Instant,
    lines: Vec<Value>,
    /// The account under import, and those before it; the operation and account of the export.
    account: String,
    former: Vec<String>,
    op: u32,
    of: String,
    /// The signals so far.
    of_import: Vec<Signalled>,
    of_export: Vec<Signalled>,
}

impl<'a> Stage<'a> {
    /// Returns one that has not begun. A user takes `pace` for a token and for a confirmation.
    pub(crate) fn new(import: Port, export: Port, accounts: &'a Accounts, deadline: Duration, pace: Duration) -> Self {
        Self {
            import,
            export,
            accounts,
            deadline,
            pace,
            began: Instant::now(),
            lines: Vec::new(),
            account: String::new(),
            former: Vec::new(),
            op: 0,
            of: String::new(),
            of_import: Vec::new(),
            of_export: Vec::new(),
        }
    }

    /// The password of the protected account.
    pub(super) fn password(&self) -> &'a Secret {
        &self.accounts.password
    }

    /// The lines so far, with a header. All times are of one clock.
    pub(crate) fn trace(&self, profile: Profile) -> String {
        let header = json!({"observed": 1, "profile": profile});
        [&header].into_iter().chain(&self.lines).flat_map(|line| [line.to_string(), "\n".into()]).collect()
    }

    fn note(&mut self, mut line: Value) {
        line["t_ms"] = (self.began.elapsed().as_millis() as u64).into();
        self.lines.push(line);
    }

    /// Notes a call that has returned, after the signals that came before that.
    fn called(&mut self, side: &str, call: &str, args: Value, ret: impl Into<Value>) {
        let is_import = side == "import";
        while let Some(signal) = if is_import { self.import.arrived() } else { self.export.arrived() } {
            self.take_in(is_import, signal);
        }
        self.note(json!({"side": side, "call": call, "args": args, "ret": ret.into()}));
    }

    /// Takes the next signal of either daemon, and notes it if it is of this scenario.
    async fn take(&mut self, until: Instant, what: &str) -> Result<(), Fault> {
        let signal = async {
            tokio::select! {
                biased;
                signal = self.import.next() => signal.map(|signal| (true, signal)),
                signal = self.export.next() => signal.map(|signal| (false, signal)),
            }
        };
        let silent = || Fault::Silent { what: what.to_owned(), seconds: self.deadline.as_secs() };
        let (by_import, signal) = timeout_at(until, signal).await.map_err(|_| silent())??;
        self.take_in(by_import, signal);
        Ok(())
    }

    fn take_in(&mut self, by_import: bool, signal: Signalled) {
        let details = json!(signal.details);
        let state = signal.state;
        match (by_import, signal.op) {
            (true, None) if signal.account == self.account => {
                let account = signal.account.clone();
                self.note(json!({"side": "import", "signal": "deviceAuthStateChanged", "state": state,
                                 "details": details, "accountId": account}));
                self.of_import.push(signal);
            }
            (false, Some(op)) if signal.account == self.of => {
                self.note(json!({"side": "export", "signal": "addDeviceStateChanged", "state": state,
                                 "details": details, "op_id": op}));
                self.of_export.push(signal);
            }
            // Of another link, or the other side's on a bus that both share.
            _ => {}
        }
    }

    /// Waits until the import side has signalled this state so often.
    pub(super) async fn import_state(&mut self, state: i32, times: usize) -> Result<HashMap<String, String>, Fault> {
        let until = Instant::now() + self.deadline;
        loop {
            let found = self.of_import.iter().filter(|signal| signal.state == state).nth(times - 1);
            if let Some(found) = found {
                return Ok(found.details.clone().into_iter().collect());
            }
            if let Some(done) = self.of_import.iter().find(|signal| signal.state == 5) {
                let details = &done.details;
                return Err(Fault::Otherwise(format!("the import has ended before state {state}: {details:?}")));
            }
            self.take(until, &format!("state {state} of the import side")).await?;
        }
    }

    /// Lets a user take time. Signals that come meanwhile are noted.
    pub(super) async fn think(&mut self) -> Result<(), Fault> {
        self.pass(THINKS).await
    }

    /// Lets time pass. Signals that come meanwhile are noted.
    async fn pass(&mut self, time: Duration) -> Result<(), Fault> {
        if time.is_zero() {
            return Ok(());
        }
        let until = Instant::now() + time;
        loop {
            match self.take(until, "signal").await {
                Ok(()) => {}
                Err(Fault::Silent { .. }) => return Ok(()),
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Whether the importing user is asked.
    pub(super) fn is_prompted(&self) -> bool {
        self.of_import.last().is_some_and(|signal| signal.state == 3)
    }

    /// Cuts the connection between the two programs.
    pub(super) fn cut(&mut self) -> Result<(), Fault> {
        match &self.export {
            #[cfg(feature = "dbus")]
            Port::Bus(_) => Err(Fault::Unsupported("a daemon's connection cannot be cut".into())),
            Port::Program(program) => program.cut(),
        }
    }

    /// Waits until the export side has signalled this state. A user who is asked takes time.
    pub(super) async fn export_state(&mut self, state: i32) -> Result<(), Fault> {
        let until = Instant::now() + self.deadline;
        loop {
            let own = |signal: &&Signalled| signal.op == Some(self.op);
            if self.of_export.iter().filter(own).any(|signal| signal.state == state) {
                // The user looks at the question first.
                let pace = if state == 3 { self.pace } else { Duration::ZERO };
                return self.pass(pace).await;
            }
            if let Some(done) = self.of_export.iter().filter(own).find(|signal| signal.state == 5) {
                let details = &done.details;
                return Err(Fault::Otherwise(format!("the export has ended before state {state}: {details:?}")));
            }
            self.take(until, &format!("state {state} of the export side")).await?;
        }
    }

    /// `addAccount`, and the token.
    pub(super) async fn begin_import(&mut self) -> Result<String, Fault> {
        let account = self.import.add_account().await?;
        let former = std::mem::replace(&mut self.account, account.clone());
        self.former.extend((!former.is_empty()).then_some(former));
        self.of_import.clear();
        self.called("import", "addAccount", json!({"Account.archiveURL": "jami-auth"}), account);
        let shown = self.import_state(1, 1).await?;
        self.pass(self.pace).await?;
        shown.get("token").cloned().ok_or_else(|| Fault::Otherwise("TOKEN_AVAILABLE has no token".into()))
    }

    /// `provideAccountAuthentication`.
    pub(super) async fn answer(&mut self, credentials: &Secret, scheme: &str) -> Result<bool, Fault> {
        let accepted = self.import.provide(&self.account, credentials, scheme).await?;
        let typed = credentials.as_str().unwrap_or_default();
        let args = json!({"accountId": self.account, "credentials": typed, "scheme": scheme});
        self.called("import", "provideAccountAuthentication", args, accepted);
        Ok(accepted)
    }

    /// `removeAccount` of the importing device.
    pub(super) async fn remove(&mut self) -> Result<(), Fault> {
        self.import.remove(&self.account).await?;
        let args = json!({"accountId": self.account});
        self.called("import", "removeAccount", args, Value::Null);
        Ok(())
    }

    /// Chooses the exporting account.
    pub(super) fn choose(&mut self, protected: bool) -> Result<(), Fault> {
        let chosen = if protected { &self.accounts.protected } else { &self.accounts.plain };
        let option = if protected { "--protected ID" } else { "--plain ID" };
        self.of = chosen.clone().ok_or(Fault::Needs(option))?;
        Ok(())
    }

    /// `addDevice`; an operation that begins is that of the scenario.
    pub(super) async fn add(&mut self, uri: &str) -> Result<i32, Fault> {
        let returned = self.export.add_device(&self.of, uri).await?;
        if let Ok(op @ 1..) = u32::try_from(returned) {
            self.op = op;
        }
        self.called("export", "addDevice", json!({"uri": uri}), returned);
        Ok(returned)
    }

    /// `confirmAddDevice`.
    pub(super) async fn confirm(&mut self) -> Result<bool, Fault> {
        let accepted = self.export.confirm(&self.of, self.op).await?;
        self.called("export", "confirmAddDevice", json!({"op_id": self.op}), accepted);
        Ok(accepted)
    }

    /// `cancelAddDevice`.
    pub(super) async fn cancel(&mut self) -> Result<bool, Fault> {
        let accepted = self.export.cancel(&self.of, self.op).await?;
        self.called("export", "cancelAddDevice", json!({"op_id": self.op}), accepted);
        Ok(accepted)
    }

    /// `addDevice` of an account that is not there.
    pub(super) async fn add_of_no_account(&mut self, uri: &str) -> Result<i32, Fault> {
        self.export.add_device("ffffffffffffffff", uri).await
    }

    /// Waits until both sides have ended, and compares how: `true` is success.
    pub(super) async fn ends(&mut self, import: bool, export: bool) -> Result<(), Fault> {
        self.import_state(5, 1).await?;
        self.export_state(5).await?;
        let ended = |end: String, wanted: bool, side: &str| match (end.is_empty() || end == "none") == wanted {
            true => Ok(()),
            false => Err(Fault::Otherwise(format!("the {side} ends with {end:?}"))),
        };
        ended(self.end_of_import(), import, "import")?;
        ended(self.end_of_export(), export, "export")
    }

    /// Ends the operations of a scenario that has come to its end, if they have not, and removes the accounts that it brought to a
    /// daemon, which would keep them, and connect by each to all the others.
    async fn clear(&mut self) -> Result<(), Fault> {
        let mut removed = Ok(());
        if self.import.keeps_accounts() {
            for account in self.former.iter().chain((!self.account.is_empty()).then_some(&self.account)) {
                removed = removed.and(self.import.remove(account).await);
            }
        } else if !self.account.is_empty() && self.end_of_import() == "-" {
            removed = self.remove().await;
        }
        // A side that is gone does not keep the other one from its end.
        if self.op > 0 && self.end_of_export() == "-" {
            self.cancel().await?;
            self.export_state(5).await?;
        }
        removed
    }

    /// Ends what is left of the scenario: an operation that goes on, and the programs. Returns what they wrote on standard error.
    pub(crate) async fn close(mut self) -> String {
        // The next scenario finds no operation of this one. A daemon that is gone has none.
        let _ = self.clear().await;
        let within = |end: String| if end == "-" { Duration::ZERO } else { GRACE.min(self.deadline) };
        let (import, export) = (within(self.end_of_import()), within(self.end_of_export()));
        [self.import.end(import).await, self.export.end(export).await].concat()
    }

    /// The `error` with which the import ended; `-` while it has not.
    pub(crate) fn end_of_import(&self) -> String {
        end(self.of_import.iter())
    }

    /// The `error` with which the export ended; `-` while it has not.
    pub(crate) fn end_of_export(&self) -> String {
        end(self.of_export.iter().filter(|signal| signal.op == Some(self.op)))
    }
}

fn end<'h>(mut signals: impl Iterator<Item = &'h Signalled>) -> String {
    let done = signals.find(|signal| signal.state == 5);
    done.map_or("-".into(), |done| done.details.get("error").cloned().unwrap_or_else(|| "(no error)".into()))
}
