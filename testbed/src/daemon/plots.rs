//! The plots of the other device, for who tries a client: what it and its user do.

use std::time::Duration;

use clap::{
    Arg, Command, Error,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

/// When the other user gives up, or the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// As soon as the link begins.
    Connecting,
    /// When the exporting user is asked.
    Asked,
    /// When the importing user is asked, after the exporting one has confirmed.
    Prompted,
    /// When the importing user has answered.
    Answered,
}

/// The actions of the other device and its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acts {
    /// The user agrees. A user who types passwords types so many wrong ones first.
    Agrees { wrong: usize },
    /// The user gives up.
    GivesUp(Moment),
    /// The connection is lost.
    Lost(Moment),
    /// The user does nothing when asked.
    Silent,
    /// The device never comes.
    Absent,
}

/// A plot.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) name: &'static str,
    says: &'static str,
    pub(super) acts: Acts,
    /// Whether the account that an importing client is offered has a password.
    pub(super) protected: bool,
}

const fn plot(name: &'static str, says: &'static str, acts: Acts) -> Plot {
    Plot { name, says, acts, protected: false }
}

const fn protected(name: &'static str, says: &'static str, wrong: usize) -> Plot {
    Plot { name, says, acts: Acts::Agrees { wrong }, protected: true }
}

/// All plots.
pub(super) const PLOTS: &[Plot] = &[
    plot(
        "agrees",
        "the other user agrees; an importing client gets an account without a password",
        Acts::Agrees { wrong: 0 },
    ),
    protected("protected", "the same, with a password: an importing client has to type `secret`", 0),
    protected("wrong-once", "the other user types a wrong password, then the right one", 1),
    protected("wrong-thrice", "the other user types three wrong passwords", 3),
    plot(
        "gives-up-connecting",
        "the other user gives up as soon as the link begins",
        Acts::GivesUp(Moment::Connecting),
    ),
    plot("gives-up-asked", "the other user gives up when the exporting user is asked", Acts::GivesUp(Moment::Asked)),
    plot(
        "gives-up-prompted",
        "the other user gives up when the importing user is asked",
        Acts::GivesUp(Moment::Prompted),
    ),
    plot(
        "gives-up-answered",
        "the other user gives up when the importing user has answered",
        Acts::GivesUp(Moment::Answered),
    ),
    plot("lost-asked", "the connection is lost when the exporting user is asked", Acts::Lost(Moment::Asked)),
    plot("lost-prompted", "the connection is lost when the importing user is asked", Acts::Lost(Moment::Prompted)),
    plot("lost-answered", "the connection is lost when the importing user has answered", Acts::Lost(Moment::Answered)),
    plot("silent", "the other user does nothing when asked: a timer runs out", Acts::Silent),
    plot("absent", "the other device never comes: a timer runs out", Acts::Absent),
];

/// The plots of the links that a daemon has, one after the other.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// The same for each.
    Always(&'static Plot),
    /// Drawn, with delays; the same for the same seed.
    Drawn(u64),
}

/// Delays that are drawn, in milliseconds.
const DELAYS: [u64; 4] = [0, 20, 200, 1000];

impl Order {
    /// The plot of a link, counted from 1, and how late its signals are; `None` where the order gives no delay.
    pub(super) fn of(&self, link: u64) -> (&'static Plot, Option<Duration>) {
        match self {
            Self::Always(plot) => (plot, None),
            Self::Drawn(seed) => {
                // Links of neighbouring seeds and numbers have nothing in common.
                let mut draw = fastrand::Rng::with_seed(seed.rotate_left(32) ^ link);
                let plot = &PLOTS[draw.usize(..PLOTS.len())];
                (plot, Some(Duration::from_millis(DELAYS[draw.usize(..DELAYS.len())])))
            }
        }
    }
}

/// A parser of a plot's name.
#[derive(Clone)]
pub(super) struct PlotName;

impl TypedValueParser for PlotName {
    type Value = &'static Plot;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &std::ffi::OsStr) -> Result<Self::Value, Error> {
        let name = PossibleValuesParser::new(PLOTS.iter().map(|plot| plot.name)).parse_ref(cmd, arg, value)?;
        Ok(PLOTS.iter().find(|plot| plot.name == name).unwrap_or(&PLOTS[0]))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(PLOTS.iter().map(|plot| PossibleValue::new(plot.name).help(plot.says))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_order_is_the_same_for_the_same_seed_and_reaches_each_plot() {
        let drawn =
            |seed| (1..=200).map(move |link| Order::Drawn(seed).of(link)).map(|(plot, delay)| (plot.name, delay));
        assert!(drawn(7).eq(drawn(7)));
        assert!(drawn(7).ne(drawn(8)));
        assert_eq!(drawn(7).map(|(name, _)| name).collect::<HashSet<_>>().len(), PLOTS.len());
    }
}
