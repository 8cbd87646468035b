//! The exporting device around its reducer: its connection, and the archive.

use handfast::{
    connection::{Connection, Phase},
    message::Slot,
    mux::FIRST_SERVER_CHANNEL,
    sas::Comparison,
};

/// The session's channel.
pub(crate) const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

/// The exporting device around its reducer.
pub(crate) struct Exporting {
    pub(crate) connection: Connection,
    pub(crate) open: bool,
    /// A connection was asked for, and is neither there nor given up.
    pub(crate) connecting: bool,
    /// The values of this end, once the connection is there; none where the exporter does not compare.
    pub(crate) comparison: Option<Comparison>,
    /// The archive is being opened with this password.
    pub(crate) opening: Option<Slot>,
    /// Passwords that came.
    pub(crate) passwords: u8,
    pub(crate) sending: Option<Sending>,
    /// Counts archives that are sent, so that what is planned for one is not done for another.
    pub(crate) generation: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sending {
    /// Frames that are out.
    pub(crate) frames: u16,
    pub(crate) bytes: u64,
}

impl Exporting {
    pub(crate) fn new() -> Self {
        Self {
            connection: Connection::exporter(),
            open: false,
            connecting: false,
            comparison: None,
            opening: None,
            passwords: 0,
            sending: None,
            generation: 0,
        }
    }

    /// Another attempt to connect begins.
    pub(crate) fn begin(&mut self) {
        (self.connection, self.open, self.comparison) = (Connection::exporter(), false, None);
        self.connecting = true;
    }

    /// Whether the channel is asked for, and not answered.
    pub(crate) fn asks(&self) -> bool {
        self.connection.place().phase == Phase::Requested
    }

    pub(crate) const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Whether something is read here.
    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }
}
