//! UTF-16, big-endian: what SMS calls UCS-2 and every phone reads and writes as UTF-16.

use crate::text::Decoded;

pub(super) fn decode(octets: &[u8]) -> Decoded {
    let (octets, little_endian) = match octets {
        [0xfe, 0xff, rest @ ..] => (rest, false),
        [0xff, 0xfe, rest @ ..] => (rest, true),
        _ => (octets, false),
    };
    let (pairs, odd) = octets.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| if little_endian { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    let mut decoded = Decoded { text: String::with_capacity(octets.len()), lossy: !odd.is_empty() };
    for char in char::decode_utf16(pairs.iter().map(unit)) {
        decoded.lossy |= char.is_err();
        decoded.text.push(char.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !odd.is_empty() {
        decoded.text.push(char::REPLACEMENT_CHARACTER);
    }
    decoded
}

pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(2 * text.encode_utf16().count());
    for unit in text.encode_utf16() {
        octets.extend_from_slice(&unit.to_be_bytes());
    }
    octets
}
