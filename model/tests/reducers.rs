//! The tables of the machines: `docs/generated/reducers.md` is what exploration finds, and what it does not find has a reason.

use std::{collections::BTreeSet, env, fs, path::Path, sync::LazyLock};

use handfast_model::reducers::{Machine, Table, UNREACHED};

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(Table::explore_all);

const HEAD: &str = "\
# The tables of the machines

Of each machine and row: what each input leads to, which effects come out, in order, and which requirements say so. Found by
exploration of every configuration of the smallest size, and written by a test:
`HANDFAST_BLESS=1 cargo test -p handfast-model --test reducers`. `handfast diagram --of importer --table` prints one table, and without
`--table` the machine as a graph. An input has more than one line where more than the row decides.
";

#[test]
fn the_page_is_what_is_explored() {
    let tables: Vec<_> = TABLES.iter().map(Table::markdown).collect();
    let page = format!("{HEAD}\n{}", tables.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/reducers.md");
    if env::var_os("HANDFAST_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(page.lines()).find(|(was, is)| was != is);
    assert!(written == page, "docs/generated/reducers.md is another: {differs:?}");
}

/// Each row and kind that nothing walks has a reason, and nothing that is walked has one.
#[test]
fn what_is_not_reached_has_a_reason() {
    for table in TABLES.iter() {
        let reasons: Vec<_> = UNREACHED.iter().filter(|one| one.machine == table.machine).collect();
        let has_reason =
            |row: &str, kind: &str| reasons.iter().any(|one| one.rows.contains(&row) && one.kinds.contains(&kind));
        let bare: Vec<_> = table.unreached().into_iter().filter(|(row, kind)| !has_reason(row, kind)).collect();
        assert!(bare.is_empty(), "{}: no reason for {bare:#?}", table.machine.name());
        for one in &reasons {
            for (row, kind) in one.rows.iter().flat_map(|row| one.kinds.iter().map(move |kind| (row, kind))) {
                assert!(!table.has(row, kind), "{}: {row}, {kind} is reached", table.machine.name());
            }
        }
    }
}

/// Each line of a daemon's or client's table that does something cites a requirement, and each that is cited exists.
#[test]
fn each_line_cites_requirements_that_exist() {
    let protocol = include_str!("../../docs/protocol.md");
    for table in TABLES.iter() {
        let page = table.markdown();
        let lines = page.lines().filter(|line| line.starts_with("| ") && line.split('|').count() == 6);
        let lines: Vec<_> = lines.filter(|line| !line.starts_with("| input |")).collect();
        assert!(lines.len() > 20, "{}", table.machine.name());
        for line in lines {
            let cited = line.trim_end_matches(" |").rsplit('|').next().unwrap();
            let ids: Vec<_> = cited.split(',').map(str::trim).collect();
            for id in ids {
                assert!(protocol.contains(&format!("**{id}**")), "{line}: {id:?} is no requirement");
            }
        }
    }
}

/// Two tables of a machine are equal, and all machines have one with rows of their own.
#[test]
fn each_machine_has_a_table() {
    let machines: Vec<_> = TABLES.iter().map(|table| table.machine).collect();
    assert_eq!(machines, Machine::ALL);
    for table in TABLES.iter() {
        let rows: BTreeSet<_> = table.rows().collect();
        assert!(rows.len() > 5, "{}: {rows:?}", table.machine.name());
        assert!(table.mermaid().lines().count() > rows.len(), "{}", table.machine.name());
    }
    let client = Machine::ALL[5];
    assert_eq!(Table::explore(client), *TABLES.iter().find(|table| table.machine == client).unwrap());
}

/// Each value of each type is sent by somebody in each row in which it can be.
#[test]
fn each_value_comes_in_each_row() {
    let features = ["legacy", "result", "cancel", "cancel, result"];
    let schemes = ["no password", "password"];
    let hellos = features.map(|named| format!("hello({named})"));
    let asks = schemes.map(|scheme| features.map(|named| format!("authScheme({scheme}; {named})")));
    let words = [
        "password",
        "verdict(wrong)",
        "verdict(final)",
        "verdict(none)",
        "CANCELED",
        "TIMEOUT",
        "stored",
        "failed_archive",
    ];
    let more = ["failed_storage", "importResult(other)", "unknown message", "malformed"];
    let messages: Vec<String> = hellos
        .into_iter()
        .chain(asks.into_iter().flatten())
        .chain(words.into_iter().chain(more).map(String::from))
        .collect();
    // Within an archive no other message begins.
    let sessions = [
        ["greeted", "prompting", "answered", "checking", "installing"].as_slice(),
        [
            "authenticating, no hello",
            "authenticating, greeted",
            "authenticating, confirmed",
            "trying",
            "sending",
            "sent",
        ]
        .as_slice(),
    ];
    for (table, rows) in TABLES.iter().zip(sessions) {
        let missing: Vec<_> = rows
            .iter()
            .flat_map(|row| messages.iter().map(move |message| (row, message)))
            .filter(|(row, message)| !table.takes(row, message))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:#?}", table.machine.name());
    }
    let [import, export] = [&TABLES[0], &TABLES[1]];
    for (row, values) in [
        ("checking", ["checked(sound)", "checked(unsound)", "checked(unreadable)"].as_slice()),
        ("installing", ["installed(durable)", "installed(failed)"].as_slice()),
        (
            "prompting",
            ["provideAccountAuthentication(no password)", "provideAccountAuthentication(password)"].as_slice(),
        ),
    ] {
        values.iter().for_each(|value| assert!(import.takes(row, value), "{row}: {value}"));
    }
    for value in ["tried(opened)", "tried(wrong)", "tried(unreadable)"] {
        assert!(export.takes("trying", value), "{value}");
    }
}
