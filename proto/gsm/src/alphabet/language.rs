//! The languages that have tables of their own in 3GPP TS 23.038, annex A.

use std::fmt;
use std::str::FromStr;

/// A language of 3GPP TS 23.038, 6.2.1.2.4, the discriminant being its National Language Identifier.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Language {
    /// Turkish.
    Turkish = 1,
    /// Spanish; it has a single shift table only.
    Spanish = 2,
    /// Portuguese.
    Portuguese = 3,
    /// Bengali and Assamese.
    Bengali = 4,
    /// Gujarati.
    Gujarati = 5,
    /// Hindi, and other languages in the Devanagari script.
    Hindi = 6,
    /// Kannada.
    Kannada = 7,
    /// Malayalam.
    Malayalam = 8,
    /// Oriya (Odia).
    Oriya = 9,
    /// Punjabi in the Gurmukhi script.
    Punjabi = 10,
    /// Tamil.
    Tamil = 11,
    /// Telugu.
    Telugu = 12,
    /// Urdu.
    Urdu = 13,
}

impl Language {
    /// Every language, in the order of the identifiers.
    pub const ALL: [Self; 13] = [
        Self::Turkish,
        Self::Spanish,
        Self::Portuguese,
        Self::Bengali,
        Self::Gujarati,
        Self::Hindi,
        Self::Kannada,
        Self::Malayalam,
        Self::Oriya,
        Self::Punjabi,
        Self::Tamil,
        Self::Telugu,
        Self::Urdu,
    ];

    /// The National Language Identifier, as the information elements 0x24 and 0x25 carry it.
    pub const fn identifier(self) -> u8 {
        self as u8
    }

    /// The language of a National Language Identifier; `None` for reserved values.
    pub fn from_identifier(identifier: u8) -> Option<Self> {
        let index = usize::from(identifier).checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// The standard has a locking shift table for the language: true for all but Spanish.
    pub const fn has_locking_table(self) -> bool {
        !matches!(self, Self::Spanish)
    }

    /// The name in English and lower case, as configuration files spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turkish => "turkish",
            Self::Spanish => "spanish",
            Self::Portuguese => "portuguese",
            Self::Bengali => "bengali",
            Self::Gujarati => "gujarati",
            Self::Hindi => "hindi",
            Self::Kannada => "kannada",
            Self::Malayalam => "malayalam",
            Self::Oriya => "oriya",
            Self::Punjabi => "punjabi",
            Self::Tamil => "tamil",
            Self::Telugu => "telugu",
            Self::Urdu => "urdu",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no language of 3GPP TS 23.038.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is no language with GSM tables; write one of turkish, spanish, portuguese, bengali, gujarati, hindi, kannada, malayalam, oriya, punjabi, tamil, telugu, urdu"
)]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|language| language.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| UnknownLanguage(name.to_owned()))
    }
}
