//! A charset with a GSM alphabet, and how much room its characters take.

use crate::alphabet::{Alphabet, Tables, pack};
use crate::charset::Charset;
use crate::text::{Decoded, Unencodable};
use crate::udh::Element;

/// How the text of a message is coded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TextCoding {
    /// The charset.
    pub charset: Charset,
    /// The alphabet, if the charset is one of septets; the default alphabet otherwise.
    pub alphabet: Alphabet,
    /// The message centre turns the text into the default GSM alphabet, so that room is counted in septets.
    pub transcoded: bool,
}

impl TextCoding {
    /// A charset that goes to the phone as it is; septets of the default alphabet.
    pub const fn plain(charset: Charset) -> Self {
        Self { charset, alphabet: Alphabet::DEFAULT, transcoded: false }
    }

    /// A charset as carried under a policy that says whether the message centre transcodes; it leaves Unicode, data, and what has the
    /// GSM alphabet already, as they are.
    pub(super) const fn of(charset: Charset, transcoded: bool) -> Self {
        let fixed = matches!(charset, Charset::Gsm7 | Charset::Gsm7Packed | Charset::Octets | Charset::Ucs2);
        Self { charset, alphabet: Alphabet::DEFAULT, transcoded: transcoded && !fixed }
    }

    /// The text of a payload without its header. Parts are to be joined first, for senders do split characters; and packed septets behind
    /// a header are to be unpacked first, for they begin behind fill bits.
    pub fn decode(self, payload: &[u8]) -> Decoded {
        match self.charset {
            Charset::Gsm7 => self.alphabet.decode(payload),
            Charset::Gsm7Packed => self.alphabet.decode(&pack::unpack_padded(payload)),
            charset => charset.decode(payload),
        }
    }

    /// Room is counted in septets, not in octets.
    pub const fn counts_septets(self) -> bool {
        self.charset.is_septets() || self.transcoded
    }

    /// The header elements that tell the receiver about the alphabet.
    pub(super) fn shifts(self) -> impl Iterator<Item = Element> {
        let single = self.alphabet.single.map(|language| Element::SingleShift { language: language.identifier() });
        let locking = self.alphabet.locking.map(|language| Element::LockingShift { language: language.identifier() });
        single.into_iter().chain(locking)
    }

    /// How many units (septets or octets) of text fit behind a header of `header_octets`.
    pub(super) const fn room(self, capacity_octets: usize, header_octets: usize) -> usize {
        let octets = capacity_octets.saturating_sub(header_octets);
        if self.counts_septets() { (octets * 8).saturating_sub(pack::fill_bits(header_octets) as usize) / 7 } else { octets }
    }

    /// The coding has the character.
    pub(super) fn has(self, char: char) -> bool {
        let in_alphabet = !self.counts_septets() || self.alphabet.septets_of(char).is_some();
        in_alphabet && (self.charset.is_septets() || self.charset.has(char))
    }

    /// How many units a text takes.
    pub(super) fn units(self, text: &str) -> Result<usize, Unencodable> {
        // What nearly all texts are is counted without a meter.
        match self.charset {
            Charset::Gsm7 | Charset::Gsm7Packed => return self.alphabet.septet_count(text),
            Charset::Ucs2 => return Ok(2 * text.encode_utf16().count()),
            _ => {}
        }
        let mut meter = Meter::new(self);
        for (index, char) in text.chars().enumerate() {
            if !meter.push(char) {
                return Err(Unencodable { char, index });
            }
        }
        Ok(meter.units())
    }

    /// The octets of one part of a text, and how many units they are. Packed behind `header_octets` for [`Charset::Gsm7Packed`].
    pub(super) fn encode(self, text: &str, header_octets: usize) -> Result<(Vec<u8>, usize), Unencodable> {
        let octets = if self.charset.is_septets() { self.alphabet.encode(text)? } else { self.charset.encode(text)? };
        let units = if self.transcoded { self.alphabet.septet_count(text)? } else { octets.len() };
        if self.charset == Charset::Gsm7Packed {
            return Ok((pack::pack(&octets, pack::fill_bits(header_octets)), units));
        }
        Ok((octets, units))
    }
}

/// Measures a text as it grows, character by character.
pub(super) struct Meter {
    coding: TextCoding,
    tables: Tables,
    units: usize,
    shift: Shift,
}

/// The shift sequence in force in ISO-2022-JP; other charsets have none.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Shift([u8; 3]);

impl Shift {
    const ASCII: Self = Self([0x1b, b'(', b'B']);
}

impl Meter {
    pub(super) fn new(coding: TextCoding) -> Self {
        Self { coding, tables: Tables::of(coding.alphabet), units: 0, shift: Shift::ASCII }
    }

    /// How many units the text takes.
    #[inline]
    pub(super) fn units(&self) -> usize {
        self.units + if self.shift == Shift::ASCII { 0 } else { self.shift.0.len() }
    }

    /// Takes in a character; false if the coding lacks it.
    #[inline]
    pub(super) fn push(&mut self, char: char) -> bool {
        let units = match self.coding.charset {
            charset if self.coding.transcoded => self.tables.septets_of(char).filter(|_| charset.has(char)),
            Charset::Gsm7 | Charset::Gsm7Packed => self.tables.septets_of(char),
            Charset::Ucs2 => Some(2 * char.len_utf16()),
            Charset::Iso2022Jp => return self.push_shifted(char),
            charset => charset.octets_of(char),
        };
        self.units += units.unwrap_or(0);
        units.is_some()
    }

    /// A character by itself comes as "shift, octets, shift back"; in a text, a shift stands only where it changes. The encoder may do
    /// with fewer shifts still, so this is an upper bound.
    fn push_shifted(&mut self, char: char) -> bool {
        let Ok(octets) = Charset::Iso2022Jp.encode(char.encode_utf8(&mut [0; 4])) else { return false };
        let (shift, length) = match octets.first_chunk() {
            Some(first) if first[0] == 0x1b => (Shift(*first), octets.len().saturating_sub(6)),
            _ => (Shift::ASCII, octets.len()),
        };
        if shift != self.shift {
            self.units += 3;
            self.shift = shift;
        }
        self.units += length;
        true
    }
}
