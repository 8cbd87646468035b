//! The output of a crash of the target `pair`: a run that can be driven again, step by step.

use std::{fs, path::Path};

use handfast::{
    export::Exporter,
    import::Importer,
    trace::{Header, Step, from_line},
};
use handfast_harness::pair::{Run, systems, walk};
use handfast_model::{
    mutants::Mutant,
    properties::PropertyId,
    side::{ExportSide, ImportSide},
};

/// The committed runs, and some that are made up.
fn choices() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/pair");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let committed = files.into_iter().map(|file| fs::read(file).unwrap());
    let made_up = (0..2000_u32).map(|seed| {
        let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
        let byte = |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        (0..80).map(byte).collect()
    });
    committed.chain(made_up).collect()
}

/// The steps of its trace, as `handfast replay` reads and drives them; the number of the first that shipped reducers do not take so.
fn replay<I: ImportSide, E: ExportSide>(run: &Run<'_, I, E>) -> Result<usize, usize> {
    let trace = run.counterexample().trace;
    let header: Header = from_line(&trace[0]).unwrap();
    let steps: Vec<Step> = trace[1..].iter().map(|line| from_line(line).unwrap()).collect();
    let (import, export) = (header.import.unwrap_or_default(), header.export.unwrap_or_default());
    handfast_sim::replay(import, export, &steps).map(|_| steps.len()).map_err(|diverged| diverged.index)
}

/// Whatever happens in it, crashes of a device included.
#[test]
fn each_run_replays() {
    let systems = systems(|config| (Importer::new(config), Exporter::new(config)));
    let mut longest = 0;
    for bytes in choices() {
        let run = walk(&systems, &bytes).unwrap();
        assert_eq!(run.violated, None);
        let steps = replay(&run).unwrap_or_else(|at| panic!("step {at}: {run}"));
        longest = longest.max(steps);
    }
    assert!(longest >= 20, "{longest}");
}

/// A broken reducer is reported, and its run is none of a sound one: `handfast replay` says at which step.
#[test]
fn a_run_of_a_broken_reducer_is_printed_and_differs() {
    let mutant = Mutant::find("M-18").unwrap();
    let systems = systems(|config| mutant.sides(config));
    let found = choices().into_iter().find_map(|bytes| walk(&systems, &bytes).filter(|run| run.violated.is_some()));
    let run = found.expect("no run of an importer that signals after DONE violates anything");
    assert_eq!(run.violated, Some(PropertyId::Grammar));
    assert!(run.to_string().contains("sequenceDiagram"));
    assert!(replay(&run).is_err(), "{run}");
}
