//! The tables of the two reducers: every step of every configuration that has a hardened side, and every call that is refused.

use handfast::{
    export, import,
    message::Slot,
    outcome::{Scheme, Side},
    reducer::Refused,
};

use super::{Entered, Leads, Machine, Table, names};
use crate::{
    explorer::explore::{Graph, Limits},
    property::judged::Judged,
    report::check::{hardened, with_legacy},
    system::{
        Turn,
        config::{Configuration, Player, Size, configurations},
        side::{ExportSide, ImportSide},
    },
};

/// Explores every configuration of the smallest size, and those with every word.
pub(super) fn explore() -> Vec<Table> {
    let mut tables = [Side::Import, Side::Export].map(|side| Table::new(Machine::Daemon(side)));
    // Every value of every message is sent in the configurations `words`, which are not small.
    let words = configurations(Size::Quick).into_iter().filter(|one| one.every_word);
    for configuration in configurations(Size::Small).into_iter().chain(words).filter(Configuration::is_plain) {
        let casts = [configuration.cast.import, configuration.cast.export];
        if !casts.contains(&Player::Hardened) {
            continue;
        }
        if configuration.cast.has_legacy() {
            walk(&with_legacy(configuration), &mut tables);
        } else {
            walk(&hardened(configuration), &mut tables);
        }
    }
    tables.into()
}

fn walk<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, tables: &mut [Table; 2]) {
    let cast = system.configuration().cast;
    let [of_import, of_export] = tables;
    let binds = |player| player == Player::Hardened;
    let mut last = None;
    Graph::explore_with(system, Limits::default(), None, |node, state, action| {
        if last.replace(node) != Some(node) {
            if binds(cast.import) {
                refusals_of_import(&state.import, of_import);
            }
            if binds(cast.export) {
                refusals_of_export(&state.export, of_export);
            }
        }
        let (next, turn) = system.step(state, action)?;
        match &turn {
            Turn::Import(Some(input), effects) if binds(cast.import) => {
                let effects = effects.iter().map(|effect| names::import_effect(*effect, input.conn())).collect();
                let entered = Entered { kind: names::import_kind(input).into(), value: names::import_value(input) };
                of_import.note(state.import.place(), entered, Leads::To(next.import.place().into(), effects));
            }
            Turn::Export(Some(input), effects) if binds(cast.export) => {
                let effects = effects.iter().map(|effect| names::export_effect(*effect)).collect();
                let entered = Entered { kind: names::export_kind(input).into(), value: names::export_value(input) };
                of_export.note(state.export.place(), entered, Leads::To(next.export.place().into(), effects));
            }
            _ => {}
        }
        Some(next)
    });
}

fn refusals_of_import<I: ImportSide>(side: &I, table: &mut Table) {
    use import::Input as In;
    let answer = |scheme| In::ProvideAccountAuthentication(Slot(0), scheme);
    let compare = [true, false].map(In::CompareAccount);
    let calls = [In::AddAccount, answer(Scheme::None), answer(Scheme::Password), In::RemoveAccount];
    for call in calls.into_iter().chain(compare) {
        if let Err(why) = side.clone().take(call) {
            let entered = Entered { kind: names::import_kind(&call).into(), value: names::import_value(&call) };
            table.note(side.place(), entered, refused(why));
        }
    }
}

fn refusals_of_export<E: ExportSide>(side: &E, table: &mut Table) {
    use export::Input as In;
    let compare = [true, false].map(In::CompareAddDevice);
    let calls =
        [In::AddDevice(Scheme::None), In::AddDevice(Scheme::Password), In::ConfirmAddDevice, In::CancelAddDevice];
    for call in calls.into_iter().chain(compare) {
        if let Err(why) = side.clone().take(call) {
            let entered = Entered { kind: names::export_kind(&call).into(), value: names::export_value(&call) };
            table.note(side.place(), entered, refused(why));
        }
    }
}

fn refused(why: Refused) -> Leads {
    Leads::Refused(why.to_string())
}
