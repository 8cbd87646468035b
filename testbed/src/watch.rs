//! `handfast watch`: judges links while they run.

#[cfg(feature = "dbus")]
mod bus;
mod capture;
mod lines;
mod monitor;
pub(crate) mod redact;
mod report;

use std::{
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use handfast_model::{
    counted,
    observed::{Flaw, Reading, Report, Sessions, Terms, TraceError},
};

use self::{
    capture::{Captured, Converter},
    lines::{Lines, Taken},
    monitor::DbusMonitor,
    redact::Redact,
};
use crate::{
    exit_code::INCONCLUSIVE,
    failure::Failure,
    input::without_mark,
    interrupt,
    options::{Change, PairName, ProfileName},
    output,
    validate::Delay,
};

/// Judge links while they run: report the first line that the protocol does not allow
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast import --store accounts --yes --json | tee import.ndjson | handfast watch
  handfast watch --follow client.ndjson
  busctl --user --json=short monitor cx.ring.Ring | handfast watch --pair LL --profile jamid
  handfast watch --pair LL --profile jamid --out trace.ndjson capture.txt

Exit codes: 0 each link that ended is a run, 1 a line is not allowed or is no line, 2 usage, 4 no link ended, or one was given up.")]
pub(crate) struct Watch {
    /// The stream: lines as --json prints them, or what `busctl --json=short monitor` or `dbus-monitor` printed. Default: standard
    /// input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Read standard input, as without FILE
    #[arg(long, conflicts_with = "file")]
    pipe: bool,
    /// Watch the daemons of a bus: its address, or `session`. Default profile: jamid; it is `--attached`
    #[cfg(feature = "dbus")]
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["file", "pipe", "format"])]
    bus: Option<String>,
    /// Read on at the end of the file, until an interrupt
    #[arg(long, requires = "file")]
    follow: bool,
    /// The format of the stream. Default: its first line shows it
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// The pair of the links, the import side first. Default: that of the last header, or else HH
    #[arg(long, value_enum, value_name = "XY")]
    pair: Option<PairName>,
    /// The profile of the links. Default: that of the last header, or else documented
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<ProfileName>,
    /// Change how often something may have gone wrong unseen: loss=1 unless it is given, storage=0
    #[arg(long, value_name = "KEY=N")]
    budget: Vec<Change>,
    /// Change how long things take, in milliseconds, as for validate: signal=50, call=1000, posted=500, thread=30, loss=10000
    #[arg(long, value_name = "KEY=MS")]
    delay: Vec<Delay>,
    /// A timer may run out at any time: the links have other timers than by default
    #[arg(long)]
    free_timers: bool,
    /// The stream begins while links are under way: lines of an operation whose beginning is missing are reported, and not judged
    #[arg(long)]
    attached: bool,
    /// Each link has to have ended at the end of the stream
    #[arg(long)]
    complete: bool,
    /// Write the lines to a file, from which `watch` reads them again. Passwords are replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one line of JSON for each report
    #[arg(long)]
    json: bool,
}

/// The formats of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines as import --json and export --json print them
    Json,
    /// The output of busctl --json=short monitor
    Busctl,
    /// The output of dbus-monitor
    DbusMonitor,
}

/// The counts of a stream.
#[derive(Default)]
struct Counts {
    lines: usize,
    ended: usize,
    violated: usize,
    given_up: usize,
    flawed: usize,
}

/// A stream under judgement.
pub(super) struct Judge {
    sessions: Sessions,
    counts: Counts,
    out: Option<(PathBuf, File)>,
    redact: Redact,
    json: bool,
}

impl Watch {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let stop = interrupt::stops_checks()?;
        #[cfg(feature = "dbus")]
        if let Some(address) = &self.bus {
            let mut judge = self.judge()?;
            let lost = bus::watch(address, &mut judge, stop);
            return judge.cut(lost, self.complete);
        }
        let same = |path: &PathBuf| std::fs::canonicalize(path).ok();
        if let (Some(file), Some(out)) = (&self.file, &self.out)
            && same(file).is_some()
            && same(file) == same(out)
        {
            return Err(Failure::usage(format_args!("--out {}: it is the file that is read", out.display())));
        }
        let mut lines = Lines::open(self.file.as_deref(), self.follow, stop)?;
        let mut judge = self.judge()?;
        let read = self.read(&mut lines, &mut judge);
        judge.cut(read, self.complete)
    }

    /// Reads and judges lines until their end, or until they cannot be read on.
    fn read(&self, lines: &mut Lines, judge: &mut Judge) -> Result<(), Failure> {
        let mut format = self.format;
        let mut converter = Converter::default();
        let mut monitor = DbusMonitor::default();
        loop {
            let (number, text) = match lines.next()? {
                Taken::End => break,
                Taken::Long(number) => {
                    judge.flawed(format_args!("line {number}: {}", Flaw::Long))?;
                    continue;
                }
                Taken::Line(number, text) => (number, text),
            };
            let text = if number == 1 { without_mark(text).map_err(Failure::reason)? } else { text };
            if text.trim_ascii().is_empty() {
                continue;
            }
            format = format.or_else(|| Format::of(text));
            let Some(format) = format else {
                judge.flawed(format_args!("line {number}: it is of none of the formats of --format"))?;
                continue;
            };
            let captured = match format {
                Format::Json => {
                    judge.line(number, text)?;
                    continue;
                }
                Format::Busctl => match capture::busctl(text) {
                    Ok(message) => message,
                    Err(why) => {
                        judge.flawed(format_args!("line {number}: {why}"))?;
                        continue;
                    }
                },
                Format::DbusMonitor => monitor.line(text),
            };
            judge.captured(&mut converter, captured)?;
        }
        judge.captured(&mut converter, monitor.end())
    }

    fn judge(&self) -> Result<Judge, Failure> {
        #[cfg(feature = "dbus")]
        let on_bus = self.bus.is_some();
        #[cfg(not(feature = "dbus"))]
        let on_bus = false;
        let default = if on_bus { ProfileName::Jamid } else { ProfileName::Documented };
        let mut terms = Terms::new(self.pair.unwrap_or(PairName::HH).into(), self.profile.unwrap_or(default).into());
        for Change { key, count } in &self.budget {
            terms.budget.set(key, *count);
        }
        terms.free_timers = self.free_timers;
        for Delay { key, ms } in &self.delay {
            terms.delays.set(key, *ms);
        }
        let reading =
            Reading { terms, fixed: (self.pair.is_some(), self.profile.is_some()), attached: self.attached || on_bus };
        let open = |path: &PathBuf| match output::private(path) {
            Ok(file) => Ok((path.clone(), file)),
            Err(error) => Err(Failure::usage(format_args!("--out {}: {error}", path.display()))),
        };
        let out = self.out.as_ref().map(open).transpose()?;
        Ok(Judge {
            sessions: Sessions::new(reading),
            counts: Counts::default(),
            out,
            redact: Redact::default(),
            json: self.json,
        })
    }
}

impl Format {
    /// Recognises a format by its first line. None: the line is of no format, and the next one may be.
    fn of(text: &[u8]) -> Option<Self> {
        let value = serde_json::from_slice::<serde_json::Value>(text);
        let has = |member: &str| value.as_ref().is_ok_and(|value| value.get(member).is_some());
        match () {
            () if has("type") && (has("cookie") || has("payload")) => Some(Self::Busctl),
            () if ["observed", "t_ms", "side"].into_iter().any(has) => Some(Self::Json),
            () => monitor::begins_message(text).then_some(Self::DbusMonitor),
        }
    }
}

impl Judge {
    /// Judges the lines of a captured message.
    pub(super) fn captured(&mut self, converter: &mut Converter, captured: Option<Captured>) -> Result<(), Failure> {
        let Some(line) = captured.and_then(|message| converter.line(message)) else { return Ok(()) };
        let number = self.counts.lines + 1;
        self.line(number, line.to_string().as_bytes())
    }

    /// Judges a line.
    pub(super) fn line(&mut self, number: usize, text: &[u8]) -> Result<(), Failure> {
        self.counts.lines += 1;
        if let Some((path, file)) = &mut self.out {
            // A line that is not one of a trace may hold anything, a password too.
            let kept = self.redact.line(text).unwrap_or_else(|| "{\"flawed\":true}".into());
            writeln!(file, "{kept}")
                .map_err(|error| Failure::with_code(INCONCLUSIVE, format_args!("--out {}: {error}", path.display())))?;
        }
        // Empty lines count, so that the numbers are those of the file.
        while self.sessions.read() + 1 < number {
            let _ = self.sessions.line(b"");
        }
        match self.sessions.line(text) {
            Ok(reports) => reports.iter().try_for_each(|report| self.report(report)),
            Err(TraceError { place, what }) => self.flawed(format_args!("line {}: {what}", place.line)),
        }
    }

    /// Reports that a bus is watched from now on.
    #[cfg(feature = "dbus")]
    fn watching(&self, address: &str) -> Result<(), Failure> {
        if self.json {
            return output::json(&serde_json::json!({"report": "watching", "bus": address}));
        }
        output::note(format_args!("{address} is watched"));
        Ok(())
    }

    fn report(&mut self, report: &Report) -> Result<(), Failure> {
        match report {
            // A link whose lines come one side after the other ends twice, and is one.
            Report::Ended(ended) => self.counts.ended += usize::from(!ended.again),
            Report::Violated(_) => self.counts.violated += 1,
            Report::GivenUp { .. } => self.counts.given_up += 1,
            Report::Apart(_) => {}
        }
        if self.json { output::json(report) } else { report::print(report) }
    }

    pub(super) fn flawed(&mut self, why: impl std::fmt::Display) -> Result<(), Failure> {
        self.counts.flawed += 1;
        if self.json {
            return output::json(&serde_json::json!({"report": "flawed", "why": why.to_string()}));
        }
        output::line(format_args!("NO LINE: {why}"))
    }

    /// Reports the end of a stream, which may have been lost before its end: a violation that came before is the verdict all the same.
    fn cut(self, read: Result<(), Failure>, complete: bool) -> Result<ExitCode, Failure> {
        let refused = self.counts.violated + self.counts.flawed > 0;
        let code = self.end(complete)?;
        match read {
            Err(lost) if !refused => Err(lost),
            Err(lost) => {
                lost.report();
                Ok(code)
            }
            Ok(()) => Ok(code),
        }
    }

    /// Reports the end of the stream.
    pub(super) fn end(mut self, complete: bool) -> Result<ExitCode, Failure> {
        let unended: Vec<_> = self.sessions.unended().collect();
        for (began, lines) in &unended {
            if self.json {
                output::json(&serde_json::json!({"report": "open", "began": began, "lines": lines}))?;
            } else {
                let lines = counted(*lines, "line");
                output::line(format_args!("line {}: a link began here and has not ended, {lines}", began.line))?;
            }
        }
        if let Some((path, file)) = &mut self.out {
            let lost =
                |error: io::Error| Failure::with_code(INCONCLUSIVE, format_args!("--out {}: {error}", path.display()));
            file.flush().map_err(lost)?;
        }
        let Counts { lines, ended, violated, given_up, flawed } = self.counts;
        if !self.json {
            let open = unended.len();
            output::line(format_args!(
                "{}: {} ended as allowed, {violated} violated, {open} not ended, {given_up} given up, {}",
                counted(lines, "line"),
                counted(ended, "link"),
                counted(flawed, "flawed line")
            ))?;
        }
        let refused = violated > 0 || flawed > 0 || (complete && !unended.is_empty());
        Ok(match (refused, ended > 0 && given_up == 0) {
            (true, _) => ExitCode::from(1),
            (false, true) => ExitCode::SUCCESS,
            (false, false) => ExitCode::from(INCONCLUSIVE),
        })
    }
}
