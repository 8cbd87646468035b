//! The content of an archive's text: which of it is kept, which is applied, and whether it is sound (R-ARC-1, R-IMP-11).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    certificate::Chain,
    error::Unsound,
    identity::Identity,
    json::{Kind, Sink},
    key::PrivateKey,
};
use crate::{
    limits::{MAX_CONFIGURATION, MAX_KEY},
    outcome::{AccountId, Scheme},
};

pub(super) const ACCOUNT_KEY: &str = "ringAccountKey";
pub(super) const ACCOUNT_CERTIFICATE: &str = "ringAccountCert";
pub(super) const AUTHORITY_KEY: &str = "ringCaKey";
pub(super) const ETHEREUM_KEY: &str = "ethKey";
pub(super) const CONTACTS: &str = "ringAccountContacts";
/// The flag that says whether the archive has a password (R-ARC-5).
pub const HAS_PASSWORD: &str = "Account.archiveHasPassword";

/// The members that are not configuration.
const MEMBERS: [&str; 8] = [
    ACCOUNT_KEY,
    ACCOUNT_CERTIFICATE,
    AUTHORITY_KEY,
    ETHEREUM_KEY,
    "ringAccountCRL",
    CONTACTS,
    "conversations",
    "conversationsRequests",
];

/// The configuration that an import applies, sorted (R-ARC-1): names that a person gave, and how calls and messages are treated.
/// Nothing in it names a server, a proxy, a certificate, a port, a manager, or a file of the other device.
pub const APPLIED: [&str; 9] = [
    "Account.activeCallLimit",
    "Account.alias",
    "Account.denySecondIncoming",
    "Account.displayName",
    "Account.dtmfType",
    "Account.ringtoneEnabled",
    "Account.sendComposing",
    "Account.sendReadReceipt",
    "Account.videoEnabled",
];

/// The names of what configures an account, each at most [`MAX_KEY`] bytes long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The first [`MAX_CONFIGURATION`] names, as they come.
    pub names: Vec<String>,
    /// How many there are besides.
    pub more: u64,
}

/// The facts about an archive. No secret is among them.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Bytes of the JSON text.
    pub length: u64,
    /// How the file is protected.
    pub protection: Scheme,
    /// The short id of the account's certificate.
    pub account: AccountId,
    /// The account's certificate and those that vouch for it.
    pub chain: Chain,
    /// Whether the key of the account's authority is there.
    pub has_authority_key: bool,
    /// How many contacts there are, removed ones included.
    pub contacts: u64,
    /// How many conversations there are.
    pub conversations: u64,
    /// How many requests for conversations there are.
    pub conversation_requests: u64,
    /// The account's configuration: kept in the archive, and not applied unless it is in [`Summary::applied`].
    pub configuration: Configuration,
    /// The configuration that an import applies, by name: those of [`APPLIED`] that are there (R-ARC-1).
    pub applied: BTreeMap<String, String>,
    /// The text's claim about a password. The file's own form decides: [`Summary::protection`].
    pub has_password: Option<bool>,
    /// Members of unknown name that are not strings: kept, and ignored.
    pub unknown: u64,
}

/// The values that are collected from the text.
pub(super) struct Content {
    pub(super) summary: Summary,
    pub(super) account: Identity,
}

/// Collects it.
#[derive(Default)]
pub(super) struct Collector {
    /// The kind of the last name.
    current: Name,
    /// Which of [`MEMBERS`], [`APPLIED`] and [`HAS_PASSWORD`] came, as bits.
    seen: u32,
    error: Option<Unsound>,
    key: Option<Zeroizing<String>>,
    certificate: Option<Zeroizing<String>>,
    authority_key: bool,
    counts: [u64; 3],
    configuration: Configuration,
    applied: BTreeMap<String, String>,
    has_password: Option<bool>,
    unknown: u64,
}

#[derive(Clone, Default)]
enum Name {
    /// The index in [`MEMBERS`].
    Member(usize),
    /// The index in [`APPLIED`].
    Applied(usize),
    HasPassword,
    /// Another one, if it is short enough.
    Other(String),
    #[default]
    Long,
}

impl Collector {
    fn fail(&mut self, error: Unsound) {
        self.error.get_or_insert(error);
    }

    fn configure(&mut self, name: Option<&str>) {
        match name {
            Some(name) if self.configuration.names.len() < MAX_CONFIGURATION => {
                self.configuration.names.push(name.to_owned());
            }
            _ => self.configuration.more += 1,
        }
    }

    fn member(&mut self, member: usize, value: Option<&str>) {
        let name = MEMBERS[member];
        let keep = |value: &str| Zeroizing::new(value.to_owned());
        match (name, value) {
            (ACCOUNT_KEY, Some(value)) => self.key = Some(keep(value)),
            (ACCOUNT_CERTIFICATE, Some(value)) => self.certificate = Some(keep(value)),
            (ACCOUNT_KEY | ACCOUNT_CERTIFICATE, None) => self.fail(Unsound::NotText { name }),
            (AUTHORITY_KEY, _) => self.authority_key = true,
            _ => {}
        }
    }

    /// Judges what was collected.
    pub(super) fn finish(self) -> Result<Content, Unsound> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let decode = |value: Option<Zeroizing<String>>, name| {
            let value = value.ok_or(Unsound::Missing { name })?;
            let mut bytes = Zeroizing::new(vec![0; value.len()]);
            let length = STANDARD.decode_slice(&*value, &mut bytes).map_err(|_| Unsound::NotBase64 { name })?;
            bytes.truncate(length);
            Ok::<_, Unsound>(bytes)
        };
        let key = PrivateKey::from_pem(&decode(self.key, ACCOUNT_KEY)?)?;
        let chain = Chain::from_pem(&decode(self.certificate, ACCOUNT_CERTIFICATE)?)?;
        let account = Identity::new(key, chain.clone())?;
        account.can_issue().map_err(Unsound::Device)?;
        let [contacts, conversations, conversation_requests] = self.counts;
        let summary = Summary {
            length: 0,
            protection: Scheme::None,
            account: chain.leaf().short_id(),
            chain,
            has_authority_key: self.authority_key,
            contacts,
            conversations,
            conversation_requests,
            configuration: self.configuration,
            applied: self.applied,
            has_password: self.has_password,
            unknown: self.unknown,
        };
        Ok(Content { summary, account })
    }
}

impl Sink for Collector {
    fn name(&mut self, name: Option<&str>) -> bool {
        let place = |names: &[&'static str], name: &str| names.iter().position(|known| *known == name);
        let (current, bit, known) = match name {
            None => (Name::Long, None, ""),
            Some(HAS_PASSWORD) => (Name::HasPassword, Some(MEMBERS.len() + APPLIED.len()), HAS_PASSWORD),
            Some(name) => match (place(&MEMBERS, name), place(&APPLIED, name)) {
                (Some(member), _) => (Name::Member(member), Some(member), MEMBERS[member]),
                (None, Some(applied)) => (Name::Applied(applied), Some(MEMBERS.len() + applied), APPLIED[applied]),
                (None, None) if name.len() <= MAX_KEY => (Name::Other(name.to_owned()), None, ""),
                (None, None) => (Name::Long, None, ""),
            },
        };
        if let Some(bit) = bit {
            if self.seen & 1 << bit != 0 {
                self.fail(Unsound::Duplicate { name: known });
            }
            self.seen |= 1 << bit;
        }
        self.current = current;
        match self.current {
            Name::Member(member) => matches!(MEMBERS[member], ACCOUNT_KEY | ACCOUNT_CERTIFICATE),
            Name::Applied(_) | Name::HasPassword => true,
            Name::Other(_) | Name::Long => false,
        }
    }

    fn string(&mut self, value: Option<&str>) {
        match self.current.clone() {
            Name::Member(member) => self.member(member, value),
            Name::Applied(applied) => {
                self.configure(Some(APPLIED[applied]));
                // One that is too long is kept in the archive, like all that is not applied.
                self.applied.extend(value.map(|value| (APPLIED[applied].to_owned(), value.to_owned())));
            }
            Name::HasPassword => {
                self.configure(Some(HAS_PASSWORD));
                self.has_password = value.and_then(|value| value.parse().ok());
            }
            Name::Other(name) => self.configure(Some(&name)),
            Name::Long => self.configure(None),
        }
    }

    fn other(&mut self, _: Kind) {
        match self.current {
            Name::Member(member) => self.member(member, None),
            Name::Applied(_) | Name::HasPassword | Name::Other(_) | Name::Long => self.unknown += 1,
        }
    }

    fn count(&mut self) {
        if let Name::Member(member @ 5..) = self.current {
            self.counts[member - 5] += 1;
        }
    }
}
