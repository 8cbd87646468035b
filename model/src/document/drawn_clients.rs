//! A path through a link with clients, in readable form.

use std::fmt;

use handfast::{
    client::{Note, Received, export, import},
    message::Slot,
    outcome::{Side, Signal},
};

use crate::{
    document::{
        diagram::{Counterexample, Diagram},
        words::describe,
    },
    explorer::explore::Path,
    property::{
        clients::linked::{Linked, Step, Whole},
        properties::PropertyId,
    },
};

impl Counterexample {
    /// Describes a path of a link with clients, and the property that it violates.
    pub(crate) fn of_clients(linked: &Linked, path: &Path<Whole, Step>, violated: Option<PropertyId>) -> Self {
        let mut diagram = Diagram::new(linked.configuration().profile.vocabulary(), false);
        let mut schedule = Vec::new();
        let mut before = &path.root;
        for (step, after) in &path.steps {
            let words = match step {
                Step::Link(action) => describe(&before.link.world, *action),
                step => step.to_string(),
            };
            if let Some((_, done)) = linked.step(before, *step) {
                match step {
                    Step::Link(action) => diagram.step(&before.link.world, *action, &done.turn),
                    Step::Import(_)
                    | Step::Return(Side::Import)
                    | Step::Receive(Side::Import)
                    | Step::Foreign(Side::Import, _) => {
                        diagram.note("IC", &words);
                    }
                    Step::Export(_)
                    | Step::Return(Side::Export)
                    | Step::Receive(Side::Export)
                    | Step::Foreign(Side::Export, _) => {
                        diagram.note("EC", &words);
                    }
                    Step::Call(_) => {
                        diagram.call(&done.turn);
                        diagram.effects(&done.turn);
                    }
                }
                for effect in done.import.iter().flat_map(|(_, effects)| effects) {
                    note(&mut diagram, "IC", &import_words(*effect));
                }
                for effect in done.export.iter().flat_map(|(_, effects)| effects) {
                    note(&mut diagram, "EC", &export_words(*effect));
                }
            }
            schedule.push(words);
            before = after;
        }
        if let Some(violated) = violated {
            let watched = [(before.import.watch, "IC"), (before.export.watch, "EC")];
            let mut at_fault =
                watched.iter().flat_map(|(watch, client)| watch.faults().map(move |fault| (client, fault))).peekable();
            if at_fault.peek().is_none() {
                diagram.note("IC,EC", &format!("VIOLATED {}: {}", violated.id(), violated.text()));
            }
            for (client, fault) in at_fault {
                diagram.note(client, &format!("VIOLATED {}: the client {}", violated.id(), fault.text()));
            }
        }
        Self { schedule, mermaid: diagram.finish(), trace: Vec::new() }
    }
}

fn note(diagram: &mut Diagram, over: &str, text: &str) {
    if !text.is_empty() {
        diagram.note(over, text);
    }
}

fn import_words(effect: import::Effect) -> String {
    match effect {
        import::Effect::Show(screen) => format!("shows {}", import_screen(screen)),
        import::Effect::Notify(said) => said_words(said).into(),
        _ => String::new(),
    }
}

fn export_words(effect: export::Effect) -> String {
    match effect {
        export::Effect::Show(screen) => format!("shows {}", export_screen(screen)),
        export::Effect::Notify(said) => said_words(said).into(),
        _ => String::new(),
    }
}

const fn said_words(note: Note) -> &'static str {
    match note {
        Note::GoesOn => "says that it goes on",
        Note::RemovedAgain => "says that the account is removed again",
        Note::NotTaken => "says that the answer was not taken",
    }
}

/// A screen in a word or two.
pub(crate) fn import_screen(screen: import::Screen) -> String {
    match screen {
        import::Screen::Authenticating { prompt, answered } => {
            let again = if prompt.wrong_password { ", wrong password" } else { "" };
            format!("Authenticating{}{again}", if answered { ", answered" } else { "" })
        }
        import::Screen::Error(failure) => format!("Error, {failure:?}"),
        screen => format!("{screen:?}"),
    }
}

pub(crate) fn export_screen(screen: export::Screen) -> String {
    match screen {
        export::Screen::Authenticating { confirmed, .. } => {
            format!("Authenticating{}", if confirmed { ", confirmed" } else { "" })
        }
        export::Screen::Error(failure) => format!("Error, {failure:?}"),
        screen => format!("{screen:?}"),
    }
}

/// A signal in words.
fn words_of(received: Received) -> String {
    match received {
        Received::Signal(Signal::Done(outcome)) => format!("DONE ({outcome})"),
        Received::Signal(signal) => signal.state().to_string(),
        Received::Unheard => "DONE (an unknown error)".into(),
        Received::Strange => "a signal that cannot be".into(),
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = |side: &Side| match side {
            Side::Import => "the new device",
            Side::Export => "the old device",
        };
        match self {
            Self::Import(import::Input::Answer(Slot(0))) => f.write_str("the new device's user types a wrong password"),
            Self::Import(input) => write!(f, "the new device's user: {}", action_word(&format!("{input:?}"))),
            Self::Export(input) => write!(f, "the old device's user: {}", action_word(&format!("{input:?}"))),
            Self::Call(side) => write!(f, "the next call arrives at {}'s daemon", device(side)),
            Self::Return(side) => write!(f, "what it returned arrives at {}'s client", device(side)),
            Self::Receive(side) => write!(f, "the next signal arrives at {}'s client", device(side)),
            Self::Foreign(side, received) => {
                write!(f, "a signal of another operation arrives at {}'s client: {}", device(side), words_of(*received))
            }
            Self::Link(action) => write!(f, "{action}"),
        }
    }
}

/// The action without what it carries.
fn action_word(input: &str) -> &str {
    input.split('(').next().unwrap_or(input)
}
