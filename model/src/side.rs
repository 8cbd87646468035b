//! What the system asks of a reducer, so that another implementation of a side can take its place.

use std::{fmt::Debug, hash::Hash};

use handfast::{
    export::{self, Exporter},
    import::{self, Importer},
    limits::Timers,
    reducer::{Config, Refused},
    rules::Rules,
};

/// An import side.
pub trait ImportSide: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// An operation that has not begun.
    fn new(config: Config) -> Self;

    /// Takes one input and gives all its effects.
    ///
    /// # Errors
    /// The call is refused.
    fn take(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused>;

    /// The timers that run.
    fn armed(&self) -> Timers;

    /// Whether nothing of the operation is left.
    fn is_closed(&self) -> bool;
}

/// An export side.
pub trait ExportSide: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// An operation that has not begun.
    fn new(config: Config) -> Self;

    /// Takes one input and gives all its effects.
    ///
    /// # Errors
    /// The call is refused.
    fn take(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused>;

    /// The timers that run.
    fn armed(&self) -> Timers;

    /// Whether nothing of the operation is left.
    fn is_closed(&self) -> bool;
}

impl<R: Rules> ImportSide for Importer<R> {
    fn new(config: Config) -> Self {
        Self::new(config)
    }

    fn take(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        self.handle(input)?;
        Ok(std::iter::from_fn(|| self.poll_effect()).collect())
    }

    fn armed(&self) -> Timers {
        self.armed()
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }
}

impl<R: Rules> ExportSide for Exporter<R> {
    fn new(config: Config) -> Self {
        Self::new(config)
    }

    fn take(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        self.handle(input)?;
        Ok(std::iter::from_fn(|| self.poll_effect()).collect())
    }

    fn armed(&self) -> Timers {
        self.armed()
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }
}
