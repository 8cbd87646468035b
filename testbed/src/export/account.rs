//! The account that is exported: an archive, or one of a store.

use std::{fs::File, path::Path, sync::Arc};

use handfast::{
    archive::{Argon2i, Entry, Identity, KeyKind, OpenError, Store, Terms, UnixTime},
    outcome::Outcome,
    secret::Secret,
    shell::folder::{FileSource, IssueError, issued_identity},
};

use super::{Export, failed};
#[cfg(feature = "web")]
use crate::web;
use crate::{
    failure::Failure,
    interrupt::{self, Interrupts},
    link::{
        front::{Event, Front},
        given_up, note_locks,
        options::passwords,
        texts::WRONG_OR_DAMAGED,
    },
    output, terminal,
    tui::{
        keys::Key,
        unlock::{Act, View},
    },
};

/// The exported account, and the identity of this device.
pub(super) struct Account {
    pub(super) source: FileSource<File>,
    pub(super) identity: Identity,
}

impl Export {
    /// Returns the exported account, and the identity of this device.
    pub(super) async fn account(
        &self,
        now: UnixTime,
        interrupts: &mut Interrupts,
        front: &mut Front,
    ) -> Result<Account, Failure> {
        let terms = Terms::at(now).with_max_text(self.link.max_archive.0);
        match (&self.archive, &self.store) {
            (Some(path), _) => {
                let view = View::of(path);
                // To a device that is found in a directory is encrypted.
                let kind = if self.rendezvous.is_directory() { KeyKind::Rsa2048 } else { KeyKind::P256 };
                let opening = Opening { path, terms, kind, now, interrupts: interrupts.clone(), front, view };
                let identity = self.issue(opening).await?;
                let file = path.clone();
                let source = interrupts
                    .or(interrupt::apart(move || FileSource::file(&file, Arc::new(Argon2i), terms)))
                    .await
                    .ok_or_else(given_up)?
                    .map_err(|error| failed(Outcome::Storage, format_args!("--archive {error}")))?;
                Ok(Account { source, identity })
            }
            (None, Some(folder)) => {
                let (folder, account) = (folder.clone(), self.account.clone());
                let found = interrupt::apart(move || linked(&folder, account.as_deref(), terms));
                interrupts.or(found).await.ok_or_else(given_up)?
            }
            (None, None) => Err(Failure::usage("one of --archive and --store is needed")),
        }
    }

    /// A certificate for the occasion, issued by the account key in the archive (R-EXP-11).
    async fn issue(&self, mut opening: Opening<'_>) -> Result<Identity, Failure> {
        let path = opening.path;
        // Without a password first, for what needs none, and for what is no archive.
        match opening.with(Secret::default()).await? {
            Err(IssueError::Open(OpenError::WrongPassword)) => {}
            issued => return issued.map_err(|error| unusable(path, &error)),
        }
        let passwords = passwords(self.password_file.as_ref());
        let Some(mut passwords) = opening.interrupts.or(passwords).await.ok_or_else(given_up)?? else {
            if self.link.calls {
                return Err(failed(Outcome::Authentication, "the archive is protected: --calls needs --password-file"));
            }
            return opening.asking().await;
        };
        let mut password = passwords.first().map_err(|error| failed(Outcome::Authentication, error))?;
        loop {
            let tried = opening.with(password).await?;
            match (tried, passwords.next()) {
                (Err(IssueError::Open(OpenError::WrongPassword)), Some(next)) => password = next,
                (issued, _) => return issued.map_err(|error| unusable(path, &error)),
            }
        }
    }
}

/// The account of a store, with the certificate that this device got when it was linked.
fn linked(folder: &Path, account: Option<&str>, terms: Terms) -> Result<Account, Failure> {
    let refused = |error: &dyn std::fmt::Display| failed(Outcome::Storage, format_args!("--store: {error}"));
    if !folder.is_dir() {
        return Err(refused(&format_args!("{} is no folder", folder.display())));
    }
    let store = Store::open(folder).map_err(|error| refused(&error))?;
    note_locks(&store);
    let (entries, strays) = store.list_whole().map_err(|error| refused(&error))?;
    let wanted = |entry: &Entry| match account {
        Some(account) => account == entry.account.to_string() || account == entry.id.to_string(),
        None => true,
    };
    for (path, why) in strays {
        if account.is_none_or(|account| path.ends_with(account)) && !entries.iter().any(wanted) {
            return Err(refused(&format_args!("{}: {why}", path.display())));
        }
        output::note(format_args!("--store: {} is passed over, as it is no account: {why}", path.display()));
    }
    let mut found = entries.iter().filter(|entry| wanted(entry));
    let (entry, more) = (found.next(), found.next());
    let entry = match (entry, more) {
        (Some(entry), None) => entry,
        (None, _) if entries.is_empty() => {
            return Err(Failure::usage(format_args!("--store {}: there is no account in it", folder.display())));
        }
        (None, _) => {
            let wanted = account.unwrap_or_default();
            return Err(Failure::usage(format_args!(
                "--account {wanted}: there is no such account in {}; there are:{}",
                folder.display(),
                listed(&entries)
            )));
        }
        (Some(_), Some(_)) => {
            return Err(Failure::usage(format_args!("choose one of these with --account:{}", listed(&entries))));
        }
    };
    let identity = store.device(entry.id).map_err(|error| refused(&error))?;
    let source = FileSource::account(store, entry.id, Arc::new(Argon2i), terms).map_err(|error| refused(&error))?;
    Ok(Account { source, identity })
}

/// A line for each account.
fn listed(entries: &[Entry]) -> String {
    entries.iter().map(|entry| format!("\n  {}  {}", entry.id, entry.account)).collect()
}

/// An archive that is being opened for the account key in it, with who waits for it.
struct Opening<'a> {
    path: &'a Path,
    terms: Terms,
    /// The account of which this device gets a key.
    kind: KeyKind,
    now: UnixTime,
    interrupts: Interrupts,
    front: &'a mut Front,
    view: View,
}

impl Opening<'_> {
    /// Issues a certificate with the account key that this password opens, unless somebody gives up before.
    async fn with(&mut self, password: Secret) -> Result<Result<Identity, IssueError>, Failure> {
        let (path, terms, kind, now) = (self.path.to_path_buf(), self.terms, self.kind, self.now);
        let mut issued = tokio::task::spawn_blocking(move || {
            let file = File::open(path).map_err(OpenError::from)?;
            issued_identity(file, &password, &Argon2i, terms, kind, now)
        });
        self.view.opening = true;
        loop {
            self.draw();
            tokio::select! {
                biased;
                key = self.key() => if let Some(Act::Leave) = key { return Err(given_up()) },
                issued = &mut issued => {
                    self.view.opening = false;
                    return Ok(issued.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
                }
            }
        }
    }

    /// The same with what a person types, as often as it is wrong.
    async fn asking(mut self) -> Result<Identity, Failure> {
        loop {
            let password = match self.front {
                Front::Lines(typed) => {
                    let question = format!("Password of {}: ", self.path.display());
                    let asked = terminal::ask_password(&question, &mut self.interrupts, typed).await;
                    let password = asked.map_err(|error| match error {
                        terminal::Unanswered::Interrupted => given_up(),
                        _ => {
                            failed(Outcome::Authentication, format_args!("--archive {}: {error}", self.path.display()))
                        }
                    })?;
                    terminal::prompt(&format!("{} is being opened.\n", self.path.display()));
                    password
                }
                _ => self.typed().await?,
            };
            match self.with(password).await? {
                Err(IssueError::Open(OpenError::WrongPassword)) => {
                    self.view.wrong = true;
                    if matches!(self.front, Front::Lines(_)) {
                        terminal::prompt(&format!("{WRONG_OR_DAMAGED}\n"));
                    }
                }
                issued => return issued.map_err(|error| unusable(self.path, &error)),
            }
        }
    }

    async fn typed(&mut self) -> Result<Secret, Failure> {
        loop {
            self.draw();
            match self.key().await {
                Some(Act::Password(password)) => return Ok(password),
                Some(Act::Leave) => return Err(given_up()),
                None => {}
            }
        }
    }

    fn draw(&mut self) {
        let question = (self.view.opening, self.view.wrong);
        self.front.draw(&question, |surface| self.view.page(surface));
    }

    /// Waits for a key, or for Ctrl-C, and says what it leads to.
    async fn key(&mut self) -> Option<Act> {
        tokio::select! {
            biased;
            () = self.interrupts.next() => Some(Act::Leave),
            event = self.front.event() => match event {
                Event::Key(None | Some(Key::Interrupt)) => Some(Act::Leave),
                Event::Key(Some(key)) => self.view.key(key),
                Event::Resized => None,
                #[cfg(feature = "web")]
                Event::Page(web::Event::Typed { text, enter }) => {
                    web::keys(&text, enter).filter_map(|key| self.view.key(key)).next()
                }
                #[cfg(feature = "web")]
                Event::Page(_) => None,
            },
        }
    }
}

fn unusable(path: &Path, error: &IssueError) -> Failure {
    let outcome = match error {
        IssueError::Open(OpenError::WrongPassword) => Outcome::Authentication,
        IssueError::Open(_) | IssueError::Identity(_) => Outcome::Storage,
    };
    failed(outcome, format_args!("--archive {}: {error}", path.display()))
}
