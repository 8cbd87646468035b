//! `handfast daemon`: our two sides with the D-Bus interface of a Jami daemon.

mod account;
mod exchange;
mod other;
mod plots;
mod service;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use handfast::{limits::Durations, reducer::Config};
use handfast_model::{
    mutants::{Mutant, Setting},
    without::Without,
};
use serde_json::json;
use zbus::fdo::RequestNameFlags;

use self::{
    account::{Account, PASSWORD},
    exchange::{Exchange, Way},
    other::Other,
    plots::{Order, Plot, PlotName},
    service::{Delays, Service, Setup},
};
use crate::{
    dbus::{self, SERVICE},
    failure::Failure,
    link::{self, faster, rendezvous::Shared},
    names::Names,
    numbers::{reached, whole},
    options::ProfileName,
    output,
};

/// How long the bus may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Stand in for a Jami daemon on a D-Bus: link devices by its calls and signals
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast daemon
  handfast daemon --bus unix:path=/tmp/bus --exchange /tmp/exchange
  handfast daemon --mutant M-17 --timers 20
  handfast daemon --real --bootstrap 127.0.0.1:4222
  handfast daemon --scenario gives-up-asked
  handfast daemon --seed 7 --timers 20

The name on the bus is cx.ring.Ring, the object /cx/ring/Ring/ConfigurationManager. The first line says which two
accounts it has: one without a password, and one with the password `secret`. It runs until it is interrupted.

With --scenario or --seed it is the other device as well: it links with a client that imports as soon as its token is shown, and a
line has the token of a device with which a client that exports can link; the next one comes when that link has ended.

Exit codes: 2 usage, 4 the bus is lost or the name is taken.")]
pub(crate) struct Daemon {
    /// The bus: its address, or `session`
    #[arg(long, value_name = "ADDRESS", default_value = "session")]
    bus: String,
    /// The vocabulary and the form of the token
    #[arg(long, value_enum, value_name = "PROFILE", default_value = "jamid")]
    profile: ProfileName,
    /// A folder that daemons of this machine share, by which they find each other. Without it a daemon finds the devices that it has
    /// itself
    #[arg(long, value_name = "DIR")]
    exchange: Option<PathBuf>,
    /// Link with real devices instead: on the local network, or with --bootstrap over OpenDHT
    #[arg(long, conflicts_with = "exchange")]
    real: bool,
    /// A node of the OpenDHT network to join by; may be given several times. Needs a program that was built with `--features dht`
    #[arg(long, value_name = "HOST:PORT", requires = "real", value_parser = reached)]
    bootstrap: Vec<String>,
    /// The timers of the token, of connecting, of the answer and of the transfer run this many times faster
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u32>(1..=1000))]
    timers: u32,
    /// Play the other device and its user too, by this plot in each link, so that a client is tried alone
    #[arg(long, value_name = "NAME", value_parser = PlotName, conflicts_with_all = ["exchange", "real", "seed"])]
    scenario: Option<&'static Plot>,
    /// The same, with the plot and the delay of each link drawn from this number
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX), conflicts_with_all = ["exchange", "real"])]
    seed: Option<u64>,
    /// Every signal comes so many milliseconds later
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = whole::<u64>(0..=600_000))]
    delay: Option<u64>,
    /// Break the rules of this mutant
    #[arg(long, value_name = "ID", value_parser = Names::MUTANTS)]
    mutant: Option<String>,
}

impl Daemon {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        link::run(self.serve())
    }

    async fn serve(self) -> Result<ExitCode, Failure> {
        let now = link::today()?;
        let rules = match self.mutant.as_deref().map(Mutant::find) {
            None => Without::default(),
            Some(Some(Mutant { setting: Setting::Reducers | Setting::Registries, without, .. })) => *without,
            Some(Some(mutant)) => {
                let text = format_args!("--mutant {}: it is not in the two sides of a daemon", mutant.id);
                return Err(Failure::usage(text));
            }
            Some(None) => return Err(Failure::usage("there is no such mutant")),
        };
        let config = Config { profile: self.profile.into(), ..Config::default() };
        let way = if self.real {
            Way::Network(Shared::join(&self.bootstrap, self.timers).await?)
        } else {
            let exchange = Exchange::new(self.exchange.clone());
            Way::Machine(exchange.map_err(|error| Failure::usage(format_args!("--exchange: {error}")))?)
        };
        let durations = faster(way.durations(Durations::default()), self.timers);
        let connection = dbus::connect("--bus", &self.bus, DEADLINE).await?;
        let mut accounts = Vec::new();
        for password in ["", PASSWORD] {
            accounts.push(Account::make(password, now, config, durations, &way, rules)?);
        }
        let ids: Vec<String> = accounts.iter().map(|account| account.id.to_string()).collect();
        let order = self.scenario.map(Order::Always).or(self.seed.map(Order::Drawn));
        let delays = Delays { always: self.delay.map(Duration::from_millis), order: order.clone() };
        let other = order.map(|order| Other { order, way: way.clone(), config, durations, now });
        let service =
            Service::new(connection.clone(), accounts, Setup { config, durations, way, rules, now, other, delays })?;
        // Calls that come as soon as there is a name are kept by the stream of the service.
        // There is one on a bus: another one does not wait for its place.
        connection
            .request_name_with_flags(SERVICE, RequestNameFlags::DO_NOT_QUEUE)
            .await
            .map_err(|error| Failure::with_code(4, format_args!("--bus {}: {SERVICE}: {error}", self.bus)))?;
        output::json(&json!({"daemon": SERVICE, "plain": ids[0], "protected": ids[1], "password": PASSWORD}))?;
        service.run().await;
        Err(Failure::with_code(4, format_args!("--bus {}: the connection is lost", self.bus)))
    }
}
