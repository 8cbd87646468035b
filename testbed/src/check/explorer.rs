//! `stateright`'s Explorer, as this command serves it: its page has the configuration's name as its title, the next choices and the path
//! above everything else, and only the goals that the configuration can reach. A server of our own does it, in front of `stateright`'s.

use std::{
    collections::BTreeSet,
    env,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use handfast_model::{config::Configuration, explore::Limits, players::Players, walk};
use serde_json::Value;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

use crate::{failure::Failure, output};

/// How often the server within is tried until it listens, and the time between two tries.
const TRIES: usize = 1000;
const AGAIN: Duration = Duration::from_millis(10);

/// Where the part of its page begins that comes first in ours, and where it ends.
const PATH: &str = "<h2>Path of Actions</h2>";
const CHOICES: &str = "<h2>Next Action Choices</h2>";
const END: &str = "</nav>";
/// Where they are put: the beginning of its navigation.
const BEGIN: &str = "<nav class=\"main-flex-left\">";
/// Its title, and its head line.
const TITLE: &str = "Stateright Explorer";

/// Serves it at this address, for ever.
pub(super) fn serve(
    players: Option<Players>,
    configuration: Configuration,
    limits: Limits,
    address: SocketAddr,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::usage(format_args!("--explore {address}: {error}"));
    let listener = TcpListener::bind(address).map_err(|error| failed(&error))?;
    let shown = listener.local_addr().map_err(|error| failed(&error))?;
    let server = Server::from_listener(listener, None).map_err(|error| failed(&error))?;
    // The server within prefers pages of the folder that it is started in.
    env::set_current_dir("/").map_err(|error| Failure::reason(format_args!("/: {error}")))?;
    output::line(format_args!("http://{shown}/"))?;
    let players = players.unwrap_or_default();
    let goals = Arc::new(OnceLock::new());
    let found = goals.clone();
    // The graph may be a large one: until it is explored, the page has all goals.
    thread::spawn(move || found.set(reached(&players, configuration, limits)));
    // It panics where it cannot listen: nothing that takes time comes between the choice of its port and its start.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    let within = free.map_err(|error| failed(&error))?;
    let page = Page { name: configuration.id(), reached: goals, within };
    thread::spawn(move || {
        for request in server.incoming_requests() {
            // A reader that has left needs no answer.
            let _ = page.answer(request);
        }
    });
    walk::serve(&players, configuration, within);
    Ok(())
}

/// The goals that can be reached. `None`: the graph is larger than the limits, and nothing is known.
fn reached(players: &Players, configuration: Configuration, limits: Limits) -> Option<BTreeSet<&'static str>> {
    walk::reached(players, configuration, limits).map(|goals| goals.into_iter().collect())
}

/// The page of one configuration.
struct Page {
    name: String,
    /// The goals that can be reached, once that is known.
    reached: Arc<OnceLock<Option<BTreeSet<&'static str>>>>,
    /// The address of the server within.
    within: SocketAddr,
}

impl Page {
    fn answer(&self, request: Request) -> io::Result<()> {
        let method = match request.method() {
            Method::Get => "GET",
            Method::Post => "POST",
            _ => return request.respond(Response::empty(405)),
        };
        let url = request.url().to_owned();
        let (status, body) = self.ask(method, &url)?;
        let (kind, body) = match &*url {
            _ if status != 200 => ("text/plain", body),
            "/" => ("text/html; charset=utf-8", arranged(&String::from_utf8_lossy(&body), &self.name).into_bytes()),
            _ if url.starts_with("/.stat") => ("application/json", self.without_unreachable(&body)),
            _ if url.ends_with(".css") => ("text/css", body),
            _ => ("text/javascript", body),
        };
        let header = Header::from_bytes("Content-Type", kind).map_err(|()| io::Error::other("not a header"))?;
        request.respond(Response::from_data(body).with_status_code(StatusCode(status)).with_header(header))
    }

    /// Asks the server within.
    fn ask(&self, method: &str, url: &str) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = self.connect()?;
        // Of this version no answer comes in chunks.
        write!(stream, "{method} {url} HTTP/1.0\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let line = String::from_utf8_lossy(&answer[..head]);
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or(io::ErrorKind::InvalidData)?, answer.split_off(head + 4)))
    }

    /// Connects to it, once it listens.
    fn connect(&self) -> io::Result<TcpStream> {
        for _ in 1..TRIES {
            match TcpStream::connect(self.within) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => thread::sleep(AGAIN),
                connected => return connected,
            }
        }
        TcpStream::connect(self.within)
    }

    /// The same answer with the configuration's name as the model's, and without the goals that cannot be reached.
    fn without_unreachable(&self, body: &[u8]) -> Vec<u8> {
        let Ok(mut answer) = serde_json::from_slice::<Value>(body) else { return body.to_owned() };
        if let Some(model) = answer.get_mut("model") {
            *model = self.name.clone().into();
        }
        let parts = match &mut answer {
            Value::Array(states) => states.iter_mut().collect(),
            status => vec![status],
        };
        for properties in parts.into_iter().filter_map(|part| part.get_mut("properties")?.as_array_mut()) {
            properties.retain(|property| self.is_shown(property));
        }
        serde_json::to_vec(&answer).unwrap_or_else(|_| body.to_owned())
    }

    /// Whether a property is one that a reader looks for: a goal that can be reached, or what always holds and has an id.
    fn is_shown(&self, property: &Value) -> bool {
        let (expectation, name) = (&property[0], property[1].as_str().unwrap_or_default());
        match expectation.as_str() {
            Some("Sometimes") => {
                self.reached.get().and_then(Option::as_ref).is_none_or(|reached| reached.contains(name))
            }
            // The model has one more, which keeps the search from an early end.
            _ => !name.starts_with('('),
        }
    }
}

/// Its page with a title of its own, and with the choices and the path first. A page that is another than this command knows stays as it
/// is, but for the title.
fn arranged(page: &str, name: &str) -> String {
    let page = page.replace(TITLE, name);
    let Some(parts) = parts(&page) else { return page };
    let [before, rest, path, choices, after] = parts;
    [before, BEGIN, choices, path, rest, after].concat()
}

/// The page up to its navigation; the navigation up to the path, the path, the choices; and what follows.
fn parts(page: &str) -> Option<[&str; 5]> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (path, choices) = (rest.find(PATH)?, rest.find(CHOICES)?);
    let end = choices + rest.get(choices..)?.find(END)?;
    Some([before, rest.get(..path)?, rest.get(path..choices)?, rest.get(choices..end)?, rest.get(end..)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: &str = "<title>Stateright Explorer</title><nav class=\"main-flex-left\">status\
                          <h2>Path of Actions</h2>path<h2>Next Action Choices</h2>choices</nav>state";

    #[test]
    fn the_choices_and_the_path_come_first() {
        let ours = "<title>HH</title><nav class=\"main-flex-left\"><h2>Next Action Choices</h2>choices\
                    <h2>Path of Actions</h2>pathstatus</nav>state";
        assert_eq!(arranged(THEIRS, "HH"), ours);
        assert_eq!(arranged("<nav>Stateright Explorer", "HH"), "<nav>HH");
    }

    #[test]
    fn goals_that_cannot_be_reached_are_not_shown() {
        let within = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let page = |reached: OnceLock<_>| Page { name: "HH".into(), reached: Arc::new(reached), within };
        let status = br#"{"model":"a::b","properties":[["Always","P-GATE",null],["Sometimes","both succeed",null],["Sometimes","never",null],["Always","(the graph is explored to its end)",null]]}"#;
        let shown = |page: &Page| -> Vec<String> {
            let answer: Value = serde_json::from_slice(&page.without_unreachable(status)).unwrap();
            assert_eq!(answer["model"], "HH");
            let all = answer["properties"].as_array().unwrap();
            all.iter().map(|property| property[1].as_str().unwrap().to_owned()).collect()
        };
        let all = ["P-GATE", "both succeed", "never"];
        assert_eq!(shown(&page(Some(["both succeed"].into()).into())), all[..2]);
        // The graph is larger than the limits, or is not yet explored.
        assert_eq!(shown(&page(None.into())), all);
        assert_eq!(shown(&page(OnceLock::new())), all);
        assert_eq!(page(None.into()).without_unreachable(b"no JSON"), b"no JSON");
    }
}
