//! The document's sequence diagram, and what is known to be otherwise in a link of ours (R-SEQ-1).
//!
//! [`DOCUMENTED`] is typed from the Mermaid source of the document *Link new device*, arrow by arrow with its labels, and from
//! nothing else. It is read as the order on each lifeline plus the causality of messages; [`follow`] holds it against the runs
//! of people, clients and daemons.

mod drawn;
mod events;
pub mod follow;
mod links;
mod table;

pub use self::{
    drawn::{Drawn, draw},
    table::{
        Arrow, DIVERGENCES, DOCUMENTED, Divergence, Document, EXTRAS, Extra, How, Lifeline, Part, REPEATED, Repeated,
        SCENARIOS, Scenario,
    },
};
