//! Traces of real daemons, and of our own two processes, are runs of the model; changed ones are not.

mod mutations;

use handfast_model::{
    config::Cast,
    observed::{Terms, Trace, Verdict, validate},
};
use mutations::mutations;

const LEGACY: [(&str, &str); 4] = [
    ("no-password", include_str!("traces/no-password.ndjson")),
    ("right-password", include_str!("traces/right-password.ndjson")),
    ("wrong-thrice", include_str!("traces/wrong-thrice.ndjson")),
    ("cancel-by-exporter", include_str!("traces/cancel-by-exporter.ndjson")),
];

fn verdict(text: &str, cast: Cast) -> Result<Verdict, String> {
    let mut trace = Trace::default();
    trace.read(text.as_bytes()).map_err(|error| error.to_string())?;
    let terms = Terms::new(cast, trace.profile.unwrap_or_default());
    Ok(validate(&trace, &terms))
}

#[test]
fn show() {
    for (name, text) in LEGACY {
        assert!(matches!(verdict(text, Cast::LL), Ok(Verdict::Allowed { .. })), "{name}");
        let all = mutations(text);
        println!("== {name} {}", all.len());
        for m in all {
            let v = verdict(&m.text, Cast::LL);
            match v {
                Ok(Verdict::Allowed { runs }) => println!(
                    "{:>3} {} {:?}",
                    m.line,
                    m.what,
                    runs.iter().map(|r| r.faults.to_string()).collect::<Vec<_>>()
                ),
                Ok(Verdict::Inconclusive { why }) => println!("{:>3} {} INCON {why}", m.line, m.what),
                _ => {}
            }
        }
    }
}
