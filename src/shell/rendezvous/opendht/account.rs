//! A device as the OpenDHT network knows it: its RSA key, and the values that it writes and reads with it.

use std::{io, sync::Arc};

use handfast_dht::{
    Value, ValueType,
    value::{Identity as Keys, PublicKey},
};
use tokio::task::spawn_blocking;

use super::{random::fresh, request::Request};
use crate::archive::{Identity, certificate::Chain};

/// The user type of requests and answers.
const USER_TYPE: &str = "peer_request";

/// A device's keys and chain.
pub(super) struct Account {
    keys: Keys,
    pub(super) chain: Chain,
}

impl Account {
    /// Takes an identity whose key is RSA: only to such a key can be encrypted.
    pub(super) fn new(identity: &Identity) -> io::Result<Self> {
        let keys = Keys::from_pkcs8(identity.key().pkcs8()).map_err(|_| {
            let text = "this device's key is no RSA key of 2048 bits or more, which the OpenDHT network needs: export from another \
                        device of the account, or from its archive";
            io::Error::new(io::ErrorKind::Unsupported, text)
        })?;
        Ok(Self { keys, chain: identity.chain().clone() })
    }

    /// Signs a request for a recipient, and encrypts it.
    pub(super) fn seal(&self, to: &PublicKey, request: &Request) -> io::Result<Value<'static>> {
        let id = u64::from_be_bytes(fresh()).max(1);
        let value = Value::typed(id, ValueType::USER_DATA, USER_TYPE, request.encode().as_bytes());
        let signed = self.keys.sign(value, 0, Some(to)).map_err(io::Error::other)?;
        signed.encrypt(to).map_err(io::Error::other)
    }

    /// Reads a value as a request that was encrypted to this device, and gives who has signed it. All else is passed over.
    pub(super) fn open(&self, value: &Value<'_>) -> Option<(PublicKey, Request)> {
        let opened = self.keys.open(value).ok()?;
        if opened.kind != ValueType::USER_DATA || opened.user_type != *USER_TYPE {
            return None;
        }
        Some((opened.author, Request::decode(&opened.data)?))
    }

    /// Reads a value as [`Account::open`] does, on a thread that may block: to decrypt takes milliseconds, anyone can put values that are
    /// encrypted to this device, and everything else goes on meanwhile.
    pub(super) async fn open_apart(self: &Arc<Self>, value: Value<'static>) -> Option<(PublicKey, Request)> {
        let account = self.clone();
        spawn_blocking(move || account.open(&value)).await.ok().flatten()
    }
}
