//! The properties: what must hold in every reachable state.

use handfast::outcome::Side;
use serde::Serialize;

use crate::system::config::{Cast, Configuration, Player};

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

            /// The property in words.
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
    Stored "P-STORED" "Success is reported only for a durable account, the exporter's only after the importer's result; after a failure nothing is installed."
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
    AtRest "P-ATREST" "An archive is stored under what the user typed, and the flag of the account says whether that is a password." "R-ARC-5, R-API-2";
    NoBlame "P-NO-BLAME" "Two honest peers never end in Protocol." "R-PAIR-3";
    Return "P-RETURN" "A call is accepted exactly when it may be, and a refused one changes nothing." "R-API-2, R-API-3, R-API-5, R-API-6";
    Client "P-CLIENT" "No client shows a success that is not one, or what is another operation's; nothing breaks it; what is left is ended, or said to go on."
        "R-CLI-2 to R-CLI-6, R-CLI-8 to R-CLI-9";
    Documented "P-DOCUMENTED" "A client sees the documented steps, and those that are listed with their reason, and no others." "R-CLI-1";
    Budget "P-BUDGET" "Wrong codes are limited; of a failed operation nothing is left staged, and in the end no connection open." "R-TOK-5, R-IMP-12";
    Atomic "P-ATOMIC" "After a crash and a restart there is no account or a whole one, and nothing left over." "R-ARC-4, R-ARC-6";
    Ends "P-ENDS" "Every operation reaches DONE." "R-TIME-4";
    CancelArrives "P-CANCEL-HEARD" "Once a session exists, after a cancel the peer ends without waiting for a timer, if the link lives." "R-CANCEL-1";
    Again "P-AGAIN" "After any end another link, with a new token, can begin and succeeds." "R-API-7, R-API-4";
    Admits "P-ADMITS" "An honest exporter gets its session, also where strangers fill the places, unless they come faster than it is secured, for ever."
        "R-IMP-15, R-EXP-12";
    Invariant "P-INVARIANT" "What each state of a machine implies holds: timers, signals, questions and answers are those of its phase."
        "R-TIME-1 to R-TIME-5, R-STATE-2, R-EXP-4 to R-EXP-9, R-IMP-5 to R-IMP-13";
    Sends "P-SENDS" "Each message and each end of the channel goes out when it is due, and at no other time."
        "R-STATE-2, R-IMP-3, R-IMP-4, R-IMP-6, R-IMP-14, R-EXP-4, R-EXP-6, R-EXP-7, R-EXT-2, R-EXT-3, R-CANCEL-1";
    Malformed "P-MALFORMED" "After bytes that are no message an operation ends at once, and waits for no timer." "R-MSG-3, R-IMP-14, R-EXP-7";
    Honest "P-HONEST" "An honest pair without fault succeeds; three wrong passwords apart." "R-PAIR-2";
}

impl PropertyId {
    /// The property of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|property| property.id() == id)
    }

    /// Whether it says that something happens, and not that something never does.
    pub const fn is_liveness(self) -> bool {
        matches!(self, Self::Ends | Self::CancelArrives | Self::Admits | Self::Honest | Self::Again)
    }

    /// Returns whether a state can show by itself that the property is violated. Where a crowd keeps a peer out, only a fair run does.
    pub const fn is_broken_in_states(self) -> bool {
        !matches!(self, Self::Admits)
    }

    /// Whether it can be asked in this configuration.
    pub fn applies(self, configuration: &Configuration) -> bool {
        let importer = configuration.cast.import != Player::Hostile;
        let exporter = configuration.cast.export != Player::Hostile;
        match self {
            Self::Consent | Self::Single | Self::Bound | Self::Password | Self::Isolated | Self::AtRest => importer,
            Self::NotSent | Self::Gate => exporter,
            Self::Pair | Self::NoBlame | Self::CancelArrives => importer && exporter,
            Self::Honest => configuration.is_honest(),
            Self::Admits => configuration.crowd.is_some(),
            // Asked of two links (`again`), and of a link with its clients.
            Self::Again | Self::Client => false,
            Self::Malformed => configuration.budget.words > 0,
            Self::Ends => configuration.clock,
            Self::Atomic => configuration.budget.import_crashes > 0,
            // The documented behaviour binds the hardened.
            Self::Documented | Self::Invariant | Self::Sends => {
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
            | Self::CancelArrives => true,
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
            | Self::Invariant
            | Self::Sends
            | Self::Malformed
            | Self::Honest => false,
        };
        if halved && configuration.cast.is_pair() && import != export { Half::EACH } else { Half::WHOLE }
    }
}

/// The part of a property that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Half {
    /// All of it.
    Both,
    /// The statement about this side. Of a cancel: of this side's.
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
