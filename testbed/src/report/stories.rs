//! Ways through the protocol that are drawn and narrated: violations, known weaknesses, mutants, and runs that succeed.

use handfast_model::{
    check::{Checked, Row},
    config::{self, Size},
    counted,
    diagram::Counterexample,
    explore::Limits,
    hunt::Hunted,
    mutants::Mutant,
    narration::{Sentence, narrate},
    walk, weaknesses,
};
use serde::Serialize;

use super::links::cited;

/// Why a way is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A property does not hold, and that was not expected.
    Violation,
    /// A property does not hold with an old peer, as is known.
    KnownWeakness,
    /// A mutant was found.
    Mutant,
    /// A run that succeeds.
    Success,
}

/// A way that is drawn.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Story {
    /// Its anchor in the page.
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) property: Option<&'static str>,
    pub(crate) configuration: String,
    pub(crate) requirements: Vec<String>,
    /// Why it is possible, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    pub(crate) verdict: String,
    /// The command that shows it again.
    pub(crate) command: String,
    /// The sentences, numbered like the lines of the diagram.
    pub(crate) narration: Vec<Sentence>,
    pub(crate) mermaid: String,
}

/// Text as a part of an anchor.
pub(super) fn anchor(text: &str) -> String {
    let letters = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' });
    letters.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// The ways that the rows of configurations show, those that are not expected first. `mutant`: what was checked in the place of the
/// shipped reducers.
pub(super) fn of_rows(checked: &[Checked], mutant: Option<&Mutant>) -> Vec<Story> {
    let rows = checked.iter().flat_map(|one| &one.rows).filter(|row| row.verdict.is_violated());
    let mut stories: Vec<_> = rows.filter_map(|row| of_row(row, mutant)).collect();
    stories.sort_by_key(|story| story.kind == Kind::KnownWeakness);
    stories
}

fn of_row(row: &Row, mutant: Option<&Mutant>) -> Option<Story> {
    let counterexample = row.counterexample.as_ref()?;
    let (kind, why) = match (row.is_as_expected(), row.expected.weakness(), mutant) {
        (true, Some(weakness), _) => {
            let title = weaknesses::title(weakness).unwrap_or_default();
            (Kind::KnownWeakness, Some(format!("{weakness}: {title}")))
        }
        (_, _, Some(mutant)) => {
            let why = format!("{} takes the place of the shipped reducers: {}", mutant.id, mutant.broken);
            (Kind::Violation, Some(why))
        }
        _ => (Kind::Violation, None),
    };
    let command = match mutant {
        Some(mutant) => format!("handfast verify --mutant {}", mutant.id),
        None => format!("handfast check --config {} --property {}", row.configuration, row.property.id()),
    };
    Some(Story {
        id: anchor(&format!("{}-{}", row.configuration, row.name())),
        kind,
        title: format!("{} in {}", row.name(), row.configuration),
        property: Some(row.property.id()),
        configuration: row.configuration.clone(),
        requirements: cited(row.property.cites()).into_iter().collect(),
        why,
        verdict: row.verdict.to_string(),
        command,
        narration: narrate(&counterexample.mermaid),
        mermaid: counterexample.mermaid.clone(),
    })
}

/// The ways that mutants show.
pub(super) fn of_mutants<'a>(mutants: impl IntoIterator<Item = &'a Hunted>) -> Vec<Story> {
    mutants.into_iter().filter_map(of_mutant).collect()
}

fn of_mutant(hunted: &Hunted) -> Option<Story> {
    let kill = &hunted.kill;
    let counterexample = kill.row.counterexample.as_ref()?;
    Some(Story {
        id: anchor(kill.mutant),
        kind: Kind::Mutant,
        title: format!("{}: {}", kill.mutant, kill.broken),
        property: Some(kill.row.property.id()),
        configuration: kill.row.configuration.clone(),
        requirements: cited(kill.row.property.cites()).into_iter().collect(),
        why: Some(kill.broken.to_owned()),
        verdict: kill.row.verdict.to_string(),
        command: format!("handfast check --mutant {}", kill.mutant),
        narration: narrate(&counterexample.mermaid),
        mermaid: counterexample.mermaid.clone(),
    })
}

/// Runs that succeed, and some that end well in another way: a configuration and a goal.
const GOOD: [(&str, &str, &str); 6] = [
    ("HH-documented-honest", "both succeed", "The account is linked"),
    ("HH-documented-honest", "wrong once, then right", "The first password is wrong, the second right"),
    ("HH-documented-honest", "the third password is wrong", "The third password is wrong too"),
    ("HH-documented-cancel", "import: cancel arrives", "The new device's user cancels"),
    ("HH-documented-loss", "import: link lost in IN_PROGRESS", "The link is lost while the archive is sent"),
    ("HH-documented-timers", "import: timer Token", "No one uses the token"),
];

/// The ways to good ends in the smallest configurations.
pub(super) fn of_successes(limits: Limits) -> Vec<Story> {
    GOOD.iter().filter_map(|(configuration, goal, title)| of_success(configuration, goal, title, limits)).collect()
}

fn of_success(name: &str, goal: &str, title: &str, limits: Limits) -> Option<Story> {
    let configuration = config::find(Size::Small, name)?;
    let Counterexample { schedule, mermaid, .. } = walk::reach(configuration, goal, limits)?;
    Some(Story {
        id: anchor(&format!("way-{name}-{goal}")),
        kind: Kind::Success,
        title: title.to_owned(),
        property: None,
        configuration: name.to_owned(),
        requirements: Vec::new(),
        why: None,
        verdict: format!("reached in {}", counted(schedule.len(), "step")),
        command: format!("handfast check --config {name} --reach \"{goal}\""),
        narration: narrate(&mermaid),
        mermaid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_good_end_is_reached() {
        let stories = of_successes(Limits::default());
        assert_eq!(stories.len(), GOOD.len(), "{:?}", stories.iter().map(|story| &story.title).collect::<Vec<_>>());
        assert!(stories.iter().all(|story| story.narration.len() > 2));
    }

    #[test]
    fn anchors_are_plain() {
        assert_eq!(anchor("LL-jamid-x-P-CLIENT (import)"), "LL-jamid-x-P-CLIENT-import");
    }
}
