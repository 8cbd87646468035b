//! Every bound of the protocol and how long each timer runs, in one place.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// Passwords tried in one session, and prompts shown in one (R-EXP-6, R-IMP-7).
pub const MAX_TRIES: u8 = 3;
/// Wrong codes on one connection, after which it is closed (R-TOK-5).
pub const MAX_WRONG_CODES_PER_CONNECTION: u8 = 3;
/// Wrong codes in all, after which the token is dead (R-TOK-5).
pub const MAX_WRONG_CODES: u8 = 16;
/// Connections of an import operation from which nothing has arrived, and again as many whose handshake is under way (R-IMP-15).
pub const MAX_UNSECURED: u16 = 256;
/// Secured connections of an import operation that have not asked for the session's channel (R-IMP-15).
pub const MAX_SECURED: u16 = 16;
/// Import operations that are live at once (R-API-1).
pub const MAX_IMPORTS: usize = 8;
/// Ended operations that an account remembers until their links are closed.
pub const MAX_LINGERING: usize = 8;
/// The largest operation id (the API's integers are signed).
pub const MAX_OP_ID: u32 = i32::MAX as u32;

/// Depth of nested maps and arrays in a message (R-MSG-3).
pub const MAX_NESTING: usize = 8;
/// Entries of a message's payload, and of its outer map (R-MSG-3).
pub const MAX_ENTRIES: usize = 16;
/// Bytes of a key (R-MSG-3).
pub const MAX_KEY: usize = 64;
/// Bytes of a value other than `accData` (R-MSG-3).
pub const MAX_VALUE: usize = 64 * 1024;
/// Data bytes of one frame (R-MUX-1).
pub const MAX_FRAME: usize = 65535;
/// Data bytes of one frame of the control or protocol channel.
pub const MAX_CONTROL: usize = 4096;
/// Bytes of a channel's name.
pub const MAX_CHANNEL_NAME: usize = 1024;
/// Bytes of an archive's JSON text, unless configured otherwise (R-MSG-3).
pub const DEFAULT_MAX_ARCHIVE: u64 = 64 * 1024 * 1024;
/// Bytes of a nonce, of a commitment, and of what TLS exports, in the comparison of two channels (R-SAS-3).
pub const SAS_VALUE: usize = 32;
/// Digits of the comparison string (R-SAS-4).
pub const SAS_DIGITS: u32 = 6;
/// Words of the comparison string (R-SAS-4).
pub const SAS_WORDS: usize = 4;
/// Mode of a file that the store makes (R-ARC-4, R-ARC-6).
pub const FILE_MODE: u32 = 0o600;
/// Mode of a folder that it makes (R-ARC-4).
pub const FOLDER_MODE: u32 = 0o700;
/// How many times larger than its compressed form an archive may be (R-ARC-3).
pub const MAX_INFLATION: u64 = 200;
/// Bytes that a text may have beyond that ratio: a short one may well be very regular (R-ARC-3).
pub const INFLATION_SLACK: u64 = 1024 * 1024;
/// Bytes that the file of an archive may have beyond the limit of its text: compression makes hardly any text longer (R-ARC-3).
pub const FILE_SLACK: u64 = 1024 * 1024;

/// Bytes that the file of an archive may have whose text has at most `max_text`. No more than the first bytes of a larger one is read.
pub const fn max_archive_file(max_text: u64) -> u64 {
    // Stored blocks of either layer add five bytes to some thousands.
    max_text.saturating_add(max_text / 64).saturating_add(FILE_SLACK)
}

/// Depth of nested objects and arrays in an archive's JSON text. Real ones reach 4.
pub const MAX_JSON_DEPTH: u32 = 32;
/// Bytes of any file of an account in a store but its archive: there is room for the largest settings, of nine values each of whose 64 KiB takes
/// six bytes in JSON, and for the longest chain.
pub const MAX_ACCOUNT_FILE: u64 = 4 * 1024 * 1024;
/// Names of an archive's configuration that are reported; the rest are counted. Real ones have about 50.
pub const MAX_CONFIGURATION: usize = 256;
/// Certificates of a chain.
pub const MAX_CHAIN: usize = 8;
/// Bytes of one certificate.
pub const MAX_CERTIFICATE: usize = 16 * 1024;
/// How far in the future a certificate may begin to be valid: clocks of two devices differ.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an address of a name is tried before the next one is tried too: what RFC 8305 recommends.
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// How long a device is looked for on the local network (R-RDV-3). The library asks at once, and after 1, 3 and 7 seconds.
pub const LAN_SEARCH: Duration = Duration::from_secs(8);
/// Addresses of one device that are tried, of those that its announcement names.
pub const MAX_ADDRESSES: usize = 16;
/// Bytes of an offer or an answer of ICE (R-ICE-2). Real ones have some hundred.
pub const MAX_DESCRIPTION: usize = 16 * 1024;
/// Candidates of an offer or an answer that are read (R-ICE-2), as many as a Jami daemon reads.
pub const MAX_CANDIDATES: usize = 31;
/// Characters of a name or a password of ICE (RFC 8445).
pub const MAX_ICE_WORD: usize = 256;
/// Bytes of a STUN message that is read. Real ones have some hundred.
pub const MAX_STUN: usize = 1280;
/// Connections of one negotiation, each way: those that come, and those that are opened.
pub const MAX_ICE_CONNECTIONS: usize = 16;
/// Frames on one connection of a negotiation that are no signed check, after which it is closed.
pub const MAX_ICE_STRAYS: u32 = 16;
/// Bytes of TLS that are kept of one connection before it is chosen: a ClientHello may come first.
pub const MAX_ICE_EARLY: usize = 64 * 1024;
/// The pause before the next address is connected to (RFC 8445, Ta).
pub const ICE_PACE: Duration = Duration::from_millis(50);
/// How long one address is connected to, as in a Jami daemon.
pub const ICE_CONNECT: Duration = Duration::from_secs(15);
/// How long the choice of a connection may go unanswered before another one is chosen too.
pub const ICE_CHOICE: Duration = Duration::from_secs(1);
/// How long a negotiation may take once both sides are known, and how long an answer is waited for (R-ICE-5): as in a Jami daemon.
pub const ICE_NEGOTIATION: Duration = Duration::from_secs(30);
/// How long a connection may take to be secured where the peer is found in a directory (R-TIME-6): less than R-TIME-2, more than the 40
/// seconds of a Jami daemon.
pub const DIRECTORY_HANDSHAKE: Duration = Duration::from_secs(55);
/// How long the first OpenDHT node may take to answer.
pub const DHT_CONNECT: Duration = Duration::from_secs(15);
/// How long certificates may take until they are read back (R-RDV-4).
pub const DHT_PUBLISH: Duration = Duration::from_secs(30);
/// How long the certificates of a token's device are looked for (R-RDV-6): it may still be publishing them.
pub const DHT_SEARCH: Duration = Duration::from_secs(20);
/// The pause before the OpenDHT network is asked again.
pub const DHT_RETRY: Duration = Duration::from_millis(200);
/// How often the certificates of a request's sender are looked for.
pub const DHT_TRIES: u32 = 10;
/// Requests to connect that are answered at one time (R-RDV-7).
pub const MAX_DHT_REQUESTS: usize = 16;
/// Ids of requests that are remembered (R-RDV-1).
pub const MAX_DHT_TREATED: usize = 1024;
/// Addresses by which the OpenDHT network is joined.
pub const MAX_DHT_ADDRESSES: usize = 16;
/// No device that has this program has an earlier date: 2026-01-01, in seconds since 1970 (R-TIME-7).
pub const EARLIEST_DATE: i64 = 1_767_225_600;
/// No device has a later date: 2100-01-01, in seconds since 1970 (R-TIME-7).
pub const LATEST_DATE: i64 = 4_102_444_800;
/// How much older than a device's date all that its peer shows may be without a doubt in that date: certificates of devices are made
/// when these are linked.
pub const STALE: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Threads that compress an archive as it arrives, each with two blocks of 128 KiB: as many as there are processors, up to this.
pub const MAX_DEFLATE_THREADS: usize = 4;
/// Data bytes of a frame of an archive: with its header it fills four TLS records.
pub const ARCHIVE_FRAME: usize = 65536 - 7;
/// Bytes that wait to be sent on a connection before nothing further is read from it.
pub const MAX_UNSENT: usize = 64 * 1024;
/// Frames on one connection that mean nothing: of channels that are not open, and empty control messages (R-MUX-2). A
/// channel that was declined may carry something until the peer has read so; real peers send a handful.
pub const MAX_STRAYS: u32 = 1024;
/// Channels that a peer may request on one connection (R-MUX-2). Each costs an answer. Real peers request up to four.
pub const MAX_REQUESTS: u32 = 1024;
/// Beacons that are answered on one connection (R-MUX-2): ten a second for as long as a link can last at all.
pub const MAX_BEACONS: u32 = 16 * 1024;
/// Events of one connection that are handled before its commands and its deadline are looked at again.
pub const MAX_TURN: usize = 64;
/// Bytes that an importing device takes from a connection at once, before TLS sees them: `docs/choices.md` has the gain.
pub const READ_AHEAD: usize = 128 * 1024;
/// Commands that wait for a connection. A reducer has at most a handful on the way.
pub const MAX_COMMANDS: usize = 32;
/// Events of all connections of an operation that wait for it. Connections wait while there are more.
pub const MAX_EVENTS: usize = 64;
/// Calls of clients that wait for an operation. Clients wait while there are more.
pub const MAX_CALLS: usize = 8;
/// Connections that were closed and still hand over what was sent on them. Of more, the oldest is cut off.
pub const MAX_CLOSING: usize = 16;
/// Bytes that an importing device takes at once from a connection that is not secured yet.
pub const HANDSHAKE_READ_AHEAD: usize = 4 * 1024;
/// Pause after a connection could not be taken for want of resources, unless another one ends before.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often the pause before another attempt to connect doubles (R-TIME-6).
pub const MAX_DOUBLINGS: u32 = 4;
/// Progress of the transfer is counted in steps of this many bytes (R-TIME-4).
pub const PROGRESS_STEP: u64 = 32 * 1024;

/// The timers of an operation (R-TIME). How long each one runs is in [`Durations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// Import: from `addAccount` until the device can be reached (R-TIME-1).
    Prepare,
    /// Import: the token's lifetime, until a session is accepted (R-TIME-1).
    Token,
    /// Export: from `addDevice` until the channel is open (R-TIME-2).
    Connect,
    /// From the session's opening to the end of authentication (R-TIME-3).
    Authenticate,
    /// The transfer makes no progress (R-TIME-4).
    Stall,
    /// The transfer as a whole (R-TIME-4).
    Transfer,
    /// Export: the importer's result (R-TIME-4).
    Result,
    /// How long the ended channel is kept open for the peer to read it (R-EXT-2).
    Linger,
    /// Export: the pause before another attempt to connect (R-EXP-12).
    Retry,
}

impl Timer {
    /// All timers, in order.
    pub const ALL: [Self; 9] = [
        Self::Prepare,
        Self::Token,
        Self::Connect,
        Self::Authenticate,
        Self::Stall,
        Self::Transfer,
        Self::Result,
        Self::Linger,
        Self::Retry,
    ];
}

/// A set of timers: those that are armed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timers(u16);

impl Timers {
    /// Whether `timer` is in the set.
    pub const fn contains(self, timer: Timer) -> bool {
        self.0 & (1 << timer as u8) != 0
    }

    /// Adds `timer`.
    pub fn insert(&mut self, timer: Timer) {
        self.0 |= 1 << timer as u8;
    }

    /// Removes `timer` and says whether it was there.
    pub fn remove(&mut self, timer: Timer) -> bool {
        let there = self.contains(timer);
        self.0 &= !(1 << timer as u8);
        there
    }

    /// Whether no timer is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The timers of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Timer> {
        Timer::ALL.into_iter().filter(move |&timer| self.contains(timer))
    }
}

impl FromIterator<Timer> for Timers {
    fn from_iter<T: IntoIterator<Item = Timer>>(timers: T) -> Self {
        let mut set = Self::default();
        timers.into_iter().for_each(|timer| set.insert(timer));
        set
    }
}

/// How long each timer runs. The defaults are the specification's; all are configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// [`Timer::Prepare`].
    pub prepare: Duration,
    /// [`Timer::Token`].
    pub token: Duration,
    /// [`Timer::Connect`].
    pub connect: Duration,
    /// [`Timer::Authenticate`].
    pub authenticate: Duration,
    /// [`Timer::Stall`].
    pub stall: Duration,
    /// [`Timer::Transfer`], to which the time that the archive takes at [`Durations::slowest`] is added.
    pub transfer: Duration,
    /// The slowest transfer that is waited for, in bytes per second.
    pub slowest: u64,
    /// [`Timer::Result`].
    pub result: Duration,
    /// [`Timer::Linger`].
    pub linger: Duration,
    /// [`Timer::Retry`] after the first attempt; it doubles with each further one, [`MAX_DOUBLINGS`] times.
    pub retry: Duration,
    /// How long a connection may take to be secured; on the export side, from the beginning of the attempt (R-TIME-6). It is no timer of
    /// the operation: a connection that takes longer is lost to it.
    pub handshake: Duration,
    /// Import: how long a secured connection may take to become the session's (R-TIME-6). No timer of the operation either.
    pub opening: Duration,
    /// How long a connection that is closed may take to hand over what was sent on it.
    pub closing: Duration,
}

impl Default for Durations {
    fn default() -> Self {
        const fn minutes(count: u64) -> Duration {
            Duration::from_secs(60 * count)
        }
        Self {
            prepare: minutes(1),
            token: minutes(5),
            connect: minutes(1),
            authenticate: minutes(5),
            stall: Duration::from_secs(30),
            transfer: minutes(15),
            slowest: 64 * 1024,
            result: minutes(3),
            linger: Duration::from_secs(5),
            retry: Duration::from_millis(250),
            handshake: Duration::from_secs(10),
            opening: Duration::from_secs(10),
            closing: Duration::from_secs(1),
        }
    }
}

impl Durations {
    /// The same for links that are found in a directory: a handshake follows the search, the negotiation and a silence of up to 12 seconds
    /// that a Jami daemon needs for its parameters (R-TIME-6).
    pub fn for_directory(self) -> Self {
        Self { handshake: DIRECTORY_HANDSHAKE, ..self }
    }

    /// How long `timer` runs when an archive of `length` bytes is transferred (0 before its length is known).
    pub fn of(&self, timer: Timer, length: u64) -> Duration {
        match timer {
            Timer::Prepare => self.prepare,
            Timer::Token => self.token,
            Timer::Connect => self.connect,
            Timer::Authenticate => self.authenticate,
            Timer::Stall => self.stall,
            Timer::Transfer => self.transfer + Duration::from_secs(length.div_ceil(self.slowest.max(1))),
            Timer::Result => self.result,
            Timer::Linger => self.linger,
            Timer::Retry => self.retry,
        }
    }

    /// How long [`Timer::Retry`] runs after so many attempts.
    pub fn pause(&self, attempts: u32) -> Duration {
        self.retry * (1 << attempts.saturating_sub(1).min(MAX_DOUBLINGS))
    }

    /// All of them `divisor` times shorter, for simulation. A divisor of 0 counts as 1.
    pub fn scaled_down(self, divisor: u32) -> Self {
        let divisor = divisor.max(1);
        Self {
            prepare: self.prepare / divisor,
            token: self.token / divisor,
            connect: self.connect / divisor,
            authenticate: self.authenticate / divisor,
            stall: self.stall / divisor,
            transfer: self.transfer / divisor,
            slowest: self.slowest.saturating_mul(divisor.into()),
            result: self.result / divisor,
            linger: self.linger / divisor,
            retry: self.retry / divisor,
            handshake: self.handshake / divisor,
            opening: self.opening / divisor,
            closing: self.closing / divisor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_timers_holds_what_was_put_in() {
        let mut timers = Timers::default();
        assert!(timers.is_empty());
        for timer in Timer::ALL {
            assert!(!timers.remove(timer));
            timers.insert(timer);
            assert!(timers.contains(timer));
        }
        assert!(timers.iter().eq(Timer::ALL) && !timers.is_empty());
        assert!(timers.remove(Timer::Stall) && !timers.contains(Timer::Stall));
    }

    /// R-ARC-3: a 64th and a mebibyte more than the text.
    #[test]
    fn the_file_of_an_archive_may_be_a_little_larger_than_its_text() {
        let most = [0, 6400, 64 << 20, u64::MAX].map(max_archive_file);
        assert_eq!(most, [1_048_576, 6400 + 100 + 1_048_576, 67_108_864 + 1_048_576 + 1_048_576, u64::MAX]);
    }

    /// R-TIME-6: a quarter of a second, and at most four seconds.
    #[test]
    fn the_pause_between_attempts_grows_up_to_a_limit() {
        let pauses = [1, 2, 3, 4, 5, 6, u32::MAX].map(|attempts| Durations::default().pause(attempts).as_millis());
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 4000, 4000]);
    }

    /// R-TIME-1 to R-TIME-4, R-TIME-6, in seconds; the pause before another attempt is less than one.
    #[test]
    fn the_default_durations_are_the_specified_ones() {
        let seconds = Timer::ALL.map(|timer| Durations::default().of(timer, 64 * 1024 * 10).as_secs());
        assert_eq!(seconds, [60, 300, 60, 300, 30, 900 + 10, 180, 5, 0]);
    }

    /// R-TIME-6: 55 seconds, and nothing else changes.
    #[test]
    fn a_directory_changes_the_handshake_alone() {
        let durations = Durations::default().for_directory();
        assert_eq!(durations.handshake, Duration::from_secs(55));
        assert_eq!(Durations { handshake: Duration::from_secs(10), ..durations }, Durations::default());
    }

    /// A quarter of each, in milliseconds.
    #[test]
    fn scaled_durations_are_that_much_shorter() {
        let scaled = Durations::default().scaled_down(4);
        let timers = Timer::ALL.map(|timer| scaled.of(timer, 40 * 64 * 1024).as_millis());
        assert_eq!(timers, [15_000, 75_000, 15_000, 75_000, 7_500, 225_000 + 10_000, 45_000, 1_250, 62]);
        let others = [scaled.handshake, scaled.opening, scaled.closing].map(|duration| duration.as_millis());
        assert_eq!(others, [2_500, 2_500, 250]);
        assert_eq!(Durations::default().scaled_down(0), Durations::default());
    }
}
