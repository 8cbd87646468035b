//! The report of a campaign.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use handfast_sim::{Options, Report, Scenario, Shard, Spread, Verdict, campaign};

fn options() -> Options {
    let names = ["no-fault", "cancel@import.checked", "disk-fails@7"];
    let scenarios = names.map(|name| name.parse().unwrap()).to_vec();
    Options { scenarios, seeds: 0..3, ..Options::default() }
}

#[test]
fn a_report_does_not_depend_on_how_many_work_on_it() {
    let reports =
        [1, 3].map(|jobs| campaign(&Options { jobs: NonZeroUsize::new(jobs).unwrap(), ..options() }, &|_| {}));
    assert_eq!(reports[0], reports[1]);
    let text = serde_json::to_string(&reports[0]).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), reports[0]);
}

#[test]
fn shards_share_the_sessions() {
    let whole = campaign(&options(), &|_| {});
    let shards = [0, 1].map(|index| campaign(&Options { shard: Some(Shard { index, of: 2 }), ..options() }, &|_| {}));
    for (row, whole) in whole.rows.iter().enumerate() {
        assert_eq!(shards.each_ref().map(|shard| shard.rows[row].runs), [2, 1]);
        assert_eq!(shards.iter().map(|shard| shard.rows[row].reached).sum::<u64>(), whole.reached);
    }
}

/// Of all seeds each is for one scenario, with the plan that it has there.
#[test]
fn seeds_take_turns() {
    let turns = campaign(&Options { seeds: 2..10, spread: Spread::Turns, ..options() }, &|_| {});
    let runs: Vec<_> = turns.rows.iter().map(|row| row.runs).collect();
    assert_eq!(runs, [2, 4, 2]);
    let alone = campaign(&Options { seeds: 4..8, ..options() }, &|_| {});
    assert_eq!(turns.rows[1].ends, alone.rows[1].ends);
    assert!(turns.sessions().0 == 8 && turns.sessions().1 > alone.rows[1].ends.len() as u32 * Duration::from_millis(1));
    let few = campaign(&Options { seeds: 0..4, spread: Spread::Turns, ..options() }, &|_| {});
    assert_eq!(few.rows.iter().map(|row| row.scenario).collect::<Vec<_>>(), [Scenario::NoFault]);
    let none = campaign(&Options { seeds: 0..0, spread: Spread::Turns, ..options() }, &|_| {});
    assert!(none.is_inconclusive());
}

/// A check in which nothing happened is not a pass.
#[test]
fn nothing_is_inconclusive() {
    let report = campaign(&Options { seeds: 0..0, ..options() }, &|_| {});
    assert!(report.is_inconclusive() && !report.is_violated());
    assert!(report.rows.iter().all(|row| matches!(row.verdict, Verdict::Inconclusive { .. })));
}

#[test]
fn progress_is_reported() {
    let count = AtomicUsize::new(0);
    let options = Options { scenarios: vec![Scenario::NoFault], ..options() };
    campaign(&options, &|progress| {
        assert_eq!(progress.total, 3);
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(count.into_inner(), 3);
}
