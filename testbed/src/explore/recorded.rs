//! A recorded link as a graph of one way: each state has one step, the one that was taken.

use std::collections::{BTreeMap, HashMap};

use handfast::{
    Config, Exporter, Importer, export, import,
    limits::{Timer, Timers},
    outcome::Profile,
    trace::{Header, Step, Turn},
};
use handfast_model::{
    rows::{kind_of_export, kind_of_import},
    walkable::{self, Kind, Seen, Walkable},
    without::Without,
};

use crate::diagram::sequence;

/// Texts, each with a number.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Texts {
    fn number(&mut self, text: impl Into<String>) -> usize {
        *self.numbers.entry(text.into()).or_insert_with_key(|text| {
            self.all.push(text.clone());
            self.all.len() - 1
        })
    }
}

/// The reducers of each side's operations, and what the last step of each side led to.
struct Parties {
    importers: BTreeMap<u32, Importer<Without>>,
    exporters: BTreeMap<u32, Exporter<Without>>,
    rules: Without,
    configs: [Config; 2],
    clients: [String; 2],
    daemons: [&'static str; 2],
    timers: [Timers; 2],
}

impl Parties {
    /// Takes a step again. A recorded refusal is refused again, and changes nothing.
    fn take(&mut self, step: &Step) {
        let operation = step.op.0;
        match &step.turn {
            Turn::Import { input, effects } => {
                let config = self.configs[0];
                let reducer = self.importers.entry(operation).or_insert_with(|| Importer::under(config, self.rules));
                // The record has its result.
                let _ = reducer.handle(*input);
                while reducer.poll_effect().is_some() {}
                (self.daemons[0], self.timers[0]) = (reducer.place(), reducer.armed());
                for effect in effects {
                    if let import::Effect::Signal(signal) = effect {
                        self.clients[0] = signal.state().to_string();
                    }
                }
            }
            Turn::Export { input, effects } => {
                let config = self.configs[1];
                let reducer = self.exporters.entry(operation).or_insert_with(|| Exporter::under(config, self.rules));
                let _ = reducer.handle(*input);
                while reducer.poll_effect().is_some() {}
                (self.daemons[1], self.timers[1]) = (reducer.place(), reducer.armed());
                for effect in effects {
                    if let export::Effect::Signal(signal) = effect {
                        self.clients[1] = signal.state().to_string();
                    }
                }
            }
        }
    }

    fn seen(&self, texts: &mut Texts) -> Seen {
        let names = |timers: Timers| {
            let armed = Timer::ALL.iter().filter(|timer| timers.contains(**timer));
            armed.map(|timer| format!("{timer:?}")).collect::<Vec<_>>().join(", ")
        };
        Seen {
            clients: [0, 1].map(|side| texts.number(&*self.clients[side])),
            daemons: [0, 1].map(|side| texts.number(self.daemons[side])),
            timers: [0, 1].map(|side| texts.number(names(self.timers[side]))),
            flight: [vec![texts.number("not recorded")], vec![texts.number("not recorded")]],
            violated: Vec::new(),
        }
    }
}

/// The way of a record of reducers under these rules. `broken`: the law that the last step violates.
pub(super) fn walkable(
    header: &Header,
    rules: Without,
    steps: &[Step],
    title: String,
    broken: Option<String>,
) -> Walkable {
    let mut texts = Texts::default();

    let mut parties = Parties {
        importers: BTreeMap::new(),
        exporters: BTreeMap::new(),
        rules,
        configs: [header.import, header.export].map(Option::unwrap_or_default),
        clients: ["has not begun", "has not begun"].map(Into::into),
        daemons: ["idle"; 2],
        timers: [Timers::default(); 2],
    };
    let profile = header.import.or(header.export).map_or(Profile::Documented, |config| config.profile);
    let lines = sequence::lines(steps, profile.vocabulary());
    let mut states = vec![parties.seen(&mut texts)];
    let mut ways = Vec::new();
    for (number, (step, lines)) in steps.iter().zip(lines).enumerate() {
        parties.take(step);
        states.push(parties.seen(&mut texts));
        let (taken, kind) = match &step.turn {
            Turn::Import { input, .. } => (format!("importer: {}", kind_of_import(input)), kind_of_importer(input)),
            Turn::Export { input, .. } => (format!("exporter: {}", kind_of_export(input)), kind_of_exporter(input)),
        };
        let text = texts.number(format!("{taken} (after {} ms)", step.t_ms));
        let lines = lines.iter().map(|line| texts.number(line.trim())).collect();
        ways.push(vec![walkable::Step { text, kind, to: Some(number + 1), lines }]);
    }
    ways.push(Vec::new());
    if let (Some(last), Some(broken)) = (states.last_mut(), broken) {
        last.violated.push(texts.number(broken));
    }
    let goals = Vec::new();
    Walkable {
        configuration: title,
        budget: "as recorded".into(),
        complete: true,
        texts: texts.all,
        states,
        steps: ways,
        goals,
    }
}

const fn kind_of_importer(input: &import::Input) -> Kind {
    match input {
        import::Input::AddAccount
        | import::Input::ProvideAccountAuthentication(..)
        | import::Input::CompareAccount(_)
        | import::Input::RemoveAccount => Kind::Person,
        import::Input::Fired(_) => Kind::Time,
        import::Input::ConnectionLost(_) | import::Input::ConnectionFailed(_) | import::Input::Unpublishable => {
            Kind::Fault
        }
        _ => Kind::Protocol,
    }
}

const fn kind_of_exporter(input: &export::Input) -> Kind {
    match input {
        export::Input::AddDevice(_)
        | export::Input::ConfirmAddDevice
        | export::Input::CompareAddDevice(_)
        | export::Input::CancelAddDevice => Kind::Person,
        export::Input::Fired(_) => Kind::Time,
        export::Input::Lost | export::Input::Failed | export::Input::Unreachable => Kind::Fault,
        _ => Kind::Protocol,
    }
}
