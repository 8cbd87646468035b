//! The description of a device in an offer or an answer: a name, a password and addresses (R-ICE-2).

use std::{
    fmt::{self, Write},
    net::{IpAddr, SocketAddr},
};

use crate::{
    limits::{MAX_CANDIDATES, MAX_DESCRIPTION, MAX_ICE_WORD},
    secret::Secret,
};

/// The least characters of a name, and of a password (RFC 8445, 5.3).
const LEAST: [usize; 2] = [4, 22];
/// Characters of a foundation.
const MAX_FOUNDATION: usize = 31;
/// The component of a link, which has one.
const COMPONENT: u32 = 1;

/// An offer or an answer. Its debug form shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The name fragment.
    pub ufrag: String,
    /// The password, with which checks to this device are signed.
    pub password: Secret,
    /// The TCP candidates of component 1, in the order of the lines; at most [`MAX_CANDIDATES`].
    pub candidates: Vec<Candidate>,
}

/// An address at which a device may be reached, or from which it connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The foundation, which candidates of one kind share: any text without blanks.
    pub foundation: String,
    /// The higher, the sooner it is tried.
    pub priority: u32,
    /// The address. The port of one that connects means nothing.
    pub address: SocketAddr,
    /// How the address was found.
    pub kind: Kind,
    /// Which side connects.
    pub tcp: TcpType,
}

/// How an address was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is one of the device's own.
    Host,
    /// Others see the device there.
    ServerReflexive,
    /// The peer saw the device there, during checks.
    PeerReflexive,
    /// A relay takes connections there.
    Relayed,
}

/// Which side connects (RFC 6544).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpType {
    /// The device connects.
    Active,
    /// The device listens.
    Passive,
    /// Both do at the same time.
    SimultaneousOpen,
}

/// A text is no description. Its sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADescription {
    /// It is longer than [`MAX_DESCRIPTION`].
    #[error("the description is longer than {MAX_DESCRIPTION} bytes")]
    TooLong,
    /// The first two lines are no name and password.
    #[error("the description does not begin with a name and a password as RFC 8445 has them")]
    Credentials,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Host, Self::ServerReflexive, Self::PeerReflexive, Self::Relayed];

    /// Returns its name in a line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relayed => "relay",
        }
    }

    /// Returns what it adds to a priority (RFC 8445, 5.1.2.2).
    pub const fn preference(self) -> u32 {
        match self {
            Self::Host => 126,
            Self::ServerReflexive => 100,
            Self::PeerReflexive => 110,
            Self::Relayed => 0,
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Host => 'H',
            Self::ServerReflexive => 'S',
            Self::PeerReflexive => 'P',
            Self::Relayed => 'R',
        }
    }
}

impl TcpType {
    const ALL: [Self; 3] = [Self::Active, Self::Passive, Self::SimultaneousOpen];

    /// Returns its name in a line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::SimultaneousOpen => "so",
        }
    }
}

/// Returns the priority of the `nth` candidate of a kind and family.
pub(crate) fn priority(kind: Kind, nth: u16) -> u32 {
    (kind.preference() << 24) + (u32::from(u16::MAX - nth) << 8) + 255
}

impl Candidate {
    /// Makes the `nth` candidate of its kind and family.
    pub fn new(kind: Kind, tcp: TcpType, nth: u16, address: SocketAddr) -> Self {
        let mut foundation = String::from(kind.letter());
        let written = match address.ip() {
            IpAddr::V4(ip) => write!(foundation, "{:x}", ip.to_bits()),
            // The upper half names the network, the lower the device: 31 characters do not hold both.
            IpAddr::V6(ip) => write!(foundation, "{:x}", (ip.to_bits() >> 64) as u64 ^ ip.to_bits() as u64),
        };
        written.expect("writing to a string");
        Self { foundation, priority: priority(kind, nth), address, kind, tcp }
    }

    /// Reads a line. One that is not a candidate, or not of TCP, or of another component, is passed over by readers.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let mut next = || words.next();
        let foundation = next().filter(|word| word.len() <= MAX_FOUNDATION)?.to_owned();
        next()?.parse().ok().filter(|component: &u32| *component == COMPONENT)?;
        next().filter(|transport| transport.eq_ignore_ascii_case("TCP"))?;
        let priority = next()?.parse().ok()?;
        let ip: IpAddr = next()?.parse().ok()?;
        let port = next()?.parse().ok()?;
        next().filter(|word| *word == "typ")?;
        let kind = next().and_then(|name| Kind::ALL.into_iter().find(|kind| kind.name() == name))?;
        next().filter(|word| *word == "tcptype")?;
        let tcp = next().and_then(|name| TcpType::ALL.into_iter().find(|tcp| tcp.name() == name))?;
        Some(Self { foundation, priority, address: SocketAddr::new(ip, port), kind, tcp })
    }

    /// Whether a connection can be opened to it: a passive one at a port of one device.
    pub fn can_be_dialled(&self) -> bool {
        let ip = self.address.ip();
        let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
        let device = !ip.is_unspecified() && !ip.is_multicast() && !broadcast;
        self.tcp == TcpType::Passive && self.address.port() != 0 && device
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, priority, address, kind, tcp } = self;
        let (ip, port, kind, tcp) = (address.ip(), address.port(), kind.name(), tcp.name());
        write!(f, "{foundation} {COMPONENT} TCP {priority} {ip} {port} typ {kind} tcptype {tcp}")
    }
}

/// Whether a word has only the characters that RFC 8445 allows, and as many.
fn is_word(word: &str, least: usize) -> bool {
    (least..=MAX_ICE_WORD).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

impl Description {
    /// Reads an offer or an answer. Lines that are no TCP candidates of component 1 are passed over; so are those beyond the limit.
    ///
    /// # Errors
    /// See [`NotADescription`].
    pub fn read(text: &str) -> Result<Self, NotADescription> {
        if text.len() > MAX_DESCRIPTION {
            return Err(NotADescription::TooLong);
        }
        let mut lines = text.split('\n');
        let mut word = |least| lines.next().filter(|word| is_word(word, least)).ok_or(NotADescription::Credentials);
        let (ufrag, password) = (word(LEAST[0])?.to_owned(), Secret::from(word(LEAST[1])?));
        let candidates = lines.filter_map(Candidate::read).take(MAX_CANDIDATES).collect();
        Ok(Self { ufrag, password, candidates })
    }

    /// Writes it: each line ends with LF. The text holds the password.
    pub fn to_text(&self) -> Secret {
        let mut text = String::with_capacity(MAX_DESCRIPTION.min(64 + 128 * self.candidates.len()));
        let password = self.password.as_str().unwrap_or_default();
        let written = write!(text, "{}\n{password}\n", self.ufrag);
        let written = written.and_then(|()| self.candidates.iter().try_for_each(|line| writeln!(text, "{line}")));
        written.expect("writing to a string");
        Secret::from(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "10e3076e\n6be251171200c4c10fd41937\n\
        H7f000001 1 TCP 2130706431 127.0.0.1 37295 typ host tcptype passive\n\
        H7f000001 1 TCP 2130706175 127.0.0.1 9 typ host tcptype active\n\
        H1 1 TCP 2130706431 ::1 43223 typ host tcptype passive\n\
        H1 1 TCP 2130706175 ::1 9 typ host tcptype active\n";

    fn candidate(kind: Kind, tcp: TcpType, nth: u16, address: &str) -> Candidate {
        Candidate::new(kind, tcp, nth, address.parse().unwrap())
    }

    /// The text of a real daemon is read, and written byte for byte.
    /// Holds R-ICE-2: a description is text, as Jami writes it.
    #[test]
    fn a_real_offer_is_read_and_written() {
        let offer = Description::read(OFFER).unwrap();
        assert_eq!((&*offer.ufrag, offer.password.as_str()), ("10e3076e", Some("6be251171200c4c10fd41937")));
        let expected = [
            candidate(Kind::Host, TcpType::Passive, 0, "127.0.0.1:37295"),
            candidate(Kind::Host, TcpType::Active, 1, "127.0.0.1:9"),
            candidate(Kind::Host, TcpType::Passive, 0, "[::1]:43223"),
            candidate(Kind::Host, TcpType::Active, 1, "[::1]:9"),
        ];
        assert_eq!(offer.candidates, expected);
        assert_eq!(offer.to_text().as_str(), Some(OFFER));
        assert!(!format!("{offer:?}").contains("6be251171200c4c10fd41937"));
    }

    #[test]
    fn lines_that_are_no_tcp_candidates_are_passed_over() {
        let lines = [
            "H1 1 UDP 1 10.0.0.1 1000 typ host",
            "H1 1 TCP 1 10.0.0.1 1000 typ host",
            "H1 2 TCP 1 10.0.0.1 1000 typ host tcptype passive",
            "H1 1 TCP 1 10.0.0.1 65536 typ host tcptype passive",
            "H1 1 TCP 1 name.example 1000 typ host tcptype passive",
            "H1 1 TCP -1 10.0.0.1 1000 typ host tcptype passive",
            "H1 1 TCP 1 10.0.0.1 1000 typ other tcptype passive",
            "12345678901234567890123456789012 1 TCP 1 10.0.0.1 1000 typ host tcptype passive",
            "",
            "S2  1   TCP 7 10.0.0.2 1000 typ srflx tcptype so\r",
        ];
        let text = format!("abcd\n0123456789abcdef012345\n{}", lines.join("\n"));
        let read = Description::read(&text).unwrap();
        assert_eq!(read.candidates.iter().map(|line| line.priority).collect::<Vec<_>>(), [7]);
        let many = "H1 1 TCP 1 10.0.0.1 1000 typ host tcptype passive\n".repeat(MAX_CANDIDATES + 9);
        let text = format!("abcd\n0123456789abcdef012345\n{many}");
        assert_eq!(Description::read(&text).unwrap().candidates.len(), MAX_CANDIDATES);
    }

    #[test]
    fn what_does_not_begin_with_a_name_and_a_password_is_refused() {
        for text in ["", "abcd", "abc\n0123456789abcdef012345\n", "abcd\nshort\n", "abcd\r\n0123456789abcdef012345\r\n"]
        {
            assert_eq!(Description::read(text), Err(NotADescription::Credentials), "{text:?}");
        }
        let long = "x".repeat(MAX_DESCRIPTION + 1);
        assert_eq!(Description::read(&long), Err(NotADescription::TooLong));
        // As long as it may be, and with all that a name may have.
        let begin = "a+/9\n0123456789+/Cdef012345\n";
        let longest = format!("{begin}{}", "x".repeat(MAX_DESCRIPTION - begin.len()));
        assert_eq!(Description::read(&longest).unwrap().ufrag, "a+/9");
        assert_eq!(Description::read(&format!("{longest}x")), Err(NotADescription::TooLong));
        let longest = "x".repeat(MAX_ICE_WORD);
        assert!(Description::read(&format!("{longest}\n{longest}\n")).is_ok());
        assert_eq!(Description::read(&format!("{longest}\n{longest}x\n")), Err(NotADescription::Credentials));
    }

    #[test]
    fn only_passive_addresses_of_one_device_are_dialled() {
        for (address, may) in
            [("10.0.0.1:1", true), ("[2001:db8::1]:1", true), ("10.0.0.1:0", false), ("0.0.0.0:1", false)]
        {
            assert_eq!(candidate(Kind::Host, TcpType::Passive, 0, address).can_be_dialled(), may, "{address}");
        }
        for address in ["224.0.0.1:1", "255.255.255.255:1", "[ff02::1]:1", "[::]:1"] {
            assert!(!candidate(Kind::Relayed, TcpType::Passive, 0, address).can_be_dialled(), "{address}");
        }
        assert!(!candidate(Kind::Host, TcpType::Active, 0, "10.0.0.1:1").can_be_dialled());
    }
}
