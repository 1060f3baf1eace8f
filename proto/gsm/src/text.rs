//! What decoding and encoding of text answer, common to the septet alphabets and the octet charsets.

/// Text read from octets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Decoded {
    /// The text. What had no meaning stands as U+FFFD, or as a space where 3GPP TS 23.038 demands one.
    pub text: String,
    /// Something was not understood, so encoding the text again need not give the same octets.
    pub lossy: bool,
}

/// Octets made from text by an encoder that replaces what it cannot carry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Encoded {
    /// The octets.
    pub octets: Vec<u8>,
    /// How many characters were replaced.
    pub replaced: usize,
}

/// A character that the chosen alphabet or charset does not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("character {char:?} (U+{code:04X}) at position {index} can't be encoded; choose another charset or transliterate the text", code = *char as u32)]
pub struct Unencodable {
    /// The character.
    pub char: char,
    /// Its position in the text, counted in characters from 0.
    pub index: usize,
}
