//! An exporting device before anything is asked.

use super::{ACCEPTED, CALLED};
use crate::parts::timelines::{HARDENED, Script, Setup};

pub(super) const SCRIPTS: &[Script] = &[
    (
        "nothing listens",
        Setup { attempts: &["refused"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because connection refused, dials"), ("wait 10", "")]],
    ),
    (
        "a link that is lost time after time",
        Setup { attempts: &["reset"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            (
                "wait 70",
                "0.25: dials, 0.75: dials, 1.75: dials, 3.75: dials, 7.75: dials, 11.75: dials, 15.75: dials, 19.75: dials, 23.75: dials, 27.75: dials, 31.75: dials, 35.75: dials, 39.75: dials, 43.75: dials, 47.75: dials, 51.75: dials, 55.75: dials, 59.75: dials, 60: DONE error=network reason=timeout because connection reset",
            ),
        ]],
    ),
    (
        "a device that does not answer a call",
        Setup { attempts: &["never"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            (
                "wait 70",
                "10.25: dials, 20.75: dials, 31.75: dials, 43.75: dials, 57.75: dials, 60: DONE error=network reason=timeout because timed out",
            ),
        ]],
    ),
    (
        "a device that does not answer",
        Setup { attempts: &["silent"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            (
                "wait 70",
                "10: s is closed, 10.25: dials, 20.25: s is closed, 20.75: dials, 30.75: s is closed, 31.75: dials, 41.75: s is closed, 43.75: dials, 53.75: s is closed, 57.75: dials, 60: DONE error=network reason=timeout because timed out, 60: s is closed",
            ),
        ]],
    ),
    (
        "a device that leaves",
        Setup { attempts: &["leaves", "leaves", "answers"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            ("wait 1", "0.25: dials, 0.75: dials, 0.75: a asked for auth:123456"),
            ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
            ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
            ("wait 10", "5: a is closed"),
        ]],
    ),
    (
        "another program",
        Setup { attempts: &["greets"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because invalid data, dials, s is closed"), ("wait 10", "")]],
    ),
    (
        "another device",
        Setup { attempts: &["other"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because entity not found, dials, a is closed"), ("wait 10", "")]],
    ),
    (
        "no answer to the code",
        HARDENED,
        &[
            CALLED,
            &[
                ("wait 59", ""),
                ("wait 1", "1: DONE error=network reason=timeout"),
                ("a accepts", "a gets TIMEOUT, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "the code is not known",
        HARDENED,
        &[CALLED, &[("a declines", "DONE error=network because permission denied, a is closed"), ("wait 10", "")]],
    ),
    (
        "a peer that says nothing",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            &[
                ("wait 299", ""),
                ("wait 1", "1: DONE error=network reason=timeout, 1: a gets TIMEOUT, 1: a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a password before the hello",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            &[("a says password sesame", "DONE error=network reason=protocol, a ended"), ("wait 10", "5: a is closed")],
        ],
    ),
    (
        "the user leaves while the attempt fails",
        Setup { attempts: &["reset"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            ("wait 1", "0.25: dials, 0.75: dials"),
            ("cancel", "DONE error=network reason=canceled"),
            ("wait 10", ""),
        ]],
    ),
    (
        "the user leaves while the device is asked",
        HARDENED,
        &[
            CALLED,
            &[
                ("cancel", "DONE error=network reason=canceled"),
                ("a accepts", "a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "the user leaves in the session",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            &[
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "errors after which another attempt has a use",
        Setup { attempts: &["late", "aborted", "broken", "interrupted", "cut", "reset", "answers"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            (
                "wait 20",
                "0.25: dials, 0.75: dials, 1.75: dials, 3.75: dials, 7.75: dials, 11.75: dials, 11.75: a asked for auth:123456",
            ),
            ("cancel", "DONE error=network reason=canceled"),
            ("wait 10", "5: a is closed"),
        ]],
    ),
    (
        "an error after which none has: refused",
        Setup { attempts: &["refused"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because connection refused, dials")]],
    ),
    (
        "an error after which none has: denied",
        Setup { attempts: &["denied"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because permission denied, dials")]],
    ),
    (
        "an error after which none has: unknown",
        Setup { attempts: &["unknown"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because entity not found, dials")]],
    ),
    (
        "an error after which none has: no-address",
        Setup { attempts: &["no-address"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because address not available, dials")]],
    ),
    (
        "an error after which none has: no-host",
        Setup { attempts: &["no-host"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because host unreachable, dials")]],
    ),
    (
        "an error after which none has: other",
        Setup { attempts: &["exhausted"], ..HARDENED },
        &[&[("begin", "CONNECTING, DONE error=network because other error, dials")]],
    ),
    (
        "a late answer to who has left",
        HARDENED,
        &[
            CALLED,
            &[
                ("cancel", "DONE error=network reason=canceled"),
                ("wait 4", ""),
                ("a accepts", "a gets CANCELED, a ended"),
                ("wait 4", ""),
                ("wait 1", "1: a is closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "a late decline to who timed out",
        Setup { attempts: &["reset", "answers"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials"),
            (
                "wait 60",
                "0.25: dials, 0.25: a asked for auth:123456, 60: DONE error=network reason=timeout because connection reset",
            ),
            ("current", "DONE error=network reason=timeout because connection reset"),
            ("a declines", "a is closed"),
            ("current", "DONE error=network reason=timeout because connection reset"),
            ("wait 10", ""),
        ]],
    ),
    (
        "a late lost connection of who has left",
        HARDENED,
        &[
            CALLED,
            &[
                ("cancel", "DONE error=network reason=canceled"),
                ("current", "DONE error=network reason=canceled"),
                ("a drops", ""),
                ("current", "DONE error=network reason=canceled"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "the text of a token",
        HARDENED,
        &[
            CALLED,
            &[
                ("blank before", "Err(InvalidUri)"),
                ("blank after", "Err(InvalidUri)"),
                ("line after", "Err(InvalidUri)"),
                ("again", "Err(AlreadyLinking)"),
                ("cancel", "DONE error=network reason=canceled"),
                ("a accepts", "a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "the date is two days after that of the importer",
        Setup { days: 2, ..HARDENED },
        &[
            CALLED,
            &[
                ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711 doubt Apart"),
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
];
