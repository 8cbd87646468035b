//! `handfast dht` on the loopback interface.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::support::run;

/// A node that runs until it is dropped.
struct Node {
    process: Child,
    address: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn node() -> Node {
    let mut process = Command::new(env!("CARGO_BIN_EXE_handfast"))
        .args(["dht", "node", "--port", "0", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let up: serde_json::Value = serde_json::from_str(&line).unwrap();
    let addresses = up["addresses"].as_array().unwrap();
    assert!(addresses.iter().all(|address| address.as_str().unwrap().starts_with(['1', '['])), "{line}");
    let address = addresses[0].as_str().unwrap().to_owned();
    assert!(address.starts_with("127.0.0.1:"), "bound to the loopback interface alone");
    Node { process, address }
}

#[test]
fn a_value_is_put_and_found_by_processes_of_their_own() {
    let node = node();
    let at = ["--bootstrap", &node.address, "--json"];
    let none = run(["dht", "get", "=key"].into_iter().chain(at), b"");
    assert_eq!((none.status.code(), lines(&none.stdout).len()), (Some(1), 1));
    let put = run(["dht", "put", "=key", "--id", "7", "--user-type", "text"].into_iter().chain(at), b"hello");
    assert_eq!(lines(&put.stdout), [r#"{"event":"put","id":7,"acknowledged":1}"#]);
    let got = run(["dht", "get", "=key"].into_iter().chain(at), b"");
    assert_eq!(
        lines(&got.stdout),
        [
            r#"{"event":"value","id":7,"type":0,"user_type":"text","owner":null,"data":"68656c6c6f"}"#,
            r#"{"event":"got","values":1,"answered":1}"#,
        ]
    );
    let ping = run(["dht", "ping", &node.address], b"");
    assert!(ping.status.success() && lines(&ping.stdout)[0].starts_with("node "));
}

#[test]
fn what_cannot_be_done_says_why() {
    let node = node();
    let port = node.address.rsplit(':').next().unwrap();
    for (args, code, text) in [
        (&["dht", "get", "key", "--bootstrap", &node.address][..], 2, "for the SHA-1 of a text write `=key`"),
        (&["dht", "get", "=key"], 2, "--bootstrap"),
        (&["dht", "get", "=key", "--bootstrap", "nowhere"], 1, "give HOST:PORT"),
        (&["dht", "node", "--port", port], 1, "choose another --port"),
    ] {
        let output = run(args.iter().copied(), b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && said.contains(text), "{args:?}: {said}");
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}
