//! A reducer of one's own in the place of ours, checked by the same command line: everything after the first word is the
//! command's. The exporter here wraps ours; one that is written anew needs the same four functions.
//!
//! ```text
//! cargo run --release --example own_reducer -- careful check --pair HH
//! cargo run --release --example own_reducer -- hasty check --config HH-documented-honest --property P-GATE
//! ```
//!
//! The second is VIOLATED, and drawn.

use std::{env, net::IpAddr, process::ExitCode};

use handfast::{
    export::{Effect, Exporter, Input},
    limits::Timers,
    reducer::{Config, Refused},
};
use handfast_model::{
    players::Players,
    side::{Boxed, Side},
};

/// Whom it confirms by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Trust {
    /// Only its own machine, which no other device is.
    Careful,
    /// Any device in its network.
    Hasty,
}

/// An exporter that does not bother its user with devices of its own network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Neighbourly {
    inner: Exporter,
    trusts: Trust,
}

impl Side for Neighbourly {
    type Input = Input;
    type Effect = Effect;

    fn take(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
        let mut effects = self.inner.take(input)?;
        if let Input::Accepted { peer_address } = input
            && self.knows(peer_address.ip())
        {
            effects.extend(self.inner.take(Input::ConfirmAddDevice)?);
        }
        Ok(effects)
    }

    fn armed(&self) -> Timers {
        self.inner.armed()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl Neighbourly {
    fn new(config: Config, trusts: Trust) -> Self {
        Self { inner: Exporter::new(config), trusts }
    }

    fn knows(&self, address: IpAddr) -> bool {
        match self.trusts {
            Trust::Careful => address.is_loopback(),
            Trust::Hasty => address.to_string().starts_with("192.0.2."),
        }
    }
}

/// Our reducers, except for the exporter.
fn players(trust: &str) -> Option<Players> {
    Some(Players {
        export: match trust {
            "careful" => |config| Boxed::new(Neighbourly::new(config, Trust::Careful)),
            "hasty" => |config| Boxed::new(Neighbourly::new(config, Trust::Hasty)),
            _ => return None,
        },
        ..Players::default()
    })
}

fn main() -> ExitCode {
    let mut args = env::args();
    let name = args.next();
    match args.next().as_deref().and_then(players) {
        Some(players) => handfast_testbed::run(name.into_iter().chain(args), Some(players)),
        None => {
            eprintln!("usage: own_reducer careful|hasty check …");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use handfast_model::{
        config::Size,
        properties::PropertyId,
        report::{Outcome, Report, Selection, run},
    };

    use super::players;

    fn report(configuration: &str, trust: Option<&str>) -> Report {
        let configuration = Some(configuration.into());
        let players = trust.and_then(players);
        run(&Selection { configuration, players, mutants: false, ..Selection::all(Size::Small) })
    }

    #[test]
    fn what_does_as_ours_is_verified_as_ours_is() {
        for configuration in ["HH-documented-cancel", "LH-documented-honest"] {
            let (own, ours) = (report(configuration, Some("careful")), report(configuration, None));
            assert_eq!(own.outcome, Outcome::AsExpected);
            assert_eq!(own.checked[0].graph, ours.checked[0].graph);
            assert_eq!(own.checked[0].rows.len(), ours.checked[0].rows.len());
        }
    }

    #[test]
    fn what_confirms_by_itself_is_found() {
        let report = report("HH-documented-honest", Some("hasty"));
        assert_eq!(report.outcome, Outcome::SafetyViolated);
        let gate = report.checked[0].rows.iter().find(|row| row.property == PropertyId::Gate).unwrap();
        assert!(gate.verdict.is_violated(), "{}", gate.verdict);
        let drawn = &gate.counterexample.as_ref().unwrap().mermaid;
        assert!(drawn.contains("VIOLATED P-GATE") && !drawn.contains("confirmAddDevice"), "{drawn}");
    }

    /// The same command line: what is asked there decides, and its exit code says it.
    #[test]
    fn the_command_checks_it() {
        for (trust, expected) in [("careful", 0), ("hasty", 1)] {
            let asked = ["check", "--size", "small", "--config", "HH-documented-honest", "--property", "P-GATE"];
            let code = handfast_testbed::run(["own_reducer"].into_iter().chain(asked), players(trust));
            assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::from(expected)), "{trust}");
        }
    }
}
