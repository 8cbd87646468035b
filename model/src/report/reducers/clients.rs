//! The tables of the two client machines: everything that can come, in every state that it leads to.

use std::collections::HashSet;

use handfast::{
    client::{export, import},
    outcome::Side,
};

use super::{Entered, Leads, Machine, Table, names};
use crate::property::clients::{Client, alone::Alone};

/// Explores the machine of a side.
pub(super) fn explore(side: Side) -> Table {
    let mut table = Table::new(Machine::Client(side));
    match side {
        Side::Import => {
            let alone = Alone::import(import::Client::new());
            let row = |client: &import::Client| names::import_screen(client.screen());
            walk(
                &alone,
                import::Client::new(),
                row,
                names::import_client_input,
                names::import_client_effect,
                &mut table,
            );
        }
        Side::Export => {
            let alone = Alone::export(export::Client::new());
            let row = |client: &export::Client| names::export_screen(client.screen());
            walk(
                &alone,
                export::Client::new(),
                row,
                names::export_client_input,
                names::export_client_effect,
                &mut table,
            );
        }
    }
    table
}

fn walk<C: Client>(
    alone: &Alone<C>,
    fresh: C,
    row: impl Fn(&C) -> String,
    entered: impl Fn(&C::Input) -> Entered,
    effect: impl Fn(&C::Effect) -> String,
    table: &mut Table,
) {
    let mut known = HashSet::from([fresh.clone()]);
    let mut waiting = vec![fresh];
    while let Some(client) = waiting.pop() {
        for input in alone.alphabet() {
            let mut next = client.clone();
            let leads = match next.take(*input) {
                Ok(effects) => Leads::To(row(&next), effects.iter().map(&effect).collect()),
                Err(why) => Leads::Refused(why.to_string()),
            };
            table.note(&row(&client), entered(input), leads);
            if known.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
}
