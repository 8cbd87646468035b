//! The reducers alone, and what drives them: the explorer and the simulator's engines.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use handfast_bench::{engines, explorations::Exploration, steps};
use handfast_model::config::Size;
use handfast_sim::event::Watch;

fn reducers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reducers");
    group.throughput(Throughput::Elements(steps::STEPS as u64));
    group.bench_function("a whole link", |bencher| bencher.iter(steps::link));
}

fn explorer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("explorer");
    let one = Exploration::of(Size::Small, "HH-documented-faults");
    group.sample_size(10).throughput(Throughput::Elements(one.measure().states as u64));
    group.bench_function("ours", |bencher| bencher.iter(|| one.graph()));
    group.bench_function("stateright, depth first", |bencher| bencher.iter(|| one.stateright()));
}

fn sessions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sessions");
    let (schedules, plans) = (engines::schedules(200), engines::plans(4));
    group.sample_size(10).throughput(Throughput::Elements(schedules.len() as u64));
    group.bench_function("event, bare", |bencher| bencher.iter(|| engines::carry_out(&schedules, Watch::BARE)));
    group.bench_function("event, sweep", |bencher| bencher.iter(|| engines::carry_out(&schedules, Watch::SWEEP)));
    group.throughput(Throughput::Elements(plans.len() as u64));
    group.bench_function("turmoil", |bencher| bencher.iter(|| engines::simulate(&plans)));
}

criterion_group!(benches, reducers, explorer, sessions);
criterion_main!(benches);
