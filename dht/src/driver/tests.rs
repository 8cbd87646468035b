//! The task under load. Where the sockets are made up, so is time: nothing of the system takes part, and the clock goes on when nothing else does.

use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, advance, sleep, timeout};

use super::resting::Resting;
use super::{Running, Socket, task};
use crate::id::InfoHash;
use crate::node::Config;
use crate::wire::{Message, Payload, Request};

/// The state of a made-up socket, and a record of its use.
#[derive(Default)]
struct Made {
    arrived: Mutex<VecDeque<SocketAddr>>,
    notify: Notify,
    /// Another question always waits.
    endless: AtomicBool,
    /// It has no signals whatever is asked of it.
    mute: AtomicBool,
    unwatched: AtomicBool,
    taken: AtomicUsize,
    /// To whom an answer was sent, and when.
    answered: Mutex<Vec<(SocketAddr, Instant)>>,
    /// Each change between watched and not.
    changes: Mutex<Vec<bool>>,
}

impl Made {
    /// So many addresses ask something.
    fn ask(&self, count: u32) {
        self.arrived.lock().unwrap().extend((0..count).map(asker));
        self.notify.notify_one();
    }

    fn answers(&self) -> Vec<(SocketAddr, Instant)> {
        std::mem::take(&mut self.answered.lock().unwrap())
    }
}

fn asker(number: u32) -> SocketAddr {
    ([10, 0, (number >> 8) as u8, number as u8], 4222).into()
}

fn question(transaction: u32) -> Vec<u8> {
    let payload = Payload::Request { id: InfoHash::of(b"asks much"), request: Request::Ping };
    Message { transaction, network: 0, client: true, payload }.to_bytes()
}

struct Fake(Arc<Made>);

impl Socket for Fake {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(([10, 1, 0, 1], 4222).into())
    }

    async fn readable(&self) -> io::Result<()> {
        if self.0.mute.load(Ordering::Relaxed) || self.0.unwatched.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        while self.0.arrived.lock().unwrap().is_empty() && !self.0.endless.load(Ordering::Relaxed) {
            self.0.notify.notified().await;
        }
        Ok(())
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let next = self.0.arrived.lock().unwrap().pop_front();
        let next = next.or_else(|| self.0.endless.load(Ordering::Relaxed).then(|| asker(0)));
        let from = next.ok_or(io::ErrorKind::WouldBlock)?;
        let question = question(1 + self.0.taken.fetch_add(1, Ordering::Relaxed) as u32);
        buffer[..question.len()].copy_from_slice(&question);
        Ok((question.len(), from))
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        if matches!(Message::decode(bytes).unwrap().payload, Payload::Reply(_)) {
            self.0.answered.lock().unwrap().push((to, Instant::now()));
        }
        Ok(bytes.len())
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.try_send_to(bytes, to)
    }

    fn watch(&mut self, watched: bool) {
        self.0.unwatched.store(!watched, Ordering::Relaxed);
        self.0.changes.lock().unwrap().push(watched);
    }
}

fn made() -> (Arc<Made>, Running) {
    let made = Arc::new(Made::default());
    let node = Running::over([Some(Fake(made.clone())), None], Config::default(), &[3; 32]).unwrap();
    (made, node)
}

/// Many questions come at one moment, and the node is busy; it takes all of them without a pause. Then it comes to rest, and the next
/// question has to wake it.
#[tokio::test(start_paused = true)]
async fn a_busy_node_takes_all_that_waits_and_is_woken_after_it() {
    let (made, node) = made();
    // Within five seconds of its start nothing else wakes a node.
    for _ in 0..3 {
        let begin = Instant::now();
        made.ask(1000);
        sleep(Duration::from_millis(100)).await;
        let answers = made.answers();
        assert_eq!(answers.len(), 1000);
        assert!(answers.iter().all(|(_, at)| *at == begin), "{:?}", answers.last().unwrap().1 - begin);
        // While it is busy a question waits for the next read.
        made.ask(1);
        sleep(Duration::from_millis(900)).await;
        assert_eq!(made.answers().len(), 1);
        let begin = Instant::now();
        made.ask(1);
        sleep(Duration::from_millis(500)).await;
        assert_eq!(made.answers(), [(asker(0), begin)]);
    }
    assert_eq!(*made.changes.lock().unwrap(), [false, true].repeat(3));
    node.shutdown().await;
}

/// A flood of a node does not keep it from its commands and its timers, nor the runtime from other tasks.
#[tokio::test(start_paused = true)]
async fn a_flood_leaves_commands_and_timers_their_turns() {
    let (made, node) = made();
    made.endless.store(true, Ordering::Relaxed);
    made.notify.notify_one();
    while made.taken.load(Ordering::Relaxed) < 10_000 {
        tokio::task::yield_now().await;
    }
    node.statistics().await.unwrap();
    let silent = asker(7);
    let clock = async {
        loop {
            advance(Duration::from_millis(100)).await;
        }
    };
    tokio::select! { biased;
        answer = node.ping(silent) => assert_eq!(answer.unwrap(), None),
        () = clock => {}
    }
    node.shutdown().await;
}

/// A socket that the system no longer watches would leave a node that takes nothing, and looks as if it lived.
#[tokio::test(start_paused = true)]
async fn a_socket_without_signals_is_read_at_intervals() {
    let (made, node) = made();
    made.mute.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        made.ask(3);
        sleep(Duration::from_millis(500)).await;
        assert_eq!(made.answers().len(), 3);
    }
    assert!(made.changes.lock().unwrap().is_empty());
    node.shutdown().await;
}

/// A socket of the system that says when it is watched, and how often it woke the node.
struct Seen(Resting, watch::Sender<bool>, Arc<AtomicUsize>);

impl Socket for Seen {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    async fn readable(&self) -> io::Result<()> {
        self.0.readable().await?;
        self.2.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.try_recv_from(buffer)
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.0.try_send_to(bytes, to)
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.0.send_to(bytes, to).await
    }

    fn watch(&mut self, watched: bool) {
        self.0.watch(watched);
        self.1.send_replace(watched);
    }
}

/// The same on sockets of the system, in time as it is: the test waits for what happens, however long it takes.
#[tokio::test]
async fn real_sockets_cease_to_be_watched_and_wake_the_node_again() {
    for v6 in [false, true] {
        let (own, socket) = if v6 {
            ("[::1]:0", task::bind_v6("[::1]:0".parse().unwrap()).unwrap())
        } else {
            ("127.0.0.1:0", UdpSocket::bind("127.0.0.1:0").await.unwrap())
        };
        let (say, mut watched) = watch::channel(true);
        let woken = Arc::new(AtomicUsize::new(0));
        let socket = Some(Seen(Resting::new(socket).unwrap(), say, woken.clone()));
        let sockets = if v6 { [None, socket] } else { [socket, None] };
        let node = Running::over(sockets, Config::default(), &[4; 32]).unwrap();
        let peer = UdpSocket::bind(own).await.unwrap();
        let mut buffer = [0; 2048];
        for _ in 0..2 {
            // Asks until the node is busy, without a wait for answers.
            while *watched.borrow_and_update() {
                for transaction in 1..=150 {
                    peer.send_to(&question(transaction), node.addresses()[0]).await.unwrap();
                }
                // A slow machine may need more.
                node.statistics().await.unwrap();
            }
            watched.wait_for(|watched| *watched).await.unwrap();
            while peer.try_recv(&mut buffer).is_ok() {}
            let before = woken.load(Ordering::Relaxed);
            // A timer may be the first to see one question, and the limit of an address leaves one without an answer; not each one.
            let (mut transaction, mut answered) = (1000, false);
            while !(answered && woken.load(Ordering::Relaxed) > before) {
                transaction += 1;
                assert!(transaction < 1100, "answered: {answered}; woken: {}", woken.load(Ordering::Relaxed) - before);
                peer.send_to(&question(transaction), node.addresses()[0]).await.unwrap();
                let answer = async {
                    loop {
                        let length = peer.recv(&mut buffer).await.unwrap();
                        if Message::decode(&buffer[..length]).unwrap().transaction == transaction {
                            return;
                        }
                    }
                };
                answered |= timeout(Duration::from_secs(1), answer).await.is_ok();
            }
        }
        node.shutdown().await;
    }
}
