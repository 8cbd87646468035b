//! The content of an archive, for people and for scripts.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
    process::{self, ExitCode},
    thread,
};

use clap::Args;
use handfast::{
    archive::{Archive, Argon2i, OpenError, Summary, Terms, certificate::Certificate},
    limits::{DEFAULT_MAX_ARCHIVE, max_archive_file},
    outcome::AccountId,
    secret::Secret,
};
use handfast_model::counted;
use serde::Serialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::EXAMPLES;
use crate::{
    failure::Failure,
    interrupt::Interrupts,
    output,
    passwords::Passwords,
    size::{Size, some},
    terminal::{self, Unanswered},
    verdicts::columns::Listed,
};

/// The archive to open, and the options.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// The archive, as Jami or handfast wrote it; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Passwords, one a line, tried in order. Without it a person is asked where one is needed
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// The largest archive that is opened, in bytes of its JSON text
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, default_value_t = Size(DEFAULT_MAX_ARCHIVE), value_parser = some)]
    max_archive: Size,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// The printed facts about an archive. No secret is among them.
#[derive(Serialize)]
struct Facts<'a> {
    account: AccountId,
    /// `""` or `password`, as the API says it.
    protection: &'static str,
    file_length: u64,
    text_length: u64,
    chain: Vec<Link>,
    has_authority_key: bool,
    contacts: u64,
    conversations: u64,
    conversation_requests: u64,
    /// The values that an import applies (R-ARC-1).
    applied: &'a BTreeMap<String, String>,
    /// The values that it keeps and does not apply.
    kept: Vec<&'a str>,
    kept_unnamed: u64,
    has_password_flag: Option<bool>,
    unknown_members: u64,
}

/// A certificate of the account's chain, the account's first.
#[derive(Serialize)]
struct Link {
    id: AccountId,
    not_before: String,
    not_after: String,
}

impl Link {
    fn of(certificate: &Certificate) -> Self {
        let validity = certificate.validity();
        Self { id: certificate.short_id(), not_before: date(validity.not_before), not_after: date(validity.not_after) }
    }
}

/// The day, or the seconds since 1970 where the calendar does not reach.
fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| seconds.to_string(), |time| time.date().to_string())
}

/// Bytes for which there is room at first.
const ROOM: usize = 64 << 10;

/// Reads to the end, and leaves no copy in memory: what moves because there are more is wiped where it was.
fn wiped(mut stream: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; ROOM]);
    let mut length = 0;
    loop {
        if length == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; 2 * length]);
            larger[..length].copy_from_slice(&bytes);
            bytes = larger;
        }
        match stream.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

impl Inspect {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let fail = |error: &dyn fmt::Display| Failure::reason(format_args!("{}: {error}", self.file.display()));
        if self.file.as_os_str() == "-" {
            return self.look(Cursor::new(&*self.whole(io::stdin().lock())?));
        }
        let file = File::open(&self.file).map_err(|error| fail(&error))?;
        let kind = file.metadata().map_err(|error| fail(&error))?.file_type();
        if kind.is_file() || kind.is_dir() {
            return self.look(&file);
        }
        // A stream is read once, and an archive at several places.
        self.look(Cursor::new(&*self.whole(file)?))
    }

    /// Reads a stream to its end, or to the end of the largest archive.
    fn whole(&self, stream: impl Read) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let limit = max_archive_file(self.max_archive.0).saturating_add(1);
        wiped(stream.take(limit))
            .map_err(|error| Failure::reason(format_args!("{} cannot be read: {error}", self.name())))
    }

    /// The name of the archive in words.
    fn name(&self) -> String {
        if self.file.as_os_str() == "-" { "standard input".into() } else { self.file.display().to_string() }
    }

    /// Opens it, and prints the facts.
    fn look<F: Read + Seek + Send + Clone>(&self, mut file: F) -> Result<ExitCode, Failure> {
        let fail = |error: &dyn fmt::Display| Failure::reason(format_args!("{}: {error}", self.name()));
        let file_length = file.seek(SeekFrom::End(0)).map_err(|error| fail(&error))?;
        // Without a password first, for what needs none, and for what is no archive.
        let archive = match self.open(file.clone(), &Secret::default()) {
            Err(OpenError::WrongPassword) => self.open_protected(&file)?,
            other => other,
        };
        let archive = archive.map_err(|error| fail(&error))?;
        let facts = Facts::new(archive.summary(), file_length);
        if self.json {
            output::json(&facts)?
        } else {
            output::line(&facts)?
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Tries the passwords of the file in order, or the one that a person gives.
    fn open_protected<F: Read + Seek + Send + Clone>(
        &self,
        file: &F,
    ) -> Result<Result<Archive<F>, OpenError>, Failure> {
        let mut passwords = match &self.password_file {
            None => {
                let password = self.ask()?;
                return Ok(self.open(file.clone(), &password));
            }
            Some(path) => Passwords::read(path).map_err(Failure::reason)?,
        };
        let mut password = passwords.first().map_err(Failure::reason)?;
        loop {
            match (self.open(file.clone(), &password), passwords.next()) {
                (Err(OpenError::WrongPassword), Some(next)) => password = next,
                (opened, _) => return Ok(opened),
            }
        }
    }

    /// Asks the person at the terminal, who may go on to press Ctrl-C.
    fn ask(&self) -> Result<Secret, Failure> {
        let question = format!("Password of {}: ", self.name());
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Failure::reason)?;
        let mut interrupts = Interrupts::of_a_link()?;
        let password = runtime.block_on(terminal::ask_password(&question, &mut interrupts, &mut None));
        // A signal that is caught once ends the process no more by itself.
        thread::spawn(move || {
            runtime.block_on(interrupts.next());
            process::exit(1);
        });
        // Encrypted bytes look like any other: whether they are an archive is known with the password only.
        password.map_err(|error| match error {
            Unanswered::Unattended => Failure::reason(format_args!(
                "{}: it is protected by a password, or it is no archive; {error}",
                self.name()
            )),
            _ => Failure::reason(format_args!("{}: {error}", self.name())),
        })
    }

    /// Opens it whenever its certificates were valid: it is looked at, not trusted.
    fn open<F: Read + Seek + Send>(&self, file: F, password: &Secret) -> Result<Archive<F>, OpenError> {
        Archive::open(file, password, &Argon2i, Terms::any_time().with_max_text(self.max_archive.0))
    }
}

impl<'a> Facts<'a> {
    fn new(summary: &'a Summary, file_length: u64) -> Self {
        let names = summary.configuration.names.iter().map(String::as_str);
        Self {
            account: summary.account,
            protection: summary.protection.as_str(),
            file_length,
            text_length: summary.length,
            chain: summary.chain.certificates().iter().map(Link::of).collect(),
            has_authority_key: summary.has_authority_key,
            contacts: summary.contacts,
            conversations: summary.conversations,
            conversation_requests: summary.conversation_requests,
            applied: &summary.applied,
            kept: names.filter(|name| !summary.applied.contains_key(*name)).collect(),
            kept_unnamed: summary.configuration.more,
            has_password_flag: summary.has_password,
            unknown_members: summary.unknown,
        }
    }
}

impl fmt::Display for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes_no = |yes| if yes { "yes" } else { "no" };
        let protection = if self.protection.is_empty() { "none" } else { self.protection };
        let mut list = Listed::new();
        list.line("account", self.account);
        list.line("protection", protection);
        list.line("file", counted(self.file_length, "byte"));
        list.line("text", counted(self.text_length, "byte"));
        for (number, link) in self.chain.iter().enumerate() {
            let title = if number == 0 { "chain" } else { "" };
            list.line(title, format_args!("{}, valid {} to {}", link.id, link.not_before, link.not_after));
        }
        list.line("authority key", yes_no(self.has_authority_key));
        list.line("contacts", self.contacts);
        list.line("conversations", self.conversations);
        list.line("conversation requests", self.conversation_requests);
        list.line("password flag", self.has_password_flag.map_or("absent", yes_no));
        list.line("unknown members", self.unknown_members);
        list.line("configuration applied", self.applied.len());
        write!(f, "{list}")?;
        for (name, value) in self.applied {
            writeln!(f, "  {} = \"{}\"", name.escape_debug(), value.escape_debug())?;
        }
        write!(f, "configuration kept     {}", self.kept.len() as u64 + self.kept_unnamed)?;
        for name in &self.kept {
            write!(f, "\n  {}", name.escape_debug())?;
        }
        if self.kept_unnamed > 0 { write!(f, "\n  and {} more", self.kept_unnamed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that gives a few bytes at a time, and is interrupted in between.
    struct Few<'a>(&'a [u8], bool);

    impl Read for Few<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = out.len().min(4099);
            self.0.read(&mut out[..count])
        }
    }

    #[test]
    fn growing_keeps_the_bytes() {
        for length in [0, 1, ROOM - 1, ROOM, ROOM + 1, 5 * ROOM + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert!(*wiped(Few(&bytes, false)).unwrap() == bytes, "{length}");
        }
    }
}
