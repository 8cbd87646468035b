//! The questions to the person on lines, and the answers.

use handfast::client::export::{Input, Screen};

use super::{Asked, User};
use crate::{
    given::{Given, trimmed},
    terminal::{self, Line, LineError},
    token,
};

impl User<'_> {
    /// Asks on a line.
    pub(super) fn ask(&mut self, asked: Asked, question: &str) {
        self.asked = asked;
        self.session.ask(true);
        terminal::prompt(question);
    }

    /// The open question needs no answer any more.
    pub(super) fn withdraw(&mut self) {
        if std::mem::replace(&mut self.asked, Asked::Nothing) != Asked::Nothing {
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
        match asked {
            Asked::Nothing => {}
            Asked::Token => match Given::read(&String::from_utf8_lossy(&line)) {
                Given::Token(token) => {
                    self.feed(Input::Manual).await;
                    self.obtained(token, Input::Entered).await;
                }
                Given::Image(path) => {
                    self.feed(Input::Camera).await;
                    self.scan(path).await;
                    if self.client.screen() == Screen::ShowInputOptions {
                        self.ask_token();
                    }
                }
                Given::Neither(error) => {
                    let text = String::from_utf8_lossy(&line);
                    self.session.complain(token::explain(trimmed(&text).as_bytes(), error));
                    self.ask_token();
                }
            },
            Asked::Equal => self.feed(Input::Compare(terminal::is_yes(&line))).await,
            Asked::Consent => self.feed(if terminal::is_yes(&line) { Input::Confirm } else { Input::Back }).await,
        }
    }

    pub(super) fn ask_token(&mut self) {
        self.ask(Asked::Token, "The token that the new device shows, or the image of its QR code (a PNG file): ");
    }
}
