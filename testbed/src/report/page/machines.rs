//! The state machines with the coverage of their edges, and the growth of the graphs.

use maud::{Markup, PreEscaped, html};

use super::wide;
use crate::report::{coverage::Machine, data::Data, drawing};

/// The machines of the daemons and the clients.
pub(super) fn section(data: &Data) -> Option<Markup> {
    (!data.machines.is_empty()).then(|| html! {
        p {
            "Each edge has a number, and a row in the table. A line is as thick as the number of engines that took the step; a dashed one "
            "was taken by none. Fuzzers do not run in " code { "verify" } ", and are not counted."
        }
        @for one in &data.machines { (machine(one)) }
    })
}

fn machine(machine: &Machine) -> Markup {
    html! {
        h3 { (machine.name) }
        div.twofold {
            div.wide tabindex="0" role="region" aria-label={ "Drawing: " (machine.name) } { (PreEscaped(drawing::machine(machine))) }
            (wide(machine.name, html! {
                table {
                    thead { tr {
                        th scope="col" { "#" } th scope="col" { "step" }
                        @for engine in &machine.engines { th scope="col" { (engine.engine) br; small { (engine.of) } } }
                    } }
                    tbody {
                        @for (number, edge) in machine.edges.iter().enumerate() {
                            tr {
                                th scope="row" { (number + 1) }
                                td {
                                    (edge.from) " → " (edge.to) @if !edge.label.is_empty() { ": " i { (edge.label) } }
                                    @if let Some(reason) = edge.reason { br; small { "not in the document: " (reason) } }
                                }
                                @for count in &edge.counts { td.count.none[*count == 0] { (count) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// How many states the accepted graphs have, by what may go wrong.
pub(super) fn growth(data: &Data) -> Option<Markup> {
    (!data.growth.is_empty()).then(|| html! {
        p { "Each point is the complete graph of a configuration, by how many faults may happen in it. The scale is logarithmic." }
        div.wide tabindex="0" role="region" aria-label="Chart: growth of the graphs" { (PreEscaped(drawing::growth(&data.growth))) }
        details {
            summary { "The same as a table" }
            (wide("Growth of the graphs", html! {
                table {
                    thead { tr {
                        th scope="col" { "configuration" } th scope="col" { "at most" } th scope="col" { "faults" } th scope="col" { "states" }
                        th scope="col" { "edges" } th scope="col" { "depth" }
                    } }
                    tbody {
                        @for one in &data.growth {
                            tr {
                                th scope="row" { (one.configuration) } td { (one.budget) } td.count { (one.faults) } td.count { (one.states) }
                                td.count { (one.edges) } td.count { (one.depth) }
                            }
                        }
                    }
                }
            }))
        }
    })
}
