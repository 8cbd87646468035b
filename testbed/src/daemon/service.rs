//! The calls and signals of the interface.
//!
//! One task takes the calls and gives the signals, so that no signal of an operation overtakes the return of the call that began it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use handfast::{
    archive::{Argon2i, KeyKind, MemoryFs, Store, UnixTime},
    limits::{DEFAULT_MAX_ARCHIVE, Durations},
    operations::{AddDeviceError, LocalId, OpId},
    outcome::{LinkState, Scheme},
    reducer::Config,
    secret::Secret,
    shell::{
        ExportHandle, ImportEnv, ImportHandle, ImportIdentity, ImportOptions, Imports, Notice, SystemRandom,
        folder::FolderStore,
    },
    token::{Token, trim_typed},
};
use handfast_model::without::Without;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    watch,
};
use zbus::{Connection, Message, MessageStream, message::Type};

use super::{account::Account, exchange::Way, other::Other, plots::Order};
use crate::{
    dbus::{self, INTERFACE, PATH},
    failure::Failure,
};

/// The interface, for clients that ask for it.
const INTROSPECTION: &str = include_str!("interface.xml");

/// A signal that waits to be given.
struct Said {
    account: LocalId,
    notice: Notice,
}

/// The daemon on its bus.
pub(super) struct Service {
    connection: Connection,
    calls: MessageStream,
    exports: HashMap<LocalId, ExportHandle>,
    imports: HashMap<LocalId, ImportHandle>,
    /// The number of each import that goes on, and its last state; and the last state of the exports.
    states: HashMap<LocalId, (u64, watch::Sender<LinkState>)>,
    exported: watch::Sender<LinkState>,
    tokens: HashMap<LocalId, Token>,
    registry: Imports<Without>,
    store: Store<MemoryFs>,
    config: Config,
    durations: Durations,
    way: Way,
    now: UnixTime,
    /// The other device, by a plot.
    other: Option<Other>,
    delays: Delays,
    /// Imports so far.
    links: u64,
    said: UnboundedReceiver<Said>,
    says: UnboundedSender<Said>,
}

/// The setup of a daemon.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) durations: Durations,
    pub(super) way: Way,
    pub(super) rules: Without,
    pub(super) now: UnixTime,
    /// The other device, where a client is tried alone.
    pub(super) other: Option<Other>,
    pub(super) delays: Delays,
}

/// The answer to a call that cannot be taken.
struct Refusal {
    name: &'static str,
    text: String,
}

impl Service {
    pub(super) fn new(
        connection: Connection,
        accounts: Vec<Account>,
        Setup { config, durations, way, rules, now, other, delays }: Setup,
    ) -> Result<Self, Failure> {
        let (says, said) = unbounded_channel();
        let mut exports = HashMap::new();
        for Account { id, export, notices, .. } in accounts {
            exports.insert(id, export);
            tokio::spawn(forward(id, notices, says.clone(), delays.clone()));
        }
        let store = Store::open_in(MemoryFs::default(), "/accounts").map_err(Failure::reason)?;
        let calls = MessageStream::from(&connection);
        Ok(Self {
            connection,
            calls,
            exports,
            imports: HashMap::new(),
            states: HashMap::new(),
            exported: watch::Sender::new(LinkState::Init),
            tokens: HashMap::new(),
            registry: Imports::under(rules),
            store,
            config,
            durations,
            way,
            now,
            other,
            delays,
            links: 0,
            said,
            says,
        })
    }

    /// Serves until the bus is lost.
    pub(super) async fn run(mut self) {
        if let Some(other) = self.other.clone() {
            tokio::spawn(other.import(self.exported.subscribe()));
        }
        loop {
            tokio::select! {
                biased;
                message = dbus::next(&mut self.calls) => match message {
                    None => return,
                    Some(message) if message.message_type() == Type::MethodCall => {
                        if self.answer(&message).await.is_err() {
                            return;
                        }
                    }
                    Some(_) => {}
                },
                said = self.said.recv() => match said {
                    None => return,
                    Some(said) => if self.say(said).await.is_err() {
                        return;
                    },
                },
            }
        }
    }

    /// Answers a call. Fails where the bus is lost.
    async fn answer(&mut self, message: &Message) -> zbus::Result<()> {
        match self.call(message).await? {
            Ok(()) => Ok(()),
            Err(Refusal { name, text }) => {
                let name = format!("org.freedesktop.DBus.Error.{name}");
                self.connection.reply_error(&message.header(), name, &text).await
            }
        }
    }

    async fn call(&mut self, message: &Message) -> zbus::Result<Result<(), Refusal>> {
        let header = message.header();
        let interface = header.interface().map_or("", |name| name.as_str()).to_owned();
        let member = header.member().map_or("", |name| name.as_str()).to_owned();
        let reply = self.connection.clone();
        match interface.as_str() {
            "org.freedesktop.DBus.Peer" if member == "Ping" => return reply.reply(&header, &()).await.map(Ok),
            "org.freedesktop.DBus.Introspectable" if member == "Introspect" => {
                return reply.reply(&header, &INTROSPECTION).await.map(Ok);
            }
            _ => {}
        }
        if header.path().is_none_or(|path| path.as_str() != PATH) {
            return Ok(Err(Refusal { name: "UnknownObject", text: format!("there is only {PATH}") }));
        }
        if !matches!(interface.as_str(), "" | INTERFACE) {
            return Ok(Err(Refusal { name: "UnknownInterface", text: format!("there is only {INTERFACE}") }));
        }
        /// The arguments of a call, or its refusal.
        macro_rules! args {
            ($type:ty) => {
                match dbus::read::<$type>(message, dbus::types_of(&member).unwrap_or_default()) {
                    Ok(args) => args,
                    Err(why) => {
                        let text = format!("{member}: {why}");
                        return Ok(Err(Refusal { name: "InvalidArgs", text }));
                    }
                }
            };
        }
        match member.as_str() {
            "addAccount" => {
                let id = self.add_account(&args!(HashMap<String, String>)).await;
                reply.reply(&header, &id).await?;
            }
            "provideAccountAuthentication" => {
                let (account, credentials, scheme) = args!((String, String, String));
                let accepted = self.provide(&account, Secret::from(credentials), &scheme).await;
                reply.reply(&header, &accepted).await?;
            }
            "removeAccount" => {
                let account = args!(String);
                if let Some(import) = account.parse().ok().and_then(|id: LocalId| self.imports.get(&id)) {
                    // It is removed, or was before.
                    let _ = import.remove_account().await;
                }
                reply.reply(&header, &()).await?;
            }
            "addDevice" => {
                let (account, uri) = args!((String, String));
                let returned = match self.add_device(&account, &uri).await {
                    Ok(OpId(op)) => i32::try_from(op).unwrap_or(AddDeviceError::Generic.code()),
                    Err(error) => error.code(),
                };
                reply.reply(&header, &returned).await?;
            }
            // Of the operations of this account alone (R-CLI-10).
            "confirmAddDevice" => {
                let (account, op) = args!((String, u32));
                let accepted = match self.export(&account) {
                    Some(export) => export.confirm_add_device(OpId(op)).await.is_ok(),
                    None => false,
                };
                reply.reply(&header, &accepted).await?;
            }
            "cancelAddDevice" => {
                let (account, op) = args!((String, u32));
                let accepted = match self.export(&account) {
                    Some(export) => export.cancel_add_device(OpId(op)).await.is_ok(),
                    None => false,
                };
                reply.reply(&header, &accepted).await?;
            }
            _ => {
                let text = format!("{INTERFACE} has no {member} here: this daemon only links devices");
                return Ok(Err(Refusal { name: "UnknownMethod", text }));
            }
        }
        Ok(Ok(()))
    }

    /// `addAccount`: the id of a new account; no id where it is no call of a link, or there is no room (R-API-1).
    async fn add_account(&mut self, details: &HashMap<String, String>) -> String {
        if details.get("Account.archiveURL").map(String::as_str) != Some("jami-auth") {
            return String::new();
        }
        let kdf = Arc::new(Argon2i);
        let (config, durations, now) = (self.config, self.durations, self.now);
        // As a daemon that cannot listen.
        let Ok((publish, reach)) = self.way.publisher().await else { return String::new() };
        let env = ImportEnv {
            publish,
            store: FolderStore::new(self.store.clone(), kdf, KeyKind::P256, DEFAULT_MAX_ARCHIVE, now),
            identity: ImportIdentity::Make { reach, now },
            random: SystemRandom,
        };
        let options = ImportOptions { config, durations, now: Some(now), ..ImportOptions::default() };
        let Ok((import, notices, operation)) = self.registry.add_account(env, options) else { return String::new() };
        let id = import.id();
        self.imports.insert(id, import);
        self.links += 1;
        self.states.insert(id, (self.links, watch::Sender::new(LinkState::Init)));
        tokio::spawn(operation);
        let delays = self.delays.of_link(self.links);
        tokio::spawn(forward(id, notices, self.says.clone(), delays));
        id.to_string()
    }

    async fn provide(&self, account: &str, credentials: Secret, scheme: &str) -> bool {
        let import = account.parse().ok().and_then(|id: LocalId| self.imports.get(&id));
        let (Some(import), Some(scheme)) = (import, Scheme::from_word(scheme)) else { return false };
        import.provide_account_authentication(credentials, scheme).await.is_ok()
    }

    async fn add_device(&self, account: &str, uri: &str) -> Result<OpId, AddDeviceError> {
        let export = self.export(account).ok_or(AddDeviceError::Generic)?;
        let token = Token::parse(trim_typed(uri.as_bytes())).map_err(|_| AddDeviceError::InvalidUri)?;
        export.add_device_by(token).await
    }

    fn export(&self, account: &str) -> Option<&ExportHandle> {
        self.exports.get(&account.parse().ok()?)
    }

    /// Gives a signal.
    async fn say(&mut self, Said { account, notice }: Said) -> zbus::Result<()> {
        let state = notice.state();
        if notice.op.is_none() {
            self.publish(account, state, &notice);
            if let Some((_, states)) = self.states.get(&account) {
                states.send_replace(state);
            }
            if state == LinkState::Done {
                self.states.remove(&account);
            }
        } else {
            self.exported.send_replace(state);
        }
        let number = i32::from(state.number());
        let id = account.to_string();
        let none = None::<&str>;
        match notice.op {
            None => {
                let body = (id, number, &notice.details);
                self.connection.emit_signal(none, PATH, INTERFACE, "deviceAuthStateChanged", &body).await
            }
            Some(OpId(op)) => {
                let body = (id, op, number, &notice.details);
                self.connection.emit_signal(none, PATH, INTERFACE, "addDeviceStateChanged", &body).await
            }
        }
    }

    /// Makes an importing device known while its token is shown.
    fn publish(&mut self, account: LocalId, state: LinkState, notice: &Notice) {
        let shown = notice.details.get("token").and_then(|text| Token::parse(text.as_bytes()).ok());
        let listening = self.imports.get(&account).and_then(ImportHandle::listening);
        if let (Some(token), Some(address)) = (shown, listening) {
            self.way.add(&token.device, address);
            self.tokens.insert(account, token);
            if let (Some(other), Some((link, states))) = (&self.other, self.states.get(&account)) {
                // If there is no other device, none comes.
                let _ = other.export(*link, token, states.subscribe());
            }
        }
        if state == LinkState::Done
            && let Some(token) = self.tokens.remove(&account)
        {
            self.way.remove(&token.device);
        }
    }
}

/// How late signals are.
#[derive(Clone)]
pub(super) struct Delays {
    /// All of them, if that is given.
    pub(super) always: Option<Duration>,
    /// Otherwise those of a link.
    pub(super) order: Option<Order>,
}

impl Delays {
    fn of(&self, link: u64) -> Duration {
        let drawn = || self.order.as_ref().and_then(|order| order.of(link).1);
        self.always.or_else(drawn).unwrap_or_default()
    }

    /// The same for each signal of a link.
    fn of_link(&self, link: u64) -> Self {
        Self { always: Some(self.of(link)), order: None }
    }
}

/// Hands on the signals of an account. The links of an export are its operations.
async fn forward(
    account: LocalId,
    mut notices: UnboundedReceiver<Notice>,
    says: UnboundedSender<Said>,
    delays: Delays,
) {
    while let Some(notice) = notices.recv().await {
        let delay = delays.of(notice.op.map_or(0, |op| op.0.into()));
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if says.send(Said { account, notice }).is_err() {
            return;
        }
    }
}
