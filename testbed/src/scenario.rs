//! Scenarios: what two users do with a device each, played against daemons on a bus and against programs, and judged by the model.

#[cfg(feature = "dbus")]
mod bus;
mod fault;
mod judge;
mod list;
mod port;
mod process;
mod program;
mod stage;
mod wire;

#[cfg(feature = "dbus")]
pub(crate) use self::{bus::Bus, port::PACE};
pub(crate) use self::{
    fault::Fault,
    judge::{Judge, Row, Word, redacted},
    list::{SCENARIOS, Scenario},
    port::Port,
    program::{Given, PLACES, Program, Published},
    stage::{Accounts, Stage},
    wire::Wire,
};
