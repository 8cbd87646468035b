//! `handfast replay`: a recorded trace, driven through fresh reducers.

use std::{
    fmt::Debug,
    io::{BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use handfast::{
    operations::OpId,
    outcome::{Outcome, Side},
    trace::{Header, Step, Turn, VERSION, from_line},
};
use handfast_model::counted;
use handfast_sim::Diverged;
use serde::Serialize;

use crate::{
    failure::Failure,
    input::{self, without_mark},
    output,
};

/// Bytes of a line: far more than any step has.
const MAX_LINE: u64 = 1 << 20;
/// Steps of one trace.
const MAX_STEPS: usize = 1 << 20;

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

/// The result for a trace.
#[derive(Serialize)]
pub(crate) struct Replayed {
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

/// The reason why these reducers did not write a trace.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
struct Differs {
    line: u64,
    what: String,
}

impl Replay {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let (header, steps) = read(&self.file)?;
        let replayed = check(&self.file, header, &steps)?;
        if self.json {
            output::json(&replayed)?;
        } else {
            let steps = counted(replayed.steps, "step");
            output::line(format_args!("{steps}, recorded by {}, all as recorded", replayed.driver))?;
            for Ended { side, op, outcome } in &replayed.operations {
                let outcome = outcome.map_or_else(|| "not ended".into(), |outcome| outcome.to_string());
                output::line(format_args!("{side} {}: {outcome}", op.0))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a whole trace.
pub(crate) fn read(path: &Path) -> Result<(Header, Vec<Step>), Failure> {
    let unreadable = |error| Failure::usage(format_args!("{}: {error}", path.display()));
    let opened = input::RECORDED.open(path).map_err(|error| unreadable(error.into()))?;
    let mut file = BufReader::new(opened);
    let mut lines = (1..).map_while(|number| next_line(&mut file, number).transpose());
    parse(&mut lines).map_err(|error| match error {
        Refused::Unreadable(error) => unreadable(error),
        Refused::Differs(differs) => Failure::reason(format_args!("{}: {differs}", path.display())),
    })
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
    if number == 1 {
        let mark = line.len() - without_mark(&line).map_err(|error| differs(&error.to_string()))?.len();
        drop(line.drain(..mark));
    }
    let line = String::from_utf8(line).map_err(|_| differs("the line is not UTF-8"))?;
    Ok(Some((number, line)))
}

/// Whether a line is one of an observed trace: they are easily taken for each other.
fn is_observed(line: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
    value.is_some_and(|value| ["observed", "call", "signal"].iter().any(|member| value.get(member).is_some()))
}

fn parse(lines: &mut dyn Iterator<Item = Result<(u64, String), Refused>>) -> Result<(Header, Vec<Step>), Refused> {
    let differs = |line, what: String| Refused::Differs(Differs { line, what });
    let (number, line) = lines.next().transpose()?.ok_or_else(|| differs(1, "the trace is empty".into()))?;
    let header: Header = from_line(&line).map_err(|error| {
        let hint =
            if is_observed(&line) { "; a trace of calls and signals is read by `validate --observed`" } else { "" };
        differs(number, format!("{error}{hint}"))
    })?;
    if header.trace != VERSION {
        return Err(differs(number, format!("the trace is of version {}, this program reads {VERSION}", header.trace)));
    }
    let mut steps: Vec<Step> = Vec::new();
    for line in lines {
        let (number, line) = line?;
        if steps.len() == MAX_STEPS {
            return Err(differs(number, format!("the trace has more than {MAX_STEPS} steps")));
        }
        let step: Step = from_line(&line).map_err(|error| differs(number, error.to_string()))?;
        let config = match step.side() {
            Side::Import => header.import,
            Side::Export => header.export,
        };
        if config.is_none() {
            let what = format!("the trace begins without the configuration of the {} side", step.side());
            return Err(differs(number, what));
        }
        steps.push(step);
    }
    Ok((header, steps))
}

/// Takes the steps on fresh reducers, which have to act as the file says.
pub(crate) fn check(path: &Path, header: Header, steps: &[Step]) -> Result<Replayed, Failure> {
    replay(header, steps).map_err(|differs| Failure::reason(format_args!("{}: {differs}", path.display())))
}

fn replay(header: Header, steps: &[Step]) -> Result<Replayed, Differs> {
    let (import, export) = (header.import.unwrap_or_default(), header.export.unwrap_or_default());
    let replayed = handfast_sim::replay(import, export, steps)
        .map_err(|diverged| Differs { line: diverged.index as u64 + 2, what: difference(&diverged) })?;
    let imports =
        replayed.imports.iter().map(|&(op, ref one)| Ended { side: Side::Import, op, outcome: one.outcome() });
    let exports =
        replayed.exports.iter().map(|&(op, ref one)| Ended { side: Side::Export, op, outcome: one.outcome() });
    let operations = imports.chain(exports).collect();
    Ok(Replayed { driver: header.driver, steps: steps.len() as u64, operations })
}

/// The first difference.
fn difference(diverged: &Diverged) -> String {
    let (recorded, replayed) = (&*diverged.recorded, &*diverged.replayed);
    let (input, effects) = match (&recorded.turn, &replayed.turn) {
        (Turn::Import { input, effects: one }, Turn::Import { effects: other, .. }) => {
            (format!("{input:?}"), first_unlike(one, other))
        }
        (Turn::Export { input, effects: one }, Turn::Export { effects: other, .. }) => {
            (format!("{input:?}"), first_unlike(one, other))
        }
        (Turn::Import { .. }, Turn::Export { .. }) | (Turn::Export { .. }, Turn::Import { .. }) => {
            (String::new(), None)
        }
    };
    let answer = |step: &Step| step.refused.map_or("accepted".into(), |why| format!("refused ({why})"));
    let (was, gives) = effects.unwrap_or_else(|| (answer(recorded), answer(replayed)));
    format!("{input}: recorded is {was}, the reducer gives {gives}")
}

/// The first effect that differs, in both lists.
fn first_unlike<E: Debug + PartialEq>(recorded: &[E], replayed: &[E]) -> Option<(String, String)> {
    let length = recorded.len().max(replayed.len());
    let at = (0..length).find(|&at| recorded.get(at) != replayed.get(at))?;
    let name = |effect: Option<&E>| match effect {
        Some(effect) => format!("effect {}, {effect:?}", at + 1),
        None => format!("no effect {}", at + 1),
    };
    Some((name(recorded.get(at)), name(replayed.get(at))))
}
