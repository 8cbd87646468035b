//! Sides of one's own that talk without end: their graphs have cycles, and what has to happen is decided all the same.

use handfast::{
    export::{self, Exporter},
    import::{self, Importer},
    limits::Timers,
    message::{Features, Message},
    outcome::{LinkState, Scheme},
    reducer::Refused,
};
use handfast_model::{
    check::{Checked, Verdict, check_system},
    config::{Configuration, Size, find},
    explore::{Graph, Limits},
    judged::Judged,
    properties::PropertyId,
    side::Side,
};

/// Answers every `authScheme` with one more hello.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ChattyImporter {
    inner: Importer,
    /// Hands no `authScheme` to the reducer, so that its user is never asked.
    silent: bool,
}

impl Side for ChattyImporter {
    type Input = import::Input;
    type Effect = import::Effect;

    fn take(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        let import::Input::Message(conn, Message::AuthScheme(..)) = input else {
            return Side::take(&mut self.inner, input);
        };
        let mut effects = if self.silent { Vec::new() } else { Side::take(&mut self.inner, input)? };
        if self.inner.state() != LinkState::Done {
            effects.push(import::Effect::Send(conn, Message::Hello(Features::ALL)));
        }
        Ok(effects)
    }

    fn armed(&self) -> Timers {
        self.inner.armed()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

/// Answers every hello with `authScheme`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ChattyExporter(Exporter);

impl Side for ChattyExporter {
    type Input = export::Input;
    type Effect = export::Effect;

    fn take(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        let mut effects = Side::take(&mut self.0, input)?;
        let hello = matches!(input, export::Input::Message(Message::Hello(_)));
        let said = effects.iter().any(|effect| matches!(effect, export::Effect::Send(Message::AuthScheme(..))));
        if hello && !said && self.0.state() == LinkState::Authenticating {
            effects.push(export::Effect::Send(Message::AuthScheme(Scheme::Password, Features::ALL)));
        }
        Ok(effects)
    }

    fn armed(&self) -> Timers {
        self.0.armed()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

fn chatty(id: &str, early: u8, silent: bool) -> Judged<ChattyImporter, ChattyExporter> {
    let mut configuration = Configuration { least: 0, ..find(Size::Small, id).unwrap() };
    configuration.budget.early = early;
    let config = configuration.reducers();
    let import = ChattyImporter { inner: Importer::new(config), silent };
    Judged::new(configuration, import, ChattyExporter(Exporter::new(config)))
}

fn checked(id: &str, early: u8, silent: bool) -> Checked {
    let system = chatty(id, early, silent);
    let graph = Graph::explore(&system, Limits::default(), None);
    assert!(graph.is_complete() && !graph.is_acyclic());
    check_system(&system, None, Limits::default())
}

fn verdict(checked: &Checked, property: PropertyId) -> &Verdict {
    &checked.rows.iter().find(|row| row.property == property).unwrap().verdict
}

/// Users answer in the end, the link goes on, time passes: a cycle alone is no failure.
#[test]
fn talk_that_lets_others_speak_does_no_harm() {
    let honest = checked("HH-documented-honest", 0, false);
    assert!(verdict(&honest, PropertyId::Honest).is_verified(), "{}", verdict(&honest, PropertyId::Honest));
    let cancel = checked("HH-documented-cancel", 1, false);
    for property in [PropertyId::Ends, PropertyId::CancelArrives] {
        assert!(verdict(&cancel, property).is_verified(), "{}: {}", property.id(), verdict(&cancel, property));
    }
}

/// Its users need not answer, and without a budget timers fire only when all is quiet: neither a pass nor a failure.
#[test]
fn talk_that_only_a_timer_would_end_is_inconclusive() {
    for silent in [false, true] {
        let cancel = checked("HH-documented-cancel", 0, silent);
        let verdict = verdict(&cancel, PropertyId::Ends);
        assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict}");
    }
}

/// No state shows it: something is always under way.
#[test]
fn talk_that_goes_on_for_ever_is_a_lasso() {
    let honest = checked("HH-documented-honest", 0, true);
    let row = honest.rows.iter().find(|row| row.property == PropertyId::Honest).unwrap();
    assert!(matches!(row.verdict, Verdict::Violated { cycle: 2, .. }), "{}", row.verdict);
    let counterexample = row.counterexample.as_ref().unwrap();
    insta::assert_snapshot!(row.verdict.to_string() + "\n" + &counterexample.mermaid);
    let marks = counterexample.schedule.iter().filter(|step| *step == "from here on, for ever:").count();
    assert_eq!(marks, 1);
}
