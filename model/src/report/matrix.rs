//! The result of every property in every pair, as one table.

use std::{collections::BTreeSet, fmt};

use handfast::outcome::Side;

use crate::{
    property::{properties::PropertyId, weaknesses},
    report::check::{Checked, Row},
    system::config::Cast,
};

/// The columns in their order.
pub const COLUMNS: [Cast; 8] = [Cast::HH, Cast::HX, Cast::XH, Cast::HL, Cast::LH, Cast::LL, Cast::LX, Cast::XL];

/// A line for each property that was asked, a column for each pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The properties that were asked, in the order of [`PropertyId::ALL`].
    pub lines: Vec<Line>,
}

/// A property in every pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which one.
    pub property: PropertyId,
    /// Its result in all configurations of each pair: of the whole of it, or of each half.
    pub cells: Vec<(Cast, Cell)>,
}

/// The result of a property in all configurations of a pair. Empty: it was not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell(Vec<Part>);

/// A half of a cell, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    half: Option<Side>,
    mark: Mark,
    /// Whether a configuration came out otherwise than it should.
    unexpected: bool,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    /// Verified in each configuration.
    Holds,
    /// Violated in one, with what is known of it.
    Fails(BTreeSet<&'static str>),
    /// Neither: somewhere it is not known.
    Open,
}

impl Matrix {
    /// Puts together what was checked.
    pub fn of(checked: &[Checked]) -> Self {
        let lines = PropertyId::ALL.iter().filter_map(|&property| {
            let cell =
                |cast| Cell::of(checked.iter().filter(|one| one.cast == cast).flat_map(|one| &one.rows), property);
            let cells: Vec<_> = COLUMNS.into_iter().map(|cast| (cast, cell(cast))).collect();
            cells.iter().any(|(_, cell)| cell.is_asked()).then_some(Line { property, cells })
        });
        Self { lines: lines.collect() }
    }

    /// The pairs of which anything was asked.
    pub fn casts(&self) -> impl Iterator<Item = Cast> + '_ {
        let asked = |cast: &Cast| self.lines.iter().any(|line| line.cell(*cast).is_some_and(Cell::is_asked));
        COLUMNS.into_iter().filter(asked)
    }

    /// The weaknesses that show in these pairs, each with its name, in their order.
    pub fn weaknesses(&self, casts: &[Cast]) -> Vec<(&'static str, &'static str)> {
        let cells = self.lines.iter().flat_map(|line| &line.cells).filter(|(cast, _)| casts.contains(cast));
        let ids: BTreeSet<_> = cells.flat_map(|(_, cell)| cell.weaknesses()).collect();
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort_by_key(|id| weaknesses::number(id));
        ids.into_iter().map(|id| (id, weaknesses::title(id).unwrap_or_default())).collect()
    }

    /// The table of these pairs in Markdown.
    pub fn markdown(&self, casts: &[Cast]) -> String {
        let names: Vec<_> = casts.iter().map(Cast::to_string).collect();
        let mut text = format!("| property | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(casts.len()));
        for line in &self.lines {
            let cell = |&cast: &Cast| line.cell(cast).map_or(String::new(), Cell::to_string);
            let cells: Vec<_> = casts.iter().map(cell).collect();
            text.push_str(&format!("| {} | {} |\n", line.property.id(), cells.join(" | ")));
        }
        text
    }
}

impl Line {
    /// Returns its result in a pair.
    pub fn cell(&self, cast: Cast) -> Option<&Cell> {
        self.cells.iter().find_map(|(other, cell)| (*other == cast).then_some(cell))
    }
}

impl Cell {
    fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone, property: PropertyId) -> Self {
        let rows = rows.filter(|row| row.property == property);
        let halves: BTreeSet<Option<Side>> = rows.clone().map(|row| row.half).collect();
        let part = |half| Part::of(half, rows.clone().filter(move |row| row.half == half));
        Self(halves.into_iter().map(part).collect())
    }

    /// Whether it was asked in any configuration.
    pub fn is_asked(&self) -> bool {
        !self.0.is_empty()
    }

    fn weaknesses(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(|part| match &part.mark {
            Mark::Fails(weaknesses) => weaknesses.iter().copied().collect(),
            Mark::Holds | Mark::Open => Vec::new(),
        })
    }
}

impl Part {
    fn of<'a>(half: Option<Side>, rows: impl Iterator<Item = &'a Row> + Clone) -> Self {
        let violated = || rows.clone().filter(|row| row.verdict.is_violated());
        let mark = if violated().next().is_some() {
            Mark::Fails(violated().filter_map(|row| row.expected.weakness()).collect())
        } else if rows.clone().all(|row| row.verdict.is_verified()) {
            Mark::Holds
        } else {
            Mark::Open
        };
        // An unknown result is never expected.
        let unexpected = mark != Mark::Open && !rows.clone().all(Row::is_as_expected);
        Self { half, mark, unexpected }
    }
}

/// `✓` holds, `✗ W-5` does not, and this is known of it, `?` is not known, `·` is not asked; `!` is not as expected.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else { return f.pad("·") };
        let alike = others.iter().all(|part| part.mark == first.mark && part.unexpected == first.unexpected);
        let halves: Vec<_> = if alike {
            vec![first.text()]
        } else {
            self.0
                .iter()
                .map(|part| match part.half {
                    Some(Side::Import) => format!("i {}", part.text()),
                    Some(Side::Export) => format!("e {}", part.text()),
                    None => part.text(),
                })
                .collect()
        };
        f.pad(&halves.join(" "))
    }
}

impl Part {
    fn text(&self) -> String {
        let mut words = vec![match self.mark {
            Mark::Holds => "✓",
            Mark::Fails(_) => "✗",
            Mark::Open => "?",
        }];
        if let Mark::Fails(weaknesses) = &self.mark {
            words.extend(weaknesses);
        }
        if self.unexpected {
            words.push("!");
        }
        words.join(" ")
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let casts: Vec<_> = self.casts().collect();
        let cells = |cast: Cast| self.lines.iter().filter_map(move |line| line.cell(cast)).map(Cell::to_string);
        let width = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = casts.iter().map(|&cast| width(&mut cells(cast).chain([cast.to_string()]))).collect();
        let ids = width(&mut self.lines.iter().map(|line| line.property.id().to_owned()).chain(["property".into()]));
        write!(f, "{:ids$}", "property")?;
        for (cast, width) in casts.iter().zip(&widths) {
            write!(f, "  {:width$}", cast.to_string())?;
        }
        writeln!(f, "  says")?;
        for line in &self.lines {
            write!(f, "{:ids$}", line.property.id())?;
            for (&cast, width) in casts.iter().zip(&widths) {
                write!(f, "  {:width$}", line.cell(cast).map_or(String::new(), Cell::to_string))?;
            }
            writeln!(f, "  {}", line.property.text())?;
        }
        writeln!(
            f,
            "✓ holds   ✗ W-n does not: a known weakness   i, e: the import, export half   · not asked   ? not known   ! not as expected"
        )?;
        for (id, title) in self.weaknesses(&casts) {
            writeln!(f, "{id:4}  {title}")?;
        }
        Ok(())
    }
}
