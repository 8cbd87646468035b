//! The checker's mutants in the simulator: those that only time can show, and those that an engine cannot find.

use handfast::rules::Rule;
use handfast_model::without::Without;

/// An engine of the simulator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Shell,
    Event,
}

/// The mutants that only time can show: the id, what is broken, and the rules.
pub(crate) const TIMERS: [(&str, &str, Without); 2] = [
    ("M-51c", "Progress does not start the stall timer again.", Without::new(&[Rule::ProgressRearms])),
    ("M-51d", "Timers are not stopped at the end.", Without::new(&[Rule::EndStopsTimers])),
];

const SHELL: &[Engine] = &[Engine::Shell];
const EVENT: &[Engine] = &[Engine::Event];
const BOTH: &[Engine] = &[Engine::Shell, Engine::Event];

const ONE: &str = "it takes two operations of a side at once";
const CLIENT: &str = "it is a client's: the users here call the daemons themselves";
const CROWD: &str =
    "it takes strangers that connect again without end: the event engine's visitors are few, and each connects once";

const SENT: &str =
    "the importer ignores a second `authScheme`: the engines judge what comes of a message, the checker each send";

const ORDER: &str = "it is the order of what goes out in one turn: the engines judge what comes of each of these, the checker their order";

/// The engines that cannot find a mutant, and why.
const BEYOND: &[(&[Engine], &str, &str)] = &[
    (SHELL, "M-03", "it takes a second exporter that has the code, after the end"),
    (SHELL, "M-04", "it takes a second exporter that has the code, at the same moment"),
    (SHELL, "M-06", "it takes a chain that does not verify, which no identity has"),
    (SHELL, "M-16", ONE),
    (SHELL, "M-18", "it takes a connection request after the end"),
    (SHELL, "M-21", "it takes a timer of one side only, and both have the same ones"),
    (SHELL, "M-22", "it takes an install that outlives the transfer's timer"),
    (BOTH, "M-27", CLIENT),
    (BOTH, "M-28", CLIENT),
    (SHELL, "M-29", "it takes more wrong codes than the strangers say"),
    (BOTH, "M-31", CLIENT),
    (BOTH, "M-32", "it is in the order in which a disk makes things durable: the store's, not the reducers'"),
    (SHELL, "M-33", "it takes a cancel that arrives in the middle of the archive, and no rule here looks at `sent`"),
    (SHELL, "M-34c", "it takes a word of the peer's while the importer installs"),
    (SHELL, "M-39", "it takes an importer that names no features"),
    (SHELL, "M-41", "it takes a result in the middle of the archive"),
    (SHELL, "M-42", "what would be sent is of a channel that has ended: the importer does not receive it"),
    (SHELL, "M-43", "it takes an archive that cannot be read when it is opened: these fail when they are sent"),
    (SHELL, "M-45", "it takes a verdict while the user is asked once more"),
    (SHELL, "M-46", "it takes an exporter that ends the channel after the archive"),
    (SHELL, "M-47", "the shell wipes dropped values with or without that effect"),
    (SHELL, "M-49", "it takes a stranger who asks for more of the other channels"),
    (SHELL, "M-50", "it takes an exporter that refuses more answers than a user has"),
    (SHELL, "M-51a", "no rule here says when a timer has to fire: the event engine has time of its own"),
    (SHELL, "M-51b", "it takes a session that outlives the token's timer"),
    (
        SHELL,
        "M-51c",
        "it takes an archive that is slower than the stall timer, and slow readers are in the other world",
    ),
    (BOTH, "M-52", CLIENT),
    (BOTH, "M-53", CLIENT),
    (SHELL, "M-54", "it takes a directory that repeats a request: devices here are dialled"),
    (SHELL, "M-55", ONE),
    (BOTH, "M-56", CLIENT),
    (EVENT, "M-57a", CROWD),
    (SHELL, "M-57b", "it takes an exporter that is evicted until its minute is over: here it is let in before"),
    (EVENT, "M-57b", CROWD),
    (SHELL, "M-57c", "where something failed R-PAIR-1 allows that both end, and no crowd here evicts an exporter"),
    (BOTH, "M-58", SENT),
    (BOTH, "M-59", "it is in the flag that is written with an account: the store's, not the reducers'"),
    (BOTH, "M-65", CLIENT),
    (BOTH, "M-67", ORDER),
    (BOTH, "M-68", ORDER),
    (BOTH, "M-69", ORDER),
    (BOTH, "M-70", ORDER),
];

/// Mutants that are in a comparison.
pub(crate) const COMPARED: [&str; 5] = ["M-60", "M-61", "M-62", "M-63", "M-64"];

/// Returns why an engine cannot find the mutant of this id; none if it can.
pub(crate) fn beyond(engine: Engine, id: &str) -> Option<&'static str> {
    let row = BEYOND.iter().find(|(engines, mutant, _)| *mutant == id && engines.contains(&engine));
    row.map(|(_, _, why)| *why)
}
