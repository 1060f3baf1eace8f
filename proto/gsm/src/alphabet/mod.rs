//! The GSM 7-bit alphabets: text to septets and back (3GPP TS 23.038, section 6.2.1 and annex A).
//!
//! An alphabet is a pair of tables: the basic one, which a *locking shift* element of the user data header can replace, and the one
//! behind the escape 0x1b, which a *single shift* element can replace. Septets stand one to an octet here; [`pack`] squeezes them.

mod index;
mod language;
pub mod pack;
mod tables;

use self::index::Index;
pub use self::language::{Language, UnknownLanguage};
use crate::text::{Decoded, Encoded, Unencodable};

/// The septet that announces a character of the extension or single shift table.
pub const ESCAPE: u8 = 0x1b;

/// A GSM 7-bit alphabet: the default one, or one with national language tables.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Alphabet {
    /// Whose locking shift table stands in for the default alphabet. Spanish has no such table and leaves the default in place.
    pub locking: Option<Language>,
    /// Whose single shift table stands in for the default extension table.
    pub single: Option<Language>,
}

impl Alphabet {
    /// The default alphabet and its extension table: what a message without a user data header uses.
    pub const DEFAULT: Self = Self { locking: None, single: None };

    /// The alphabet that a pair of language identifiers selects, as elements 0x25 (locking) and 0x24 (single) of a user data header
    /// carry them. Reserved identifiers leave the default table in place (3GPP TS 23.038, 6.2.1.2.4).
    pub fn from_identifiers(locking: u8, single: u8) -> Self {
        Self { locking: Language::from_identifier(locking), single: Language::from_identifier(single) }
    }

    /// Neither table is a national one.
    pub fn is_default(self) -> bool {
        self == Self::DEFAULT
    }

    /// How many septets a character takes: 1, 2 (behind the escape), or `None` if the alphabet lacks it.
    pub fn septets_of(self, char: char) -> Option<usize> {
        Tables::of(self).septets_of(char)
    }

    /// How many septets a text takes.
    ///
    /// # Errors
    /// The first character that the alphabet lacks.
    pub fn septet_count(self, text: &str) -> Result<usize, Unencodable> {
        let tables = Tables::of(self);
        text.chars()
            .enumerate()
            .try_fold(0, |sum, (index, char)| tables.septets_of(char).map(|septets| sum + septets).ok_or(Unencodable { char, index }))
    }

    /// The septets of a text, one to an octet.
    ///
    /// # Errors
    /// The first character that the alphabet lacks.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, Unencodable> {
        let tables = Tables::of(self);
        let mut septets = Vec::with_capacity(text.len());
        for (index, char) in text.chars().enumerate() {
            if !tables.push(char, &mut septets) {
                return Err(Unencodable { char, index });
            }
        }
        Ok(septets)
    }

    /// The septets of a text, a question mark standing for each character that the alphabet lacks.
    pub fn encode_lossy(self, text: &str) -> Encoded {
        let tables = Tables::of(self);
        let mut encoded = Encoded { octets: Vec::with_capacity(text.len()), replaced: 0 };
        for char in text.chars() {
            if !tables.push(char, &mut encoded.octets) {
                tables.push('?', &mut encoded.octets);
                encoded.replaced += 1;
            }
        }
        encoded
    }

    /// The text of septets, one to an octet.
    ///
    /// Lenient, as the standard demands of receivers (3GPP TS 23.038, 6.2.1 and 6.2.1.1): behind the escape, a septet without a
    /// character in the extension table stands for the character of the basic table; a second escape, and an escape at the end, for a
    /// space. Reserved septets, and octets over 127, become U+FFFD. Each of these makes the result lossy.
    pub fn decode(self, septets: &[u8]) -> Decoded {
        let tables = Tables::of(self);
        let mut decoded = Decoded { text: String::with_capacity(septets.len()), lossy: false };
        let mut rest = septets.iter().copied();
        while let Some(septet) = rest.next() {
            let char = if septet == ESCAPE {
                match rest.next() {
                    None | Some(ESCAPE) => {
                        decoded.lossy = true;
                        Some(' ')
                    }
                    Some(second) => tables.single.char(second).or_else(|| {
                        decoded.lossy = true;
                        tables.locking.char(second)
                    }),
                }
            } else {
                tables.locking.char(septet)
            };
            decoded.lossy |= char.is_none();
            decoded.text.push(char.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        decoded
    }
}

/// The two tables of an alphabet, looked up once a text.
pub(crate) struct Tables {
    locking: &'static Index,
    single: &'static Index,
}

impl Tables {
    pub(crate) fn of(alphabet: Alphabet) -> Self {
        Self { locking: index::locking(alphabet.locking), single: index::single(alphabet.single) }
    }

    /// How many septets a character takes, if the alphabet has it.
    pub(crate) fn septets_of(&self, char: char) -> Option<usize> {
        self.locking.septet(char).map(|_| 1).or_else(|| self.single.septet(char).map(|_| 2))
    }

    /// Appends a character; false if the alphabet lacks it.
    fn push(&self, char: char, septets: &mut Vec<u8>) -> bool {
        if let Some(septet) = self.locking.septet(char) {
            septets.push(septet);
        } else if let Some(septet) = self.single.septet(char) {
            septets.extend([ESCAPE, septet]);
        } else {
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every table, by itself and with the other one of its language.
    fn alphabets() -> impl Iterator<Item = Alphabet> {
        let of = |language| {
            let some = Some(language);
            [(some, None), (None, some), (some, some)].map(|(locking, single)| Alphabet { locking, single })
        };
        std::iter::once(Alphabet::DEFAULT).chain(Language::ALL.into_iter().flat_map(of))
    }

    #[test]
    fn the_default_alphabet_is_that_of_the_standard() {
        let text = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        let septets: Vec<u8> = (0..128).filter(|septet| *septet != ESCAPE).collect();
        assert_eq!(Alphabet::DEFAULT.encode(text).unwrap(), septets);
        assert_eq!(Alphabet::DEFAULT.decode(&septets), Decoded { text: text.to_owned(), lossy: false });
    }

    #[test]
    fn the_extension_table_is_that_of_the_standard() {
        let pairs = [
            ('\u{c}', 0x0a),
            ('^', 0x14),
            ('{', 0x28),
            ('}', 0x29),
            ('\\', 0x2f),
            ('[', 0x3c),
            ('~', 0x3d),
            (']', 0x3e),
            ('|', 0x40),
            ('€', 0x65),
        ];
        for (char, septet) in pairs {
            assert_eq!(Alphabet::DEFAULT.encode(&char.to_string()).unwrap(), [ESCAPE, septet]);
            assert_eq!(Alphabet::DEFAULT.decode(&[ESCAPE, septet]).text, char.to_string());
        }
        let all = (0..=0xffff).filter_map(char::from_u32).filter(|char| Alphabet::DEFAULT.septets_of(*char) == Some(2)).count();
        assert_eq!(all, pairs.len());
    }

    #[test]
    fn every_character_of_every_alphabet_comes_back() {
        let mut seen = 0;
        for alphabet in alphabets() {
            for char in (0..=0xffff).filter_map(char::from_u32) {
                if let Some(count) = alphabet.septets_of(char) {
                    let text = char.to_string();
                    let septets = alphabet.encode(&text).unwrap();
                    assert_eq!(septets.len(), count, "{alphabet:?} {char:?}");
                    assert_eq!(alphabet.decode(&septets), Decoded { text, lossy: false }, "{alphabet:?}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 40 * 110, "{seen} characters in 40 alphabets");
    }

    #[test]
    fn every_septet_of_every_table_is_encodable() {
        for alphabet in alphabets() {
            for septet in (0..128).filter(|septet| *septet != ESCAPE) {
                for septets in [vec![septet], vec![ESCAPE, septet]] {
                    let decoded = alphabet.decode(&septets);
                    if !decoded.lossy {
                        assert!(alphabet.septet_count(&decoded.text).is_ok(), "{alphabet:?} {septets:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn national_tables_carry_their_languages() {
        let both = |language| Alphabet { locking: Some(language), single: Some(language) };
        let single = |language| Alphabet { locking: None, single: Some(language) };
        assert_eq!(single(Language::Turkish).encode("ğİ").unwrap(), [0x1b, 0x67, 0x1b, 0x49]);
        assert_eq!(single(Language::Spanish).encode("áç").unwrap(), [0x1b, 0x61, 0x1b, 0x09]);
        assert_eq!(both(Language::Turkish).encode("€ğ").unwrap(), [0x04, 0x0c]);
        assert_eq!(both(Language::Portuguese).encode("ãõ∞").unwrap(), [0x7b, 0x7c, 0x15]);
        assert_eq!(both(Language::Hindi).encode("नमस्ते").unwrap(), [0x2f, 0x42, 0x4c, 0x5f, 0x27, 0x59]);
        assert_eq!(both(Language::Kannada).decode(&[0x24]).text, "ಡ");
        assert_eq!(both(Language::Urdu).encode("سلام ۴").unwrap(), [0x3d, 0x4d, 0x00, 0x4e, 0x20, 0x1b, 0x20]);
        assert_eq!(both(Language::Tamil).decode(&[ESCAPE, 0x24]).text, "௮");
    }

    #[test]
    fn unknown_septets_are_shown_as_the_standard_says() {
        let decode = |septets: &[u8]| Alphabet::DEFAULT.decode(septets);
        let lossy = |text: &str| Decoded { text: text.to_owned(), lossy: true };
        assert_eq!(decode(&[ESCAPE, 0x41]), lossy("A"), "no such extension: the basic character");
        assert_eq!(decode(&[0x41, ESCAPE]), lossy("A "), "escape at the end");
        assert_eq!(decode(&[ESCAPE, ESCAPE, 0x41]), lossy(" A"), "reserved for a further extension table");
        assert_eq!(decode(&[0x80, 0xff]), lossy("\u{fffd}\u{fffd}"), "not septets");
        let bengali = Alphabet { locking: Some(Language::Bengali), single: None };
        assert_eq!(bengali.decode(&[0x0c]), lossy("\u{fffd}"), "reserved");
    }

    #[test]
    fn what_cannot_be_encoded_is_named() {
        assert_eq!(Alphabet::DEFAULT.encode("aé→"), Err(Unencodable { char: '→', index: 2 }));
        assert_eq!(Alphabet::DEFAULT.encode_lossy("a→€"), Encoded { octets: vec![0x61, 0x3f, 0x1b, 0x65], replaced: 1 });
        let error = Unencodable { char: '→', index: 2 };
        assert_eq!(
            error.to_string(),
            "character '→' (U+2192) at position 2 can't be encoded; choose another charset or transliterate the text"
        );
    }

    #[test]
    fn languages_are_known_by_name_and_identifier() {
        for (language, identifier) in Language::ALL.into_iter().zip(1..) {
            assert_eq!(language.identifier(), identifier);
            assert_eq!(Language::from_identifier(identifier), Some(language));
            assert_eq!(language.to_string().to_uppercase().parse(), Ok(language));
        }
        assert_eq!(Language::from_identifier(0), None);
        assert_eq!(Language::from_identifier(14), None);
        assert!("klingon".parse::<Language>().is_err());
    }
}
