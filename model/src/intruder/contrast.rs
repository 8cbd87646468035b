//! The effect of a comparison (R-SAS-1 to R-SAS-9): each cell of the table without `sas` and with it, and the weaknesses that it closes.

use serde::Serialize;

use crate::intruder::{
    queries::Query,
    situation::{Pair, Situation, Start},
    table::{Cell, Row, Selection, Verdict, examined},
};

/// The pairs in which a side can name the feature.
const HARDENED: [Pair; 3] = [Pair::HH, Pair::HL, Pair::LH];

/// Examines the chosen situations where each hardened device names the feature. There is none in a pair of two devices of today.
pub fn compared(selection: &Selection) -> Vec<Row> {
    examined(selection, &HARDENED, Situation::compared)
}

/// A cell of the table without the feature and with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contrast {
    /// The honest devices.
    pub pair: Pair,
    /// The intruder's knowledge at the beginning.
    pub knows: Start,
    /// The query.
    pub query: Query,
    /// The cell where no side names the feature.
    pub without: String,
    /// The cell where each hardened side does.
    pub with: String,
    /// The sets of weaknesses with which an attack succeeds without the feature only.
    pub closed: Vec<String>,
}

impl Contrast {
    fn of(row: &Row, without: &Cell, with: &Cell) -> Self {
        let lives = |weaknesses: &str| with.attacks.iter().any(|attack| attack.weaknesses == weaknesses);
        let known = with.verdict != Verdict::Inconclusive;
        let closed = without.attacks.iter().map(|attack| &attack.weaknesses).filter(|one| known && !lives(one));
        let mut closed: Vec<_> = closed.cloned().collect();
        closed.sort_unstable();
        closed.dedup();
        let (pair, knows, query) = (row.pair, row.knows, without.query);
        Self { pair, knows, query, without: without.text(), with: with.text(), closed }
    }

    /// Whether there is an attack, or nothing is known, with the feature or without.
    pub fn is_notable(&self) -> bool {
        [&self.without, &self.with].into_iter().any(|text| !["✓", "·"].contains(&text.as_str()))
    }

    /// Returns what stands in a table: both cells where they differ.
    pub fn text(&self) -> String {
        if self.without == self.with { self.with.clone() } else { format!("{} → {}", self.without, self.with) }
    }
}

/// Returns the cells that are in both tables, in order.
pub fn contrasts(without: &[Row], with: &[Row]) -> Vec<Contrast> {
    let rows = without.iter().filter_map(|row| {
        let same = |other: &&Row| (other.pair, other.knows) == (row.pair, row.knows);
        with.iter().find(same).map(|other| (row, other))
    });
    let cells = rows.flat_map(|(row, other)| row.cells.iter().map(move |cell| (row, cell, other)));
    let both = cells.filter_map(|(row, cell, other)| {
        let with = other.cells.iter().find(|other| other.query == cell.query)?;
        Some(Contrast::of(row, cell, with))
    });
    both.collect()
}

/// Returns the section of the page: a table for each pair.
pub(super) fn section(without: &[Row], with: &[Row]) -> String {
    let all = contrasts(without, with);
    let mut text = String::from(
        "\n## Without `sas`, and with it\n\nEach cell where no side names the feature, and, after the arrow, where each hardened side does \
         (R-SAS-1 to R-SAS-9). A cell without an arrow is the same in both. Two hardened devices compare. Where one device is today's there \
         is nothing to compare, and its users go on without; where both are, no side can name it: \
         [LL](#ll). `handfast intruder --sas` prints the cells with an attack.\n",
    );
    for pair in HARDENED {
        let names: Vec<_> = Query::ALL.map(Query::name).into();
        text += &format!(
            "\n### {pair:?}, without `sas` and with it\n\n| knows | states | {} |\n|---|---|{}\n",
            names.join(" | "),
            "---|".repeat(names.len())
        );
        for row in with.iter().filter(|row| row.pair == pair) {
            let cells = all.iter().filter(|one| (one.pair, one.knows) == (pair, row.knows));
            let cells: Vec<_> = cells.map(Contrast::text).collect();
            text += &format!("| `{}` | {} | {} |\n", row.knows.name(), row.states, cells.join(" | "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intruder::table::Shown;

    fn cell(weaknesses: &[&str]) -> Cell {
        let attack = |weaknesses: &&str| Shown {
            weaknesses: (*weaknesses).into(),
            steps: 6,
            archive: "any",
            story: Vec::new(),
            drawing: String::new(),
        };
        let verdict = if weaknesses.is_empty() { Verdict::Verified } else { Verdict::Violated };
        let attacks = weaknesses.iter().map(attack).collect();
        Cell { query: Query::Archive, verdict, expected: true, attacks, why: None }
    }

    fn row(cell: Cell) -> Row {
        Row { pair: Pair::HH, knows: Start::Swapped, states: 1, edges: 1, cells: vec![cell] }
    }

    #[test]
    fn what_is_closed_is_in_the_first_table_alone() {
        let of = |without: &[&str], with: Cell| contrasts(&[row(cell(without))], &[row(with)]).remove(0);
        let closed = of(&["W-12"], cell(&[]));
        assert_eq!(
            (closed.text().as_str(), closed.closed, closed.with.as_str()),
            ("✗ W-12 (6) → ✓", vec!["W-12".into()], "✓")
        );
        let half = of(&["W-12", "W-3"], cell(&["W-3"]));
        assert_eq!((half.is_notable(), half.closed), (true, vec!["W-12".into()]));
        let same = of(&["W-3"], cell(&["W-3"]));
        assert_eq!((same.text().as_str(), same.closed), ("✗ W-3 (6)", Vec::<String>::new()));
        assert!(!of(&[], cell(&[])).is_notable());
        let unknown = Cell { verdict: Verdict::Inconclusive, ..cell(&[]) };
        assert_eq!(of(&["W-12"], unknown).closed, Vec::<String>::new());
    }
}
