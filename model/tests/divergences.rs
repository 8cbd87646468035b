//! Where the document and today's daemon disagree: each place of the record is there, and what is said of it is what is found.

use std::{fs, path::Path, sync::LazyLock};

use handfast_model::divergences::{DIVERGENCES, Question, Subject};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// The record: number, what the document says, what the daemon does.
fn record() -> Vec<[String; 3]> {
    let page = page("legacy/daemon.md");
    let lines = page.lines().skip_while(|line| !line.starts_with("## 10. "));
    let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let row = |row: &str| {
        let mut cells = row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        let row = [(); 3].map(|()| cells.next().unwrap());
        assert_eq!(cells.next(), None, "{row:?}");
        row
    };
    table.skip(2).map(row).collect()
}

/// The results, question by question.
type Found = Vec<[Option<bool>; 3]>;

static FOUND: LazyLock<Vec<Found>> = LazyLock::new(|| {
    let ask = |one: &Question| {
        let mut answers = one.answers;
        for (answer, subject) in answers.iter_mut().zip(Subject::ALL) {
            *answer = answer.map(|_| (one.ask)(subject));
        }
        answers
    };
    DIVERGENCES.iter().map(|one| one.questions.iter().map(ask).collect()).collect()
});

/// Returns the generated end of `docs/generated/divergences.md`.
fn page_end() -> String {
    let mut page_end = String::from(
        "| # | the document says | today's daemon | the documented profile | the profile of today's daemon |\n|---|---|---|---|---|\n",
    );
    for (one, [number, document, daemon]) in DIVERGENCES.iter().zip(record()) {
        page_end.push_str(&format!("| {number} | {document} | {daemon} | {} | {} |\n", one.documented, one.jamid));
    }
    page_end.push_str("\n## The questions\n\n| # | | documented | jamid | today |\n|---|---|---|---|---|\n");
    for (one, found) in DIVERGENCES.iter().zip(&*FOUND) {
        for (question, answers) in one.questions.iter().zip(found) {
            let [documented, jamid, today] = answers.map(|answer| match answer {
                None => "·",
                Some(true) => "yes",
                Some(false) => "no",
            });
            page_end.push_str(&format!("| D{} | {} | {documented} | {jamid} | {today} |\n", one.number, question.text));
        }
    }
    page_end.push_str("\nThese divergences could not be asked about:\n\n");
    for one in DIVERGENCES {
        if let Some(unasked) = one.unasked {
            page_end.push_str(&format!("* D{}: {unasked}.\n", one.number));
        }
    }
    page_end
}

#[test]
fn every_place_of_the_record_is_asked_about() {
    let numbers: Vec<String> = DIVERGENCES.iter().map(|one| format!("D{}", one.number)).collect();
    assert_eq!(numbers, record().into_iter().map(|[number, ..]| number).collect::<Vec<_>>());
    assert!(DIVERGENCES.iter().all(|one| !one.questions.is_empty() || one.unasked.is_some()));
}

#[test]
fn what_is_said_is_what_is_found() {
    for (one, found) in DIVERGENCES.iter().zip(&*FOUND) {
        for (question, answers) in one.questions.iter().zip(found) {
            assert_eq!(*answers, question.answers, "D{}: {}", one.number, question.text);
        }
    }
    let page_end = page_end();
    assert!(
        page("generated/divergences.md").ends_with(&page_end),
        "docs/generated/divergences.md has to end with\n{page_end}"
    );
}

/// Most questions are answered both ways, so that each answer can be the other.
#[test]
fn most_questions_distinguish_links() {
    let all = DIVERGENCES.iter().flat_map(|one| one.questions);
    let distinguishes = |one: &&Question| {
        let given: Vec<bool> = one.answers.into_iter().flatten().collect();
        given.contains(&true) && given.contains(&false)
    };
    let (distinguishing, same): (Vec<&Question>, Vec<&Question>) = all.partition(distinguishes);
    assert!(distinguishing.len() > same.len(), "{} of {}", distinguishing.len(), same.len());
}
