//! `--trace`: the steps of the protocol, in the format of every driver.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use handfast::{
    outcome::Side,
    reducer::Config,
    shell::Recorder,
    trace::{Header, VERSION, to_line},
};

use crate::{failure::Failure, output, terminal};

/// A trace that is being written. It is no part of the link: that goes on where it cannot be written.
pub(crate) struct TraceFile {
    path: PathBuf,
    failed: Arc<OnceLock<io::Error>>,
}

impl TraceFile {
    /// Begins the file, and says who is to be given each step.
    pub(crate) fn create(path: &Path, side: Side, config: Config) -> Result<(Self, Recorder), Failure> {
        let (import, export) = match side {
            Side::Import => (Some(config), None),
            Side::Export => (None, Some(config)),
        };
        let header = Header { trace: VERSION, driver: "shell".into(), import, export };
        let mut file = output::private(path)
            .and_then(|mut file| writeln!(file, "{}", to_line(&header)).map(|()| file))
            .map_err(|error| Failure::usage(format_args!("--trace {}: {error}", path.display())))?;
        let failed = Arc::new(OnceLock::new());
        let first = failed.clone();
        let recorder: Recorder = Box::new(move |step| {
            if first.get().is_none()
                && let Err(error) = file.write_all((to_line(step) + "\n").as_bytes())
            {
                // Only the first is kept.
                let _ = first.set(error);
            }
        });
        Ok((Self { path: path.to_path_buf(), failed }, recorder))
    }

    /// Says what there is to say of it once the link is over.
    pub(crate) fn complain(&self) {
        if let Some(error) = self.failed.get() {
            let path = self.path.display();
            terminal::prompt(&format!("handfast: --trace {path}: the trace is incomplete: {error}\n"));
        }
    }
}
