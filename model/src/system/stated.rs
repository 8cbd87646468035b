//! Numbers that the requirements state, as the checker needs them: typed from `docs/protocol.md`, and never taken from what is checked.

/// Passwords that are tried in a session (R-EXP-6), and prompts that are shown in one (R-IMP-7).
pub const TRIES: u8 = 3;
/// Wrong codes in all, after which a token is dead (R-TOK-5).
pub const WRONG_CODES: u8 = 16;
/// Wrong codes on one connection, after which it is closed (R-TOK-5).
pub const WRONG_CODES_PER_CONNECTION: u8 = 3;
