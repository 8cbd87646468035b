//! Results of other commands, which a report shows if it gets their files (`--interop`, `--history`, `--bench`). They change no verdict.

use std::path::Path;

use handfast_bench::{Figure, Unit};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    failure::Failure,
    input::{self, Limit},
    misread,
    scenario::Word,
};

/// The files of `verify --interop`, `verify --history` and `verify --bench`.
#[derive(Default)]
pub(crate) struct Attached {
    pub(crate) interop: Option<Vec<Cell>>,
    pub(crate) history: Option<Vec<Bug>>,
    pub(crate) bench: Option<Measured>,
}

/// A cell of `handfast interop`: two programs, a profile and a case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Cell {
    pub(crate) import: String,
    pub(crate) export: String,
    pub(crate) profile: String,
    pub(crate) case: String,
    pub(crate) verdict: Word,
    /// Why such a result is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// A real bug of `handfast history`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Bug {
    pub(crate) id: String,
    /// The day on which its fix was merged.
    pub(crate) merged: String,
    pub(crate) fix: String,
    /// The effect on users.
    pub(crate) broke: String,
    pub(crate) mark: Mark,
    /// Why it is not found, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The places where its class is caught by other means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) elsewhere: Vec<Held>,
    pub(crate) shown: Vec<Exhibit>,
}

/// A file of the repository, and the test in it, if it is one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Held {
    pub(crate) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<String>,
}

/// How much of a bug is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    Found,
    Part,
    Outside,
}

/// The system with the defect, and the property that notices it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Exhibit {
    pub(crate) with: String,
    pub(crate) property: String,
    pub(crate) configuration: String,
    pub(crate) as_stated: bool,
    /// A shortest way to the violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counterexample: Option<Way>,
}

/// A way, as a diagram. Its steps and its trace stay in the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Way {
    pub(crate) mermaid: String,
}

/// The figures of `handfast bench`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// Turns of each comparison.
    pub(crate) rounds: usize,
    pub(crate) processors: usize,
    pub(crate) figures: Vec<Judged>,
}

/// A figure, and whether it is what it should be.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Judged {
    pub(crate) group: String,
    #[serde(flatten)]
    pub(crate) figure: Figure,
    pub(crate) reached: Option<bool>,
}

/// How the rate of a function changes with the size of its input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curve<'a> {
    pub(crate) name: &'a str,
    /// Bytes, bytes in a second, and those of the comparison.
    pub(crate) points: Vec<(f64, f64, Option<f64>)>,
}

impl Measured {
    /// The curves of rates that were measured with several sizes, in the order of the figures. The size ends a name: `…, 64 KiB`.
    pub(crate) fn curves(&self) -> Vec<Curve<'_>> {
        let mut curves: Vec<Curve<'_>> = Vec::new();
        for Judged { figure, .. } in self.figures.iter().filter(|one| one.figure.unit == Unit::Rate) {
            let Some((name, bytes)) = figure.name.rsplit_once(", ").and_then(|(name, size)| Some((name, bytes(size)?)))
            else {
                continue;
            };
            let point = (bytes, figure.ours.median, figure.comparison.as_ref().map(|one| one.theirs.median));
            match curves.iter_mut().find(|curve| curve.name == name) {
                Some(curve) => curve.points.push(point),
                None => curves.push(Curve { name, points: vec![point] }),
            }
        }
        curves.retain(|curve| curve.points.len() > 1);
        curves
    }
}

/// The bytes of a size as names have it.
fn bytes(size: &str) -> Option<f64> {
    let (number, unit) = size.split_once(' ')?;
    let power = ["KiB", "MiB", "GiB"].iter().position(|one| *one == unit)?;
    let number: u32 = number.parse().ok()?;
    Some(f64::from(number) * 1024f64.powi(power as i32 + 1))
}

impl Attached {
    /// Reads the files that were given.
    ///
    /// # Errors
    /// A file that cannot be read, or that is not its command's, is a usage error.
    pub(crate) fn read(interop: Option<&Path>, history: Option<&Path>, bench: Option<&Path>) -> Result<Self, Failure> {
        let interop =
            interop.map(|path| read("--interop", "a results.json of handfast interop", input::INTEROP, path, Vec::len));
        let history = history
            .map(|path| read("--history", "an output of handfast history --json", input::HISTORY, path, Vec::len));
        let bench = bench.map(|path| {
            read("--bench", "an output of handfast bench --json", input::FIGURES, path, |all: &Measured| {
                all.figures.len()
            })
        });
        Ok(Self { interop: interop.transpose()?, history: history.transpose()?, bench: bench.transpose()? })
    }
}

/// Reads a file of another command, which has results.
fn read<T: DeserializeOwned>(
    option: &str,
    what: &str,
    limit: Limit,
    path: &Path,
    count: impl Fn(&T) -> usize,
) -> Result<T, Failure> {
    let name = path.display();
    let text = limit.text(path).map_err(|error| Failure::usage(format_args!("{option} {name}: {error}")))?;
    let all: T = misread::from_json(&text).map_err(|wrong| {
        Failure::usage(format_args!("{option} {name}: {wrong}\nit is not {what}; give a file that is"))
    })?;
    if count(&all) == 0 {
        return Err(Failure::usage(format_args!("{option} {name}: it has no results")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use handfast_bench::{Comparison, Spread};
    use handfast_model::history::{BUGS, Line};

    use super::*;

    /// The names are those of the command: a bug without exhibits needs no search.
    #[test]
    fn bugs_are_read_as_the_command_prints_them() {
        let lines: Vec<_> = BUGS.iter().map(|bug| Line::new(bug, Vec::new())).collect();
        let bugs: Vec<Bug> = serde_json::from_str(&serde_json::to_string(&lines).unwrap()).unwrap();
        let of_lines: Vec<_> = lines.iter().map(|line| (line.id, line.broke)).collect();
        assert_eq!(bugs.iter().map(|bug| (&*bug.id, &*bug.broke)).collect::<Vec<_>>(), of_lines);
        assert!(bugs.iter().any(|bug| bug.mark == Mark::Found) && bugs.iter().any(|bug| bug.reason.is_some()));
        let of_bugs = bugs.iter().flat_map(|bug| &bug.elsewhere);
        let of_lines = lines.iter().flat_map(|line| line.elsewhere);
        let held: Vec<_> = of_bugs.map(|held| (&*held.file, held.test.as_deref().unwrap_or_default())).collect();
        assert_eq!(held, of_lines.map(|held| (held.file, held.test)).collect::<Vec<_>>());
    }

    #[test]
    fn rates_of_several_sizes_are_curves() {
        let spread = |value: f64| Spread { lower: value, median: value, upper: value };
        let figure = |name: &str, unit: Unit, value: f64| {
            let comparison =
                Comparison { what: "copy".into(), theirs: spread(2.0 * value), ratio: spread(0.5), cpu: None };
            let ours = spread(value);
            let figure =
                Figure { name: name.into(), unit, ours, comparison: Some(comparison), reach: None, gantt: None };
            Judged { group: "wire".into(), figure, reached: None }
        };
        let figures = [
            ("loopback, frames, 64 KiB", Unit::Rate, 10.0),
            ("archive, plain, 16 MiB", Unit::Rate, 11.0),
            ("loopback, frames, 1 MiB", Unit::Rate, 12.0),
            ("token, 1 MiB", Unit::Seconds, 13.0),
            ("token, 2 MiB", Unit::Seconds, 14.0),
            ("explorer", Unit::Rate, 15.0),
        ];
        let figures = figures.map(|(name, unit, value)| figure(name, unit, value)).into();
        let written = serde_json::to_string(&Measured { rounds: 1, processors: 2, figures }).unwrap();
        let all: Measured = serde_json::from_str(&written).unwrap();
        let points = vec![(65536.0, 10.0, Some(20.0)), (1048576.0, 12.0, Some(24.0))];
        assert_eq!(all.curves(), [Curve { name: "loopback, frames", points }]);
    }
}
