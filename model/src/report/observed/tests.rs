//! Runs of the model are allowed: random paths through it, seen by clients that call whatever they like.

use handfast::{
    export, import,
    outcome::{Profile, Scheme, Side},
};
use serde_json::{Value, json};
use stateright::Model as _;

use super::{Delays, Terms, Trace, Verdict, runs, search, signal_of, validate};
use crate::{
    property::judged::{Judged, Reached},
    report::check::{hardened, with_legacy},
    system::{
        Aim, Turn,
        action::Action,
        config::Cast,
        side::{ExportSide, ImportSide},
        world::is_right,
    },
};

const TOKENS: [&str; 2] = [
    "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456",
    "jami-auth://799301de89386f6eebfaa855d3d135f93458bf2754a6463f0570fce30f1229d8/727601",
];

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
}

/// Returns the lines that two clients write down of a random path.
struct Clients {
    lines: Vec<Value>,
    t_ms: u64,
    token: &'static str,
    profiles: [Profile; 2],
}

impl Clients {
    fn note(&mut self, mut line: Value) {
        line["t_ms"] = self.t_ms.into();
        self.lines.push(line);
    }

    fn called(&mut self, side: Side, call: &str, args: Value, ret: Value) {
        self.note(json!({"side": side, "call": call, "args": args, "ret": ret}));
    }

    fn signals(&mut self, turn: &Turn) {
        let (side, signals) = search::signals_of(turn);
        for signal in signals {
            let vocabulary = self.profiles[runs::index(side)].vocabulary();
            let mut line = json!({"side": side, "signal": signal_of(side), "state": signal.state().number()});
            line["details"] = json!(signal.details(vocabulary, self.token));
            if side == Side::Export {
                line["op_id"] = 7.into();
            }
            self.note(line);
        }
    }
}

/// The calls that clients can make at any time.
fn calls<I: ImportSide, E: ExportSide>(state: &Reached<I, E>, scheme: Scheme, dice: &mut Dice) -> Aim {
    let right = dice.below(2) == 0;
    let asked = state.world.seen.import.prompt.map_or(scheme, |prompt| prompt.scheme);
    match dice.below(8) {
        0 => Aim::Import(import::Input::AddAccount),
        1 | 2 => Aim::Import(import::Input::ProvideAccountAuthentication(state.world.next_slot(right), asked)),
        3 => Aim::Import(import::Input::RemoveAccount),
        4 => Aim::Export(export::Input::AddDevice(scheme)),
        5 | 6 => Aim::Export(export::Input::ConfirmAddDevice),
        _ => Aim::Export(export::Input::CancelAddDevice),
    }
}

fn walk<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, dice: &mut Dice) -> String {
    let configuration = *system.configuration();
    let profiles = [configuration.profile_of(Side::Import), configuration.profile_of(Side::Export)];
    let token = TOKENS[usize::from(profiles[0] == Profile::Jamid)];
    let mut clients = Clients { lines: Vec::new(), t_ms: 0, token, profiles };
    let scheme = [Scheme::None, Scheme::Password][dice.below(2)];
    let mut state = system.init_states().remove(0);
    let (mut begun, mut removals) = ([false; 2], 0);
    for _ in 0..60 {
        clients.t_ms += 1;
        let mut actions = Vec::new();
        system.actions(&state, &mut actions);
        let hidden: Vec<Action> = actions.into_iter().filter(|action| action.caller().is_none()).collect();
        // People rarely do what no one asks them to.
        let people = hidden.is_empty() || dice.below(6) == 0;
        if !people {
            let action = hidden[dice.below(hidden.len())];
            if let Some((next, turn)) = system.step(&state, action) {
                clients.signals(&turn);
                state = next;
                state.world.left.early = 1;
            }
            continue;
        }
        let aim = calls(&state, scheme, dice);
        let answer = system.hand(state.clone(), aim);
        let accepted: Value = answer.is_ok().into();
        match aim {
            Aim::Import(import::Input::AddAccount) if !begun[0] => {
                begun[0] = true;
                let args = json!({"Account.archiveURL": "jami-auth"});
                clients.called(Side::Import, "addAccount", args, "61271c0fd75371aa".into());
            }
            Aim::Import(import::Input::ProvideAccountAuthentication(slot, scheme)) if begun[0] => {
                let shown = match (is_right(slot), scheme) {
                    (true, Scheme::None) => "",
                    (true, Scheme::Password) => "right",
                    (false, _) => "wrong",
                };
                let args = json!({"scheme": scheme.as_str(), "credentials": shown});
                clients.called(Side::Import, "provideAccountAuthentication", args, accepted);
            }
            Aim::Import(import::Input::RemoveAccount) if begun[0] && removals < 1 => {
                removals += 1;
                clients.called(Side::Import, "removeAccount", json!({}), Value::Null);
            }
            Aim::Export(export::Input::AddDevice(_)) if !begun[1] && state.world.seen.import.signalled.number() > 0 => {
                begun[1] = true;
                clients.called(Side::Export, "addDevice", json!({"uri": token}), 7.into());
            }
            Aim::Export(export::Input::ConfirmAddDevice) if begun[1] => {
                clients.called(Side::Export, "confirmAddDevice", json!({"op_id": 7}), accepted);
            }
            Aim::Export(export::Input::CancelAddDevice) if begun[1] && dice.below(4) == 0 => {
                clients.called(Side::Export, "cancelAddDevice", json!({"op_id": 7}), accepted);
            }
            Aim::Import(_) | Aim::Export(_) | Aim::Inner(..) | Aim::Neither => continue,
        }
        if let Ok((next, turn)) = answer {
            clients.signals(&turn);
            state = next;
        }
    }
    clients.lines.iter().map(|line| format!("{line}\n")).collect()
}

fn terms(cast: Cast, profile: Profile) -> Terms {
    let mut terms = Terms::new(cast, profile);
    // No clock is in this: every step is a millisecond, and what is posted may wait.
    terms.delays = Delays { signal: 0, call: 0, posted: u64::MAX, thread: u64::MAX, loss: 0 };
    terms.free_timers = true;
    terms.budget.storage = 1;
    terms
}

#[test]
fn whatever_the_model_does_is_allowed() {
    for (cast, profile) in [
        (Cast::HH, Profile::Documented),
        (Cast::HH, Profile::Jamid),
        // To an old exporter a token of the documented form is not a token.
        (Cast::HL, Profile::Jamid),
        (Cast::LH, Profile::Documented),
        (Cast::LH, Profile::Jamid),
        (Cast::LL, Profile::Jamid),
    ] {
        let terms = terms(cast, profile);
        let mut configuration = terms.configuration();
        configuration.budget.early = 1;
        for seed in 0..60 {
            let mut dice = Dice(seed);
            let text = if cast.has_legacy() {
                walk(&with_legacy(configuration), &mut dice)
            } else {
                walk(&hardened(configuration), &mut dice)
            };
            // The whole way, and one of its beginnings: a client may stop looking at any line.
            let cut = dice.below(text.lines().count().max(1));
            let beginning: String = text.lines().take(cut).map(|line| format!("{line}\n")).collect();
            for text in [text, beginning] {
                let mut trace = Trace::default();
                trace.read(text.as_bytes()).unwrap_or_else(|error| panic!("{cast} {seed}: {error}\n{text}"));
                let verdict = validate(&trace, &terms);
                assert!(matches!(verdict, Verdict::Allowed { .. }), "{cast} {profile:?} {seed}\n{text}{verdict:#?}");
            }
        }
    }
}
