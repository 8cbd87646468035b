//! The token: the URI that the new device shows, and the code in it that names the session's channel (R-TOK-1 to R-TOK-4).
//!
//! ```text
//! jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456
//! ╰─ prefix ─╯╰──── device id, 40 or 64 hex digits ───╯ ╰code╯
//! ```
//!
//! Parsing allocates nothing and takes any bytes. Printing the whole token is asked for by name ([`Token::text`]); everywhere else its
//! code is a tag (R-SEC-2).

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::outcome::Profile;

/// The first characters of every token.
pub const PREFIX: &str = "jami-auth://";
/// Characters of a token with a short id, as documented.
pub const SHORT_LENGTH: usize = 59;
/// Characters of a token with a long id, the only one that today's Jami daemon takes.
pub const LONG_LENGTH: usize = 83;

/// The first bytes of the name of a session's channel.
pub(crate) const CHANNEL_PREFIX: &[u8] = b"auth:";
/// Characters of a code.
const CODE: usize = 6;

/// Which hash of a device's key is its id (R-TOK-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// SHA-1: 40 hex digits.
    Short,
    /// SHA-256: 64 hex digits.
    Long,
}

impl Form {
    /// The form that an importer of this profile shows.
    pub const fn shown_by(profile: Profile) -> Self {
        match profile {
            Profile::Documented => Self::Short,
            Profile::Jamid => Self::Long,
        }
    }
}

/// The id of a device: a hash of its certificate's SubjectPublicKeyInfo in DER. Printed in lower-case hex, as it is serialized.
///
/// A parsed one is never all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceId {
    /// SHA-1.
    Short([u8; 20]),
    /// SHA-256.
    Long([u8; 32]),
}

impl DeviceId {
    /// The bytes: 20 or 32.
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short(id) => id,
            Self::Long(id) => id,
        }
    }

    /// Which hash it is.
    pub const fn form(&self) -> Form {
        match self {
            Self::Short(_) => Form::Short,
            Self::Long(_) => Form::Long,
        }
    }

    /// Reads an id in hex, from `offset` on, and says where it ends.
    fn scan(text: &[u8], offset: usize, long_only: bool) -> Result<(Self, usize), TokenError> {
        let digits = text.get(offset..).unwrap_or_default();
        // A 41st digit makes it a long one.
        let long = long_only || digits.get(40).is_some_and(|&digit| hex(digit) != NOT_HEX);
        let (id, zero) = match long {
            true => (unhex(digits).map(Self::Long), Self::Long([0; 32])),
            false => (unhex(digits).map(Self::Short), Self::Short([0; 20])),
        };
        match id {
            Some(id) if id != zero => Ok((id, offset + 2 * id.as_bytes().len())),
            Some(_) => Err(TokenErrorKind::AllZero.at(offset)),
            None => {
                let good = digits.iter().take_while(|&&digit| hex(digit) != NOT_HEX).count();
                Err(TokenErrorKind::HexDigit.at(offset + good))
            }
        }
    }
}

/// The bytes of which `digits` begins with the hex.
fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    const { assert!(2 * N <= LONG_HEX) };
    let digits = digits.get(..2 * N)?;
    // One loop each for values, their union and the pairs: many digits at once, where one loop for all takes them one by one.
    let mut values = [0; LONG_HEX];
    values.iter_mut().zip(digits).for_each(|(value, &digit)| *value = hex(digit));
    let all = values.iter().fold(0, |all, value| all | value);
    let mut bytes = [0; N];
    bytes.iter_mut().zip(values.chunks_exact(2)).for_each(|(byte, pair)| *byte = pair[0] << 4 | pair[1]);
    (all != NOT_HEX).then_some(bytes)
}

/// Hex digits of a long id.
const LONG_HEX: usize = 64;

/// No hex digit; each bit of it is set, so that it shows through others.
const NOT_HEX: u8 = 0xff;

/// The value of a hex digit of either case.
const fn hex(digit: u8) -> u8 {
    let (decimal, letter) = (digit.wrapping_sub(b'0'), (digit | 0x20).wrapping_sub(b'a'));
    if decimal < 10 {
        decimal
    } else if letter < 6 {
        letter + 10
    } else {
        NOT_HEX
    }
}

impl FromStr for DeviceId {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (id, end) = Self::scan(text.as_bytes(), 0, false)?;
        if end == text.len() { Ok(id) } else { Err(TokenErrorKind::End.at(end)) }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

impl Serialize for DeviceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::string::String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The code of a token. It prints as `<code>`; comparing two takes constant time.
///
/// Six ASCII digits, except that one from [`Token::parse_lenient`] is any six bytes without a `/`.
#[derive(Clone, Copy)]
pub struct Code([u8; CODE]);

impl Code {
    /// Makes a code, uniform in 100000..=999999 (R-TOK-2), of 32 uniform random bits. About one value in 26 000 is of no use, since it
    /// would make some codes more likely than others: `None`, draw again.
    pub fn from_random(random: u32) -> Option<Self> {
        const LEAST: u32 = 100_000;
        const CODES: u32 = 900_000;
        const USABLE: u32 = u32::MAX / CODES * CODES;
        if random >= USABLE {
            return None;
        }
        let mut rest = LEAST + random % CODES;
        let mut digits = [0; CODE];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Some(Self(digits))
    }

    /// Reads exactly six ASCII digits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; CODE] = text.try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// The number that an importer reads: that of the leading digits. Today's Jami daemon compares only this, and never answers a
    /// request whose code has no leading digit (`None`), so that its exporter waits for ever (W-20). A code from a strict parse always
    /// has its six digits' number; one from a lenient parse may have a smaller one, which no importer has made, or none.
    pub fn number(&self) -> Option<u32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(None, |number, digit| Some(number.unwrap_or(0) * 10 + u32::from(digit - b'0')))
    }

    /// Returns the characters.
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<code>")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<code>")
    }
}

/// The kind of a request for a channel, by the channel's name (R-TOK-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A session, with a code that may be the right one.
    Code(Code),
    /// A session, without a valid code: a wrong code.
    NoCode,
    /// Something else. Real exporters ask for such channels too; that does not count.
    Other,
}

/// Says what a request for the channel `name` asks for. A valid code is exactly six ASCII digits.
pub fn parse_channel_name(name: impl AsRef<[u8]>) -> Ask {
    match name.as_ref().strip_prefix(CHANNEL_PREFIX) {
        Some(code) => Code::parse(code).map_or(Ask::NoCode, Ask::Code),
        None => Ask::Other,
    }
}

/// A token: the device to link, and the code of its one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The importing device.
    pub device: DeviceId,
    /// The code, which shows that the exporter has read the token.
    pub code: Code,
}

impl Token {
    /// Reads a token strictly (R-TOK-3): the exact prefix, 40 or 64 hex digits of either case that are not all zero, `/`, six ASCII digits,
    /// the end. Trim a typed text first: [`trim_typed`].
    pub fn parse(text: &[u8]) -> Result<Self, TokenError> {
        let (device, end) = DeviceId::scan(text, prefix(text)?, false)?;
        match (text.get(end), &device) {
            (Some(b'/'), _) => {}
            // One digit more may still begin a long id.
            (_, DeviceId::Short(_)) => return Err(TokenErrorKind::HexDigitOrSlash.at(end)),
            (_, DeviceId::Long(_)) => return Err(TokenErrorKind::Slash.at(end)),
        }
        let (mut digits, start) = ([0; CODE], end + 1);
        for (index, digit) in digits.iter_mut().enumerate() {
            match text.get(start + index) {
                Some(byte) if byte.is_ascii_digit() => *digit = *byte,
                _ => return Err(TokenErrorKind::Digit.at(start + index)),
            }
        }
        match text.len() - start {
            CODE => Ok(Self { device, code: Code(digits) }),
            _ => Err(TokenErrorKind::End.at(start + CODE)),
        }
    }

    /// Reads what today's Jami daemon takes (R-TOK-4), and nothing else: the exact prefix, 64 hex digits that are not all zero, `/`, six
    /// bytes of anything but `/`, and then the end, or a `/` and whatever follows. See [`Code::number`] for what such a code is worth.
    pub fn parse_lenient(text: &[u8]) -> Result<Self, TokenError> {
        let (device, end) = DeviceId::scan(text, prefix(text)?, true)?;
        if text.get(end) != Some(&b'/') {
            return Err(TokenErrorKind::Slash.at(end));
        }
        let (mut code, start) = ([0; CODE], end + 1);
        for (index, byte) in code.iter_mut().enumerate() {
            match text.get(start + index) {
                None | Some(b'/') => return Err(TokenErrorKind::CodeByte.at(start + index)),
                Some(any) => *byte = *any,
            }
        }
        match text.get(start + CODE) {
            None | Some(b'/') => Ok(Self { device, code: Code(code) }),
            Some(_) => Err(TokenErrorKind::EndOrSlash.at(start + CODE)),
        }
    }

    /// Returns the whole token, code included, for the one place that shows it. A strictly parsed token is written as 59 or 83 characters that
    /// it takes again; bytes of a lenient code that are no text are replaced.
    pub fn text(&self) -> impl fmt::Display + use<> {
        TokenText(*self)
    }
}

/// Checks the prefix and says where it ends.
fn prefix(text: &[u8]) -> Result<usize, TokenError> {
    if text.starts_with(PREFIX.as_bytes()) {
        return Ok(PREFIX.len());
    }
    let same = text.iter().zip(PREFIX.as_bytes()).take_while(|(a, b)| a == b).count();
    Err(TokenErrorKind::Prefix.at(same))
}

/// The token in full.
struct TokenText(Token);

impl fmt::Display for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.0.device, alloc::string::String::from_utf8_lossy(&self.0.code.0))
    }
}

/// Takes off the ASCII white space around what a person typed or pasted (R-TOK-3). Nothing else is ever trimmed, and offsets of
/// errors count from the first byte that is left.
pub const fn trim_typed(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Why some bytes are no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {kind} at byte {offset}")]
pub struct TokenError {
    /// Where: from 0 to the length of the text. All before it may begin a token (for [`TokenErrorKind::AllZero`], where the id begins).
    pub offset: usize,
    /// The expectation there.
    pub kind: TokenErrorKind,
}

/// The expectation where a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// The exact prefix.
    #[error("`jami-auth://`")]
    Prefix,
    /// A further hex digit of the device id.
    #[error("a hexadecimal digit of the device id")]
    HexDigit,
    /// After 40 digits: the end of a short id, or a further digit of a long one.
    #[error("`/`, or a further hexadecimal digit of the device id")]
    HexDigitOrSlash,
    /// The end of a long id.
    #[error("`/`")]
    Slash,
    /// An id that is not all zero.
    #[error("a device id that is not all zero")]
    AllZero,
    /// A digit of the code.
    #[error("a digit of the six-digit code")]
    Digit,
    /// The end.
    #[error("the end")]
    End,
    /// Lenient only: a byte of the code.
    #[error("a byte of the code, which has six")]
    CodeByte,
    /// Lenient only: the end of the code.
    #[error("the end, or `/`")]
    EndOrSlash,
}

impl TokenErrorKind {
    const fn at(self, offset: usize) -> TokenError {
        TokenError { offset, kind: self }
    }
}
