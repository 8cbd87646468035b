//! The simulator of the link protocol.
