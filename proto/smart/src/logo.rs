//! Operator logos and icons of caller groups (Smart Messaging Specification 3.0.0, 3.4).

use std::fmt;

use crate::bitmap::{Bitmap, read_ota, write_ota};
use crate::{DecodeError, EncodeError, Splitting, UserData};

/// The port of operator logos.
pub const OPERATOR_LOGO_PORT: u16 = 0x1582;

/// The port of CLI icons, which are shown when someone of a group calls.
pub const CLI_ICON_PORT: u16 = 0x1583;

/// Version 0, as the specification writes it.
const VERSION: u8 = 0x30;
/// What stands between the network code and the bitmap.
const LINE_FEED: u8 = 0x0a;

/// What stands before the content.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Form {
    /// A version, as Smart Messaging 3.0.0 has it.
    #[default]
    Versioned,
    /// Nothing, as Smart Messaging 2.0 had it and many programs still do; it saves the octets that make an operator logo one segment.
    Bare,
}

/// A logo that the phone shows in place of the name of its network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OperatorLogo {
    /// The network; a phone in another shows its own logo.
    pub network: NetworkCode,
    /// The logo, mostly of 72x14 pixels; `None` takes away the one that is there.
    pub logo: Option<Bitmap>,
    /// What stands before it.
    pub form: Form,
}

/// An icon that is shown when someone of a group calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CliIcon {
    /// The icon, mostly of 72x14 pixels.
    pub icon: Bitmap,
    /// What stands before it.
    pub form: Form,
}

/// A mobile network: its country (MCC, three digits) and itself (MNC, two or three). `Display` gives `460-03`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct NetworkCode {
    mcc: [u8; 3],
    mnc: [u8; 2],
    /// The third digit of the MNC, where it has one.
    third: Option<u8>,
}

/// A network code that is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is no mobile network; write three digits of country code and two or three of network code, as in 460 03")]
pub struct NotANetwork(pub String);

impl NetworkCode {
    /// Reads the digits of MCC and MNC together, with or without a space or a hyphen between them.
    ///
    /// # Errors
    /// There are other characters, or not five or six digits.
    pub fn parse(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let digits = text.chars().filter(|char| !matches!(char, ' ' | '-'));
        let digits = digits.map(|char| char.to_digit(10).map(|digit| digit as u8)).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        match *digits {
            [a, b, c, d, e] => Ok(Self { mcc: [a, b, c], mnc: [d, e], third: None }),
            [a, b, c, d, e, f] => Ok(Self { mcc: [a, b, c], mnc: [d, e], third: Some(f) }),
            _ => Err(wrong()),
        }
    }

    /// The semi-octets of 3GPP TS 24.008, 10.5.1.3.
    fn to_octets(self) -> [u8; 3] {
        let ([m1, m2, m3], [n1, n2]) = (self.mcc, self.mnc);
        [m2 << 4 | m1, self.third.unwrap_or(0xf) << 4 | m3, n2 << 4 | n1]
    }

    fn from_octets(octets: [u8; 3], offset: usize) -> Result<Self, DecodeError> {
        let low = octets.map(|octet| octet & 0xf);
        let high = octets.map(|octet| octet >> 4);
        let third = (high[1] != 0xf).then_some(high[1]);
        if low.iter().chain([&high[0], &high[2]]).chain(&third).any(|digit| *digit > 9) {
            return Err(DecodeError::NetworkCode { octets, offset });
        }
        Ok(Self { mcc: [low[0], high[0], low[1]], mnc: [low[2], high[2]], third })
    }
}

impl fmt::Display for NetworkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mcc: [a, b, c], mnc: [d, e], third } = self;
        write!(f, "{a}{b}{c}-{d}{e}")?;
        third.map_or(Ok(()), |third| write!(f, "{third}"))
    }
}

impl OperatorLogo {
    /// Reads the content of a message, with a version or without.
    ///
    /// # Errors
    /// There is no network code, or behind it something other than a plain bitmap.
    pub fn from_octets(octets: &[u8]) -> Result<Self, DecodeError> {
        // A version is no mistaken network code: no country's code begins with 0.
        let (form, start) = if octets.first() == Some(&VERSION) { (Form::Versioned, 1) } else { (Form::Bare, 0) };
        let rest = octets.get(start..).unwrap_or_default();
        let Some((code, rest)) = rest.split_first_chunk::<3>() else {
            return Err(DecodeError::Truncated { what: "network code", offset: octets.len() });
        };
        let network = NetworkCode::from_octets(*code, start)?;
        let bitmap = if form == Form::Versioned { rest.strip_prefix(&[LINE_FEED]).unwrap_or(rest) } else { rest };
        let logo = if bitmap.is_empty() { None } else { Some(read_ota(bitmap, octets.len() - bitmap.len())?) };
        Ok(Self { network, logo, form })
    }

    /// The content of a message.
    ///
    /// # Errors
    /// The logo is larger than 255x255.
    pub fn to_octets(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        if self.form == Form::Versioned {
            out.push(VERSION);
        }
        out.extend(self.network.to_octets());
        if self.form == Form::Versioned {
            out.push(LINE_FEED);
        }
        if let Some(logo) = &self.logo {
            write_ota(logo, &mut out)?;
        }
        Ok(out)
    }

    /// The logo as short messages.
    ///
    /// # Errors
    /// As [`OperatorLogo::to_octets`]; and it takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        splitting.to_port(OPERATOR_LOGO_PORT, &self.to_octets()?)
    }
}

impl CliIcon {
    /// Reads the content of a message, with a version or without.
    ///
    /// # Errors
    /// It is no plain bitmap.
    pub fn from_octets(octets: &[u8]) -> Result<Self, DecodeError> {
        // A bitmap's first octet says 0x30 if it has a palette and two octets a size, which is not supported anyway.
        let (form, start) = if octets.first() == Some(&VERSION) { (Form::Versioned, 1) } else { (Form::Bare, 0) };
        Ok(Self { icon: read_ota(octets.get(start..).unwrap_or_default(), start)?, form })
    }

    /// The content of a message.
    ///
    /// # Errors
    /// The icon is larger than 255x255.
    pub fn to_octets(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = if self.form == Form::Versioned { vec![VERSION] } else { Vec::new() };
        write_ota(&self.icon, &mut out)?;
        Ok(out)
    }

    /// The icon as short messages.
    ///
    /// # Errors
    /// As [`CliIcon::to_octets`]; and it takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        splitting.to_port(CLI_ICON_PORT, &self.to_octets()?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn network_codes_are_bcd() {
        for (text, octets, shown) in
            [("46003", [0x64, 0xf0, 0x30], "460-03"), ("262 01", [0x62, 0xf2, 0x10], "262-01"), ("310-410", [0x13, 0x00, 0x14], "310-410")]
        {
            let code = NetworkCode::parse(text).unwrap();
            assert_eq!((code.to_octets(), code.to_string().as_str()), (octets, shown));
            assert_eq!(NetworkCode::from_octets(octets, 0), Ok(code));
        }
        assert!(NetworkCode::parse("4600").is_err() && NetworkCode::parse("46O03").is_err() && NetworkCode::parse("4600312").is_err());
        assert_eq!(
            NetworkCode::from_octets([0x6f, 0xf2, 0x10], 1).unwrap_err().to_string(),
            "octet 1: [6f, f2, 10] is no mobile network code in BCD"
        );
    }

    #[test]
    fn logos_are_read_in_both_forms() {
        let logo = Bitmap::from_octets(72, 14, &[0xa5; 126]);
        for (form, logo, octets, segments) in [
            (Form::Versioned, logo.clone(), 1 + 3 + 1 + 4 + 126, 2),
            (Form::Bare, logo, 3 + 4 + 126, 1),
            (Form::Versioned, None, 5, 1),
            (Form::Bare, None, 3, 1),
        ] {
            let logo = OperatorLogo { network: NetworkCode::parse("46003").unwrap(), logo, form };
            let content = logo.to_octets().unwrap();
            assert_eq!(content.len(), octets);
            assert_eq!(OperatorLogo::from_octets(&content), Ok(logo.clone()));
            assert_eq!(logo.encode(Splitting::default()).unwrap().len(), segments);
        }
        assert!(OperatorLogo::from_octets(&[0x30, 0x64, 0xf0]).is_err());
    }

    #[test]
    fn icons_are_read_in_both_forms() {
        for form in [Form::Versioned, Form::Bare] {
            let icon = CliIcon { icon: Bitmap::from_octets(72, 14, &[0x0f; 126]).unwrap(), form };
            assert_eq!(CliIcon::from_octets(&icon.to_octets().unwrap()), Ok(icon.clone()));
            let parts = icon.encode(Splitting::default()).unwrap();
            assert_eq!((parts.len(), parts[0].octets()[..7].to_vec()), (1, vec![6, 5, 4, 0x15, 0x83, 0x15, 0x83]));
        }
    }
}
