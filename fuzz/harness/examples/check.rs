//! Runs the check of a target over files, or over standard input: for fuzzers that start a process for each input, and for people who
//! have one input in hand. A panic aborts, so that every fuzzer sees it.
//!
//! ```text
//! cargo run -p handfast-harness --example check -- token fuzz/corpus/token/*
//! printf 'jami-auth://…' | cargo run -p handfast-harness --example check -- token
//! ```

use std::{
    env, fs,
    io::{self, Read as _},
    process::ExitCode,
};

use handfast_harness::TARGETS;

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some((_, check)) = TARGETS.iter().find(|(target, _)| *target == name) else {
        let names: Vec<_> = TARGETS.iter().map(|(target, _)| *target).collect();
        eprintln!("usage: check TARGET [FILE...]\ntargets: {}", names.join(", "));
        return Ok(ExitCode::from(2));
    };
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    let mut files = arguments.peekable();
    if files.peek().is_none() {
        let mut input = Vec::new();
        io::stdin().read_to_end(&mut input)?;
        check(&input);
    }
    for file in files {
        check(&fs::read(file)?);
    }
    Ok(ExitCode::SUCCESS)
}
