//! Today's daemon over real sockets: the legacy reducers of the model in the place of those that ship.
//!
//! The steps that such a daemon posts to its own loop are done at once here, which is one of its schedules. While it is at work on an
//! archive it reads nothing: what arrives meanwhile waits.

use std::collections::VecDeque;

use handfast::{
    export, import,
    message::Slot,
    operations::{AddDeviceError, OpId},
    outcome::{Outcome, Scheme, Signal},
    reducer::{ConnId, Refused},
    shell::{ExportReducers, ImportReducer, Look},
    token::{Form, Token},
};
use handfast_model::{
    legacy::{self, export::READER},
    side::Side as _,
};

/// The schedule of a daemon's own threads, of which the import side has one for each request.
#[derive(Clone, Copy)]
pub(crate) struct Threads {
    /// The number of requests that pass the test before the first of them takes the slot (W-11).
    pub(crate) together: usize,
    /// Whether the operation ends with DONE. The daemon's node goes on, and takes further links with the same token (W-2).
    pub(crate) end: bool,
}

impl Threads {
    /// The schedule of one link: each request is served at once, and DONE is the end.
    pub(crate) const OF_ONE_LINK: Self = Self { together: 1, end: true };
}

/// The import side of today's daemon.
pub(crate) struct Importer {
    side: legacy::Importer,
    threads: Threads,
    waiting: VecDeque<import::Input>,
    outcome: Option<Outcome>,
}

impl Importer {
    /// Returns one that has not begun.
    pub(crate) fn of(threads: Threads) -> Self {
        Self { side: legacy::Importer::new(), threads, waiting: VecDeque::new(), outcome: None }
    }

    fn may_take(&self, input: &import::Input) -> bool {
        input.conn().is_none_or(|conn| self.side.reads(conn))
    }

    /// Stages an archive under the password under which that daemon keeps it. The daemon has it whole when it begins to look at it; the
    /// shell wants to know where its bytes go.
    fn stage(&self, conn: ConnId) -> import::Effect {
        let taken = self.side.clone().take(import::Input::ArchiveComplete(conn)).unwrap_or_default();
        let staged = taken.into_iter().find(|effect| matches!(effect, import::Effect::Stage(_)));
        staged.unwrap_or(import::Effect::Stage(Slot(u8::MAX)))
    }

    /// Takes the steps of its own, and what waited for them.
    fn go_on(&mut self, effects: &mut Vec<import::Effect>) {
        loop {
            let passed = self.side.inner();
            if let Some(&step) = passed.first().filter(|_| passed.len() >= self.threads.together) {
                // The requests that waited for one another go on; a later one is served at once.
                self.threads.together = 1;
                effects.extend(self.side.advance(step));
            } else if self.waiting.front().is_some_and(|input| self.may_take(input)) {
                // No call waits.
                let taken = self.waiting.pop_front().map(|input| self.side.take(input));
                effects.extend(taken.and_then(Result::ok).into_iter().flatten());
            } else {
                return;
            }
        }
    }
}

impl ImportReducer for Importer {
    fn handle(&mut self, input: import::Input) -> (Option<Refused>, Vec<import::Effect>) {
        if !self.may_take(&input) {
            self.waiting.push_back(input);
            return (None, Vec::new());
        }
        if let import::Input::ArchiveBegan(conn) = input {
            return (None, vec![self.stage(conn)]);
        }
        let mut effects = match self.side.take(input) {
            Ok(effects) => effects,
            Err(refused) => return (Some(refused), Vec::new()),
        };
        self.go_on(&mut effects);
        // It was staged when it began.
        effects.retain(|effect| !matches!(effect, import::Effect::Stage(_)));
        for effect in &effects {
            if let import::Effect::Signal(Signal::Done(outcome)) = effect {
                self.outcome = Some(*outcome);
            }
        }
        (None, effects)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    fn is_closed(&self) -> bool {
        self.threads.end && self.outcome.is_some() && self.waiting.is_empty()
    }
}

/// The export side of today's daemon.
#[derive(Default)]
pub(crate) struct Exporters {
    side: legacy::Exporter,
    attempts: Vec<Attempt>,
    effects: Vec<export::Effect>,
}

/// The adapter's part of an attempt.
#[derive(Default)]
struct Attempt {
    waiting: VecDeque<export::Input>,
    last: Option<Signal>,
    ended: bool,
    /// The archive is being written, and the reader goes on when it is.
    writing: bool,
}

/// The attempt of an operation. Operations are counted from 1.
fn index(op: OpId) -> Option<u8> {
    u8::try_from(op.0.checked_sub(1)?).ok()
}

impl Exporters {
    fn may_take(&self, op: u8, input: &export::Input) -> bool {
        use export::Input as I;
        let read = matches!(input, I::Message(_) | I::Malformed | I::Ended | I::Lost);
        !read || self.side.reads_of(op)
    }

    fn take(&mut self, op: u8, input: export::Input) -> Option<Refused> {
        let Some(attempt) = self.attempts.get_mut(usize::from(op)) else { return Some(Refused::Unknown) };
        use export::Input as I;
        if matches!(input, I::HandedOver | I::SendFailed | I::Lost) {
            attempt.writing = false;
        }
        if !self.may_take(op, &input) {
            self.attempts[usize::from(op)].waiting.push_back(input);
            self.go_on(op);
            return None;
        }
        match self.side.take_for(op, input) {
            Ok(effects) => self.note(op, effects),
            Err(refused) => return Some(refused),
        }
        self.go_on(op);
        None
    }

    fn note(&mut self, op: u8, effects: Vec<export::Effect>) {
        let attempt = &mut self.attempts[usize::from(op)];
        for effect in &effects {
            match effect {
                export::Effect::Signal(signal) => {
                    attempt.last = Some(*signal);
                    attempt.ended |= matches!(signal, Signal::Done(_));
                }
                export::Effect::SendArchive => attempt.writing = true,
                // The rest of the archive is not sent.
                export::Effect::End => attempt.writing = false,
                _ => {}
            }
        }
        self.effects.extend(effects);
    }

    /// Takes the steps of its own, and what waited for them.
    fn go_on(&mut self, op: u8) {
        loop {
            let attempt = &self.attempts[usize::from(op)];
            let step = self.side.inner_of(op).into_iter().find(|step| *step != READER || !attempt.writing);
            let effects = if let Some(step) = step {
                self.side.advance_of(op, step)
            } else if let Some(&input) = attempt.waiting.front().filter(|input| self.may_take(op, input)) {
                self.attempts[usize::from(op)].waiting.pop_front();
                // No call waits.
                self.side.take_for(op, input).unwrap_or_default()
            } else {
                return;
            };
            self.note(op, effects);
        }
    }
}

impl ExportReducers for Exporters {
    fn add_device(&mut self, token: &Token, scheme: Scheme) -> Result<OpId, AddDeviceError> {
        // Today's daemon takes the long form only.
        if token.device.form() != Form::Long {
            return Err(AddDeviceError::InvalidUri);
        }
        let op = u8::try_from(self.attempts.len()).map_err(|_| AddDeviceError::Generic)?;
        let effects =
            self.side.take_for(op, export::Input::AddDevice(scheme)).map_err(|_| AddDeviceError::AlreadyLinking)?;
        self.attempts.push(Attempt::default());
        self.note(op, effects);
        self.go_on(op);
        Ok(OpId(u32::from(op) + 1))
    }

    fn handle(&mut self, op: OpId, input: export::Input) -> Option<Refused> {
        match index(op) {
            Some(op) => self.take(op, input),
            None => Some(Refused::Unknown),
        }
    }

    fn drain(&mut self) -> Vec<export::Effect> {
        std::mem::take(&mut self.effects)
    }

    fn look(&self, op: OpId) -> Option<Look> {
        let op = index(op)?;
        let attempt = self.attempts.get(usize::from(op))?;
        let closed = self.side.is_closed_of(op) && attempt.ended && !attempt.writing;
        Some(Look { signal: attempt.last, ended: attempt.ended, closed })
    }
}
