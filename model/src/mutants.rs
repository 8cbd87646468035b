//! Reducers that break one rule each, to show that the check that guards it can fail.

use handfast::{export::Exporter, import::Importer, operations::Exports, outcome::Side, reducer::Config, rules::Rules};
use serde::Serialize;

use crate::{
    again::Again,
    check::{Expected, Row, Verdict, judge, judge_both},
    clients,
    config::{self, Configuration, Player, Size},
    device::NewDevice,
    diagram::Counterexample,
    explore::{Graph, Limits},
    legacy,
    properties::{Half, PropertyId},
    side::{AnyExport, AnyImport, Boxed},
    system::System,
};

/// A mutant in its configuration.
pub type Broken = System<AnyImport, AnyExport>;

/// Two reducers with one rule broken.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The stable id.
    pub id: &'static str,
    /// What is broken.
    pub broken: &'static str,
    /// The property that has to be violated.
    pub property: PropertyId,
    /// The [`Configuration::id`](config::Configuration::id) in which it has to be.
    pub configuration: &'static str,
    sides: fn(Config) -> (AnyImport, AnyExport),
    setting: Setting,
}

/// Where a mutant lives.
#[derive(Clone, Copy, Debug)]
enum Setting {
    /// In the reducers.
    Reducers,
    /// In the registries of the devices' operations: this hunts it.
    Device(fn(Configuration, PropertyId, Limits) -> (Verdict, Option<Counterexample>)),
    /// In the clients: this hunts it.
    Clients(fn(Configuration, PropertyId, Limits) -> (Verdict, Option<Counterexample>)),
    /// In the order in which a disk makes things durable.
    Disk,
}

/// What came of a mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Kill {
    /// [`Mutant::id`].
    pub mutant: &'static str,
    /// [`Mutant::broken`].
    pub broken: &'static str,
    /// The property, and how it fared. It should be violated.
    #[serde(flatten)]
    pub row: Row,
}

impl Mutant {
    /// The mutant of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.id == id)
    }

    /// The two reducers in the configuration that shows them, if it is there in this size.
    pub fn system(&self, size: Size) -> Option<Broken> {
        let configuration = config::find(size, self.configuration)?;
        let (import, export) = (self.sides)(configuration.reducers());
        let old = |side| configuration.cast.player(side) == Player::Legacy;
        let import = if old(Side::Import) { Boxed::new(legacy::Importer::new()) } else { import };
        let export = if old(Side::Export) { Boxed::new(legacy::Exporter::new()) } else { export };
        let system = System::new(configuration, import, export);
        Some(if matches!(self.setting, Setting::Disk) { system.on_a_torn_disk() } else { system })
    }

    /// Makes the two reducers. None: what is broken is not in them.
    pub fn sides(&self) -> Option<fn(Config) -> (AnyImport, AnyExport)> {
        matches!(self.setting, Setting::Reducers).then_some(self.sides)
    }

    /// Looks for the shortest violation of the property that has to find it.
    pub fn hunt(&self, size: Size, limits: Limits) -> Kill {
        let mut row = Row {
            configuration: self.configuration.into(),
            budget: String::new(),
            property: self.property,
            half: None,
            verdict: Verdict::Inconclusive { why: "there is no such configuration".into() },
            expected: Expected::Shown(self.id),
            counterexample: None,
        };
        if let Some(system) = self.system(size) {
            row.budget = system.configuration().budget.to_string();
            if let Setting::Device(hunt) | Setting::Clients(hunt) = self.setting {
                (row.verdict, row.counterexample) = hunt(*system.configuration(), self.property, limits);
                return Kill { mutant: self.id, broken: self.broken, row };
            }
            let graph = Graph::explore(&system, limits, Some(self.property.id()));
            let cut = Verdict::Inconclusive { why: format!("cut short after {} states", graph.states()) };
            let doubt = (!graph.is_complete()).then_some(&cut);
            (row.verdict, row.counterexample) = judge(&system, &graph, self.property, Half::Both, doubt);
        }
        Kill { mutant: self.id, broken: self.broken, row }
    }
}

fn sides<R: Rules>(config: Config) -> (AnyImport, AnyExport) {
    (Boxed::new(Importer::<R>::new(config)), Boxed::new(Exporter::<R>::new(config)))
}

fn hunt_device<R: Rules>(
    configuration: Configuration,
    property: PropertyId,
    limits: Limits,
) -> (Verdict, Option<Counterexample>) {
    let config = configuration.reducers();
    let again = Again::new(configuration, NewDevice::<R>::new(config), Exports::<R>::new(config));
    let graph = Graph::explore(&again, limits, Some(property.id()));
    judge_both(&again, &graph, property, Half::Both, None)
}

macro_rules! mutants {
    (@setting $name:ident) => { Setting::Reducers };
    (@setting $name:ident device) => { Setting::Device(hunt_device::<rules::$name>) };
    (@setting $name:ident clients) => { Setting::Clients(clients::checked::hunt::<rules::$name>) };
    (@setting $name:ident disk) => { Setting::Disk };
    ($($name:ident $id:literal $broken:literal [$($rule:ident)*] $property:ident $configuration:literal $($setting:ident)?;)*) => {
        /// The rules of each mutant.
        pub mod rules {
            use handfast::rules::Rules;

            $(
                #[doc = $broken]
                #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct $name;

                impl Rules for $name {
                    $(const $rule: bool = false;)*
                }
            )*
        }

        /// All of them.
        pub const MUTANTS: &[Mutant] = &[$(
            Mutant {
                id: $id,
                broken: $broken,
                property: PropertyId::$property,
                configuration: $configuration,
                sides: sides::<rules::$name>,
                setting: mutants!(@setting $name $($setting)?),
            },
        )*];
    };
}

mutants! {
    M01 "M-01" "An archive is taken while the user is still asked." [ANSWER_BEFORE_ARCHIVE]
        Consent "HX-documented-hostile-exporter";
    M02 "M-02" "An archive is taken before the user is asked." [PROMPT_BEFORE_ARCHIVE]
        Consent "HX-documented-hostile-exporter";
    M03 "M-03" "The token stays alive after DONE." [TOKEN_DIES] Single "HH-documented-intruders";
    M04 "M-04" "The slot is tested and taken in two steps." [SLOT_TAKEN_AT_ONCE] Single "HH-documented-intruders";
    M05 "M-05" "The archive's account is not compared with the confirmed one." [BOUND]
        Bound "HX-documented-hostile-exporter";
    M06 "M-06" "The account is taken from a chain that does not verify." [VERIFIED_CHAIN]
        Bound "HX-documented-hostile-exporter";
    M07 "M-07" "The exporter says Success when the bytes are handed over." [SUCCESS_CONFIRMED]
        Stored "HH-documented-honest";
    M08 "M-08" "The importer says Success before the account is durable." [DURABLE] Stored "HH-documented-honest";
    M09 "M-09" "A cancel is accepted after the first archive byte." [CANCEL_BEFORE_SENT]
        NotSent "HH-documented-cancel";
    M10 "M-10" "Nobody has to confirm." [CONFIRM_GATE] Gate "HH-documented-honest";
    M11 "M-11" "An early password is tried before the user confirmed." [EARLY_PASSWORD_WAITS]
        Gate "HH-documented-honest";
    M12 "M-12" "Tries are not counted." [TRIES_COUNTED] Tries "XH-documented-hostile-importer";
    M13 "M-13" "Stray messages are counted as tries." [ONLY_PASSWORDS_COUNTED]
        Tries "XH-documented-hostile-importer";
    M14 "M-14" "A second answer is accepted while one is pending." [ONE_ANSWER] NoBlame "HH-documented-honest";
    M15 "M-15" "A stranger's failed attempt ends the operation." [STRANGERS_ISOLATED]
        Isolated "HH-documented-strangers";
    M16 "M-16" "A late event of an ended operation clears the live one." [LATE_EVENTS_APART]
        Isolated "HH-documented-again" device;
    M17 "M-17" "CONNECTING is repeated." [CONNECTING_ONCE] Grammar "HH-documented-strangers";
    M18 "M-18" "A signal follows DONE." [DONE_LAST] Grammar "HH-documented-strangers";
    M19 "M-19" "DONE comes twice." [DONE_ONCE] Grammar "HH-documented-loss";
    M20 "M-20" "A cancel is neither said nor is the channel ended." [CANCEL_SAID] CancelHeard "HH-documented-cancel";
    M21 "M-21" "TIMEOUT is not understood." [TIMEOUT_UNDERSTOOD] NoBlame "HH-documented-timers";
    M22 "M-22" "A timer ends an operation that installs." [INSTALL_OUTLIVES_TIMERS] Single "HH-documented-timers";
    M23 "M-23" "`authScheme` is sent again at the confirmation, and that is an error." [SCHEME_SENT_ONCE SCHEME_AGAIN_IGNORED]
        Honest "HH-documented-honest";
    M24 "M-24" "No timer runs before the channel opens." [CONNECT_TIMER] Ends "HH-documented-loss";
    M25 "M-25" "An answer in another scheme is accepted." [SCHEME_MATCHES] Return "HH-documented-honest";
    M26 "M-26" "A failed install is said to be a success." [INSTALL_ERRORS] Stored "HH-documented-storage";
    M27 "M-27" "A client shows an error that it does not know as success." [CLIENT_UNHEARD_FAILS]
        Client "HH-jamid-import-client" clients;
    M28 "M-28" "A client shows what another operation says." [CLIENT_OWN_SIGNALS] Client "HH-documented-import-client" clients;
    M29 "M-29" "Wrong codes are not limited." [CODES_LIMITED] Budget "HX-documented-guesses";
    M30 "M-30" "A refused answer changes the state." [REFUSAL_IS_PURE] Return "HH-documented-honest";
    M31 "M-31" "Leaving the screen does not cancel." [CLIENT_LEAVING_CANCELS] Client "HH-documented-export-client" clients;
    M32 "M-32" "The account gets its name before what it names is durable." [] Atomic "HH-documented-crash" disk;
    M33 "M-33" "A cancel heard behind the first byte is told without `sent`." [SENT_IS_TOLD]
        NotSent "HH-documented-cancel";
    M34Removal "M-34a" "A removal ends an install." [INSTALL_OUTLIVES_REMOVAL] Single "HH-documented-cancel";
    M34Loss "M-34b" "The loss of the session ends an install." [INSTALL_OUTLIVES_LOSS] Single "HH-documented-loss";
    M34Word "M-34c" "The peer's TIMEOUT ends an install." [INSTALL_OUTLIVES_WORD] Single "HH-documented-timers";
    M35 "M-35" "An early password is dropped at the confirmation." [EARLY_PASSWORD_KEPT] Honest "HH-documented-honest";
    M36 "M-36" "A confirmation before the hello is lost." [EARLY_CONFIRM_KEPT] Honest "HH-documented-honest";
    M37 "M-37" "A late ACCEPT is not answered." [LATE_ACCEPT_ANSWERED] Pair "HH-documented-cancel";
    M38 "M-38" "Nothing is said while the peer's features are unknown." [WORD_WHILE_UNKNOWN]
        Pair "HH-documented-cancel";
    M39 "M-39" "A result is expected of an importer that promised none." [RESULT_ONLY_IF_NAMED]
        Honest "LH-documented-honest";
    M40Loss "M-40a" "The loss of the link counts as success." [LOSS_IS_FAILURE] Stored "HH-documented-loss";
    M40End "M-40b" "The end without a result counts as success." [END_IS_FAILURE]
        Stored "XH-documented-hostile-importer";
    M41 "M-41" "A result is taken before the archive is out." [RESULT_AFTER_ARCHIVE]
        Stored "XH-documented-hostile-importer";
    M42 "M-42" "A late result of opening still sends after a cancel." [LATE_OPENING_DISCARDED]
        NotSent "HH-documented-cancel";
    M43 "M-43" "An archive that cannot be read counts as a try." [UNREADABLE_IS_NO_TRY]
        Tries "HH-documented-storage";
    M44 "M-44" "A second `addDevice` replaces the first." [ONE_IS_LIVE] Return "HH-documented-again" device;
    M45 "M-45" "A stray verdict is acted upon while the user is asked." [STRAY_VERDICT_IGNORED]
        Grammar "HX-documented-hostile-exporter";
    M46 "M-46" "The end right behind the archive counts as the loss of the link." [END_BEHIND_ARCHIVE]
        Honest "HL-documented-plain";
    M47 "M-47" "What was staged stays after a failure." [WIPED] Budget "HH-documented-cancel";
    M48 "M-48" "The device's key is not compared with the token." [PINNED] Gate "XH-documented-hostile-importer";
    M49 "M-49" "Channels of other names count as wrong codes." [OTHER_CHANNELS_FREE] Isolated "HX-documented-guesses";
    M50 "M-50" "Prompts are not limited." [PROMPTS_LIMITED] Tries "HX-documented-hostile-exporter";
    M52 "M-52" "The account of a failed import stays." [CLIENT_FAILED_REMOVED] Client "HH-documented-import-client" clients;
    M53 "M-53" "A cancel that is refused is not said." [CLIENT_REFUSAL_IS_SAID] Client "HH-documented-export-client" clients;
    M54 "M-54" "A request that comes again begins its connection anew." [REPEATS_IGNORED]
        Honest "HH-documented-duplicates";
    M57Room "M-57a" "Where all places are taken, a connection is turned away." [ROOM_IS_MADE] Admits "HH-documented-crowd";
    M57Progress "M-57b" "A connection makes room for one that has proved less." [PROGRESS_COUNTS] Admits "HH-documented-crowd";
    M57Attempts "M-57c" "An attempt to connect that fails is the end." [ATTEMPTS_REPEATED] Admits "HH-documented-crowd";
    M55 "M-55" "A late event of an ended import clears the live one." [LATE_IMPORTS_APART]
        Isolated "HH-documented-again" device;
}
