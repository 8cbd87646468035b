//! Devices with several operations: one that links one new device after another, and one that is linked once more.

use handfast::{
    export::{self, Exporter},
    import,
    limits::Timers,
    operations::{Exports, Imports, LocalId, OpId},
    reducer::{Config, ConnId, Refused},
    rules::Rules,
};

use crate::system::{legacy, side::Side};

/// A side of a link with all its operations, numbered from 0 in the order in which they begin.
pub trait Device: Clone + std::fmt::Debug + Eq + std::hash::Hash + Send + Sync + 'static {
    /// The inputs of an operation.
    type Input: Copy;
    /// The effects of an operation.
    type Effect: Copy;

    /// Takes an input of one operation. Its first call begins it.
    ///
    /// # Errors
    /// The call is refused.
    fn take_for(&mut self, op: u8, input: Self::Input) -> Result<Vec<Self::Effect>, Refused>;

    /// [`Side::armed`] of one operation.
    fn armed_of(&self, op: u8) -> Timers;

    /// [`Side::is_closed`] of one operation.
    fn is_closed_of(&self, op: u8) -> bool;

    /// [`Side::inner`] of one operation.
    fn inner_of(&self, _op: u8) -> Vec<u8> {
        Vec::new()
    }

    /// [`Side::advance`] of one operation.
    fn advance_of(&mut self, _op: u8, _step: u8) -> Vec<Self::Effect> {
        Vec::new()
    }

    /// [`Side::reads`] of one operation.
    fn reads_of(&self, _op: u8, _conn: ConnId) -> bool {
        true
    }

    /// [`Side::place`] of one operation.
    fn place_of(&self, _op: u8) -> &'static str {
        ""
    }

    /// [`Side::invariant`] of all operations.
    ///
    /// # Errors
    /// The line that does not hold.
    fn invariant(&self) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether an operation is in both as it is in the other.
    fn is_alike(&self, other: &Self, op: u8) -> bool;
}

/// The import side of a device.
pub trait ImportDevice: Device<Input = import::Input, Effect = import::Effect> {}
/// The export side of an account.
pub trait ExportDevice: Device<Input = export::Input, Effect = export::Effect> {}

impl<D: Device<Input = import::Input, Effect = import::Effect>> ImportDevice for D {}
impl<D: Device<Input = export::Input, Effect = export::Effect>> ExportDevice for D {}

/// The id that the shipped registry gives to an operation.
const fn id(op: u8) -> OpId {
    OpId(op as u32 + 1)
}

fn open<R: Rules>(exports: &Exports<R>, op: u8) -> Option<&Exporter<R>> {
    exports.get(id(op)).filter(|exporter| !exporter.is_closed())
}

impl<R: Rules> Device for Exports<R> {
    type Input = export::Input;
    type Effect = export::Effect;

    fn take_for(&mut self, op: u8, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        match input {
            export::Input::AddDevice(scheme) => {
                self.add_device(scheme).map_err(|_| Refused::Started)?;
            }
            _ => self.handle(id(op), input)?,
        }
        let effects: Vec<_> = std::iter::from_fn(|| self.poll_effect()).collect();
        Ok(effects.into_iter().filter(|(of, _)| *of == id(op)).map(|(_, effect)| effect).collect())
    }

    fn armed_of(&self, op: u8) -> Timers {
        self.get(id(op)).map_or_else(Timers::default, Exporter::armed)
    }

    fn is_closed_of(&self, op: u8) -> bool {
        self.get(id(op)).is_none_or(Exporter::is_closed)
    }

    /// A closed connection is forgotten once a later one begins.
    fn place_of(&self, op: u8) -> &'static str {
        let forgotten = self.iter().any(|(later, _)| later > id(op));
        self.get(id(op)).map_or(if forgotten { "done" } else { "idle" }, Exporter::place)
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.invariant()
    }

    /// Of an operation that is closed nothing is left to change.
    fn is_alike(&self, other: &Self, op: u8) -> bool {
        open(self, op) == open(other, op)
    }
}

impl Device for legacy::Exporter {
    type Input = export::Input;
    type Effect = export::Effect;

    fn take_for(&mut self, op: u8, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        self.take_for(op, input)
    }

    fn armed_of(&self, op: u8) -> Timers {
        self.armed_of(op)
    }

    fn is_closed_of(&self, op: u8) -> bool {
        self.is_closed_of(op)
    }

    fn inner_of(&self, op: u8) -> Vec<u8> {
        self.inner_of(op)
    }

    fn advance_of(&mut self, op: u8, step: u8) -> Vec<export::Effect> {
        self.advance_of(op, step)
    }

    fn reads_of(&self, op: u8, _: ConnId) -> bool {
        self.reads_of(op)
    }

    fn is_alike(&self, other: &Self, op: u8) -> bool {
        self.is_alike(other, op)
    }
}

/// A new device that is linked once more: each time with an account of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewDevice<R: Rules> {
    imports: Imports<R>,
    config: Config,
}

impl<R: Rules> NewDevice<R> {
    /// Returns one without an operation, whose imports keep these rules.
    pub const fn under(config: Config, rules: R) -> Self {
        Self { imports: Imports::under(rules), config }
    }
}

const fn local(op: u8) -> LocalId {
    LocalId(op as u64)
}

impl<R: Rules> Device for NewDevice<R> {
    type Input = import::Input;
    type Effect = import::Effect;

    fn take_for(&mut self, op: u8, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        match input {
            import::Input::AddAccount => {
                self.imports.add_account(local(op), self.config).map_err(|_| Refused::Started)?;
            }
            _ => self.imports.handle(local(op), input)?,
        }
        let effects: Vec<_> = std::iter::from_fn(|| self.imports.poll_effect()).collect();
        Ok(effects.into_iter().filter(|(of, _)| *of == local(op)).map(|(_, effect)| effect).collect())
    }

    fn armed_of(&self, op: u8) -> Timers {
        self.imports.get(local(op)).map_or_else(Timers::default, import::Importer::armed)
    }

    fn is_closed_of(&self, op: u8) -> bool {
        self.imports.get(local(op)).is_none_or(import::Importer::is_closed)
    }

    fn place_of(&self, op: u8) -> &'static str {
        self.imports.get(local(op)).map_or("idle", import::Importer::place)
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.imports.invariant()
    }

    fn is_alike(&self, other: &Self, op: u8) -> bool {
        self.imports.get(local(op)) == other.imports.get(local(op))
    }
}

/// Two devices, an operation each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Apart<S>(pub [S; 2]);

impl<S: Side> Device for Apart<S> {
    type Input = S::Input;
    type Effect = S::Effect;

    fn take_for(&mut self, op: u8, input: S::Input) -> Result<Vec<S::Effect>, Refused> {
        self.0[usize::from(op)].take(input)
    }

    fn armed_of(&self, op: u8) -> Timers {
        self.0[usize::from(op)].armed()
    }

    fn is_closed_of(&self, op: u8) -> bool {
        self.0[usize::from(op)].is_closed()
    }

    fn inner_of(&self, op: u8) -> Vec<u8> {
        self.0[usize::from(op)].inner()
    }

    fn advance_of(&mut self, op: u8, step: u8) -> Vec<S::Effect> {
        self.0[usize::from(op)].advance(step)
    }

    fn reads_of(&self, op: u8, conn: ConnId) -> bool {
        self.0[usize::from(op)].reads(conn)
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.0.iter().try_for_each(Side::invariant)
    }

    fn is_alike(&self, other: &Self, op: u8) -> bool {
        self.0[usize::from(op)] == other.0[usize::from(op)]
    }
}

/// One operation of a device, as a side of a link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation<D> {
    /// The device, with all its operations.
    pub device: D,
    /// Which of them it is.
    pub op: u8,
}

impl<D: Device> Side for Operation<D> {
    type Input = D::Input;
    type Effect = D::Effect;

    fn take(&mut self, input: D::Input) -> Result<Vec<D::Effect>, Refused> {
        self.device.take_for(self.op, input)
    }

    fn armed(&self) -> Timers {
        self.device.armed_of(self.op)
    }

    fn is_closed(&self) -> bool {
        self.device.is_closed_of(self.op)
    }

    fn inner(&self) -> Vec<u8> {
        self.device.inner_of(self.op)
    }

    fn advance(&mut self, step: u8) -> Vec<D::Effect> {
        self.device.advance_of(self.op, step)
    }

    fn reads(&self, conn: ConnId) -> bool {
        self.device.reads_of(self.op, conn)
    }

    fn place(&self) -> &'static str {
        self.device.place_of(self.op)
    }

    fn invariant(&self) -> Result<(), &'static str> {
        self.device.invariant()
    }
}
