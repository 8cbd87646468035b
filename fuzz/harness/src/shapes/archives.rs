//! The text in an archive, an account among it, and the files around it.

use std::sync::LazyLock;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use handfast::{limits::MAX_JSON_DEPTH, secret::Secret};
use serde_json::{Value, json};

use super::{
    certificates::{chain, key, section},
    units::{Kind, Shape, Units, mostly, near, one},
};
use crate::archive::{MAX_TEXT, seal};

/// The text in an archive.
pub const ARCHIVE_JSON: Shape = Shape(Kind::Units(Units { whole: text, unit: member, starts }));
/// The file of an archive.
pub const ARCHIVE_OPEN: Shape = Shape(Kind::Whole(file));

/// The members of a sound account.
static ACCOUNT: LazyLock<Value> = LazyLock::new(|| {
    let chain: String = chain(2).iter().map(|der| section("CERTIFICATE", der)).collect();
    json!({
        "ringAccountKey": STANDARD.encode(section("PRIVATE KEY", &key(0))),
        "ringAccountCert": STANDARD.encode(chain),
        "ringCAKey": STANDARD.encode(section("PRIVATE KEY", &key(1))),
        "ethKey": STANDARD.encode([7; 32]),
        "Account.archiveHasPassword": "false",
    })
});

/// After the brace, and after each comma, something begins.
fn starts(input: &[u8]) -> Vec<usize> {
    (0..input.len().min(1)).chain((1..input.len()).filter(|&at| input[at - 1] == b',' || at == 1)).collect()
}

/// An object, at times with an account in it, at times about as long as a text may be, and at times with something wrong at its end.
fn text(rng: &mut Rng) -> Vec<u8> {
    let mut text = b"{".to_vec();
    if rng.bool() {
        for (name, value) in ACCOUNT.as_object().into_iter().flatten().filter(|_| rng.u8(..32) != 0) {
            text.extend(format!("{}:{value},", json!(name)).into_bytes());
        }
    }
    let right = rng.u8(..4) != 0;
    (0..rng.usize(..6)).for_each(|_| text.extend(if right { right_member(rng) } else { member(rng) }));
    let end: &[u8] =
        if mostly(rng) { b"\"\":0}" } else { one::<&[u8]>(rng, &[b"", b"}", b"\"\":0}x", b"]", b"\"\":tru}"]) };
    if rng.bool() {
        // Space before the end, up to the limit or beyond it.
        let length =
            one(rng, &[MAX_TEXT as usize - 1, MAX_TEXT as usize, MAX_TEXT as usize + 1, MAX_TEXT as usize + 500]);
        text.resize(length.saturating_sub(end.len()).max(text.len()), b' ');
    }
    text.extend_from_slice(end);
    text
}

/// A name, a value and a comma, either of which may be wrong.
fn member(rng: &mut Rng) -> Vec<u8> {
    let name =
        one(rng, &["ringAccountKey", "ringAccountCert", "ringAccountContacts", "Account.archiveHasPassword", "a"]);
    let wrong = ["tru", "01", "-", "1e400", r#""\ud800""#, "\"\u{1}\"", "[1,]", "{\"a\"}"];
    let value = if rng.bool() { one(rng, &wrong).to_owned() } else { value(3, rng) };
    format!("\"{name}\":{value},").into_bytes()
}

fn right_member(rng: &mut Rng) -> Vec<u8> {
    let name = one(rng, &["contacts", "conversations", "conversationsRequests", "a", "\\u0062", "é"]);
    format!("\"{name}\":{},", value(3, rng)).into_bytes()
}

fn value(depth: u8, rng: &mut Rng) -> String {
    match rng.u8(..if depth == 0 { 4 } else { 7 }) {
        0 => one(rng, &["null", "true", "false"]).into(),
        1 => one(rng, &["0", "-0", "1.5e-3", "18446744073709551616"]).into(),
        2 => one(rng, &[r#""""#, r#""\b\f\/""#, r#""\ud83d\ude00""#, r#""true""#]).into(),
        3 => format!("\"{}\"", "s".repeat(rng.usize(..300))),
        4 => format!("[{}]", (0..rng.usize(..4)).map(|_| value(depth - 1, rng)).collect::<Vec<_>>().join(",")),
        5 => format!("{{\"n\":{}}}", value(depth - 1, rng)),
        _ => {
            let deep = if mostly(rng) { rng.usize(1..8) } else { near(rng, &[MAX_JSON_DEPTH as usize]) };
            format!("{}{}", "[".repeat(deep), "]".repeat(deep))
        }
    }
}

/// A file of a text, and what may be wrong with one: its end, a byte anywhere, or that it is sealed twice.
fn file(before: &[u8], rng: &mut Rng) -> Vec<u8> {
    let inner = if rng.u8(..8) == 0 && !before.is_empty() { before.to_vec() } else { text(rng) };
    let mut file = seal(&inner, &Secret::default());
    if rng.bool() {
        file = protect(file);
    }
    match rng.u8(..6) {
        0 => file.truncate(rng.usize(..=file.len())),
        1 => {
            let at = rng.usize(..file.len());
            file[at] = rng.u8(..);
        }
        2 => file.extend(std::iter::repeat_n(0, rng.usize(..20))),
        3 => file.extend(file.clone()),
        _ => {}
    }
    file
}

/// The file with this one protected: with the same salt and the same nonce each time, as no writer that is in earnest does it.
fn protect(mut file: Vec<u8>) -> Vec<u8> {
    let (salt, nonce) = ([1; 16], [2; 12]);
    let key = digest(&SHA256, &[&salt[..], b"password"].concat());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("a key of 32 bytes"));
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut file).expect("a short text");
    [&salt[..], &nonce, &file].concat()
}
