//! Links two devices in memory: both reducers, and a driver that carries out their effects.

use std::{collections::VecDeque, net::SocketAddr};

use handfast::{AccountId, Config, ConnId, Exporter, Importer, Refused, Scheme, Signal, Slot, export, import};

const ACCOUNT: AccountId = AccountId([7; 20]);
const CONN: ConnId = ConnId(1);

enum Event {
    Import(import::Input),
    Export(export::Input),
}

fn main() -> Result<(), Refused> {
    let (mut importer, mut exporter) = (Importer::new(Config::default()), Exporter::new(Config::default()));
    let mut events = VecDeque::from([Event::Import(import::Input::AddAccount)]);
    while let Some(event) = events.pop_front() {
        match event {
            Event::Import(input) => importer.handle(input)?,
            Event::Export(input) => exporter.handle(input)?,
        }
        while let Some(effect) = importer.poll_effect() {
            events.extend(of_importer(effect));
        }
        while let Some(effect) = exporter.poll_effect() {
            events.extend(of_exporter(effect));
        }
    }
    println!("new device: {}, old device: {}", importer.state(), exporter.state());
    Ok(())
}

/// Carries out an effect of the new device. The network and the disk of this driver answer at once.
fn of_importer(effect: import::Effect) -> Vec<Event> {
    use import::{Check, Effect, Input};
    if let Effect::Signal(signal) = effect {
        println!("new device: {}", signal.state());
    }
    match effect {
        Effect::Publish => vec![Event::Import(Input::Published)],
        Effect::Signal(Signal::TokenAvailable) => vec![Event::Export(export::Input::AddDevice(Scheme::None))],
        Effect::Accept(conn) => vec![
            Event::Import(Input::ConnectionOpened { conn, presented: Some(ACCOUNT), verified: true }),
            Event::Export(export::Input::Opened { pinned: true }),
        ],
        Effect::AcceptChannel(_) => {
            let peer_address = SocketAddr::from(([192, 0, 2, 7], 4711));
            vec![Event::Export(export::Input::Accepted { peer_address })]
        }
        // The user agrees to the account.
        Effect::Signal(Signal::Prompt { scheme, .. }) => {
            vec![Event::Import(Input::ProvideAccountAuthentication(Slot(0), scheme))]
        }
        Effect::Send(_, message) => vec![Event::Export(export::Input::Message(message))],
        Effect::Check => vec![Event::Import(Input::Checked(Check::Sound(ACCOUNT)))],
        Effect::Install => vec![Event::Import(Input::Installed(true))],
        Effect::End(_) => vec![Event::Export(export::Input::Ended)],
        Effect::Close(_) => vec![Event::Export(export::Input::Lost)],
        _ => vec![],
    }
}

/// Carries out an effect of the device that has the account.
fn of_exporter(effect: export::Effect) -> Vec<Event> {
    use export::{Effect, Input, Tried};
    if let Effect::Signal(signal) = effect {
        println!("old device: {}", signal.state());
    }
    match effect {
        Effect::Connect => vec![Event::Import(import::Input::ConnectionRequested(CONN))],
        Effect::RequestChannel => vec![Event::Import(import::Input::ChannelRequested(CONN, import::Ask::Right))],
        // The user confirms the new device.
        Effect::Signal(Signal::Confirm { .. }) => vec![Event::Export(Input::ConfirmAddDevice)],
        Effect::Send(message) => vec![Event::Import(import::Input::Message(CONN, message))],
        Effect::Open(slot) => vec![Event::Export(Input::Tried(slot, Tried::Opened))],
        Effect::SendArchive => vec![
            Event::Import(import::Input::ArchiveBegan(CONN)),
            Event::Import(import::Input::ArchiveComplete(CONN)),
            Event::Export(Input::HandedOver),
        ],
        Effect::End => vec![Event::Import(import::Input::ChannelEnded(CONN))],
        Effect::Close => vec![Event::Import(import::Input::ConnectionLost(CONN))],
        _ => vec![],
    }
}
