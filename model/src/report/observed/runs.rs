//! The lines of a trace, sorted into operations and joined into pairs: each is a run of one [`System`](crate::system::System).
//!
//! Values are symbols. A token, an account, an operation and a peer are bound where they are seen first and have to stay what they
//! are; what can be said of a line without the model is said here, as a *flaw* that no run explains.

use std::collections::BTreeMap;

use handfast::{
    export, import,
    limits::MAX_OP_ID,
    operations::LocalId,
    outcome::{AccountId, LinkState, Scheme, Side},
    token::{Form, Token, trim_typed},
};

use super::parse::{Call, Clock, Credentials, Event, Line, Returned, Trace};
use crate::system::{
    Turn,
    config::{Cast, Configuration, Player},
};

/// One link, as it was seen.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Of each side; none if no one looked at it.
    pub(crate) lanes: [Option<Lane>; 2],
    /// The accounts that the importer showed.
    pub(crate) peers: Vec<String>,
    /// The texts that were typed, by their numbers.
    pub(crate) typed: Vec<u16>,
    /// Other operations that were given the token.
    pub(crate) others: u8,
    /// Whether the exporter was given another code.
    pub(crate) wrong_code: bool,
    /// Whether the exporter's account was removed.
    pub(crate) unplugged: bool,
}

/// The lines of one operation, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    pub(crate) signals: Vec<Seen>,
    pub(crate) calls: Vec<Asked>,
    /// Where every step of the side was recorded, these are all there is to explain.
    pub(crate) turns: Option<Vec<Turned>>,
}

/// A step that was recorded, in the model's terms.
#[derive(Clone, Debug)]
pub(crate) struct Turned {
    pub(crate) noted: Noted,
    pub(crate) turn: Turn,
}

/// A signal that was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) noted: Noted,
    pub(crate) state: u8,
    pub(crate) details: BTreeMap<String, String>,
}

/// A call that returned.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) noted: Noted,
    /// When the call before it returned: it began later.
    pub(crate) earliest: u64,
    pub(crate) what: What,
}

/// A line and its time.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    /// Which line of the trace.
    pub(crate) line: usize,
    pub(crate) t_ms: u64,
    pub(crate) clock: Clock,
    /// Why nothing explains it.
    pub(crate) flaw: Option<&'static str>,
    /// Why nothing may explain it.
    pub(crate) doubt: Option<&'static str>,
}

/// A call and its return, in the model's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    AddAccount,
    Provide {
        credentials: Credentials,
        scheme: Scheme,
        accepted: bool,
    },
    Remove,
    AddDevice,
    Confirm {
        accepted: bool,
    },
    Cancel {
        accepted: bool,
    },
    CompareAccount {
        equal: bool,
        accepted: bool,
    },
    CompareAddDevice {
        equal: bool,
        accepted: bool,
    },
    /// Another `addDevice`: it is refused as long as this operation is live.
    Another {
        refused: bool,
    },
    /// The exporter's account is removed: its connections go with it.
    Unplug,
    /// It does not concern the operation.
    Nothing,
}

impl What {
    /// The call with which a recorded step began, if it was one.
    pub(crate) fn recorded(turn: &Turn) -> Option<Self> {
        use export::Input as E;
        use import::Input as I;
        Some(match turn {
            Turn::Import(Some(I::AddAccount), _) => Self::AddAccount,
            Turn::Import(Some(I::ProvideAccountAuthentication(_, scheme)), _) => {
                Self::Provide { credentials: Credentials::Hidden, scheme: *scheme, accepted: true }
            }
            Turn::Import(Some(I::RemoveAccount), _) => Self::Remove,
            Turn::Export(Some(E::AddDevice(_)), _) => Self::AddDevice,
            Turn::Export(Some(E::ConfirmAddDevice), _) => Self::Confirm { accepted: true },
            Turn::Export(Some(E::CancelAddDevice), _) => Self::Cancel { accepted: true },
            Turn::Import(Some(I::CompareAccount(equal)), _) => Self::CompareAccount { equal: *equal, accepted: true },
            Turn::Export(Some(E::CompareAddDevice(equal)), _) => {
                Self::CompareAddDevice { equal: *equal, accepted: true }
            }
            Turn::Import(..) | Turn::Export(..) | Turn::Neither => return None,
        })
    }
}

/// The index of a side's lane.
pub(crate) const fn index(side: Side) -> usize {
    match side {
        Side::Import => 0,
        Side::Export => 1,
    }
}

impl Lane {
    /// The lines that are not explained yet, when so many signals (or steps) and calls are.
    pub(crate) fn heads(&self, signals: u16, calls: u16) -> impl Iterator<Item = &Noted> {
        let signal = self.signals.get(usize::from(signals)).map(|seen| &seen.noted);
        let call = self.calls.get(usize::from(calls)).map(|asked| &asked.noted);
        let turn = self.turns.as_ref().and_then(|turns| turns.get(usize::from(signals))).map(|turned| &turned.noted);
        [signal, call, turn].into_iter().flatten()
    }

    /// Whether its user was asked to compare (R-SAS-5).
    pub(crate) fn compares(&self) -> bool {
        let asked = |seen: &Seen| seen.state == LinkState::Authenticating.number() && seen.details.contains_key("sas");
        let recorded = |turned: &Turned| match &turned.turn {
            Turn::Import(_, effects) => {
                effects.iter().any(|effect| matches!(effect, import::Effect::Signal(signal) if signal.compares()))
            }
            Turn::Export(_, effects) => {
                effects.iter().any(|effect| matches!(effect, export::Effect::Signal(signal) if signal.compares()))
            }
            Turn::Neither => false,
        };
        self.signals.iter().any(asked) || self.turns.iter().flatten().any(recorded)
    }

    /// Whether its end is written: DONE.
    pub(crate) fn has_ended(&self) -> bool {
        self.signals.last().is_some_and(|last| last.state == LinkState::Done.number())
    }

    /// Its lines.
    pub(crate) fn noted(&self) -> impl Iterator<Item = &Noted> {
        let signals = self.signals.iter().map(|seen| &seen.noted);
        let turns = self.turns.iter().flatten().map(|turned| &turned.noted);
        signals.chain(self.calls.iter().map(|asked| &asked.noted)).chain(turns)
    }

    fn call(&mut self, line: usize, from: &Line, what: What, flaw: Option<&'static str>) {
        let earliest = self.calls.last().map_or(0, |last| last.noted.t_ms);
        self.calls.push(Asked { noted: Noted::of(line, from, flaw), earliest, what });
    }
}

impl Noted {
    fn of(line: usize, from: &Line, flaw: Option<&'static str>) -> Self {
        Self { line, t_ms: from.t_ms, clock: from.clock, flaw, doubt: None }
    }
}

/// An import operation.
#[derive(Debug, Default)]
struct Import {
    device: String,
    lane: Lane,
    account: Option<String>,
    token: Option<Token>,
    removed: bool,
}

/// An export operation.
#[derive(Debug, Default)]
struct Export {
    device: String,
    lane: Lane,
    op: Option<i64>,
    token: Option<Token>,
    /// Whether the `addDevice` that began it has not returned yet: its file ends before. The token is unknown then.
    under_way: bool,
}

/// A trace, taken apart.
pub(crate) struct Sorted {
    /// Its links.
    pub(crate) runs: Vec<Run>,
    /// The lines that are no part of any, and why.
    pub(crate) apart: Vec<(usize, &'static str)>,
}

/// Why a call of an account that was not linked is no part of the link.
const OTHER_ACCOUNT: &str = "it is of another account, and changes nothing";

/// Why a signal of an export operation has no operation.
const NO_OP: &str = "no addDevice returned this op_id";

/// Pairs of operations that are looked at.
pub(crate) const MAX_RUNS: usize = 32;

/// Takes a trace apart, which is `whole` or a beginning. `None`: there are more than [`MAX_RUNS`] pairs of operations in it.
pub(crate) fn sort(trace: &Trace, configuration: &Configuration, whole: bool) -> Option<Sorted> {
    let begins = |line: &&Line| match &line.event {
        _ if line.elsewhere => false,
        Event::Call(Call::AddAccount { .. }, _) => true,
        Event::Call(Call::AddDevice { .. }, returned) => matches!(returned, Returned::Number(1..)),
        Event::Call(..) | Event::Signal { .. } => false,
    };
    if trace.lines.iter().filter(begins).count() > MAX_RUNS {
        return None;
    }
    let mut sorter = Sorter { configuration, whole, imports: Vec::new(), exports: Vec::new(), apart: Vec::new() };
    // An operation is known by the return of the call that began it, and may be signalled before.
    for line in trace.lines.iter().filter(|line| !line.elsewhere) {
        if let Event::Call(Call::AddDevice { uri }, Returned::Number(op @ 1..)) = &line.event {
            let token = sorter.parse(uri);
            if sorter.export_of(line, *op).is_none() {
                let device = line.device.clone();
                sorter.exports.push(Export { device, op: Some(*op), token, ..Export::default() });
            }
        }
    }
    for (number, line) in trace.lines.iter().enumerate() {
        match line.side {
            Side::Import => sorter.import(number, line),
            Side::Export => sorter.export(number, line),
        }
    }
    let apart = std::mem::take(&mut sorter.apart);
    Some(sorter.pair()).filter(|runs| runs.len() <= MAX_RUNS).map(|runs| Sorted { runs, apart })
}

struct Sorter<'a> {
    configuration: &'a Configuration,
    whole: bool,
    imports: Vec<Import>,
    exports: Vec<Export>,
    apart: Vec<(usize, &'static str)>,
}

impl Sorter<'_> {
    fn cast(&self) -> Cast {
        self.configuration.cast
    }

    /// Parses as the exporter does (R-TOK-3, R-TOK-4).
    fn parse(&self, uri: &str) -> Option<Token> {
        match self.cast().export {
            Player::Legacy => Token::parse_lenient(uri.as_bytes()).ok(),
            Player::Hardened | Player::Hostile => Token::parse(trim_typed(uri.as_bytes())).ok(),
        }
    }

    fn import(&mut self, number: usize, line: &Line) {
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

    fn export(&mut self, number: usize, line: &Line) {
        match &line.event {
            Event::Call(Call::AddDevice { .. }, _) if line.elsewhere => return self.another(number, line, None),
            Event::Call(Call::AddDevice { uri }, returned) => return self.add_device(number, line, uri, returned),
            Event::Call(Call::RemoveAccount { .. }, _) => return self.remove_account(number, line),
            Event::Signal { .. } | Event::Call(..) => {}
        }
        let op = match &line.event {
            Event::Signal { op, .. } => *op,
            Event::Call(Call::Confirm { op } | Call::Cancel { op } | Call::CompareAddDevice { op, .. }, _) => Some(*op),
            Event::Call(..) => None,
        };
        let mut own = op.and_then(|op| self.export_of(line, op));
        if let (None, Some(op), Event::Signal { .. }, false) = (own, op, &line.event, self.whole) {
            // The call that began it returns after the end of the file.
            let export = Export { device: line.device.clone(), op: Some(op), under_way: true, ..Export::default() };
            self.exports.push(export);
            own = Some(self.exports.len() - 1);
        }
        let at = own.unwrap_or_else(|| self.begun(line));
        let export = &mut self.exports[at];
        match &line.event {
            Event::Signal { state, details, .. } => {
                let (unknown, doubt) = (own.is_none().then_some(NO_OP), export.under_way.then_some(NO_OP));
                let flaw = unknown.or_else(|| look_at_address(*state, details));
                let noted = Noted { doubt, ..Noted::of(number, line, flaw) };
                export.lane.signals.push(Seen { noted, state: *state, details: details.clone() });
            }
            Event::Call(call, Returned::Accepted(accepted)) => {
                let accepted = *accepted;
                let (what, flaw) = match call {
                    _ if own.is_none() => {
                        if !accepted {
                            self.apart.push((number, "it is of another operation, and is refused"));
                        }
                        (What::Nothing, accepted.then_some("there is no such operation: it returns false"))
                    }
                    Call::Confirm { .. } => (What::Confirm { accepted }, None),
                    Call::CompareAddDevice { equal, .. } => (What::CompareAddDevice { equal: *equal, accepted }, None),
                    _ => (What::Cancel { accepted }, None),
                };
                export.lane.call(number, line, what, flaw);
            }
            Event::Call(..) => {
                export.lane.call(number, line, What::Nothing, Some("it returns whether it is accepted"));
            }
        }
    }

    fn add_device(&mut self, number: usize, line: &Line, uri: &str, returned: &Returned) {
        let token = self.parse(uri);
        let Returned::Number(returned) = *returned else {
            let at = self.begun(line);
            let flaw = Some("it returns an operation, or an error");
            return self.exports[at].lane.call(number, line, What::Nothing, flaw);
        };
        if returned > 0 {
            return self.begin_export(number, line, token.is_some(), returned);
        }
        let legacy = self.cast().export == Player::Legacy;
        let (what, flaw) = match (returned, token) {
            (-1, None) => (What::Nothing, None),
            (-3, _) if legacy => (What::Nothing, None),
            // Nothing takes calls any more once the operation is over.
            (-3, _) => (What::Another { refused: false }, None),
            (-1, Some(_)) => (What::Nothing, Some("the token is one: it does not return -1")),
            (-2, Some(_)) => (What::Another { refused: true }, None),
            (-2, None) => (What::Nothing, Some("it is not a token: it returns -1")),
            // Of an account that somebody else manages.
            (0, _) if legacy => (What::Nothing, None),
            _ => (What::Nothing, Some("it returns an operation, -1, -2 or -3")),
        };
        if what == What::Nothing && flaw.is_none() {
            self.apart.push((number, "it is refused: no operation begins"));
        }
        let at = self.begun(line);
        self.exports[at].lane.call(number, line, what, flaw);
    }

    fn begin_export(&mut self, number: usize, line: &Line, parses: bool, op: i64) {
        let at = self.export_of(line, op).unwrap_or_default();
        let again = self.exports[at].lane.calls.iter().any(|asked| asked.what == What::AddDevice);
        let flaw = match op {
            _ if again => Some("this op_id was returned before"),
            _ if !parses => Some("it is not a token: it returns -1"),
            _ if op > i64::from(MAX_OP_ID) => Some("an op_id is at most 2147483647"),
            _ => None,
        };
        self.another(number, line, Some(at));
        self.exports[at].lane.call(number, line, What::AddDevice, flaw);
    }

    /// Another operation begins on its device: the others there are not live.
    fn another(&mut self, number: usize, line: &Line, begins: Option<usize>) {
        for (at, export) in self.exports.iter_mut().enumerate() {
            if Some(at) != begins && export.device == line.device && export.has_begun() {
                export.lane.call(number, line, What::Another { refused: false }, None);
            }
        }
    }

    /// All operations of an account that have not ended go with it.
    fn remove_account(&mut self, number: usize, line: &Line) {
        let last = self.begun(line);
        for (at, export) in self.exports.iter_mut().enumerate() {
            if at == last || (export.device == line.device && export.has_begun() && !export.lane.has_ended()) {
                export.lane.call(number, line, What::Unplug, None);
            }
        }
    }

    /// The export operation of this number, on the device of a line.
    fn export_of(&self, line: &Line, op: i64) -> Option<usize> {
        self.exports.iter().position(|export| export.device == line.device && export.op == Some(op))
    }

    /// The export operation that began last before a line on its device, or one that never began.
    fn begun(&mut self, line: &Line) -> usize {
        let own = |export: &Export| export.device == line.device;
        let last = self.exports.iter().rposition(|export| own(export) && export.has_begun());
        last.or_else(|| self.exports.iter().position(own)).unwrap_or_else(|| {
            self.exports.push(Export { device: line.device.clone(), ..Export::default() });
            self.exports.len() - 1
        })
    }

    /// Each import operation with each export operation that was given its token; and what is left by itself.
    fn pair(self) -> Vec<Run> {
        let (unknown, known): (Vec<_>, Vec<_>) = self.exports.into_iter().partition(|export| export.under_way);
        let exports = known;
        // An operation whose token is not known yet may be of any importer, or of one at which no one looked.
        let seen = !exports.is_empty() && unknown.is_empty();
        let unknown_others = u8::try_from(unknown.len()).unwrap_or(u8::MAX);
        let mut runs = Vec::new();
        let mut paired = vec![false; exports.len()];
        for import in &self.imports {
            // A token that is not shown yet was given to no one, unless its line is late: then they meet when it comes.
            let meets = |export: &Export| matches!((&import.token, &export.token), (Some(shown), Some(given)) if shown.device == given.device);
            let own: Vec<usize> = (0..exports.len()).filter(|&at| meets(&exports[at])).collect();
            if own.is_empty() {
                let export = seen.then(Lane::default);
                runs.push(Run::new([Some(import.lane.clone()), export]));
            }
            for &at in &own {
                paired[at] = true;
                let export = &exports[at];
                let other_code = |shown: Token| export.token.is_some_and(|given| given.code != shown.code);
                let others = u8::try_from(own.len() - 1).unwrap_or(u8::MAX).saturating_add(unknown_others);
                let mut run = Run::new([Some(import.lane.clone()), Some(export.lane.clone())]);
                (run.others, run.wrong_code) = (others, import.token.is_some_and(other_code));
                runs.push(run);
            }
        }
        for (export, _) in exports.into_iter().zip(paired).filter(|(_, paired)| !paired) {
            // Given another token than those that were seen: of a device at which no one looked.
            runs.push(Run::new([None, Some(export.lane)]));
        }
        runs.extend(unknown.into_iter().map(|export| Run::new([None, Some(export.lane)])));
        runs
    }
}

impl Export {
    /// Whether `addDevice` returned it.
    fn has_begun(&self) -> bool {
        self.lane.calls.iter().any(|asked| asked.what == What::AddDevice)
    }
}

impl Run {
    pub(crate) fn new(lanes: [Option<Lane>; 2]) -> Self {
        let mut run = Self { lanes, ..Self::default() };
        let unplugs = |lane: &Lane| lane.calls.iter().any(|asked| asked.what == What::Unplug);
        run.unplugged = run.lane(Side::Export).is_some_and(unplugs);
        if let Some(import) = &run.lanes[0] {
            for peer in import.signals.iter().filter_map(|seen| seen.details.get("peer_id")) {
                if !run.peers.contains(peer) {
                    run.peers.push(peer.clone());
                }
            }
            for asked in &import.calls {
                if let What::Provide { credentials: Credentials::Text(text), .. } = asked.what
                    && !run.typed.contains(&text)
                {
                    run.typed.push(text);
                }
            }
        }
        run
    }

    /// The lane of a side at which somebody looked.
    pub(crate) fn lane(&self, side: Side) -> Option<&Lane> {
        self.lanes[index(side)].as_ref()
    }

    /// All lanes at which somebody looked.
    pub(crate) fn seen(&self) -> impl Iterator<Item = (Side, &Lane)> {
        [Side::Import, Side::Export].into_iter().filter_map(|side| Some((side, self.lane(side)?)))
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

fn look_at_address(state: u8, details: &BTreeMap<String, String>) -> Option<&'static str> {
    let text = details.get("peer_address").filter(|_| state == 3)?;
    let address = text.parse::<std::net::SocketAddr>().ok().filter(|address| address.port() != 0);
    address.is_none_or(|address| address.to_string() != *text).then_some("peer_address is not `ip:port`")
}
