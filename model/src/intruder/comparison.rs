//! The comparison that stops W-12 (R-SAS-2): the order in which a short string is agreed on, with an intruder in the middle.
//!
//! Both users compare a string that is computed from the channel, both leaf keys and a nonce of each side. It is so short that an
//! intruder can try inputs until two strings are equal. Hence the rule of the model: *the one who chooses last chooses the string*. Where
//! the intruder fixes the last input of one string, knows all its other inputs, and knows the other string, the two are equal.
//!
//! The order is that of the shipped reducers: [`order_of`] runs them, also with a rule that is broken, and notes what a side shows before it
//! has received anything.

use handfast::{
    export::{self, Exporter},
    import::{self, Importer},
    message::{Features, Message as Words, Slot},
    outcome::{AccountId, Scheme},
    reducer::{Config, ConnId},
    rules::Rules,
};
use serde::Serialize;
use stateright::{Model, Property};

use crate::explorer::{
    explore::{ENDLESS, Graph, Limits},
    second::{self, Tally},
};

/// An order of the messages that fix the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The exporter commits to its nonce, the importer shows its own, the exporter opens the commitment.
    Committed,
    /// The exporter shows its nonce at once.
    WithoutCommitment,
    /// The importer shows its nonce before the exporter commits to one.
    ImporterFirst,
    /// The string depends on the channel and the leaf keys alone.
    WithoutNonces,
}

/// A message that fixes an input of the string, or shows one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Message {
    /// The handshake, in which a side in the middle chooses its key share last.
    Handshake,
    /// The exporter fixes its nonce and hides it.
    Commit,
    /// The exporter shows the nonce that it has fixed.
    Open,
    /// The exporter fixes its nonce and shows it.
    ExporterNonce,
    /// The importer fixes its nonce and shows it.
    ImporterNonce,
}

impl Order {
    /// All of them, the sound one first.
    pub const ALL: [Self; 4] = [Self::Committed, Self::WithoutCommitment, Self::ImporterFirst, Self::WithoutNonces];

    /// The order in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Committed => "the exporter commits, the importer shows its nonce, the exporter opens",
            Self::WithoutCommitment => "the exporter shows its nonce, then the importer",
            Self::ImporterFirst => "the importer shows its nonce, the exporter commits and opens",
            Self::WithoutNonces => "no nonces: the channel and the leaf keys alone",
        }
    }

    const fn messages(self) -> &'static [Message] {
        use Message::{Commit, ExporterNonce, Handshake, ImporterNonce, Open};
        match self {
            Self::Committed => &[Handshake, Commit, ImporterNonce, Open],
            Self::WithoutCommitment => &[Handshake, ExporterNonce, ImporterNonce],
            Self::ImporterFirst => &[Handshake, ImporterNonce, Commit, Open],
            Self::WithoutNonces => &[Handshake],
        }
    }
}

/// A session of the intruder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Session {
    /// With the exporter, as an importer.
    WithExporter,
    /// With the importer, as an exporter.
    WithImporter,
}

/// An input of a string, as the intruder has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Value {
    #[default]
    Open,
    /// It is fixed, and hidden from the intruder.
    Hidden,
    Known,
}

/// One session: how many messages were said, and the inputs of its string (channel, the exporter's nonce, the importer's).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Inputs {
    said: usize,
    values: [Value; 3],
}

/// A state of both sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    sessions: [Inputs; 2],
    /// The intruder has made the two strings equal.
    equal: bool,
}

/// The exchange in both sessions, in one order.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The order.
    pub order: Order,
    /// Whether the users are asked to compare at all.
    pub compared: bool,
}

/// The name of the property: two strings that belong to different sessions are never equal at the end.
pub const DIFFERENT: &str = "the two screens show different strings";

impl Exchange {
    fn is_known(&self, inputs: &Inputs) -> bool {
        let needed = if self.order == Order::WithoutNonces { 1 } else { 3 };
        inputs.values.iter().take(needed).all(|value| *value == Value::Known)
    }

    fn is_complete(&self, state: &State) -> bool {
        state.sessions.iter().all(|inputs| inputs.said == self.order.messages().len())
    }

    fn holds(&self, state: &State) -> bool {
        !self.is_complete(state) || self.compared && !state.equal
    }
}

impl Model for Exchange {
    type State = State;
    type Action = Session;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Session>) {
        let all = [Session::WithExporter, Session::WithImporter].into_iter().zip(state.sessions);
        actions.extend(all.filter(|(_, inputs)| inputs.said < self.order.messages().len()).map(|(session, _)| session));
    }

    /// The next message of a session: the honest side's, or the intruder's choice.
    fn next_state(&self, state: &State, session: Session) -> Option<State> {
        let mut next = *state;
        let (this, other) = match session {
            Session::WithExporter => (0, 1),
            Session::WithImporter => (1, 0),
        };
        let inputs = &mut next.sessions[this];
        let message = *self.order.messages().get(inputs.said)?;
        inputs.said += 1;
        let plays_exporter = session == Session::WithImporter;
        let (input, chooses) = match message {
            Message::Handshake => (0, true),
            Message::Commit | Message::ExporterNonce => (1, plays_exporter),
            Message::ImporterNonce => (2, !plays_exporter),
            Message::Open => (1, false),
        };
        let hidden = message == Message::Commit && !plays_exporter;
        inputs.values[input] = if hidden { Value::Hidden } else { Value::Known };
        // The last one to choose, who knows all the rest, chooses the string.
        next.equal |= chooses && self.is_known(&next.sessions[this]) && self.is_known(&state.sessions[other]);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(DIFFERENT, |model, state| model.holds(state)), Property::always(ENDLESS, |_, _| true)]
    }
}

/// Returns the order in which two sides that keep `rules` agree on the string; none if they do not compare.
///
/// Each is run against an intruder that sends it no more than it has to: whatever a side shows then, it shows before the other's part.
pub fn order_of(rules: impl Rules) -> Option<Order> {
    use import::{Ask, Input as I};
    const CONN: ConnId = ConnId(1);
    let config = Config { features: Features::WITH_SAS, ..Config::default() };
    let account = AccountId([7; 20]);
    let mut importer = Importer::under(config, rules);
    let opened = I::ConnectionOpened { conn: CONN, presented: Some(account), verified: true };
    let scheme = I::Message(CONN, Words::AuthScheme(Scheme::None, Features::WITH_SAS));
    let commitment = I::Message(CONN, Words::Commitment(Slot::NONE));
    let begin = [I::AddAccount, I::Published, I::ConnectionRequested(CONN), opened];
    let mut nonce = Vec::new();
    for input in begin.into_iter().chain([I::ChannelRequested(CONN, Ask::Right), scheme, commitment]) {
        importer.handle(input).ok()?;
        let sent = std::iter::from_fn(|| importer.poll_effect()).collect::<Vec<_>>();
        nonce.push(sent.contains(&import::Effect::Send(CONN, Words::Nonce(Slot::NONE))));
    }
    let mut exporter = Exporter::under(config, rules);
    let accepted = export::Input::Accepted { peer_address: ([192, 0, 2, 7], 4711).into() };
    let hello = export::Input::Message(Words::Hello(Features::WITH_SAS));
    let nonce_arrives = export::Input::Message(Words::Nonce(Slot::NONE));
    let begin = [export::Input::AddDevice(Scheme::None), export::Input::Opened { pinned: true }, accepted];
    let mut opening = Vec::new();
    for input in begin.into_iter().chain([hello, nonce_arrives]) {
        exporter.handle(input).ok()?;
        let sent = std::iter::from_fn(|| exporter.poll_effect()).collect::<Vec<_>>();
        opening.push(sent.contains(&export::Effect::Send(Words::Opening(Slot::NONE))));
    }
    match (nonce.as_slice(), opening.as_slice()) {
        ([.., false, true], [.., false, true]) => Some(Order::Committed),
        ([.., true, false], [.., false, true]) => Some(Order::ImporterFirst),
        ([.., false, true], [.., true, false]) => Some(Order::WithoutCommitment),
        _ => None,
    }
}

/// The result for one order.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The order.
    pub order: Order,
    /// The states of the graph.
    pub states: usize,
    /// Whether both engines count the same states and steps, and find the same.
    pub agreed: bool,
    /// The shortest attack in words; none where the strings always differ.
    pub attack: Option<Vec<String>>,
}

/// Explores an order with both engines.
pub fn compare(exchange: Exchange, limits: Limits) -> Compared {
    let graph = Graph::explore(&exchange, limits, None);
    let ours = Tally { states: graph.states(), generated: graph.edges() + 1 };
    let found: std::collections::BTreeSet<_> = graph.discovered(&exchange).into_iter().collect();
    let agreed = graph.is_complete() && second::explore(&exchange, limits).is_ok_and(|other| other == (ours, found));
    let path = graph.path(&exchange, DIFFERENT);
    let attack = path.map(|path| {
        let mut before = path.root;
        let mut story = Vec::new();
        for (session, after) in path.steps {
            story.push(sentence(exchange.order, session, &before, after.equal && !before.equal));
            before = after;
        }
        story
    });
    Compared { order: exchange.order, states: graph.states(), agreed, attack }
}

fn sentence(order: Order, session: Session, before: &State, chosen: bool) -> String {
    let said = before.sessions[session as usize].said;
    let with = match session {
        Session::WithExporter => "exporter",
        Session::WithImporter => "importer",
    };
    let plays_exporter = session == Session::WithImporter;
    let by = |own: bool| if own { "the intruder" } else { "the honest side" };
    let what = match order.messages()[said] {
        Message::Handshake => "the intruder makes the channel, with the last key share".to_owned(),
        Message::Commit => format!("{} commits to the exporter's nonce", by(plays_exporter)),
        Message::Open => format!("{} opens the commitment", by(plays_exporter)),
        Message::ExporterNonce => format!("{} shows the exporter's nonce", by(plays_exporter)),
        Message::ImporterNonce => format!("{} shows the importer's nonce", by(!plays_exporter)),
    };
    let aim = if chosen { ", and tries values until this string equals the other, which it knows" } else { "" };
    format!("With the {with}: {what}{aim}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::without::Without;
    use handfast::rules::{AllRules, Rule};

    /// Only the order with a commitment before the importer's nonce keeps the strings apart; each other one falls to a choice.
    #[test]
    fn the_one_who_chooses_last_chooses_the_string() {
        for order in Order::ALL {
            let result = compare(Exchange { order, compared: true }, Limits::default());
            assert!(result.agreed, "{order:?}");
            let chosen = result.attack.map(|story| story.iter().filter(|line| line.contains("tries values")).count());
            assert_eq!(chosen, if order == Order::Committed { None } else { Some(1) }, "{order:?}");
        }
    }

    /// R-SAS-2: the shipped order is the sound one. A mutant without a commitment, and one whose importer shows its nonce first, each have
    /// an order in which the intruder makes the strings equal (M-60, M-61).
    #[test]
    fn the_shipped_order_is_sound_and_that_of_each_mutant_is_not() {
        let attacked = |rules: Without| {
            let order = order_of(rules).expect("they compare");
            (order, compare(Exchange { order, compared: true }, Limits::default()).attack.is_some())
        };
        assert_eq!(order_of(AllRules), Some(Order::Committed));
        assert_eq!(attacked(Without::new(&[])), (Order::Committed, false));
        assert_eq!(attacked(Without::new(&[Rule::NonceAfterCommitment])), (Order::ImporterFirst, true));
        assert_eq!(attacked(Without::new(&[Rule::OpeningAfterNonce])), (Order::WithoutCommitment, true));
    }

    /// Without users who compare there is nothing that the order could keep.
    #[test]
    fn strings_that_no_user_compares_keep_nothing_apart() {
        let result = compare(Exchange { order: Order::Committed, compared: false }, Limits::default());
        assert!(result.attack.is_some());
    }
}
