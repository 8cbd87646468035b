//! An exporting device, step by step, as `docs/protocol.md` states it.

mod archive;
mod asking;
mod connecting;

use crate::parts::timelines::{Script, Timeline};

/// All scripts.
pub(in crate::parts::timelines) const SCRIPTS: [&[Script]; 3] =
    [connecting::SCRIPTS, asking::SCRIPTS, archive::SCRIPTS];

const CALLED: Timeline = &[("begin", "CONNECTING, dials, a asked for auth:123456")];
const ACCEPTED: Timeline = &[("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711")];
const HELLO: Timeline = &[("a says hello result,cancel", "a gets scheme password result,cancel")];
const CONFIRMED: Timeline = &[("confirm", "")];
const SENT: Timeline = &[(
    "a says password sesame",
    "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
)];
