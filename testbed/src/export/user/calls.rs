//! The calls to the daemon: those of a stream, and how each is made and noted.

use handfast::{
    operations::{AddDeviceError, OpId},
    reducer::Refused,
};
use serde::Serialize;

use super::User;
use crate::{
    given::PREFIX,
    link::{calls::ExportCall, observed::Returned, session::Session},
};

/// The arguments of `addDevice`.
#[derive(Serialize)]
pub(crate) struct AddDevice<'a> {
    uri: &'a str,
}

impl<'a> AddDevice<'a> {
    /// With what was typed, which is not shown where it does not even begin like a token: it may be the password (R-SEC-2).
    pub(crate) fn of(uri: &'a str) -> Self {
        let begins = uri.trim_start().starts_with(PREFIX);
        Self { uri: if begins { uri } else { "<no token>" } }
    }

    /// With what an image says.
    pub(crate) const fn in_image(uri: &'a str) -> Self {
        Self { uri }
    }
}

/// The arguments of the calls to an operation.
#[derive(Serialize)]
struct Operation {
    op_id: OpId,
}

/// The arguments of `compareAddDevice`.
#[derive(Serialize)]
struct Compare {
    op_id: OpId,
    equal: bool,
}

/// Notes a call of `addDevice`.
fn noted(session: &mut Session<()>, uri: &str, result: Result<OpId, AddDeviceError>) -> Result<OpId, AddDeviceError> {
    let ret = result.map_or_else(|error| error.code().into(), |op| op.0.into());
    session.called("addDevice", AddDevice::of(uri), Returned::Operation(ret));
    result
}

impl User<'_> {
    /// Begins the operation with the token that was obtained. None once there is nothing that it could begin on.
    pub(super) async fn add(&mut self) -> Option<Result<OpId, AddDeviceError>> {
        let handle = self.handle.as_ref()?;
        let token = self.token?;
        let result = handle.add_device_by(token).await;
        Some(noted(&mut self.session, &token.text().to_string(), result))
    }

    /// Makes a call of a stream.
    pub(super) async fn call(&mut self, call: ExportCall) {
        match (call, &self.handle) {
            (ExportCall::Confirm { op_id }, _) => {
                if let Some(op) = op_id.or(self.own) {
                    self.confirm(op).await;
                }
            }
            (ExportCall::Compare { op_id, equal }, _) => {
                if let Some(op) = op_id.or(self.own) {
                    self.compare(op, equal).await;
                }
            }
            (ExportCall::Cancel { op_id }, _) => {
                if let Some(op) = op_id.or(self.own) {
                    self.cancel(op).await;
                }
            }
            (ExportCall::Add { uri }, Some(handle)) => {
                if let Err(refused) = noted(&mut self.session, &uri, handle.add_device(&uri).await) {
                    self.session.complain(format_args!("addDevice was refused: {refused}"));
                }
            }
            (ExportCall::Add { uri }, None) => {
                let refused = AddDeviceError::Generic;
                let ret = Returned::Operation(refused.code().into());
                self.session.called("addDevice", AddDevice::of(&uri), ret);
                self.session.complain(format_args!("addDevice was refused: {refused}"));
            }
        }
    }

    pub(super) async fn confirm(&mut self, op: OpId) -> bool {
        let result = match &self.handle {
            Some(handle) => handle.confirm_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("confirmAddDevice", Operation { op_id: op }, result);
        result.is_ok()
    }

    pub(super) async fn compare(&mut self, op: OpId, equal: bool) -> bool {
        let result = match &self.handle {
            Some(handle) => handle.compare_add_device(op, equal).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("compareAddDevice", Compare { op_id: op, equal }, result);
        result.is_ok()
    }

    pub(super) async fn cancel(&mut self, op: OpId) -> bool {
        self.withdraw();
        let result = match &self.handle {
            Some(handle) => handle.cancel_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("cancelAddDevice", Operation { op_id: op }, result);
        self.canceled |= result.is_ok();
        result.is_ok()
    }
}
