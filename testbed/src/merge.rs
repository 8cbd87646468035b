//! `handfast merge`: what the shards of a sweep came to, as one verdict.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use clap::Args;

use crate::{
    failure::Failure,
    output,
    sim::{
        Pieces, Swept,
        results::{self, Header},
    },
    verdicts::junit::Junit,
};

/// Put together what the shards of a sweep came to, and give one verdict
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast sim --engine event --seeds 0..1000000 --shard 0/2 --out results
  handfast sim --engine event --seeds 0..1000000 --shard 1/2 --out results
  handfast merge results
  handfast merge --junit verdicts.xml node-1/sweep-0-of-2.ndjson node-2/sweep-1-of-2.ndjson

Results that occur twice count once. Results of another program or of other options are refused.
Missing seeds are named, and make the verdict inconclusive. The output is that of one `sim`.

Exit codes: those of `sim`; 2 a file that cannot be read or does not belong to the others, 5 two
files differ in what the same seeds came to.")]
pub(crate) struct Merge {
    /// Files of results, or folders that have some, as `sim --out` wrote them
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<PathBuf>,
    /// Write the verdicts as JUnit XML too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print the whole table, also where it is longer than a screen
    #[arg(long, conflicts_with = "json")]
    details: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

impl Merge {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let junit = self.junit.clone().map(Junit::open).transpose()?;
        let (header, pieces) = self.read()?;
        let swept = Swept::new(&header.asked, None, &pieces);
        if !self.json {
            output::line(header.asked.head(None))?;
        }
        swept.print(self.json, self.details)?;
        Junit::end(junit, [swept.suite()], swept.exit_code())
    }

    /// All files, those of folders too.
    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut all = Vec::new();
        for path in &self.files {
            if path.is_dir() {
                let found = results::files(path);
                all.extend(found.map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?);
            } else {
                all.push(path.clone());
            }
        }
        Ok(all)
    }

    fn read(&self) -> Result<(Header, Pieces), Failure> {
        let mut first: Option<(PathBuf, Header)> = None;
        let (mut pieces, mut places) = (Pieces::new(), BTreeMap::new());
        for path in self.files()? {
            let there = results::read(&path)?;
            match (&first, there.header) {
                (Some((other, first)), Some(header)) => first.agrees(&header).map_err(|why| {
                    let (one, other) = (path.display(), other.display());
                    Failure::usage(format_args!("{one} is not of the same sweep as {other}; {why}"))
                })?,
                (None, Some(header)) => first = Some((path.clone(), header)),
                (_, None) => {}
            }
            for (line, part, piece) in there.lines {
                let place = format!("{}: line {line}", path.display());
                match pieces.insert(part, piece) {
                    Some(before) if before != pieces[&part] => {
                        let other: &String = &places[&part];
                        let text = format_args!("{place}: {part} came to something else than in {other}");
                        return Err(Failure::with_code(5, text));
                    }
                    _ => places.insert(part, place),
                };
            }
        }
        let (_, header) = first.ok_or_else(|| {
            let files: Vec<_> = self.files.iter().map(|path| path.display().to_string()).collect();
            let what = "there are no results of a sweep; give the folder that sim --out wrote";
            Failure::usage(format_args!("{}: {what}", files.join(", ")))
        })?;
        Ok((header, pieces))
    }
}
