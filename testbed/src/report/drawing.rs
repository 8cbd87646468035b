//! Pictures of the report: state machines with the coverage of their edges, and how graphs grow.

use std::fmt::Write as _;

use handfast_bench::Unit;
use handfast_model::counted;

use super::{
    attached::Curve,
    coverage::{Covered, Machine},
    data::Growth,
};

/// A state's box, and the distance between two.
const WIDTH: usize = 190;
const HEIGHT: usize = 30;
const STEP: usize = 62;
const TOP: usize = 12;
/// Between two lanes of edges that pass other states.
const LANE: usize = 24;

/// Draws a machine: the states from top to bottom, steps to the next state between them, steps that pass states to the right, steps
/// back to the left. An edge is as thick as the number of engines that took it, and dashed if none did.
pub(super) fn machine(machine: &Machine) -> String {
    let row = |name: &str| machine.states.iter().position(|state| state == name).unwrap_or(0);
    let numbered: Vec<(usize, &Covered, usize, usize)> = machine
        .edges
        .iter()
        .enumerate()
        .map(|(number, edge)| (number + 1, edge, row(&edge.from), row(&edge.to)))
        .collect();
    let right = lanes(numbered.iter().filter(|(.., from, to)| *to > from + 1).map(|&(n, _, a, b)| (n, a, b)).collect());
    let left = lanes(numbered.iter().filter(|(.., from, to)| to <= from).map(|&(n, _, a, b)| (n, b, a)).collect());
    let lanes_of = |all: &[(usize, usize)]| all.iter().map(|(_, lane)| lane + 1).max().unwrap_or(0);
    let begin = 20 + lanes_of(&left) * LANE;
    let (width, height) =
        (begin + WIDTH + lanes_of(&right) * LANE + 24, TOP * 2 + STEP * (machine.states.len() - 1) + HEIGHT);
    let mut body = String::new();
    let mut between = vec![0; machine.states.len()];
    for &(number, edge, from, to) in &numbered {
        let (y, end) = (TOP + from * STEP, TOP + to * STEP);
        let lane_in = |all: &[(usize, usize)]| all.iter().find(|(n, _)| *n == number).map(|(_, lane)| *lane);
        let (path, x, at) = if to == from + 1 {
            // Several edges between the same states stand side by side.
            let x = begin + 40 + 36 * between[from];
            between[from] += 1;
            (format!("M{x} {}V{}", y + HEIGHT, end - 6), x, y + HEIGHT + (STEP - HEIGHT) / 2)
        } else if to > from {
            let (edge_of_box, x) = (begin + WIDTH, begin + WIDTH + (lane_in(&right).unwrap_or(0) + 1) * LANE);
            let (out, back) = (y + HEIGHT - 8, end + 8);
            (
                format!(
                    "M{edge_of_box} {out}H{}Q{x} {out} {x} {}V{}Q{x} {back} {} {back}H{}",
                    x - 8,
                    out + 8,
                    back - 8,
                    x - 8,
                    edge_of_box + 6
                ),
                x,
                (out + back) / 2,
            )
        } else {
            let (edge_of_box, x) = (begin, begin - (lane_in(&left).unwrap_or(0) + 1) * LANE);
            let (out, back) = (y + 8, end + HEIGHT - 8);
            let (up, down) = (out.min(back), out.max(back));
            (
                format!("M{edge_of_box} {out}H{x}V{}H{}", if from == to { down } else { back }, edge_of_box - 6),
                x,
                (up + down) / 2,
            )
        };
        let engines = edge.counts.iter().filter(|count| **count > 0).count();
        _ = write!(
            body,
            "<g class=\"edge e{engines}\"><title>{}: {} to {} {}</title><path d=\"{path}\" marker-end=\"url(#tip)\"/>\
             <circle cx=\"{x}\" cy=\"{at}\" r=\"9\"/><text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{number}</text></g>",
            number,
            plain(&edge.from),
            plain(&edge.to),
            plain(edge.label),
            at + 4
        );
    }
    for (number, state) in machine.states.iter().enumerate() {
        let y = TOP + number * STEP;
        let (name, x, w) = match state.as_str() {
            "[*]" => ("●", begin, WIDTH),
            name => (name, begin, WIDTH),
        };
        _ = write!(
            body,
            "<g class=\"state\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{HEIGHT}\" rx=\"8\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
            x + w / 2,
            y + 20,
            plain(name)
        );
    }
    format!(
        "<svg class=\"machine\" role=\"img\" aria-label=\"{}: state machine\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-size=\"12\">{body}</svg>",
        machine.name
    )
}

/// The arrow's tip, which all machines share.
pub(super) const TIP: &str = "<svg class=\"hidden\" aria-hidden=\"true\" width=\"0\" height=\"0\"><defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"3\" refY=\"4\" \
     markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path d=\"M0 0L8 4L0 8z\" fill=\"context-stroke\"/></marker></defs></svg>";

/// A lane for each span of rows, so that no two in a lane overlap; short spans are nearest.
fn lanes(mut spans: Vec<(usize, usize, usize)>) -> Vec<(usize, usize)> {
    spans.sort_by_key(|&(number, from, to)| (to - from, from, number));
    let mut taken: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut found = Vec::new();
    for (number, from, to) in spans {
        let free = |lane: &Vec<(usize, usize)>| lane.iter().all(|&(a, b)| to < a || b < from);
        let lane = taken.iter().position(free).unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push((from, to));
        found.push((number, lane));
    }
    found
}

/// Draws how many states the graphs have by how many faults may happen in them, on a logarithmic scale.
pub(super) fn growth(points: &[Growth]) -> String {
    const LEFT: f64 = 78.0;
    const BOTTOM: f64 = 270.0;
    const ACROSS: f64 = 560.0;
    const UP: f64 = 240.0;
    let faults = points.iter().map(|point| point.faults).max().unwrap_or(1).max(1);
    let decades = points.iter().map(|point| (point.states.max(1) as f64).log10().ceil()).fold(1.0, f64::max);
    let x = |faults_of: f64| LEFT + 14.0 + (ACROSS - 28.0) * faults_of / f64::from(faults);
    let y = |states: f64| BOTTOM - UP * states.log10() / decades;
    let mut body = String::new();
    for decade in 0..=decades as i32 {
        let (states, at) = (10f64.powi(decade), y(10f64.powi(decade)));
        _ = write!(
            body,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{states}</text>",
            LEFT + ACROSS,
            LEFT - 6.0,
            at + 4.0
        );
    }
    for number in 0..=faults {
        let at = x(number.into());
        _ = write!(body, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{number}</text>", BOTTOM + 18.0);
    }
    for point in points {
        let (cx, cy) = (x(point.faults.into()), y(point.states.max(1) as f64));
        let size = [counted(point.states, "state"), counted(point.edges, "edge")].join(", ");
        let title = format!("{}: {}: {size}", point.configuration, point.budget);
        _ = write!(
            body,
            "<circle class=\"point\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5\"><title>{}</title></circle>",
            plain(&title)
        );
    }
    let (width, height) = (LEFT + ACROSS + 8.0, BOTTOM + 44.0);
    format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"States of each graph by the number of faults in it\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-size=\"12\">{body}<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">faults that may happen</text>\
         <text x=\"{LEFT}\" y=\"14\">states</text></svg>",
        LEFT + ACROSS / 2.0,
        BOTTOM + 38.0
    )
}

/// Draws how a rate changes with the size, both on logarithmic scales. The comparison is a dashed line.
pub(super) fn rates(curve: &Curve<'_>) -> String {
    const LEFT: f64 = 84.0;
    const TOP: f64 = 20.0;
    const ACROSS: f64 = 230.0;
    const DOWN: f64 = 120.0;
    let all = || curve.points.iter().flat_map(|&(_, ours, theirs)| [Some(ours), theirs]).flatten();
    let span = |values: &mut dyn Iterator<Item = f64>| {
        let (least, most) = values.fold((f64::MAX, 1.0f64), |(least, most), value| (least.min(value), most.max(value)));
        (least.max(1.0).log2().floor(), most.log2().ceil())
    };
    let (left, right) = span(&mut curve.points.iter().map(|&(bytes, ..)| bytes));
    let (below, above) = span(&mut all());
    let place = |value: f64, (from, to): (f64, f64)| (value.max(1.0).log2() - from) / (to - from).max(1.0);
    let x = |bytes: f64| LEFT + ACROSS * place(bytes, (left, right));
    let y = |rate: f64| TOP + DOWN * (1.0 - place(rate, (below, above)));
    let mut body = String::new();
    for power in [below, above] {
        let (rate, at) = (power.exp2(), y(power.exp2()));
        _ = write!(
            body,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}h{ACROSS}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            Unit::Rate.text(rate)
        );
    }
    for &(bytes, ours, _) in &curve.points {
        _ = write!(
            body,
            "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{}: {}</title></circle>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(bytes),
            y(ours),
            Unit::Bytes.text(bytes),
            Unit::Rate.text(ours),
            x(bytes),
            TOP + DOWN + 18.0,
            short(bytes)
        );
    }
    let path = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        let points: Vec<_> = points.map(|(bytes, rate)| format!("{:.1} {:.1}", x(bytes), y(rate))).collect();
        points.join("L")
    };
    let ours = path(&mut curve.points.iter().map(|&(bytes, ours, _)| (bytes, ours)));
    let theirs = path(&mut curve.points.iter().filter_map(|&(bytes, _, theirs)| Some((bytes, theirs?))));
    _ = write!(body, "<path class=\"ours\" d=\"M{ours}\"/>");
    if !theirs.is_empty() {
        _ = write!(body, "<path class=\"theirs\" d=\"M{theirs}\"/>");
    }
    let (width, height) = (LEFT + ACROSS + 20.0, TOP + DOWN + 28.0);
    format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"Rate by size: {}\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-size=\"12\">{body}</svg>",
        plain(curve.name)
    )
}

/// A size as an axis has it: `64 K`, `1 M`.
fn short(bytes: f64) -> String {
    let (power, unit) = [(30, "G"), (20, "M"), (10, "K")]
        .into_iter()
        .find(|(power, _)| bytes >= f64::from(1u32 << power))
        .unwrap_or((0, ""));
    format!("{} {unit}", bytes / f64::from(1u32 << power))
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_have_lanes_of_their_own() {
        let mut found = lanes(vec![(1, 0, 5), (2, 0, 2), (3, 3, 5), (4, 1, 4)]);
        found.sort_unstable();
        assert_eq!(found, [(1, 2), (2, 0), (3, 0), (4, 1)]);
    }

    #[test]
    fn a_rate_is_higher_where_it_is_faster() {
        let points = vec![(65536.0, 1e6, Some(2e6)), (1048576.0, 4e6, None)];
        let drawn = rates(&Curve { name: "a < b", points });
        let heights: Vec<f64> = drawn
            .split("cy=\"")
            .skip(1)
            .map(|rest| rest.split_once('"').and_then(|(at, _)| at.parse().ok()).unwrap())
            .collect();
        // The axis goes down.
        assert!(heights.len() == 2 && heights[1] < heights[0], "{drawn}");
        for part in ["a &lt; b", ">64 K<", ">1 M<", "class=\"theirs\""] {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
    }

    #[test]
    fn an_edge_that_no_engine_took_is_another_line() {
        let edge =
            |count| Covered { from: "A".into(), to: "B".into(), label: "x < y", reason: None, counts: vec![count, 0] };
        let states = vec!["A".into(), "B".into()];
        let drawn = machine(&Machine { name: "M", states, edges: vec![edge(0), edge(7)], engines: Vec::new() });
        for part in ["class=\"edge e0\"", "class=\"edge e1\"", "x &lt; y", ">A</text>"] {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
    }
}
