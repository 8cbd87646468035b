//! The reports of a stream, for people.

use handfast_model::{
    counted,
    observed::{Ended, Report, Violation},
};

use crate::{failure::Failure, output};

/// Prints a report: one line, and more where something is wrong.
pub(super) fn print(report: &Report) -> Result<(), Failure> {
    match report {
        Report::Ended(Ended { began, ended, lines, ends, again }) => output::line(format_args!(
            "line {}: ended as allowed{}, {} since line {}: {}",
            ended.line,
            if *again { ", again" } else { "" },
            counted(*lines, "line"),
            began.line,
            ends.join("; ")
        )),
        Report::GivenUp { began, why } => {
            output::line(format_args!("INCONCLUSIVE: the link that began in line {}: {why}", began.line))
        }
        Report::Apart(apart) => {
            output::line(format_args!("line {} is no part of a link: {}: {}", apart.place.line, apart.says, apart.why))
        }
        Report::Violated(violation) => violated(violation),
    }
}

fn violated(violation: &Violation) -> Result<(), Failure> {
    let Violation { began, found, of, refusal, reasons, lines } = violation;
    output::line(format_args!("VIOLATED in line {}: it is no run of {of}", found.line))?;
    for (place, says) in lines {
        let mark = if place == found { "✗" } else { " " };
        output::line(format_args!("{mark} {:>6}  {says}", place.line))?;
    }
    output::line(format_args!("the link began in line {}; states before: {}", began.line, refusal.states))?;
    match reasons.is_empty() {
        true => output::line("no rule is known without which it would be a run")?,
        false => reasons.iter().try_for_each(|reason| output::line(format_args!("forbidden by {reason}")))?,
    }
    output::line("what could have come:")?;
    refusal.next.iter().try_for_each(|next| output::line(format_args!("  {next}")))
}
