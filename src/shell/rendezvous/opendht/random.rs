//! Random bytes of the network's messages.

/// Fills bytes from the system's generator.
///
/// # Panics
/// Where the system has no randomness, nothing here is safe.
pub(super) fn random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system has randomness");
}

/// New random bytes.
pub(super) fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    random(&mut bytes);
    bytes
}
