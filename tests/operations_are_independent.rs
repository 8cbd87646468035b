//! The operations of a device, and of an account, at the same time (R-API-1, R-API-4, R-API-7, R-API-8).

mod support;

use std::sync::Arc;

use LinkState::{Connecting, Done};
use handfast::{
    limits::MAX_IMPORTS,
    operations::{AddAccountError, AddDeviceError, OpId},
    outcome::{LinkState, Outcome},
    reducer::Refused,
    shell::{
        ExportOptions, ImportEnv, ImportIdentity, ImportOptions, Imports, SystemRandom,
        identity::{Reach, throw_away},
    },
};
use support::{Account, Dead, Line, NOW, account, export_with, import_with, in_time, inline, store, text};

fn env(line: Line) -> ImportEnv<Line, impl handfast::shell::storage::Store, SystemRandom> {
    let identity = ImportIdentity::Ready(Arc::new(throw_away(Reach::Direct, NOW).unwrap()));
    ImportEnv { publish: line, store: inline(&store()), identity, random: SystemRandom }
}

#[tokio::test(start_paused = true)]
async fn eight_imports_are_live_at_once() {
    in_time(async {
        let imports = Imports::new();
        let add = || imports.add_account(env(Line::new().0), ImportOptions::default());
        let mut live: Vec<_> = (0..MAX_IMPORTS).map(|_| add().unwrap()).collect();
        assert_eq!(add().err(), Some(AddAccountError::TooMany));
        // One is dropped, another one ends.
        live.pop();
        live.push(add().unwrap());
        let (handle, mut notices, operation) = live.swap_remove(0);
        let operation = tokio::spawn(operation);
        handle.remove_account().await.unwrap();
        while notices.recv().await.unwrap().state() != Done {}
        live.push(add().unwrap());
        assert_eq!(add().err(), Some(AddAccountError::TooMany));
        assert_eq!(operation.await.unwrap().outcome, Outcome::CANCELED);
        handle.remove_account().await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_export_of_an_account_is_live() {
    in_time(async {
        let account = account("", 5_000);
        let mut exporter = export_with(Dead, account.inline(), account.device.clone(), ExportOptions::default());
        let token = "jami-auth://0123456789abcdef0123456789abcdef01234567/123456";
        for wrong in ["", "jami-auth://", &token[1..], &format!(" {token}")] {
            assert_eq!(exporter.handle.add_device(wrong).await, Err(AddDeviceError::InvalidUri));
        }
        let first = exporter.handle.add_device(token).await.unwrap();
        assert_eq!(exporter.handle.add_device(token).await, Err(AddDeviceError::AlreadyLinking));
        exporter.expect(Connecting).await;
        exporter.handle.cancel_add_device(first).await.unwrap();
        assert_eq!(exporter.outcome().await, Outcome::CANCELED);
        let second = exporter.handle.add_device(token).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(exporter.expect(Connecting).await.op, Some(second));
        for op in [first, OpId(4711)] {
            assert_eq!(exporter.handle.cancel_add_device(op).await, Err(Refused::Unknown));
            assert_eq!(exporter.handle.confirm_add_device(op).await, Err(Refused::Unknown));
            assert_eq!(exporter.handle.current(op).await, None);
        }
        assert_eq!(exporter.handle.current(second).await.unwrap().state(), Connecting);
        exporter.handle.cancel_add_device(second).await.unwrap();
        assert_eq!(exporter.outcome().await, Outcome::CANCELED);
        exporter.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_cannot_be_published_is_the_networks_fault() {
    in_time(async {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = handfast::shell::rendezvous::Listen(taken.local_addr().unwrap());
        let mut importer = import_with(address, inline(&store()), ImportOptions::default());
        let notice = importer.next().await;
        assert_eq!(notice.details["error"], "network");
        assert_eq!(importer.report().await.outcome, Outcome::Network);
    })
    .await;
}

/// R-API-2: credentials that no message can carry are refused, and nothing has changed.
#[tokio::test(start_paused = true)]
async fn credentials_that_fit_in_no_message_are_refused() {
    in_time(async {
        let account = account("sesame", 5_000);
        let store = store();
        let (line, phone) = Line::new();
        let mut importer = import_with(line, inline(&store), ImportOptions::default());
        let token = importer.token().await;
        let mut exporter = export_with(phone, account.inline(), account.device.clone(), ExportOptions::default());
        exporter.begin(&token).await;
        importer.expect(Connecting).await;
        importer.expect(LinkState::Authenticating).await;
        let scheme = handfast::outcome::Scheme::Password;
        for credentials in [vec![0xff], vec![b'x'; 64 * 1024 + 1]] {
            let call = importer.handle.provide_account_authentication(credentials.into(), scheme);
            assert_eq!(call.await, Err(Refused::Credentials));
        }
        let call = importer.handle.provide_account_authentication(vec![b'x'; 64 * 1024].into(), scheme);
        assert_eq!(call.await, Ok(()));
        importer.handle.remove_account().await.unwrap();
        importer.report().await;
        assert_eq!(exporter.outcome().await, Outcome::CANCELED);
        exporter.close().await;
    })
    .await;
}

/// R-API-7, R-CLI-10: of two accounts on one device, what leaves is of the one whose handle began the operation, whichever began last and
/// whichever is linked first (H-12).
#[tokio::test(start_paused = true)]
async fn what_leaves_is_of_the_account_that_began_it() {
    in_time(async {
        for last in [0, 1] {
            let accounts = [account("", 5_000), account("", 6_000)];
            let stores = [store(), store()];
            let [(mut one, mut one_exporter), (mut other, mut other_exporter)] = [0, 1].map(|number| {
                let (line, phone) = Line::new();
                let importer = import_with(line, inline(&stores[number]), ImportOptions::default());
                let own: &Account = &accounts[number];
                (importer, export_with(phone, own.inline(), own.device.clone(), ExportOptions::default()))
            });
            let tokens = [one.token().await, other.token().await];
            // The one that begins last is the current one, and the other one's link goes on.
            let ops = if last == 1 {
                let first = one_exporter.begin(&tokens[0]).await;
                [first, other_exporter.begin(&tokens[1]).await]
            } else {
                let second = other_exporter.begin(&tokens[1]).await;
                [one_exporter.begin(&tokens[0]).await, second]
            };
            one_exporter.handle.confirm_add_device(ops[0]).await.unwrap();
            other_exporter.handle.confirm_add_device(ops[1]).await.unwrap();
            one.answer(&[""]).await;
            other.answer(&[""]).await;
            for ((importer, mut exporter), (own, store)) in
                [(one, one_exporter), (other, other_exporter)].into_iter().zip(accounts.iter().zip(&stores))
            {
                let installed = importer.report().await.installed.expect("it is stored");
                assert_eq!(text(store, &installed, ""), own.text);
                assert_eq!(exporter.outcome().await, Outcome::SUCCESS);
                exporter.close().await;
            }
        }
    })
    .await;
}
