//! Recorded steps as runs of the model: what the environment would have had to do for a side to be given these inputs.
//!
//! Effects are the business of a replay. Here the inputs are looked at: each has to be one that the peer, the network, the storage
//! and the timers of the model can give then. Facts that the model leaves out are left out here: steps that changed nothing, the progress of a
//! transfer, and what comes on connections that are not the session's, or would come if there were descriptors. Attempts of the exporter
//! that failed are seen from its side only.

use handfast::{
    export::{self, Exporter},
    import::{self, Check, Importer},
    limits::Timer,
    operations::OpId,
    outcome::{Side, Signal},
    reducer::{Config, ConnId},
    trace::{self, Header, Step},
};

use super::{
    parse::{Clock, Place},
    plain::plain,
    runs::{Lane, Noted, Run, Turned},
    terms::Terms,
    validate::{Notes, Verdict, validate_runs},
};
use crate::system::{
    Turn,
    world::{HONEST, INTRUDER, PEER},
};

/// The record of one side, or of both.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The first line.
    pub header: Header,
    /// The further ones.
    pub steps: Vec<Step>,
}

/// Decides whether steps that replay are those of a run of the model. Steps of a side stand in one file.
pub fn validate_recorded(files: &[Recorded], terms: &Terms) -> Verdict {
    let mut notes = Notes::default();
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    for (file, recorded) in files.iter().enumerate() {
        let first = notes.0.len();
        for (number, step) in recorded.steps.iter().enumerate() {
            let place = Place { file: file + 1, line: number + 2 };
            notes.0.push((place, words(step)));
        }
        let mut ops: Vec<(Side, OpId)> = Vec::new();
        for step in &recorded.steps {
            if !ops.contains(&(step.side(), step.op)) {
                ops.push((step.side(), step.op));
            }
        }
        for (side, op) in ops {
            let own = recorded.steps.iter().enumerate().filter(|(_, step)| (step.side(), step.op) == (side, op));
            let own = own.map(|(number, step)| (first + number, step));
            let turns = match side {
                Side::Import => import_turns(recorded.header.import.unwrap_or_default(), own, file),
                Side::Export => export_turns(recorded.header.export.unwrap_or_default(), own, file),
            };
            let lane = Lane { turns: Some(turns), ..Lane::default() };
            match side {
                Side::Import => imports.push(lane),
                Side::Export => exports.push(lane),
            }
        }
    }
    let failed = files.iter().flat_map(|recorded| &recorded.steps).filter(|step| is_failure(step)).count();
    let mut terms = Terms { free_timers: true, ..*terms };
    let number = |count| u8::try_from(count).unwrap_or(u8::MAX);
    terms.budget.storage = terms.budget.storage.saturating_add(number(failed));
    let repeated = files.iter().flat_map(|recorded| &recorded.steps).filter(|step| is_another_attempt(step)).count();
    terms.budget.retries = terms.budget.retries.saturating_add(number(repeated));
    terms.budget.loss = terms.budget.loss.saturating_add(number(repeated));
    let runs = match (imports.len(), exports.len()) {
        (1, 1) => vec![Run::new([imports.pop(), exports.pop()])],
        // Which of them met is not recorded: each by itself.
        _ => {
            let imports = imports.into_iter().map(|lane| Run::new([Some(lane), None]));
            imports.chain(exports.into_iter().map(|lane| Run::new([None, Some(lane)]))).collect()
        }
    };
    validate_runs(&notes, runs, &terms)
}

fn import_turns<'a>(
    config: Config,
    steps: impl Iterator<Item = (usize, &'a Step)> + Clone,
    file: usize,
) -> Vec<Turned> {
    let own = steps.clone().filter_map(|(_, step)| match &step.turn {
        trace::Turn::Import { input, effects } => Some((*input, effects)),
        trace::Turn::Export { .. } => None,
    });
    // The session's connection, or the first one where there was no session.
    let accepted = own.clone().find_map(|(_, effects)| {
        effects.iter().find_map(|effect| match effect {
            import::Effect::AcceptChannel(conn) => Some(*conn),
            _ => None,
        })
    });
    let peer = accepted.or_else(|| own.clone().find_map(|(input, _)| input.conn()));
    let account = own.clone().find_map(|(input, _)| match input {
        import::Input::ConnectionOpened { conn, presented, verified: true } if Some(conn) == peer => presented,
        _ => None,
    });
    let mut importer = Importer::new(config);
    let mut turns = Vec::new();
    // CONNECTING was signalled for a connection that is left out.
    let mut signalled = false;
    for (line, step) in steps {
        let trace::Turn::Import { input, effects } = &step.turn else { continue };
        let before = importer.clone();
        let _ = Step::import(0, &mut importer, *input);
        let foreign = input.conn().is_some_and(|conn| Some(conn) != peer);
        let connecting = import::Effect::Signal(Signal::Connecting);
        signalled |= foreign && effects.contains(&connecting);
        let apart = matches!(input, import::Input::ConnectionAnswered(_) | import::Input::ConnectionsExhausted);
        let progress = matches!(input, import::Input::ArchiveProgressed(_)) && before == importer;
        if step.refused.is_some() || foreign || apart || progress || (effects.is_empty() && before == importer) {
            continue;
        }
        let names = Names { peer, account };
        let mut effects: Vec<_> = effects.iter().filter_map(|effect| names.import_effect(*effect)).collect();
        // In the model the exporter's connection is the first one.
        let requests =
            matches!(input, import::Input::ConnectionRequested(_) | import::Input::ConnectionRequestedFrom(..));
        if requests && std::mem::take(&mut signalled) {
            effects.push(connecting);
        }
        let turn = Turn::Import(Some(names.import_input(*input)), effects);
        turns.push(Turned { noted: noted(line, step, file, Side::Import), turn: plain(turn) });
    }
    turns
}

fn export_turns<'a>(config: Config, steps: impl Iterator<Item = (usize, &'a Step)>, file: usize) -> Vec<Turned> {
    let mut exporter = Exporter::new(config);
    let mut turns = Vec::new();
    for (line, step) in steps {
        let trace::Turn::Export { input, effects } = &step.turn else { continue };
        let before = exporter.clone();
        let _ = Step::export(0, step.op, &mut exporter, *input);
        let progress = *input == export::Input::Progressed && before == exporter;
        if step.refused.is_some() || progress || (effects.is_empty() && before == exporter) {
            continue;
        }
        let turn = Turn::Export(Some(*input), effects.clone());
        turns.push(Turned { noted: noted(line, step, file, Side::Export), turn: plain(turn) });
    }
    turns
}

fn noted(line: usize, step: &Step, file: usize, side: Side) -> Noted {
    // Each operation counts from its own beginning.
    Noted { line, t_ms: step.t_ms, clock: Clock::own(file + 1, side), flaw: None, doubt: None }
}

/// Whether the exporter tries to connect again.
fn is_another_attempt(step: &Step) -> bool {
    matches!(step.turn, trace::Turn::Export { input: export::Input::Fired(Timer::Retry), .. })
}

/// Whether the device's storage failed: that is known, and no guess.
fn is_failure(step: &Step) -> bool {
    use export::{Input as E, Tried};
    use import::Input as I;
    match &step.turn {
        trace::Turn::Import { input, .. } => {
            matches!(input, I::ArchiveUnwritable(_) | I::Checked(Check::Unreadable) | I::Installed(false))
        }
        trace::Turn::Export { input, .. } => matches!(input, E::SendFailed | E::Tried(_, Tried::Unreadable)),
    }
}

fn words(step: &Step) -> String {
    match &step.turn {
        trace::Turn::Import { input, .. } => format!("import: {input:?}"),
        trace::Turn::Export { input, .. } => format!("export: {input:?}"),
    }
}

/// The recorded names in the model's terms.
struct Names {
    peer: Option<ConnId>,
    account: Option<handfast::outcome::AccountId>,
}

impl Names {
    fn import_input(&self, input: import::Input) -> import::Input {
        use import::Input as I;
        match input {
            I::ConnectionRequested(_) | I::ConnectionRequestedFrom(..) => I::ConnectionRequested(PEER),
            I::ConnectionAnswered(_) => I::ConnectionAnswered(PEER),
            I::ConnectionOpened { presented, verified, .. } => {
                I::ConnectionOpened { conn: PEER, presented: presented.map(|id| self.account(id)), verified }
            }
            I::ConnectionFailed(_) => I::ConnectionFailed(PEER),
            I::ConnectionLost(_) => I::ConnectionLost(PEER),
            I::ChannelRequested(_, ask) => I::ChannelRequested(PEER, ask),
            I::ChannelEnded(_) => I::ChannelEnded(PEER),
            I::Message(_, message) => I::Message(PEER, message),
            I::Malformed(_) => I::Malformed(PEER),
            I::ArchiveBegan(_) => I::ArchiveBegan(PEER),
            I::ArchiveProgressed(_) => I::ArchiveProgressed(PEER),
            I::ArchiveComplete(_) => I::ArchiveComplete(PEER),
            I::ArchiveUnwritable(_) => I::ArchiveUnwritable(PEER),
            I::Checked(Check::Sound(account)) => I::Checked(Check::Sound(self.account(account))),
            I::AddAccount
            | I::ProvideAccountAuthentication(..)
            | I::CompareAccount(_)
            | I::RemoveAccount
            | I::Published
            | I::Unpublishable
            | I::ConnectionsExhausted
            | I::Checked(Check::Unsound | Check::Unreadable)
            | I::Installed(_)
            | I::Fired(_) => input,
        }
    }

    /// None for what is said to somebody else.
    fn import_effect(&self, effect: import::Effect) -> Option<import::Effect> {
        use import::Effect as E;
        let ours = |conn| (Some(conn) == self.peer).then_some(PEER);
        Some(match effect {
            E::Accept(conn) => E::Accept(ours(conn)?),
            E::Refuse(conn) => E::Refuse(ours(conn)?),
            E::Close(conn) => E::Close(ours(conn)?),
            E::AcceptChannel(conn) => E::AcceptChannel(ours(conn)?),
            E::DeclineChannel(conn) => E::DeclineChannel(ours(conn)?),
            E::Send(conn, message) => E::Send(ours(conn)?, message),
            E::End(conn) => E::End(ours(conn)?),
            E::Signal(Signal::Prompt { peer, scheme, wrong_password }) => {
                E::Signal(Signal::Prompt { peer: self.account(peer), scheme, wrong_password })
            }
            E::Signal(_)
            | E::Publish
            | E::Withdraw
            | E::Arm(_)
            | E::Disarm(_)
            | E::Stage(_)
            | E::Check
            | E::Install
            | E::Discard
            | E::Remove => effect,
        })
    }

    fn account(&self, id: handfast::outcome::AccountId) -> handfast::outcome::AccountId {
        if Some(id) == self.account { HONEST } else { INTRUDER }
    }
}
