//! A trace, step by step on fresh reducers.

use std::collections::BTreeMap;

use handfast::{
    export::{Exporter, Input},
    import::Importer,
    limits::Timers,
    operations::OpId,
    outcome::Side,
    reducer::{Config, Refused},
    rules::{AllRules, Rules},
    trace::{Step, Turn},
};
use handfast_model::without::Without;

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
    replay_under(import, export, steps, AllRules)
}

/// The same under other rules than the shipped ones.
fn replay_under<R: Rules>(import: Config, export: Config, steps: &[Step], rules: R) -> Result<Replayed<R>, Diverged> {
    let mut replayed = Replayed { imports: BTreeMap::new(), exports: BTreeMap::new() };
    let mut known = BTreeMap::<OpId, Exporter<R>>::new();
    for (index, step) in steps.iter().enumerate() {
        let again = match &step.turn {
            Turn::Import { input, .. } => {
                let importer = replayed.imports.entry(step.op).or_insert_with(|| Importer::under(import, rules));
                Step { op: step.op, ..Step::import(step.t_ms, importer, *input) }
            }
            Turn::Export { input, .. } => {
                if let Input::AddDevice(_) = input {
                    // What is over is forgotten when the next one begins.
                    replayed.exports.extend(known.extract_if(.., |_, exporter| exporter.is_closed()));
                    known.entry(step.op).or_insert_with(|| Exporter::under(export, rules));
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

/// What is left of a reducer at the end of a trace.
pub(crate) struct Left {
    pub(crate) side: Side,
    pub(crate) closed: bool,
    pub(crate) armed: Timers,
}

/// Replays a trace under the rules of a mutant, or under all. Returns what is left of its reducers.
pub(crate) fn left(
    import: Config,
    export: Config,
    steps: &[Step],
    rules: Option<Without>,
) -> Result<Vec<Left>, Diverged> {
    match rules {
        None => Ok(replay(import, export, steps)?.left()),
        Some(rules) => Ok(replay_under(import, export, steps, rules)?.left()),
    }
}

impl<R: Rules> Replayed<R> {
    fn left(&self) -> Vec<Left> {
        let importers = self.imports.values();
        let importers = importers.map(|one| Left { side: Side::Import, closed: one.is_closed(), armed: one.armed() });
        let exporters = self.exports.values();
        let exporters = exporters.map(|one| Left { side: Side::Export, closed: one.is_closed(), armed: one.armed() });
        importers.chain(exporters).collect()
    }
}
