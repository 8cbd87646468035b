//! The table of all situations: what is found, and what is expected.

use std::{
    panic,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use handfast::outcome::{Profile, Scheme};
use serde::Serialize;

use crate::{
    explorer::explore::Limits,
    intruder::{
        attack::{Answer, Examined, examine},
        comparison::{Exchange, Order, compare},
        contrast, known,
        moves::Intrusion,
        narration::{Line, drawn},
        queries::{Asked, Query},
        situation::{Pair, Situation, Start},
    },
};

/// The chosen part of the table.
#[derive(Clone, Debug)]
pub struct Selection {
    /// One pair, or all.
    pub pair: Option<Pair>,
    /// One beginning, or all.
    pub start: Option<Start>,
    /// One query, or all.
    pub query: Option<Query>,
    /// The profile of the hardened sides.
    pub profile: Profile,
    /// The queries, as they are or changed.
    pub asked: Asked,
    /// The limits of each graph.
    pub limits: Limits,
    /// Rows that are examined at once.
    pub jobs: usize,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            pair: None,
            start: None,
            query: None,
            profile: Profile::Documented,
            asked: Asked::AsTheyAre,
            limits: Limits::default(),
            jobs: 1,
        }
    }
}

/// One pair and one beginning, with both kinds of archive.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The honest devices.
    pub pair: Pair,
    /// The intruder's knowledge at the beginning.
    pub knows: Start,
    /// The states of both graphs.
    pub states: usize,
    /// The steps of both.
    pub edges: usize,
    /// The queries.
    pub cells: Vec<Cell>,
}

/// One query in a row.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The query.
    pub query: Query,
    /// The result.
    pub verdict: Verdict,
    /// Whether it is the expected one.
    pub expected: bool,
    /// The attacks, the shortest first.
    pub attacks: Vec<Shown>,
    /// Why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The result of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The secret is known at the beginning.
    NotAsked,
    /// It holds in both complete graphs, and both engines agree.
    Verified,
    /// There is an attack.
    Violated,
    /// Nothing is known.
    Inconclusive,
}

/// An attack in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The weaknesses that it uses.
    pub weaknesses: String,
    /// How many steps it has.
    pub steps: usize,
    /// The kinds of archive with which it succeeds, in these steps: `open`, `protected`, or `any`.
    pub archive: &'static str,
    /// The steps in words.
    pub story: Vec<Line>,
    /// The steps as a drawing.
    pub drawing: String,
}

impl Cell {
    /// Returns what stands in a table.
    pub fn text(&self) -> String {
        match self.verdict {
            Verdict::NotAsked => "·".into(),
            Verdict::Verified => "✓".into(),
            Verdict::Inconclusive => "INCONCLUSIVE".into(),
            Verdict::Violated => {
                let attacks: Vec<_> = self.attacks.iter().map(Shown::text).collect();
                format!("✗ {}", attacks.join(", "))
            }
        }
    }
}

impl Shown {
    fn text(&self) -> String {
        let archive = if self.archive == "any" { String::new() } else { format!(", {}", self.archive) };
        format!("{} ({}{archive})", self.weaknesses, self.steps)
    }
}

/// The kinds of archive.
const KINDS: [(Scheme, &str); 2] = [(Scheme::None, "open"), (Scheme::Password, "protected")];

/// Examines the chosen situations, in order.
pub fn table(selection: &Selection) -> Vec<Row> {
    examined(selection, &Pair::ALL, |situation| situation)
}

/// Examines the chosen situations of these pairs, each changed so.
pub(super) fn examined(selection: &Selection, pairs: &[Pair], changed: fn(Situation) -> Situation) -> Vec<Row> {
    let pairs = pairs.iter().copied().filter(|pair| selection.pair.is_none_or(|one| one == *pair));
    let all = pairs.flat_map(|pair| Start::ALL.map(|start| (pair, start)));
    let all: Vec<_> = all.filter(|(_, start)| selection.start.is_none_or(|one| one == *start)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(pair, start)) = all.get(at) else { return done };
            done.push((at, row(selection, pair, start, changed)));
        }
    };
    let mut rows: Vec<(usize, Row)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..selection.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        let joined =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        joined.flatten().collect()
    });
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn row(selection: &Selection, pair: Pair, start: Start, changed: fn(Situation) -> Situation) -> Row {
    let both = KINDS.map(|(scheme, kind)| {
        let situation = changed(Situation { profile: selection.profile, ..Situation::new(pair, start, scheme) });
        (kind, examine(&Intrusion { situation, asked: selection.asked }, selection.limits))
    });
    let queries = Query::ALL.into_iter().filter(|query| selection.query.is_none_or(|one| one == *query));
    Row {
        pair,
        knows: start,
        states: both.iter().map(|(_, one)| one.graph.states).sum(),
        edges: both.iter().map(|(_, one)| one.graph.edges).sum(),
        cells: queries.map(|query| cell(&both, query)).collect(),
    }
}

fn cell(both: &[(&'static str, Examined); 2], query: Query) -> Cell {
    let mut cell = Cell { query, verdict: Verdict::NotAsked, expected: true, attacks: Vec::new(), why: None };
    for (kind, examined) in both {
        let Some((_, answer)) = examined.answers.iter().find(|(one, _)| *one == query) else { continue };
        let verdict = match answer {
            Answer::NotAsked => Verdict::NotAsked,
            Answer::Verified => Verdict::Verified,
            Answer::Attacked(attacks) => {
                for attack in attacks {
                    let (weaknesses, steps) = (attack.weaknesses.to_string(), attack.moves.len());
                    let same = |one: &&mut Shown| one.weaknesses == weaknesses && one.steps == steps;
                    if let Some(known) = cell.attacks.iter_mut().find(same) {
                        known.archive = "any";
                    } else {
                        let drawing = drawn(&attack.story);
                        cell.attacks.push(Shown {
                            weaknesses,
                            steps,
                            archive: kind,
                            story: attack.story.clone(),
                            drawing,
                        });
                    }
                }
                Verdict::Violated
            }
            Answer::Inconclusive(why) => {
                cell.why = Some(why.clone());
                Verdict::Inconclusive
            }
        };
        cell.verdict = cell.verdict.max(verdict);
        cell.expected &= verdict == Verdict::Inconclusive || known::is_expected(&examined.situation, query, answer);
    }
    if cell.verdict == Verdict::Inconclusive && !cell.expected {
        // Of one kind of archive nothing is known: the other is not as expected all the same.
        cell.verdict = if cell.attacks.is_empty() { Verdict::Verified } else { Verdict::Violated };
        cell.why = None;
    }
    cell.attacks.sort_by_key(|attack| attack.steps);
    cell
}

/// Returns `docs/generated/intruder.md`: the table, each attack where it is possible first, and the effect of a comparison.
pub fn page(rows: &[Row], compared: &[Row]) -> String {
    let mut text = String::from(
        "# The possibilities of an intruder\n\nWritten by `HANDFAST_BLESS=1 cargo test -p handfast-model --test intruder`. How to read it: \
         [intruder.md](../intruder.md).\n",
    );
    for pair in Pair::ALL {
        let of = || rows.iter().filter(|row| row.pair == pair);
        let Some(first) = of().next() else { continue };
        let names: Vec<_> = first.cells.iter().map(|cell| cell.query.name()).collect();
        text += &format!(
            "\n## {pair:?}\n\n| knows | states | {} |\n|---|---|{}\n",
            names.join(" | "),
            "---|".repeat(names.len())
        );
        for row in of() {
            let cells: Vec<_> = row.cells.iter().map(Cell::text).collect();
            text += &format!("| `{}` | {} | {} |\n", row.knows.name(), row.states, cells.join(" | "));
        }
        let mut known: Vec<(Query, &str)> = Vec::new();
        for row in of() {
            for cell in &row.cells {
                for attack in &cell.attacks {
                    if known.contains(&(cell.query, &attack.weaknesses)) {
                        continue;
                    }
                    known.push((cell.query, &attack.weaknesses));
                    let (query, knows, weaknesses) = (cell.query.name(), row.knows.name(), &attack.weaknesses);
                    text += &format!("\n### {pair:?}, `{query}` by {weaknesses}, from `{knows}` on\n\n");
                    for (number, line) in attack.story.iter().enumerate() {
                        text += &format!("{}. {line}\n", number + 1);
                    }
                    text += &format!("\n```text\n{}\n```\n", attack.drawing.trim_end());
                }
            }
        }
    }
    text + &contrast::section(rows, compared) + &orders()
}

/// The orders of a comparison, and what the intruder makes of each.
fn orders() -> String {
    let mut text = String::from(
        "\n## The order of a comparison\n\nThe first is that of the shipped reducers \
         ([intruder.md](../intruder.md#the-comparison-that-stops-it)).\n\n| order | states | the two screens |\n|---|---|---|\n",
    );
    let all = Order::ALL.map(|order| compare(Exchange { order, compared: true }, Limits::default()));
    for one in &all {
        let verdict = match &one.attack {
            _ if !one.agreed => "INCONCLUSIVE".into(),
            None => "✓ always differ".into(),
            Some(story) => format!("✗ are made equal ({})", story.len()),
        };
        text += &format!("| {} | {} | {verdict} |\n", one.order.text(), one.states);
    }
    for one in &all {
        let Some(story) = &one.attack else { continue };
        text += &format!("\n### Where {}\n\n", one.order.text());
        for (number, line) in story.iter().enumerate() {
            text += &format!("{}. {line}\n", number + 1);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        explorer::explore::Measure,
        intruder::{
            attack::Attack,
            queries::{Weakness, Weaknesses},
        },
    };

    /// Judges two answers to whether the password stays secret, of a hardened pair without an intruder's knowledge.
    fn judged(one: Answer, other: Answer) -> Cell {
        let examined = |(scheme, kind), answer| {
            let situation = Situation::new(Pair::HH, Start::Nothing, scheme);
            (kind, Examined { situation, graph: Measure::default(), answers: vec![(Query::Password, answer)] })
        };
        cell(&[examined(KINDS[0], one), examined(KINDS[1], other)], Query::Password)
    }

    #[test]
    fn an_unexpected_attack_outweighs_a_half_of_which_nothing_is_known() {
        let unknown = || Answer::Inconclusive("out of memory".into());
        let attacked = || {
            let weaknesses = Weaknesses::of(&[Weakness::Forged]);
            Answer::Attacked(vec![Attack { weaknesses, moves: Vec::new(), story: Vec::new() }])
        };
        for cell in [judged(unknown(), attacked()), judged(attacked(), unknown())] {
            assert_eq!((cell.verdict, cell.expected), (Verdict::Violated, false));
        }
        let cell = judged(Answer::Verified, unknown());
        assert_eq!(
            (cell.verdict, cell.expected, cell.why.as_deref()),
            (Verdict::Inconclusive, true, Some("out of memory"))
        );
        let cell = judged(Answer::Verified, Answer::Verified);
        assert_eq!((cell.verdict, cell.expected), (Verdict::Verified, true));
    }
}
