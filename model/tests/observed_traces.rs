//! Traces of real daemons, and of two processes of ours, are runs of the model. With one line changed they are not, but for those
//! changes that give another run: these are listed, each with the reason.

mod mutations;

use handfast_model::{
    config::Cast,
    observed::{Terms, Trace, Verdict, validate},
};
use mutations::{Mutation, mutations};

macro_rules! traces {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("traces/", $name, ".ndjson")))),*] };
}

const LEGACY: [(&str, &str); 4] = traces!["no-password", "right-password", "wrong-thrice", "cancel-by-exporter"];
const HARDENED: [(&str, &str); 12] = traces![
    "documented-plain",
    "documented-wrong-then-right",
    "documented-thrice",
    "documented-export-cancels",
    "documented-import-cancels",
    "documented-refusals",
    "jamid-plain",
    "jamid-wrong-then-right",
    "jamid-thrice",
    "jamid-export-cancels",
    "jamid-import-cancels",
    "jamid-refusals",
];

/// Links with a Jami daemon of August 2026, as `handfast drive` recorded them on one machine: with our two sides, and with itself. A header
/// names the pair and the scenario of the lines below it.
const REAL: [(&str, Cast, &str); 3] = [
    ("HL", Cast::HL, include_str!("traces/real/HL.ndjson")),
    ("LH", Cast::LH, include_str!("traces/real/LH.ndjson")),
    ("LL", Cast::LL, include_str!("traces/real/LL.ndjson")),
];

/// Links that were written by hand from row I23 of `docs/legacy/daemon.md`. They are no recordings, and their times are invented.
const WRITTEN: [(&str, Cast, &str); 2] = [
    ("LH-I23", Cast::LH, include_str!("traces/written/LH-I23.ndjson")),
    ("LL-I23", Cast::LL, include_str!("traces/written/LL-I23.ndjson")),
];

fn verdict(text: &str, cast: Cast) -> Option<Verdict> {
    let mut trace = Trace::default();
    trace.read(text.as_bytes()).ok()?;
    // They are traces of whole links: what is missing at an end is missing.
    let terms = Terms { whole: true, ..Terms::new(cast, trace.profile.unwrap_or_default()) };
    Some(validate(&trace, &terms))
}

/// The changed traces that are allowed, and how many there are in all.
fn table(traces: &[(&str, &str)], cast: Cast) -> String {
    let mut rows = Vec::new();
    for (name, text) in traces {
        let whole = verdict(text, cast);
        assert!(matches!(whole, Some(Verdict::Allowed { .. })), "{name}: {whole:#?}");
        let all = mutations(text);
        let count = all.len();
        let mut allowed = Vec::new();
        for mutation in all {
            match verdict(&mutation.text, cast) {
                Some(Verdict::Allowed { runs, .. }) => {
                    let lost = runs.iter().any(|run| run.faults.loss > 0);
                    allowed.push(format!(
                        "  {:>2} {}: {}",
                        mutation.line,
                        mutation.what,
                        why(text, cast, &mutation, lost)
                    ));
                }
                Some(Verdict::Refused(_)) | None => {}
                Some(cut @ Verdict::Inconclusive { .. }) => panic!("{name}, line {}: {cut:?}", mutation.line),
            }
        }
        rows.push(format!("{name}: {} of {count} are allowed", allowed.len()));
        rows.extend(allowed);
    }
    rows.join("\n")
}

/// Why a change gives another run. There is no other reason.
fn why(trace: &str, cast: Cast, mutation: &Mutation, lost: bool) -> &'static str {
    let what = mutation.what.as_str();
    let ends = |end: &str| what.ends_with(end);
    let last_of_side = {
        let lines: Vec<&str> = trace.lines().collect();
        let side = |line: &str| line.contains(r#""side":"import""#) || line.contains(r#""side": "import""#);
        let own = side(lines[mutation.line - 1]);
        lines[mutation.line..].iter().all(|line| line.contains("observed") || side(line) != own)
    };
    let legacy = cast == Cast::LL;
    let refused = ["→ false", "→ -1", "→ -2"].iter().any(|answer| what.contains(answer));
    let cancelled = trace.contains("cancelAddDevice") || trace.contains("removeAccount");
    if ends("→ account: another account") {
        "an account is any"
    } else if ends(": another peer_address") || ends(": another peer_id") {
        "nothing else names it"
    } else if what.starts_with("swap") && what.contains('→') {
        "a call returns some time after its effects"
    } else if what.starts_with("swap") {
        "of two sides, at about the same time"
    } else if ends(": the other answer") {
        "the user may have been too early, or too late"
    } else if refused {
        "what is refused changes nothing, and may be refused for another reason"
    } else if ends(": another auth_scheme") {
        "with an archive of the other kind the passwords that were typed are wrong too, or none was"
    } else if ends(": other credentials") || ends(": no credentials") {
        "what was typed may be right or wrong"
    } else if ends(": another scheme") && legacy {
        "a wrong scheme is only logged (I13)"
    } else if what.starts_with("double") && what.contains("confirmAddDevice → true") && legacy {
        "a second one is taken until a worker has seen to the first (E10)"
    } else if what.starts_with("double") && what.contains("provideAccountAuthentication → true") && legacy {
        "a second one is refused inside, and returns true (I14)"
    } else if what.starts_with("double") && what.contains("removeAccount → true") {
        "a removal can be repeated (R-API-3)"
    } else if what.starts_with("drop") && last_of_side {
        "the rest is a beginning"
    } else if lost {
        "the link may have broken"
    } else if what.starts_with("drop")
        && cancelled
        && (ends("import AUTHENTICATING") || ends("confirmAddDevice → true"))
    {
        "nothing came of it, or the cancel came before it"
    } else {
        panic!("line {}: {what} is allowed, and the reason is unknown:\n{}", mutation.line, mutation.text)
    }
}

#[test]
fn real_daemons() {
    insta::assert_snapshot!(table(&LEGACY, Cast::LL));
}

#[test]
fn two_processes_of_ours() {
    insta::assert_snapshot!(table(&HARDENED, Cast::HH));
}

/// Returns each link of such a file.
fn links(text: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.contains(r#""observed""#) {
            links.push(String::new());
        }
        links.last_mut().expect("a header comes first").extend([line, "\n"]);
    }
    links
}

/// Returns the link with another end: the last DONE has another error.
fn with_another_end(link: &str) -> String {
    let (before, done) = link.rsplit_once(r#""error":""#).expect("an operation has ended");
    let (error, after) = done.split_once('"').expect("it is a text");
    let other = if error == "auth_error" { "canceled" } else { "auth_error" };
    format!(r#"{before}"error":"{other}"{after}"#)
}

/// Judges a link of a busy machine.
fn judged(text: &str, cast: Cast) -> Verdict {
    let mut trace = Trace::default();
    trace.read(text.as_bytes()).expect("it is written as it should be");
    let mut terms = Terms::new(cast, trace.profile.unwrap_or_default());
    (terms.delays.signal, terms.delays.call) = (5_000, 10_000);
    validate(&trace, &terms)
}

#[test]
fn links_with_a_real_daemon() {
    for (name, cast, text) in REAL {
        let links = links(text);
        assert!(links.len() >= 18, "{name}: {}", links.len());
        for link in &links {
            let whole = judged(link, cast);
            assert!(matches!(whole, Verdict::Allowed { .. }), "{name}: {whole:#?}\n{link}");
            let changed = judged(&with_another_end(link), cast);
            assert!(matches!(changed, Verdict::Refused(_)), "{name}: {changed:#?}\n{link}");
        }
    }
}

/// I23: what comes after the removal is not loaded. The import ends with `network` and without another IN_PROGRESS.
#[test]
fn an_archive_that_comes_after_a_removal_is_not_loaded() {
    for (name, cast, text) in WRITTEN {
        let links = links(text);
        assert_eq!(links.len(), 2, "{name}");
        for link in &links {
            let whole = verdict(link, cast);
            assert!(matches!(whole, Some(Verdict::Allowed { .. })), "{name}: {whole:#?}\n{link}");
            let ends = link.lines().find(|line| line.contains(r#""error":"network""#)).expect("the import ends");
            let success = ends.replace("network", "");
            let loads = ends.replace(r#"{"error":"network"}"#, "{}").replace(r#""state":5"#, r#""state":4"#);
            for loaded in [success.clone(), format!("{loads}\n{ends}"), format!("{loads}\n{success}")] {
                let changed = link.replace(ends, &loaded);
                assert_ne!(&changed, link);
                let changed = verdict(&changed, cast);
                assert!(matches!(changed, Some(Verdict::Refused(_))), "{name}: {loaded}\n{changed:#?}");
            }
            let changed = verdict(&with_another_end(link), cast);
            assert!(matches!(changed, Some(Verdict::Refused(_))), "{name}: {changed:#?}\n{link}");
        }
    }
}
