//! The operations of a device (R-API-1) and of an account (R-API-4): how many, under which ids, and what reaches none of them (R-API-7).

use handfast::{
    export, import,
    operations::{AddAccountError, AddDeviceError, Exports, Imports, LocalId, OpId},
    outcome::Scheme,
    reducer::{Config, Refused},
};

use super::{Cases, Part};

pub(super) fn registries() -> Part {
    let mut cases = Cases::default();
    imports(&mut cases);
    exports(&mut cases);
    ids(&mut cases);
    cases.part("registries", "R-API-1, R-API-4, R-API-7")
}

fn drain_import(imports: &mut Imports) {
    while imports.poll_effect().is_some() {}
}

fn drain_export(exports: &mut Exports) {
    while exports.poll_effect().is_some() {}
}

fn imports(cases: &mut Cases) {
    let config = Config::default();
    let mut all = Imports::new();
    for id in 1..=8 {
        cases.expect(format!("import {id}"), Ok(()), all.add_account(LocalId(id), config));
        cases.expect(format!("import {id} again"), Err(AddAccountError::Taken), all.add_account(LocalId(id), config));
        drain_import(&mut all);
    }
    cases.expect("a ninth import", Err(AddAccountError::TooMany), all.add_account(LocalId(9), config));
    cases.expect("a refused import", true, all.get(LocalId(9)).is_none());
    // The third ends, so that another may begin; its id stays taken.
    cases.expect("a removal", Ok(()), all.handle(LocalId(3), import::Input::RemoveAccount));
    drain_import(&mut all);
    for id in 1..=8 {
        let ended = all.get(LocalId(id)).and_then(|importer| importer.outcome()).is_some();
        cases.expect(format!("whether import {id} has ended"), id == 3, ended);
    }
    cases.expect("the id of one that ended", Err(AddAccountError::Taken), all.add_account(LocalId(3), config));
    cases.expect("an import after one that ended", Ok(()), all.add_account(LocalId(9), config));
    drain_import(&mut all);
    cases.expect("one more", Err(AddAccountError::TooMany), all.add_account(LocalId(10), config));

    // No call, and no event, of an operation that does not exist changes one that does.
    let before = all.clone();
    let unknown = LocalId(77);
    for call in [
        import::Input::RemoveAccount,
        import::Input::CompareAccount(true),
        import::Input::ProvideAccountAuthentication(handfast::message::Slot(0), Scheme::None),
    ] {
        cases.expect(format!("{call:?} of no import"), Err(Refused::Unknown), all.handle(unknown, call));
    }
    for event in [import::Input::Published, import::Input::Unpublishable] {
        cases.expect(format!("{event:?} of no import"), Ok(()), all.handle(unknown, event));
    }
    cases.expect("the imports after events of none", before, all);
}

fn exports(cases: &mut Cases) {
    let mut all = Exports::new(Config::default());
    // Each ends, but its link is not closed yet. Eight of them are kept.
    for id in 1..=8 {
        cases.expect(format!("export {id}"), Ok(OpId(id)), all.add_device(Scheme::None));
        drain_export(&mut all);
        let second = all.add_device(Scheme::None);
        cases.expect(format!("another one during export {id}"), Err(AddDeviceError::AlreadyLinking), second);
        for input in [export::Input::Opened { pinned: true }, export::Input::CancelAddDevice] {
            cases.expect(format!("{input:?} of export {id}"), Ok(()), all.handle(OpId(id), input));
            drain_export(&mut all);
        }
    }
    cases.expect("a ninth export", Err(AddDeviceError::AlreadyLinking), all.add_device(Scheme::None));

    let before = all.clone();
    for call in [
        export::Input::ConfirmAddDevice,
        export::Input::CancelAddDevice,
        export::Input::CompareAddDevice(true),
        export::Input::AddDevice(Scheme::None),
    ] {
        cases.expect(format!("{call:?} of no export"), Err(Refused::Unknown), all.handle(OpId(9), call));
    }
    for event in [export::Input::Lost, export::Input::Ended, export::Input::HandedOver, export::Input::Unreachable] {
        cases.expect(format!("{event:?} of no export"), Ok(()), all.handle(OpId(0), event));
    }
    cases.expect("the exports after events of none", before, all.clone());

    // The fourth closes its link, so that another may begin, under an id that none has had.
    cases.expect("a loss", Ok(()), all.handle(OpId(4), export::Input::Lost));
    drain_export(&mut all);
    cases.expect("an export after one that is closed", Ok(OpId(9)), all.add_device(Scheme::None));
    drain_export(&mut all);
    let kept: Vec<_> = all.iter().map(|(OpId(id), _)| id).collect();
    cases.expect("the exports that are kept", vec![1, 2, 3, 5, 6, 7, 8, 9], kept);
    // One that has no link when it is cancelled is closed at once.
    cases.expect("a cancel without a link", Ok(()), all.handle(OpId(9), export::Input::CancelAddDevice));
    drain_export(&mut all);
    cases.expect("an export after one without a link", Ok(OpId(10)), all.add_device(Scheme::None));
}

fn ids(cases: &mut Cases) {
    for (text, stated) in [
        ("0000000000000000", Some(0)),
        ("00000000000000ff", Some(255)),
        ("ffffffffffffffff", Some(u64::MAX)),
        ("00000000000000FF", None),
        ("00000000000000fg", None),
        ("+000000000000001", None),
        ("000000000000001", None),
        ("00000000000000001", None),
        ("", None),
    ] {
        let came = text.parse::<LocalId>().ok().map(|id| id.0);
        cases.expect(format!("the local id {text:?}"), stated, came);
        if let Some(id) = stated {
            cases.expect(format!("the local id {id}, written"), text.to_owned(), LocalId(id).to_string());
        }
    }
}
