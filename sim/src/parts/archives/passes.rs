//! The two passes over an archive, with a file that changes between them and while they last (R-MSG-2), and what secrets print (R-SEC-2).

use std::{
    io::{self, Cursor, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use handfast::{
    archive::{Archive, InsecureKdf, Kdf as _, Seal, Terms, Validated},
    buffer::Buffer,
    secret::Secret,
    shell::{
        folder::{FileSource, InlineSource},
        storage::{Opening, Reader as _, Source},
    },
};
use tokio::{runtime, task::spawn_blocking};

use super::{Cases, MADE, gzip, refusal, sealed, zlib};
use crate::shell::fixture::{FIXTURE, NOW};

/// A file that another program changes: at its read of this number, it has other bytes.
#[derive(Clone, Default)]
struct Changing(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    at: u64,
    reads: u64,
    change: Option<(u64, Vec<u8>)>,
}

impl Changing {
    fn new(bytes: &[u8], change: Option<(u64, &[u8])>) -> Self {
        let change = change.map(|(read, bytes)| (read, bytes.to_vec()));
        Self(Arc::new(Mutex::new(State { bytes: bytes.to_vec(), change, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Changing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.reads += 1;
        let reads = state.reads;
        if let Some((_, bytes)) = state.change.take_if(|(read, _)| *read == reads) {
            state.bytes = bytes;
        }
        let start = state.bytes.len().min(state.at as usize);
        let count = (&state.bytes[start..]).read(out)?;
        state.at += count as u64;
        Ok(count)
    }
}

impl Seek for Changing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut state = self.state();
        state.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(back) => state.bytes.len() as u64 - back.unsigned_abs(),
            SeekFrom::Current(on) => state.at.checked_add_signed(on).ok_or(io::ErrorKind::InvalidInput)?,
        };
        Ok(state.at)
    }
}

/// The texts that are compared: another one has another digit in its contacts, and is as long.
struct Texts {
    own: Vec<u8>,
    digit: Vec<u8>,
    other: Vec<u8>,
}

impl Texts {
    fn new() -> Self {
        let own = FIXTURE.text(false, 140_000);
        let mut digit = own.clone();
        let at = digit.len() / 2;
        let place = (at..).find(|&place| digit[place].is_ascii_digit()).expect(MADE);
        digit[place] = if digit[place] == b'1' { b'2' } else { b'1' };
        Self { own, digit, other: FIXTURE.of_another(false, 140_000) }
    }
}

/// Makes a file of a text.
type Form = dyn Fn(&[u8]) -> Vec<u8>;

pub(super) fn passes(cases: &mut Cases) {
    let texts = Texts::new();
    let forms: [(&str, &str, &Form); 4] = [
        ("text", "", &|text| text.to_vec()),
        ("gzip", "", &gzip),
        ("gzip of gzip", "", &|text| gzip(&gzip(text))),
        ("encrypted", "x", &|text| sealed("x", &zlib(text))),
    ];
    for (form, password, file) in forms {
        let own = file(&texts.own);
        let mut bit = own.clone();
        let middle = own.len() / 2;
        bit[middle] ^= 1;
        let mut end = own.clone();
        end[own.len() - 1] ^= 1;
        let changes: [(&str, Vec<u8>); 8] = [
            ("another digit", file(&texts.digit)),
            ("another account", file(&texts.other)),
            ("another bit", bit),
            ("another bit at its end", end),
            ("a byte more", [&own[..], b" "].concat()),
            ("a byte less", own[..own.len() - 1].to_vec()),
            ("half of it", own[..middle].to_vec()),
            ("nothing", Vec::new()),
        ];
        for (what, change) in &changes {
            changed(cases, &format!("{form}, and then {what}"), password, [&own, change], &texts);
            if password.is_empty() {
                let what = format!("{form}, validated, and then {what}");
                let validated = Validated::of(Cursor::new(&own), Terms::at(NOW)).map_err(|error| refusal(&error).0);
                let came = |file: &[u8]| match &validated {
                    Ok(validated) => match validated.text(Cursor::new(file)) {
                        Ok(mut text) => {
                            if whole(&mut text) == Ok(texts.own.clone()) { "the text" } else { "another text" }.into()
                        }
                        Err(error) => refusal(&error).0,
                    },
                    Err(error) => error.clone(),
                };
                cases.expect(format!("{what}: the same"), "the text", &*came(&own));
                cases.expect(what, "Changed", &*came(change));
            }
        }
    }
    let protected = Validated::of(Cursor::new(sealed("x", &zlib(&texts.own))), Terms::at(NOW));
    let came = protected.map_err(|error| refusal(&error).0).map(|validated| validated.length());
    cases.expect("an encrypted archive is validated", Err("WrongPassword".to_owned()), came);
    sources(cases, &texts);
    secrets(cases, &texts);
}

/// All of a text, or how much of it came before an error.
fn whole(text: &mut impl Read) -> Result<Vec<u8>, usize> {
    let mut read = Vec::new();
    match text.read_to_end(&mut read) {
        Ok(_) => Ok(read),
        Err(_) => Err(read.len()),
    }
}

/// A change at each read of both passes. A text that comes as a whole is the one that was validated, and is never put together from two.
fn changed(cases: &mut Cases, what: &str, password: &str, files: [&[u8]; 2], texts: &Texts) {
    // How many reads the first pass makes, and both.
    let carried = |file: &Changing| -> Result<(u64, Result<Vec<u8>, usize>), String> {
        let archive = Archive::open(file.clone(), &password.into(), &InsecureKdf, Terms::at(NOW));
        let mut archive = archive.map_err(|error| refusal(&error).0)?;
        let first = file.state().reads;
        let text = archive.text().map(|mut text| whole(&mut text)).unwrap_or(Err(0));
        Ok((first, text))
    };
    let file = Changing::new(files[0], None);
    let Ok((first, Ok(text))) = carried(&file) else {
        return cases.expect(format!("{what}: without a change"), "opens", "does not");
    };
    cases.expect(format!("{what}: without a change"), true, text == texts.own);
    let all = file.state().reads;
    // In the first pass, one change is as good as another.
    let from = if files[1].len() == files[0].len() { 1 } else { first + 1 };
    for read in from..=all {
        let came = carried(&Changing::new(files[0], Some((read, files[1]))));
        let is_stated = match &came {
            Err(_) => read <= first,
            Ok((_, Err(length))) => *length < texts.own.len(),
            // Bytes that were read before are not read again. In the first pass, a change may be all of the file.
            Ok((_, Ok(text))) if *text == texts.own => true,
            Ok((first, Ok(text))) => {
                let blank = text.strip_suffix(b" ").is_some_and(|text| text == texts.own);
                read <= *first && (blank || *text == texts.digit || *text == texts.other)
            }
        };
        let came = came.map(|(first, text)| (first, text.map(|text| text.len())));
        let came = if is_stated { Ok("what is stated".to_owned()) } else { Err(came) };
        cases.expect(format!("{what}, at read {read} of {first} and {all}"), Ok("what is stated".to_owned()), came);
    }
}

/// The archive that a source gives, in words.
async fn given<S: Source>(source: &mut S, password: &str, texts: &Texts) -> &'static str {
    let mut reader = match source.open(password.into()).await {
        Opening::Opened(reader) => reader,
        Opening::Wrong => return "wrong",
        Opening::Unreadable(_) => return "unreadable",
    };
    let (mut all, mut buffer) = (Vec::new(), Buffer::default());
    loop {
        match reader.next(&mut buffer).await {
            Ok(()) if buffer.is_empty() => break,
            Ok(()) => all.extend_from_slice(&buffer),
            Err(_) => return "fails",
        }
    }
    match all {
        all if all.len() as u64 != reader.length() => "another length",
        all if all == texts.own => "the first",
        all if all == texts.other => "the other",
        _ => "another text",
    }
}

/// The archive of an exporting device, gone through before it is asked for, changed or not, and tried with passwords (R-MSG-2, R-EXP-6).
fn sources(cases: &mut Cases, texts: &Texts) {
    let protected = |password: &str, text: &[u8]| match password {
        "" => gzip(text),
        password => sealed(password, &zlib(text)),
    };
    let mut build = runtime::Builder::new_current_thread();
    // One thread: what was begun before something is done before it.
    let runtime = build.max_blocking_threads(1).build().expect("a runtime");
    for (right, prepares) in [("", false), ("", true), ("x", false), ("x", true), (" ", true)] {
        let own = protected(right, &texts.own);
        let files: [(&str, Option<Vec<u8>>); 5] = [
            ("the first", Some(own.clone())),
            ("the other", Some(protected(right, &texts.other))),
            ("unreadable", Some(own[..own.len() / 2].to_vec())),
            ("unreadable", Some(b"<html> is not an archive".to_vec())),
            ("unreadable", None),
        ];
        for (stated, then) in &files {
            let file = Arc::new(Mutex::new(Some(own.clone())));
            let opened = file.clone();
            let open = move || {
                let file = opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Ok(Cursor::new(file.ok_or(io::ErrorKind::NotFound)?))
            };
            let source = FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW)).expect(MADE);
            let (mut inline, mut source) = (InlineSource::new(source.clone()), source);
            runtime.block_on(async {
                if prepares {
                    source.prepare();
                    drop(spawn_blocking(|| ()).await);
                }
                // An encrypted file that was cut is taken for one whose password is another.
                let is_cut = then.as_ref().is_some_and(|then| then.len() == own.len() / 2);
                let stated = if is_cut && !right.is_empty() { "wrong" } else { stated };
                *file.lock().unwrap_or_else(PoisonError::into_inner) = then.clone();
                for tried in ["", "x", " ", "y", right, right] {
                    let unread = stated == "unreadable" && !(is_cut && tried != right);
                    let stated = if tried == right || unread { stated } else { "wrong" };
                    let what = format!("{right:?} is right, {tried:?} is tried, went through it before: {prepares}");
                    cases.expect(format!("a source, {what}"), stated, given(&mut source, tried, texts).await);
                    cases.expect(
                        format!("a source without threads, {what}"),
                        stated,
                        given(&mut inline, tried, texts).await,
                    );
                }
            });
        }
    }
}

/// A secret does not print, in any form, and says nothing of its length (R-SEC-2).
fn secrets(cases: &mut Cases, texts: &Texts) {
    for length in [0, 1, 2, 6, 7, 8, 64, 1000] {
        let word = "s".repeat(length);
        let secret = Secret::from(&*word);
        let buffer = Buffer::from(word.clone().into_bytes());
        for printed in [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{secret:#?}"),
            secret.to_string(),
            format!("{buffer:?}"),
            format!("{buffer:#?}"),
        ] {
            cases.expect(format!("a secret of {length} bytes prints"), "<secret>", &*printed);
        }
        let printed = format!("{:?} {:?}", Some(&secret), [&secret]);
        cases.expect("it prints in others", "Some(<secret>) [<secret>]", &*printed);
        let key = InsecureKdf.derive(&secret, &[7; 16]).map(|key| format!("{key:?} {key:#?}"));
        cases.expect("a derived key prints", Ok("Key(<secret>) Key(<secret>)".to_owned()), key);
        for place in 0..length.min(64) {
            let mut other = word.clone().into_bytes();
            other[place] ^= 1;
            cases.expect(format!("secrets of {length} that differ at {place}"), false, secret == Secret::from(other));
        }
        cases.expect("secrets that are the same", true, secret == Secret::from(word.clone()));
        cases.expect("a secret that is longer", false, secret == Secret::from(format!("{word}s")));
    }
    let device = &FIXTURE.exporter;
    cases.expect("a private key prints", "PrivateKey(<secret>)", &*format!("{:?}", device.key()));
    let file = sealed("hunter2", &zlib(&texts.own));
    let archive = Archive::open(Cursor::new(file), &"hunter2".into(), &InsecureKdf, Terms::at(NOW));
    let mut printed = format!("{device:?} {:?}", Seal::new(&"hunter2".into(), &InsecureKdf));
    match archive {
        Ok(mut archive) => {
            printed += &format!("{archive:?} {:?}", archive.account());
            printed += &format!("{:?}", archive.text());
            printed += &format!("{:?}", Opening::Opened(archive.text().ok()));
        }
        Err(error) => cases.expect("an archive that prints", "opens", &*error.to_string()),
    }
    let members: serde_json::Value = serde_json::from_slice(&texts.own).expect(MADE);
    let hidden =
        ["ringAccountKey", "ringCaKey", "ethKey"].map(|name| members[name].as_str().expect(MADE)[20..].to_owned());
    let bytes = format!("{:?}", &device.key().pkcs8()[16..24]);
    for hidden in hidden.iter().map(String::as_str).chain(["hunter2", bytes.trim_matches(['[', ']'])]) {
        cases.expect("a secret is in what prints", false, printed.contains(hidden));
    }
}
