//! The model of the link protocol.
