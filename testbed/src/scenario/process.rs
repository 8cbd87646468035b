//! A program of a scenario: its lines, its complaints, and its end, with all that it started.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use handfast_model::observed::MAX_LINE;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinHandle,
    time::{Duration, timeout},
};

use super::fault::Fault;

/// Lines that wait to be looked at. A program that prints more waits itself.
const MAX_WAITING: usize = 64;
/// Lines that a program may print. A link has some twenty.
const MAX_LINES: usize = 4096;
/// Bytes that a program may print.
const MAX_PRINTED: usize = 1 << 20;
/// Bytes of a program's standard error that are kept, from the first on.
const MAX_COMPLAINTS: u64 = 8 << 10;
/// The exit code that says that a case is not supported.
pub(super) const NOT_SUPPORTED: i32 = 127;

/// A program that runs.
pub(super) struct Process {
    side: &'static str,
    child: Child,
    group: Option<Pid>,
    stdin: Option<ChildStdin>,
    lines: Receiver<Result<Value, Fault>>,
    complaints: Arc<Mutex<String>>,
    reading: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts it, in a folder of its own and as the head of a process group.
    pub(super) fn start(side: &'static str, command: &[String], folder: &Path) -> Result<Self, Fault> {
        let failed = |why: String| Fault::Process { side, why };
        let [program, args @ ..] = command else { return Err(failed("its command is empty".into())) };
        let mut command = Command::new(program);
        command.args(args).current_dir(folder).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(format!("{program} cannot be started: {error}")))?;
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let (sender, lines) = channel(MAX_WAITING);
        let complaints = Arc::new(Mutex::new(String::new()));
        let mut reading = Vec::new();
        if let Some(out) = child.stdout.take() {
            reading.push(tokio::spawn(read(side, out, sender)));
        }
        if let Some(errors) = child.stderr.take() {
            reading.push(tokio::spawn(keep(errors, complaints.clone())));
        }
        let stdin = child.stdin.take();
        Ok(Self { side, child, group, stdin, lines, complaints, reading })
    }

    /// Writes a line.
    pub(super) async fn say(&mut self, line: &Value) -> Result<(), Fault> {
        let side = self.side;
        let failed = |error: std::io::Error| Fault::Process { side, why: format!("it takes no line: {error}") };
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        stdin.write_all(format!("{line}\n").as_bytes()).await.map_err(failed)?;
        stdin.flush().await.map_err(failed)
    }

    /// The next line; `None` at its end. A future that is dropped has lost none.
    pub(super) async fn line(&mut self) -> Option<Result<Value, Fault>> {
        self.lines.recv().await
    }

    /// How it ended, after its last line. One that has closed its output and goes on is ended.
    pub(super) async fn status(&mut self, within: Duration) -> (Option<i32>, String) {
        match timeout(within, self.child.wait()).await {
            Ok(Ok(status)) => (status.code(), status.to_string()),
            Ok(Err(error)) => (None, error.to_string()),
            Err(_) => (None, "it closed its output and went on".into()),
        }
    }

    /// Closes its input, waits for its end for at most so long, and ends it and all that it started. Returns its complaints.
    pub(super) async fn end(mut self, within: Duration) -> String {
        self.stdin = None;
        let drained = async {
            while self.lines.recv().await.is_some() {}
            self.child.wait().await
        };
        // A program that does not end is ended.
        let _ = timeout(within, drained).await;
        self.kill();
        let _ = self.child.wait().await;
        for reading in &mut self.reading {
            // A process that left the group may hold the pipe.
            if timeout(Duration::from_secs(1), &mut *reading).await.is_err() {
                reading.abort();
            }
        }
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the whole group: a script's children too.
    fn kill(&mut self) {
        if let Some(group) = self.group.take() {
            // It may be gone.
            let _ = kill_process_group(group, Signal::KILL);
        }
        // It may have left the group, or be gone.
        let _ = self.child.start_kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads the lines of a program.
async fn read(side: &'static str, out: impl AsyncRead + Unpin, lines: Sender<Result<Value, Fault>>) {
    let mut out = BufReader::new(out);
    let mut printed = 0;
    for number in 1..=MAX_LINES {
        let mut line = Vec::new();
        let read = (&mut out).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        printed += line.len();
        let wrong = |why: &str| Fault::Malformed(format!("the program of the {side} side: line {number}: {why}"));
        let value = match serde_json::from_slice::<Value>(&line) {
            _ if line.len() > MAX_LINE => Err(wrong("it is longer than a line may be")),
            _ if printed > MAX_PRINTED => Err(wrong("with it, more is printed than a program may print")),
            Ok(value) if value.is_object() => Ok(value),
            _ if number == 1 => Err(wrong(
                "it is no object of JSON, so the program is no shim: a shim prints what `handfast import --json` or `export --json` prints \
                 (docs/interop.md)",
            )),
            _ => Err(wrong("it is no object of JSON")),
        };
        let is_last = value.is_err();
        if lines.send(value).await.is_err() || is_last {
            return;
        }
    }
    let many = format!("the program of the {side} side prints more than {MAX_LINES} lines");
    let _ = lines.send(Err(Fault::Malformed(many))).await;
}

/// Keeps the beginning of what a program complains of, and reads on.
async fn keep(errors: impl AsyncRead + Unpin, complaints: Arc<Mutex<String>>) {
    let mut errors = BufReader::new(errors);
    let mut bytes = [0; 1024];
    while let Ok(count @ 1..) = errors.read(&mut bytes).await {
        let mut kept = complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() as u64 <= MAX_COMPLAINTS {
            kept.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }
}
