//! The lines of a trace, sorted into operations and joined into pairs: each is a run of one [`System`](crate::system::System).
//!
//! Values are symbols. A token, an account, an operation and a peer are bound where they are seen first and have to stay what they
//! are; what can be said of a line without the model is said here, as a *flaw* that no run explains.

mod export;
mod import;
mod lanes;

use handfast::{
    outcome::Side,
    token::{Token, trim_typed},
};

pub(crate) use self::lanes::{Asked, Lane, Noted, Run, Turned, What, index};
use super::parse::{Call, Event, Line, Returned, Trace};
use crate::system::config::{Cast, Configuration, Player};

/// A trace, taken apart.
pub(crate) struct Sorted {
    /// Its links.
    pub(crate) runs: Vec<Run>,
    /// The lines that are no part of any, and why.
    pub(crate) apart: Vec<(usize, &'static str)>,
}

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
