//! The comparison of the two screens on the command line (R-SAS-5, R-SAS-8).

use std::{fs, io, path::PathBuf, str::FromStr};

use handfast::{limits::SAS_DIGITS, outcome::Details, sas};
use tokio::task::JoinHandle;

use super::options::LinkOptions;
use crate::interrupt;

/// Where the expected digits come from.
#[derive(Clone, Debug)]
pub(crate) enum Match {
    /// The digits themselves.
    Digits(String),
    /// The file that has them, which is read once this device shows its own: a FIFO, if another program writes them then.
    File(PathBuf),
}

impl FromStr for Match {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix('@') {
            return Ok(Self::File(path.into()));
        }
        // A typing error is not to end a link as an attack does. Spaces are allowed as in the groups that the screens show.
        let digits = || text.chars().filter(|char| !char.is_ascii_whitespace());
        if digits().count() != SAS_DIGITS as usize || !digits().all(|char| char.is_ascii_digit()) {
            return Err(format!(
                "expected the {SAS_DIGITS} digits that the other device shows, or @FILE, a file that has them"
            ));
        }
        Ok(Self::Digits(text.into()))
    }
}

/// The string as this device shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) digits: String,
    pub(crate) words: String,
}

impl Shown {
    /// Reads it from the details of a signal.
    pub(crate) fn of(details: &Details) -> Self {
        let text = |key| details.get(key).cloned().unwrap_or_default();
        Self { digits: text("sas"), words: text("sas_words") }
    }

    /// The digits in two groups, as they are read aloud.
    pub(crate) fn groups(&self) -> String {
        let (first, last) = self.digits.split_at_checked(3).unwrap_or((&self.digits, ""));
        format!("{first} {last}")
    }
}

/// The digits that `--sas-match` gives in place of a person.
pub(crate) struct Expected<'a> {
    options: &'a LinkOptions,
    /// They are awaited.
    coming: Option<JoinHandle<io::Result<String>>>,
}

impl<'a> Expected<'a> {
    pub(crate) const fn new(options: &'a LinkOptions) -> Self {
        Self { options, coming: None }
    }

    /// Begins to read them. Returns whether there are any to come.
    pub(crate) fn begin(&mut self) -> bool {
        let Some(from) = self.options.sas_match.clone() else { return false };
        self.coming = Some(tokio::spawn(async {
            match from {
                Match::Digits(digits) => Ok(digits),
                Match::File(path) => {
                    let named = path.display().to_string();
                    let read = interrupt::apart(move || fs::read_to_string(path)).await;
                    read.map_err(|error| io::Error::new(error.kind(), format!("{named}: {error}")))
                }
            }
        }));
        true
    }

    /// Returns whether they are those that this device shows. Never ready where none are awaited; a future that is dropped has taken
    /// nothing.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) async fn are(&mut self, shown: &Shown) -> io::Result<bool> {
        let Some(coming) = &mut self.coming else { return std::future::pending().await };
        let digits = coming.await;
        self.coming = None;
        Ok(sas::is_expected(&digits.map_err(io::Error::other)??, &shown.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_digits_are_six_or_in_a_file() {
        for taken in ["042137", "042 137", "@digits"] {
            assert!(taken.parse::<Match>().is_ok(), "{taken}");
        }
        for refused in ["", "04213", "0421370", "04213a", "digits", "٠٤٢١٣٧"] {
            let why = refused.parse::<Match>().unwrap_err();
            assert!(why.starts_with("expected the 6 digits that the other device shows"), "{refused}: {why}");
        }
    }

    #[test]
    fn digits_are_read_aloud_in_groups() {
        let shown = Shown { digits: "042137".into(), words: "a b c d".into() };
        assert_eq!(shown.groups(), "042 137");
        assert_eq!(Shown::default().groups(), " ");
    }
}
