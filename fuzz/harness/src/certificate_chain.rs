//! Laws of any text that may be a chain of certificates (R-SEC-1).

use handfast::archive::certificate::{Certificate, Chain};
use handfast::limits::{MAX_CERTIFICATE, MAX_CHAIN};

/// Panics if a chain is taken that is none, or is not taken again as it was written.
pub fn check(input: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(input.to_vec()) {
        assert_eq!(certificate.der(), input);
        assert!(input.len() <= MAX_CERTIFICATE);
        let _ = (certificate.short_id(), certificate.long_id(), certificate.validity(), certificate.is_authority());
        let _ = certificate.verify_signature(&certificate);
    }
    let Ok(chain) = Chain::from_pem(input) else { return };
    assert!((1..=MAX_CHAIN).contains(&chain.certificates().len()));
    let again = Chain::from_pem(chain.to_pem().as_bytes()).expect("what is written is read");
    assert_eq!(again.to_pem(), chain.to_pem());
    let ders = |chain: &Chain| chain.certificates().iter().map(|one| one.der().to_vec()).collect::<Vec<_>>();
    assert_eq!(ders(&again), ders(&chain));
    if chain.verify().is_ok() {
        for pair in chain.certificates().windows(2) {
            assert!(pair[0].verify_signature(&pair[1]).is_ok() && pair[1].is_authority());
        }
    }
}
