//! Places in a session at which something is made to happen: right after a step of a reducer, before its effects are carried out.

use std::{fmt, str::FromStr};

use handfast::{
    export::Input as E,
    import::Input as I,
    message::Message as M,
    outcome::Side,
    trace::{Step, Turn},
};
use serde::{Deserialize, Serialize};

/// The first step of its kind, of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Point(usize);

/// An input that a reducer took.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken<'a> {
    /// The importer.
    Import(&'a I),
    /// The exporter.
    Export(&'a E),
}

struct Kind {
    name: &'static str,
    is: fn(Taken<'_>) -> bool,
}

macro_rules! import {
    ($name:literal, $input:pat) => {
        Kind { name: concat!("import.", $name), is: |taken| matches!(taken, Taken::Import($input)) }
    };
}

macro_rules! export {
    ($name:literal, $input:pat) => {
        Kind { name: concat!("export.", $name), is: |taken| matches!(taken, Taken::Export($input)) }
    };
}

/// In the order in which a session without faults passes them, at the same time.
const KINDS: [Kind; 22] = [
    import!("begun", I::AddAccount),
    import!("published", I::Published),
    import!("requested", I::ConnectionRequested(_) | I::ConnectionRequestedFrom(..)),
    import!("opened", I::ConnectionOpened { .. }),
    import!("asked", I::ChannelRequested(..)),
    import!("scheme", I::Message(_, M::AuthScheme(..))),
    import!("answered", I::ProvideAccountAuthentication(..)),
    import!("receiving", I::ArchiveBegan(_)),
    import!("progressed", I::ArchiveProgressed(_)),
    import!("received", I::ArchiveComplete(_)),
    import!("checked", I::Checked(_)),
    import!("installed", I::Installed(_)),
    export!("begun", E::AddDevice(_)),
    export!("opened", E::Opened { .. }),
    export!("accepted", E::Accepted { .. }),
    export!("greeted", E::Message(M::Hello(_))),
    export!("confirmed", E::ConfirmAddDevice),
    export!("answered", E::Message(M::Password(_))),
    export!("tried", E::Tried(..)),
    export!("progressed", E::Progressed),
    export!("sent", E::HandedOver),
    export!("result", E::Message(M::ImportResult(_))),
];

impl Point {
    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KINDS.len()).map(Self)
    }

    /// Whose step it is.
    pub fn side(self) -> Side {
        if self.name().starts_with("import") { Side::Import } else { Side::Export }
    }

    /// Whether `step` is of this kind. A call that was refused is no step of the session.
    pub fn is(self, step: &Step) -> bool {
        step.refused.is_none()
            && self.is_of(match &step.turn {
                Turn::Import { input, .. } => Taken::Import(input),
                Turn::Export { input, .. } => Taken::Export(input),
            })
    }

    /// Whether an input is of this kind.
    pub(crate) fn is_of(self, taken: Taken<'_>) -> bool {
        (KINDS[self.0].is)(taken)
    }

    /// Whether it is passed only when the archive takes several steps of progress.
    pub fn needs_progress(self) -> bool {
        self.name().ends_with("progressed")
    }

    fn name(self) -> &'static str {
        KINDS[self.0].name
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::all().find(|point| point.name() == text);
        found.ok_or_else(|| format!("there is no step {text:?}: expected one like import.opened"))
    }
}

impl TryFrom<String> for Point {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Point> for String {
    fn from(point: Point) -> Self {
        point.name().into()
    }
}
