//! Write tokens: proof that a node receives at the address that it sends from.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::limits;
use crate::random::Random;

/// Bytes of a token.
pub(crate) const TOKEN_BYTES: usize = 32;

/// The secret of now, and the one before.
pub(crate) struct Tokens {
    secrets: [Zeroizing<[u8; 32]>; 2],
    pub(crate) change_at: Duration,
}

impl Tokens {
    pub(crate) fn new(now: Duration, random: &mut Random) -> Self {
        let secrets = [Zeroizing::new(random.secret()), Zeroizing::new(random.secret())];
        Self { secrets, change_at: now + random.between(limits::SECRET) }
    }

    /// Changes the secret when its time has come.
    pub(crate) fn advance(&mut self, now: Duration, random: &mut Random) {
        if now >= self.change_at {
            self.secrets.swap(0, 1);
            self.secrets[0] = Zeroizing::new(random.secret());
            self.change_at = now + random.between(limits::SECRET);
        }
    }

    /// Returns the token of an address.
    pub(crate) fn of(&self, address: &SocketAddr) -> [u8; TOKEN_BYTES] {
        token(&self.secrets[0], address)
    }

    /// Says whether a token is this address's, in constant time.
    pub(crate) fn accepts(&self, address: &SocketAddr, given: &[u8]) -> bool {
        let right = self.secrets.iter().map(|secret| token(secret, address).ct_eq(given));
        right.fold(subtle::Choice::from(0), |any, one| any | one).into()
    }
}

fn token(secret: &[u8; 32], address: &SocketAddr) -> [u8; TOKEN_BYTES] {
    let mut hash = Sha256::new_with_prefix(secret);
    match address.ip() {
        IpAddr::V4(ip) => hash.update(ip.octets()),
        IpAddr::V6(ip) => hash.update(ip.octets()),
    }
    hash.update(address.port().to_be_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_address_and_lives_through_one_change() {
        let mut random = Random::new([1; 32]);
        let mut tokens = Tokens::new(Duration::ZERO, &mut random);
        let (here, there) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let token = tokens.of(&here);
        assert!(tokens.accepts(&here, &token));
        assert!(!tokens.accepts(&there, &token));
        assert!(!tokens.accepts(&here, &token[..31]) && !tokens.accepts(&here, &[]));
        for still in [true, false] {
            let at = tokens.change_at;
            assert!(at >= limits::SECRET.0);
            tokens.advance(at, &mut random);
            assert_eq!(tokens.accepts(&here, &token), still);
        }
    }
}
