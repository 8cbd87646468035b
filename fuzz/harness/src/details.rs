//! Laws of any bytes that may be the record of a client: signals with their details, calls with their answers.

use std::time::Duration;

use handfast::outcome::Profile;
use handfast_model::{
    config::Cast,
    explore::Limits,
    observed::{Terms, Trace, validate},
};

/// Panics if the record cannot be judged. The first byte says by what terms.
pub fn check(input: &[u8]) {
    let Some((terms, text)) = input.split_first() else { return };
    let mut trace = Trace::default();
    if trace.read(text).is_err() {
        return;
    }
    let cast = [Cast::HH, Cast::HL, Cast::LH, Cast::LL][usize::from(terms % 4)];
    let profile = [Profile::Documented, Profile::Jamid][usize::from(terms / 4 % 2)];
    let limits = Limits { states: 2_000, time: Duration::MAX, ..Limits::default() };
    let _ = validate(&trace, &Terms { limits, ..Terms::new(cast, profile) });
}
