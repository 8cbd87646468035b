//! The connection's table, and that a place decides.

use std::sync::LazyLock;

use handfast::{
    connection::{Doing, Kind, Phase},
    outcome::Side,
};
use handfast_model::connection::{Table, fresh, take};
use proptest::prelude::*;

static TABLES: LazyLock<[Table; 2]> = LazyLock::new(|| [Side::Import, Side::Export].map(Table::explore));

#[test]
fn the_table_is_as_it_was() {
    insta::assert_snapshot!("connection_of_an_importer", TABLES[0]);
    insta::assert_snapshot!("connection_of_an_exporter", TABLES[1]);
}

proptest! {
    /// Whatever way led there, a connection does what the table says of its place.
    #[test]
    fn a_place_decides(import in any::<bool>(), way in proptest::collection::vec(proptest::sample::select(Kind::ALL), 0..60)) {
        let (side, table) = if import { (Side::Import, &TABLES[0]) } else { (Side::Export, &TABLES[1]) };
        let mut connection = fresh(side);
        for kind in way {
            // How much of an archive is left is no part of the place.
            let archive = matches!(kind, Kind::ArchiveSlice | Kind::ArchiveEnded | Kind::Archive);
            let place = connection.place();
            if archive && (place.phase == Phase::Open || place.doing == Doing::Sending) {
                continue;
            }
            let expected = table.at(place, kind).expect("every place has been explored");
            prop_assert_eq!(&take(&mut connection, kind), expected, "{:?} at {}", kind, place);
        }
    }
}
