//! An archive from one device to another: bare, framed, and by the shell. `handfast bench` has the same as ratios, in turns.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use handfast_bench::{
    archives::Account,
    carrier::{Carrier, Loopback, Pipe},
    link::{Place, confirm_to_done},
    stopwatch::Cost,
    wire::Transfer,
};

const BUFFER: usize = 64 << 10;

fn over<C: Carrier>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(C::NAME);
    for size in [64 << 10, 1 << 20, 16 << 20, 256 << 20] {
        let transfer = Transfer::new(size);
        group.sample_size(10).throughput(Throughput::Bytes(size as u64));
        let mut time = |name: &str, act: &dyn Fn() -> Cost| {
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| act().time).sum());
            });
        };
        time("bare", &|| transfer.bare::<C>(BUFFER));
        time("frames", &|| transfer.framed::<C>());
        time("bare over TLS", &|| transfer.bare_tls::<C>(BUFFER));
        time("link over TLS", &|| transfer.link::<C>());
    }
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("whole link");
    group.sample_size(10);
    for size in [64 << 10, 4 << 20] {
        let account = Account::new(size, "");
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("confirm to DONE", size), |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| Duration::from_secs_f64(confirm_to_done(&account, Place::Memory, Duration::ZERO)))
                    .sum()
            });
        });
    }
}

criterion_group!(benches, over::<Pipe>, over::<Loopback>, whole);
criterion_main!(benches);
