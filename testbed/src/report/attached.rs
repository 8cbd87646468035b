//! Results of other commands, which a report shows if it gets their files (`--interop`, `--history`). They change no verdict.

use std::path::Path;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    failure::Failure,
    input::{self, Limit},
    scenario::Word,
};

/// The files of `verify --interop` and `verify --history`.
#[derive(Default)]
pub(crate) struct Attached {
    pub(crate) interop: Option<Vec<Cell>>,
    pub(crate) history: Option<Vec<Bug>>,
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
    pub(crate) shown: Vec<Exhibit>,
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
}

impl Attached {
    /// Reads the files that were given.
    ///
    /// # Errors
    /// A file that cannot be read, or that is none of its command's, is a usage error.
    pub(crate) fn read(interop: Option<&Path>, history: Option<&Path>) -> Result<Self, Failure> {
        let interop = interop.map(|path| read("--interop", "results.json of handfast interop", input::INTEROP, path));
        let history = history.map(|path| read("--history", "output of handfast history --json", input::HISTORY, path));
        Ok(Self { interop: interop.transpose()?, history: history.transpose()? })
    }
}

fn read<T: DeserializeOwned>(option: &str, what: &str, limit: Limit, path: &Path) -> Result<Vec<T>, Failure> {
    let name = path.display();
    let text = limit.text(path).map_err(|error| Failure::usage(format_args!("{option} {name}: {error}")))?;
    let all: Vec<T> = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format_args!("{option} {name}: it is no {what}: {error}")))?;
    if all.is_empty() {
        return Err(Failure::usage(format_args!("{option} {name}: it has no results")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
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
    }
}
