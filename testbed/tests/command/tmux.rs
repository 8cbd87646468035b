//! The screens in tmux, a terminal of other people: what the test's own emulator forgives is seen here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use crate::support::{Folder, skipped, text};

/// How often a screen is looked at before it is given up. Each look starts a process.
const LOOKS: usize = 20_000;

/// Whether there is tmux. Without it a test skips itself, unless nothing may be skipped.
fn is_there() -> bool {
    let there = Command::new("tmux").arg("-V").output().is_ok_and(|version| version.status.success());
    if !there {
        assert!(env::var_os("HANDFAST_REQUIRE").is_none(), "tmux is missing");
        skipped("tmux is missing");
    }
    there
}

/// A server of its own, with one session for each command.
struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    fn new(folder: &Folder) -> Self {
        Self { socket: folder.path("tmux") }
    }

    fn run(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-S", text(&self.socket), "-f", "/dev/null"])
            .args(args)
            .env_remove("TMUX")
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts the command at a terminal of so many columns.
    fn start(&self, name: &str, columns: u16, args: &[&str]) {
        let quoted: Vec<String> = [env!("CARGO_BIN_EXE_handfast")]
            .iter()
            .chain(args)
            .map(|arg| format!("'{}'", arg.replace('\'', r"'\''")))
            .collect();
        let command = format!("{}; read -r _", quoted.join(" "));
        self.run(&["new-session", "-d", "-s", name, "-x", &columns.to_string(), "-y", "24", &command]);
    }

    /// Returns the screen; rows that the terminal wrapped are joined.
    fn screen(&self, name: &str) -> String {
        self.run(&["capture-pane", "-p", "-J", "-t", name])
    }

    /// Waits until this is on the screen, whatever rows it is wrapped to, and gives all of it.
    fn sees(&self, name: &str, wanted: &str) -> String {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for _ in 0..LOOKS {
            let screen = self.screen(name);
            if words(&screen).contains(wanted) {
                return screen;
            }
            thread::yield_now();
        }
        panic!("{wanted:?} is not seen:\n{}", self.screen(name));
    }

    fn presses(&self, name: &str, key: &str) {
        self.run(&["send-keys", "-t", name, key]);
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Where there is no session left, there is no server.
        let _ = Command::new("tmux").args(["-S", text(&self.socket), "kill-server"]).output();
        let _ = fs::remove_file(&self.socket);
    }
}

/// Links at a width, and looks for what has to be there whole.
fn link(folder: &Folder, columns: u16) {
    let tmux = Tmux::new(folder);
    let password = folder.file("password", "secret");
    let archive = folder.archive("archive", "64KiB", Some(&password));
    let store = folder.path(&format!("store-{columns}"));
    let drawn = columns >= 60;
    tmux.start("import", columns, &["import", "--rendezvous", "direct", "--key-type", "p256", "--store", text(&store)]);
    let screen = tmux.sees("import", "--peer 127.0.0.1:");
    let word = |beginning: &str| {
        let mut words = screen.split_whitespace();
        words.find_map(|word| word.starts_with(beginning).then(|| word.to_owned())).expect("it is shown whole")
    };
    // Neither is cut: they lead to the other device.
    let (token, address) = (word("jami-auth://"), word("127.0.0.1:"));
    assert!(!address.ends_with(':'), "{screen}");
    let args = ["export", "--archive", text(&archive), "--password-file", text(&password), "--peer", &address, &token];
    tmux.start("export", columns, &args);
    tmux.sees("export", if drawn { "asks for the account" } else { "[y/N]" });
    tmux.presses("export", "y");
    if !drawn {
        tmux.presses("export", "Enter");
    }
    // At 80 columns the row ends with this word, in the last of them.
    tmux.sees(
        "export",
        "You confirmed it. Its user is to agree there, and to type the account's password if it has one.",
    );
    tmux.sees("import", "other device belongs to");
    tmux.presses("import", "y");
    if !drawn {
        tmux.presses("import", "Enter");
    }
    tmux.sees("import", if drawn { "Its password:" } else { "Password of the account:" });
    tmux.run(&["send-keys", "-t", "import", "-l", "secret"]);
    tmux.presses("import", "Enter");
    tmux.sees("export", "The account is on the new device.");
    let screen = tmux.sees("import", "The account is on this device.");
    assert!(!screen.contains("secret"), "{screen}");
    assert!(installed(&store), "{screen}");
}

fn installed(store: &Path) -> bool {
    fs::read_dir(store).is_ok_and(|names| names.flatten().any(|name| name.file_name() != *".lock"))
}

#[test]
fn nothing_is_lost_at_the_edge_of_a_terminal() {
    if !is_there() {
        return;
    }
    for columns in [80, 79, 60] {
        link(&Folder::default(), columns);
    }
}

#[test]
fn plain_lines_are_wrapped_by_a_narrow_terminal() {
    if !is_there() {
        return;
    }
    for columns in [50, 40] {
        link(&Folder::default(), columns);
    }
}
