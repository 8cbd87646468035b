//! The wire path beside a bare copy: message, frames, TLS and loopback, an archive from memory to a sink, as a share of the rate of a bare
//! copy of as many bytes over the same TLS. To reach: 0.90 of the best of the copy's buffer sizes.
//!
//! `cargo bench --bench transfer -- [ROUNDS] [MIB]`. What is compared runs in turns, so that what else the machine does is in all of it.

mod wire;

use std::time::Duration;

use wire::Transfer;

/// Buffer sizes of the bare copy.
const BUFFERS: [usize; 5] = [16, 32, 64, 128, 256];
const ROUNDS: usize = 15;
const MIB: usize = 256;

fn main() {
    // Cargo adds an option of its own.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let rounds: usize = numbers.next().unwrap_or(ROUNDS);
    let mib: usize = numbers.next().unwrap_or(MIB);
    let transfer = Transfer::new(mib << 20);
    let rate = |time: Duration| mib as f64 / 1024.0 / time.as_secs_f64();

    let mut links = Vec::new();
    let mut copies = BUFFERS.map(|_| Vec::new());
    for _ in 0..rounds {
        links.push(rate(transfer.link()));
        for (rates, buffer) in copies.iter_mut().zip(BUFFERS) {
            rates.push(rate(transfer.bare(buffer << 10)));
        }
    }

    println!("{mib} MiB, {rounds} rounds                 median   quartiles");
    for (rates, buffer) in copies.iter().zip(BUFFERS) {
        row(&format!("bare copy, {buffer} KiB, GiB/s"), rates);
    }
    row("link, GiB/s", &links);
    let best = copies.iter().max_by(|one, other| median(one).total_cmp(&median(other))).expect("there are some");
    let shares: Vec<_> = links.iter().zip(best).map(|(link, copy)| link / copy).collect();
    row("link / best copy, each round", &shares);
    println!("ratio of the medians                 {:6.3}", median(&links) / median(best));
}

fn row(name: &str, values: &[f64]) {
    let values = sorted(values);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    println!("{name:36} {:6.3}   {:.3} to {:.3}", at(2), at(1), at(3));
}

fn median(values: &[f64]) -> f64 {
    sorted(values)[(values.len() - 1) / 2]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}
