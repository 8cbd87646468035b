//! The operations of one account or device: which may begin, and that an event of one never reaches another (R-API-7).

mod broken;
mod invariant;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    export::{self, Exporter},
    import::{self, Importer},
    limits::{MAX_IMPORTS, MAX_LINGERING, MAX_OP_ID},
    outcome::Scheme,
    reducer::{Config, Refused, assert_invariant},
    rules::{AllRules, Rule, Rules},
};

/// Names one export operation: 1 to 2^31-1, never reused in a process (R-API-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u32);

/// Why `addDevice` was refused: returned at once, no signal follows (R-API-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum AddDeviceError {
    /// The token does not parse.
    #[error("the token is not valid")]
    InvalidUri,
    /// An operation is live on this account.
    #[error("the account is being linked already")]
    AlreadyLinking,
    /// There is no such account, or it cannot be exported.
    #[error("the account cannot be exported")]
    Generic,
}

impl AddDeviceError {
    /// The negative number that the API returns.
    pub const fn code(self) -> i32 {
        match self {
            Self::InvalidUri => -1,
            Self::AlreadyLinking => -2,
            Self::Generic => -3,
        }
    }
}

/// The export operations of one account: one is live, ended ones are kept until their links are closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Exports<R: Rules = AllRules> {
    config: Config,
    last: u32,
    operations: Vec<(OpId, Exporter<R>)>,
    #[serde(skip)]
    rules: R,
}

impl Exports {
    /// Returns a registry without an operation.
    pub const fn new(config: Config) -> Self {
        Self::under(config, AllRules)
    }
}

impl<R: Rules> Exports<R> {
    /// Returns a registry without an operation that keeps `rules`: how a checker shows that a broken one is found.
    pub const fn under(config: Config, rules: R) -> Self {
        Self { config, last: 0, operations: Vec::new(), rules }
    }

    /// `addDevice` with a token that parses. The operation's effects wait to be drained when it returns.
    ///
    /// # Errors
    /// [`AddDeviceError::AlreadyLinking`] while an operation is live or too many ended ones linger,
    /// [`AddDeviceError::Generic`] when the ids are used up.
    pub fn add_device(&mut self, scheme: Scheme) -> Result<OpId, AddDeviceError> {
        self.operations.retain(|(_, exporter)| !exporter.is_closed());
        let live = self.operations.iter().any(|(_, exporter)| exporter.outcome().is_none());
        if live && self.rules.keeps(Rule::OneIsLive) || self.operations.len() >= MAX_LINGERING {
            return Err(AddDeviceError::AlreadyLinking);
        }
        if self.last >= MAX_OP_ID {
            return Err(AddDeviceError::Generic);
        }
        let mut exporter = Exporter::under(self.config, self.rules);
        exporter.handle(export::Input::AddDevice(scheme)).map_err(|_| AddDeviceError::Generic)?;
        self.last += 1;
        self.operations.push((OpId(self.last), exporter));
        assert_invariant::<R>(|| self.invariant());
        Ok(OpId(self.last))
    }

    /// Takes an input of one operation.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a call to an operation that does not exist; else as [`Exporter::handle`].
    pub fn handle(&mut self, op: OpId, input: export::Input) -> Result<(), Refused> {
        self.broken(op, input);
        match self.operations.iter_mut().find(|(id, _)| *id == op) {
            Some((_, exporter)) => exporter.handle(input),
            None if input.is_call() => Err(Refused::Unknown),
            None => Ok(()),
        }
    }

    /// The next effect to carry out, and whose it is.
    pub fn poll_effect(&mut self) -> Option<(OpId, export::Effect)> {
        self.operations.iter_mut().find_map(|(op, exporter)| Some((*op, exporter.poll_effect()?)))
    }

    /// One operation.
    pub fn get(&self, op: OpId) -> Option<&Exporter<R>> {
        self.operations.iter().find_map(|(id, exporter)| (*id == op).then_some(exporter))
    }

    /// All operations that are not yet forgotten, in the order in which they began.
    pub fn iter(&self) -> impl Iterator<Item = (OpId, &Exporter<R>)> {
        self.operations.iter().map(|(op, exporter)| (*op, exporter))
    }
}

/// An account's name on its device, of no meaning elsewhere: the id that `addAccount` returned, and its folder's name. Printed as
/// 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalId(pub u64);

impl core::fmt::Display for LocalId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Not 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account's local id is 16 lower-case hexadecimal digits")]
pub struct NotALocalId;

impl core::str::FromStr for LocalId {
    type Err = NotALocalId;

    fn from_str(text: &str) -> Result<Self, NotALocalId> {
        let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = u64::from_str_radix(text, 16).map_err(|_| NotALocalId)?;
        digits.then_some(Self(number)).ok_or(NotALocalId)
    }
}

/// Why `addAccount` was refused (R-API-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum AddAccountError {
    /// [`MAX_IMPORTS`] operations are live.
    #[error("too many accounts are being imported")]
    TooMany,
    /// The id is taken.
    #[error("the account id is taken")]
    Taken,
}

/// The import operations of one device. Each has an account of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Imports<R: Rules = AllRules> {
    operations: Vec<(LocalId, Importer<R>)>,
    #[serde(skip)]
    rules: R,
}

impl Default for Imports {
    fn default() -> Self {
        Self::new()
    }
}

impl Imports {
    /// Returns a registry without an operation.
    pub const fn new() -> Self {
        Self::under(AllRules)
    }
}

impl<R: Rules> Imports<R> {
    /// Returns a registry without an operation that keeps `rules`: how a checker shows that a broken one is found.
    pub const fn under(rules: R) -> Self {
        Self { operations: Vec::new(), rules }
    }

    /// `addAccount`: begins an operation under an id that the caller drew at random. Its effects wait to be drained when it returns.
    ///
    /// # Errors
    /// See [`AddAccountError`]. Nothing changes then.
    pub fn add_account(&mut self, id: LocalId, config: Config) -> Result<(), AddAccountError> {
        if self.operations.iter().any(|(other, _)| *other == id) {
            return Err(AddAccountError::Taken);
        }
        if self.operations.iter().filter(|(_, importer)| importer.outcome().is_none()).count() >= MAX_IMPORTS {
            return Err(AddAccountError::TooMany);
        }
        let mut importer = Importer::under(config, self.rules);
        importer.handle(import::Input::AddAccount).map_err(|_| AddAccountError::Taken)?;
        self.operations.push((id, importer));
        assert_invariant::<R>(|| self.invariant());
        Ok(())
    }

    /// Takes an input of one operation.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a call to an operation that does not exist; else as [`Importer::handle`].
    pub fn handle(&mut self, id: LocalId, input: import::Input) -> Result<(), Refused> {
        self.broken(id, input);
        match self.operations.iter_mut().find(|(other, _)| *other == id) {
            Some((_, importer)) => importer.handle(input),
            None if input.is_call() => Err(Refused::Unknown),
            None => Ok(()),
        }
    }

    /// The next effect to carry out, and whose it is.
    pub fn poll_effect(&mut self) -> Option<(LocalId, import::Effect)> {
        self.operations.iter_mut().find_map(|(id, importer)| Some((*id, importer.poll_effect()?)))
    }

    /// One operation.
    pub fn get(&self, id: LocalId) -> Option<&Importer<R>> {
        self.operations.iter().find_map(|(other, importer)| (*other == id).then_some(importer))
    }

    /// Forgets an operation: it is closed, or its driver has dropped its link.
    pub fn forget(&mut self, id: LocalId) {
        self.operations.retain(|(other, _)| *other != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    fn drain(exports: &mut Exports) {
        while exports.poll_effect().is_some() {}
    }

    #[test]
    fn one_export_is_live_and_ids_are_not_reused() {
        let mut exports = Exports::new(Config::default());
        let first = exports.add_device(Scheme::None).unwrap();
        drain(&mut exports);
        assert_eq!(exports.add_device(Scheme::None), Err(AddDeviceError::AlreadyLinking));
        exports.handle(first, export::Input::CancelAddDevice).unwrap();
        drain(&mut exports);
        assert_eq!(exports.get(first).unwrap().outcome(), Some(Outcome::CANCELED));
        let second = exports.add_device(Scheme::None).unwrap();
        drain(&mut exports);
        assert_ne!(first, second);
        assert_eq!(exports.handle(first, export::Input::ConfirmAddDevice), Err(Refused::Unknown));
        assert_eq!(exports.get(second).unwrap().outcome(), None);
    }

    /// R-API-7: a late event of an ended operation does not touch the live one.
    #[test]
    fn a_late_event_reaches_its_own_operation_only() {
        let mut exports = Exports::new(Config::default());
        let first = exports.add_device(Scheme::None).unwrap();
        drain(&mut exports);
        exports.handle(first, export::Input::CancelAddDevice).unwrap();
        drain(&mut exports);
        let second = exports.add_device(Scheme::None).unwrap();
        drain(&mut exports);
        let before = exports.get(second).cloned();
        exports.handle(first, export::Input::Unreachable).unwrap();
        drain(&mut exports);
        assert_eq!(exports.get(second).cloned(), before);
    }

    /// R-API-7, of imports; and an id prints as it is written in the name of its folder.
    #[test]
    fn a_late_event_reaches_its_own_import_only() {
        let mut imports = Imports::new();
        let [first, second] = [LocalId(1), LocalId(0xab)];
        for id in [first, second] {
            imports.add_account(id, Config::default()).unwrap();
            while imports.poll_effect().is_some() {}
        }
        let before = imports.get(second).cloned();
        for (id, input) in [(first, import::Input::Published), (LocalId(3), import::Input::Published)] {
            imports.handle(id, input).unwrap();
            while imports.poll_effect().is_some() {}
            assert_eq!(imports.get(second).cloned(), before);
            assert!(imports.get(first).is_some());
        }
        assert_eq!(alloc::string::ToString::to_string(&second), "00000000000000ab");
    }

    #[test]
    fn imports_are_limited_and_independent() {
        let mut imports = Imports::new();
        for id in 0..MAX_IMPORTS as u64 {
            imports.add_account(LocalId(id), Config::default()).unwrap();
            while imports.poll_effect().is_some() {}
        }
        assert_eq!(imports.add_account(LocalId(99), Config::default()), Err(AddAccountError::TooMany));
        assert_eq!(imports.add_account(LocalId(0), Config::default()), Err(AddAccountError::Taken));
        imports.handle(LocalId(0), import::Input::RemoveAccount).unwrap();
        while imports.poll_effect().is_some() {}
        assert_eq!(imports.add_account(LocalId(99), Config::default()), Ok(()));
        assert_eq!(imports.get(LocalId(1)).unwrap().outcome(), None);
        assert_eq!(imports.handle(LocalId(42), import::Input::RemoveAccount), Err(Refused::Unknown));
    }

    #[test]
    fn refusals_have_the_numbers_of_the_api() {
        let errors = [AddDeviceError::InvalidUri, AddDeviceError::AlreadyLinking, AddDeviceError::Generic];
        assert_eq!(errors.map(AddDeviceError::code), [-1, -2, -3]);
    }

    /// R-API-4: ids end, and so many ended operations may linger.
    #[test]
    fn exports_are_limited() {
        let mut exports = Exports::new(Config::default());
        let lingers = |exports: &mut Exports| {
            let op = exports.add_device(Scheme::None)?;
            drain(exports);
            for input in [export::Input::Opened { pinned: true }, export::Input::CancelAddDevice] {
                exports.handle(op, input).unwrap();
                drain(exports);
            }
            Ok(op)
        };
        for _ in 0..MAX_LINGERING {
            lingers(&mut exports).unwrap();
        }
        assert_eq!(lingers(&mut exports), Err(AddDeviceError::AlreadyLinking));

        let mut spent = Exports { last: MAX_OP_ID - 1, ..Exports::new(Config::default()) };
        let last = spent.add_device(Scheme::None).unwrap();
        drain(&mut spent);
        spent.handle(last, export::Input::CancelAddDevice).unwrap();
        drain(&mut spent);
        assert_eq!((last, spent.add_device(Scheme::None)), (OpId(MAX_OP_ID), Err(AddDeviceError::Generic)));
    }

    /// R-API-7: what comes for an operation that is not there touches none.
    #[test]
    fn an_import_is_forgotten_by_its_name() {
        let mut imports = Imports::new();
        for id in [LocalId(1), LocalId(2)] {
            imports.add_account(id, Config::default()).unwrap();
            while imports.poll_effect().is_some() {}
        }
        imports.forget(LocalId(1));
        assert!(imports.get(LocalId(1)).is_none() && imports.get(LocalId(2)).is_some());
        assert_eq!(imports.handle(LocalId(1), import::Input::Published), Ok(()));
        assert_eq!(imports.poll_effect(), None);
    }

    #[test]
    fn a_local_id_is_sixteen_digits() {
        assert_eq!("00000000000000ff".parse(), Ok(LocalId(255)));
        for text in ["ff", "00000000000000fF", "000000000000000ff", "+0000000000000ff", ""] {
            assert_eq!(text.parse::<LocalId>(), Err(NotALocalId), "{text}");
        }
    }
}
