//! The TLS connection of a link between two real Jami daemons (`vectors/ice/tls.json`), opened with its key log: the handshake is verified,
//! and each of our sides plays against the recorded one, from the first frame to the archive.

#[path = "support/records.rs"]
mod records;

use std::collections::BTreeMap;

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA384, UnparsedPublicKey};
use handfast::{
    AccountId, Config, ConnId, Exporter, Importer, Scheme, Signal, Slot,
    archive::{InsecureKdf, MemoryFs, Seal, Store, Terms, certificate::Chain},
    buffer::Buffer,
    connection::{Connection, Event},
    export, import,
    message::{Features, Message},
    mux::{Control, FrameDecoder, FrameEvent, RequestState},
    operations::LocalId,
    outcome::{LinkState, Outcome, Profile},
    secret::Secret,
    shell::tls::{ExporterTls, PeerFacts, is_device},
    token::Token,
};
use records::{Kind, Opener, certificates, kind, signed};
use sha2::{Digest as _, Sha384};

const CONN: ConnId = ConnId(1);

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The recording, opened.
struct Recorded {
    token: Token,
    /// The certificates of each side, the leaf first.
    chains: BTreeMap<String, Chain>,
    /// The data of each side, record by record, in the order of both.
    data: Vec<(String, Vec<u8>)>,
    /// The first record.
    hello: Vec<u8>,
}

impl Recorded {
    fn of(side: &str, data: &[(String, Vec<u8>)]) -> Vec<u8> {
        data.iter().filter(|(by, _)| by == side).flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

/// Opens each record, and verifies the handshake: signatures, and the hashes of all messages at its end.
fn recorded() -> Recorded {
    let file: serde_json::Value = serde_json::from_str(include_str!("vectors/ice/tls.json")).unwrap();
    let secret = |name: &str| {
        let lines = file["keylog"].as_array().unwrap().iter().filter_map(|line| line.as_str());
        let words = lines.map(|line| line.split(' ').collect::<Vec<_>>()).find(|words| words[0] == name);
        hex(words.unwrap()[2])
    };
    let name = |side: &str| if side == "importer" { "client" } else { "server" };
    let mut openers: BTreeMap<&str, Opener> = ["importer", "exporter"]
        .map(|side| (side, Opener::new(&secret(&format!("{}_HANDSHAKE_TRAFFIC_SECRET", name(side).to_uppercase())))))
        .into();
    let mut transcript = Sha384::new();
    let (mut chains, mut data, mut alerts, mut finished) = (BTreeMap::new(), Vec::new(), Vec::new(), 0);
    let records = file["records"].as_array().unwrap();
    for row in records {
        let (by, what) = (row["by"].as_str().unwrap(), row["what"].as_str().unwrap());
        let record = hex(row["record"].as_str().unwrap());
        let opener = openers.get_mut(by).unwrap();
        let (kind, clear) = match kind(record[0]).unwrap() {
            Kind::Application => opener.open(&record).unwrap_or_else(|| panic!("not opened: {what} of the {by}")),
            plain => (plain, record[5..].to_vec()),
        };
        match kind {
            Kind::ChangeCipherSpec => assert_eq!(clear, [1]),
            Kind::Alert => alerts.push((by, clear)),
            Kind::Application => data.push((by.to_owned(), clear)),
            Kind::Handshake => {
                match clear[0] {
                    11 => {
                        let chain = Chain::from_der(certificates(&clear)).unwrap();
                        chains.insert(by.to_owned(), chain);
                    }
                    15 => {
                        // RSA-PSS with SHA-384: what the real daemons choose.
                        assert_eq!(clear[4..6], [8, 5]);
                        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA384, chains[by].leaf().spki());
                        let message = signed(name(by), &transcript);
                        key.verify(&message, &clear[8..]).unwrap_or_else(|_| panic!("the signature of the {by}"));
                        assert!(key.verify(&signed("other", &transcript), &clear[8..]).is_err());
                    }
                    20 => {
                        assert_eq!(clear[4..], opener.finished(&transcript), "Finished of the {by}");
                        *opener = Opener::new(&secret(&format!("{}_TRAFFIC_SECRET_0", name(by).to_uppercase())));
                        finished += 1;
                    }
                    _ => {}
                }
                transcript.update(&clear);
            }
        }
    }
    assert_eq!((records.len(), finished), (29, 2));
    // Each side closes in good order, the exporter first.
    assert_eq!(alerts, [("exporter", vec![1, 0]), ("importer", vec![1, 0])]);
    let token = Token::parse(file["token"].as_str().unwrap().as_bytes()).unwrap();
    Recorded { token, chains, data, hello: hex(records[0]["record"].as_str().unwrap()) }
}

/// R-SEC-1: the chain of the exporter is a device of an account, and that of the importer is the device of the token.
#[test]
fn the_recorded_handshake_is_verified_and_names_the_account_and_the_device() {
    let recorded = recorded();
    let [importer, exporter] = ["importer", "exporter"].map(|side| &recorded.chains[side]);
    assert!(is_device(importer, &recorded.token.device) && !is_device(exporter, &recorded.token.device));
    let facts = PeerFacts::of(exporter);
    assert!(facts.verified && facts.presented.is_some());
    // RSA with 4096 bits throughout; the importer's authority has a key on P-384.
    importer.verify().unwrap();
    assert_eq!([importer, exporter].map(|chain| chain.certificates().len()), [3, 3]);
}

#[test]
fn a_record_that_was_changed_or_is_out_of_order_is_not_opened() {
    let file: serde_json::Value = serde_json::from_str(include_str!("vectors/ice/tls.json")).unwrap();
    let mut lines = file["keylog"].as_array().unwrap().iter().filter_map(|line| line.as_str());
    let line = lines.find(|line| line.starts_with("SERVER_HANDSHAKE_TRAFFIC_SECRET ")).unwrap();
    let records = file["records"].as_array().unwrap().iter().filter(|record| record["by"] == "exporter");
    let records = records.map(|record| hex(record["record"].as_str().unwrap())).filter(|record| record[0] == 23);
    let sealed: Vec<_> = records.take(2).collect();
    let mut opener = Opener::new(&hex(line.split(' ').nth(2).unwrap()));
    assert!(opener.open(&sealed[1]).is_none(), "out of order");
    let mut changed = sealed[0].clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(opener.open(&changed).is_none(), "changed");
    assert!(opener.open(&sealed[0]).is_some() && opener.open(&sealed[1]).is_some());
}

/// The ClientHello of a real importer is answered by our exporter with TLS 1.3, without a second hello.
#[tokio::test]
async fn our_exporter_answers_the_recorded_hello() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let now = handfast::archive::UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
    let identity = handfast::shell::identity::throw_away(handfast::shell::identity::Reach::Directory, now).unwrap();
    let exporter = ExporterTls::new(&identity);
    let (mut peer, stream) = tokio::io::duplex(64 * 1024);
    let answer = async {
        peer.write_all(&recorded().hello).await.unwrap();
        let mut head = [0; 5 + 4 + 2 + 32];
        peer.read_exact(&mut head).await.unwrap();
        head
    };
    let head = tokio::select! {
        head = answer => head,
        _ = exporter.handshake(stream) => panic!("it waits for the client's certificate"),
    };
    assert_eq!((head[0], head[5]), (22, 2), "a ServerHello");
    // A HelloRetryRequest has this random number (RFC 8446, 4.1.3).
    assert_ne!(head[11..15], [0xcf, 0x21, 0xad, 0x74]);
}

/// The content of one side's data, without the archive: see [`archive_of`].
#[derive(Debug, Default, PartialEq, Eq)]
struct Written {
    version: bool,
    /// Requests and answers: number and state.
    channels: Vec<(u16, RequestState)>,
    /// The messages of the session's channel.
    messages: Vec<String>,
    /// The length of the archive and its hash.
    archive: (usize, Vec<u8>),
    ended: bool,
}

impl Written {
    fn read(mut bytes: &[u8]) -> Self {
        let (mut decoder, mut written, mut data) = (FrameDecoder::new(), Self::default(), Vec::new());
        while let Some(event) = decoder.next(&mut bytes).unwrap() {
            match event {
                FrameEvent::Control(Control::Version(1)) => written.version = true,
                FrameEvent::Control(Control::Request(request)) => {
                    written.channels.push((request.channel, request.state));
                }
                FrameEvent::Data { channel: 0x8000, bytes } => data.extend(bytes),
                FrameEvent::End { channel: 0x8000 } => written.ended = true,
                other => panic!("{other:?}"),
            }
        }
        let (messages, archive) = messages(&data);
        written.messages = messages;
        written.archive = (archive.len(), Sha384::digest(&archive).to_vec());
        written
    }
}

/// The messages on a session's channel, and the archive in them.
fn messages(mut data: &[u8]) -> (Vec<String>, Vec<u8>) {
    use handfast::message::{Decoder, Event};
    let (mut decoder, mut messages, mut archive) = (Decoder::new(1 << 20), Vec::new(), Vec::new());
    while let Some(event) = decoder.next(&mut data).unwrap() {
        match event {
            Event::ArchiveSlice(bytes) => archive.extend(bytes),
            event => messages.push(format!("{event:?}")),
        }
    }
    assert!(decoder.is_between_messages());
    (messages, archive)
}

/// The archive in what an exporter wrote.
fn archive_of(mut bytes: &[u8]) -> Vec<u8> {
    let (mut decoder, mut data) = (FrameDecoder::new(), Vec::new());
    while let Some(event) = decoder.next(&mut bytes).unwrap() {
        if let FrameEvent::Data { channel: 0x8000, bytes } = event {
            data.extend(bytes);
        }
    }
    messages(&data).1
}

/// Takes what a connection has to send.
fn transmit(connection: &mut Connection, out: &mut Vec<u8>) {
    loop {
        let (header, data) = connection.transmit();
        let bytes = [header, data].concat();
        if bytes.is_empty() {
            return;
        }
        connection.sent(bytes.len());
        out.extend(bytes);
    }
}

fn config() -> Config {
    Config { profile: Profile::Jamid, features: Features::NONE, ..Config::default() }
}

/// Our importer: a connection and its operation. The user agrees at once.
struct OurImporter<'a> {
    recorded: &'a Recorded,
    reducer: Importer,
    connection: Connection,
    archive: Vec<u8>,
    states: Vec<LinkState>,
    account: Option<AccountId>,
    out: Vec<u8>,
}

impl OurImporter<'_> {
    fn handle(&mut self, input: import::Input) {
        use import::{Check, Effect, Input};
        self.reducer.handle(input).unwrap();
        let mut next = Vec::new();
        while let Some(effect) = self.reducer.poll_effect() {
            let facts = PeerFacts::of(&self.recorded.chains["exporter"]);
            match effect {
                Effect::Publish => next.push(Input::Published),
                Effect::Accept(conn) => {
                    next.push(Input::ConnectionOpened { conn, presented: facts.presented, verified: facts.verified })
                }
                Effect::AcceptChannel(_) => assert!(self.connection.accept()),
                Effect::DeclineChannel(_) => assert!(self.connection.decline()),
                Effect::Send(_, message) => {
                    assert!(self.connection.send(&message.map_password(|_| Secret::default())));
                }
                Effect::Signal(signal) => {
                    self.states.push(signal.state());
                    if let Signal::Prompt { scheme, peer, .. } = signal {
                        self.account = Some(peer);
                        next.push(Input::ProvideAccountAuthentication(Slot(0), scheme));
                    }
                }
                Effect::Stage(_) => assert!(self.connection.take_archive()),
                Effect::Check => next.push(Input::Checked(Check::Sound(sound(&self.archive)))),
                Effect::Install => next.push(Input::Installed(true)),
                Effect::End(_) => assert!(self.connection.end()),
                _ => {}
            }
        }
        transmit(&mut self.connection, &mut self.out);
        next.into_iter().for_each(|input| self.handle(input));
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        use import::{Ask, Input};
        loop {
            let input = match self.connection.receive(&mut bytes) {
                None => return,
                Some(Event::ChannelRequested(name)) => {
                    Input::ChannelRequested(CONN, Ask::of(&name, Some(self.recorded.token.code)))
                }
                Some(Event::Message(message)) => Input::Message(CONN, message.map_password(|_| Slot(1))),
                Some(Event::ArchiveBegan { .. }) => Input::ArchiveBegan(CONN),
                Some(Event::ArchiveSlice(slice)) => {
                    self.archive.extend(slice);
                    continue;
                }
                Some(Event::ArchiveEnded) => Input::ArchiveComplete(CONN),
                Some(Event::ChannelEnded) => Input::ChannelEnded(CONN),
                Some(other) => panic!("{other:?}"),
            };
            self.handle(input);
        }
    }
}

/// The account of an archive that came in a message: it is checked as an import checks it.
fn sound(text: &[u8]) -> AccountId {
    let store = Store::open_in(MemoryFs::new(), "/accounts").unwrap();
    let mut staging = store.begin(LocalId(7), Seal::new(&Secret::default(), &InsecureKdf).unwrap()).unwrap();
    staging.write(text).unwrap();
    let follower = staging.follow(Terms::any_time()).unwrap();
    let complete = staging.complete().unwrap();
    complete.confirm(follower.see().unwrap()).unwrap().summary().account
}

/// The recorded exporter speaks, and our importer answers with the bytes of the recorded importer, and installs the recorded account.
#[test]
fn our_importer_links_with_the_recorded_exporter() {
    let recorded = recorded();
    let mut ours = OurImporter {
        recorded: &recorded,
        reducer: Importer::new(config()),
        connection: Connection::importer(1 << 20),
        archive: Vec::new(),
        states: Vec::new(),
        account: None,
        out: Vec::new(),
    };
    ours.handle(import::Input::AddAccount);
    ours.handle(import::Input::ConnectionRequested(CONN));
    for (_, bytes) in recorded.data.iter().filter(|(by, _)| by == "exporter") {
        ours.receive(bytes);
    }
    assert_eq!(ours.states, [1, 2, 3, 4, 5].map(|state| LinkState::ALL[state]));
    assert_eq!(ours.account, Some(sound(&ours.archive)));
    let theirs = Recorded::of("importer", &recorded.data);
    assert_eq!(Written::read(&ours.out), Written::read(&theirs));
}

/// Our exporter: a connection and its operation. The archive is the recorded one, and the user confirms at once.
struct OurExporter<'a> {
    recorded: &'a Recorded,
    archive: Vec<u8>,
    reducer: Exporter,
    connection: Connection,
    states: Vec<LinkState>,
    outcome: Option<Outcome>,
    out: Vec<u8>,
}

impl OurExporter<'_> {
    fn handle(&mut self, input: export::Input) {
        use export::{Effect, Input, Tried};
        self.reducer.handle(input).unwrap();
        let mut next = Vec::new();
        while let Some(effect) = self.reducer.poll_effect() {
            match effect {
                Effect::Connect => {
                    let pinned = is_device(&self.recorded.chains["importer"], &self.recorded.token.device);
                    next.push(Input::Opened { pinned });
                }
                Effect::RequestChannel => {
                    assert!(self.connection.request_channel(self.recorded.token.code.channel_name()));
                }
                Effect::Send(message) => {
                    assert!(self.connection.send(&message.map_password(|_| Secret::default())));
                }
                Effect::Open(slot) => next.push(Input::Tried(slot, Tried::Opened)),
                Effect::SendArchive => {
                    assert!(self.connection.begin_archive(self.archive.len() as u32));
                    let mut buffer = Buffer::new(self.archive.len());
                    buffer.copy_from_slice(&self.archive);
                    assert!(self.connection.archive(buffer));
                    transmit(&mut self.connection, &mut self.out);
                    assert!(self.connection.used_up().is_some() && self.connection.finish_archive());
                    next.push(Input::HandedOver);
                }
                Effect::Signal(signal) => {
                    self.states.push(signal.state());
                    match signal {
                        Signal::Confirm { .. } => next.push(Input::ConfirmAddDevice),
                        Signal::Done(outcome) => self.outcome = Some(outcome),
                        _ => {}
                    }
                }
                Effect::End => assert!(self.connection.end()),
                _ => {}
            }
        }
        transmit(&mut self.connection, &mut self.out);
        next.into_iter().for_each(|input| self.handle(input));
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        use export::Input;
        loop {
            let input = match self.connection.receive(&mut bytes) {
                None => return,
                Some(Event::ChannelAccepted) => Input::Accepted { peer_address: ([127, 0, 0, 1], 9).into() },
                Some(Event::Message(Message::Password(password))) => {
                    assert!(password.is_empty());
                    Input::Message(Message::Password(Slot(1)))
                }
                Some(Event::Message(message)) => Input::Message(message.map_password(|_| Slot(2))),
                Some(Event::ChannelEnded) => Input::Ended,
                Some(other) => panic!("{other:?}"),
            };
            self.handle(input);
        }
    }
}

/// The recorded importer speaks, and our exporter sends it the recorded account with the bytes of the recorded exporter, but for the channels
/// that a real daemon opens besides.
#[test]
fn our_exporter_links_with_the_recorded_importer() {
    let recorded = recorded();
    let bytes = Recorded::of("exporter", &recorded.data);
    let (theirs, archive) = (Written::read(&bytes), archive_of(&bytes));
    sound(&archive);
    let mut ours = OurExporter {
        recorded: &recorded,
        archive,
        reducer: Exporter::new(config()),
        connection: Connection::exporter(),
        states: Vec::new(),
        outcome: None,
        out: Vec::new(),
    };
    ours.handle(export::Input::AddDevice(Scheme::None));
    // The importer answers requests of channels that ours does not make, and is passed over.
    for (_, bytes) in recorded.data.iter().filter(|(by, _)| by == "importer") {
        ours.receive(bytes);
    }
    assert_eq!(ours.states, [2, 3, 4, 5].map(|state| LinkState::ALL[state]));
    assert_eq!(ours.outcome, Some(Outcome::Success { confirmed: false }));
    let written = Written::read(&ours.out);
    assert_eq!(written.channels, [theirs.channels[0]]);
    assert!(theirs.channels[1..].iter().all(|(_, state)| *state == RequestState::Request));
    // A real exporter ends the channel with the archive's last byte; ours leaves the end to the importer, whose end is its receipt.
    assert!(theirs.ended && !written.ended);
    assert_eq!(Written { channels: theirs.channels.clone(), ended: true, ..written }, theirs);
}
