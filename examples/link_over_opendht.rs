//! Links devices by the token alone over OpenDHT nodes of this machine, and prints the times of each link as a line of JSON.
//!
//! ```text
//! cargo run --release --features opendht,testing --example link_over_opendht -- 127.0.0.1:4222 [LINKS [BYTES]]
//! ```
//!
//! Both devices of each link are new. The exporter's certificates are published before the token is carried over; users answer at once. `scripts/opendht-figures` starts the nodes, and makes a table of it.

use std::{
    env,
    error::Error,
    io::Cursor,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use handfast::{
    ExportEnv, ExportHandle, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, Notice, Scheme, Secret, Signal,
    archive::{Argon2i, Identity, KeyKind, MemoryFs, PrivateKey, Sample, Seal, Sealer, Store, Terms, UnixTime, today},
    limits::Durations,
    outcome::{Outcome, Profile},
    reducer::Config,
    shell::{
        self, SystemRandom,
        folder::{FileSource, FolderStore},
        identity::Reach,
        rendezvous::opendht::{Offer, OpenDht, Seek},
    },
};
use tokio::sync::mpsc;

/// Bytes of an archive if no other number is given: those of an account's, about.
const LENGTH: u64 = 14_000;

/// Time for a device to publish its certificates, and for a person to carry a token over.
const PAUSE: Duration = Duration::from_millis(1000);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let node: SocketAddr = words.next().ok_or("an address of a node, please")?.parse()?;
    let links: usize = words.next().map_or(Ok(20), |word| word.parse())?;
    let length: u64 = words.next().map_or(Ok(LENGTH), |word| word.parse())?;
    let now = today()?;
    let (account, authority) = Identity::account(KeyKind::P256, now)?;
    let mut sealer = Sealer::new(Vec::new(), Seal::new(&Secret::default(), &Argon2i)?)?;
    Sample::of(&account, &authority, Scheme::None, length, 1)?.write_to(&mut sealer)?;
    let archive = sealer.finish()?;
    let config = Config { profile: Profile::Jamid, ..Config::default() };
    let durations = Durations::default().for_directory();
    for _ in 0..links {
        let device = Arc::new(account.issue_device(PrivateKey::generate(KeyKind::Rsa2048)?, now)?);
        let dial = Seek::new(OpenDht::join(&[node]).await?, &device)?;
        let archive = archive.clone();
        let open = move || Ok(Cursor::new(archive.clone()));
        let source = FileSource::new(open, Arc::new(Argon2i), Terms::at(now))?;
        let options = ExportOptions { config, durations, ..ExportOptions::default() };
        let (exporter, of_exporter, export) = shell::export(ExportEnv { dial, source, identity: device }, options);
        let export = tokio::spawn(export);
        let options = ImportOptions { config, durations, ..ImportOptions::default() };
        println!("{}", link(&[node], now, options, &exporter, of_exporter).await?);
        drop(exporter);
        export.await?;
    }
    Ok(())
}

/// Links a new device. Returns its times in milliseconds, each since the one before.
async fn link(
    nodes: &[SocketAddr],
    now: UnixTime,
    options: ImportOptions,
    exporter: &ExportHandle,
    mut of_exporter: mpsc::UnboundedReceiver<Notice>,
) -> Result<String, Box<dyn Error>> {
    let begin = Instant::now();
    let store = Store::open_in(MemoryFs::default(), "/accounts")?;
    let store = FolderStore::new(store, Arc::new(Argon2i), KeyKind::Rsa2048, 1 << 26, now);
    let identity = ImportIdentity::Make { reach: Reach::Directory, now };
    let env = ImportEnv { publish: Offer(OpenDht::join(nodes).await?), store, identity, random: SystemRandom };
    let (importer, mut of_importer, import) = shell::import(env, options);
    let import = tokio::spawn(import);
    let token = of_importer.recv().await.ok_or("the import has ended")?;
    let token = token.details.get("token").ok_or("there is no token")?.clone();
    let shown = begin.elapsed();
    tokio::time::sleep(PAUSE).await;

    let begin = Instant::now();
    let operation = exporter.add_device(&token).await?;
    let (mut connected, mut asked, mut ends) = (None, None, (None, None));
    while let (None, _) | (_, None) = ends {
        tokio::select! {
            Some(notice) = of_importer.recv() => match notice.signal {
                Signal::Connecting => connected = Some(begin.elapsed()),
                Signal::Prompt { scheme, .. } => importer.provide_account_authentication(Secret::default(), scheme).await?,
                Signal::Done(outcome) => ends.0 = Some((outcome, begin.elapsed())),
                _ => {}
            },
            Some(notice) = of_exporter.recv() => match notice.signal {
                Signal::Confirm { .. } => {
                    asked = Some(begin.elapsed());
                    exporter.confirm_add_device(operation).await?;
                }
                Signal::Done(outcome) => ends.1 = Some((outcome, begin.elapsed())),
                _ => {}
            },
            else => return Err("the link has no end".into()),
        }
    }
    import.await?;
    let (Some(importer), Some(exporter)) = ends else { return Err("the link has no end".into()) };
    if (importer.0, exporter.0) != (Outcome::SUCCESS, Outcome::SUCCESS) {
        return Err(format!("{} and {}", importer.0, exporter.0).into());
    }
    let done = importer.1.max(exporter.1);
    let (connected, asked) = (connected.ok_or("it did not connect")?, asked.ok_or("its user was not asked")?);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(format!(
        r#"{{"token":{:.1},"connected":{:.1},"asked":{:.1},"done":{:.1}}}"#,
        ms(shown),
        ms(connected),
        ms(asked),
        ms(done)
    ))
}
