//! `handfast token`: tokens taken apart, made, and shown as QR codes.

use std::{
    ffi::OsString,
    io::{self, BufRead as _, IsTerminal as _, Read as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use handfast::token::{Code, DeviceId, Form, Token as Parsed, TokenError, trim_typed};
use serde::Serialize;

use crate::{caret::point_at, failure::Failure, input, numbers::whole, output, qr, tui::tty};

/// Bytes of standard input that are looked at: far more than a token has.
const MAX_INPUT: u64 = 4096;

const EXAMPLES: &str = "\
Examples:
  handfast token parse jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456
  handfast token new --long | handfast token parse --lenient --json
  printf 'jami://x\\0jami-auth://0\\0' | handfast token parse --stdin0
  handfast token new --seed 7 | handfast token qr
  handfast token qr --output code.png jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456

Exit codes: 0, 1 with the reason on standard error, 2 usage.";

/// The subcommands.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Token {
    /// Say what a token holds, or at which byte it is not a token
    #[command(after_help = EXAMPLES)]
    Parse(Parse),
    /// Make a token of no real device
    #[command(after_help = EXAMPLES)]
    New(New),
    /// Show a token as a QR code
    #[command(after_help = EXAMPLES)]
    Qr(Qr),
}

/// The token to parse, and how.
#[derive(Args)]
pub(crate) struct Parse {
    /// Take exactly what today's Jami daemon takes: long ids only, six bytes of anything as the code, nothing trimmed
    #[arg(long)]
    lenient: bool,
    /// Print one line of JSON; where it is no token, {"error":…,"offset":N} as well as the reason on standard error
    #[arg(long)]
    json: bool,
    /// Parse each text of standard input that ends with a zero byte, as it stands, and answer each with a line of JSON: for a fuzzer of
    /// another parser, which is to give the same answers
    #[arg(long, conflicts_with = "text")]
    stdin0: bool,
    /// The token; white space around it is trimmed. `-` or nothing: standard input
    #[arg(value_name = "TEXT|-", allow_hyphen_values = true)]
    text: Option<OsString>,
}

/// Which token is to be made.
#[derive(Args)]
pub(crate) struct New {
    /// A short device id, 59 characters in all: the default
    #[arg(long, conflicts_with = "long")]
    short: bool,
    /// A long device id, 83 characters in all
    #[arg(long)]
    long: bool,
    /// Draw from this seed instead of the operating system: the same token every time
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    seed: Option<u64>,
}

/// The token to show.
#[derive(Args)]
pub(crate) struct Qr {
    /// Write it as a PNG image instead. An existing file is replaced
    #[arg(long, value_name = "F")]
    output: Option<PathBuf>,
    /// The token; white space around it is trimmed. `-` or nothing: standard input
    #[arg(value_name = "TEXT|-", allow_hyphen_values = true)]
    text: Option<OsString>,
}

impl Token {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Parse(parse) => parse.run(),
            Self::New(new) => new.run(),
            Self::Qr(qr) => qr.run(),
        }
    }
}

/// The parts of a token.
#[derive(Serialize)]
struct Held {
    device: DeviceId,
    form: Form,
    code: String,
    channel: String,
}

impl Held {
    fn new(token: &Parsed) -> Self {
        let channel = String::from_utf8_lossy(token.code.channel_name().as_ref()).into_owned();
        let code = channel.strip_prefix("auth:").unwrap_or_default().to_owned();
        Self { device: token.device, form: token.device.form(), code, channel }
    }
}

/// Why a text is no token, for a script.
#[derive(Serialize)]
struct NoToken {
    error: String,
    offset: usize,
}

impl From<TokenError> for NoToken {
    fn from(error: TokenError) -> Self {
        Self { error: error.to_string(), offset: error.offset }
    }
}

/// Reads what a person typed, or a lenient parse's exact bytes. An error counts its offset from the first byte that was given.
fn read(text: &[u8], lenient: bool) -> Result<Parsed, TokenError> {
    if lenient {
        return Parsed::parse_lenient(text);
    }
    read_typed(text)
}

/// Reads what a person typed (R-TOK-3). An error counts its offset from the first byte that was given.
pub(crate) fn read_typed(text: &[u8]) -> Result<Parsed, TokenError> {
    let unmarked = text.strip_prefix(input::MARK).unwrap_or(text);
    let start = text.len() - unmarked.trim_ascii_start().len();
    Parsed::parse(trim_typed(unmarked)).map_err(|error| TokenError { offset: start + error.offset, ..error })
}

/// A token that a person gave, or the reason with the place.
pub(crate) fn typed(text: &[u8]) -> Result<Parsed, String> {
    read_typed(text).map_err(|error| explain(text, error))
}

/// The reason with the place in the text.
pub(crate) fn explain(text: &[u8], error: TokenError) -> String {
    if let Err(utf16) = input::without_mark(text) {
        return format!("this is no token: {utf16}");
    }
    if text.trim_ascii().is_empty() {
        return "this is no token: the text is empty; give the token as an argument, or on standard input".into();
    }
    format!("this is no token: {error}\n{}", point_at(text, error.offset))
}

/// The argument, or standard input without the line feed of the `echo` that wrote it.
fn text_of(argument: Option<OsString>) -> Result<Vec<u8>, Failure> {
    let mut text = input::argument_or_standard_input(argument, MAX_INPUT)?;
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    Ok(text)
}

impl Parse {
    fn run(self) -> Result<ExitCode, Failure> {
        if self.stdin0 {
            return self.answer_all();
        }
        let text = text_of(self.text)?;
        match read(&text, self.lenient) {
            Ok(token) => {
                let held = Held::new(&token);
                if self.json {
                    output::json(&held)?;
                } else {
                    let form = match held.form {
                        Form::Short => "short",
                        Form::Long => "long",
                    };
                    output::line(format_args!("device   {}", held.device))?;
                    output::line(format_args!("form     {form}"))?;
                    output::line(format_args!("code     {}", held.code.escape_debug()))?;
                    output::line(format_args!("channel  {}", held.channel.escape_debug()))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                if self.json {
                    output::json(&NoToken::from(error))?;
                }
                Err(Failure::reason(explain(&text, error)))
            }
        }
    }

    /// Answers each text of standard input.
    fn answer_all(self) -> Result<ExitCode, Failure> {
        let mut input = io::stdin().lock();
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = (&mut input).take(MAX_INPUT).read_until(0, &mut text);
            read.map_err(|error| Failure::reason(format_args!("standard input: {error}")))?;
            if text.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
            if text.pop_if(|last| *last == 0).is_none() {
                return Err(Failure::reason(format_args!(
                    "standard input: expected a zero byte after at most {} bytes",
                    MAX_INPUT - 1
                )));
            }
            match if self.lenient { Parsed::parse_lenient(&text) } else { Parsed::parse(&text) } {
                Ok(token) => output::json(&Held::new(&token))?,
                Err(error) => output::json(&NoToken::from(error))?,
            }
        }
    }
}

/// Where the random bits come from.
enum Source {
    System,
    Seed(fastrand::Rng),
}

impl Source {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Failure> {
        match self {
            Self::System => getrandom::fill(bytes)
                .map_err(|error| Failure::reason(format_args!("the system gives no random bits: {error}"))),
            Self::Seed(rng) => {
                rng.fill(bytes);
                Ok(())
            }
        }
    }

    fn code(&mut self) -> Result<Code, Failure> {
        loop {
            let mut bits = [0; 4];
            self.fill(&mut bits)?;
            if let Some(code) = Code::from_random(u32::from_le_bytes(bits)) {
                return Ok(code);
            }
        }
    }
}

impl New {
    fn run(self) -> Result<ExitCode, Failure> {
        let mut source = self.seed.map_or(Source::System, |seed| Source::Seed(fastrand::Rng::with_seed(seed)));
        let mut id = [0; 32];
        source.fill(&mut id)?;
        let device = match id.first_chunk() {
            Some(short) if !self.long => DeviceId::Short(*short),
            _ => DeviceId::Long(id),
        };
        output::line(Parsed { device, code: source.code()? }.text())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Qr {
    fn run(self) -> Result<ExitCode, Failure> {
        let token = typed(&text_of(self.text)?).map_err(Failure::reason)?;
        match self.output {
            Some(path) => qr::image::write(&path, &token)?,
            None => {
                let text = token.text().to_string();
                let code = match io::stdout().is_terminal() {
                    true => qr::Code::on_terminal(&text, tty::has_colours())?,
                    false => qr::Code::on_paper(&text)?,
                };
                // It is drawn all the same: a window can be made larger, and a longer one scrolled.
                if let Some(window) =
                    tty::size().filter(|window| io::stdout().is_terminal() && !window.holds(code.size()))
                {
                    output::note(qr::Code::without_room(window, code.size()));
                }
                output::line(code.lines())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
