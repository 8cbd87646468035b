//! How often each kind of trouble may happen.

use std::fmt;

use serde::Serialize;

macro_rules! budget {
    ($($(#[doc = $doc:literal])* $field:ident),* $(,)?) => {
        /// How often each kind of trouble may happen. Every number makes the graph finite, and is part of the verdict.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
        pub struct Budget {
            $($(#[doc = $doc])* pub $field: u8,)*
        }

        impl Budget {
            /// Nothing goes wrong.
            pub const NOTHING: Self = Self { $($field: 0,)* };

            /// The names that [`Budget::set`] knows.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];

            /// Changes one number. Gives `false` if there is no such name.
            pub fn set(&mut self, key: &str, count: u8) -> bool {
                match key {
                    $(stringify!($field) => self.$field = count,)*
                    _ => return false,
                }
                true
            }

            /// The numbers that are not 0, by name.
            pub fn entries(&self) -> impl Iterator<Item = (&'static str, u8)> {
                [$((stringify!($field), self.$field)),*].into_iter().filter(|(_, count)| *count > 0)
            }
        }
    };
}

budget! {
    /// Losses: of the link, of the request, of the device's reachability.
    loss,
    /// Cancels of the import's user.
    import_cancels,
    /// Cancels of the export's user.
    export_cancels,
    /// Wrong passwords that are typed.
    wrong,
    /// Timers that fire while another step is possible. Timers that fire because no other step is possible are free.
    early,
    /// Failures of the disks.
    storage,
    /// Connections of strangers, who know the device and not the token.
    strangers,
    /// Connections of intruders, who know the token.
    intruders,
    /// Messages and archives that are hostile.
    words,
    /// Channel requests of callers that are not the token's.
    asks,
    /// Crashes of the new device.
    import_crashes,
    /// Crashes of the old device.
    export_crashes,
    /// Calls that a client should not make: the same once more, or an answer in another scheme.
    clicks,
    /// Signals of another operation of the same daemon, where there are clients to receive them.
    foreign,
    /// Requests for a connection that the directory delivers again.
    duplicates,
    /// Attempts of the exporter to connect that follow one that failed.
    retries,
    /// In a crowd: steps of strangers by which they come faster than the importer has places.
    bursts,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (key, count) in self.entries() {
            write!(f, "{}{key}={count}", if first { "" } else { " " })?;
            first = false;
        }
        if first { f.write_str("nothing goes wrong") } else { Ok(()) }
    }
}
