//! The steps of a script and the answers of a client, as JSON.

use std::collections::BTreeMap;

use handfast::{
    client::{Received, export, import},
    message::Slot,
    operations::{AddAccountError, AddDeviceError, LocalId, OpId},
    outcome::{Details, Side, Vocabulary},
};
use handfast_model::clients::{Call, ClientEffect, ClientInput, Kind, Shown};
use serde::{Deserialize, Serialize};

/// A token of the right form, which a person types.
const TOKEN: &str = "jami-auth://0123456789abcdef0123456789abcdef01234567/123456";

/// A step: what the person does, what a call returns, or a signal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// The action of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
    /// The call that returns.
    #[serde(default, rename = "return", skip_serializing_if = "Option::is_none")]
    pub(super) returned: Option<String>,
    /// The signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signal: Option<String>,
    /// The account or the operation of a return or a signal, or that which `addAccount` or `addDevice` returns; an error if it is 0 or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<i64>,
    /// The return of the call: whether it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) accepted: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<BTreeMap<String, String>>,
    /// With `answer`, `detected` and `entered`: what is typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

impl Step {
    const NONE: Self = Self {
        action: None,
        returned: None,
        signal: None,
        id: None,
        accepted: None,
        state: None,
        details: None,
        text: None,
    };

    fn action(name: &str) -> Self {
        let text = match name {
            "answer" => Some("a password".to_owned()),
            "detected" | "entered" => Some(TOKEN.to_owned()),
            _ => None,
        };
        Self { action: Some(name.to_owned()), text, ..Self::NONE }
    }

    fn returns(call: &str, id: i64, accepted: Option<bool>) -> Self {
        Self { returned: Some(call.to_owned()), id: Some(id), accepted, ..Self::NONE }
    }
}

/// An input that a step says.
pub(super) trait Words: ClientInput {
    /// Its names of the calls that add, answer and cancel, and of the signal.
    const CALLS: [&'static str; 3];
    const SIGNAL: &'static str;
    /// The actions of the person.
    const ACTIONS: &'static [(&'static str, Self)];

    /// The return of the call that adds: an operation, or an error.
    fn added(id: i64) -> Self;
    /// The number of that, of an error.
    fn error(&self) -> i64;
    /// The return of the call that answers.
    fn answered(id: u32, accepted: bool) -> Self;
    /// The return of the call that cancels.
    fn canceled(id: u32, accepted: bool) -> Self;
}

impl Words for import::Input {
    const CALLS: [&'static str; 3] = ["addAccount", "provideAccountAuthentication", "removeAccount"];
    const SIGNAL: &'static str = "deviceAuthStateChanged";
    const ACTIONS: &'static [(&'static str, Self)] = &[
        ("select", Self::Select),
        ("answer", Self::Answer(Slot(0))),
        ("back", Self::Back),
        ("reset", Self::Reset),
        ("finish", Self::Finish),
    ];

    fn added(id: i64) -> Self {
        Self::Added(match u64::try_from(id) {
            Ok(id @ 1..) => Ok(LocalId(id)),
            _ => Err(AddAccountError::TooMany),
        })
    }

    fn error(&self) -> i64 {
        0
    }

    fn answered(id: u32, accepted: bool) -> Self {
        Self::Provided(LocalId(id.into()), accepted)
    }

    fn canceled(id: u32, accepted: bool) -> Self {
        Self::Removed(LocalId(id.into()), accepted)
    }
}

impl Words for export::Input {
    const CALLS: [&'static str; 3] = ["addDevice", "confirmAddDevice", "cancelAddDevice"];
    const SIGNAL: &'static str = "addDeviceStateChanged";
    const ACTIONS: &'static [(&'static str, Self)] = &[
        ("select", Self::Select),
        ("camera", Self::Camera),
        ("start", Self::Start),
        ("detected", Self::Detected(Slot(0))),
        ("manual", Self::Manual),
        ("entered", Self::Entered(Slot(0))),
        ("cancel", Self::Cancel),
        ("confirm", Self::Confirm),
        ("back", Self::Back),
        ("reset", Self::Reset),
        ("finish", Self::Finish),
    ];

    fn added(id: i64) -> Self {
        Self::Added(match id {
            -1 => Err(AddDeviceError::InvalidUri),
            -2 => Err(AddDeviceError::AlreadyLinking),
            id => u32::try_from(id).ok().filter(|&id| id > 0).map(OpId).ok_or(AddDeviceError::Generic),
        })
    }

    fn error(&self) -> i64 {
        let Self::Added(Err(error)) = self else { return 0 };
        error.code().into()
    }

    fn answered(id: u32, accepted: bool) -> Self {
        Self::Confirmed(OpId(id), accepted)
    }

    fn canceled(id: u32, accepted: bool) -> Self {
        Self::Canceled(OpId(id), accepted)
    }
}

/// The step that says an input.
pub(super) fn step_of<I: Words>(input: &I) -> Step {
    let [add, answer, cancel] = I::CALLS;
    match input.kind() {
        Kind::Action => {
            let known = I::ACTIONS.iter().find(|(_, action)| action == input);
            Step::action(known.map_or("", |(name, _)| name))
        }
        Kind::Added(id) => Step::returns(add, id.map_or_else(|| input.error(), i64::from), None),
        Kind::Answered(id, accepted) => Step::returns(answer, id.into(), Some(accepted)),
        Kind::Canceled(id, accepted) => Step::returns(cancel, id.into(), Some(accepted)),
        Kind::Signal(id, received) => {
            let (state, details) = match received {
                Received::Signal(signal) => {
                    (signal.state().number().into(), signal.details(Vocabulary::Documented, TOKEN))
                }
                Received::Unheard => (5, Details::from([("error".to_owned(), "something_new".to_owned())])),
                Received::Strange => (9, Details::new()),
            };
            let details = Some(details.into_iter().map(|(key, value)| (key.to_string(), value)).collect());
            let signal = Some(I::SIGNAL.to_owned());
            Step { signal, id: Some(id.into()), state: Some(state), details, ..Step::NONE }
        }
    }
}

/// The input that a step says; `None`: it says none of this side.
pub(super) fn input_of<I: Words>(step: &Step) -> Option<I> {
    let [add, answer, cancel] = I::CALLS;
    if let Some(action) = &step.action {
        return I::ACTIONS.iter().find(|(name, _)| name == action).map(|(_, input)| *input);
    }
    let id = step.id?;
    if let Some(call) = &step.returned {
        if call == add {
            return Some(I::added(id));
        }
        let (id, accepted) = (u32::try_from(id).ok()?, step.accepted?);
        return match call {
            call if call == answer => Some(I::answered(id, accepted)),
            call if call == cancel => Some(I::canceled(id, accepted)),
            _ => None,
        };
    }
    let details: Details = step.details.clone().unwrap_or_default().into_iter().collect();
    let side: Side = I::SIDE;
    let received = Received::read(side, step.state?, &details);
    if step.signal.as_deref() != Some(I::SIGNAL) {
        return None;
    }
    Some(I::signal(u32::try_from(id).ok()?, received))
}

/// One thing that a client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Does {
    /// It shows a screen of this kind.
    Show(&'static str),
    /// It makes a call.
    Call(&'static str),
    /// It makes the call that cancels, for this account or operation.
    Cancel(u32),
    /// It says that the operation goes on.
    GoesOn,
}

/// The outputs of a client.
pub(super) fn does<I: Words, E: ClientEffect>(effects: &[E]) -> Vec<Does> {
    let [add, answer, _] = I::CALLS;
    let does = |effect: &E| {
        if let Some(shown) = effect.shown() {
            return Some(Does::Show(match shown {
                Shown::Away => "away",
                Shown::Link => "link",
                Shown::Success => "success",
                Shown::Failure => "failure",
            }));
        }
        match effect.call() {
            Some(Call::Add) => Some(Does::Call(add)),
            Some(Call::Answer) => Some(Does::Call(answer)),
            Some(Call::Cancel(id)) => Some(Does::Cancel(id)),
            // A daemon of today has no such call.
            Some(Call::Query) => None,
            None => effect.says_it_goes_on().then_some(Does::GoesOn),
        }
    };
    effects.iter().filter_map(does).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use handfast_model::clients::alone::Alone;

    use super::*;

    /// Each input is read from its step again. Two errors of `addAccount` are one to a client, and a signal of the other side is not an input.
    #[test]
    fn each_input_is_a_step() {
        fn of<I: Words>(alphabet: &[I]) {
            let mut steps = BTreeSet::new();
            for input in alphabet {
                let step = step_of(input);
                let text = serde_json::to_string(&step).unwrap();
                let read: Step = serde_json::from_str(&text).unwrap();
                let again: I = input_of(&read).unwrap_or_else(|| panic!("{text}"));
                let is_none = matches!(again.kind(), Kind::Signal(_, Received::Strange));
                assert!(is_none || step_of(&again) == step, "{text}");
                assert!(again == *input || input.kind() == Kind::Added(None) || is_none, "{text}");
                steps.insert(text);
            }
            assert!(steps.len() + 1 >= alphabet.len());
        }
        of(Alone::import(import::Client::new()).alphabet());
        of(Alone::export(export::Client::new()).alphabet());
    }
}
