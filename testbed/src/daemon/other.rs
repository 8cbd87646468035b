//! The other device and its user, for who tries a client: it links with the client's side of the daemon by a plot.

use std::sync::Arc;

use handfast::{
    archive::{Argon2i, MemoryFs, Store, UnixTime},
    limits::{DEFAULT_MAX_ARCHIVE, Durations},
    operations::OpId,
    outcome::{LinkState, Scheme, Signal},
    reducer::Config,
    secret::Secret,
    shell::{
        self, ImportEnv, ImportHandle, ImportIdentity, ImportOptions, Notice, SystemRandom, folder::FolderStore,
        identity::Reach, rendezvous::Listen,
    },
    token::Token,
};
use handfast_model::without::Without;
use serde_json::json;
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    task::AbortHandle,
    time::timeout,
};

use super::{
    account::{Account, PASSWORD},
    exchange::Way,
    plots::{Acts, Moment, Order, Plot},
};
use crate::{failure::Failure, output};

/// The other device's needs. Clones are of the same.
#[derive(Clone)]
pub(super) struct Other {
    pub(super) order: Order,
    pub(super) way: Way,
    pub(super) config: Config,
    pub(super) durations: Durations,
    pub(super) now: UnixTime,
}

/// A token of a device that is not there: the first digit of its id is another one.
fn absent(token: &Token) -> Token {
    let mut text = token.text().to_string();
    let first = "jami-auth://".len();
    let other = if text[first..].starts_with('0') { "1" } else { "0" };
    text.replace_range(first..=first, other);
    Token::parse(text.as_bytes()).unwrap_or(*token)
}

impl Other {
    /// The other device of an importing client: it exports an account, as soon as the client's token is shown. `states` are those that
    /// the client's side signals.
    pub(super) fn export(&self, link: u64, token: Token, states: watch::Receiver<LinkState>) -> Result<(), Failure> {
        let (plot, _) = self.order.of(link);
        output::json(&json!({"link": link, "client": "import", "scenario": plot.name}))?;
        if plot.acts == Acts::Absent {
            return Ok(());
        }
        let password = if plot.protected { PASSWORD } else { "" };
        let rules = Without::default();
        let made = || Account::make(password, self.now, self.config, self.durations, &self.way, rules);
        let account = tokio::task::block_in_place(made)?;
        tokio::spawn(exports(plot, account, token, states));
        Ok(())
    }

    /// The other devices of an exporting client, one after the other: each imports what the client exports. The token of each is printed.
    /// `states` are those that the client's side signals.
    pub(super) async fn import(self, mut states: watch::Receiver<LinkState>) -> Result<(), Failure> {
        for link in 1.. {
            let (plot, _) = self.order.of(link);
            let store = Store::open_in(MemoryFs::default(), "/accounts").map_err(Failure::reason)?;
            let place = FolderStore::new(store, Arc::new(Argon2i), self.way.keys(), DEFAULT_MAX_ARCHIVE, self.now);
            let env = ImportEnv {
                publish: Listen(([127, 0, 0, 1], 0).into()),
                store: place,
                identity: ImportIdentity::Make { reach: Reach::Direct, now: self.now },
                random: SystemRandom,
            };
            let (config, durations, now) = (self.config, self.durations, Some(self.now));
            let options = ImportOptions { config, durations, now, ..ImportOptions::default() };
            let (handle, notices, operation) = shell::import(env, options);
            let operation = tokio::spawn(operation).abort_handle();
            self.imports(link, plot, &handle, notices, &operation, &mut states).await?;
        }
        Ok(())
    }

    async fn imports(
        &self,
        link: u64,
        plot: &'static Plot,
        handle: &ImportHandle,
        mut notices: UnboundedReceiver<Notice>,
        operation: &AbortHandle,
        states: &mut watch::Receiver<LinkState>,
    ) -> Result<(), Failure> {
        let mut published = None;
        let mut tries = 0;
        while let Some(notice) = notices.recv().await {
            let moment = match notice.signal {
                Signal::TokenAvailable => {
                    let text = notice.details.get("token").map(String::as_str).unwrap_or_default();
                    let (Ok(token), Some(address)) = (Token::parse(text.as_bytes()), handle.listening()) else { break };
                    let shown = if plot.acts == Acts::Absent { absent(&token) } else { token };
                    self.way.add(&token.device, address);
                    published = Some(token);
                    let shown = shown.text().to_string();
                    output::json(&json!({"link": link, "client": "export", "scenario": plot.name, "token": shown}))?;
                    continue;
                }
                Signal::Connecting if plot.acts == Acts::GivesUp(Moment::Connecting) => Moment::Connecting,
                Signal::Connecting if matches!(plot.acts, Acts::GivesUp(Moment::Asked) | Acts::Lost(Moment::Asked)) => {
                    // A client that confirms at once may be further already, and one that fails is never asked.
                    let is_asked =
                        |state: &LinkState| matches!(state, LinkState::Authenticating | LinkState::InProgress);
                    let _ = timeout(self.durations.connect, states.wait_for(is_asked)).await;
                    Moment::Asked
                }
                Signal::Prompt { .. } => Moment::Prompted,
                Signal::InProgress => Moment::Answered,
                _ => continue,
            };
            match plot.acts {
                Acts::GivesUp(at) if at == moment => {
                    // It is removed, or was before.
                    let _ = handle.remove_account().await;
                }
                Acts::Lost(at) if at == moment => {
                    operation.abort();
                    break;
                }
                Acts::Silent | Acts::Absent => {}
                _ if moment != Moment::Prompted => {}
                Acts::Agrees { wrong } if tries < wrong => {
                    tries += 1;
                    let typed = Secret::from(format!("wrong {tries}"));
                    self.answer(handle, &notice, typed).await;
                }
                _ => self.answer(handle, &notice, Secret::from(PASSWORD)).await,
            }
        }
        if let Some(token) = published {
            self.way.remove(&token.device);
        }
        Ok(())
    }

    async fn answer(&self, handle: &ImportHandle, notice: &Notice, password: Secret) {
        let Signal::Prompt { scheme, .. } = notice.signal else { return };
        let typed = if scheme == Scheme::None { Secret::default() } else { password };
        // The link may have ended meanwhile.
        let _ = handle.provide_account_authentication(typed, scheme).await;
    }
}

/// Exports an account by a plot.
async fn exports(plot: &'static Plot, mut account: Account, token: Token, mut states: watch::Receiver<LinkState>) {
    let Ok(op) = account.export.add_device_by(token).await else { return };
    while let Some(notice) = account.notices.recv().await {
        let moment = match notice.signal {
            Signal::Connecting => Moment::Connecting,
            Signal::Confirm { .. } => Moment::Asked,
            Signal::InProgress => Moment::Answered,
            Signal::Done(_) => return,
            _ => continue,
        };
        if acts(plot.acts, moment, &account, op).await || plot.acts == Acts::Silent || moment != Moment::Asked {
            continue;
        }
        // The link may have ended meanwhile.
        let _ = account.export.confirm_add_device(op).await;
        let prompted = matches!(plot.acts, Acts::GivesUp(Moment::Prompted) | Acts::Lost(Moment::Prompted));
        // A client that answers at once may be further already.
        if prompted && states.wait_for(|state| *state >= LinkState::Authenticating).await.is_ok() {
            acts(plot.acts, Moment::Prompted, &account, op).await;
        }
    }
}

/// Gives up or loses the connection, if the plot has that at this moment. Returns whether it has.
async fn acts(acts: Acts, moment: Moment, account: &Account, op: OpId) -> bool {
    match acts {
        Acts::GivesUp(at) if at == moment => {
            // The link may have ended meanwhile.
            let _ = account.export.cancel_add_device(op).await;
        }
        Acts::Lost(at) if at == moment => account.operations.abort(),
        _ => return false,
    }
    true
}
