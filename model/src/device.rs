//! A device that links one new device after another: its operations side by side.

use handfast::{
    export::{Effect, Exporter, Input},
    limits::Timers,
    operations::{Exports, OpId},
    reducer::{ConnId, Refused},
    rules::Rules,
};

use crate::{legacy, side::Side};

/// The export side of an account with all its operations, numbered from 0 in the order in which they begin.
pub trait ExportDevice: Clone + std::fmt::Debug + Eq + std::hash::Hash + Send + Sync + 'static {
    /// Takes an input of one operation. `addDevice` begins it.
    ///
    /// # Errors
    /// The call is refused.
    fn take_for(&mut self, op: u8, input: Input) -> Result<Vec<Effect>, Refused>;

    /// [`Side::armed`] of one operation.
    fn armed_of(&self, op: u8) -> Timers;

    /// [`Side::is_closed`] of one operation.
    fn is_closed_of(&self, op: u8) -> bool;

    /// [`Side::inner`] of one operation.
    fn inner_of(&self, _op: u8) -> Vec<u8> {
        Vec::new()
    }

    /// [`Side::advance`] of one operation.
    fn advance_of(&mut self, _op: u8, _step: u8) -> Vec<Effect> {
        Vec::new()
    }

    /// [`Side::reads`] of one operation.
    fn reads_of(&self, _op: u8) -> bool {
        true
    }

    /// Whether an operation is in both as it is in the other.
    fn is_alike(&self, other: &Self, op: u8) -> bool;
}

/// The id that the shipped registry gives to an operation.
const fn id(op: u8) -> OpId {
    OpId(op as u32 + 1)
}

fn open<R: Rules>(exports: &Exports<R>, op: u8) -> Option<&Exporter<R>> {
    exports.get(id(op)).filter(|exporter| !exporter.is_closed())
}

impl<R: Rules> ExportDevice for Exports<R> {
    fn take_for(&mut self, op: u8, input: Input) -> Result<Vec<Effect>, Refused> {
        match input {
            Input::AddDevice(scheme) => {
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

    /// Of an operation that is closed nothing is left to change.
    fn is_alike(&self, other: &Self, op: u8) -> bool {
        open(self, op) == open(other, op)
    }
}

impl ExportDevice for legacy::Exporter {
    fn take_for(&mut self, op: u8, input: Input) -> Result<Vec<Effect>, Refused> {
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

    fn advance_of(&mut self, op: u8, step: u8) -> Vec<Effect> {
        self.advance_of(op, step)
    }

    fn reads_of(&self, op: u8) -> bool {
        self.reads_of(op)
    }

    fn is_alike(&self, other: &Self, op: u8) -> bool {
        self.is_alike(other, op)
    }
}

/// One operation of a device, as a side of a link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation<D> {
    pub(crate) device: D,
    pub(crate) op: u8,
}

impl<D: ExportDevice> Side for Operation<D> {
    type Input = Input;
    type Effect = Effect;

    fn take(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
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

    fn advance(&mut self, step: u8) -> Vec<Effect> {
        self.device.advance_of(self.op, step)
    }

    fn reads(&self, _: ConnId) -> bool {
        self.device.reads_of(self.op)
    }
}
