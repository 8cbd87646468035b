//! Draws the steps of a trace. A message is drawn where it is sent, or, from outside of the trace, where it arrives.

use handfast::{
    export::{self, Tried},
    import::{self, Ask, Check},
    outcome::{Scheme, Side, Signal, Vocabulary},
    reducer::ConnId,
    trace::{Step, Turn},
};

use crate::message::words;

const REQUEST: &str = "request a connection";
const REQUEST_CHANNEL: &str = "request channel auth:<code>";
const ACCEPT: &str = "accept the channel";
const DECLINE: &str = "decline the channel";
const ARCHIVE: &str = "accData …";
const ARCHIVE_END: &str = "… accData complete";
const EOF: &str = "end of the channel";
const CLOSE: &str = "close the connection";
const GONE: &str = "the connection is gone";

/// A Mermaid sequence diagram of a trace of one side, or of both, with what is said before and after it.
pub(super) fn draw(steps: &[Step], vocabulary: Vocabulary, before: Option<&str>, after: Option<&str>) -> String {
    let has = |side| steps.iter().any(|step| step.side() == side);
    let mut drawing = Drawing {
        vocabulary,
        both: has(Side::Import) && has(Side::Export),
        session: session(steps),
        stranger: false,
        lines: Vec::new(),
    };
    before.iter().for_each(|text| drawing.note("ID,ED", text));
    steps.iter().for_each(|step| drawing.step(step));
    after.iter().for_each(|text| drawing.note("ID,ED", text));
    let mut participants = vec!["IC as New Client", "ID as New Daemon", "ED as Old Daemon", "EC as Old Client"];
    if drawing.stranger {
        participants.push("X as Another caller");
    }
    let participants = participants.into_iter().map(|name| format!("    participant {name}\n"));
    std::iter::once("sequenceDiagram\n".into()).chain(participants).chain(drawing.lines).collect()
}

/// The lines of each step, without the participants.
pub(crate) fn lines(steps: &[Step], vocabulary: Vocabulary) -> Vec<Vec<String>> {
    let has = |side| steps.iter().any(|step| step.side() == side);
    let both = has(Side::Import) && has(Side::Export);
    let mut drawing = Drawing { vocabulary, both, session: session(steps), stranger: false, lines: Vec::new() };
    let of_step = |step| {
        drawing.step(step);
        std::mem::take(&mut drawing.lines)
    };
    steps.iter().map(of_step).collect()
}

/// The connection of the exporter: the session's, or the first one if there is none.
fn session(steps: &[Step]) -> Option<ConnId> {
    let imports = || {
        steps.iter().filter_map(|step| match &step.turn {
            Turn::Import { input, effects } => Some((input, effects)),
            Turn::Export { .. } => None,
        })
    };
    let accepted = imports().flat_map(|(_, effects)| effects).find_map(|effect| match effect {
        import::Effect::AcceptChannel(conn) => Some(*conn),
        _ => None,
    });
    accepted.or_else(|| {
        imports().find_map(|(input, _)| match input {
            import::Input::ConnectionRequested(conn) | import::Input::ConnectionRequestedFrom(conn, _) => Some(*conn),
            _ => None,
        })
    })
}

/// Mermaid reads a semicolon as the end of a line, and a browser what is in angle brackets as a tag.
fn plain(text: &str) -> String {
    text.replace(';', ",").replace('<', "(").replace('>', ")")
}

struct Drawing {
    vocabulary: Vocabulary,
    both: bool,
    session: Option<ConnId>,
    stranger: bool,
    lines: Vec<String>,
}

impl Drawing {
    fn arrow(&mut self, from: &str, arrow: &str, to: &str, text: &str) {
        self.lines.push(format!("    {from}{arrow}{to}: {}\n", plain(text)));
    }

    fn note(&mut self, over: &str, text: &str) {
        self.lines.push(format!("    Note over {over}: {}\n", plain(text)));
    }

    fn step(&mut self, step: &Step) {
        let refused = step.refused.map_or(String::new(), |why| format!(" → refused: {why}"));
        match &step.turn {
            Turn::Import { input, effects } => {
                self.import_input(input, &refused);
                effects.iter().for_each(|effect| self.import_effect(effect));
            }
            Turn::Export { input, effects } => {
                self.export_input(input, &refused);
                effects.iter().for_each(|effect| self.export_effect(effect));
            }
        }
    }

    /// Returns the participant at the other end of an importer's connection.
    fn caller(&mut self, conn: ConnId) -> &'static str {
        let stranger = self.session != Some(conn);
        self.stranger |= stranger;
        if stranger { "X" } else { "ED" }
    }

    /// Something comes on a connection of the importer's.
    fn arrives(&mut self, conn: ConnId, text: &str) {
        let from = self.caller(conn);
        if !self.both || from == "X" {
            self.arrow(from, "->>", "ID", text);
        }
    }

    fn import_input(&mut self, input: &import::Input, refused: &str) {
        use import::Input as I;
        match input {
            I::AddAccount => self.arrow("IC", "->>", "ID", &format!("addAccount(archiveURL=\"jami-auth\"){refused}")),
            I::ProvideAccountAuthentication(_, scheme) => {
                let call = format!("provideAccountAuthentication(<secret>, \"{}\"){refused}", Scheme::as_str(*scheme));
                self.arrow("IC", "->>", "ID", &call);
            }
            I::CompareAccount(equal) => {
                self.arrow("IC", "->>", "ID", &format!("compareAccount({equal}){refused}"));
            }
            I::RemoveAccount => self.arrow("IC", "->>", "ID", &format!("removeAccount(){refused}")),
            I::Unpublishable => self.note("ID", "cannot be made reachable"),
            I::ConnectionRequested(conn) | I::ConnectionRequestedFrom(conn, _) => self.arrives(*conn, REQUEST),
            I::ConnectionOpened { conn, .. } => {
                let caller = self.caller(*conn);
                self.note(&format!("ID,{caller}"), "TLS");
            }
            I::ConnectionFailed(conn) => {
                let caller = self.caller(*conn);
                self.note(&format!("ID,{caller}"), "TLS fails");
            }
            I::ConnectionLost(_) => self.note("ID", GONE),
            I::ChannelRequested(conn, Ask::Right) => self.arrives(*conn, REQUEST_CHANNEL),
            I::ChannelRequested(conn, Ask::Wrong) => self.arrives(*conn, "request channel auth:<wrong code>"),
            I::ChannelRequested(conn, Ask::Other) => self.arrives(*conn, "request another channel"),
            I::ChannelEnded(conn) => self.arrives(*conn, EOF),
            I::Message(conn, message) => self.arrives(*conn, &words(message)),
            I::Malformed(conn) => self.arrives(*conn, "(no message)"),
            I::ArchiveBegan(conn) => self.arrives(*conn, ARCHIVE),
            I::ArchiveComplete(conn) => self.arrives(*conn, ARCHIVE_END),
            I::ArchiveUnwritable(_) => self.note("ID", "the archive cannot be staged"),
            I::Checked(Check::Sound(_)) => self.note("ID", "the archive is sound"),
            I::Checked(Check::Unsound) => self.note("ID", "not a sound archive"),
            I::Checked(Check::Unreadable) => self.note("ID", "the staged archive cannot be read back"),
            I::Installed(true) => self.note("ID", "the account is durable"),
            I::Installed(false) => self.note("ID", "the account cannot be made durable"),
            I::Fired(timer) => self.note("ID", &format!("timer {timer:?}")),
            I::ConnectionsExhausted => self.note("ID", "has no descriptors left"),
            I::Published | I::ConnectionAnswered(_) | I::ArchiveProgressed(_) => {}
        }
    }

    fn import_effect(&mut self, effect: &import::Effect) {
        use import::Effect as E;
        let (conn, text) = match effect {
            E::Signal(signal) => return self.signal("ID", "IC", "deviceAuthStateChanged", *signal),
            E::Stage(_) => return self.note("ID", "stages the archive"),
            E::Install => return self.note("ID", "begins to install the account"),
            E::Discard => return self.note("ID", "wipes what was staged"),
            E::Remove => return self.note("ID", "removes the account"),
            E::Refuse(conn) => (conn, "refuse the connection".into()),
            E::Close(conn) => (conn, CLOSE.into()),
            E::AcceptChannel(conn) => (conn, ACCEPT.into()),
            E::DeclineChannel(conn) => (conn, DECLINE.into()),
            E::Send(conn, message) => (conn, words(message)),
            E::End(conn) => (conn, EOF.into()),
            E::Accept(_) | E::Publish | E::Withdraw | E::Arm(_) | E::Disarm(_) | E::Check => return,
        };
        let caller = self.caller(*conn);
        self.arrow("ID", "->>", caller, &text);
    }

    /// Something comes on the exporter's connection.
    fn returns(&mut self, text: &str) {
        if !self.both {
            self.arrow("ID", "->>", "ED", text);
        }
    }

    fn export_input(&mut self, input: &export::Input, refused: &str) {
        use export::Input as I;
        match input {
            I::AddDevice(_) => self.arrow("EC", "->>", "ED", &format!("addDevice(token){refused}")),
            I::ConfirmAddDevice => self.arrow("EC", "->>", "ED", &format!("confirmAddDevice(op_id){refused}")),
            I::CompareAddDevice(equal) => {
                self.arrow("EC", "->>", "ED", &format!("compareAddDevice(op_id, {equal}){refused}"));
            }
            I::CancelAddDevice => self.arrow("EC", "->>", "ED", &format!("cancelAddDevice(op_id){refused}")),
            I::Opened { pinned: true } if self.both => {}
            I::Opened { pinned: true } => self.note("ID,ED", "TLS"),
            I::Opened { pinned: false } => self.note("ED", "TLS with another device than the token's"),
            I::Unreachable => self.note("ED", "does not reach the device"),
            I::Failed => self.note("ED", "the attempt to connect fails"),
            I::Lost => self.note("ED", GONE),
            I::Accepted { .. } => self.returns(ACCEPT),
            I::Declined => self.returns(DECLINE),
            I::Ended => self.returns(EOF),
            I::Message(message) => self.returns(&words(message)),
            I::Malformed => self.returns("(no message)"),
            I::Tried(_, Tried::Opened) => self.note("ED", "the password opens the archive"),
            I::Tried(_, Tried::Wrong) => self.note("ED", "the password does not open the archive"),
            I::Tried(_, Tried::Unreadable) => self.note("ED", "the archive cannot be read"),
            I::HandedOver => self.arrow("ED", "->>", "ID", ARCHIVE_END),
            I::SendFailed => self.note("ED", "the archive cannot be read any further"),
            I::Fired(timer) => self.note("ED", &format!("timer {timer:?}")),
            I::Progressed => {}
        }
    }

    fn export_effect(&mut self, effect: &export::Effect) {
        use export::Effect as E;
        let text = match effect {
            E::Signal(signal) => return self.signal("ED", "EC", "addDeviceStateChanged", *signal),
            E::Open(_) => return self.note("ED", "tries the password"),
            E::Connect => REQUEST.into(),
            E::RequestChannel => REQUEST_CHANNEL.into(),
            E::Send(message) => words(message),
            E::SendArchive => ARCHIVE.into(),
            E::End => EOF.into(),
            E::Close => CLOSE.into(),
            E::Arm(_) | E::Disarm(_) => return,
        };
        self.arrow("ED", "->>", "ID", &text);
    }

    fn signal(&mut self, daemon: &str, client: &str, name: &str, signal: Signal) {
        let details = signal.details(self.vocabulary, "…");
        let details: String = details.iter().map(|(key, value)| format!(", {key}=\"{value}\"")).collect();
        self.arrow(daemon, "-->>", client, &format!("{name}(state={}{details})", signal.state()));
    }
}

#[cfg(test)]
mod tests {
    use handfast::trace::from_line;
    use handfast_model::{config, explore::Limits, walk::reach};

    use super::*;

    fn steps(goal: &str) -> Vec<Step> {
        let configuration = config::find(config::Size::Small, "HH-documented-honest").unwrap();
        let way = reach(configuration, goal, Limits::default()).unwrap();
        way.trace[1..].iter().map(|line| from_line(line).unwrap()).collect()
    }

    #[test]
    fn both_sides_are_drawn_in_their_order() {
        insta::assert_snapshot!(draw(&steps("wrong once, then right"), Vocabulary::Documented, None, None));
    }

    #[test]
    fn of_one_side_the_other_is_what_it_says() {
        for side in [Side::Import, Side::Export] {
            let mut steps = steps("both succeed");
            steps.retain(|step| step.side() == side);
            insta::assert_snapshot!(side.to_string(), draw(&steps, Vocabulary::Documented, None, None));
        }
    }
}
