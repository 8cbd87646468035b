use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The request of RFC 5769, 2.1, and the responses of 2.2 and 2.3, with the password of that page.
#[test]
fn the_vectors_of_rfc_5769_are_read() {
    let key = key(b"VOkJxbRl1RmTxUk/WvJxBt");
    let request = hex(
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36\
         000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf",
    );
    let message = Message::read(&request).unwrap();
    assert_eq!((message.class, message.username), (Class::Request, Some(&b"evtj:h6vY"[..])));
    assert_eq!((message.priority, message.role), (Some(0x6e00_01ff), Some((Role::Controlled, 0x932f_f9b1_5126_3b36))));
    assert!(message.is_signed(&key));
    let v4 = hex(
        "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c3\
         8c7489f92af9ba53f06be7d780280004c07d4c96",
    );
    let v6 = hex(
        "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9\
         00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c",
    );
    for (bytes, address) in [(v4, "192.0.2.1:32853"), (v6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")] {
        let message = Message::read(&bytes).unwrap();
        assert_eq!((message.class, message.mapped), (Class::Success, Some(address.parse().unwrap())));
        assert!(message.is_signed(&key));
    }
}

#[test]
fn what_is_written_is_read() {
    let (right, wrong) = (key(b"right"), key(b"wrong"));
    let check = Check { names: ["peer", "own"], priority: 7, use_candidate: true, role: (Role::Controlling, 9) };
    let bytes = request(&[3; 12], &check, &right);
    let message = Message::read(&bytes).unwrap();
    assert_eq!((message.class, message.transaction), (Class::Request, [3; 12]));
    assert_eq!((message.username, message.priority), (Some(&b"peer:own"[..]), Some(7)));
    assert_eq!((message.use_candidate, message.role), (true, Some((Role::Controlling, 9))));
    assert!(message.is_signed(&right) && !message.is_signed(&wrong));
    for address in ["10.1.2.3:4", "[2001:db8::7]:65535"] {
        let bytes = success(&[5; 12], address.parse().unwrap(), &right);
        let message = Message::read(&bytes).unwrap();
        assert_eq!((message.class, message.mapped), (Class::Success, Some(address.parse().unwrap())));
        assert!(message.is_signed(&right));
    }
}

/// No byte is free: a message with any one of them changed is not read, or not signed; nor is one that is cut.
#[test]
fn a_changed_or_cut_message_is_not_taken() {
    let key = key(b"key");
    let check = Check { names: ["peer", "own"], priority: 7, use_candidate: true, role: (Role::Controlling, 9) };
    let bytes = request(&[3; 12], &check, &key);
    let taken = |bytes: &[u8]| Message::read(bytes).is_some_and(|message| message.is_signed(&key));
    assert!(taken(&bytes));
    let fingerprint = bytes.len() - FINGERPRINT_SIZE;
    for at in 0..bytes.len() {
        assert!(!taken(&bytes[..at]), "cut at {at}");
        // With another attribute in the place of the fingerprint, which the integrity does not cover, the rest is as it was.
        if (fingerprint..fingerprint + 2).contains(&at) {
            continue;
        }
        let mut changed = bytes.clone();
        changed[at] ^= 0x40;
        assert!(!taken(&changed), "changed at {at}");
    }
    // An attribute after the integrity is not covered by it, and not read.
    let mut longer = bytes[..bytes.len() - FINGERPRINT_SIZE].to_vec();
    longer.extend([0, 0x24, 0, 4, 0, 0, 0, 1]);
    let message = Message::read(&longer).expect("its length is the same");
    assert!(message.is_signed(&key));
    assert_eq!(message.priority, Some(7));
}

/// A message of 1280 bytes is read, with an attribute that no check has; a longer one is not. And so with what is no Binding message.
#[test]
fn a_message_that_is_too_long_or_of_another_kind_is_not_read() {
    let of = |padding: usize| Writer::new(0x0001, &[3; 12]).attribute(0x8022, &vec![7; padding]).0;
    assert_eq!(of(1280 - 20 - 4).len(), 1280);
    assert!(Message::read(&of(1280 - 20 - 4)).is_some());
    assert!(Message::read(&of(1280 - 20)).is_none());
    assert!(Message::read(&of(1280)).is_none());
    assert!(Message::read(&Writer::new(0x0003, &[3; 12]).0).is_none());
    let mut other_cookie = Writer::new(0x0001, &[3; 12]).0;
    assert!(Message::read(&other_cookie).is_some_and(|message| !message.is_signed(&key(b"key"))));
    other_cookie[4] ^= 1;
    assert!(is_stun(&other_cookie) && Message::read(&other_cookie).is_none());
}

#[test]
fn nothing_makes_a_reader_panic() {
    let mut random = 1_u64;
    for _ in 0..20_000 {
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 56) as u8
        };
        let body = usize::from(next()) % 60;
        let mut bytes = vec![next() & 1, next() & 0x11, 0, body as u8];
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend((0..12 + body).map(|_| next() & 0x2f));
        let _ = Message::read(&bytes);
    }
}
