//! Links two devices over TCP on this machine, with TLS: `cargo run --features testing --example link_over_tcp`.
//!
//! The accounts are in memory (feature `testing`); a program keeps them in a folder: `Store::open`.

use std::{error::Error, io::Cursor, sync::Arc};

use handfast::{
    ExportEnv, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, Scheme, Secret, Signal,
    archive::{Argon2i, Identity, KeyKind, MemoryFs, PrivateKey, Sample, Seal, Sealer, Store, Terms, today},
    shell::{
        self, SystemRandom,
        folder::{FileSource, FolderStore},
        identity::Reach,
        rendezvous::{Listen, Peer},
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // An account, its archive, and the device that has it.
    let (now, kdf) = (today()?, Arc::new(Argon2i));
    let (account, authority) = Identity::account(KeyKind::P256, now)?;
    let mut sealer = Sealer::new(Vec::new(), Seal::new(&Secret::default(), &Argon2i)?)?;
    Sample::of(&account, &authority, Scheme::None, 65536, 1)?.write_to(&mut sealer)?;
    let archive = sealer.finish()?;
    let device = Arc::new(account.issue_device(PrivateKey::generate(KeyKind::P256)?, now)?);

    // The new device listens on a free port, and shows its token.
    let place = Store::open_in(MemoryFs::default(), "/accounts")?;
    let store = FolderStore::new(place.clone(), kdf.clone(), KeyKind::P256, 1 << 26, now);
    let identity = ImportIdentity::Make { reach: Reach::Direct, now };
    let env = ImportEnv { publish: Listen("127.0.0.1:0".parse()?), store, identity, random: SystemRandom };
    let (importer, mut of_importer, import) = shell::import(env, ImportOptions::default());
    let import = tokio::spawn(import);
    let token = of_importer.recv().await.ok_or("the import has ended")?.details["token"].clone();

    // The old device connects to that address.
    let source = FileSource::new(move || Ok(Cursor::new(archive.clone())), kdf, Terms::at(now))?;
    let dial = Peer(importer.listening().ok_or("the new device cannot be reached")?);
    let env = ExportEnv { dial, source, identity: device };
    let (exporter, mut of_exporter, export) = shell::export(env, ExportOptions::default());
    tokio::spawn(export);
    let operation = exporter.add_device(&token).await?;

    // Both users agree.
    loop {
        tokio::select! {
            Some(notice) = of_importer.recv() => {
                println!("new device: {}", notice.state());
                if let Signal::Prompt { scheme, .. } = notice.signal {
                    importer.provide_account_authentication(Secret::default(), scheme).await?;
                }
            }
            Some(notice) = of_exporter.recv() => {
                println!("old device: {}", notice.state());
                match notice.signal {
                    Signal::Confirm { .. } => exporter.confirm_add_device(operation).await?,
                    Signal::Done(outcome) => {
                        println!("old device: {outcome}, new device: {}", import.await?.outcome);
                        return Ok(());
                    }
                    _ => {}
                }
            }
        }
    }
}
