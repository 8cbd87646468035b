//! An importing device with the archive and after it.

use super::{ANSWERED, ASKED, BEGUN, DIALLED, PROMPTED};
use crate::parts::timelines::{COMPARING, HARDENED, JAMID, NAMELESS, OPEN, Script, Setup};

pub(super) const SCRIPTS: &[Script] = &[
    (
        "a link",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("wait 20", ""),
                ("a sends 0..32768", ""),
                ("wait 20", ""),
                ("a sends 32768..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("a closes", "over with an account, a is lost"),
                ("wait 20", ""),
            ],
        ],
    ),
    (
        "a link, whose exporter does not close",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("wait 20", "5: a is closed, 6: over with an account"),
            ],
        ],
    ),
    (
        "a link without a password",
        OPEN,
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("answer sesame", "refused: the scheme is not the one that was asked for"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("a closes", "over with an account, a is lost"),
                ("remove", "refused: there is no such operation"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "a link, and the account is removed before the link is closed",
        OPEN,
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("remove", "the account is removed"),
                ("remove", ""),
                ("a closes", "over with nothing, a is lost"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "a removal while the account is installed",
        Setup { slow: "install", ..OPEN },
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "is checked, is installed"),
                ("remove", ""),
                ("a drops", ""),
                ("wait 20", "10: DONE error=, 10: over with nothing, 10: withdrawn, 10: the account is removed"),
            ],
        ],
    ),
    (
        "a link, jamid",
        JAMID,
        &[&[
            ("begin", "TOKEN_AVAILABLE token=jami-auth://LONG-ID/743009"),
            ("dial a", "CONNECTING"),
            ("a asks 743009", "a has auth:743009, a gets hello result,cancel"),
            ("a says scheme password", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
            ("answer sesame", "IN_PROGRESS, a gets password sesame"),
            ("a begins", "staged for 0101010101010101 with \"sesame\""),
            ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a ended"),
            ("a ends", "a is closed"),
            ("a closes", "over with an account"),
            ("wait 10", ""),
        ]],
    ),
    (
        "a stray verdict of a legacy exporter",
        JAMID,
        &[&[
            ("begin", "TOKEN_AVAILABLE token=jami-auth://LONG-ID/743009"),
            ("dial a", "CONNECTING"),
            ("a asks 743009", "a has auth:743009, a gets hello result,cancel"),
            ("a says scheme password", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
            ("answer sesame", "IN_PROGRESS, a gets password sesame"),
            ("a says wrong", "AUTHENTICATING auth_error=invalid_credentials auth_scheme=password peer_id=ACCOUNT"),
            ("a begins", "staged for 0101010101010101 with \"sesame\""),
            ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a ended"),
            ("wait 10", "5: a is closed, 6: over with an account"),
        ]],
    ),
    (
        "a transfer that stops",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..40000", ""),
                ("wait 29", ""),
                ("a sends 40000..65535", ""),
                (
                    "wait 29",
                    "1: DONE error=network reason=timeout, 1: withdrawn, 1: staging is discarded, 1: a gets TIMEOUT, 1: a ended, 6: a is closed, 7: over with nothing",
                ),
                ("wait 20", ""),
            ],
        ],
    ),
    (
        "an archive that is written too slowly",
        Setup { slow: "write", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..", ""),
                (
                    "wait 300",
                    "30: DONE error=network reason=timeout, 30: withdrawn, 30: staging is discarded, 30: a gets TIMEOUT, 30: a ended, 35: a is closed, 36: over with nothing",
                ),
            ],
        ],
    ),
    (
        "an archive that is none",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                (
                    "a archives nothing",
                    "IN_PROGRESS, DONE error=network reason=protocol because other error, withdrawn, staged for 0101010101010101 with \"sesame\", is checked, staging is given up, a gets failed_archive, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "the archive of another account",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                ("a says scheme none result,cancel", ""),
                ("a says nothing", ""),
                (
                    "a archives another",
                    "IN_PROGRESS, DONE error=network reason=protocol, withdrawn, staged for 0101010101010101 with \"sesame\", is checked, staging is discarded, a gets failed_archive, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a long transfer that crawls",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                ("a declares 2097153", "IN_PROGRESS, staged for 0101010101010101 with \"sesame\""),
                ("a crawls 33", ""),
                ("wait 932", ""),
                (
                    "wait 1",
                    "1: DONE error=network reason=timeout, 1: withdrawn, 1: staging is discarded, 1: a gets TIMEOUT, 1: a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "no room to begin",
        Setup { fails: "begin", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            &[
                (
                    "a begins",
                    "IN_PROGRESS, DONE error=network reason=storage because no storage space, withdrawn, staged for 0101010101010101 with \"sesame\", a ended",
                ),
                ("a sends 0..", ""),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "no room on the way",
        Setup { fails: "write", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                (
                    "a sends 0..",
                    "DONE error=network reason=storage because no storage space, withdrawn, staging is discarded, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an archive that cannot be completed",
        Setup { fails: "complete", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                (
                    "a sends 0..",
                    "DONE error=network reason=storage because no storage space, withdrawn, staging is given up, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an archive that cannot be read back",
        Setup { fails: "check", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                (
                    "a sends 0..",
                    "DONE error=network reason=storage because no storage space, withdrawn, is checked, staging is given up, a gets failed_storage, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an account that cannot be installed",
        Setup { fails: "install", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                (
                    "a sends 0..",
                    "DONE error=network reason=storage because no storage space, withdrawn, is checked, is installed, staging is given up, a gets failed_storage, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "an account that cannot be installed, of a legacy exporter",
        Setup { fails: "install", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme password", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
                ("answer sesame", "a gets password sesame"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"sesame\""),
                (
                    "a sends 0..",
                    "DONE error=network reason=storage because no storage space, withdrawn, is checked, is installed, staging is given up, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a removal that fails",
        Setup { fails: "remove", ..OPEN },
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("remove", "the account is removed"),
                ("remove", ""),
                ("wait 10", "5: a is closed, 6: over with an account"),
            ],
        ],
    ),
    (
        "the exporter ends in the middle",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..100000", ""),
                ("a ends", "DONE error=network, withdrawn, staging is discarded, a is closed"),
                ("wait 10", "1: over with nothing"),
            ],
        ],
    ),
    (
        "the exporter is lost in the middle",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..100000", ""),
                ("a drops", "DONE error=network, over with nothing, withdrawn, staging is discarded"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "the user leaves in the transfer",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..100000", ""),
                (
                    "remove",
                    "DONE error=network reason=canceled, withdrawn, staging is discarded, a gets CANCELED, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "the user leaves while the archive is checked",
        Setup { slow: "check", ..HARDENED },
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            ANSWERED,
            BEGUN,
            &[
                ("a sends 0..", "is checked"),
                ("remove", "DONE error=network reason=canceled, withdrawn, a gets CANCELED, a ended"),
                ("wait 20", "5: a is closed, 10: over with nothing, 10: staging is discarded"),
            ],
        ],
    ),
    (
        "it names nothing",
        NAMELESS,
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello"),
                ("a says scheme password result,cancel", "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT"),
                ("answer sesame", "a gets password sesame"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"sesame\""),
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a ended"),
                ("wait 10", "5: a is closed, 6: over with an account"),
            ],
        ],
    ),
    (
        "two removals while the account is installed",
        Setup { slow: "install", ..OPEN },
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "is checked, is installed"),
                ("remove", ""),
                ("remove", ""),
                (
                    "wait 10",
                    "10: DONE error=, 10: withdrawn, 10: the account is removed, 10: a gets stored, 10: a ended",
                ),
                ("a closes", "over with nothing, a is lost"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "a removal, and another one after the end",
        OPEN,
        &[
            DIALLED,
            ASKED,
            &[
                ("a says scheme none result,cancel", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("a closes", "over with an account, a is lost"),
                ("remove", "refused: there is no such operation"),
                ("wait 10", ""),
            ],
        ],
    ),
    (
        "answers of the other scheme, more than are kept",
        HARDENED,
        &[
            DIALLED,
            ASKED,
            PROMPTED,
            &[
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("answer", "refused: the scheme is not the one that was asked for"),
                ("bytes", "refused: the credentials are no text, or too long"),
                ("answer sesame", "a gets password sesame"),
                ("progress", "0 of 0"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"sesame\""),
                ("a sends 0..100000", ""),
                ("progress", "100000 of 200000"),
                ("a sends 100000..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("progress", "200000 of 200000"),
                ("a closes", "over with an account, a is lost"),
            ],
        ],
    ),
    (
        "the date is before that of the exporter",
        Setup { days: -2, ..HARDENED },
        &[
            DIALLED,
            ASKED,
            &[
                (
                    "a says scheme password result,cancel",
                    "AUTHENTICATING auth_scheme=password peer_id=ACCOUNT doubt BeforeDevice",
                ),
                ("answer sesame", "a gets password sesame"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"sesame\""),
                (
                    "a sends 0..",
                    "DONE error=network reason=storage because other error, withdrawn, is checked, staging is given up, a gets failed_storage, a ended",
                ),
                ("wait 10", "5: a is closed, 6: over with nothing"),
            ],
        ],
    ),
    (
        "a comparison, equal",
        Setup { password: "", ..COMPARING },
        &[
            DIALLED,
            &[
                ("a asks 743009", "a has auth:743009, a gets hello result,cancel,sas"),
                ("a says scheme none result,cancel,sas", ""),
                ("a commits", "a gets a nonce of 32 times 01"),
                ("answer", "refused: nothing is asked at this moment"),
                ("a opens", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT sas=THE-SAME"),
                ("answer", "refused: nothing is asked at this moment"),
                ("same", "AUTHENTICATING auth_scheme= peer_id=ACCOUNT"),
                ("same", "refused: nothing is asked at this moment"),
                ("answer", "a gets password"),
                ("a begins", "IN_PROGRESS, staged for 0101010101010101 with \"\""),
                ("a sends 0..", "DONE error=, withdrawn, is checked, is installed, a gets stored, a ended"),
                ("a closes", "over with an account, a is lost"),
                ("wait 10", ""),
            ],
        ],
    ),
];
