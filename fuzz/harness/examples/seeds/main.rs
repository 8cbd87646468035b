//! Writes the first inputs of each fuzz target, made of the vectors, of recorded traces and of ways through the model:
//! `cargo run -p handfast-harness --example seeds`. Archives have new keys each time. What a fuzzer finds beyond them is added by
//! `scripts/fuzz --keep`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use handfast::{limits::MAX_CHANNEL_NAME, message::archive_header, outcome::Side};
use handfast_harness::connection::{Step, write};
use handfast_model::{
    config::{Size, configurations},
    explore::Limits,
    walk::{goals, reach},
};

mod archives;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn put(target: &str, name: &str, bytes: &[u8]) {
    let folder = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

/// The named vectors of one part of the file.
fn vectors(part: &str) -> Vec<(String, Vec<u8>)> {
    let text = fs::read_to_string(root().join("tests/vectors/bytes.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let unhex = |text: &str| {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect::<Vec<_>>()
    };
    let vectors = file[part]["vectors"].as_array().unwrap().iter();
    let named = |vector: &serde_json::Value| {
        let name: String = vector["name"].as_str().unwrap().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        (name, unhex(vector["hex"].as_str().unwrap()))
    };
    vectors.map(named).collect()
}

/// A stream, after the sizes of its pieces.
fn cut(stream: &[u8]) -> Vec<u8> {
    [&[0, 6, 63, 19], stream].concat()
}

fn main() {
    for file in fs::read_dir(root().join("fuzz/corpus/token")).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        // What a fuzzer found is named by its digest, and stays where it was found.
        if name.len() != 40 {
            put("token_differential", name, &fs::read(&file).unwrap());
        }
    }
    for (target, part) in [("message", "messages"), ("mux", "frames")] {
        let vectors = vectors(part);
        for (name, bytes) in &vectors {
            put(target, name, &cut(bytes));
        }
        put(target, "all", &cut(&vectors.into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<_>>()));
    }
    payloads();
    connections();
    let name = vec![b'n'; MAX_CHANNEL_NAME + 1];
    let request = [&[0x93, 0xda], &(name.len() as u16).to_be_bytes()[..], &name, &[0xcd, 0x80, 0, 0]].concat();
    let frame = [&[0x92, 0, 0xc5], &(request.len() as u16).to_be_bytes()[..], &request].concat();
    put("mux", "REQUEST-of-a-name-too-long", &cut(&frame));
    let text = r#"{"an":"archive"}"#;
    put("message", "archive", &cut(&[archive_header(text.len() as u32).as_bytes(), text.as_bytes()].concat()));
    archives::put_all();
    recordings();
    traces();
    // The plainest ways of both reducers, as `inputs.rs` reads them: documented profile, both features.
    put(
        "importer",
        "linked",
        &[0, 1, 1, 0, 3, 5, 1, 6, 1, 0, 1, 1, 9, 1, 0, 11, 1, 1, 1, 1, 1, 1, 0, 1, 13, 1, 15, 1, 17, 0, 0, 18, 1],
    );
    put("importer", "removed", &[1, 1, 1, 0, 3, 5, 1, 6, 1, 0, 1, 1, 9, 1, 0, 11, 1, 1, 1, 1, 1, 2, 19, 0]);
    put(
        "importer",
        "no-password",
        &[0, 0, 0, 0, 3, 5, 1, 6, 1, 0, 1, 1, 9, 1, 0, 11, 1, 1, 0, 0, 0, 1, 0, 0, 13, 1, 14, 1, 15, 1, 17, 1],
    );
    put(
        "importer",
        "strangers",
        &[0, 1, 1, 0, 3, 5, 1, 5, 2, 5, 3, 6, 1, 0, 1, 1, 9, 1, 1, 9, 1, 1, 9, 1, 1, 8, 2, 7, 3],
    );
    put("importer", "unpublishable", &[0, 1, 1, 0, 4, 19, 1, 19, 2]);
    put("exporter", "linked", &[0, 1, 1, 0, 1, 3, 1, 6, 9, 0, 1, 1, 1, 9, 2, 0, 11, 0, 0, 12, 13, 9, 5, 0]);
    put(
        "exporter",
        "wrong-thrice",
        &[1, 1, 1, 0, 1, 3, 1, 6, 9, 0, 1, 1, 1, 9, 2, 0, 11, 0, 1, 9, 2, 1, 11, 1, 1, 9, 2, 2, 11, 2, 1],
    );
    put("exporter", "no-password", &[0, 0, 0, 0, 0, 3, 1, 6, 9, 0, 0, 0, 1, 9, 2, 0, 11, 0, 0, 14]);
    put("exporter", "canceled", &[0, 1, 1, 0, 1, 3, 1, 6, 9, 0, 1, 1, 2, 15, 0]);
    put("exporter", "not-pinned", &[0, 1, 1, 0, 1, 3, 0, 5]);
    clients();
    for seed in 0..8_u8 {
        let bytes: Vec<_> = (0..64_u32).map(|at| ((at * (2 * u32::from(seed) + 1) * 2_654_435) >> 16) as u8).collect();
        put("pair", &format!("walk-{seed}"), &[&[seed], &bytes[..]].concat());
    }
}

/// Programs of a connection: whole links, and what goes wrong in one.
fn connections() {
    use Step::{Bytes, Command as C, Word as W};
    let (import, export) = ([W(0), W(4), C(0), C(3)], [W(0), C(2), W(7), W(10)]);
    let led = |lead: &[Step], rest: &[Step]| [lead, rest].concat();
    let programs = [
        ("linked", Side::Import, led(&import, &[W(10), W(12), C(8), W(13), W(1), W(14), C(3), C(9), W(15)])),
        ("linked-export", Side::Export, led(&export, &[C(4), C(5), W(1), C(6), C(7), W(10), C(9), W(15)])),
        ("declined", Side::Import, vec![W(5), C(1), W(6), W(4), C(0), W(5), C(0), W(6), C(10)]),
        ("declined-export", Side::Export, vec![C(2), W(5), W(9), W(8), C(2), W(7), C(9)]),
        ("control-in-any-order", Side::Import, vec![W(18), W(9), W(3), W(2), W(17), W(16), W(0), W(4), C(0), W(18)]),
        ("after-the-end", Side::Import, led(&import, &[C(9), W(10), W(12), W(13), W(1), W(5), C(1), W(15), W(10)])),
        ("after-the-end-export", Side::Export, led(&export, &[C(4), C(5), C(9), W(11), W(1), W(15), W(19)])),
        ("ended-by-the-peer", Side::Import, led(&import, &[W(15), W(10), W(15), C(3), C(9)])),
        ("no-message", Side::Import, led(&import, &[W(19), W(10), W(1), W(15), C(9)])),
        ("no-frame", Side::Import, led(&import, &[Bytes(vec![0xc1]), W(10), W(1), C(3), C(9)])),
        ("lost", Side::Export, vec![C(2), Bytes(b"GET /".to_vec()), W(7), C(10)]),
        ("held", Side::Import, led(&import, &[W(12), C(8), W(13), C(8), W(14), C(9)])),
        ("too-long-an-archive", Side::Export, led(&export, &[C(4), C(6), C(6), C(5), C(7), W(12)])),
    ];
    for (name, side, program) in programs {
        put("connection", name, &write(side, &program));
    }
}

/// Ways through both clients, as `inputs.rs` reads them; the operation is 1, which is written as 5.
fn clients() {
    let ways: [(&str, &[u8]); 6] = [
        ("linked", &[0, 5, 5, 9, 5, 0, 9, 5, 1, 9, 5, 2, 0, 1, 0, 1, 0, 7, 5, 1, 9, 5, 4, 9, 5, 5, 0, 4]),
        ("asked-again", &[0, 5, 5, 9, 5, 2, 0, 1, 0, 1, 0, 7, 5, 0, 1, 0, 9, 5, 2, 0, 1, 1, 1, 1, 9, 5, 5, 4, 3]),
        ("left", &[0, 5, 5, 9, 5, 0, 2, 8, 5, 1, 0, 2, 5, 5, 0, 5, 5, 9, 5, 4, 2, 8, 5, 1, 9, 5, 5, 0]),
        ("not-left", &[0, 5, 5, 2, 8, 5, 0, 2, 2, 9, 5, 1]),
        ("refused", &[0, 6, 0, 3, 0, 6, 1, 2, 7, 5, 0, 5, 5, 9, 6, 1, 9, 5, 7]),
        (
            "details",
            &[
                0, 5, 5, 9, 5, 8, 4, 3, 1, 9, 3, 1, 4, 4, 1, 1, 5, 9, 5, 8, 6, 1, 1, 1, 0, 9, 5, 8, 6, 1, 0, 3, 97, 98,
                99, 0,
            ],
        ),
    ];
    for (name, way) in ways {
        put("import_client", name, way);
    }
    let ways: [(&str, &[u8]); 6] = [
        ("linked", &[0, 1, 2, 3, 0, 11, 5, 15, 5, 1, 15, 5, 3, 0, 7, 13, 5, 1, 15, 5, 4, 15, 5, 5, 0, 10]),
        ("typed", &[0, 4, 6, 4, 5, 1, 11, 5, 15, 5, 3, 1, 7, 13, 5, 0, 7, 15, 5, 5, 1, 10]),
        ("left", &[0, 8, 0, 1, 6, 4, 5, 0, 8, 11, 5, 0, 4, 5, 0, 11, 5, 8, 14, 5, 1]),
        ("not-left", &[0, 4, 5, 0, 11, 5, 15, 5, 4, 8, 14, 5, 0, 8, 8]),
        ("refused", &[0, 4, 5, 0, 12, 0, 9, 0, 4, 5, 0, 12, 1, 8, 13, 5, 1, 11, 5]),
        ("details", &[0, 4, 5, 0, 11, 5, 15, 5, 8, 4, 1, 1, 8, 6, 15, 5, 8, 6, 2, 1, 3, 0, 1, 14, 1, 9]),
    ];
    for (name, way) in ways {
        put("export_client", name, way);
    }
}

/// Messages that no recording has: the extensions, and what is refused.
fn payloads() {
    let text = |text: &str| match text.len() {
        length @ ..32 => [&[0xa0 | length as u8], text.as_bytes()].concat(),
        length => [&[0xd9, length as u8], text.as_bytes()].concat(),
    };
    let long = [&b"\xda\x01\x2c"[..], &[b'p'; 300]].concat();
    let payloads = [
        ("hello-cancel", vec![("features", text("cancel"))]),
        ("hello-result", vec![("features", text("result"))]),
        ("scheme-and-features", vec![("authScheme", text("password")), ("features", text("cancel,result"))]),
        ("stored", vec![("importResult", text("stored"))]),
        ("failed-storage", vec![("importResult", text("failed_storage"))]),
        ("result-of-another-kind", vec![("importResult", text("another"))]),
        ("archive-cut-in-a-character", vec![("accData", b"\xa2a\xc3".to_vec())]),
        ("archive-beyond-the-limit", vec![("accData", b"\xda\x10\x01".to_vec())]),
        ("password-of-300", vec![("password", long)]),
        ("the-same-key-twice", vec![("password", text("")), ("password", text(""))]),
    ];
    for (name, entries) in payloads {
        let mut stream = b"\x82\xa8schemeId\x00\xa7payload".to_vec();
        stream.push(0x80 | entries.len() as u8);
        entries.into_iter().for_each(|(key, value)| stream.extend([text(key), value].concat()));
        put("message", name, &cut(&stream));
    }
}

/// What clients saw of real links, each after the number of its terms.
fn recordings() {
    let folder = root().join("model/tests/traces");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for (number, file) in files.into_iter().enumerate() {
        if file.extension().is_some_and(|extension| extension == "ndjson") {
            let bytes = [&[number as u8 % 8][..], &fs::read(&file).unwrap()].concat();
            put("details", file.file_stem().unwrap().to_str().unwrap(), &bytes);
        }
    }
}

/// A way to each goal of the model that is unlike the others in how it ends.
fn traces() {
    let mut seen = std::collections::BTreeSet::new();
    for configuration in configurations(Size::Quick) {
        for goal in goals(&configuration) {
            if seen.len() < 12 && seen.insert(goal) {
                let Some(way) = reach(configuration, goal, Limits::default()) else { continue };
                let name: String = goal.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
                put("trace", &name, way.trace.join("\n").as_bytes());
            }
        }
    }
}
