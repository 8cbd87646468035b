//! All configurations of the small size, checked once for all tests of this program.

mod documented;
mod matrix;
mod pairs_with_legacy;
mod verdicts;

use std::sync::LazyLock;

use handfast_model::{
    check::Checked,
    config::{Configuration, Size, configurations},
    report::{Report, Selection, run},
};

/// The report of all of them, without mutants.
static WHOLE: LazyLock<Report> =
    LazyLock::new(|| run(&Selection { mutants: false, jobs: 2, ..Selection::all(Size::Small) }));

/// Each configuration that is chosen, and its result.
fn checked(is_chosen: impl Fn(&Configuration) -> bool) -> Vec<(Configuration, &'static Checked)> {
    let all = configurations(Size::Small).into_iter().zip(&WHOLE.checked);
    all.inspect(|(one, checked)| assert_eq!(one.id(), checked.configuration))
        .filter(|(one, _)| is_chosen(one))
        .collect()
}
