//! Options whose value is a whole number or an address. A wrong value is answered with what is expected, in words, and not with the text of
//! the library that reads numbers.

use std::{net::SocketAddr, num::NonZeroUsize, ops::RangeInclusive};

/// Returns a parser of whole numbers in this range.
pub(crate) fn whole<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| expected(&range))
    }
}

/// Reads how many: a whole number from 1 on.
pub(crate) fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| expected(&(1..=u64::MAX)))
}

fn expected(range: &RangeInclusive<u64>) -> String {
    let (least, most) = (range.start(), range.end());
    if *most == u64::MAX {
        format!("expected a whole number from {least} on")
    } else {
        format!("expected a whole number from {least} to {most}")
    }
}

/// Reads an address with its port.
pub(crate) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected IP:PORT, such as 127.0.0.1:3000; port 0 takes a free one")
}

/// Reads HOST:PORT of what is connected to, of which the name is looked up later. At port 0 nothing is ever reached: it is only for what
/// listens.
pub(crate) fn reached(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':').map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(0)) => Err("expected HOST:PORT with a port from 1 to 65535: nothing is reached at port 0"),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_number_is_answered_with_what_is_expected() {
        assert_eq!(whole::<u16>(0..=65_535)("7"), Ok(7));
        for wrong in ["", "x", "-1", "65536", "1.5", "99999999999999999999999"] {
            let expected = Err("expected a whole number from 0 to 65535".to_owned());
            assert_eq!(whole::<u16>(0..=65_535)(wrong), expected, "{wrong}");
            assert!(whole::<u64>(1..=9)(wrong).is_err(), "{wrong}");
        }
        assert_eq!(count("0"), Err("expected a whole number from 1 on".to_owned()));
        assert_eq!(count("2").map(NonZeroUsize::get), Ok(2));
    }

    #[test]
    fn nothing_is_reached_at_port_0() {
        for wrong in ["192.0.2.1:0", "[::1]:0", "name:0", "name:000"] {
            assert!(reached(wrong).is_err_and(|text| text.contains("from 1 to 65535")), "{wrong}");
        }
        for other in ["192.0.2.1:4000", "[::1]:1", "name", "name:x", "::"] {
            assert_eq!(reached(other).as_deref(), Ok(other));
        }
    }

    #[test]
    fn an_address_has_a_port() {
        assert!(address("127.0.0.1:0").is_ok() && address("[::1]:80").is_ok());
        for wrong in ["", "foo", "localhost:80", "127.0.0.1"] {
            assert!(address(wrong).is_err_and(|text| text.starts_with("expected IP:PORT")), "{wrong}");
        }
    }
}
