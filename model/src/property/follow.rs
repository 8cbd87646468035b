//! A run that takes place elsewhere, followed in the model step by step.
//!
//! A driver of two reducers names the step of the environment that led to each input. It has to be one that the model permits
//! there, with this very input; what comes out has to be what the model's own sides give; and no property may be violated.

use std::{
    fmt::Debug,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

use handfast::{
    export,
    import::{self, Ask},
    message::{Features, Message},
    outcome::{Profile, Scheme, Side},
    reducer::{ConnId, Refused},
};
use stateright::Model as _;

use crate::{
    property::{
        flaws::FLAWS,
        judged::{Judged, Reached},
        pairs::{Pair, classify},
        properties::{Half, PropertyId},
    },
    system::{
        Turn,
        action::{Action, CallerAct, Chain},
        config::{Budget, Cast, Configuration, Player},
        device::{ExportDevice, ImportDevice, Operation},
        side::{ExportSide, ImportSide},
        world::{Kind, Stage, World, caller_index},
    },
};

/// Of everything that may go wrong, as much as there is a number for.
const ANYTHING: Budget = Budget {
    loss: u8::MAX,
    import_cancels: u8::MAX,
    export_cancels: u8::MAX,
    wrong: u8::MAX,
    early: u8::MAX,
    storage: u8::MAX,
    strangers: 0,
    intruders: 0,
    words: u8::MAX,
    asks: u8::MAX,
    import_crashes: u8::MAX,
    export_crashes: u8::MAX,
    clicks: u8::MAX,
    foreign: 0,
    duplicates: 0,
    retries: u8::MAX,
    bursts: 0,
};

/// The other callers of the importer in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Callers that know the token.
    pub intruders: u8,
    /// Callers that do not.
    pub strangers: u8,
    /// Requests for the connection that the directory delivers again.
    pub repeats: u8,
}

/// The environment in which anything may go wrong, with these callers.
pub const fn anything(profile: Profile, cast: Cast, around: Around) -> Configuration {
    let Around { intruders, strangers, repeats } = around;
    Configuration {
        schemes: &[Scheme::None, Scheme::Password],
        ..Configuration::new(
            "followed",
            profile,
            cast,
            Budget { intruders, strangers, duplicates: repeats, ..ANYTHING },
        )
    }
}

/// The step of a graph's alphabet for which this one stands. A graph has one of a kind, and what callers are lost in the middle of is
/// a thing that cannot be distinguished there.
const fn representative(action: Action) -> [Action; 2] {
    match action {
        Action::Caller(conn, CallerAct::Say(Message::AuthScheme(..))) => {
            let scheme = Message::AuthScheme(Scheme::Password, Features::ALL);
            [action, Action::Caller(conn, CallerAct::Say(scheme))]
        }
        Action::Caller(conn, CallerAct::Prove(Chain::Same)) => {
            [action, Action::Caller(conn, CallerAct::Prove(Chain::Own))]
        }
        // A connection that is lost before it is secured.
        Action::Caller(conn, CallerAct::Drop) => [action, Action::Caller(conn, CallerAct::Fail)],
        _ => [action; 2],
    }
}

/// Whether this is known not to hold where a side is old: of the pair, or of an old importer that meets a hostile exporter.
fn is_known(configuration: &Configuration, property: PropertyId, half: Half) -> bool {
    let Configuration { cast, budget, .. } = configuration;
    // Most runs: nothing is looked up for them.
    if ![cast.import, cast.export].contains(&Player::Legacy) {
        return false;
    }
    let meets = cast.import == Player::Legacy && budget.intruders > 0 && half != Half::Only(Side::Export);
    FLAWS
        .iter()
        .any(|flaw| flaw.is_of(*cast, property, half) || meets && flaw.cast == Cast::LX && flaw.property == property)
}

/// Whether a caller can come now. Callers of a kind are alike in a graph, and come in order there.
fn may_come(world: &World, action: Action) -> bool {
    let Action::Caller(conn, CallerAct::Request) = action else { return false };
    let away = |index: usize| {
        // One that is gone is a further one; an exporter that tries again comes so.
        let fresh = world.callers.get(index).is_some_and(|caller| matches!(caller.stage, Stage::Away | Stage::Gone));
        fresh && world.kind(index) != Kind::Repeated
    };
    world.seen.import.is_up() && caller_index(ConnId(conn)).is_some_and(away)
}

/// A step of a run that no run of the model takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Strayed {
    /// The model does not permit this step here.
    #[error("the model does not permit: {0}")]
    NotPermitted(Action),
    /// In the model the step is another one.
    #[error("{action}: the model has {model}, the run has {run}")]
    Otherwise {
        /// Which step.
        action: Action,
        /// The input and the effects in the model.
        model: String,
        /// The effects here.
        run: String,
    },
    /// A property is violated after this step.
    #[error("{}: {}", .0.id(), .0.text())]
    Violated(PropertyId),
}

/// The input and the effects of a side.
#[derive(Clone, Copy, Debug)]
pub enum Did<'a> {
    /// The import side took an input, or a step of its own, and these effects came out.
    Import(Option<import::Input>, &'a [import::Effect]),
    /// The export side did.
    Export(Option<export::Input>, &'a [export::Effect]),
    /// Neither took anything.
    Nothing,
}

/// Follows one run.
#[derive(Clone, Debug)]
pub struct Follower<I, E> {
    system: Judged<I, E>,
    /// None once the run has strayed.
    state: Option<Reached<I, E>>,
    permitted: Vec<Action>,
    /// The properties of the run, in two parts where one is asked of each side by itself.
    asked: Vec<(PropertyId, Half)>,
}

impl<I: ImportSide, E: ExportSide> Follower<I, E> {
    /// At the beginning of a run in [`anything`]. `asks`: the code that the exporter's user typed.
    pub fn new(configuration: Configuration, import: I, export: E, asks: Ask) -> Self {
        let system = Judged::new(configuration, import, export);
        let mut state = system.init_states().pop();
        if let Some(state) = &mut state {
            state.world.asks = asks;
        }
        let asked = PropertyId::ALL.iter().filter(|id| id.applies(&configuration)).flat_map(|&id| {
            let known = move |half: &Half| is_known(&configuration, id, *half);
            id.halves(&configuration).iter().filter(move |half| !known(half)).map(move |&half| (id, half))
        });
        let asked = asked.collect();
        Self { system, state, permitted: Vec::new(), asked }
    }

    /// Does not ask for a property.
    pub fn forgo(&mut self, property: PropertyId) {
        self.asked.retain(|(asked, _)| *asked != property);
    }

    /// Whether the run is one of the model so far.
    pub const fn follows(&self) -> bool {
        self.state.is_some()
    }

    /// Returns a fingerprint of the two machines, as they are in the model now. Equal machines have equal ones, in one program.
    pub fn fingerprint(&self) -> u64 {
        let machines = self.state.as_ref().map(|state| (&state.import, &state.export));
        BuildHasherDefault::<DefaultHasher>::default().hash_one(machines)
    }

    /// Takes a step. Nothing is said of what comes after one that strayed.
    ///
    /// # Errors
    /// The model does not permit it, has another one, or a property is violated after it.
    pub fn follow(&mut self, action: Action, did: Did<'_>) -> Result<(), Strayed> {
        let Some(state) = self.state.take() else { return Ok(()) };
        self.permitted.clear();
        self.system.actions(&state, &mut self.permitted);
        let one_of_a_kind = representative(action).iter().any(|one| self.permitted.contains(one));
        if !one_of_a_kind && !may_come(&state.world, action) {
            return Err(Strayed::NotPermitted(action));
        }
        let (next, turn) = self.system.take(state, action).map_err(|_| Strayed::NotPermitted(action))?;
        let same = match (&turn, did) {
            (Turn::Import(input, effects), Did::Import(taken, came)) => *input == taken && **effects == *came,
            (Turn::Export(input, effects), Did::Export(taken, came)) => *input == taken && **effects == *came,
            // A reducer would ignore events that a shell no longer hands on.
            (turn, Did::Nothing) => turn.is_empty(),
            (Turn::Import(..) | Turn::Export(..) | Turn::Neither, Did::Import(..) | Did::Export(..)) => false,
        };
        if !same {
            return Err(Strayed::Otherwise { action, model: format!("{turn:?}"), run: format!("{did:?}") });
        }
        if !next.violated.is_empty() {
            let violated = self.asked.iter().find(|(id, half)| next.violated.contains(*id, *half));
            if let Some((id, _)) = violated {
                return Err(Strayed::Violated(*id));
            }
        }
        self.state = Some(next);
        Ok(())
    }

    /// A call was refused: the model has to refuse it too.
    ///
    /// # Errors
    /// It does not.
    pub fn refuse(&mut self, action: Action, why: Refused) -> Result<(), Strayed> {
        let Some(state) = &self.state else { return Ok(()) };
        let otherwise = |model: String| Strayed::Otherwise { action, model, run: format!("refused: {why}") };
        match self.system.take(state.clone(), action) {
            Err(Some(other)) if other != why => Err(otherwise(format!("refused: {other}"))),
            // The model has no such call to refuse, or refuses it.
            Err(_) => Ok(()),
            Ok((_, turn)) => {
                self.state = None;
                Err(otherwise(format!("{turn:?}")))
            }
        }
    }

    /// Asks every property of the state that was reached, also those that look at the state: what calls would return, and
    /// whether anything is left where nothing will happen any more.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn examine(&self) -> Result<(), Strayed> {
        let Some(state) = &self.state else { return Ok(()) };
        for (id, half) in &self.asked {
            if !id.holds(*half, &self.system, state) {
                return Err(Strayed::Violated(*id));
            }
        }
        Ok(())
    }

    /// Which allowed pair the two ends are, once there are two.
    pub fn pair(&self) -> Option<Pair> {
        self.state.as_ref().and_then(|state| classify(&state.world))
    }

    /// Whether both have ended as one pair, allowed or not.
    pub fn is_paired(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.world.both_ended().is_some())
    }
}

/// One of two links of the same two devices.
impl<I: ImportDevice, E: ExportDevice> Follower<Operation<I>, Operation<E>> {
    /// The other link took a step: the device of this side is as it left it. Nothing of this link may be another than before.
    ///
    /// # Errors
    /// Something is.
    pub fn takes_over(&mut self, side: Side, other: &Self) -> Result<(), Strayed> {
        let (Some(own), Some(other)) = (&mut self.state, &other.state) else { return Ok(()) };
        let alike = match side {
            Side::Import => own.import.device.is_alike(&other.import.device, own.import.op),
            Side::Export => own.export.device.is_alike(&other.export.device, own.export.op),
        };
        match side {
            Side::Import => own.import.device = other.import.device.clone(),
            Side::Export => own.export.device = other.export.device.clone(),
        }
        if alike { Ok(()) } else { Err(Strayed::Violated(PropertyId::Isolated)) }
    }
}
