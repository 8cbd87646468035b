use super::*;

const TEXT: &[u8] = b"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n";

#[test]
fn the_text_of_certificates_is_found_after_any_head() {
    for head in [&b""[..], b"\xc4\x3a", b"\xc5\x10\x10", b"\xc6\0\0\x10\x10", b"-----", b"text\n"] {
        assert_eq!(certificate_text(&[head, TEXT].concat()), TEXT);
    }
    for none in [&b""[..], b"-----BEGIN", &TEXT[1..28]] {
        assert_eq!(certificate_text(none), b"");
    }
}
