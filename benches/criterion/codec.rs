//! Tokens, messages, frames and archives, in memory.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use handfast_bench::{
    archives::{Account, Deflated},
    codec,
};

fn tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token");
    let (token, mut text) = (codec::parse_token(), String::new());
    group.bench_function("parse", |bencher| bencher.iter(codec::parse_token));
    group.bench_function("format", |bencher| bencher.iter(|| codec::format_token(&token, &mut text)));
}

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("messages");
    let (messages, mut wire) = (codec::messages(), Vec::new());
    group.bench_function("encode", |bencher| bencher.iter(|| codec::encode_messages(&messages, &mut wire)));
    group.bench_function("decode", |bencher| bencher.iter(|| codec::decode_messages(&wire)));
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("message and frames");
    for size in [1 << 10, 64 << 10, 1 << 20, 64 << 20] {
        let mut archive = codec::Archive::new(size);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("encode", size), |bencher| bencher.iter(|| archive.encode()));
        group.bench_function(BenchmarkId::new("decode", size), |bencher| bencher.iter(|| archive.decode()));
        group.bench_function(BenchmarkId::new("memcpy", size), |bencher| bencher.iter(|| archive.copy()));
    }
}

fn archives(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("archive");
    let size = 1 << 20;
    group.sample_size(20).throughput(Throughput::Bytes(size as u64));
    for (name, password) in [("plain", ""), ("protected", "sesame")] {
        let account = Account::new(size, password);
        group.bench_function(BenchmarkId::new("seal", name), |bencher| {
            bencher.iter(|| account.seal(&mut std::io::sink()))
        });
        group.bench_function(BenchmarkId::new("open", name), |bencher| bencher.iter(|| account.open()));
        group.bench_function(BenchmarkId::new("read", name), |bencher| bencher.iter(|| account.read()));
        if password.is_empty() {
            let deflated = Deflated::of(&account);
            group.bench_function("deflate", |bencher| bencher.iter(|| account.deflate()));
            group.bench_function("inflate", |bencher| bencher.iter(|| deflated.inflate()));
        }
    }
}

criterion_group!(benches, tokens, messages, frames, archives);
criterion_main!(benches);
