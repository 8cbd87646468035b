use std::future::pending;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

use super::*;
use crate::ice::{Role, frame};

const LOCAL: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];

fn random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).unwrap();
}

async fn side(role: Role) -> (Agent, Gathered) {
    let network: Arc<dyn Network> = Arc::new(System);
    let gathered = gather(&network, &LOCAL, &[], random).await.unwrap();
    let mut bytes = [0; 24];
    random(&mut bytes);
    (Agent::new(role, &gathered.own, bytes), gathered)
}

/// A record of TLS.
fn record(body: &[u8]) -> Vec<u8> {
    [&[23, 3, 3], &(body.len() as u16).to_be_bytes()[..], body].concat()
}

/// Strangers come first to both ports: with garbage, with silence, with half a frame. The link comes about all the same, and the
/// bytes of TLS that are read are the peer's alone.
/// Holds R-ICE-1: one stream, one component, over TCP.
#[tokio::test]
async fn two_sides_connect_whatever_strangers_send() {
    let (mut importer, offered) = (side(Role::Controlling).await, side(Role::Controlled).await);
    let (offer, answer) = (offered.1.own.clone(), importer.1.own.clone());
    let mut strangers = Vec::new();
    for description in [&offer, &answer] {
        for bytes in [&b"\0\x05\x16\x03\x03\0\0"[..], b"", b"\xff\xff\x17"] {
            let mut stranger = TcpStream::connect(to_dial(description)[0]).await.unwrap();
            stranger.write_all(bytes).await.unwrap();
            strangers.push(stranger);
        }
    }
    importer.0.set_peer(&offer);
    let (import, export) = tokio::join!(
        negotiate(importer.0, importer.1, at_once(offer)),
        negotiate(offered.0, offered.1, at_once(answer)),
    );
    carries([import.unwrap().0, export.unwrap().0]).await;
}

/// Sends a record each way.
async fn carries([mut import, mut export]: [IceStream; 2]) {
    for (from, to) in [(0, 1), (1, 0)] {
        let ends = [&mut import, &mut export];
        let sent = record(&[from as u8; 5000]);
        ends[from].write_all(&sent).await.unwrap();
        ends[from].flush().await.unwrap();
        let mut read = vec![0; sent.len()];
        ends[to].read_exact(&mut read).await.unwrap();
        assert_eq!(read, sent);
    }
}

/// A relay of a side: takes connections at an address of its own, and passes them on to where that side listens.
async fn relay(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut on = TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut from, &mut on).await
            });
        }
    });
    address
}

/// Neither side is reached at the passive address that it names: one of them names a relay too, in the text of its description.
/// Holds R-ICE-2: relays that the peer offers are connected to.
#[tokio::test]
async fn a_relay_that_the_peer_offers_carries_the_link() {
    for offered_by in [Role::Controlling, Role::Controlled] {
        let mut sides = [side(Role::Controlling).await, side(Role::Controlled).await];
        let named = sides.each_ref().map(|(_, gathered)| gathered.own.clone());
        let offering = usize::from(offered_by == Role::Controlled);
        let relay = relay(to_dial(&named[offering])[0]).await;
        // A port that is taken, and at which nothing listens.
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let dead = silent.local_addr().unwrap();
        let mut read = [0, 1].map(|at| {
            let mut description = named[at].clone();
            description.candidates = vec![Candidate::new(Kind::Host, TcpType::Passive, 0, dead)];
            if at == offering {
                description.candidates.push(Candidate::new(Kind::Relayed, TcpType::Passive, 0, relay));
            }
            Description::read(description.to_text().as_str().unwrap()).unwrap()
        });
        read.reverse();
        let [of_exporter, of_importer] = read;
        sides[0].0.set_peer(&of_exporter);
        let [import, export] = sides;
        let (import, export) = tokio::join!(
            negotiate(import.0, import.1, at_once(of_exporter)),
            negotiate(export.0, export.1, at_once(of_importer)),
        );
        let (import, export) = (import.unwrap(), export.unwrap());
        let other = if offering == 0 { export.1 } else { import.1 };
        assert_eq!(other, relay, "the relay is what the other side is connected to");
        carries([import.0, export.0]).await;
    }
}

/// The exporter knows no answer yet: checks are answered, and a ClientHello is kept for later.
#[tokio::test]
async fn an_importer_may_be_early() {
    let (mut importer, offered) = (side(Role::Controlling).await, side(Role::Controlled).await);
    let offer = offered.1.own.clone();
    importer.0.set_peer(&offer);
    let import = async {
        let (mut stream, _) = negotiate(importer.0, importer.1, at_once(offer)).await.unwrap();
        stream.write_all(&record(b"hello")).await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let (_import, export) = tokio::join!(import, negotiate(offered.0, offered.1, pending()));
    let mut read = vec![0; record(b"hello").len()];
    export.unwrap().0.read_exact(&mut read).await.unwrap();
    assert_eq!(read, record(b"hello"));
}

/// Time here is tokio's, which stands still.
/// Holds R-ICE-5: a negotiation that leads nowhere has failed.
#[tokio::test(start_paused = true)]
async fn a_peer_that_is_nowhere_ends_the_negotiation() {
    let (agent, gathered) = side(Role::Controlled).await;
    let error = negotiate(agent, gathered, pending()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    // A port at which nothing listens.
    let (agent, gathered) = side(Role::Controlling).await;
    let (_, dead) = side(Role::Controlled).await;
    let peer = dead.own.clone();
    drop(dead);
    let error = negotiate(agent, gathered, at_once(peer)).await.unwrap_err();
    assert!(error.to_string().contains("no connection leads to the other device"), "{error}");
}

/// Half a frame at a time, and messages of the peer's in the middle of TLS.
/// Holds R-ICE-3: frames for the life of the connection.
#[tokio::test]
async fn frames_arrive_in_any_pieces() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, from) = listener.accept().await.unwrap();
    let (mut agent, gathered) = side(Role::Controlled).await;
    let (_, theirs) = side(Role::Controlling).await;
    agent.set_peer(&theirs.own);
    agent.opened(ConnectionId(1), from);
    let check = crate::ice::stun::Check {
        names: [&gathered.own.ufrag, &theirs.own.ufrag],
        priority: 1,
        use_candidate: true,
        role: (Role::Controlling, 1),
    };
    let key = crate::ice::stun::key(gathered.own.password.as_bytes());
    let check = crate::ice::stun::request(&[1; 12], &check, &key);
    agent.handle(ConnectionId(1), &check);
    assert_eq!(agent.chosen(), Some(ConnectionId(1)));
    let mut stream = IceStream::new(Wire::new(ConnectionId(1), Box::new(stream), from, true), agent, Vec::new());
    let mut sent = Vec::new();
    for (count, body) in [&b"one"[..], b"two", b"three"].into_iter().enumerate() {
        frame::put(&mut sent, &record(body));
        if count == 1 {
            frame::put(&mut sent, &check);
            frame::put(&mut sent, b"");
        }
    }
    let write = async {
        for piece in sent.chunks(7) {
            peer.write_all(piece).await.unwrap();
            peer.flush().await.unwrap();
        }
    };
    let wanted = [record(b"one"), record(b"two"), record(b"three")].concat();
    let mut read = vec![0; wanted.len()];
    let (_, result) = tokio::join!(write, stream.read_exact(&mut read));
    result.unwrap();
    assert_eq!(read, wanted);
}
