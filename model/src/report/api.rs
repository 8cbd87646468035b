//! The API between daemon and client as it is documented, and what exploration finds of it (R-STATE-3, R-API-1 to R-API-8).
//!
//! [`DETAILS`] and [`CALLS`] are typed from the tables of the document *Link new device*, and from nothing else.

use std::collections::{BTreeMap, BTreeSet};

use handfast::{
    export, import,
    message::Slot,
    outcome::{LinkState, Profile, Scheme, Side, Signal},
    reducer::Refused,
};
use serde::Serialize;

use crate::{
    explorer::explore::{Graph, Limits},
    report::check::{Hardened, hardened},
    system::{
        State, Turn,
        config::{Player, Size, configurations},
        side::Side as _,
    },
};

use LinkState::{Authenticating, Connecting, Done, Init, TokenAvailable};

/// A key of a signal's details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Detail {
    /// Whose signal.
    pub side: Side,
    /// In which state.
    pub state: LinkState,
    /// The key.
    pub key: &'static str,
    /// The document's text, without the words that it lists.
    pub text: &'static str,
    /// The words that it lists; none if it may be anything.
    pub words: &'static [&'static str],
}

const fn import(state: LinkState, key: &'static str, text: &'static str, words: &'static [&'static str]) -> Detail {
    Detail { side: Side::Import, state, key, text, words }
}

const fn export(state: LinkState, key: &'static str, text: &'static str, words: &'static [&'static str]) -> Detail {
    Detail { side: Side::Export, state, key, text, words }
}

const ERRORS: &[&str] = &["", "none", "network", "authentication"];

/// The details of the document. A state that is not here has none.
pub const DETAILS: [Detail; 7] = [
    import(TokenAvailable, "token", "A 59-character URI with the prefix jami-auth://.", &[]),
    import(Authenticating, "peer_id", "Jami ID of the imported account.", &[]),
    import(Authenticating, "auth_scheme", "empty if unprotected", &["", "none", "password"]),
    import(Authenticating, "auth_error", "", &["bad_password"]),
    import(Done, "error", "empty if no error", ERRORS),
    export(Authenticating, "peer_address", "IP address of the exporting device.", &[]),
    export(Done, "error", "empty if no error", ERRORS),
];

/// A key that the document does not have.
#[derive(Clone, Copy, Debug)]
pub struct OtherKey {
    /// Where.
    pub profiles: &'static [Profile],
    /// Whose signal.
    pub side: Side,
    /// In which state.
    pub state: LinkState,
    /// The key.
    pub key: &'static str,
    /// Why.
    pub reason: &'static str,
}

const BOTH: &[Profile] = &[Profile::Documented, Profile::Jamid];
const DOCUMENTED: &[Profile] = &[Profile::Documented];
const JAMID: &[Profile] = &[Profile::Jamid];

const fn key(profiles: &'static [Profile], side: Side, key: &'static str, reason: &'static str) -> OtherKey {
    OtherKey { profiles, side, state: Done, key, reason }
}

const EXACT: &str = "the exact outcome, for which the document has no word (R-ERR-2)";

/// The keys beyond the document's.
pub const OTHER_KEYS: [OtherKey; 4] = [
    key(DOCUMENTED, Side::Import, "reason", EXACT),
    key(DOCUMENTED, Side::Export, "reason", EXACT),
    key(BOTH, Side::Export, "confirmed", "`false`: the new device has not said that it stored the account (R-EXT-2)"),
    key(BOTH, Side::Export, "sent", "`true`: archive bytes were out when the peer's cancel arrived (R-CANCEL-1)"),
];

/// A word that is otherwise than the document has it.
#[derive(Clone, Copy, Debug)]
pub struct OtherWord {
    /// Where.
    pub profiles: &'static [Profile],
    /// The key whose value it is.
    pub key: &'static str,
    /// The word.
    pub word: &'static str,
    /// Why.
    pub reason: &'static str,
}

const fn word(profiles: &'static [Profile], key: &'static str, word: &'static str, reason: &'static str) -> OtherWord {
    OtherWord { profiles, key, word, reason }
}

const OF_TODAY: &str = "today's daemon says so (R-ERR-1)";
const RECEIVED: &str = "understood when it arrives, and never sent (R-ERR-2)";
const NOT_OF_TODAY: &str = "today's daemon never says it (R-ERR-1)";

/// Words that are said and not documented.
pub const OTHER_WORDS: [OtherWord; 5] = [
    word(JAMID, "auth_error", "invalid_credentials", OF_TODAY),
    word(JAMID, "error", "timeout", OF_TODAY),
    word(JAMID, "error", "auth_error", OF_TODAY),
    word(JAMID, "error", "canceled", OF_TODAY),
    word(JAMID, "error", "unknown", OF_TODAY),
];

/// Words that are documented and not said.
pub const UNSAID: [OtherWord; 4] = [
    word(BOTH, "auth_scheme", "none", RECEIVED),
    word(BOTH, "error", "none", RECEIVED),
    word(JAMID, "auth_error", "bad_password", NOT_OF_TODAY),
    word(JAMID, "error", "authentication", NOT_OF_TODAY),
];

/// Which way a call goes, as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// A call.
    Outbound,
    /// A signal.
    Inbound,
}

/// A call or signal of the document's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Whose.
    pub side: Side,
    /// Its name.
    pub name: &'static str,
    /// Which way.
    pub direction: Direction,
    /// The purpose.
    pub purpose: &'static str,
}

const fn call(side: Side, name: &'static str, purpose: &'static str) -> Call {
    Call { side, name, direction: Direction::Outbound, purpose }
}

const fn signal(side: Side, name: &'static str) -> Call {
    Call { side, name, direction: Direction::Inbound, purpose: "Indicates the new state and provides details." }
}

/// The calls and signals of the document.
pub const CALLS: [Call; 8] = [
    call(
        Side::Import,
        "addAccount",
        "Announces the intent to import an account. Must include the key Account.archiveURL=\"jami-auth\".",
    ),
    call(
        Side::Import,
        "provideAccountAuthentication",
        "Provides a password if needed and confirms the identity of the imported account.",
    ),
    call(Side::Import, "removeAccount", "Cancels the operation."),
    signal(Side::Import, "deviceAuthStateChanged"),
    call(Side::Export, "addDevice", "Announces the intent to export an account."),
    call(Side::Export, "confirmAddDevice", "Confirms the address of the exporting device."),
    call(Side::Export, "cancelAddDevice", "Cancels the operation."),
    signal(Side::Export, "addDeviceStateChanged"),
];

/// In which states a call is accepted, and why it is refused elsewhere: typed from R-API-1 to R-API-6.
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    /// The call.
    pub name: &'static str,
    /// Where it can be accepted, by the state that was signalled last.
    pub accepted: &'static [LinkState],
    /// Why it is refused.
    pub refused: &'static [Refused],
}

/// The answers of each call.
pub const ANSWERS: [Answers; 6] = [
    Answers { name: "addAccount", accepted: &[Init], refused: &[Refused::Started] },
    Answers {
        name: "provideAccountAuthentication",
        accepted: &[Authenticating],
        refused: &[Refused::NotStarted, Refused::NotAsked, Refused::WrongScheme, Refused::Ended],
    },
    Answers { name: "removeAccount", accepted: &LinkState::ALL, refused: &[Refused::NotStarted] },
    Answers { name: "addDevice", accepted: &[Init], refused: &[Refused::Started] },
    Answers {
        name: "confirmAddDevice",
        accepted: &[Authenticating],
        refused: &[Refused::NotStarted, Refused::NotAsked, Refused::Confirmed, Refused::Ended],
    },
    Answers {
        name: "cancelAddDevice",
        accepted: &[Connecting, Authenticating],
        refused: &[Refused::NotStarted, Refused::TooLate, Refused::Ended],
    },
];

/// The API in a profile, as exploration finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The keys of details.
    pub keys: BTreeSet<(Side, LinkState, String)>,
    /// Their values, where the document lists words.
    pub words: BTreeSet<(Side, LinkState, String, String)>,
    /// States that were signalled.
    pub states: BTreeSet<(Side, LinkState)>,
    /// Where each call was accepted, by the state that was signalled last.
    pub accepted: BTreeMap<&'static str, BTreeSet<LinkState>>,
    /// Why each was refused, and where.
    pub refused: BTreeMap<&'static str, BTreeSet<(LinkState, Refused)>>,
}

impl Seen {
    fn see(&mut self, side: Side, profile: Profile, signal: Signal) {
        let state = signal.state();
        self.states.insert((side, state));
        for (key, value) in signal.details(profile.vocabulary(), "") {
            let listed = DETAILS.iter().any(|one| one.side == side && one.key == key && !one.words.is_empty());
            if listed {
                self.words.insert((side, state, key.clone(), value));
            }
            self.keys.insert((side, state, key));
        }
    }

    fn answered(&mut self, name: &'static str, at: LinkState, refused: Option<Refused>) {
        match refused {
            None => self.accepted.entry(name).or_default().insert(at),
            Some(why) => self.refused.entry(name).or_default().insert((at, why)),
        };
    }

    /// Calls everything that a client can call, in this state and in place.
    fn probe(&mut self, hardened: [bool; 2], state: &State<HardenedImport, HardenedExport>) {
        use export::Input as E;
        use import::Input as I;
        let calls = [
            ("addAccount", I::AddAccount),
            ("provideAccountAuthentication", I::ProvideAccountAuthentication(Slot(1), Scheme::Password)),
            ("provideAccountAuthentication", I::ProvideAccountAuthentication(Slot(1), Scheme::None)),
            ("removeAccount", I::RemoveAccount),
        ];
        for (name, input) in calls.into_iter().filter(|_| hardened[0]) {
            self.answered(name, state.import.state(), state.import.clone().take(input).err());
        }
        let calls = [
            ("addDevice", E::AddDevice(Scheme::Password)),
            ("confirmAddDevice", E::ConfirmAddDevice),
            ("cancelAddDevice", E::CancelAddDevice),
        ];
        for (name, input) in calls.into_iter().filter(|_| hardened[1]) {
            self.answered(name, state.export.state(), state.export.clone().take(input).err());
        }
    }
}

type HardenedImport = import::Importer;
type HardenedExport = export::Exporter;

/// Explores the shipped reducers, as a pair and with the hostile.
pub fn explore(profile: Profile) -> Seen {
    let mut seen = Seen::default();
    let own = configurations(Size::Small)
        .into_iter()
        // The page is about the documented calls and details; those of a comparison are in addition to them (R-SAS-5).
        .filter(|one| one.profile == profile && !one.cast.has_legacy() && one.is_plain() && !one.sas);
    for configuration in own {
        let system: Hardened = hardened(configuration);
        let sides = [Side::Import, Side::Export].map(|side| configuration.cast.player(side) == Player::Hardened);
        let mut probed = None;
        Graph::explore_with(&system, Limits::default(), None, |node, state, action| {
            if probed.replace(node) != Some(node) {
                seen.probe(sides, state);
            }
            let (next, turn) = system.step(state, action)?;
            match &turn {
                Turn::Import(_, effects) => effects.iter().for_each(|effect| {
                    if let import::Effect::Signal(signal) = *effect {
                        seen.see(Side::Import, profile, signal);
                    }
                }),
                Turn::Export(_, effects) => effects.iter().for_each(|effect| {
                    if let export::Effect::Signal(signal) = *effect {
                        seen.see(Side::Export, profile, signal);
                    }
                }),
                Turn::Neither => {}
            }
            Some(next)
        });
    }
    seen
}

/// Holds what was seen against the document's details, and says what is otherwise without a reason.
pub fn compare(details: &[Detail], profile: Profile, seen: &Seen) -> Vec<String> {
    let mut otherwise = Vec::new();
    let other = |side, state, key: &str| {
        let is =
            |one: &OtherKey| (one.side, one.state, one.key) == (side, state, key) && one.profiles.contains(&profile);
        OTHER_KEYS.iter().any(is)
    };
    let listed = |words: &[OtherWord], key: &str, word: &str| {
        words.iter().any(|one| (one.key, one.word) == (key, word) && one.profiles.contains(&profile))
    };
    for (side, state, key) in &seen.keys {
        let documented = details.iter().any(|one| (one.side, one.state, one.key) == (*side, *state, key.as_str()));
        if documented == other(*side, *state, key) {
            otherwise.push(format!("{side}, {state}: {key} is not listed once"));
        }
    }
    for one in details {
        if !seen.keys.contains(&(one.side, one.state, one.key.to_owned())) {
            otherwise.push(format!("{}, {}: {} is never there", one.side, one.state, one.key));
        }
        let said: BTreeSet<&str> = seen
            .words
            .iter()
            .filter(|(side, state, key, _)| (one.side, one.state, one.key) == (*side, *state, key.as_str()))
            .map(|(.., word)| word.as_str())
            .collect();
        for &word in one.words {
            if said.contains(word) == listed(&UNSAID, one.key, word) {
                otherwise.push(format!("{}, {}: {}={word:?}, said or listed as unsaid", one.side, one.state, one.key));
            }
        }
        if !one.words.is_empty() {
            for word in said.iter().filter(|word| !one.words.contains(word)) {
                if !listed(&OTHER_WORDS, one.key, word) {
                    otherwise.push(format!("{}, {}: {}={word:?} is not listed", one.side, one.state, one.key));
                }
            }
        }
    }
    for one in OTHER_KEYS.iter().filter(|one| one.profiles.contains(&profile)) {
        if !seen.keys.contains(&(one.side, one.state, one.key.to_owned())) {
            otherwise.push(format!("{}, {}: {} is listed, and never there", one.side, one.state, one.key));
        }
    }
    for one in OTHER_WORDS.iter().filter(|one| one.profiles.contains(&profile)) {
        if !seen.words.iter().any(|(_, _, key, word)| (one.key, one.word) == (key.as_str(), word.as_str())) {
            otherwise.push(format!("{}={:?} is listed, and never said", one.key, one.word));
        }
    }
    otherwise
}

/// Holds what calls answered against what they have to.
pub fn compare_answers(answers: &[Answers], seen: &Seen) -> Vec<String> {
    let mut otherwise = Vec::new();
    let known: BTreeSet<&str> = answers.iter().map(|one| one.name).collect();
    let called: BTreeSet<&str> = seen.accepted.keys().chain(seen.refused.keys()).copied().collect();
    if known != called {
        otherwise.push(format!("calls: {called:?}"));
    }
    for one in answers {
        let accepted = seen.accepted.get(one.name).cloned().unwrap_or_default();
        let refused: BTreeSet<Refused> =
            seen.refused.get(one.name).into_iter().flatten().map(|(_, why)| *why).collect();
        if accepted != one.accepted.iter().copied().collect() {
            otherwise.push(format!("{} is accepted in {accepted:?}", one.name));
        }
        if refused != one.refused.iter().copied().collect() {
            otherwise.push(format!("{} is refused as {refused:?}", one.name));
        }
    }
    otherwise
}
