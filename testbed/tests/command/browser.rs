//! Pages in a real browser: Chromium, driven by playwright-core, and looked at by axe-core.
//!
//! `scripts/browser` installs the driver and axe-core into `target/browser`, `apt-get install chromium` the browser. With `HANDFAST_SCREENSHOTS=DIR` the
//! screenshots stay there.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    reports::Reported,
    support::{Folder, run, shown, skipped, text},
};

/// The scripts.
const SCRIPTS: [(&str, &str); 4] = [
    ("browser.mjs", include_str!("../browser/browser.mjs")),
    ("explore.mjs", include_str!("../browser/explore.mjs")),
    ("report.mjs", include_str!("../browser/report.mjs")),
    ("web.mjs", include_str!("../browser/web.mjs")),
];

/// The folder of the scripts, if a browser and its driver are there.
fn scripts() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/browser");
    let chromium = env::var_os("HANDFAST_CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    let node = Command::new("node").arg("--version").output().is_ok_and(|node| node.status.success());
    if node && chromium.exists() && folder.join("node_modules/playwright-core").exists() {
        for (name, script) in SCRIPTS {
            // Other processes may run it at the same time.
            let mut file = tempfile::NamedTempFile::new_in(&folder).expect("the folder can be written");
            file.write_all(script.as_bytes()).expect("the script can be written");
            file.persist(folder.join(name)).expect("the script takes its place");
        }
        return Some(folder);
    }
    let required = env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
    assert!(!required, "no node, no Chromium, or no playwright-core (scripts/browser)");
    skipped("no node, no Chromium, or no playwright-core (scripts/browser)");
    None
}

/// Runs a script with these arguments.
fn drive(script: &str, args: &[&str]) {
    let Some(folder) = scripts() else { return };
    let output = Command::new("node").current_dir(&folder).arg(script).args(args).output().expect("node starts");
    assert!(output.status.success(), "{}", shown(&output));
}

/// Where screenshots go.
fn screenshots(own: &Folder, name: &str) -> PathBuf {
    let folder = env::var_os("HANDFAST_SCREENSHOTS").map_or_else(|| own.path(""), PathBuf::from).join(name);
    fs::create_dir_all(&folder).expect("the folder is made");
    folder
}

#[test]
fn the_protocol_is_walked_through() {
    if scripts().is_some() {
        let own = Folder::default();
        let page = own.path("walk.html");
        let made = run(["explore", "--config", "HH-documented-honest", "--output", text(&page)], b"");
        assert!(made.status.success(), "{}", shown(&made));
        drive("explore.mjs", &[text(&page), text(&screenshots(&own, "explore"))]);
    }
}

#[test]
fn a_report_of_what_passes_is_looked_at() {
    if scripts().is_some() {
        let own = Folder::default();
        let page = Reported::good().file("report.html");
        drive("report.mjs", &[text(&page), text(&screenshots(&own, "good")), "ALL AS EXPECTED"]);
    }
}

#[test]
fn a_report_of_a_mutant_is_looked_at() {
    if scripts().is_some() {
        let own = Folder::default();
        let page = Reported::bad().file("report.html");
        drive("report.mjs", &[text(&page), text(&screenshots(&own, "bad")), "NOT AS EXPECTED"]);
    }
}

/// A part of the script of the clients, with an archive that is opened and sent at once.
#[cfg(feature = "web")]
fn drive_clients(part: &str) {
    if scripts().is_some() {
        let own = Folder::default();
        let archive = own.archive("account.gz", "64KiB", Some(&own.file("passwords", "hunter2\n")));
        drive("web.mjs", &[env!("CARGO_BIN_EXE_handfast"), text(&archive), text(&screenshots(&own, "web")), part]);
    }
}

/// A whole link of two processes in two pages. The camera of one plays the QR code that the other shows.
#[cfg(feature = "web")]
#[test]
fn accounts_are_linked_from_page_to_page_by_camera() {
    drive_clients("camera");
}

/// The same by the keyboard alone, with a string that is compared.
#[cfg(feature = "web")]
#[test]
fn accounts_are_linked_from_page_to_page_by_a_typed_token() {
    drive_clients("typed");
}

/// The same with an image of the code, on a screen as wide as a phone's.
#[cfg(feature = "web")]
#[test]
fn accounts_are_linked_from_page_to_page_by_an_image() {
    drive_clients("image");
}

/// No camera, a camera that is refused or lost, texts that look like markup, and other tabs.
#[cfg(feature = "web")]
#[test]
fn pages_without_a_camera_and_with_other_tabs_go_on() {
    drive_clients("others");
}
