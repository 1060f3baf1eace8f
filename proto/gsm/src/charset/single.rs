//! US-ASCII and ISO-8859-1: charsets whose octets are the first code points of Unicode.

use crate::text::{Decoded, Unencodable};

pub(super) fn decode_ascii(octets: &[u8]) -> Decoded {
    let char = |octet: &u8| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER };
    Decoded { text: octets.iter().map(char).collect(), lossy: !octets.is_ascii() }
}

pub(super) fn decode_latin1(octets: &[u8]) -> Decoded {
    Decoded { text: octets.iter().copied().map(char::from).collect(), lossy: false }
}

/// Encodes text whose code points go up to `last`.
pub(super) fn encode(text: &str, last: u8) -> Result<Vec<u8>, Unencodable> {
    let octet = |(index, char): (usize, char)| match u8::try_from(char) {
        Ok(octet) if octet <= last => Ok(octet),
        _ => Err(Unencodable { char, index }),
    };
    text.chars().enumerate().map(octet).collect()
}
