//! Information elements of a user data header (3GPP TS 23.040, section 9.2.3.24).

use bytes::{BufMut, Bytes};

/// One information element. Writing an element gives back the octets that it was read from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Element {
    /// Concatenation with an 8-bit reference (0x00).
    Concat8 {
        /// The reference that all parts share.
        reference: u8,
        /// How many parts there are; 0 is invalid.
        total: u8,
        /// Which part this is, from 1.
        number: u8,
    },
    /// Message waiting indication (0x01).
    Waiting {
        /// Bit 7: store the message; bits 6 and 5: subscriber profile; bits 4 to 0: kind (0 voicemail, 1 fax, 2 e-mail, 3 other, 7 video).
        indication: u8,
        /// How many messages are waiting; 255 means that or more.
        count: u8,
    },
    /// Application ports of 8 bits (0x04).
    Ports8 {
        /// The receiver's port.
        destination: u8,
        /// The sender's port.
        source: u8,
    },
    /// Application ports of 16 bits (0x05).
    Ports16 {
        /// The receiver's port: 2948 (0x0b84) is WAP push.
        destination: u16,
        /// The sender's port.
        source: u16,
    },
    /// Concatenation with a 16-bit reference (0x08).
    Concat16 {
        /// The reference that all parts share.
        reference: u16,
        /// How many parts there are; 0 is invalid.
        total: u8,
        /// Which part this is, from 1.
        number: u8,
    },
    /// National language single shift (0x24).
    SingleShift {
        /// The National Language Identifier.
        language: u8,
    },
    /// National language locking shift (0x25).
    LockingShift {
        /// The National Language Identifier.
        language: u8,
    },
    /// Any other element, such as those of EMS, and the ones above when their length is not what the standard says.
    Other {
        /// The information element identifier.
        identifier: u8,
        /// The information element data, at most 255 octets.
        data: Bytes,
    },
}

impl Element {
    /// The information element identifier.
    pub const fn identifier(&self) -> u8 {
        match self {
            Self::Concat8 { .. } => 0x00,
            Self::Waiting { .. } => 0x01,
            Self::Ports8 { .. } => 0x04,
            Self::Ports16 { .. } => 0x05,
            Self::Concat16 { .. } => 0x08,
            Self::SingleShift { .. } => 0x24,
            Self::LockingShift { .. } => 0x25,
            Self::Other { identifier, .. } => *identifier,
        }
    }

    /// How many octets the element takes, identifier and length included.
    pub fn octets(&self) -> usize {
        2 + match self {
            Self::SingleShift { .. } | Self::LockingShift { .. } => 1,
            Self::Waiting { .. } | Self::Ports8 { .. } => 2,
            Self::Concat8 { .. } => 3,
            Self::Ports16 { .. } | Self::Concat16 { .. } => 4,
            Self::Other { data, .. } => data.len(),
        }
    }

    /// The element says that the message is one part of several.
    pub const fn is_concatenation(&self) -> bool {
        matches!(self, Self::Concat8 { .. } | Self::Concat16 { .. })
    }

    /// The element selects a national language table.
    pub const fn is_shift(&self) -> bool {
        matches!(self, Self::SingleShift { .. } | Self::LockingShift { .. })
    }

    pub(super) fn read(identifier: u8, data: &[u8]) -> Self {
        match (identifier, data) {
            (0x00, &[reference, total, number]) => Self::Concat8 { reference, total, number },
            (0x01, &[indication, count]) => Self::Waiting { indication, count },
            (0x04, &[destination, source]) => Self::Ports8 { destination, source },
            (0x05, &[d1, d0, s1, s0]) => Self::Ports16 { destination: u16::from_be_bytes([d1, d0]), source: u16::from_be_bytes([s1, s0]) },
            (0x08, &[r1, r0, total, number]) => Self::Concat16 { reference: u16::from_be_bytes([r1, r0]), total, number },
            (0x24, &[language]) => Self::SingleShift { language },
            (0x25, &[language]) => Self::LockingShift { language },
            _ => Self::Other { identifier, data: Bytes::copy_from_slice(data) },
        }
    }

    /// Appends the element. The caller has checked that it is no longer than 255 octets.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_u8(self.identifier());
        out.put_u8((self.octets() - 2) as u8);
        match self {
            Self::Concat8 { reference, total, number } => out.extend([*reference, *total, *number]),
            Self::Waiting { indication, count } => out.extend([*indication, *count]),
            Self::Ports8 { destination, source } => out.extend([*destination, *source]),
            Self::Ports16 { destination, source } => {
                out.put_u16(*destination);
                out.put_u16(*source);
            }
            Self::Concat16 { reference, total, number } => {
                out.put_u16(*reference);
                out.extend([*total, *number]);
            }
            Self::SingleShift { language } | Self::LockingShift { language } => out.put_u8(*language),
            Self::Other { data, .. } => out.extend_from_slice(data),
        }
    }
}
