//! The wire path beside a bare copy: message, frames, TLS and loopback, an archive from memory to a sink, as a share of what a bare copy of
//! as many bytes over the same TLS achieves. To reach: 0.90 of the best of the copy's buffer sizes.
//!
//! `cargo bench --bench transfer -- [ROUNDS] [MIB]`. What is compared runs in turns, so that what else the machine does is in all of it; on a
//! machine that does much else, CPU time says more than rates.

mod wire;

use wire::{Cost, Transfer};

/// Buffer sizes of the bare copy, in KiB.
const BUFFERS: [usize; 5] = [16, 32, 64, 128, 256];
const ROUNDS: usize = 15;
const MIB: usize = 256;

fn main() {
    // Cargo adds an option of its own.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let rounds: usize = numbers.next().unwrap_or(ROUNDS).max(1);
    let mib: usize = numbers.next().unwrap_or(MIB).max(1);
    let transfer = Transfer::new(mib << 20);

    let mut links = Vec::new();
    let mut copies = BUFFERS.map(|_| Vec::new());
    for _ in 0..rounds {
        links.push(transfer.link());
        for (costs, buffer) in copies.iter_mut().zip(BUFFERS) {
            costs.push(transfer.bare(buffer << 10));
        }
    }

    println!("{mib} MiB, {rounds} rounds: median, quartiles");
    let gib = mib as f64 / 1024.0;
    compare("GiB/s", &links, &copies, |cost| Some(gib / cost.time.as_secs_f64()));
    compare("GiB per CPU second", &links, &copies, |cost| Some(gib / cost.cpu?.as_secs_f64()));
}

/// Prints what all achieve, and the link's share of the best copy.
fn compare(unit: &str, links: &[Cost], copies: &[Vec<Cost>], achieved: impl Fn(&Cost) -> Option<f64>) {
    let all = |costs: &[Cost]| costs.iter().map(&achieved).collect::<Option<Vec<_>>>();
    let (Some(links), Some(copies)) = (all(links), copies.iter().map(|costs| all(costs)).collect::<Option<Vec<_>>>())
    else {
        return;
    };
    println!("{unit}");
    for (copy, buffer) in copies.iter().zip(BUFFERS) {
        row(&format!("bare copy, {buffer} KiB"), copy);
    }
    row("link", &links);
    let best = copies.iter().max_by(|one, other| median(one).total_cmp(&median(other))).expect("there are some");
    let shares: Vec<_> = links.iter().zip(best).map(|(link, copy)| link / copy).collect();
    row("link / best copy, in each round", &shares);
    println!("  link / best copy, of the medians {:6.3}", median(&links) / median(best));
}

fn row(name: &str, values: &[f64]) {
    let values = sorted(values);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    println!("  {name:32} {:6.3}   {:.3} to {:.3}", at(2), at(1), at(3));
}

fn median(values: &[f64]) -> f64 {
    sorted(values)[(values.len() - 1) / 2]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}
