//! Inputs as units, and the changes of them.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
    thread,
};

use fastrand::Rng;

/// The shape of a target's inputs.
#[derive(Clone, Copy)]
pub struct Shape(pub(super) Kind);

/// How inputs are changed.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Units(Units),
    /// Changes an input as a whole.
    Whole(fn(&[u8], &mut Rng) -> Vec<u8>),
}

/// Inputs that are a head and units after it.
#[derive(Clone, Copy)]
pub(super) struct Units {
    /// Makes an input: a head, and units in an order that leads somewhere.
    pub(super) whole: fn(&mut Rng) -> Vec<u8>,
    /// Makes a unit.
    pub(super) unit: fn(&mut Rng) -> Vec<u8>,
    /// Finds where units begin, in ascending order; the first one where the head ends.
    pub(super) starts: fn(&[u8]) -> Vec<usize>,
}

/// The fuzzer's own way to change bytes: the buffer, how many of its bytes are the input, and the most that it may have afterwards. Gives how
/// many it has. It is `libfuzzer_sys::fuzzer_mutate`.
pub type Raw = fn(&mut [u8], usize, usize) -> usize;

impl Shape {
    /// Changes the input that is the first `size` bytes of `data`, in place. Gives the new size, at most `max`.
    pub fn mutate(self, data: &mut [u8], size: usize, max: usize, seed: u32, raw: Raw) -> usize {
        let mut rng = Rng::with_seed(seed.into());
        if rng.bool() {
            return raw(data, size, max);
        }
        let changed = self.change(&data[..size], max, &mut rng, raw);
        let size = changed.len().min(max);
        data[..size].copy_from_slice(&changed[..size]);
        size
    }

    /// Makes an input.
    pub fn make(self, seed: u64) -> Vec<u8> {
        let mut rng = Rng::with_seed(seed);
        match self.0 {
            Kind::Units(units) => (units.whole)(&mut rng),
            Kind::Whole(change) => change(&[], &mut rng),
        }
    }

    fn change(self, input: &[u8], max: usize, rng: &mut Rng, raw: Raw) -> Vec<u8> {
        match self.0 {
            Kind::Units(units) => units.change(input, max, rng, raw),
            Kind::Whole(change) => change(input, rng),
        }
    }
}

/// The most units that one change repeats: more than any limit that counts units here.
const MOST_REPEATED: usize = 40;

impl Units {
    /// Changes some units, most often one; at times the whole input is another.
    fn change(self, input: &[u8], max: usize, rng: &mut Rng, raw: Raw) -> Vec<u8> {
        let starts = (self.starts)(input);
        let Some(&head) = starts.first().filter(|_| rng.u8(..8) != 0) else { return (self.whole)(rng) };
        let ends = starts[1..].iter().copied().chain([input.len()]);
        let mut units: Vec<Vec<u8>> = starts.iter().zip(ends).map(|(&start, end)| input[start..end].to_vec()).collect();
        for _ in 0..1 << rng.u8(..3) {
            self.change_one(&mut units, max, rng, raw);
        }
        [&input[..head], &units.concat()].concat()
    }

    fn change_one(self, units: &mut Vec<Vec<u8>>, max: usize, rng: &mut Rng, raw: Raw) {
        let at = rng.usize(..=units.len());
        // At the end, where most units go, there is none to change.
        if at == units.len() {
            return units.push((self.unit)(rng));
        }
        match rng.u8(..8) {
            0 | 1 => units.insert(at, (self.unit)(rng)),
            2 => units[at] = (self.unit)(rng),
            3 => drop(units.remove(at)),
            4 => {
                let other = rng.usize(..units.len());
                units.swap(at, other);
            }
            5 => {
                // Seldom so often that a limit is passed: long inputs take long.
                let most = if rng.u8(..8) == 0 { MOST_REPEATED } else { 3 };
                let (unit, times) = (units[at].clone(), rng.usize(1..=most));
                let times = times.min(max / unit.len().max(1));
                units.splice(at..at, std::iter::repeat_n(unit, times));
            }
            6 => units.truncate(at + 1),
            _ => {
                let mut unit = units[at].clone();
                let (size, most) = (unit.len(), unit.len() + 64);
                unit.resize(most, 0);
                let size = raw(&mut unit, size, most);
                units[at] = unit[..size].to_vec();
            }
        }
    }
}

/// Gives one of them.
pub(super) fn one<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

/// Whether something is as it ought to be: seven times of eight.
pub(super) fn mostly(rng: &mut Rng) -> bool {
    rng.u8(..8) != 0
}

/// A length at one of these limits, or one less or more.
pub(super) fn near(rng: &mut Rng, limits: &[usize]) -> usize {
    (one(rng, limits) + rng.usize(..3)).saturating_sub(1)
}

/// Puts units one after another: a head, and up to `most` of them.
pub(super) fn some(rng: &mut Rng, head: Vec<u8>, most: usize, unit: fn(&mut Rng) -> Vec<u8>) -> Vec<u8> {
    let units = rng.usize(1..=most);
    (0..units).fold(head, |input, _| [input, unit(rng)].concat())
}

/// Finds the places after the head at which these bytes stand, and the end of the head itself.
pub(super) fn marks(input: &[u8], head: usize, mark: &[u8]) -> Vec<usize> {
    let Some(rest) = input.len().checked_sub(head) else { return Vec::new() };
    let further = (1..rest).map(|at| head + at).filter(|&at| input[at..].starts_with(mark));
    std::iter::once(head).chain(further).collect()
}

/// Finds the lines after the head.
pub(super) fn lines_after(input: &[u8], head: usize) -> Vec<usize> {
    let Some(rest) = input.get(head..) else { return Vec::new() };
    let ends = (0..rest.len().saturating_sub(1)).filter(|&at| rest[at] == b'\n').map(|at| head + at + 1);
    std::iter::once(head).chain(ends).collect()
}

/// The sizes of four cuts.
pub(super) fn cuts(rng: &mut Rng) -> Vec<u8> {
    if rng.bool() { vec![0, 6, 63, 19] } else { std::iter::repeat_with(|| rng.u8(..64)).take(4).collect() }
}

thread_local! {
    /// Whether a panic of this thread is caught and says nothing.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does something, and catches a panic. A shape that drives what the checks drive may come upon a bug before the check has its input, and
/// a fuzzer's hook ends the program there and then: without an input, nothing is found.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    static HOOK: Once = Once::new();
    // The fuzzer has set its own before it asks for the first input.
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                hook(panic);
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    done
}
