//! The state of a session: the devices around the reducers, the links between them, time, and the laws. Nothing here knows a session.

pub(crate) mod clock;
#[cfg(test)]
pub(crate) mod deletion;
pub(crate) mod event;
pub(crate) mod exporter;
pub(crate) mod importer;
pub(crate) mod law;
pub(crate) mod link;
pub(crate) mod model_step;
pub(crate) mod pipe;
pub(crate) mod queue;
pub(crate) mod run;
pub(crate) mod users;
pub(crate) mod visitor;
pub(crate) mod wire;
