//! `handfast replay`: a recorded trace, driven through fresh reducers.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use handfast::{
    export::Exporter,
    import::Importer,
    operations::OpId,
    outcome::{Outcome, Side},
    reducer::Config,
    trace::{Header, Step, Turn, VERSION, from_line},
};
use serde::Serialize;

use crate::{failure::Failure, output};

/// Bytes of a line: far more than any step has.
const MAX_LINE: u64 = 1 << 20;
/// Operations of one trace.
const MAX_OPERATIONS: usize = 4096;

/// Drive fresh reducers with the inputs of a trace, and say where they act otherwise than it says
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast import --store accounts --yes --trace import.trace
  handfast replay import.trace

Exit codes: 0 every step is as recorded, 1 one is not or the trace is damaged, 2 usage.")]
pub(crate) struct Replay {
    /// The trace, as --trace, the checker or the simulator wrote it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// What a trace came to.
#[derive(Serialize)]
struct Replayed {
    driver: String,
    steps: u64,
    operations: Vec<Ended>,
}

/// One of its operations.
#[derive(Serialize)]
struct Ended {
    side: Side,
    op: OpId,
    outcome: Option<Outcome>,
}

/// Why a trace is none of these reducers.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
struct Differs {
    line: u64,
    what: String,
}

/// Fresh reducers, one for each operation.
struct Reducers {
    import: Option<Config>,
    export: Option<Config>,
    importers: BTreeMap<OpId, Importer>,
    exporters: BTreeMap<OpId, Exporter>,
}

impl Replay {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let unreadable = |error| Failure::usage(format_args!("{}: {error}", self.file.display()));
        let mut file = BufReader::new(File::open(&self.file).map_err(unreadable)?);
        let mut lines = (1..).map_while(|number| next_line(&mut file, number).transpose());
        let replayed = replay(&mut lines).map_err(|error| match error {
            Refused::Unreadable(error) => unreadable(error),
            Refused::Differs(differs) => Failure::reason(format_args!("{}: {differs}", self.file.display())),
        })?;
        if self.json {
            output::json(&replayed)?;
        } else {
            output::line(format_args!("{} steps, recorded by {}, all as recorded", replayed.steps, replayed.driver))?;
            for Ended { side, op, outcome } in &replayed.operations {
                let outcome = outcome.map_or_else(|| "not ended".into(), |outcome| outcome.to_string());
                output::line(format_args!("{side} {}: {outcome}", op.0))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

enum Refused {
    Unreadable(std::io::Error),
    Differs(Differs),
}

/// A line and its number; `None` at the end.
fn next_line(file: &mut impl BufRead, number: u64) -> Result<Option<(u64, String)>, Refused> {
    let mut line = Vec::new();
    file.take(MAX_LINE).read_until(b'\n', &mut line).map_err(Refused::Unreadable)?;
    if line.is_empty() {
        return Ok(None);
    }
    let differs = |what: &str| Refused::Differs(Differs { line: number, what: what.into() });
    if line.len() as u64 == MAX_LINE {
        return Err(differs("the line is longer than any step"));
    }
    let line = String::from_utf8(line).map_err(|_| differs("the line is not UTF-8"))?;
    Ok(Some((number, line)))
}

fn replay(lines: &mut dyn Iterator<Item = Result<(u64, String), Refused>>) -> Result<Replayed, Refused> {
    let differs = |line, what: String| Refused::Differs(Differs { line, what });
    let (number, line) = lines.next().transpose()?.ok_or_else(|| differs(1, "the trace is empty".into()))?;
    let header: Header = from_line(&line).map_err(|error| differs(number, error.to_string()))?;
    if header.trace != VERSION {
        return Err(differs(number, format!("the trace is of version {}, this program reads {VERSION}", header.trace)));
    }
    let mut reducers = Reducers {
        import: header.import,
        export: header.export,
        importers: BTreeMap::new(),
        exporters: BTreeMap::new(),
    };
    let mut steps = 0;
    for line in lines {
        let (number, line) = line?;
        let step: Step = from_line(&line).map_err(|error| differs(number, error.to_string()))?;
        reducers.step(&step).map_err(|what| differs(number, what))?;
        steps += 1;
    }
    Ok(Replayed { driver: header.driver, steps, operations: reducers.ended() })
}

impl Reducers {
    /// Takes a recorded step, and says how it differs from the record.
    fn step(&mut self, recorded: &Step) -> Result<(), String> {
        if self.importers.len() + self.exporters.len() > MAX_OPERATIONS {
            return Err(format!("the trace has more than {MAX_OPERATIONS} operations"));
        }
        let (op, t_ms) = (recorded.op, recorded.t_ms);
        let missing = |side| format!("the trace begins without the configuration of the {side} side");
        match &recorded.turn {
            Turn::Import { input, effects } => {
                let config = self.import.ok_or_else(|| missing(Side::Import))?;
                let importer = self.importers.entry(op).or_insert_with(|| Importer::new(config));
                let step = Step::import(t_ms, importer, *input);
                if let Turn::Import { effects: found, .. } = &step.turn {
                    same(input, effects, found)?;
                }
                answer(input, recorded, &step)
            }
            Turn::Export { input, effects } => {
                let config = self.export.ok_or_else(|| missing(Side::Export))?;
                let exporter = self.exporters.entry(op).or_insert_with(|| Exporter::new(config));
                let step = Step::export(t_ms, op, exporter, *input);
                if let Turn::Export { effects: found, .. } = &step.turn {
                    same(input, effects, found)?;
                }
                answer(input, recorded, &step)
            }
        }
    }

    fn ended(&self) -> Vec<Ended> {
        let imports =
            self.importers.iter().map(|(op, one)| Ended { side: Side::Import, op: *op, outcome: one.outcome() });
        let exports =
            self.exporters.iter().map(|(op, one)| Ended { side: Side::Export, op: *op, outcome: one.outcome() });
        imports.chain(exports).collect()
    }
}

/// The first effect that differs.
fn same<I: Debug, E: Debug + PartialEq>(input: &I, recorded: &[E], found: &[E]) -> Result<(), String> {
    let length = recorded.len().max(found.len());
    match (0..length).find(|&at| recorded.get(at) != found.get(at)) {
        None => Ok(()),
        Some(at) => {
            let name = |effect: Option<&E>| effect.map_or_else(|| "nothing".into(), |effect| format!("{effect:?}"));
            let (number, recorded, found) = (at + 1, name(recorded.get(at)), name(found.get(at)));
            Err(format!("{input:?}: effect {number} is recorded as {recorded}, the reducer gives {found}"))
        }
    }
}

/// Whether the input was refused as recorded.
fn answer(input: &impl Debug, recorded: &Step, found: &Step) -> Result<(), String> {
    if recorded.refused == found.refused {
        return Ok(());
    }
    let name = |refused: Option<handfast::reducer::Refused>| {
        refused.map_or("accepted".into(), |why| format!("refused: {why}"))
    };
    Err(format!("{input:?}: recorded as {}, the reducer gives {}", name(recorded.refused), name(found.refused)))
}
