//! SMIL as MMS uses it: a layout of two regions, and slides one after the other (OMA-TS-MMS_CONF-V1_3, section 8).
//!
//! Reading takes whatever phones make; nothing is expanded, and all is bounded. Writing makes what every phone takes. References are
//! rewritten where they stand, so that the rest of a document stays as its maker wrote it.

mod check;
mod clock;
mod compose;
mod read;
mod references;
mod scan;
mod write;

use std::time::Duration;

pub use check::Finding;
pub use clock::Length;
pub use compose::{Style, present};
pub use references::{rewrite, sources};

/// A presentation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Smil {
    /// The size of the whole; phones take their own.
    pub width: Option<Length>,
    /// The size of the whole; phones take their own.
    pub height: Option<Length>,
    /// Where things are shown.
    pub regions: Vec<Region>,
    /// What is shown, one after the other.
    pub slides: Vec<Slide>,
    /// Elements that have no place in MMS, by name, each once.
    pub foreign: Vec<String>,
}

/// Where things are shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Region {
    /// The name: `Image` or `Text`.
    pub id: String,
    /// From the left.
    pub left: Option<Length>,
    /// From the top.
    pub top: Option<Length>,
    /// How wide.
    pub width: Option<Length>,
    /// How high.
    pub height: Option<Length>,
    /// What happens to what does not fit: `hidden`, `meet`, `scroll`, `fill` or `slice`.
    pub fit: Option<String>,
}

/// What is shown together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Slide {
    /// How long; `None` if that is not said, so as long as what is in it lasts.
    pub duration: Option<Duration>,
    /// What.
    pub media: Vec<Media>,
}

/// Something that is shown or played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Which part: see [`Part::is_called`](crate::Part::is_called).
    pub source: String,
    /// The region.
    pub region: Option<String>,
    /// What to show instead.
    pub alternative: Option<String>,
    /// From when on, in the slide.
    pub begin: Option<Duration>,
    /// Until when, in the slide.
    pub end: Option<Duration>,
    /// How long.
    pub duration: Option<Duration>,
}

/// The elements of SMIL for media.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MediaKind {
    /// `animation`.
    Animation,
    /// `audio`.
    Audio,
    /// `img`.
    Image,
    /// `ref`: anything.
    Reference,
    /// `text`, and `textstream`.
    Text,
    /// `video`.
    Video,
}

/// What is no presentation.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SmilError {
    /// More than is read.
    #[error("the SMIL has {length} octets and {limit} are allowed")]
    TooLong {
        /// Octets that there are.
        length: usize,
        /// Octets that are read.
        limit: usize,
    },
    /// More than is read.
    #[error("the SMIL has more than {0} elements")]
    TooMany(usize),
    /// Something else.
    #[error("there is no element smil; this is no SMIL")]
    NotSmil,
}

/// Octets of a document that is read.
pub const MAX_LENGTH: usize = 256 * 1024;
/// Elements of a document that is read.
pub const MAX_ELEMENTS: usize = 5_000;

impl MediaKind {
    const NAMES: [(&str, Self); 7] = [
        ("animation", Self::Animation),
        ("audio", Self::Audio),
        ("img", Self::Image),
        ("ref", Self::Reference),
        ("text", Self::Text),
        ("textstream", Self::Text),
        ("video", Self::Video),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The name of the element.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("ref", |(name, _)| name)
    }
}

impl Media {
    /// Something of a kind, without a region.
    pub fn new(kind: MediaKind, source: impl Into<String>) -> Self {
        Self { kind, source: source.into(), region: None, alternative: None, begin: None, end: None, duration: None }
    }
}
