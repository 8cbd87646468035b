//! A peer that says every word of the alphabet in every state, as a table: what each is taken for, and how the side ends.

use std::fmt;

use handfast::{
    message::{Features, Message},
    outcome::{Outcome, Profile, Side},
};
use handfast_model::rows::Row;
use serde::Serialize;

use crate::event::{
    directed::Target,
    engine::Engine,
    schedule::Act,
    state::{law::Law, run::Watch},
};

/// A word in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// The action.
    pub word: String,
    /// The model's input for it, and the place; none if its shell hands nothing on.
    pub taken: Option<Row>,
    /// How the side ended.
    pub outcome: Option<Outcome>,
    /// The law that was broken.
    pub broken: Option<Law>,
}

/// Every word in every state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Words(pub Vec<(String, Vec<Word>)>);

impl Words {
    /// Whether no law is broken.
    pub fn hold(&self) -> bool {
        self.0.iter().flat_map(|(_, words)| words).all(|word| word.broken.is_none())
    }
}

/// Carries all of them out, in the documented profile.
pub fn words() -> Words {
    let engine = Engine::shipped();
    let mut all = Vec::new();
    for target in Target::BOTH {
        for way in target.ways {
            // An action without effect takes as long as to wait.
            let silent = [way, &[Act::Wait(1)][..]].concat();
            let without = engine.run(&target.schedule(Profile::Documented, &silent), Watch::ALL);
            let say = |act: Act| {
                let with = engine.run(&target.schedule(Profile::Documented, &[way, &[act][..]].concat()), Watch::ALL);
                // The first step that is another one, or at another time.
                let at = with.steps.iter().zip(&without.steps).position(|(one, other)| one != other);
                let taken = at.or((with.steps.len() > without.steps.len()).then_some(without.steps.len()));
                let taken = taken.and_then(|at| with.walked.get(at).copied());
                let (import, export) = with.outcomes();
                let outcome = if target.side == Side::Import { import } else { export };
                let broken = with.broken.map(|broken| broken.law);
                Word { word: name(act, target.alphabet), taken, outcome, broken }
            };
            let said: Vec<_> = way.iter().map(|&act| name(act, target.alphabet)).collect();
            let said = if said.is_empty() { "nothing".into() } else { said.join(", ") };
            all.push((format!("{}, after {said}", target.side), target.words().into_iter().map(say).collect()));
        }
    }
    Words(all)
}

/// The action, in a word or two.
fn name(act: Act, alphabet: &[Message]) -> String {
    let text = match act {
        Act::Say(number) => format!("{:?}", alphabet[usize::from(number) % alphabet.len()]),
        other => format!("{other:?}"),
    };
    let features = [(Features::ALL, "all features"), (Features::NONE, "no feature")];
    features.iter().fold(text, |text, (features, name)| text.replace(&format!("{features:?}"), name))
}

/// By states, a line for each word.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (state, words) in &self.0 {
            writeln!(f, "{state}")?;
            for Word { word, taken, outcome, broken } in words {
                let taken = taken.map_or("not handed on".into(), |Row { place, kind, .. }| format!("{place}: {kind}"));
                let outcome = outcome.map_or_else(|| "-".into(), |outcome| outcome.to_string());
                write!(f, "  {word:<36} {taken:<48} {outcome}")?;
                match broken {
                    None => writeln!(f)?,
                    Some(law) => writeln!(f, ", BROKEN {law}")?,
                }
            }
        }
        Ok(())
    }
}
