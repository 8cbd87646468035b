//! The rules for the importer's disk after a session (R-ARC-4, R-ARC-5, R-IMP-13).

use std::{
    io::{self, Cursor, Read as _},
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use flate2::read::ZlibDecoder;
use handfast::{
    archive::{Archive, Fs as _, Terms},
    operations::LocalId,
    outcome::{Scheme, Side},
    secret::Secret,
};
use handfast_model::pairs::End;

use super::{
    disk::{self, ROOT},
    ends::{end, text as text_of},
    fixture::{NOW, PASSWORD, kdf, password},
    plan::{DiskFault, Plan},
    rule::{Rule, Violation},
    scene::{Record, Scene},
    side::restart_disk,
};

/// Looks at the importer's disk as the next start will find it. Says how many accounts there are.
pub(crate) fn look(
    scene: &Scene,
    record: &Record,
    crashed: bool,
    import: Option<End>,
    export: Option<End>,
) -> (Vec<Violation>, usize) {
    let mut violations = Vec::new();
    let mut broke = |rule, text: String| violations.push(Violation { rule, text });
    let bad = matches!(scene.plan.disk, Some(DiskFault::Fails(_) | DiskFault::Full(_) | DiskFault::Crashes(_)));
    if !crashed && !bad {
        left_over(scene).into_iter().for_each(|name| broke(Rule::LeftOver, format!("{name} before a restart")));
    }
    if scene.fs.is_crashed() || bad {
        scene.fs.set_capacity(None);
        restart_disk(scene);
    }
    scene.fs.set_most(None);
    let all = match accounts(scene) {
        Ok(found) => found,
        Err(text) => {
            broke(Rule::Stored, text);
            return (violations, scene.accounts);
        }
    };
    let Some(found) = all.checked_sub(scene.accounts) else {
        broke(Rule::Stored, format!("of {} accounts there are {all}", scene.accounts));
        return (violations, all);
    };
    left_over(scene).into_iter().for_each(|name| broke(Rule::LeftOver, format!("{name} after a restart")));

    let succeeded = |end: Option<End>| end.is_some_and(|end| end.outcome.is_success());
    let removed = record.canceled[Side::Import as usize] == Some(Ok(()));
    let said = end(&record.steps, Side::Import);
    if crashed {
        if found > 1 {
            broke(Rule::Stored, format!("after a crash there are {found} accounts"));
        }
        if found == 0 && !removed && (succeeded(said) || succeeded(export)) {
            broke(Rule::Stored, "success was said, and after a crash there is no account".into());
        }
    } else {
        let expected = usize::from(succeeded(import) && !removed);
        if found != expected {
            broke(Rule::Stored, format!("import: {}, removed: {removed}, accounts: {found}", text_of(import)));
        }
        if let Some(report) = &record.report
            && usize::from(report.installed.is_some()) != expected
        {
            broke(Rule::Stored, format!("import: {}, reported: {:?}", text_of(import), report.installed));
        }
    }
    (violations, all)
}

/// How many accounts there are, all of them the one that was sent.
fn accounts(scene: &Scene) -> Result<usize, String> {
    let store = disk::open(&scene.fs).map_err(|error| error.to_string())?;
    let entries = store.list().map_err(|error| error.to_string())?;
    let plan = &scene.plan;
    for entry in &entries {
        let expected = if plan.protected { Scheme::Password } else { Scheme::None };
        if entry.protection != expected {
            return Err(format!("stored as {:?}, typed {expected:?}", entry.protection));
        }
        let mut file = Vec::new();
        let read =
            store.archive(entry.id).map_err(io::Error::from).and_then(|mut stored| stored.read_to_end(&mut file));
        read.map_err(|error| error.to_string())?;
        // Without a password it is the very file that was exported, which is known to open.
        if *file != *scene.archive.file && *text(file, plan)? != *scene.archive.text {
            return Err("the stored archive is not the one that was sent".into());
        }
        store.device(entry.id).map_err(|error| error.to_string())?;
    }
    Ok(entries.len())
}

/// The text in a stored archive. Where the key costs nothing, it is read by other code than what wrote it.
fn text(file: Vec<u8>, plan: &Plan) -> Result<Vec<u8>, String> {
    if plan.protected && !plan.shipped {
        return unseal(file).ok_or_else(|| "the stored archive does not open".into());
    }
    let password = Secret::from(password(plan.protected));
    let opened = Archive::open(Cursor::new(file), &password, &*kdf(plan), Terms::at(NOW));
    let mut text = Vec::new();
    let read = opened.map_err(io::Error::from).and_then(|archive| archive.into_text()?.read_to_end(&mut text));
    read.map_err(|error| error.to_string())?;
    Ok(text)
}

/// Salt, nonce, and AES-256-GCM of a zlib stream; the key is the digest of the salt and the password.
fn unseal(mut file: Vec<u8>) -> Option<Vec<u8>> {
    let (salt, rest) = file.split_first_chunk_mut::<16>()?;
    let (nonce, sealed) = rest.split_first_chunk_mut::<12>()?;
    let key = digest(&SHA256, &[&salt[..], PASSWORD.as_bytes()].concat());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?);
    let data = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), sealed).ok()?;
    inflate(data)
}

/// The text of a zlib stream with nothing after it.
fn inflate(data: &[u8]) -> Option<Vec<u8>> {
    let (mut decoder, mut text) = (ZlibDecoder::new(data), Vec::new());
    decoder.read_to_end(&mut text).ok()?;
    (decoder.total_in() == data.len() as u64).then_some(text)
}

/// Files on the importer's disk that are no account.
fn left_over(scene: &Scene) -> Vec<String> {
    let names = scene.fs.list(Path::new(ROOT)).unwrap_or_default();
    let names = names.into_iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.parse::<LocalId>().is_err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::fixture::FIXTURE;

    #[test]
    fn what_the_shell_seals_is_read_without_it_and_what_was_changed_is_not() {
        let plan = Plan { protected: true, shipped: false, ..Plan::draw(crate::shell::scenario::Scenario::NoFault, 0) };
        let exported = FIXTURE.archive(&plan);
        let file = exported.file.to_vec();
        assert_eq!(unseal(file.clone()).as_deref(), Some(&*exported.text));
        for place in [0, 20, 40, file.len() - 1] {
            let mut changed = file.clone();
            changed[place] ^= 1;
            assert_eq!(unseal(changed), None, "byte {place}");
        }
        assert_eq!(unseal(file[..27].to_vec()), None);
    }

    #[test]
    fn nothing_may_stand_after_the_text() {
        // Python's zlib.compress(b"{}").
        let stream = b"\x78\x9c\xab\xae\x05\x00\x01\x75\x00\xf9";
        assert_eq!(inflate(stream).as_deref(), Some(&b"{}"[..]));
        assert_eq!(inflate(&[&stream[..], b"\0"].concat()), None);
        assert_eq!(inflate(&stream[..9]), None);
    }
}
