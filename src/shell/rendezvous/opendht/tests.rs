use std::{sync::Arc, time::Duration};

use handfast_dht::driver::{Bind, Running};

use super::{
    OpenDht, import,
    node::{certificate_key, ids, request_key},
};
use crate::{
    archive::{UnixTime, certificate::Chain},
    limits::{DHT_RETRY, DHT_TRIES},
    shell::{
        ice::System,
        identity::{Reach, throw_away},
    },
    token::{DeviceId, Form},
};

const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// Values of a link between two real daemons, and of the C++ library.
#[test]
fn the_keys_are_those_of_real_devices() {
    let id = |text: &str| {
        let bytes: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
        DeviceId::Long(bytes.try_into().unwrap())
    };
    let importer = id("3941fdea8f7fc158fa513bec019bef5b9ba4d76e080e819fd59855dd484e79ed");
    assert_eq!(certificate_key(&importer).to_string(), "b5b56700ac24c245c666e713592ab5281db90c55");
    assert_eq!(request_key(&importer).to_string(), "d7ca23b8310b2ac8e87ea1f80c3af14e27fdd82b");
}

/// R-RDV-1: a repeated request changes nothing, and memory is bounded.
#[test]
fn a_request_is_new_once() {
    let mut treated = import::Treated::default();
    assert!(treated.is_new(7) && !treated.is_new(7));
    for id in 0..2 * crate::limits::MAX_DHT_TREATED as u64 {
        treated.is_new(1000 + id);
    }
    assert!(!treated.is_new(1000 + 2 * crate::limits::MAX_DHT_TREATED as u64 - 1));
    assert!(treated.is_new(7));
}

/// R-ICE-4, R-RDV-7: a peer whose checks come early still needs the answer, also when the connection is there first.
#[tokio::test]
async fn an_answer_is_sent_to_its_end_after_the_connection_was_chosen() {
    let (connections, mut taken) = tokio::sync::mpsc::channel(1);
    let (chosen, after) = tokio::sync::oneshot::channel();
    let (sent, mut is_sent) = tokio::sync::oneshot::channel();
    let send = async {
        after.await.unwrap();
        sent.send(()).unwrap();
    };
    let work = tokio::spawn(import::answer_and_connect(send, async { Ok("a connection") }, connections));
    assert_eq!(taken.recv().await.unwrap().unwrap(), "a connection");
    assert!(is_sent.try_recv().is_err());
    chosen.send(()).unwrap();
    work.await.unwrap();
    is_sent.await.unwrap();
}

/// R-ICE-5: an answer goes out although no connection comes about, and why none did is handed over.
#[tokio::test]
async fn an_answer_is_sent_although_the_negotiation_fails() {
    let (connections, mut taken) = tokio::sync::mpsc::channel::<std::io::Result<()>>(1);
    let (sent, is_sent) = tokio::sync::oneshot::channel();
    let send = async {
        tokio::task::yield_now().await;
        sent.send(()).unwrap();
    };
    import::answer_and_connect(send, async { Err(std::io::ErrorKind::TimedOut.into()) }, connections).await;
    is_sent.await.unwrap();
    let error = taken.recv().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::HostUnreachable);
    assert!(taken.recv().await.is_none());
}

/// A key to which values keep coming does not keep the other key's waiting, and no turn is lost where one alone has some.
#[tokio::test]
async fn values_of_both_keys_are_taken_in_turn() {
    use std::future::{pending, ready};
    let mut first = Form::Long;
    for form in [Form::Long, Form::Short, Form::Long, Form::Short] {
        assert_eq!(import::in_turn(&mut first, ready(1), ready(2)).await.1, form);
    }
    for _ in 0..3 {
        assert_eq!(import::in_turn(&mut first, ready(1), pending()).await, (1, Form::Long));
    }
    for _ in 0..3 {
        assert_eq!(import::in_turn(&mut first, pending(), ready(2)).await, (2, Form::Short));
    }
}

/// Without an address nothing can be joined, and it would count as a network of this machine alone.
#[tokio::test]
async fn no_address_to_join_by_is_refused() {
    let node = Running::start(Bind::loopback(0), handfast_dht::Config::default()).await.unwrap();
    let over = OpenDht::over(node, &[], Arc::new(System)).await;
    for refused in [over, OpenDht::join(&[]).await] {
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
}

/// A device that joined a network of one node, and that node.
async fn joined() -> (OpenDht, Running) {
    let bind = Bind { v6: None, ..Bind::loopback(0) };
    let node = Running::start(bind, handfast_dht::Config::default()).await.unwrap();
    let dht = OpenDht::join(node.addresses()).await.unwrap();
    dht.connected().await.unwrap();
    (dht, node)
}

/// R-RDV-5: the sender of a request is looked for as often as is stated, or more often, and is not vouched for without certificates.
#[tokio::test(start_paused = true)]
async fn a_sender_without_certificates_is_not_vouched_for_in_the_end() {
    let (dht, _node) = joined().await;
    let begin = tokio::time::Instant::now();
    assert!(!import::is_vouched_for(&dht, &DeviceId::Long([7; 32])).await);
    assert!(begin.elapsed() >= DHT_RETRY * (DHT_TRIES - 1), "{:?}", begin.elapsed());
}

/// R-RDV-5: a chain of three vouches for its device, also where it arrives after the request, and a certificate alone does not.
#[tokio::test(start_paused = true)]
async fn a_chain_vouches_for_its_device_and_a_leaf_does_not() {
    let (dht, _node) = joined().await;
    let chain = throw_away(Reach::Direct, NOW).unwrap().chain().clone();
    let [device, _] = ids(&chain);
    let publish = async {
        tokio::time::sleep(DHT_RETRY * 3).await;
        dht.publish(certificate_key(&device), &chain.to_pem()).await.unwrap();
    };
    let (vouched, ()) = tokio::join!(import::is_vouched_for(&dht, &device), publish);
    assert!(vouched);
    let other = throw_away(Reach::Direct, NOW).unwrap().chain().clone();
    let [device, _] = ids(&other);
    let alone =
        Chain::from_pem(other.to_pem().split_inclusive("-----END CERTIFICATE-----\n").next().unwrap().as_bytes())
            .unwrap();
    dht.publish(certificate_key(&device), &alone.to_pem()).await.unwrap();
    assert!(!import::is_vouched_for(&dht, &device).await);
}
