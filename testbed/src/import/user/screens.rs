//! The person sees this: a page where screens are drawn, lines where they are not.

use std::io::{self, IsTerminal as _};

use handfast::{
    client::import::Screen,
    outcome::{Outcome, Side},
};
use tokio::time::Instant;

use super::User;
use crate::{
    link::texts::{self, Known},
    qr,
    tui::{import::Token, style::Size, tty},
};

impl User<'_> {
    /// Draws what there is to see, where screens are drawn.
    pub(super) fn draw(&mut self) {
        let screen = self.client.screen();
        self.view.agreed = matches!(screen, Screen::Authenticating { prompt, .. } if self.agreed == Some(prompt.peer));
        self.view.shown = self.shown.clone();
        self.view.nothing_to_compare = self.has_nothing_to_compare();
        self.view.left = self.token_ends.map(|end| end.saturating_duration_since(Instant::now()));
        self.view.status = self.session.status(self.given_up);
        let question = (screen, self.view.agreed, &self.view.shown);
        self.session.draw(&question, |surface| self.view.page(&screen, surface));
    }

    /// Shows a screen to which the client went.
    pub(super) fn show(&mut self, screen: Screen) {
        let drawn = self.session.is_drawn();
        if matches!(screen, Screen::Done | Screen::Error(_) | Screen::Initial) {
            self.session.stop_drawing();
        }
        match screen {
            Screen::Init | Screen::Closed => {}
            Screen::Authenticating { answered: true, .. } if drawn.is_some() => {}
            Screen::Authenticating { answered: true, prompt } => self.session.print(texts::agreed(prompt.scheme)),
            Screen::TokenAvailable => self.show_token(drawn),
            Screen::Connecting if drawn.is_some() => {}
            Screen::Connecting => self.session.print("A device connects."),
            Screen::Comparing { answered: false, .. } => self.ask_to_compare(),
            Screen::Comparing { answered: true, .. } if drawn.is_some() => {}
            Screen::Comparing { answered: true, .. } => self.session.print(texts::COMPARED),
            Screen::Authenticating { prompt, answered: false } => self.prompt(prompt),
            Screen::InProgress => {
                self.withdraw();
                self.session.show_progress(Side::Import, self.handle.progress());
            }
            Screen::Done => {
                let text = texts::ended(Side::Import, Outcome::SUCCESS, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Error(failure) => {
                let text = texts::failed(Side::Import, failure, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Initial => {
                let here = Known { canceled_here: true, ..self.known() };
                self.session.print(texts::ended(Side::Import, Outcome::CANCELED, here));
            }
        }
    }

    fn show_token(&mut self, drawn: Option<bool>) {
        if self.session.is_json() && drawn.is_none() {
            return;
        }
        let token = self.last.as_ref().and_then(|notice| notice.details.get("token")).map_or("", String::as_str);
        if let Some(colours) = drawn {
            let code = qr::Code::on_terminal(token, colours).ok();
            self.view.token = Some(Token {
                text: token.to_owned(),
                code,
                options: self.reach.options(),
                advice: self.reach.advice(),
            });
            self.token_ends = Some(Instant::now() + self.token_lifetime);
            return;
        }
        let mut how = "run";
        if io::stdout().is_terminal()
            && !tty::is_dumb()
            && let Ok(code) = qr::Code::on_terminal(token, tty::has_colours())
            && let Some(window) = tty::size()
        {
            let needed = Size { rows: code.size().rows.max(Size::ROWS_OF_QR), ..code.size() };
            if window.holds(needed) {
                self.out.line(code.lines());
                how = "scan the code, or run";
            } else {
                self.session.complain(format_args!("handfast: {}", qr::Code::without_room(window, needed)));
            }
        }
        for listening in self.reach.listening() {
            self.out.line(format_args!("listening  {listening}"));
        }
        self.out.line(format_args!("token      {token}"));
        let command = format!("handfast export --archive FILE{} {token}", self.reach.options());
        self.session.print(format_args!("On the device that has the account, {how}:\n  {command}"));
        if let Some(advice) = self.reach.advice() {
            self.session.print(advice);
        }
    }
}
