//! The link of a configuration with its clients.

use handfast::{
    client::{export, import},
    rules::Rules,
};

use super::{AnyExportClient, AnyImportClient, linked::Linked};
use crate::{
    property::{legacy_clients, players::Players},
    system::config::{Clients, Configuration},
};

/// Our two clients, with these rules.
fn own(rules: impl Rules) -> (AnyImportClient, AnyExportClient) {
    (AnyImportClient::new(import::Client::under(rules)), AnyExportClient::new(export::Client::under(rules)))
}

/// The link of a configuration with clients, with these rules where they are ours. `None`: it has no clients.
pub fn linked(configuration: Configuration, rules: impl Rules) -> Option<Linked> {
    let clients = match configuration.clients? {
        Clients::Own => own(rules),
        Clients::Qt => legacy_clients::qt(),
        Clients::Android => legacy_clients::android(),
        Clients::Ios => legacy_clients::ios(),
    };
    Some(Linked::new(configuration, |configuration| Players::default().system(configuration), clients))
}
