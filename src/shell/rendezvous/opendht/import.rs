//! Import side: the device is published, and answers requests.

use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc};

use handfast_dht::{Event, Query, driver::Events, value::PublicKey};
use tokio::{join, select, sync::mpsc, task::JoinSet, time::sleep};

use super::{
    account::Account,
    node::{OpenDht, certificate_key, ended, ids, request_key},
    random::fresh,
    request::Request,
};
use crate::{
    archive::Identity,
    ice::{Agent, Candidate, Description, Role},
    limits::{DHT_RETRY, DHT_TRIES, MAX_DHT_REQUESTS, MAX_DHT_TREATED},
    shell::{
        ice::{IceStream, at_once, negotiate},
        rendezvous::{Listener, Publish},
    },
    token::{DeviceId, Form},
};

/// Makes this device reachable by its token (R-RDV-4): its certificates are published and read back, and requests are listened for,
/// before the token is shown (R-IMP-1).
#[derive(Clone, Debug)]
pub struct Offer(pub OpenDht);

/// A device that is published. Dropping it ends the node, and what was begun with peers.
#[derive(Debug)]
pub struct Published {
    connections: mpsc::Receiver<io::Result<(IceStream, SocketAddr)>>,
    address: Option<SocketAddr>,
    _answering: JoinSet<()>,
}

impl Publish for Offer {
    type Listener = Published;

    async fn publish(self, identity: &Identity) -> io::Result<Published> {
        let Self(dht) = self;
        let account = Arc::new(Account::new(identity)?);
        dht.connected().await?;
        let pem = account.chain.to_pem();
        let [long, short] = ids(&account.chain);
        let listen = |id: DeviceId| {
            let dht = dht.clone();
            async move { dht.node.listen(request_key(&id), Query::default()).await.map_err(ended) }
        };
        let (published, also, events, legacy) = tokio::try_join!(
            dht.publish(certificate_key(&long), &pem),
            dht.publish(certificate_key(&short), &pem),
            listen(long),
            listen(short),
        )?;
        let ((), ()) = (published, also);
        let (sender, connections) = mpsc::channel(MAX_DHT_REQUESTS);
        let address = dht.node.addresses().first().copied();
        let mut answering = JoinSet::new();
        answering.spawn(answer(dht, account, [events, legacy], sender));
        Ok(Published { connections, address, _answering: answering })
    }
}

impl Listener for Published {
    type Stream = IceStream;

    async fn accept(&mut self) -> io::Result<(IceStream, SocketAddr)> {
        match self.connections.recv().await {
            Some(connection) => connection,
            // The node has ended: nothing comes any more, and the token's lifetime ends the wait.
            None => std::future::pending().await,
        }
    }

    fn asked_by(stream: &IceStream) -> Option<[u8; 32]> {
        stream.asked_by()
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address.ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }
}

/// Requests whose ids were seen, the oldest forgotten first: a request changes nothing a second time (R-RDV-1).
#[derive(Default)]
pub(super) struct Treated(VecDeque<u64>);

impl Treated {
    /// Whether the id is new. From now on it is not.
    pub(super) fn is_new(&mut self, id: u64) -> bool {
        if self.0.contains(&id) {
            return false;
        }
        if self.0.len() == MAX_DHT_TREATED {
            self.0.pop_front();
        }
        self.0.push_back(id);
        true
    }
}

/// Answers requests, each in a task of its own, until the receiver of connections is gone.
async fn answer(
    dht: OpenDht,
    account: Arc<Account>,
    [mut long, mut short]: [Events; 2],
    connections: mpsc::Sender<io::Result<(IceStream, SocketAddr)>>,
) {
    let mut treated = Treated::default();
    let mut answers = JoinSet::new();
    let mut first = Form::Long;
    loop {
        let (event, form) = select! { biased;
            event = in_turn(&mut first, long.next(), short.next()) => event,
            Some(_) = answers.join_next() => continue,
        };
        let Some(event) = event else { return };
        let Event::Values { values, .. } = event else { continue };
        for value in values {
            while answers.try_join_next().is_some() {}
            // Beyond the limit a request is dropped unseen: its sender may put it again.
            if answers.len() >= MAX_DHT_REQUESTS {
                continue;
            }
            let Some((from, request)) = account.open_apart(value).await else { continue };
            if request.is_answer || !request.kind.is_empty() {
                continue;
            }
            if treated.is_new(request.id) {
                let sender = match form {
                    Form::Long => DeviceId::Long(from.long_id()),
                    Form::Short => DeviceId::Short(from.short_id().0),
                };
                answers.spawn(one(dht.clone(), account.clone(), from, sender, request, connections.clone()));
            }
        }
    }
}

/// Waits for one of two. Where both are there it is the turn of `first`, which changes: values that keep coming to one key do not keep
/// those of the other waiting.
pub(super) async fn in_turn<T>(
    first: &mut Form,
    long: impl Future<Output = T>,
    short: impl Future<Output = T>,
) -> (T, Form) {
    let (taken, form) = match *first {
        Form::Long => select! { biased;
            taken = long => (taken, Form::Long),
            taken = short => (taken, Form::Short),
        },
        Form::Short => select! { biased;
            taken = short => (taken, Form::Short),
            taken = long => (taken, Form::Long),
        },
    };
    *first = match form {
        Form::Long => Form::Short,
        Form::Short => Form::Long,
    };
    (taken, form)
}

/// Answers one request. Whatever goes wrong, its sender gets no answer, and learns nothing.
async fn one(
    dht: OpenDht,
    account: Arc<Account>,
    from: PublicKey,
    sender: DeviceId,
    request: Request,
    connections: mpsc::Sender<io::Result<(IceStream, SocketAddr)>>,
) {
    let Some(offer) = request.description.as_str().and_then(|text| Description::read(text).ok()) else { return };
    if !offer.candidates.iter().any(Candidate::can_be_dialled) {
        return;
    }
    if !is_vouched_for(&dht, &DeviceId::Long(from.long_id())).await {
        return;
    }
    let Ok(gathered) = dht.gather().await else { return };
    let answer = Request { description: gathered.own.to_text(), is_answer: true, ..request };
    let mut agent = Agent::new(Role::Controlling, &gathered.own, fresh());
    agent.set_peer(&offer);
    let send = async {
        // Where it does not arrive, no connection comes about, or none is secured.
        let _ = dht.send(&account, &from, request_key(&sender), &answer).await;
    };
    let connect = async {
        let (mut stream, address) = negotiate(agent, gathered, at_once(offer)).await?;
        stream.note_asker(from.long_id());
        Ok((stream, address))
    };
    answer_and_connect(send, connect, connections).await;
}

/// Sends the answer, and hands over the connection as soon as there is one, or why none came about. The peer's checks may come before the answer reaches it (R-ICE-4),
/// and without the answer it cannot go on: the answer is sent to its end, whatever the negotiation does meanwhile.
pub(super) async fn answer_and_connect<C>(
    send: impl Future<Output = ()>,
    negotiation: impl Future<Output = io::Result<C>>,
    connections: mpsc::Sender<io::Result<C>>,
) {
    let connect = async {
        // The operation may be over.
        let _ = connections.send(negotiation.await.map_err(not_reached)).await;
    };
    join!(send, connect);
}

/// The error of a listener for a device that asked, and to which no connection leads.
fn not_reached(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::HostUnreachable, format!("a device asked for the link: {error}"))
}

/// Whether the sender's chain is published, and holds: device ← account ← …. A sender without one is not answered.
pub(super) async fn is_vouched_for(dht: &OpenDht, sender: &DeviceId) -> bool {
    for _ in 0..DHT_TRIES {
        match dht.chain_of(sender).await {
            Ok((Some(chain), _)) => return chain.certificates().len() > 1 && chain.verify().is_ok(),
            Ok((None, _)) => sleep(DHT_RETRY).await,
            Err(_) => return false,
        }
    }
    false
}
