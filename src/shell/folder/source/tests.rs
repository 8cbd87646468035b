use std::{
    io::Cursor,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::*;
use crate::{
    archive::{InsecureKdf, Sample, Seal, Sealer},
    shell::storage::{Reader as _, Source as _},
};

const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));

type Content = Arc<Mutex<Vec<u8>>>;

/// An archive's text and its file.
fn archive(length: u64, password: &str) -> (Vec<u8>, Vec<u8>) {
    let password = Secret::from(password);
    let mut text = Vec::new();
    let sample = Sample::new(KeyKind::P256, NOW, Scheme::of(&password), length, 1).unwrap();
    sample.write_to(&mut text).unwrap();
    let mut sealer = Sealer::new(Vec::new(), Seal::new(&password, &InsecureKdf).unwrap()).unwrap();
    io::Write::write_all(&mut sealer, &text).unwrap();
    (text, sealer.finish().unwrap())
}

/// A source whose file can be replaced.
fn source(file: &[u8]) -> (FileSource<Cursor<Vec<u8>>>, Content) {
    let content: Content = Arc::new(Mutex::new(file.to_vec()));
    let opened = content.clone();
    let open = move || Ok(Cursor::new(opened.lock().unwrap().clone()));
    (FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW)).unwrap(), content)
}

async fn read(opening: Opening<FileReader>) -> Vec<u8> {
    let Opening::Opened(mut reader) = opening else { panic!("it opens") };
    let (mut text, mut buffer) = (Vec::new(), Buffer::default());
    loop {
        reader.next(&mut buffer).await.unwrap();
        if buffer.is_empty() {
            assert_eq!(text.len() as u64, reader.length());
            return text;
        }
        text.extend_from_slice(&buffer);
    }
}

#[tokio::test]
async fn an_archive_that_was_prepared_is_not_validated_again() {
    let (text, file) = archive(300_000, "");
    let (mut source, _) = source(&file);
    source.validate().unwrap();
    // A further pass would refuse it.
    source.terms = Terms::at(NOW).with_max_text(1);
    assert!(read(source.open(Secret::default()).await).await == text);
}

#[tokio::test]
async fn a_file_that_was_replaced_is_validated_again() {
    let ((_, one), (text, other)) = (archive(300_000, ""), archive(200_000, ""));
    let (mut source, content) = source(&one);
    source.validate().unwrap();
    *content.lock().unwrap() = other.clone();
    assert!(read(source.open(Secret::default()).await).await == text);
    let mut damaged = other;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    source.validate().unwrap();
    *content.lock().unwrap() = damaged;
    assert!(matches!(source.open(Secret::default()).await, Opening::Unreadable(_)));
}

#[tokio::test]
async fn what_is_not_sound_is_reported_when_it_is_opened() {
    let (_, mut file) = archive(300_000, "");
    file.truncate(1000);
    let (mut source, _) = source(&file);
    source.prepare();
    assert!(matches!(source.open(Secret::default()).await, Opening::Unreadable(_)));
}

#[tokio::test]
async fn a_protected_archive_waits_for_its_password() {
    let (text, file) = archive(300_000, "sesame");
    let (mut source, _) = source(&file);
    source.prepare();
    assert!(matches!(source.open(Secret::default()).await, Opening::Wrong));
    assert!(read(source.open(Secret::from("sesame")).await).await == text);
    assert!(source.validated.lock().unwrap().is_none());
}

/// An archive without a password is read once before it is asked for; one with a password is opened by no one before there is one.
#[tokio::test]
async fn only_an_archive_without_a_password_is_prepared() {
    for (password, expected) in [("", 2), ("sesame", 1)] {
        let (_, file) = archive(5000, password);
        let (open, mut opened) = unbounded_channel();
        let open = move || {
            open.send(()).unwrap();
            Ok(Cursor::new(file.clone()))
        };
        let mut source = FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW)).unwrap();
        source.prepare();
        drop(source);
        let mut count = 0;
        while opened.recv().await.is_some() {
            count += 1;
        }
        assert_eq!(count, expected, "{password}");
    }
}

/// R-EXP-6: a password for an archive that has none is wrong, whether or not a first pass was made.
#[tokio::test]
async fn a_password_for_an_archive_without_one_is_wrong() {
    let (_, file) = archive(5000, "");
    let (mut source, _) = source(&file);
    for _ in 0..2 {
        assert!(matches!(source.open(Secret::from("sesame")).await, Opening::Wrong));
        source.validate().unwrap();
    }
}

/// A file that says how many bytes were read of it when it is closed.
struct Counted {
    file: Cursor<Vec<u8>>,
    read: usize,
    closed: UnboundedSender<usize>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        self.read += count;
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = self.closed.send(self.read);
    }
}

/// An operation that ends in the middle of a transfer does not read the rest of the file.
#[tokio::test]
async fn an_archive_is_read_for_as_long_as_it_is_wanted() {
    let (_, file) = archive(4_000_000, "");
    let length = file.len();
    let (closed, mut read) = unbounded_channel();
    let open = move || Ok(Counted { file: Cursor::new(file.clone()), read: 0, closed: closed.clone() });
    let mut source = FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW)).unwrap();
    source.validate().unwrap();
    let Opening::Opened(mut reader) = source.open(Secret::default()).await else { panic!("it opens") };
    reader.next(&mut Buffer::default()).await.unwrap();
    drop((reader, source));
    let mut last = 0;
    while let Some(count) = read.recv().await {
        last = count;
    }
    // All of it once, to see that it is the same file; then what was asked for, and what is read ahead.
    assert!(last < length + length / 2, "{last} of {length} bytes");
}

/// A file that gives as many bytes at once as a frame of an archive has, and is interrupted by a signal before each read where it is so. It
/// fails from a place on.
struct Slow {
    file: Cursor<Vec<u8>>,
    interrupts: bool,
    interrupted: bool,
    fails_at: Arc<AtomicU64>,
}

impl Slow {
    fn new(file: &[u8], interrupts: bool) -> Self {
        let fails_at = Arc::new(AtomicU64::new(u64::MAX));
        Self { file: Cursor::new(file.to_vec()), interrupts, interrupted: false, fails_at }
    }
}

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted = self.interrupts && !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.file.position() >= self.fails_at.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let most = out.len().min(BUFFER / 2);
        self.file.read(&mut out[..most])
    }
}

impl Seek for Slow {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// A signal that comes while a file is read changes nothing: the archive is neither damaged nor another one.
#[tokio::test]
async fn an_interrupted_read_is_no_error() {
    for password in ["", "sesame"] {
        let (text, file) = archive(300_000, password);
        for (interrupts, file) in [(false, &file), (true, &file), (true, &text)] {
            // A text by itself has no password.
            let password = if file == &text { "" } else { password };
            let file = file.clone();
            let open = move || Ok(Slow::new(&file, interrupts));
            let mut source = FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW)).unwrap();
            for _ in 0..2 {
                assert!(read(source.open(Secret::from(password)).await).await == text, "{password} {interrupts}");
                source.validate().unwrap_or_else(|error| assert!(!password.is_empty(), "{error}"));
            }
        }
    }
}

/// All that was read before a file fails is handed on, and no further byte is waited for.
#[test]
fn a_piece_comes_before_the_failure_after_it() {
    let (text, _) = archive(1_000_000, "");
    let file = Slow::new(&text, false);
    let fails_at = file.fails_at.clone();
    let validated = Validated::of(Cursor::new(text.clone()), Terms::at(NOW)).unwrap();
    let mut read = validated.text(file).unwrap();
    // A chunk more than the piece has: it is held until the next one is known.
    fails_at.store(3 * BUFFER as u64 / 2, Ordering::Relaxed);
    let mut buffer = Buffer::default();
    fill(&mut buffer, &mut read).unwrap();
    assert!(**buffer == text[..BUFFER]);
    assert_eq!(fill(&mut buffer, &mut read).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
}
