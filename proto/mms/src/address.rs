//! Addresses as MMS writes them: `+447700900123/TYPE=PLMN`, `192.0.2.1/TYPE=IPv4`, `user@example.com`, `12345`
//! (OMA-TS-MMS_ENC-V1_3, section 8).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address. `Display` gives the form of the wire.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum MmsAddress {
    /// Letters and digits without a type, such as the name of a service.
    Alphanumeric(String),
    /// A mailbox.
    Email(String),
    /// An address of IP version 4.
    Ipv4(Ipv4Addr),
    /// An address of IP version 6.
    Ipv6(Ipv6Addr),
    /// A telephone number: digits, with a plus before them if it is international. On the wire it has `/TYPE=PLMN`.
    Number(String),
    /// Digits of a service, which have no type.
    ShortCode(String),
    /// An address of another type.
    Typed {
        /// The address.
        address: String,
        /// The type, such as `x-internal`.
        kind: String,
    },
}

impl MmsAddress {
    /// Digits without a plus and without a type are a short code up to here, and a telephone number above.
    pub const SHORT_CODE_DIGITS: usize = 7;

    /// The address of a text, as peers write it: with or without type, in any case, with separators between digits, in angle brackets and
    /// with a name before them. `None` if there is nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // `Name <mailbox>`.
        let text = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((_, inner)) => inner.trim(),
            None => text.trim_matches('"'),
        };
        if text.is_empty() {
            return None;
        }
        let Some(at) = find_type(text) else { return Some(Self::untyped(text)) };
        let (address, kind) = (&text[..at], &text[at + TYPE.len()..]);
        // `+447700900123/TYPE=PLMN@mms.example.net` is how other message centres are told.
        let kind = kind.split('@').next().unwrap_or_default().trim();
        let address = address.trim();
        if address.is_empty() {
            return None;
        }
        let typed = || Self::Typed { address: address.to_owned(), kind: kind.to_owned() };
        Some(match kind.to_ascii_lowercase().as_str() {
            "ipv4" => address.parse().map_or_else(|_| typed(), Self::Ipv4),
            "ipv6" => address.trim_matches(['[', ']']).parse().map_or_else(|_| typed(), Self::Ipv6),
            // Some misspell PLMN, or leave it out.
            "plmn" | "plnm" | "" => digits(address).map_or_else(typed, Self::Number),
            _ => typed(),
        })
    }

    fn untyped(text: &str) -> Self {
        if text.contains('@') {
            return Self::Email(text.to_owned());
        }
        if let Ok(address) = text.parse() {
            return Self::Ipv4(address);
        }
        if let Ok(address) = text.parse() {
            return Self::Ipv6(address);
        }
        match digits(text) {
            Some(digits) if !digits.starts_with('+') && digits.len() <= Self::SHORT_CODE_DIGITS => Self::ShortCode(digits),
            Some(digits) => Self::Number(digits),
            None => Self::Alphanumeric(text.to_owned()),
        }
    }

    /// The telephone number or short code; `None` for other addresses.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Number(number) | Self::ShortCode(number) => Some(number),
            _ => None,
        }
    }

    /// The mailbox; `None` for other addresses.
    pub fn email(&self) -> Option<&str> {
        match self {
            Self::Email(email) => Some(email),
            _ => None,
        }
    }

    /// The address without its type.
    pub fn bare(&self) -> String {
        match self {
            Self::Alphanumeric(text) | Self::Email(text) | Self::Number(text) | Self::ShortCode(text) => text.clone(),
            Self::Typed { address, .. } => address.clone(),
            Self::Ipv4(address) => address.to_string(),
            Self::Ipv6(address) => address.to_string(),
        }
    }
}

const TYPE: &str = "/TYPE=";

/// Where `/TYPE=` stands, in any case.
fn find_type(text: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), TYPE.as_bytes());
    // From the end: an address may have a slash of its own. What is found begins and ends at ASCII, so it can be cut there.
    text.windows(wanted.len()).rposition(|window| window.eq_ignore_ascii_case(wanted))
}

/// The number without what people write between digits; `None` if it is none.
fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|char| !matches!(char, '-' | '.' | ' ' | '(' | ')')).collect();
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    let allowed = |octet: u8| octet.is_ascii_digit() || matches!(octet, b'*' | b'#');
    (!bare.is_empty() && bare.bytes().all(allowed) && bare.bytes().any(|octet| octet.is_ascii_digit())).then_some(digits)
}

impl fmt::Display for MmsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alphanumeric(text) | Self::Email(text) | Self::ShortCode(text) => f.write_str(text),
            Self::Ipv4(address) => write!(f, "{address}{TYPE}IPv4"),
            Self::Ipv6(address) => write!(f, "{address}{TYPE}IPv6"),
            Self::Number(number) => write!(f, "{number}{TYPE}PLMN"),
            Self::Typed { address, kind } => write!(f, "{address}{TYPE}{kind}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_is_read() {
        let number = |text: &str| MmsAddress::Number(text.to_owned());
        for (text, address, printed) in [
            ("+447700900123/TYPE=PLMN", number("+447700900123"), "+447700900123/TYPE=PLMN"),
            ("07383 45-664/type=plmn", number("0738345664"), "0738345664/TYPE=PLMN"),
            ("+44 (770) 0900.123", number("+447700900123"), "+447700900123/TYPE=PLMN"),
            ("+79161234567/TYPE=PLNM", number("+79161234567"), "+79161234567/TYPE=PLMN"),
            ("+447700900123/TYPE=PLMN@mms.example.net", number("+447700900123"), "+447700900123/TYPE=PLMN"),
            ("447700900123", number("447700900123"), "447700900123/TYPE=PLMN"),
            ("55225/TYPE=PLMN", number("55225"), "55225/TYPE=PLMN"),
            ("55225", MmsAddress::ShortCode("55225".to_owned()), "55225"),
            ("192.0.2.1/TYPE=IPv4", MmsAddress::Ipv4([192, 0, 2, 1].into()), "192.0.2.1/TYPE=IPv4"),
            ("192.0.2.1", MmsAddress::Ipv4([192, 0, 2, 1].into()), "192.0.2.1/TYPE=IPv4"),
            ("2001:db8::1/TYPE=ipv6", MmsAddress::Ipv6("2001:db8::1".parse().unwrap()), "2001:db8::1/TYPE=IPv6"),
            ("Alice <alice@example.com>", MmsAddress::Email("alice@example.com".to_owned()), "alice@example.com"),
            ("#ADC18222", MmsAddress::Alphanumeric("#ADC18222".to_owned()), "#ADC18222"),
            ("Vodafone/TYPE=PLMN", MmsAddress::Typed { address: "Vodafone".to_owned(), kind: "PLMN".to_owned() }, "Vodafone/TYPE=PLMN"),
            ("a/b/TYPE=x-y", MmsAddress::Typed { address: "a/b".to_owned(), kind: "x-y".to_owned() }, "a/b/TYPE=x-y"),
        ] {
            assert_eq!(MmsAddress::parse(text), Some(address), "{text}");
            assert_eq!(MmsAddress::parse(text).unwrap().to_string(), printed, "{text}");
        }
        for nothing in ["", " ", "<>", "/TYPE=PLMN", "\"\""] {
            assert_eq!(MmsAddress::parse(nothing), None, "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(text in "\\PC{0,40}(/[tT][yY]PE=[A-Za-z0-9]{0,5})?") {
            if let Some(address) = MmsAddress::parse(&text)
                && let Some(again) = MmsAddress::parse(&address.to_string())
            {
                prop_assert_eq!(MmsAddress::parse(&again.to_string()), Some(again.clone()));
            }
        }
    }
}
