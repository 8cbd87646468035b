//! The client in a browser, as a program that speaks HTTP sees it: the page's requests, without a page.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Folder, accounts, code, handfast, text};

/// One side of a link, whose page is open.
pub(crate) struct Page {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// The address, with its secret.
    pub(crate) address: String,
}

impl Page {
    /// Starts a command with `--web`, and reads its page's address.
    pub(crate) fn of(args: &[&str]) -> Self {
        let mut child =
            handfast(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no address is printed: {seen}");
            if let Some(address) = line.trim().strip_prefix("http://") {
                break format!("http://{address}");
            }
            seen.push_str(&line);
        };
        Self { child, stderr, address }
    }

    /// Waits for its end. Gives the exit code, its standard output, and the rest of its standard error.
    pub(crate) fn end(mut self) -> (i32, String, String) {
        let (mut out, mut complaints) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.stderr.read_to_string(&mut complaints).unwrap();
        (code(self.child.wait().unwrap()), out, complaints)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser's tab, without a browser.
struct Tab {
    host: String,
    path: String,
    cookie: String,
    key: String,
    screens: BufReader<TcpStream>,
    /// The screen that is shown.
    screen: Value,
}

impl Tab {
    fn open(address: &str) -> Self {
        let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let (host, path) = (host.to_owned(), format!("/{path}"));
        let between = |text: &str, from: &str, to: char| {
            text.split(from).nth(1).and_then(|rest| rest.split(to).next()).expect("it is there").to_owned()
        };
        let page = ask(&host, &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"));
        let (cookie, key) = (between(&page, "set-cookie: ", ';'), between(&page, "data-tab=\"", '"'));
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET {path}screens?tab={key} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n\r\n").unwrap();
        Self { host, path, cookie, key, screens: BufReader::new(stream), screen: Value::Null }
    }

    /// The text of the screen that is shown.
    fn text(&self) -> String {
        let texts = self.screen["blocks"].as_array().into_iter().flatten().filter_map(|block| block["text"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Waits for a screen with this text.
    fn wait(&mut self, wanted: &str) -> Value {
        while !self.text().contains(wanted) {
            let mut line = String::new();
            assert_ne!(self.screens.read_line(&mut line).unwrap(), 0, "{wanted:?} is not shown after {}", self.text());
            if let Some(json) = line.strip_prefix("data: ") {
                self.screen = serde_json::from_str(json).unwrap();
            }
        }
        self.screen.clone()
    }

    fn act(&self, action: Value) {
        let mut action = action;
        action["screen"] = self.screen["screen"].clone();
        let (host, body) = (&self.host, action.to_string());
        let answer = ask(
            host,
            &format!(
                "POST {}act HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {}\r\nx-handfast-tab: {}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                self.path,
                self.cookie,
                self.key,
                body.len()
            ),
        );
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }

    fn press(&self, key: &str) {
        self.act(json!({ "key": key }));
    }

    fn type_in(&self, text: &str) {
        self.act(json!({ "typed": text, "enter": true }));
    }
}

fn ask(host: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A made-up account with a password, a page that imports, and where it is reached.
pub(crate) fn importing(own: &Folder, more: &[&str]) -> Page {
    let store = own.path("store");
    let args = ["import", "--web", "--key-type", "p256", "--rendezvous", "direct", "--store", text(&store)];
    Page::of(&[&args[..], more].concat())
}

/// An account is linked by two pages: the token and the passwords are typed there, and are printed nowhere. Scripts read the same
/// as without a page.
#[test]
fn an_account_is_linked_from_page_to_page() {
    let own = Folder::default();
    let passwords = own.file("passwords", "hunter2\n");
    let archive = own.archive("account.gz", "100KiB", Some(&passwords));
    let import = importing(&own, &["--json"]);
    let mut new = Tab::open(&import.address);
    let screen = new.wait("The token:");
    let part = |kind: &str| {
        let parts = screen["blocks"].as_array().unwrap();
        parts.iter().find(|part| part["is"] == kind).unwrap_or_else(|| panic!("{kind}: {screen}")).clone()
    };
    let token = part("token")["text"].as_str().unwrap().to_owned();
    assert!(part("code")["path"].as_str().unwrap().starts_with('M'));
    let shown = new.text();
    let peer = shown.split("--peer ").nth(1).unwrap().split_whitespace().next().unwrap();

    let export = Page::of(&["export", "--web", "--json", "--archive", text(&archive), "--peer", peer]);
    let mut old = Tab::open(&export.address);
    old.wait("The password of");
    old.type_in("wrong");
    old.wait("Wrong password");
    old.type_in("hunter2");
    old.wait("How is the token to be taken?");
    old.press("t");
    old.wait("The token that the new device shows:");
    old.act(json!({ "typed": &token[..20] }));
    old.wait("Next: a digit of the device id");
    old.act(json!({ "typed": token.replace("://", ":/") }));
    old.wait("No token: at character");
    // Back, and once more.
    old.press("Esc");
    old.wait("How is the token to be taken?");
    old.press("t");
    old.wait("No token: at character");
    old.type_in(&token);
    old.wait("Is it yours");
    old.press("y");

    new.wait("Is this the account that you want here?");
    new.press("y");
    new.wait("Its password:");
    new.type_in("wrong");
    new.wait("2 tries are left");
    new.type_in("hunter2");
    let end = new.wait("The account is on this device.");
    assert_eq!(end["ended"], true);
    assert_eq!(old.wait("The account is on the new device.")["ended"], true);

    let (import, export) = (import.end(), export.end());
    for (code, out, complaints) in [&import, &export] {
        assert_eq!(*code, 0, "{out}\n{complaints}");
        assert!(!out.contains("hunter2") && !complaints.contains("hunter2"), "{out}\n{complaints}");
        let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        assert_eq!(lines.last().unwrap()["state"], 5, "{out}");
    }
    assert_eq!(accounts(&own.path("store")).len(), 1);
}

/// Two users compare what the two pages show (R-SAS-8). An answer counts for the string that was shown, and *no* ends both.
#[test]
fn pages_are_compared() {
    for (equal, code, end) in [(true, 0, "The account is on this device."), (false, 18, "showed different strings")] {
        let own = Folder::default();
        let archive = own.archive("account.gz", "16KiB", None);
        let import = importing(&own, &["--sas"]);
        let mut new = Tab::open(&import.address);
        let screen = new.wait("The token:");
        let parts = screen["blocks"].as_array().unwrap();
        let token = parts.iter().find(|part| part["is"] == "token").unwrap()["text"].as_str().unwrap();
        let shown = new.text();
        let peer = shown.split("--peer ").nth(1).unwrap().split_whitespace().next().unwrap();
        let export = Page::of(&["export", "--web", "--sas", "--archive", text(&archive), "--peer", peer, token]);
        let mut old = Tab::open(&export.address);
        let strings = [&mut new, &mut old].map(|tab| {
            tab.wait("Does it show the same?");
            let shown = tab.text();
            let lines = shown.lines().skip_while(|line| !line.contains("the same digits and words")).skip(1).take(2);
            lines.map(str::to_owned).collect::<Vec<_>>()
        });
        assert_eq!(strings[0], strings[1]);
        assert_eq!(strings[0][1].split(' ').count(), 4, "{strings:?}");
        new.press("y");
        old.press(if equal { "y" } else { "n" });
        if equal {
            new.wait("Is this the account that you want here?");
            new.press("y");
        }
        assert_eq!(new.wait(end)["ended"], true);
        assert_eq!([import.end().0, export.end().0], [code, code]);
    }
}

/// Each screen can be left by the page, and the end says so there.
#[test]
fn a_page_cancels() {
    let own = Folder::default();
    let import = importing(&own, &[]);
    let mut new = Tab::open(&import.address);
    new.wait("The token:");
    new.press("Esc");
    assert_eq!(new.wait("Canceled on this device.")["ended"], true);
    assert_eq!(import.end().0, 13);

    let archive = own.archive("account.gz", "16KiB", None);
    let export = Page::of(&["export", "--web", "--archive", text(&archive), "--peer", "127.0.0.1:9"]);
    let mut old = Tab::open(&export.address);
    old.wait("How is the token to be taken?");
    old.press("s");
    old.wait("Start the camera");
    old.press("Enter");
    old.wait("The camera looks");
    old.act(json!({ "camera": "NotFoundError" }));
    old.wait("This device has no camera.");
    old.press("s");
    old.wait("Start the camera");
    old.press("Esc");
    old.wait("How is the token to be taken?");
    old.press("Esc");
    assert_eq!(old.wait("Canceled on this device.")["ended"], true);
    assert_eq!(export.end().0, 13);
}

/// A failure before there is a link is shown by the page, too.
#[test]
fn a_page_shows_a_failure() {
    let own = Folder::default();
    let archive = own.file("account.gz", "no archive");
    let export = Page::of(&["export", "--web", "--archive", text(&archive), "--peer", "127.0.0.1:9"]);
    let (code, _, complaints) = export.end();
    assert_eq!(code, 15, "{complaints}");

    let passwords = own.file("passwords", "hunter2\n");
    let archive = own.archive("protected.gz", "16KiB", Some(&passwords));
    let export = Page::of(&["export", "--web", "--archive", text(&archive), "--peer", "127.0.0.1:9"]);
    let mut old = Tab::open(&export.address);
    old.wait("The password of");
    old.press("Esc");
    assert_eq!(old.wait("given up")["ended"], true);
    assert_eq!(export.end().0, 13);
}
