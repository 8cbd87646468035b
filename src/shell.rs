//! The shell: carries out what the reducers decide, over tokio. Nothing of the protocol is decided here.

pub mod identity;
pub mod tls;
