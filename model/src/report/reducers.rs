//! The tables of the machines, from exploration: of each row, what each input leads to, what comes out, and which requirements say so.
//!
//! Unlike coverage, which counts kinds, a table has the values: each verdict, scheme, result, timer.

mod cites;
mod clients;
mod daemons;
mod names;
mod unreached;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use handfast::outcome::Side;

use crate::report::connection;

pub use self::unreached::{UNREACHED, Unreached};

/// A machine that has a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Machine {
    /// The reducer of a daemon.
    Daemon(Side),
    /// A connection's end.
    Connection(Side),
    /// The machine of a client.
    Client(Side),
}

impl Machine {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Daemon(Side::Import),
        Self::Daemon(Side::Export),
        Self::Connection(Side::Import),
        Self::Connection(Side::Export),
        Self::Client(Side::Import),
        Self::Client(Side::Export),
    ];

    /// Its name, as a heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daemon(Side::Import) => "Importer",
            Self::Daemon(Side::Export) => "Exporter",
            Self::Connection(Side::Import) => "Connection of an importer",
            Self::Connection(Side::Export) => "Connection of an exporter",
            Self::Client(Side::Import) => "Client of an import",
            Self::Client(Side::Export) => "Client of an export",
        }
    }
}

/// The result of an input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leads {
    /// To this row, and these effects come out, in order.
    To(String, Vec<String>),
    /// It is refused, and why.
    Refused(String),
}

/// A machine's table: of each row and input, everything that was seen to come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Whose it is.
    pub machine: Machine,
    rows: BTreeMap<String, BTreeMap<Entered, BTreeSet<Leads>>>,
}

/// An input: its value, and the kind that coverage counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entered {
    /// Its kind.
    pub kind: String,
    /// The kind with its value.
    pub value: String,
}

impl Table {
    fn new(machine: Machine) -> Self {
        Self { machine, rows: BTreeMap::new() }
    }

    /// Explores a machine.
    pub fn explore(machine: Machine) -> Self {
        match machine {
            Machine::Daemon(side) => {
                daemons::explore().into_iter().find(|table| table.machine == Machine::Daemon(side))
            }
            Machine::Client(side) => Some(clients::explore(side)),
            Machine::Connection(side) => Some(Self::of_connection(side)),
        }
        .unwrap_or_else(|| Self::new(machine))
    }

    /// Explores all machines, in the order of [`Machine::ALL`].
    pub fn explore_all() -> Vec<Self> {
        let mut tables = daemons::explore();
        let others = Machine::ALL.into_iter().filter(|machine| !matches!(machine, Machine::Daemon(_)));
        tables.extend(others.map(Self::explore));
        tables
    }

    fn of_connection(side: Side) -> Self {
        let mut table = Self::new(Machine::Connection(side));
        for (place, kind, taken) in connection::Table::explore(side).taken() {
            let entered = Entered { kind: kind.name().into(), value: kind.name().into() };
            table.note(place.name(), entered, Leads::To(taken.next.name().into(), taken.does.clone()));
        }
        table
    }

    fn note(&mut self, row: &str, entered: Entered, leads: Leads) {
        self.rows.entry(row.into()).or_default().entry(entered).or_default().insert(leads);
    }

    /// The rows, by name.
    pub fn rows(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// Whether an input of this kind was taken, or refused, in a row.
    pub fn has(&self, row: &str, kind: &str) -> bool {
        self.rows.get(row).is_some_and(|inputs| inputs.keys().any(|entered| entered.kind == kind))
    }

    /// Whether an input of this value was taken, or refused, in a row.
    pub fn takes(&self, row: &str, value: &str) -> bool {
        self.rows.get(row).is_some_and(|inputs| inputs.keys().any(|entered| entered.value == value))
    }

    /// Rows and kinds that nothing walks.
    pub fn unreached(&self) -> Vec<(String, &'static str)> {
        let kinds = names::kinds(self.machine);
        let rows = self.rows();
        rows.flat_map(|row| kinds.iter().filter(|kind| !self.has(row, kind)).map(|kind| (row.to_owned(), *kind)))
            .collect()
    }

    /// The table in Markdown: below a heading for each row, a line for each input that does something.
    pub fn markdown(&self) -> String {
        let mut text = format!("## {}\n", self.machine.name());
        for (row, inputs) in &self.rows {
            _ = write!(text, "\n### {}: {row}\n\n", self.machine.name());
            let is_idle =
                |leads: &&Leads| matches!(leads, Leads::To(next, effects) if next == row && effects.is_empty());
            let mut idle = Vec::new();
            let mut lines = String::new();
            for (entered, all) in inputs {
                for leads in all {
                    let cites = cites::of(self.machine, row, &entered.kind);
                    let (next, effects) = match leads {
                        leads if is_idle(&leads) => {
                            idle.push(entered.value.as_str());
                            continue;
                        }
                        Leads::To(next, effects) => (next.clone(), effects.join("; ")),
                        Leads::Refused(why) => ("refused".into(), why.clone()),
                    };
                    _ = writeln!(lines, "| {} | {next} | {effects} | {cites} |", entered.value);
                }
            }
            if !lines.is_empty() {
                text.push_str("| input | leads to | effects | requirements |\n|---|---|---|---|\n");
                text.push_str(&lines);
            }
            if !idle.is_empty() {
                let gap = if lines.is_empty() { "" } else { "\n" };
                _ = writeln!(text, "{gap}Without effect: {}.", idle.join(", "));
            }
        }
        let unreached: Vec<_> = UNREACHED.iter().filter(|one| one.machine == self.machine).collect();
        if !unreached.is_empty() {
            text.push_str("\nRows that no configuration reaches:\n\n| rows | inputs | why |\n|---|---|---|\n");
            for one in unreached {
                _ = writeln!(text, "| {} | {} | {} |", one.rows.join(", "), one.kinds.join(", "), one.why);
            }
        }
        text
    }

    /// The table as a Mermaid state diagram: an edge for each two rows, with the inputs that lead from the one to the other.
    pub fn mermaid(&self) -> String {
        let numbers: BTreeMap<&str, usize> = self.rows().enumerate().map(|(number, row)| (row, number)).collect();
        let mut edges: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
        for (row, inputs) in &self.rows {
            for (entered, all) in inputs {
                for leads in all {
                    if let Leads::To(next, _) = leads
                        && let (Some(&from), Some(&to)) = (numbers.get(row.as_str()), numbers.get(next.as_str()))
                        && from != to
                    {
                        edges.entry((from, to)).or_default().insert(&entered.kind);
                    }
                }
            }
        }
        let mut text = String::from("stateDiagram-v2\n");
        for (row, number) in &numbers {
            _ = writeln!(text, "    state \"{row}\" as s{number}");
        }
        for ((from, to), kinds) in edges {
            // A colon ends a label in Mermaid.
            let kinds: Vec<_> = kinds.into_iter().map(|kind| kind.replace(':', " ")).collect();
            _ = writeln!(text, "    s{from} --> s{to}: {}", kinds.join(", "));
        }
        text
    }
}
