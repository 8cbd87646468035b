//! Sources of nondeterminism: a clock, the order of a map, the branch that `select!` takes. Planted in a reducer's driver,
//! each is caught by the sessions that a campaign carries out twice.

use std::{
    collections::HashMap,
    fmt::Debug,
    future::ready,
    hash::Hash,
    marker::PhantomData,
    time::{SystemTime, UNIX_EPOCH},
};

use handfast::{
    export::Exporter,
    import::{Effect, Importer, Input},
    limits::Timers,
    reducer::Refused,
};
use handfast_model::side::Side;
use handfast_sim::event::{Class, Engine, Law, Watch, block};

/// Where a decision comes from.
trait Source: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    fn decides() -> bool;
}

/// Nothing: the control.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Nothing;

impl Source for Nothing {
    fn decides() -> bool {
        false
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Clock;

impl Source for Clock {
    fn decides() -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        (now.as_nanos() / 64).is_multiple_of(2)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct MapOrder;

impl Source for MapOrder {
    fn decides() -> bool {
        let map: HashMap<u8, ()> = (0..8).map(|key| (key, ())).collect();
        map.keys().next().unwrap().is_multiple_of(2)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Select;

impl Source for Select {
    fn decides() -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                () = ready(()) => true,
                () = ready(()) => false,
            }
        })
    }
}

/// An importer whose effects come in one order or the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Leaky<S>(Importer, PhantomData<S>);

impl<S: Source> Side for Leaky<S> {
    type Input = Input;
    type Effect = Effect;

    fn take(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
        let mut effects = self.0.take(input)?;
        if S::decides() {
            effects.reverse();
        }
        Ok(effects)
    }

    fn armed(&self) -> Timers {
        self.0.armed()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn place(&self) -> &'static str {
        self.0.place()
    }
}

/// Whether sessions that are carried out twice show it. They look at nothing else.
fn is_caught<S: Source>() -> bool {
    let engine =
        Engine::new(|[import, export]| (Leaky::<S>(Importer::new(import), PhantomData), Exporter::new(export)));
    (0..64).any(|seed| {
        let found = block(&engine, seed..seed + 1, &Class::ALL, Watch::BARE);
        found.violations.iter().any(|violation| violation.law == Law::Repeatable)
    })
}

#[test]
fn a_clock_a_map_s_order_and_a_select_are_caught() {
    assert!(!is_caught::<Nothing>());
    assert!(is_caught::<Clock>());
    assert!(is_caught::<MapOrder>());
    assert!(is_caught::<Select>());
}
