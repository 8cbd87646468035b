//! The observed trace: what a client sees of a link, one line of JSON for each signal and each call.
//!
//! The first line says that it is one. Credentials are `<secret>`; the token is shown where the API shows it (R-SEC-2).

use std::{net::SocketAddr, time::Instant};

use handfast::{
    operations::OpId,
    outcome::{Details, Profile, Side},
    shell::Notice,
};
use handfast_model::observed::{VERSION, signal_of};
use serde::Serialize;

use super::reach::Reach;
use crate::output::Background;

/// The first line.
#[derive(Serialize)]
struct Header<'a> {
    observed: u32,
    profile: Profile,
    t_ms: u64,
    side: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    listening: Option<SocketAddr>,
    /// At which addresses this device is reached there, the best one first. A wildcard is not one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<&'a [SocketAddr]>,
}

/// A signal.
#[derive(Serialize)]
struct SignalLine<'a> {
    t_ms: u64,
    side: Side,
    signal: &'static str,
    state: u8,
    details: &'a Details,
    #[serde(skip_serializing_if = "Option::is_none")]
    op_id: Option<OpId>,
    /// With DONE: what failed on this device, for a person. Real daemons say nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// With AUTHENTICATING: why a date is in doubt, for a person (R-TIME-7).
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// A call, and what it returned.
#[derive(Serialize)]
struct CallLine<A> {
    t_ms: u64,
    side: Side,
    call: &'static str,
    args: A,
    ret: Returned,
}

/// The return of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Returned {
    /// Whether it was accepted.
    Accepted(bool),
    /// An account id, as text.
    #[serde(serialize_with = "as_text")]
    Account(handfast::operations::LocalId),
    /// An operation id, or a negative error.
    Operation(i64),
}

fn as_text<S: serde::Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Writes the lines, as they happen, where they were asked for.
pub(crate) struct Observer {
    side: Side,
    /// When the operation began, and where the lines go; none if nothing is to be written.
    lines: Option<(Instant, Background)>,
}

impl Observer {
    /// Begins the trace. An import says where it listens.
    pub(crate) fn begin(lines: Option<Background>, side: Side, profile: Profile, reach: Option<&Reach>) -> Self {
        if let Some(lines) = &lines {
            let listening = reach.and_then(|reach| reach.listening().first().copied());
            let addresses = reach.map(Reach::addresses);
            lines.json(&Header { observed: VERSION, profile, t_ms: 0, side, listening, addresses });
        }
        Self { side, lines: lines.map(|lines| (Instant::now(), lines)) }
    }

    /// A signal.
    pub(crate) fn signal(&self, notice: &Notice) {
        let Notice { op: op_id, details, cause, doubt, .. } = notice;
        self.line(|t_ms, side| SignalLine {
            t_ms,
            side,
            signal: signal_of(self.side),
            state: notice.state().number(),
            details,
            op_id: *op_id,
            cause: cause.as_ref().map(ToString::to_string),
            warning: doubt.as_ref().map(ToString::to_string),
        });
    }

    /// A call that has returned.
    pub(crate) fn call(&self, call: &'static str, args: impl Serialize, ret: Returned) {
        self.line(|t_ms, side| CallLine { t_ms, side, call, args, ret });
    }

    fn line<L: Serialize>(&self, line: impl FnOnce(u64, Side) -> L) {
        if let Some((began, lines)) = &self.lines {
            lines.json(&line(began.elapsed().as_millis() as u64, self.side));
        }
    }
}
