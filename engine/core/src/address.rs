//! Addresses and their normal form.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::Address;

/// Type of number: international.
pub const TON_INTERNATIONAL: u32 = 1;
/// Type of number: alphanumeric.
pub const TON_ALPHANUMERIC: u32 = 5;
/// Numbering plan: ISDN, E.164.
pub const NPI_E164: u32 = 1;
/// Longest address in octets (SMPP 3.4, 4.4.1: 20 and a NUL).
pub const MAX_ADDRESS: usize = 20;

/// Why an address is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing there.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// More than [`MAX_ADDRESS`] octets.
    #[error("the {which} has {len} octets, at most {MAX_ADDRESS} fit")]
    TooLong {
        /// sender or recipient
        which: &'static str,
        /// its length
        len: usize,
    },
    /// A recipient that is no number.
    #[error("{0:?} is not a phone number; write it as + and digits, or digits")]
    NotANumber(String),
}

impl Address {
    /// From SMPP's three fields, as they came.
    pub fn new(ton: u8, npi: u8, octets: Bytes) -> Address {
        Address { ton: u32::from(ton), npi: u32::from(npi), octets }
    }

    /// From what people write: `+` and digits, digits, or letters (alphanumeric sender). Spaces, dots, dashes, brackets and slashes in a
    /// number are dropped. A leading space is taken for a `+` that was not escaped in a URL.
    pub fn parse(s: &str) -> Address {
        let plus_lost = s.starts_with(' ') && s.trim().starts_with(|c: char| c.is_ascii_digit());
        let s = s.trim();
        let international = plus_lost || s.starts_with('+');
        let body = s.strip_prefix('+').unwrap_or(s);
        let is_number =
            !body.is_empty() && body.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '*' | '#'));
        if is_number && body.chars().any(|c| c.is_ascii_digit()) {
            let digits: String = body.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#')).collect();
            let (ton, npi) = if international { (TON_INTERNATIONAL, NPI_E164) } else { (0, NPI_E164) };
            Address { ton, npi, octets: Bytes::from(digits) }
        } else {
            Address { ton: TON_ALPHANUMERIC, npi: 0, octets: Bytes::copy_from_slice(s.as_bytes()) }
        }
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// True when it is made of digits alone.
    pub fn is_digits(&self) -> bool {
        !self.octets.is_empty() && self.octets.iter().all(u8::is_ascii_digit)
    }

    /// The octets as text; octets over 127 are read as Latin-1, which is what networks send.
    pub fn as_text(&self) -> std::borrow::Cow<'_, str> {
        match std::str::from_utf8(&self.octets) {
            Ok(s) => s.into(),
            Err(_) => self.octets.iter().map(|&b| char::from(b)).collect::<String>().into(),
        }
    }
}

impl fmt::Display for Address {
    /// `+` before an international number, else the characters as they are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ton == TON_INTERNATIONAL && self.is_digits() {
            f.write_str("+")?;
        }
        f.write_str(&self.as_text())
    }
}

/// How numbers are brought into their normal form: international digits without `+`, TON 1, NPI 1.
#[derive(Clone, Debug, Default)]
pub struct Normaliser {
    country: Option<phonenumber::country::Id>,
}

impl Normaliser {
    /// `country` is the two-letter code (ISO 3166-1) that national numbers belong to; `None` leaves them alone.
    ///
    /// # Errors
    /// With the code, when no such country is known.
    pub fn new(country: Option<&str>) -> Result<Normaliser, String> {
        match country {
            None => Ok(Normaliser { country: None }),
            Some(c) => match c.to_ascii_uppercase().parse() {
                Ok(id) => Ok(Normaliser { country: Some(id) }),
                Err(_) => Err(format!("{c:?} is not a two-letter country code (ISO 3166-1), such as \"GB\"")),
            },
        }
    }

    /// Brings a recipient into normal form.
    ///
    /// # Errors
    /// When it is empty, too long, or no number.
    pub fn recipient(&self, a: &Address) -> Result<Address, AddressError> {
        if a.octets.is_empty() {
            return Err(AddressError::Empty("recipient"));
        }
        if a.octets.len() > MAX_ADDRESS + 1 {
            return Err(AddressError::TooLong { which: "recipient", len: a.octets.len() });
        }
        let plus = a.octets.first() == Some(&b'+');
        let digits = if plus { a.octets.slice(1..) } else { a.octets.clone() };
        if digits.is_empty() || !digits.iter().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#')) {
            return Err(AddressError::NotANumber(a.as_text().into_owned()));
        }
        if digits.len() > MAX_ADDRESS {
            return Err(AddressError::TooLong { which: "recipient", len: digits.len() });
        }
        let international = plus || a.ton == TON_INTERNATIONAL;
        if international {
            return Ok(Address { ton: TON_INTERNATIONAL, npi: NPI_E164, octets: digits });
        }
        if let Some(rest) = digits.strip_prefix(b"00").filter(|r| r.len() >= 7) {
            return Ok(Address { ton: TON_INTERNATIONAL, npi: NPI_E164, octets: digits.slice_ref(rest) });
        }
        if let Some(country) = self.country {
            return Ok(national(country, &digits).unwrap_or(Address { ton: a.ton, npi: a.npi, octets: digits }));
        }
        Ok(Address { ton: a.ton, npi: a.npi, octets: digits })
    }
}

/// Reads digits as a number of that country; `None` (short codes, nonsense) leaves them as they are.
fn national(country: phonenumber::country::Id, digits: &[u8]) -> Option<Address> {
    let text = std::str::from_utf8(digits).ok()?;
    if text.len() < 7 {
        return None; // a short code
    }
    let parsed = phonenumber::parse(Some(country), text).ok().filter(phonenumber::is_valid);
    // Many submit international digits without + or 00: valid as such and not valid nationally.
    let parsed = parsed.or_else(|| phonenumber::parse(None, format!("+{text}")).ok().filter(phonenumber::is_valid))?;
    let e164 = parsed.format().mode(phonenumber::Mode::E164).to_string();
    Some(Address { ton: TON_INTERNATIONAL, npi: NPI_E164, octets: Bytes::from(e164.trim_start_matches('+').to_owned()) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_people_write_becomes_an_address() {
        for (written, shown, ton) in [
            ("+44 7778 001210", "+447778001210", 1),
            (" 447778001210", "+447778001210", 1),
            ("447778001210", "447778001210", 0),
            ("(020) 7946-0000", "02079460000", 0),
            ("12345", "12345", 0),
            ("Shop", "Shop", 5),
            ("Bank 24", "Bank 24", 5),
        ] {
            let a = Address::parse(written);
            assert_eq!((a.to_string().as_str(), a.ton), (shown, ton), "{written:?}");
        }
    }

    #[test]
    fn recipients_take_their_normal_form() {
        let plain = Normaliser::new(None).unwrap();
        let gb = Normaliser::new(Some("gb")).unwrap();
        let show = |n: &Normaliser, s: &str| n.recipient(&Address::parse(s)).map(|a| a.to_string());
        assert_eq!(show(&plain, "00447778001210").unwrap(), "+447778001210");
        assert_eq!(show(&plain, "07778001210").unwrap(), "07778001210");
        assert_eq!(show(&gb, "07778001210").unwrap(), "+447778001210");
        assert_eq!(show(&gb, "447778001210").unwrap(), "+447778001210");
        assert_eq!(show(&gb, "85075").unwrap(), "85075");
        assert_eq!(show(&gb, "Shop"), Err(AddressError::NotANumber("Shop".into())));
        assert_eq!(show(&gb, ""), Err(AddressError::Empty("recipient")));
        assert!(Normaliser::new(Some("ZZ")).is_err());
    }

    #[test]
    fn eight_bit_senders_are_shown_as_latin_1() {
        assert_eq!(Address::new(5, 0, Bytes::from_static(b"Caf\xe9")).to_string(), "Café");
    }
}
