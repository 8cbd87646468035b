//! A page as a terminal shows it: lines of styled text that fit a size.

use textwrap::core::display_width;

use super::{
    page::{Block, Page},
    style::{Size, Style},
};

/// Columns of the bar.
const BAR: usize = 30;

/// A piece of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// A row, no wider than the frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) spans: Vec<Span>,
    /// It continues the row above, which is full: a terminal that knows so copies both as one line.
    pub(crate) joined: bool,
}

impl Page {
    /// Lays the page out for a terminal of this size.
    pub(crate) fn frame(&self, size: Size) -> Frame {
        let mut layout = Layout { size, frame: Frame::default() };
        self.blocks().iter().for_each(|block| layout.block(block));
        layout.cut()
    }
}

impl Row {
    fn new(text: impl Into<String>, style: Style) -> Self {
        Self { spans: vec![Span { text: text.into(), style }], joined: false }
    }

    fn is_blank(&self) -> bool {
        self.spans.iter().all(|span| span.text.is_empty())
    }
}

/// Rows, and where the cursor is, if somebody types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) rows: Vec<Row>,
    /// Row and column.
    pub(crate) cursor: Option<(usize, usize)>,
}

#[cfg(test)]
impl std::fmt::Display for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for row in &self.rows {
            let text: String = row.spans.iter().map(|span| span.text.as_str()).collect();
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// A frame that is being made, from top to bottom.
struct Layout {
    size: Size,
    frame: Frame,
}

impl Layout {
    /// An empty row.
    fn blank(&mut self) {
        self.frame.rows.push(Row::default());
    }

    /// Words of a style, wrapped.
    fn styled(&mut self, text: &str, style: Style) {
        let rows = textwrap::wrap(text, self.size.columns.max(1));
        self.frame.rows.extend(rows.into_iter().map(|row| Row::new(row, style)));
    }

    /// One row as it is. Where it is too wide it is wrapped, at blanks if there are any, and what follows is indented like it.
    fn row(&mut self, text: &str, style: Style) {
        if display_width(text) <= self.size.columns {
            self.frame.rows.push(Row::new(text, style));
            return;
        }
        let columns = self.size.columns.max(1);
        let indent = text.len() - text.trim_start_matches(' ').len();
        let indent = " ".repeat(if 2 * indent < columns { indent } else { 0 });
        let options = textwrap::Options::new(columns).initial_indent(&indent).subsequent_indent(&indent);
        let rows = textwrap::wrap(text.trim_start(), options);
        // A character that is wider than the terminal is not shown.
        self.frame.rows.extend(rows.into_iter().map(|row| Row::new(cut(&row, columns), style)));
    }

    /// A text of one word, broken only where the terminal ends, so that it can be copied whole.
    fn unbroken(&mut self, text: &str) {
        let mut rest = text;
        let mut joined = false;
        while !rest.is_empty() {
            let row = cut(rest, self.size.columns.max(1));
            // A character that is wider than the terminal is not shown.
            let taken = row.len().max(rest.chars().next().map_or(0, char::len_utf8));
            self.frame.rows.push(Row { joined, ..Row::new(row, Style::Strong) });
            (rest, joined) = (&rest[taken..], true);
        }
    }

    /// The typed text, with the cursor after its first `at` characters, and a mark below the first flaw.
    fn field(&mut self, shown: &str, at: usize, wrong: Option<usize>) {
        const MARK: &str = "> ";
        let columns = self.size.columns.saturating_sub(MARK.len() + 1).max(1);
        let mut rows: Vec<(usize, String)> = vec![(0, String::new())];
        let mut count = 0;
        for (index, char) in shown.chars().enumerate() {
            let last = &mut rows.last_mut().expect("there is one").1;
            if display_width(last) + display_width(char.encode_utf8(&mut [0; 4])) > columns {
                rows.push((index, char.to_string()));
            } else {
                last.push(char);
            }
            count = index + 1;
        }
        let ends: Vec<usize> = rows.iter().skip(1).map(|(start, _)| *start).chain([count + 1]).collect();
        for (index, ((start, text), end)) in rows.iter().zip(ends).enumerate() {
            let place = |of: usize| {
                let before: String = text.chars().take(of - start).collect();
                MARK.len() + display_width(&before)
            };
            let mark = if index == 0 { MARK } else { "  " };
            self.row(&format!("{mark}{text}"), Style::Strong);
            if (*start..end).contains(&at) {
                let column = place(at).min(self.size.columns.saturating_sub(1));
                self.frame.cursor = Some((self.frame.rows.len() - 1, column));
            }
            if let Some(wrong) = wrong.filter(|wrong| (*start..end).contains(wrong)) {
                self.row(&format!("{:width$}^", "", width = place(wrong)), Style::Wrong);
            }
        }
    }

    /// All states in one row, or the number of this one.
    fn steps(&mut self, names: &[&str], now: usize) {
        let name = |(step, name): (usize, &&str)| if step == now { format!("[{name}]") } else { (*name).to_owned() };
        let all = names.iter().enumerate().map(name).collect::<Vec<_>>().join(" > ");
        if all.len() <= self.size.columns {
            return self.row(&all, Style::Faint);
        }
        let name = names.get(now).copied().unwrap_or_default();
        self.row(&format!("Step {} of {}: {name}", now + 1, names.len()), Style::Faint);
    }

    /// A bar of a transfer.
    fn bar(&mut self, share: f64) {
        let filled = (share * BAR as f64) as usize;
        self.row(
            &format!("[{}{}] {:3.0} %", "#".repeat(filled), ".".repeat(BAR - filled), (share * 100.0).floor()),
            Style::Strong,
        );
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Blank => self.blank(),
            Block::Title(text) => self.row(text, Style::Strong),
            Block::Steps(names, now) => self.steps(names, *now),
            Block::Text(text, style) => self.styled(text, *style),
            Block::Row(text, style) => self.row(text, *style),
            Block::Unbroken(text) => self.unbroken(text),
            Block::Field { shown, at, wrong, .. } => self.field(shown, *at, *wrong),
            Block::Code(code) => code.rows().iter().for_each(|row| self.row(row, code.style())),
            Block::Bar { done, total } => self.bar(*done as f64 / *total as f64),
            Block::Hints(hints) => {
                let hints: Vec<String> = hints.iter().map(ToString::to_string).collect();
                self.row(&hints.join("   "), Style::Faint);
            }
            // A terminal has neither.
            Block::Camera | Block::Image => {}
        }
    }

    /// The frame, cut to its size: what is blank goes first, then what stands above the last row, which says what can be done.
    fn cut(self) -> Frame {
        let Self { size, mut frame } = self;
        let remove = |frame: &mut Frame, index: usize| {
            frame.rows.remove(index);
            frame.cursor = match frame.cursor {
                Some((row, _)) if row == index => None,
                Some((row, column)) if row > index => Some((row - 1, column)),
                kept => kept,
            };
        };
        while frame.rows.len() > size.rows {
            let above = frame.rows.len() - 1;
            let index = frame.rows.iter().rposition(Row::is_blank).unwrap_or(above.saturating_sub(1));
            remove(&mut frame, index);
        }
        frame
    }
}

/// Columns of a row.
pub(crate) fn width(row: &Row) -> usize {
    row.spans.iter().map(|span| display_width(&span.text)).sum()
}

/// The beginning of a text that fits.
fn cut(text: &str, columns: usize) -> &str {
    let mut width = 0;
    for (index, char) in text.char_indices() {
        width += display_width(char.encode_utf8(&mut [0; 4]));
        if width > columns {
            return &text[..index];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::page::Surface;

    /// A page for a terminal of this size, laid out.
    fn drawn(columns: usize, rows: usize, draw: impl FnOnce(&mut Page)) -> Frame {
        let size = Size { columns, rows };
        let mut page = Page::new(Surface::Terminal(size));
        draw(&mut page);
        page.frame(size)
    }

    #[test]
    fn words_are_wrapped_and_tokens_are_joined() {
        let frame = drawn(10, 20, |page| {
            page.text("what is said is wrapped").unbroken("0123456789abcdefghij!");
        });
        insta::assert_snapshot!(frame, @"
        what is
        said is
        wrapped
        0123456789
        abcdefghij
        !
        ");
        assert_eq!(
            frame.rows.iter().map(|row| row.joined).collect::<Vec<_>>(),
            [false, false, false, false, true, true]
        );
    }

    #[test]
    fn what_is_typed_is_broken_and_pointed_at() {
        let frame = drawn(10, 20, |page| {
            page.field("0123456789abc", 13, Some(8));
        });
        insta::assert_snapshot!(frame, @"
        > 0123456
          789abc
           ^
        ");
        assert_eq!(frame.cursor, Some((1, 8)));
        let frame = drawn(10, 20, |page| {
            page.field("0123456", 7, Some(7));
        });
        insta::assert_snapshot!(frame, @"
        > 0123456
                 ^
        ");
        assert_eq!(frame.cursor, Some((0, 9)));
    }

    #[test]
    fn what_is_blank_goes_first_and_the_last_row_stays() {
        let frame = drawn(20, 3, |page| {
            page.text("a").blank().text("b").text("c").blank().row("Esc cancels", Style::Faint);
        });
        insta::assert_snapshot!(frame, @"
        a
        b
        Esc cancels
        ");
    }

    /// Nothing of an address or a port is lost where there is little room.
    #[test]
    fn a_row_that_is_too_wide_is_wrapped() {
        let frame = drawn(30, 20, |page| {
            page.row("  handfast export --peer [2001:db8::a1b2:c3d4]:40123", Style::Plain);
        });
        insta::assert_snapshot!(frame, @"
          handfast export --peer
          [2001:db8::a1b2:c3d4]:40123
        ");
        let frame = drawn(12, 20, |page| {
            page.row("  [2001:db8::a1b2:c3d4]:40123", Style::Plain);
        });
        let shown = frame.to_string().replace(char::is_whitespace, "");
        assert_eq!(shown, "[2001:db8::a1b2:c3d4]:40123");
    }

    #[test]
    fn wide_characters_are_not_halved() {
        assert_eq!(cut("日本語", 5), "日本");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("", 0), "");
    }
}
