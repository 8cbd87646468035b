//! Numbers and durations.

use handfast::{
    limits::{self, Durations, Timer},
    mux,
    operations::AddDeviceError,
    outcome::LinkState,
    reducer::{Config, Places},
    sas::EXPORTER_LABEL,
    token,
};

use super::Stated;

/// Milliseconds of the document's units.
const SECOND: u128 = 1_000;
const MINUTE: u128 = 60 * SECOND;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

pub(super) fn all() -> Vec<Stated> {
    let mut all = numbers();
    all.extend(durations());
    all
}

fn numbers() -> Vec<Stated> {
    let Places { unsecured, secured } = Config::default().places;
    let errors = [AddDeviceError::InvalidUri, AddDeviceError::AlreadyLinking, AddDeviceError::Generic];
    let mut all = vec![
        Stated::new("R-EXP-6", "passwords tried in a session", 3, limits::MAX_TRIES),
        Stated::new("R-IMP-7", "prompts shown in a session", 3, limits::MAX_TRIES),
        Stated::new("R-TOK-5", "wrong codes in all", 16, limits::MAX_WRONG_CODES),
        Stated::new("R-TOK-5", "wrong codes on one connection", 3, limits::MAX_WRONG_CODES_PER_CONNECTION),
        Stated::new("R-IMP-15", "places of connections that are not secured", 256, limits::MAX_UNSECURED),
        Stated::new("R-IMP-15", "places of secured connections", 16, limits::MAX_SECURED),
        Stated::new("R-IMP-15", "places of an importer that ships", "256, 16", format!("{unsecured}, {secured}")),
        Stated::new("R-API-1", "live imports", 8, limits::MAX_IMPORTS),
        Stated::new("R-API-4", "ended exports that are kept", 8, limits::MAX_LINGERING),
        Stated::new("R-API-4", "the largest op_id", 2_147_483_647u32, limits::MAX_OP_ID),
        Stated::new(
            "R-API-4",
            "errors of addDevice",
            "[-1, -2, -3]",
            format!("{:?}", errors.map(AddDeviceError::code)),
        ),
        Stated::new("R-MSG-3", "entries of a payload", 16, limits::MAX_ENTRIES),
        Stated::new("R-MSG-3", "bytes of a key", 64, limits::MAX_KEY),
        Stated::new("R-MSG-3", "bytes of a value", 64 * KIB, limits::MAX_VALUE),
        Stated::new("R-MSG-3", "bytes of an archive by default", 64 * MIB, limits::DEFAULT_MAX_ARCHIVE),
        Stated::new("R-MUX-1", "data bytes of a frame", 65_535, limits::MAX_FRAME),
        Stated::new("R-MUX-1", "the control channel", 0, mux::CONTROL_CHANNEL),
        Stated::new("R-MUX-1", "the protocol channel", 65_535, mux::PROTOCOL_CHANNEL),
        Stated::new("R-MUX-2", "frames that mean nothing", 1_024, limits::MAX_STRAYS),
        Stated::new("R-MUX-2", "channel requests", 1_024, limits::MAX_REQUESTS),
        Stated::new("R-MUX-2", "beacons", 16_384, limits::MAX_BEACONS),
        Stated::new(
            "R-TOK-1",
            "characters of a token, short and long",
            "59, 83",
            format!("{}, {}", token::SHORT_LENGTH, token::LONG_LENGTH),
        ),
        Stated::new("R-ARC-3", "how far an archive may inflate", 200, limits::MAX_INFLATION),
        Stated::new("R-ARC-4", "mode of a file", "600", format!("{:o}", limits::FILE_MODE)),
        Stated::new("R-ARC-4", "mode of a folder", "700", format!("{:o}", limits::FOLDER_MODE)),
        Stated::new("R-SAS-3", "bytes of a nonce, a commitment, and what TLS exports", 32, limits::SAS_VALUE),
        Stated::new(
            "R-SAS-3",
            "the label of what TLS exports",
            "EXPERIMENTAL-handfast-sas",
            EXPORTER_LABEL.escape_ascii(),
        ),
        Stated::new("R-SAS-4", "digits of the comparison string", 6, limits::SAS_DIGITS),
        Stated::new("R-SAS-4", "words of the comparison string", 4, limits::SAS_WORDS),
        Stated::new("R-TIME-7", "the earliest date, 2026-01-01", days_to(2026) * 86_400, limits::EARLIEST_DATE),
        Stated::new("R-TIME-7", "the latest date, 2100-01-01", days_to(2100) * 86_400, limits::LATEST_DATE),
    ];
    let states = ["0 INIT", "1 TOKEN_AVAILABLE", "2 CONNECTING", "3 AUTHENTICATING", "4 IN_PROGRESS", "5 DONE"];
    let shipped = LinkState::ALL.map(|state| format!("{} {state}", state.number()));
    all.extend(
        states.into_iter().zip(shipped).map(|(stated, shipped)| Stated::new("R-STATE-1", "a state", stated, shipped)),
    );
    all
}

/// Days from 1970-01-01 to the first day of a year.
fn days_to(year: i64) -> i64 {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum()
}

fn durations() -> Vec<Stated> {
    let ships = Durations::default();
    let timer = |requirement, what: &str, milliseconds: u128, timer| {
        Stated::new(requirement, format!("{what}, in ms"), milliseconds, ships.of(timer, 0).as_millis())
    };
    let time = |requirement, what: &str, milliseconds: u128, shipped: std::time::Duration| {
        Stated::new(requirement, format!("{what}, in ms"), milliseconds, shipped.as_millis())
    };
    let pauses = [1, 2, 3, 4, 5, 6, 100].map(|attempts| ships.pause(attempts).as_millis());
    vec![
        timer("R-TIME-1", "preparing", 60 * SECOND, Timer::Prepare),
        timer("R-TIME-1", "a token's lifetime", 5 * MINUTE, Timer::Token),
        timer("R-TIME-2", "connecting", 60 * SECOND, Timer::Connect),
        timer("R-TIME-3", "authentication", 5 * MINUTE, Timer::Authenticate),
        timer("R-TIME-4", "a transfer without progress", 30 * SECOND, Timer::Stall),
        timer("R-TIME-4", "a transfer, before its length is known", 15 * MINUTE, Timer::Transfer),
        Stated::new(
            "R-TIME-4",
            "a transfer of 64 MiB, in ms",
            15 * MINUTE + 1024 * SECOND,
            ships.of(Timer::Transfer, 64 * MIB).as_millis(),
        ),
        Stated::new("R-TIME-4", "bytes of progress", 32 * KIB, limits::PROGRESS_STEP),
        timer("R-TIME-4", "the result", 3 * MINUTE, Timer::Result),
        timer("R-EXT-2", "an ended channel is kept", 5 * SECOND, Timer::Linger),
        time("R-TIME-6", "a connection is secured", 10 * SECOND, ships.handshake),
        time("R-TIME-6", "a secured connection becomes the session's", 10 * SECOND, ships.opening),
        Stated::new(
            "R-TIME-6",
            "pauses between attempts, in ms",
            "[250, 500, 1000, 2000, 4000, 4000, 4000]",
            format!("{pauses:?}"),
        ),
        time("R-TIME-7", "tolerance of a certificate's begin", 24 * 60 * MINUTE, limits::CLOCK_TOLERANCE),
        // A year, also one of 366 days.
        time("R-TIME-7", "a certificate is old", 366 * 24 * 60 * MINUTE, limits::STALE),
    ]
}
