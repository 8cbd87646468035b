//! An install, with each of its operations failing, and with a crash of the machine at each, after which each part of what was not synced
//! is there or not (R-ARC-4, R-ARC-6): all of it is enumerated, and nothing is drawn.

use std::{
    io::{Read as _, Write as _},
    path::Path,
};

use handfast::{
    archive::{Fs, FsFile as _, InsecureKdf, MemoryFs, OpenError, Seal, Store, StoreError, Terms},
    operations::LocalId,
    secret::Secret,
};

use super::{Cases, Part, stored::Account};
use crate::shell::fixture::{NOW, PASSWORD, new_device};

pub(super) const ROOT: &str = "/accounts";
pub(super) const ID: LocalId = LocalId(0x0123_4567_89ab_cdef);
/// The choices of what a crash keeps of the changes of a folder or of the bytes of a file that were not synced: none, one, all but one, all.
const KEPT: usize = 4;

/// Carries an install out, as the shell does.
pub(super) fn install<F: Fs>(store: &Store<F>, password: &Secret, text: &[u8]) -> Result<(), String> {
    install_meddled(store, password, text, |_| ())
}

/// The same, with something that happens to the staged file once it is durable.
fn install_meddled<F: Fs>(
    store: &Store<F>,
    password: &Secret,
    text: &[u8],
    meddle: impl FnOnce(&Path),
) -> Result<(), String> {
    let about = |error: StoreError| error.to_string();
    let opened = |error: OpenError| error.to_string();
    let seal = Seal::new(password, &InsecureKdf).map_err(|error| error.to_string())?;
    let mut staging = store.begin(ID, seal).map_err(about)?;
    for slice in text.chunks(4096) {
        staging.write(slice).map_err(about)?;
    }
    let follower = staging.follow(Terms::at(NOW)).map_err(about)?;
    let complete = staging.complete().map_err(about)?;
    let seen = follower.see().map_err(opened)?;
    meddle(&complete.path());
    let checked = complete.confirm(seen).map_err(opened)?;
    checked.install(new_device(), NOW).map(drop).map_err(about)
}

/// The store of a device that has just been started.
pub(super) fn start(fs: &MemoryFs) -> Result<Store<MemoryFs>, String> {
    Store::open_in(fs.clone(), ROOT).map_err(|error| error.to_string())
}

/// The state that the next start finds: `nothing`, `the account`, or something else, in words.
pub(super) fn found(fs: &MemoryFs, account: &Account) -> String {
    let store = match start(fs) {
        Ok(store) => store,
        Err(error) => return error,
    };
    let names = fs.list(Path::new(ROOT)).unwrap_or_default();
    match names.as_slice() {
        [] => "nothing".into(),
        [name] if name.to_str() == Some(&ID.to_string()) => match account.differs(fs, &store, ID) {
            None => "the account".into(),
            Some(difference) => difference,
        },
        names => format!("{names:?}"),
    }
}

/// Carries the table out.
pub(super) fn installs() -> Part {
    let mut cases = Cases::default();
    for password in ["", PASSWORD] {
        let account = Account::new(password, &[]);
        let fresh = || {
            let fs = MemoryFs::new();
            let store = start(&fs);
            let before = fs.operations();
            (fs, store, before)
        };
        let carried = |store: &Result<Store<MemoryFs>, String>| {
            store.as_ref().map_err(Clone::clone).and_then(|store| install(store, &account.password, &account.text))
        };
        let (fs, store, before) = fresh();
        cases.expect(format!("an install, password {password:?}"), Ok(()), carried(&store));
        let operations = fs.operations() - before;
        drop(store);
        cases.expect("it leaves", "the account".to_owned(), found(&fs, &account));
        for at in 0..operations {
            let what = format!("password {password:?}, operation {at} of {operations}");
            let (fs, store, _) = fresh();
            fs.fail_after(at);
            cases.expect(format!("{what} fails: success"), false, carried(&store).is_ok());
            let left = fs.list(Path::new(ROOT)).unwrap_or_default().len();
            cases.expect(format!("{what} fails: names at once"), 0, left);
            drop(store);
            // Not later either, whatever a crash makes of it.
            fs.crash();
            fs.restart(|_| usize::MAX);
            cases.expect(format!("{what} fails: then there is"), "nothing".to_owned(), found(&fs, &account));
        }
        for at in 0..=operations {
            crashes(&mut cases, &account, &fresh, &carried, at, operations);
        }
    }
    replaced(&mut cases);
    cases.part("installs", "R-ARC-4, R-ARC-6")
}

/// Bytes that are read back and are not those that were checked: another sound archive is in its place, or one bit is another (R-ARC-4).
fn replaced(cases: &mut Cases) {
    let other = Account::new("", &[("Account.alias", "another")]);
    let stored = MemoryFs::new();
    let installed = start(&stored).and_then(|store| install(&store, &other.password, &other.text));
    cases.expect("another account", Ok(()), installed);
    let other = read(&stored, &Path::new(ROOT).join(ID.to_string()).join("archive.gz"));
    for password in ["", PASSWORD] {
        let account = Account::new(password, &[]);
        let meddled = |meddle: &dyn Fn(Vec<u8>) -> Vec<u8>| {
            let fs = MemoryFs::new();
            let came = start(&fs).and_then(|store| {
                install_meddled(&store, &account.password, &account.text, |path| {
                    let bytes = meddle(read(&fs, path));
                    write(&fs, path, &bytes);
                })
            });
            (came.is_ok(), found(&fs, &account))
        };
        let what = |what: &str| format!("password {password:?}, read back is {what}");
        cases.expect(what("what was written"), (true, "the account".to_owned()), meddled(&|bytes| bytes));
        let nothing = || (false, "nothing".to_owned());
        cases.expect(what("another archive"), nothing(), meddled(&|_| other.clone()));
        cases.expect(what("an empty file"), nothing(), meddled(&|_| Vec::new()));
        for place in [0, 1, 2, 4] {
            let flipped = meddled(&|mut bytes| {
                let at = (bytes.len() - 1) * place / 4;
                bytes[at] ^= 1;
                bytes
            });
            cases.expect(what(&format!("another bit at {place} of 4")), nothing(), flipped);
        }
    }
}

/// Reads a file; empty where there is none.
fn read(fs: &MemoryFs, path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = fs.open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_or_else(|_| Vec::new(), |_| bytes)
}

/// Puts a file with these bytes in the place of another one, which is alone in its folder.
fn write(fs: &MemoryFs, path: &Path, bytes: &[u8]) {
    let written = path.parent().map(|folder| {
        fs.remove_folder(folder)?;
        fs.create_folder(folder)?;
        let mut file = fs.create(path)?;
        file.write_all(bytes)?;
        file.sync()?;
        fs.sync_folder(folder)
    });
    assert!(matches!(written, Some(Ok(()))), "a file in memory: {written:?}");
}

pub(super) type Opened = Result<Store<MemoryFs>, String>;
type Fresh = (MemoryFs, Opened, u64);

/// A crash at one operation, or after the last one, with every choice of what it keeps.
fn crashes(
    cases: &mut Cases,
    account: &Account,
    fresh: &dyn Fn() -> Fresh,
    carried: &dyn Fn(&Opened) -> Result<(), String>,
    at: u64,
    operations: u64,
) {
    each_choice(|choice, keep| {
        let (fs, store, _) = fresh();
        fs.crash_after(at);
        let success = carried(&store).is_ok();
        drop(store);
        fs.crash();
        fs.restart(keep);
        let came = found(&fs, account);
        let what = format!("a crash at operation {at} of {operations}, choice {choice}");
        // A success that was reported is there; else there is nothing, or all of it where only the last sync was missing.
        let is_stated = came == "the account" || came == "nothing" && !success;
        cases.expect(
            what,
            "the account, or nothing".to_owned(),
            if is_stated { "the account, or nothing".into() } else { came },
        );
    });
}

/// Carries something out once for each choice of what a crash keeps.
pub(super) fn each_choice(mut carry: impl FnMut(usize, &mut dyn FnMut(usize) -> usize)) {
    // The choice at each place, as a number of so many digits: only places where something was not synced count.
    let mut choice = 0;
    loop {
        let (mut rest, mut choices) = (choice, 1);
        carry(choice, &mut |unsynced| {
            let count = KEPT.min(unsynced + 1);
            let chosen = rest % count;
            (rest, choices) = (rest / count, choices * count);
            match chosen {
                0 => 0,
                1 => unsynced,
                2 => 1,
                _ => unsynced - 1,
            }
        });
        choice += 1;
        if choice >= choices {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that is no account's is noticed, and a name too many.
    #[test]
    fn what_is_not_whole_is_noticed() {
        let account = Account::new("", &[]);
        let fs = MemoryFs::new();
        let store = start(&fs).unwrap();
        assert_eq!(found(&fs, &account), "nothing");
        install(&store, &account.password, &account.text).unwrap();
        assert_eq!(found(&fs, &account), "the account");
        assert_ne!(found(&fs, &Account::new(PASSWORD, &[])), "the account");
        assert_ne!(found(&fs, &Account::new("", &[("Account.alias", "Max")])), "the account");
        fs.create_folder(&Path::new(ROOT).join("litter")).unwrap();
        assert!(found(&fs, &account).contains("litter"));
        let folder = Path::new(ROOT).join(ID.to_string()).join("litter");
        fs.remove_folder(&Path::new(ROOT).join("litter")).unwrap();
        fs.create_folder(&folder).unwrap();
        assert!(found(&fs, &account).contains("litter"));
    }
}
