//! SMPP's `data_coding` (SMPP 3.4, section 5.2.19), which names charsets first and falls back to GSM groups from 0xc0 on.

use super::{Coding, DataCoding, MessageClass, Waiting};
use crate::charset::Charset;

/// What a `data_coding` octet says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Meaning {
    /// How the octets are to be read. Septets stand one to an octet; whether a carrier packs them is a matter of its `default` charset.
    pub charset: Charset,
    /// The message class, from the GSM groups.
    pub class: Option<MessageClass>,
    /// The message waiting indication, from the GSM groups.
    pub waiting: Option<Waiting>,
    /// SMPP 3.4 reserves the value; the reading is the customary one.
    pub reserved: bool,
}

/// Reads a `data_coding` octet. `default` is the charset of "SMSC default alphabet" (0), on which the two sides have to agree.
///
/// Values that SMPP reserves are read as GSM data coding schemes, which is how they come to be sent: 0x10 and 0x18 are flash messages.
/// Pictograms (9) are read as Shift_JIS, whose private characters they are, and JIS (5) as Shift_JIS, which is what is sent under it.
pub const fn meaning(data_coding: u8, default: Charset) -> Meaning {
    let charset = match data_coding {
        0x00 => default,
        0x01 => Charset::Ascii,
        0x02 | 0x04 => Charset::Octets,
        0x03 => Charset::Latin1,
        0x05 | 0x09 => Charset::ShiftJis,
        0x06 => Charset::Cyrillic,
        0x07 => Charset::Hebrew,
        0x08 => Charset::Ucs2,
        0x0a => Charset::Iso2022Jp,
        0x0d => Charset::EucJp,
        0x0e => Charset::EucKr,
        _ => return gsm_group(DataCoding(data_coding), default),
    };
    Meaning { charset, class: None, waiting: None, reserved: false }
}

/// The `data_coding` that names a charset; `None` for those without one (GBK, GB 18030, Big5, UTF-8), which go under a value that the
/// two sides agree on, usually 0. Both forms of the GSM alphabet are 0, the SMSC default alphabet.
pub const fn data_coding(charset: Charset) -> Option<u8> {
    Some(match charset {
        Charset::Gsm7 | Charset::Gsm7Packed => 0x00,
        Charset::Ascii => 0x01,
        Charset::Latin1 => 0x03,
        Charset::Octets => 0x04,
        Charset::ShiftJis => 0x05,
        Charset::Cyrillic => 0x06,
        Charset::Hebrew => 0x07,
        Charset::Ucs2 => 0x08,
        Charset::Iso2022Jp => 0x0a,
        Charset::EucJp => 0x0d,
        Charset::EucKr => 0x0e,
        Charset::Big5 | Charset::Gb18030 | Charset::Gbk | Charset::Utf8 => return None,
    })
}

const fn gsm_group(scheme: DataCoding, default: Charset) -> Meaning {
    let charset = match scheme.coding() {
        Coding::Gsm7 | Coding::Reserved => default,
        Coding::Octets => Charset::Octets,
        Coding::Ucs2 => Charset::Ucs2,
    };
    // SMPP 3.4 reserves 1110xxxx, too, but that is the GSM group of stored indications in UCS-2.
    Meaning { charset, class: scheme.class(), waiting: scheme.waiting(), reserved: scheme.0 < 0xc0 }
}

#[cfg(test)]
mod tests {
    use super::super::Indication;
    use super::*;

    #[test]
    fn charsets_are_read_back() {
        for charset in Charset::ALL {
            if let Some(octet) = data_coding(charset) {
                let expected = if octet == 0 { Charset::Latin1 } else { charset };
                assert_eq!(meaning(octet, Charset::Latin1).charset, expected);
                assert!(!meaning(octet, Charset::Latin1).reserved);
            }
        }
    }

    #[test]
    fn the_gsm_groups_keep_their_meaning() {
        let flash = meaning(0xf0, Charset::Gsm7);
        assert_eq!((flash.charset, flash.class, flash.reserved), (Charset::Gsm7, Some(MessageClass::Flash), false));
        let data = meaning(0xf5, Charset::Gsm7);
        assert_eq!((data.charset, data.class), (Charset::Octets, Some(MessageClass::Phone)));
        let voicemail = Waiting { active: true, indication: Indication::Voicemail, store: false };
        assert_eq!(meaning(0xc8, Charset::Gsm7).waiting, Some(voicemail));
        assert_eq!(meaning(0xe8, Charset::Gsm7).charset, Charset::Ucs2);
    }

    #[test]
    fn reserved_values_are_read_as_customary() {
        let flash = meaning(0x18, Charset::Gsm7);
        assert_eq!((flash.charset, flash.class, flash.reserved), (Charset::Ucs2, Some(MessageClass::Flash), true));
        assert_eq!(meaning(0x10, Charset::Latin1).charset, Charset::Latin1);
        assert!(meaning(0x0f, Charset::Gsm7).reserved);
    }
}
