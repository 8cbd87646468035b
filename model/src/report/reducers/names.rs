//! The names of rows, inputs and effects in the tables. Connections, slots and accounts are left out: nothing depends on them there.

use handfast::{
    client::{self, Received},
    export::{self, Tried},
    import::{self, Ask, Check},
    message::{Features, ImportResult, Message, Verdict, Word},
    outcome::{Scheme, Side, Signal},
    reducer::ConnId,
};

use super::{Entered, Machine};
use crate::report::rows;

pub(super) const fn import_kind(input: &import::Input) -> &'static str {
    rows::kind_of_import(input)
}

pub(super) const fn export_kind(input: &export::Input) -> &'static str {
    rows::kind_of_export(input)
}

/// The kinds of inputs that a machine takes. Those of a client and of a connection are all explored.
pub(super) fn kinds(machine: Machine) -> &'static [&'static str] {
    match machine {
        Machine::Daemon(Side::Import) => rows::KINDS_OF_IMPORT,
        Machine::Daemon(Side::Export) => rows::KINDS_OF_EXPORT,
        Machine::Connection(_) | Machine::Client(_) => &[],
    }
}

fn with(kind: &str, value: impl std::fmt::Display) -> String {
    format!("{kind}({value})")
}

const fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::None => "no password",
        Scheme::Password => "password",
    }
}

const fn features(features: Features) -> &'static str {
    match (features.cancel, features.result, features.sas) {
        (false, false, false) => "legacy",
        (true, false, false) => "cancel",
        (false, true, false) => "result",
        (true, true, false) => "cancel, result",
        (false, false, true) => "sas",
        (true, false, true) => "cancel, sas",
        (false, true, true) => "result, sas",
        (true, true, true) => "cancel, result, sas",
    }
}

fn message(message: Message) -> String {
    match message {
        Message::Hello(named) => with("hello", features(named)),
        Message::AuthScheme(asked, named) => format!("authScheme({}; {})", scheme(asked), features(named)),
        Message::Password(_) => "password".into(),
        Message::Verdict(Verdict::Wrong) => "verdict(wrong)".into(),
        Message::Verdict(Verdict::Final) => "verdict(final)".into(),
        Message::Verdict(Verdict::None) => "verdict(none)".into(),
        Message::Commitment(_) => "commitment".into(),
        Message::Nonce(_) => "nonce".into(),
        Message::Opening(_) => "opening".into(),
        Message::State(Word::Mismatch) => "MISMATCH".into(),
        Message::State(Word::Canceled) => "CANCELED".into(),
        Message::State(Word::Timeout) => "TIMEOUT".into(),
        Message::ImportResult(ImportResult::Stored) => "stored".into(),
        Message::ImportResult(ImportResult::FailedArchive) => "failed_archive".into(),
        Message::ImportResult(ImportResult::FailedStorage) => "failed_storage".into(),
        Message::ImportResult(ImportResult::Other) => "importResult(other)".into(),
        Message::Unknown => "unknown message".into(),
    }
}

fn signal(signal: Signal) -> String {
    match signal {
        Signal::Prompt { scheme: asked, wrong_password, .. } => {
            let wrong = if wrong_password { ", wrong password" } else { "" };
            format!("AUTHENTICATING({}{wrong})", scheme(asked))
        }
        Signal::CompareAccount { scheme: asked, .. } => format!("AUTHENTICATING(comparison; {})", scheme(asked)),
        Signal::CompareDevice { .. } => "AUTHENTICATING(comparison)".into(),
        Signal::Done(outcome) => format!("DONE({outcome})"),
        other => other.state().to_string(),
    }
}

pub(super) fn import_value(input: &import::Input) -> String {
    use import::Input as I;
    let kind = import_kind(input);
    match *input {
        I::ProvideAccountAuthentication(_, asked) => with(kind, scheme(asked)),
        I::ConnectionOpened { presented: None, .. } => with(kind, "no account"),
        I::ConnectionOpened { verified: false, .. } => with(kind, "forged"),
        I::Message(_, said) => message(said),
        I::Checked(Check::Sound(_)) => with(kind, "sound"),
        I::Checked(Check::Unsound) => with(kind, "unsound"),
        I::Checked(Check::Unreadable) => with(kind, "unreadable"),
        I::Installed(durable) => with(kind, if durable { "durable" } else { "failed" }),
        I::Fired(timer) => with(kind, format_args!("{timer:?}")),
        I::ChannelRequested(_, Ask::Right | Ask::Wrong | Ask::Other) => kind.into(),
        _ => kind.into(),
    }
}

pub(super) fn export_value(input: &export::Input) -> String {
    use export::Input as I;
    let kind = export_kind(input);
    match *input {
        I::AddDevice(asked) => with(kind, scheme(asked)),
        I::Opened { pinned } => with(kind, if pinned { "the token's device" } else { "another device" }),
        I::Message(said) => message(said),
        I::Tried(_, Tried::Opened) => with(kind, "opened"),
        I::Tried(_, Tried::Wrong) => with(kind, "wrong"),
        I::Tried(_, Tried::Unreadable) => with(kind, "unreadable"),
        I::Fired(timer) => with(kind, format_args!("{timer:?}")),
        _ => kind.into(),
    }
}

/// An effect; `own` is the connection of the input.
pub(super) fn import_effect(effect: import::Effect, own: Option<ConnId>) -> String {
    use import::Effect as E;
    let whose = |conn| if Some(conn) == own || own.is_none() { "" } else { " another" };
    match effect {
        E::Signal(said) => signal(said),
        E::Publish => "publish".into(),
        E::Withdraw => "withdraw".into(),
        E::Accept(_) => "accept the connection".into(),
        E::Refuse(_) => "refuse the connection".into(),
        E::Close(conn) => format!("close{}", whose(conn)),
        E::AcceptChannel(_) => "accept the channel".into(),
        E::DeclineChannel(_) => "decline the channel".into(),
        E::Send(_, said) => format!("send {}", message(said)),
        E::End(_) => "end the channel".into(),
        E::Arm(timer) => format!("arm {timer:?}"),
        E::Disarm(timer) => format!("disarm {timer:?}"),
        E::Stage(_) => "stage".into(),
        E::Check => "check".into(),
        E::Install => "install".into(),
        E::Discard => "discard".into(),
        E::Remove => "remove the account".into(),
    }
}

pub(super) fn export_effect(effect: export::Effect) -> String {
    use export::Effect as E;
    match effect {
        E::Signal(said) => signal(said),
        E::Connect => "connect".into(),
        E::RequestChannel => "request the channel".into(),
        E::Send(said) => format!("send {}", message(said)),
        E::Open(_) => "open the archive".into(),
        E::SendArchive => "send the archive".into(),
        E::End => "end the channel".into(),
        E::Close => "close".into(),
        E::Arm(timer) => format!("arm {timer:?}"),
        E::Disarm(timer) => format!("disarm {timer:?}"),
    }
}

fn failure(failure: client::Failure) -> String {
    match failure {
        client::Failure::Ended(outcome) => outcome.to_string(),
        client::Failure::Unheard => "an unknown error".into(),
        client::Failure::NoAccount(error) => error.to_string(),
        client::Failure::NoDevice(error) => error.to_string(),
    }
}

pub(super) fn import_screen(screen: client::import::Screen) -> String {
    use client::import::Screen as S;
    match screen {
        S::Authenticating { answered: false, .. } => "Authenticating".into(),
        S::Authenticating { answered: true, .. } => "Authenticating, answered".into(),
        S::Error(_) => "Error".into(),
        other => format!("{other:?}"),
    }
}

pub(super) fn export_screen(screen: client::export::Screen) -> String {
    use client::export::Screen as S;
    match screen {
        S::Authenticating { confirmed: false, .. } => "Authenticating".into(),
        S::Authenticating { confirmed: true, .. } => "Authenticating, confirmed".into(),
        S::Done { .. } => "Done".into(),
        S::Error(_) => "Error".into(),
        other => format!("{other:?}"),
    }
}

/// Operation 1, which may be the client's, or another.
fn whose(id: u64) -> &'static str {
    if id == 1 { "" } else { " of operation 2" }
}

fn signalled(id: u64, came: Received) -> Entered {
    let value = match came {
        Received::Signal(said) => signal(said),
        Received::Unheard => "DONE(an unknown error)".into(),
        Received::Strange => "a strange signal".into(),
    };
    Entered { kind: "signal".into(), value: format!("{value}{}", whose(id)) }
}

fn returned(call: &str, id: u64, accepted: bool) -> Entered {
    let value = if accepted { "returned true" } else { "returned false" };
    Entered { kind: call.into(), value: format!("{call} {value}{}", whose(id)) }
}

fn action(action: impl std::fmt::Debug) -> Entered {
    let name = format!("{action:?}");
    let name = name.split('(').next().unwrap_or(&name).to_owned();
    Entered { kind: "person".into(), value: format!("person: {name}") }
}

pub(super) fn import_client_input(input: &client::import::Input) -> Entered {
    use client::import::Input as I;
    match *input {
        I::Added(Ok(id)) => Entered { kind: "addAccount".into(), value: format!("addAccount returned{}", whose(id.0)) },
        I::Added(Err(error)) => Entered { kind: "addAccount".into(), value: format!("addAccount refused: {error}") },
        I::Provided(id, accepted) => returned("provideAccountAuthentication", id.0, accepted),
        I::Compared(id, accepted) => returned("compareAccount", id.0, accepted),
        I::Removed(id, accepted) => returned("removeAccount", id.0, accepted),
        I::Signal(id, said) => signalled(id.0, said),
        I::Select | I::Answer(_) | I::Compare(_) | I::Back | I::Reset | I::Finish => action(input),
    }
}

pub(super) fn export_client_input(input: &client::export::Input) -> Entered {
    use client::export::Input as I;
    match *input {
        I::Added(Ok(id)) => {
            Entered { kind: "addDevice".into(), value: format!("addDevice returned{}", whose(id.0.into())) }
        }
        I::Added(Err(error)) => Entered { kind: "addDevice".into(), value: format!("addDevice refused: {error}") },
        I::Confirmed(id, accepted) => returned("confirmAddDevice", id.0.into(), accepted),
        I::Compared(id, accepted) => returned("compareAddDevice", id.0.into(), accepted),
        I::Canceled(id, accepted) => returned("cancelAddDevice", id.0.into(), accepted),
        I::Signal(id, said) => signalled(id.0.into(), said),
        _ => action(input),
    }
}

pub(super) fn import_client_effect(effect: &client::import::Effect) -> String {
    use client::import::{Effect as E, Screen};
    match *effect {
        E::AddAccount => "call addAccount".into(),
        E::Query(_) => "ask for the state".into(),
        E::ProvideAccountAuthentication(..) => "call provideAccountAuthentication".into(),
        E::CompareAccount(_, equal) => format!("call compareAccount({equal})"),
        E::RemoveAccount(_) => "call removeAccount".into(),
        E::Show(Screen::Error(why)) => format!("show Error({})", failure(why)),
        E::Show(screen) => format!("show {}", import_screen(screen)),
        E::Ignored(why) => format!("note in a log: {why:?}"),
        note => format!("show {note:?}"),
    }
}

pub(super) fn export_client_effect(effect: &client::export::Effect) -> String {
    use client::export::{Effect as E, Screen};
    match *effect {
        E::AddDevice(_) => "call addDevice".into(),
        E::Query(_) => "ask for the state".into(),
        E::ConfirmAddDevice(_) => "call confirmAddDevice".into(),
        E::CompareAddDevice(_, equal) => format!("call compareAddDevice({equal})"),
        E::CancelAddDevice(_) => "call cancelAddDevice".into(),
        E::Show(Screen::Error(why)) => format!("show Error({})", failure(why)),
        E::Show(screen) => format!("show {}", export_screen(screen)),
        E::Ignored(why) => format!("note in a log: {why:?}"),
        note => format!("show {note:?}"),
    }
}
