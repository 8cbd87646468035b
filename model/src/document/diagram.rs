//! A path through the system in readable form: a schedule, a sequence diagram in the protocol's own words, and a trace.

use handfast::{
    export::{self, Tried},
    import::{self, Ask, Check},
    message::Message,
    operations::OpId,
    outcome::{Scheme, Side, Signal, Vocabulary},
    reducer::ConnId,
    trace,
};
use serde::Serialize;

use super::words::{describe, message_words, said_words, words};
use crate::{
    explorer::{explore::Path, liveness::Lasso},
    property::{
        again::{Again, Both, Step},
        judged::{Judged, Reached},
        properties::PropertyId,
        reasons::{Reason, reasons},
    },
    system::{
        Turn,
        action::{Action, CallerAct, Chain, DeviceAct, Remains},
        config::{Cast, Configuration, Player},
        device::{ExportDevice, ImportDevice},
        link::Item,
        side::{ExportSide, ImportSide},
        world::{HONEST, PEER, World, caller_conn, is_right},
    },
};

/// A way to a state, in three forms.
#[derive(Clone, Debug, Serialize)]
pub struct Counterexample {
    /// The steps, in words.
    pub schedule: Vec<String>,
    /// A Mermaid sequence diagram.
    pub mermaid: String,
    /// The trace of the shipped reducers among the two, a line each. It replays on fresh ones.
    pub trace: Vec<String>,
}

impl Counterexample {
    /// Describes a path, and the property that it violates.
    pub fn new<I: ImportSide, E: ExportSide>(
        system: &Judged<I, E>,
        path: &Path<Reached<I, E>, Action>,
        violated: Option<PropertyId>,
    ) -> Self {
        Self::draw(system, path, path.steps.len(), violated)
    }

    /// Describes a run that breaks a property because of a step that never comes.
    pub fn of_lasso<I: ImportSide, E: ExportSide>(
        system: &Judged<I, E>,
        lasso: Lasso<Reached<I, E>, Action>,
        violated: PropertyId,
    ) -> Self {
        let begins = lasso.prefix.steps.len();
        Self::draw(system, &lasso.into_path(), begins, Some(violated))
    }

    /// Describes a path of two links, and the property that it violates.
    pub(crate) fn of_two<I: ImportDevice, D: ExportDevice>(
        again: &Again<I, D>,
        path: &Path<Both<I, D>, Step>,
        violated: Option<PropertyId>,
    ) -> Self {
        let mut diagram = Diagram::new(again.configuration().profile.vocabulary(), false);
        let mut schedule = Vec::new();
        let mut before = &path.root;
        for (step, after) in &path.steps {
            let Step { link, action } = *step;
            let system = &again.links[link];
            let at = &before.links[link];
            let turn = system.step(at, action).map_or(Turn::Neither, |(_, turn)| turn);
            diagram.second = link == 1;
            diagram.step(&at.world, action, &turn);
            schedule.push(format!("{} link: {}", ["first", "second"][link], describe(&at.world, action)));
            before = after;
        }
        for (link, state) in before.links.iter().enumerate() {
            diagram.second = link == 1;
            diagram.rest(&state.world);
        }
        diagram.second = false;
        if let Some(property) = violated {
            diagram.note("ED", &format!("VIOLATED {}: {}", property.id(), property.text()));
        }
        Self { schedule, mermaid: diagram.finish(), trace: Vec::new() }
    }

    /// Describes a path whose steps from number `cycle` on repeat.
    fn draw<I: ImportSide, E: ExportSide>(
        system: &Judged<I, E>,
        path: &Path<Reached<I, E>, Action>,
        cycle: usize,
        violated: Option<PropertyId>,
    ) -> Self {
        let mut before = &path.root;
        let mut why = Vec::new();
        let turns: Vec<_> = path
            .steps
            .iter()
            .map(|(action, after)| {
                let turn = system.step(before, *action).map_or(Turn::Neither, |(_, turn)| turn);
                // Of a run without an end, no step is the one that shows it.
                if let Some(property) = violated.filter(|_| cycle == path.steps.len()) {
                    why = reasons(system.configuration(), property, before, &turn, after);
                }
                before = after;
                (*action, turn, &after.world)
            })
            .collect();
        Self::of_turns(system.configuration(), &path.root.world, turns, cycle, violated.map(|one| (one, why)))
    }

    /// Describes a path by its turns and the worlds after them.
    pub(crate) fn of_turns<'a>(
        configuration: &Configuration,
        root: &'a World,
        turns: Vec<(Action, Turn, &'a World)>,
        cycle: usize,
        violated: Option<(PropertyId, Vec<Reason>)>,
    ) -> Self {
        let device = root.device.is_some();
        let mut diagram = Diagram::new(configuration.profile.vocabulary(), device);
        let mut schedule = Vec::new();
        let config = configuration.reducers();
        let cast = configuration.cast;
        let of = |side| (cast.player(side) != Player::Legacy).then_some(config);
        let header = trace::Header {
            trace: trace::VERSION,
            driver: "model".into(),
            import: of(Side::Import),
            export: of(Side::Export),
        };
        let mut lines = vec![trace::to_line(&header)];
        let (mut before, steps) = (root, turns.len());
        for (number, (action, turn, after)) in turns.into_iter().enumerate() {
            if number == cycle {
                diagram.lines.push(FOR_EVER.into());
                schedule.push("from here on, for ever:".into());
            }
            diagram.step(before, action, &turn);
            schedule.push(describe(before, action));
            lines.extend(turn.into_step(cast, number as u64).map(|step| trace::to_line(&step)));
            before = after;
        }
        if cycle < steps {
            diagram.end_cycle();
        } else {
            diagram.rest(before);
        }
        if let Some((property, why)) = violated {
            why.iter().for_each(|reason| diagram.reason(reason));
            let over = if device { "ED" } else { "ID,ED" };
            diagram.note(over, &format!("VIOLATED {}: {}", property.id(), property.text()));
        }
        Self { schedule, mermaid: diagram.finish(), trace: lines }
    }
}

/// The opening line of the part of a diagram that repeats.
const FOR_EVER: &str = "loop for ever";

impl Turn {
    /// The step of a trace, if a shipped reducer took one. The model's clock counts steps.
    fn into_step(self, cast: Cast, t_ms: u64) -> Option<trace::Step> {
        let hardened = |side| cast.player(side) == Player::Hardened;
        let turn = match self {
            Self::Import(Some(input), effects) if hardened(Side::Import) => trace::Turn::Import { input, effects },
            Self::Export(Some(input), effects) if hardened(Side::Export) => trace::Turn::Export { input, effects },
            Self::Import(..) | Self::Export(..) | Self::Neither => return None,
        };
        Some(trace::Step { t_ms, op: OpId(1), turn, refused: None })
    }
}

pub(crate) struct Diagram {
    vocabulary: Vocabulary,
    lines: Vec<String>,
    /// A hostile device has the importer's place.
    device: bool,
    stranger: bool,
    /// The first connection that is for a request that comes again.
    repeated: u32,
    /// The diagram is of the second of two links.
    second: bool,
    /// Something was.
    another: bool,
}

impl Diagram {
    pub(crate) fn new(vocabulary: Vocabulary, device: bool) -> Self {
        Self {
            vocabulary,
            lines: Vec::new(),
            device,
            stranger: false,
            repeated: u32::MAX,
            second: false,
            another: false,
        }
    }

    pub(crate) fn arrow(&mut self, from: &str, arrow: &str, to: &str, text: &str) {
        self.stranger |= from == "X" || to == "X";
        let (from, to) = (self.named(from), self.named(to));
        self.lines.push(format!("{from}{arrow}{to}: {}", plain(text)));
    }

    /// The participant of this name in the link that is drawn: the new device of the second link is another.
    fn named(&mut self, name: &str) -> String {
        self.another |= self.second;
        if self.second { name.replace("IC", "IC2").replace("ID", "ID2") } else { name.into() }
    }

    pub(crate) fn note(&mut self, over: &str, text: &str) {
        let over = self.named(over);
        self.lines.push(format!("Note over {over}: {}", plain(text)));
    }

    /// Draws what shows a violation: a call that is tried, or a note.
    fn reason(&mut self, reason: &Reason) {
        match reason {
            Reason::Probe(side, call) => {
                let (client, daemon) = lifelines(*side);
                self.arrow(client, "->>", daemon, call);
            }
            Reason::Fact(side, text) => self.note(lifelines(*side).1, text),
            Reason::Sent(side, due, said) => {
                let said = said.as_ref().map_or_else(|| "what is not said on its channel".into(), said_words);
                self.note(lifelines(*side).1, &format!("due: {}, sent: {said}", said_words(due)));
            }
        }
    }

    fn end_cycle(&mut self) {
        let begins = self.lines.iter().position(|line| line == FOR_EVER).map_or(0, |at| at + 1);
        if begins == self.lines.len() {
            let over = if self.device { "ED" } else { "ID,ED" };
            self.note(over, "nothing that can be seen");
        }
        self.lines[begins..].iter_mut().for_each(|line| line.insert_str(0, "    "));
        self.lines.push("end".into());
    }

    pub(crate) fn finish(self) -> String {
        let mut participants = match self.device {
            true => vec!["X as Hostile Device"],
            false => vec!["IC as New Client", "ID as New Daemon"],
        };
        participants.extend(["ED as Old Daemon", "EC as Old Client"]);
        if self.another {
            participants.extend(["ID2 as New Daemon (second link)", "IC2 as New Client (second link)"]);
        }
        if self.stranger && !self.device {
            participants.push("X as Intruder");
        }
        let participants = participants.into_iter().map(|name| format!("participant {name}"));
        let lines = participants.chain(self.lines).map(|line| format!("    {line}\n"));
        std::iter::once("sequenceDiagram\n".to_owned()).chain(lines).collect()
    }

    pub(crate) fn step(&mut self, before: &World, action: Action, turn: &Turn) {
        self.repeated = caller_conn(before.callers.len() - before.repeated().len()).0;
        match action {
            Action::Deliver(side) => self.delivery(side, before),
            Action::Break { to_import, to_export } => {
                self.note("ID,ED", "the link breaks");
                for (side, kept) in [(Side::Import, to_import), (Side::Export, to_export)] {
                    for &item in before.link.half(side).queue.iter().skip(kept.into()) {
                        let (from, to) = ends(side);
                        self.arrow(from, "--x", to, &words(item));
                    }
                }
            }
            Action::LoseRequest => self.arrow("ED", "--x", "ID", &words(Item::Request)),
            Action::Repeat => self.repeated(CallerAct::Request),
            Action::Caller(conn, act) if conn >= self.repeated => self.repeated(act),
            Action::Caller(_, act) => self.caller(act),
            Action::Device(act) => self.device(act),
            Action::AddAccount
            | Action::Answer { .. }
            | Action::AnswerOtherwise
            | Action::CompareAccount { .. }
            | Action::RemoveAccount
            | Action::AddDevice(_)
            | Action::ConfirmAddDevice
            | Action::CompareAddDevice { .. }
            | Action::CancelAddDevice => self.call(turn),
            Action::Crash(Side::Import, Remains::Nothing) => self.note("ID", "crash, no account is there"),
            Action::Crash(Side::Import, Remains::Whole) => self.note("ID", "crash, the account is there"),
            Action::Crash(Side::Import, Remains::Torn) => self.note("ID", "crash, part of an account is there"),
            Action::Crash(Side::Export, _) => self.note("ED", "crash"),
            Action::Fire(Side::Import, timer) => self.note("ID", &format!("timer {timer:?}")),
            Action::Fire(Side::Export, timer) => self.note("ED", &format!("timer {timer:?}")),
            Action::Published | Action::Report | Action::Inner(..) => {}
            Action::Unpublishable => self.note("ID", "cannot be made reachable"),
            Action::Unreachable => self.note("ED", "does not find the device"),
            Action::AttemptFails => self.note("ED", "the attempt to connect fails"),
            Action::Secured => self.note("ID,ED", secured(turn)),
            Action::Unsecured => self.note("ID,ED", "TLS fails"),
            Action::Opened(Tried::Opened) => self.note("ED", "the password opens the archive"),
            Action::Opened(Tried::Wrong) => self.note("ED", "the password does not open the archive"),
            Action::Opened(Tried::Unreadable) => self.note("ED", "the archive cannot be read"),
            Action::HandedOver => self.note("ED", "the archive is handed over"),
            Action::SendFailed => self.note("ED", "the archive cannot be read any further"),
            Action::Unwritable => self.note("ID", "the archive cannot be staged"),
            Action::Checked(Check::Sound(HONEST)) => self.note("ID", "sound archive of the old device's account"),
            Action::Checked(Check::Sound(_)) => self.note("ID", "sound archive of the intruder's account"),
            Action::Checked(Check::Unsound) => self.note("ID", "not a sound archive"),
            Action::Checked(Check::Unreadable) => self.note("ID", "the staged archive cannot be read back"),
            Action::Settle { durable: true } => self.note("ID", "the account is durable"),
            Action::Settle { durable: false } => self.note("ID", "the account cannot be made durable"),
        }
        self.effects(turn);
    }

    pub(crate) fn effects(&mut self, turn: &Turn) {
        match turn {
            Turn::Import(_, effects) => effects.iter().for_each(|&effect| self.import_effect(effect)),
            Turn::Export(_, effects) => effects.iter().for_each(|&effect| self.export_effect(effect)),
            Turn::Neither => {}
        }
    }

    pub(crate) fn call(&mut self, turn: &Turn) {
        use export::Input as E;
        use import::Input as I;
        match turn {
            Turn::Import(Some(I::AddAccount), _) => {
                self.arrow("IC", "->>", "ID", "addAccount(archiveURL=\"jami-auth\")")
            }
            Turn::Import(Some(I::ProvideAccountAuthentication(slot, scheme)), _) => {
                let password = match (is_right(*slot), scheme) {
                    (true, Scheme::None) => "\"\"",
                    (true, Scheme::Password) => "password",
                    (false, _) => "wrong password",
                };
                let text = format!("provideAccountAuthentication({password}, \"{}\")", scheme.as_str());
                self.arrow("IC", "->>", "ID", &text);
            }
            Turn::Import(Some(I::RemoveAccount), _) => self.arrow("IC", "->>", "ID", "removeAccount()"),
            Turn::Export(Some(E::AddDevice(_)), _) => self.arrow("EC", "->>", "ED", "addDevice(token)"),
            Turn::Export(Some(E::ConfirmAddDevice), _) => {
                self.arrow("EC", "->>", "ED", "confirmAddDevice(op_id) → true")
            }
            Turn::Export(Some(E::CancelAddDevice), _) => self.arrow("EC", "->>", "ED", "cancelAddDevice(op_id) → true"),
            Turn::Import(..) | Turn::Export(..) | Turn::Neither => {}
        }
    }

    fn delivery(&mut self, side: Side, before: &World) {
        let (from, to) = ends(side);
        match before.link.half(side).queue.first() {
            Some(Item::Lost) => self.note(to, "the connection is gone"),
            // Both sides' part of the handshake was noted where it happened.
            Some(Item::Opened) | None => {}
            Some(&item) => self.arrow(from, "->>", to, &words(item)),
        }
    }

    /// Messages that have not arrived yet.
    fn rest(&mut self, world: &World) {
        for side in [Side::Import, Side::Export] {
            let (from, to) = ends(side);
            for &item in &world.link.half(side).queue {
                if !matches!(item, Item::Lost | Item::Opened) {
                    self.arrow(from, "-)", to, &format!("{} (on its way)", words(item)));
                }
            }
        }
    }

    fn import_effect(&mut self, effect: import::Effect) {
        use import::Effect as E;
        match effect {
            E::Signal(signal) => self.signal("ID", "IC", "deviceAuthStateChanged", signal),
            E::Stage(_) => self.note("ID", "stages the archive"),
            E::Install => self.note("ID", "begins to install the account"),
            E::Discard => self.note("ID", "wipes what was staged"),
            E::Remove => self.note("ID", "removes the account"),
            E::Accept(conn) => self.answer_caller(conn, "accept the connection"),
            E::Refuse(conn) => self.answer_caller(conn, "refuse the connection"),
            E::Close(conn) => self.answer_caller(conn, "close the connection"),
            E::AcceptChannel(conn) => self.answer_caller(conn, &words(Item::Accepted)),
            E::DeclineChannel(conn) => self.answer_caller(conn, &words(Item::Declined)),
            E::Send(conn, message) => self.answer_caller(conn, &message_words(message)),
            E::End(conn) => self.answer_caller(conn, &words(Item::End)),
            E::Publish | E::Withdraw | E::Arm(_) | E::Disarm(_) | E::Check => {}
        }
    }

    fn answer_caller(&mut self, conn: ConnId, text: &str) {
        if conn != PEER {
            let to = if conn.0 >= self.repeated { "ED" } else { "X" };
            self.arrow("ID", "->>", to, text);
        }
    }

    fn export_effect(&mut self, effect: export::Effect) {
        use export::Effect as E;
        let said = match effect {
            E::Signal(signal) => return self.signal("ED", "EC", "addDeviceStateChanged", signal),
            E::Open(_) => return self.note("ED", "tries the password"),
            E::SendArchive if self.device => "{accData: …".into(),
            E::SendArchive => return self.note("ED", "the first archive byte is out"),
            E::Connect => words(Item::Request),
            E::RequestChannel => words(Item::ChannelRequest),
            E::Send(message) => message_words(message),
            E::End => words(Item::End),
            E::Close => "close the connection".into(),
            E::Arm(_) | E::Disarm(_) => return,
        };
        if self.device {
            self.arrow("ED", "->>", "X", &said);
        }
    }

    fn signal(&mut self, daemon: &str, client: &str, name: &str, signal: Signal) {
        let mut text = format!("{name}(state={}", signal.state());
        for (key, value) in signal.details(self.vocabulary, "…") {
            let shown = match key.as_str() {
                "peer_id" => value.chars().take(4).chain(['…']).collect(),
                "token" => continue,
                _ => value,
            };
            text.push_str(&format!(", {key}=\"{shown}\""));
        }
        text.push(')');
        self.arrow(daemon, "-->>", client, &text);
    }

    /// The outcome of a request that the directory delivers again.
    fn repeated(&mut self, act: CallerAct) {
        match act {
            CallerAct::Request => self.arrow("ED", "->>", "ID", "request a connection (the same, again)"),
            _ => self.note("ID", "no answer"),
        }
    }

    fn caller(&mut self, act: CallerAct) {
        let text = match act {
            CallerAct::Request => words(Item::Request),
            CallerAct::Answer => return self.note("ID,X", "TLS begins"),
            CallerAct::Fail => return self.note("ID,X", "TLS fails"),
            CallerAct::Prove(Chain::Own) => return self.note("ID,X", "TLS, the intruder's own account"),
            CallerAct::Prove(Chain::Same) => return self.note("ID,X", "TLS, another device of the account"),
            CallerAct::Prove(Chain::Forged) => {
                return self.note("ID,X", "TLS, forged chain of the old device's account");
            }
            CallerAct::Ask(Ask::Right) => words(Item::ChannelRequest),
            CallerAct::Ask(Ask::Wrong) => "request channel auth:(wrong code)".into(),
            CallerAct::Ask(Ask::Other) => "request another channel".into(),
            CallerAct::Say(message) => message_words(message),
            CallerAct::Babble => "(no message)".into(),
            CallerAct::Begin => words(Item::ArchiveBegin),
            CallerAct::Complete => words(Item::ArchiveEnd),
            CallerAct::End => words(Item::End),
            CallerAct::Drop => return self.note("ID,X", "the connection is gone"),
        };
        self.arrow("X", "->>", "ID", &text);
    }

    fn device(&mut self, act: DeviceAct) {
        let text = match act {
            DeviceAct::Open { pinned: true } => return self.note("ED,X", "TLS with the token's device"),
            DeviceAct::Open { pinned: false } => return self.note("ED,X", "TLS with another device"),
            DeviceAct::Accept => words(Item::Accepted),
            DeviceAct::Decline => words(Item::Declined),
            DeviceAct::Say(Message::Password(slot)) if is_right(slot) => "{password: (the right one)}".into(),
            DeviceAct::Say(message) => message_words(message),
            DeviceAct::Babble => "(no message)".into(),
            DeviceAct::End => words(Item::End),
            DeviceAct::Drop => return self.note("ED,X", "the connection is gone"),
        };
        self.arrow("X", "->>", "ED", &text);
    }
}

/// A side's client and daemon.
const fn lifelines(side: Side) -> (&'static str, &'static str) {
    match side {
        Side::Import => ("IC", "ID"),
        Side::Export => ("EC", "ED"),
    }
}

/// The sender to this side, and the receiver's name.
const fn ends(to: Side) -> (&'static str, &'static str) {
    match to {
        Side::Import => ("ED", "ID"),
        Side::Export => ("ID", "ED"),
    }
}

/// Mermaid reads a semicolon as the end of a line.
fn plain(text: &str) -> String {
    text.replace(';', ",")
}

/// The note of a connection that is secured.
const fn secured(turn: &Turn) -> &'static str {
    match turn {
        Turn::Import(Some(import::Input::ConnectionOpened { verified: false, .. }), _) => {
            "TLS; the importer does not take the exporter's chain for the known one"
        }
        _ => "TLS, both chains verified",
    }
}
