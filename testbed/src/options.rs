//! The options that several commands have.

use std::{num::NonZeroUsize, str::FromStr, thread, time::Duration};

use clap::{Args, ValueEnum};
use handfast::outcome::Profile;
use handfast_model::{
    config::{self, Budget, Cast},
    explore::Limits,
    intruder::Pair,
};

use crate::{
    failure::Failure,
    interrupt,
    numbers::{count, whole},
    size::{Size, some},
};

/// Sizes of configurations.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SizeName {
    /// Seconds
    Small,
    /// A minute
    Quick,
    /// Minutes
    Full,
}

impl From<SizeName> for config::Size {
    fn from(name: SizeName) -> Self {
        match name {
            SizeName::Small => Self::Small,
            SizeName::Quick => Self::Quick,
            SizeName::Full => Self::Full,
        }
    }
}

/// The profiles.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum ProfileName {
    /// As the documentation says
    #[default]
    Documented,
    /// As today's Jami daemon does
    Jamid,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Documented => Self::Documented,
            ProfileName::Jamid => Self::Jamid,
        }
    }
}

/// The sides that took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum PairName {
    /// Both hardened
    HH,
    /// A hardened importer, a legacy exporter
    HL,
    /// A legacy importer, a hardened exporter
    LH,
    /// Both legacy
    LL,
}

impl From<PairName> for Cast {
    fn from(name: PairName) -> Self {
        match name {
            PairName::HH => Self::HH,
            PairName::HL => Self::HL,
            PairName::LH => Self::LH,
            PairName::LL => Self::LL,
        }
    }
}

impl From<PairName> for Pair {
    fn from(name: PairName) -> Self {
        match name {
            PairName::HH => Self::HH,
            PairName::HL => Self::HL,
            PairName::LH => Self::LH,
            PairName::LL => Self::LL,
        }
    }
}

/// A changed budget.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) count: u8,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys = Budget::KEYS.join(", ");
        let (key, count) = text.split_once('=').ok_or("expected KEY=N, such as loss=2")?;
        let count = count.parse().map_err(|_| "expected a number up to 255 after `=`")?;
        if !Budget::default().set(key, count) {
            return Err(format!("expected one of {keys}"));
        }
        Ok(Self { key: key.into(), count })
    }
}

/// The resources of checks.
#[derive(Args)]
pub(crate) struct Effort {
    /// Checks at once; as many as there are processors by default
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    jobs: Option<NonZeroUsize>,
    /// Bytes of each check's graph; what needs more is inconclusive
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, default_value_t = Size(Limits::default().memory as u64),
          value_parser = some)]
    memory: Size,
    /// Seconds for each check; what needs more is inconclusive
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = Limits::default().time.as_secs(),
          value_parser = whole::<u64>(1..=u64::MAX))]
    time: u64,
}

impl Effort {
    /// How many checks at once.
    pub(crate) fn jobs(&self) -> NonZeroUsize {
        self.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    /// The limits of each. From now on Ctrl-C ends them.
    pub(crate) fn limits(&self) -> Result<Limits, Failure> {
        Ok(Limits { stop: Some(interrupt::stops_checks()?), ..self.limits_of_work() })
    }

    /// The limits of work that Ctrl-C ends together with the process.
    pub(crate) fn limits_of_work(&self) -> Limits {
        let memory = usize::try_from(self.memory.0).unwrap_or(usize::MAX);
        Limits { memory, time: Duration::from_secs(self.time), ..Limits::default() }
    }
}
