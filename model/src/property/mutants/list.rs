//! The mutants: one row each.

use handfast::rules::Rule as R;

use super::{Mutant, Setting};
use crate::property::{properties::PropertyId as P, without::Without};

/// Every mutant, by its id.
pub const MUTANTS: &[Mutant] = &[
    breaks("M-01", "An archive is taken while the user is still asked.", &[R::AnswerBeforeArchive])
        .violates(P::Consent, "HX-documented-hostile-exporter"),
    breaks("M-02", "An archive is taken before the user is asked.", &[R::PromptBeforeArchive])
        .violates(P::Consent, "HX-documented-hostile-exporter"),
    breaks("M-03", "The token stays alive after DONE.", &[R::TokenDies]).violates(P::Single, "HH-documented-intruders"),
    breaks("M-04", "The slot is tested and taken in two steps.", &[R::SlotTakenAtOnce])
        .violates(P::Single, "HH-documented-intruders"),
    breaks("M-05", "The archive's account is not compared with the confirmed one.", &[R::Bound])
        .violates(P::Bound, "HX-documented-hostile-exporter"),
    breaks("M-06", "The account is taken from a chain that does not verify.", &[R::VerifiedChain])
        .violates(P::Bound, "HX-documented-hostile-exporter"),
    breaks("M-07", "The exporter says Success when the bytes are handed over.", &[R::SuccessConfirmed])
        .violates(P::Stored, "HH-documented-honest"),
    breaks("M-08", "The importer says Success before the account is durable.", &[R::Durable])
        .violates(P::Stored, "HH-documented-honest"),
    breaks("M-09", "A cancel is accepted after the first archive byte.", &[R::CancelBeforeSent])
        .violates(P::NotSent, "HH-documented-cancel"),
    breaks("M-10", "No confirmation is needed.", &[R::ConfirmGate]).violates(P::Gate, "HH-documented-honest"),
    breaks("M-11", "An early password is tried before the user confirmed.", &[R::EarlyPasswordWaits])
        .violates(P::Gate, "HH-documented-honest"),
    breaks("M-12", "Tries are not counted.", &[R::TriesCounted]).violates(P::Tries, "XH-documented-hostile-importer"),
    breaks("M-13", "Stray messages are counted as tries.", &[R::OnlyPasswordsCounted])
        .violates(P::Tries, "XH-documented-hostile-importer"),
    breaks("M-14", "A second answer is accepted while one is pending.", &[R::OneAnswer])
        .violates(P::NoBlame, "HH-documented-honest"),
    breaks("M-15", "A stranger's failed attempt ends the operation.", &[R::StrangersIsolated])
        .violates(P::Isolated, "HH-documented-strangers"),
    breaks("M-16", "A late event of an ended operation clears the live one.", &[R::LateEventsApart])
        .violates(P::Isolated, "HH-documented-again")
        .of(Setting::Registries),
    breaks("M-17", "CONNECTING is repeated.", &[R::ConnectingOnce]).violates(P::Grammar, "HH-documented-strangers"),
    breaks("M-18", "A signal follows DONE.", &[R::DoneLast]).violates(P::Grammar, "HH-documented-strangers"),
    breaks("M-19", "DONE comes twice.", &[R::DoneOnce]).violates(P::Grammar, "HH-documented-loss"),
    breaks("M-20", "A cancel is neither said nor is the channel ended.", &[R::CancelSaid])
        .violates(P::CancelArrives, "HH-documented-cancel"),
    breaks("M-21", "TIMEOUT is not understood.", &[R::TimeoutUnderstood]).violates(P::NoBlame, "HH-documented-timers"),
    breaks("M-22", "A timer ends an operation that installs.", &[R::InstallOutlivesTimers])
        .violates(P::Single, "HH-documented-timers"),
    breaks(
        "M-23",
        "`authScheme` is sent again at the confirmation, and that is an error.",
        &[R::SchemeSentOnce, R::SchemeAgainIgnored],
    )
    .violates(P::Honest, "HH-documented-honest"),
    breaks("M-24", "No timer runs before the channel opens.", &[R::ConnectTimer])
        .violates(P::Ends, "HH-documented-loss"),
    breaks("M-25", "An answer in another scheme is accepted.", &[R::SchemeMatches])
        .violates(P::Return, "HH-documented-honest"),
    breaks("M-26", "A failed install is said to be a success.", &[R::InstallErrors])
        .violates(P::Stored, "HH-documented-storage"),
    breaks("M-27", "A client shows an error that it does not know as success.", &[R::ClientUnheardFails])
        .violates(P::Client, "HH-jamid-import-client")
        .of(Setting::Clients),
    breaks("M-28", "A client shows what another operation says.", &[R::ClientOwnSignals])
        .violates(P::Client, "HH-documented-import-client")
        .of(Setting::Clients),
    breaks("M-29", "Wrong codes are not limited.", &[R::CodesLimited]).violates(P::Budget, "HX-documented-guesses"),
    breaks("M-30", "A refused answer changes the state.", &[R::RefusalIsPure])
        .violates(P::Return, "HH-documented-honest"),
    breaks("M-31", "Leaving the screen does not cancel.", &[R::ClientLeavingCancels])
        .violates(P::Client, "HH-documented-export-client")
        .of(Setting::Clients),
    breaks("M-32", "The account gets its name before what it names is durable.", &[])
        .violates(P::Atomic, "HH-documented-crash")
        .of(Setting::Disk),
    breaks("M-33", "A cancel that arrives after the first byte is reported without `sent`.", &[R::SentIsReported])
        .violates(P::NotSent, "HH-documented-cancel"),
    breaks("M-34a", "A removal ends an install.", &[R::InstallOutlivesRemoval])
        .violates(P::Single, "HH-documented-cancel"),
    breaks("M-34b", "The loss of the session ends an install.", &[R::InstallOutlivesLoss])
        .violates(P::Single, "HH-documented-loss"),
    breaks("M-34c", "The peer's TIMEOUT ends an install.", &[R::InstallOutlivesWord])
        .violates(P::Single, "HH-documented-timers"),
    breaks("M-35", "An early password is dropped at the confirmation.", &[R::EarlyPasswordKept])
        .violates(P::Honest, "HH-documented-honest"),
    breaks("M-36", "A confirmation before the hello is lost.", &[R::EarlyConfirmKept])
        .violates(P::Honest, "HH-documented-honest"),
    breaks("M-37", "A late ACCEPT is not answered.", &[R::LateAcceptAnswered])
        .violates(P::Pair, "HH-documented-cancel"),
    breaks("M-38", "Nothing is said while the peer's features are unknown.", &[R::WordWhileUnknown])
        .violates(P::Pair, "HH-documented-cancel"),
    breaks("M-39", "A result is expected of an importer that promised none.", &[R::ResultOnlyIfNamed])
        .violates(P::Honest, "LH-documented-honest"),
    breaks("M-40a", "The loss of the link counts as success.", &[R::LossIsFailure])
        .violates(P::Stored, "HH-documented-loss"),
    breaks("M-40b", "The end without a result counts as success.", &[R::EndIsFailure])
        .violates(P::Stored, "XH-documented-hostile-importer"),
    breaks("M-41", "A result is taken before the archive is out.", &[R::ResultAfterArchive])
        .violates(P::Stored, "XH-documented-hostile-importer"),
    breaks("M-42", "A late result of opening still sends after a cancel.", &[R::LateOpeningDiscarded])
        .violates(P::NotSent, "HH-documented-cancel"),
    breaks("M-43", "An archive that cannot be read counts as a try.", &[R::UnreadableIsNoTry])
        .violates(P::Tries, "HH-documented-storage"),
    breaks("M-44", "A second `addDevice` replaces the first.", &[R::OneIsLive])
        .violates(P::Return, "HH-documented-again")
        .of(Setting::Registries),
    breaks("M-45", "A stray verdict is acted upon while the user is asked.", &[R::StrayVerdictIgnored])
        .violates(P::Grammar, "HX-documented-hostile-exporter"),
    breaks("M-46", "The end right after the archive counts as the loss of the link.", &[R::EndAfterArchive])
        .violates(P::Honest, "HL-documented-plain"),
    breaks("M-47", "What was staged stays after a failure.", &[R::Wiped]).violates(P::Budget, "HH-documented-cancel"),
    breaks("M-48", "The device's key is not compared with the token.", &[R::Pinned])
        .violates(P::Gate, "XH-documented-hostile-importer"),
    breaks("M-49", "Channels of other names count as wrong codes.", &[R::OtherChannelsFree])
        .violates(P::Isolated, "HX-documented-guesses"),
    breaks("M-50", "Prompts are not limited.", &[R::PromptsLimited])
        .violates(P::Tries, "HX-documented-hostile-exporter"),
    breaks("M-51b", "A timer is not stopped when a session opens.", &[R::SessionStopsTimers])
        .violates(P::Invariant, "HH-documented-honest"),
    breaks("M-52", "The account of a failed import stays.", &[R::ClientFailedRemoved])
        .violates(P::Client, "HH-documented-import-client")
        .of(Setting::Clients),
    breaks("M-53", "A cancel that is refused is not said.", &[R::ClientRefusalIsSaid])
        .violates(P::Client, "HH-documented-export-client")
        .of(Setting::Clients),
    breaks("M-54", "A request that comes again begins its connection anew.", &[R::RepeatsIgnored])
        .violates(P::Honest, "HH-documented-duplicates"),
    breaks("M-55", "A late event of an ended import clears the live one.", &[R::LateImportsApart])
        .violates(P::Isolated, "HH-documented-again")
        .of(Setting::Registries),
    breaks("M-56", "A question whose answer was refused is asked again at once.", &[R::ClientRefusalWaits])
        .violates(P::Client, "HH-documented-clients-at-once")
        .of(Setting::Clients),
    breaks("M-57a", "Where all places are taken, a connection is turned away.", &[R::RoomIsMade])
        .violates(P::Admits, "HH-documented-crowd"),
    breaks("M-57b", "A connection makes room for one that has proved less.", &[R::ProgressCounts])
        .violates(P::Admits, "HH-documented-crowd"),
    breaks("M-57c", "An attempt to connect that fails is the end.", &[R::AttemptsRepeated])
        .violates(P::Admits, "HH-documented-crowd"),
    breaks("M-58", "`authScheme` is sent again at the confirmation; the importer bears it.", &[R::SchemeSentOnce])
        .violates(P::Sends, "HH-documented-honest"),
    breaks("M-59", "The flag of the account comes from the scheme's name.", &[])
        .violates(P::AtRest, "HH-documented-honest")
        .of(Setting::Flag),
    breaks("M-60", "The importer shows its nonce before the exporter's commitment.", &[R::NonceAfterCommitment])
        .violates(P::Sends, "HH-documented-compared"),
    breaks("M-61", "The exporter opens its nonce before it knows the importer's.", &[R::OpeningAfterNonce])
        .violates(P::Sends, "HH-documented-compared"),
    breaks("M-62", "The importer asks for the password before its user compared.", &[R::ComparedBeforePassword])
        .violates(P::Password, "HH-documented-compared"),
    breaks("M-63", "The exporter tries a password before its user compared.", &[R::ComparedBeforeArchive])
        .violates(P::Gate, "HH-documented-compared"),
    breaks("M-64", "Strings that a user says to be different are taken for equal.", &[R::DifferenceEnds])
        .violates(P::Password, "HH-documented-compared-faults"),
    breaks("M-65", "A signal that comes before the client knows its operation is lost.", &[R::ClientAsksState])
        .violates(P::Client, "HH-documented-export-client")
        .of(Setting::Clients),
    breaks("M-66", "Bytes that are no message are passed over.", &[R::MalformedEnds])
        .violates(P::Malformed, "HX-documented-hostile-exporter"),
    breaks("M-67", "The importer signals IN_PROGRESS after the password is sent.", &[R::ProgressBeforeSends])
        .violates(P::Sends, "HH-jamid-honest"),
    breaks("M-68", "The exporter signals IN_PROGRESS after the archive has begun.", &[R::ProgressBeforeSends])
        .violates(P::Sends, "HH-documented-honest"),
    breaks("M-69", "The importer signals DONE before its last word.", &[R::DoneAfterSends])
        .violates(P::Sends, "HX-documented-hostile-exporter"),
    breaks("M-70", "The exporter signals DONE before its last word.", &[R::DoneAfterSends])
        .violates(P::Sends, "XH-documented-hostile-importer"),
];

/// The first half of a row.
struct Broken {
    id: &'static str,
    broken: &'static str,
    without: Without,
}

/// Names a mutant and the rules that it breaks.
const fn breaks(id: &'static str, broken: &'static str, rules: &[R]) -> Broken {
    Broken { id, broken, without: Without::new(rules) }
}

impl Broken {
    /// Names the property that has to notice, and the configuration in which it does.
    const fn violates(self, property: P, configuration: &'static str) -> Mutant {
        let Self { id, broken, without } = self;
        Mutant { id, broken, without, property, configuration, setting: Setting::Reducers }
    }
}

impl Mutant {
    const fn of(self, setting: Setting) -> Self {
        Self { setting, ..self }
    }
}
