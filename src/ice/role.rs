//! The roles of two agents (RFC 8445, section 6.1.1).

/// The role of a side. It follows from the offer: it is never changed, since the role in TLS follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Chooses the connection: the importer, which answers the offer.
    Controlling,
    /// Takes the choice: the exporter, which makes the offer.
    Controlled,
}
