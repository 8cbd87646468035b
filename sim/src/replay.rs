//! A trace, step by step on fresh reducers.

use std::collections::BTreeMap;

use handfast::{
    export::{Exporter, Input},
    import::Importer,
    operations::OpId,
    reducer::{Config, Refused},
    rules::{AllRules, Rules},
    trace::{Step, Turn},
};

/// A step that fresh reducers do not take as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {index} was recorded as {} and replays as {}", text(.recorded), text(.replayed))]
pub struct Diverged {
    /// Which one, from 0 on.
    pub index: usize,
    /// What the trace says.
    pub recorded: Box<Step>,
    /// What happens.
    pub replayed: Box<Step>,
}

fn text(step: &Step) -> String {
    handfast::trace::to_line(step)
}

/// The reducers at the end of a trace.
#[derive(Clone, Debug)]
pub struct Replayed<R: Rules = AllRules> {
    /// The importers, by operation.
    pub imports: BTreeMap<OpId, Importer<R>>,
    /// The exporters, by operation.
    pub exports: BTreeMap<OpId, Exporter<R>>,
}

/// Replays a trace of any number of imports and exports.
///
/// # Errors
/// The first step that differs.
pub fn replay(import: Config, export: Config, steps: &[Step]) -> Result<Replayed, Diverged> {
    replay_under(import, export, steps)
}

/// The same under other rules than the shipped ones.
pub(crate) fn replay_under<R: Rules>(import: Config, export: Config, steps: &[Step]) -> Result<Replayed<R>, Diverged> {
    let mut replayed = Replayed { imports: BTreeMap::new(), exports: BTreeMap::new() };
    let mut known = BTreeMap::<OpId, Exporter<R>>::new();
    for (index, step) in steps.iter().enumerate() {
        let again = match &step.turn {
            Turn::Import { input, .. } => {
                let importer = replayed.imports.entry(step.op).or_insert_with(|| Importer::new(import));
                Step { op: step.op, ..Step::import(step.t_ms, importer, *input) }
            }
            Turn::Export { input, .. } => {
                if let Input::AddDevice(_) = input {
                    // What is over is forgotten when the next one begins.
                    replayed.exports.extend(known.extract_if(.., |_, exporter| exporter.is_closed()));
                    known.entry(step.op).or_insert_with(|| Exporter::new(export));
                }
                match known.get_mut(&step.op) {
                    Some(exporter) => Step::export(step.t_ms, step.op, exporter, *input),
                    None => {
                        let turn = Turn::Export { input: *input, effects: Vec::new() };
                        Step { turn, refused: input.is_call().then_some(Refused::Unknown), ..step.clone() }
                    }
                }
            }
        };
        if again != *step {
            return Err(Diverged { index, recorded: Box::new(step.clone()), replayed: Box::new(again) });
        }
    }
    replayed.exports.append(&mut known);
    Ok(replayed)
}
