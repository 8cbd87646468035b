//! `handfast diagram`: a link as a Mermaid sequence diagram, or a daemon's or a client's machine as a state diagram.

mod sequence;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use handfast::outcome::Side;
use handfast_model::{clients::edges, config, documented, explore::Limits, refinement, walk};

use crate::{failure::Failure, link::options::ProfileName, output, replay};

/// Draw a recorded link, the plainest one, or what a client sees of a daemon, as a Mermaid diagram
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast diagram --profile jamid
  handfast diagram --of import
  handfast import --store accounts --yes --trace import.trace
  handfast diagram import.trace

Exit codes: 0, 1 the trace is damaged, 2 usage.")]
pub(crate) struct Diagram {
    /// What is drawn
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    of: Subject,
    /// Whose is drawn where no trace is given
    #[arg(long, value_enum, value_name = "PROFILE", default_value_t, conflicts_with = "trace")]
    profile: ProfileName,
    /// A trace, as --trace, the checker or the simulator wrote it: of one side or of both
    #[arg(value_name = "TRACE")]
    trace: Option<PathBuf>,
}

/// What can be drawn.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Subject {
    /// Who says what to whom, in order
    #[default]
    Sequence,
    /// The states of an import as its client sees them: all that the checker finds
    Import,
    /// Those of an export
    Export,
    /// The screens of the new device's client, between people and daemons
    ImportClient,
    /// Those of the old device's
    ExportClient,
}

/// What has states.
enum Machine {
    Daemon(Side),
    Client(Side),
}

impl Subject {
    /// Whose machine it is, if it is one.
    const fn machine(self) -> Option<Machine> {
        match self {
            Self::Sequence => None,
            Self::Import => Some(Machine::Daemon(Side::Import)),
            Self::Export => Some(Machine::Daemon(Side::Export)),
            Self::ImportClient => Some(Machine::Client(Side::Import)),
            Self::ExportClient => Some(Machine::Client(Side::Export)),
        }
    }
}

impl Diagram {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match (&self.trace, self.of.machine()) {
            (None, Some(Machine::Client(side))) => {
                let found = edges::drawn(self.profile.into());
                output::line(edges::mermaid(side, &found).trim_end())?;
            }
            (None, Some(Machine::Daemon(side))) => {
                let found = refinement::explore(self.profile.into());
                output::line(documented::mermaid(side, &found).trim_end())?;
            }
            (Some(_), Some(_)) => return Err(Failure::usage("a trace is drawn with --of sequence")),
            (Some(path), None) => {
                let (header, steps) = replay::read(path)?;
                let profile = header.import.or(header.export).unwrap_or_default().profile;
                output::line(sequence::draw(&steps, profile.vocabulary()).trim_end())?;
            }
            (None, None) => output::line(plainest(self.profile)?.trim_end())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The shortest way of the model to the success of both.
fn plainest(profile: ProfileName) -> Result<String, Failure> {
    let name = match profile {
        ProfileName::Documented => "HH-documented-honest",
        ProfileName::Jamid => "HH-jamid-honest",
    };
    let configuration = config::find(config::Size::Small, name);
    let way = configuration.and_then(|configuration| walk::reach(configuration, "both succeed", Limits::default()));
    way.map(|way| way.mermaid).ok_or_else(|| Failure::with_code(4, "the model does not reach it"))
}
