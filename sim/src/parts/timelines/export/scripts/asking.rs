//! An exporting device while users are asked.

use handfast::outcome::Profile;

use super::{ACCEPTED, CALLED, CONFIRMED, HELLO};
use crate::parts::timelines::{COMPARING, HARDENED, Script, Setup};

pub(super) const SCRIPTS: &[Script] = &[
    (
        "a question that no one answers",
        HARDENED,
        &[
            CALLED,
            &[
                ("wait 50", ""),
                ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
                ("a says hello result,cancel", "a gets scheme password result,cancel"),
                ("wait 300", "300: DONE error=network reason=timeout, 300: a gets TIMEOUT, 300: a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a user who does not confirm",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            &[
                ("a says password sesame", ""),
                ("wait 300", "300: DONE error=network reason=timeout, 300: a gets TIMEOUT, 300: a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a second password",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            &[
                ("a says password one", ""),
                ("a says password sesame", "DONE error=network reason=protocol, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a hello twice and unknown keys",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            &[
                ("a says hello cancel", ""),
                ("a says nothing", ""),
                ("confirm", ""),
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "three wrong passwords",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a says password one", "opened with \"one\", a gets wrong"),
                ("a says password two", "opened with \"two\", a gets wrong"),
                ("wait 290", ""),
                ("a says password three", "DONE error=authentication, opened with \"three\", a gets final, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a result before the archive",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[("a says stored", "DONE error=network reason=protocol, a ended"), ("wait 10", "5: a is closed")],
        ],
    ),
    (
        "the user leaves while it opens",
        Setup { slow: "open", ..HARDENED },
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a says password sesame", "opened with \"sesame\""),
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("cancel", "refused: the operation has ended"),
                ("wait 12", "5: a is closed, 10: archive closed"),
            ],
        ],
    ),
    (
        "the user leaves in the session, of a legacy importer",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            &[
                ("a says hello", "a gets scheme password result,cancel"),
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("confirm", "refused: the operation has ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "the timer of a legacy importer's session",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            &[
                ("a says hello", "a gets scheme password result,cancel"),
                ("wait 301", "300: DONE error=network reason=timeout, 300: a ended"),
                ("wait 10", "4: a is closed"),
            ],
        ],
    ),
    (
        "the importer cancels",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            &[
                ("a says CANCELED", "DONE error=network reason=canceled, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "the importer's time is over",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                ("a says TIMEOUT", "DONE error=network reason=timeout, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "the importer ends",
        HARDENED,
        &[CALLED, ACCEPTED, HELLO, &[("a ends", "DONE error=network, a is closed"), ("wait 10", "")]],
    ),
    (
        "the importer is lost",
        HARDENED,
        &[CALLED, ACCEPTED, HELLO, CONFIRMED, &[("a drops", "DONE error=network"), ("wait 10", "")]],
    ),
    (
        "an archive that cannot be opened",
        Setup { fails: "open", ..HARDENED },
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            CONFIRMED,
            &[
                (
                    "a says password sesame",
                    "DONE error=network reason=storage because no storage space, opened with \"sesame\", a ended",
                ),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a message that is none",
        HARDENED,
        &[
            CALLED,
            ACCEPTED,
            HELLO,
            &[("a writes nonsense", "DONE error=network reason=protocol, a ended"), ("wait 10", "5: a is closed")],
        ],
    ),
    (
        "an alert",
        Setup { attempts: &["alert", "leaves", "answers"], ..HARDENED },
        &[&[
            ("begin", "CONNECTING, dials, s is closed"),
            ("wait 1", "0.25: dials, 0.75: dials, 0.75: a asked for auth:123456"),
            ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711"),
            ("a says hello result,cancel", "a gets scheme password result,cancel"),
            ("wait 299", ""),
            ("wait 2", "1: DONE error=network reason=timeout, 1: a gets TIMEOUT, 1: a ended"),
            ("current", "DONE error=network reason=timeout"),
            ("wait 10", "4: a is closed"),
        ]],
    ),
    (
        "the date is two days before that of the importer",
        Setup { days: -2, ..HARDENED },
        &[
            CALLED,
            &[
                ("a accepts", "AUTHENTICATING peer_address=192.0.2.1:4711 doubt Apart"),
                ("a says hello result,cancel", "a gets scheme password result,cancel"),
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a comparison, different",
        Setup { password: "", ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME, a gets an opening"),
                ("different", "DONE error=authentication reason=mismatch, a gets MISMATCH, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a comparison, and the other user sees a difference",
        Setup { password: "", ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME, a gets an opening"),
                ("a says MISMATCH", "DONE error=authentication reason=mismatch, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "a password before the nonce",
        Setup { password: "", ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("a says password", "DONE error=network reason=protocol, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a comparison at the second connection",
        Setup { password: "", attempts: &["leaves", "answers"], ..COMPARING },
        &[&[
            ("begin", "CONNECTING, dials"),
            ("wait 1", "0.25: dials, 0.25: a asked for auth:123456"),
            ("a accepts", ""),
            ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
            ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME, a gets an opening"),
            ("same", ""),
            ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
            ("wait 10", "5: a is closed"),
        ]],
    ),
    (
        "a comparison, and the date is in doubt",
        Setup { password: "", days: 2, ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME doubt Apart, a gets an opening"),
                ("same", ""),
                ("cancel", "DONE error=network reason=canceled, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
    (
        "a comparison that no one answers, jamid",
        Setup { password: "", profile: Profile::Jamid, ..COMPARING },
        &[
            CALLED,
            &[
                ("a accepts", ""),
                ("a says hello result,cancel,sas", "a gets scheme none result,cancel,sas, a gets a commitment"),
                ("wait 100", ""),
                ("a shows", "AUTHENTICATING peer_address=192.0.2.1:4711 sas=THE-SAME, a gets an opening"),
                ("wait 200", "200: DONE error=timeout, 200: a gets TIMEOUT, 200: a ended"),
                ("wait 10", "5: a is closed"),
            ],
        ],
    ),
];
