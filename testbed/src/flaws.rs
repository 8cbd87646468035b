//! `handfast check --flaws`: what is expected not to hold, and why.

use std::process::ExitCode;

use handfast_model::{
    flaws::{FLAWS, Flaw},
    weaknesses,
};
use serde::Serialize;

use crate::{failure::Failure, output, verdicts::columns::Columns};

/// A flaw with its reason in words.
#[derive(Serialize)]
struct Known {
    #[serde(flatten)]
    flaw: &'static Flaw,
    says: &'static str,
}

/// Prints all of them.
pub(crate) fn print(json: bool) -> Result<ExitCode, Failure> {
    let known: Vec<_> =
        FLAWS.iter().map(|flaw| Known { flaw, says: weaknesses::title(flaw.weakness).unwrap_or_default() }).collect();
    if json {
        output::json(&known)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut columns = Columns::new(["pair", "violated", "shown in", "", "because (docs/legacy/weaknesses.md)"]);
    for Known { flaw, says } in known {
        let shown_in = if flaw.only_there { format!("{} only", flaw.shown_in) } else { flaw.shown_in.into() };
        columns.line([flaw.cast.to_string(), flaw.name().into(), shown_in, flaw.weakness.into(), says.into()]);
    }
    output::line(columns.to_string().trim_end())?;
    Ok(ExitCode::SUCCESS)
}
