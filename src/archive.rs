//! The account archive: its at-rest form, its JSON, its keys and certificates (R-ARC, R-MSG-2).

mod buffered;
pub mod certificate;
mod content;
mod dates;
mod deflate;
mod doubt;
mod error;
mod follow;
mod form;
mod fs;
mod gcm;
mod identity;
mod inflate;
mod json;
mod kdf;
mod key;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod open;
mod pem;
mod pieces;
#[cfg(any(test, feature = "testing"))]
mod sample;
mod seal;
mod signature;
mod staging;
mod store;
mod terms;
mod text;

#[cfg(any(test, feature = "testing"))]
pub use self::{
    error::SampleError,
    kdf::InsecureKdf,
    memory::{MemoryFile, MemoryFs},
    sample::Sample,
};
pub use content::{APPLIED, Configuration, HAS_PASSWORD, Summary};
pub use dates::{ShownDates, plausible, today};
pub use doubt::{DateDoubt, Day, Whose};
pub use error::{
    ChainError, Corrupt, IdentityError, KeyError, OpenError, OutOfMemory, Place, SealError, StoreError, Unsound,
};
pub use fs::{Disk, Fs, FsFile};
pub use identity::{Identity, Role};
pub use kdf::{Argon2i, Kdf, Key};
#[cfg(feature = "net")]
pub(crate) use key::Family;
pub use key::{KeyKind, PrivateKey};
pub use open::{Archive, Seen, Validated, protection};
pub use rustls_pki_types::UnixTime;
pub use seal::{Seal, Sealer};
pub use staging::{Checked, Complete, Follower, Installed, Staging};
pub use store::{Entry, Store, Stray};
pub use terms::Terms;
pub use text::Text;
