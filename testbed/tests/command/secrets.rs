//! The memory of a command at its end: `scripts/secrets` (R-SEC-2).

use std::{
    env, io,
    process::{Command, Stdio},
};

use crate::support::{code, shown, skipped};

#[test]
fn no_secret_is_left_in_memory() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/secrets");
    let mut command = Command::new("python3");
    command.args([script, "--handfast", env!("CARGO_BIN_EXE_handfast")]).stdin(Stdio::null());
    match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            assert!(env::var_os("HANDFAST_REQUIRE").is_none_or(|value| value != "1"), "required, and missing: python3");
            skipped("there is no python3");
        }
        output => {
            let output = output.unwrap();
            assert_eq!(code(output.status), 0, "{}", shown(&output));
        }
    }
}
