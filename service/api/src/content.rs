//! Putting content into a message: what all the HTTP doors have in common.

use bytes::Bytes;
use waxwing_core::Message;
use waxwing_gsm::alphabet::Alphabet;
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::{Coding, DataCoding};
use waxwing_gsm::transliterate::transliterate;
use waxwing_gsm::udh::{Element, UserDataHeader};

/// data_coding of 8-bit data and of UCS-2 (SMPP 3.4, 5.2.19).
pub(crate) const OCTETS: u32 = 4;
pub(crate) const UCS2: u32 = 8;
/// esm_class: reply path (SMPP 3.4, 5.2.12).
pub(crate) const REPLY_PATH: u32 = 0x80;
/// Longest user data header with its length octet.
const MAX_UDH: usize = 140;

/// Which alphabet the submitter wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The shortest that can carry the text unchanged.
    #[default]
    Auto,
    /// GSM 7-bit; other characters by their plain stand-ins.
    Gsm7,
    /// UCS-2.
    Ucs2,
}

/// Makes a text of it.
///
/// # Errors
/// When GSM 7-bit is wanted and a character has no stand-in in it.
pub(crate) fn put_text(m: &mut Message, text: String, wish: Wish) -> Result<(), String> {
    let in_gsm = |c: char| Alphabet::DEFAULT.septets_of(c).is_some();
    m.text = Some(match wish {
        Wish::Gsm7 => transliterate(&text, in_gsm).ok_or_else(|| match text.chars().find(|&c| !in_gsm(c)) {
            Some(c) => format!("{c:?} (U+{:04X}) is not in the GSM 7-bit alphabet; choose encoding auto or ucs2", u32::from(c)),
            None => "the text does not fit the GSM 7-bit alphabet".to_owned(),
        })?,
        Wish::Auto | Wish::Ucs2 => text,
    });
    m.data_coding = if wish == Wish::Ucs2 { UCS2 } else { 0 };
    Ok(())
}

/// Makes user data of it: the header (with its length octet, or empty), then the octets.
pub(crate) fn put_octets(m: &mut Message, udh: &[u8], octets: &[u8], data_coding: u32) {
    m.text = None;
    m.payload = Bytes::from([udh, octets].concat());
    m.udhi = !udh.is_empty();
    m.data_coding = data_coding;
}

/// A text whose data coding octet says more than alphabet and class (a message waiting indication, deletion, compression): encoded here,
/// because only octets carry a data coding unchanged.
///
/// # Errors
/// When the alphabet that it names lacks a character.
pub(crate) fn put_text_with_dcs(m: &mut Message, udh: &[u8], text: String, dcs: DataCoding) -> Result<(), String> {
    let plain = dcs == DataCoding::new(dcs.coding(), dcs.class()) || (dcs.0 >> 4 == 0xf && dcs.coding() != Coding::Octets);
    if plain && dcs.coding() != Coding::Octets {
        m.class = dcs.class().map_or(0, |c| c as u32 + 1);
        m.udh = Bytes::copy_from_slice(udh);
        let wish = if dcs.coding() == Coding::Ucs2 { Wish::Ucs2 } else { Wish::Auto };
        return put_text(m, text, wish);
    }
    let charset = match dcs.coding() {
        Coding::Ucs2 => Charset::Ucs2,
        Coding::Octets => Charset::Latin1,
        Coding::Gsm7 | Coding::Reserved => Charset::Gsm7,
    };
    let octets = charset.encode(&text).map_err(|e| e.to_string())?;
    put_octets(m, udh, &octets, u32::from(dcs.0));
    Ok(())
}

/// Hexadecimal digits, in either case, spaces ignored.
///
/// # Errors
/// With what is wrong.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, String> {
    let mut digits = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let digit = c.to_digit(16).and_then(|d| u8::try_from(d).ok());
        digits.push(digit.ok_or_else(|| format!("{c:?} at position {at} is not a hexadecimal digit"))?);
    }
    if digits.len() % 2 != 0 {
        return Err(format!("{} hexadecimal digits are no whole octets", digits.len()));
    }
    Ok(digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]).collect())
}

/// Octets as hexadecimal digits, lower case.
pub(crate) fn to_hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut s, b| {
        for d in [b >> 4, b & 15] {
            s.extend(char::from_digit(u32::from(d), 16));
        }
        s
    })
}

/// A user data header that begins with its length octet.
///
/// # Errors
/// When that octet does not tell its length.
pub(crate) fn check_udh(udh: &[u8]) -> Result<(), String> {
    match udh.first() {
        None => Ok(()),
        Some(&len) if usize::from(len) + 1 == udh.len() && udh.len() <= MAX_UDH => Ok(()),
        Some(&len) => Err(format!(
            "the header's length octet says {len}, but {} octets follow it; write the header with its length first, such as 06050415811581",
            udh.len() - 1
        )),
    }
}

/// A header with 16-bit application ports, added to one that may be there (3GPP TS 23.040, 9.2.3.24.4).
///
/// # Errors
/// When the header cannot be read or has no room.
pub(crate) fn with_ports(udh: &[u8], destination: u16, source: u16) -> Result<Vec<u8>, String> {
    let mut header = UserDataHeader::new();
    if !udh.is_empty() {
        let (parsed, _) = UserDataHeader::parse(udh).map_err(|e| e.to_string())?;
        header = parsed.without(|e| matches!(e, Element::Ports8 { .. } | Element::Ports16 { .. }));
    }
    header.push(Element::Ports16 { destination, source }).map_err(|e| e.to_string())?;
    Ok(header.encode())
}

/// Octets of a text in a named charset.
///
/// # Errors
/// When the charset is unknown or the octets are no text in it.
pub(crate) fn decode(octets: &[u8], charset: &str) -> Result<String, String> {
    let plain: String = charset.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if matches!(plain.as_str(), "" | "utf8") {
        return match std::str::from_utf8(octets) {
            Ok(s) => Ok(s.to_owned()),
            Err(e) => Err(format!("it is not UTF-8 at octet {}; name its charset, such as iso-8859-1", e.valid_up_to())),
        };
    }
    let ours: Option<Charset> = charset.parse().ok();
    // The names mean big-endian here and in Kannel; on the web they would mean little-endian.
    let web = if matches!(ours, Some(Charset::Ucs2)) { None } else { encoding_rs::Encoding::for_label(charset.as_bytes()) };
    if let Some(encoding) = web {
        let (text, _, lossy) = encoding.decode(octets);
        return if lossy { Err(format!("it is not {charset}")) } else { Ok(text.into_owned()) };
    }
    let decoded = ours.filter(|c| c.is_text()).ok_or_else(|| format!("{charset:?} is no known charset"))?.decode(octets);
    if decoded.lossy { Err(format!("it is not {charset}")) } else { Ok(decoded.text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hexadecimal_is_read_and_written() {
        assert_eq!(hex("06 05\n0fA0").unwrap(), [6, 5, 15, 160]);
        assert_eq!(to_hex(&[6, 5, 15, 160]), "06050fa0");
        assert!(hex("0").unwrap_err().contains("whole octets"));
        assert!(hex("0g").unwrap_err().contains("position 1"));
    }

    #[test]
    fn charsets_by_the_names_that_clients_use() {
        assert_eq!(decode(b"\xe9\x80", "iso-8859-1").unwrap(), "é€");
        assert_eq!(decode(b"\x4e\x2d", "UTF-16BE").unwrap(), "中");
        assert_eq!(decode(b"\xa4\xa4", "big5").unwrap(), "中");
        assert!(decode(b"\xff", "utf-8").unwrap_err().contains("octet 0"));
        assert!(decode(b"x", "klingon").unwrap_err().contains("klingon"));
    }

    #[test]
    fn ports_join_a_header() {
        assert_eq!(with_ports(&[], 2948, 9200).unwrap(), [6, 5, 4, 0x0b, 0x84, 0x23, 0xf0]);
        let both = with_ports(&[3, 0x24, 1, 1], 1, 2).unwrap();
        check_udh(&both).unwrap();
        assert_eq!(both.len(), 10);
        assert!(check_udh(&[6, 5]).is_err());
    }

    #[test]
    fn a_waiting_indication_keeps_its_data_coding() {
        let mut m = Message::default();
        put_text_with_dcs(&mut m, &[], "2 new".into(), DataCoding(0xc8)).unwrap();
        assert_eq!((m.data_coding, &m.payload[..], m.text.is_none()), (0xc8, &b"2 new"[..], true));
        let mut m = Message::default();
        put_text_with_dcs(&mut m, &[], "now".into(), DataCoding(0x10)).unwrap();
        assert_eq!((m.class, m.text.as_deref()), (1, Some("now")));
        let mut m = Message::default();
        put_text_with_dcs(&mut m, &[], "now".into(), DataCoding(0xf0)).unwrap();
        assert_eq!(m.class, 1);
    }

    #[test]
    fn gsm_wishes_transliterate_or_fail() {
        let mut m = Message::default();
        put_text(&mut m, "“a”".into(), Wish::Gsm7).unwrap();
        assert_eq!(m.text.as_deref(), Some("\"a\""));
        assert!(put_text(&mut m, "中".into(), Wish::Gsm7).unwrap_err().contains("U+4E2D"));
    }
}
