//! How large an archive, its file and its text may be, in each form (R-MSG-3, R-ARC-3).

use handfast::archive::Terms;

use super::{Cases, gzip, gzip_named, open, opens, ours, sealed, text_of, theirs, zlib};
use crate::shell::fixture::NOW;

pub(super) fn limits(cases: &mut Cases) {
    const KIB: u64 = 1024;
    let terms = Terms::at(NOW);
    cases.expect("bytes of a text, by default", 64 * KIB * KIB, terms.max_text);
    cases.expect("the ratio, by default", 200, terms.max_inflation);
    cases.expect("the date", Some(NOW), terms.now);
    let (any, other) = (Terms::any_time(), terms.with_max_text(7));
    cases.expect("at any time", (64 * KIB * KIB, 200, None), (any.max_text, any.max_inflation, any.now));
    cases.expect("with another limit", (7, 200, Some(NOW)), (other.max_text, other.max_inflation, other.now));
    // A text of one read, and one of several.
    for length in [9_000, 65_536, 150_000] {
        let text = text_of("");
        let text = [&text[..], &vec![b' '; length - text.len()]].concat();
        let forms = [
            ("text", "", text.clone()),
            ("text after a mark", "", [b"\xef\xbb\xbf", &text[..]].concat()),
            ("gzip", "", gzip(&text)),
            ("gzip of gzip", "", gzip(&gzip(&text))),
            ("encrypted", "x", sealed("x", &zlib(&text))),
            ("encrypted gzip of gzip", "x", sealed("x", &gzip(&gzip(&text)))),
        ];
        let length = length as u64;
        for (name, password, file) in forms {
            for limit in [0, 1, length - 1, length, length + 1] {
                let stated = if length > limit { theirs(format!("TooLarge {{ limit: {limit} }}")) } else { opens() };
                let came = open(&file, password, terms.with_max_text(limit));
                cases.expect(format!("{name} of {length} bytes, limit {limit}"), stated, came);
            }
        }
    }
    files(cases);
    ratio(cases);
}

/// A file may be as long as the limit of its text, a 64th of it, and a mebibyte.
fn files(cases: &mut Cases) {
    let text = text_of("");
    let limit = text.len().div_ceil(64) * 64;
    let longest = limit + limit / 64 + 1_048_576;
    let terms = Terms::at(NOW).with_max_text(limit as u64);
    let bare = gzip_named(&text, 1).len() - 1;
    for (more, stated) in [(0, opens()), (1, theirs(format!("TooLarge {{ limit: {limit} }}")))] {
        let file = gzip_named(&text, longest - bare + more);
        cases.expect(format!("a gzip file of {} bytes", file.len()), longest + more, file.len());
        cases.expect(format!("a gzip file, {more} too long"), stated.clone(), open(&file, "", terms));
        let file = sealed("x", &gzip_named(&text, longest - bare - 44 + more));
        cases.expect(format!("an encrypted file, {more} too long"), stated.clone(), open(&file, "x", terms));
        // Its length counts before the password does.
        let stated = if more == 0 { ours("WrongPassword") } else { stated };
        cases.expect(format!("a wrong password, {more} too long"), stated, open(&file, "", terms));
    }
}

/// A text may be 200 times as long as what it is made of, and a mebibyte.
fn ratio(cases: &mut Cases) {
    let text = text_of("");
    let compressed = 9_000;
    let exactly = 1_048_576 + 200 * compressed;
    // The end of the compressed data may not have been taken when the last of the text came: 16 bytes are a sum and a length, twice.
    for (length, stated) in [(exactly - 200 * 16, opens()), (exactly + 1, theirs("Inflation { limit: 200 }"))] {
        let long = [&text[..], &vec![b' '; length - text.len()]].concat();
        let bare = gzip_named(&long, 1).len() - 1;
        let file = gzip_named(&long, compressed - bare);
        cases.expect("a file of this length", compressed, file.len());
        let terms = Terms::at(NOW);
        cases.expect(format!("{length} bytes in 9000"), stated.clone(), open(&file, "", terms));
        let encrypted = sealed("x", &file);
        cases.expect(format!("{length} bytes in 9000, encrypted"), stated.clone(), open(&encrypted, "x", terms));
    }
    // Two levels count from the file to the text.
    let long = gzip(&[&text[..], &vec![b' '; 4_000_000]].concat());
    let stated = theirs("Inflation { limit: 200 }");
    cases.expect("a text that two levels inflate", stated.clone(), open(&gzip(&long), "", Terms::at(NOW)));
    cases.expect("the same, encrypted", stated, open(&sealed("x", &zlib(&long)), "x", Terms::at(NOW)));
}
