//! An importing device, step by step, as `docs/protocol.md` states it.

mod archive;
mod asking;
mod connecting;

use crate::parts::timelines::{Script, Timeline};

/// All scripts.
pub(in crate::parts::timelines) const SCRIPTS: [&[Script]; 3] =
    [connecting::SCRIPTS, asking::SCRIPTS, archive::SCRIPTS];

const DIALLED: Timeline = &[("begin", "TOKEN_AVAILABLE token=jami-auth://DEVICE/743009"), ("dial a", "CONNECTING")];
const ASKED: Timeline = &[("a asks 743009", "a has auth:743009, a gets hello result,cancel")];
const PROMPTED: Timeline =
    &[("a says scheme password result,cancel", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT")];
const ANSWERED: Timeline = &[("answer sesame", "a gets password sesame")];
const BEGUN: Timeline = &[("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"sesame\"")];
