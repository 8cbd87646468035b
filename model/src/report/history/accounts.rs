//! A device with two accounts and one client of an export: whose archive leaves (R-CLI-10).
//!
//! The client is the one that ships. A program adds the account that each call names. The daemon is no more than what of its API concerns
//! accounts: an operation belongs to the account that `addDevice` named, and calls of another account are refused. It answers no query, and
//! has one operation at a time, as the client has.

use std::{collections::VecDeque, fmt::Write as _};

use handfast::{
    client::{
        Received,
        export::{Client as Reducer, Effect, Input},
    },
    message::Slot,
    operations::OpId,
    outcome::{Outcome, Signal},
};
use stateright::{Model, Property};

use crate::{
    document::diagram::Counterexample,
    explorer::explore::{Ended, Graph, Limits, Path},
    property::clients::Client as _,
    report::check::Verdict,
};

/// The requirement.
pub(super) const RULE: &str = "R-CLI-10";

/// Operations that a run begins at most, so that a second one meets what the first one left.
const OPERATIONS: u32 = 2;

/// The account that a program names in a call of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The account that is selected when the call is made.
    Current,
    /// The account on whose screen the export began.
    OfScreen,
    /// The account that was selected when the token was typed.
    #[cfg(test)]
    OfToken,
}

/// One of the two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Account {
    A,
    B,
}

impl Account {
    const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The state of the device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Device {
    client: Reducer,
    /// The account that is selected.
    current: Account,
    /// The account that the program has noted of the export.
    noted: Account,
    /// The account on whose screen the export began, whatever the program noted.
    screen: Account,
    begun: u32,
    operation: Option<Operation>,
    /// The account whose archive has left, and that on whose screen its operation began.
    left: Option<[Account; 2]>,
}

/// The daemon's operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Operation {
    id: OpId,
    account: Account,
    /// The account on whose screen it began.
    screen: Account,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Begun,
    Connecting,
    Asking,
    Sending,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// The other account becomes the selected one: the user chose it, or a notification of it did.
    Switch,
    /// An action of the user on the screen of the export.
    Act(Input),
    /// The daemon goes on.
    Daemon,
}

/// An arrow of the diagram: from, to, words.
type Arrow = (&'static str, &'static str, String);

impl Named {
    /// Returns whether only the archive of the account leaves on whose screen the export began, with a shortest way where not.
    pub(super) fn judge(self, limits: Limits) -> (Verdict, Option<Counterexample>) {
        let system = System::new(self);
        let graph = Graph::explore(&system, limits, Some(RULE));
        if let Some(path) = graph.path(&system, RULE) {
            return (Verdict::Violated { steps: path.steps.len(), cycle: 0 }, Some(system.describe(&path)));
        }
        let verdict = match graph.ended {
            Ended::Complete => {
                let measure = graph.measure();
                Verdict::Verified { states: measure.states, edges: measure.edges, depth: measure.depth }
            }
            ended => Verdict::cut(ended, ended.why()),
        };
        (verdict, None)
    }
}

/// The device with a program and a daemon.
#[derive(Clone, Copy, Debug)]
struct System {
    /// The account of `addDevice`.
    begins: Named,
    /// The account of the other calls.
    goes_on: Named,
    /// Whether the daemon refuses calls of another account.
    refuses: bool,
}

impl System {
    const fn new(named: Named) -> Self {
        Self { begins: named, goes_on: named, refuses: true }
    }

    /// Takes a step. `None`: the screen does not offer it, or there is nothing to do.
    fn step(self, device: &Device, step: Step) -> Option<(Device, Vec<Arrow>)> {
        let mut next = device.clone();
        let mut arrows = Vec::new();
        match step {
            Step::Switch => {
                next.current = next.current.other();
                arrows.push(("U", "EC", format!("select account {:?}", next.current)));
            }
            Step::Act(input) => {
                if matches!(input, Input::Entered(_)) && next.begun == OPERATIONS {
                    return None;
                }
                arrows.push(("U", "EC", action(input)?.to_owned()));
                next.take(self, input, &mut arrows)?;
                if matches!(input, Input::Select) {
                    (next.screen, next.noted, next.left) = (next.current, next.current, None);
                }
            }
            Step::Daemon => {
                let Operation { id, stage, .. } = next.operation?;
                let (stage, signal) = match stage {
                    Stage::Begun => (Some(Stage::Connecting), Signal::Connecting),
                    Stage::Connecting => {
                        (Some(Stage::Asking), Signal::Confirm { peer_address: ([192, 0, 2, 7], 4711).into() })
                    }
                    Stage::Asking => return None,
                    Stage::Sending => (None, Signal::Done(Outcome::SUCCESS)),
                };
                next.operation = stage.and_then(|stage| Some(Operation { stage, ..next.operation? }));
                arrows.push(("ED", "EC", format!("addDeviceStateChanged({})", signal.state().name())));
                next.take(self, Input::Signal(id, Received::Signal(signal)), &mut arrows)?;
            }
        }
        Some((next, arrows))
    }

    fn describe(self, path: &Path<Device, Step>) -> Counterexample {
        let mut mermaid = String::from(
            "sequenceDiagram\n    participant U as User\n    participant EC as Client\n    participant ED as Daemon\n",
        );
        let mut at = &path.root;
        let mut schedule = Vec::new();
        for (step, next) in &path.steps {
            let (_, arrows) = self.step(at, *step).expect("a step of a path can be taken");
            for (number, (from, to, words)) in arrows.into_iter().enumerate() {
                let _ = writeln!(mermaid, "    {from}->>{to}: {words}");
                if number == 0 {
                    schedule.push(words);
                }
            }
            at = next;
        }
        if let Some([left, screen]) = at.left {
            let _ = writeln!(
                mermaid,
                "    Note over EC,ED: VIOLATED {RULE}: the archive of account {left:?} leaves, and the export began on the screen of account {screen:?}.",
            );
        }
        Counterexample { schedule, mermaid, trace: Vec::new() }
    }
}

impl Device {
    fn new() -> Self {
        let (client, [current, noted, screen]) = (Reducer::new(), [Account::A; 3]);
        Self { client, current, noted, screen, begun: 0, operation: None, left: None }
    }

    /// Gives the client an input, and carries out what it asks for: its calls return at once.
    fn take(&mut self, system: System, input: Input, arrows: &mut Vec<Arrow>) -> Option<()> {
        #[cfg(test)]
        if system.begins == Named::OfToken && matches!(input, Input::Manual) {
            self.noted = self.current;
        }
        let named = |device: &Self, named: Named| if named == Named::Current { device.current } else { device.noted };
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let account = named(self, system.goes_on);
            for effect in self.client.take(input).ok()? {
                let (call, returned) = match effect {
                    Effect::AddDevice(_) => {
                        self.begun += 1;
                        let (id, account) = (OpId(self.begun), named(self, system.begins));
                        self.operation = Some(Operation { id, account, screen: self.screen, stage: Stage::Begun });
                        (format!("addDevice(account {account:?}, token)"), Input::Added(Ok(id)))
                    }
                    Effect::ConfirmAddDevice(id) => {
                        let asking = self.own(system, id, account).filter(|operation| operation.stage == Stage::Asking);
                        let left = asking.map(|operation| {
                            operation.stage = Stage::Sending;
                            [account, operation.screen]
                        });
                        let accepted = left.is_some();
                        self.left = left.or(self.left);
                        (format!("confirmAddDevice(account {account:?})"), Input::Confirmed(id, accepted))
                    }
                    Effect::CancelAddDevice(id) => {
                        let accepted = self.own(system, id, account).is_some();
                        if accepted {
                            self.operation = None;
                        }
                        (format!("cancelAddDevice(account {account:?})"), Input::Canceled(id, accepted))
                    }
                    Effect::CompareAddDevice(..)
                    | Effect::Query(_)
                    | Effect::Show(_)
                    | Effect::Notify(_)
                    | Effect::Ignored(_) => continue,
                };
                arrows.push(("EC", "ED", call));
                inputs.push_back(returned);
            }
        }
        Some(())
    }

    /// The operation of this number, if it is of that account.
    fn own(&mut self, system: System, id: OpId, account: Account) -> Option<&mut Operation> {
        let is_own = |operation: &Operation| operation.account == account || !system.refuses;
        self.operation.as_mut().filter(|operation| operation.id == id && is_own(operation))
    }
}

/// The words of what a user does on the screen.
const fn action(input: Input) -> Option<&'static str> {
    Some(match input {
        Input::Select => "give this account to another device",
        Input::Manual => "type the token",
        Input::Entered(_) => "the token",
        Input::Confirm => "confirm the device",
        Input::Back => "back",
        Input::Reset => "begin again",
        Input::Finish => "finish",
        _ => return None,
    })
}

/// The user's actions.
const ACTIONS: [Input; 7] =
    [Input::Select, Input::Manual, Input::Entered(Slot(0)), Input::Confirm, Input::Back, Input::Reset, Input::Finish];

impl Model for System {
    type State = Device;
    type Action = Step;

    fn init_states(&self) -> Vec<Device> {
        vec![Device::new()]
    }

    fn actions(&self, _: &Device, actions: &mut Vec<Step>) {
        actions.extend([Step::Switch, Step::Daemon]);
        actions.extend(ACTIONS.map(Step::Act));
    }

    fn next_state(&self, device: &Device, step: Step) -> Option<Device> {
        self.step(device, step).map(|(next, _)| next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(RULE, |_, device: &Device| device.left.is_none_or(|[left, screen]| left == screen)),
            Property::sometimes("an account leaves", |_, device: &Device| device.left.is_some()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both accounts can leave, so that the rule says something; and the selected one leaves only where the calls name it.
    #[test]
    fn each_account_leaves_from_its_own_screen() {
        let system = System::new(Named::OfScreen);
        let graph = Graph::explore(&system, Limits::default(), None);
        let left = graph.path(&system, "an account leaves").expect("an account leaves");
        assert_eq!(left.last().left, Some([Account::A; 2]));
        let (verdict, way) = Named::OfScreen.judge(Limits::default());
        assert!(matches!(verdict, Verdict::Verified { states, .. } if states > 50), "{verdict}");
        assert!(way.is_none());
        let (verdict, way) = Named::Current.judge(Limits::default());
        assert!(matches!(verdict, Verdict::Violated { .. }), "{verdict}");
        let way = way.expect("a violation has a way");
        assert!(way.schedule.contains(&"select account B".to_owned()), "{:?}", way.schedule);
        let (verdict, _) = Named::OfToken.judge(Limits::default());
        assert!(matches!(verdict, Verdict::Violated { .. }), "{verdict}");
        let few = Limits { states: 10, ..Limits::default() };
        assert!(matches!(Named::OfScreen.judge(few).0, Verdict::Inconclusive { .. }));
    }

    /// A daemon that refuses calls of another account keeps the archive where a program names the selected account too late.
    #[test]
    fn a_daemon_refuses_the_calls_of_another_account() {
        let found = |refuses| {
            let system = System { begins: Named::OfScreen, goes_on: Named::Current, refuses };
            let graph = Graph::explore(&system, Limits::default(), None);
            assert!(graph.is_complete());
            graph.path(&system, RULE).is_some()
        };
        assert!(!found(true));
        assert!(found(false));
    }
}
