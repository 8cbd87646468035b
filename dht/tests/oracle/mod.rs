//! Nodes of the C++ library as child processes, and a relay that treats datagrams badly.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use handfast_dht::InfoHash;
use handfast_dht::wire::{Message, Payload};
use serde_json::{Value as Json, json};
use tokio::net::UdpSocket;

/// Says whether a test must not skip itself.
pub(crate) fn required() -> bool {
    env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns Python with the wheel in its path.
fn python() -> Option<Command> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ci-tools");
    let command = || {
        let mut command = Command::new("python3");
        let path = env::var_os("PYTHONPATH").into_iter().chain([tools.clone().into_os_string()]);
        command.env(
            "PYTHONPATH",
            env::join_paths(path.flat_map(|all| env::split_paths(&all).collect::<Vec<_>>())).unwrap(),
        );
        command
    };
    let found = *FOUND.get_or_init(|| {
        let ask = command().args(["-c", "import opendht"]).stderr(Stdio::null()).status();
        ask.is_ok_and(|status| status.success())
    });
    if !found {
        assert!(!required(), "required, and missing: python3 with opendht (pip install opendht==4.4.2)");
        println!("skipped: no python3 with opendht (pip install opendht==4.4.2)");
        return None;
    }
    Some(command())
}

/// A node of the library. Dropping it kills its process.
pub(crate) struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Oracle {
    /// Starts a node at a free port of 127.0.0.1 and ::1.
    pub(crate) fn start(identity: bool) -> Option<Self> {
        let port = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        Self::start_at(port, identity)
    }

    pub(crate) fn start_at(port: u16, identity: bool) -> Option<Self> {
        let mut command = python()?;
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/node.py")).arg(port.to_string());
        if identity {
            command.arg("identity");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut oracle = Self { child, input, output, port };
        assert_eq!(oracle.line()["ready"], port);
        Some(oracle)
    }

    fn line(&mut self) -> Json {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    pub(crate) fn ask(&mut self, request: &Json) -> Json {
        writeln!(self.input, "{request}").unwrap();
        let answer = self.line();
        assert!(answer.get("error").is_none(), "{request}: {answer}");
        answer
    }

    pub(crate) fn bootstrap(&mut self, port: u16) {
        self.ask(&json!({"do": "bootstrap", "port": port}));
    }

    /// Looks a key up until it has values.
    pub(crate) fn get(&mut self, key: InfoHash) -> Vec<Json> {
        self.until(|oracle| {
            let answer = oracle.ask(&json!({"do": "get", "key": key.to_string()}));
            let values = answer["values"].as_array().unwrap().clone();
            (!values.is_empty()).then_some(values)
        })
    }

    /// Waits until its listening has brought such a value.
    pub(crate) fn received(&mut self, wanted: impl Fn(&Json) -> bool) -> Json {
        self.until(|oracle| {
            let answer = oracle.ask(&json!({"do": "received"}));
            answer["values"].as_array().unwrap().iter().find(|value| wanted(value)).cloned()
        })
    }

    /// Waits until its listening has reported that a value is gone.
    pub(crate) fn expired(&mut self, id: u64) {
        self.until(|oracle| {
            let answer = oracle.ask(&json!({"do": "received"}));
            answer["expired"].as_array().unwrap().iter().any(|gone| *gone == id).then_some(())
        });
    }

    /// Asks again and again: a process of its own is waited for by polling.
    fn until<T>(&mut self, mut ask: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(90);
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            assert!(Instant::now() < end, "the library's node has not got it within 90 seconds");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}

/// Counts of a relay's faults.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    pub(crate) lost: u32,
    pub(crate) swapped: u32,
    pub(crate) doubled: u32,
}

/// Passes datagrams between one node of ours and one of the library: loses, doubles, and swaps some.
pub(crate) struct Relay {
    port: u16,
    counts: Arc<Mutex<Counts>>,
}

impl Relay {
    pub(crate) async fn start(library: u16) -> Self {
        let outer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let inner = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = outer.local_addr().unwrap().port();
        let counts = Arc::new(Mutex::new(Counts::default()));
        tokio::spawn(relay(outer, inner, SocketAddr::from((Ipv4Addr::LOCALHOST, library)), counts.clone()));
        Self { port, counts }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.lock().unwrap().clone()
    }
}

/// Which datagrams are treated badly depends on a count alone: each seventh that carries values, or parts, is.
async fn relay(outer: UdpSocket, inner: UdpSocket, library: SocketAddr, counts: Arc<Mutex<Counts>>) {
    let seen = AtomicU32::new(0);
    let (mut ours, mut held) = (None, [None, None]);
    let mut buffers = [vec![0; 65_536], vec![0; 65_536]];
    let [from_ours, from_library] = &mut buffers;
    loop {
        let (bytes, direction) = tokio::select! {
            Ok((len, from)) = outer.recv_from(from_ours) => {
                ours = Some(from);
                (from_ours[..len].to_vec(), 0)
            }
            Ok((len, _)) = inner.recv_from(from_library) => (from_library[..len].to_vec(), 1),
        };
        let is_part = Message::decode(&bytes).is_ok_and(|message| matches!(message.payload, Payload::Parts(_)));
        let number = seen.fetch_add(u32::from(is_part || bytes.len() > 150), Ordering::Relaxed);
        let heavy = is_part || bytes.len() > 150;
        let mut now = Vec::new();
        {
            let mut counts = counts.lock().unwrap();
            match number % 23 {
                3 if heavy => counts.lost += 1,
                // It is passed after the next one.
                7 | 13 if heavy && held[direction].is_none() => {
                    counts.swapped += 1;
                    held[direction] = Some(bytes);
                }
                17 if heavy => {
                    counts.doubled += 1;
                    now.extend([bytes.clone(), bytes]);
                }
                _ => {
                    now.push(bytes);
                    now.extend(held[direction].take());
                }
            }
        }
        for bytes in now {
            // A relay may lose datagrams.
            let _ = match (direction, ours) {
                (0, _) => inner.send_to(&bytes, library).await,
                (_, Some(ours)) => outer.send_to(&bytes, ours).await,
                _ => continue,
            };
        }
    }
}
