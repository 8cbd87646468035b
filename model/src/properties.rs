//! The properties: what must hold in every reachable state.
//!
//! Most are judged by the monitor at each step, and recorded in the state that the step leads to. The others look at a state.
//! Liveness is among these: in a graph without a cycle, an operation can fail to end only in a state in which nothing more
//! happens by itself. Graphs with one are decided by the claims of the liveness pass.

use handfast::{export, import, limits::Timers, outcome::Scheme};
use serde::Serialize;

use crate::{
    config::{Cast, Configuration, Player},
    link::End,
    side::{ExportSide, ImportSide},
    system::{State, System},
    world::{PEER, Storage},
};
use handfast::outcome::Side;

macro_rules! properties {
    ($($name:ident $id:literal $text:literal $cites:literal;)*) => {
        /// Names one property.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PropertyId {
            $(#[doc = $text] $name,)*
        }

        impl PropertyId {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable id.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }

            /// What it says.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The name under which a half of it is looked for.
            pub(crate) const fn name(self, half: Half) -> &'static str {
                match (self, half) {
                    $((Self::$name, Half::Both) => $id,
                    (Self::$name, Half::Only(Side::Import)) => concat!($id, " (import)"),
                    (Self::$name, Half::Only(Side::Export)) => concat!($id, " (export)"),)*
                }
            }

            /// The requirements that it stands for.
            pub const fn cites(self) -> &'static str {
                match self { $(Self::$name => $cites),* }
            }
        }
    };
}

properties! {
    Consent "P-CONSENT" "The importer stages or installs an archive only after its user answered a prompt for exactly this peer."
        "R-IMP-9, R-IMP-10";
    Single "P-SINGLE" "A token admits at most one session; after DONE nothing that is installed changes." "R-TOK-5, R-IMP-13";
    Bound "P-BOUND" "The installed account is the one that the user confirmed, and the peer's chain proved it." "R-IMP-11, R-SEC-1";
    Stored "P-STORED" "Success is said only of a durable account, the exporter's only when it was told so; after a failure nothing is installed."
        "R-EXT-2, R-IMP-13, R-ARC-4";
    NotSent "P-NOT-SENT" "After an accepted cancelAddDevice, and with Canceled that is not `sent`, no archive byte is out." "R-API-6, R-CANCEL-1";
    Gate "P-GATE" "No password is tried and no archive byte leaves before the user confirmed, without an accepted password, or to another device."
        "R-EXP-9, R-SEC-1";
    Tries "P-TRIES" "At most three passwords are tried and three prompts shown; a verdict answers a password, and nothing else counts as one."
        "R-EXP-6, R-EXP-7, R-IMP-7";
    Password "P-PASSWORD" "A password goes only to the session for which its prompt was shown." "R-IMP-6";
    Isolated "P-ISOLATED" "What comes on another connection changes nothing in this operation, nor does a request that comes again."
        "R-API-7, R-IMP-2, R-RDV-1";
    Grammar "P-GRAMMAR" "The signals follow the grammar, with their details; DONE comes once and last." "R-STATE-2, R-STATE-3";
    Pair "P-PAIR" "The two ends of a link are an allowed pair." "R-PAIR-1";
    AtRest "P-ATREST" "An archive is stored under what the user typed." "R-ARC-5, R-API-2";
    NoBlame "P-NO-BLAME" "Two honest peers never end in Protocol." "R-PAIR-3";
    Return "P-RETURN" "A call is accepted exactly when it may be, and a refused one changes nothing." "R-API-2, R-API-3, R-API-5, R-API-6";
    Client "P-CLIENT" "No client shows a success that is none, or what is another operation's; nothing breaks it; what is left is ended, or said to go on."
        "R-CLI-2 to R-CLI-6";
    Documented "P-DOCUMENTED" "A client sees the documented steps, and those that are listed with their reason, and no others." "R-CLI-1";
    Budget "P-BUDGET" "Wrong codes are limited; of a failed operation nothing is left staged, and in the end no connection open." "R-TOK-5, R-IMP-12";
    Atomic "P-ATOMIC" "After a crash and a restart there is no account or a whole one, and nothing left over." "R-ARC-4, R-ARC-6";
    Ends "P-ENDS" "Every operation reaches DONE." "R-TIME-4";
    CancelHeard "P-CANCEL-HEARD" "Once a session exists, after a cancel the peer ends without waiting for a timer, if the link lives." "R-CANCEL-1";
    Again "P-AGAIN" "After any end another link, with a new token, can begin and succeeds." "R-API-7, R-API-4";
    Admits "P-ADMITS" "An honest exporter gets its session, whoever else fills the places, unless they come faster than it is secured, for ever."
        "R-IMP-15, R-EXP-12";
    Honest "P-HONEST" "An honest pair without fault succeeds; three wrong passwords apart." "R-PAIR-2";
}

impl PropertyId {
    /// The property of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|property| property.id() == id)
    }

    /// Whether it says that something happens, and not that something never does.
    pub const fn is_liveness(self) -> bool {
        matches!(self, Self::Ends | Self::CancelHeard | Self::Admits | Self::Honest | Self::Again)
    }

    /// Whether it can be asked in this configuration.
    pub fn applies(self, configuration: &Configuration) -> bool {
        let importer = configuration.cast.import != Player::Hostile;
        let exporter = configuration.cast.export != Player::Hostile;
        match self {
            Self::Consent | Self::Single | Self::Bound | Self::Password | Self::Isolated | Self::AtRest => importer,
            Self::NotSent | Self::Gate => exporter,
            Self::Pair | Self::NoBlame | Self::CancelHeard => importer && exporter,
            Self::Honest => configuration.is_honest(),
            Self::Admits => configuration.crowd.is_some(),
            // Asked of two links (`again`), and of a link with its clients.
            Self::Again | Self::Client => false,
            Self::Ends => configuration.clock,
            Self::Atomic => configuration.budget.import_crashes > 0,
            // What is documented binds the hardened.
            Self::Documented => {
                [Side::Import, Side::Export].iter().any(|&side| configuration.cast.player(side) == Player::Hardened)
            }
            Self::Stored | Self::Tries | Self::Grammar | Self::Return | Self::Budget => true,
        }
    }

    /// Which halves are asked for: with one old side, what a property says of each side is a verdict of its own.
    pub fn halves(self, configuration: &Configuration) -> &'static [Half] {
        let Cast { import, export } = configuration.cast;
        let halved = match self {
            Self::Stored
            | Self::Tries
            | Self::Isolated
            | Self::Grammar
            | Self::NoBlame
            | Self::Return
            | Self::Client
            | Self::Budget
            | Self::Ends
            | Self::CancelHeard => true,
            Self::Consent
            | Self::Single
            | Self::Bound
            | Self::NotSent
            | Self::Gate
            | Self::Password
            | Self::AtRest
            | Self::Pair
            | Self::Atomic
            | Self::Again
            | Self::Documented
            | Self::Admits
            | Self::Honest => false,
        };
        if halved && configuration.cast.is_pair() && import != export { Half::EACH } else { Half::WHOLE }
    }

    /// Whether this half of it holds in this state.
    pub fn holds<I: ImportSide, E: ExportSide>(self, half: Half, system: &System<I, E>, state: &State<I, E>) -> bool {
        let held = !state.world.violated.contains(self, half);
        held && match self {
            Self::Return => half.sides().all(|side| calls_return_what_they_do(state, side)),
            Self::Atomic => {
                let import = &state.world.import;
                import.storage != Storage::Torn
                    && (state.world.seen.import.crashed.is_none() || import.staged.is_none())
            }
            Self::Budget => half.sides().all(|side| nothing_is_left(system, state, side)),
            Self::Ends => half.sides().all(|side| operation_ends(system, state, side)),
            Self::CancelHeard => half.sides().all(|side| cancel_is_heard(state, side)),
            Self::Honest => !system.configuration().is_honest() || honest_pair_succeeds(state),
            _ => true,
        }
    }
}

/// What of a property is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Half {
    /// All of it.
    Both,
    /// What it says of this side. Of a cancel: of this side's.
    Only(Side),
}

impl Half {
    const WHOLE: &'static [Self] = &[Self::Both];
    const EACH: &'static [Self] = &[Self::Only(Side::Import), Self::Only(Side::Export)];

    /// The sides that it is about.
    pub(crate) fn sides(self) -> impl Iterator<Item = Side> {
        [Side::Import, Side::Export].into_iter().filter(move |&side| self == Self::Both || self == Self::Only(side))
    }

    /// The side, if it is about one only.
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::Both => None,
            Self::Only(side) => Some(side),
        }
    }
}

impl Serialize for PropertyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// A set of properties, each of one side or the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PropertySet {
    import: u32,
    export: u32,
}

impl PropertySet {
    pub(crate) fn insert(&mut self, property: PropertyId, side: Side) {
        let half = match side {
            Side::Import => &mut self.import,
            Side::Export => &mut self.export,
        };
        *half |= 1 << property as u32;
    }

    /// Whether none is in the set.
    pub const fn is_empty(self) -> bool {
        self.import | self.export == 0
    }

    /// Whether the property is in the set, of one of these sides.
    pub const fn contains(self, property: PropertyId, half: Half) -> bool {
        let sides = match half {
            Half::Both => self.import | self.export,
            Half::Only(Side::Import) => self.import,
            Half::Only(Side::Export) => self.export,
        };
        sides & (1 << property as u32) != 0
    }
}

/// Nothing will happen by itself any more: nothing is under way, and no timer runs on a side that takes part.
fn is_over<I: ImportSide, E: ExportSide>(system: &System<I, E>, state: &State<I, E>) -> bool {
    system.configuration().clock
        && !state.is_busy()
        && state.import.armed() == Timers::default()
        && state.export.armed() == Timers::default()
}

fn operation_ends<I: ImportSide, E: ExportSide>(system: &System<I, E>, state: &State<I, E>, side: Side) -> bool {
    let seen = &state.world.seen;
    let waits = match side {
        Side::Import => seen.import.is_up() && seen.import.done.is_none(),
        Side::Export => seen.export.is_up(),
    };
    !waits || !is_over(system, state)
}

fn nothing_is_left<I: ImportSide, E: ExportSide>(system: &System<I, E>, state: &State<I, E>, side: Side) -> bool {
    let world = &state.world;
    let failed = world.seen.import.done.is_some_and(|done| !done.outcome.is_success());
    if side == Side::Import && failed && world.import.staged.is_some() {
        return false;
    }
    let ended = world.seen.import.done.is_some() && world.seen.export.done.is_some();
    if !ended || !is_over(system, state) {
        return true;
    }
    let closed = match side {
        Side::Import => state.import.is_closed() || world.seen.import.crashed.is_some(),
        Side::Export => state.export.is_closed() || world.seen.export.crashed.is_some(),
    };
    closed && matches!(world.link.half(side).end, End::Away | End::Closed)
}

/// A cancel of this side is heard by the other.
fn cancel_is_heard<I: ImportSide, E: ExportSide>(state: &State<I, E>, side: Side) -> bool {
    let world = &state.world;
    let (cancelled, peer) = match side {
        Side::Import => (world.seen.import.cancelled, world.seen.export.done),
        Side::Export => (world.seen.export.cancelled, world.seen.import.done),
    };
    let waits = cancelled && peer.is_none() && world.seen.import.session == Some(PEER);
    !waits || world.link.failed || state.is_busy()
}

fn honest_pair_succeeds<I: ImportSide, E: ExportSide>(state: &State<I, E>) -> bool {
    let world = &state.world;
    if state.is_busy() || world.somebody_is_asked() {
        return true;
    }
    let three_wrong = world.seen.export.wrong >= handfast::limits::MAX_TRIES;
    match (world.seen.import.done, world.seen.export.done) {
        (Some(import), Some(export)) => three_wrong || import.outcome.is_success() && export.outcome.is_success(),
        _ => false,
    }
}

/// Every call of a side is tried in every state: it is accepted when the specification says so, and otherwise changes nothing.
fn calls_return_what_they_do<I: ImportSide, E: ExportSide>(state: &State<I, E>, side: Side) -> bool {
    let seen = &state.world.seen;
    match side {
        // Nothing of the operation is there to be called.
        Side::Import if seen.import.crashed.is_some() => true,
        Side::Export if seen.export.crashed.is_some() => true,
        Side::Import => {
            let slot = state.world.next_slot(true);
            let asked = |scheme| seen.import.prompt.is_some_and(|prompt| prompt.scheme == scheme);
            let answer = import::Input::ProvideAccountAuthentication;
            let calls = [
                (answer(slot, Scheme::None), asked(Scheme::None)),
                (answer(slot, Scheme::Password), asked(Scheme::Password)),
                (import::Input::RemoveAccount, seen.import.started),
                (import::Input::AddAccount, !seen.import.started),
            ];
            calls.into_iter().all(|(call, may)| returns(&state.import, call, may))
        }
        Side::Export => {
            let live = seen.export.started && seen.export.done.is_none();
            let calls = [
                (export::Input::ConfirmAddDevice, seen.export.asked && !seen.export.confirmed),
                (export::Input::CancelAddDevice, live && !seen.export.byte_out),
                (export::Input::AddDevice(Scheme::Password), !seen.export.started),
            ];
            calls.into_iter().all(|(call, may)| returns(&state.export, call, may))
        }
    }
}

fn returns<S: crate::side::Side>(side: &S, call: S::Input, may: bool) -> bool {
    let mut probed = side.clone();
    match probed.take(call) {
        Ok(_) => may,
        Err(_) => !may && probed == *side,
    }
}
