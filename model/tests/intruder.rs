//! The intruder that knows things: the page has its table, the known attacks are found, and each query can fail.

use std::{env, fs, path::Path, sync::LazyLock};

use handfast::outcome::Profile;
use handfast_model::{
    explore::Limits,
    intruder::{
        Answer, Pair, Query, Start,
        contrast::{compared, contrasts},
        examine,
        moves::Intrusion,
        mutants::{HUNTS, Hunt},
        queries::Asked,
        table::{Row, Selection, Verdict, page, table},
    },
};

/// Everything, examined once.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| table(&Selection { jobs: 2, ..Selection::default() }));

/// The same where each hardened device names the comparison.
static COMPARED: LazyLock<Vec<Row>> = LazyLock::new(|| compared(&Selection { jobs: 2, ..Selection::default() }));

#[test]
fn the_page_has_the_table_and_every_attack() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/intruder.md");
    let text = page(&ROWS, &COMPARED);
    if env::var_os("HANDFAST_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    let differs = written.lines().zip(text.lines()).find(|(written, text)| written != text);
    assert!(written == text, "docs/generated/intruder.md is another, write it with HANDFAST_BLESS=1: {differs:?}");
}

#[test]
fn every_cell_is_as_expected() {
    let unlike = ROWS.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
    let unlike: Vec<_> = unlike
        .filter(|(_, cell)| !cell.expected || cell.verdict == Verdict::Inconclusive)
        .map(|(row, cell)| (row.pair, row.knows, cell.query, cell.text(), cell.why.clone()))
        .collect();
    assert!(unlike.is_empty(), "{unlike:#?}");
    assert_eq!(ROWS.len(), Pair::ALL.len() * Start::ALL.len());
}

/// In the other profile hardened sides ask later, which gives an intruder nothing more.
#[test]
fn the_profile_makes_no_difference() {
    let of = |pair| table(&Selection { pair: Some(pair), profile: Profile::Jamid, ..Selection::default() });
    let rows = [Pair::HH, Pair::HL, Pair::LH].map(of).concat();
    let unlike: Vec<_> = rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.expected).collect();
    assert!(unlike.is_empty(), "{unlike:#?}");
}

/// W-3 and W-11 where the importer is today's, W-12 in every pair.
#[test]
fn the_known_attacks_are_found() {
    let attacks = |pair, knows, query| {
        let row = ROWS.iter().find(|row| row.pair == pair && row.knows == knows).unwrap();
        let cell = row.cells.iter().find(|cell| cell.query == query).unwrap();
        cell.attacks.iter().map(|attack| attack.weaknesses.clone()).collect::<Vec<_>>()
    };
    for pair in [Pair::LH, Pair::LL] {
        let found = attacks(pair, Start::TokenAccount, Query::Password);
        assert!(["W-3", "W-11"].iter().all(|id| found.iter().any(|one| one == id)), "{pair:?}: {found:?}");
    }
    for pair in Pair::ALL {
        let found = attacks(pair, Start::Swapped, Query::Archive);
        assert!(found.iter().any(|one| one == "W-12"), "{pair:?}: {found:?}");
    }
    assert!(attacks(Pair::HH, Start::TokenAccount, Query::Password).is_empty());
}

/// R-SAS-9: W-12 is in HH where nothing is compared, and nowhere where users compare.
#[test]
fn users_who_compare_see_the_device_in_the_middle() {
    let unlike = COMPARED.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
    let attacked = |verdict| matches!(verdict, Verdict::Violated | Verdict::Inconclusive);
    let unlike: Vec<_> = unlike
        .filter(|(row, cell)| !cell.expected || row.pair == Pair::HH && attacked(cell.verdict))
        .map(|(row, cell)| (row.pair, row.knows, cell.query, cell.text(), cell.why.clone()))
        .collect();
    assert!(COMPARED.len() == 3 * Start::ALL.len() && unlike.is_empty(), "{unlike:#?}");
    let closed = contrasts(&ROWS, &COMPARED).into_iter().filter(|one| !one.closed.is_empty());
    let closed: Vec<_> = closed.map(|one| (one.pair, one.knows, one.closed)).collect();
    let w12 = vec!["W-12".to_owned()];
    let by_a_swapped_code = |knows| matches!(knows, Start::Swapped | Start::Password);
    assert!(closed.iter().all(|(pair, knows, ids)| *pair == Pair::HH && by_a_swapped_code(*knows) && *ids == w12));
    assert_eq!(closed.len(), 8, "{closed:#?}");
}

/// R-SAS-1: where the other device is today's, naming the feature changes no cell.
#[test]
fn with_a_device_of_today_nothing_changes() {
    let all = contrasts(&ROWS, &COMPARED);
    let changed: Vec<_> = all.iter().filter(|one| one.pair != Pair::HH && one.without != one.with).collect();
    assert!(changed.is_empty(), "{changed:#?}");
    assert!(all.iter().any(|one| one.pair == Pair::LH && one.is_notable()));
}

/// Each query notices a mutant of the protocol, and holds there without it.
#[test]
fn each_query_notices_a_mutant() {
    for hunt in HUNTS {
        let found = hunt.run(Asked::AsTheyAre, Limits::default());
        assert!(found.story.is_some_and(|story| !story.is_empty()), "{} lives: {:?}", hunt.id, hunt.query);
        let sound = Intrusion { situation: hunt.situation(false), asked: Asked::AsTheyAre };
        let examined = examine(&sound, Limits::default());
        let (_, answer) = examined.answers.iter().find(|(query, _)| *query == hunt.query).unwrap();
        assert!(matches!(answer, Answer::Verified), "{}: {answer:?}", hunt.id);
    }
    assert!(Query::ALL.iter().all(|query| HUNTS.iter().any(|hunt| hunt.query == *query)));
}

/// A query that is deleted or weakened changes a cell, or lets a mutant live.
#[test]
fn each_change_of_a_query_is_noticed() {
    for query in Query::ALL {
        for asked in [Asked::Without(query), Asked::Weaker(query)] {
            let lives = |hunt: &&Hunt| hunt_lives(hunt, asked);
            let hunted = HUNTS.iter().filter(|hunt| hunt.query == query).find(lives);
            let known = [
                (Pair::HH, Start::Swapped),
                (Pair::LL, Start::Swapped),
                (Pair::HL, Start::Nothing),
                (Pair::LL, Start::Device),
            ];
            let differs = known.into_iter().any(|(pair, start)| {
                let selection = Selection {
                    pair: Some(pair),
                    start: Some(start),
                    query: Some(query),
                    asked,
                    ..Selection::default()
                };
                table(&selection).iter().flat_map(|row| &row.cells).any(|cell| !cell.expected)
            });
            assert!(hunted.is_some() || differs, "{asked:?} is not noticed");
        }
    }
}

fn hunt_lives(hunt: &Hunt, asked: Asked) -> bool {
    hunt.run(asked, Limits::default()).story.is_none()
}
