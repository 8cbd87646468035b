//! The file of `--junit`.

use std::{
    fmt::Display,
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::ExitCode,
};

use quick_junit::{Report, TestSuite};

use crate::failure::Failure;

/// A file that was tried before the run.
pub(crate) struct Junit {
    path: PathBuf,
    file: File,
}

impl Junit {
    /// Makes the folder and the file, so that a long run does not end at a path that cannot be written. A file that is there keeps its
    /// content until [`Junit::write`].
    pub(crate) fn open(path: PathBuf) -> Result<Self, Failure> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::usage(format_args!("--junit {}: {error}", path.display())))?;
        }
        let opened = File::options().create(true).truncate(false).write(true).open(&path);
        match opened {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(Failure::usage(format_args!("--junit {}: {error}", path.display()))),
        }
    }

    /// Ends a command whose verdict has this exit code: writes the file, if there is one. An unexpected result counts more than a file that
    /// cannot be written, which then is only reported.
    pub(crate) fn end(
        junit: Option<Self>,
        suites: impl IntoIterator<Item = TestSuite>,
        exit_code: u8,
    ) -> Result<ExitCode, Failure> {
        match junit.map_or(Ok(()), |junit| junit.write(suites)) {
            Err(lost) if exit_code == 0 => return Err(lost),
            Err(lost) => drop(lost.report()),
            Ok(()) => {}
        }
        Ok(ExitCode::from(exit_code))
    }

    /// Replaces the content of the file.
    fn write(mut self, suites: impl IntoIterator<Item = TestSuite>) -> Result<(), Failure> {
        let mut report = Report::new("handfast");
        report.add_test_suites(suites);
        let failed = |error: &dyn Display| Failure::usage(format_args!("--junit {}: {error}", self.path.display()));
        let text = report.to_string().map_err(|error| failed(&error))?;
        // A device or a pipe has no length.
        if self.file.metadata().is_ok_and(|there| there.is_file()) {
            self.file.set_len(0).map_err(|error| failed(&error))?;
        }
        self.file.write_all(text.as_bytes()).map_err(|error| failed(&error))
    }
}
