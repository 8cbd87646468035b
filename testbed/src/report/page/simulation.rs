//! The sweeps of both simulators, and the matrix of faults.

use handfast_sim::event::{Cell, Matrix};
use maud::{Markup, html};
use serde_json::Value;

use super::wide;
use crate::report::data::Data;

/// The runs, how often each fault happened, and how sessions ended.
pub(super) fn section(data: &Data) -> Option<Markup> {
    (data.simulation.is_some() || data.event.is_some()).then(|| {
        html! {
            @if let Some(swept) = &data.event { h3 { "Event engine" } (event(swept)) }
            @if let Some(swept) = &data.simulation { h3 { "The shell, in a simulated network" } (turmoil(swept)) }
        }
    })
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("–")
}

fn event(swept: &Value) -> Markup {
    let fired = swept.get("fired").and_then(Value::as_object);
    html! {
        p { (number(swept, "sessions")) " sessions, " (number(swept, "broken")) " broke a law." }
        @if let Some(coverage) = swept.get("coverage").filter(|coverage| !coverage.is_null()) {
            @let missing = coverage.get("missing").and_then(Value::as_array).map_or(0, Vec::len) as u64;
            p { "Rows of the reducers' tables that the environment can reach: " (number(coverage, "reachable")) ", of which "
                (number(coverage, "reachable") - missing) " were walked." }
        }
        (wide("Faults of the event engine", html! {
            table {
                thead { tr { th scope="col" { "fault" } th scope="col" { "sessions in which it happened" } } }
                tbody { @for (fault, count) in fired.into_iter().flatten() { tr { th scope="row" { (fault) } td.count { (count) } } } }
            }
        }))
    }
}

fn turmoil(swept: &Value) -> Markup {
    let rows = swept.get("rows").and_then(Value::as_array);
    html! {
        (wide("Scenarios", html! {
            table {
                thead { tr {
                    th scope="col" { "scenario" } th scope="col" { "sessions" } th scope="col" { "fault happened" } th scope="col" { "goal reached" }
                    th scope="col" { "verdict" }
                } }
                tbody {
                    @for row in rows.into_iter().flatten() {
                        @let verdict = text(row, "verdict");
                        tr {
                            th scope="row" { (text(row, "scenario")) }
                            td.count { (number(row, "runs")) } td.count { (number(row, "fired")) } td.count { (number(row, "reached")) }
                            td.bad[verdict == "violated"] { (verdict.replace('_', " ")) }
                        }
                    }
                }
            }
        }))
    }
}

/// Each fault after each step of a session: the steps are numbered, so that the table stays narrow.
pub(super) fn faults(data: &Data) -> Option<Markup> {
    data.faults.as_ref().map(|faults| html! {
        p {
            "A session of the event engine that passes every step, with one fault after one step. "
            b { "✓" } " the account is linked, " b { "e" } " only the exporter reports success, " b { "i" } " only the importer, " b { "✗" } " neither, "
            b { "·" } " the fault cannot be there, " b { "!" } " a law is broken."
        }
        (wide("Faults by steps", html! {
            table {
                thead { tr { th scope="col" { "fault" } @for number in 1..=faults.rows.len() { th.mark scope="col" { (number) } } } }
                tbody {
                    @for (at, fault) in faults.columns.iter().enumerate() {
                        tr {
                            th scope="row" { (fault) }
                            @for (step, cells) in &faults.rows {
                                @let (sign, class) = sign(&cells[at]);
                                td class={ "mark " (class) } title={ (fault) " after " (step) ": " (cells[at]) } { (sign) }
                            }
                        }
                    }
                }
            }
        }))
        ol.steps { @for (step, _) in &faults.rows { li { (step) } } }
        (conditions(faults))
        details {
            summary { "The ends of each, as text" }
            pre { (faults) }
        }
    })
}

/// The faults without a step.
fn conditions(faults: &Matrix) -> Markup {
    wide(
        "Faults without a step",
        html! {
            table {
                thead { tr { th scope="col" { "fault" } th scope="col" { "end" } th scope="col" { "importer, exporter" } } }
                tbody {
                    @for (fault, cell) in &faults.conditions {
                        @let (sign, class) = sign(cell);
                        tr { th scope="row" { (fault) } td class={ "mark " (class) } { (sign) } td { (cell) } }
                    }
                }
            }
        },
    )
}

fn sign(cell: &Cell) -> (&'static str, &'static str) {
    match cell {
        Cell::Broken(_) => ("!", "bad"),
        Cell::Impossible(_) => ("·", "none"),
        Cell::Ended(import, export) => {
            match [import, export].map(|outcome| outcome.is_some_and(|outcome| outcome.is_success())) {
                [true, true] => ("✓", "ok"),
                [false, true] => ("e", "open"),
                [true, false] => ("i", "open"),
                [false, false] => ("✗", "known"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use handfast::outcome::Outcome;
    use handfast_sim::event::matrix;

    use super::*;

    /// Each end has a sign of its own, so that no reader depends on a colour.
    #[test]
    fn each_end_has_a_sign() {
        let (good, lost) = (Some(Outcome::SUCCESS), Some(Outcome::Network));
        let ends = [(good, good), (lost, good), (good, lost), (lost, None)];
        let mut signs: Vec<_> = ends.map(|(import, export)| sign(&Cell::Ended(import, export)).0).into();
        signs.push(sign(&Cell::Impossible("it is over")).0);
        assert_eq!(signs, ["✓", "e", "i", "✗", "·"]);
    }

    #[test]
    fn each_fault_is_a_row_and_each_step_a_column() {
        let faults = matrix();
        let cells = faults.rows.iter().flat_map(|(_, cells)| cells);
        let linked = cells.filter(|cell| sign(cell).0 == "✓").count();
        assert!(linked > 20 && faults.rows.iter().all(|(_, cells)| cells.len() == faults.columns.len()), "{linked}");
    }
}
