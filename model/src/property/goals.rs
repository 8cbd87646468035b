//! The goals that each configuration has to reach: a check in which nothing happened is not a pass.

use handfast::{
    limits::Timer,
    outcome::{LinkState, Outcome, Profile, Side},
};

use crate::{
    property::pairs::{Pair, classify},
    system::{
        cause::Cause,
        config::{Configuration, Player},
        link::{End, Item},
        seen::{Compared, Done},
        world::{HONEST, INTRUDER, PEER, Stage, Storage, World},
    },
};

/// A state that has to be reached.
pub(crate) struct Goal {
    pub(crate) name: &'static str,
    /// The allowed pair that it stands for. These are looked for also where they need not be reached.
    pub(crate) pair: Option<Pair>,
    /// Whether this configuration has to reach it, a legacy side permitting.
    due: fn(&Configuration) -> bool,
    pub(crate) reached: fn(&World) -> bool,
}

impl Goal {
    /// Whether it is looked for in this configuration.
    pub(crate) fn is_sought(&self, configuration: &Configuration) -> bool {
        self.is_due(configuration) || self.pair.is_some() && configuration.cast.is_pair()
    }

    /// Whether this configuration has to reach it.
    pub(crate) fn is_due(&self, configuration: &Configuration) -> bool {
        let beyond =
            |side, list: &[&str]| configuration.cast.player(side) == Player::Legacy && list.contains(&self.name);
        (self.due)(configuration)
            && !beyond(Side::Import, &BEYOND_A_LEGACY_IMPORTER)
            && !beyond(Side::Export, &BEYOND_A_LEGACY_EXPORTER)
    }
}

const fn goal(name: &'static str, due: fn(&Configuration) -> bool, reached: fn(&World) -> bool) -> Goal {
    Goal { name, pair: None, due, reached }
}

const fn pair(pair: Pair, due: fn(&Configuration) -> bool, reached: fn(&World) -> bool) -> Goal {
    Goal { name: pair.text(), pair: Some(pair), due, reached }
}

/// All goals.
pub(crate) const GOALS: [Goal; 80] = [
    goal("both succeed", |c| c.cast.is_pair(), |w| classify(w) == Some(Pair::BothSucceed)),
    goal(
        "wrong once, then right",
        |c| c.cast.is_pair() && c.budget.wrong >= 1,
        |w| classify(w) == Some(Pair::BothSucceed) && w.seen.export.wrong == 1,
    ),
    goal(
        "wrong twice, then right",
        |c| c.cast.is_pair() && c.budget.wrong >= 2,
        |w| classify(w) == Some(Pair::BothSucceed) && w.seen.export.wrong == 2,
    ),
    goal(
        "the third password is wrong",
        |c| c.cast.is_pair() && c.budget.wrong >= 3,
        |w| both(w, Outcome::Authentication),
    ),
    goal(
        "both users compare, and both succeed",
        |c| c.sas,
        |w| {
            let equal = [w.seen.import.compared, w.seen.export.compared] == [Compared::Equal; 2];
            equal && classify(w) == Some(Pair::BothSucceed)
        },
    ),
    goal(
        "a user says that the strings differ, and both end with it",
        |c| c.sas && c.budget.import_cancels + c.budget.export_cancels > 0,
        |w| both(w, Outcome::Mismatch),
    ),
    goal(
        "an answer before the confirmation",
        |c| c.cast.is_pair() && c.profile == Profile::Documented,
        |w| w.seen.import.answers > 0 && !w.seen.export.confirmed,
    ),
    goal(
        "a confirmation before the prompt",
        |c| c.cast.is_pair(),
        |w| w.seen.export.confirmed && w.seen.import.prompts == 0,
    ),
    goal("import: cancel in INIT", |c| c.budget.import_cancels > 0, |w| import(w, LinkState::Init, Cause::Call)),
    goal(
        "import: cancel in TOKEN_AVAILABLE",
        |c| c.budget.import_cancels > 0,
        |w| import(w, LinkState::TokenAvailable, Cause::Call),
    ),
    goal(
        "import: cancel in CONNECTING",
        |c| c.budget.import_cancels > 0,
        |w| import(w, LinkState::Connecting, Cause::Call),
    ),
    goal(
        "import: cancel in AUTHENTICATING",
        |c| c.budget.import_cancels > 0,
        |w| import(w, LinkState::Authenticating, Cause::Call),
    ),
    goal(
        "import: cancel in IN_PROGRESS",
        |c| c.budget.import_cancels > 0,
        |w| import(w, LinkState::InProgress, Cause::Call),
    ),
    goal(
        "import: removal while it installs",
        |c| c.budget.import_cancels > 0,
        |w| w.import.storage == Storage::Removed,
    ),
    goal(
        "export: cancel in CONNECTING",
        |c| c.budget.export_cancels > 0,
        |w| export(w, LinkState::Connecting, Cause::Call),
    ),
    goal(
        "export: cancel in AUTHENTICATING",
        |c| c.budget.export_cancels > 0,
        |w| export(w, LinkState::Authenticating, Cause::Call),
    ),
    goal(
        "import: cancel arrives",
        |c| c.cast.is_pair() && c.budget.export_cancels > 0,
        |w| arrived(w.seen.import.done, Outcome::CANCELED),
    ),
    goal(
        "export: cancel arrives",
        |c| c.cast.is_pair() && c.budget.import_cancels > 0,
        |w| arrived(w.seen.export.done, Outcome::CANCELED),
    ),
    goal(
        "export: cancel arrives after the first byte",
        |c| c.cast.is_pair() && c.budget.import_cancels > 0,
        |w| arrived(w.seen.export.done, Outcome::Canceled { sent: true }),
    ),
    goal(
        "a late ACCEPT is answered",
        |c| c.cast.is_pair() && c.budget.export_cancels > 0,
        |w| {
            w.seen.export.signalled == LinkState::Done
                && w.seen.export.done.is_some_and(|done| done.at == LinkState::Connecting)
                && arrived(w.seen.import.done, Outcome::CANCELED)
        },
    ),
    goal(
        "import: timer Prepare",
        |c| clocked(c, Side::Import) && c.budget.early > 0,
        |w| timed_out(w.seen.import.done, Timer::Prepare),
    ),
    goal("import: timer Token", |c| clocked(c, Side::Import), |w| timed_out(w.seen.import.done, Timer::Token)),
    goal(
        "import: timer Authenticate",
        |c| clocked(c, Side::Import) && (c.cast.is_pair() || c.budget.intruders > 0),
        |w| timed_out(w.seen.import.done, Timer::Authenticate),
    ),
    goal(
        "import: timer Stall",
        |c| clocked(c, Side::Import) && c.budget.early > 0,
        |w| timed_out(w.seen.import.done, Timer::Stall),
    ),
    goal(
        "import: timer Transfer",
        |c| clocked(c, Side::Import) && c.budget.early > 0,
        |w| timed_out(w.seen.import.done, Timer::Transfer),
    ),
    goal(
        "export: timer Connect",
        |c| clocked(c, Side::Export) && (c.budget.early > 0 || c.budget.loss > 0 || c.cast.import == Player::Hostile),
        |w| timed_out(w.seen.export.done, Timer::Connect),
    ),
    goal(
        "export: timer Authenticate",
        |c| clocked(c, Side::Export),
        |w| timed_out(w.seen.export.done, Timer::Authenticate),
    ),
    goal(
        "export: timer Stall",
        |c| clocked(c, Side::Export) && c.budget.early > 0,
        |w| timed_out(w.seen.export.done, Timer::Stall),
    ),
    goal(
        "export: timer Transfer",
        |c| clocked(c, Side::Export) && c.budget.early > 0,
        |w| timed_out(w.seen.export.done, Timer::Transfer),
    ),
    goal(
        "export: timer Result",
        |c| clocked(c, Side::Export) && (c.budget.early > 0 || c.cast.import == Player::Hostile),
        |w| timed_out(w.seen.export.done, Timer::Result),
    ),
    goal("import: timeout arrives", |c| c.cast.is_pair() && c.clock, |w| arrived(w.seen.import.done, Outcome::Timeout)),
    goal("export: timeout arrives", |c| c.cast.is_pair() && c.clock, |w| arrived(w.seen.export.done, Outcome::Timeout)),
    goal("import: link lost in CONNECTING", |c| c.budget.loss > 0, |w| import(w, LinkState::Connecting, Cause::Lost)),
    goal(
        "export: an attempt fails, and another one links",
        |c| c.budget.retries > 0 && (c.budget.loss > 0 || c.budget.bursts > 0),
        |w| w.seen.export.again && classify(w) == Some(Pair::BothSucceed),
    ),
    goal(
        "import: link lost in AUTHENTICATING",
        |c| c.budget.loss > 0,
        |w| import(w, LinkState::Authenticating, Cause::Lost),
    ),
    goal(
        "export: link lost in AUTHENTICATING",
        |c| c.budget.loss > 0,
        |w| export(w, LinkState::Authenticating, Cause::Lost),
    ),
    goal("import: link lost in IN_PROGRESS", |c| c.budget.loss > 0, |w| import(w, LinkState::InProgress, Cause::Lost)),
    goal("export: link lost in IN_PROGRESS", |c| c.budget.loss > 0, |w| export(w, LinkState::InProgress, Cause::Lost)),
    goal("import: link lost while it installs", |c| c.budget.loss > 0, |w| classify(w) == Some(Pair::SuccessUnheard)),
    goal(
        "export: storage fails",
        |c| c.cast.export != Player::Hostile && c.budget.storage > 0,
        |w| ended(w.seen.export.done, Outcome::Storage),
    ),
    goal(
        "import: storage fails",
        |c| c.cast.is_pair() && c.budget.storage > 0,
        |w| ended(w.seen.import.done, Outcome::Storage),
    ),
    goal(
        "import: the install fails",
        |c| c.cast.is_pair() && c.budget.storage > 0,
        |w| w.import.storage == (Storage::Reported { durable: false }),
    ),
    goal("a request comes again for a connection that is there", Configuration::repeats, |w| {
        let came = w.repeated().iter().filter(|one| one.came.is_some()).count();
        w.repeated().len() - usize::from(w.left.duplicates) > came
    }),
    goal("a request comes again, and before the first", Configuration::repeats, |w| {
        came_again(w, |(import, _)| import == LinkState::TokenAvailable)
    }),
    goal("a request comes again during the session", Configuration::repeats, |w| {
        came_again(w, |(import, _)| import == LinkState::InProgress)
    }),
    goal("a request comes again after the import's DONE", Configuration::repeats, |w| {
        came_again(w, |(import, _)| import == LinkState::Done)
    }),
    goal("a request comes again after the export's DONE", Configuration::repeats, |w| {
        came_again(w, |(_, export)| export == LinkState::Done)
    }),
    goal(
        "a request that was lost comes again",
        |c| c.repeats() && c.budget.loss > 0,
        |w| w.link.half(Side::Import).end == End::Away && w.link.failed && came_again(w, |_| true),
    ),
    goal(
        "a request is late: it is on its way after the export's DONE",
        |c| c.repeats() && c.budget.early > 0,
        |w| w.seen.export.done.is_some() && w.link.half(Side::Import).queue.first() == Some(&Item::Request),
    ),
    goal(
        "a stranger asks for a connection after DONE",
        |c| c.budget.strangers > 0,
        |w| w.seen.import.done.is_some() && w.callers.iter().any(|caller| caller.stage == Stage::Gone),
    ),
    goal(
        "the token is guessed at too often",
        |c| c.budget.asks > 16,
        |w| ended(w.seen.import.done, Outcome::Authentication),
    ),
    goal(
        "an intruder has the session",
        |c| c.budget.intruders > 0,
        |w| w.seen.import.session.is_some_and(|conn| conn != PEER),
    ),
    goal(
        "an intruder is turned away",
        |c| c.cast.is_pair() && c.budget.intruders > 0,
        |w| w.seen.import.session == Some(PEER) && w.callers.iter().any(|caller| caller.chain.is_some()),
    ),
    goal(
        "a forged chain is turned away",
        |c| c.budget.intruders > 0,
        |w| w.callers.iter().any(|caller| caller.stage == Stage::Gone && caller.chain.is_some() && !caller.proved),
    ),
    goal(
        "an intruder's account is installed with consent",
        |c| c.budget.intruders > 0 && c.budget.words > 1,
        |w| w.import.storage == (Storage::Reported { durable: true }) && w.import.checked == Some(INTRUDER),
    ),
    goal(
        "an intruder's archive of another account is refused",
        |c| c.budget.intruders > 0 && c.budget.words > 1,
        |w| {
            w.seen.import.session.is_some_and(|conn| conn != PEER)
                && w.import.checked == Some(HONEST)
                && ended(w.seen.import.done, Outcome::Protocol)
        },
    ),
    goal("a hostile device has the archive", |c| c.cast.import == Player::Hostile, |w| w.seen.export.byte_out),
    goal(
        "another device is turned away",
        |c| c.cast.import == Player::Hostile,
        |w| {
            w.device.is_some_and(|device| device.stage == Stage::Gone)
                && w.seen.export.signalled == LinkState::Done
                && !w.seen.export.pinned
        },
    ),
    goal(
        "a hostile device uses up the tries",
        |c| c.cast.import == Player::Hostile && c.budget.words >= 4,
        |w| ended(w.seen.export.done, Outcome::Authentication),
    ),
    goal(
        "a hostile device breaks a rule",
        |c| c.cast.import == Player::Hostile,
        |w| ended(w.seen.export.done, Outcome::Protocol),
    ),
    goal("import: crash in INIT", |c| c.budget.import_crashes > 0, |w| w.seen.import.crashed == Some(LinkState::Init)),
    goal(
        "import: crash in TOKEN_AVAILABLE",
        |c| c.budget.import_crashes > 0,
        |w| w.seen.import.crashed == Some(LinkState::TokenAvailable),
    ),
    goal(
        "import: crash in CONNECTING",
        |c| c.budget.import_crashes > 0,
        |w| w.seen.import.crashed == Some(LinkState::Connecting),
    ),
    goal(
        "import: crash in AUTHENTICATING",
        |c| c.budget.import_crashes > 0,
        |w| w.seen.import.crashed == Some(LinkState::Authenticating),
    ),
    goal(
        "import: crash in IN_PROGRESS",
        |c| c.budget.import_crashes > 0,
        |w| w.seen.import.crashed == Some(LinkState::InProgress),
    ),
    goal(
        "export: crash in CONNECTING",
        |c| c.budget.export_crashes > 0,
        |w| w.seen.export.crashed == Some(LinkState::Connecting),
    ),
    goal(
        "export: crash in AUTHENTICATING",
        |c| c.budget.export_crashes > 0,
        |w| w.seen.export.crashed == Some(LinkState::Authenticating),
    ),
    goal(
        "export: crash in IN_PROGRESS",
        |c| c.budget.export_crashes > 0,
        |w| w.seen.export.crashed == Some(LinkState::InProgress),
    ),
    goal(
        "import: crash while it installs, and the account is there",
        |c| c.budget.import_crashes > 0,
        |w| w.seen.import.crashed == Some(LinkState::InProgress) && w.import.storage.holds_account(),
    ),
    pair(Pair::BothSucceed, |c| c.cast.is_pair(), |w| classify(w) == Some(Pair::BothSucceed)),
    pair(
        Pair::SuccessUnheard,
        |c| c.cast.is_pair() && c.budget.loss > 0,
        |w| classify(w) == Some(Pair::SuccessUnheard),
    ),
    pair(
        Pair::SuccessTooLate,
        |c| c.cast.is_pair() && c.budget.early > 0,
        |w| classify(w) == Some(Pair::SuccessTooLate),
    ),
    pair(Pair::Equal, |c| c.cast.is_pair() && (c.budget.wrong >= 3 || c.clock), |w| classify(w) == Some(Pair::Equal)),
    pair(
        Pair::EachItsOwn,
        |c| c.cast.is_pair() && (c.budget.export_cancels > 0 && (c.budget.import_cancels > 0 || c.budget.early > 0)),
        |w| classify(w) == Some(Pair::EachItsOwn),
    ),
    pair(
        Pair::ExportUnspoken,
        |c| c.cast.is_pair() && (c.budget.early > 0 || c.budget.storage > 0),
        |w| classify(w) == Some(Pair::ExportUnspoken),
    ),
    pair(Pair::ImportProtocol, |_| false, |w| classify(w) == Some(Pair::ImportProtocol)),
    pair(Pair::Informed, |c| c.cast.is_pair() && c.budget.storage > 0, |w| classify(w) == Some(Pair::Informed)),
    pair(Pair::LinkFailed, |c| c.cast.is_pair() && c.budget.loss > 0, |w| classify(w) == Some(Pair::LinkFailed)),
    pair(
        Pair::ImportUnspoken,
        |c| c.cast.is_pair() && c.budget.storage > 0,
        |w| classify(w) == Some(Pair::ImportUnspoken),
    ),
    pair(
        Pair::NoSession,
        |c| c.cast.is_pair() && (c.budget.import_cancels > 0 || c.budget.loss > 0),
        |w| classify(w) == Some(Pair::NoSession),
    ),
];

/// The goals that no link with a legacy importer reaches: it cannot be cancelled, has one timer, notices no failure of its disk, and
/// says little.
pub(crate) const BEYOND_A_LEGACY_IMPORTER: [&str; 19] = [
    "import: cancel in INIT",
    "import: cancel in TOKEN_AVAILABLE",
    "import: cancel in CONNECTING",
    "import: cancel in AUTHENTICATING",
    "import: cancel in IN_PROGRESS",
    "import: removal while it installs",
    "import: timer Prepare",
    "import: timer Token",
    "import: timer Stall",
    "import: timer Transfer",
    "import: timeout arrives",
    "import: storage fails",
    "import: crash while it installs, and the account is there",
    "export: cancel arrives",
    "export: cancel arrives after the first byte",
    "an intruder's archive of another account is refused",
    Pair::Informed.text(),
    Pair::ImportUnspoken.text(),
    Pair::NoSession.text(),
];

/// The goals that no link with a legacy exporter reaches: it is gone when the archive is handed over, has one timer after the channel,
/// takes an archive that it cannot read for a wrong password, and receives no cancel.
pub(crate) const BEYOND_A_LEGACY_EXPORTER: [&str; 14] = [
    "an answer before the confirmation",
    "import: link lost while it installs",
    "export: cancel arrives",
    "export: cancel arrives after the first byte",
    "export: link lost in IN_PROGRESS",
    "export: storage fails",
    "export: timer Stall",
    "export: timer Transfer",
    "export: timer Result",
    Pair::SuccessUnheard.text(),
    Pair::SuccessTooLate.text(),
    Pair::ExportUnspoken.text(),
    Pair::Informed.text(),
    Pair::ImportUnspoken.text(),
];

/// Whether a request came again when both clients had seen this.
fn came_again(world: &World, when: fn((LinkState, LinkState)) -> bool) -> bool {
    world.repeated().iter().filter_map(|one| one.came).any(when)
}

/// Whether time passes, and the side takes part.
fn clocked(configuration: &Configuration, side: Side) -> bool {
    configuration.clock && configuration.cast.player(side) != Player::Hostile
}

fn import(world: &World, at: LinkState, cause: Cause) -> bool {
    world.seen.import.done.is_some_and(|done| done.at == at && done.cause == cause)
}

fn export(world: &World, at: LinkState, cause: Cause) -> bool {
    world.seen.export.done.is_some_and(|done| done.at == at && done.cause == cause)
}

fn ended(done: Option<Done>, outcome: Outcome) -> bool {
    done.is_some_and(|done| done.outcome == outcome)
}

fn arrived(done: Option<Done>, outcome: Outcome) -> bool {
    done.is_some_and(|done| done.outcome == outcome && done.cause == Cause::Received)
}

fn timed_out(done: Option<Done>, timer: Timer) -> bool {
    done.is_some_and(|done| done.cause == Cause::Timer(timer))
}

fn both(world: &World, outcome: Outcome) -> bool {
    ended(world.seen.import.done, outcome) && ended(world.seen.export.done, outcome)
}
