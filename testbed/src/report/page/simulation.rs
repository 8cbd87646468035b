//! The sweeps of both simulators.

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
