use std::io::Cursor;

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
