//! Inputs of reducers and clients, of which each is some bytes: a choice, and further ones for what it carries.

use arbitrary::{Result, Unstructured};
use fastrand::Rng;

use super::units::{Kind, Shape, Units, quietly, some};
use crate::inputs;

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident, $head:expr, $one:path) => {
        $(#[$doc])*
        pub const $name: Shape = Shape(Kind::Units(Units {
            whole: |rng| {
                let head = std::iter::repeat_with(|| rng.u8(..)).take($head).collect();
                some(rng, head, MOST, |rng| unit(rng, $one))
            },
            unit: |rng| unit(rng, $one),
            starts: |input| starts(input, $head, $one),
        }));
    };
}

choices!(
    /// Inputs of an importer, after its configuration.
    IMPORTER, CONFIG, inputs::import
);
choices!(
    /// Inputs of an exporter, after its configuration.
    EXPORTER, CONFIG, inputs::export
);
choices!(
    /// Inputs of the client of an import.
    IMPORT_CLIENT, 0, inputs::import_client
);
choices!(
    /// Inputs of the client of an export.
    EXPORT_CLIENT, 0, inputs::export_client
);

/// Bytes of a configuration: a profile and three features.
const CONFIG: usize = 4;
/// The most inputs of a new sequence.
const MOST: usize = 40;
/// More bytes than any input has.
const LONGEST: usize = 80;

/// Random bytes, as many as an input takes of them.
fn unit<T>(rng: &mut Rng, one: fn(&mut Unstructured<'_>) -> Result<T>) -> Vec<u8> {
    let mut bytes = vec![0; LONGEST];
    rng.fill(&mut bytes);
    let mut from = Unstructured::new(&bytes);
    // A client's input is judged as it is read. The bytes of one that the check has to find stay whole.
    let read = quietly(|| drop(one(&mut from)));
    let rest = if read.is_ok() { from.len() } else { 0 };
    bytes[..LONGEST - rest].to_vec()
}

fn starts<T>(input: &[u8], head: usize, one: fn(&mut Unstructured<'_>) -> Result<T>) -> Vec<usize> {
    let Some(rest) = input.get(head..) else { return Vec::new() };
    let mut from = Unstructured::new(rest);
    let mut starts = vec![head];
    let read = quietly(|| {
        while one(&mut from).is_ok() && !from.is_empty() {
            starts.push(input.len() - from.len());
        }
    });
    // The check has passed it, so that it is read without a panic.
    if read.is_ok() { starts } else { Vec::new() }
}
