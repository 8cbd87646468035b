//! The interface of a reducer to the system, so that another implementation of a side can take its place.

use std::{
    any::Any,
    fmt::Debug,
    hash::{Hash, Hasher},
};

use handfast::{
    export::{self, Exporter},
    import::{self, Importer},
    limits::Timers,
    reducer::{ConnId, Refused},
    rules::Rules,
};

/// A reducer, whichever side it is on.
pub trait Side: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// An input.
    type Input: Copy;
    /// An effect.
    type Effect: Copy;

    /// Takes one input and gives all its effects.
    ///
    /// # Errors
    /// The call is refused.
    fn take(&mut self, input: Self::Input) -> Result<Vec<Self::Effect>, Refused>;

    /// The timers that run.
    fn armed(&self) -> Timers;

    /// Whether nothing of the operation is left.
    fn is_closed(&self) -> bool;

    /// The steps that it can take by itself, as numbers of its own: what it posted to a queue or a worker. A reducer has none.
    fn inner(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether such a step follows at once on the one before it: it is the same thread that goes on.
    fn goes_on(&self, _step: u8) -> bool {
        false
    }

    /// Takes such a step and gives all its effects.
    fn advance(&mut self, _step: u8) -> Vec<Self::Effect> {
        Vec::new()
    }

    /// Whether it reads what arrives on this connection; the exporter's is [`PEER`](crate::system::world::PEER). A reducer always does.
    fn reads(&self, _conn: ConnId) -> bool {
        true
    }

    /// The flag *archive has a password* that the account gets from the archive that is being staged. None: the shell takes it from the
    /// password, as one with a shipped reducer does (R-ARC-5).
    fn flag(&self) -> Option<bool> {
        None
    }

    /// The row of the reducer's table that it is in. Only a shipped reducer has one.
    fn place(&self) -> &'static str {
        ""
    }

    /// Checks what its state implies. Only a shipped reducer says so.
    ///
    /// # Errors
    /// The line that does not hold.
    fn invariant(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// An import side.
pub trait ImportSide: Side<Input = import::Input, Effect = import::Effect> {}

/// An export side.
pub trait ExportSide: Side<Input = export::Input, Effect = export::Effect> {}

impl<S: Side<Input = import::Input, Effect = import::Effect>> ImportSide for S {}
impl<S: Side<Input = export::Input, Effect = export::Effect>> ExportSide for S {}

impl<R: Rules> Side for Importer<R> {
    type Input = import::Input;
    type Effect = import::Effect;

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

    fn place(&self) -> &'static str {
        self.place()
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.invariant()
    }
}

impl<R: Rules> Side for Exporter<R> {
    type Input = export::Input;
    type Effect = export::Effect;

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

    fn place(&self) -> &'static str {
        self.place()
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.invariant()
    }
}

/// Any reducer of a side, chosen at run time. Slower than the reducer itself; it saves compiling the checker for each mutant.
pub struct Boxed<I, E>(Box<dyn Erased<I, E>>);

impl<I: 'static, E: 'static> Boxed<I, E> {
    /// Boxes a reducer.
    pub fn new(side: impl Side<Input = I, Effect = E>) -> Self {
        Self(Box::new(side))
    }
}

/// Any import side.
pub type AnyImport = Boxed<import::Input, import::Effect>;
/// Any export side.
pub type AnyExport = Boxed<export::Input, export::Effect>;

trait Erased<I, E>: Debug + Send + Sync {
    fn clone_box(&self) -> Box<dyn Erased<I, E>>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
    fn feed(&self, hasher: &mut dyn Hasher);
    fn take_input(&mut self, input: I) -> Result<Vec<E>, Refused>;
    fn timers(&self) -> Timers;
    fn closed(&self) -> bool;
    fn inner_steps(&self) -> Vec<u8>;
    fn goes_on_with(&self, step: u8) -> bool;
    fn take_step(&mut self, step: u8) -> Vec<E>;
    fn reads_from(&self, conn: ConnId) -> bool;
    fn flagged(&self) -> Option<bool>;
    fn at_place(&self) -> &'static str;
    fn holds_together(&self) -> Result<(), &'static str>;
}

impl<S: Side> Erased<S::Input, S::Effect> for S {
    fn clone_box(&self) -> Box<dyn Erased<S::Input, S::Effect>> {
        Box::new(self.clone())
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn take_input(&mut self, input: S::Input) -> Result<Vec<S::Effect>, Refused> {
        self.take(input)
    }

    fn timers(&self) -> Timers {
        self.armed()
    }

    fn closed(&self) -> bool {
        self.is_closed()
    }

    fn inner_steps(&self) -> Vec<u8> {
        self.inner()
    }

    fn goes_on_with(&self, step: u8) -> bool {
        self.goes_on(step)
    }

    fn take_step(&mut self, step: u8) -> Vec<S::Effect> {
        self.advance(step)
    }

    fn reads_from(&self, conn: ConnId) -> bool {
        self.reads(conn)
    }

    fn flagged(&self) -> Option<bool> {
        self.flag()
    }

    fn at_place(&self) -> &'static str {
        self.place()
    }

    fn holds_together(&self) -> Result<(), &'static str> {
        self.invariant()
    }
}

impl<I: Copy + 'static, E: Copy + 'static> Side for Boxed<I, E> {
    type Input = I;
    type Effect = E;

    fn take(&mut self, input: I) -> Result<Vec<E>, Refused> {
        self.0.take_input(input)
    }

    fn armed(&self) -> Timers {
        self.0.timers()
    }

    fn is_closed(&self) -> bool {
        self.0.closed()
    }

    fn inner(&self) -> Vec<u8> {
        self.0.inner_steps()
    }

    fn goes_on(&self, step: u8) -> bool {
        self.0.goes_on_with(step)
    }

    fn advance(&mut self, step: u8) -> Vec<E> {
        self.0.take_step(step)
    }

    fn reads(&self, conn: ConnId) -> bool {
        self.0.reads_from(conn)
    }

    fn flag(&self) -> Option<bool> {
        self.0.flagged()
    }

    fn place(&self) -> &'static str {
        self.0.at_place()
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.0.holds_together()
    }
}

/// A box is the value in it: the box of an `Erased` trait with `clone_box`, `equals`, `as_any` and `feed`.
macro_rules! the_value_in_it {
    ($boxed:ident) => {
        impl<I, E> Clone for $boxed<I, E> {
            fn clone(&self) -> Self {
                Self(self.0.clone_box())
            }
        }

        impl<I, E> Debug for $boxed<I, E> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<I, E> PartialEq for $boxed<I, E> {
            fn eq(&self, other: &Self) -> bool {
                self.0.equals(other.0.as_any())
            }
        }

        impl<I, E> Eq for $boxed<I, E> {}

        impl<I, E> Hash for $boxed<I, E> {
            fn hash<H: Hasher>(&self, hasher: &mut H) {
                self.0.feed(hasher);
            }
        }
    };
}
pub(crate) use the_value_in_it;

the_value_in_it!(Boxed);
