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
