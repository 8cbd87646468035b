//! Attacks in words: numbered steps with their reasons, and a drawing.

use std::fmt;

use handfast::{
    message::{Message, Verdict, Word as Said},
    outcome::{Scheme, Side as On},
};
use serde::Serialize;

use crate::{
    explorer::explore::Path,
    intruder::{
        moves::{Move, Word},
        queries::Weakness,
        scene::{Chain, Channel, EMPTY, Item, PASSWORD, Peer, State},
        situation::{Comparison, Situation},
        terms::{Owner, Party, Term},
    },
    system::world::PEER,
};

/// An actor of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The new device, or its user.
    NewDevice,
    /// The intruder.
    Intruder,
    /// The device that has the account, or its user.
    OldDevice,
}

/// One step of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The actor.
    pub from: Actor,
    /// The other end; the actor itself where the step stays with it.
    pub to: Actor,
    /// The step in a few words, for a drawing.
    pub label: String,
    /// The step in a sentence.
    pub text: String,
    /// Why an honest device or user takes part in it, and what comes of it.
    pub because: Vec<String>,
}

impl Weakness {
    /// Why an honest side takes the step, as a sentence.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Unasked => "The importer installs it, because it does not wait for its user's answer",
            Self::TokenAgain => "The importer opens another session, because its token lives on after the first",
            Self::Forged => {
                "The importer shows the account that the chain names, because it does not verify the signatures"
            }
            Self::Unbound => {
                "The importer installs it, because it does not compare the archive's account with the one confirmed"
            }
            Self::Early => "The exporter reports success, because it does not wait until the account is stored",
            Self::Parallel => {
                "The importer opens a second channel, because it tests and takes its one slot in two steps"
            }
            Self::NotCompared => "The user agrees, because the screens have nothing to compare but an address",
            Self::Unlimited => "The importer answers one more guess, because it does not count them",
            Self::Unpinned => "The exporter goes on, because it does not compare the leaf key with the token",
            Self::Unconfirmed => "The exporter tries the password, because it does not wait for its user",
            Self::Uncounted => "The exporter answers one more password, because it does not count them",
        }
    }
}

/// Returns the steps of a path in words.
pub(super) fn story(situation: &Situation, path: &Path<State, Move>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut before = &path.root;
    for (chosen, after) in &path.steps {
        let (from, to, label, text) = step(situation, before, *chosen);
        lines.push(Line { from, to, label, text, because: consequences(before, after) });
        before = after;
    }
    lines
}

/// Returns the consequences of a step, each in a sentence without its full stop.
fn consequences(before: &State, after: &State) -> Vec<String> {
    let (was, is) = (&before.scene, &after.scene);
    let mut all = Vec::new();
    let news = is.weaknesses.iter().filter(|&weakness| was.weaknesses.iter().all(|known| known != weakness));
    all.extend(news.map(|weakness| format!("{} ({})", weakness.why(), weakness.id())));
    if let Some(prompt) = is.prompt.filter(|_| is.prompt != was.prompt) {
        let shown = match prompt.shown {
            Some(Owner::Honest) => "its user's account",
            Some(Owner::Intruder) => "the intruder's account",
            None => "an account that is no one's",
        };
        let asks = if prompt.scheme == Scheme::None { "consent" } else { "the password" };
        all.push(format!("The new device shows {shown} and asks for {asks}"));
    }
    if is.asks_device && !was.asks_device {
        all.push("The old device shows an address and asks whether this is the new device".into());
    }
    let learned = |term| is.known.has(term) && !was.known.has(term);
    for (term, name) in [
        (Term::Code(Party::NewDevice), "code"),
        (Term::Password, "password"),
        (Term::Archive(Owner::Honest), "archive, and with it the account's key"),
    ] {
        if learned(term) {
            all.push(format!("THE INTRUDER HAS THE {}", name.to_uppercase()));
        }
    }
    let facts = |scene: &crate::intruder::scene::Scene| {
        let facts = scene.facts;
        [
            (facts.import_alone, "THE IMPORTER REPORTS SUCCESS, AND WAS NOT LINKED AS BOTH USERS AGREED"),
            (facts.import_twice, "THE IMPORTER REPORTS SUCCESS FOR THE SECOND TIME"),
            (facts.export_elsewhere, "THE EXPORTER REPORTS SUCCESS WITH A DEVICE THAT IS NOT ITS USER'S"),
            (facts.export_early, "THE EXPORTER REPORTS SUCCESS, AND THE NEW DEVICE HAS NOTHING"),
            (facts.install_unasked, "AN ARCHIVE IS INSTALLED TO WHICH ITS USER HAD NOT AGREED"),
            (facts.sent_elsewhere, "THE ARCHIVE LEAVES FOR A DEVICE TO WHICH ITS USERS HAD NOT AGREED"),
            (facts.codes_unlimited, "A SEVENTEENTH CODE IS ANSWERED"),
            (facts.passwords_unlimited, "A PASSWORD IS ANSWERED THAT SHOULD NOT BE"),
        ]
    };
    let new = facts(is).into_iter().zip(facts(was)).filter(|((now, _), (before, _))| *now && !before);
    all.extend(new.map(|((_, text), _)| text.to_owned()));
    all
}

fn message(message: Message) -> String {
    match message {
        Message::Hello(features) if features.is_legacy() => "hello, as today's daemon says it".into(),
        Message::Hello(_) => "hello".into(),
        Message::AuthScheme(Scheme::None, _) => "the question for consent alone (authScheme)".into(),
        Message::AuthScheme(Scheme::Password, _) => "the question for a password (authScheme)".into(),
        Message::Password(EMPTY) => "the empty password".into(),
        Message::Password(PASSWORD) => "the password".into(),
        Message::Password(_) => "a guessed password".into(),
        Message::Verdict(Verdict::Wrong) => "the verdict that the password is wrong".into(),
        Message::Verdict(Verdict::Final) => "the verdict that the password is wrong for the last time".into(),
        Message::Verdict(Verdict::None) => "a verdict that says nothing".into(),
        Message::Commitment(_) => "a commitment to its nonce".into(),
        Message::Nonce(_) => "its nonce".into(),
        Message::Opening(_) => "its nonce, which opens the commitment".into(),
        Message::State(Said::Mismatch) => "MISMATCH".into(),
        Message::State(Said::Canceled) => "CANCELED".into(),
        Message::State(Said::Timeout) => "TIMEOUT".into(),
        Message::ImportResult(_) => "the report that the account is stored (importResult)".into(),
        Message::Unknown => "a message of unknown keys".into(),
    }
}

/// The same in one or two words, for a drawing.
const fn short(message: Message) -> &'static str {
    match message {
        Message::Hello(_) => "hello",
        Message::AuthScheme(Scheme::None, _) => "authScheme: consent",
        Message::AuthScheme(Scheme::Password, _) => "authScheme: password",
        Message::Password(EMPTY) => "the empty password",
        Message::Password(PASSWORD) => "the password",
        Message::Password(_) => "a guessed password",
        Message::Verdict(Verdict::Wrong) => "wrong password",
        Message::Verdict(Verdict::Final) => "wrong password, final",
        Message::Verdict(Verdict::None) => "an empty verdict",
        Message::Commitment(_) => "commitment",
        Message::Nonce(_) => "nonce",
        Message::Opening(_) => "opening",
        Message::State(Said::Mismatch) => "MISMATCH",
        Message::State(Said::Canceled) => "CANCELED",
        Message::State(Said::Timeout) => "TIMEOUT",
        Message::ImportResult(_) => "importResult",
        Message::Unknown => "unknown keys",
    }
}

fn archive(of: Owner) -> &'static str {
    match of {
        Owner::Honest => "the users' archive",
        Owner::Intruder => "an archive of its own account",
    }
}

fn said(word: Word) -> String {
    match word {
        Word::Message(of) => message(of),
        Word::Archive(of) => archive(of).into(),
    }
}

/// The label of a word of the intruder.
const fn label(word: Word) -> &'static str {
    match word {
        Word::Message(of) => short(of),
        Word::Archive(Owner::Honest) => "the users' archive",
        Word::Archive(Owner::Intruder) => "its own archive",
    }
}

fn item(item: Item) -> String {
    match item {
        Item::Request => "the request for the token's channel".into(),
        Item::Accepted => "the channel's acceptance".into(),
        Item::Declined => "the channel's refusal".into(),
        Item::Message(of) => message(of),
        Item::Archive => archive(Owner::Honest).into(),
        Item::End => "the end of the channel".into(),
        Item::Lost => "the end of the connection".into(),
    }
}

/// The two ends of a step, its label, and its sentence.
fn step(situation: &Situation, before: &State, chosen: Move) -> (Actor, Actor, String, String) {
    use Actor::{Intruder, NewDevice, OldDevice};
    let swapped = situation.start.scanned() == Party::Intruder;
    let (from, to, label, text): (_, _, String, String) = match chosen {
        Move::Scan if swapped => (
            OldDevice,
            OldDevice,
            "scans a code".into(),
            "The old device's user scans the code on the screen, over which the intruder has put its own".into(),
        ),
        Move::Scan => {
            (OldDevice, OldDevice, "scans the code".into(), "The old device's user scans the new device's code".into())
        }
        Move::Confirm => {
            (OldDevice, OldDevice, "user confirms".into(), "The old device's user confirms the device".into())
        }
        Move::Compare(on) => {
            let (actor, whose, honest) = match on {
                On::Export => (OldDevice, "old", before.scene.wire.is_honest()),
                On::Import => (NewDevice, "new", before.scene.compares_account == Some(PEER)),
            };
            let unsound = situation.comparison == Comparison::Unsound;
            let (label, what) = match (honest, unsound) {
                (true, _) => ("strings equal", "sees the same string on both screens, and says so"),
                (false, true) => (
                    "strings equal",
                    "sees the same string on both screens, since the intruder chose it last, and says so",
                ),
                (false, false) => ("strings differ", "sees two different strings, and says so"),
            };
            (actor, actor, label.into(), format!("The {whose} device's user {what}"))
        }
        Move::Answer => {
            let password = before.scene.prompt.is_some_and(|prompt| prompt.scheme == Scheme::Password);
            let what = if password { "types the password" } else { "agrees" };
            let (to, way) = answer_goes(before);
            let reason = match to {
                Intruder if situation.pair.hardens_import() => ", because the chain of this session proves the account",
                Intruder => ", because an open channel with the right code is all that it asks for",
                NewDevice | OldDevice => "",
            };
            let text = format!(
                "The new device's user recognises the account and {what}. The importer sends the answer {way}{reason}"
            );
            (NewDevice, to, format!("{} (answer)", if password { "the password" } else { "consent" }), text)
        }
        Move::Reach => (
            OldDevice,
            NewDevice,
            "connects".into(),
            "The old device connects to the new one, which its token names".into(),
        ),
        Move::Deliver(On::Import) => sent(OldDevice, NewDevice, before.scene.wire.to_import.front().copied()),
        Move::Deliver(On::Export) => sent(NewDevice, OldDevice, before.scene.wire.to_export.front().copied()),
        Move::Cut => {
            (Intruder, Intruder, "cuts the link".into(), "The intruder cuts the link of the two devices".into())
        }
        Move::Inner(_) => (
            NewDevice,
            NewDevice,
            "opens a channel".into(),
            "The new device opens the channel of a request that passed its test".into(),
        ),
        Move::Call(chain) => {
            let shows = match chain {
                Chain::Own => "its own chain, which verifies",
                Chain::Forged => "its leaf under the account's certificate, which did not sign it",
                Chain::Stolen => "a chain of the account, signed with the stolen key",
            };
            let text =
                format!("The intruder connects to the new device, whose id is all that this needs, and shows {shows}");
            (Intruder, NewDevice, "connects, with a chain".into(), text)
        }
        Move::Ask { right: true } => (
            Intruder,
            NewDevice,
            "asks, right code".into(),
            "The intruder asks for the channel with the token's code".into(),
        ),
        Move::Ask { right: false } => (
            Intruder,
            NewDevice,
            "asks, a guess".into(),
            "The intruder asks for the channel with a guessed code".into(),
        ),
        Move::Say(word) => (Intruder, NewDevice, label(word).into(), format!("The intruder sends {}", said(word))),
        Move::HangUp => {
            (Intruder, NewDevice, "disconnects".into(), "The intruder ends its connection to the new device".into())
        }
        Move::Stand if swapped => (
            OldDevice,
            Intruder,
            "connects".into(),
            "The old device connects to the intruder's device, whose key the scanned code names".into(),
        ),
        Move::Stand => (
            Intruder,
            OldDevice,
            "answers".into(),
            "The intruder's device answers the old device's connection in the new device's place".into(),
        ),
        Move::Accept => (Intruder, OldDevice, "accepts".into(), "The intruder's device accepts the channel".into()),
        Move::Report(word) => {
            let relayed =
                before.scene.caller.channel == Channel::Open && matches!(before.scene.wire.peer, Peer::Intruder(_));
            let as_what = if relayed { "in the middle of both" } else { "as a new device would" };
            (Intruder, OldDevice, label(word).into(), format!("The intruder sends {}, {as_what}", said(word)))
        }
        Move::Leave => {
            (Intruder, OldDevice, "disconnects".into(), "The intruder ends the old device's connection".into())
        }
    };
    (from, to, label, text)
}

/// Where the answer of the importer's user goes: a hardened importer sends it to the session of the prompt, an old one to the channel
/// that was opened last.
fn answer_goes(before: &State) -> (Actor, &'static str) {
    let caller = before.scene.caller;
    let open = |conn| before.scene.sessions.contains(&conn);
    let to_caller = open(caller.conn()) && caller.channel == Channel::Open;
    if to_caller { (Actor::Intruder, "to the intruder's channel") } else { (Actor::OldDevice, "to the old device") }
}

fn sent(from: Actor, to: Actor, of: Option<Item>) -> (Actor, Actor, String, String) {
    let what = of.map_or_else(String::new, item);
    let name = if to == Actor::NewDevice { "The new device" } else { "The old device" };
    let label = match of {
        Some(Item::Message(of)) => short(of),
        Some(Item::Request) => "asks, right code",
        Some(Item::Accepted) => "accepts",
        Some(Item::Declined) => "declines",
        Some(Item::Archive) => "the users' archive",
        Some(Item::End) => "ends the channel",
        Some(Item::Lost) => "disconnects",
        None => "",
    };
    (from, to, label.into(), format!("{name} receives {what}"))
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.text)?;
        self.because.iter().try_for_each(|because| write!(f, " {because}."))
    }
}

/// The width between two lifelines of a drawing.
const STEP: usize = 34;

/// Returns the drawing of a story: three lifelines, and an arrow or a note for each step.
pub fn drawn(story: &[Line]) -> String {
    let column = |actor: Actor| 4 + STEP * actor as usize;
    let lifelines = || {
        let mut line = vec![' '; 4 + 2 * STEP + 1];
        [Actor::NewDevice, Actor::Intruder, Actor::OldDevice].into_iter().for_each(|actor| line[column(actor)] = '|');
        line
    };
    let mut text = String::from("new device                         intruder                         old device\n");
    for (number, line) in story.iter().enumerate() {
        let (from, to) = (column(line.from), column(line.to));
        let label = format!(" {}. {} ", number + 1, line.label);
        let mut row = lifelines();
        let (left, right) = (from.min(to), from.max(to));
        if left == right {
            // A note stands at the inner side of the last lifeline.
            let width = label.chars().count();
            let at = if line.from == Actor::OldDevice { left.saturating_sub(width) } else { left + 1 };
            put(&mut row, at, &label);
        } else {
            (left + 1..right).for_each(|at| row[at] = '-');
            row[if to > from { right - 1 } else { left + 1 }] = if to > from { '>' } else { '<' };
            let short: String = label.chars().take(right - left - 4).collect();
            put(&mut row, left + 2, &short);
        }
        text.push_str(row.iter().collect::<String>().trim_end());
        text.push('\n');
    }
    text
}

fn put(row: &mut Vec<char>, at: usize, label: &str) {
    for (offset, char) in label.chars().enumerate() {
        if row.len() <= at + offset {
            row.resize(at + offset + 1, ' ');
        }
        row[at + offset] = char;
    }
}
