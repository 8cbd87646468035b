//! Text in columns.

use std::{
    env, fmt,
    io::{self, IsTerminal as _},
    sync::OnceLock,
};

use crate::tui::tty;

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The columns that a line may have, once the command has begun.
static ROOM: OnceLock<Option<usize>> = OnceLock::new();

/// Finds how many columns a line may have: what `COLUMNS` says, or else the width of the terminal, if standard output is one. Zero says nothing.
/// Before this is called, as in unit tests, a line may have any.
pub(crate) fn measure() {
    let said = env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|&columns| columns > 0);
    let terminal = || io::stdout().is_terminal().then(tty::size).flatten().map(|size| size.columns);
    ROOM.get_or_init(|| said.or_else(terminal).filter(|&columns| columns > 0));
}

fn room() -> Option<usize> {
    ROOM.get().copied().flatten()
}

/// A table that is as wide as it has to be. Where lines are narrower, each line of it becomes a block with a line for each cell.
#[derive(Debug)]
pub(crate) struct Columns {
    align: Vec<Align>,
    lines: Vec<Vec<String>>,
    /// [`room`].
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
        Self { align, lines: vec![headings], room: room() }
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

/// Names with their values, one below the other. Where lines are too narrow for one of them, the value stands after a colon and goes on in
/// the next line.
#[derive(Debug)]
pub(crate) struct Listed {
    lines: Vec<(String, String)>,
    /// [`room`].
    room: Option<usize>,
}

impl Listed {
    /// The column at which values begin.
    const VALUES: usize = 23;

    /// An empty list.
    pub(crate) fn new() -> Self {
        Self { lines: Vec::new(), room: room() }
    }

    /// One line more. A value without a name belongs to the line above it.
    pub(crate) fn line(&mut self, name: &str, value: impl fmt::Display) {
        self.lines.push((name.to_owned(), value.to_string()));
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            |(name, value): &(String, String)| Self::VALUES.max(name.chars().count() + 1) + value.chars().count();
        let all = self.lines.iter().map(width).max().unwrap_or(0);
        let narrow = self.room.filter(|&room| room < all);
        for (name, value) in &self.lines {
            match narrow {
                Some(room) if name.is_empty() => wrapped(f, room, "  ", value)?,
                Some(room) => wrapped(f, room, "", &format!("{name}: {value}"))?,
                None => writeln!(f, "{name:<width$}{value}", width = Self::VALUES)?,
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
        // For a file (`{:#}`), the width of a terminal does not count.
        if let Some(room) = self.room.filter(|&room| room < all && !f.alternate()) {
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

    #[test]
    fn a_list_stands_in_two_columns_or_one() {
        let mut list = Listed { room: None, lines: Vec::new() };
        list.line("account", "7b74518d");
        list.line("chain", "one, valid 2026 to 2036");
        list.line("", "two, valid 2026 to 2036");
        let wide = list.to_string();
        assert_eq!(
            wide,
            "account                7b74518d\nchain                  one, valid 2026 to 2036\n                       two, valid 2026 to \
             2036\n"
        );
        assert_eq!(Listed { room: Some(46), lines: list.lines.clone() }.to_string(), wide);
        let narrow = Listed { room: Some(20), ..list }.to_string();
        assert_eq!(narrow, "account: 7b74518d\nchain: one, valid\n  2026 to 2036\n  two, valid 2026 to\n    2036\n");
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
