//! A run of the diagram, drawn as the document draws it.

use super::{
    events::{End, Event},
    follow::Followed,
    table::{Document, Lifeline, SCENARIOS},
};
use crate::{
    document::diagram,
    property::clients::linked::{Done, Step},
    system::action::Action,
};
use Lifeline::{NewClient, NewDaemon, OldClient, OldDaemon};
use handfast::{client::import, outcome::Profile};

/// A run, and what was drawn of it.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// A Mermaid sequence diagram. Arrows that the document has too end with their number there.
    pub mermaid: String,
    /// The numbers in the order in which they were drawn.
    pub numbers: Vec<u8>,
}

/// One line of a drawing.
struct Line {
    from: Lifeline,
    to: Lifeline,
    text: String,
    /// Its number in the document.
    number: Option<u8>,
    is_note: bool,
    /// It has arrived.
    whole: bool,
}

/// The events: the lines, and on each lifeline their order.
#[derive(Default)]
struct Story {
    lines: Vec<Line>,
    order: [Vec<usize>; 4],
}

/// The order of choices: messages on their way arrive, then steps without a person, then people.
const fn patience(step: &Step) -> u8 {
    match step {
        Step::Receive(_) => 0,
        Step::Link(Action::Deliver(_)) => 1,
        Step::Return(_) | Step::Call(_) => 2,
        Step::Link(_) => 3,
        Step::Import(_) | Step::Export(_) | Step::Foreign(..) => 4,
    }
}

/// Draws a run in which a protected account is linked. `None`: the diagram does not have it so.
pub fn draw(profile: Profile) -> Option<Drawn> {
    let document = Document::default();
    let followed = Followed::new(&document, SCENARIOS[0], profile)?;
    let mut at = followed.begin()?;
    let mut story = Story::default();
    while !followed.is_realised(&at) {
        let mut steps = followed.steps(&at);
        steps.sort_by_key(patience);
        let (step, (next, events)) = steps.into_iter().find_map(|step| Some((step, followed.step(&at, step)?)))?;
        if next.place.astray.is_some() {
            return None;
        }
        for (event, number) in events {
            story.event(event, number);
        }
        story.notes(step, &followed.done(&at, step)?);
        at = next;
    }
    story.note(NewClient, OldClient, "Account successfully linked");
    story.draw(profile)
}

impl Story {
    fn event(&mut self, event: Event, number: Option<u8>) {
        let Event { from, to, end, said } = event;
        let sent = self.lines.iter().position(|line| !line.whole && (line.from, line.to) == (from, to));
        let line = match (end, sent) {
            (End::Got, Some(line)) => {
                self.lines[line].whole = true;
                line
            }
            (End::Got, None) => return,
            (End::Sent, _) => {
                let text = said.to_string();
                self.lines.push(Line { from, to, text, number, is_note: false, whole: from == to });
                self.lines.len() - 1
            }
        };
        let at = if end == End::Sent { from } else { to };
        self.order[at as usize].push(line);
    }

    fn note(&mut self, from: Lifeline, to: Lifeline, text: &str) {
        let line = self.lines.len();
        self.lines.push(Line { from, to, text: text.into(), number: None, is_note: true, whole: true });
        self.order[from as usize].push(line);
        if from != to {
            self.order[to as usize].push(line);
        }
    }

    /// The notes of the document, and events that no arrow describes.
    fn notes(&mut self, step: Step, done: &Done) {
        let token = import::Effect::Show(import::Screen::TokenAvailable);
        if done.import.as_ref().is_some_and(|(_, effects)| effects.contains(&token)) {
            self.note(NewClient, NewClient, "Display QR code and auth token");
        }
        match step {
            Step::Link(Action::Secured) => self.note(NewDaemon, OldDaemon, "TLS, both chains verified"),
            Step::Link(Action::Checked(_)) => {
                self.note(NewDaemon, NewDaemon, "sound archive of the old device's account");
            }
            Step::Link(Action::Settle { .. }) => self.note(NewDaemon, NewDaemon, "the account is durable"),
            _ => {}
        }
    }

    /// Draws all lines in one order, which is that of each lifeline. Of two that cross, which no such order has, the one that is not
    /// documented is left out, as is what has not arrived.
    fn draw(mut self, profile: Profile) -> Option<Drawn> {
        let mut drawing = diagram::Diagram::new(profile.vocabulary(), false);
        let mut numbers = Vec::new();
        let Self { lines, order } = &mut self;
        order.iter_mut().for_each(|order| order.retain(|&line| lines[line].whole));
        loop {
            let mut next: Vec<usize> = order.iter().filter_map(|order| order.first().copied()).collect();
            next.sort_unstable();
            let is_next =
                |&&line: &&usize| order.iter().all(|order| order.first() == Some(&line) || !order.contains(&line));
            let (line, crosses) =
                match (next.iter().find(is_next), next.iter().find(|&&line| lines[line].number.is_none())) {
                    _ if next.is_empty() => break,
                    (Some(&line), _) => (line, false),
                    (None, Some(&line)) => (line, true),
                    (None, None) => return None,
                };
            order.iter_mut().for_each(|order| order.retain(|other| *other != line));
            let Line { from, to, ref text, number, is_note, .. } = lines[line];
            if crosses {
                continue;
            }
            if is_note {
                let over =
                    if from == to { from.short().to_owned() } else { format!("{},{}", from.short(), to.short()) };
                drawing.note(&over, text);
                continue;
            }
            let back = matches!((from, to), (NewDaemon, NewClient) | (OldDaemon, OldClient));
            let arrow = if back { "-->>" } else { "->>" };
            let suffix = number.map(|number| format!(" ({number})")).unwrap_or_default();
            drawing.arrow(from.short(), arrow, to.short(), &format!("{text}{suffix}"));
            numbers.extend(number);
        }
        Some(Drawn { mermaid: drawing.finish(), numbers })
    }
}
