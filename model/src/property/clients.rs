//! The clients: alone under everything that can come, and between their users and their daemons.
//!
//! The properties of a client concern its inputs and outputs, never its inside: the old ones are judged as ours are.

pub mod alone;
pub mod edges;
pub mod linked;
pub mod made;
mod watch;

use std::{
    any::Any,
    fmt::Debug,
    hash::{Hash, Hasher},
};

use handfast::{
    client::{Received, Refused, export, import},
    operations::{LocalId, OpId},
    outcome::Side,
    rules::Rules,
};

pub use self::watch::{Fault, Watch};

/// A client, whichever side it is on.
pub trait Client: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// An input.
    type Input: ClientInput;
    /// An output.
    type Effect: ClientEffect;

    /// Takes one input and gives all its effects.
    ///
    /// # Errors
    /// The screen does not offer it.
    fn take(&mut self, input: Self::Input) -> Result<Vec<Self::Effect>, Refused>;

    /// Whether it has ended in a way that no one thought of: thrown, crashed.
    fn is_broken(&self) -> bool {
        false
    }

    /// Checks what its state implies. Only a shipped client says so.
    ///
    /// # Errors
    /// The line that does not hold.
    fn invariant(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// An input of a client, as far as both sides are alike.
pub trait ClientInput: Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// Which side's.
    const SIDE: Side;

    /// An operation's signal.
    fn signal(id: u32, received: Received) -> Self;
    /// Its kind.
    fn kind(&self) -> Kind;
}

/// An output of a client, as far as both sides are alike.
pub trait ClientEffect: Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// The screen.
    fn shown(&self) -> Option<Shown>;
    /// Whether it is said that an operation goes on.
    fn says_it_goes_on(&self) -> bool;
    /// The call, if it is one.
    fn call(&self) -> Option<Call>;
}

/// The kinds of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An action of the person.
    Action,
    /// `addAccount`, `addDevice` returned: the operation, if there is one.
    Added(Option<u32>),
    /// The call that answers or confirms returned, and whether it was accepted.
    Answered(u32, bool),
    /// The call that cancels returned, and whether it was accepted.
    Canceled(u32, bool),
    /// A signal.
    Signal(u32, Received),
}

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `addAccount`, `addDevice`.
    Add,
    /// The current state is asked for.
    Query,
    /// `provideAccountAuthentication`, `confirmAddDevice`.
    Answer,
    /// `removeAccount`, `cancelAddDevice`.
    Cancel(u32),
}

/// The kinds of screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// None of a link.
    Away,
    /// A link that is not at its end.
    Link,
    /// Success.
    Success,
    /// Failure.
    Failure,
}

const fn local(id: LocalId) -> u32 {
    id.0 as u32
}

impl ClientInput for import::Input {
    const SIDE: Side = Side::Import;

    fn signal(id: u32, received: Received) -> Self {
        Self::Signal(LocalId(id.into()), received)
    }

    fn kind(&self) -> Kind {
        match *self {
            Self::Select | Self::Answer(_) | Self::Compare(_) | Self::Back | Self::Reset | Self::Finish => Kind::Action,
            Self::Added(result) => Kind::Added(result.ok().map(local)),
            Self::Provided(id, accepted) | Self::Compared(id, accepted) => Kind::Answered(local(id), accepted),
            Self::Removed(id, accepted) => Kind::Canceled(local(id), accepted),
            Self::Signal(id, received) => Kind::Signal(local(id), received),
        }
    }
}

impl ClientInput for export::Input {
    const SIDE: Side = Side::Export;

    fn signal(id: u32, received: Received) -> Self {
        Self::Signal(OpId(id), received)
    }

    fn kind(&self) -> Kind {
        match *self {
            Self::Added(result) => Kind::Added(result.ok().map(|id| id.0)),
            Self::Confirmed(id, accepted) | Self::Compared(id, accepted) => Kind::Answered(id.0, accepted),
            Self::Canceled(id, accepted) => Kind::Canceled(id.0, accepted),
            Self::Signal(id, received) => Kind::Signal(id.0, received),
            _ if self.is_action() => Kind::Action,
            _ => unreachable!("what is no action was named"),
        }
    }
}

impl ClientEffect for import::Effect {
    fn shown(&self) -> Option<Shown> {
        use import::Screen as S;
        let Self::Show(screen) = self else { return None };
        Some(match screen {
            S::Initial | S::Closed => Shown::Away,
            S::Init
            | S::TokenAvailable
            | S::Connecting
            | S::Comparing { .. }
            | S::Authenticating { .. }
            | S::InProgress => Shown::Link,
            S::Done => Shown::Success,
            S::Error(_) => Shown::Failure,
        })
    }

    fn says_it_goes_on(&self) -> bool {
        *self == Self::Notify(handfast::client::Note::GoesOn)
    }

    fn call(&self) -> Option<Call> {
        match *self {
            Self::AddAccount => Some(Call::Add),
            Self::Query(_) => Some(Call::Query),
            Self::ProvideAccountAuthentication(..) | Self::CompareAccount(..) => Some(Call::Answer),
            Self::RemoveAccount(id) => Some(Call::Cancel(local(id))),
            Self::Show(_) | Self::Notify(_) | Self::Ignored(_) => None,
        }
    }
}

impl ClientEffect for export::Effect {
    fn shown(&self) -> Option<Shown> {
        use export::Screen as S;
        let Self::Show(screen) = self else { return None };
        Some(match screen {
            S::Initial | S::Closed => Shown::Away,
            S::ShowInputOptions
            | S::ScanQr
            | S::QrScanning
            | S::ManualEntry
            | S::TokenObtained
            | S::Connecting
            | S::Comparing { .. }
            | S::Authenticating { .. }
            | S::InProgress => Shown::Link,
            S::Done { .. } => Shown::Success,
            S::Error(_) => Shown::Failure,
        })
    }

    fn says_it_goes_on(&self) -> bool {
        *self == Self::Notify(handfast::client::Note::GoesOn)
    }

    fn call(&self) -> Option<Call> {
        match *self {
            Self::AddDevice(_) => Some(Call::Add),
            Self::Query(_) => Some(Call::Query),
            Self::ConfirmAddDevice(_) | Self::CompareAddDevice(..) => Some(Call::Answer),
            Self::CancelAddDevice(id) => Some(Call::Cancel(id.0)),
            Self::Show(_) | Self::Notify(_) | Self::Ignored(_) => None,
        }
    }
}

impl<R: Rules> Client for import::Client<R> {
    type Input = import::Input;
    type Effect = import::Effect;

    fn take(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        self.handle(input)?;
        Ok(std::iter::from_fn(|| self.poll_effect()).collect())
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.invariant()
    }
}

impl<R: Rules> Client for export::Client<R> {
    type Input = export::Input;
    type Effect = export::Effect;

    fn take(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        self.handle(input)?;
        Ok(std::iter::from_fn(|| self.poll_effect()).collect())
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.invariant()
    }
}

/// Any client of a side, chosen at run time.
pub struct AnyClient<I, E>(Box<dyn Erased<I, E>>);

/// Any client of an import.
pub type AnyImportClient = AnyClient<import::Input, import::Effect>;
/// Any client of an export.
pub type AnyExportClient = AnyClient<export::Input, export::Effect>;

trait Erased<I, E>: Debug + Send + Sync {
    fn clone_box(&self) -> Box<dyn Erased<I, E>>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
    fn feed(&self, hasher: &mut dyn Hasher);
    fn take_input(&mut self, input: I) -> Result<Vec<E>, Refused>;
    fn broken(&self) -> bool;
    fn holds_together(&self) -> Result<(), &'static str>;
}

impl<C: Client> Erased<C::Input, C::Effect> for C {
    fn clone_box(&self) -> Box<dyn Erased<C::Input, C::Effect>> {
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

    fn take_input(&mut self, input: C::Input) -> Result<Vec<C::Effect>, Refused> {
        self.take(input)
    }

    fn broken(&self) -> bool {
        self.is_broken()
    }

    fn holds_together(&self) -> Result<(), &'static str> {
        self.invariant()
    }
}

impl<I: ClientInput, E: ClientEffect> AnyClient<I, E> {
    /// Boxes a client.
    pub fn new(client: impl Client<Input = I, Effect = E>) -> Self {
        Self(Box::new(client))
    }
}

impl<I: ClientInput, E: ClientEffect> Client for AnyClient<I, E> {
    type Input = I;
    type Effect = E;

    fn take(&mut self, input: I) -> Result<Vec<E>, Refused> {
        self.0.take_input(input)
    }

    fn is_broken(&self) -> bool {
        self.0.broken()
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.0.holds_together()
    }
}

crate::system::side::the_value_in_it!(AnyClient);
