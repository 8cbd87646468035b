//! Archives: sealed and opened, and what compression takes of that.

use std::{
    io::{self, Cursor, Write},
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use handfast::{
    archive::{Archive, Identity, InsecureKdf, KeyKind, PrivateKey, Sample, Seal, Sealer, Terms, UnixTime},
    limits::MAX_DEFLATE_THREADS,
    outcome::Scheme,
    secret::Secret,
    shell::folder::FileSource,
};

/// When all of it happens.
pub const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// Bytes that are compressed or inflated at once, as the library does it.
const CHUNK: usize = 64 * 1024;

/// An account, its archive's text, and the archive as a file.
pub struct Account {
    /// A device of the account.
    pub device: Arc<Identity>,
    /// The text.
    pub text: Arc<[u8]>,
    /// The file.
    pub file: Arc<[u8]>,
    password: &'static str,
}

/// A file in memory.
pub type File = Cursor<Arc<[u8]>>;

impl Account {
    /// One whose archive has so many bytes, protected if there is a password.
    ///
    /// The key is derived by a function that costs nothing: what Argon2 takes is the same for every archive.
    pub fn new(length: usize, password: &'static str) -> Self {
        let (account, authority) = Identity::account(KeyKind::P256, NOW).expect("an account");
        let key = PrivateKey::generate(KeyKind::P256).expect("a key");
        let device = Arc::new(account.issue_device(key, NOW).expect("a device"));
        let protection = Scheme::of(&Secret::from(password));
        let sample = Sample::of(&account, &authority, protection, length as u64, 1).expect("it has room for the keys");
        let mut text = Vec::with_capacity(length);
        sample.write_to(&mut text).expect("memory takes everything");
        let mut account = Self { device, text: text.into(), file: Arc::default(), password };
        let mut file = Vec::new();
        account.seal(&mut file);
        account.file = file.into();
        account
    }

    /// The form that it is exported from.
    pub fn source(&self) -> FileSource<File> {
        let file = self.file.clone();
        let open = move || Ok(Cursor::new(file.clone()));
        FileSource::new(open, Arc::new(InsecureKdf), self.terms()).expect("memory can be read")
    }

    /// The password that opens it.
    pub fn password(&self) -> &'static str {
        self.password
    }

    fn terms(&self) -> Terms {
        Terms::at(NOW).with_max_text(self.text.len() as u64)
    }

    /// Seals the text.
    pub fn seal(&self, out: &mut impl Write) {
        let seal = Seal::new(&Secret::from(self.password), &InsecureKdf).expect("random bytes");
        let mut sealer = Sealer::new(out, seal).expect("it takes everything");
        let sealed = self.text.chunks(CHUNK).try_for_each(|piece| sealer.write_all(piece));
        sealed.and_then(|()| sealer.finish().map(drop)).expect("it takes everything");
    }

    /// Seals the text on as many threads as a store does.
    pub fn seal_on_threads(&self) -> u64 {
        let seal = Seal::new(&Secret::from(self.password), &InsecureKdf).expect("random bytes");
        let threads = available_parallelism().map_or(1, |processors| processors.get().min(MAX_DEFLATE_THREADS));
        let mut sealer = Sealer::new(io::sink(), seal).expect("it takes everything").on_threads(threads);
        let sealed = self.text.chunks(CHUNK).try_for_each(|piece| sealer.write_all(piece));
        sealed.and_then(|()| sealer.finish().map(drop)).expect("it takes everything");
        self.text.len() as u64
    }

    /// Opens the file: the first pass, which authenticates, inflates and validates all of it. Gives the length of the text.
    pub fn open(&self) -> u64 {
        self.archive().summary().length
    }

    /// Opens the file and takes its text: both passes.
    pub fn read(&self) -> u64 {
        io::copy(&mut self.archive().into_text().expect("it is open"), &mut io::sink()).expect("it is the same file")
    }

    fn archive(&self) -> Archive<File> {
        let file = Cursor::new(self.file.clone());
        Archive::open(file, &Secret::from(self.password), &InsecureKdf, self.terms()).expect("it is sound")
    }

    /// Compresses the text, and nothing else. Gives the number of bytes.
    pub fn deflate(&self) -> u64 {
        deflate(&self.text, &mut |_| {})
    }
}

/// Compresses a text as a gzip file.
fn deflate(text: &[u8], out: &mut dyn FnMut(&[u8])) -> u64 {
    let mut compress = Compress::new_gzip(Compression::default(), 15);
    let mut chunk = vec![0; CHUNK];
    let mut rest = text;
    loop {
        let (taken, made) = (compress.total_in(), compress.total_out());
        let (piece, flush) = match rest.len() {
            0 => (rest, FlushCompress::Finish),
            length => (&rest[..length.min(CHUNK)], FlushCompress::None),
        };
        let status = compress.compress(piece, &mut chunk, flush).expect("it can be compressed");
        rest = &rest[(compress.total_in() - taken) as usize..];
        out(&chunk[..(compress.total_out() - made) as usize]);
        if status == Status::StreamEnd {
            return compress.total_out();
        }
    }
}

/// A text in its compressed form.
pub struct Deflated(Vec<u8>);

impl Deflated {
    /// That of an account.
    pub fn of(account: &Account) -> Self {
        let mut bytes = Vec::new();
        deflate(&account.text, &mut |chunk| bytes.extend_from_slice(chunk));
        Self(bytes)
    }

    /// Inflates it, and nothing else. Gives the number of bytes.
    pub fn inflate(&self) -> u64 {
        let mut state = Decompress::new_gzip(15);
        let mut chunk = vec![0; CHUNK];
        let mut rest = &self.0[..];
        loop {
            let taken = state.total_in();
            let status = state.decompress(rest, &mut chunk, FlushDecompress::None).expect("it was compressed");
            rest = &rest[(state.total_in() - taken) as usize..];
            if status == Status::StreamEnd {
                return state.total_out();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_through_an_archive_see_all_of_it() {
        for password in ["", "sesame"] {
            let account = Account::new(300_000, password);
            assert_eq!((account.open(), account.read()), (300_000, 300_000));
            let deflated = Deflated::of(&account);
            assert_eq!(deflated.inflate(), 300_000);
            assert_eq!(account.deflate(), deflated.0.len() as u64);
        }
    }
}
