//! Properties that are known not to hold where a side is a legacy one: each is shown, with its weakness of `docs/legacy/weaknesses.md`.
//!
//! Whatever is not listed has to hold.

use handfast::outcome::Side;
use serde::Serialize;

use crate::{
    property::properties::{Half, PropertyId},
    system::config::{Cast, Configuration},
};

/// A property that a pair does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// The pair.
    pub cast: Cast,
    /// The property.
    pub property: PropertyId,
    /// Of which side.
    #[serde(serialize_with = "side")]
    pub half: Half,
    /// The [`Configuration::name`] in which it is violated.
    pub shown_in: &'static str,
    /// Whether it holds everywhere else.
    pub only_there: bool,
    /// The weakness.
    pub weakness: &'static str,
}

fn side<S: serde::Serializer>(half: &Half, serializer: S) -> Result<S::Ok, S::Error> {
    half.side().serialize(serializer)
}

impl Flaw {
    /// The property, and the side if it is of one only.
    pub const fn name(&self) -> &'static str {
        self.property.name(self.half)
    }

    /// Whether it is of this pair, and of this half of the property, wherever it is shown.
    pub fn is_of(&self, cast: Cast, property: PropertyId, half: Half) -> bool {
        (self.cast, self.property, self.half) == (cast, property, half)
    }

    /// Why this half of the property need not hold in this configuration, if it need not.
    pub fn find(configuration: &Configuration, property: PropertyId, half: Half) -> Option<&'static Self> {
        FLAWS.iter().find(|flaw| {
            flaw.is_of(configuration.cast, property, half) && (!flaw.only_there || flaw.shown_in == configuration.name)
        })
    }
}

macro_rules! flaws {
    ($($cast:ident $property:ident $half:ident $shown_in:literal $weakness:literal $($only:ident)?;)*) => {
        /// All of them.
        pub const FLAWS: &[Flaw] = &[$(Flaw {
            cast: Cast::$cast,
            property: PropertyId::$property,
            half: flaws!(@half $half),
            shown_in: $shown_in,
            only_there: flaws!(@only $($only)?),
            weakness: $weakness,
        }),*];
    };
    (@half Both) => { Half::Both };
    (@half $side:ident) => { Half::Only(Side::$side) };
    (@only only) => { true };
    (@only) => { false };
}

flaws! {
    HL Stored Export "honest" "W-5";
    HL NotSent Both "cancel" "W-18";
    HL Tries Export "honest" "W-14";
    HL Grammar Export "honest" "W-23";
    HL Pair Both "loss" "W-5";
    HL Isolated Export "again" "W-9";
    HL Again Both "again" "W-9";
    HL NoBlame Export "cancel" "W-24";
    HL Return Export "honest" "W-19";
    HL Honest Both "honest" "W-14" only;

    LH Consent Both "intruders" "W-1";
    LH Single Both "intruders" "W-2";
    LH Bound Both "intruders" "W-3";
    LH Stored Import "storage" "W-27";
    LH Password Both "intruders" "W-11";
    LH Isolated Import "strangers" "W-6";
    LH Grammar Import "strangers" "W-8";
    LH Pair Both "cancel" "W-7";
    LH AtRest Both "clicks" "W-26";
    LH NoBlame Import "strangers" "W-6";
    LH NoBlame Export "intruders" "W-11" only;
    LH Return Import "honest" "W-25";
    LH Budget Import "cancel" "W-30";
    LH Atomic Both "crash" "W-27";
    LH Ends Import "cancel" "W-20";
    LH CancelArrives Import "cancel" "W-7";

    LL Client Import "clients-qt" "W-34" only;
    LL Client Export "clients-qt" "W-35" only;
    LL Client Import "clients-android" "W-38" only;
    LL Client Export "clients-android" "W-36" only;
    LL Client Import "clients-ios" "W-10" only;
    LL Client Export "clients-ios" "W-35" only;
    LL Consent Both "intruders" "W-1";
    LL Single Both "intruders" "W-2";
    LL Bound Both "intruders" "W-3";
    LL Stored Both "honest" "W-5";
    LL NotSent Both "cancel" "W-18";
    LL Tries Both "honest" "W-14";
    LL Password Both "intruders" "W-11";
    LL Isolated Both "strangers" "W-6";
    LL Grammar Both "honest" "W-23";
    LL Pair Both "cancel" "W-7";
    LL AtRest Both "clicks" "W-26";
    LL NoBlame Both "cancel" "W-24";
    LL Return Both "honest" "W-25";
    LL Budget Both "cancel" "W-30";
    LL Atomic Both "crash" "W-27";
    LL Ends Both "cancel" "W-20";
    LL CancelArrives Both "cancel" "W-7";
    LL Again Both "again" "W-9";
    LL Honest Both "honest" "W-14";

    LX Consent Both "hostile-exporter" "W-1";
    LX Single Both "hostile-exporters" "W-2";
    LX Bound Both "hostile-exporter" "W-3";
    LX Stored Both "hostile-exporters" "W-8";
    LX Tries Both "hostile-exporter" "W-15";
    LX Password Both "hostile-exporters" "W-11";
    LX Isolated Both "hostile-exporter" "W-6";
    LX Grammar Both "hostile-exporter" "W-8";
    LX AtRest Both "hostile-exporter" "W-26";
    LX Return Both "hostile-exporter" "W-25";
    LX Budget Both "hostile-exporter" "W-30";
    LX Ends Both "hostile-exporter" "W-20";

    XL Stored Both "hostile-importer" "W-5";
    XL NotSent Both "hostile-importer" "W-18";
    XL Tries Both "hostile-importer" "W-14";
    XL Grammar Both "hostile-importer" "W-23";
    XL Return Both "hostile-importer" "W-24";
    XL Ends Both "hostile-importer" "W-20";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::config::Player;

    /// A run without a legacy side looks up none of them (`property::follow`).
    #[test]
    fn each_has_a_legacy_side() {
        for flaw in FLAWS {
            let players = [flaw.cast.import, flaw.cast.export];
            assert!(players.contains(&Player::Legacy), "{flaw:?}");
        }
    }
}
