//! `handfast bench`: the figures, as ratios within one run.

use std::{fmt, num::NonZeroUsize, process::ExitCode};

use clap::Args;
use handfast_bench::{
    Effort, Figure, GROUPS, Group, Scale, Spread,
    counted::{COUNTED, Counted},
};
use handfast_model::counted;
use serde::Serialize;

use crate::{failure::Failure, numbers::count, output, progress::Watch};

/// Turns of each comparison.
const ROUNDS: NonZeroUsize = NonZeroUsize::new(15).unwrap();
/// The same of a quick run.
const QUICK_ROUNDS: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// Measure the figures, each in turns with a comparison
#[derive(Args)]
#[command(after_help = format!("\
Groups:
{}
Examples:
  handfast bench
  handfast bench --quick --only codec --only link
  handfast bench --details
  handfast bench --markdown > figures.md

Exit codes: 0 it was measured, whatever came of it; 2 usage. A figure that is not reached says so.
Figures are medians, with the quartiles around them; a ratio of 2 is twice as fast.", groups()))]
pub(crate) struct Bench {
    /// Only this group; may be given several times
    #[arg(long, value_name = "NAME", value_parser = group)]
    only: Vec<&'static Group>,
    /// Turns of each comparison
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    rounds: Option<NonZeroUsize>,
    /// Smaller things and fewer turns: a minute
    #[arg(long, conflicts_with = "large")]
    quick: bool,
    /// Transfers of 1 GiB too
    #[arg(long)]
    large: bool,
    /// Print every figure, each as soon as it is measured; so does --only
    #[arg(long)]
    details: bool,
    /// Print the table of docs/speed.md
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Go one hot path once, whose instructions callgrind counts, instead
    #[arg(long, value_name = "NAME", value_parser = counters, conflicts_with_all = ["only", "rounds", "quick", "large", "details", "markdown", "json"])]
    count: Option<&'static Counted>,
}

fn groups() -> String {
    GROUPS.iter().map(|group| format!("  {:<10} {}\n", group.name, group.about)).collect()
}

fn group(name: &str) -> Result<&'static Group, String> {
    let names = || GROUPS.iter().map(|group| group.name).collect::<Vec<_>>().join(", ");
    GROUPS.iter().find(|group| group.name == name).ok_or_else(|| format!("expected one of {}", names()))
}

fn counters(name: &str) -> Result<&'static Counted, String> {
    let names = || COUNTED.iter().map(|counted| counted.name).collect::<Vec<_>>().join(", ");
    Counted::find(name).ok_or_else(|| format!("expected one of {}", names()))
}

/// The JSON output.
#[derive(Serialize)]
struct Measured {
    rounds: usize,
    processors: usize,
    figures: Vec<Judged>,
}

#[derive(Serialize)]
struct Judged {
    group: &'static str,
    #[serde(flatten)]
    figure: Figure,
    reached: Option<bool>,
}

impl Bench {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(counted) = self.count {
            counted.run();
            return Ok(ExitCode::SUCCESS);
        }
        let rounds = self.rounds.unwrap_or(if self.quick { QUICK_ROUNDS } else { ROUNDS }).get();
        let scale = match (self.quick, self.large) {
            (true, _) => Scale::Quick,
            (_, true) => Scale::Large,
            _ => Scale::Usual,
        };
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let on = counted(processors, "processor");
        let of = counted(rounds, "turn");
        if self.markdown {
            output::line(format_args!("Medians of {of}, quartiles in brackets, {on}.\n"))?;
            output::line(
                "| figure | measured | compared with | ratio | CPU ratio | to reach | |\n|---|---|---|---|---|---|---|",
            )?;
        } else if !self.json {
            output::line(format_args!("medians of {of}, quartiles in brackets, {on}"))?;
        }
        let chosen =
            || GROUPS.iter().filter(|group| self.only.is_empty() || self.only.iter().any(|one| one.name == group.name));
        let each = self.details || !self.only.is_empty();
        let watch = Watch::new("bench");
        watch.expect(chosen().count());
        let mut figures = Vec::new();
        let mut printed = Ok(());
        for group in chosen() {
            watch.began(group.name);
            (group.measure)(Effort { rounds, scale }, &mut |figure| {
                if printed.is_ok() && self.markdown {
                    printed = output::line(Markdown(&figure));
                } else if printed.is_ok() && each && !self.json {
                    printed = output::line(Text(&figure));
                }
                let reached = figure.is_reached();
                figures.push(Judged { group: group.name, figure, reached });
            });
            watch.done(group.name);
        }
        printed?;
        if self.json {
            output::json(&Measured { rounds, processors, figures })?;
        } else if !self.markdown && !each {
            output::line(Summary(&figures))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The verdict in one word.
fn verdict(figure: &Figure) -> &'static str {
    match figure.is_reached() {
        Some(true) => "reached",
        Some(false) => "NOT REACHED",
        None => "",
    }
}

/// A ratio with its quartiles.
fn ratio(Spread { lower, median, upper }: Spread) -> String {
    format!("{median:.2} [{lower:.2}, {upper:.2}]")
}

/// A figure with its quartiles.
fn measured(figure: &Figure) -> String {
    let Spread { lower, median, upper } = figure.ours;
    let text = |value| figure.unit.text(value);
    if lower == upper { text(median) } else { format!("{} [{}, {}]", text(median), text(lower), text(upper)) }
}

/// All figures in short: what is not reached comes first and whole, but for its drawing.
struct Summary<'a>(&'a [Judged]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(figures) = self;
        let with = |reached: Option<bool>| figures.iter().filter(move |one| one.reached == reached);
        for Judged { figure, .. } in with(Some(false)) {
            writeln!(f, "{}", Text(&Figure { gantt: None, ..figure.clone() }))?;
        }
        for Judged { figure, .. } in with(Some(true)) {
            write!(f, "{}: {}", figure.name, figure.unit.text(figure.ours.median))?;
            if let Some(comparison) = &figure.comparison {
                write!(f, ", {:.2} of {}", comparison.ratio.median, comparison.what)?;
            }
            writeln!(f, " ({})", figure.reach_text())?;
        }
        let [reached, missed, free] = [Some(true), Some(false), None].map(|reached| with(reached).count());
        let others = if free == 0 { String::new() } else { format!("; --details prints {free} more") };
        write!(f, "as fast as they have to be: {reached} of {}{others}", counted(reached + missed, "figure"))
    }
}

/// A figure as lines of text.
struct Text<'a>(&'a Figure);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(figure) = self;
        write!(f, "{}: {}", figure.name, measured(figure))?;
        if let Some(comparison) = &figure.comparison {
            write!(f, "\n    {}: {}", comparison.what, figure.unit.text(comparison.theirs.median))?;
            write!(f, "\n    ratio {}", ratio(comparison.ratio))?;
            if let Some(cpu) = comparison.cpu {
                write!(f, ", of CPU time {}", ratio(cpu))?;
            }
        }
        if figure.reach.is_some() {
            write!(f, "\n    to reach {}: {}", figure.reach_text(), verdict(figure))?;
        }
        match &figure.gantt {
            Some(gantt) => write!(f, "\n{gantt}"),
            None => Ok(()),
        }
    }
}

/// A figure as a row of a table.
struct Markdown<'a>(&'a Figure);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(figure) = self;
        let comparison = figure.comparison.as_ref();
        let theirs =
            comparison.map(|comparison| format!("{}: {}", comparison.what, figure.unit.text(comparison.theirs.median)));
        let cells = [
            figure.name.clone(),
            measured(figure),
            theirs.unwrap_or_default(),
            comparison.map(|comparison| ratio(comparison.ratio)).unwrap_or_default(),
            comparison.and_then(|comparison| comparison.cpu).map(ratio).unwrap_or_default(),
            figure.reach_text(),
            verdict(figure).into(),
        ];
        write!(f, "| {} |", cells.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use handfast_bench::{Comparison, Reach, Unit};

    use super::*;

    fn judged(name: &str, reach: Option<Reach>) -> Judged {
        let alone = |value| Spread { lower: value, median: value, upper: value };
        let comparison = Comparison { what: "memcpy".into(), theirs: alone(4e9), ratio: alone(0.5), cpu: None };
        let ours = alone(2e9);
        let figure =
            Figure { name: name.into(), unit: Unit::Rate, ours, comparison: Some(comparison), reach, gantt: None };
        Judged { group: "codec", reached: figure.is_reached(), figure }
    }

    #[test]
    fn a_summary_has_what_is_not_reached_first_and_counts_the_rest() {
        let figures = [
            judged("encode", Some(Reach::Share(0.4))),
            judged("format", None),
            judged("decode", Some(Reach::Share(0.9))),
        ];
        insta::assert_snapshot!(Summary(&figures), @"
        decode: 1.86 GiB/s
            memcpy: 3.73 GiB/s
            ratio 0.50 [0.50, 0.50]
            to reach ≥ 0.90: NOT REACHED
        encode: 1.86 GiB/s, 0.50 of memcpy (≥ 0.40)
        as fast as they have to be: 1 of 2 figures; --details prints 1 more
        ");
    }
}
