//! Which of the two wire layouts a peer uses.

use std::fmt;

/// Wire layout: CMPP 2.0 (April 2002) or 3.0 (QB-GF-028-2003). Minor versions do not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2.0: numbers of 21 octets, results of 1 octet, Reserve.
    V2,
    /// 3.0: numbers of 32 octets, results of 4 octets, LinkID.
    V3,
}

impl Version {
    /// The layout that the Version octet of CONNECT asks for: a high nibble of 3 is 3.0, everything else (0x20, 0x21, and 0x02 as some
    /// clients send it) is 2.0.
    pub const fn of_byte(byte: u8) -> Self {
        if byte >> 4 == 3 { Self::V3 } else { Self::V2 }
    }

    /// The Version octet that announces this layout: 0x20 or 0x30.
    pub const fn byte(self) -> u8 {
        match self {
            Self::V2 => 0x20,
            Self::V3 => 0x30,
        }
    }

    /// The other layout.
    pub const fn other(self) -> Self {
        match self {
            Self::V2 => Self::V3,
            Self::V3 => Self::V2,
        }
    }

    /// Octets of the number in a status report and of recipients: 21 or 32.
    pub const fn number_width(self) -> usize {
        match self {
            Self::V2 => 21,
            Self::V3 => 32,
        }
    }

    pub(crate) const fn is_v3(self) -> bool {
        matches!(self, Self::V3)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2 => "2.0",
            Self::V3 => "3.0",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn the_high_nibble_decides() {
        for byte in [0x20, 0x21, 0x02, 0x00, 0x7F, 0x40] {
            assert_eq!(Version::of_byte(byte), Version::V2, "{byte:#x}");
        }
        for byte in [0x30, 0x31, 0x3F] {
            assert_eq!(Version::of_byte(byte), Version::V3, "{byte:#x}");
        }
        for version in [Version::V2, Version::V3] {
            assert_eq!(Version::of_byte(version.byte()), version);
            assert_eq!(version.other().other(), version);
        }
    }
}
