//! Ring tones of Nokia phones (Smart Messaging Specification 3.0.0, 3.8), and the notations of the same music.
//!
//! A ring tone is kept as the instructions of its binary form, so that what was read is written again bit for bit. RTTTL, in which
//! people write and trade ring tones, becomes instructions and comes from them; iMelody, which EMS carries, is made of them.

mod binary;
mod imelody;
mod note;
mod rtttl;

pub use self::note::{Duration, Instruction, Modifier, Note, Pitch, Scale, Style, Tempo, Volume};
pub use self::rtttl::{RtttlError, RtttlProblem};
use crate::{EncodeError, Splitting, UserData};

/// The port of ring tones.
pub const RINGTONE_PORT: u16 = 0x1581;

/// How many characters of its name a ring tone carries.
pub const MAX_NAME: usize = 15;

/// How many instructions a pattern may have.
pub const MAX_INSTRUCTIONS: usize = 255;

/// How many different patterns a tone may have: they are called A, B, C and D.
pub const MAX_PATTERNS: usize = 4;

/// A [`Pattern`] that is repeated without end.
pub const REPEAT_FOREVER: u8 = 15;

/// A ring tone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ringtone {
    /// What the phone calls it; 15 characters are sent of it.
    pub name: String,
    /// The patterns in the order in which they are played; mostly one.
    pub patterns: Vec<Pattern>,
}

/// A piece of a ring tone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pattern {
    /// Its name: 0 to 3 for A to D.
    pub id: u8,
    /// How often it is repeated after it was played: 0 to 14, or [`REPEAT_FOREVER`].
    pub repeat: u8,
    /// What is played; none means what an earlier pattern of the same name has. At most 255.
    pub instructions: Vec<Instruction>,
}

impl Ringtone {
    /// Reads RTTTL, tolerantly: spaces, defaults in any order or missing, notes as `h` or `b`, sharps and flats, dots in any of the
    /// places where they are found, control sections among the notes. Octaves outside of 4 to 7 are moved to the nearest of those, and a
    /// tempo becomes the nearest that the binary form has.
    ///
    /// # Errors
    /// What is no RTTTL, and where.
    pub fn from_rtttl(text: &str) -> Result<Self, RtttlError> {
        rtttl::parse(text)
    }

    /// The tone as RTTTL: with defaults that make it short, one line. A pattern's repetition is told (`l=`) only of a tone of one pattern.
    pub fn to_rtttl(&self) -> String {
        rtttl::write(self)
    }

    /// The tone as iMelody 1.2, for EMS. It has one tempo and one style throughout, those of the first note.
    pub fn to_imelody(&self) -> String {
        imelody::write(self)
    }

    /// Reads the binary form. Instructions that are missing at the end are passed over: the tone plays as far as it goes. Reserved
    /// values are read as the nearest that has a meaning.
    ///
    /// # Errors
    /// The octets are no ring tone, or of a kind other than songs.
    pub fn from_binary(octets: &[u8]) -> Result<Self, crate::DecodeError> {
        binary::read(octets)
    }

    /// The binary form. Of a longer name the first 15 characters are taken.
    ///
    /// # Errors
    /// A pattern has more than 255 instructions, or a number that its field can't say.
    pub fn to_binary(&self) -> Result<Vec<u8>, EncodeError> {
        binary::write(self)
    }

    /// The tone as short messages.
    ///
    /// # Errors
    /// As [`Ringtone::to_binary`]; and it takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        splitting.to_port(RINGTONE_PORT, &self.to_binary()?)
    }

    /// What is played, from the first pattern to the last; repetitions are not.
    pub fn instructions(&self) -> impl Iterator<Item = Instruction> {
        self.patterns.iter().enumerate().flat_map(|(index, pattern)| {
            let earlier = self.patterns.iter().take(index).rev().filter(|earlier| earlier.id == pattern.id);
            let defined = std::iter::once(pattern).chain(earlier).find(|pattern| !pattern.instructions.is_empty());
            defined.map(|pattern| pattern.instructions.as_slice()).unwrap_or_default().iter().copied()
        })
    }
}

#[cfg(test)]
mod tests;
