//! `handfast message`: the bytes of a channel, or of a whole connection, read as the protocol reads them.

mod frames;
mod text;

use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use handfast::{
    limits::DEFAULT_MAX_ARCHIVE,
    message::{Decoder, Event},
};
use serde::Serialize;

use self::{
    frames::Frames,
    text::{Entry, Record},
};
use crate::{
    failure::Failure,
    output,
    size::{Size, some},
};

const EXAMPLES: &str = "\
Examples:
  handfast message decode < channel.bin
  handfast message decode --json --frames < connection.bin

A password prints as <secret>, an archive as its length, the code in a channel's name as <code>.

Exit codes: 0, 1 with the reason and its place on standard error, 2 usage.";

/// The subcommands.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Message {
    /// Print the messages that standard input holds, one a line
    #[command(after_help = EXAMPLES)]
    Decode(Decode),
}

/// How the bytes are to be read.
#[derive(Args)]
pub(crate) struct Decode {
    /// One JSON object a line; where the bytes are not messages, {"error":…,"offset":N} as well as the reason on standard error
    #[arg(long)]
    json: bool,
    /// The bytes are those of a connection, one way: frames of many channels. Offsets of messages count within their channel
    #[arg(long)]
    frames: bool,
    /// The largest archive that is read past
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, default_value_t = Size(DEFAULT_MAX_ARCHIVE), value_parser = some)]
    max_archive: Size,
}

impl Message {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Decode(decode) => decode.run(),
        }
    }
}

/// A message in words, without its secrets.
pub(crate) fn words<P>(message: &handfast::message::Message<P>) -> String {
    Record::from(message).to_string()
}

/// Bytes that are not what they should be, and where.
#[derive(Serialize)]
struct Broken {
    error: String,
    offset: u64,
}

impl Broken {
    fn new(error: impl std::fmt::Display, offset: u64) -> Self {
        Self { error: error.to_string(), offset }
    }

    /// The bytes end in the middle of something.
    fn cut(what: &str, offset: u64) -> Self {
        Self::new(format_args!("the bytes end in the middle of {what}, at byte {offset} of the stream"), offset)
    }
}

/// Reads the messages of one channel.
struct Messages {
    decoder: Decoder,
    /// Where the message that is being read began.
    start: u64,
    archive: u64,
}

impl Messages {
    fn new(max_archive: u64) -> Self {
        Self { decoder: Decoder::new(max_archive), start: 0, archive: 0 }
    }

    /// Takes bytes off `input` up to the end of the next message. `None`: more are needed.
    fn next(&mut self, input: &mut &[u8]) -> Result<Option<Entry>, Broken> {
        loop {
            let event = self.decoder.next(input).map_err(|error| Broken::new(error, error.offset))?;
            let record = match event {
                None => return Ok(None),
                Some(Event::Message(message)) => Record::from(&message),
                Some(Event::ArchiveBegan { length }) => {
                    self.archive = length;
                    continue;
                }
                Some(Event::ArchiveSlice(_)) => continue,
                Some(Event::ArchiveEnded) => Record::AccData { length: self.archive },
            };
            let offset = std::mem::replace(&mut self.start, self.decoder.offset());
            return Ok(Some(Entry { offset, channel: None, record }));
        }
    }

    fn end(&self) -> Result<(), Broken> {
        if self.decoder.is_between_messages() { Ok(()) } else { Err(Broken::cut("a message", self.decoder.offset())) }
    }
}

/// The format of the bytes.
enum Reader {
    Messages(Messages),
    Frames(Frames),
}

impl Reader {
    fn next(&mut self, input: &mut &[u8]) -> Result<Option<Entry>, Broken> {
        match self {
            Self::Messages(messages) => messages.next(input),
            Self::Frames(frames) => frames.next(input),
        }
    }

    fn end(&self) -> Result<(), Broken> {
        match self {
            Self::Messages(messages) => messages.end(),
            Self::Frames(frames) => frames.end(),
        }
    }
}

impl Decode {
    fn run(self) -> Result<ExitCode, Failure> {
        let mut reader = if self.frames {
            Reader::Frames(Frames::new(self.max_archive.0))
        } else {
            Reader::Messages(Messages::new(self.max_archive.0))
        };
        let mut stdin = io::stdin().lock();
        let mut buffer = vec![0; 64 * 1024];
        let mut is_empty = true;
        loop {
            let count = stdin
                .read(&mut buffer)
                .map_err(|error| Failure::reason(format_args!("standard input cannot be read: {error}")))?;
            if count == 0 {
                if is_empty {
                    // It is no error, so that a channel on which nothing came can be decoded.
                    output::note(
                        "there is nothing to decode on standard input; give it the bytes of a channel: `< FILE`",
                    );
                }
                return reader.end().map(|()| ExitCode::SUCCESS).or_else(|broken| self.refuse(&broken));
            }
            is_empty = false;
            let mut input = &buffer[..count];
            loop {
                match reader.next(&mut input) {
                    Ok(Some(entry)) if self.json => output::json(&entry)?,
                    Ok(Some(entry)) => output::line(entry)?,
                    Ok(None) => break,
                    Err(broken) => return self.refuse(&broken),
                }
            }
        }
    }

    fn refuse(&self, broken: &Broken) -> Result<ExitCode, Failure> {
        if self.json {
            output::json(broken)?;
        }
        Err(Failure::reason(&broken.error))
    }
}
