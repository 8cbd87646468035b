//! Accounts that are removed, with each operation failing and with a crash at each; what a start removes and what it leaves alone; and a
//! failure of the last step of an install, whose name is taken back (R-ARC-4, R-ARC-6, R-API-3).

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use handfast::{
    archive::{Disk, Fs, FsFile as _, InsecureKdf, MemoryFs, Seal, Store},
    operations::LocalId,
    secret::Secret,
};

use super::{
    Cases, Part,
    install::{ID, Opened, ROOT, each_choice, found, install, start},
    stored::Account,
};

const OTHER: LocalId = LocalId(0xfedc_ba98_7654_3210);

/// Removes the account, and says whether it is removed.
fn remove(store: &Opened) -> bool {
    store.as_ref().is_ok_and(|store| store.remove(ID).is_ok())
}

/// The names in the store, before a start cleans it.
fn names(fs: &MemoryFs) -> Vec<String> {
    let names = fs.list(Path::new(ROOT)).unwrap_or_default();
    names.iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

pub(super) fn removals() -> Part {
    let mut cases = Cases::default();
    all(&mut cases);
    cases.part("removals", "R-ARC-4, R-ARC-6, R-API-3")
}

fn all(cases: &mut Cases) {
    let account = Account::new("", &[]);
    let fresh = || {
        let fs = MemoryFs::new();
        let store = start(&fs);
        let installed = store.as_ref().map_err(Clone::clone);
        let installed = installed.and_then(|store| install(store, &account.password, &account.text));
        (fs, installed.and(store))
    };
    let (fs, store) = fresh();
    let before = fs.operations();
    cases.expect("a removal", true, remove(&store));
    let operations = fs.operations() - before;
    cases.expect("what it leaves at once", Vec::<String>::new(), names(&fs));
    cases.expect("another one, where there is none", true, remove(&store));
    for at in 0..=operations {
        let what = format!("a removal, operation {at} of {operations}");
        each_choice(|choice, keep| {
            let (fs, store) = fresh();
            fs.crash_after(at);
            let success = remove(&store);
            drop(store);
            fs.crash();
            fs.restart(keep);
            judge(cases, &format!("{what}, a crash, choice {choice}"), success, &found(&fs, &account));
        });
        if at == operations {
            continue;
        }
        each_choice(|choice, keep| {
            let (fs, store) = fresh();
            fs.fail_after(at);
            let success = remove(&store);
            cases.expect(format!("{what} fails: success"), false, success);
            drop(store);
            fs.crash();
            fs.restart(keep);
            judge(cases, &format!("{what} fails, and then a crash, choice {choice}"), success, &found(&fs, &account));
        });
        // Another one finishes it, and so does a start.
        let (fs, store) = fresh();
        fs.fail_after(at);
        remove(&store);
        cases.expect(format!("{what} fails, and another one"), true, remove(&store));
        cases.expect(format!("{what} fails, and what another one leaves"), Vec::<String>::new(), names(&fs));
        let (fs, store) = fresh();
        fs.fail_after(at);
        let removed = remove(&store);
        drop(store);
        judge(cases, &format!("{what} fails, and then a start"), removed, &found(&fs, &account));
        // The account is linked again after a removal that failed, and removed again, with the same failure or none.
        let (fs, store) = fresh();
        fs.fail_after(at);
        remove(&store);
        let again = store.as_ref().map(|store| {
            let _ = install(store, &account.password, &account.text);
            store.remove(ID).is_ok()
        });
        cases.expect(format!("{what} fails, and it is linked again and removed"), Ok(true), again);
        cases.expect(format!("{what} fails, and what is left then"), Vec::<String>::new(), names(&fs));
    }
    withdrawn(cases, &account);
    left_over(cases, &account);
    in_use(cases, &account);
}

/// After a removal there is nothing; before its end, the account or nothing.
fn judge(cases: &mut Cases, what: &str, success: bool, came: &str) {
    let stated = if success { "nothing" } else { "nothing, or the account" };
    let is_stated = came == "nothing" || came == "the account" && !success;
    cases.expect(what, stated, if is_stated { stated } else { came });
}

/// A failure of an install's last steps, and then a crash, whatever that keeps: an account whose link failed does not come back.
fn withdrawn(cases: &mut Cases, account: &Account) {
    let carried = |fs: &MemoryFs, store: &Opened| {
        let before = fs.operations();
        let came = store.as_ref().map_err(Clone::clone);
        let came = came.and_then(|store| install(store, &account.password, &account.text));
        (fs.operations() - before, came.is_ok())
    };
    let fresh = || {
        let fs = MemoryFs::new();
        let store = start(&fs);
        (fs, store)
    };
    let (fs, store) = fresh();
    let (operations, _) = carried(&fs, &store);
    for at in operations - 4..operations {
        each_choice(|choice, keep| {
            let (fs, store) = fresh();
            fs.fail_after(at);
            let (_, success) = carried(&fs, &store);
            let what = format!("an install, operation {at} of {operations} fails");
            cases.expect(format!("{what}: success"), false, success);
            drop(store);
            fs.crash();
            fs.restart(keep);
            cases.expect(format!("{what}, and then a crash, choice {choice}"), "nothing", &*found(&fs, account));
        });
        // The machine crashes while it is taken back: the account, or nothing.
        let steps = if at + 1 == operations { 6 } else { 0 };
        for later in at + 1..=at + steps {
            each_choice(|choice, keep| {
                let (fs, store) = fresh();
                fs.fail_after(at);
                fs.crash_after(later);
                let (_, success) = carried(&fs, &store);
                drop(store);
                fs.crash();
                fs.restart(keep);
                let what =
                    format!("an install, operation {at} of {operations} fails, a crash at {later}, choice {choice}");
                judge(cases, &what, success, &found(&fs, account));
            });
        }
    }
}

/// Names that a start removes, and names that it does not.
fn left_over(cases: &mut Cases, account: &Account) {
    let gone = [
        ".staging-",
        ".staging-0123456789abcdef",
        ".staging-fedcba9876543210",
        ".staging-0123456789abcdef.removed",
        ".staging-fedcba9876543210.removed",
        ".staging-litter",
    ];
    let kept = ["staging-0123456789abcdef", ".stagin", "fedcba9876543210", "litter", ".lock"];
    for (name, stays) in gone.map(|name| (name, false)).into_iter().chain(kept.map(|name| (name, true))) {
        for inside in [&[][..], &["archive.gz"], &["archive.gz", "ring_device.key"]] {
            let fs = MemoryFs::new();
            let made = start(&fs).and_then(|store| {
                install(&store, &account.password, &account.text)?;
                let folder = Path::new(ROOT).join(name);
                let made = fs.create_folder(&folder).and_then(|()| {
                    inside.iter().try_for_each(|file| {
                        let mut file = fs.create(&folder.join(file))?;
                        file.write_all(b"a secret")?;
                        file.sync()
                    })
                });
                made.map_err(|error| error.to_string())
            });
            cases.expect("something in the store", Ok(()), made);
            // While somebody uses it, nothing is removed.
            let first = start(&fs).map(drop);
            let mut stated = vec!["0123456789abcdef".to_owned()];
            stated.extend(stays.then(|| name.to_owned()));
            stated.sort();
            cases.expect(format!("a start finds {name}, with {inside:?}"), (Ok(()), stated), (first, names(&fs)));
            let store = start(&fs);
            let whole = store.map(|store| account.differs(&fs, &store, ID));
            cases.expect(format!("the account next to {name}"), Ok(None), whole);
        }
    }
    // A name that cannot be removed is an error, and no store without a word.
    let fs = MemoryFs::new();
    drop(start(&fs));
    let made = fs.create_folder(&Path::new(ROOT).join(".staging-litter")).is_ok();
    let before = fs.operations();
    let (first, operations) = {
        let copy = start(&fs).is_ok();
        (copy, fs.operations() - before)
    };
    cases.expect("a start that removes something", (true, true), (made, first));
    for at in 0..operations {
        let fs = MemoryFs::new();
        drop(start(&fs));
        let made = fs.create_folder(&Path::new(ROOT).join(".staging-litter")).is_ok();
        fs.fail_after(at);
        let came = start(&fs).is_ok();
        cases.expect(format!("a start whose operation {at} of {operations} fails"), (true, false), (made, came));
        cases.expect("the next start", true, start(&fs).is_ok());
        cases.expect("what it leaves", Vec::<String>::new(), names(&fs));
    }
}

/// On a real disk: what one process is staging is left alone by another that opens the store, and removed once no one has it open.
fn in_use(cases: &mut Cases, account: &Account) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let root = env::temp_dir().join(format!("handfast-removals-{}-{number}", process::id()));
    let came = disk(&root, account);
    drop(fs::remove_dir_all(&root));
    let stated: Vec<(&str, bool)> = [
        "there is no account",
        "the staged one is there, for the second process",
        "and for the third, after the second is gone",
        "the install of the first goes on",
        "the account is whole",
        "its name is not given again",
        "it is still whole",
        "an interrupted removal is left alone while the store is in use",
        "and removed by the next start",
        "with what was staged",
        "the account is whole after the start",
        "it is removed",
        "there is nothing then",
    ]
    .map(|what| (what, true))
    .into();
    cases.expect("a store on a disk, and its processes", Ok(stated), came);
}

fn disk(root: &PathBuf, account: &Account) -> Result<Vec<(&'static str, bool)>, String> {
    let open = || Store::open_in(Disk, root).map_err(|error| error.to_string());
    let begin = |store: &Store, id| {
        let seal = Seal::new(&Secret::default(), &InsecureKdf).map_err(|error| error.to_string())?;
        store.begin(id, seal).map_err(|error| error.to_string())
    };
    let there = |name: &str| root.join(name).exists();
    let mut came = Vec::new();
    let first = open()?;
    came.push(("there is no account", first.list().is_ok_and(|all| all.is_empty())));
    // The first process stages another one.
    let staged = begin(&first, OTHER)?;
    let second = open()?;
    came.push(("the staged one is there, for the second process", there(".staging-fedcba9876543210/archive.gz")));
    drop(second);
    let third = open()?;
    came.push(("and for the third, after the second is gone", there(".staging-fedcba9876543210/archive.gz")));
    let installed = install(&first, &account.password, &account.text);
    came.push(("the install of the first goes on", installed.is_ok()));
    came.push(("the account is whole", account.differs(&Disk, &first, ID).is_none()));
    let again = install(&third, &account.password, &account.text);
    came.push(("its name is not given again", again.is_err()));
    came.push(("it is still whole", account.differs(&Disk, &third, ID).is_none()));
    let left = root.join(".staging-0123456789abcdef.removed");
    fs::create_dir(&left)
        .and_then(|()| fs::write(left.join("ring_device.key"), "a key"))
        .map_err(|error| error.to_string())?;
    drop(third);
    drop(open()?);
    came.push((
        "an interrupted removal is left alone while the store is in use",
        there(".staging-0123456789abcdef.removed/ring_device.key"),
    ));
    drop((staged, first));
    // As after a crash: of what is staged nothing was wiped.
    let next = root.join(".staging-fedcba9876543210");
    fs::create_dir(&next)
        .and_then(|()| fs::write(next.join("archive.gz"), "an archive"))
        .map_err(|error| error.to_string())?;
    let store = open()?;
    came.push(("and removed by the next start", !left.exists()));
    came.push(("with what was staged", !next.exists()));
    came.push(("the account is whole after the start", account.differs(&Disk, &store, ID).is_none()));
    came.push(("it is removed", store.remove(ID).is_ok()));
    let names = fs::read_dir(root).map_err(|error| error.to_string())?;
    let names: Vec<_> = names.filter_map(|name| Some(name.ok()?.file_name())).filter(|name| name != ".lock").collect();
    came.push(("there is nothing then", names.is_empty()));
    Ok(came)
}
