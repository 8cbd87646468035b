//! The `handfast` command: links devices, checks and simulates the protocol that does it.

mod archive;
mod baseline;
mod bench;
mod caret;
mod check;
mod cli;
#[cfg(feature = "dbus")]
mod daemon;
mod dbus;
#[cfg(feature = "dht")]
mod dht;
mod diagram;
#[cfg(feature = "dbus")]
mod drive;
mod exit_code;
mod explore;
mod export;
mod failure;
mod flaws;
mod given;
mod history;
mod html;
mod import;
mod input;
mod interop;
mod interrupt;
mod intruder;
mod kit;
mod link;
mod manual;
mod merge;
mod message;
mod misread;
mod names;
mod numbers;
mod options;
mod output;
mod parts;
mod passwords;
mod plain;
mod progress;
mod qr;
mod replay;
mod report;
mod scenario;
mod shrink;
mod sim;
mod size;
mod terminal;
mod token;
mod tui;
mod validate;
mod verdicts;
mod verify;
mod watch;
#[cfg(feature = "web")]
mod web;

use std::{ffi::OsString, process::ExitCode};

use clap::{
    Parser as _,
    error::{ContextKind, ContextValue},
};
use handfast_model::players::Players;

/// Does what a command line asks for, of which the first word is the command's own name. With `players`, what checks is the same
/// and what is checked is theirs.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, players: Option<Players>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    if let Some(failure) = left_out(&args) {
        return failure.report();
    }
    // The parser reports a bad command line, and ends the process.
    let cli = cli::Cli::try_parse_from(args).unwrap_or_else(|error| short(error).exit());
    verdicts::columns::measure();
    match cli.run(players) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// The same error without the possible values, if they are more than a person reads: the names of all scenarios where one is left out.
fn short(mut error: clap::Error) -> clap::Error {
    const READ: usize = 12;
    if matches!(error.get(ContextKind::ValidValue), Some(ContextValue::Strings(all)) if all.len() > READ) {
        error.remove(ContextKind::ValidValue);
    }
    error
}

/// Parts that only a program with a feature has: the command, the option or none, the feature, and whether this program has it.
const OPTIONAL: [(&str, Option<&str>, &str, bool); 6] = [
    ("daemon", None, "dbus", cfg!(feature = "dbus")),
    ("drive", None, "dbus", cfg!(feature = "dbus")),
    ("watch", Some("--bus"), "dbus", cfg!(feature = "dbus")),
    ("dht", None, "dht", cfg!(feature = "dht")),
    ("import", Some("--web"), "web", cfg!(feature = "web")),
    ("export", Some("--web"), "web", cfg!(feature = "web")),
];

/// The failure of a command line that asks for what this program was built without.
fn left_out(args: &[OsString]) -> Option<failure::Failure> {
    let given = |option: &str| {
        args.iter()
            .skip(2)
            .any(|arg| arg.to_str().is_some_and(|arg| arg == option || arg.starts_with(&format!("{option}="))))
    };
    let (command, option, feature, _) = OPTIONAL.into_iter().find(|(command, option, _, is_built)| {
        !is_built && args.get(1).is_some_and(|arg| arg == command) && option.is_none_or(given)
    })?;
    let asked = option.map_or_else(|| command.to_owned(), |option| format!("{command} {option}"));
    Some(failure::Failure::usage(format_args!(
        "{asked}: this program was built without it; build it with `cargo build --release --features {feature}`"
    )))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, error::ErrorKind};

    use super::*;

    /// Texts of libraries and of the system that say nothing to who typed a wrong value.
    const BARE: [&str; 7] =
        ["invalid digit", "non-zero type", "cannot parse", "is not in", "socket address", "os error", "empty string"];

    /// All commands that have no further ones, with their names.
    fn leaves(command: &clap::Command, path: &[String], all: &mut Vec<(Vec<String>, clap::Command)>) {
        let path = [path, &[command.get_name().to_owned()]].concat();
        if command.has_subcommands() {
            command.get_subcommands().for_each(|one| leaves(one, &path, all));
        } else {
            all.push((path, command.clone()));
        }
    }

    /// Where a value is left out, few possible ones are listed, and many are not.
    #[test]
    fn a_line_of_a_hundred_names_is_not_printed() {
        let text = |args: [&str; 3]| match cli::Cli::try_parse_from(args) {
            Ok(_) => panic!("{args:?} is no command line"),
            Err(error) => short(error).to_string(),
        };
        let (many, few) = (text(["handfast", "sim", "--scenario"]), text(["handfast", "sim", "--engine"]));
        assert!(many.contains("--scenario <NAME>") && !many.contains("possible values"), "{many}");
        assert!(few.contains("possible values: turmoil, event"), "{few}");
    }

    /// Every option of every command names itself and what is expected, whatever is typed for it.
    #[test]
    fn a_wrong_value_of_any_option_is_answered_in_words() {
        let mut all = Vec::new();
        leaves(&cli::Cli::command(), &[], &mut all);
        let mut refused = 0;
        for (path, command) in &all {
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
                let Some(name) = arg.get_long() else { continue };
                for wrong in ["x", "-1", "0", "1.5", "-1MiB", "99999999999999999999999", "a=b", "1.2.3.4"] {
                    let args = path.iter().cloned().chain([format!("--{name}"), wrong.to_owned()]);
                    let Err(error) = cli::Cli::command().try_get_matches_from(args) else { continue };
                    let text = error.to_string();
                    assert!(!BARE.iter().any(|bare| text.contains(bare)), "{path:?} --{name} {wrong}: {text}");
                    if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
                        refused += 1;
                        let says = ["expected", "there is no", "possible values", "ends in none", "is required"];
                        let is_plain = says.iter().any(|part| text.contains(part));
                        assert!(is_plain && text.contains(&format!("--{name}")), "{path:?} --{name} {wrong}: {text}");
                    }
                    // A number below nought is a value, and no option that does not exist.
                    let kind = arg.get_value_names().map_or("", |names| names[0].as_str());
                    let is_number = kind == "N" && wrong == "-1" || kind == "SIZE" && wrong.starts_with('-');
                    if is_number && arg.get_possible_values().is_empty() {
                        assert_eq!(error.kind(), ErrorKind::ValueValidation, "{path:?} --{name} {wrong}: {text}");
                    }
                }
            }
        }
        assert!(all.len() > 20 && refused > 200, "{} commands, {refused} refusals", all.len());
    }

    /// A program without a feature names it; a program with it takes the command line as it is.
    #[test]
    fn what_is_left_out_names_its_feature() {
        for (command, option, feature, is_built) in OPTIONAL {
            let args: Vec<OsString> = ["handfast", command].into_iter().chain(option).map(Into::into).collect();
            let failure = left_out(&args).map(|failure| failure.to_string());
            assert_eq!(failure.is_none(), is_built, "{command}: {failure:?}");
            assert!(failure.is_none_or(|text| text.contains(&format!("--features {feature}"))), "{command}");
        }
        assert!(left_out(&["handfast", "import", "--yes"].map(Into::into)).is_none());
        assert!(left_out(&["handfast"].map(Into::into)).is_none());
    }
}
