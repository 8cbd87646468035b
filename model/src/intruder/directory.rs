//! Finding each other over OpenDHT (R-RDV-4 to R-RDV-7, R-ICE-4), with nodes that do what real ones do: they acknowledge a value and do not
//! store it, deliver one value several times, lose it, deliver it again long after, and hold a forged chain at another device's key.
//!
//! It is written from the requirements, not from the shell, and by itself: what the rest of the model has for all this is that an exporter's
//! request arrives, is lost, or comes again. Each [`Rule`] can be left out, and then a property does not hold.

use stateright::{Model, Property};

use crate::explorer::{
    explore::{ENDLESS, Graph, Limits},
    second::{self, Tally},
};

/// The attempts of the exporter, each with a request.
const ATTEMPTS: u8 = 2;

/// A decision of a device at the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The importer reads its chain back before it shows the token (R-RDV-4).
    ReadBack,
    /// A request is answered once, by its id (R-RDV-7).
    AnsweredOnce,
    /// A chain is the token's device's if its leaf has the token's id; any other at its key is passed over (R-RDV-6, R-SEC-1).
    ChainOfToken,
    /// Each attempt has a request with an id of its own (R-RDV-5, R-ICE-5).
    FreshId,
    /// The exporter takes the first answer to the request of this attempt, and no other (R-RDV-6).
    AnswerToThis,
    /// The exporter answers checks before it has the answer (R-ICE-4).
    EarlyChecks,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::ReadBack, Self::AnsweredOnce, Self::ChainOfToken, Self::FreshId, Self::AnswerToThis, Self::EarlyChecks];

    /// The device without the rule, in words.
    pub const fn broken(self) -> &'static str {
        match self {
            Self::ReadBack => "the token is shown as soon as the chain is acknowledged",
            Self::AnsweredOnce => "a request is answered as often as it is delivered",
            Self::ChainOfToken => "the first chain at the token's key is taken",
            Self::FreshId => "another attempt has the id of the one before",
            Self::AnswerToThis => "an answer to an earlier attempt's request is taken",
            Self::EarlyChecks => "checks that come before the answer are passed over",
        }
    }

    /// The property that is violated without the rule.
    pub const fn violates(self) -> &'static str {
        match self {
            Self::ReadBack => SHOWN,
            Self::AnsweredOnce => ONCE,
            Self::ChainOfToken => SEALED,
            Self::AnswerToThis => THIS,
            Self::FreshId | Self::EarlyChecks => LINKED,
        }
    }
}

/// R-RDV-4.
pub const SHOWN: &str = "where a token is shown, its device's chain can be found";
/// R-RDV-7.
pub const ONCE: &str = "a request has one answer";
/// R-RDV-5, R-SEC-1.
pub const SEALED: &str = "a request is sealed to the token's device";
/// R-RDV-6.
pub const THIS: &str = "an attempt uses the answer to its own request";
/// R-RDV-1: what the nodes do is borne.
pub const LINKED: &str = "in the end the two devices are connected";

/// The faults of the nodes, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nodes {
    /// Values that are acknowledged and not stored.
    pub dropped: u8,
    /// Deliveries of a value that was delivered, or lost, before.
    pub repeated: u8,
    /// Values that are not delivered in time.
    pub lost: u8,
    /// Lookups that are answered with a forged chain alone.
    pub forged: u8,
}

impl Nodes {
    /// One fault of each kind.
    pub const ONE: Self = Self { dropped: 1, repeated: 1, lost: 1, forged: 1 };
    /// Two of each that can happen twice, but for what two attempts cannot make up for.
    pub const TWO: Self = Self { dropped: 2, repeated: 2, lost: 1, forged: 2 };
}

/// How far the importer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Publishing {
    #[default]
    Begins,
    /// The nodes have acknowledged the chain.
    Acknowledged,
    /// The token is shown.
    Shown,
}

/// How far the exporter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Seeking {
    #[default]
    Begins,
    /// It has a chain.
    Found,
    /// Its request is out.
    Asks,
    /// It has the answer.
    Answered,
}

/// A request or an answer at the nodes, by the request's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Value {
    /// It is on its way, and has not been delivered.
    waits: bool,
    /// It has been delivered, or the nodes held it back: it can be delivered long after.
    kept: bool,
}

/// A state of both devices and the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    publishing: Publishing,
    /// The nodes have the chain.
    stored: bool,
    seeking: Seeking,
    attempt: u8,
    /// The request of this attempt is sealed to another device.
    sealed_elsewhere: bool,
    /// By id. There are as many as attempts.
    requests: [Value; ATTEMPTS as usize],
    answers: [Value; ATTEMPTS as usize],
    /// The answers that the importer gave, by id.
    given: [u8; ATTEMPTS as usize],
    /// The importer's check for a request's connection is on its way, by id.
    checks: [bool; ATTEMPTS as usize],
    /// A check was passed over: it is not sent again.
    ignored: [bool; ATTEMPTS as usize],
    /// The attempt uses an answer to another request.
    other: bool,
    connected: bool,
    left: Nodes,
}

/// A step of a device or a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The importer puts its chain, and the nodes acknowledge it.
    Put {
        /// They store it.
        stored: bool,
    },
    /// The importer reads its chain back.
    ReadBack,
    /// The exporter looks the token's device up.
    Look {
        /// It is answered with a forged chain.
        forged: bool,
    },
    /// The exporter puts a request.
    Ask,
    /// The request with this id is delivered.
    Request(u8),
    /// It is lost.
    LoseRequest(u8),
    /// The answer with this id is delivered.
    Answer(u8),
    /// It is lost.
    LoseAnswer(u8),
    /// The importer's check for this request arrives at the exporter.
    Check(u8),
    /// The attempt has led nowhere, and another one begins.
    Again,
}

/// Two devices that look for each other, with the faults of the nodes, and without one rule.
#[derive(Clone, Copy, Debug)]
pub struct Rendezvous {
    /// The faults.
    pub nodes: Nodes,
    /// The rule that is left out.
    pub without: Option<Rule>,
}

impl Rendezvous {
    fn keeps(&self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    /// The id of an attempt's request.
    fn id(&self, attempt: u8) -> u8 {
        if self.keeps(Rule::FreshId) { attempt } else { 0 }
    }

    /// Whether something of an attempt is still under way, so that it is too early for another one.
    fn waits(&self, state: &State) -> bool {
        let id = usize::from(self.id(state.attempt));
        let comes = state.seeking == Seeking::Answered && state.checks[id] && !state.ignored[id];
        state.requests[id].waits || state.answers[id].waits || comes
    }

    /// The exporter connects once it has the answer and a check: in whichever order they come.
    fn connect(state: &mut State, id: usize) {
        state.connected |= state.seeking == Seeking::Answered && state.checks[id] && !state.ignored[id];
    }

    /// The importer takes a delivered request.
    fn request(&self, state: &mut State, id: usize) {
        // Sealed to another device, it is noise.
        if state.sealed_elsewhere || self.keeps(Rule::AnsweredOnce) && state.given[id] > 0 {
            return;
        }
        state.given[id] = (state.given[id] + 1).min(2);
        state.answers[id].waits = true;
        state.checks[id] = true;
    }

    /// The exporter takes a delivered answer.
    fn answer(&self, state: &mut State, id: usize) {
        let this = id == usize::from(self.id(state.attempt));
        if state.seeking != Seeking::Asks || !this && self.keeps(Rule::AnswerToThis) {
            return;
        }
        state.seeking = Seeking::Answered;
        state.other = !this;
    }
}

impl Model for Rendezvous {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            publishing: Publishing::Begins,
            stored: false,
            seeking: Seeking::Begins,
            attempt: 0,
            sealed_elsewhere: false,
            requests: Default::default(),
            answers: Default::default(),
            given: Default::default(),
            checks: Default::default(),
            ignored: Default::default(),
            other: false,
            connected: false,
            left: self.nodes,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.connected {
            return;
        }
        match state.publishing {
            Publishing::Begins => {
                steps.push(Step::Put { stored: true });
                if state.left.dropped > 0 {
                    steps.push(Step::Put { stored: false });
                }
            }
            Publishing::Acknowledged => steps.push(Step::ReadBack),
            Publishing::Shown if state.seeking == Seeking::Begins => {
                if state.stored {
                    steps.push(Step::Look { forged: false });
                }
                if state.left.forged > 0 {
                    steps.push(Step::Look { forged: true });
                }
            }
            Publishing::Shown => {}
        }
        if state.seeking == Seeking::Found {
            steps.push(Step::Ask);
        }
        for id in 0..ATTEMPTS {
            let (request, answer) = (state.requests[usize::from(id)], state.answers[usize::from(id)]);
            let again = state.left.repeated > 0;
            if request.waits || request.kept && again {
                steps.push(Step::Request(id));
            }
            if answer.waits || answer.kept && again {
                steps.push(Step::Answer(id));
            }
            if state.left.lost > 0 && request.waits {
                steps.push(Step::LoseRequest(id));
            }
            if state.left.lost > 0 && answer.waits {
                steps.push(Step::LoseAnswer(id));
            }
            if state.checks[usize::from(id)] && !state.ignored[usize::from(id)] {
                steps.push(Step::Check(id));
            }
        }
        let stuck = matches!(state.seeking, Seeking::Asks | Seeking::Answered) && !self.waits(state);
        if stuck && state.attempt + 1 < ATTEMPTS {
            steps.push(Step::Again);
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = *state;
        let deliver = |value: &mut Value, left: &mut Nodes| {
            if !std::mem::take(&mut value.waits) {
                left.repeated -= 1;
            }
            value.kept = true;
        };
        match step {
            Step::Put { stored } => {
                next.left.dropped -= u8::from(!stored);
                next.stored = stored;
                let trusts = !self.keeps(Rule::ReadBack);
                next.publishing = if trusts { Publishing::Shown } else { Publishing::Acknowledged };
            }
            Step::ReadBack => {
                next.publishing = if state.stored { Publishing::Shown } else { Publishing::Begins };
            }
            Step::Look { forged } => {
                next.left.forged -= u8::from(forged);
                let taken = !forged || !self.keeps(Rule::ChainOfToken);
                next.seeking = if taken { Seeking::Found } else { Seeking::Begins };
                next.sealed_elsewhere = forged && taken;
            }
            Step::Ask => {
                next.requests[usize::from(self.id(state.attempt))].waits = true;
                next.seeking = Seeking::Asks;
            }
            Step::Request(id) => {
                deliver(&mut next.requests[usize::from(id)], &mut next.left);
                self.request(&mut next, usize::from(id));
            }
            Step::Answer(id) => {
                deliver(&mut next.answers[usize::from(id)], &mut next.left);
                self.answer(&mut next, usize::from(id));
            }
            Step::LoseRequest(id) => {
                next.left.lost -= 1;
                next.requests[usize::from(id)] = Value { waits: false, kept: true };
            }
            Step::LoseAnswer(id) => {
                next.left.lost -= 1;
                next.answers[usize::from(id)] = Value { waits: false, kept: true };
            }
            Step::Check(id) => {
                let id = usize::from(id);
                let early = state.seeking != Seeking::Answered;
                next.ignored[id] |= early && !self.keeps(Rule::EarlyChecks);
                if id == usize::from(self.id(state.attempt)) {
                    Self::connect(&mut next, id);
                }
            }
            Step::Again => {
                next.attempt += 1;
                next.seeking = Seeking::Found;
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(SHOWN, |_, state: &State| state.publishing != Publishing::Shown || state.stored),
            Property::always(ONCE, |_, state: &State| state.given.iter().all(|&given| given <= 1)),
            Property::always(SEALED, |_, state: &State| !state.sealed_elsewhere),
            Property::always(THIS, |_, state: &State| !state.other),
            Property::always(LINKED, |model: &Self, state: &State| {
                let mut steps = Vec::new();
                model.actions(state, &mut steps);
                let goes_on = steps.iter().any(|step| model.next_state(state, *step).is_some());
                state.connected || goes_on
            }),
            Property::always(ENDLESS, |_, _| true),
        ]
    }
}

/// The result for one set of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule that is left out.
    pub without: Option<Rule>,
    /// The states of the graph.
    pub states: usize,
    /// Whether both engines count the same states and steps, and find the same.
    pub agreed: bool,
    /// The properties that are violated, each with its shortest way.
    pub violated: Vec<(&'static str, Vec<Step>)>,
}

/// Explores with both engines.
pub fn explore(rendezvous: Rendezvous, limits: Limits) -> Found {
    let graph = Graph::explore(&rendezvous, limits, None);
    let ours = Tally { states: graph.states(), generated: graph.edges() + 1 };
    let found: std::collections::BTreeSet<_> = graph.discovered(&rendezvous).into_iter().collect();
    let violated = found.iter().filter_map(|name| {
        let path = graph.path(&rendezvous, name)?;
        Some((*name, path.steps.into_iter().map(|(step, _)| step).collect()))
    });
    let violated = violated.collect();
    let agreed = graph.is_complete() && second::explore(&rendezvous, limits).is_ok_and(|other| other == (ours, found));
    Found { without: rendezvous.without, states: graph.states(), agreed, violated }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(nodes: Nodes, without: Option<Rule>) -> Found {
        explore(Rendezvous { nodes, without }, Limits::default())
    }

    /// Whatever the nodes do, within what two attempts can make up for, the devices find each other, and no one else.
    #[test]
    fn with_all_rules_every_property_holds() {
        for nodes in [Nodes::ONE, Nodes::TWO] {
            let found = found(nodes, None);
            assert!(found.agreed && found.states > 100, "{found:?}");
            assert_eq!(found.violated, [], "{nodes:?}");
        }
    }

    /// Each rule left out is a row of docs/properties.md, with the steps of the shortest violation of its property.
    #[test]
    fn each_rule_that_is_left_out_is_found() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/properties.md");
        let page = std::fs::read_to_string(page).unwrap();
        let mut missing = Vec::new();
        for rule in Rule::ALL {
            let found = found(Nodes::ONE, Some(rule));
            let way = found.violated.iter().find(|(name, _)| *name == rule.violates());
            let (name, way) = way.unwrap_or_else(|| panic!("{rule:?} is not missed: {found:?}"));
            let row = format!("| {} | {name} | {} |", rule.broken(), way.len());
            assert!(found.agreed, "{rule:?}");
            if !page.contains(&row) {
                missing.push(row);
            }
        }
        assert!(missing.is_empty(), "docs/properties.md has to have\n{}", missing.join("\n"));
    }

    /// Each property is violated without one of the rules, and each kind of fault is needed by one of them.
    #[test]
    fn no_property_and_no_fault_is_idle() {
        for name in [SHOWN, ONCE, SEALED, THIS, LINKED] {
            assert!(Rule::ALL.iter().any(|rule| rule.violates() == name), "{name}");
        }
        let one = Nodes::ONE;
        let less = [
            Nodes { dropped: 0, ..one },
            Nodes { repeated: 0, ..one },
            Nodes { lost: 0, ..one },
            Nodes { forged: 0, ..one },
        ];
        for nodes in less {
            let lives =
                |rule: &Rule| !found(nodes, Some(*rule)).violated.iter().any(|(name, _)| *name == rule.violates());
            assert!(Rule::ALL.iter().any(lives), "{nodes:?} finds all");
        }
    }

    /// Without attempts to spare one lost value is the end: what holds is not held by the model's nature.
    #[test]
    fn more_losses_than_attempts_are_not_made_up_for() {
        let found = found(Nodes { lost: 2, ..Nodes::ONE }, None);
        assert_eq!(found.violated.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [LINKED]);
    }
}
