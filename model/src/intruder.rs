//! An intruder that knows things (Dolev and Yao): two honest devices, their users, and an intruder between them that keeps what it
//! learns, makes what it can of it, and sits at either end of a channel or relays between two.
//!
//! The two sides are the shipped reducers and those of today's daemon. A channel is abstract: it is bound to the leaf keys of both its
//! ends, and what it carries is secret and authentic between their holders. Its abstractions: `docs/trust.md`.

pub mod attack;
pub mod comparison;
pub mod contrast;
pub mod directory;
pub mod known;
pub mod moves;
pub mod mutants;
pub mod narration;
pub mod queries;
pub mod scene;
pub mod situation;
pub mod table;
pub mod terms;

pub use self::{
    attack::{Answer, Attack, Examined, examine},
    queries::{Query, Weakness},
    situation::{Pair, Situation, Start},
};
