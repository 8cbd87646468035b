//! Text in columns.

use std::fmt;

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table that is as wide as it has to be.
#[derive(Debug)]
pub(crate) struct Columns {
    align: Vec<Align>,
    lines: Vec<Vec<String>>,
}

impl Columns {
    /// Makes a table with these headings. A heading after a `>` is aligned to the right.
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let parts = headings.into_iter().map(|heading| match heading.strip_prefix('>') {
            Some(heading) => (Align::Right, heading.to_owned()),
            None => (Align::Left, heading.to_owned()),
        });
        let (align, headings) = parts.unzip();
        Self { align, lines: vec![headings] }
    }

    /// One line more.
    pub(crate) fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.align.len()).map(width).collect();
        for line in &self.lines {
            let cells = line.iter().zip(&self.align).zip(&widths).map(|((cell, align), width)| match align {
                Align::Left => format!("{cell:width$}"),
                Align::Right => format!("{cell:>width$}"),
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut columns = Columns::new(["one", ">two", "three"]);
        columns.line(["✓".into(), "1234".into(), String::new()]);
        columns.line(["longer".into(), "5".into(), "end".into()]);
        assert_eq!(columns.to_string(), "one      two  three\n✓       1234\nlonger     5  end\n");
    }
}
