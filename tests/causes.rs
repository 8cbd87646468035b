//! The cause of a failure on a device reaches its client with DONE, in words, whatever the outcome's own word is.

mod support;

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

use handfast::{
    archive::{InsecureKdf, KeyKind, MemoryFs, Store},
    outcome::{LinkState, Outcome, Signal},
    shell::{
        Cause, ExportOptions, ImportOptions, Notice,
        folder::{FileSource, FolderStore},
        rendezvous::{Listen, Listener, Peer},
        storage::Source,
    },
};
use support::{Account, Importer, Line, NOW, account, export_with, import, import_with, in_time, inline, store, terms};
use tokio::{io::AsyncWriteExt, sync::mpsc, time::Instant};

/// How an operation ended, and why.
async fn end(notices: &mut mpsc::UnboundedReceiver<Notice>) -> (Outcome, Option<Cause>) {
    loop {
        let notice = notices.recv().await.expect("a signal");
        if let Signal::Done(outcome) = notice.signal {
            return (outcome, notice.cause);
        }
        assert_eq!(notice.cause, None, "only DONE has one");
    }
}

/// Exports to an import, whose user agrees. Gives how both ended.
async fn link<S: Source>(mut importer: Importer, source: S, account: &Account) -> [(Outcome, Option<Cause>); 2] {
    let token = importer.token().await;
    let dial = Peer(importer.handle.listening().unwrap());
    let mut exporter = export_with(dial, source, account.device.clone(), ExportOptions::default());
    let op = exporter.handle.add_device(&token).await.unwrap();
    let agree = async {
        importer.expect(LinkState::Connecting).await;
        importer.answer_one("").await;
        end(&mut importer.notices).await
    };
    let confirm = async {
        loop {
            let notice = exporter.notices.recv().await.unwrap();
            match notice.signal {
                Signal::Confirm { .. } => exporter.handle.confirm_add_device(op).await.unwrap(),
                Signal::Done(outcome) => break (outcome, notice.cause),
                _ => {}
            }
        }
    };
    let ends = tokio::join!(agree, confirm);
    assert_eq!(importer.handle.current().unwrap().cause, ends.0.1, "R-API-8");
    assert_eq!(exporter.handle.current(op).await.unwrap().cause, ends.1.1, "R-API-8");
    importer.report().await;
    exporter.close().await;
    [ends.0, ends.1]
}

/// Every operation of the importer's disk fails once, with its thread or in place.
#[tokio::test]
async fn each_failure_on_a_disk_is_reported_with_its_path() {
    let account = account("", 20_000);
    for threads in [true, false] {
        let mut failed = 0;
        loop {
            let fs = MemoryFs::new();
            let store = Store::open_in(fs.clone(), "/accounts").unwrap();
            let listen = Listen("127.0.0.1:0".parse().unwrap());
            let importer = if threads {
                let place = FolderStore::new(store.clone(), Arc::new(InsecureKdf), KeyKind::P256, 1 << 30, NOW);
                import_with(listen, place, ImportOptions::default())
            } else {
                import_with(listen, inline(&store), ImportOptions::default())
            };
            fs.fail_after(failed);
            let [(imported, cause), (exported, other)] = in_time(link(importer, account.source(), &account)).await;
            assert_eq!(other, None, "it is another device's");
            if imported.is_success() {
                assert_eq!((exported, cause), (Outcome::SUCCESS, None));
                break;
            }
            assert_eq!(imported, Outcome::Storage, "operation {failed}");
            let cause = cause.expect("a cause").to_string();
            assert!(cause.contains("/accounts") && cause.contains("made to fail"), "operation {failed}: {cause}");
            failed += 1;
        }
        assert!(failed > 10, "the operations of a link were met: {failed}");
    }
}

#[tokio::test]
async fn a_full_disk_is_one_to_a_program_too() {
    let account = account("", 200_000);
    let fs = MemoryFs::new();
    let store = Store::open_in(fs.clone(), "/accounts").unwrap();
    let importer = import(&store, ImportOptions::default());
    fs.set_capacity(Some(1000));
    let [(imported, cause), (exported, other)] = in_time(link(importer, account.source(), &account)).await;
    assert_eq!((imported, cause.unwrap().kind()), (Outcome::Storage, ErrorKind::StorageFull));
    // Within the archive the protocol has no word for it (R-PAIR-1).
    assert_eq!((exported, other.map(|error| error.kind())), (Outcome::Network, None));
}

#[tokio::test]
async fn an_archive_that_is_gone_is_reported_with_its_path() {
    let account = account("", 20_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.gz");
    std::fs::write(&path, &**account.file).unwrap();
    let source = FileSource::file(&path, Arc::new(InsecureKdf), terms()).unwrap();
    std::fs::remove_file(&path).unwrap();
    let [(imported, other), (exported, cause)] =
        in_time(link(import(&store(), ImportOptions::default()), source.clone(), &account)).await;
    assert_eq!((imported, other, exported), (Outcome::Network, None, Outcome::Storage));
    let cause = cause.unwrap();
    assert_eq!(cause.kind(), ErrorKind::NotFound);
    assert!(cause.to_string().contains(path.to_str().unwrap()), "{cause}");

    // Another one is in its place, and is damaged.
    std::fs::write(&path, &account.file[..account.file.len() / 2]).unwrap();
    let [_, (exported, cause)] = in_time(link(import(&store(), ImportOptions::default()), source, &account)).await;
    let cause = cause.unwrap().to_string();
    assert_eq!(exported, Outcome::Storage);
    assert!(cause.contains(path.to_str().unwrap()) && cause.contains("expected more compressed data"), "{cause}");
}

/// The archive opened, and cannot be read to its end.
#[tokio::test]
async fn an_archive_that_fails_on_its_way_is_reported() {
    let account = account("", 2_000_000);
    let file = account.file.clone();
    let source =
        FileSource::new(move || Ok(Failing { file: file.to_vec(), at: 0, reads: 0 }), Arc::new(InsecureKdf), terms());
    let [(imported, other), (exported, cause)] =
        in_time(link(import(&store(), ImportOptions::default()), source.unwrap(), &account)).await;
    assert_eq!((imported, other, exported), (Outcome::Network, None, Outcome::Storage));
    assert_eq!(cause.unwrap().to_string(), "the disk is gone");
}

/// A file that can be read once, and half of it again.
struct Failing {
    file: Vec<u8>,
    at: usize,
    reads: usize,
}

impl io::Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.reads > self.file.len() * 3 / 2 {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = (&self.file[self.at..]).read(out)?;
        (self.at, self.reads) = (self.at + count, self.reads + count);
        Ok(count)
    }
}

impl io::Seek for Failing {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let mut cursor = io::Cursor::new(&self.file);
        cursor.set_position(self.at as u64);
        let at = cursor.seek(to)?;
        self.at = at as usize;
        Ok(at)
    }
}

#[tokio::test]
async fn an_address_where_no_one_listens_is_reported() {
    let account = account("", 20_000);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut exporter = export_with(Peer(unused), account.source(), account.device.clone(), ExportOptions::default());
    exporter.handle.add_device("jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456").await.unwrap();
    let (outcome, cause) = in_time(end(&mut exporter.notices)).await;
    assert_eq!((outcome, cause.unwrap().kind()), (Outcome::Network, ErrorKind::ConnectionRefused));
    exporter.close().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = Listen(taken.local_addr().unwrap());
    let mut importer = import_with(listen, inline(&store()), ImportOptions::default());
    let (outcome, cause) = in_time(end(&mut importer.notices)).await;
    assert_eq!((outcome, cause.unwrap().kind()), (Outcome::Network, ErrorKind::AddrInUse));
}

/// A failure of this device is no cause of an end that came otherwise.
#[tokio::test]
async fn a_cancel_has_no_cause() {
    let mut importer = import(&store(), ImportOptions::default());
    importer.token().await;
    importer.handle.remove_account().await.unwrap();
    assert_eq!(in_time(end(&mut importer.notices)).await, (Outcome::CANCELED, None));
}

/// Each attempt to connect ends as the program at the address makes it end: it sends a greeting of another protocol, it closes each
/// connection, or it is silent.
#[tokio::test(start_paused = true)]
async fn another_program_at_the_address_is_told_from_a_busy_device() {
    use ErrorKind::{InvalidData, TimedOut, UnexpectedEof};
    for (greeting, closes, outcome, kind, seconds) in [
        (&b"SSH-2.0-another\r\n"[..], false, Outcome::Network, InvalidData, 0),
        (b"", true, Outcome::Timeout, UnexpectedEof, 60),
        (b"", false, Outcome::Timeout, TimedOut, 60),
    ] {
        let account = account("", 20_000);
        let (mut line, phone) = Line::new();
        let program = tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (mut stream, _) = line.accept().await.unwrap();
                // The exporter may have closed it.
                let _ = stream.write_all(greeting).await;
                if !closes {
                    open.push(stream);
                }
            }
        });
        let mut exporter = export_with(phone, account.source(), account.device.clone(), ExportOptions::default());
        let began = Instant::now();
        exporter.handle.add_device("jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456").await.unwrap();
        let (ended, cause) = end(&mut exporter.notices).await;
        assert_eq!((ended, cause.map(|cause| cause.kind())), (outcome, Some(kind)));
        assert_eq!(began.elapsed().as_secs(), seconds, "{kind:?}");
        exporter.close().await;
        program.abort();
    }
}
