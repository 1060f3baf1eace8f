//! Charsets that short messages travel in, under the names that configuration files use.
//!
//! A gateway decodes text once, where it comes in, and encodes it once, where it goes out. This module has one type for all the
//! encodings met on the way: the GSM alphabet (an octet a septet, or packed), Unicode, and the national charsets of SMPP and CMPP.

mod multibyte;
mod name;
mod single;
mod ucs2;

use std::fmt;

use encoding_rs::Encoding;

pub use self::name::UnknownCharset;
use crate::alphabet::{Alphabet, pack};
use crate::text::{Decoded, Encoded, Unencodable};

/// How the octets of a text are to be read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Charset {
    /// US-ASCII (IA5). Octets over 127 have no meaning.
    Ascii,
    /// Big5 with the Hong Kong supplement: traditional Chinese.
    Big5,
    /// ISO-8859-5: Cyrillic.
    Cyrillic,
    /// EUC-JP: Japanese.
    EucJp,
    /// EUC-KR with the Unified Hangul extension: Korean, KS C 5601.
    EucKr,
    /// GB 18030: Chinese, and all of Unicode.
    Gb18030,
    /// GBK: simplified Chinese, a superset of GB 2312.
    Gbk,
    /// The GSM default alphabet, a septet an octet (3GPP TS 23.038, 6.2.1).
    Gsm7,
    /// The GSM default alphabet, eight septets in seven octets, padded with a carriage return where that is needed to tell the length
    /// (3GPP TS 23.038, 6.1.2.3.1). For text behind a user data header use [`pack`], which knows fill bits.
    Gsm7Packed,
    /// ISO-8859-8 in logical order: Hebrew.
    Hebrew,
    /// ISO-2022-JP: Japanese with shift sequences.
    Iso2022Jp,
    /// ISO-8859-1 exactly: 256 characters, octets 0x80 to 0x9f being controls. Not windows-1252.
    Latin1,
    /// No text: octets stand for U+0000 to U+00FF one to one, so that nothing is lost.
    Octets,
    /// Shift_JIS as Windows has it: Japanese.
    ShiftJis,
    /// UTF-16, big-endian. The name is the one of the field; surrogate pairs are read and written.
    Ucs2,
    /// UTF-8.
    Utf8,
}

impl Charset {
    /// Every charset.
    pub const ALL: [Self; 16] = [
        Self::Ascii,
        Self::Big5,
        Self::Cyrillic,
        Self::EucJp,
        Self::EucKr,
        Self::Gb18030,
        Self::Gbk,
        Self::Gsm7,
        Self::Gsm7Packed,
        Self::Hebrew,
        Self::Iso2022Jp,
        Self::Latin1,
        Self::Octets,
        Self::ShiftJis,
        Self::Ucs2,
        Self::Utf8,
    ];

    /// The octets are septets of a GSM alphabet, so that room is counted in septets.
    pub const fn is_septets(self) -> bool {
        matches!(self, Self::Gsm7 | Self::Gsm7Packed)
    }

    /// The octets mean text.
    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Octets)
    }

    /// The text of octets.
    ///
    /// Never fails: what has no meaning becomes U+FFFD and the result lossy. UCS-2 and UTF-8 drop a byte order mark at the start, and
    /// UCS-2 obeys one that says little-endian.
    pub fn decode(self, octets: &[u8]) -> Decoded {
        match self.kind() {
            Kind::Ascii => single::decode_ascii(octets),
            Kind::Latin1 => single::decode_latin1(octets),
            Kind::Septets => Alphabet::DEFAULT.decode(octets),
            Kind::SeptetsPacked => Alphabet::DEFAULT.decode(&pack::unpack_padded(octets)),
            Kind::Table(_) if self == Self::Iso2022Jp => multibyte::decode_iso2022jp(octets),
            Kind::Table(encoding) => multibyte::decode(encoding, octets),
            Kind::Utf16 => ucs2::decode(octets),
            Kind::Utf8 => multibyte::decode_utf8(octets),
        }
    }

    /// The octets of a text.
    ///
    /// A few characters of the Japanese and Chinese charsets have a twin with the same octets (U+00A5 and the backslash of Shift_JIS, for
    /// example), so decoding can give the twin.
    ///
    /// # Errors
    /// The first character that the charset lacks.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, Unencodable> {
        match self.kind() {
            Kind::Ascii => single::encode(text, 0x7f),
            Kind::Latin1 => single::encode(text, 0xff),
            Kind::Septets => Alphabet::DEFAULT.encode(text),
            Kind::SeptetsPacked => Alphabet::DEFAULT.encode(text).map(|septets| pack::pack_padded(&septets)),
            Kind::Table(encoding) => multibyte::encode(encoding, text),
            Kind::Utf16 => Ok(ucs2::encode(text)),
            Kind::Utf8 => Ok(text.as_bytes().to_vec()),
        }
    }

    /// The octets of a text, a question mark standing for each character that the charset lacks.
    pub fn encode_lossy(self, text: &str) -> Encoded {
        match self.encode(text) {
            Ok(octets) => Encoded { octets, replaced: 0 },
            Err(_) => {
                let mut replaced = 0;
                let substitute = |char: char| {
                    if self.has(char) {
                        return char;
                    }
                    replaced += 1;
                    '?'
                };
                let text: String = text.chars().map(substitute).collect();
                // Every charset has the question mark, so this does not fail again.
                Encoded { octets: self.encode(&text).unwrap_or_default(), replaced }
            }
        }
    }

    /// The charset has the character.
    pub fn has(self, char: char) -> bool {
        self.octets_of(char).is_some()
    }

    /// How many octets (before packing) a character takes by itself, if the charset has it.
    pub(crate) fn octets_of(self, char: char) -> Option<usize> {
        match self.kind() {
            Kind::Ascii => char.is_ascii().then_some(1),
            Kind::Latin1 => u8::try_from(char).is_ok().then_some(1),
            Kind::Septets | Kind::SeptetsPacked => Alphabet::DEFAULT.septets_of(char),
            Kind::Table(encoding) => multibyte::octets_of(encoding, char),
            Kind::Utf16 => Some(char.len_utf16() * 2),
            Kind::Utf8 => Some(char.len_utf8()),
        }
    }

    /// The name, as configuration files spell it; one of many spellings that parsing takes.
    pub const fn name(self) -> &'static str {
        name::of(self)
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Ascii => Kind::Ascii,
            Self::Big5 => Kind::Table(encoding_rs::BIG5),
            Self::Cyrillic => Kind::Table(encoding_rs::ISO_8859_5),
            Self::EucJp => Kind::Table(encoding_rs::EUC_JP),
            Self::EucKr => Kind::Table(encoding_rs::EUC_KR),
            Self::Gb18030 => Kind::Table(encoding_rs::GB18030),
            Self::Gbk => Kind::Table(encoding_rs::GBK),
            Self::Gsm7 => Kind::Septets,
            Self::Gsm7Packed => Kind::SeptetsPacked,
            Self::Hebrew => Kind::Table(encoding_rs::ISO_8859_8),
            Self::Iso2022Jp => Kind::Table(encoding_rs::ISO_2022_JP),
            Self::Latin1 | Self::Octets => Kind::Latin1,
            Self::ShiftJis => Kind::Table(encoding_rs::SHIFT_JIS),
            Self::Ucs2 => Kind::Utf16,
            Self::Utf8 => Kind::Utf8,
        }
    }
}

/// Who does the work for a charset.
enum Kind {
    Ascii,
    Latin1,
    Septets,
    SeptetsPacked,
    Table(&'static Encoding),
    Utf16,
    Utf8,
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn known_vectors() {
        let vectors: [(Charset, &str, &[u8]); 16] = [
            (Charset::Ascii, "A~", b"A~"),
            (Charset::Big5, "中文", &[0xa4, 0xa4, 0xa4, 0xe5]),
            (Charset::Cyrillic, "Привет", &[0xbf, 0xe0, 0xd8, 0xd2, 0xd5, 0xe2]),
            (Charset::EucJp, "日本", &[0xc6, 0xfc, 0xcb, 0xdc]),
            (Charset::EucKr, "한국", &[0xc7, 0xd1, 0xb1, 0xb9]),
            (Charset::Gb18030, "中😀", &[0xd6, 0xd0, 0x94, 0x39, 0xfc, 0x36]),
            (Charset::Gbk, "中文", &[0xd6, 0xd0, 0xce, 0xc4]),
            (Charset::Gsm7, "@€", &[0x00, 0x1b, 0x65]),
            (Charset::Gsm7Packed, "hellohello", &[0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37]),
            (Charset::Hebrew, "שלום", &[0xf9, 0xec, 0xe5, 0xed]),
            (Charset::Iso2022Jp, "日本", &[0x1b, b'$', b'B', 0x46, 0x7c, 0x4b, 0x5c, 0x1b, b'(', b'B']),
            (Charset::Latin1, "é\u{80}ÿ", &[0xe9, 0x80, 0xff]),
            (Charset::Octets, "\u{0}\u{ff}", &[0x00, 0xff]),
            (Charset::ShiftJis, "日本ｱ", &[0x93, 0xfa, 0x96, 0x7b, 0xb1]),
            (Charset::Ucs2, "é😀", &[0x00, 0xe9, 0xd8, 0x3d, 0xde, 0x00]),
            (Charset::Utf8, "é", &[0xc3, 0xa9]),
        ];
        for (charset, text, octets) in vectors {
            assert_eq!(charset.encode(text).unwrap(), octets, "{charset}");
            assert_eq!(charset.decode(octets), Decoded { text: text.to_owned(), lossy: false }, "{charset}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_lossy() {
        let lossy: [(Charset, &[u8], &str); 8] = [
            (Charset::Ascii, &[0x41, 0xe9], "A\u{fffd}"),
            (Charset::Ucs2, &[0x00, 0x41, 0x00], "A\u{fffd}"),
            (Charset::Ucs2, &[0xd8, 0x3d, 0x00, 0x41], "\u{fffd}A"),
            (Charset::Ucs2, &[0xde, 0x00], "\u{fffd}"),
            (Charset::Utf8, &[0x41, 0xe9], "A\u{fffd}"),
            (Charset::Gbk, &[0x41, 0xd6], "A\u{fffd}"),
            (Charset::Hebrew, &[0xd9], "\u{fffd}"),
            (Charset::Gsm7, &[0x41, 0x1b], "A "),
        ];
        for (charset, octets, text) in lossy {
            assert_eq!(charset.decode(octets), Decoded { text: text.to_owned(), lossy: true }, "{charset}");
        }
    }

    #[test]
    fn joined_parts_of_iso_2022_jp_are_read() {
        let part = Charset::Iso2022Jp.encode("日本").unwrap();
        let joined = [part.clone(), part].concat();
        assert_eq!(Charset::Iso2022Jp.decode(&joined), Decoded { text: "日本日本".to_owned(), lossy: false });
    }

    #[test]
    fn byte_order_marks_are_obeyed_and_dropped() {
        assert_eq!(Charset::Ucs2.decode(&[0xfe, 0xff, 0x00, 0x41]).text, "A");
        assert_eq!(Charset::Ucs2.decode(&[0xff, 0xfe, 0x41, 0x00]).text, "A");
        assert_eq!(Charset::Utf8.decode(&[0xef, 0xbb, 0xbf, 0x41]).text, "A");
    }

    #[test]
    fn unencodable_characters_are_named_or_replaced() {
        for charset in Charset::ALL {
            assert!(charset.has('?') && charset.has('A'), "{charset}");
            if !charset.has('😀') {
                assert_eq!(charset.encode("ab😀"), Err(Unencodable { char: '😀', index: 2 }), "{charset}");
                let encoded = charset.encode_lossy("ab😀c");
                assert_eq!(encoded.replaced, 1);
                assert_eq!(charset.decode(&encoded.octets).text, "ab?c");
            }
        }
        assert_eq!(Charset::Latin1.encode("€"), Err(Unencodable { char: '€', index: 0 }));
    }
}
