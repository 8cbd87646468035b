//! Export side: the token's device is looked up, and asked to connect.

use std::{io, net::SocketAddr, sync::Arc};

use handfast_dht::value::PublicKey;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    account::Account,
    answers::Answers,
    node::{OpenDht, certificate_key, ids, request_key},
    random::fresh,
    request::{MAX_ID, Request},
};
use crate::{
    archive::{Identity, certificate::Chain},
    ice::{Agent, Role},
    limits::{DHT_PUBLISH, DHT_RETRY, DHT_SEARCH},
    shell::{
        ice::{IceStream, negotiate},
        rendezvous::Dial,
    },
    token::DeviceId,
};

/// Finds the token's device, and asks it to connect (R-RDV-6). This device's own certificates are published first, since no one answers a
/// device that is not vouched for. Clones share one listen for answers.
#[derive(Clone)]
pub struct Seek {
    dht: OpenDht,
    account: Arc<Account>,
    answers: Arc<Answers>,
    published: watch::Receiver<Option<Result<(), Arc<io::Error>>>>,
}

impl Seek {
    /// Begins to publish the certificates of the exporting device, on the current runtime.
    ///
    /// # Errors
    /// `Unsupported`: the device's key is not RSA.
    pub fn new(dht: OpenDht, identity: &Identity) -> io::Result<Self> {
        let account = Arc::new(Account::new(identity)?);
        let (sender, published) = watch::channel(None);
        let (node, chain) = (dht.clone(), account.chain.clone());
        tokio::spawn(async move {
            let [long, _] = ids(&chain);
            let publish = async {
                node.connected().await?;
                node.publish(certificate_key(&long), &chain.to_pem()).await
            };
            // No one waits for it any more when the export is over.
            let result = tokio::select! { biased;
                result = publish => result.map_err(Arc::new),
                () = sender.closed() => return,
            };
            let _ = sender.send(Some(result));
        });
        let answers = Arc::new(Answers::new(dht.clone(), account.clone()));
        Ok(Self { dht, account, answers, published })
    }

    /// Waits until this device's certificates are published.
    async fn published(&mut self) -> io::Result<()> {
        let published = self.published.wait_for(Option::is_some).await.map_err(io::Error::other)?;
        match &*published {
            Some(Err(error)) => Err(io::Error::new(error.kind(), error.to_string())),
            _ => Ok(()),
        }
    }

    /// Looks for the device's chain until it is there: it may still be being published.
    async fn find(&self, device: &DeviceId) -> io::Result<Chain> {
        self.dht.connected().await?;
        let end = Instant::now() + DHT_SEARCH;
        // Nodes may be gone since they were there.
        let mut reached = false;
        loop {
            if let Ok(found) = timeout_at(end, self.dht.chain_of(device)).await {
                let (chain, answered) = found?;
                reached |= answered;
                if let Some(chain) = chain {
                    return Ok(chain);
                }
            }
            if Instant::now() >= end {
                if !reached {
                    return Err(self.dht.unreachable());
                }
                let text = "the OpenDHT network has no device with the token's id";
                return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
            }
            sleep(DHT_RETRY).await;
        }
    }
}

impl std::fmt::Debug for Seek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seek").field("dht", &self.dht).finish_non_exhaustive()
    }
}

impl Dial for Seek {
    type Stream = IceStream;

    /// # Errors
    /// `AddrNotAvailable`: no such device is published within [`DHT_SEARCH`]. `NetworkUnreachable`: no node answers. `TimedOut`: the device
    /// does not answer, or no connection leads to it.
    async fn dial(mut self, device: DeviceId) -> io::Result<(IceStream, SocketAddr)> {
        self.dht.connected().await?;
        // Answers come to the key of the form in which the request was sent.
        let listen = self.answers.listen(device.form());
        let (chain, (), gathered) = tokio::try_join!(self.find(&device), listen, self.dht.gather())?;
        self.published().await?;
        let peer = PublicKey::from_der(chain.leaf().spki()).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the token's device has no RSA key: nothing can be encrypted to it",
            )
        })?;
        let id = 1 + u64::from_be_bytes(fresh()) % MAX_ID;
        let request = Request { id, description: gathered.own.to_text(), is_answer: false, kind: String::new() };
        let agent = Agent::new(Role::Controlled, &gathered.own, fresh());
        let answer = self.answers.expect(device, id).arrives();
        let asked = async {
            let send = timeout(DHT_PUBLISH, self.dht.send(&self.account, &peer, request_key(&device), &request)).await;
            match send {
                Ok(Err(error)) => error,
                // The answer, or the lack of one, says how it went.
                Ok(Ok(())) | Err(_) => std::future::pending().await,
            }
        };
        tokio::select! { biased;
            negotiated = negotiate(agent, gathered, answer) => negotiated,
            error = asked => Err(error),
        }
    }
}
