//! The lines of an importer: which account each is of, and what can be said of it without the model.

use std::collections::BTreeMap;

use handfast::{
    operations::LocalId,
    outcome::{AccountId, Scheme},
    token::{Form, Token},
};

use super::{
    Import, Sorter,
    lanes::{Noted, Seen, What},
};
use crate::{
    report::observed::parse::{Call, Event, Line, Returned},
    system::config::Player,
};

/// Why a call of an account that was not linked is no part of the link.
const OTHER_ACCOUNT: &str = "it is of another account, and changes nothing";

impl Sorter<'_> {
    /// Takes a line of an importer.
    pub(super) fn import(&mut self, number: usize, line: &Line) {
        if let Event::Call(Call::AddAccount { link }, returned) = &line.event {
            if *link {
                self.add_account(number, line, returned);
            } else {
                self.apart.push((number, "it makes an account without a link"));
            }
            return;
        }
        let named = match &line.event {
            Event::Signal { account, .. }
            | Event::Call(
                Call::Provide { account, .. } | Call::RemoveAccount { account } | Call::CompareAccount { account, .. },
                _,
            ) => account.as_ref(),
            Event::Call(..) => None,
        };
        let last = self.imports.iter().rposition(|import| import.device == line.device);
        let last = last.unwrap_or_else(|| {
            self.imports.push(Import { device: line.device.clone(), ..Import::default() });
            self.imports.len() - 1
        });
        let own = match named {
            Some(id) => self.imports.iter().rposition(|import| import.account.as_ref() == Some(id)),
            None => Some(last),
        };
        let legacy = self.cast().import == Player::Legacy;
        let form = match self.cast().import {
            Player::Legacy => Form::Long,
            Player::Hardened | Player::Hostile => Form::shown_by(self.configuration.profile),
        };
        let at = own.unwrap_or(last);
        let import = &mut self.imports[at];
        match &line.event {
            Event::Signal { state, details, .. } => {
                let unknown = own.is_none().then_some("no addAccount returned this account");
                let flaw = unknown.or_else(|| import.look(*state, details, form));
                let noted = Noted::of(number, line, flaw);
                import.lane.signals.push(Seen { noted, state: *state, details: details.clone() });
            }
            Event::Call(Call::Provide { credentials, scheme, .. }, returned) => {
                let accepted = *returned == Returned::Accepted(true);
                let there = own.is_some();
                let word = Scheme::from_word(scheme).filter(|word| word.as_str() == scheme);
                let (what, flaw) = match (word, returned) {
                    (_, Returned::Number(_) | Returned::Text(_) | Returned::Nothing(_)) => {
                        (What::Nothing, Some("it returns whether it is accepted"))
                    }
                    (Some(scheme), _) if there => (What::Provide { credentials: *credentials, scheme, accepted }, None),
                    // An old daemon says yes whenever the account exists.
                    (None, _) if there && accepted != (legacy && !import.removed) => {
                        (What::Nothing, Some("there is no such scheme"))
                    }
                    (_, _) if !there && accepted => (What::Nothing, Some("there is no such account")),
                    (_, _) => {
                        let why = if there { "it names no scheme, and is refused" } else { OTHER_ACCOUNT };
                        self.apart.push((number, why));
                        (What::Nothing, None)
                    }
                };
                import.lane.call(number, line, what, flaw);
            }
            Event::Call(Call::CompareAccount { equal, .. }, returned) => {
                let (what, flaw) = match returned {
                    Returned::Accepted(accepted) if own.is_some() => {
                        (What::CompareAccount { equal: *equal, accepted: *accepted }, None)
                    }
                    Returned::Accepted(true) => (What::Nothing, Some("there is no such account")),
                    Returned::Accepted(false) => {
                        self.apart.push((number, OTHER_ACCOUNT));
                        (What::Nothing, None)
                    }
                    _ => (What::Nothing, Some("it returns whether it is accepted")),
                };
                import.lane.call(number, line, what, flaw);
            }
            Event::Call(Call::RemoveAccount { .. }, returned) => {
                let (what, flaw) = match returned {
                    Returned::Nothing(_) if own.is_none() => (What::Nothing, None),
                    Returned::Accepted(false) if own.is_none() => (What::Nothing, None),
                    Returned::Accepted(true) if own.is_none() => (What::Nothing, Some("there is no such account")),
                    Returned::Accepted(true) | Returned::Nothing(_) => (What::Remove, None),
                    Returned::Accepted(false) => (What::Nothing, Some("the removal of an account is not refused")),
                    Returned::Number(_) | Returned::Text(_) => (What::Nothing, Some("it returns nothing")),
                };
                import.removed |= what == What::Remove;
                if what == What::Nothing && flaw.is_none() {
                    self.apart.push((number, OTHER_ACCOUNT));
                }
                import.lane.call(number, line, what, flaw);
            }
            Event::Call(..) => {}
        }
    }

    fn add_account(&mut self, number: usize, line: &Line, returned: &Returned) {
        let known = |id: &String| self.imports.iter().any(|import| import.account.as_ref() == Some(id));
        let (account, flaw) = match returned {
            Returned::Text(id) if known(id) => (Some(id.clone()), Some("this account exists already")),
            Returned::Text(id) if id.parse::<LocalId>().is_ok() => (Some(id.clone()), None),
            Returned::Text(id) if id.is_empty() => {
                self.apart.push((number, "it is refused: no account is made"));
                return;
            }
            _ => (None, Some("it returns an account: 16 lower-case hexadecimal digits")),
        };
        let mut import = Import { device: line.device.clone(), account, ..Import::default() };
        import.lane.call(number, line, What::AddAccount, flaw);
        self.imports.push(import);
    }
}

impl Import {
    /// Checks a signal by itself. Binds the token.
    fn look(&mut self, state: u8, details: &BTreeMap<String, String>, form: Form) -> Option<&'static str> {
        if let Some(text) = details.get("token").filter(|_| state == 1) {
            let token = Token::parse(text.as_bytes()).ok().filter(|token| token.text().to_string() == *text);
            let Some(token) = token.filter(|token| token.device.form() == form) else {
                return Some(match form {
                    Form::Short => "it is not a token of 59 characters",
                    Form::Long => "it is not a token of 83 characters",
                });
            };
            self.token.get_or_insert(token);
        }
        let peer = details.get("peer_id")?;
        let canonical = peer.parse::<AccountId>().is_ok_and(|id| id.to_string() == *peer);
        (!canonical).then_some("peer_id is not 40 lower-case hexadecimal digits")
    }
}
