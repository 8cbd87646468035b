//! Numbers of bytes as people write them.

use std::{fmt, str::FromStr};

/// A number of bytes: `4096`, `64KiB`, `8MiB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, unit) =
            UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
        let digits = digits.trim_end();
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(
                "expected a number of bytes, such as 4096, 64KiB or 1GiB (the units are KiB, MiB and GiB)".into()
            );
        }
        let number = digits.parse().ok().and_then(|number: u64| number.checked_mul(unit));
        number.map(Self).ok_or_else(|| "more bytes than can be counted: expected fewer".into())
    }
}

/// Reads a number of bytes in which something fits.
pub(crate) fn some(text: &str) -> Result<Size, String> {
    match text.parse()? {
        Size(0) => Err("expected at least one byte, such as 64KiB: nothing fits into none".into()),
        size => Ok(size),
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in
            [("0", 0), ("1", 1), ("64KiB", 65_536), ("3MiB", 3 << 20), ("1GiB", 1 << 30), ("1025", 1025)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)));
            assert_eq!(Size(bytes).to_string(), text);
        }
    }

    #[test]
    fn nothing_fits_into_no_bytes() {
        assert_eq!(some("1"), Ok(Size(1)));
        for none in ["0", "0KiB", "00GiB"] {
            assert!(some(none).unwrap_err().starts_with("expected at least one byte"), "{none}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "KiB", "-1", "1kb", "1.5GiB", "99999999999999999999", "99999999999GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        assert!("99999999TiB".parse::<Size>().unwrap_err().contains("units"));
        assert!("99999999999GiB".parse::<Size>().unwrap_err().contains("fewer"));
    }
}
