//! TP-Data-Coding-Scheme: what one octet says about the user data of a short message (3GPP TS 23.038, section 4).
//!
//! SMPP's `data_coding` looks alike and means something else; see [`smpp`].

pub mod smpp;

use std::fmt;

/// A data coding scheme octet. Every value is valid; reserved ones read as the standard tells receivers to read them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct DataCoding(pub u8);

/// The alphabet that a data coding scheme names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Coding {
    /// GSM 7-bit, packed in the user data of a TPDU.
    Gsm7,
    /// 8-bit data.
    Octets,
    /// UCS-2 (UTF-16, big-endian).
    Ucs2,
    /// The reserved value of the general groups; the standard has receivers take it for [`Coding::Gsm7`].
    Reserved,
}

/// Where a message is meant to be shown or kept.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum MessageClass {
    /// Class 0: shown at once and not stored ("flash").
    Flash = 0,
    /// Class 1: for the phone (ME); the user's own meaning by default.
    Phone = 1,
    /// Class 2: for the SIM.
    Sim = 2,
    /// Class 3: for attached equipment (TE).
    Terminal = 3,
}

/// A message waiting indication: an icon to show or hide.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Waiting {
    /// Messages are waiting: the icon is shown; otherwise it is taken away.
    pub active: bool,
    /// What is waiting.
    pub indication: Indication,
    /// The message itself is to be stored; otherwise it may be discarded once the icon is set.
    pub store: bool,
}

/// What kind of message is waiting.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Indication {
    /// Voicemail.
    Voicemail = 0,
    /// Fax.
    Fax = 1,
    /// Electronic mail.
    Email = 2,
    /// Anything else.
    Other = 3,
}

impl DataCoding {
    /// The GSM default alphabet without a class.
    pub const GSM7: Self = Self(0x00);
    /// 8-bit data without a class.
    pub const OCTETS: Self = Self(0x04);
    /// UCS-2 without a class.
    pub const UCS2: Self = Self(0x08);

    /// A plain message in the general group.
    pub const fn new(coding: Coding, class: Option<MessageClass>) -> Self {
        let alphabet = match coding {
            Coding::Gsm7 => 0x00,
            Coding::Octets => 0x04,
            Coding::Ucs2 => 0x08,
            Coding::Reserved => 0x0c,
        };
        Self(alphabet).with_class(class)
    }

    /// A message waiting indication. UCS-2 exists for stored messages only, so a discarded one is GSM 7-bit whatever `coding` says;
    /// so is any other coding than UCS-2.
    pub const fn message_waiting(waiting: Waiting, coding: Coding) -> Self {
        let group = match (waiting.store, coding) {
            (true, Coding::Ucs2) => 0xe0,
            (true, _) => 0xd0,
            (false, _) => 0xc0,
        };
        Self(group | (waiting.active as u8) << 3 | waiting.indication as u8)
    }

    /// The same scheme with another class, or none. Message waiting indications have none and stay as they are; the data coding group
    /// 1111, which always has one, becomes the general group when the class is taken away.
    pub const fn with_class(self, class: Option<MessageClass>) -> Self {
        match (self.0 >> 4, class) {
            (0x0..=0x7, Some(class)) => Self(self.0 & 0xec | 0x10 | class as u8),
            (0x0..=0x7, None) => Self(self.0 & 0xec),
            (0xf, Some(class)) => Self(self.0 & 0xfc | class as u8),
            (0xf, None) => Self(self.0 & 0x04),
            _ => self,
        }
    }

    /// The same scheme marked for deletion once read, in the general group; other groups have no such mark and stay as they are.
    pub const fn with_auto_delete(self, delete: bool) -> Self {
        match (self.is_general(), delete) {
            (true, true) => Self(self.0 | 0x40),
            (true, false) => Self(self.0 & !0x40),
            (false, _) => self,
        }
    }

    /// The alphabet of the user data (before compression, if that is set).
    pub const fn coding(self) -> Coding {
        match (self.0 >> 4, (self.0 >> 2) & 0x3) {
            (0x0..=0x7, 0) => Coding::Gsm7,
            (0x0..=0x7, 1) => Coding::Octets,
            (0x0..=0x7, 2) => Coding::Ucs2,
            (0x0..=0x7, _) => Coding::Reserved,
            (0xe, _) => Coding::Ucs2,
            (0xf, bits) => {
                if bits & 1 == 0 {
                    Coding::Gsm7
                } else {
                    Coding::Octets
                }
            }
            // Reserved groups are read as the default alphabet; waiting groups 1100 and 1101 are in it.
            _ => Coding::Gsm7,
        }
    }

    /// The message class, if the scheme has one.
    pub const fn class(self) -> Option<MessageClass> {
        let classed = (self.is_general() && self.0 & 0x10 != 0) || self.0 >> 4 == 0xf;
        if !classed {
            return None;
        }
        Some(match self.0 & 0x3 {
            0 => MessageClass::Flash,
            1 => MessageClass::Phone,
            2 => MessageClass::Sim,
            _ => MessageClass::Terminal,
        })
    }

    /// The text is compressed (3GPP TS 23.042). Nobody sends that; such user data can't be read as text.
    pub const fn is_compressed(self) -> bool {
        self.is_general() && self.0 & 0x20 != 0
    }

    /// The message is to be deleted once read (the "marked for automatic deletion" group).
    pub const fn is_auto_delete(self) -> bool {
        self.is_general() && self.0 & 0x40 != 0
    }

    /// The message waiting indication, if the scheme is one.
    pub const fn waiting(self) -> Option<Waiting> {
        let store = match self.0 >> 4 {
            0xc => false,
            0xd | 0xe => true,
            _ => return None,
        };
        let indication = match self.0 & 0x3 {
            0 => Indication::Voicemail,
            1 => Indication::Fax,
            2 => Indication::Email,
            _ => Indication::Other,
        };
        Some(Waiting { active: self.0 & 0x08 != 0, indication, store })
    }

    /// The value lies in a group or on a position that the standard reserves.
    pub const fn is_reserved(self) -> bool {
        match self.0 >> 4 {
            0x0..=0x7 => self.0 & 0x0c == 0x0c,
            0x8..=0xb => true,
            0xf => self.0 & 0x08 != 0,
            _ => self.0 & 0x04 != 0,
        }
    }

    /// Groups 00xx and 01xx, which share their layout.
    const fn is_general(self) -> bool {
        self.0 < 0x80
    }
}

impl From<u8> for DataCoding {
    fn from(octet: u8) -> Self {
        Self(octet)
    }
}

impl From<DataCoding> for u8 {
    fn from(coding: DataCoding) -> Self {
        coding.0
    }
}

impl fmt::Display for DataCoding {
    /// Two hexadecimal digits, as protocol traces show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_octets() {
        let class = |class| Some(class);
        let known = [
            (0x00, Coding::Gsm7, None),
            (0x04, Coding::Octets, None),
            (0x08, Coding::Ucs2, None),
            (0x0c, Coding::Reserved, None),
            (0x03, Coding::Gsm7, None),
            (0x10, Coding::Gsm7, class(MessageClass::Flash)),
            (0x11, Coding::Gsm7, class(MessageClass::Phone)),
            (0x15, Coding::Octets, class(MessageClass::Phone)),
            (0x18, Coding::Ucs2, class(MessageClass::Flash)),
            (0x58, Coding::Ucs2, class(MessageClass::Flash)),
            (0x83, Coding::Gsm7, None),
            (0xc8, Coding::Gsm7, None),
            (0xe8, Coding::Ucs2, None),
            (0xf0, Coding::Gsm7, class(MessageClass::Flash)),
            (0xf1, Coding::Gsm7, class(MessageClass::Phone)),
            (0xf5, Coding::Octets, class(MessageClass::Phone)),
            (0xf6, Coding::Octets, class(MessageClass::Sim)),
            (0xf7, Coding::Octets, class(MessageClass::Terminal)),
        ];
        for (octet, coding, class) in known {
            assert_eq!(DataCoding(octet).coding(), coding, "{octet:02x}");
            assert_eq!(DataCoding(octet).class(), class, "{octet:02x}");
        }
    }

    #[test]
    fn constructors_are_read_back() {
        for coding in [Coding::Gsm7, Coding::Octets, Coding::Ucs2] {
            for class in [None, Some(MessageClass::Flash), Some(MessageClass::Phone), Some(MessageClass::Sim), Some(MessageClass::Terminal)]
            {
                let made = DataCoding::new(coding, class);
                assert_eq!((made.coding(), made.class()), (coding, class));
                assert!(!made.is_reserved() && !made.is_compressed() && !made.is_auto_delete() && made.waiting().is_none());
                assert!(made.with_auto_delete(true).is_auto_delete());
                assert_eq!(made.with_auto_delete(true).coding(), coding);
                assert_eq!(made.with_auto_delete(true).with_auto_delete(false), made);
            }
        }
        assert_eq!(DataCoding(0xf5).with_class(None), DataCoding::OCTETS);
        assert_eq!(DataCoding(0xf4).with_class(Some(MessageClass::Sim)), DataCoding(0xf6));
    }

    #[test]
    fn waiting_indications_are_read_back() {
        for store in [false, true] {
            for active in [false, true] {
                for indication in [Indication::Voicemail, Indication::Fax, Indication::Email, Indication::Other] {
                    let waiting = Waiting { active, indication, store };
                    assert_eq!(DataCoding::message_waiting(waiting, Coding::Gsm7).waiting(), Some(waiting));
                    let ucs2 = DataCoding::message_waiting(waiting, Coding::Ucs2);
                    assert_eq!(ucs2.waiting(), Some(waiting));
                    assert_eq!(ucs2.coding() == Coding::Ucs2, store);
                }
            }
        }
        let voicemail = Waiting { active: true, indication: Indication::Voicemail, store: false };
        assert_eq!(DataCoding::message_waiting(voicemail, Coding::Gsm7), DataCoding(0xc8));
    }

    #[test]
    fn every_octet_has_one_reading() {
        for octet in 0..=u8::MAX {
            let scheme = DataCoding(octet);
            assert!(scheme.waiting().is_none() || scheme.class().is_none());
            if let (Some(waiting), false) = (scheme.waiting(), scheme.is_reserved()) {
                assert_eq!(DataCoding::message_waiting(waiting, scheme.coding()), scheme);
            }
            if octet < 0x40 && !scheme.is_compressed() && (scheme.class().is_some() || octet & 3 == 0) {
                assert_eq!(DataCoding::new(scheme.coding(), scheme.class()), scheme);
            }
        }
    }
}
