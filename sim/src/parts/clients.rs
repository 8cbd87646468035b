//! The screens that clients show of the strings of their daemon, in both vocabularies (R-ERR-1, R-ERR-2, R-CLI-3, R-CLI-9): the details are typed from
//! the tables of the document.

use handfast::{
    client::{Failure, Received, export, import},
    message::Slot,
    operations::{LocalId, OpId},
    outcome::{Details, Outcome, Scheme, Side},
};

use super::{Cases, Part};

const PEER: &str = "0707070707070707070707070707070707070707";
const ADDRESS: &str = "192.0.2.7:4711";

fn read(side: Side, state: i32, details: &[(&str, &str)]) -> Received {
    let details: Details = details.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    Received::read(side, state, &details)
}

/// The last screen that an import client shows at these inputs, and its last call that answers.
fn import(client: &mut import::Client, inputs: &[import::Input]) -> (Option<import::Screen>, Option<Scheme>) {
    let (mut screen, mut scheme) = (None, None);
    for &input in inputs {
        let taken = client.handle(input).is_ok();
        while let Some(effect) = client.poll_effect() {
            match effect {
                import::Effect::Show(shown) => screen = Some(shown),
                import::Effect::ProvideAccountAuthentication(_, _, answered) if taken => scheme = Some(answered),
                _ => {}
            }
        }
    }
    (screen, scheme)
}

/// The last screen that an export client shows at these inputs.
fn export(client: &mut export::Client, inputs: &[export::Input]) -> Option<export::Screen> {
    let mut screen = None;
    for &input in inputs {
        // A screen that does not offer it shows nothing.
        let _ = client.handle(input);
        while let Some(effect) = client.poll_effect() {
            if let export::Effect::Show(shown) = effect {
                screen = Some(shown);
            }
        }
    }
    screen
}

/// Carries the table out.
pub(super) fn clients() -> Part {
    let mut cases = Cases::default();
    questions(&mut cases);
    ends(&mut cases);
    cases.part("clients", "R-ERR-1, R-ERR-2, R-CLI-3, R-CLI-9")
}

/// A question is shown, again after each wrong password, and is answered in its scheme.
fn questions(cases: &mut Cases) {
    use import::{Input as I, Screen as S};
    let id = LocalId(1);
    let begun = || {
        let mut client = import::Client::new();
        import(&mut client, &[I::Select, I::Added(Ok(id))]);
        client
    };
    let prompt = |scheme: &str, error: Option<&str>| {
        let mut details = vec![("peer_id", PEER), ("auth_scheme", scheme)];
        details.extend(error.map(|error| ("auth_error", error)));
        I::Signal(id, read(Side::Import, 3, &details))
    };
    let asks = |(screen, _): (Option<S>, Option<Scheme>)| match screen {
        Some(S::Authenticating { prompt, answered }) => Some((prompt.scheme, prompt.wrong_password, answered)),
        _ => None,
    };
    for (word, scheme) in [("", Scheme::None), ("none", Scheme::None), ("password", Scheme::Password)] {
        let mut client = begun();
        let shown = asks(import(&mut client, &[prompt(word, None)]));
        cases.expect(format!("import: the question, scheme {word:?}"), Some((scheme, false, false)), shown);
        let (_, answered) = import(&mut client, &[I::Answer(Slot(1))]);
        cases.expect(format!("import: the scheme of the answer, {word:?}"), Some(scheme), answered);
    }
    for error in ["bad_password", "invalid_credentials", "something new"] {
        let mut client = begun();
        import(&mut client, &[prompt("password", None)]);
        for wrong in 1..=2 {
            let again = [I::Answer(Slot(1)), I::Provided(id, true), prompt("password", Some(error))];
            let shown = asks(import(&mut client, &again));
            let what = format!("import: the question after wrong password {wrong}, {error:?}");
            cases.expect(what, Some((Scheme::Password, true, false)), shown);
        }
        let (_, answered) = import(&mut client, &[I::Answer(Slot(1))]);
        cases.expect(format!("import: the last answer, {error:?}"), Some(Scheme::Password), answered);
    }
    let token = I::Signal(id, read(Side::Import, 1, &[("token", "jami-auth://x")]));
    cases.expect("import: the token", Some(S::TokenAvailable), import(&mut begun(), &[token]).0);
}

/// Each end is shown as what it is.
fn ends(cases: &mut Cases) {
    use export::{Input as E, Screen as X};
    use import::{Input as I, Screen as S};
    // The error, the reason if there is one, and how the operation ended; `None` is a failure that no one knows.
    type Row = (&'static str, Option<&'static str>, Option<Outcome>);
    let table: [Row; 16] = [
        ("network", None, Some(Outcome::Network)),
        ("network", Some("timeout"), Some(Outcome::Timeout)),
        ("network", Some("canceled"), Some(Outcome::CANCELED)),
        ("network", Some("protocol"), Some(Outcome::Protocol)),
        ("network", Some("storage"), Some(Outcome::Storage)),
        ("network", Some("peer"), Some(Outcome::Peer)),
        ("network", Some("something new"), None),
        ("authentication", None, Some(Outcome::Authentication)),
        ("timeout", None, Some(Outcome::Timeout)),
        ("auth_error", None, Some(Outcome::Authentication)),
        ("canceled", None, Some(Outcome::CANCELED)),
        ("unknown", None, None),
        ("something new", None, None),
        ("NONE", None, None),
        ("success", None, None),
        (" ", None, None),
    ];
    let (id, op) = (LocalId(1), OpId(1));
    let importing = |details: &[(&str, &str)]| {
        let end = I::Signal(id, read(Side::Import, 5, details));
        import(&mut import::Client::new(), &[I::Select, I::Added(Ok(id)), end]).0
    };
    let exporting = |details: &[(&str, &str)]| {
        let end = E::Signal(op, read(Side::Export, 5, details));
        let inputs = [E::Select, E::Manual, E::Entered(Slot(1)), E::Added(Ok(op)), end];
        export(&mut export::Client::new(), &inputs)
    };
    for (error, reason, outcome) in table {
        let mut details = vec![("error", error)];
        details.extend(reason.map(|reason| ("reason", reason)));
        let failure = outcome.map_or(Failure::Unheard, Failure::Ended);
        cases.expect(format!("import: {details:?}"), Some(S::Error(failure)), importing(&details));
        cases.expect(format!("export: {details:?}"), Some(X::Error(failure)), exporting(&details));
    }
    for error in ["", "none"] {
        cases.expect(format!("import: no error, {error:?}"), Some(S::Done), importing(&[("error", error)]));
        let done = |confirmed| Some(X::Done { confirmed });
        cases.expect(format!("export: no error, {error:?}"), done(true), exporting(&[("error", error)]));
        let unconfirmed = [("error", error), ("confirmed", "false")];
        cases.expect(format!("export: {unconfirmed:?}"), done(false), exporting(&unconfirmed));
    }
    let sent = [("error", "canceled"), ("sent", "true")];
    let stated = Some(X::Error(Failure::Ended(Outcome::Canceled { sent: true })));
    cases.expect(format!("export: {sent:?}"), stated, exporting(&sent));
    let confirm = E::Signal(op, read(Side::Export, 3, &[("peer_address", ADDRESS)]));
    let inputs = [E::Select, E::Manual, E::Entered(Slot(1)), E::Added(Ok(op)), confirm];
    let shown = export(&mut export::Client::new(), &inputs);
    let asks = matches!(shown, Some(X::Authenticating { address, confirmed: false }) if address.to_string() == ADDRESS);
    cases.expect("export: the question is shown", true, asks);
}
