//! The engines of `handfast sim`.

use std::ops::Range;

use clap::ValueEnum;

/// The engine that carries sessions.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Engine {
    /// The shell itself, TLS included, on simulated hosts
    #[default]
    Turmoil,
    /// The reducers and the codec, from event to event
    Event,
}

/// The seeds of the event engine, if none are given.
pub(crate) const EVENT_SEEDS: Range<u64> = 0..20_000;
