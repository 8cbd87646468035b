//! The steps of the two reducers in a link without trouble.

use std::net::{Ipv4Addr, SocketAddr};

use handfast::{
    export::{self, Exporter, Tried},
    import::{self, Ask, Check, Importer},
    message::{Features, ImportResult, Message, Slot},
    outcome::{AccountId, Outcome, Scheme},
    reducer::{Config, ConnId},
};

const CONN: ConnId = ConnId(1);
const PEER: AccountId = AccountId([7; 20]);
const SLOT: Slot = Slot(1);

/// The inputs of the import side of a link.
fn import_inputs() -> [import::Input; 14] {
    use import::Input::*;
    [
        AddAccount,
        Published,
        ConnectionRequested(CONN),
        ConnectionOpened { conn: CONN, presented: Some(PEER), verified: true },
        ChannelRequested(CONN, Ask::Right),
        Message(CONN, self::Message::AuthScheme(Scheme::Password, Features::ALL)),
        ProvideAccountAuthentication(SLOT, Scheme::Password),
        ArchiveBegan(CONN),
        ArchiveProgressed(CONN),
        ArchiveProgressed(CONN),
        ArchiveComplete(CONN),
        Checked(Check::Sound(PEER)),
        Installed(true),
        ChannelEnded(CONN),
    ]
}

/// The inputs of its export side.
fn export_inputs() -> [export::Input; 12] {
    use export::Input::*;
    let peer_address = SocketAddr::from((Ipv4Addr::LOCALHOST, 4711));
    [
        AddDevice(Scheme::Password),
        Opened { pinned: true },
        Accepted { peer_address },
        Message(self::Message::Hello(Features::ALL)),
        ConfirmAddDevice,
        Message(self::Message::Password(SLOT)),
        Tried(SLOT, self::Tried::Opened),
        Progressed,
        Progressed,
        HandedOver,
        Message(self::Message::ImportResult(ImportResult::Stored)),
        Ended,
    ]
}

/// Steps of both sides.
pub const STEPS: usize = 26;

/// Takes all of them, drains their effects, and says how many those were.
pub fn link() -> usize {
    let (mut importer, mut exporter) = (Importer::new(Config::default()), Exporter::new(Config::default()));
    let mut effects = 0;
    for input in import_inputs() {
        importer.handle(std::hint::black_box(input)).expect("it is asked for");
        effects += std::iter::from_fn(|| importer.poll_effect()).count();
    }
    for input in export_inputs() {
        exporter.handle(std::hint::black_box(input)).expect("it is asked for");
        effects += std::iter::from_fn(|| exporter.poll_effect()).count();
    }
    assert_eq!((importer.outcome(), exporter.outcome()), (Some(Outcome::SUCCESS), Some(Outcome::SUCCESS)));
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_succeeds() {
        assert_eq!(import_inputs().len() + export_inputs().len(), STEPS);
        assert!(link() > STEPS);
    }
}
