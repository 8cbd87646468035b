//! A stream of observed lines, of any number of links: each line goes to its link, which judges it at once.
//!
//! A link is known by the account that `addAccount` returned, by the token that it shows, and by the operation to which `addDevice`
//! gave that token. Links that are under way, and some that have ended, are kept; everything else is forgotten, so a stream may go
//! on for ever.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use handfast::{
    outcome::{Profile, Side},
    token::{Token, trim_typed},
};
use serde::Serialize;

use super::{
    blame::{Reason, reasons},
    live::{Live, MAX_KEYS_OF_A_LINK, MAX_LINES_OF_A_LINK, Retained},
    memories::Memories,
    parse::{Call, Clock, Event, Flaw, Line, MAX_LINE, Place, Returned, Trace, TraceError},
    terms::Terms,
    validate::{Apart, Refusal, Verdict},
};
use crate::system::config::Cast;

/// Links that are under way at the same time. The oldest is given up when there is one more.
pub const MAX_LIVE: usize = 256;
/// Links that have ended, and of which a later line is still recognised.
pub const MAX_ENDED: usize = 256;

/// How a stream is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The assumptions, where no header says another pair or profile.
    pub terms: Terms,
    /// Whether the pair, and the profile, of the assumptions hold whatever a header says.
    pub fixed: (bool, bool),
    /// Whether the stream begins in the middle: an operation of which the first call was not seen is no violation.
    pub attached: bool,
}

/// Something that a line brought about.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// Every operation of a link has ended, and the link is a run of the model.
    Ended(Ended),
    /// Nothing explains a line.
    Violated(Box<Violation>),
    /// A link was given up: it cannot be said whether it is a run.
    GivenUp {
        /// Where it began.
        began: Place,
        /// Why.
        why: String,
    },
    /// A line that is no part of a link that is known.
    Apart(Apart),
}

/// A link that ended as the model allows.
#[derive(Clone, Debug, Serialize)]
pub struct Ended {
    /// Where it began.
    pub began: Place,
    /// Where it ended.
    pub ended: Place,
    /// Its lines.
    pub lines: usize,
    /// How each side ended.
    pub ends: Vec<String>,
    /// Its link was reported as ended before: lines of it came later, and it ended again.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub again: bool,
}

/// A line that nothing explains.
#[derive(Clone, Debug, Serialize)]
pub struct Violation {
    /// Where the link began.
    pub began: Place,
    /// The line at which it was found.
    pub found: Place,
    /// The pair and profile of which it is no run.
    pub of: String,
    /// The facts that are known there, and what could have come instead.
    pub refusal: Refusal,
    /// Which property or requirement forbids it; none if no rule is known whose absence would explain it.
    pub reasons: Vec<Reason>,
    /// The lines of the link, in words.
    pub lines: Vec<(Place, String)>,
}

/// A link of the stream.
#[derive(Debug)]
struct Session {
    live: Live,
    began: Place,
    /// When a line of it came last, counted in lines of the stream.
    touched: usize,
    /// The line in which its last export operation began, counted as above.
    exported: usize,
    /// Nothing more is said of it: it was refused.
    closed: bool,
    /// It was reported as ended.
    reported: bool,
    /// It was reported as ended once, at least.
    ended: bool,
    keys: Vec<Key>,
}

/// The facts by which a link is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String, String),
    Operation(String, i64),
    Token(String),
}

/// The links of a stream.
#[derive(Debug)]
pub struct Sessions {
    reading: Reading,
    memories: Arc<Memories>,
    pair: Option<Cast>,
    profile: Option<Profile>,
    sessions: BTreeMap<u64, Session>,
    known: HashMap<Key, u64>,
    next: u64,
    lines: usize,
    headers: usize,
    /// How many headers of the import and of the export side there were: each is of another run of a program, whose numbers begin anew.
    runs: [usize; 2],
    clocks: Vec<Side>,
    now: HashMap<Clock, u64>,
}

impl Sessions {
    /// Returns a stream of which nothing was read.
    pub fn new(reading: Reading) -> Self {
        Self {
            reading,
            memories: Arc::default(),
            pair: None,
            profile: None,
            sessions: BTreeMap::new(),
            known: HashMap::new(),
            next: 0,
            lines: 0,
            headers: 1,
            runs: [0; 2],
            clocks: Vec::new(),
            now: HashMap::new(),
        }
    }

    /// Reads a line, without its end. Returns what there is to say; most lines say nothing.
    ///
    /// # Errors
    /// It is no line of a trace. The stream can be read on.
    pub fn line(&mut self, text: &[u8]) -> Result<Vec<Report>, TraceError> {
        self.lines += 1;
        let place = Place { file: 1, line: self.lines };
        let error = |what| TraceError { place, what };
        if text.len() > MAX_LINE {
            return Err(error(Flaw::Long));
        }
        if text.trim_ascii().is_empty() {
            return Ok(Vec::new());
        }
        let mut scratch = Trace::default();
        let mut clocks = Vec::new();
        scratch.read_line(place, text, &mut clocks).map_err(error)?;
        let Some(mut line) = scratch.lines.pop() else {
            self.header(&scratch, clocks).map_err(error)?;
            return Ok(Vec::new());
        };
        let own = Some(line.side).filter(|side| self.clocks.contains(side));
        // Its operations and accounts are those of the run that the last header of its side began.
        line.device = format!("{}#{}", line.device, self.runs[usize::from(line.side == Side::Export)]);
        let clock = Clock::since(self.headers, own);
        let last = self.now.insert(clock, line.t_ms).unwrap_or(0);
        if line.t_ms < last {
            return Err(error(Flaw::Time(last, line.t_ms)));
        }
        let mut reports = Vec::new();
        match self.links_of(&line, place) {
            Links::Of(ids) => {
                for id in ids {
                    self.take(id, (place, clock), text, false, &mut reports).map_err(error)?;
                }
            }
            Links::Begins(id, others) => {
                for (id, elsewhere) in [(id, false)].into_iter().chain(others.into_iter().map(|other| (other, true))) {
                    self.take(id, (place, clock), text, elsewhere, &mut reports).map_err(error)?;
                }
            }
            Links::Apart(why, after) => {
                if let Some(id) = after.filter(|id| self.sessions.get(id).is_some_and(Session::is_under_way)) {
                    self.take(id, (place, clock), text, false, &mut reports).map_err(error)?;
                }
                reports.push(Report::Apart(Apart { place, says: line.to_string(), why }));
            }
        }
        self.forget(&mut reports);
        Ok(reports)
    }

    /// Returns the links that have not ended, as the stream ends.
    pub fn unended(&self) -> impl Iterator<Item = (Place, usize)> {
        let open = |session: &&Session| !session.reported && !session.closed;
        self.sessions.values().filter(open).map(|session| (session.began, session.live.lines().len()))
    }

    /// Returns how much all links hold.
    pub fn retained(&self) -> Retained {
        self.sessions.values().map(|session| session.live.retained()).fold(Retained::default(), |sum, one| Retained {
            lines: sum.lines + one.lines,
            states: sum.states + one.states,
        })
    }

    /// Returns how many lines were read.
    pub const fn read(&self) -> usize {
        self.lines
    }

    /// Returns how many links are kept.
    pub fn kept(&self) -> usize {
        self.sessions.len()
    }

    fn header(&mut self, header: &Trace, clocks: Vec<Side>) -> Result<(), Flaw> {
        if let Some(name) = &header.pair {
            let pairs = [Cast::HH, Cast::HL, Cast::LH, Cast::LL];
            let pair = pairs.into_iter().find(|pair| pair.to_string() == *name);
            self.pair = Some(pair.ok_or(Flaw::Headers("the pair: HH, HL, LH or LL"))?);
        }
        self.profile = header.profile.or(self.profile);
        // The clocks of a header begin anew with it.
        self.headers += 1;
        for side in &clocks {
            self.runs[usize::from(*side == Side::Export)] += 1;
        }
        self.now.clear();
        self.clocks.retain(|side| !clocks.contains(side));
        self.clocks.extend(clocks);
        Ok(())
    }

    fn terms(&self) -> Terms {
        let (fixed_pair, fixed_profile) = self.reading.fixed;
        let cast = self.pair.filter(|_| !fixed_pair).unwrap_or(self.reading.terms.cast);
        let profile = self.profile.filter(|_| !fixed_profile).unwrap_or(self.reading.terms.profile);
        Terms { cast, profile, ..self.reading.terms }
    }

    /// The links to which a line belongs. Begins one where the line does.
    fn links_of(&mut self, line: &Line, place: Place) -> Links {
        match (&line.event, line.side) {
            (Event::Call(Call::AddAccount { link: false }, _), _) => {
                Links::Apart("it makes an account without a link", None)
            }
            (Event::Call(Call::AddAccount { .. }, Returned::Text(id)), _) if id.is_empty() => {
                Links::Apart("it is refused: no account is made", None)
            }
            (Event::Call(Call::AddAccount { .. }, returned), _) => {
                let key = match returned {
                    Returned::Text(id) => self.key_of_account(line, id),
                    _ => self.key_of_account(line, ""),
                };
                let known = self.known.get(&key).copied();
                Links::Of(vec![known.unwrap_or_else(|| self.begin(place, key))])
            }
            (Event::Call(Call::AddDevice { uri }, returned), _) => self.add_device(line, uri, returned, place),
            (Event::Call(Call::RemoveAccount { .. }, _), Side::Export) => {
                let live = self.exports_of(&line.device);
                match live.is_empty() {
                    true => Links::Apart("its account has no operation under way", None),
                    false => Links::Of(live),
                }
            }
            (
                Event::Signal { account, .. }
                | Event::Call(
                    Call::Provide { account, .. }
                    | Call::RemoveAccount { account }
                    | Call::CompareAccount { account, .. },
                    _,
                ),
                Side::Import,
            ) => {
                let id = match account {
                    Some(id) => self.known.get(&self.key_of_account(line, id)).copied(),
                    None => self.last_import(line),
                };
                let links = self.or_unknown(id, line, place, account.clone().unwrap_or_default());
                if let (Links::Of(ids), Event::Signal { state: 1, details, .. }) = (&links, &line.event) {
                    ids.iter().for_each(|id| self.bind_token(*id, details.get("token")));
                }
                links
            }
            (Event::Signal { op: Some(op), .. }, _) => self.operation(line, *op, place, true),
            (
                Event::Call(Call::Confirm { op } | Call::Cancel { op } | Call::CompareAddDevice { op, .. }, returned),
                _,
            ) => self.operation(line, *op, place, *returned != Returned::Accepted(false)),
            (Event::Signal { .. } | Event::Call(..), _) => Links::Apart("it names no operation", None),
        }
    }

    fn or_unknown(&mut self, id: Option<u64>, line: &Line, place: Place, account: String) -> Links {
        let changes = !matches!(&line.event, Event::Call(_, Returned::Accepted(false) | Returned::Nothing(_)));
        match id {
            Some(id) => Links::Of(vec![id]),
            // Its client made it after the calls of the import before.
            None if !changes => Links::Apart("its account began no link here", self.last_import(line)),
            None if self.reading.attached => Links::Apart("its account began no link here", None),
            None => {
                let key = self.key_of_account(line, &account);
                Links::Of(vec![self.begin(place, key)])
            }
        }
    }

    fn operation(&mut self, line: &Line, op: i64, place: Place, changes: bool) -> Links {
        let key = Key::Operation(line.device.clone(), op);
        match self.known.get(&key) {
            Some(id) => Links::Of(vec![*id]),
            None if !changes => {
                Links::Apart("there is no such operation, and the call is refused", self.last_export(line))
            }
            // CONNECTING alone can come before `addDevice` returns.
            None if self.reading.attached && !matches!(line.event, Event::Signal { state: 2, .. }) => {
                Links::Apart("its operation did not begin here", None)
            }
            None => Links::Of(vec![self.begin(place, key)]),
        }
    }

    fn add_device(&mut self, line: &Line, uri: &str, returned: &Returned, place: Place) -> Links {
        let live = self.exports_of(&line.device);
        let Returned::Number(op @ 1..) = *returned else {
            return match self.last_export(line) {
                Some(id) => Links::Of(vec![id]),
                None => Links::Apart("it is refused: no operation begins", None),
            };
        };
        let operation = Key::Operation(line.device.clone(), op);
        let token = key_of_token(uri);
        let by_token = token.as_ref().and_then(|key| self.known.get(key)).copied();
        let early = self.known.get(&operation).copied();
        let id = match (by_token, early) {
            (Some(id), Some(early)) if id != early => {
                self.merge(id, early);
                id
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => self.begin(place, operation.clone()),
        };
        for key in [Some(operation), token].into_iter().flatten() {
            self.bind(id, key);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.exported = place.line;
        }
        let others = live.into_iter().filter(|other| *other != id && self.sessions.contains_key(other));
        Links::Begins(id, others.collect())
    }

    /// A token is shown: the operation that was given it before, by the order of the lines, is of the same link.
    fn bind_token(&mut self, id: u64, token: Option<&String>) {
        let Some(key) = token.and_then(|text| key_of_token(text)) else { return };
        if let Some(other) = self.known.get(&key).copied().filter(|other| *other != id) {
            self.merge(id, other);
        }
        self.bind(id, key);
    }

    fn merge(&mut self, id: u64, other: u64) {
        let Some(taken) = self.sessions.remove(&other) else { return };
        for key in taken.keys {
            self.bind(id, key);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.began = session.began.min(taken.began);
            session.exported = session.exported.max(taken.exported);
            session.ended |= taken.ended;
            session.live.join(taken.live);
        }
    }

    fn begin(&mut self, place: Place, key: Key) -> u64 {
        let id = self.next;
        self.next += 1;
        let live = Live::among(self.terms(), self.memories.clone());
        let (touched, keys) = (place.line, Vec::new());
        let session =
            Session { live, began: place, touched, exported: 0, closed: false, reported: false, ended: false, keys };
        self.sessions.insert(id, session);
        self.bind(id, key);
        id
    }

    fn bind(&mut self, id: u64, key: Key) {
        if let Some(session) = self.sessions.get_mut(&id) {
            if !session.keys.contains(&key) {
                if session.keys.len() >= MAX_KEYS_OF_A_LINK {
                    return;
                }
                session.keys.push(key.clone());
            }
            self.known.insert(key, id);
        }
    }

    fn key_of_account(&self, line: &Line, id: &str) -> Key {
        Key::Account(line.device.clone(), id.to_owned())
    }

    /// The link whose import began last on the device of a line.
    fn last_import(&self, line: &Line) -> Option<u64> {
        let own = |key: &Key| matches!(key, Key::Account(device, _) if *device == line.device);
        self.sessions.iter().rev().find(|(_, session)| session.keys.iter().any(own)).map(|(id, _)| *id)
    }

    /// The link whose export operation began last on the device of a line.
    fn last_export(&self, line: &Line) -> Option<u64> {
        let own = |key: &Key| matches!(key, Key::Operation(device, _) if *device == line.device);
        let links = self.sessions.iter().filter(|(_, session)| session.keys.iter().any(own));
        links.max_by_key(|(id, session)| (session.exported, **id)).map(|(id, _)| *id)
    }

    /// The links under way to which a device gives its account.
    fn exports_of(&self, device: &str) -> Vec<u64> {
        let own = |session: &Session| {
            !session.reported && session.keys.iter().any(|key| matches!(key, Key::Operation(of, _) if of == device))
        };
        self.sessions.iter().filter(|(_, session)| own(session)).map(|(id, _)| *id).collect()
    }

    fn take(
        &mut self,
        id: u64,
        (place, clock): (Place, Clock),
        text: &[u8],
        elsewhere: bool,
        reports: &mut Vec<Report>,
    ) -> Result<(), Flaw> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.touched = place.line;
        if session.closed {
            return Ok(());
        }
        if session.live.is_full() {
            session.closed = true;
            let why = format!("it has more than {} lines", MAX_LINES_OF_A_LINK);
            reports.push(Report::GivenUp { began: session.began, why });
            return Ok(());
        }
        session.live.read(place, text, clock, elsewhere)?;
        match session.live.judge() {
            Some(Verdict::Refused(refusal)) => {
                session.closed = true;
                reports.push(Report::Violated(Box::new(session.violation(place, *refusal))));
            }
            Some(Verdict::Inconclusive { why }) => {
                session.closed = true;
                reports.push(Report::GivenUp { began: session.began, why });
            }
            Some(Verdict::Allowed { .. }) | None if session.live.has_ended() && !session.reported => {
                session.reported = true;
                session.live.settle();
                reports.push(Report::Ended(Ended {
                    began: session.began,
                    ended: place,
                    lines: session.live.lines().len(),
                    ends: session.live.ends(),
                    again: session.ended,
                }));
                session.ended = true;
            }
            // An operation that joins a link which was reported opens it again; what else comes late leaves no more states than before.
            Some(Verdict::Allowed { .. }) | None => {
                session.reported &= session.live.has_ended();
                if session.reported {
                    session.live.settle();
                }
            }
        }
        Ok(())
    }

    /// Forgets the links above the limits, those first of which a line came longest ago.
    fn forget(&mut self, reports: &mut Vec<Report>) {
        for (over, most) in [(true, MAX_ENDED), (false, MAX_LIVE)] {
            let is = |session: &Session| (session.reported || session.closed) == over;
            while self.sessions.values().filter(|session| is(session)).count() > most {
                let own = self.sessions.iter().filter(|(_, session)| is(session));
                let Some(id) = own.min_by_key(|(_, session)| session.touched).map(|(id, _)| *id) else { break };
                let Some(session) = self.sessions.remove(&id) else { break };
                self.known.retain(|_, of| *of != id);
                if !over {
                    let why = format!("more than {MAX_LIVE} links are under way, and no line of it came for longest");
                    reports.push(Report::GivenUp { began: session.began, why });
                }
            }
        }
    }
}

/// The key of a token, as either kind of exporter reads it.
fn key_of_token(uri: &str) -> Option<Key> {
    let strict = Token::parse(trim_typed(uri.as_bytes()));
    let token = strict.or_else(|_| Token::parse_lenient(uri.as_bytes())).ok()?;
    Some(Key::Token(token.device.to_string()))
}

/// The links of a line.
enum Links {
    Of(Vec<u64>),
    /// It begins an operation of one, while others are under way on the device.
    Begins(u64, Vec<u64>),
    /// It is of none. It may come after the calls of one all the same.
    Apart(&'static str, Option<u64>),
}

impl Session {
    /// Whether more can be said of it: it was not reported, and has room for a line.
    fn is_under_way(&self) -> bool {
        !self.reported && !self.closed && !self.live.is_full()
    }

    fn violation(&self, found: Place, refusal: Refusal) -> Violation {
        let lines = self.live.lines().iter().map(|line| (line.place, line.to_string())).collect();
        let reasons = reasons(self.live.trace(), self.live.terms(), &refusal);
        Violation { began: self.began, found, of: self.live.terms().name(), refusal, reasons, lines }
    }
}
