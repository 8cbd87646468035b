//! Runs the command, and talks with it while it runs.

use std::{
    fmt::Display,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// The time for a test that hangs: no test measures time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Returns the arguments; an import that does not say how it is found is found by its address, so that no test sends multicast.
pub(crate) fn direct<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Vec<std::ffi::OsString> {
    let mut args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
    let says = |arg: &std::ffi::OsString| ["--rendezvous", "--listen", "--help"].iter().any(|option| arg == option);
    if args.first().is_some_and(|command| command == "import") && !args.iter().any(says) {
        args.extend(["--rendezvous", "direct"].map(Into::into));
    }
    args
}

/// The command with these arguments.
pub(crate) fn handfast<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handfast"));
    // A person who runs the tests in parallel does not mean the sweeps in them, nor one whose shell has a width their tables.
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "CI_NODE_INDEX", "COLUMNS"] {
        command.env_remove(name);
    }
    command.args(direct(args));
    command
}

/// Starts it, and holds the other ends of its pipes.
fn started<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Child {
    spawned(handfast(args))
}

/// Starts a command, and holds the other ends of its pipes.
fn spawned(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the command starts")
}

/// Runs it to its end with this standard input.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>, input: &[u8]) -> Output {
    let mut child = started(args);
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // It may end without reading all of it.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    output
}

/// The output, the standard error, and the exit code, as a snapshot.
pub(crate) fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}--\n{}-- {}", text(&output.stdout), text(&output.stderr), code(output.status))
}

/// The exit code; a signal's number, negated.
pub(crate) fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or(status.signal().map(|signal| -signal)).expect("it ended")
}

/// A folder for a test, with files in it.
pub(crate) struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self(tempfile::tempdir().expect("there is a folder for temporary files"))
    }
}

impl Folder {
    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the file can be written");
        path
    }

    /// A made-up archive, protected with the first of these lines.
    pub(crate) fn archive(&self, name: &str, size: &str, passwords: Option<&Path>) -> PathBuf {
        let path = self.path(name);
        let mut args = vec!["archive", "new", "--key-type", "p256", "--size", size, "--output", text(&path)];
        args.extend(passwords.into_iter().flat_map(|file| ["--password-file", text(file)]));
        let made = run(args, b"");
        assert!(made.status.success(), "{}", shown(&made));
        path
    }
}

/// An image in shades of grey, row by row.
pub(crate) fn image(path: &Path, width: usize, shades: &[u8]) {
    let file = std::fs::File::create(path).expect("the file can be written");
    let mut encoder = png::Encoder::new(file, width as u32, (shades.len() / width) as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("it can be written");
    writer.write_image_data(shades).expect("it can be written");
}

/// A path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// One side of a link that runs.
pub(crate) struct Side {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: Option<thread::JoinHandle<String>>,
    /// The lines that were taken.
    pub(crate) seen: Vec<Value>,
}

impl Side {
    /// Starts it.
    pub(crate) fn start<'a>(args: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(handfast(args))
    }

    /// Starts this command.
    pub(crate) fn of(command: Command) -> Self {
        let mut child = spawned(command);
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let complaints = Some(thread::spawn(move || std::io::read_to_string(stderr).expect("complaints are text")));
        Self { stdin: child.stdin.take(), child, lines, complaints, seen: Vec::new() }
    }

    /// Begins an import into this folder.
    pub(crate) fn import(store: &Path, more: &[&str]) -> Self {
        let args = ["import", "--json", "--key-type", "p256", "--store", text(store)];
        Self::start(args.iter().chain(more).copied())
    }

    /// Begins an export to an import.
    pub(crate) fn export(import: &mut Self, more: &[&str]) -> Self {
        let token = import.token();
        let listening = import.listening().to_string();
        let args = ["export", "--json", "--peer", &listening, &token];
        Self::start(args.iter().chain(more).copied())
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> Option<Value> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
                self.seen.push(line.clone());
                Some(line)
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("no line comes after {:#?}", self.seen),
        }
    }

    /// Waits for a line, which may have come already.
    pub(crate) fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(line) = self.seen.iter().find(|line| wanted(line)) {
            return line.clone();
        }
        while let Some(line) = self.next() {
            if wanted(&line) {
                return line;
            }
        }
        let complaints = self.complaints.take().map(|thread| thread.join().expect("complaints are read"));
        panic!("the line does not come: {:#?}\n{}", self.seen, complaints.unwrap_or_default());
    }

    /// Waits for the signal of a state.
    pub(crate) fn state(&mut self, state: u8) -> Value {
        self.wait(|line| line["state"] == state)
    }

    /// Waits for a call to return.
    pub(crate) fn called(&mut self, call: &str) -> Value {
        self.wait(|line| line["call"] == call)
    }

    /// Where an import listens.
    pub(crate) fn listening(&mut self) -> SocketAddr {
        let header = self.wait(|line| line["observed"] == 1);
        header["listening"].as_str().expect("an import says it").parse().expect("it is an address")
    }

    /// Waits for the token.
    pub(crate) fn token(&mut self) -> String {
        self.state(1)["details"]["token"].as_str().expect("it is there").to_owned()
    }

    /// Says a line on its standard input.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("it listens");
    }

    /// Says a call, and waits for as many lines of that call as there are then.
    pub(crate) fn call(&mut self, call: &str, args: &str) -> Value {
        let count = |seen: &[Value]| seen.iter().filter(|line| line["call"] == call).count();
        let before = count(&self.seen);
        self.say(&format!(r#"{{"call":"{call}","args":{args}}}"#));
        while count(&self.seen) == before {
            self.next().expect("the call returns");
        }
        self.seen.iter().rfind(|line| line["call"] == call).expect("it was counted")["ret"].clone()
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Ends it without a chance to do anything. Its ports are free afterwards.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it was started").is_some()
    }

    /// Waits for its end. Gives the exit code and the complaints.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        while self.next().is_some() {}
        let status = self.child.wait().expect("it ends");
        let complaints = self.complaints.take().expect("taken once").join().expect("they are read");
        Ended { code: code(status), complaints, lines: std::mem::take(&mut self.seen) }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The steps of a side, as its `--trace` writes them, one at a time.
pub(crate) struct Steps {
    lines: Receiver<String>,
    /// The lines that were taken.
    seen: Vec<String>,
}

impl Steps {
    /// Makes a FIFO at this path, which the option is to name.
    pub(crate) fn at(path: &Path) -> Self {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("there is mkfifo").success());
        let (sender, lines) = channel();
        let path = path.to_path_buf();
        thread::spawn(move || {
            let file = BufReader::new(std::fs::File::open(path).expect("it was made"));
            file.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { lines, seen: Vec::new() }
    }

    /// Waits for a step whose text has this in it.
    pub(crate) fn wait(&mut self, wanted: &str) {
        while !self.seen.last().is_some_and(|line| line.contains(wanted)) {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("no step has {wanted}: {:#?}", self.seen),
            }
        }
    }

    /// The steps so far.
    pub(crate) fn so_far(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }
}

/// The rest of a side.
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: i32,
    /// Its standard error.
    pub(crate) complaints: String,
    /// Its standard output.
    pub(crate) lines: Vec<Value>,
}

impl Ended {
    /// The states that were signalled.
    pub(crate) fn states(&self) -> Vec<u64> {
        self.lines.iter().filter_map(|line| line["state"].as_u64()).collect()
    }

    /// The details of the last signal.
    pub(crate) fn details(&self) -> &Value {
        &self.lines.iter().rfind(|line| line["state"] == 5).expect("DONE was signalled")["details"]
    }
}

/// The folders of accounts in a store.
pub(crate) fn accounts(store: &Path) -> Vec<String> {
    let names = std::fs::read_dir(store).expect("the store is there");
    let names = names.map(|entry| entry.expect("it can be listed").file_name().into_string().expect("names are text"));
    names.filter(|name| name != ".lock").collect()
}

/// Carries one connection to an address.
pub(crate) struct Relay {
    /// Where it is waited for.
    pub(crate) address: SocketAddr,
    carried: thread::JoinHandle<u64>,
}

impl Relay {
    /// Keeps back what comes after so many bytes on the way there.
    pub(crate) fn new(to: SocketAddr, most: u64) -> Self {
        Self::carrying(to, most, false)
    }

    /// Cuts the connection after so many bytes on the way there.
    pub(crate) fn cutting(to: SocketAddr, most: u64) -> Self {
        Self::carrying(to, most, true)
    }

    fn carrying(to: SocketAddr, most: u64, cuts: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        let carried = thread::spawn(move || {
            let (from, _) = listener.accept().expect("somebody connects");
            let to = TcpStream::connect(to).expect("somebody listens");
            let pair = |stream: &TcpStream| stream.try_clone().expect("it can be cloned");
            let (from_too, to_too) = (pair(&from), pair(&to));
            thread::spawn(move || carry(&to_too, &from_too, u64::MAX, false));
            carry(&from, &to, most, cuts)
        });
        Self { address, carried }
    }

    /// Bytes that came for the other end, kept back or not, once the connection is over.
    pub(crate) fn carried(self) -> u64 {
        self.carried.join().expect("nothing fails but the connection")
    }
}

/// Carries bytes one way, and the end at any time: that of the connection, or of the bytes that pass, if it cuts. Says how many came.
fn carry(mut from: &TcpStream, mut to: &TcpStream, most: u64, cuts: bool) -> u64 {
    let mut count = 0;
    let mut bytes = [0; 64 << 10];
    // A side that is gone ends it too, and no one waits for an answer.
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let passes = most.saturating_sub(count).min(read as u64) as usize;
        count += read as u64;
        let _ = to.write_all(&bytes[..passes]);
        if cuts && count >= most {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    count
}

/// Says that a test skips itself, past the harness, which shows what a test prints only when it fails.
pub(crate) fn skipped(why: impl Display) {
    let _ = writeln!(io::stderr(), "SKIPPED: {why}");
}
