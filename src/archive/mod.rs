//! The account archive: its at-rest form, its JSON, its keys and certificates (R-ARC, R-MSG-2).

pub mod certificate;
mod content;
mod dates;
mod follow;
mod form;
mod fs;
mod gcm;
mod identity;
mod inflate;
mod json;
mod kdf;
mod key;
mod memory;
mod open;
mod pem;
mod pieces;
mod sample;
mod seal;
mod signature;
mod staging;
mod store;
mod text;

pub use content::{APPLIED, Configuration, HAS_PASSWORD, Summary, Unsound};
pub use dates::{DateDoubt, Day, ShownDates, Whose, plausible, today};
pub use fs::{Disk, Fs, FsFile};
pub use identity::{Identity, IdentityError, Role};
pub use kdf::{Argon2i, InsecureKdf, Kdf, Key, OutOfMemory, Password};
#[cfg(feature = "net")]
pub(crate) use key::Family;
pub use key::{KeyError, KeyKind, PrivateKey};
pub use memory::{MemoryFile, MemoryFs};
pub use open::{Archive, Corrupt, OpenError, Place, Seen, Terms, protection};
pub use rustls_pki_types::UnixTime;
pub use sample::{Sample, SampleError};
pub use seal::{Seal, SealError, Sealer};
pub use staging::{Checked, Follower, Staged, Staging};
pub use store::{Entry, Store, StoreError};
pub use text::Text;
