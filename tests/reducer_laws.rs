//! The laws of the reducers, under any inputs in any order: total, drained, bounded, deterministic, honest about refusals, and their
//! signals follow the grammar (laws 2, 3 and 6; R-STATE-2).

use handfast::{
    export::{self, Exporter},
    import::{self, Ask, Check, Importer},
    limits::Timer,
    message::{Features, ImportResult, Message, Slot, Verdict, Word},
    outcome::{AccountId, LinkState, Profile, Scheme, Signal},
    reducer::{Config, ConnId},
    rules::AllRules,
};
use proptest::{prelude::*, sample::select};

/// No input leads to more effects than this: eight connections to close, eight timers, and a few of its own.
const MOST_EFFECTS: usize = 24;

fn features() -> impl Strategy<Value = Features> {
    (any::<bool>(), any::<bool>()).prop_map(|(result, cancel)| Features { result, cancel })
}

fn config() -> impl Strategy<Value = Config> {
    (select(vec![Profile::Documented, Profile::Jamid]), features())
        .prop_map(|(profile, features)| Config { profile, features })
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
        select(vec![Word::Canceled, Word::Timeout]).prop_map(Message::State),
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
        Just(RemoveAccount),
        Just(Published),
        Just(Unpublishable),
        conn().prop_map(ConnectionRequested),
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
        Just(CancelAddDevice),
        prop::bool::weighted(0.9).prop_map(|pinned| Opened { pinned }),
        Just(Unreachable),
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

/// Follows R-STATE-2 in both profiles.
#[derive(Default)]
struct Grammar(Option<LinkState>);

impl Grammar {
    fn take(&mut self, profile: Profile, signal: &Signal) {
        use LinkState::*;
        let (from, to) = (self.0, signal.state());
        let retry = matches!(signal, Signal::Prompt { wrong_password: true, .. });
        let allowed = match (from, to) {
            (Some(Done), _) => false,
            (_, Done) => true,
            (None, TokenAvailable | Connecting) | (Some(TokenAvailable), Connecting) => true,
            (Some(Connecting), Authenticating) => !retry,
            (Some(Authenticating), Authenticating) => retry && profile == Profile::Documented,
            (Some(Authenticating), InProgress) => true,
            (Some(InProgress), Authenticating) => retry && profile == Profile::Jamid,
            _ => false,
        };
        assert!(allowed, "{from:?} -> {signal:?}");
        self.0 = Some(to);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_importer_keeps_the_laws(config in config(), way in import_way(), wild in prop::collection::vec(import_input(), 0..30)) {
        let mut importer = Importer::<AllRules>::new(config);
        let mut twin = importer.clone();
        let mut grammar = Grammar::default();
        for input in way.into_iter().chain(wild) {
            let before = importer.clone();
            let answer = importer.handle(input);
            let effects: Vec<_> = std::iter::from_fn(|| importer.poll_effect()).collect();
            prop_assert!(effects.len() <= MOST_EFFECTS);
            prop_assert!(answer.is_ok() || input.is_call(), "only calls are refused");
            if answer.is_err() {
                prop_assert!(effects.is_empty());
                prop_assert_eq!(&importer, &before);
            }
            prop_assert_eq!(twin.handle(input), answer);
            prop_assert_eq!(std::iter::from_fn(|| twin.poll_effect()).collect::<Vec<_>>(), effects.clone());
            for effect in &effects {
                if let import::Effect::Signal(signal) = effect {
                    grammar.take(config.profile, signal);
                }
            }
            prop_assert_eq!(importer.state(), grammar.0.unwrap_or(LinkState::Init));
            prop_assert_eq!(importer.outcome().is_some(), importer.state() == LinkState::Done);
            prop_assert!(!importer.is_closed() || importer.armed().is_empty(), "no timer outlives a closed operation");
        }
    }

    #[test]
    fn the_exporter_keeps_the_laws(config in config(), way in export_way(), wild in prop::collection::vec(export_input(), 0..30)) {
        let mut exporter = Exporter::<AllRules>::new(config);
        let mut twin = exporter.clone();
        let mut grammar = Grammar::default();
        for input in way.into_iter().chain(wild) {
            let before = exporter.clone();
            let answer = exporter.handle(input);
            let effects: Vec<_> = std::iter::from_fn(|| exporter.poll_effect()).collect();
            prop_assert!(effects.len() <= MOST_EFFECTS);
            prop_assert!(answer.is_ok() || input.is_call(), "only calls are refused");
            if answer.is_err() {
                prop_assert!(effects.is_empty());
                prop_assert_eq!(&exporter, &before);
            }
            prop_assert_eq!(twin.handle(input), answer);
            prop_assert_eq!(std::iter::from_fn(|| twin.poll_effect()).collect::<Vec<_>>(), effects.clone());
            for effect in &effects {
                if let export::Effect::Signal(signal) = effect {
                    grammar.take(Profile::Documented, signal);
                }
            }
            prop_assert_eq!(exporter.state(), grammar.0.unwrap_or(LinkState::Init));
            prop_assert_eq!(exporter.outcome().is_some(), exporter.state() == LinkState::Done);
            prop_assert!(!exporter.is_closed() || exporter.armed().is_empty(), "no timer outlives a closed operation");
        }
    }
}
