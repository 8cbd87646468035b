//! `handfast diagram`: a link as a Mermaid sequence diagram.

mod sequence;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use handfast_model::{check, config, explore::Limits};

use crate::{failure::Failure, link::options::ProfileName, output, replay};

/// Draw a recorded link, or the plainest one, as a Mermaid diagram
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast diagram --profile jamid
  handfast import --store accounts --yes --trace import.trace
  handfast diagram import.trace

Exit codes: 0, 1 the trace is damaged, 2 usage.")]
pub(crate) struct Diagram {
    /// What is drawn
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    of: Subject,
    /// Whose link is drawn where no trace is given
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
}

impl Diagram {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Subject::Sequence = self.of;
        match &self.trace {
            Some(path) => {
                let (header, steps) = replay::read(path)?;
                let profile = header.import.or(header.export).unwrap_or_default().profile;
                output::line(sequence::draw(&steps, profile.vocabulary()).trim_end())?;
            }
            None => output::line(plainest(self.profile)?.trim_end())?,
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
    let way = configuration.and_then(|configuration| check::reach(configuration, "both succeed", Limits::default()));
    way.map(|way| way.mermaid).ok_or_else(|| Failure::with_code(4, "the model does not reach it"))
}
