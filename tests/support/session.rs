//! Sessions of one device with a scripted peer.

use LinkState::{Authenticating, Connecting};
use handfast::{
    archive::{MemoryFs, Store},
    message::{Features, Message},
    operations::OpId,
    outcome::LinkState,
    shell::{
        ExportOptions, ImportOptions,
        identity::{Reach, throw_away},
        rendezvous::Listener,
        storage::Source,
    },
    token::{Code, DeviceId, Token},
};

use super::{
    Account, Exporter, Importer, Line, NOW, Said, Script, account, export_with, exporter, import_with, importer,
    inline, store,
};

/// An importer, and the scripted exporter that it has a session with, whose account has this password.
pub async fn imported(password: &str) -> (Account, Store<MemoryFs>, Importer, Script) {
    let store = store();
    let (line, phone) = Line::new();
    let mut importer = import_with(line, inline(&store), ImportOptions::default());
    let token = importer.token().await;
    let account = account(password, 5_000);
    let mut legacy = exporter(phone.call().await.unwrap(), &account.device).await;
    legacy.open(&token).await;
    importer.expect(Connecting).await;
    assert_eq!(legacy.received().await, Said::Message(Message::Hello(Features::ALL)));
    (account, store, importer, legacy)
}

/// An exporter, and the scripted importer that it has a session with.
pub async fn exported(password: &str, length: u64) -> (Account, Exporter, OpId, Script) {
    let account = account(password, length);
    let (mut line, phone) = Line::new();
    let identity = throw_away(Reach::Direct, NOW).unwrap();
    let device = DeviceId::Short(identity.certificate().short_id().0);
    let token = Token { device, code: Code::parse(b"123456").unwrap() };
    let mut exporter = export_with(phone, account.inline(), account.device.clone(), ExportOptions::default());
    let op = exporter.handle.add_device(&token.text().to_string()).await.unwrap();
    let (stream, _) = line.accept().await.unwrap();
    let mut legacy = importer(stream, &identity).await;
    legacy.accept().await;
    exporter.expect(Connecting).await;
    exporter.expect(Authenticating).await;
    (account, exporter, op, legacy)
}
