//! The scripted other device: a connection, what is written to it, and what it gets, in words.

use std::{
    collections::BTreeSet,
    future::pending,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use handfast::{
    message::{self, Decoder, Features, ImportResult, Message, Slot, Verdict, Word, archive_header, encode},
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, FrameDecoder, FrameEvent, RequestState,
        end_of_channel, frame_header,
    },
    outcome::{Scheme, Side},
    sas::{Channel, Comparison},
    secret::Secret,
    shell::tls::HandshakeError,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::{mpsc, watch},
    time::{Duration, sleep},
};

use super::{CODE, Log, Observer};

/// The channel of every session.
const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

/// A secured connection, in the hands of a script. Dropping it drops the connection.
pub(super) struct Peer {
    name: String,
    texts: Arc<[Vec<u8>; 2]>,
    writes: mpsc::UnboundedSender<Write>,
    reads: watch::Sender<bool>,
    comparing: Comparing,
}

/// The device's knowledge of a comparison, once the connection is secured; and with another nonce, which it did not commit to.
type Comparing = Arc<Mutex<Option<[Comparison; 2]>>>;

enum Write {
    Bytes(Vec<u8>),
    /// The same bytes so many times, with 29 seconds after each.
    Again(Vec<u8>, usize),
    /// Says that nothing more comes.
    Close,
    /// Says nothing.
    Drop,
}

impl Peer {
    /// Secures a connection, and takes it. `texts` are the archives that it can send.
    pub(super) fn new<S>(
        name: &str,
        texts: &Arc<[Vec<u8>; 2]>,
        log: &Log,
        side: Side,
        secure: impl Future<Output = Result<(S, Channel), HandshakeError>> + Send + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (writes, mut written) = mpsc::unbounded_channel();
        let (reads, mut reading) = watch::channel(true);
        let (log, own) = (log.clone(), name.to_owned());
        let comparing = Comparing::default();
        let knows = comparing.clone();
        tokio::spawn(async move {
            let mut received = Received {
                name: own,
                log,
                comparing: knows.clone(),
                frames: FrameDecoder::new(),
                messages: Decoder::new(1 << 30),
            };
            let Ok((stream, channel)) = secure.await else { return received.say("is not secured") };
            let both = [7, 8].map(|nonce| Comparison::new(side, channel.clone(), [nonce; 32]));
            *knows.lock().unwrap_or_else(PoisonError::into_inner) = Some(both);
            let (mut reader, mut writer) = split(stream);
            let read = async {
                let mut buffer = [0; 8192];
                while reading.wait_for(|reads| *reads).await.is_ok() {
                    match reader.read(&mut buffer).await {
                        Ok(0) => {
                            received.say("is closed");
                            break;
                        }
                        Err(_) => {
                            received.say("is lost");
                            break;
                        }
                        Ok(count) => received.take(&buffer[..count]),
                    }
                }
                pending().await
            };
            let write = async {
                while let Some(write) = written.recv().await {
                    // A device that is gone is noticed when it is listened to.
                    match write {
                        Write::Bytes(bytes) => {
                            let _ = put(&mut writer, &bytes).await;
                        }
                        Write::Again(bytes, times) => {
                            for _ in 0..times {
                                let _ = put(&mut writer, &bytes).await;
                                sleep(Duration::from_secs(29)).await;
                            }
                        }
                        Write::Close => {
                            let _ = writer.shutdown().await;
                        }
                        Write::Drop => return,
                    }
                }
            };
            tokio::select! {
                () = write => {}
                () = read => {}
            }
        });
        Self { name: name.to_owned(), texts: texts.clone(), writes, reads, comparing }
    }

    /// A connection on which nothing is said, not even what secures it.
    pub(super) fn silent<S>(name: &str, mut stream: S, log: &Log)
    where
        S: AsyncRead + Send + Unpin + 'static,
    {
        let (log, name) = (log.clone(), name.to_owned());
        tokio::spawn(async move {
            let mut buffer = [0; 8192];
            while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
            log.say(Observer::Peer, format!("{name} is closed"));
        });
    }

    /// Does what the script says.
    pub(super) fn does(&self, what: &str) {
        let bytes = match what.split_once(' ').unwrap_or((what, "")) {
            ("asks", code) => request(&format!("auth:{code}"), RequestState::Request),
            ("accepts", _) => request(&format!("auth:{CODE}"), RequestState::Accept),
            ("declines", _) => request(&format!("auth:{CODE}"), RequestState::Decline),
            ("commits", _) => self.compares(0, Message::Commitment(Slot::NONE)),
            ("shows", _) => self.compares(0, Message::Nonce(Slot::NONE)),
            ("opens", "another") => self.compares(1, Message::Opening(Slot::NONE)),
            ("opens", _) => self.compares(0, Message::Opening(Slot::NONE)),
            ("says", message) => data(encode(&read(message)).as_bytes()),
            ("begins", _) => data(archive_header(self.texts[0].len() as u32).as_bytes()),
            ("declares", length) => data(archive_header(length.parse().expect("a number")).as_bytes()),
            ("crawls", times) => {
                let step = data(&[b' '; 32 * 1024]);
                return drop(self.writes.send(Write::Again(step, times.parse().expect("a number"))));
            }
            ("sends", range) => {
                let (from, to) = range.split_once("..").expect("a range");
                let to = if to.is_empty() { self.texts[0].len() } else { to.parse().expect("a number") };
                data(&self.texts[0][from.parse().expect("a number")..to])
            }
            ("archives", which) => {
                let text = if which == "another" { &self.texts[1][..] } else { b"{\"no\":\"account\"}" };
                [data(archive_header(text.len() as u32).as_bytes()), data(text)].concat()
            }
            ("ends", _) => end_of_channel(CHANNEL).as_bytes().to_vec(),
            ("writes", text) => text.as_bytes().to_vec(),
            ("pauses" | "resumes", _) => {
                self.reads.send_replace(what == "resumes");
                return;
            }
            ("closes", _) => return drop(self.writes.send(Write::Close)),
            ("drops", _) => return drop(self.writes.send(Write::Drop)),
            _ => panic!("{}: no step: {what}", self.name),
        };
        let _ = self.writes.send(Write::Bytes(bytes));
    }

    fn compares(&self, which: usize, message: Message) -> Vec<u8> {
        let comparing = self.comparing.lock().unwrap_or_else(PoisonError::into_inner);
        let both = comparing.as_ref().expect("a connection that is secured");
        data(encode(&both[which].fill(message, |_| Secret::default())).as_bytes())
    }
}

async fn put(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}

fn request(name: &str, state: RequestState) -> Vec<u8> {
    let name = ChannelName::new(name.as_bytes()).expect("a name");
    Control::Request(ChannelRequest { name, channel: CHANNEL, state }).to_frame()
}

fn data(bytes: &[u8]) -> Vec<u8> {
    let frame = |piece: &[u8]| [frame_header(CHANNEL, piece.len() as u16).as_bytes(), piece].concat();
    bytes.chunks(60_000).flat_map(frame).collect()
}

fn features(text: &str) -> Features {
    let has = |name| text.split(',').any(|feature| feature == name);
    Features { result: has("result"), cancel: has("cancel"), sas: has("sas") }
}

/// The message that these words stand for.
fn read(text: &str) -> Message<Secret> {
    match text.split_once(' ').unwrap_or((text, "")) {
        ("hello", named) => Message::Hello(features(named)),
        ("scheme", rest) => {
            let (scheme, named) = rest.split_once(' ').unwrap_or((rest, ""));
            let scheme = if scheme == "password" { Scheme::Password } else { Scheme::None };
            Message::AuthScheme(scheme, features(named))
        }
        ("password", password) => Message::Password(password.into()),
        ("wrong", _) => Message::Verdict(Verdict::Wrong),
        ("final", _) => Message::Verdict(Verdict::Final),
        ("CANCELED", _) => Message::State(Word::Canceled),
        ("TIMEOUT", _) => Message::State(Word::Timeout),
        ("MISMATCH", _) => Message::State(Word::Mismatch),
        ("stored", _) => Message::ImportResult(ImportResult::Stored),
        ("failed_archive", _) => Message::ImportResult(ImportResult::FailedArchive),
        ("failed_storage", _) => Message::ImportResult(ImportResult::FailedStorage),
        ("nothing", _) => Message::Unknown,
        _ => panic!("no message: {text}"),
    }
}

fn named(features: Features) -> String {
    let all = [(features.result, "result"), (features.cancel, "cancel"), (features.sas, "sas")];
    all.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

/// The words that stand for a message.
fn words(message: &Message<Secret>) -> String {
    match message {
        Message::Hello(features) => format!("hello {}", named(*features)),
        Message::AuthScheme(Scheme::Password, features) => format!("scheme password {}", named(*features)),
        Message::AuthScheme(Scheme::None, features) => format!("scheme none {}", named(*features)),
        Message::Password(password) => format!("password {}", password.as_str().unwrap_or("?")),
        Message::Verdict(Verdict::Wrong) => "wrong".into(),
        Message::Verdict(Verdict::Final) => "final".into(),
        Message::State(Word::Canceled) => "CANCELED".into(),
        Message::State(Word::Timeout) => "TIMEOUT".into(),
        Message::State(Word::Mismatch) => "MISMATCH".into(),
        Message::Commitment(value) => drawn("a commitment", value),
        Message::Nonce(value) => drawn("a nonce", value),
        Message::Opening(value) => drawn("an opening", value),
        Message::ImportResult(ImportResult::Stored) => "stored".into(),
        Message::ImportResult(ImportResult::FailedArchive) => "failed_archive".into(),
        Message::ImportResult(ImportResult::FailedStorage) => "failed_storage".into(),
        other => format!("{other:?}"),
    }
}

/// A value of a comparison. One that was drawn at random has 30 different bytes of its 32, more or less, and fewer than 16 in one of 10^12.
fn drawn(name: &str, value: &Secret) -> String {
    let text = value.as_str().unwrap_or_default();
    let bytes: BTreeSet<_> = text.as_bytes().chunks(2).collect();
    match (text.len(), bytes.len(), text.get(..2)) {
        (64, 16.., _) => name.into(),
        (64, 1, Some(byte)) => format!("{name} of 32 times {byte}"),
        _ => format!("{name}, which was not drawn"),
    }
}

/// All that the other device gets.
struct Received {
    name: String,
    log: Log,
    comparing: Comparing,
    frames: FrameDecoder,
    messages: Decoder,
}

impl Received {
    fn say(&self, what: impl AsRef<str>) {
        self.log.say(Observer::Peer, format!("{} {}", self.name, what.as_ref().trim_end()));
    }

    fn compare(&self, message: &Message<Secret>) {
        let mut comparing = self.comparing.lock().unwrap_or_else(PoisonError::into_inner);
        for comparison in comparing.iter_mut().flatten() {
            if !comparison.take(message) {
                self.say("gets what opens nothing");
            }
            if let Some(string) = comparison.string() {
                self.log.string(string);
            }
        }
    }

    fn take(&mut self, mut input: &[u8]) {
        while let Ok(Some(event)) = self.frames.next(&mut input) {
            match event {
                // Said once on each connection.
                FrameEvent::Control(Control::Version(_)) => {}
                FrameEvent::Control(Control::Request(ChannelRequest { name, state, .. })) => {
                    let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
                    let state = match state {
                        RequestState::Request => "asked for",
                        RequestState::Accept => "has",
                        RequestState::Decline => "is refused",
                    };
                    self.say(format!("{state} {name}"));
                }
                FrameEvent::Control(control) => self.say(format!("{control:?}")),
                FrameEvent::End { .. } => self.say("ended"),
                FrameEvent::Data { mut bytes, .. } => {
                    while let Ok(Some(event)) = self.messages.next(&mut bytes) {
                        let said = match event {
                            message::Event::Message(message) => {
                                self.compare(&message);
                                words(&message)
                            }
                            message::Event::ArchiveBegan { length } => format!("archive of {length}"),
                            message::Event::ArchiveSlice(_) => continue,
                            message::Event::ArchiveEnded => "archive whole".into(),
                        };
                        self.log.say(Observer::Peer, format!("{} gets {}", self.name, said.trim_end()));
                    }
                }
            }
        }
    }
}
