//! Text in columns.

use std::{
    fmt,
    io::{self, IsTerminal as _},
};

use crate::tui::tty;

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table that is as wide as it has to be. On a terminal that is narrower, each line of it becomes a block with a line for each cell.
#[derive(Debug)]
pub(crate) struct Columns {
    align: Vec<Align>,
    lines: Vec<Vec<String>>,
    /// The width of the terminal, if standard output is one.
    room: Option<usize>,
}

impl Columns {
    /// Makes a table with these headings. A heading after a `>` is aligned to the right.
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let parts = headings.into_iter().map(|heading| match heading.strip_prefix('>') {
            Some(heading) => (Align::Right, heading.to_owned()),
            None => (Align::Left, heading.to_owned()),
        });
        let (align, headings) = parts.unzip();
        let room = io::stdout().is_terminal().then(tty::size).flatten().map(|size| size.columns);
        Self { align, lines: vec![headings], room }
    }

    /// One line more.
    pub(crate) fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().collect());
    }

    /// A block for each line: the first cell, and below it each further one after its heading.
    fn blocks(&self, f: &mut fmt::Formatter<'_>, room: usize) -> fmt::Result {
        let Some((headings, lines)) = self.lines.split_first() else { return Ok(()) };
        let first = headings.first().map_or("", String::as_str);
        for line in lines {
            let Some((name, cells)) = line.split_first() else { continue };
            wrapped(f, room, "", &format!("{first} {name}"))?;
            for (heading, cell) in headings.iter().skip(1).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let text = if heading.is_empty() { cell.clone() } else { format!("{heading}: {cell}") };
                wrapped(f, room, "  ", &text)?;
            }
        }
        Ok(())
    }
}

/// Writes a text within so many columns, with this indent and a deeper one for the lines after the first.
fn wrapped(f: &mut fmt::Formatter<'_>, room: usize, indent: &str, text: &str) -> fmt::Result {
    let deeper = format!("{indent}  ");
    let options = textwrap::Options::new(room).initial_indent(indent).subsequent_indent(&deeper);
    textwrap::wrap(text.trim(), options).iter().try_for_each(|line| writeln!(f, "{line}"))
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.align.len()).map(width).collect();
        let all = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        // A terminal of no width says nothing of itself.
        if let Some(room) = self.room.filter(|&room| room > 0 && room < all) {
            return self.blocks(f, room);
        }
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

    fn table() -> Columns {
        let mut columns = Columns { room: None, ..Columns::new(["one", ">two", "three"]) };
        columns.line(["✓".into(), "1234".into(), String::new()]);
        columns.line(["longer".into(), "5".into(), "end".into()]);
        columns
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        assert_eq!(table().to_string(), "one      two  three\n✓       1234\nlonger     5  end\n");
        assert_eq!(Columns { room: Some(19), ..table() }.to_string(), table().to_string());
    }

    /// Nothing of a table is lost on a narrow terminal, and no line is wider than it.
    #[test]
    fn a_narrow_terminal_has_a_block_for_each_line() {
        let narrow = Columns { room: Some(12), ..table() }.to_string();
        assert_eq!(narrow, "one ✓\n  two: 1234\none longer\n  two: 5\n  three: end\n");
        let mut long = Columns { room: Some(12), ..Columns::new(["a", "why"]) };
        long.line(["b".into(), "one two three four".into()]);
        assert_eq!(long.to_string(), "a b\n  why: one\n    two\n    three\n    four\n");
    }
}
