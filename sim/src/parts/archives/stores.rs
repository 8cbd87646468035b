//! The stores of a device that imports, with threads and without: each end of an archive's way into them (R-IMP-11, R-TIME-7, R-CANCEL-1,
//! R-ARC-4).

use std::{
    cell::Cell,
    io,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use handfast::{
    archive::{Fs as _, Identity, InsecureKdf, KeyKind, MemoryFs, Role, Seal, Store, Terms, UnixTime},
    operations::LocalId,
    secret::Secret,
    shell::{
        folder::{FolderStore, InlineStore, Installed},
        storage::{self, CheckError, Checked as _, Complete as _, Staging as _},
    },
};
use tokio::runtime;

use super::{Cases, MADE, text_of, text_with};
use crate::shell::fixture::{key, new_device};

const ROOT: &str = "/accounts";
const ID: LocalId = LocalId(0x0123_4567_89ab_cdef);
const DAY: u64 = 86_400;
const NOW: u64 = 1_800_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Where an archive's way into a store is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Begun,
    Written,
    Complete,
    Checked,
    Installed,
    Removed,
}

/// How it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    Discarded,
    Dropped,
}

/// Carries a text into a store, up to a step, and says what came of it.
async fn carry(
    mut store: impl storage::Store<Installed = Installed>,
    password: &str,
    text: &[u8],
    (until, leaving): (Step, Leaving),
) -> String {
    let failed = |step: &str, error: io::Error| format!("{step}: {:?}", error.kind());
    macro_rules! leave {
        ($step:expr, $value:ident) => {
            if until == $step {
                match leaving {
                    Leaving::Discarded => $value.discard().await,
                    Leaving::Dropped => drop($value),
                }
                return "left".to_owned();
            }
        };
    }
    let mut staging = match store.begin(ID, Secret::from(password)).await {
        Ok(staging) => staging,
        Err(error) => return failed("begin", error),
    };
    leave!(Step::Begun, staging);
    for slice in text.chunks(50_000) {
        if let Err(error) = staging.write(slice).await {
            return failed("write", error);
        }
    }
    leave!(Step::Written, staging);
    let complete = match staging.complete().await {
        Ok(complete) => complete,
        Err(error) => return failed("complete", error),
    };
    leave!(Step::Complete, complete);
    let checked = match complete.check().await {
        Ok(checked) => checked,
        Err(CheckError::Unsound(_)) => return "the archive is at fault".into(),
        Err(CheckError::Unreadable(_)) => return "this device is at fault".into(),
    };
    leave!(Step::Checked, checked);
    let installed = match checked.install().await {
        Ok(installed) => installed,
        Err(error) => return failed("install", error),
    };
    if until == Step::Removed
        && let Err(error) = store.remove(&installed).await
    {
        return failed("remove", error);
    }
    "installed".into()
}

/// Carries it into a new store of each kind, and says what came, and how many names are left. Its threads come to rest.
fn carried(
    patience: &Patience,
    threads: bool,
    password: &str,
    text: &[u8],
    now: u64,
    most: u64,
    left: (Step, Leaving),
) -> (String, usize) {
    let (answer, answered) = mpsc::channel();
    let (password, text) = (password.to_owned(), text.to_vec());
    thread::spawn(move || {
        let fs = MemoryFs::new();
        let came = Store::open_in(fs.clone(), ROOT).map_err(|error| error.to_string()).map(|store| {
            let runtime = runtime::Builder::new_current_thread().build().expect("a runtime");
            let kdf = Arc::new(InsecureKdf);
            runtime.block_on(async {
                match threads {
                    false => {
                        let store = InlineStore::new(store, kdf, new_device(), most, at(now));
                        carry(store, &password, &text, left).await
                    }
                    true => {
                        let store = FolderStore::new(store, kdf, KeyKind::P256, most, at(now));
                        carry(store, &password, &text, left).await
                    }
                }
            })
            // The runtime waits for its threads.
        });
        let names = fs.list(Path::new(ROOT)).map_or(usize::MAX, |names| names.len());
        drop(answer.send((came.unwrap_or_else(|error| error), names)));
    });
    patience.rest(&answered).unwrap_or_else(|| ("its threads never come to rest".into(), 0))
}

/// How long a thread is waited for that has nothing to wait for itself.
struct Patience(Cell<u32>);

impl Patience {
    /// The answer of a thread. One that waits for what will never be does not hold this one up for ever, and further ones hardly at all.
    fn rest<T>(&self, answered: &mpsc::Receiver<T>) -> Option<T> {
        // One that is late may be that of a machine which stood still; two are not.
        let limit = if self.0.get() < 2 { Duration::from_secs(20) } else { Duration::from_millis(100) };
        let answer = answered.recv_timeout(limit).ok();
        self.0.set(if answer.is_some() { 0 } else { self.0.get() + 1 });
        answer
    }
}

pub(super) fn stores(cases: &mut Cases) {
    let patience = Patience(Cell::new(0));
    abandoned(cases, &patience);
    let carried = |threads, password: &str, text: &[u8], now, most, left| {
        carried(&patience, threads, password, text, now, most, left)
    };
    let account = |own: u64, authority: u64| {
        let authority = Identity::authority(key(11), "Jami CA", at(authority)).expect(MADE);
        let account = authority.issue(key(12), "Jami", Role::Authority, at(own)).expect(MADE);
        text_with(&account.key().to_pem(), &account.chain().to_pem())
    };
    let whole = (Step::Installed, Leaving::Dropped);
    let most = 64 * 1024 * 1024;
    for threads in [false, true] {
        let with = if threads { "with threads" } else { "without threads" };
        // Its account begins and ends (R-TIME-7): ten years of 365 days, and a day of tolerance at the begin.
        for (own, authority) in [(NOW, NOW), (NOW, NOW - 9 * DAY), (NOW - 9 * DAY, NOW)] {
            let text = account(own, authority);
            let (begins, ended) = (own.max(authority) - DAY, own.min(authority) + 315_360_000);
            for now in [begins - 1, begins, NOW, ended, ended + 1, ended + DAY] {
                let stated = match now >= begins && now <= ended {
                    true => ("installed".to_owned(), 1),
                    false => ("this device is at fault".to_owned(), 0),
                };
                let what = format!("a store {with}, an account of {own} and {authority}, at {now}");
                cases.expect(what, stated, carried(threads, "", &text, now, most, whole));
            }
        }
        let text = account(NOW, NOW);
        for (limit, stated) in [(-1, ("the archive is at fault", 0)), (0, ("installed", 1)), (1, ("installed", 1))] {
            let limit = (text.len() as u64).checked_add_signed(limit).unwrap_or_default();
            let came = carried(threads, "", &text, NOW, limit, whole);
            cases.expect(format!("a store {with}, {} bytes of {limit}", text.len()), stated, (&*came.0, came.1));
        }
        for unsound in
            [&b"{}"[..], b"", b"\x1f", b"{\"ringAccountKey\":1}", &text[..text.len() - 1], &text_of("\"a\":[}],")]
        {
            for password in ["", "x"] {
                let came = carried(threads, password, unsound, NOW, most, whole);
                let what = format!("a store {with}, {:.20}", unsound.escape_ascii());
                cases.expect(what, ("the archive is at fault", 0), (&*came.0, came.1));
            }
        }
        // Given up at each step, nothing of it is left.
        let long = [&text[..], &vec![b' '; 300_000]].concat();
        for until in [Step::Begun, Step::Written, Step::Complete, Step::Checked, Step::Removed] {
            for (leaving, text) in [
                (Leaving::Discarded, &text),
                (Leaving::Dropped, &text),
                (Leaving::Discarded, &long),
                (Leaving::Dropped, &long),
            ] {
                for password in ["", "x"] {
                    let stated = if until == Step::Removed { "installed" } else { "left" };
                    let came = carried(threads, password, text, NOW, most, (until, leaving));
                    let what = format!("a store {with}, {} bytes, {until:?}, {leaving:?}", text.len());
                    cases.expect(what, (stated, 0), (&*came.0, came.1));
                }
            }
        }
    }
}

/// One that reads what is being written has an end where that is given up (R-CANCEL-1).
fn abandoned(cases: &mut Cases, patience: &Patience) {
    for (password, length) in
        ["", "x"].into_iter().flat_map(|password| [0, 1, 5_000, 400_000].map(|length| (password, length)))
    {
        let (answer, answered) = mpsc::channel();
        thread::spawn(move || {
            let came = Store::open_in(MemoryFs::new(), ROOT).ok().and_then(|store| {
                let seal = Seal::new(&Secret::from(password), &InsecureKdf).ok()?;
                let mut staging = store.begin(ID, seal).ok()?;
                staging.write(&vec![b' '; length]).ok()?;
                let follower = staging.follow(Terms::at(at(NOW))).ok()?;
                drop(staging);
                Some(follower.see().map_err(|error| super::refusal(&error)).err())
            });
            drop(answer.send(came));
        });
        let stated = Some(Some(Some(("Io".to_owned(), false))));
        cases.expect(format!("an archive that is given up after {length} bytes"), stated, patience.rest(&answered));
    }
}
