//! `handfast check --explore`: a browser's way through the graph, over loopback.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
    thread,
};

use serde_json::Value;

use crate::support::{code, handfast, run, shown};

/// How often a page is asked for what it has to have at last: many times as often as it takes.
const LOOKS: usize = 100_000;

/// The Explorer of a configuration, until it is dropped.
struct Explorer {
    child: Child,
    address: String,
}

impl Explorer {
    fn of(configuration: &str) -> Self {
        Self::of_size("small", configuration)
    }

    fn of_size(size: &str, configuration: &str) -> Self {
        let mut command = handfast(["check", "--size", size, "--config", configuration, "--explore", "127.0.0.1:0"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim_end().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("no address: {first}")).to_owned();
        Self { child, address }
    }

    /// The status and the body.
    fn get(&mut self, path: &str) -> (u16, String) {
        let mut stream = loop {
            match TcpStream::connect(&self.address) {
                Ok(stream) => break stream,
                Err(error) => assert!(self.child.try_wait().unwrap().is_none(), "{error}"),
            }
            thread::yield_now();
        };
        // Of that version no answer comes in chunks.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn json(&mut self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing of the page comes from elsewhere.
#[test]
fn the_page_works_offline() {
    let mut explorer = Explorer::of("HH-documented-honest");
    let (status, page) = explorer.get("/");
    assert_eq!(status, 200);
    let loaded: Vec<_> = page.lines().filter(|line| line.contains("<script") || line.contains("<link")).collect();
    assert!(!loaded.is_empty() && loaded.iter().all(|line| !line.contains("//")), "{loaded:?}");
    for part in ["/app.js", "/app.css", "/knockout-3.5.0.js"] {
        let (status, text) = explorer.get(part);
        assert!(status == 200 && !text.is_empty(), "{part}: {status}");
    }
    for nothing in ["/nothing", "/.states/99", "/.states/0/99", "/.states/x"] {
        assert_eq!(explorer.get(nothing).0, 404, "{nothing}");
    }
}

/// Each state comes with the way to it, as a picture, in every kind of configuration.
#[test]
fn a_way_is_drawn() {
    for configuration in ["HH-documented-honest", "HH-documented-again", "HH-documented-clients", "LL-jamid-honest"] {
        let mut explorer = Explorer::of(configuration);
        assert!(explorer.json("/.status")["properties"].as_array().is_some_and(|all| all.len() > 2));
        let next = explorer.json("/.states/0");
        let first = &next[0];
        assert!(first["action"].as_str().is_some_and(|action| action.contains("new device")), "{next}");
        let picture = first["svg"].as_str().unwrap_or_default();
        assert!(picture.starts_with("<svg ") && picture.contains("New Daemon"), "{configuration}: {picture}");
    }
}

/// A graph that takes minutes to explore is walked through at once. Until it is known what can be reached, all goals are listed.
#[test]
fn a_large_graph_is_served_at_once() {
    let mut explorer = Explorer::of_size("full", "HH-documented-everything");
    assert!(explorer.json("/.states/0")[0]["svg"].is_string());
    let status = explorer.json("/.status");
    let names: Vec<_> = status["properties"].as_array().unwrap().iter().map(|one| one[1].as_str().unwrap()).collect();
    assert!(names.contains(&"P-GATE") && names.contains(&"both succeed"), "{names:?}");
}

#[test]
fn an_address_that_is_taken_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(["check", "--size", "small", "--config", "HH-documented-honest", "--explore", &address], b"");
    assert_eq!(code(output.status), 2, "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&address), "{}", shown(&output));
}

/// The page has the name of the configuration as its title, the choices and the path above the status, and only goals that are reached.
#[test]
fn the_page_is_that_of_the_configuration() {
    let mut explorer = Explorer::of("HH-documented-honest");
    let (_, page) = explorer.get("/");
    assert!(page.contains("<title>HH-documented-honest</title>") && !page.contains("Stateright Explorer"), "{page}");
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what}: {page}"));
    let order =
        ["<main", "Next Action Choices", "Path of Actions", "<h2>Status", "<h2>Properties", "Current State"].map(at);
    assert!(order.is_sorted(), "{order:?}");
    // No disk fails in this configuration, which is known once its graph is explored.
    let names = |properties: &Value| -> Vec<String> {
        properties.as_array().unwrap().iter().map(|one| one[1].as_str().unwrap().to_owned()).collect()
    };
    let fails = |names: &[String]| names.iter().any(|name| name.contains("Storage"));
    let known = (0..LOOKS).any(|_| !fails(&names(&explorer.json("/.status")["properties"])));
    assert!(known, "goals that cannot be reached stay");
    let status = explorer.json("/.status");
    assert_eq!(status["model"], "HH-documented-honest");
    for properties in [&status["properties"], &explorer.json("/.states/0")[0]["properties"]] {
        let names = names(properties);
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        assert!(has("P-GATE") && has("both succeed") && !fails(&names), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("explored to its end")), "{names:?}");
    }
}
