//! What each configuration has to reach: a check in which nothing happened is not a pass.

use handfast::{
    limits::Timer,
    outcome::{LinkState, Outcome, Profile, Side},
};

use crate::{
    config::{Cast, Configuration},
    monitor::{Cause, Done},
    pairs::{Pair, classify},
    world::{HONEST, INTRUDER, PEER, Stage, Storage, World},
};

/// A state that has to be reached.
pub(crate) struct Goal {
    pub(crate) name: &'static str,
    /// Whether this configuration has to reach it.
    pub(crate) due: fn(&Configuration) -> bool,
    pub(crate) reached: fn(&World) -> bool,
}

/// All goals.
pub(crate) const GOALS: [Goal; 58] = [
    Goal { name: "both succeed", due: |c| c.cast == Cast::Pair, reached: |w| classify(w) == Some(Pair::BothSucceed) },
    Goal {
        name: "wrong once, then right",
        due: |c| c.cast == Cast::Pair && c.budget.wrong >= 1,
        reached: |w| classify(w) == Some(Pair::BothSucceed) && w.seen.export.wrong == 1,
    },
    Goal {
        name: "wrong twice, then right",
        due: |c| c.cast == Cast::Pair && c.budget.wrong >= 2,
        reached: |w| classify(w) == Some(Pair::BothSucceed) && w.seen.export.wrong == 2,
    },
    Goal {
        name: "the third password is wrong",
        due: |c| c.cast == Cast::Pair && c.budget.wrong >= 3,
        reached: |w| both(w, Outcome::Authentication),
    },
    Goal {
        name: "an answer before the confirmation",
        due: |c| c.cast == Cast::Pair && c.profile == Profile::Documented,
        reached: |w| w.seen.import.answers > 0 && !w.seen.export.confirmed,
    },
    Goal {
        name: "a confirmation before the prompt",
        due: |c| c.cast == Cast::Pair,
        reached: |w| w.seen.export.confirmed && w.seen.import.prompts == 0,
    },
    Goal {
        name: "import: cancel in INIT",
        due: |c| c.budget.import_cancels > 0,
        reached: |w| import(w, LinkState::Init, Cause::Call),
    },
    Goal {
        name: "import: cancel in TOKEN_AVAILABLE",
        due: |c| c.budget.import_cancels > 0,
        reached: |w| import(w, LinkState::TokenAvailable, Cause::Call),
    },
    Goal {
        name: "import: cancel in CONNECTING",
        due: |c| c.budget.import_cancels > 0,
        reached: |w| import(w, LinkState::Connecting, Cause::Call),
    },
    Goal {
        name: "import: cancel in AUTHENTICATING",
        due: |c| c.budget.import_cancels > 0,
        reached: |w| import(w, LinkState::Authenticating, Cause::Call),
    },
    Goal {
        name: "import: cancel in IN_PROGRESS",
        due: |c| c.budget.import_cancels > 0,
        reached: |w| import(w, LinkState::InProgress, Cause::Call),
    },
    Goal {
        name: "import: removal while it installs",
        due: |c| c.budget.import_cancels > 0,
        reached: |w| w.import.storage == Storage::Removed,
    },
    Goal {
        name: "export: cancel in CONNECTING",
        due: |c| c.budget.export_cancels > 0,
        reached: |w| export(w, LinkState::Connecting, Cause::Call),
    },
    Goal {
        name: "export: cancel in AUTHENTICATING",
        due: |c| c.budget.export_cancels > 0,
        reached: |w| export(w, LinkState::Authenticating, Cause::Call),
    },
    Goal {
        name: "import: cancel is heard",
        due: |c| c.cast == Cast::Pair && c.budget.export_cancels > 0,
        reached: |w| heard(w.seen.import.done, Outcome::CANCELED),
    },
    Goal {
        name: "export: cancel is heard",
        due: |c| c.cast == Cast::Pair && c.budget.import_cancels > 0,
        reached: |w| heard(w.seen.export.done, Outcome::CANCELED),
    },
    Goal {
        name: "export: cancel is heard behind the first byte",
        due: |c| c.cast == Cast::Pair && c.budget.import_cancels > 0,
        reached: |w| heard(w.seen.export.done, Outcome::Canceled { sent: true }),
    },
    Goal {
        name: "a late ACCEPT is answered",
        due: |c| c.cast == Cast::Pair && c.budget.export_cancels > 0,
        reached: |w| {
            w.seen.export.signalled == LinkState::Done
                && w.seen.export.done.is_some_and(|done| done.at == LinkState::Connecting)
                && heard(w.seen.import.done, Outcome::CANCELED)
        },
    },
    Goal {
        name: "import: timer Prepare",
        due: |c| clocked(c, Side::Import) && c.budget.early > 0,
        reached: |w| timed_out(w.seen.import.done, Timer::Prepare),
    },
    Goal {
        name: "import: timer Token",
        due: |c| clocked(c, Side::Import),
        reached: |w| timed_out(w.seen.import.done, Timer::Token),
    },
    Goal {
        name: "import: timer Authenticate",
        due: |c| clocked(c, Side::Import) && (c.cast == Cast::Pair || c.budget.intruders > 0),
        reached: |w| timed_out(w.seen.import.done, Timer::Authenticate),
    },
    Goal {
        name: "import: timer Stall",
        due: |c| clocked(c, Side::Import) && c.budget.early > 0,
        reached: |w| timed_out(w.seen.import.done, Timer::Stall),
    },
    Goal {
        name: "import: timer Transfer",
        due: |c| clocked(c, Side::Import) && c.budget.early > 0,
        reached: |w| timed_out(w.seen.import.done, Timer::Transfer),
    },
    Goal {
        name: "export: timer Connect",
        due: |c| {
            clocked(c, Side::Export) && (c.budget.early > 0 || c.budget.loss > 0 || c.cast == Cast::HostileImporter)
        },
        reached: |w| timed_out(w.seen.export.done, Timer::Connect),
    },
    Goal {
        name: "export: timer Authenticate",
        due: |c| clocked(c, Side::Export),
        reached: |w| timed_out(w.seen.export.done, Timer::Authenticate),
    },
    Goal {
        name: "export: timer Stall",
        due: |c| clocked(c, Side::Export) && c.budget.early > 0,
        reached: |w| timed_out(w.seen.export.done, Timer::Stall),
    },
    Goal {
        name: "export: timer Transfer",
        due: |c| clocked(c, Side::Export) && c.budget.early > 0,
        reached: |w| timed_out(w.seen.export.done, Timer::Transfer),
    },
    Goal {
        name: "export: timer Result",
        due: |c| clocked(c, Side::Export) && (c.budget.early > 0 || c.cast == Cast::HostileImporter),
        reached: |w| timed_out(w.seen.export.done, Timer::Result),
    },
    Goal {
        name: "import: timeout is heard",
        due: |c| c.cast == Cast::Pair && c.clock,
        reached: |w| heard(w.seen.import.done, Outcome::Timeout),
    },
    Goal {
        name: "export: timeout is heard",
        due: |c| c.cast == Cast::Pair && c.clock,
        reached: |w| heard(w.seen.export.done, Outcome::Timeout),
    },
    Goal {
        name: "import: link lost in CONNECTING",
        due: |c| c.budget.loss > 0,
        reached: |w| import(w, LinkState::Connecting, Cause::Lost),
    },
    Goal {
        name: "export: link lost in CONNECTING",
        due: |c| c.budget.loss > 0,
        reached: |w| export(w, LinkState::Connecting, Cause::Lost),
    },
    Goal {
        name: "import: link lost in AUTHENTICATING",
        due: |c| c.budget.loss > 0,
        reached: |w| import(w, LinkState::Authenticating, Cause::Lost),
    },
    Goal {
        name: "export: link lost in AUTHENTICATING",
        due: |c| c.budget.loss > 0,
        reached: |w| export(w, LinkState::Authenticating, Cause::Lost),
    },
    Goal {
        name: "import: link lost in IN_PROGRESS",
        due: |c| c.budget.loss > 0,
        reached: |w| import(w, LinkState::InProgress, Cause::Lost),
    },
    Goal {
        name: "export: link lost in IN_PROGRESS",
        due: |c| c.budget.loss > 0,
        reached: |w| export(w, LinkState::InProgress, Cause::Lost),
    },
    Goal {
        name: "import: link lost while it installs",
        due: |c| c.budget.loss > 0,
        reached: |w| classify(w) == Some(Pair::SuccessUnheard),
    },
    Goal {
        name: "export: storage fails",
        due: |c| c.budget.storage > 0,
        reached: |w| ended(w.seen.export.done, Outcome::Storage),
    },
    Goal {
        name: "import: storage fails",
        due: |c| c.cast == Cast::Pair && c.budget.storage > 0,
        reached: |w| ended(w.seen.import.done, Outcome::Storage),
    },
    Goal {
        name: "import: the install fails",
        due: |c| c.cast == Cast::Pair && c.budget.storage > 0,
        reached: |w| w.import.storage == (Storage::Reported { durable: false }),
    },
    Goal {
        name: "pair: (Success, Timeout)",
        due: |c| c.cast == Cast::Pair && (c.budget.early > 0),
        reached: |w| classify(w) == Some(Pair::SuccessTooLate),
    },
    Goal {
        name: "pair: each decides itself",
        due: |c| {
            c.cast == Cast::Pair && (c.budget.early > 1 || c.budget.import_cancels > 0 && c.budget.export_cancels > 0)
        },
        reached: |w| classify(w) == Some(Pair::EachItsOwn),
    },
    Goal {
        name: "pair: (Network, never put into words)",
        due: |c| c.cast == Cast::Pair && (c.budget.early > 0 || c.budget.storage > 0),
        reached: |w| classify(w) == Some(Pair::ExportUnspoken),
    },
    Goal {
        name: "pair: (Storage, Peer)",
        due: |c| c.cast == Cast::Pair && (c.budget.storage > 0),
        reached: |w| classify(w) == Some(Pair::Told),
    },
    Goal {
        name: "pair: Network on either side",
        due: |c| c.cast == Cast::Pair && (c.budget.loss > 0),
        reached: |w| classify(w) == Some(Pair::LinkFailed),
    },
    Goal {
        name: "pair: (Storage, Network)",
        due: |c| c.cast == Cast::Pair && (c.budget.storage > 0),
        reached: |w| classify(w) == Some(Pair::ImportUnspoken),
    },
    Goal {
        name: "pair: (x, Network) without a session",
        due: |c| c.cast == Cast::Pair && (c.budget.import_cancels > 0 || c.budget.loss > 0),
        reached: |w| classify(w) == Some(Pair::NoSession),
    },
    Goal {
        name: "a stranger is at the door behind DONE",
        due: |c| c.budget.strangers > 0,
        reached: |w| w.seen.import.done.is_some() && w.callers.iter().any(|caller| caller.stage == Stage::Gone),
    },
    Goal {
        name: "the token is guessed at too often",
        due: |c| c.budget.asks > 16,
        reached: |w| ended(w.seen.import.done, Outcome::Authentication),
    },
    Goal {
        name: "an intruder has the session",
        due: |c| c.budget.intruders > 0,
        reached: |w| w.seen.import.session.is_some_and(|conn| conn != PEER),
    },
    Goal {
        name: "an intruder is turned away",
        due: |c| c.cast == Cast::Pair && c.budget.intruders > 0,
        reached: |w| w.seen.import.session == Some(PEER) && w.callers.iter().any(|caller| caller.chain.is_some()),
    },
    Goal {
        name: "a forged chain is turned away",
        due: |c| c.budget.intruders > 0,
        reached: |w| {
            w.callers.iter().any(|caller| caller.stage == Stage::Gone && caller.chain.is_some() && !caller.proved)
        },
    },
    Goal {
        name: "an intruder's account is installed with consent",
        due: |c| c.budget.intruders > 0 && c.budget.words > 1,
        reached: |w| w.import.storage == (Storage::Reported { durable: true }) && w.import.checked == Some(INTRUDER),
    },
    Goal {
        name: "an intruder's archive of another account is refused",
        due: |c| c.budget.intruders > 0 && c.budget.words > 1,
        reached: |w| {
            w.seen.import.session.is_some_and(|conn| conn != PEER)
                && w.import.checked == Some(HONEST)
                && ended(w.seen.import.done, Outcome::Protocol)
        },
    },
    Goal {
        name: "a hostile device has the archive",
        due: |c| c.cast == Cast::HostileImporter,
        reached: |w| w.seen.export.byte_out,
    },
    Goal {
        name: "another device is turned away",
        due: |c| c.cast == Cast::HostileImporter,
        reached: |w| {
            w.device.is_some_and(|device| device.stage == Stage::Gone)
                && w.seen.export.signalled == LinkState::Done
                && !w.seen.export.pinned
        },
    },
    Goal {
        name: "a hostile device uses up the tries",
        due: |c| c.cast == Cast::HostileImporter && c.budget.words >= 4,
        reached: |w| ended(w.seen.export.done, Outcome::Authentication),
    },
    Goal {
        name: "a hostile device breaks a rule",
        due: |c| c.cast == Cast::HostileImporter,
        reached: |w| ended(w.seen.export.done, Outcome::Protocol),
    },
];

/// Whether time passes, and the side takes part.
fn clocked(configuration: &Configuration, side: Side) -> bool {
    let hostile = match side {
        Side::Import => Cast::HostileImporter,
        Side::Export => Cast::HostileExporter,
    };
    configuration.clock && configuration.cast != hostile
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

fn heard(done: Option<Done>, outcome: Outcome) -> bool {
    done.is_some_and(|done| done.outcome == outcome && done.cause == Cause::Heard)
}

fn timed_out(done: Option<Done>, timer: Timer) -> bool {
    done.is_some_and(|done| done.cause == Cause::Timer(timer))
}

fn both(world: &World, outcome: Outcome) -> bool {
    ended(world.seen.import.done, outcome) && ended(world.seen.export.done, outcome)
}
