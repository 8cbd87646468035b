//! The requirements that say what an input does, row by row.

use handfast::outcome::Side;

use super::Machine;

/// The requirements of a row and a kind of input.
pub(super) fn of(machine: Machine, row: &str, kind: &str) -> &'static str {
    match machine {
        Machine::Daemon(Side::Import) => of_importer(row, kind),
        Machine::Daemon(Side::Export) => of_exporter(row, kind),
        Machine::Connection(_) => of_connection(kind),
        Machine::Client(_) => of_client(kind),
    }
}

fn of_importer(row: &str, kind: &str) -> &'static str {
    let installs = row == "installing";
    let ended = row.starts_with("done");
    match kind {
        "addAccount" => "R-API-1, R-IMP-1",
        "provideAccountAuthentication" => "R-API-2, R-IMP-6",
        "compareAccount" => "R-SAS-5, R-SAS-6, R-SAS-7",
        "removeAccount" if installs => "R-API-3, R-IMP-13",
        "removeAccount" => "R-API-3, R-CANCEL-1, R-EXT-3",
        "published" => "R-IMP-1, R-TIME-1",
        "unpublishable" => "R-IMP-1",
        "connection requested" if row.starts_with("waiting") => "R-IMP-2, R-IMP-15",
        "connection requested" => "R-IMP-1, R-RDV-1, R-TOK-5",
        "connection answered" | "connections exhausted" => "R-IMP-15",
        "connection opened" => "R-SEC-1, R-IMP-15",
        "connection failed" => "R-IMP-2",
        "connection lost" | "channel ended" if ended => "R-EXT-2",
        "connection lost" | "channel ended" if installs => "R-IMP-13",
        "connection lost" | "channel ended" => "R-IMP-2, R-IMP-12",
        "channel requested, right code" => "R-IMP-3, R-IMP-4, R-TOK-5",
        "channel requested, wrong code" => "R-IMP-3, R-TOK-5",
        "another channel requested" => "R-MUX-1, R-TOK-5",
        _ if installs && kind != "installed" => "R-IMP-13",
        "sasCommitment" | "sasNonce" | "sasOpening" => "R-SAS-1, R-SAS-2, R-SAS-3",
        "authScheme" => "R-IMP-5, R-IMP-14",
        "verdict" => "R-IMP-7, R-IMP-8, R-IMP-14",
        "stateMsg" => "R-EXT-3",
        "hello" | "password" | "importResult" | "unknown message" => "R-IMP-14",
        "malformed" => "R-MSG-3, R-IMP-14",
        "archive began" => "R-IMP-9, R-IMP-10",
        "archive progressed" => "R-TIME-4",
        "archive complete" => "R-IMP-11",
        "archive unwritable" => "R-MSG-2, R-IMP-12",
        "checked" => "R-IMP-11, R-EXT-2",
        "installed" => "R-IMP-13, R-EXT-2",
        "timer fired" if ended => "R-EXT-2",
        "timer fired" => "R-TIME-1, R-TIME-3, R-TIME-4, R-TIME-5",
        _ => "",
    }
}

fn of_exporter(row: &str, kind: &str) -> &'static str {
    let ended = row.starts_with("done");
    match kind {
        "addDevice" => "R-API-4, R-EXP-1",
        "confirmAddDevice" => "R-API-5, R-EXP-4, R-EXP-5",
        "cancelAddDevice" => "R-API-6, R-CANCEL-1, R-EXT-3",
        "compareAddDevice" => "R-SAS-5, R-SAS-6, R-SAS-7",
        "opened" => "R-SEC-1, R-EXP-1",
        "unreachable" => "R-EXP-2",
        "attempt failed" => "R-EXP-12",
        "lost" if ended => "R-EXT-2",
        "lost" => "R-EXP-10, R-EXP-12",
        "accepted" if ended => "R-CANCEL-1",
        "accepted" => "R-EXP-3",
        "declined" => "R-EXP-2, R-EXP-12",
        "ended" if ended => "R-EXT-2",
        "ended" => "R-EXP-10, R-EXT-2",
        "hello" => "R-EXP-4, R-EXP-7",
        "password" => "R-EXP-5, R-EXP-6, R-EXP-7, R-EXP-9",
        "stateMsg" => "R-EXT-3, R-CANCEL-1",
        "importResult" => "R-EXT-2, R-EXP-7",
        "sasCommitment" | "sasNonce" | "sasOpening" => "R-SAS-1, R-SAS-2, R-SAS-6",
        "authScheme" | "verdict" | "unknown message" => "R-EXP-7",
        "malformed" => "R-MSG-3, R-EXP-7",
        "tried" => "R-EXP-6",
        "progressed" => "R-TIME-4",
        "handed over" => "R-EXP-8",
        "send failed" => "R-MSG-2",
        "timer fired" if ended => "R-EXT-2",
        "timer fired" => "R-TIME-2, R-TIME-3, R-TIME-4, R-TIME-5, R-TIME-6",
        _ => "",
    }
}

fn of_connection(kind: &str) -> &'static str {
    match kind {
        "message" | "no message" | "send()" => "R-MSG-1, R-MSG-3",
        "archive began" | "archive slice" | "archive ended" | "begin_archive()" | "archive()" | "finish_archive()"
        | "take_archive()" | "hold_archive()" => "R-MSG-2",
        "beacon"
        | "beacon answer"
        | "unknown control message"
        | "stray frame"
        | "stray answer"
        | "version"
        | "useless request" => "R-MUX-1, R-MUX-2",
        _ => "R-MUX-1",
    }
}

fn of_client(kind: &str) -> &'static str {
    match kind {
        "signal" => "R-CLI-2, R-CLI-3, R-CLI-4",
        "addAccount" => "R-API-1, R-API-8",
        "addDevice" => "R-API-4, R-API-8",
        "provideAccountAuthentication" | "confirmAddDevice" => "R-CLI-8",
        "compareAccount" | "compareAddDevice" => "R-SAS-5, R-CLI-8",
        "removeAccount" | "cancelAddDevice" => "R-CLI-5",
        _ => "R-CLI-1, R-CLI-5, R-CLI-6",
    }
}
