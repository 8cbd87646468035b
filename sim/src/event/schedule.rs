//! Everything about one session, as data.

use std::{fmt, str::FromStr};

use handfast::{
    import::Ask,
    limits::{PROGRESS_STEP, Timer},
    outcome::{Profile, Scheme, Side},
};
use handfast_model::config::Cast;
use serde::{Deserialize, Serialize};

use super::{below::Below, compare::Compare};
use crate::point::Point;

/// One session. Equal schedules give equal traces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// The profile of both sides.
    pub profile: Profile,
    /// How the archive is protected.
    pub scheme: Scheme,
    /// Frames of the archive, and bytes in each.
    pub archive: (u16, u16),
    /// Milliseconds between two of them.
    pub pace: u32,
    /// Milliseconds that a byte takes to the importer, and to the exporter.
    pub latency: (u32, u32),
    /// Milliseconds that the importing and the exporting user think about each thing.
    pub think: (u32, u32),
    /// Milliseconds that work takes: to publish, to secure a connection, to open, to check, to install.
    pub work: [u32; 5],
    /// Written bytes arrive in pieces of so many; 0: as they were written.
    pub cut: u16,
    /// Wrong passwords before the right one.
    pub wrong: u8,
    /// The side whose user does nothing once it has begun.
    pub idle: Option<Side>,
    /// The importing user answers also for an account that is not the expected one.
    pub trusting: bool,
    /// The exporting user types another code.
    pub typo: bool,
    /// The device in place of the importer, which the exporter's token names.
    pub device: Option<Device>,
    /// The importer is there too: the exporter's user was given the hostile device's token in place of its own. Such sessions are not
    /// followed, since the model of a link has a hostile peer of one side.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub swapped: bool,
    /// There is no exporter but the visitors.
    pub alone: bool,
    /// A second exporting device, whose user has the token too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rival: Option<Rival>,
    /// After this link comes another one of the same two devices.
    #[serde(rename = "again", skip_serializing_if = "Option::is_none")]
    pub relink: Option<Relink>,
    /// The users can compare the two screens; none where no side names that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sas: Option<Compare>,
    /// The faults.
    pub faults: Vec<Fault>,
}

impl Default for Schedule {
    /// The plainest session.
    fn default() -> Self {
        Self {
            profile: Profile::Documented,
            scheme: Scheme::Password,
            archive: (2, 100),
            pace: 1,
            latency: (10, 10),
            think: (1000, 1000),
            work: [50, 30, 200, 100, 100],
            cut: 0,
            wrong: 0,
            idle: None,
            trusting: false,
            typo: false,
            device: None,
            swapped: false,
            alone: false,
            rival: None,
            relink: None,
            sas: None,
            faults: Vec::new(),
        }
    }
}

/// Something that goes wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where it begins.
    pub at: At,
    /// The fault.
    #[serde(flatten)]
    pub what: What,
}

/// A place in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Before anything happens.
    Start,
    /// After the first step of this kind, its effects included.
    Point(Point),
    /// After the step of this number, of a side; counted from 1.
    Step(Side, u16),
    /// When so many bytes to this side were written.
    Byte(Side, u32),
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "with")]
pub enum What {
    /// The link breaks: of what is on its way, so many bytes still get to the importer, and to the exporter.
    Break(u32, u32),
    /// Messages on their way to this side, and later ones, are held for so many milliseconds.
    Hold(Side, u32),
    /// The request for the connection is lost.
    LoseRequest,
    /// The device is not found.
    Unreachable,
    /// The device cannot be made reachable.
    Unpublishable,
    /// The connection cannot be secured.
    Unsecured,
    /// The next such operation of a disk fails.
    Disk(DiskStep),
    /// The device of this side crashes and starts again. `true`: an install that runs is durable by then.
    Crash(Side, bool),
    /// The user of this side gives up.
    Cancel(Side),
    /// A client makes a call that it should not make.
    Click(Click),
    /// A timer fires at once, if it runs.
    Early(Side, Timer),
    /// From now on a timer fires so many milliseconds late.
    Late(Side, Timer, u32),
    /// Somebody connects to the importer.
    Visit(Visit),
    /// The directory delivers the request for the connection again.
    Repeat,
    /// The exporter learns again that the connection is there.
    RepeatAnswer,
    /// The directory takes so many milliseconds more to deliver the request, or its answer.
    Slow(Errand, u32),
}

/// A message of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// The request for a connection.
    Request,
    /// Its answer.
    Answer,
}

/// An operation of a disk that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskStep {
    /// The exporter opens its archive.
    Open,
    /// The exporter reads what it sends.
    Send,
    /// The importer stages what arrives.
    Stage,
    /// The importer reads back what it staged.
    Check,
    /// The importer makes it durable.
    Install,
}

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Click {
    /// `addAccount`.
    Begin,
    /// `provideAccountAuthentication`, with the right password.
    Answer,
    /// The same, under the other scheme.
    AnswerOtherwise,
    /// `addDevice`.
    AddDevice,
    /// `confirmAddDevice`.
    Confirm,
    /// `compareAccount`, with equal strings.
    CompareAccount,
    /// `compareAddDevice`, with equal strings.
    CompareDevice,
}

/// Somebody who connects to the importer, and what it does there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Whether it knows the token.
    pub knows: bool,
    /// Milliseconds between two things that it does.
    pub every: u32,
    /// Its actions once it is let in.
    pub acts: Vec<Act>,
}

/// An action of a visitor or a hostile device. One that makes no sense where it is, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A visitor: the connection cannot be secured.
    Fail,
    /// A visitor: it is secured, and the account proved; or, `false`, the honest exporter's is named and not proved. A device: it
    /// is the one of the token, or another.
    Secure(bool),
    /// A visitor: it is secured, with a chain that the honest exporter's account signed.
    Stolen,
    /// A visitor: asks for a channel.
    Ask(Ask),
    /// A device: accepts the channel, or declines it.
    Answer(bool),
    /// Sends the message of this number of the alphabet.
    Say(u8),
    /// Sends the word of this number of those that belong to a comparison.
    Compare(u8),
    /// A device: sends the right password, or a wrong one.
    Password(bool),
    /// Sends bytes that are no message.
    Babble(Story),
    /// Sends something below the messages.
    Below(Below),
    /// A visitor: begins an archive.
    Begin(Archive),
    /// A visitor: the archive ends.
    Complete,
    /// Ends the channel.
    End,
    /// Drops the connection.
    Drop,
    /// Waits for so many milliseconds.
    Wait(u16),
}

/// The archive of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archive {
    /// Its own account.
    Own,
    /// The account of the honest exporter.
    Honest,
    /// Nothing that is an account.
    Nonsense,
}

/// Nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Story {
    /// A frame with bytes that are no message.
    Message,
    /// A message that announces a value of four gigabytes.
    Giant,
    /// A message that announces an archive of four gigabytes.
    GiantArchive,
    /// Bytes that are no frame.
    Frame,
}

/// A hostile device in place of the importer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Milliseconds between two things that it does.
    pub every: u32,
    /// Its actions.
    pub acts: Vec<Act>,
}

/// A second device of the account, which does what the first one does: of the two, one is served. No fault is about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rival {
    /// Milliseconds that a byte takes from it to the importer, and to it.
    pub latency: (u32, u32),
    /// Milliseconds that its user thinks about each thing.
    pub think: u32,
}

impl Default for Rival {
    /// As near and as fast as the first.
    fn default() -> Self {
        let Schedule { latency, think, .. } = Schedule::default();
        Self { latency, think: think.1 }
    }
}

/// A second link of the same two devices, with which nothing goes wrong: whatever became of the first, it has to succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Relink {
    /// Milliseconds until its import begins.
    pub think: u32,
    /// It does not wait for the end of the first import. The exporter's account has one operation at a time all the same: the call
    /// is refused, and made again.
    #[serde(rename = "beside")]
    pub during: bool,
}

/// A class of faults: what a swarm turns on and off, and what has to fire in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The link breaks.
    Break,
    /// The link holds what is sent.
    Hold,
    /// The directory fails.
    Directory,
    /// A disk fails.
    Disk,
    /// A device crashes.
    Crash,
    /// A user cancels.
    Cancel,
    /// A client makes a call that it should not make.
    Click,
    /// A timer fires early.
    Early,
    /// A timer fires late.
    Late,
    /// A stranger connects.
    Stranger,
    /// Somebody else connects who knows the token.
    Intruder,
    /// A hostile device is in place of the importer.
    Device,
    /// Two exporters ask for the same importer.
    Rival,
    /// A second link of the same devices succeeds.
    Again,
    /// The directory says again what it has said.
    Repeat,
    /// The directory takes its time.
    Slow,
    /// A hostile peer does something below the messages.
    Below,
    /// A user is asked to compare the two screens.
    Compared,
}

impl Class {
    /// The classes of a campaign whose users compare.
    pub const WITH_SAS: [Self; 18] = {
        let mut all = [Self::Compared; 18];
        let mut at = 0;
        while at < Self::ALL.len() {
            all[at] = Self::ALL[at];
            at += 1;
        }
        all
    };

    /// All of them where no user compares: campaigns with [`Self::Compared`] are others, in which every session has a side that can.
    pub const ALL: [Self; 17] = [
        Self::Break,
        Self::Hold,
        Self::Directory,
        Self::Disk,
        Self::Crash,
        Self::Cancel,
        Self::Click,
        Self::Early,
        Self::Late,
        Self::Stranger,
        Self::Intruder,
        Self::Device,
        Self::Rival,
        Self::Again,
        Self::Repeat,
        Self::Slow,
        Self::Below,
    ];

    /// Whether it can happen in this pair. Where a side is old, there is one link of two honest sides.
    pub fn is_of(self, cast: Cast) -> bool {
        match self {
            Self::Device | Self::Rival | Self::Again | Self::Below | Self::Compared => !cast.has_legacy(),
            // An old daemon keeps the requests that it has seen.
            Self::Repeat => cast != Cast::LL,
            _ => true,
        }
    }

    /// Whether few seeds have it.
    pub(crate) const fn is_rare(self) -> bool {
        matches!(self, Self::Rival | Self::Again | Self::Repeat | Self::Slow)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Break => "break",
            Self::Hold => "hold",
            Self::Directory => "directory",
            Self::Disk => "disk",
            Self::Crash => "crash",
            Self::Cancel => "cancel",
            Self::Click => "click",
            Self::Early => "early",
            Self::Late => "late",
            Self::Stranger => "stranger",
            Self::Intruder => "intruder",
            Self::Device => "device",
            Self::Rival => "rival",
            Self::Again => "again",
            Self::Repeat => "repeat",
            Self::Slow => "slow",
            Self::Below => "below",
            Self::Compared => "compared",
        })
    }
}

impl What {
    /// Returns the class of a fault.
    pub const fn class(&self) -> Class {
        match self {
            Self::Break(..) => Class::Break,
            Self::Hold(..) => Class::Hold,
            Self::LoseRequest | Self::Unreachable | Self::Unpublishable | Self::Unsecured => Class::Directory,
            Self::Disk(_) => Class::Disk,
            Self::Crash(..) => Class::Crash,
            Self::Cancel(_) => Class::Cancel,
            Self::Click(_) => Class::Click,
            Self::Early(..) => Class::Early,
            Self::Late(..) => Class::Late,
            Self::Visit(Visit { knows: true, .. }) => Class::Intruder,
            Self::Visit(Visit { knows: false, .. }) => Class::Stranger,
            Self::Repeat | Self::RepeatAnswer => Class::Repeat,
            Self::Slow(..) => Class::Slow,
        }
    }
}

impl Schedule {
    /// Whether nothing can keep both from success, wrong passwords apart (R-PAIR-2): nothing goes wrong, and everybody does their part.
    pub fn is_honest(&self) -> bool {
        // A repeated message of the directory changes nothing (R-RDV-1); an attempt to connect that fails is made again (R-EXP-12).
        let harmless = |fault: &Fault| {
            matches!(fault.what, What::Click(_) | What::Late(..) | What::Repeat | What::RepeatAnswer | What::Unsecured)
        };
        // Slower than a step of progress every so often, it stalls.
        let rival = self.rival.as_ref().map_or(0, |rival| rival.think);
        let (bytes, times) = (u64::from(self.archive.1), [self.think.0, self.think.1, rival, self.pace]);
        let steady = self.pace < 1000 || bytes >= PROGRESS_STEP;
        let patient = times.iter().all(|&ms| ms <= 25_000) && steady;
        self.faults.iter().all(harmless)
            && self.idle.is_none()
            && !self.typo
            && self.sas.is_none_or(|sas| sas.differs.is_none())
            && self.is_pair()
            && patient
    }

    /// Whether no importer is there.
    pub const fn replaces_importer(&self) -> bool {
        self.device.is_some() && !self.swapped
    }

    /// Whether both sides are there, and no one else is in the place of one.
    pub const fn is_pair(&self) -> bool {
        self.device.is_none() && !self.alone
    }
}

/// One line of JSON.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Schedule {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}
