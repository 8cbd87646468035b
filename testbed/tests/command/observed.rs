//! The output of `--json` is an observed trace, as those of real daemons are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Folder, Side, text};

const VECTORS: [&str; 4] = [
    include_str!("vectors/no-password.ndjson"),
    include_str!("vectors/right-password.ndjson"),
    include_str!("vectors/wrong-thrice.ndjson"),
    include_str!("vectors/cancel-by-exporter.ndjson"),
];

/// The shape of a value: its members' names and types.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(_) => "array".into(),
        Value::Object(members) => {
            // In the order of their names: that of the lines is free.
            let sorted: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, shape(value))).collect();
            format!("{sorted:?}")
        }
    }
}

/// The shapes of each signal, by side and state, and of each call.
fn shapes<'a>(lines: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, BTreeSet<String>> {
    let mut shapes = BTreeMap::<_, BTreeSet<_>>::new();
    for line in lines {
        let name = match line.get("call") {
            Some(call) => call.to_string(),
            None if line.get("signal").is_some() => format!("{} {} {}", line["side"], line["signal"], line["state"]),
            None => continue,
        };
        shapes.entry(name).or_default().insert(shape(line));
    }
    shapes
}

fn vectors() -> Vec<Value> {
    VECTORS.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything that both can say, in the words of today's daemon.
fn ours() -> Vec<Value> {
    let folder = Folder::default();
    let right = folder.file("right", "secret\n");
    let both = folder.file("both", "wrong\nsecret\n");
    let (plain, protected) =
        (folder.archive("plain", "64KiB", None), folder.archive("protected", "64KiB", Some(&right)));
    let mut lines = Vec::new();
    let jamid = ["--profile", "jamid"];

    let mut importer = Side::import(&folder.path("store"), &["--yes", jamid[0], jamid[1]]);
    lines.extend(Side::export(&mut importer, &["--yes", jamid[0], jamid[1], "--archive", text(&plain)]).end().lines);
    lines.extend(importer.end().lines);

    let mut importer =
        Side::import(&folder.path("store"), &["--yes", jamid[0], jamid[1], "--password-file", text(&both)]);
    let export = ["--yes", jamid[0], jamid[1], "--archive", text(&protected), "--password-file", text(&right)];
    lines.extend(Side::export(&mut importer, &export).end().lines);
    lines.extend(importer.end().lines);

    let mut importer = Side::import(&folder.path("store"), &["--calls", jamid[0], jamid[1]]);
    let mut exporter = Side::export(&mut importer, &["--calls", jamid[0], jamid[1], "--archive", text(&plain)]);
    let op = exporter.state(3)["op_id"].clone();
    exporter.call("confirmAddDevice", &format!("{{\"op_id\":{op}}}"));
    importer.state(3);
    exporter.call("cancelAddDevice", &format!("{{\"op_id\":{op}}}"));
    lines.extend(exporter.end().lines);
    lines.extend(importer.end().lines);
    lines
}

#[test]
fn every_line_has_the_shape_of_a_real_one() {
    let lines = ours();
    let real = vectors();
    let headers: Vec<_> = lines.iter().filter(|line| line.get("observed").is_some()).collect();
    assert!(headers.iter().all(|header| header["observed"] == real[0]["observed"] && header["profile"] == "jamid"));
    let (ours, theirs) = (shapes(&lines), shapes(&real));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, shapes) in &ours {
        let unlike: Vec<_> = shapes.difference(&theirs[name]).collect();
        assert!(unlike.is_empty(), "{name}: {unlike:?}, not {:?}", theirs[name]);
    }
    let words = |lines: &[Value], name: &str| -> BTreeSet<String> {
        lines.iter().filter_map(|line| line["details"].get(name)).map(Value::to_string).collect()
    };
    for name in ["auth_scheme", "auth_error"] {
        assert_eq!(words(&lines, name), words(&real, name), "{name}");
    }
}

#[test]
fn time_never_goes_back_and_each_side_says_who_it_is() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), &["--yes"]);
    let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive)]).end();
    for (ended, side) in [(importer.end(), "import"), (exporter, "export")] {
        assert!(ended.lines.iter().all(|line| line["side"] == side));
        assert!(ended.lines.iter().map(|line| line["t_ms"].as_u64().unwrap()).is_sorted());
        assert_eq!(ended.lines[0]["observed"], 1);
        let listening = ended.lines[0].get("listening");
        assert_eq!(listening.is_some(), side == "import");
    }
}
