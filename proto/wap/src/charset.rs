//! Charsets by their MIBenum, the number that WSP and WBXML have them by.

use std::fmt;

use encoding_rs::Encoding;

/// A charset by its MIBenum (IANA character sets registry).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Charset(pub u32);

impl Charset {
    /// US-ASCII.
    pub const US_ASCII: Self = Self(3);
    /// ISO-8859-1.
    pub const ISO_8859_1: Self = Self(4);
    /// UTF-8.
    pub const UTF_8: Self = Self(106);
    /// UCS-2, big-endian.
    pub const UCS_2: Self = Self(1000);
    /// UTF-16, big-endian unless a byte order mark says otherwise.
    pub const UTF_16: Self = Self(1015);

    /// The charset of a name, in any case; `None` if it is not known here.
    pub fn from_name(name: &str) -> Option<Self> {
        CHARSETS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(mib, _)| Self(*mib))
    }

    /// The preferred MIME name; `None` if it is not known here.
    pub fn name(self) -> Option<&'static str> {
        CHARSETS.iter().find(|(mib, _)| *mib == self.0).map(|(_, name)| *name)
    }

    /// Strings end with a NUL of two octets.
    pub const fn is_wide(self) -> bool {
        matches!(self.0, 1000 | 1013..=1015)
    }

    /// The text of octets, with U+FFFD for what is wrong in them; `None` if the charset is not known here. 0 stands for "not said", and
    /// is taken as UTF-8, or as ISO-8859-1 where the octets are not UTF-8.
    pub fn decode(self, octets: &[u8]) -> Option<String> {
        if self.0 == 0 || self == Self::US_ASCII {
            return Some(lenient_text(octets));
        }
        if self.is_wide() {
            return Some(match (self.0, octets) {
                (1014, _) | (1015, [0xff, 0xfe, ..]) => encoding_rs::UTF_16LE.decode(octets).0.into_owned(),
                _ => encoding_rs::UTF_16BE.decode(octets).0.into_owned(),
            });
        }
        let encoding = Encoding::for_label(self.name()?.as_bytes())?;
        Some(encoding.decode_without_bom_handling(octets).0.into_owned())
    }

    /// The octets of text, without a byte order mark; `None` if the charset is not known here or lacks one of the characters.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self.0 {
            1014 => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            1000 if text.chars().any(|char| char.len_utf16() > 1) => None,
            1000 | 1013 | 1015 => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            3 => text.is_ascii().then(|| text.as_bytes().to_vec()),
            4 => text.chars().map(|char| u8::try_from(char).ok()).collect(),
            _ => {
                let (octets, _, lacking) = Encoding::for_label(self.name()?.as_bytes())?.encode(text);
                (!lacking).then(|| octets.into_owned())
            }
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "MIBenum-{}", self.0),
        }
    }
}

/// Text whose charset nobody said: UTF-8, or ISO-8859-1 where it is not.
pub(crate) fn lenient_text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().map(|octet| char::from(*octet)).collect(),
    }
}

/// The preferred name of a charset comes before its others.
const CHARSETS: &[(u32, &str)] = &[
    (3, "us-ascii"),
    (3, "ascii"),
    (4, "iso-8859-1"),
    (4, "latin1"),
    (5, "iso-8859-2"),
    (6, "iso-8859-3"),
    (7, "iso-8859-4"),
    (8, "iso-8859-5"),
    (9, "iso-8859-6"),
    (10, "iso-8859-7"),
    (11, "iso-8859-8"),
    (12, "iso-8859-9"),
    (17, "shift_jis"),
    (18, "euc-jp"),
    (38, "euc-kr"),
    (39, "iso-2022-jp"),
    (106, "utf-8"),
    (106, "utf8"),
    (113, "gbk"),
    (114, "gb18030"),
    (1000, "iso-10646-ucs-2"),
    (1000, "ucs-2"),
    (1013, "utf-16be"),
    (1014, "utf-16le"),
    (1015, "utf-16"),
    (2025, "gb2312"),
    (2026, "big5"),
    (2084, "koi8-r"),
    (2250, "windows-1250"),
    (2251, "windows-1251"),
    (2252, "windows-1252"),
    (2253, "windows-1253"),
    (2254, "windows-1254"),
    (2255, "windows-1255"),
    (2256, "windows-1256"),
    (2257, "windows-1257"),
    (2258, "windows-1258"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_go_by_number_and_by_name() {
        assert_eq!(Charset::from_name("UTF-8"), Some(Charset::UTF_8));
        assert_eq!(Charset(2026).to_string(), "big5");
        assert_eq!((Charset(9).name(), Charset(1).name()), (Some("iso-8859-6"), None));
        assert_eq!(Charset(9999).to_string(), "MIBenum-9999");
    }

    #[test]
    fn every_charset_is_decoded() {
        for (mib, name) in CHARSETS {
            let octets: &[u8] = if Charset(*mib).is_wide() { &[0, 0x41, 0, 0x42] } else { b"AB" };
            let expected = if *mib == 1014 { "\u{4100}\u{4200}" } else { "AB" };
            assert_eq!(Charset(*mib).decode(octets).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(Charset::UTF_16.decode(&[0xff, 0xfe, 0x41, 0]).as_deref(), Some("A"));
        assert_eq!(Charset(0).decode(&[0xe9]).as_deref(), Some("é"));
        assert_eq!(Charset(9999).decode(b"AB"), None);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for (mib, name) in CHARSETS {
            let octets = Charset(*mib).encode("AB").expect(name);
            assert_eq!(Charset(*mib).decode(&octets).as_deref(), Some("AB"), "{name}");
        }
        for (charset, text, octets) in [
            (Charset::ISO_8859_1, "é", Some(vec![0xe9])),
            (Charset::US_ASCII, "é", None),
            (Charset(2026), "你好", Some(vec![0xa7, 0x41, 0xa6, 0x6e])),
            (Charset(17), "あ", Some(vec![0x82, 0xa0])),
            (Charset::ISO_8859_1, "あ", None),
            (Charset(8), "é", None),
            (Charset::UTF_16, "é", Some(vec![0, 0xe9])),
            (Charset::UCS_2, "😀", None),
            (Charset::UTF_16, "😀", Some(vec![0xd8, 0x3d, 0xde, 0])),
            (Charset(9999), "A", None),
        ] {
            assert_eq!(charset.encode(text), octets, "{charset} {text}");
        }
    }
}
