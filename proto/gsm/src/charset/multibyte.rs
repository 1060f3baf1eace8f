//! The national charsets, whose tables come from `encoding_rs`.

use encoding_rs::{EncoderResult, Encoding};

use crate::text::{Decoded, Unencodable};

pub(super) fn decode(encoding: &'static Encoding, octets: &[u8]) -> Decoded {
    let (text, lossy) = encoding.decode_without_bom_handling(octets);
    Decoded { text: text.into_owned(), lossy }
}

pub(super) fn decode_utf8(octets: &[u8]) -> Decoded {
    let (text, lossy) = encoding_rs::UTF_8.decode_with_bom_removal(octets);
    Decoded { text: text.into_owned(), lossy }
}

/// ISO-2022-JP, with shift sequences side by side taken for the last of them. Joined parts of a message have them, each part ending as it
/// began; the decoder takes them for an attempt to hide something.
pub(super) fn decode_iso2022jp(octets: &[u8]) -> Decoded {
    let is_shift = |octets: &[u8]| matches!(octets, [0x1b, b'(', b'B' | b'I' | b'J', ..] | [0x1b, b'$', b'@' | b'B', ..]);
    let mut needed = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((octet, after)) = rest.split_first() {
        match rest.split_at_checked(3) {
            Some((shift, next)) if is_shift(shift) && is_shift(next) => rest = next,
            _ => {
                needed.push(*octet);
                rest = after;
            }
        }
    }
    decode(encoding_rs::ISO_2022_JP, &needed)
}

pub(super) fn encode(encoding: &'static Encoding, text: &str) -> Result<Vec<u8>, Unencodable> {
    let mut encoder = encoding.new_encoder();
    let mut octets = Vec::with_capacity(text.len() + 16);
    let mut read = 0;
    loop {
        let rest = text.get(read..).unwrap_or_default();
        let (result, consumed) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut octets, true);
        read += consumed;
        match result {
            EncoderResult::InputEmpty => return Ok(octets),
            EncoderResult::OutputFull => octets.reserve(rest.len() + 16),
            EncoderResult::Unmappable(char) => {
                let before = text.get(..read).unwrap_or_default();
                return Err(Unencodable { char, index: before.chars().count().saturating_sub(1) });
            }
        }
    }
}

/// How many octets a character takes by itself, shift sequences included.
pub(super) fn octets_of(encoding: &'static Encoding, char: char) -> Option<usize> {
    if char.is_ascii_graphic() || char == ' ' {
        return Some(1);
    }
    // The longest single character is one of ISO-2022-JP: two octets between two shift sequences of three.
    let mut octets = [0; 16];
    let mut text = [0; 4];
    let (result, _, written) = encoding.new_encoder().encode_from_utf8_without_replacement(char.encode_utf8(&mut text), &mut octets, true);
    matches!(result, EncoderResult::InputEmpty).then_some(written)
}
