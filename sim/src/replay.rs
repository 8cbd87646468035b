//! A trace, step by step on fresh reducers.

use std::collections::BTreeMap;

use handfast::{
    export::Exporter,
    import::Importer,
    operations::OpId,
    reducer::Config,
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
pub struct Replayed {
    /// The importer, if it took a step.
    pub import: Option<Importer>,
    /// The exporters, by operation.
    pub exports: BTreeMap<OpId, Exporter>,
}

/// Replays a trace of one import and any number of exports.
///
/// # Errors
/// The first step that differs.
pub fn replay(import: Config, export: Config, steps: &[Step]) -> Result<Replayed, Diverged> {
    let mut replayed = Replayed { import: None, exports: BTreeMap::new() };
    for (index, step) in steps.iter().enumerate() {
        let again = match &step.turn {
            Turn::Import { input, .. } => {
                let importer = replayed.import.get_or_insert_with(|| Importer::new(import));
                Step { op: step.op, ..Step::import(step.t_ms, importer, *input) }
            }
            Turn::Export { input, .. } => {
                let exporter = replayed.exports.entry(step.op).or_insert_with(|| Exporter::new(export));
                Step::export(step.t_ms, step.op, exporter, *input)
            }
        };
        if again != *step {
            return Err(Diverged { index, recorded: Box::new(step.clone()), replayed: Box::new(again) });
        }
    }
    Ok(replayed)
}
