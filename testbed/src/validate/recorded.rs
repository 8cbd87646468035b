//! Without `--observed`: the steps of the reducers.

use std::process::ExitCode;

use handfast_model::observed::{Recorded, validate_recorded};

use super::{PairName, Validate};
use crate::{failure::Failure, replay};

impl Validate {
    pub(super) fn run_recorded(&self) -> Result<ExitCode, Failure> {
        let mut files = Vec::new();
        for path in &self.files {
            let (header, steps) = replay::read(path)?;
            replay::check(path, header.clone(), &steps)?;
            files.push(Recorded { header, steps });
        }
        let config = files.iter().find_map(|file| file.header.import.or(file.header.export)).unwrap_or_default();
        let terms = self.terms(PairName::HH, config.profile);
        let count = files.iter().map(|file| file.steps.len()).sum();
        self.report(&terms, count, &validate_recorded(&files, &terms))
    }
}
