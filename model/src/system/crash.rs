//! A device that crashes and starts again: its operation is gone, the peer finds the connection dead, and on the disk is what the
//! install had made durable by then.

use handfast::outcome::Side;

use crate::system::{
    action::{Action, Remains},
    config::Player,
    link::{End, Item, Opposite},
    seen::Compared,
    world::{Disk, ExportShell, ImportShell, Stage, Storage, World},
};

impl World {
    /// The crashes that can happen now, with what the disk can hold after them.
    pub(crate) fn crashes(&self, actions: &mut Vec<Action>) {
        if self.left.import_crashes > 0 && self.seen.import.is_up() {
            let remains = self.remains().iter().map(|&remains| Action::Crash(Side::Import, remains));
            actions.extend(remains);
        }
        if self.left.export_crashes > 0 && self.seen.export.is_up() {
            actions.push(Action::Crash(Side::Export, Remains::Nothing));
        }
    }

    /// An install is either there or not, since its one rename is after what it names (R-ARC-4).
    fn remains(&self) -> &'static [Remains] {
        use Remains::{Nothing, Torn, Whole};
        let old = self.cast.import == Player::Legacy;
        match self.import.storage {
            Storage::None | Storage::Running if self.disk == Disk::KeepsPending => &[Torn],
            Storage::Running if self.disk == Disk::Torn => &[Nothing, Whole, Torn],
            // An old importer forgets what it has not reported, and of what it has nothing was made durable (W-27).
            Storage::Running | Storage::Settled { durable: true } if old => &[Nothing],
            Storage::Reported { durable: true } if old => &[Whole, Torn],
            Storage::Running => &[Nothing, Whole],
            Storage::Settled { durable: true } | Storage::Reported { durable: true } => &[Whole],
            Storage::Settled { durable: false } | Storage::Reported { durable: false } => &[Nothing],
            Storage::None | Storage::Removed | Storage::Torn => &[Nothing],
        }
    }

    /// A crash and the start after it, which removes left-overs.
    pub(crate) fn crash(&mut self, side: Side, remains: Remains) -> Option<()> {
        match side {
            Side::Import => {
                self.left.import_crashes = self.left.import_crashes.checked_sub(1)?;
                self.seen.import.crashed = Some(self.seen.import.signalled);
                self.seen.import.prompt = None;
                (self.seen.import.peer, self.seen.import.cut) = (None, false);
                (self.seen.import.compared, self.seen.import.nonce_sent) = (Compared::Nothing, false);
                let storage = match remains {
                    // It was durable, and was removed by its user: a crash does not undo that it was there.
                    Remains::Nothing if self.import.storage == Storage::Removed => Storage::Removed,
                    Remains::Nothing => Storage::None,
                    Remains::Whole => Storage::Reported { durable: true },
                    Remains::Torn => Storage::Torn,
                };
                self.import = ImportShell { storage, ..ImportShell::default() };
                self.callers.iter_mut().for_each(|caller| caller.stage = Stage::Gone);
            }
            Side::Export => {
                self.left.export_crashes = self.left.export_crashes.checked_sub(1)?;
                self.seen.export.crashed = Some(self.seen.export.signalled);
                (self.seen.export.scheme, self.seen.export.peer) = (None, None);
                self.seen.export.scheme_sent = false;
                (self.seen.export.asked, self.seen.export.open) = (false, false);
                (self.seen.export.compared, self.seen.export.opening_sent) = (Compared::Nothing, false);
                self.export = ExportShell::default();
            }
        }
        self.link.fail();
        let own = self.link.half_mut(side);
        own.queue.clear();
        own.end = End::Closed;
        let peer = self.link.half_mut(side.peer());
        peer.queue.retain(|item| *item != Item::Request);
        if matches!(peer.end, End::Trying | End::Open) && !peer.queue.ends_with(&[Item::Lost]) {
            peer.queue.push(Item::Lost);
        }
        Some(())
    }
}
