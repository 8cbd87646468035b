//! The server as an attacker meets it: the table of `docs/web.md`.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use handfast::token::Token;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    limits::{MAX_CONNECTIONS, MAX_FIELDS, MAX_HEAD, MAX_IMAGE},
    *,
};
use crate::tui::page::{Block, Hint};

/// So long that no honest request is late, and so short that one that stops is.
const SOON: Deadlines =
    Deadlines { head: Duration::from_millis(300), body: Duration::from_millis(300), end: Duration::from_secs(20) };
const PATIENT: Deadlines =
    Deadlines { head: Duration::from_secs(100), body: Duration::from_secs(100), end: Duration::from_secs(20) };

/// A server with a page on it.
struct Site {
    browser: Browser,
    server: Server,
    host: String,
    secret: String,
}

/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// As the table has it.
    fn shown(&self) -> String {
        match self.status {
            0 => "closed".to_owned(),
            status => {
                let text = self.body.split("\"text\":\"").nth(1).and_then(|text| text.split('"').next());
                format!("{status} {}", text.unwrap_or(&self.body).trim()).trim().to_owned()
            }
        }
    }
}

/// A browser that opened the page.
struct Tab {
    cookie: String,
    key: String,
}

impl Site {
    async fn new(deadlines: Deadlines) -> Self {
        let (browser, server) = Browser::serve(Side::Export, deadlines).await.unwrap();
        let address = server.address().to_owned();
        let (host, secret) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut site = Self { browser, server, host: host.to_owned(), secret: secret.trim_matches('/').to_owned() };
        site.show("first", |page| {
            page.text("<script>alert(1)</script>").field("", 0, None).push(Block::Camera).push(Block::Image);
            page.push(Block::Hints(vec![Hint::new(&[Key::Enter], "go on"), Hint::CANCEL]));
        });
        site
    }

    fn show(&mut self, question: &str, draw: impl FnOnce(&mut Page)) {
        self.browser.draw(&question, |surface| {
            let mut page = Page::new(surface);
            draw(&mut page);
            page
        });
    }

    /// Sends bytes, and reads until the server closes the connection.
    async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        // It may be closed before all is taken.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Answer::of(&answer)
    }

    /// A request with these fields besides the length and the end of the connection.
    async fn ask(&self, line: &str, fields: &str, body: &[u8]) -> Answer {
        let length =
            if line.starts_with("GET") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let head = format!("{line} HTTP/1.1\r\n{fields}{length}connection: close\r\n\r\n");
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// Opens the page.
    async fn open(&self, cookie: Option<&str>) -> (Answer, Option<Tab>) {
        let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        let fields = format!("host: {}\r\nsec-fetch-site: none\r\n{cookie}", self.host);
        let answer = self.ask(&format!("GET /{}/", self.secret), &fields, b"").await;
        let between = |text: &str, from: &str, to: char| {
            text.split(from).nth(1).and_then(|rest| rest.split(to).next()).map(ToOwned::to_owned)
        };
        let cookie = between(&answer.head, "set-cookie: ", ';');
        let key = between(&answer.body, "data-tab=\"", '"');
        let tab = cookie.zip(key).map(|(cookie, key)| Tab { cookie, key });
        (answer, tab)
    }

    /// The fields of an honest request of a tab, but for those that are other.
    fn fields(&self, tab: &Tab, others: &[(&str, &str)]) -> String {
        let own = [
            ("host", self.host.clone()),
            ("origin", format!("http://{}", self.host)),
            ("sec-fetch-site", "same-origin".into()),
            ("cookie", tab.cookie.clone()),
            ("x-handfast-tab", tab.key.clone()),
            ("x-handfast-screen", self.browser.panel.0.screen().to_string()),
            ("content-type", "application/json".into()),
        ];
        let mut fields = String::new();
        for (name, value) in own {
            let value = others.iter().find(|(other, _)| *other == name).map_or(value, |(_, other)| (*other).to_owned());
            if !value.is_empty() {
                let _ = write!(fields, "{name}: {value}\r\n");
            }
        }
        fields
    }

    async fn post(&self, name: &str, tab: &Tab, others: &[(&str, &str)], body: &[u8]) -> Answer {
        self.ask(&format!("POST /{}/{name}", self.secret), &self.fields(tab, others), body).await
    }

    /// A key of the screen that is shown.
    fn press(&self, key: &str) -> String {
        format!(r#"{{"screen":{},"key":"{key}"}}"#, self.browser.panel.0.screen())
    }

    /// Whether an event arrived at the client.
    fn has_event(&mut self) -> bool {
        self.browser.events.try_recv().is_ok()
    }
}

/// Opens a stream of screens, and reads from it until a text is there, or to its end.
async fn stream(site: &Site, tab: &Tab, until: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(&site.host).await.unwrap();
    let head = format!(
        "GET /{}/screens?tab={} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\n\r\n",
        site.secret, tab.key, site.host, tab.cookie
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let seen = read_until(&mut stream, until).await;
    (stream, seen)
}

async fn read_until(stream: &mut TcpStream, until: &str) -> String {
    let (mut seen, mut bytes) = (String::new(), [0; 4096]);
    while !seen.contains(until) {
        match stream.read(&mut bytes).await {
            Ok(read @ 1..) => seen.push_str(&String::from_utf8_lossy(&bytes[..read])),
            _ => break,
        }
    }
    seen
}

#[tokio::test]
async fn an_honest_page_is_served_and_acts() {
    let mut site = Site::new(PATIENT).await;
    let (page, tab) = site.open(None).await;
    assert_eq!(page.status, 200);
    let tab = tab.expect("there is a cookie and a key");
    for field in [
        "content-security-policy: default-src 'none'; script-src 'self';",
        "trusted-types 'none'",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "cross-origin-resource-policy: same-origin",
        "httponly; samesite=strict",
    ] {
        assert!(page.head.contains(field), "{field}: {}", page.head);
    }
    assert!(!page.body.contains("style=") && !page.body.contains("<script>"), "{}", page.body);
    for file in ["page.js", "page.css"] {
        let fields = site.fields(&tab, &[("origin", "")]);
        assert_eq!(site.ask(&format!("GET /{}/{file}", site.secret), &fields, b"").await.status, 200, "{file}");
    }
    // A text that looks like markup is text in JSON.
    let (_stream, seen) = stream(&site, &tab, "\n\n").await;
    assert!(seen.contains("content-type: text/event-stream"), "{seen}");
    let (_stream, seen) = stream(&site, &tab, "cancel").await;
    assert!(seen.contains(r#"{"is":"text","text":"<script>alert(1)</script>","style":"plain"}"#), "{seen}");
    assert_eq!(site.post("act", &tab, &[], site.press("Enter").as_bytes()).await.status, 202);
    assert!(matches!(site.browser.next().await, Event::Key(Key::Enter)));
    let typed = format!(r#"{{"screen":{},"typed":"päss","enter":true}}"#, site.browser.panel.0.screen());
    assert_eq!(site.post("act", &tab, &[], typed.as_bytes()).await.status, 202);
    let Event::Typed { text, enter: true } = site.browser.next().await else { panic!("a text was typed") };
    assert_eq!(text.as_str(), "päss");
    let lost = format!(r#"{{"screen":{},"camera":"NotAllowedError"}}"#, site.browser.panel.0.screen());
    assert_eq!(site.post("act", &tab, &[], lost.as_bytes()).await.status, 202);
    let Event::NoCamera(why) = site.browser.next().await else { panic!("the camera is missing") };
    assert!(why.contains("does not allow"), "{why}");
}

/// An action that crosses the next screen on its way has no effect there, whichever of the two is first.
#[tokio::test]
async fn an_action_counts_on_its_own_screen_alone() {
    let mut site = Site::new(PATIENT).await;
    let tab = site.open(None).await.1.unwrap();
    assert_eq!(site.post("act", &tab, &[], site.press("Enter").as_bytes()).await.status, 202);
    site.show("second", |page| {
        page.push(Block::Hints(vec![Hint::new(&[Key::Enter], "agree"), Hint::CANCEL]));
    });
    assert_eq!(site.post("act", &tab, &[], site.press("Esc").as_bytes()).await.status, 202);
    assert!(matches!(site.browser.next().await, Event::Key(Key::Esc)));
}

/// A token, as it is written by `token qr`, is found by the frames' way and by the images'.
#[tokio::test]
async fn a_code_is_read_from_frames_and_images() {
    const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code.png");
    crate::qr::image::write(&path, &Token::parse(TOKEN.as_bytes()).unwrap()).unwrap();
    let image = fs::read(path).unwrap();
    let mut site = Site::new(PATIENT).await;
    let tab = site.open(None).await.1.unwrap();
    for way in ["frame", "image"] {
        let answer = site.post(way, &tab, &[("content-type", "image/png")], &image).await;
        assert_eq!((answer.status, answer.body.as_str()), (202, r#"{"found":true}"#), "{way}");
        let Event::Seen(token) = site.browser.next().await else { panic!("a token was seen") };
        assert_eq!(token.text().to_string(), TOKEN);
    }
}

/// A tab that is opened later takes the page over: the earlier one learns it, and has no effect any more.
#[tokio::test]
async fn a_second_tab_takes_over() {
    let mut site = Site::new(PATIENT).await;
    let one = site.open(None).await.1.unwrap();
    let (mut first, _) = stream(&site, &one, "cancel").await;
    let two = site.open(Some(&one.cookie)).await.1.unwrap();
    assert!(read_until(&mut first, "event: moved").await.contains("event: moved"));
    assert_eq!(site.post("act", &one, &[], site.press("Esc").as_bytes()).await.status, 403);
    let stale = Tab { cookie: two.cookie.clone(), key: one.key };
    assert_eq!(site.post("act", &stale, &[], site.press("Esc").as_bytes()).await.status, 409);
    assert!(!site.has_event());
    assert_eq!(site.post("act", &two, &[], site.press("Esc").as_bytes()).await.status, 202);
    assert!(site.has_event());
}

/// The page ends with the operation: an open tab has the last screen, and then there is no server any more.
#[tokio::test]
async fn the_end_arrives_and_closes_the_server() {
    let site = Site::new(PATIENT).await;
    let tab = site.open(None).await.1.unwrap();
    let (mut open, _) = stream(&site, &tab, "cancel").await;
    let idle = TcpStream::connect(&site.host).await.unwrap();
    let host = site.host.clone();
    let panel = site.browser.panel();
    panel.end(&["The account is on the new device.".into()]);
    panel.end(&["The account is on the new device.".into(), "More.".into()]);
    drop(site.browser);
    site.server.close().await;
    let rest = read_until(&mut open, "\0").await;
    assert!(rest.contains(r#""ended":true"#) && rest.contains("The account is on the new device."), "{rest}");
    assert!(rest.contains("More.") && rest.ends_with("0\r\n\r\n"), "{rest}");
    drop(idle);
    assert!(TcpStream::connect(&host).await.is_err());
}

#[tokio::test]
async fn attacks_have_no_effect() {
    let mut table: Vec<(&str, String)> = Vec::new();
    let mut site = Site::new(SOON).await;
    let tab = site.open(None).await.1.unwrap();
    let press = site.press("Esc");
    let press = press.as_bytes();
    let host = site.host.clone();
    let port = host.rsplit(':').next().unwrap().to_owned();
    let with = |name, value: &str| vec![(name, value.to_owned())];
    let heads = [
        ("a page of another origin acts", with("origin", "http://evil.example")),
        ("a page without an origin (`null`), such as a file or a sandboxed frame, acts", with("origin", "null")),
        ("a program without an `Origin` acts", with("origin", "")),
        ("a page of another port of this device acts", with("origin", "http://127.0.0.1:1")),
        ("a name that was rebound to this device", with("host", &format!("evil.example:{port}"))),
        ("`localhost` in place of the address", with("host", &format!("localhost:{port}"))),
        ("a link or a frame of another site", with("sec-fetch-site", "cross-site")),
        ("a page of another port, as the browser reports it", with("sec-fetch-site", "same-site")),
        ("another browser, without the cookie", with("cookie", "")),
        ("a guessed cookie", with("cookie", "handfast=00000000000000000000000000000000")),
        ("no tab's key", with("x-handfast-tab", "")),
        ("a guessed tab's key", with("x-handfast-tab", "00000000000000000000000000000000")),
        ("an action as a form would send it", with("content-type", "text/plain")),
    ];
    for (what, others) in heads {
        let others: Vec<(&str, &str)> = others.iter().map(|(name, value)| (*name, value.as_str())).collect();
        table.push((what, site.post("act", &tab, &others, press).await.shown()));
    }
    let honest = site.fields(&tab, &[]);
    for (what, line) in [
        ("a guessed secret", "POST /00000000000000000000000000000000/act".to_owned()),
        ("no secret", "POST /act".into()),
        ("a path above the page", format!("POST /{}/../act", site.secret)),
        ("a preflight of another origin", format!("OPTIONS /{}/act", site.secret)),
        ("another method", format!("PUT /{}/act", site.secret)),
    ] {
        table.push((what, site.ask(&line, &honest, press).await.shown()));
    }
    table.push(("the address is opened in a second browser", site.open(None).await.0.shown()));
    let screen = site.browser.panel.0.screen();
    let secret = "hunter2";
    for (what, body) in [
        ("a body that is no JSON", format!("{{\"typed\":\"{secret}")),
        ("JSON of another form", format!(r#"["{secret}"]"#)),
        ("an action with an unknown member", format!(r#"{{"screen":{screen},"typed":"{secret}","run":1}}"#)),
        ("an action with two meanings", format!(r#"{{"screen":{screen},"typed":"{secret}","key":"Esc"}}"#)),
        ("an action of an earlier screen", format!(r#"{{"screen":{},"key":"Esc"}}"#, screen - 1)),
        ("a key that the screen does not offer", format!(r#"{{"screen":{screen},"key":"y"}}"#)),
    ] {
        table.push((what, site.post("act", &tab, &[], body.as_bytes()).await.shown()));
    }
    let large = vec![0; 10 << 20];
    let png = [("content-type", "image/png")];
    table.push(("a frame of 10 MB", site.post("frame", &tab, &png, &large).await.shown()));
    let chunked = format!(
        "POST /{}/frame HTTP/1.1\r\n{}transfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n",
        site.secret,
        site.fields(&tab, &png),
        large.len()
    );
    table.push((
        "the same without its length",
        site.raw(&[chunked.as_bytes(), &large, b"\r\n0\r\n\r\n"].concat()).await.shown(),
    ));
    assert!(large.len() > MAX_IMAGE);
    table.push(("an image of random bytes", site.post("image", &tab, &png, &large[..1000]).await.shown()));
    table.push(("an image of another format", site.post("image", &tab, &png, b"\xff\xd8\xff\xe0").await.shown()));
    table.push(("an image that promises 4 billion pixels", site.post("image", &tab, &png, &huge()).await.shown()));
    table.push((
        "an image of an earlier screen",
        site.post("image", &tab, &[png[0], ("x-handfast-screen", "0")], &huge()).await.shown(),
    ));
    let action = vec![b' '; limits::MAX_ACTION + 1];
    table.push(("an action that is too large", site.post("act", &tab, &[], &action).await.shown()));
    let long = format!("{honest}x: {}\r\n", "x".repeat(MAX_HEAD));
    table.push(("a head that is too large", site.ask("GET /", &long, b"").await.shown()));
    let many: String = (0..=MAX_FIELDS).map(|field| format!("x-{field}: x\r\n")).collect();
    table.push(("too many fields", site.ask("GET /", &many, b"").await.shown()));
    let lengths =
        format!("POST /{}/act HTTP/1.1\r\n{honest}content-length: 1\r\ncontent-length: 2\r\n\r\nxx", site.secret);
    table.push(("a body with two lengths", site.raw(lengths.as_bytes()).await.shown()));
    table.push(("another protocol", site.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.shown()));
    table.push(("a head that never ends", site.raw(b"GET / HTTP/1.1\r\nhost: x").await.shown()));
    let slow =
        format!("POST /{}/act HTTP/1.1\r\n{honest}content-length: 9\r\nconnection: close\r\n\r\n{{", site.secret);
    table.push(("a body that never ends", site.raw(slow.as_bytes()).await.shown()));
    assert!(!site.has_event(), "none of these is an event");
    for (what, answer) in &table {
        assert!(!answer.contains(secret), "{what}: {answer}");
    }

    // More connections than there may be: the further one is closed, and those that are open go on.
    let site = Site::new(PATIENT).await;
    let mut open = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let mut stream = TcpStream::connect(&site.host).await.unwrap();
        stream.write_all(b"GET /").await.unwrap();
        open.push(stream);
    }
    table.push(("a connection too many", site.raw(b"").await.shown()));
    drop(open.pop());
    let mut first = open.remove(0);
    let rest = format!("{}/ HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", site.secret, site.host);
    first.write_all(rest.as_bytes()).await.unwrap();
    assert!(read_until(&mut first, "\0").await.starts_with("HTTP/1.1 200"));

    let mut site = Site::new(PATIENT).await;
    site.show("second", |page| {
        page.text("no field").push(Block::Hints(vec![Hint::CANCEL]));
    });
    let tab = site.open(None).await.1.unwrap();
    let screen = site.browser.panel.0.screen();
    let typed = format!(r#"{{"screen":{screen},"typed":"y","enter":true}}"#);
    table.push(("a text where no field is", site.post("act", &tab, &[], typed.as_bytes()).await.shown()));
    let lost = format!(r#"{{"screen":{screen},"camera":"lost"}}"#);
    table.push(("a lost camera where none is", site.post("act", &tab, &[], lost.as_bytes()).await.shown()));
    table.push(("a frame where no camera is", site.post("frame", &tab, &png, &huge()).await.shown()));
    // More actions than the client takes.
    let mut last = String::new();
    for _ in 0..=MAX_EVENTS {
        last = site.post("act", &tab, &[], site.press("Esc").as_bytes()).await.shown();
    }
    table.push(("more actions than the client takes", last));

    let shown: String = table.iter().fold(String::new(), |mut shown, (what, answer)| {
        let _ = writeln!(shown, "| {what} | {answer} |");
        shown
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/web.md");
    let page = fs::read_to_string(&path).unwrap();
    const HEAD: &str = "| attack | answer |\n|---|---|\n";
    let (before, rest) = page.split_once(HEAD).expect("the page has the table");
    let (there, after) = rest.split_once("\n\n").map_or((rest.trim_end(), ""), |(there, after)| (there, after));
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, format!("{before}{HEAD}{}\n\n{after}", shown.trim_end())).unwrap();
        return;
    }
    assert_eq!(
        there,
        shown.trim_end(),
        "docs/web.md is out of date: run this test with INSTA_UPDATE=always, and look at what changes"
    );
}

/// An image whose header promises 65535 × 65535 pixels.
fn huge() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[0]).unwrap();
    bytes[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let crc = crc32fast::hash(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}
