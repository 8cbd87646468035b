//! The facts of a device by the certificates that it shows: which account, whether the claim holds, and whether it is the one that a
//! token names (R-SEC-1, R-TOK-1).

use std::sync::LazyLock;

use handfast::{
    archive::{Identity, KeyKind, PrivateKey, Role, certificate::Chain},
    shell::tls::{PeerFacts, is_device},
    token::DeviceId,
};

use super::{Cases, Part};
use crate::shell::fixture::NOW;

/// Certificates in a chain at most.
const LONGEST: usize = 8;

/// Two families of chains, each from a certificate that signed itself down to a device below this many authorities.
static CHAINS: LazyLock<[Vec<Vec<Vec<u8>>>; 2]> = LazyLock::new(|| [(); 2].map(|()| family()));

fn family() -> Vec<Vec<Vec<u8>>> {
    let key = || PrivateKey::generate(KeyKind::P256).expect("a key");
    let mut above = Identity::authority(key(), "authority", NOW).expect("an authority");
    let mut chains = vec![certificates(&above)];
    for _ in 2..=LONGEST {
        chains.push(certificates(&above.issue(key(), "device", Role::Device, NOW).expect("a device")));
        if chains.len() < LONGEST {
            above = above.issue(key(), "account", Role::Authority, NOW).expect("an authority");
        }
    }
    chains
}

fn certificates(identity: &Identity) -> Vec<Vec<u8>> {
    identity.chain().certificates().iter().map(|certificate| certificate.der().to_vec()).collect()
}

fn chain(certificates: &[Vec<u8>]) -> Option<Chain> {
    Chain::from_der(certificates.iter().cloned()).ok()
}

/// Whether an account is claimed, and whether the claim holds.
fn facts(certificates: &[Vec<u8>]) -> Option<(bool, bool)> {
    chain(certificates).map(|chain| PeerFacts::of(&chain)).map(|facts| (facts.presented.is_some(), facts.verified))
}

pub(super) fn devices() -> Part {
    let mut cases = Cases::default();
    let [ours, others] = &*CHAINS;
    for (whole, other) in ours.iter().zip(others) {
        let length = whole.len();
        let claims = length > 1;
        cases.expect(format!("a chain of {length}"), Some((claims, claims)), facts(whole));
        if let Some(chain) = chain(whole).filter(|_| claims) {
            let account = chain.certificates()[1].short_id();
            let presented = PeerFacts::of(&chain).presented;
            cases.expect(format!("the account of a chain of {length}"), Some(account), presented);
        }
        // A chain that is cut does not end in a certificate that signed itself.
        for kept in 1..length {
            let cut = facts(&whole[..kept]);
            cases.expect(format!("{kept} certificates of a chain of {length}"), Some((kept > 1, false)), cut);
        }
        // All have the same names, so that the signatures alone differ.
        for place in (0..length).filter(|_| claims) {
            let mut forged = whole.clone();
            forged[place].clone_from(&other[place]);
            let what = format!("a chain of {length} whose certificate {place} is of another one");
            cases.expect(what, Some((true, false)), facts(&forged));
        }
        identified(&mut cases, whole);
    }
    cases.part("devices", "R-SEC-1, R-TOK-1")
}

/// A token names the leaf, and none of the certificates above it.
fn identified(cases: &mut Cases, whole: &[Vec<u8>]) {
    let Some(chain) = chain(whole) else { return };
    for (place, certificate) in chain.certificates().iter().enumerate() {
        let ids = [DeviceId::Short(certificate.short_id().0), DeviceId::Long(certificate.long_id())];
        for id in ids {
            let what = format!("certificate {place} of {} as the device of {id:?}", whole.len());
            cases.expect(what, place == 0, is_device(&chain, &id));
        }
    }
}
