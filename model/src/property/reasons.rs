//! Why a property does not hold in a state, beyond the steps that lead there: the probe, the effect or the invariant that shows it.

use handfast::{
    export,
    import::{self, Effect},
    limits::Timer,
    outcome::{Scheme, Side, Signal},
    reducer::ConnId,
};

use crate::{
    property::{
        holds, judge,
        judged::Reached,
        properties::PropertyId,
        sends::{self, Said},
    },
    system::{
        Turn,
        config::Configuration,
        side::{ExportSide, ImportSide},
        world::World,
    },
};

/// A sentence of a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// This call was tried, and answered otherwise than it has to be.
    Probe(Side, String),
    /// Something about this side.
    Fact(Side, String),
    /// The messages that are due of this side, and those that it sends, where it sends what can be said on its channel.
    Sent(Side, Said, Option<Said>),
}

/// Returns what shows that a property is violated by the last step of a path, or in the state after it.
pub(crate) fn reasons<I: ImportSide, E: ExportSide>(
    configuration: &Configuration,
    property: PropertyId,
    before: &Reached<I, E>,
    turn: &Turn,
    after: &Reached<I, E>,
) -> Vec<Reason> {
    match property {
        PropertyId::Return => probes(after),
        PropertyId::Invariant => {
            let lines = [(Side::Import, after.import.invariant()), (Side::Export, after.export.invariant())];
            let lines = lines.into_iter().filter_map(|(side, held)| Some((side, held.err()?)));
            let text = |side, line| format!("does not hold: {line}. Timers that run: {}", running(after, side));
            lines.map(|(side, line)| Reason::Fact(side, text(side, line))).collect()
        }
        PropertyId::Ends | PropertyId::CancelArrives => {
            let seen = &after.world.seen;
            let waits = [
                (Side::Import, seen.import.is_up() && seen.import.done.is_none()),
                (Side::Export, seen.export.is_up()),
            ];
            let waits = waits.into_iter().filter(|(_, waits)| *waits);
            let text = |side| format!("has not ended. Timers that run: {}", running(after, side));
            waits.map(|(side, _)| Reason::Fact(side, text(side))).collect()
        }
        PropertyId::Isolated => {
            let Turn::Import(Some(input), effects) = turn else { return Vec::new() };
            let session = before.world.seen.import.session;
            let Some(conn) = input.conn().filter(|&conn| session != Some(conn)) else { return Vec::new() };
            let foreign = effects.iter().filter(|effect| !judge::is_own(conn, *input, effect));
            let foreign: Vec<_> = foreign.map(|effect| effect_words(effect, session)).collect();
            let text = |done: String| format!("upon what came on a connection that is not the session's: {done}");
            (!foreign.is_empty()).then(|| Reason::Fact(Side::Import, text(foreign.join(", ")))).into_iter().collect()
        }
        PropertyId::Sends => sent(configuration, &before.world, turn).into_iter().chain(disordered(turn)).collect(),
        _ => Vec::new(),
    }
}

/// The timers of a side that run, in words.
fn running<I: ImportSide, E: ExportSide>(state: &Reached<I, E>, side: Side) -> String {
    let armed = match side {
        Side::Import => state.import.armed(),
        Side::Export => state.export.armed(),
    };
    let names: Vec<_> =
        Timer::ALL.iter().filter(|timer| armed.contains(**timer)).map(|timer| format!("{timer:?}")).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn sent(configuration: &Configuration, world: &World, turn: &Turn) -> Option<Reason> {
    let (side, (due, said)) = match turn {
        Turn::Import(Some(input), effects) => {
            let own = configuration.reducer_of(Side::Import).features;
            (Side::Import, sends::import_due(world, own, *input, effects))
        }
        Turn::Export(Some(input), effects) => {
            let own = configuration.reducer_of(Side::Export);
            (Side::Export, sends::export_due(world, (own.features, own.profile), *input, effects))
        }
        Turn::Import(None, _) | Turn::Export(None, _) | Turn::Neither => return None,
    };
    (said.as_ref() != Some(&due)).then_some(Reason::Sent(side, due, said))
}

fn disordered(turn: &Turn) -> Option<Reason> {
    let (side, disorder) = match turn {
        Turn::Import(Some(_), effects) => (Side::Import, sends::import_disorder(effects)),
        Turn::Export(Some(_), effects) => (Side::Export, sends::export_disorder(effects)),
        Turn::Import(None, _) | Turn::Export(None, _) | Turn::Neither => return None,
    };
    disorder.map(|disorder| Reason::Fact(side, disorder.into()))
}

fn probes<I: ImportSide, E: ExportSide>(state: &Reached<I, E>) -> Vec<Reason> {
    let import = holds::import_misreturns(state).map(|(call, answer)| {
        let call = match call {
            import::Input::ProvideAccountAuthentication(_, Scheme::None) => {
                "provideAccountAuthentication(\"\", \"\")".into()
            }
            import::Input::ProvideAccountAuthentication(_, scheme) => {
                format!("provideAccountAuthentication(password, \"{}\")", scheme.as_str())
            }
            import::Input::CompareAccount(equal) => format!("compareAccount({equal})"),
            import::Input::RemoveAccount => "removeAccount()".into(),
            _ => "addAccount(archiveURL=\"jami-auth\")".to_owned(),
        };
        Reason::Probe(Side::Import, format!("{call}, tried here: {answer}"))
    });
    let export = holds::export_misreturns(state).map(|(call, answer)| {
        let call = match call {
            export::Input::ConfirmAddDevice => "confirmAddDevice(op_id)".into(),
            export::Input::CompareAddDevice(equal) => format!("compareAddDevice(op_id, {equal})"),
            export::Input::CancelAddDevice => "cancelAddDevice(op_id)".into(),
            _ => "addDevice(token)".to_owned(),
        };
        Reason::Probe(Side::Export, format!("{call}, tried here: {answer}"))
    });
    import.into_iter().chain(export).collect()
}

fn effect_words(effect: &Effect, session: Option<ConnId>) -> String {
    match *effect {
        Effect::Signal(Signal::Done(outcome)) => format!("the operation ends, {outcome:?}"),
        Effect::Signal(signal) => format!("signals {}", signal.state()),
        Effect::Close(conn) if Some(conn) == session => "closes the session's connection".into(),
        Effect::Close(_) => "closes another connection".into(),
        Effect::Arm(timer) => format!("starts the timer {timer:?}"),
        Effect::Disarm(timer) => format!("stops the timer {timer:?}"),
        Effect::AcceptChannel(_) => "accepts its channel".into(),
        Effect::Withdraw => "is reachable no more".into(),
        other => format!("{other:?}"),
    }
}
