//! The token parser of today's Jami daemon, written again from what is known of it (`docs/legacy/daemon.md`, "Token"), with nothing of ours.

/// The parts of a token, as the daemon reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The device's long id.
    pub device: [u8; 32],
    /// The text between the slashes.
    pub code: [u8; 6],
}

/// Reads a token as the daemon's exporter does: the exact prefix, up to the first slash an id of 64 hexadecimal digits that are not all
/// zero, up to the next slash six bytes, and whatever follows.
pub fn parse(text: &[u8]) -> Option<Parsed> {
    let rest = text.strip_prefix(b"jami-auth://")?;
    let mut components = rest.split(|&byte| byte == b'/');
    let id = std::str::from_utf8(components.next()?).ok()?;
    let code = components.next()?.try_into().ok()?;
    if id.len() != 64 || !id.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut device = [0; 32];
    for (index, byte) in device.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&id[2 * index..2 * index + 2], 16).ok()?;
    }
    (device != [0; 32]).then_some(Parsed { device, code })
}
