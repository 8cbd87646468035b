//! The shapes: what they make passes the checks, and is well formed as often as it has to be for a fuzzer that has nothing else.

use std::{collections::BTreeSet, fs, io::Cursor, path::Path};

use handfast::{
    archive::ChainError,
    archive::{Archive, InsecureKdf, Terms, certificate::Chain},
    ice::Description,
    outcome::LinkState,
    secret::Secret,
    token::{Form, Token},
    trace::{Step, from_line},
};
use handfast_harness::{
    TARGETS, archive, message, mux, pair,
    shapes::{self, SHAPES, Shape},
};
use handfast_model::observed::Trace;

/// Inputs of a shape.
fn made(shape: Shape, count: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(move |seed| shape.make(seed))
}

/// Asserts that of 200 inputs so many are so.
#[track_caller]
fn at_least(least: usize, shape: Shape, is: impl Fn(&[u8]) -> bool) {
    let count = made(shape, 200).filter(|input| is(input)).count();
    assert!(count >= least, "{count} of 200");
}

/// A fuzzer's own way, as far as it matters here: it turns a bit, or adds a byte.
fn raw(data: &mut [u8], size: usize, max: usize) -> usize {
    if size < max {
        data[size] = b'x';
        return size + 1;
    }
    data[..max].iter_mut().take(1).for_each(|byte| *byte ^= 4);
    max
}

/// Each input of a shape, and what becomes of it in a few changes.
#[test]
fn what_a_shape_makes_passes_the_checks() {
    for (target, shape) in SHAPES {
        let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
        for (seed, mut input) in (0..).zip(made(shape, 60)) {
            check(&input);
            for turn in 0..4 {
                let (size, max) = (input.len(), 3000);
                input.resize(size.max(max), 0);
                let mut twin = input.clone();
                let seed = seed * 4 + turn;
                let changed = shape.mutate(&mut input, size, max, seed, raw);
                assert!(changed <= max, "{target}");
                let again = shape.mutate(&mut twin, size, max, seed, raw);
                assert!(again == changed && twin == input, "{target}: equal seeds, equal changes");
                input.truncate(changed);
                check(&input);
            }
        }
    }
}

/// A target with a shape hands it to the fuzzer; those without one are those of OpenDHT.
#[test]
fn each_target_uses_its_shape() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets");
    for (target, _) in TARGETS {
        let text = fs::read_to_string(folder.join(format!("{target}.rs"))).unwrap();
        let shape = SHAPES.iter().find(|(name, _)| *name == target);
        let name = if target == "token_differential" { "TOKEN".into() } else { target.to_uppercase() };
        assert_eq!(text.contains(&format!("shapes::{name}.mutate(")), shape.is_some(), "{target}");
        assert_eq!(shape.is_none(), target.starts_with("dht_"), "{target}");
    }
}

#[test]
fn tokens_are_tokens_of_both_forms() {
    for form in [Form::Short, Form::Long] {
        let of_form = |text: &[u8]| Token::parse(text).is_ok_and(|token| token.device.form() == form);
        at_least(20, shapes::TOKEN, of_form);
    }
    let zero = |text: &[u8]| text.len() == 59 && text[12..52] == [b'0'; 40];
    at_least(3, shapes::TOKEN, zero);
}

#[test]
fn streams_have_messages_and_frames() {
    at_least(60, shapes::MESSAGE, |input| !message::read(&[&input[4..]]).0.is_empty());
    at_least(60, shapes::MUX, |input| mux::read(&[&input[4..]]).0.len() > 1);
}

#[test]
fn chains_are_sound_and_of_any_length() {
    at_least(40, shapes::CERTIFICATE_CHAIN, |text| Chain::from_pem(text).is_ok_and(|chain| chain.verify().is_ok()));
    at_least(20, shapes::CERTIFICATE_CHAIN, |text| Chain::from_pem(text) == Err(ChainError::TooLong));
}

#[test]
fn archives_have_accounts() {
    let opens = |file: Vec<u8>| {
        let open =
            |password: &Secret| Archive::open(Cursor::new(&file), password, &InsecureKdf, Terms::any_time()).is_ok();
        open(&Secret::default()) || open(&Secret::from("password"))
    };
    at_least(20, shapes::ARCHIVE_JSON, |text| opens(archive::seal(text, &Secret::default())));
    at_least(10, shapes::ARCHIVE_OPEN, |file| opens(file.to_vec()));
}

#[test]
fn records_and_traces_are_read() {
    let done = format!("\"state\":{}", LinkState::Done.number());
    let read = |input: &[u8]| Trace::default().read(&input[1..]).is_ok();
    at_least(10, shapes::DETAILS, |input| read(input) && String::from_utf8_lossy(input).contains(&done));
    let steps = |input: &[u8]| {
        std::str::from_utf8(input).unwrap().lines().filter(|line| from_line::<Step>(line).is_ok()).count()
    };
    at_least(60, shapes::TRACE, |input| steps(input) > 1);
}

#[test]
fn descriptions_have_any_number_of_candidates() {
    let read =
        |input: &[u8]| Description::read(std::str::from_utf8(input).unwrap()).map_or(0, |read| read.candidates.len());
    let counts: BTreeSet<usize> = made(shapes::ICE_TEXT, 200).map(|input| read(&input)).collect();
    // The most that are read, of more that there are.
    assert_eq!(counts.last(), Some(&31), "{counts:?}");
}

/// A walk that knows the steps comes to more rows than one of any numbers.
#[test]
fn runs_of_a_pair_come_further_than_any_numbers() {
    let rows = |inputs: &mut dyn Iterator<Item = Vec<u8>>| {
        let mut rows = BTreeSet::new();
        inputs.for_each(|input| {
            pair::check_noting(&input, |row| {
                rows.insert(row);
            })
        });
        rows.len()
    };
    let any = |seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        std::iter::repeat_with(|| rng.u8(..)).take(121).collect()
    };
    let (shaped, any) = (rows(&mut made(shapes::PAIR, 60)), rows(&mut (0..60).map(any)));
    assert!(shaped > any, "{shaped} rows, {any} of any numbers");
}
