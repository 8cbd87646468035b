//! The events on the four lifelines in a step of a link with its clients.

use std::fmt;

use handfast::{
    client::{Received, export as export_client, import as import_client},
    export, import,
    outcome::{Profile, Scheme, Side, Signal},
};

use super::table::Lifeline::{self, NewClient, NewDaemon, OldClient, OldDaemon};
use crate::{
    document::words::words,
    property::clients::linked::{Done, Step, Whole},
    system::{
        Turn,
        action::Action,
        link::{Item, Opposite as _},
        world::PEER,
    },
};

/// One end of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    /// It is sent; what a lifeline does by itself has this end only.
    Sent,
    /// It arrives.
    Got,
}

/// A message or an action: a name, and the text in its brackets. A label of the document is read into the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Said {
    name: String,
    /// There are brackets.
    call: bool,
    /// Each with its value, where one is given.
    items: Vec<(String, Option<String>)>,
}

/// An end of an arrow of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    pub(crate) from: Lifeline,
    pub(crate) to: Lifeline,
    pub(crate) end: End,
    pub(crate) said: Said,
}

impl Event {
    /// The lifeline on which it is.
    pub(crate) const fn at(&self) -> Lifeline {
        match self.end {
            End::Sent => self.from,
            End::Got => self.to,
        }
    }
}

impl Said {
    /// Reads a label: `name(item, item="value")`, or words.
    pub(crate) fn read(label: &str) -> Self {
        let flat = label.replace("<br/>", " ");
        let (name, inside) = match flat.split_once('(') {
            Some((name, rest)) if flat.ends_with(')') => (name, rest.strip_suffix(')').unwrap_or(rest)),
            _ => (flat.as_str(), ""),
        };
        let item = |item: &str| match item.trim().split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.trim_matches('"').to_owned())),
            None => (item.trim().to_owned(), None),
        };
        let items = inside.split(',').filter(|text| !text.trim().is_empty()).map(item).collect();
        Self { name: name.trim().to_owned(), call: flat.ends_with(')'), items }
    }

    /// Whether a label says just this. A value that it leaves out may be any.
    pub(crate) fn is_said_by(&self, label: &Self) -> bool {
        let says = |(key, value): &(String, Option<String>)| {
            let mut own = self.items.iter().filter(|(other, _)| other == key);
            own.any(|(_, given)| value.is_none() || value == given)
        };
        self.name == label.name && self.items.len() == label.items.len() && label.items.iter().all(says)
    }

    fn signal(name: &str, signal: Signal, profile: Profile) -> Self {
        let details = signal.details(profile.vocabulary(), "…");
        let state = [("state".to_owned(), Some(signal.state().name().to_owned()))];
        let items = state.into_iter().chain(details.into_iter().map(|(key, value)| (key, Some(value)))).collect();
        Self { name: name.to_owned(), call: true, items }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.call {
            return Ok(());
        }
        f.write_str("(")?;
        for (number, (key, value)) in self.items.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { ", " })?;
            match value.as_deref() {
                None => f.write_str(key)?,
                Some(value) if key == "state" => write!(f, "state={value}")?,
                // Account and operation are the same in all, and described elsewhere.
                Some(_) if matches!(key.as_str(), "peer_id" | "peer_address" | "token") => f.write_str(key)?,
                Some(value) => write!(f, "{key}=\"{value}\"")?,
            }
        }
        f.write_str(")")
    }
}

/// Reads the steps of a link in a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    pub(crate) profile: Profile,
    /// The transfer of the archive is its end, and not its beginning.
    pub(crate) transfer_is_its_end: bool,
}

impl Reader {
    /// Returns the events of a step, in order on each lifeline.
    pub(crate) fn events(&self, before: &Whole, step: Step, done: &Done) -> Vec<Event> {
        let mut events = Vec::new();
        let mut add = |from, to, end, said| events.push(Event { from, to, end, said });
        match step {
            Step::Call(Side::Import) => {
                let call = before.import.calls.front().and_then(|&call| import_call(call));
                call.map(|said| taken(said, done))
                    .into_iter()
                    .for_each(|said| add(NewClient, NewDaemon, End::Got, said));
            }
            Step::Call(Side::Export) => {
                let call = before.export.calls.front().and_then(|&call| export_call(call));
                call.map(|said| taken(said, done))
                    .into_iter()
                    .for_each(|said| add(OldClient, OldDaemon, End::Got, said));
            }
            Step::Receive(Side::Import) => {
                let received =
                    before.import.signals.front().and_then(|&received| self.received(Side::Import, received));
                received.into_iter().for_each(|said| add(NewDaemon, NewClient, End::Got, said));
            }
            Step::Receive(Side::Export) => {
                let received =
                    before.export.signals.front().and_then(|&received| self.received(Side::Export, received));
                received.into_iter().for_each(|said| add(OldDaemon, OldClient, End::Got, said));
            }
            Step::Link(Action::Deliver(side)) => {
                let item = before.link.world.link.half(side).queue.first();
                if let Some(said) = item.and_then(|&item| self.item(item)) {
                    add(daemon(side.peer()), daemon(side), End::Got, said);
                }
            }
            Step::Link(Action::HandedOver) => {
                self.item(Item::ArchiveEnd).into_iter().for_each(|said| add(OldDaemon, NewDaemon, End::Sent, said));
            }
            Step::Import(_) | Step::Export(_) | Step::Return(_) | Step::Foreign(..) | Step::Link(_) => {}
        }
        for event in self.turn(&done.turn).into_iter().chain(replays(before, step, self)).chain(clients(done)) {
            events.push(event);
        }
        events
    }

    /// Returns the signal of a daemon.
    fn turn(&self, turn: &Turn) -> Vec<Event> {
        let sent = |from, to, said| Event { from, to, end: End::Sent, said };
        match turn {
            Turn::Import(_, effects) => {
                let said = |effect: &import::Effect| match *effect {
                    import::Effect::Signal(signal) => {
                        Some(sent(NewDaemon, NewClient, Said::signal(IMPORT_SIGNAL, signal, self.profile)))
                    }
                    effect => Some(sent(NewDaemon, OldDaemon, self.item(import_item(effect)?)?)),
                };
                effects.iter().filter_map(said).collect()
            }
            Turn::Export(_, effects) => {
                let said = |effect: &export::Effect| match *effect {
                    export::Effect::Signal(signal) => {
                        Some(sent(OldDaemon, OldClient, Said::signal(EXPORT_SIGNAL, signal, self.profile)))
                    }
                    effect => Some(sent(OldDaemon, NewDaemon, self.item(export_item(effect)?)?)),
                };
                effects.iter().filter_map(said).collect()
            }
            Turn::Neither => Vec::new(),
        }
    }

    /// Returns a message between the daemons, in the document's words where it has some. The handshake is of both.
    fn item(&self, item: Item) -> Option<Said> {
        Some(match item {
            Item::Request => Said::read("DHT connection request"),
            Item::ArchiveBegin if !self.transfer_is_its_end => Said::read(TRANSFER),
            Item::ArchiveEnd if self.transfer_is_its_end => Said::read(TRANSFER),
            Item::ArchiveBegin => Said::read("the archive begins"),
            Item::ArchiveEnd => Said::read("the archive ends"),
            Item::Opened | Item::Lost => return None,
            item => Said::read(&words(item)),
        })
    }

    fn received(&self, side: Side, received: Received) -> Option<Said> {
        let name = match side {
            Side::Import => IMPORT_SIGNAL,
            Side::Export => EXPORT_SIGNAL,
        };
        match received {
            Received::Signal(signal) => Some(Said::signal(name, signal, self.profile)),
            // In a link, only what today's daemon calls so.
            Received::Unheard => Some(Said::read(&format!("{name}(state=DONE, error=\"unknown\")"))),
            Received::Strange => None,
        }
    }
}

const IMPORT_SIGNAL: &str = "deviceAuthStateChanged";
const EXPORT_SIGNAL: &str = "addDeviceStateChanged";
const TRANSFER: &str = "Transfer account archive";

const fn daemon(side: Side) -> Lifeline {
    match side {
        Side::Import => NewDaemon,
        Side::Export => OldDaemon,
    }
}

/// The last signal, said again to who asks for the state.
fn replays(before: &Whole, step: Step, reader: &Reader) -> Option<Event> {
    let (side, from, to, last) = match step {
        Step::Call(Side::Import) => {
            matches!(before.import.calls.front(), Some(import_client::Effect::Query(_))).then_some(())?;
            (Side::Import, NewDaemon, NewClient, before.import.last()?)
        }
        Step::Call(Side::Export) => {
            matches!(before.export.calls.front(), Some(export_client::Effect::Query(_))).then_some(())?;
            (Side::Export, OldDaemon, OldClient, before.export.last()?)
        }
        _ => return None,
    };
    Some(Event { from, to, end: End::Sent, said: reader.received(side, last)? })
}

/// Returns the actions of persons and clients.
fn clients(done: &Done) -> Vec<Event> {
    let mut events = Vec::new();
    let mut sent = |from, to, said| events.push(Event { from, to, end: End::Sent, said });
    for &effect in done.import.iter().flat_map(|(_, effects)| effects) {
        if let Some(said) = import_call(effect) {
            sent(NewClient, NewDaemon, said);
        }
        let import_client::Effect::Show(import_client::Screen::Authenticating { prompt, answered: false }) = effect
        else {
            continue;
        };
        let shown = match prompt.scheme {
            Scheme::Password => "Show password prompt",
            Scheme::None => "Show the account to be confirmed",
        };
        sent(NewClient, NewClient, Said::read(shown));
    }
    if let Some((input, effects)) = &done.export {
        match input {
            export_client::Input::Select => sent(OldClient, OldClient, Said::read("User chooses to export")),
            export_client::Input::Detected(_) | export_client::Input::Entered(_) => {
                sent(OldClient, OldClient, Said::read("Scan QR/Enter token"));
            }
            _ => {}
        }
        effects.iter().filter_map(|&effect| export_call(effect)).for_each(|said| sent(OldClient, OldDaemon, said));
    }
    events
}

/// A call without the account's name, which the document leaves out everywhere.
fn import_call(effect: import_client::Effect) -> Option<Said> {
    use import_client::Effect as E;
    Some(match effect {
        E::AddAccount => Said::read("addAccount(archiveURL=\"jami-auth\")"),
        E::ProvideAccountAuthentication(..) => Said::read("provideAccountAuthentication(password, scheme)"),
        E::CompareAccount(..) => Said::read("compareAccount(equal)"),
        E::RemoveAccount(_) => Said::read("removeAccount()"),
        E::Query(_) => Said::read(QUERY),
        E::Show(_) | E::Notify(_) | E::Ignored(_) => return None,
    })
}

fn export_call(effect: export_client::Effect) -> Option<Said> {
    use export_client::Effect as E;
    Some(match effect {
        E::AddDevice(_) => Said::read("addDevice(token)"),
        E::ConfirmAddDevice(_) => Said::read("confirmAddDevice(op_id)"),
        E::CompareAddDevice(..) => Said::read("compareAddDevice(op_id, equal)"),
        E::CancelAddDevice(_) => Said::read("cancelAddDevice(op_id)"),
        E::Query(_) => Said::read(QUERY),
        E::Show(_) | E::Notify(_) | E::Ignored(_) => return None,
    })
}

/// A call that arrived. One that is refused is not what the document draws.
fn taken(said: Said, done: &Done) -> Said {
    let refused = done.turn == Turn::Neither && said.name != QUERY;
    if refused { Said::read(&format!("{said}, refused")) } else { said }
}

const QUERY: &str = "ask for the state";

fn import_item(effect: import::Effect) -> Option<Item> {
    use import::Effect as E;
    match effect {
        E::AcceptChannel(PEER) => Some(Item::Accepted),
        E::DeclineChannel(PEER) => Some(Item::Declined),
        E::Refuse(PEER) => Some(Item::Refused),
        E::Send(PEER, message) => Some(Item::Message(message)),
        E::End(PEER) => Some(Item::End),
        _ => None,
    }
}

fn export_item(effect: export::Effect) -> Option<Item> {
    use export::Effect as E;
    match effect {
        E::Connect => Some(Item::Request),
        E::RequestChannel => Some(Item::ChannelRequest),
        E::Send(message) => Some(Item::Message(message)),
        E::SendArchive => Some(Item::ArchiveBegin),
        E::End => Some(Item::End),
        E::Signal(_) | E::Open(_) | E::Close | E::Arm(_) | E::Disarm(_) => None,
    }
}
