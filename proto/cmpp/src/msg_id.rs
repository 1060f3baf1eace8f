//! Msg_Id: what a gateway calls a message.

use std::fmt;
use std::str::FromStr;

/// Id of a message as the ISMG that took it gave it out (CMPP 3.0 section 8.4.3.2): time to the second without a year, gateway, sequence.
///
/// Kept as the number on the wire; months from August on set the top bit, so it does not fit a signed column of a database.
/// Zero stands for "none yet", as in a SUBMIT.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MsgId(pub u64);

/// The parts of a [`MsgId`], none of them checked: a peer may put anything there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MsgIdParts {
    /// 1 to 12; up to 15 fit.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23; up to 31 fit.
    pub hour: u8,
    /// 0 to 59; up to 63 fit.
    pub minute: u8,
    /// 0 to 59; up to 63 fit.
    pub second: u8,
    /// Code of the gateway as a number, 22 bits: "001001" is 1001.
    pub gateway: u32,
    /// Counts up by one and wraps.
    pub sequence: u16,
}

/// A text that is no Msg_Id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Msg_Id: 22 digits are expected, MMDDHHMMSS, 7 of the gateway, 5 of the sequence")]
pub struct MsgIdError;

impl MsgId {
    /// An id of its parts; bits beyond the room of a part (4, 5, 5, 6, 6 and 22) are cut off.
    pub const fn new(month: u8, day: u8, hour: u8, minute: u8, second: u8, gateway: u32, sequence: u16) -> Self {
        Self(
            (month as u64 & 0xF) << 60
                | (day as u64 & 0x1F) << 55
                | (hour as u64 & 0x1F) << 50
                | (minute as u64 & 0x3F) << 44
                | (second as u64 & 0x3F) << 38
                | (gateway as u64 & 0x3F_FFFF) << 16
                | sequence as u64,
        )
    }

    /// The parts.
    pub const fn parts(self) -> MsgIdParts {
        MsgIdParts {
            month: (self.0 >> 60) as u8,
            day: (self.0 >> 55 & 0x1F) as u8,
            hour: (self.0 >> 50 & 0x1F) as u8,
            minute: (self.0 >> 44 & 0x3F) as u8,
            second: (self.0 >> 38 & 0x3F) as u8,
            gateway: (self.0 >> 16 & 0x3F_FFFF) as u32,
            sequence: self.0 as u16,
        }
    }

    /// The id of recipient `n` (from 0) of a SUBMIT whose response carried this id: only the 16-bit sequence counts up, and wraps
    /// without a carry (CMPP 3.0 annex 1).
    pub const fn nth(self, n: u16) -> Self {
        Self(self.0 & !0xFFFF | (self.0 as u16).wrapping_add(n) as u64)
    }

    /// How many steps [`MsgId::nth`] has to take from here to `other`; `None` where it cannot get there.
    pub const fn steps_to(self, other: Self) -> Option<u16> {
        if self.0 >> 16 == other.0 >> 16 { Some((other.0 as u16).wrapping_sub(self.0 as u16)) } else { None }
    }

    /// Whether this stands for "none".
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// 16 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        format!("{:016x}", self.0)
    }

    /// The id of 16 hexadecimal digits.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let plain = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if plain { u64::from_str_radix(digits, 16).ok().map(Self) } else { None }
    }
}

/// The customary text: 22 digits, MMDDHHMMSS, 7 of the gateway, 5 of the sequence. Every id has one and comes back from it.
impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MsgIdParts { month, day, hour, minute, second, gateway, sequence } = self.parts();
        write!(f, "{month:02}{day:02}{hour:02}{minute:02}{second:02}{gateway:07}{sequence:05}")
    }
}

impl fmt::Debug for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgId({self})")
    }
}

impl FromStr for MsgId {
    type Err = MsgIdError;

    fn from_str(text: &str) -> Result<Self, MsgIdError> {
        let digits = text.as_bytes();
        if digits.len() != 22 || !digits.iter().all(u8::is_ascii_digit) {
            return Err(MsgIdError);
        }
        let number = |from: usize, to: usize| digits[from..to].iter().fold(0, |number: u32, digit| number * 10 + u32::from(digit - b'0'));
        let within = |from, to, most: u32| Some(number(from, to)).filter(|number| *number <= most).ok_or(MsgIdError);
        Ok(Self::new(
            within(0, 2, 0xF)? as u8,
            within(2, 4, 0x1F)? as u8,
            within(4, 6, 0x1F)? as u8,
            within(6, 8, 0x3F)? as u8,
            within(8, 10, 0x3F)? as u8,
            within(10, 17, 0x3F_FFFF)?,
            within(17, 22, 0xFFFF)? as u16,
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LAST: MsgId = MsgId::new(12, 31, 23, 59, 58, 1001, 65535);

    #[test]
    fn parts_stand_where_the_standard_puts_them() {
        assert_eq!(LAST.0, 0xcfdf_be80_03e9_ffff);
        let parts = LAST.parts();
        assert_eq!((parts.month, parts.day, parts.hour, parts.minute, parts.second), (12, 31, 23, 59, 58));
        assert_eq!((parts.gateway, parts.sequence), (1001, 65535));
    }

    #[test]
    fn only_the_sequence_counts_up() {
        assert_eq!(LAST.nth(0), LAST);
        assert_eq!(LAST.nth(2).0, 0xcfdf_be80_03e9_0001);
        assert_eq!(LAST.steps_to(LAST.nth(98)), Some(98));
        assert_eq!(LAST.steps_to(MsgId::new(12, 31, 23, 59, 58, 1002, 65535)), None);
    }

    #[test]
    fn texts_come_back() {
        assert_eq!(LAST.to_string(), "1231235958000100165535");
        assert_eq!(LAST.to_hex(), "cfdfbe8003e9ffff");
        let mut rng = fastrand::Rng::with_seed(3);
        for id in (0..2000).map(|_| MsgId(rng.u64(..))).chain([MsgId(0), MsgId(u64::MAX), LAST]) {
            assert_eq!(id.to_string().len(), 22, "{id:?}");
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(MsgId::from_hex(&id.to_hex()), Some(id));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "123", "123123595800010016553x", "1231235958000100165536", "1631235958000100165535", "12312359580001001655350"] {
            assert_eq!(text.parse::<MsgId>(), Err(MsgIdError), "{text}");
        }
        for text in ["", "+fdfbe8003e9ffff", "cfdfbe8003e9fff", "cfdfbe8003e9fffg"] {
            assert_eq!(MsgId::from_hex(text), None, "{text}");
        }
    }
}
