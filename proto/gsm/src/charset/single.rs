//! US-ASCII and ISO-8859-1: charsets whose octets are the first code points of Unicode.

use crate::text::{Decoded, Unencodable};

pub(super) fn decode_ascii(octets: &[u8]) -> Decoded {
    let char = |octet: &u8| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER };
    Decoded { text: octets.iter().map(char).collect(), lossy: !octets.is_ascii() }
}

pub(super) fn decode_latin1(octets: &[u8]) -> Decoded {
    // Nearly all text is, and is then copied in one piece.
    if octets.is_ascii() {
        return Decoded { text: String::from_utf8_lossy(octets).into_owned(), lossy: false };
    }
    Decoded { text: octets.iter().copied().map(char::from).collect(), lossy: false }
}

/// Encodes text whose code points go up to `last`.
pub(super) fn encode(text: &str, last: u8) -> Result<Vec<u8>, Unencodable> {
    if text.is_ascii() {
        return Ok(text.as_bytes().to_vec());
    }
    let mut octets = Vec::with_capacity(text.len());
    for (index, char) in text.chars().enumerate() {
        match u8::try_from(char) {
            Ok(octet) if octet <= last => octets.push(octet),
            _ => return Err(Unencodable { char, index }),
        }
    }
    Ok(octets)
}
