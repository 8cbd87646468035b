//! The answers to an exporting device's requests: one listen serves all of them.
//!
//! Nodes keep an answer for ten minutes, and send what they keep to each new listener: with a listen for each request, all earlier
//! answers would come again, and be opened again.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use handfast_dht::{Event, Query, Value, driver::Events, value::PublicKey};
use tokio::{
    sync::{OnceCell, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::{
    account::Account,
    node::{OpenDht, ended, ids, request_key},
    request::Request,
};
use crate::{
    ice::Description,
    token::{DeviceId, Form},
};

/// Requests by their ids: each with the device that was asked, and where its answer goes.
type Requests = BTreeMap<u64, (DeviceId, oneshot::Sender<Description>)>;

/// Requests that wait for an answer.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Requests>>);

impl Waiting {
    /// No one panics while it is locked.
    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes an answer on to the request that it answers. One that another device has signed changes nothing (R-RDV-6).
    fn take(&self, from: &PublicKey, answer: &Request) {
        let Some(description) = answer.description.as_str().and_then(|text| Description::read(text).ok()) else {
            return;
        };
        let mut waiting = self.lock();
        let is_device = waiting.get(&answer.id).is_some_and(|(device, _)| match device {
            DeviceId::Long(id) => from.long_id() == *id,
            DeviceId::Short(id) => from.short_id().0 == *id,
        });
        if answer.is_answer
            && is_device
            && let Some((_, sender)) = waiting.remove(&answer.id)
        {
            // The attempt may be over.
            let _ = sender.send(description);
        }
    }
}

/// The answers that come to a device. Dropping it ends the listening.
pub(super) struct Answers {
    dht: OpenDht,
    account: Arc<Account>,
    waiting: Waiting,
    /// The tasks that listen at the key of the long id, and at that of the short one, once they are wanted.
    listening: [OnceCell<JoinSet<()>>; 2],
}

impl Answers {
    pub(super) fn new(dht: OpenDht, account: Arc<Account>) -> Self {
        Self { dht, account, waiting: Waiting::default(), listening: [const { OnceCell::const_new() }; 2] }
    }

    /// Listens where answers to requests of this form come, unless it does so already.
    pub(super) async fn listen(&self, form: Form) -> io::Result<()> {
        let [long, short] = ids(&self.account.chain);
        let (listening, own) = match form {
            Form::Long => (&self.listening[0], long),
            Form::Short => (&self.listening[1], short),
        };
        let begin = || async {
            let events = self.dht.node.listen(request_key(&own), Query::default()).await.map_err(ended)?;
            let mut task = JoinSet::new();
            task.spawn(pass_on(events, self.account.clone(), self.waiting.clone()));
            Ok::<_, io::Error>(task)
        };
        listening.get_or_try_init(begin).await.map(drop)
    }

    /// Begins to wait for a device's answer to the request with this id, which is sent next.
    pub(super) fn expect(&self, device: DeviceId, id: u64) -> Expected {
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().insert(id, (device, sender));
        Expected { id, answer, waiting: self.waiting.clone(), patience: self.dht.patience }
    }
}

/// An answer that is waited for. Dropping it ends the wait.
pub(super) struct Expected {
    id: u64,
    answer: oneshot::Receiver<Description>,
    waiting: Waiting,
    patience: Duration,
}

impl Expected {
    /// Waits for the answer.
    ///
    /// # Errors
    /// `TimedOut`: it does not come in the time that a negotiation has. `BrokenPipe`: the node has ended.
    pub(super) async fn arrives(mut self) -> io::Result<Description> {
        match timeout(self.patience, &mut self.answer).await {
            Ok(answer) => answer.map_err(|_| io::ErrorKind::BrokenPipe.into()),
            Err(_) => {
                let text = "the new device does not answer the request to connect";
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            }
        }
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.waiting.lock().remove(&self.id);
    }
}

/// Passes answers on until the node ends.
async fn pass_on(mut events: Events, account: Arc<Account>, waiting: Waiting) {
    while let Some(event) = events.next().await {
        if let Event::Values { values, .. } = event {
            open_all(values, &account, &waiting).await;
        }
    }
    waiting.lock().clear();
}

/// Opens values one after the other, as long as a request waits for its answer.
async fn open_all(values: Vec<Value<'static>>, account: &Arc<Account>, waiting: &Waiting) {
    for value in values {
        // To open a value takes its time: what answers nothing stays shut.
        if waiting.lock().is_empty() {
            return;
        }
        if let Some((from, answer)) = account.open_apart(value).await {
            waiting.take(&from, &answer);
        }
    }
}

#[cfg(test)]
mod tests;
