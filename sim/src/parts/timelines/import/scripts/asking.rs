//! An importing device while users are asked.

use super::{ANSWERED, ASKED, DIALLED, PROMPTED};
use crate::parts::timelines::{COMPARING, HARDENED, RESULT_ALONE, Script, Setup};

pub(super) const SCRIPTS: &[Script] = &[
    (
        "a question that no one answers",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            &[
                ("wait 100", ""),
                ("a says scheme password result,cancel", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
                (
                    "wait 200",
                    "200: DONE error=network reason=timeout, 200: withdrawn, 200: a gets TIMEOUT, 200: a ended",
                ),
                ("a drops", "over with nothing"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "an answer that is not taken",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer sesame", "a gets password sesame"),
                ("wait 199", ""),
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("wait 100", ""),
                ("wait 2", "1: DONE error=network reason=timeout, 1: withdrawn, 1: a gets TIMEOUT, 1: a ended"),
                ("wait 10", "4: a is closed, 5: over with nothing"),
            ],
        ],
    ),
    (
        "three wrong passwords",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("answer one", "a gets password one"),
                ("answer again", "refused: nothing is asked at this moment"),
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("a says wrong", ""),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer two", "a gets password two"),
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("answer three", "a gets password three"),
                ("a says final", "DONE error=authentication, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a third wrong password that is not the last",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("answer one", "a gets password one"),
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("answer two", "a gets password two"),
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("answer three", "a gets password three"),
                ("a says wrong", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a stray verdict of a hardened exporter",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("a begins", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an archive that is longer than may be",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                ("a declares 2097153", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an archive without consent",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("a begins", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "the exporter cancels",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("a says CANCELED", "DONE error=network reason=canceled, withdrawn, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", "1: over with nothing"),
            ],
        ],
    ),
    (
        "the exporter's time is over",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                ("a says TIMEOUT", "DONE error=network reason=timeout, withdrawn, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", "1: over with nothing"),
            ],
        ],
    ),
    (
        "a mismatch without a comparison",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("a says MISMATCH", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "the user leaves while asked, and the peer closes late",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("remove", "DONE error=network reason=canceled, withdrawn, a gets CANCELED, a ended"),
                ("wait 3", ""),
                ("a closes", "over with nothing, a is lost"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "the user leaves while asked, of a legacy exporter",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme password", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
                ("remove", "DONE error=network reason=canceled, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "the timer of a legacy exporter's session",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme password", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
                (
                    "wait 301",
                    "300: DONE error=network reason=timeout, 300: withdrawn, 300: a gets TIMEOUT, 300: a ended",
                ),
                ("wait 10", "4: a is closed, 5: over with nothing"),
            ],
        ],
    ),
    (
        "it names a result alone",
        RESULT_ALONE,
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result"),
                ("a says scheme password result,cancel", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
                ("remove", "DONE error=network reason=canceled, withdrawn, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "the device that asked",
        HARDENED,
        &[&[
            ("begin", "TOKEN_AVAILABLE token=jami-auth://DEVICE/743009"),
            ("dial b asked same", "CONNECTING"),
            ("b asks 743009", "b has auth:743009, b gets hello result,cancel"),
            ("b says scheme password result,cancel", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
            ("remove", "DONE error=network reason=canceled, withdrawn, b gets CANCELED, b ended"),
            ("wait 10", "5: b is closed, 6: over with nothing"),
        ]],
    ),
    (
        "another device than the one that asked",
        HARDENED,
        &[&[
            ("begin", "TOKEN_AVAILABLE token=jami-auth://DEVICE/743009"),
            ("dial a asked other", "CONNECTING, a is closed"),
            ("a asks 743009", ""),
            ("a says scheme password result,cancel", ""),
            ("remove", "DONE error=network reason=canceled, withdrawn"),
            ("wait 10", "1: over with nothing"),
        ]],
    ),
    (
        "the date is two years after that of the exporter",
        Setup { days: 800, ..HARDENED },
        &[
            DIALLED,
            ASKED,
            &[
                (
                    "a says scheme password result,cancel",
                    "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT doubt LongAfter",
                ),
                ("answer one", "a gets password one"),
                ("a says wrong", "AUTHENTICATING auth_error=bad_password auth_scheme=password peer_id=ACCOUNT"),
                ("remove", "DONE error=network reason=canceled, withdrawn, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a comparison, different",
        Setup { password: "", ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce"),
                ("a opens", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT sas=THE-SAME"),
                ("different", "DONE error=authentication reason=mismatch, withdrawn, a gets MISMATCH, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a comparison whose opening is of another nonce",
        Setup { password: "", ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce"),
                ("a opens another", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a comparison, and the other user sees a difference",
        Setup { password: "", ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce"),
                ("a opens", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT sas=THE-SAME"),
                ("a says MISMATCH", "DONE error=authentication reason=mismatch, withdrawn, a ended"),
                ("a ends", "a is closed"),
                ("wait 10", "1: over with nothing"),
            ],
        ],
    ),
    (
        "a comparison that no one answers",
        Setup { password: "", ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce"),
                ("wait 100", ""),
                ("a opens", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT sas=THE-SAME"),
                (
                    "wait 200",
                    "200: DONE error=network reason=timeout, 200: withdrawn, 200: a gets TIMEOUT, 200: a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an archive before the comparison is answered",
        Setup { password: "", ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce"),
                ("a opens", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT sas=THE-SAME"),
                ("a begins", "DONE error=network reason=protocol, withdrawn, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an exporter that does not compare",
        Setup { password: "", days: -2, ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a commits", ""),
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT doubt BeforeDevice"),
                ("a commits", ""),
                ("a opens", ""),
                ("same", "refused: nothing is asked at this moment"),
                ("answer", "a gets password"),
                ("remove", "DONE error=network reason=canceled, withdrawn, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a comparison, and the date is in doubt",
        Setup { password: "", days: -2, ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce"),
                ("a opens", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT sas=THE-SAME doubt BeforeDevice"),
                ("same", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("remove", "DONE error=network reason=canceled, withdrawn, a gets CANCELED, a ended"),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
];
