//! Nodes on sockets of the loopback interface.

#[path = "driver/simulated.rs"]
mod simulated;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use handfast_dht::driver::{Bind, Running, Unfinished};
use handfast_dht::value::Query;
use handfast_dht::{CannotBegin, Config, Event, Family, InfoHash, Node, PutOptions, Value, ValueType};

async fn node() -> Running {
    Running::start(Bind::loopback(0), Config::default()).await.unwrap()
}

fn at(node: &Running, family: Family) -> SocketAddr {
    *node.addresses().iter().find(|address| Family::of(address) == family).unwrap()
}

#[tokio::test]
async fn two_nodes_meet_over_both_families() {
    let (one, two) = (node().await, node().await);
    for family in Family::ALL {
        two.bootstrap(at(&one, family)).await.unwrap();
        let (id, _) = two.ping(at(&one, family)).await.unwrap().expect("an answer");
        assert_eq!(id, one.id());
        assert!(two.is_connected(family));
    }
    let key = InfoHash::of(b"key");
    let mut events = two.listen(key, Query::default()).await.unwrap();
    let long = Value::plain(3, ValueType::USER_DATA, vec![5; 60_000]);
    // Once for each family.
    assert_eq!(one.put(key, long.clone(), PutOptions::default()).await.unwrap().acknowledged, 2);
    let received = loop {
        if let Event::Values { values, .. } = events.next().await.unwrap() {
            break values;
        }
    };
    assert_eq!(received, std::slice::from_ref(&long));
    let found = two.get(key, Query::default()).await.unwrap();
    assert_eq!((found.values, found.answered), (vec![long], 2));
    drop(events);
    two.shutdown().await;
    // Its socket is free again.
    one.shutdown().await;
}

/// A node is busy by what others ask. With the answers to its own questions counted a lookup on loopback took twenty times as long: the
/// node came to be busy, and waited at each step.
#[test]
fn answers_are_no_questions() {
    let now = Duration::ZERO;
    let [here, there] = ["127.0.0.1:1", "127.0.0.1:2"].map(|address| address.parse().unwrap());
    let mut one = Node::new(now, Config { client: true, ..Config::default() }, [1; 32]);
    let mut two = Node::new(now, Config::default(), [2; 32]);
    for round in 1..=3 {
        one.ping(now, there).unwrap();
        while let Some(question) = one.poll_transmit() {
            two.handle_datagram(now, here, &question.bytes);
        }
        while let Some(answer) = two.poll_transmit() {
            one.handle_datagram(now, there, &answer.bytes);
        }
        assert!(matches!(one.poll_event(), Some(Event::Connected(_) | Event::Pinged { answer: Some(_), .. })));
        // It may have asked for more than this.
        assert!(one.asked() == 0 && two.asked() >= round, "{} and {}", one.asked(), two.asked());
    }
}

#[tokio::test]
async fn what_cannot_be_says_so() {
    let one = node().await;
    let taken = one.addresses()[0].port();
    let bind = Bind { v6: None, ..Bind::loopback(taken) };
    assert!(Running::start(bind, Config::default()).await.is_err());
    assert!(Running::start(Bind { v4: None, v6: None }, Config::default()).await.is_err());
    let zero = one.get(InfoHash::ZERO, Query::default()).await;
    assert_eq!(zero.unwrap_err(), Unfinished::CannotBegin(CannotBegin::ZeroKey));
    let nowhere = one.ping("0.0.0.0:1".parse().unwrap()).await;
    assert_eq!(nowhere.unwrap_err(), Unfinished::CannotBegin(CannotBegin::BadAddress));
}

#[tokio::test]
async fn a_shutdown_frees_the_sockets_and_ends_what_waits() {
    let one = node().await;
    let address = one.addresses()[0];
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut events = one.listen(InfoHash::of(b"key"), Query::default()).await.unwrap();
    one.bootstrap(silent.local_addr().unwrap()).await.unwrap();
    one.shutdown().await;
    while events.next().await.is_some() {}
    UdpSocket::bind(address).unwrap();
}

/// The answers of a silent network come by time alone, which is virtual here.
#[tokio::test(start_paused = true)]
async fn silence_is_an_answer() {
    let one = node().await;
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(one.ping(silent.local_addr().unwrap()).await.unwrap(), None);
}
