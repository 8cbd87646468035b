//! The command as strangers use it: processes, their output, their exit codes.

mod archives;
mod baselines;
mod calls;
mod causes;
mod checks;
mod damage;
mod diagrams;
mod explores;
mod help;
mod interrupts;
mod links;
mod messages;
mod observed;
mod other_parsers;
mod person;
mod records;
mod refusals;
mod replays;
mod screens;
mod sims;
mod storms;
mod support;
mod sweeps;
mod tokens;
mod validates;
