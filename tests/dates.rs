//! Devices whose dates differ (R-TIME-7): a link fails for this device's fault, named by both dates, or goes on with a warning. All dates
//! are given; the wall clock is not read.

mod support;

use std::{io::Cursor, sync::Arc, time::Duration};

use handfast::{
    archive::{DateDoubt, Identity, InsecureKdf, KeyKind, MemoryFs, PrivateKey, Store, Terms, UnixTime},
    outcome::{Outcome, Signal},
    shell::{
        Cause, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, SystemRandom,
        folder::{FileSource, FolderStore, Installed},
        identity::{Reach, throw_away},
        import,
        rendezvous::{Listen, Peer},
    },
};
use support::{Account, Importer, NOW, account, export_with, in_time, key, store};

const DAY: i64 = 24 * 60 * 60;
const YEAR: i64 = 365 * DAY;

fn at(offset: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW.as_secs().checked_add_signed(offset).unwrap()))
}

/// The result of one side.
#[derive(Debug)]
struct End {
    outcome: Outcome,
    cause: Option<Cause>,
    doubt: Option<DateDoubt>,
}

/// An import on a device whose date is this far from the account's.
fn import_at(store: &Store<MemoryFs>, offset: i64) -> Importer {
    let now = at(offset);
    let env = ImportEnv {
        publish: Listen("127.0.0.1:0".parse().unwrap()),
        store: FolderStore::new(store.clone(), Arc::new(InsecureKdf), KeyKind::P256, 1 << 30, now),
        identity: ImportIdentity::Ready(Arc::new(throw_away(Reach::Direct, now).unwrap())),
        random: SystemRandom,
    };
    let (handle, notices, report) = import(env, ImportOptions { now: Some(now), ..ImportOptions::default() });
    Importer { handle, notices, report: tokio::spawn(report) }
}

/// Links an account that was made at 0, from a device with this certificate and date to one with another date.
async fn link(account: &Account, device: Arc<Identity>, import: i64, export: i64) -> (End, End, Option<Installed>) {
    let store = store();
    let mut importer = import_at(&store, import);
    let token = importer.token().await;
    let file = account.file.clone();
    let terms = Terms::at(at(export)).with_max_text(1 << 30);
    let source = FileSource::new(move || Ok(Cursor::new(file.to_vec())), Arc::new(InsecureKdf), terms).unwrap();
    let dial = Peer(importer.handle.listening().unwrap());
    let options = ExportOptions { now: Some(at(export)), ..ExportOptions::default() };
    let mut exporter = export_with(dial, source, device, options);
    let op = exporter.handle.add_device(&token).await.unwrap();
    let imports = async {
        let mut doubt = None;
        loop {
            let notice = importer.next().await;
            match notice.signal {
                Signal::Prompt { scheme, .. } => {
                    doubt = notice.doubt;
                    importer.handle.provide_account_authentication("".into(), scheme).await.unwrap();
                }
                Signal::Done(outcome) => break End { outcome, cause: notice.cause, doubt },
                _ => assert_eq!(notice.doubt, None),
            }
        }
    };
    let exports = async {
        let mut doubt = None;
        loop {
            let notice = exporter.notices.recv().await.unwrap();
            match notice.signal {
                Signal::Confirm { .. } => {
                    doubt = notice.doubt;
                    exporter.handle.confirm_add_device(op).await.unwrap();
                }
                Signal::Done(outcome) => break End { outcome, cause: notice.cause, doubt },
                _ => assert_eq!(notice.doubt, None),
            }
        }
    };
    let (imported, exported) = tokio::join!(imports, exports);
    let installed = importer.report().await.installed;
    exporter.close().await;
    (imported, exported, installed)
}

/// The certificate of an exporter that works from a bare archive, at its date.
fn for_the_occasion(account: &Account, offset: i64) -> Arc<Identity> {
    Arc::new(account.identity.issue_device(key(), at(offset)).unwrap())
}

#[tokio::test]
async fn devices_that_agree_link_without_a_word() {
    in_time(async {
        let account = account("", 5_000);
        for (import, export) in [(0, 0), (-DAY, 0), (0, DAY), (YEAR, YEAR), (9 * YEAR, 9 * YEAR)] {
            let (imported, exported, installed) =
                link(&account, for_the_occasion(&account, export), import, export).await;
            assert_eq!((imported.outcome, exported.outcome), (Outcome::SUCCESS, Outcome::SUCCESS));
            assert_eq!((imported.doubt, exported.doubt), (None, None), "{import} {export}");
            assert!(installed.is_some());
        }
    })
    .await;
}

/// The clock of the new device is slow: it is this device's fault, and its date is named. The other device says that it failed.
#[tokio::test]
async fn a_new_device_before_the_account_was_made_names_its_date() {
    in_time(async {
        let account = account("", 5_000);
        for import in [-2 * DAY, -YEAR, -20 * YEAR] {
            let (imported, exported, installed) = link(&account, for_the_occasion(&account, 0), import, 0).await;
            assert_eq!((imported.outcome, exported.outcome), (Outcome::Storage, Outcome::Peer));
            assert_eq!(installed, None);
            let cause = imported.cause.unwrap().to_string();
            assert!(cause.contains("this device's date is") && cause.contains("2027-01-15"), "{cause}");
            // Before anything is asked of a person, too.
            assert!(matches!(imported.doubt, Some(DateDoubt::BeforeDevice { .. })), "{:?}", imported.doubt);
            assert!(matches!(exported.doubt, Some(DateDoubt::Apart { .. })), "{:?}", exported.doubt);
        }
    })
    .await;
}

/// The clock of the new device is fast, and after the end of the account.
#[tokio::test]
async fn a_new_device_after_the_account_s_end_names_its_date() {
    in_time(async {
        let account = account("", 5_000);
        let (imported, exported, installed) = link(&account, for_the_occasion(&account, 0), 40 * YEAR, 0).await;
        assert_eq!((imported.outcome, exported.outcome, installed), (Outcome::Storage, Outcome::Peer, None));
        let cause = imported.cause.unwrap().to_string();
        assert!(cause.contains("this device's date is") && cause.contains("was valid until"), "{cause}");
    })
    .await;
}

/// The new device is ahead, within the time of the account: it is linked, and both are warned.
#[tokio::test]
async fn a_new_device_that_is_years_ahead_is_warned_of() {
    in_time(async {
        let account = account("", 5_000);
        let (imported, exported, installed) = link(&account, for_the_occasion(&account, 0), 2 * YEAR, 0).await;
        assert_eq!((imported.outcome, exported.outcome), (Outcome::SUCCESS, Outcome::SUCCESS));
        assert!(installed.is_some());
        assert!(matches!(imported.doubt, Some(DateDoubt::LongAfter { .. })), "{:?}", imported.doubt);
        assert!(matches!(exported.doubt, Some(DateDoubt::Apart { .. })), "{:?}", exported.doubt);
    })
    .await;
}

/// The exporter's date is wrong, and the new device's is right: no fault of it is named, and no archive is refused for it.
#[tokio::test]
async fn an_exporter_that_is_ahead_is_warned_of() {
    in_time(async {
        let account = account("", 5_000);
        let (imported, exported, installed) = link(&account, for_the_occasion(&account, 2 * YEAR), 0, 2 * YEAR).await;
        assert_eq!((imported.outcome, exported.outcome), (Outcome::SUCCESS, Outcome::SUCCESS));
        assert!(installed.is_some());
        assert!(matches!(imported.doubt, Some(DateDoubt::BeforeDevice { .. })), "{:?}", imported.doubt);
        assert!(matches!(exported.doubt, Some(DateDoubt::Apart { .. })), "{:?}", exported.doubt);
    })
    .await;
}

/// An exporter before its account's begin, or after its end, fails for its own fault, and names its date.
#[tokio::test]
async fn an_exporter_outside_of_its_account_names_its_date() {
    in_time(async {
        let account = account("", 5_000);
        for export in [-2 * DAY, 40 * YEAR] {
            let (imported, exported, installed) = link(&account, account.device.clone(), 0, export).await;
            assert_eq!((exported.outcome, installed), (Outcome::Storage, None));
            assert_ne!(imported.outcome, Outcome::Protocol);
            let cause = exported.cause.unwrap().to_string();
            assert!(cause.contains("this device's date is"), "{cause}");
        }
    })
    .await;
}

/// A device that was linked eleven years ago: its certificate has ended, its account was renewed.
#[tokio::test]
async fn an_exporter_whose_certificate_has_ended_is_warned_of() {
    in_time(async {
        let account = account("", 5_000);
        let old = Arc::new(account.identity.issue_device(key(), at(-11 * YEAR)).unwrap());
        let (imported, exported, _) = link(&account, old, 0, 0).await;
        assert_eq!((imported.outcome, exported.outcome), (Outcome::SUCCESS, Outcome::SUCCESS));
        assert!(matches!(imported.doubt, Some(DateDoubt::AfterDevice { .. })), "{:?}", imported.doubt);
    })
    .await;
}

/// Its certificate is renewed between two links, with the key that it had: it is the same device to both new ones, and links again (R-SEC-5, H-19).
#[tokio::test]
async fn a_device_whose_certificate_was_renewed_links_again() {
    in_time(async {
        let account = account("", 5_000);
        let pem = key().to_pem();
        let device = |begin| {
            let key = PrivateKey::from_pem(pem.as_bytes()).unwrap();
            Arc::new(account.identity.issue_device(key, at(begin)).unwrap())
        };
        let [before, renewed] = [device(-11 * YEAR), device(0)];
        assert_eq!(before.certificate().long_id(), renewed.certificate().long_id());
        assert_ne!(before.certificate().der(), renewed.certificate().der());
        for device in [before, renewed] {
            let (imported, exported, installed) = link(&account, device, 0, 0).await;
            assert_eq!((imported.outcome, exported.outcome), (Outcome::SUCCESS, Outcome::SUCCESS));
            assert!(installed.is_some());
        }
    })
    .await;
}
