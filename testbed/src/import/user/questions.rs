//! The questions to the person, and the answers: typed on a line, or from the file of passwords.

use handfast::{
    client::import::{Input, Prompt},
    outcome::{AccountId, Scheme},
    secret::Secret,
};

use super::{Asked, User};
use crate::{
    link::texts,
    terminal::{self, Line, LineError},
    tui::{field::Masked, parts::groups},
};

/// The question to the person.
#[derive(Clone, Copy)]
enum Question {
    /// Whether this is the account.
    Consent(AccountId),
    /// For its password.
    Password,
    /// Whether both screens show this.
    Equal,
}

impl User<'_> {
    /// Shows the string, and asks whether the other screen shows it too. `--yes` says nothing of that (R-SAS-8).
    pub(super) fn ask_to_compare(&mut self) {
        if !self.expected.begin() && !self.options.calls {
            self.ask(Question::Equal, Scheme::None);
        }
    }

    /// Asks whose account it is to be, and for its password. Where the options say, or the user has said before, no one is asked.
    pub(super) fn prompt(&mut self, Prompt { peer, scheme, wrong_password }: Prompt) {
        self.view.password = Masked::default();
        if wrong_password && self.session.is_drawn().is_none() {
            self.session.print(texts::wrong_password(self.view.wrong));
        }
        if self.has_nothing_to_compare() && self.agreed != Some(peer) && self.session.is_drawn().is_none() {
            self.session.print(texts::NOTHING_TO_COMPARE);
        }
        if self.options.sas_match.is_some() && self.has_nothing_to_compare() || self.options.calls && !self.options.yes
        {
            return;
        }
        if self.options.yes && !self.has_nothing_to_compare() {
            self.agreed = Some(peer);
        }
        // After a wrong password for this account it is agreed to.
        match self.agreed == Some(peer) {
            true if self.answers_itself(peer, scheme) || self.options.calls => {}
            true => self.ask(Question::Password, scheme),
            false => self.ask(Question::Consent(peer), scheme),
        }
    }

    /// The user agrees to the peer: answers with the password that is due, or asks for it.
    pub(super) fn agree(&mut self, scheme: Scheme) -> Option<Input> {
        match (scheme, &mut self.passwords) {
            (Scheme::None, _) => Some(self.answer_with(Secret::default())),
            (Scheme::Password, Some(passwords)) => Some(match passwords.next() {
                Some(password) => self.answer_with(password),
                None => {
                    self.session.complain("handfast: --password-file has no further password");
                    Input::Back
                }
            }),
            (Scheme::Password, None) if self.options.calls => None,
            (Scheme::Password, None) => {
                self.ask(Question::Password, scheme);
                None
            }
        }
    }

    pub(super) fn answer_with(&mut self, password: Secret) -> Input {
        Input::Answer(self.answers.keep(password))
    }

    /// Asks on a line. Where screens are drawn, they ask.
    fn ask(&mut self, question: Question, scheme: Scheme) {
        if self.session.is_drawn().is_some() {
            return;
        }
        match question {
            Question::Consent(peer) => {
                self.session.ask(true);
                self.asked = Asked::Consent(peer, scheme);
                terminal::prompt(&format!(
                    "The other device belongs to the account {}. Import this account? [y/N] ",
                    groups(&peer)
                ));
            }
            Question::Equal => {
                let shown = self.shown.clone().unwrap_or_default();
                self.session.ask(true);
                self.asked = Asked::Equal;
                terminal::prompt(&texts::comparison(&shown));
            }
            Question::Password => {
                self.session.ask(false);
                self.asked = Asked::Password;
                terminal::prompt("Password of the account: ");
            }
        }
    }

    /// The open question needs no answer any more.
    pub(super) fn withdraw(&mut self) {
        if !matches!(std::mem::replace(&mut self.asked, Asked::Nothing), Asked::Nothing) {
            terminal::prompt("\n");
            self.session.stop_listening();
        }
    }

    /// Takes a line: an answer, or a call of a stream.
    pub(super) async fn line(&mut self, line: Option<Result<Line, LineError>>) {
        if self.options.calls {
            if let Some(call) = line.and_then(|line| self.session.call_of(line)) {
                self.call(call).await;
            }
            return;
        }
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let Some(line) = self.session.answer(line) else { return self.feed(Input::Back).await };
        let input = match asked {
            Asked::Nothing => None,
            Asked::Consent(peer, scheme) if terminal::is_yes(&line) => {
                self.agreed = Some(peer);
                self.agree(scheme)
            }
            Asked::Equal => Some(Input::Compare(terminal::is_yes(&line))),
            Asked::Consent(..) => Some(Input::Back),
            Asked::Password => Some(self.answer_with(Secret::from(line.as_slice()))),
        };
        if let Some(input) = input {
            self.feed(input).await;
        }
    }
}
