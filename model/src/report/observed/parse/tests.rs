use super::*;

fn refused(text: &str) -> String {
    Trace::default().read(text.as_bytes()).expect_err(text).to_string()
}

const SIGNAL: &str = r#"{"t_ms": 3, "side": "import", "signal": "deviceAuthStateChanged", "state": 2, "details": {}}"#;

#[test]
fn what_is_no_trace_is_refused_with_its_place() {
    let lines = [
        "x",
        "[]",
        "{}",
        r#"{"t_ms": 1"#,
        r#"{"observed": 2}"#,
        r#"{"observed": 1, "profile": "today"}"#,
        r#"{"t_ms": 1, "side": "import"}"#,
        r#"{"t_ms": 1, "side": "neither", "call": "addAccount"}"#,
        r#"{"t_ms": -1, "side": "import", "call": "addAccount"}"#,
        r#"{"side": "import", "call": "addAccount"}"#,
        r#"{"t_ms": 1, "call": "addAccount"}"#,
        r#"{"t_ms": 1, "side": "import", "call": "addDevice", "args": {"uri": ""}}"#,
        r#"{"t_ms": 1, "side": "export", "call": "addDevice", "args": {}}"#,
        r#"{"t_ms": 1, "side": "export", "call": "addDevice", "args": 7}"#,
        r#"{"t_ms": 1, "side": "export", "call": "addDevice", "args": {"uri": "", "uri": ""}}"#,
        r#"{"t_ms": 1, "side": "export", "call": "confirmAddDevice", "args": {"op_id": "7"}}"#,
        r#"{"t_ms": 1, "side": "import", "call": "addAccount", "args": {}, "ret": [1]}"#,
        r#"{"t_ms": 1, "side": "import", "signal": "addDeviceStateChanged", "state": 2, "details": {}}"#,
        r#"{"t_ms": 1, "side": "import", "signal": "deviceAuthStateChanged", "state": 2}"#,
        r#"{"t_ms": 1, "side": "import", "signal": "deviceAuthStateChanged", "details": {}}"#,
        r#"{"t_ms": 1, "side": "import", "signal": "deviceAuthStateChanged", "state": 256, "details": {}}"#,
        r#"{"t_ms": 1, "side": "import", "signal": "deviceAuthStateChanged", "state": 5, "details": {"error": 1}}"#,
        r#"{"t_ms": 1, "side": "export", "signal": "addDeviceStateChanged", "state": 2, "details": {}}"#,
    ];
    let mut table: Vec<String> = lines.iter().map(|line| format!("{line}\n  {}", refused(line))).collect();
    let earlier = SIGNAL.replace('3', "1");
    table.push(format!("time\n  {}", refused(&format!("{SIGNAL}\n{earlier}\n"))));
    table.push(format!(
        "headers\n  {}",
        refused("{\"observed\": 1, \"pair\": \"LL\"}\n{\"observed\": 1, \"pair\": \"HH\"}")
    ));
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn there_is_a_limit_to_everything() {
    let lines = format!("{SIGNAL}\n").repeat(MAX_LINES);
    let mut trace = Trace::default();
    trace.read(lines.as_bytes()).expect("that many are read");
    let most = trace.lines.len();
    assert_eq!(most, MAX_LINES);
    let error = trace.read(SIGNAL.as_bytes()).expect_err("one more is not");
    assert_eq!((error.place, error.what), (Place { file: 2, line: 1 }, Flaw::Many));
    assert_eq!(refused(&"\n".repeat(MAX_LINES + 2)), format!("line {}: {}", MAX_LINES + 1, Flaw::Many));
    assert_eq!(refused(&" ".repeat(MAX_LINE + 1)), format!("line 1: {}", Flaw::Long));
    let mut trace = Trace::default();
    (0..MAX_FILES).for_each(|_| trace.read(b"").expect("that many are read"));
    assert_eq!(trace.read(b"").map_err(|error| error.what), Err(Flaw::Files));
    let deep = format!("{{\"t_ms\": {}", "[".repeat(10_000));
    assert!(refused(&deep).starts_with("line 1: byte "));
}

#[test]
fn unknown_members_and_ends_of_lines_mean_nothing() {
    let mut trace = Trace::default();
    let more = SIGNAL.replacen('{', "{\"more\": [{}], ", 1);
    trace.read(format!("\r\n{more}\r\n\r\n{SIGNAL}").as_bytes()).expect("it is a trace");
    let places: Vec<_> = trace.lines.iter().map(|line| line.place.line).collect();
    assert_eq!(places, [2, 4]);
}

/// Each side's own time says nothing of the other's.
#[test]
fn a_header_of_a_side_begins_a_clock_of_its_own() {
    let later = SIGNAL.replace('3', "9");
    let export =
        r#"{"t_ms": 1, "side": "export", "signal": "addDeviceStateChanged", "state": 2, "details": {}, "op_id": 1}"#;
    let header = |side| format!("{{\"observed\": 1, \"t_ms\": 0, \"side\": \"{side}\"}}");
    let text = format!("{}\n{later}\n{}\n{export}\n", header("import"), header("export"));
    let mut trace = Trace::default();
    trace.read(text.as_bytes()).expect("each clock goes on");
    assert_ne!(trace.lines[0].clock, trace.lines[1].clock);
    assert!(refused(&format!("{later}\n{export}\n")).contains("time goes back"));
    trace.join_clocks();
    assert_eq!(trace.lines[0].clock, trace.lines[1].clock);
    assert_eq!(trace.lines[0].side, Side::Export);
}

/// R-SEC-2: whatever is wrong with a line, the error says nothing of the password in it.
#[test]
fn an_error_has_no_password() {
    let good = r#"{"t_ms": 1, "side": "import", "call": "provideAccountAuthentication", "args": {"credentials": "hunter2", "scheme": "password"}, "ret": true}"#;
    for cut in 0..good.len() {
        let damaged = [&good[..cut], "\u{1}", &good[cut + 1..]].concat();
        for line in [&good[..cut], damaged.as_str()] {
            if let Err(error) = Trace::default().read(line.as_bytes()) {
                assert!(!format!("{error} {error:?}").contains("hunter2"), "{line}");
            }
        }
    }
    let mut trace = Trace::default();
    trace.read(good.as_bytes()).expect("it is a trace");
    assert!(!format!("{trace:?}").contains("hunter2"));
}
