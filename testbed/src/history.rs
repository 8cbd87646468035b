//! `handfast history`: real bugs of *Link new device*, put back and found again.

use std::process::ExitCode;

use clap::Args;
use handfast_model::history::{BUGS, Line, diagrams, markdown, markdown_of_own};

use crate::{
    exit_code::INCONCLUSIVE, failure::Failure, names::Names, options::Effort, output, verdicts::columns::Columns,
};

/// Put real bugs back, one by one, and find them again
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast history
  handfast history --only H-8

Exit codes: 0 each row is as it states, 2 usage, 4 a row is not.")]
pub(crate) struct History {
    /// One bug, with its shortest counterexamples
    #[arg(long, value_name = "ID", value_parser = Names::BUGS, hide_possible_values = true)]
    only: Option<String>,
    #[command(flatten)]
    effort: Effort,
    /// Print one line of JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the tables and diagrams as the page of the documentation has them
    #[arg(long)]
    markdown: bool,
}

/// The meaning of the signs.
const LEGEND: &str = "\
● found: with the defect the property is violated, without it the property holds
◐ found in part: the last table says what is left out
○ not found: it is outside of the model
not as stated: it was not found as docs/history.md says, or the search was cut short";

impl History {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let limits = self.effort.limits()?;
        let asked = BUGS.iter().filter(|bug| self.only.as_deref().is_none_or(|only| only == bug.id));
        let lines: Vec<_> = asked.map(|bug| Line::new(bug, bug.show(limits))).collect();
        if self.json {
            output::json(&lines)?;
        } else if self.markdown {
            let own = if self.only.is_none() { markdown_of_own() } else { String::new() };
            output::line([markdown(&lines), own, diagrams(&lines)].join("\n").trim_end())?;
        } else {
            print(&lines, self.only.is_some())?;
        }
        Ok(if lines.iter().all(Line::is_as_stated) { ExitCode::SUCCESS } else { ExitCode::from(INCONCLUSIVE) })
    }
}

fn print(lines: &[Line], whole: bool) -> Result<(), Failure> {
    let mut columns =
        Columns::new(["bug", "sign", "the system with the defect", "violates", "in", "without it", "configuration"]);
    for line in lines {
        for shown in &line.shown {
            let sign = if shown.as_stated { line.mark.sign() } else { "not as stated" };
            let [defect, mended] = shown.in_short();
            let configuration = shown.configuration.clone();
            columns.line([
                line.id.into(),
                sign.into(),
                shown.with.into(),
                shown.property.into(),
                defect,
                mended,
                configuration,
            ]);
        }
    }
    output::line(columns.to_string().trim_end())?;
    let mut rest = Columns::new(["bug", "sign", "fix", "not found, or not whole, because"]);
    for line in lines.iter().filter(|line| !line.reason.is_empty()) {
        rest.line([
            line.id.into(),
            line.mark.sign().into(),
            format!("{}, {}", line.merged, line.fix),
            line.reason.into(),
        ]);
    }
    if lines.iter().any(|line| !line.reason.is_empty()) {
        output::line(format_args!("\n{}", rest.to_string().trim_end()))?;
    }
    output::line(format_args!("\n{LEGEND}"))?;
    if whole {
        for line in lines {
            output::line(format_args!("\n{}: {}\n{}", line.id, line.fix, line.broke))?;
            for counterexample in line.shown.iter().filter_map(|shown| shown.counterexample.as_ref()) {
                output::line(format_args!("\n```mermaid\n{}```", counterexample.mermaid))?;
            }
        }
    }
    Ok(())
}
