//! The laws of the reducers, under any inputs in any order: total, drained, bounded, deterministic, honest about refusals, and their
//! signals follow the grammar (laws 2, 3 and 6; R-STATE-2).

use std::net::IpAddr;

use handfast::{
    export,
    import::{self, Ask, Check},
    limits::Timer,
    message::{Features, ImportResult, Message, Slot, Verdict, Word},
    outcome::{AccountId, Profile, Scheme},
    reducer::{Config, ConnId, Places},
    rules::AllRules,
    trace::{Step, from_line, to_line},
};
use handfast_harness::trace::check_damage;
use proptest::{
    prelude::*,
    sample::{Index, select},
};

fn features() -> impl Strategy<Value = Features> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(result, cancel, sas)| Features { result, cancel, sas })
}

fn config() -> impl Strategy<Value = Config> {
    let places = select(vec![Places::default(), Places { unsecured: 2, secured: 1 }]);
    (select(vec![Profile::Documented, Profile::Jamid]), features(), places)
        .prop_map(|(profile, features, places)| Config { profile, features, places })
}

fn scheme() -> impl Strategy<Value = Scheme> {
    select(vec![Scheme::None, Scheme::Password])
}

fn slot() -> impl Strategy<Value = Slot> {
    (0..4u8).prop_map(Slot)
}

fn conn() -> impl Strategy<Value = ConnId> {
    prop_oneof![4 => Just(ConnId(1)), 1 => (0..12u32).prop_map(ConnId)]
}

fn timer() -> impl Strategy<Value = Timer> {
    select(Timer::ALL.to_vec())
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        features().prop_map(Message::Hello),
        (scheme(), features()).prop_map(|(scheme, features)| Message::AuthScheme(scheme, features)),
        slot().prop_map(Message::Password),
        select(vec![Verdict::Wrong, Verdict::Final, Verdict::None]).prop_map(Message::Verdict),
        select(vec![Word::Canceled, Word::Timeout, Word::Mismatch]).prop_map(Message::State),
        Just(Message::Commitment(Slot::NONE)),
        Just(Message::Nonce(Slot::NONE)),
        Just(Message::Opening(Slot::NONE)),
        select(vec![
            ImportResult::Stored,
            ImportResult::FailedArchive,
            ImportResult::FailedStorage,
            ImportResult::Other
        ])
        .prop_map(Message::ImportResult),
        Just(Message::Unknown),
    ]
}

fn account() -> impl Strategy<Value = AccountId> {
    (0..2u8).prop_map(|id| AccountId([id; 20]))
}

fn import_input() -> impl Strategy<Value = import::Input> {
    use import::Input::*;
    prop_oneof![
        Just(AddAccount),
        (slot(), scheme()).prop_map(|(slot, scheme)| ProvideAccountAuthentication(slot, scheme)),
        any::<bool>().prop_map(CompareAccount),
        Just(RemoveAccount),
        Just(Published),
        Just(Unpublishable),
        conn().prop_map(ConnectionRequested),
        (conn(), 0..3u8).prop_map(|(conn, from)| ConnectionRequestedFrom(conn, IpAddr::from([192, 0, 2, from]).into())),
        conn().prop_map(ConnectionAnswered),
        Just(ConnectionsExhausted),
        (conn(), prop::option::of(account()), prop::bool::weighted(0.9))
            .prop_map(|(conn, presented, verified)| ConnectionOpened { conn, presented, verified }),
        conn().prop_map(ConnectionFailed),
        conn().prop_map(ConnectionLost),
        (conn(), select(vec![Ask::Right, Ask::Wrong, Ask::Other])).prop_map(|(conn, ask)| ChannelRequested(conn, ask)),
        conn().prop_map(ChannelEnded),
        (conn(), message()).prop_map(|(conn, message)| Message(conn, message)),
        conn().prop_map(Malformed),
        conn().prop_map(ArchiveBegan),
        conn().prop_map(ArchiveProgressed),
        conn().prop_map(ArchiveComplete),
        conn().prop_map(ArchiveUnwritable),
        prop_oneof![account().prop_map(Check::Sound), Just(Check::Unsound), Just(Check::Unreadable)].prop_map(Checked),
        any::<bool>().prop_map(Installed),
        timer().prop_map(Fired),
    ]
}

fn export_input() -> impl Strategy<Value = export::Input> {
    use export::Input::*;
    prop_oneof![
        scheme().prop_map(AddDevice),
        Just(ConfirmAddDevice),
        any::<bool>().prop_map(CompareAddDevice),
        Just(CancelAddDevice),
        prop::bool::weighted(0.9).prop_map(|pinned| Opened { pinned }),
        Just(Unreachable),
        Just(Failed),
        Just(Lost),
        Just(Accepted { peer_address: ([127, 0, 0, 1], 4711).into() }),
        Just(Declined),
        Just(Ended),
        message().prop_map(Message),
        Just(Malformed),
        (slot(), select(vec![export::Tried::Opened, export::Tried::Wrong, export::Tried::Unreadable]))
            .prop_map(|(slot, tried)| Tried(slot, tried)),
        Just(Progressed),
        Just(HandedOver),
        Just(SendFailed),
        timer().prop_map(Fired),
    ]
}

/// The way to a linked account, of which a case walks a part before anything goes.
fn import_way() -> impl Strategy<Value = Vec<import::Input>> {
    use import::Input::*;
    let (conn, account) = (ConnId(1), AccountId([0; 20]));
    let way = vec![
        AddAccount,
        Published,
        ConnectionRequested(conn),
        ConnectionOpened { conn, presented: Some(account), verified: true },
        ChannelRequested(conn, Ask::Right),
        Message(conn, self::Message::AuthScheme(Scheme::Password, Features::ALL)),
        ProvideAccountAuthentication(Slot(0), Scheme::Password),
        ArchiveBegan(conn),
        ArchiveComplete(conn),
        Checked(Check::Sound(account)),
        Installed(true),
    ];
    (0..=way.len()).prop_map(move |steps| way[..steps].to_vec())
}

fn export_way() -> impl Strategy<Value = Vec<export::Input>> {
    use export::Input::*;
    let way = vec![
        AddDevice(Scheme::Password),
        Opened { pinned: true },
        Accepted { peer_address: ([127, 0, 0, 1], 4711).into() },
        Message(self::Message::Hello(Features::ALL)),
        ConfirmAddDevice,
        Message(self::Message::Password(Slot(0))),
        Tried(Slot(0), export::Tried::Opened),
        HandedOver,
        Message(self::Message::ImportResult(ImportResult::Stored)),
    ];
    (0..=way.len()).prop_map(move |steps| way[..steps].to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_importer_keeps_the_laws(config in config(), way in import_way(), wild in prop::collection::vec(import_input(), 0..30)) {
        handfast_harness::importer::check_inputs(config, way.into_iter().chain(wild), AllRules);
    }

    #[test]
    fn the_exporter_keeps_the_laws(config in config(), way in export_way(), wild in prop::collection::vec(export_input(), 0..30)) {
        handfast_harness::exporter::check_inputs(config, way.into_iter().chain(wild), AllRules);
    }

    /// A recorded trace is read as it was written, and not when a byte of it is another one.
    #[test]
    fn a_record_is_read_as_it_was_written(config in config(), way in import_way(), wild in prop::collection::vec(import_input(), 0..8), at in any::<Index>()) {
        let mut importer = import::Importer::new(config);
        for (t_ms, input) in way.into_iter().chain(wild).enumerate() {
            let step = Step::import(t_ms as u64, &mut importer, input);
            let line = to_line(&step);
            prop_assert_eq!(from_line(&line), Ok(step));
            check_damage(&line, at.index(line.len()));
        }
    }
}
