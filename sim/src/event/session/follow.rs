//! Each step of a session, followed in the model.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use handfast::reducer::Refused;
use handfast_model::{
    action::Action,
    follow::Did,
    side::{ExportSide, ImportSide},
};

use crate::event::{
    session::Session,
    state::{
        law::Law,
        model_step::{ModelStep, mirrored_effect, mirrored_input},
    },
};

/// Returns the fingerprint of an edge of the model: a step between two states of the two machines.
fn edge(from: u64, action: Action, to: u64) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one((from, action, to))
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Follows a step in the model.
    pub(crate) fn follow(&mut self, step: ModelStep, did: Did<'_>) {
        let examine = self.watch.examine;
        let mut strayed = Ok(());
        for (view, follower) in self.followers.iter_mut().enumerate() {
            let Some(action) = step.seen_from(view) else { continue };
            self.actions += usize::from(view == 0);
            let taken = match did {
                Did::Import(input, effects) if view > 0 => {
                    let effects: Vec<_> = effects.iter().copied().map(mirrored_effect).collect();
                    follower.follow(action, Did::Import(input.map(mirrored_input), &effects))
                }
                _ => follower.follow(action, did),
            };
            strayed = strayed.and(taken);
            if self.watch.edges {
                let from = std::mem::replace(&mut self.at[view], follower.fingerprint());
                self.edges.push(edge(from, action, self.at[view]));
            }
            if strayed.is_ok() && examine {
                strayed = follower.examine();
            }
        }
        if let Err(strayed) = strayed {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }

    /// A call was refused.
    pub(crate) fn refuse(&mut self, step: ModelStep, why: Refused) {
        let mut strayed = Ok(());
        for (view, follower) in self.followers.iter_mut().enumerate() {
            if let Some(action) = step.seen_from(view) {
                self.actions += usize::from(view == 0);
                strayed = strayed.and(follower.refuse(action, why));
            }
        }
        if let Err(strayed) = strayed {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }
}
