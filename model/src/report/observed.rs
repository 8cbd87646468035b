//! Observed validation: whether what clients saw of a link is a run of the model.
//!
//! An observed trace holds calls, when they returned, and signals. Everything else, what the daemons do and say to each other and
//! what fails, is hidden and searched for. The verdict is one whole schedule that explains every line, or the longest prefix that
//! can be explained, with the states that the system can be in then and what could have come next.

mod blame;
mod live;
mod memories;
mod parse;
mod plain;
mod recorded;
mod remarks;
mod runs;
mod search;
mod sessions;
mod terms;
mod validate;

pub use self::{
    blame::{Reason, reasons},
    live::{Live, MAX_LINES_OF_A_LINK, Retained, unended},
    parse::{
        Clock, Flaw, Line, MAX_FILES, MAX_LINE, MAX_LINES, Place, Trace, TraceError, Typed, VERSION, expected,
        signal_of,
    },
    recorded::{Recorded, validate_recorded},
    remarks::Remark,
    sessions::{Ended, MAX_ENDED, MAX_LIVE, Reading, Report, Sessions, Violation},
    terms::{Delays, Terms},
    validate::{Apart, Explanation, Happened, Refusal, Unexplained, Verdict, validate},
};

#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod overlap_tests;
#[cfg(test)]
mod tests;
