//! The account archive: its at-rest form, its JSON, its keys and certificates (R-ARC, R-MSG-2).

pub mod certificate;
mod pem;
mod signature;

pub use rustls_pki_types::UnixTime;
