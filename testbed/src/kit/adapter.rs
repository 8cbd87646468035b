//! A known client for the player: it reads a step a line, and prints what it does.

use std::io::{self, BufRead as _, Write as _};

use handfast_model::clients::Client;
use serde_json::json;

use super::words::{Step, Words, does, input_of};
use crate::failure::Failure;

/// Serves until standard input ends. `{"begin":…}` begins anew.
pub(super) fn serve<C: Client<Input: Words>>(fresh: impl Fn() -> C) -> Result<(), Failure> {
    let mut client = fresh();
    let mut out = io::stdout().lock();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(Failure::reason)?;
        let value: serde_json::Value = serde_json::from_str(&line)
            .map_err(|error| Failure::reason(format_args!("line {}: {error}", number + 1)))?;
        let answer = if value.get("begin").is_some() {
            client = fresh();
            json!({"offered": true, "does": [], "broken": false})
        } else {
            let step: Step = serde_json::from_value(value)
                .map_err(|error| Failure::reason(format_args!("line {}: {error}", number + 1)))?;
            let input = input_of(&step)
                .ok_or_else(|| Failure::reason(format_args!("line {}: it is no step of this side", number + 1)))?;
            match client.take(input) {
                Ok(effects) => {
                    let does = does::<C::Input, C::Effect>(&effects);
                    json!({"offered": true, "does": does, "broken": client.is_broken()})
                }
                Err(_) => json!({"offered": false, "does": [], "broken": false}),
            }
        };
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|error| crate::failure::unwritable(&error))?;
    }
    Ok(())
}
