//! The liveness pass on models that are small enough to know the answer, on random ones against an oracle that is written
//! otherwise, and compared with `stateright`'s `eventually`.

mod eventually;
mod known;
mod oracle;
mod tiny;
