//! Remarks on a refused trace: the lines that name another operation or another token than the rest of it. They are what a copied
//! number or two traces in one file look like, and the search alone reports only the place where it could not go on.

use handfast::{
    outcome::Side,
    token::{Token, trim_typed},
};
use serde::Serialize;

use super::parse::{Call, Event, Line, Place, Returned, Trace};

/// A remark on a line. It holds no token (R-SEC-2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remark {
    /// Where the line stands.
    pub place: Place,
    /// The disagreement with the other lines.
    pub why: String,
}

/// Returns the remarks on the lines of a trace, in their order.
pub(super) fn remarks(trace: &Trace) -> Vec<Remark> {
    let one = |line: &Line| {
        let why = other_operation(trace, line).or_else(|| other_token(trace, line))?;
        Some(Remark { place: line.place, why })
    };
    trace.lines.iter().filter_map(one).collect()
}

/// A place, as a remark on a line names it.
fn from(line: &Line, place: Place) -> String {
    match place.file == line.place.file {
        true => format!("line {}", place.line),
        false => format!("line {} of file {}", place.line, place.file),
    }
}

/// The operation that a line of the exporter names.
fn operation(line: &Line) -> Option<i64> {
    match &line.event {
        Event::Signal { op, .. } => *op,
        Event::Call(Call::Confirm { op } | Call::Cancel { op } | Call::CompareAddDevice { op, .. }, _) => Some(*op),
        Event::Call(..) => None,
    }
}

/// An `op_id` that no `addDevice` of this device returned, where one returned another.
fn other_operation(trace: &Trace, line: &Line) -> Option<String> {
    let named = operation(line).filter(|_| line.side == Side::Export)?;
    let begun: Vec<_> = trace
        .lines
        .iter()
        .filter(|other| other.side == line.side && other.device == line.device)
        .filter_map(|other| match &other.event {
            Event::Call(Call::AddDevice { .. }, Returned::Number(op @ 1..)) => Some((*op, other.place)),
            _ => None,
        })
        .collect();
    if begun.is_empty() || begun.iter().any(|(op, _)| *op == named) {
        return None;
    }
    let returned: Vec<_> = begun.iter().map(|(op, place)| format!("{op} in {}", from(line, *place))).collect();
    Some(format!("its op_id {named} is that of another operation: addDevice returned {}", returned.join(", ")))
}

/// An `addDevice` with a token that no importer of the trace shows, where one shows another.
fn other_token(trace: &Trace, line: &Line) -> Option<String> {
    let Event::Call(Call::AddDevice { uri }, _) = &line.event else { return None };
    let given = Token::parse_lenient(trim_typed(uri.as_bytes())).ok()?;
    let shown: Vec<_> = trace
        .lines
        .iter()
        .filter_map(|other| match &other.event {
            Event::Signal { state: 1, details, .. } => {
                let token = Token::parse_lenient(details.get("token")?.as_bytes()).ok()?;
                Some((token, other.place))
            }
            _ => None,
        })
        .collect();
    let (_, first) = shown.first()?;
    if shown.iter().any(|(token, _)| token.device == given.device && token.code == given.code) {
        return None;
    }
    let of_device = shown.iter().find(|(token, _)| token.device == given.device);
    Some(match of_device {
        Some((_, place)) => format!("its token has another code than the token in {}", from(line, *place)),
        None => format!("its token is of another device than the token in {}", from(line, *first)),
    })
}
