//! PEM text of one section, written and read without leaving copies of a secret.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Base64 characters on a line.
const LINE: usize = 64;

/// `der` as a PEM section.
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    // Room for all of it: growing would leave copies.
    let encoded = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(encoded.len() + encoded.len() / LINE + 2 * label.len() + 64));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    for line in encoded.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// The DER of the first section called `label`.
pub(super) fn decode(label: &str, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let marker = |line: &[u8], kind: &str| {
        line.strip_prefix(kind.as_bytes())
            .and_then(|line| line.strip_suffix(b"-----"))
            .is_some_and(|found| found == label.as_bytes())
    };
    lines.find(|line| marker(line, "-----BEGIN "))?;
    let mut body = Zeroizing::new(Vec::with_capacity(text.len()));
    for line in lines {
        if marker(line, "-----END ") {
            let mut der = Zeroizing::new(vec![0; body.len()]);
            let length = STANDARD.decode_slice(&*body, &mut der).ok()?;
            der.truncate(length);
            return Some(der);
        }
        body.extend_from_slice(line);
    }
    None
}
