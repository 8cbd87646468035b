//! One measured figure, and whether it is what it should be.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{gantt::Gantt, spread::Spread};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Turns of each comparison.
    pub rounds: usize,
    /// How large things are.
    pub scale: Scale,
}

/// How large the things are that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// So that all of it takes a minute.
    Quick,
    /// As the figures ask for.
    Usual,
    /// With 1 GiB too.
    Large,
}

impl Effort {
    /// The sizes up to this scale's largest.
    pub(crate) fn up_to<const N: usize>(self, sizes: [usize; N], largest: [usize; 3]) -> impl Iterator<Item = usize> {
        let [quick, usual, large] = largest;
        let most = match self.scale {
            Scale::Quick => quick,
            Scale::Usual => usual,
            Scale::Large => large,
        };
        sizes.into_iter().filter(move |&size| size <= most)
    }

    /// One of two.
    pub(crate) fn pick<T>(self, quick: T, usual: T) -> T {
        if self.scale == Scale::Quick { quick } else { usual }
    }
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes in a second, printed in GiB.
    Rate,
    /// Seconds.
    Seconds,
    /// Pieces in a second.
    PerSecond,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The number as people read it.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Rate => scaled(value, 1024.0, &["B/s", "KiB/s", "MiB/s", "GiB/s"]),
            Self::Bytes => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB"]),
            Self::PerSecond => scaled(value, 1000.0, &["/s", "k/s", "M/s"]),
            Self::Seconds => scaled(value * 1e9, 1000.0, &["ns", "µs", "ms", "s"]),
        }
    }
}

/// In the largest of these units that is not larger than it.
fn scaled(value: f64, base: f64, units: &[&str]) -> String {
    let (mut value, mut place) = (value, 0);
    while value >= base && place + 1 < units.len() {
        value /= base;
        place += 1;
    }
    let digits = usize::from(value < 100.0) + usize::from(value < 10.0);
    format!("{value:.digits$} {}", units[place])
}

/// The value to reach.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// At least this share of what it is compared with.
    Share(f64),
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
}

/// One measured figure.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Figure {
    /// The name of the measured function.
    pub name: String,
    /// How long it took, or how much it did.
    pub unit: Unit,
    /// The measurements.
    pub ours: Spread,
    /// The function that ran in turns with it, and its measurements.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "beside", alias = "comparison")]
    pub comparison: Option<Comparison>,
    /// The value to reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Where the time of one measurement went. A figure that is read has none.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub gantt: Option<Gantt>,
}

/// The function that a figure is compared with.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Comparison {
    /// Its name.
    pub what: String,
    /// Its measurements.
    pub theirs: Spread,
    /// How much faster ours is: 2 is twice as fast.
    pub ratio: Spread,
    /// The same of the CPU time of both ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Spread>,
}

impl Figure {
    /// One that is compared with nothing.
    pub(crate) fn alone(name: impl Into<String>, unit: Unit, values: &[f64]) -> Self {
        Self {
            name: name.into(),
            unit,
            ours: Spread::of(values.iter().copied()),
            comparison: None,
            reach: None,
            gantt: None,
        }
    }

    /// One that is so much of something: of work that took these seconds, each time.
    pub(crate) fn compared(
        name: impl Into<String>,
        unit: Unit,
        amount: f64,
        what: impl Into<String>,
        (ours, theirs): (&[f64], &[f64]),
    ) -> Self {
        let achieved = |seconds: &[f64]| match unit {
            Unit::Rate | Unit::PerSecond => Spread::of(seconds.iter().map(|seconds| amount / seconds)),
            Unit::Seconds | Unit::Bytes => Spread::of(seconds.iter().map(|seconds| seconds / amount)),
        };
        let ratio = Spread::of_ratios(theirs, ours);
        let comparison = Comparison { what: what.into(), theirs: achieved(theirs), ratio, cpu: None };
        Self { name: name.into(), unit, ours: achieved(ours), comparison: Some(comparison), reach: None, gantt: None }
    }

    /// It has to reach this.
    pub(crate) fn reaching(self, reach: Reach) -> Self {
        Self { reach: Some(reach), ..self }
    }

    /// With a drawing of where its time went.
    pub(crate) fn drawn(self, gantt: Option<Gantt>) -> Self {
        Self { gantt, ..self }
    }

    /// Whether it reaches what it has to.
    pub fn is_reached(&self) -> Option<bool> {
        Some(match self.reach? {
            Reach::Share(least) => self.comparison.as_ref()?.ratio.median >= least,
            Reach::AtLeast(least) => self.ours.median >= least,
            Reach::AtMost(most) => self.ours.median <= most,
        })
    }

    /// Returns the value to reach, in words.
    pub fn reach_text(&self) -> String {
        match self.reach {
            None => String::new(),
            Some(Reach::Share(least)) => format!("≥ {least:.2}"),
            Some(Reach::AtLeast(least)) => format!("≥ {}", self.unit.text(least)),
            Some(Reach::AtMost(most)) => format!("≤ {}", self.unit.text(most)),
        }
    }
}

/// Figures that are measured together.
pub struct Group {
    /// The name that selects it.
    pub name: &'static str,
    /// A description.
    pub about: &'static str,
    /// Measures them, and reports each as soon as it is there.
    pub measure: fn(Effort, &mut dyn FnMut(Figure)),
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A number of bytes in a name.
pub(crate) fn size_text(bytes: usize) -> String {
    match bytes {
        bytes if bytes >= 1 << 30 => format!("{} GiB", bytes >> 30),
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{} KiB", bytes >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_faster_has_the_larger_ratio() {
        // Half of the time each turn.
        let figure = Figure::compared("one", Unit::Rate, 1024.0, "other", (&[1.0, 2.0], &[2.0, 4.0]))
            .reaching(Reach::Share(2.0));
        assert_eq!(figure.comparison.as_ref().unwrap().ratio.median, 2.0);
        assert_eq!(figure.is_reached(), Some(true));
        assert_eq!(figure.clone().reaching(Reach::Share(2.1)).is_reached(), Some(false));
        assert_eq!(Figure { reach: None, ..figure }.is_reached(), None);
        let slow = Figure::alone("slow", Unit::Seconds, &[0.02]);
        assert_eq!(slow.clone().reaching(Reach::AtMost(0.01)).is_reached(), Some(false));
        assert_eq!(slow.reaching(Reach::AtLeast(0.01)).is_reached(), Some(true));
    }

    #[test]
    fn numbers_have_their_unit() {
        let texts = [
            Unit::Seconds.text(0.000_000_055),
            Unit::Seconds.text(0.0042),
            Unit::Rate.text(1.5 * 1024.0 * 1024.0 * 1024.0),
            Unit::PerSecond.text(76_543.0),
            Unit::Bytes.text(123.0),
        ];
        assert_eq!(texts, ["55.0 ns", "4.20 ms", "1.50 GiB/s", "76.5 k/s", "123 B"]);
    }
}
