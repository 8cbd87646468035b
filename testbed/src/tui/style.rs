//! The size of a terminal, and the looks of a text.

/// Columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Size {
    /// The size that every screen fits without its QR code. A smaller terminal gets plain lines.
    pub(crate) const LEAST: Self = Self { columns: 60, rows: 16 };
    /// Rows from which on a QR code is drawn, if it fits.
    pub(crate) const ROWS_OF_QR: usize = 30;

    /// The same with rows that others need.
    pub(crate) const fn with_rows(self, others: usize) -> Self {
        Self { columns: self.columns, rows: self.rows + others }
    }

    /// Whether something of another size fits.
    pub(crate) const fn holds(self, other: Self) -> bool {
        self.columns >= other.columns && self.rows >= other.rows
    }
}

/// The look of a text. Its meaning is in its words too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Strong,
    Faint,
    /// Something went wrong.
    Wrong,
    /// A QR code: dark on light, whatever the terminal's colours are.
    Code,
}
