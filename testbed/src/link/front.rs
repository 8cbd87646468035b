//! Where a person sees the screens of a link, and acts: plain lines, a terminal that is drawn on, or a browser.

use handfast::outcome::Side;

use super::options::LinkOptions;
#[cfg(feature = "web")]
use crate::web::{self, Browser, Panel, Server};
use crate::{
    failure::Failure,
    terminal::{Echo, Shows, Typed},
    tui::{
        keys::Key,
        page::{Page, Surface},
        tty::{self, Tty},
    },
};

/// Where the person is.
pub(crate) enum Front {
    /// Wherever lines can be read and written. There is somebody who reads them, once a line was waited for.
    Lines(Option<Typed>),
    /// At a terminal that is drawn on.
    Drawn(Tty),
    /// At a browser.
    #[cfg(feature = "web")]
    Browser(Box<Browser>),
}

impl Front {
    /// Draws where that can be done, and nothing but a person is to read it.
    fn choose(options: &LinkOptions) -> Self {
        let for_people = !options.json && !options.calls;
        for_people.then(Tty::open).flatten().map_or(Self::Lines(None), Self::Drawn)
    }

    /// Serves a page, if it is to be one, or chooses among the terminal's. Where lines were read already, lines are read on.
    pub(crate) async fn open(
        options: &LinkOptions,
        side: Side,
        typed: Option<Typed>,
    ) -> Result<(Self, Served), Failure> {
        #[cfg(feature = "web")]
        if options.web {
            let (browser, server) = Browser::open(side).await?;
            let served = Served { page: Some((server, browser.panel())) };
            return Ok((Self::Browser(Box::new(browser)), served));
        }
        #[cfg(not(feature = "web"))]
        let _ = side;
        let front = if typed.is_some() { Self::Lines(typed) } else { Self::choose(options) };
        Ok((front, Served::default()))
    }

    /// Draws a page, where pages are drawn. It asks this question.
    pub(crate) fn draw(&mut self, question: &impl std::fmt::Debug, page: impl FnOnce(Surface) -> Page) {
        match self {
            Self::Lines(_) => {}
            Self::Drawn(tty) => {
                let size = tty.size();
                tty.draw(page(Surface::Terminal(size)).frame(size));
            }
            #[cfg(feature = "web")]
            Self::Browser(browser) => browser.draw(question, page),
        }
        #[cfg(not(feature = "web"))]
        let _ = question;
    }

    /// Hides what is typed at a terminal where nothing is drawn, and where a person is asked now and then.
    pub(crate) fn quiet(&self, options: &LinkOptions) -> Echo {
        match self {
            Self::Lines(_) if !options.calls => Echo::new(Shows::Nothing),
            _ => Echo::default(),
        }
    }

    /// The events of what is drawn on; none ever, where nothing is. A future that is dropped has taken nothing.
    pub(crate) async fn event(&mut self) -> Event {
        match self {
            Self::Drawn(tty) => match tty.next().await {
                tty::Event::Key(key) => Event::Key(key),
                tty::Event::Resized => Event::Resized,
            },
            Self::Lines(_) => std::future::pending().await,
            #[cfg(feature = "web")]
            Self::Browser(browser) => match browser.next().await {
                web::Event::Key(key) => Event::Key(Some(key)),
                event => Event::Page(event),
            },
        }
    }
}

/// An event of what is drawn on.
pub(crate) enum Event {
    /// A key; none when the terminal is gone.
    Key(Option<Key>),
    /// It may have another size.
    Resized,
    /// Another event, of a page in a browser.
    #[cfg(feature = "web")]
    Page(web::Event),
}

/// The page that is served, which ends after the link. Without one, nothing.
#[derive(Default)]
pub(crate) struct Served {
    #[cfg(feature = "web")]
    page: Option<(Server, Panel)>,
}

impl Served {
    /// Ends the page; where the command failed, the reason is on it.
    pub(crate) async fn end<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        #[cfg(feature = "web")]
        if let Some((server, panel)) = self.page {
            if let Err(failure) = &result
                && !panel.has_ended()
            {
                panel.end(&[failure.text().to_owned()]);
            }
            server.close().await;
        }
        result
    }
}
