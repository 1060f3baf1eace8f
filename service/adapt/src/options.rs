//! Bounds and words, as the operator sets them.

use crate::FfmpegOptions;

/// How content is adapted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What it may cost.
    pub limits: Limits,
    /// What recipients read in place of what cannot be shown.
    pub words: Words,
    /// The program for audio and video; without one they are passed on as they are, or not at all.
    pub ffmpeg: Option<FfmpegOptions>,
}

/// What the adaptation of one message may cost.
///
/// With the defaults a hostile message takes some 250 MB at worst while its largest image is decoded, and a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items in a message; 256 by default. Messages with more are refused.
    pub items: usize,
    /// Pixels of one image as its header has them; 16 million by default. Images with more are not decoded.
    pub image_pixels: u64,
    /// Octets of one image when decoded; 96 MiB by default.
    pub image_octets: u64,
    /// Frames of an animation; 256 by default. Of an animation with more a still is left, unless it can stay as it is.
    pub frames: usize,
    /// Pixels decoded, scaled and encoded for one message, all attempts counted; 400 million by default. What is left of a message when
    /// they are used up becomes text.
    pub work_pixels: u64,
    /// The octets that each item is reckoned to need for its headers; 128 by default.
    pub item_overhead: u64,
    /// The octets that the message itself is reckoned to need for its headers; 512 by default.
    pub message_overhead: u64,
    /// The quality (1 to 100) of JPEGs where there is room; 85 by default.
    pub best_quality: u8,
    /// The least quality (1 to 100) before an image gets fewer pixels instead; 45 by default.
    pub least_quality: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            items: 256,
            image_pixels: 16_000_000,
            image_octets: 96 << 20,
            frames: 256,
            work_pixels: 400_000_000,
            item_overhead: 128,
            message_overhead: 512,
            best_quality: 85,
            least_quality: 45,
        }
    }
}

/// What recipients read in place of what cannot be shown. `{name}`, `{type}` and `{size}` (as `34 kB`) are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// For a media type that the phone does not show and that cannot be converted.
    pub unsupported: String,
    /// For what cannot be made small enough.
    pub too_large: String,
    /// For what cannot be read.
    pub broken: String,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            unsupported: "[{name}: this phone cannot show {type}]".to_owned(),
            too_large: "[{name}: with {size} too large for this phone]".to_owned(),
            broken: "[{name}: damaged, cannot be shown]".to_owned(),
        }
    }
}
