//! The command as strangers use it: processes, their output, their exit codes.

mod archives;
mod baselines;
mod browser;
mod calls;
mod causes;
mod checks;
mod compares;
mod damage;
#[cfg(feature = "dbus")]
mod dbus;
#[cfg(feature = "dht")]
mod dht;
mod diagrams;
mod endless;
mod explores;
mod files;
mod graphs;
mod hasty;
mod help;
mod histories;
mod interops;
mod interrupts;
mod intruder;
mod kits;
mod lan;
mod links;
mod machines;
mod messages;
#[cfg(feature = "dht")]
mod nat;
mod network;
mod observed;
mod of_today;
#[cfg(feature = "dht")]
mod opendht;
mod other_parsers;
mod outputs;
mod pages;
mod person;
mod pipelines;
#[cfg(feature = "dbus")]
mod plots;
mod records;
mod refusals;
mod replays;
mod reports;
mod schedules;
mod schema;
mod screens;
#[path = "../../../tests/support/script.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest")]
mod script;
#[cfg(target_os = "linux")]
mod secrets;
mod sims;
mod support;
mod swapped;
mod sweeps;
mod tmux;
mod tokens;
mod two_sessions;
mod unusable;
mod validates;
mod waits;
mod walks;
mod watches;
#[cfg(feature = "web")]
mod web;
