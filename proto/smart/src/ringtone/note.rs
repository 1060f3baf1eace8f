//! The instructions of a ring tone (Smart Messaging Specification 3.0.0, 3.8.2).

/// One instruction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Instruction {
    /// Plays a note, or pauses.
    Note(Note),
    /// The octave of the notes that follow.
    Scale(Scale),
    /// How the notes that follow are separated.
    Style(Style),
    /// How fast the notes that follow are played.
    Tempo(Tempo),
    /// How loud the notes that follow are played.
    Volume(Volume),
}

/// A note or a pause.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Note {
    /// What is heard.
    pub pitch: Pitch,
    /// How long.
    pub duration: Duration,
    /// What becomes of that duration.
    pub modifier: Modifier,
}

/// A note of the octave, or none.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Pitch {
    /// Nothing is heard.
    Pause,
    /// C.
    C,
    /// C sharp.
    CSharp,
    /// D.
    D,
    /// D sharp.
    DSharp,
    /// E.
    E,
    /// F.
    F,
    /// F sharp.
    FSharp,
    /// G.
    G,
    /// G sharp.
    GSharp,
    /// A.
    A,
    /// A sharp.
    ASharp,
    /// B, which some call H.
    B,
}

/// How long a note is, in parts of a full note.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Duration {
    /// A full note.
    Full,
    /// 1/2.
    Half,
    /// 1/4.
    #[default]
    Quarter,
    /// 1/8.
    Eighth,
    /// 1/16.
    Sixteenth,
    /// 1/32.
    ThirtySecond,
}

/// What becomes of a duration.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Modifier {
    /// Nothing.
    #[default]
    None,
    /// Half of it is added.
    Dotted,
    /// Three quarters of it are added.
    DoubleDotted,
    /// Two thirds of it are left.
    TwoThirds,
}

/// An octave, by the frequency of its A.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Scale {
    /// A is 440 Hz: octave 4 of RTTTL.
    A440,
    /// A is 880 Hz: octave 5 of RTTTL; what phones begin with.
    #[default]
    A880,
    /// A is 1760 Hz: octave 6 of RTTTL.
    A1760,
    /// A is 3520 Hz: octave 7 of RTTTL.
    A3520,
}

/// How notes are separated.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Style {
    /// A short rest between notes; what phones begin with.
    #[default]
    Natural,
    /// No rest.
    Continuous,
    /// Shorter notes, longer rests.
    Staccato,
}

/// One of the 32 tempos.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tempo(u8);

/// One of the 16 levels of loudness.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Volume(u8);

/// The tempos in beats (quarter notes) a minute.
const BEATS: [u16; 32] = [
    25, 28, 31, 35, 40, 45, 50, 56, 63, 70, 80, 90, 100, 112, 125, 140, 160, 180, 200, 225, 250, 285, 320, 355, 400, 450, 500, 565, 635,
    715, 800, 900,
];

impl Pitch {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 13] = [
        Self::Pause,
        Self::C,
        Self::CSharp,
        Self::D,
        Self::DSharp,
        Self::E,
        Self::F,
        Self::FSharp,
        Self::G,
        Self::GSharp,
        Self::A,
        Self::ASharp,
        Self::B,
    ];

    /// The note so many semitones above C; `None` from 12 on.
    pub(super) fn above_c(semitones: u8) -> Option<Self> {
        Self::ALL.get(usize::from(semitones) + 1).copied()
    }

    /// Reserved codes are pauses.
    pub(super) fn from_code(code: u16) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::Pause)
    }
}

impl Duration {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 6] = [Self::Full, Self::Half, Self::Quarter, Self::Eighth, Self::Sixteenth, Self::ThirtySecond];

    /// How many of it make a full note: 1, 2, 4, 8, 16 or 32.
    pub const fn denominator(self) -> u8 {
        1 << self as u8
    }

    /// The duration of which so many make a full note.
    pub fn from_denominator(denominator: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|duration| u16::from(duration.denominator()) == denominator)
    }

    /// Reserved codes are the shortest duration.
    pub(super) fn from_code(code: u16) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::ThirtySecond)
    }
}

impl Modifier {
    pub(super) const fn from_code(code: u16) -> Self {
        match code & 3 {
            0 => Self::None,
            1 => Self::Dotted,
            2 => Self::DoubleDotted,
            _ => Self::TwoThirds,
        }
    }
}

impl Scale {
    /// The octave that RTTTL calls it: 4 to 7.
    pub const fn octave(self) -> u8 {
        self as u8 + 4
    }

    /// The octave of RTTTL; below 4 it is 4, above 7 it is 7.
    pub const fn from_octave(octave: u8) -> Self {
        match octave {
            0..=4 => Self::A440,
            5 => Self::A880,
            6 => Self::A1760,
            _ => Self::A3520,
        }
    }

    pub(super) const fn from_code(code: u16) -> Self {
        Self::from_octave((code & 3) as u8 + 4)
    }
}

impl Style {
    /// The reserved code is the natural style.
    pub(super) const fn from_code(code: u16) -> Self {
        match code {
            1 => Self::Continuous,
            2 => Self::Staccato,
            _ => Self::Natural,
        }
    }
}

impl Tempo {
    /// The tempo nearest to so many beats (quarter notes) a minute.
    pub fn from_beats(beats: u16) -> Self {
        let nearest = (0..32_u8).min_by_key(|code| Self(*code).beats().abs_diff(beats));
        Self(nearest.unwrap_or_default())
    }

    /// Beats (quarter notes) a minute: 25 to 900.
    pub fn beats(self) -> u16 {
        BEATS.get(usize::from(self.0)).copied().unwrap_or(BEATS[31])
    }

    /// The code: 0 to 31.
    pub const fn code(self) -> u8 {
        self.0
    }

    pub(super) const fn from_code(code: u16) -> Self {
        Self((code & 31) as u8)
    }
}

impl Default for Tempo {
    /// 63 beats a minute, what phones begin with.
    fn default() -> Self {
        Self(8)
    }
}

impl Volume {
    /// A level from 0 (silence) to 15; what is louder is 15.
    pub fn new(level: u8) -> Self {
        Self(level.min(15))
    }

    /// The level: 0 to 15.
    pub const fn level(self) -> u8 {
        self.0
    }
}

impl Default for Volume {
    /// Level 7, what phones begin with.
    fn default() -> Self {
        Self(7)
    }
}
