//! What `handfast import` and `handfast export` share.

pub(crate) mod calls;
pub(crate) mod observed;
