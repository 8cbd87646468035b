//! Carries a schedule out, from event to event.

use std::sync::Arc;

use handfast::{
    export::Exporter,
    import::Importer,
    limits::Durations,
    outcome::Side,
    reducer::Config,
    rules::{AllRules, Rules},
};
use handfast_model::{
    config::{Cast, Player},
    legacy,
    side::{AnyExport, AnyImport, Boxed, ExportSide, ImportSide},
    without::Without,
};

use crate::event::{
    relink,
    schedule::Schedule,
    session::Session,
    state::run::{Ran, Watch},
};

/// The rules of the devices of which a schedule asks two links.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Twice {
    Shipped,
    Without(Without),
}

/// Carries out one link.
type CarryOut = dyn Fn(&Schedule, Watch, &Engine) -> Ran + Send + Sync;

/// Carries out schedules with two sides.
#[derive(Clone)]
pub struct Engine {
    /// Carries out one link. The sides are known here only, so that all else is compiled once for all of them.
    link: Arc<CarryOut>,
    /// The devices of two links. Without them, there is one link.
    pub(crate) twice: Option<Twice>,
    /// The peer on each side.
    pub(crate) cast: Cast,
    /// An old side puts together only the bytes of one read.
    unpacks_once: bool,
    /// How long timers run.
    pub durations: Durations,
}

impl Engine {
    /// With the reducers that ship.
    pub fn shipped() -> Self {
        let sides = |[import, export]: [Config; 2]| (Importer::new(import), Exporter::new(export));
        Self { twice: Some(Twice::Shipped), ..Self::new(sides) }
    }

    /// With two honest sides, of which one or both may be today's daemon.
    pub fn of(cast: Cast) -> Self {
        Self::under(cast, AllRules)
    }

    /// With old sides that differ from today's by these changes.
    pub fn changed(cast: Cast, changes: legacy::Changes) -> Self {
        Self::with(cast, changes, AllRules)
    }

    /// The same, with rules of a mutant in the place of all.
    pub(crate) fn under(cast: Cast, rules: impl Rules) -> Self {
        Self::with(cast, legacy::Changes::NONE, rules)
    }

    /// With old sides as they were before jami-daemon 0a8609a: to them what arrives in two reads is not a message (H-4). Their sessions are
    /// not followed, since the model has whole messages: an honest pair has to succeed all the same.
    pub fn unpacking_once(cast: Cast) -> Self {
        let engine = Self::changed(cast, legacy::Changes::new(&[legacy::Change::MalformedWaits]));
        Self { unpacks_once: true, ..engine }
    }

    fn with(cast: Cast, changes: legacy::Changes, rules: impl Rules) -> Self {
        let sides = move |[of_import, of_export]: [Config; 2]| {
            let import: AnyImport = match cast.import {
                Player::Legacy => Boxed::new(legacy::Importer::of(changes)),
                _ => Boxed::new(Importer::under(of_import, rules)),
            };
            let export: AnyExport = match cast.export {
                Player::Legacy => Boxed::new(legacy::Exporter::of(changes)),
                _ => Boxed::new(Exporter::under(of_export, rules)),
            };
            (import, export)
        };
        Self { cast, ..Self::new(sides) }
    }

    /// With any two sides, configured as the schedule says: the importer, and the exporter.
    pub fn new<I: ImportSide, E: ExportSide>(sides: impl Fn([Config; 2]) -> (I, E) + Send + Sync + 'static) -> Self {
        let link = move |schedule: &Schedule, watch: Watch, engine: &Self| {
            let configs = [Side::Import, Side::Export].map(|side| schedule.config(side));
            let (import, export) = sides(configs);
            let watch = Watch { follow: watch.follow && !engine.unpacks_once, ..watch };
            let mut session = Session::new(schedule, watch, engine.durations, engine.cast, import, export);
            session.unpacks_once = engine.unpacks_once;
            session.run();
            session.judged(configs)
        };
        let durations = Durations::default();
        Self { link: Arc::new(link), twice: None, cast: Cast::HH, unpacks_once: false, durations }
    }

    /// Carries a schedule out until nothing more happens, and judges it.
    pub fn run(&self, schedule: &Schedule, watch: Watch) -> Ran {
        if let (Some(_), Some(twice)) = (&schedule.relink, self.twice) {
            return match twice {
                Twice::Shipped => relink::run(schedule, watch, self.durations, AllRules),
                Twice::Without(rules) => relink::run(schedule, watch, self.durations, rules),
            };
        }
        (self.link)(schedule, watch, self)
    }
}
