//! `--trace`: the steps of the protocol, in the format of every driver.

use std::path::{Path, PathBuf};

use handfast::{
    outcome::Side,
    reducer::Config,
    shell::Recorder,
    trace::{Header, VERSION, to_line},
};

use crate::{
    failure::Failure,
    interrupt,
    output::{self, Background},
    terminal,
};

/// A trace that is being written, readable by its owner only. It is no part of the link, which goes on where it cannot be written.
pub(crate) struct TraceFile {
    path: PathBuf,
    written: Background,
}

impl TraceFile {
    /// Begins the file, and gives what takes each step. Where it is a FIFO, this waits for its reader.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) async fn create(path: &Path, side: Side, config: Config) -> Result<(Self, Recorder), Failure> {
        let (import, export) = match side {
            Side::Import => (Some(config), None),
            Side::Export => (None, Some(config)),
        };
        let header = Header { trace: VERSION, driver: "shell".into(), import, export };
        let opened = path.to_path_buf();
        let file = interrupt::apart(move || output::private(&opened))
            .await
            .map_err(|error| Failure::usage(format_args!("--trace {}: {error}", path.display())))?;
        // It is reported at the end of the link.
        let written = Background::new(file, |_| ());
        written.line(to_line(&header));
        let steps = written.clone();
        let recorder: Recorder = Box::new(move |step| steps.line(to_line(step)));
        Ok((Self { path: path.to_path_buf(), written }, recorder))
    }

    /// Waits until all of it is written, once the link is over, and reports what is lost.
    pub(crate) async fn finish(self) {
        let path = self.path.display();
        if let Err(error) = self.written.finish().await {
            terminal::prompt(&format!("handfast: --trace {path}: the trace is incomplete: {error}\n"));
        }
    }
}
