//! The common part of the two reducers: the law by which they are driven, and the types of both.
//!
//! **The law.** `handle` one input, then drain `poll_effect` until it gives `None`, then the next input. Equal inputs give
//! equal effects. Effects are carried out in order. A call that is refused leaves the state untouched; every other input is
//! acted upon or ignored, in every state, and never fails.

use alloc::collections::VecDeque;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_SECURED, MAX_UNSECURED, Timer, Timers},
    message::{Features, Word},
    outcome::Profile,
    rules::Rules,
};

/// Names one connection of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnId(pub u32);

/// The origin of a connection, as far as peers can be distinguished: an IPv4 address, or the /64 network of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin(IpAddr);

impl Origin {
    /// That of all connections of which nothing is known.
    pub const UNKNOWN: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// How many connections an import operation has open that are not the session's (R-IMP-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Places {
    /// Those from which nothing has arrived, and again as many whose handshake is under way.
    pub unsecured: u16,
    /// Connections that are secured.
    pub secured: u16,
}

impl Default for Places {
    fn default() -> Self {
        Self { unsecured: MAX_UNSECURED, secured: MAX_SECURED }
    }
}

impl Places {
    /// Whether they are the default ones, which a trace does not name.
    fn are_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How an operation behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Config {
    /// The source to follow where documentation and today's daemon disagree.
    pub profile: Profile,
    /// The extensions that it names (R-EXT-1).
    pub features: Features,
    /// Import: how many connections it has open that are not the session's.
    #[serde(default, skip_serializing_if = "Places::are_default")]
    pub places: Places,
}

impl Default for Config {
    fn default() -> Self {
        Self { profile: Profile::default(), features: Features::ALL, places: Places::default() }
    }
}

/// Why a call was refused. The state is as it was before (R-API-2 to R-API-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// There is no such operation.
    #[error("there is no such operation")]
    Unknown,
    /// The operation has not begun.
    #[error("the operation has not begun")]
    NotStarted,
    /// The operation has begun already.
    #[error("the operation has begun already")]
    Started,
    /// Nothing is asked at this moment.
    #[error("nothing is asked at this moment")]
    NotAsked,
    /// The scheme is not the one that was asked for.
    #[error("the scheme is not the one that was asked for")]
    WrongScheme,
    /// The credentials are no UTF-8, or longer than [`MAX_VALUE`](crate::limits::MAX_VALUE): no message can carry them.
    #[error("the credentials are no text, or too long")]
    Credentials,
    /// The device was confirmed already.
    #[error("the device was confirmed already")]
    Confirmed,
    /// Archive bytes are out.
    #[error("archive bytes are out")]
    TooLate,
    /// The operation has ended.
    #[error("the operation has ended")]
    Ended,
    /// Effects of the last input were not drained: the driver broke the law.
    #[error("effects of the last input were not drained")]
    Undrained,
}

/// Returns an error unless `holds`: a line of an invariant.
pub(crate) const fn ensure(holds: bool, why: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(why) }
}

/// Panics in a debug build where an invariant does not hold. A machine that breaks a rule on purpose does not ask.
#[inline(always)]
pub(crate) fn assert_invariant<R: Rules>(invariant: impl FnOnce() -> Result<(), &'static str>) {
    if cfg!(debug_assertions) && R::COMPLETE {
        assert_eq!(invariant(), Ok(()), "an invariant does not hold");
    }
}

/// The last word to the peer when an operation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Farewell {
    /// Nothing: the channel is already ended, lost, or was never there.
    None,
    /// The end of the channel.
    End,
    /// A word, then the end of the channel.
    Word(Word),
}

/// Effects that wait to be drained, and the timers that they have armed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Outbox<E> {
    effects: VecDeque<E>,
    armed: Timers,
}

impl<E> Outbox<E> {
    pub(crate) fn new() -> Self {
        Self { effects: VecDeque::new(), armed: Timers::default() }
    }

    pub(crate) fn push(&mut self, effect: E) {
        self.effects.push_back(effect);
    }

    pub(crate) fn poll(&mut self) -> Option<E> {
        self.effects.pop_front()
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.effects.is_empty()
    }

    /// The effects that wait.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &E> {
        self.effects.iter()
    }

    pub(crate) const fn armed(&self) -> Timers {
        self.armed
    }

    /// A timer fired: whether it was armed. It no longer is.
    pub(crate) fn fired(&mut self, timer: Timer) -> bool {
        self.armed.remove(timer)
    }
}

/// Effects that arm and disarm timers.
pub(crate) trait TimerEffect {
    fn arm(timer: Timer) -> Self;
    fn disarm(timer: Timer) -> Self;
}

impl<E: TimerEffect> Outbox<E> {
    /// Starts `timer`, from the beginning where it runs already.
    pub(crate) fn arm(&mut self, timer: Timer) {
        self.armed.insert(timer);
        self.push(E::arm(timer));
    }

    pub(crate) fn disarm(&mut self, timer: Timer) {
        if self.armed.remove(timer) {
            self.push(E::disarm(timer));
        }
    }

    pub(crate) fn disarm_all(&mut self) {
        for timer in self.armed.iter() {
            self.disarm(timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trace names places that are not the default ones, and reads both.
    #[test]
    fn other_places_are_in_the_data() {
        for unsecured in [MAX_UNSECURED, 7] {
            let places = Places { unsecured, ..Places::default() };
            let config = Config { places, ..Config::default() };
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(text.contains("\"places\""), unsecured == 7, "{text}");
            assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
        }
    }
}
