//! The median and quartiles of many measurements of the same thing.

use serde::{Deserialize, Serialize};

/// The median of some measurements, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Spread {
    /// A quarter is below.
    pub lower: f64,
    /// Half is below.
    pub median: f64,
    /// Three quarters are below.
    pub upper: f64,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        // Between two neighbours, as far as the quartile is between them.
        let at = |share: f64| {
            let place = (values.len() - 1) as f64 * share;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Self { lower: at(0.25), median: at(0.5), upper: at(0.75) }
    }

    /// The share that each value is of the other of its turn.
    pub fn of_ratios(ours: &[f64], theirs: &[f64]) -> Self {
        Self::of(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_where_they_belong() {
        assert_eq!(Spread::of([3.0]), Spread { lower: 3.0, median: 3.0, upper: 3.0 });
        assert_eq!(Spread::of([5.0, 1.0, 3.0, 2.0, 4.0]), Spread { lower: 2.0, median: 3.0, upper: 4.0 });
        assert_eq!(Spread::of([1.0, 2.0]), Spread { lower: 1.25, median: 1.5, upper: 1.75 });
        let ratios = Spread::of_ratios(&[2.0, 20.0, 200.0], &[1.0, 10.0, 100.0]);
        assert_eq!(ratios, Spread { lower: 2.0, median: 2.0, upper: 2.0 });
    }
}
