//! The questions about a link.

use std::collections::BTreeSet;

use handfast::{
    export, import,
    operations::{AddDeviceError, Exports},
    outcome::{LinkState, Outcome, Profile, Scheme, Side, Signal, Vocabulary},
    reducer::Config,
    token::{self, DeviceId, Form, Token},
};

use crate::{
    explorer::explore::{Graph, Limits},
    property::{
        pairs,
        properties::{Half, PropertyId},
    },
    report::{api, check::with_legacy},
    system::{
        Turn,
        action::Action,
        config::{Configuration, Size, find},
        world::{ADDRESS, Storage, World},
    },
};

/// The link that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Two hardened peers in this profile.
    Hardened(Profile),
    /// Two of today's daemons, as the model has them.
    Today,
}

impl Subject {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Hardened(Profile::Documented), Self::Hardened(Profile::Jamid), Self::Today];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Hardened(Profile::Documented) => "HH-documented",
            Self::Hardened(Profile::Jamid) => "HH-jamid",
            Self::Today => "LL-jamid",
        }
    }

    const fn profile(self) -> Profile {
        match self {
            Self::Hardened(profile) => profile,
            Self::Today => Profile::Jamid,
        }
    }

    fn configuration(self, name: &str) -> Configuration {
        let id = format!("{}-{name}", self.prefix());
        find(Size::Small, &id).unwrap_or_else(|| panic!("there is no configuration {id}"))
    }

    /// Whether a step of its links is like this: the world before, what came of it, the world after.
    fn takes(self, name: &str, mut like: impl FnMut(&World, &Turn, &World) -> bool) -> bool {
        let system = with_legacy(self.configuration(name));
        let mut found = false;
        let graph = Graph::explore_with(&system, Limits::default(), None, |_, state, action: Action| {
            let (next, turn) = system.step(state, action)?;
            found = found || like(&state.world, &turn, &next.world);
            Some(next)
        });
        assert!(graph.is_complete());
        found
    }

    /// Whether a state of its links is like this.
    fn reaches(self, name: &str, mut like: impl FnMut(&World) -> bool) -> bool {
        self.takes(name, |_, _, world| like(world))
    }

    /// Whether a signal of a side is like this, with the state that was signalled before.
    fn signals(self, name: &str, side: Side, mut like: impl FnMut(LinkState, Signal) -> bool) -> bool {
        self.takes(name, |before, turn, _| {
            let mut at = match side {
                Side::Import => before.seen.import.signalled,
                Side::Export => before.seen.export.signalled,
            };
            signals_of(turn, side).into_iter().any(|signal| like(std::mem::replace(&mut at, signal.state()), signal))
        })
    }

    /// Whether a property is violated.
    fn violates(self, name: &str, property: PropertyId) -> bool {
        let system = with_legacy(self.configuration(name));
        let name = property.name(Half::Both);
        let graph = Graph::explore(&system, Limits::default(), Some(name));
        graph.path(&system, name).is_some()
    }
}

fn signals_of(turn: &Turn, side: Side) -> Vec<Signal> {
    match (turn, side) {
        (Turn::Import(_, effects), Side::Import) => effects
            .iter()
            .filter_map(|effect| if let import::Effect::Signal(signal) = *effect { Some(signal) } else { None })
            .collect(),
        (Turn::Export(_, effects), Side::Export) => effects
            .iter()
            .filter_map(|effect| if let export::Effect::Signal(signal) = *effect { Some(signal) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

fn token_of(form: Form, code: u32) -> String {
    let id = match form {
        Form::Short => "02f92cb034a73275b5a23074abfa84a20a4f340b".to_owned(),
        Form::Long => "ab".repeat(32),
    };
    format!("{}{id}/{code}", token::PREFIX)
}

pub(super) fn short_token(subject: Subject) -> bool {
    token_of(Form::shown_by(subject.profile()), 123_456).len() == token::SHORT_LENGTH
}

pub(super) fn takes_a_short_token(subject: Subject) -> bool {
    let text = token_of(Form::Short, 123_456);
    match subject {
        Subject::Hardened(_) => Token::parse(text.as_bytes()),
        Subject::Today => Token::parse_lenient(text.as_bytes()),
    }
    .is_ok_and(|token| matches!(token.device, DeviceId::Short(_)))
}

pub(super) fn code_names_the_channel(subject: Subject) -> bool {
    let form = Form::shown_by(subject.profile());
    let name = |code| {
        let token = Token::parse(token_of(form, code).as_bytes()).ok()?;
        Some(token.code.channel_name().as_bytes().to_vec())
    };
    name(123_456).zip(name(654_321)).is_some_and(|(one, other)| one != other)
}

pub(super) fn says_none_as_scheme(subject: Subject) -> bool {
    subject.signals("honest", Side::Import, |_, signal| {
        signal.details(subject.profile().vocabulary(), "").get("auth_scheme").is_some_and(|word| word == "none")
    })
}

pub(super) fn understands_none(_: Subject) -> bool {
    Scheme::from_word("none") == Scheme::from_word("") && Vocabulary::is_success("none")
}

pub(super) fn says_bad_password(subject: Subject) -> bool {
    let words = BTreeSet::from(["bad_password"]);
    let mut said = BTreeSet::new();
    subject.signals("honest", Side::Import, |_, signal| {
        said.extend(signal.details(subject.profile().vocabulary(), "").remove("auth_error"));
        false
    });
    said.iter().map(String::as_str).collect::<BTreeSet<_>>() == words
}

pub(super) fn errors_are_documented(subject: Subject) -> bool {
    let documented = api::DETAILS.iter().find(|one| one.key == "error").map_or(&[][..], |one| one.words);
    let odd = |signal: Signal| {
        let error = signal.details(subject.profile().vocabulary(), "").remove("error");
        error.is_some_and(|error| !documented.contains(&error.as_str()))
    };
    let mut all = true;
    subject.takes("timers", |_, turn, _| {
        all &= [Side::Import, Side::Export].into_iter().all(|side| !signals_of(turn, side).into_iter().any(odd));
        false
    });
    all
}

pub(super) fn address_is_the_importer_s(subject: Subject) -> bool {
    let (mut some, mut all) = (false, true);
    subject.signals("honest", Side::Export, |_, signal| {
        if let Signal::Confirm { peer_address } = signal {
            some = true;
            all &= peer_address == ADDRESS;
        }
        false
    });
    some && all
}

pub(super) fn asks_before_the_confirmation(subject: Subject) -> bool {
    subject.reaches("honest", |world| world.seen.import.prompt.is_some() && !world.seen.export.confirmed)
}

pub(super) fn sends_unanswered(subject: Subject) -> bool {
    subject.reaches("honest", |world| world.seen.export.byte_out && world.seen.import.answers == 0)
}

pub(super) fn asks_again(subject: Subject) -> bool {
    subject.reaches("honest", |world| {
        world.seen.export.wrong == 1 && world.seen.import.prompts == 2 && world.seen.import.prompt.is_some()
    })
}

pub(super) fn third_wrong_is_the_error(subject: Subject) -> bool {
    subject.reaches("honest", |world| {
        let ended = world.seen.import.done.map(|done| done.outcome);
        world.seen.export.wrong == 3 && ended == Some(Outcome::Authentication)
    })
}

pub(super) fn in_progress_before_the_password(subject: Subject) -> bool {
    subject.reaches("honest", |world| world.seen.import.signalled == LinkState::InProgress && !world.seen.export.opened)
}

pub(super) fn success_of_nothing(subject: Subject) -> bool {
    subject.reaches("loss", |world| {
        let success = world.seen.export.done.is_some_and(|done| done.outcome.is_success());
        success && world.import.storage == Storage::None && world.seen.import.done.is_some()
    })
}

pub(super) fn errors_differ(subject: Subject) -> bool {
    let word = |outcome| subject.profile().vocabulary().error(outcome);
    subject.reaches("loss", |world| {
        world.both_ended().is_some_and(|(import, export)| word(import.outcome) != word(export.outcome))
    })
}

pub(super) fn ends_in_no_pair(subject: Subject) -> bool {
    subject.reaches("loss", |world| world.both_ended().is_some() && pairs::classify(world).is_none())
}

pub(super) fn cancel_is_unheard(subject: Subject) -> bool {
    subject.violates("cancel", PropertyId::CancelArrives)
}

pub(super) fn cancel_ends_at_once(subject: Subject) -> bool {
    let (mut some, mut all) = (false, true);
    subject.takes("cancel", |before, turn, _| {
        let cancels = matches!(turn, Turn::Export(Some(export::Input::CancelAddDevice), _));
        if cancels && before.seen.export.signalled == LinkState::Connecting {
            some = true;
            all &= signals_of(turn, Side::Export).contains(&Signal::Done(Outcome::CANCELED));
        }
        false
    });
    some && all
}

pub(super) fn invalid_token_is_negative(_: Subject) -> bool {
    AddDeviceError::InvalidUri.code() < 0
}

pub(super) fn connecting_twice(subject: Subject) -> bool {
    subject.signals("strangers", Side::Import, |before, signal| {
        signal == Signal::Connecting && before >= LinkState::Connecting
    })
}

pub(super) fn signals_after_done(subject: Subject) -> bool {
    subject.signals("intruders", Side::Import, |before, _| before == LinkState::Done)
}

pub(super) fn sides_are_alike(subject: Subject) -> bool {
    let steps = |side| {
        let mut steps = BTreeSet::new();
        subject.signals("honest", side, |before, signal| {
            steps.insert((before, signal.state()));
            false
        });
        steps
    };
    let (mut import, export) = (steps(Side::Import), steps(Side::Export));
    import.remove(&(LinkState::Init, LinkState::TokenAvailable));
    let without = |state| if state == LinkState::TokenAvailable { LinkState::Init } else { state };
    import.into_iter().map(|(from, to)| (without(from), to)).collect::<BTreeSet<_>>() == export
}

pub(super) fn signals_init(subject: Subject) -> bool {
    [Side::Import, Side::Export]
        .into_iter()
        .any(|side| subject.signals("honest", side, |_, signal| signal.state() == LinkState::Init))
}

pub(super) fn goes_on_for_ever(subject: Subject) -> bool {
    subject.violates("loss", PropertyId::Ends)
}

pub(super) fn key_is_a_scheme(_: Subject) -> bool {
    Scheme::from_word("key").is_some()
}

pub(super) fn unasked_answer_is_true(subject: Subject) -> bool {
    // An unrequested answer is tried at every hardened importer; an old one has a configuration of its own for it.
    let name = match subject {
        Subject::Hardened(_) => "honest",
        Subject::Today => "clicks",
    };
    subject.takes(name, |before, turn, _| {
        let answers = matches!(turn, Turn::Import(Some(import::Input::ProvideAccountAuthentication(..)), _));
        answers && before.seen.import.prompt.is_none()
    })
}

pub(super) fn errors_are_negative(_: Subject) -> bool {
    let errors = [AddDeviceError::InvalidUri, AddDeviceError::AlreadyLinking, AddDeviceError::Generic];
    let first = Exports::new(Config::default()).add_device(Scheme::None);
    errors.map(AddDeviceError::code) == [-1, -2, -3] && first.is_ok_and(|op| op.0 > 0)
}
