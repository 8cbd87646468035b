//! The file of a matrix: implementations, cases, and what is known of them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use handfast::outcome::Profile;
use serde::Deserialize;

use crate::{
    failure::Failure,
    input::MATRIX,
    misread,
    names::unknown,
    scenario::{PLACES, SCENARIOS, Word},
};

/// Seconds of the longest timer that a case waits for: that of an answer (R-TIME-3).
const LONGEST_TIMER: u64 = 300;
/// Implementations of a matrix.
const MAX_IMPLEMENTATIONS: usize = 64;

/// The content of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Matrix {
    /// Seconds that a line, a signal or a return is waited for.
    #[serde(default = "minute")]
    pub(super) deadline: u64,
    /// How many times faster timers run where a program has `{timers}` and a case waits for one.
    #[serde(default = "twenty")]
    pub(super) timers: u32,
    /// Whether cases are played in which a timer runs out that is not faster.
    #[serde(default)]
    pub(super) slow: bool,
    /// The cases; all if there are none.
    #[serde(default)]
    pub(super) cases: Vec<String>,
    #[serde(rename = "implementation")]
    pub(super) implementations: Vec<Implementation>,
    /// Results that are known.
    #[serde(default)]
    pub(super) known: Vec<Known>,
}

const fn minute() -> u64 {
    60
}

const fn twenty() -> u32 {
    20
}

/// One version of one implementation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Implementation {
    pub(super) name: String,
    /// The peer of the model that judges it.
    #[serde(default)]
    pub(super) plays: Plays,
    #[serde(default = "documented")]
    pub(super) profiles: Vec<Profile>,
    /// The command of its import side, with names in braces; none if it has none.
    pub(super) import: Option<Vec<String>>,
    /// The command of its export side.
    pub(super) export: Option<Vec<String>>,
    /// The bus of a daemon, which has both sides.
    pub(super) bus: Option<String>,
    /// The daemon's account without a password.
    pub(super) plain: Option<String>,
    /// The daemon's account with a password.
    pub(super) protected: Option<String>,
    /// The file with the password of that account. Default: `secret`.
    pub(super) password_file: Option<PathBuf>,
}

fn documented() -> Vec<Profile> {
    vec![Profile::Documented]
}

/// The peers of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Plays {
    #[default]
    Hardened,
    Legacy,
}

/// Results that are known: of all cells that it does not exclude.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Known {
    pub(super) import: Option<String>,
    pub(super) export: Option<String>,
    pub(super) profile: Option<Profile>,
    pub(super) cases: Vec<String>,
    pub(super) result: Word,
    /// Text that the reason of the verdict has to have.
    #[serde(default)]
    pub(super) says: String,
    pub(super) why: String,
}

impl Implementation {
    /// Whether it is a daemon on a bus.
    pub(super) const fn is_daemon(&self) -> bool {
        self.bus.is_some()
    }

    /// Whether its timers can be made faster.
    pub(super) fn has_timers(&self, import: bool) -> bool {
        let command = if import { &self.import } else { &self.export };
        command.iter().flatten().any(|arg| arg.contains("{timers}"))
    }
}

impl Matrix {
    /// Reads a file. Paths in it that begin with `./` are of its folder, as `{here}` is.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |why: &dyn std::fmt::Display| Failure::usage(format_args!("{}: {why}", path.display()));
        let text = MATRIX.text(path).map_err(|error| failed(&error))?;
        let here = path.parent().filter(|here| !here.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let here = fs::canonicalize(here).map_err(|error| failed(&error))?;
        Self::parse(&text, &here).map_err(|why| failed(&why))
    }

    /// Reads a text.
    pub(super) fn parse(text: &str, here: &Path) -> Result<Self, String> {
        let mut matrix: Self = misread::from_toml(text)
            .map_err(|wrong| format!("{wrong}\nit is not a matrix; `handfast interop --print` prints one"))?;
        let here = here.display().to_string();
        for one in &mut matrix.implementations {
            for arg in one.import.iter_mut().chain(&mut one.export).flatten() {
                *arg = match arg.strip_prefix("./") {
                    Some(rest) => format!("{here}/{rest}"),
                    None => arg.replace("{here}", &here),
                };
            }
            if let Some(file) = &mut one.password_file {
                *file = Path::new(&here).join(&*file);
            }
        }
        matrix.check()?;
        Ok(matrix)
    }

    /// Whether each name in it is one.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=86_400).contains(&self.deadline) || !(1..=1000).contains(&self.timers) {
            return Err("expected a `deadline` from 1 to 86400 seconds, and `timers` from 1 to 1000".into());
        }
        if self.slow && self.deadline <= LONGEST_TIMER {
            return Err(format!("with `slow` a case waits for {LONGEST_TIMER} seconds: give a longer `deadline`"));
        }
        if self.implementations.is_empty() || self.implementations.len() > MAX_IMPLEMENTATIONS {
            return Err(format!("expected 1 to {MAX_IMPLEMENTATIONS} [[implementation]]s"));
        }
        let cases: BTreeSet<String> = SCENARIOS.iter().map(|one| one.name.to_owned()).collect();
        let known_case = |name: &String| match cases.contains(name) {
            true => Ok(()),
            false => Err(unknown("case", name, &cases)),
        };
        self.cases.iter().try_for_each(known_case)?;
        let mut names = BTreeSet::new();
        for one in &self.implementations {
            let plain = |char: char| char.is_ascii_alphanumeric() || "-_. ".contains(char);
            if one.name.is_empty() || one.name.starts_with('.') || !one.name.chars().all(plain) {
                return Err(format!("the name {:?} has other characters than letters, digits, `-_. `", one.name));
            }
            if !names.insert(one.name.clone()) {
                return Err(format!("there are two implementations {:?}: give each version a name", one.name));
            }
            one.check().map_err(|why| format!("implementation {:?}: {why}", one.name))?;
        }
        for known in &self.known {
            if !matches!(known.result, Word::Violated | Word::Inconclusive) {
                return Err("the `result` of a [[known]] is `violated` or `inconclusive`".into());
            }
            known.cases.iter().try_for_each(known_case)?;
            for name in known.import.iter().chain(&known.export) {
                if !names.contains(name) {
                    return Err(unknown("implementation", name, &names));
                }
            }
        }
        Ok(())
    }
}

impl Implementation {
    fn check(&self) -> Result<(), String> {
        let has_command = self.import.is_some() || self.export.is_some();
        if self.profiles.is_empty() {
            return Err("`profiles` is empty".into());
        }
        match &self.bus {
            Some(_) if has_command => return Err("it has `bus` and commands: it is a daemon or a program".into()),
            None if !has_command => return Err("it needs `import`, `export` or `bus`".into()),
            Some(_) if cfg!(not(feature = "dbus")) => {
                return Err("this program was built without D-Bus: build it with `--features dbus`".into());
            }
            Some(_) if self.plain.is_none() && self.protected.is_none() => {
                return Err("a daemon needs `plain` or `protected`: the accounts that it exports".into());
            }
            None if self.plain.is_some() || self.protected.is_some() || self.password_file.is_some() => {
                return Err("`plain`, `protected` and `password-file` are those of a `bus`".into());
            }
            _ => {}
        }
        if let Some(file) = self.password_file.as_ref().filter(|file| !file.is_file()) {
            return Err(format!("there is no file {}", file.display()));
        }
        for command in self.import.iter().chain(&self.export) {
            for arg in command {
                check_places(arg)?;
            }
            let program = command.first().ok_or("an empty command")?;
            if program != "{handfast}" && !exists(program) {
                return Err(format!("there is no program {program:?}"));
            }
        }
        Ok(())
    }
}

/// Whether each name in braces is one. Other text in braces is the program's own.
fn check_places(arg: &str) -> Result<(), String> {
    for part in arg.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_lowercase() || char == '-');
        if is_name && !PLACES.contains(&name) {
            let places: BTreeSet<String> = PLACES.iter().map(|&place| place.to_owned()).collect();
            return Err(unknown("name in braces", name, &places));
        }
    }
    Ok(())
}

/// Whether there is such a program, by its path or among those of `PATH`.
fn exists(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[implementation]]
        name = "one"
        plays = "legacy"
        import = ["{handfast}", "import", "--store", "{store}"]
    "#;

    fn refused(text: &str) -> String {
        Matrix::parse(text, Path::new("/")).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_file_is_read() {
        let matrix = Matrix::parse(GOOD, Path::new("/")).unwrap();
        assert_eq!((matrix.deadline, matrix.timers, matrix.slow), (60, 20, false));
        assert_eq!(matrix.implementations[0].plays, Plays::Legacy);
        assert_eq!(matrix.implementations[0].profiles, [Profile::Documented]);
        let here = Matrix::parse(&GOOD.replace("{store}", "{here}x"), Path::new("/a")).unwrap();
        assert_eq!(here.implementations[0].import.as_ref().unwrap()[3], "/ax");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (GOOD.replace("plays", "play"), "line 4, column 9: there is no key `play` here; the nearest is `plays`"),
            (GOOD.replace("[[implementation]]", "[[implementatoin]]"), "the nearest is `implementation`"),
            (
                format!("{GOOD}[[known]]\ncase=[]"),
                "line 7, column 1: there is no key `case` here; the nearest is `cases`",
            ),
            (
                GOOD.replace("legacy", "lagacy"),
                "line 4, column 17: `lagacy` is not known here; the nearest is `legacy`",
            ),
            (GOOD.replace("import =", "import"), "line 5, column 16: expected KEY = VALUE"),
            (GOOD.replace("{store}", "{stor}"), "the nearest is store"),
            (GOOD.replace("{handfast}", "no-such-program-3f2a"), "no program \"no-such-program-3f2a\""),
            (GOOD.replace("{handfast}", "/no/such"), "no program \"/no/such\""),
            (GOOD.replace("import =", "bus = \"x\"\nimport ="), "daemon or a program"),
            (format!("{GOOD}{GOOD}"), "two implementations"),
            (format!("cases = [\"no-pasword\"]\n{GOOD}"), "nearest are no-password"),
            (format!("deadline = 0\n{GOOD}"), "deadline"),
            (format!("{GOOD}[[known]]\nimport=\"on\"\ncases=[]\nresult=\"violated\"\nwhy=\"\""), "nearest is one"),
            (GOOD.replace("\"one\"", "\"../one\""), "characters"),
            (String::new(), "the key `implementation` is missing"),
        ];
        for (text, expected) in cases {
            let why = refused(&text);
            assert!(why.contains(expected), "{text}: {why}");
        }
    }
}
