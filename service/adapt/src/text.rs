//! Text: from the charset it came in to one that the phone has.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A charset that can be read and written. The Web's encodings are not quite it: there US-ASCII and ISO-8859-1 are windows-1252, and
/// UTF-16 is only read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Charset {
    Ascii,
    Latin1,
    Ucs2,
    Utf16,
    Other(&'static Encoding),
}

impl Charset {
    /// The charset of an IANA name or alias.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let is = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        if is(&["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "us"]) {
            Some(Self::Ascii)
        } else if is(&["iso-8859-1", "iso_8859-1", "iso8859-1", "latin1", "l1", "iso_8859-1:1987"]) {
            Some(Self::Latin1)
        } else if is(&["utf-16", "utf16", "csutf16"]) {
            Some(Self::Utf16)
        } else if is(&["iso-10646-ucs-2", "ucs-2", "ucs2", "iso-10646-utf-16", "csunicode"]) {
            Some(Self::Ucs2)
        } else if name.eq_ignore_ascii_case("gb2312") {
            Some(Self::Other(encoding_rs::GBK))
        } else {
            Encoding::for_label_no_replacement(name.as_bytes()).map(Self::Other)
        }
    }

    /// The text of octets. What is wrong in them becomes U+FFFD.
    pub(crate) fn read(self, octets: &[u8]) -> Cow<'_, str> {
        match self {
            // Octets above 0x7f are an error in the first, and mean windows-1252 in practice in both.
            Self::Ascii | Self::Latin1 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(octets).0,
            Self::Utf16 | Self::Ucs2 => utf16(octets),
            Self::Other(encoding) => encoding.decode(octets).0,
        }
    }

    /// The octets of a text, and how many characters were replaced.
    pub(crate) fn write(self, text: &str) -> (Vec<u8>, usize) {
        match self {
            Self::Ascii => narrow(text, |c| u8::try_from(c).ok().filter(u8::is_ascii)),
            Self::Latin1 => narrow(text, |c| u8::try_from(c).ok()),
            Self::Utf16 | Self::Ucs2 => wide(text, self == Self::Ucs2),
            Self::Other(encoding) if encoding == UTF_8 => (text.as_bytes().to_vec(), 0),
            Self::Other(encoding) if encoding == UTF_16BE || encoding == UTF_16LE => {
                let units = text.encode_utf16();
                (units.flat_map(|u| if encoding == UTF_16BE { u.to_be_bytes() } else { u.to_le_bytes() }).collect(), 0)
            }
            Self::Other(encoding) => other(text, encoding),
        }
    }

    /// Its usual name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ascii => "us-ascii",
            Self::Latin1 => "iso-8859-1",
            Self::Ucs2 => "iso-10646-ucs-2",
            Self::Utf16 => "utf-16",
            Self::Other(encoding) => encoding.name(),
        }
    }

    pub(crate) const UTF8: Self = Self::Other(UTF_8);
}

/// The charset that text was written in: as named, by its byte order mark, or by what it looks like.
pub(crate) fn of(named: Option<&str>, octets: &[u8]) -> Charset {
    let unmarked = || {
        let marked = matches!(octets, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]);
        match () {
            () if marked => Charset::Utf16,
            () if octets.is_ascii() => Charset::Ascii,
            () if std::str::from_utf8(octets).is_ok() => Charset::UTF8,
            () => Charset::Latin1,
        }
    };
    named.and_then(Charset::named).unwrap_or_else(unmarked)
}

/// Whether a phone that has these charsets can read text as it is.
pub(crate) fn fits(named: Option<&str>, octets: &[u8], phone: &[String]) -> bool {
    match named {
        None => octets.is_ascii(),
        Some(name) => {
            let charset = Charset::named(name);
            // Every phone has US-ASCII, whether it says so or not.
            has(phone, name) || charset.is_some_and(|c| has_charset(phone, c)) || (charset == Some(Charset::Ascii) && octets.is_ascii())
        }
    }
}

fn has(phone: &[String], name: &str) -> bool {
    phone.iter().any(|charset| charset == "*" || charset.eq_ignore_ascii_case(name))
}

fn has_charset(phone: &[String], charset: Charset) -> bool {
    phone.iter().any(|name| Charset::named(name) == Some(charset))
}

/// Text in another charset.
#[derive(Debug, PartialEq)]
pub(crate) struct Written {
    /// The charset's name, as the phone has it.
    pub(crate) charset: String,
    pub(crate) octets: Vec<u8>,
    /// Characters that the charset does not have, and were replaced.
    pub(crate) lost: usize,
}

/// Writes text in a charset that the phone has: UTF-8 where it can, otherwise the first that has every character, or the one that loses the
/// fewest.
pub(crate) fn write(text: &str, phone: &[String]) -> Written {
    if phone.is_empty() && text.is_ascii() {
        return Written { charset: "us-ascii".to_owned(), octets: text.as_bytes().to_vec(), lost: 0 };
    }
    if has_charset(phone, Charset::UTF8) || has(phone, "utf-8") {
        return Written { charset: "utf-8".to_owned(), octets: text.as_bytes().to_vec(), lost: 0 };
    }
    let mut best: Option<Written> = None;
    for name in phone {
        let Some(charset) = Charset::named(name) else { continue };
        let (octets, lost) = charset.write(text);
        if best.as_ref().is_none_or(|best| lost < best.lost) {
            best = Some(Written { charset: name.clone(), octets, lost });
        }
        if lost == 0 {
            break;
        }
    }
    best.unwrap_or_else(|| {
        let (octets, lost) = Charset::Ascii.write(text);
        Written { charset: "us-ascii".to_owned(), octets, lost }
    })
}

/// Cuts text to at most so many octets, at a character, with an ellipsis behind it.
pub(crate) fn cut(octets: &[u8], named: Option<&str>, most: usize) -> Vec<u8> {
    let charset = of(named, octets);
    let text = charset.read(octets);
    let mut chars = text.chars().count();
    loop {
        let kept: String = text.chars().take(chars).chain(['.', '.', '.']).collect();
        let (cut, _) = charset.write(&kept);
        if cut.len() <= most {
            return cut;
        }
        if chars == 0 {
            return Vec::new();
        }
        // In proportion, and one less at least.
        let fewer = (chars as u128 * most as u128 / cut.len() as u128) as usize;
        chars = fewer.min(chars - 1);
    }
}

fn utf16(octets: &[u8]) -> Cow<'_, str> {
    let (octets, little) = match octets {
        [0xfe, 0xff, rest @ ..] => (rest, false),
        [0xff, 0xfe, rest @ ..] => (rest, true),
        // Big-endian by the standard; what is mostly ASCII the other way round shows by its zeros.
        _ => {
            let zeros = |first: usize| octets.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
            (octets, zeros(1) > zeros(0))
        }
    };
    let encoding = if little { UTF_16LE } else { UTF_16BE };
    encoding.decode_without_bom_handling(octets).0
}

/// Big-endian behind a byte order mark.
fn wide(text: &str, only_bmp: bool) -> (Vec<u8>, usize) {
    let (mut octets, mut lost) = (vec![0xfe, 0xff], 0);
    for c in text.chars() {
        let c = if only_bmp && c > '\u{ffff}' {
            lost += 1;
            '?'
        } else {
            c
        };
        octets.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
    }
    (octets, lost)
}

fn narrow(text: &str, octet: impl Fn(u32) -> Option<u8>) -> (Vec<u8>, usize) {
    let (mut octets, mut lost) = (Vec::with_capacity(text.len()), 0);
    for c in text.chars() {
        match octet(c.into()) {
            Some(octet) => octets.push(octet),
            None => {
                lost += 1;
                octets.extend_from_slice(plain(c).as_bytes());
            }
        }
    }
    (octets, lost)
}

fn other(text: &str, encoding: &'static Encoding) -> (Vec<u8>, usize) {
    let mut encoder = encoding.new_encoder();
    let (mut octets, mut lost) = (Vec::with_capacity(text.len() + 16), 0);
    let mut rest = text;
    loop {
        let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len()).unwrap_or(rest.len());
        octets.reserve(room.saturating_add(16));
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut octets, true);
        rest = &rest[read..];
        match result {
            encoding_rs::EncoderResult::InputEmpty => return (octets, lost),
            encoding_rs::EncoderResult::OutputFull => {}
            encoding_rs::EncoderResult::Unmappable(c) => {
                lost += 1;
                octets.extend_from_slice(plain(c).as_bytes());
            }
        }
    }
}

/// What stands for a character in ASCII.
fn plain(c: char) -> &'static str {
    if let Some(letter) = (c as usize).checked_sub(0xc0).and_then(|at| LETTERS.get(at)) {
        return letter;
    }
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => "\"",
        '\u{ab}' => "<<",
        '\u{bb}' => ">>",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2026}' => "...",
        '\u{2022}' | '\u{b7}' => "*",
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => " ",
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{fe0f}' => "",
        '\u{20ac}' => "EUR",
        '\u{2122}' => "TM",
        '\u{a9}' => "(c)",
        '\u{ae}' => "(R)",
        _ => "?",
    }
}

/// U+00C0 to U+00FF.
const LETTERS: [&str; 64] = [
    "A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I", "I", "D", "N", "O", "O", "O", "O", "O", "x", "O", "U", "U",
    "U", "U", "Y", "Th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o",
    "o", "o", "/", "o", "u", "u", "u", "u", "y", "th", "y",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn phone(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn the_first_charset_that_has_everything() {
        let written = write("Grüße", &phone(&["us-ascii", "iso-8859-1", "utf-16"]));
        assert_eq!((written.charset.as_str(), written.octets.as_slice(), written.lost), ("iso-8859-1", &b"Gr\xfc\xdfe"[..], 0));
        let written = write("Ж", &phone(&["us-ascii", "iso-8859-1", "iso-10646-ucs-2"]));
        assert_eq!((written.charset.as_str(), written.octets.as_slice()), ("iso-10646-ucs-2", &b"\xfe\xff\x04\x16"[..]));
        assert_eq!(write("Ж", &phone(&["x-unknown", "utf-8"])).charset, "utf-8");
        let written = write("汉", &phone(&["iso-8859-5", "gb2312"]));
        assert_eq!((written.charset.as_str(), written.octets.as_slice()), ("gb2312", &b"\xba\xba"[..]));
    }

    #[test]
    fn what_a_charset_has_not_is_replaced() {
        let written = write("“Grüße” – 5 € 😀", &phone(&["us-ascii"]));
        assert_eq!((written.octets.as_slice(), written.lost), (&b"\"Grusse\" - 5 EUR ?"[..], 7));
        let written = write("Ж😀", &phone(&["ucs-2"]));
        assert_eq!((written.octets.as_slice(), written.lost), (&b"\xfe\xff\x04\x16\0?"[..], 1));
        assert_eq!(write("é", &phone(&["koi8-r"])).octets, b"e");
        assert_eq!(write("é", &[]).octets, b"e");
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        for octets in [&b"\xfe\xff\0H\0i"[..], b"\xff\xfeH\0i\0", b"\0H\0i", b"H\0i\0"] {
            assert_eq!(Charset::Utf16.read(octets), "Hi", "{octets:02x?}");
        }
        assert_eq!(of(None, b"\xff\xfeH\0"), Charset::Utf16);
        assert_eq!((of(None, b"Hi"), of(None, "Ж".as_bytes()), of(None, b"\xe9")), (Charset::Ascii, Charset::UTF8, Charset::Latin1));
    }

    #[test]
    fn names_and_aliases_fit() {
        let here = phone(&["ISO-8859-1", "utf-8"]);
        assert!(fits(Some("latin1"), b"\xe9", &here) && fits(Some("UTF8"), b"", &here) && fits(None, b"abc", &here));
        assert!(
            fits(Some("us-ascii"), b"abc", &here)
                && !fits(Some("us-ascii"), b"\xe9", &here)
                && !fits(None, b"\xe9", &here)
                && !fits(Some("utf-16"), b"", &here)
        );
        assert!(fits(Some("x-whatever"), b"", &phone(&["*"])));
    }

    #[test]
    fn text_is_cut_at_a_character() {
        assert_eq!(cut("ÄÄÄÄÄÄ".as_bytes(), Some("utf-8"), 8), "ÄÄ...".as_bytes());
        assert_eq!(cut(b"abcdefgh", None, 5), b"ab...");
        assert_eq!(cut(b"\xfe\xff\0a\0b\0c\0d\0e\0f", Some("utf-16"), 12), b"\xfe\xff\0a\0b\0.\0.\0.");
        assert!(cut(b"abcdefgh", None, 1).is_empty());
    }
}
