//! Kinds of trouble of which one more makes no difference to those who use the daemons.

use handfast::{
    import::{Effect, Importer, Input},
    limits::Timers,
    outcome::Signal,
    reducer::Refused,
};
use handfast_model::{
    explore::Limits,
    players::Players,
    side::{Boxed, Side},
    stable::{KINDS, Kind, Step, markdown},
};

const TRUST: &str = include_str!("../../docs/trust.md");

fn kind(configuration: &str, key: &str) -> Kind {
    *KINDS.iter().find(|kind| kind.configuration == configuration && kind.key == key).unwrap()
}

/// `HANDFAST_BLESS=1` is of no use here: what is known is in the program, and the page is written by hand.
#[test]
fn one_more_is_as_is_known() {
    let results: Vec<_> = KINDS.iter().map(|kind| kind.compare(Limits::default())).collect();
    let others: Vec<_> = results.iter().filter(|stable| !stable.as_stated).collect();
    assert!(others.is_empty(), "{others:#?}\n{}", markdown(&results));
    let table = markdown(&results);
    assert!(TRUST.contains(&table), "docs/trust.md should have:\n{table}");
}

/// A graph that is cut short decides nothing.
#[test]
fn what_is_cut_short_is_open() {
    let few = Limits { states: 100, ..Limits::default() };
    let stable = KINDS[0].compare(few);
    assert!(!stable.as_stated && stable.steps.contains(&Step::Open));
}

/// An importer that reports the third request for a connection to its user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Counting {
    inner: Importer,
    requests: u8,
}

impl Side for Counting {
    type Input = Input;
    type Effect = Effect;

    fn take(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
        let mut effects = self.inner.take(input)?;
        if matches!(input, Input::ConnectionRequested(_)) {
            self.requests += 1;
            if self.requests == 3 {
                effects.push(Effect::Signal(Signal::Connecting));
            }
        }
        Ok(effects)
    }

    fn armed(&self) -> Timers {
        Side::armed(&self.inner)
    }

    fn is_closed(&self) -> bool {
        Side::is_closed(&self.inner)
    }
}

/// A difference that only the second stranger makes, planted, is seen between one and two.
#[test]
fn a_planted_difference_is_seen() {
    let import = |config| Boxed::new(Counting { inner: Importer::new(config), requests: 0 });
    let players = Players { import, ..Players::default() };
    let strangers = Kind { upto: 1, ..kind("HH-documented-strangers", "strangers") };
    assert_eq!(strangers.compare(Limits::default()).steps, [Step::Unlike, Step::Alike]);
    assert_eq!(strangers.compare_of(&players, Limits::default()).steps, [Step::Unlike, Step::Unlike]);
}
