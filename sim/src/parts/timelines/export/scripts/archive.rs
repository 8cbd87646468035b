//! An exporting device with the archive and after it.

use super::{ACCEPTED, CALLED, CONFIRMED, HELLO, SENT};
use crate::parts::timelines::{CANCEL_ALONE, COMPARING, HARDENED, JAMID, NAMELESS, OPEN, Script, Setup};

pub(super) const SCRIPTS: &[Script] = &[
    (
        "a password that was kept",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            &[
                ("a says password sesame", ""),
                (
                    "confirm",
                    "IN_PROGRESS, opened with \"sesame\", archive closed, a gets archive of 200000, a gets archive whole",
                ),
                ("confirm", "refused: the device was confirmed already"),
                ("a says stored", "DONE error=, a ended"),
                ("a ends", "a is closed"),
                ("a closes", ""),
            ],
        ],
    ),
    (
        "the right password at the third try",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
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
        ],
    ),
    (
        "an account without a password",
        OPEN,
        &[
            CALLED,
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
        ],
    ),
    (
        "a link",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
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
        ],
    ),
    (
        "a link, whose importer does not end",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            SENT,
            &[("a says stored", "DONE error=, a ended"), ("wait 10", "5: a is closed")],
        ],
    ),
    (
        "an importer that could not store it",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            SENT,
            &[
                ("a says failed_storage", "DONE error=network reason=peer, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "an importer without a result",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            SENT,
            &[
                ("wait 180", "180: DONE error=network reason=timeout, 180: a gets TIMEOUT, 180: a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "an importer that ends without its result",
        HARDENED,
        &[CALLED, ACCEPTED, HELLO, CONFIRMED, SENT, &[("a ends", "DONE error=network, a is closed"), ("wait 10", "")]],
    ),
    (
        "an importer that is lost after the archive",
        HARDENED,
        &[CALLED, ACCEPTED, HELLO, CONFIRMED, SENT, &[("a drops", "DONE error=network"), ("wait 10", "")]],
    ),
    (
        "a legacy importer",
        HARDENED,
        &[
            CALLED,
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
        ],
    ),
    (
        "a legacy importer that is lost after the archive",
        HARDENED,
        &[
            CALLED,
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
        ],
    ),
    (
        "an archive that is not read",
        Setup { slow: "open", ..HARDENED },
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a says password sesame", "opened with \"sesame\""),
                ("a pauses", ""),
                ("wait 39", "10: IN_PROGRESS, 10: a gets archive of 200000"),
                ("wait 1", "1: DONE error=network reason=timeout, 1: archive closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "an archive that is not read, and is canceled",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a pauses", ""),
                ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
                ("a says CANCELED", "DONE error=network reason=canceled sent=true, archive closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "an archive that is read late",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
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
        ],
    ),
    (
        "the user leaves in the transfer",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a pauses", ""),
                ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
                ("cancel", "refused: archive bytes are out"),
                ("a resumes", "archive closed, a gets archive whole"),
                ("a says stored", "DONE error=, a ended"),
                ("a ends", "a is closed"),
            ],
        ],
    ),
    (
        "the importer leaves in the transfer",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a pauses", ""),
                ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
                ("a ends", "DONE error=network"),
                ("wait 10", "1: archive closed"),
            ],
        ],
    ),
    (
        "an archive that cannot be read to its end",
        Setup { fails: "read", ..HARDENED },
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                (
                    "a says password sesame",
                    "IN_PROGRESS, DONE error=network reason=storage because no storage space, opened with \"sesame\", archive closed, a gets archive of 200000, a ended",
                ),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a link, jamid",
        JAMID,
        &[
            CALLED,
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
        ],
    ),
    (
        "the user confirms before the hello, jamid",
        JAMID,
        &[
            CALLED,
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
        ],
    ),
    (
        "it names nothing",
        NAMELESS,
        &[
            CALLED,
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
        ],
    ),
    (
        "it names a cancel alone",
        CANCEL_ALONE,
        &[
            CALLED,
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
        ],
    ),
    (
        "the progress of an export",
        HARDENED,
        &[
            CALLED,
            &[
                ("progress", "0 of 0"),
                ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
                ("a says hello result,cancel", "a gets scheme password result,cancel"),
                ("confirm", ""),
                ("a pauses", ""),
                ("progress", "0 of 0"),
                ("a says password sesame", "IN_PROGRESS, opened with \"sesame\", a gets archive of 200000"),
                ("a resumes", "archive closed, a gets archive whole"),
                ("progress", "200000 of 200000"),
                ("a says stored", "DONE error=, a ended"),
                ("a ends", "a is closed"),
                ("progress", "no progress"),
                ("a closes", ""),
            ],
        ],
    ),
    (
        "a comparison, equal",
        Setup { password: "", ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("confirm", "refused: nothing is asked at this moment"),
                ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME, a gets an opening"),
                ("confirm", "refused: nothing is asked at this moment"),
                ("same", ""),
                ("same", "refused: nothing is asked at this moment"),
                (
                    "a says password",
                    "IN_PROGRESS, opened with \"\", archive closed, a gets archive of 200000, a gets archive whole",
                ),
                ("a says stored", "DONE error=, a ended"),
                ("a ends", "a is closed"),
                ("a closes", ""),
            ],
        ],
    ),
    (
        "a password while the user compares",
        Setup { password: "", ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME, a gets an opening"),
                ("a says password", ""),
                (
                    "same",
                    "IN_PROGRESS, opened with \"\", archive closed, a gets archive of 200000, a gets archive whole",
                ),
                ("a says stored", "DONE error=, a ended"),
                ("a ends", "a is closed"),
                ("a closes", ""),
            ],
        ],
    ),
    (
        "an importer that does not compare",
        Setup { password: "", ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a shows", ""),
                (
                    "a says hello result,cancel",
                    "AUTHENTICATING peer_address=192.0.2.1:4711, a gets scheme none result,cancel,sas",
                ),
                ("a shows", ""),
                ("same", "refused: nothing is asked at this moment"),
                ("confirm", ""),
                (
                    "a says password",
                    "IN_PROGRESS, opened with \"\", archive closed, a gets archive of 200000, a gets archive whole",
                ),
                ("a says stored", "DONE error=, a ended"),
                ("a ends", "a is closed"),
                ("a closes", ""),
            ],
        ],
    ),
];
