//! What happens on an exporting device, step by step, as `docs/protocol.md` states it.

use crate::parts::timelines::{CANCEL_ALONE, HARDENED, JAMID, NAMELESS, OPEN, Setup, Timeline};

const CALLED: Timeline = &[("begin", "CONNECTING, dials, a asked for auth:123456")];
const ACCEPTED: Timeline = &[
    ("begin", "CONNECTING, dials, a asked for auth:123456"),
    ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
];
const HELLO: Timeline = &[
    ("begin", "CONNECTING, dials, a asked for auth:123456"),
    ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
    ("a says hello result,cancel", "a gets scheme password result,cancel"),
];
const CONFIRMED: Timeline = &[
    ("begin", "CONNECTING, dials, a asked for auth:123456"),
    ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
    ("a says hello result,cancel", "a gets scheme password result,cancel"),
    ("confirm", ""),
];
const SENT: Timeline = &[
    ("begin", "CONNECTING, dials, a asked for auth:123456"),
    ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
    ("a says hello result,cancel", "a gets scheme password result,cancel"),
    ("confirm", ""),
    (
        "a says password sesame",
        "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
    ),
];

/// Each script: its name, what is special about it, how it begins, and how it goes on.
pub(in crate::parts::timelines) const SCRIPTS: &[(&str, Setup, Timeline, Timeline)] = &[
    (
        "nothing listens",
        Setup { attempts: &["refused"], ..HARDENED },
        &[],
        &[("begin", "CONNECTING, DONE error=network, dials"), ("wait 10", "")],
    ),
    (
        "a link that is lost time after time",
        Setup { attempts: &["reset"], ..HARDENED },
        &[],
        &[
            ("begin", "CONNECTING, dials"),
            (
                "wait 70",
                "0.25: dials, 0.75: dials, 1.75: dials, 3.75: dials, 7.75: dials, 11.75: dials, 15.75: dials, 19.75: dials, 23.75: dials, 27.75: dials, 31.75: dials, 35.75: dials, 39.75: dials, 43.75: dials, 47.75: dials, 51.75: dials, 55.75: dials, 59.75: dials, 60: DONE error=network reason=timeout",
            ),
        ],
    ),
    (
        "a device that does not answer a call",
        Setup { attempts: &["never"], ..HARDENED },
        &[],
        &[
            ("begin", "CONNECTING, dials"),
            (
                "wait 70",
                "10.25: dials, 20.75: dials, 31.75: dials, 43.75: dials, 57.75: dials, 60: DONE error=network reason=timeout",
            ),
        ],
    ),
    (
        "a device that does not answer",
        Setup { attempts: &["silent"], ..HARDENED },
        &[],
        &[
            ("begin", "CONNECTING, dials"),
            (
                "wait 70",
                "10: s is closed, 10.25: dials, 20.25: s is closed, 20.75: dials, 30.75: s is closed, 31.75: dials, 41.75: s is closed, 43.75: dials, 53.75: s is closed, 57.75: dials, 60: DONE error=network reason=timeout, 60: s is closed",
            ),
        ],
    ),
    (
        "a device that leaves",
        Setup { attempts: &["leaves", "leaves", "answers"], ..HARDENED },
        &[],
        &[
            ("begin", "CONNECTING, dials"),
            ("wait 1", "0.25: dials, 0.75: dials, 0.75: a asked for auth:123456"),
            ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
            ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "another program",
        Setup { attempts: &["greets"], ..HARDENED },
        &[],
        &[("begin", "CONNECTING, DONE error=network, dials, s is closed"), ("wait 10", "")],
    ),
    (
        "another device",
        Setup { attempts: &["other"], ..HARDENED },
        &[],
        &[("begin", "CONNECTING, DONE error=network, dials, a is closed"), ("wait 10", "")],
    ),
    (
        "no answer to the code",
        HARDENED,
        CALLED,
        &[
            ("wait 59", ""),
            ("wait 1", "1: DONE error=network reason=timeout"),
            ("a accepts", "a gets TIMEOUT, a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    ("the code is not known", HARDENED, CALLED, &[("a declines", "DONE error=network, a is closed"), ("wait 10", "")]),
    (
        "a peer that says nothing",
        HARDENED,
        ACCEPTED,
        &[
            ("wait 299", ""),
            ("wait 1", "1: DONE error=network reason=timeout, 1: a gets TIMEOUT, 1: a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "a question that no one answers",
        HARDENED,
        CALLED,
        &[
            ("wait 50", ""),
            ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
            ("a says hello result,cancel", "a gets scheme password result,cancel"),
            ("wait 300", "300: DONE error=network reason=timeout, 300: a gets TIMEOUT, 300: a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "a user who does not confirm",
        HARDENED,
        HELLO,
        &[
            ("a says password sesame", ""),
            ("wait 300", "300: DONE error=network reason=timeout, 300: a gets TIMEOUT, 300: a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "a password that was kept",
        HARDENED,
        HELLO,
        &[
            ("a says password sesame", ""),
            (
                "confirm",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("confirm", "refused"),
            ("a says stored", "DONE error=, a ended"),
            ("a ends", "a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "a second password",
        HARDENED,
        HELLO,
        &[
            ("a says password one", ""),
            ("a says password sesame", "DONE error=network reason=protocol, a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "a password before the hello",
        HARDENED,
        ACCEPTED,
        &[("a says password sesame", "DONE error=network reason=protocol, a ended"), ("wait 10", "5: a is closed")],
    ),
    (
        "a hello twice and unknown keys",
        HARDENED,
        HELLO,
        &[
            ("a says hello cancel", ""),
            ("a says nothing", ""),
            ("confirm", ""),
            ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "three wrong passwords",
        HARDENED,
        CONFIRMED,
        &[
            ("a says password one", "opened with \"one\", a gets wrong"),
            ("a says password two", "opened with \"two\", a gets wrong"),
            ("wait 290", ""),
            ("a says password three", "DONE error=authentication, opened with \"three\", a gets final, a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "the right password at the third try",
        HARDENED,
        CONFIRMED,
        &[
            ("a says password one", "opened with \"one\", a gets wrong"),
            ("a says password two", "opened with \"two\", a gets wrong"),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a says failed_archive", "DONE error=network reason=peer, a ended"),
            ("a ends", "a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "an account without a password",
        OPEN,
        ACCEPTED,
        &[
            ("a says hello result,cancel", "a gets scheme none result,cancel"),
            ("confirm", ""),
            ("a says password sesame", "opened with \"sesame\", a gets wrong"),
            (
                "a says password",
                "IN_PROGRESS, opened with \"\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a says stored", "DONE error=, a ended"),
            ("a ends", "a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "a link",
        HARDENED,
        CONFIRMED,
        &[
            ("wait 200", ""),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("wait 179", ""),
            ("a says stored", "DONE error=, a ended"),
            ("a ends", "a is closed"),
            ("a closes", ""),
            ("wait 10", ""),
        ],
    ),
    (
        "a link, whose importer does not end",
        HARDENED,
        SENT,
        &[("a says stored", "DONE error=, a ended"), ("wait 10", "5: a is closed")],
    ),
    (
        "an importer that could not store it",
        HARDENED,
        SENT,
        &[
            ("a says failed_storage", "DONE error=network reason=peer, a ended"),
            ("a ends", "a is closed"),
            ("wait 10", ""),
        ],
    ),
    (
        "an importer without a result",
        HARDENED,
        SENT,
        &[
            ("wait 180", "180: DONE error=network reason=timeout, 180: a gets TIMEOUT, 180: a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "an importer that ends without its result",
        HARDENED,
        SENT,
        &[("a ends", "DONE error=network, a is closed"), ("wait 10", "")],
    ),
    (
        "an importer that is lost after the archive",
        HARDENED,
        SENT,
        &[("a drops", "DONE error=network"), ("wait 10", "")],
    ),
    (
        "a legacy importer",
        HARDENED,
        ACCEPTED,
        &[
            ("a says hello", "a gets scheme password result,cancel"),
            ("confirm", ""),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a ends", "DONE confirmed=false error=, a is closed"),
            ("a closes", ""),
            ("wait 10", ""),
        ],
    ),
    (
        "a legacy importer that is lost after the archive",
        HARDENED,
        ACCEPTED,
        &[
            ("a says hello", "a gets scheme password result,cancel"),
            ("confirm", ""),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a drops", "DONE error=network"),
            ("wait 10", ""),
        ],
    ),
    (
        "a result before the archive",
        HARDENED,
        CONFIRMED,
        &[("a says stored", "DONE error=network reason=protocol, a ended"), ("wait 10", "5: a is closed")],
    ),
    (
        "an archive that is not read",
        Setup { slow: "open", ..HARDENED },
        CONFIRMED,
        &[
            ("a says password sesame", "opened with \"sesame\""),
            ("a pauses", ""),
            ("wait 39", "10: IN_PROGRESS, 10: a gets archive of 200000"),
            ("wait 1", "1: DONE error=network reason=timeout, 1: archive closed"),
            ("wait 10", ""),
        ],
    ),
    (
        "an archive that is not read, and is canceled",
        HARDENED,
        CONFIRMED,
        &[
            ("a pauses", ""),
            ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
            ("a says CANCELED", "DONE error=network reason=canceled sent=true, archive closed"),
            ("wait 10", ""),
        ],
    ),
    (
        "an archive that is read late",
        HARDENED,
        CONFIRMED,
        &[
            ("a pauses", ""),
            ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
            ("wait 29", ""),
            ("a resumes", "archive closed, a gets archive whole"),
            ("a says stored", "DONE error=, a ended"),
            ("a ends", "a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "the user leaves while it opens",
        Setup { slow: "open", ..HARDENED },
        CONFIRMED,
        &[
            ("a says password sesame", "opened with \"sesame\""),
            ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
            ("cancel", "refused"),
            ("wait 12", "5: a is closed, 10: archive closed"),
        ],
    ),
    (
        "the user leaves in the transfer",
        HARDENED,
        CONFIRMED,
        &[
            ("a pauses", ""),
            ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
            ("cancel", "refused"),
            ("a resumes", "archive closed, a gets archive whole"),
            ("a says stored", "DONE error=, a ended"),
            ("a ends", "a is closed"),
        ],
    ),
    (
        "the user leaves while the attempt fails",
        Setup { attempts: &["reset"], ..HARDENED },
        &[],
        &[
            ("begin", "CONNECTING, dials"),
            ("wait 1", "0.25: dials, 0.75: dials"),
            ("cancel", "DONE error=network reason=canceled"),
            ("wait 10", ""),
        ],
    ),
    (
        "the user leaves while the device is asked",
        HARDENED,
        CALLED,
        &[
            ("cancel", "DONE error=network reason=canceled"),
            ("a accepts", "a gets CANCELED, a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "the user leaves in the session",
        HARDENED,
        ACCEPTED,
        &[("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"), ("wait 10", "5: a is closed")],
    ),
    (
        "the user leaves in the session, of a legacy importer",
        HARDENED,
        ACCEPTED,
        &[
            ("a says hello", "a gets scheme password result,cancel"),
            ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
            ("confirm", "refused"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "the timer of a legacy importer's session",
        HARDENED,
        ACCEPTED,
        &[
            ("a says hello", "a gets scheme password result,cancel"),
            ("wait 301", "300: DONE error=network reason=timeout, 300: a ended"),
            ("wait 10", "4: a is closed"),
        ],
    ),
    (
        "the importer cancels",
        HARDENED,
        HELLO,
        &[
            ("a says CANCELED", "DONE error=network reason=canceled, a ended"),
            ("a ends", "a is closed"),
            ("wait 10", ""),
        ],
    ),
    (
        "the importer's time is over",
        HARDENED,
        CONFIRMED,
        &[("a says TIMEOUT", "DONE error=network reason=timeout, a ended"), ("a ends", "a is closed"), ("wait 10", "")],
    ),
    ("the importer ends", HARDENED, HELLO, &[("a ends", "DONE error=network, a is closed"), ("wait 10", "")]),
    ("the importer is lost", HARDENED, CONFIRMED, &[("a drops", "DONE error=network"), ("wait 10", "")]),
    (
        "the importer leaves in the transfer",
        HARDENED,
        CONFIRMED,
        &[
            ("a pauses", ""),
            ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
            ("a ends", "DONE error=network"),
            ("wait 10", "1: archive closed"),
        ],
    ),
    (
        "an archive that cannot be opened",
        Setup { fails: "open", ..HARDENED },
        CONFIRMED,
        &[
            ("a says password sesame", "DONE error=network reason=storage, opened with \"sesame\", a ended"),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "an archive that cannot be read to its end",
        Setup { fails: "read", ..HARDENED },
        CONFIRMED,
        &[
            (
                "a says password sesame",
                "IN_PROGRESS, DONE error=network reason=storage, opened with \"sesame\", archive closed, a gets archive of 200000, a ended",
            ),
            ("wait 10", "5: a is closed"),
        ],
    ),
    (
        "a message that is none",
        HARDENED,
        HELLO,
        &[("a writes nonsense", "DONE error=network reason=protocol, a ended"), ("wait 10", "5: a is closed")],
    ),
    (
        "a link, jamid",
        JAMID,
        ACCEPTED,
        &[
            ("a says hello", ""),
            ("confirm", "a gets scheme password result,cancel"),
            ("a says password wrong", "opened with \"wrong\", a gets wrong"),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a ends", "DONE confirmed=false error=, a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "the user confirms before the hello, jamid",
        JAMID,
        ACCEPTED,
        &[
            ("confirm", ""),
            ("a says hello", "a gets scheme password result,cancel"),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a ends", "DONE confirmed=false error=, a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "it names nothing",
        NAMELESS,
        ACCEPTED,
        &[
            ("a says hello result,cancel", "a gets scheme password"),
            ("confirm", ""),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a ends", "DONE confirmed=false error=, a is closed"),
            ("a closes", ""),
        ],
    ),
    (
        "it names a cancel alone",
        CANCEL_ALONE,
        ACCEPTED,
        &[
            ("a says hello result,cancel", "a gets scheme password cancel"),
            ("confirm", ""),
            (
                "a says password sesame",
                "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
            ),
            ("a ends", "DONE confirmed=false error=, a is closed"),
            ("a closes", ""),
        ],
    ),
];
