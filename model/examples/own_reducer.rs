//! A reducer of one's own in the place of ours, checked by the same command line: everything behind the first word is the
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
    /// Whoever is in its network.
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

fn main() -> ExitCode {
    let mut args = env::args();
    let name = args.next();
    let export = match args.next().as_deref() {
        Some("careful") => |config| Boxed::new(Neighbourly::new(config, Trust::Careful)),
        Some("hasty") => |config| Boxed::new(Neighbourly::new(config, Trust::Hasty)),
        other => {
            eprintln!("expected careful or hasty, and not {other:?}");
            return ExitCode::from(2);
        }
    };
    let players = Players { export, ..Players::default() };
    handfast_testbed::run(name.into_iter().chain(args), Some(players))
}
