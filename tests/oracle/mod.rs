//! The other ends of the tests of the network, as child processes: nodes of OpenDHT's C++ library, and two devices that are not ours.

use std::{
    env,
    ffi::OsString,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

/// Where the folder of the package is.
fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Python with all that these programs need; none, with a line that says so, where it is missing.
fn python() -> Option<Command> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let command = || {
        let own = package().join("target/ci-tools").into_os_string();
        let given = env::var_os("PYTHONPATH").unwrap_or_default();
        let all: Vec<OsString> = env::split_paths(&given).map(Into::into).chain([own]).collect();
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", env::join_paths(all).expect("folders without a colon"));
        command
    };
    let found = *FOUND.get_or_init(|| {
        let ask = command().args(["-c", "import opendht, msgpack, cryptography"]).stderr(Stdio::null()).status();
        ask.is_ok_and(|status| status.success())
    });
    if !found {
        let required = env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
        let what = "python3 with opendht 4.4.2, msgpack and cryptography (pip install)";
        assert!(!required, "required, and missing: {what}");
        println!("skipped: no {what}");
        return None;
    }
    Some(command())
}

/// A program that runs. Dropping it ends it.
struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(mut command: Command, program: &str, args: &[&str]) -> Self {
        command.arg(package().join(program)).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 starts");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, input, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it writes text");
        line.trim_end_matches('\n').to_owned()
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it reads");
    }
}

/// Nodes of the C++ library that know each other, on 127.0.0.1.
pub(crate) struct Nodes {
    nodes: Vec<Program>,
    port: u16,
}

impl Nodes {
    /// Starts so many.
    pub(crate) fn start(count: usize) -> Option<Self> {
        let mut all = Self { nodes: Vec::new(), port: 0 };
        for at in 0..count {
            let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
            let port = free.expect("there is a port").port();
            let mut node = Program::start(python()?, "dht/tests/oracle/node.py", &[&port.to_string()]);
            assert!(node.line().contains("ready"));
            if at == 0 {
                all.port = port;
            } else {
                node.say(&format!(r#"{{"do":"bootstrap","port":{}}}"#, all.port));
                assert!(node.line().contains("true"));
            }
            all.nodes.push(node);
        }
        Some(all)
    }

    /// The address by which to join.
    pub(crate) fn bootstrap(&self) -> [SocketAddr; 1] {
        [SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))]
    }
}

/// An importing device that is not ours: see `importer.py`.
pub(crate) struct Importing(Program);

impl Importing {
    pub(crate) fn start(nodes: &Nodes, variant: &str) -> Self {
        let python = python().expect("it was there for the nodes");
        Self(Program::start(python, "tests/oracle/importer.py", &[&nodes.port.to_string(), variant]))
    }

    pub(crate) fn token(&mut self) -> String {
        self.0.line()
    }

    /// Waits until TLS is there from its side: it has shown the certificate that it has, if it has one.
    pub(crate) fn secured(&mut self) {
        assert_eq!(self.0.line(), "secured");
    }

    /// The text that it received, after [`Importing::secured`].
    pub(crate) fn archive(&mut self) -> String {
        self.0.line()
    }
}

/// An exporting device that is not ours: see `exporter.py`.
pub(crate) struct Exporting(Program);

impl Exporting {
    pub(crate) fn start(nodes: &Nodes, variant: &str, token: &str, archive: &[u8]) -> Self {
        let python = python().expect("it was there for the nodes");
        let mut program =
            Program::start(python, "tests/oracle/exporter.py", &[&nodes.port.to_string(), token, variant]);
        program.say(std::str::from_utf8(archive).expect("an archive is text"));
        assert_eq!(program.line(), "asked", "{variant}");
        Self(program)
    }

    /// Waits until it says that it has linked.
    pub(crate) fn end(mut self) {
        assert_eq!(self.0.line(), "linked");
    }

    /// Waits until TLS is there, and until the other side has ended the link: for a device that shows another leaf.
    pub(crate) fn refused(mut self) {
        assert_eq!([self.0.line(), self.0.line()], ["secured", "the link is over"]);
    }

    /// Ends its wait for an answer. Returns "no answer" where none has come.
    pub(crate) fn unanswered(&mut self) -> String {
        self.0.say("");
        self.0.line()
    }
}
