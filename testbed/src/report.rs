//! The report of a run: a page to look at, the same as JSON, SARIF for code hosts, and JUnit, in one folder.

mod attached;
pub(crate) mod coverage;
mod data;
mod drawing;
mod links;
mod page;
mod sarif;
mod stories;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use quick_junit::TestSuite;

pub(crate) use self::{
    attached::Attached,
    data::{Asked, Data},
};
use crate::{failure::Failure, output};

/// The files of a report.
const PAGE: &str = "report.html";
const JSON: &str = "report.json";
const SARIF: &str = "report.sarif";
const JUNIT: &str = "junit.xml";

/// A folder that was tried before the run.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, and tries each file of it, so that a long run does not end at a folder that cannot be written. Files that are
    /// there keep their content until [`Folder::write`].
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::usage(format_args!("--report {}: {error}", path.display()));
        fs::create_dir_all(path).map_err(failed)?;
        for name in [PAGE, JSON, SARIF, JUNIT] {
            File::options().create(true).truncate(false).write(true).open(path.join(name)).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Writes the four files. A file that cannot be written is reported on standard error, and changes nothing of the verdict.
    pub(crate) fn write(&self, data: &Data, suites: &[TestSuite]) {
        let written = self
            .put(PAGE, page::page(data).into_string().as_bytes())
            .and_then(|()| self.put(JSON, &serde_json::to_vec_pretty(data).unwrap_or_default()))
            .and_then(|()| self.put(SARIF, sarif::log(data).to_string().as_bytes()))
            .and_then(|()| {
                let mut report = quick_junit::Report::new("handfast");
                report.add_test_suites(suites.iter().cloned());
                self.put(JUNIT, report.to_string().unwrap_or_default().as_bytes())
            });
        match written {
            Ok(()) => output::note(format_args!("the report is {}", self.path.join(PAGE).display())),
            Err(error) => {
                output::note(format_args!("--report {}: the report is incomplete: {error}", self.path.display()))
            }
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::options().write(true).create(true).truncate(true).open(self.path.join(name))?;
        file.write_all(bytes)?;
        file.flush()
    }
}

/// The file of `--sarif`, tried before the run.
pub(crate) struct Sarif {
    path: PathBuf,
}

impl Sarif {
    /// Makes the folder and the file.
    pub(crate) fn open(path: PathBuf) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::usage(format_args!("--sarif {}: {error}", path.display()));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        Ok(Self { path })
    }

    /// Writes it. A failure is reported on standard error, and changes nothing of the verdict.
    pub(crate) fn write(&self, data: &Data) {
        if let Err(error) = fs::write(&self.path, sarif::log(data).to_string()) {
            output::note(format_args!("--sarif {}: the file is incomplete: {error}", self.path.display()));
        }
    }
}
