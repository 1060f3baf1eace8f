//! Addresses of handsets: `WAPPUSH=+447700900123/TYPE=PLMN@ppg.example.net` (WAP-249-PPGService, section 7).

use std::fmt;

/// What an address tells handsets apart by.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum AddressKind {
    /// A telephone number.
    Plmn,
    /// A name that the gateway knows the handset by.
    User,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
}

/// An address, taken apart.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct PushAddress {
    /// The number, name or IP address; of a number `+` and digits only.
    pub client: String,
    /// What it is.
    pub kind: AddressKind,
    /// The name of the gateway, as the initiator knows it; empty where it was left out.
    pub gateway: String,
}

/// Text that is no address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{value:?} is no address: {why}; write it as in WAPPUSH=+447700900123/TYPE=PLMN@ppg.example.net")]
pub struct AddressError {
    /// The text, cut where it is very long.
    pub value: String,
    /// What is wrong.
    pub why: &'static str,
}

/// The longest address that is read, octets.
const MAX_LENGTH: usize = 320;

impl AddressKind {
    /// Its word behind `TYPE=`.
    pub fn name(self) -> &'static str {
        match self {
            AddressKind::Plmn => "PLMN",
            AddressKind::User => "USER",
            AddressKind::Ipv4 => "IPv4",
            AddressKind::Ipv6 => "IPv6",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [AddressKind::Plmn, AddressKind::User, AddressKind::Ipv4, AddressKind::Ipv6]
            .into_iter()
            .find(|k| k.name().eq_ignore_ascii_case(name))
    }
}

impl PushAddress {
    /// The address of a number.
    pub fn number(number: impl Into<String>, gateway: impl Into<String>) -> Self {
        Self { client: number.into(), kind: AddressKind::Plmn, gateway: gateway.into() }
    }

    /// Reads an address, in any case; a number may stand by itself, and have separators in it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let error = |why| AddressError { value: text.chars().take(80).collect(), why };
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(error("it is longer than any"));
        }
        let Some(rest) = text.get(..8).filter(|t| t.eq_ignore_ascii_case("WAPPUSH=")).and_then(|_| text.get(8..)) else {
            let number = digits(text).ok_or_else(|| error("it does not begin with WAPPUSH="))?;
            return Ok(Self::number(number, ""));
        };
        // A name may have an @ and a slash in it, the gateway has neither.
        let (client, gateway) = rest.rsplit_once('@').unwrap_or((rest, ""));
        let lower = client.to_ascii_lowercase();
        let at = lower.rfind("/type=").ok_or_else(|| error("there is no /TYPE="))?;
        let (client, kind) = (client.get(..at).unwrap_or_default(), client.get(at + 6..).unwrap_or_default());
        let kind = kind.split('/').next().unwrap_or_default();
        let kind = AddressKind::from_name(kind).ok_or_else(|| error("its TYPE is none of PLMN, USER, IPv4, IPv6"))?;
        let client = match kind {
            AddressKind::Plmn => digits(client).ok_or_else(|| error("a number of digits is needed before /TYPE=PLMN"))?,
            _ if client.is_empty() => return Err(error("there is nothing before /TYPE=")),
            _ => client.to_owned(),
        };
        Ok(Self { client, kind, gateway: gateway.to_owned() })
    }
}

impl fmt::Display for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WAPPUSH={}/TYPE={}", self.client, self.kind.name())?;
        if self.gateway.is_empty() { Ok(()) } else { write!(f, "@{}", self.gateway) }
    }
}

/// `+` and digits without what people put between them (section 7.1: visual separators).
fn digits(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|c| !matches!(c, '-' | '.' | ' ' | '(' | ')')).collect();
    let only = number.strip_prefix('+').unwrap_or(&number);
    ((1..=20).contains(&only.len()) && only.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_of_every_kind() {
        for (text, client, kind, gateway) in [
            ("WAPPUSH=+155519990730/TYPE=PLMN@ppg.carrier.com", "+155519990730", AddressKind::Plmn, "ppg.carrier.com"),
            ("wappush=447700-900.123/type=plmn@ppg", "447700900123", AddressKind::Plmn, "ppg"),
            ("WAPPUSH=+44 (7700) 900123/TYPE=PLMN", "+447700900123", AddressKind::Plmn, ""),
            ("+447700900123", "+447700900123", AddressKind::Plmn, ""),
            ("WAPPUSH=john/doe@example.net/TYPE=USER@ppg.carrier.com", "john/doe@example.net", AddressKind::User, "ppg.carrier.com"),
            ("WAPPUSH=195.153.199.30/TYPE=IPV4@ppg.carrier.com", "195.153.199.30", AddressKind::Ipv4, "ppg.carrier.com"),
            (
                "WAPPUSH=FEDC:BA98:7654:3210:FEDC:BA98:7654:3210/TYPE=IPv6@p",
                "FEDC:BA98:7654:3210:FEDC:BA98:7654:3210",
                AddressKind::Ipv6,
                "p",
            ),
        ] {
            let a = PushAddress::parse(text).unwrap();
            assert_eq!((a.client.as_str(), a.kind, a.gateway.as_str()), (client, kind, gateway), "{text}");
            assert_eq!(PushAddress::parse(&a.to_string()), Ok(a));
        }
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "WAPPUSH=", "WAPPUSH=+1/TYPE=FAX@x", "WAPPUSH=/TYPE=PLMN@x", "WAPPUSH=abc/TYPE=PLMN@x", "john@example.net", "+"] {
            assert!(PushAddress::parse(text).is_err(), "{text}");
        }
        assert!(PushAddress::parse(&"é".repeat(500)).unwrap_err().to_string().contains("longer than any"));
    }
}
