//! Lookup in both directions over one table of 128 characters.
//!
//! The reverse direction is what a gateway spends its time on, so it is laid out when the program is compiled: a direct index for
//! U+0000 to U+00FF, and a sorted list for the rest.

use super::Language;
use super::tables;

/// One table of 3GPP TS 23.038, readable both ways.
pub(super) struct Index {
    chars: &'static [u16; 128],
    low: [u8; 256],
    high: [(u16, u8); 128],
    high_len: usize,
}

/// "No septet" in [`Index::low`]; no septet has the top bit.
const NONE: u8 = 0xff;

impl Index {
    const fn new(chars: &'static [u16; 128]) -> Self {
        let mut index = Self { chars, low: [NONE; 256], high: [(0, 0); 128], high_len: 0 };
        let mut septet = 0;
        while septet < 128 {
            let code = chars[septet];
            if code == 0 {
                // no character
            } else if code < 256 {
                // A character that a table has twice is written as its last septet, as handsets do.
                index.low[code as usize] = septet as u8;
            } else {
                index.insert(code, septet as u8);
            }
            septet += 1;
        }
        index
    }

    /// Insertion sort: runs in the compiler only.
    const fn insert(&mut self, code: u16, septet: u8) {
        let mut at = self.high_len;
        while at > 0 && self.high[at - 1].0 > code {
            self.high[at] = self.high[at - 1];
            at -= 1;
        }
        self.high[at] = (code, septet);
        self.high_len += 1;
    }

    /// The character of a septet (0 to 127), if it has one.
    #[inline]
    pub(super) fn char(&self, septet: u8) -> Option<char> {
        match self.chars.get(usize::from(septet)) {
            None | Some(0) => None,
            Some(code) => char::from_u32(u32::from(*code)),
        }
    }

    /// The septet of a character, if the table has it.
    #[inline]
    pub(super) fn septet(&self, char: char) -> Option<u8> {
        match self.low.get(u32::from(char) as usize) {
            Some(septet) => (*septet != NONE).then_some(*septet),
            None => self.high_septet(char),
        }
    }

    fn high_septet(&self, char: char) -> Option<u8> {
        let code = u16::try_from(u32::from(char)).ok()?;
        let high = self.high.get(..self.high_len)?;
        let at = high.binary_search_by_key(&code, |(code, _)| *code).ok()?;
        high.get(at).map(|(_, septet)| *septet)
    }
}

/// The locking shift table of a language, or the default alphabet. Spanish has none, and keeps the default (6.2.1.2.4).
pub(super) fn locking(language: Option<Language>) -> &'static Index {
    static DEFAULT: Index = Index::new(&tables::DEFAULT_LOCKING);
    static TURKISH: Index = Index::new(&tables::TURKISH_LOCKING);
    static PORTUGUESE: Index = Index::new(&tables::PORTUGUESE_LOCKING);
    static BENGALI: Index = Index::new(&tables::BENGALI_LOCKING);
    static GUJARATI: Index = Index::new(&tables::GUJARATI_LOCKING);
    static HINDI: Index = Index::new(&tables::HINDI_LOCKING);
    static KANNADA: Index = Index::new(&tables::KANNADA_LOCKING);
    static MALAYALAM: Index = Index::new(&tables::MALAYALAM_LOCKING);
    static ORIYA: Index = Index::new(&tables::ORIYA_LOCKING);
    static PUNJABI: Index = Index::new(&tables::PUNJABI_LOCKING);
    static TAMIL: Index = Index::new(&tables::TAMIL_LOCKING);
    static TELUGU: Index = Index::new(&tables::TELUGU_LOCKING);
    static URDU: Index = Index::new(&tables::URDU_LOCKING);
    match language {
        None | Some(Language::Spanish) => &DEFAULT,
        Some(Language::Turkish) => &TURKISH,
        Some(Language::Portuguese) => &PORTUGUESE,
        Some(Language::Bengali) => &BENGALI,
        Some(Language::Gujarati) => &GUJARATI,
        Some(Language::Hindi) => &HINDI,
        Some(Language::Kannada) => &KANNADA,
        Some(Language::Malayalam) => &MALAYALAM,
        Some(Language::Oriya) => &ORIYA,
        Some(Language::Punjabi) => &PUNJABI,
        Some(Language::Tamil) => &TAMIL,
        Some(Language::Telugu) => &TELUGU,
        Some(Language::Urdu) => &URDU,
    }
}

/// The single shift table of a language, or the extension of the default alphabet.
pub(super) fn single(language: Option<Language>) -> &'static Index {
    static DEFAULT: Index = Index::new(&tables::DEFAULT_SINGLE);
    static TURKISH: Index = Index::new(&tables::TURKISH_SINGLE);
    static SPANISH: Index = Index::new(&tables::SPANISH_SINGLE);
    static PORTUGUESE: Index = Index::new(&tables::PORTUGUESE_SINGLE);
    static BENGALI: Index = Index::new(&tables::BENGALI_SINGLE);
    static GUJARATI: Index = Index::new(&tables::GUJARATI_SINGLE);
    static HINDI: Index = Index::new(&tables::HINDI_SINGLE);
    static KANNADA: Index = Index::new(&tables::KANNADA_SINGLE);
    static MALAYALAM: Index = Index::new(&tables::MALAYALAM_SINGLE);
    static ORIYA: Index = Index::new(&tables::ORIYA_SINGLE);
    static PUNJABI: Index = Index::new(&tables::PUNJABI_SINGLE);
    static TAMIL: Index = Index::new(&tables::TAMIL_SINGLE);
    static TELUGU: Index = Index::new(&tables::TELUGU_SINGLE);
    static URDU: Index = Index::new(&tables::URDU_SINGLE);
    match language {
        None => &DEFAULT,
        Some(Language::Turkish) => &TURKISH,
        Some(Language::Spanish) => &SPANISH,
        Some(Language::Portuguese) => &PORTUGUESE,
        Some(Language::Bengali) => &BENGALI,
        Some(Language::Gujarati) => &GUJARATI,
        Some(Language::Hindi) => &HINDI,
        Some(Language::Kannada) => &KANNADA,
        Some(Language::Malayalam) => &MALAYALAM,
        Some(Language::Oriya) => &ORIYA,
        Some(Language::Punjabi) => &PUNJABI,
        Some(Language::Tamil) => &TAMIL,
        Some(Language::Telugu) => &TELUGU,
        Some(Language::Urdu) => &URDU,
    }
}
