//! Tokens: a scheme, an id and a code (R-TOK-3).

use fastrand::Rng;

use super::units::{Kind, Shape, Units, mostly, near, one};

/// Tokens.
pub const TOKEN: Shape = Shape(Kind::Units(Units { whole, unit, starts }));

fn whole(rng: &mut Rng) -> Vec<u8> {
    let mut token = [scheme(rng), id(rng), code(rng)].concat();
    if !mostly(rng) {
        token.extend_from_slice(one::<&[u8]>(rng, &[b"\n", b" ", b"/", b"\0", b"?q", b"#f", b"0"]));
    }
    token
}

fn unit(rng: &mut Rng) -> Vec<u8> {
    one(rng, &[scheme, id, code])(rng)
}

/// After the scheme the id, and at each slash something more.
fn starts(input: &[u8]) -> Vec<usize> {
    let slashes = (12..input.len()).filter(|&at| at == 12 || input[at] == b'/');
    std::iter::once(0).chain(slashes).collect()
}

fn scheme(rng: &mut Rng) -> Vec<u8> {
    if mostly(rng) {
        return b"jami-auth://".to_vec();
    }
    one::<&[u8]>(rng, &[b"JAMI-AUTH://", b"jami-auth:/", b"jami-auth:///", b" jami-auth://", b"auth:", b""]).to_vec()
}

fn id(rng: &mut Rng) -> Vec<u8> {
    let length = if mostly(rng) { one(rng, &[40, 64]) } else { near(rng, &[40, 64]) };
    let digits: &[u8] = one::<&[u8]>(rng, &[b"0123456789abcdef", b"0123456789ABCDEF", b"0123456789abcdefABCDEF", b"0"]);
    let mut id: Vec<u8> = std::iter::repeat_with(|| one(rng, digits)).take(length).collect();
    if !mostly(rng) {
        let at = rng.usize(..id.len());
        id[at] = one(rng, b"gG/:@`% \0\xff");
    }
    id
}

fn code(rng: &mut Rng) -> Vec<u8> {
    let length = if mostly(rng) { 6 } else { near(rng, &[6]) };
    let mut code = b"/".to_vec();
    code.extend(std::iter::repeat_with(|| rng.u8(b'0'..=b'9')).take(length));
    if !mostly(rng) {
        let at = rng.usize(..code.len());
        code[at] = one(rng, b"/:a-+ \0\xff");
    }
    code
}
