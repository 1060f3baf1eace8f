//! What only CMPP has: codes of gateways, and clocks that name no zone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::read::several;

/// Code of a CMPP gateway: 1 to 999999, written with six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayCode(pub u32);

/// One or several [`GatewayCode`]s: text (separated by commas) or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayCodes(pub Vec<GatewayCode>);

/// Minutes that a local time is ahead of UTC: `"+08:00"`. From -12:00 to +14:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset(pub i32);

// === impl GatewayCode ===

impl FromStr for GatewayCode {
    type Err = String;
    fn from_str(s: &str) -> Result<GatewayCode, String> {
        let t = s.trim();
        let good = (1..=6).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        let code = t.parse().ok().filter(|&n: &u32| good && n > 0);
        code.map(GatewayCode).ok_or_else(|| format!("{s:?} is no gateway code; write at most six digits, such as \"001001\""))
    }
}

impl fmt::Display for GatewayCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

// === impl GatewayCodes ===

impl FromStr for GatewayCodes {
    type Err = String;
    fn from_str(s: &str) -> Result<GatewayCodes, String> {
        s.split(',').map(str::parse).collect::<Result<_, _>>().map(GatewayCodes)
    }
}

impl<'de> Deserialize<'de> for GatewayCodes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<GatewayCodes, D::Error> {
        let lists: Vec<GatewayCodes> = several(d, "a gateway code such as \"001001\", or a list of them")?;
        Ok(GatewayCodes(lists.into_iter().flat_map(|g| g.0).collect()))
    }
}

impl Serialize for GatewayCodes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(&self.0)
    }
}

// === impl UtcOffset ===

impl FromStr for UtcOffset {
    type Err = String;
    fn from_str(s: &str) -> Result<UtcOffset, String> {
        let wrong = || format!("{s:?} is no offset from UTC; write a sign, hours and minutes, such as \"+08:00\"");
        let t = s.trim();
        let sign = if t.starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = t.strip_prefix(['+', '-']).and_then(|t| t.split_once(':')).ok_or_else(wrong)?;
        let two = |t: &str| -> Option<i32> { (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok()).flatten() };
        let minutes = two(hours).zip(two(minutes).filter(|m| *m < 60)).map(|(h, m)| sign * (h * 60 + m));
        minutes.filter(|m| (-12 * 60..=14 * 60).contains(m)).map(UtcOffset).ok_or_else(wrong)
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", self.0.abs() / 60, self.0.abs() % 60)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn gateway_codes_have_at_most_six_digits() {
        for (text, written) in [("001001", "001001"), ("1001", "001001"), ("999999", "999999"), (" 7 ", "000007")] {
            assert_eq!(text.parse::<GatewayCode>().unwrap().to_string(), written);
        }
        for wrong in ["", "0000001", "000000", "+1", "00x001", "1 2"] {
            assert!(wrong.parse::<GatewayCode>().is_err(), "{wrong}");
        }
        assert_eq!("001001, 001002".parse::<GatewayCodes>().unwrap().0, [GatewayCode(1001), GatewayCode(1002)]);
        assert!("001001,".parse::<GatewayCodes>().is_err());
    }

    #[test]
    fn offsets_from_utc_have_a_sign() {
        for (text, minutes) in [("+08:00", 480), ("-03:30", -210), ("+00:00", 0), ("+14:00", 840), ("-12:00", -720)] {
            let offset: UtcOffset = text.parse().unwrap();
            assert_eq!((offset.0, offset.to_string().as_str()), (minutes, text));
        }
        for wrong in ["", "8", "08:00", "+8:00", "+08:60", "+0800", "+14:30", "-12:01", "+-8:00", "UTC+8"] {
            assert!(wrong.parse::<UtcOffset>().unwrap_err().contains("such as \"+08:00\""), "{wrong}");
        }
    }
}
