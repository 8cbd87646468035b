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

#[cfg(test)]
mod tests {
    use super::*;

    /// R-SEC-2: a text that grew would have left a copy of the secret: it has its room from the beginning, and not much more.
    #[test]
    fn a_text_has_its_room_from_the_beginning() {
        for label in ["X", "PRIVATE KEY", &"LONG ".repeat(40)] {
            for length in [0, 1, 47, 48, 49, 95, 96, 97, 2400, 9000] {
                let text = encode(label, &vec![0x5a; length]);
                let room = text.capacity();
                assert!((text.len()..text.len() + 64).contains(&room), "{label} {length}: {room} for {}", text.len());
                assert_eq!(**decode(label, text.as_bytes()).unwrap(), vec![0x5a; length]);
            }
        }
    }

    #[test]
    fn a_text_is_a_section_of_short_lines() {
        let text = encode("A KEY", &[0; 96]);
        let zeros = "A".repeat(64);
        assert_eq!(*text, format!("-----BEGIN A KEY-----\n{zeros}\n{zeros}\n-----END A KEY-----\n"));
    }

    #[test]
    fn the_first_section_of_that_name_is_read() {
        let text = "a word before\r\n-----BEGIN B-----\nAQ==\n-----END B-----\r\n\
            -----BEGIN A-----\r\n  AgM\nE\n-----END A-----\n-----BEGIN A-----\nBQ==\n-----END A-----\n";
        assert_eq!(decode("A", text.as_bytes()).as_deref(), Some(&vec![2, 3, 4]));
        assert_eq!(decode("B", text.as_bytes()).as_deref(), Some(&vec![1]));
        for none in [
            "",
            "AQ==",
            "-----BEGIN A-----\nAQ==\n",
            "-----BEGIN A-----\nAQ=\n-----END A-----\n",
            "-----BEGIN A----\nAQ==\n-----END A-----\n",
            "-----BEGIN A-----\nAQ==\n-----END B-----\n",
            "-----END A-----\nAQ==\n-----BEGIN A-----\n",
        ] {
            assert!(decode("A", none.as_bytes()).is_none(), "{none}");
        }
    }
}
