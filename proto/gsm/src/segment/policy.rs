//! What a carrier takes: the choices that segmentation may make.

use crate::alphabet::Language;
use crate::charset::Charset;

/// How text may be coded and split for a carrier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TextPolicy {
    /// The charsets that may be used, the preferred first. Text goes in the one that takes the fewest segments, and of several in the
    /// first. [`Charset::Gsm7`] is for carriers that take a septet an octet, [`Charset::Gsm7Packed`] for user data of TPDUs.
    pub charsets: Vec<Charset>,
    /// Whether national language tables may be used when the default GSM alphabet lacks a character.
    pub national: National,
    /// The languages whose tables may be used; none means every language.
    pub languages: Vec<Language>,
    /// The message centre turns text into the GSM alphabet on the radio side, whatever charset it came in: usual where Latin-1 or ASCII
    /// goes under SMPP's `data_coding` 0. Then a segment has room for septets (160, not 140 octets), and characters that the default GSM
    /// alphabet lacks are not sent so. Holds for all charsets but UCS-2, data, and the GSM alphabet itself.
    pub transcoded: bool,
    /// Whether characters may be replaced by plain stand-ins (see [`transliterate`](crate::transliterate)). That is done only where it
    /// saves a segment, or where no charset has the text as it is.
    pub transliterate: bool,
    /// Size and number of segments.
    pub limits: Limits,
}

/// Which national language tables may be used (3GPP TS 23.038, 6.2.1.2). Phones of the country can read them; others may not.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum National {
    /// None.
    #[default]
    None,
    /// Single shift tables, which add characters behind the escape.
    Single,
    /// Single shift and locking shift tables, the latter replacing the default alphabet.
    Both,
}

/// Size and number of segments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// How many octets of user data a segment may have with its header: 140 in GSM.
    ///
    /// Text in the GSM alphabet is measured packed, also where it is sent a septet an octet: 140 octets are 160 septets.
    pub capacity_octets: u8,
    /// How the parts of a message are marked.
    pub concat: Concat,
    /// How many segments a message may have.
    pub max_segments: u8,
}

/// How the parts of a message are marked as belonging together.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Concat {
    /// An element with an 8-bit reference in the user data header: 153 septets or 67 characters of UCS-2 a part.
    #[default]
    Udh8,
    /// An element with a 16-bit reference in the user data header: 152 septets or 66 characters of UCS-2 a part.
    Udh16,
    /// Outside of the user data (`sar_msg_ref_num` of SMPP). A part leaves room for the header of [`Concat::Udh8`], which the message
    /// centre adds on the radio side.
    External,
}

impl Default for TextPolicy {
    /// GSM 7-bit, or UCS-2 where that lacks a character; the text is not changed.
    fn default() -> Self {
        Self {
            charsets: vec![Charset::Gsm7, Charset::Ucs2],
            national: National::None,
            languages: Vec::new(),
            transcoded: false,
            transliterate: false,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    /// 140 octets, 8-bit references, as many segments as can be numbered.
    fn default() -> Self {
        Self { capacity_octets: 140, concat: Concat::Udh8, max_segments: u8::MAX }
    }
}

impl Concat {
    /// How many octets of a user data header the marking takes away, the header's length octet not counted.
    pub(super) const fn octets(self) -> usize {
        match self {
            Self::Udh8 | Self::External => 5,
            Self::Udh16 => 6,
        }
    }
}
