//! The person sees this: a page where screens are drawn, lines where they are not.

use handfast::{
    client::export::Screen,
    outcome::{Outcome, Side},
};

use super::{Asked, User};
use crate::{
    link::texts::{self, Known},
    tui::parts::groups,
};

impl User<'_> {
    /// Draws what there is to see, where screens are drawn.
    pub(super) fn draw(&mut self) {
        let screen = self.client.screen();
        self.view.shown = self.shown.clone();
        self.view.nothing_to_compare = self.has_nothing_to_compare();
        self.view.status = self.session.status(self.given_up);
        let question = (&screen, &self.view.shown);
        self.session.draw(&question, |surface| self.view.page(&screen, surface));
    }

    /// Shows a screen to which the client went.
    pub(super) async fn show(&mut self, screen: Screen) {
        let drawn = self.session.is_drawn().is_some();
        if matches!(screen, Screen::Done { .. } | Screen::Error(_) | Screen::Initial) {
            self.session.stop_drawing();
        }
        match screen {
            Screen::ShowInputOptions
            | Screen::ScanQr
            | Screen::QrScanning
            | Screen::ManualEntry
            | Screen::TokenObtained
            | Screen::Closed => {}
            Screen::Connecting | Screen::Authenticating { confirmed: true, .. } if drawn => {}
            Screen::Connecting => self.session.print("Connecting to the new device."),
            Screen::Authenticating { confirmed: true, .. } => self.session.print(texts::CONFIRMED),
            Screen::Comparing { answered: true, .. } if drawn => {}
            Screen::Comparing { answered: true, .. } => self.session.print(texts::COMPARED),
            Screen::Comparing { .. } if self.expected.begin() || self.options.calls || drawn => {}
            Screen::Comparing { address, .. } => {
                let account = self.account.map(|account| groups(&account)).unwrap_or_default();
                let shown = self.shown.clone().unwrap_or_default();
                self.session.print(format_args!("The new device is at {address}, and asks for the account {account}."));
                self.ask(Asked::Equal, &texts::comparison(&shown));
            }
            Screen::Authenticating { .. } if self.options.sas_match.is_some() || self.options.calls || drawn => {}
            Screen::Authenticating { .. } if self.options.yes && !self.has_nothing_to_compare() => {}
            Screen::Authenticating { address, .. } => {
                if self.has_nothing_to_compare() {
                    self.session.print(texts::NOTHING_TO_COMPARE);
                }
                let account = self.account.map(|account| groups(&account)).unwrap_or_default();
                self.ask(
                    Asked::Consent,
                    &format!("The new device is at {address}. Give it the account {account}? [y/N] "),
                );
            }
            Screen::InProgress => {
                self.withdraw();
                let progress = match (&self.handle, self.client.operation()) {
                    (Some(handle), Some(op)) => handle.progress(op).await,
                    _ => None,
                };
                if let Some(progress) = progress {
                    self.session.show_progress(Side::Export, progress);
                }
            }
            Screen::Done { confirmed } => {
                let text = texts::ended(Side::Export, Outcome::Success { confirmed }, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Error(failure) => {
                let text = texts::failed(Side::Export, failure, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Initial => {
                // Nothing was begun that would end.
                if self.own.is_none() {
                    self.outcome = Outcome::CANCELED;
                    self.handle = None;
                }
                let here = Known { canceled_here: true, ..self.known() };
                self.session.print(texts::ended(Side::Export, Outcome::CANCELED, here));
            }
        }
    }
}
