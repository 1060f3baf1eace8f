//! Names of charsets, in the many spellings that specifications, programs and people use.

use std::str::FromStr;

use super::Charset;

/// A name that is no charset this crate knows.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is no known charset; write one of ascii, big5, euc-jp, euc-kr, gb18030, gbk, gsm7, gsm7-packed, iso-2022-jp, iso-8859-1, iso-8859-5, iso-8859-8, octets, shift_jis, ucs2, utf-8"
)]
pub struct UnknownCharset(pub String);

pub(super) const fn of(charset: Charset) -> &'static str {
    match charset {
        Charset::Ascii => "ascii",
        Charset::Big5 => "big5",
        Charset::Cyrillic => "iso-8859-5",
        Charset::EucJp => "euc-jp",
        Charset::EucKr => "euc-kr",
        Charset::Gb18030 => "gb18030",
        Charset::Gbk => "gbk",
        Charset::Gsm7 => "gsm7",
        Charset::Gsm7Packed => "gsm7-packed",
        Charset::Hebrew => "iso-8859-8",
        Charset::Iso2022Jp => "iso-2022-jp",
        Charset::Latin1 => "iso-8859-1",
        Charset::Octets => "octets",
        Charset::ShiftJis => "shift_jis",
        Charset::Ucs2 => "ucs2",
        Charset::Utf8 => "utf-8",
    }
}

/// Octets of the longest name below, and no name is longer.
const LONGEST: usize = 12;

impl FromStr for Charset {
    type Err = UnknownCharset;

    /// Case, spaces, hyphens, underscores, dots, slashes and colons do not matter: `ISO_8859-1` is `iso-8859-1`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        // Messages carry charsets by name, so this is asked for every one of them: nothing is allocated unless the name is wrong.
        let mut plain = [0; LONGEST];
        let mut length = 0;
        for char in name.chars().filter(|char| char.is_alphanumeric()) {
            let (Some(octet), Ok(ascii)) = (plain.get_mut(length), u8::try_from(char)) else { return Err(UnknownCharset(name.to_owned())) };
            *octet = ascii.to_ascii_lowercase();
            length += 1;
        }
        Ok(match std::str::from_utf8(&plain[..length]).unwrap_or_default() {
            "ascii" | "usascii" | "ia5" | "iso646us" => Self::Ascii,
            "big5" | "big5hkscs" | "cp950" => Self::Big5,
            "iso88595" | "cyrillic" => Self::Cyrillic,
            "eucjp" => Self::EucJp,
            "euckr" | "ksc5601" | "ksc56011987" | "cp949" | "uhc" | "korean" => Self::EucKr,
            "gb18030" => Self::Gb18030,
            "gbk" | "gb2312" | "gb" | "cp936" | "chinese" => Self::Gbk,
            "gsm" | "gsm7" | "gsm7bit" | "gsm0338" | "gsm7unpacked" | "3gpp23038" => Self::Gsm7,
            "gsm7packed" | "gsmpacked" | "packed" => Self::Gsm7Packed,
            "iso88598" | "iso88598i" | "hebrew" => Self::Hebrew,
            "iso2022jp" | "jis" => Self::Iso2022Jp,
            "iso88591" | "latin1" | "l1" => Self::Latin1,
            "octets" | "octet" | "binary" | "8bit" => Self::Octets,
            "shiftjis" | "sjis" | "cp932" | "windows31j" | "mskanji" => Self::ShiftJis,
            "ucs2" | "utf16" | "utf16be" | "iso10646ucs2" | "unicode" => Self::Ucs2,
            "utf8" => Self::Utf8,
            _ => return Err(UnknownCharset(name.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for charset in Charset::ALL {
            assert_eq!(charset.to_string().parse(), Ok(charset));
            assert_eq!(charset.name().to_uppercase().parse(), Ok(charset));
        }
    }

    #[test]
    fn usual_spellings_are_understood() {
        let spellings = [
            ("ISO_8859-1", Charset::Latin1),
            ("latin1", Charset::Latin1),
            ("UTF8", Charset::Utf8),
            ("UCS-2", Charset::Ucs2),
            ("utf-16be", Charset::Ucs2),
            ("GSM 7-bit", Charset::Gsm7),
            ("gsm-03.38", Charset::Gsm7),
            ("gsm7_packed", Charset::Gsm7Packed),
            ("Shift_JIS", Charset::ShiftJis),
            ("GB2312", Charset::Gbk),
            ("KS_C_5601-1987", Charset::EucKr),
            ("ISO-10646-UCS-2", Charset::Ucs2),
            ("GSM7 (unpacked)", Charset::Gsm7),
        ];
        for (name, charset) in spellings {
            assert_eq!(name.parse(), Ok(charset), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_told() {
        assert_eq!("windows-1252".parse::<Charset>(), Err(UnknownCharset("windows-1252".to_owned())));
        for name in ["", "ucs2é", "utf8 and whatever else there may be"] {
            assert_eq!(name.parse::<Charset>(), Err(UnknownCharset(name.to_owned())));
        }
        assert!(UnknownCharset("ebcdic".to_owned()).to_string().starts_with("\"ebcdic\" is no known charset"));
    }
}
