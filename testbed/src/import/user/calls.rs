//! The calls to the daemon: those of a stream, and how each is made and noted.

use handfast::{operations::LocalId, outcome::Scheme, reducer::Refused, secret::Secret};
use serde::Serialize;

use super::User;
use crate::link::{calls::ImportCall, observed::Returned};

/// The arguments of `addAccount`.
#[derive(Serialize)]
struct AddAccount {
    #[serde(rename = "Account.archiveURL")]
    archive_url: &'static str,
}

/// The arguments of `provideAccountAuthentication`. The password is not among them.
#[derive(Serialize)]
struct Provide {
    scheme: &'static str,
    credentials: &'static str,
    #[serde(flatten)]
    account: Account,
}

impl Provide {
    const fn new(scheme: Scheme, account: Account) -> Self {
        Self { scheme: scheme.as_str(), credentials: "<secret>", account }
    }
}

/// The arguments of `compareAccount`.
#[derive(Serialize)]
struct Compare {
    equal: bool,
    #[serde(flatten)]
    account: Account,
}

/// The account that is named, unless it is this operation's.
#[derive(Default, Serialize)]
struct Account {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    account_id: Option<LocalId>,
}

fn as_text<S: serde::Serializer>(id: &Option<LocalId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}

impl User<'_> {
    /// Begins the operation.
    pub(super) fn add(&mut self) -> LocalId {
        let id = self.handle.id();
        let args = AddAccount { archive_url: "jami-auth" };
        self.session.called("addAccount", args, Returned::Account(id));
        id
    }

    /// Makes a call of a stream.
    pub(super) async fn call(&mut self, call: ImportCall) {
        let ours = |account: Option<LocalId>| account.is_none_or(|account| account == self.handle.id());
        match call {
            ImportCall::Provide { account, credentials, scheme } if ours(account) => {
                self.provide(credentials, scheme).await;
            }
            ImportCall::Provide { account: account_id, scheme, .. } => {
                let args = Provide::new(scheme, Account { account_id });
                self.session.answered("provideAccountAuthentication", args, Err(Refused::Unknown));
            }
            ImportCall::Compare { account, equal } if ours(account) => {
                self.compare(equal).await;
            }
            ImportCall::Compare { account: account_id, equal } => {
                let args = Compare { equal, account: Account { account_id } };
                self.session.answered("compareAccount", args, Err(Refused::Unknown));
            }
            ImportCall::Remove { account } if ours(account) => {
                self.remove().await;
            }
            ImportCall::Remove { account: account_id } => {
                self.session.answered("removeAccount", Account { account_id }, Err(Refused::Unknown));
            }
        }
    }

    pub(super) async fn provide(&mut self, credentials: Secret, scheme: Scheme) -> bool {
        let result = self.handle.provide_account_authentication(credentials, scheme).await;
        let args = Provide::new(scheme, Account::default());
        self.session.answered("provideAccountAuthentication", args, result);
        result.is_ok()
    }

    pub(super) async fn compare(&mut self, equal: bool) -> bool {
        self.withdraw();
        let result = self.handle.compare_account(equal).await;
        self.session.answered("compareAccount", Compare { equal, account: Account::default() }, result);
        result.is_ok()
    }

    pub(super) async fn remove(&mut self) -> bool {
        self.withdraw();
        let result = self.handle.remove_account().await;
        self.session.answered("removeAccount", Account::default(), result);
        self.canceled |= result.is_ok();
        result.is_ok()
    }
}
