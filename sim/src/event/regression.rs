//! Schedules that are kept, with the reason why.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::schedule::Schedule;

/// A schedule of `sim/regressions/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    /// Why it is kept, in one line.
    pub reason: String,
    /// The reducers that it is for; those that ship otherwise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mutant: Option<String>,
    /// The law that it breaks there; the shipped reducers break none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub breaks: Option<String>,
    /// The schedule.
    pub schedule: Schedule,
}

impl Regression {
    /// Reads one, or a schedule by itself, which is for the shipped reducers.
    ///
    /// # Errors
    /// Text that is neither.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let is_kept = serde_json::from_str::<Value>(text)?.get("schedule").is_some();
        if is_kept {
            return serde_json::from_str(text);
        }
        let schedule = serde_json::from_str(text)?;
        Ok(Self { reason: String::new(), mutant: None, breaks: None, schedule })
    }
}
