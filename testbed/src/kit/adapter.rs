//! A known client for the player: it reads a step a line, and prints what it does.

use std::io::{self, BufRead as _, Write as _};

use handfast_model::clients::Client;
use serde_json::json;

use super::words::{Step, Words, does, input_of};
use crate::{
    failure::Failure,
    misread::{self, Misread},
};

/// Serves until standard input ends. `{"begin":…}` begins anew.
pub(super) fn serve<C: Client<Input: Words>>(fresh: impl Fn() -> C) -> Result<(), Failure> {
    let mut client = fresh();
    let mut out = io::stdout().lock();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(Failure::reason)?;
        let wrong = |wrong: Misread| Failure::reason(wrong.in_line(number + 1));
        let value: serde_json::Value = misread::from_json(&line).map_err(wrong)?;
        let answer = if value.get("begin").is_some() {
            client = fresh();
            json!({"offered": true, "does": [], "broken": false})
        } else {
            let step: Step = misread::from_json(&line).map_err(wrong)?;
            let input = input_of(&step)
                .ok_or_else(|| Failure::reason(format_args!("line {}: it is not a step of this side", number + 1)))?;
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
