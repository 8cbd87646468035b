//! A trace, step by step on fresh reducers.

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
    /// The line in the trace.
    pub recorded: Box<Step>,
    /// The step here.
    pub replayed: Box<Step>,
}

fn text(step: &Step) -> String {
    handfast::trace::to_line(step)
}

/// The reducers at the end of a trace.
#[derive(Clone, Debug)]
pub struct Replayed<R: Rules = AllRules> {
    /// The importers, in the order of their operations.
    pub imports: Vec<(OpId, Importer<R>)>,
    /// The exporters, in the order of their operations.
    pub exports: Vec<(OpId, Exporter<R>)>,
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
    let (mut imports, mut exports) = (Vec::<(OpId, Importer<R>)>::new(), Vec::<(OpId, Exporter<R>)>::new());
    // The exporters that their registry has not forgotten.
    let mut known = Vec::<(OpId, Exporter<R>)>::new();
    for (index, step) in steps.iter().enumerate() {
        let again = match &step.turn {
            Turn::Import { input, .. } => {
                let at = position(&imports, step.op).unwrap_or_else(|| {
                    imports.push((step.op, Importer::under(import, rules)));
                    imports.len() - 1
                });
                Step { op: step.op, ..Step::import(step.t_ms, &mut imports[at].1, *input) }
            }
            Turn::Export { input, .. } => {
                if let Input::AddDevice(_) = input {
                    // A finished operation is forgotten when the next one begins.
                    retire(&mut exports, known.extract_if(.., |(_, exporter)| exporter.is_closed()));
                    if position(&known, step.op).is_none() {
                        known.push((step.op, Exporter::under(export, rules)));
                    }
                }
                match position(&known, step.op) {
                    Some(at) => Step::export(step.t_ms, step.op, &mut known[at].1, *input),
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
    retire(&mut exports, known.into_iter());
    imports.sort_unstable_by_key(|(op, _)| *op);
    exports.sort_unstable_by_key(|(op, _)| *op);
    Ok(Replayed { imports, exports })
}

/// Adds exporters. One that has the number of an earlier one, from before a restart, takes its place.
fn retire<R: Rules>(exports: &mut Vec<(OpId, Exporter<R>)>, retired: impl Iterator<Item = (OpId, Exporter<R>)>) {
    for (op, exporter) in retired {
        exports.retain(|(earlier, _)| *earlier != op);
        exports.push((op, exporter));
    }
}

fn position<T>(all: &[(OpId, T)], op: OpId) -> Option<usize> {
    all.iter().position(|(other, _)| *other == op)
}

/// The state of a reducer at the end of a trace.
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
        let importers = self.imports.iter();
        let importers =
            importers.map(|(_, one)| Left { side: Side::Import, closed: one.is_closed(), armed: one.armed() });
        let exporters = self.exports.iter();
        let exporters =
            exporters.map(|(_, one)| Left { side: Side::Export, closed: one.is_closed(), armed: one.armed() });
        importers.chain(exporters).collect()
    }
}
