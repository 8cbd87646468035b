//! `handfast import`: this device takes over an account.

mod user;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;
use handfast::{
    archive::{Argon2i, KeyKind, Store},
    outcome::{Outcome, Side},
    shell::{self, ImportEnv, ImportIdentity, ImportOptions, Recorder, SystemRandom, folder::FolderStore},
};

use self::user::User;
use crate::{
    failure::Failure,
    interrupt::{self, Interrupts},
    link::{
        self, KeyType,
        front::Front,
        legacy,
        observed::Observer,
        options::{EXIT_CODES, LinkOptions, Reducers, passwords},
        recorder::TraceFile,
        rendezvous::{Published, RendezvousOptions},
        session::Session,
    },
    output::Background,
    passwords::Passwords,
};

const EXAMPLES: &str = "\
Examples:
  handfast import --store accounts
  handfast import --store accounts --listen 0.0.0.0:4000
  handfast import --store accounts --rendezvous opendht --bootstrap 192.0.2.7:4222
  handfast import --store accounts --yes --password-file passwords --json
  mkfifo calls; handfast import --store accounts --json --calls < calls";

/// Take over an account: show a token, and receive the account from the device that is given it
#[derive(Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Import {
    /// The folder of this device's accounts; it is made if its parent is there
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Where the other device reaches this one; port 0 takes a free one. Without it, `lan` listens at all addresses, and `direct` at
    /// one that only this device reaches
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[command(flatten)]
    rendezvous: RendezvousOptions,
    /// The account's passwords, one a line, tried in order. When a further one is asked for, the import is cancelled
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// The kind of the key that this device gets for the account
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = KeyType(KeyKind::Rsa4096))]
    key_type: KeyType,
    #[command(flatten)]
    link: LinkOptions,
}

/// The needs of a link.
struct Prepared {
    passwords: Option<Passwords>,
    trace: Option<TraceFile>,
    recorder: Option<Recorder>,
    store: Store,
    published: Published,
}

impl Import {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        link::run(self.link())
    }

    async fn link(self) -> Result<ExitCode, Failure> {
        self.link.check()?;
        let now = link::today()?;
        let mut interrupts = Interrupts::of_a_link()?;
        let prepared = interrupts.or(self.prepare()).await.ok_or_else(link::given_up)??;
        let (front, served) = Front::open(&self.link, Side::Import, None).await?;
        let Prepared { passwords, trace, recorder, store, published } = prepared;
        let Published { publisher, identity, reach } = published;
        let config = self.link.config();
        let max_archive = self.link.max_archive.0;
        let env = ImportEnv {
            publish: publisher,
            store: FolderStore::new(store, Arc::new(Argon2i), self.key_type.0, max_archive, now),
            identity: ImportIdentity::Make { reach: identity, now },
            random: SystemRandom,
        };
        let durations = self.link.durations(self.rendezvous.durations());
        let options = ImportOptions { config, durations, max_archive, now: Some(now), recorder };
        let out = Background::standard_output();
        let lines = self.link.json.then(|| out.clone());
        let observer = Observer::begin(lines, Side::Import, config.profile, Some(&reach));
        let token_lifetime = options.durations.token;
        let (handle, notices, operation) = match self.link.reducers {
            Reducers::Shipped => {
                let (handle, notices, operation) = shell::import(env, options);
                (handle, notices, tokio::spawn(operation))
            }
            Reducers::Legacy => {
                let reducer = Box::new(legacy::Importer::of(legacy::Threads::OF_ONE_LINK));
                let (handle, notices, operation) = shell::import_by(env, options, reducer);
                (handle, notices, tokio::spawn(operation))
            }
        };
        let session = Session::new(&self.link, observer, notices, operation, interrupts.clone(), front);
        let user = User::new(&self.link, passwords, handle, session, out.clone(), reach, token_lifetime);
        let ended = served.end(Ok(user.attend().await)).await;
        link::written(&mut interrupts, out, trace).await;
        ended
    }

    /// Reads and opens all that the link needs.
    async fn prepare(&self) -> Result<Prepared, Failure> {
        let passwords = passwords(self.password_file.as_ref()).await?;
        let (trace, recorder) = self.link.trace(Side::Import).await?;
        let folder = self.store.clone();
        let store = interrupt::apart(move || Store::open(&folder))
            .await
            .map_err(|error| Failure::with_code(Outcome::Storage.exit_code(), format_args!("--store: {error}")))?;
        link::note_locks(&store);
        let published = self.rendezvous.publisher(self.listen.as_deref(), self.link.timers).await?;
        Ok(Prepared { passwords, trace, recorder, store, published })
    }
}
