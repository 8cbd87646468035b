//! `handfast kit`: scripts that try a client in any language, and a player of them.

mod adapter;
mod cover;
mod words;

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{ArgGroup, Args, ValueEnum};
use handfast::{
    client::{export, import},
    outcome::Side,
};
use handfast_model::{
    clients::{AnyExportClient, AnyImportClient, Fault, alone::Alone},
    counted, legacy_clients,
};
use serde::Serialize;
use serde_json::json;

use self::cover::Script;
use crate::{failure::Failure, output};

/// The player.
const PLAYER: &str = include_str!("kit/player.py");

/// Write scripts that try a client in any language, or be one of the known clients for a player
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast kit --output kit
  python3 kit/player.py kit/import.json -- handfast kit --client hardened --side import
  python3 kit/player.py kit/export.json --orderly -- ./my-client-adapter

docs/kit.md says how a client takes part.")]
#[command(group(ArgGroup::new("what").required(true).args(["output", "client"])))]
pub(crate) struct Kit {
    /// Write import.json, export.json and player.py to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "client")]
    output: Option<PathBuf>,
    /// Be this client: read steps from standard input, and print what it does
    #[arg(long, value_enum, value_name = "NAME", requires = "side")]
    client: Option<ClientName>,
    /// Which side of it
    #[arg(long, value_enum, value_name = "SIDE")]
    side: Option<SideName>,
}

/// The clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClientName {
    /// The one that ships
    Hardened,
    /// Today's desktop client, as the model has it
    Qt,
    /// Today's client for Android
    Android,
    /// Today's client for iOS
    Ios,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SideName {
    Import,
    Export,
}

/// A rule of clients.
#[derive(Serialize)]
struct RuleLine {
    rule: &'static str,
    requirement: &'static str,
    /// The weakness of a client of today, where one breaks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    weakness: Option<&'static str>,
    says: &'static str,
}

/// The rules, which the player judges.
fn rules() -> Vec<RuleLine> {
    let rule = |fault: Fault| {
        let (rule, requirement, weakness) = match fault {
            Fault::FalseSuccess => ("false-success", "R-CLI-3", Some("W-10")),
            Fault::Foreign => ("foreign", "R-CLI-2", Some("W-34")),
            Fault::Broken => ("broken", "R-CLI-4", Some("W-36")),
            Fault::LeftAlone => ("left-alone", "R-CLI-5", Some("W-35")),
            Fault::RefusedUnsaid => ("refused-unsaid", "R-CLI-5", None),
            Fault::Kept => ("kept", "R-CLI-6", Some("W-38")),
            Fault::Back => ("back", "R-CLI-4", None),
            Fault::CalledAgain => ("called-again", "R-CLI-8", None),
        };
        RuleLine { rule, requirement, weakness, says: fault.text() }
    };
    Fault::ALL.into_iter().map(rule).collect()
}

impl Kit {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match (self.output, self.client, self.side) {
            (Some(folder), _, _) => write(&folder),
            (None, Some(client), Some(side)) => be(client, side),
            _ => Err(Failure::usage("--output DIR, or --client NAME with --side SIDE is needed")),
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

fn be(client: ClientName, side: SideName) -> Result<(), Failure> {
    let clients: fn() -> (AnyImportClient, AnyExportClient) = match client {
        ClientName::Hardened => {
            || (AnyImportClient::new(import::Client::new()), AnyExportClient::new(export::Client::new()))
        }
        ClientName::Qt => legacy_clients::qt,
        ClientName::Android => legacy_clients::android,
        ClientName::Ios => legacy_clients::ios,
    };
    match side {
        SideName::Import => adapter::serve(|| clients().0),
        SideName::Export => adapter::serve(|| clients().1),
    }
}

fn write(folder: &std::path::Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::usage(format_args!("--output {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    let one = |name: &str, side: Side, scripts: Vec<Script>| {
        // A script is a line, so that a changed one is seen.
        let head = json!({"kit": 1, "side": side, "rules": rules()}).to_string();
        let lines: Result<Vec<String>, _> = scripts.iter().map(serde_json::to_string).collect();
        let lines = lines.map_err(Failure::reason)?.join(",\n");
        let head = head.strip_suffix('}').unwrap_or(&head);
        fs::write(folder.join(name), format!("{head},\"scripts\":[\n{lines}\n]}}\n")).map_err(failed)?;
        let steps: usize = scripts.iter().map(|script| script.steps.len()).sum();
        output::line(format_args!("{name}: {}, {}", counted(scripts.len(), "script"), counted(steps, "step")))
    };
    one("import.json", Side::Import, cover::scripts(&Alone::import(import::Client::new()), import::Client::new()))?;
    one("export.json", Side::Export, cover::scripts(&Alone::export(export::Client::new()), export::Client::new()))?;
    fs::write(folder.join("player.py"), PLAYER).map_err(failed)
}
