//! The client in a browser: `--web` of `handfast import` and `handfast export` (`docs/web.md`).
//!
//! A server on this device's loopback address shows the same [pages](crate::tui::page) as the terminal, in a browser, and takes from it what a
//! terminal gives: keys, typed texts, and images of QR codes. It decides nothing of the link.

mod answer;
mod event;
pub(crate) mod limits;
mod request;
mod screen;
mod server;
#[cfg(test)]
mod tests;

use std::{fmt::Debug, io, sync::Arc};

use handfast::outcome::Side;
use tokio::sync::mpsc;

use self::{
    answer::Shared,
    event::Sent,
    limits::{Deadlines, MAX_EVENTS},
    screen::Shown,
};
pub(crate) use self::{event::Event, server::Server};
use crate::{
    failure::Failure,
    terminal,
    tui::{
        keys::Key,
        page::{Page, Surface},
        parts,
    },
};

/// The page, as the client shows it and takes its events.
pub(crate) struct Browser {
    panel: Panel,
    events: mpsc::Receiver<Sent>,
    /// The question that the screen asks: another one is another screen.
    question: String,
}

impl Browser {
    /// Begins to serve the page, and prints its address on standard error.
    ///
    /// # Errors
    /// No port or no random number is to be had.
    pub(crate) async fn open(side: Side) -> Result<(Self, Server), Failure> {
        let served = Self::serve(side, Deadlines::OWN).await;
        let (browser, server) = served.map_err(|error| Failure::with_code(15, format_args!("--web: {error}")))?;
        terminal::prompt(&format!(
            "Open this page in a browser on this device; its address works once:\n  {}\n",
            server.address()
        ));
        Ok((browser, server))
    }

    /// Begins to serve the page.
    async fn serve(side: Side, deadlines: Deadlines) -> io::Result<(Self, Server)> {
        let (sender, events) = mpsc::channel(MAX_EVENTS);
        let shared = Arc::new(Shared::new(side, sender, deadlines)?);
        let server = Server::start(Arc::clone(&shared)).await?;
        Ok((Self { panel: Panel(shared), events, question: String::new() }, server))
    }

    /// Returns what shows the end, once the client draws no more.
    pub(crate) fn panel(&self) -> Panel {
        self.panel.clone()
    }

    /// Shows a page, which asks this question.
    pub(crate) fn draw(&mut self, question: &impl Debug, page: impl FnOnce(Surface) -> Page) {
        let question = format!("{question:?}");
        let is_another = std::mem::replace(&mut self.question, question) != self.question;
        self.panel.show(&page(Surface::Browser), is_another, false);
    }

    /// Returns the next event of the screen that is shown; earlier ones have no effect. A future that is dropped has taken nothing.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            match self.events.recv().await {
                Some(Sent { screen, event }) if screen == self.panel.0.screen() => return event,
                Some(_) => {}
                // The server has its end of the channel as long as there is a panel.
                None => std::future::pending().await,
            }
        }
    }
}

/// The place where a browser sees a screen.
#[derive(Clone)]
pub(crate) struct Panel(Arc<Shared>);

impl Panel {
    /// Shows how it ended, in these paragraphs. The page offers nothing any more.
    pub(crate) fn end(&self, texts: &[String]) {
        let page = parts::end(self.0.side, texts, Surface::Browser);
        self.show(&page, false, true);
    }

    /// Whether the end is shown.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.screens.borrow().ended()
    }

    fn show(&self, page: &Page, is_another: bool, ends: bool) {
        self.0.screens.send_if_modified(|shown| {
            let is_another = is_another || ends && !shown.ended();
            // An end is the last screen, to which remarks are added.
            if shown.ended() && !ends || !is_another && shown.is_of(page.blocks()) {
                return false;
            }
            *shown = Arc::new(Shown::new(shown.id() + u64::from(is_another), page.blocks(), ends));
            true
        });
    }
}

/// The keys that a typed text stands for.
pub(crate) fn keys(text: &str, enter: bool) -> impl Iterator<Item = Key> {
    let of = |char: char| if char.is_control() { Key::Break } else { Key::Char(char) };
    let enter = enter.then_some(Key::Enter);
    std::iter::once(Key::Clear).chain(text.chars().map(of)).chain(enter)
}
