//! What stands among the text (3GPP TS 23.040, 9.2.3.24.10.1.2 to .9).

use crate::EncodeError;
use crate::bitmap::Bitmap;

/// How many octets of sound or pixels an element carries.
pub(super) const MAX_DATA: usize = 128;

/// What predefined sounds are, by number.
pub const PREDEFINED_SOUNDS: [&str; 10] =
    ["chimes high", "chimes low", "ding", "tada", "notify", "drum", "claps", "fanfare", "chord high", "chord low"];

/// What predefined animations show, by number.
pub const PREDEFINED_ANIMATIONS: [&str; 16] = [
    "ironic or flirty",
    "glad",
    "sceptic",
    "sad",
    "wow",
    "crying",
    "winking",
    "laughing",
    "indifferent",
    "in love or kissing",
    "confused",
    "tongue hanging out",
    "angry",
    "wearing glasses",
    "devil",
    "none",
];

/// A sound, a picture or an animation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EmsObject {
    /// A sound that phones have, by number (see [`PREDEFINED_SOUNDS`]).
    PredefinedSound(u8),
    /// iMelody, at most 128 octets; of a ring tone, [`Ringtone::to_imelody`](crate::ringtone::Ringtone::to_imelody).
    Sound(Vec<u8>),
    /// An animation that phones have, by number (see [`PREDEFINED_ANIMATIONS`]).
    PredefinedAnimation(u8),
    /// Four frames of 16x16 pixels.
    LargeAnimation(Vec<Bitmap>),
    /// Four frames of 8x8 pixels.
    SmallAnimation(Vec<Bitmap>),
    /// 32x32 pixels.
    LargePicture(Bitmap),
    /// 16x16 pixels.
    SmallPicture(Bitmap),
    /// Any size whose rows are whole octets, at most 128 in all; a width in between gets white pixels on the right.
    VariablePicture(Bitmap),
}

impl EmsObject {
    /// The information element identifier.
    pub const fn identifier(&self) -> u8 {
        match self {
            Self::PredefinedSound(_) => 0x0b,
            Self::Sound(_) => 0x0c,
            Self::PredefinedAnimation(_) => 0x0d,
            Self::LargeAnimation(_) => 0x0e,
            Self::SmallAnimation(_) => 0x0f,
            Self::LargePicture(_) => 0x10,
            Self::SmallPicture(_) => 0x11,
            Self::VariablePicture(_) => 0x12,
        }
    }

    /// What stands behind the position in the element.
    pub(super) fn content(&self) -> Result<Vec<u8>, EncodeError> {
        Ok(match self {
            Self::PredefinedSound(number) | Self::PredefinedAnimation(number) => vec![*number],
            Self::Sound(sound) => {
                within("sound", sound.len())?;
                sound.clone()
            }
            Self::LargeAnimation(frames) => animation(frames, 16, "frame of a large animation", "16x16")?,
            Self::SmallAnimation(frames) => animation(frames, 8, "frame of a small animation", "8x8")?,
            Self::LargePicture(bitmap) => square(bitmap, 32, "large picture", "32x32")?,
            Self::SmallPicture(bitmap) => square(bitmap, 16, "small picture", "16x16")?,
            Self::VariablePicture(bitmap) => {
                let (width, height) = (bitmap.width(), bitmap.height());
                let columns = width.div_ceil(8);
                within("variable picture", usize::from(columns) * usize::from(height))?;
                let wrong = EncodeError::BitmapSize { what: "variable picture", demanded: "at least 1x1", width, height };
                let (Some(padded), Ok(columns @ 1..), Ok(rows @ 1..)) =
                    (bitmap.piece(0, 0, columns.saturating_mul(8), height), u8::try_from(columns), u8::try_from(height))
                else {
                    return Err(wrong);
                };
                [&[columns, rows][..], &padded.to_octets()].concat()
            }
        })
    }

    /// Position and object of an element; `None` if it is another element, or has not what it should.
    pub(super) fn read(identifier: u8, data: &[u8]) -> Option<(u8, Self)> {
        let (&position, content) = data.split_first()?;
        let object = match identifier {
            0x0b => Self::PredefinedSound(*content.first()?),
            0x0c => Self::Sound(content.to_vec()),
            0x0d => Self::PredefinedAnimation(*content.first()?),
            0x0e => Self::LargeAnimation(frames(content, 16)?),
            0x0f => Self::SmallAnimation(frames(content, 8)?),
            0x10 => Self::LargePicture(Bitmap::from_octets(32, 32, content)?),
            0x11 => Self::SmallPicture(Bitmap::from_octets(16, 16, content)?),
            0x12 => {
                let [columns, rows, pixels @ ..] = content else { return None };
                Self::VariablePicture(Bitmap::from_octets(u16::from(*columns) * 8, u16::from(*rows), pixels)?)
            }
            _ => return None,
        };
        Some((position, object))
    }
}

fn within(what: &'static str, size: usize) -> Result<(), EncodeError> {
    if size > MAX_DATA { Err(EncodeError::TooLong { what, size, unit: "octets", limit: MAX_DATA }) } else { Ok(()) }
}

fn square(bitmap: &Bitmap, side: u16, what: &'static str, demanded: &'static str) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (bitmap.width(), bitmap.height());
    if (width, height) != (side, side) {
        return Err(EncodeError::BitmapSize { what, demanded, width, height });
    }
    Ok(bitmap.to_octets())
}

fn animation(frames: &[Bitmap], side: u16, what: &'static str, demanded: &'static str) -> Result<Vec<u8>, EncodeError> {
    if frames.len() != 4 {
        return Err(EncodeError::Frames { count: frames.len() });
    }
    let frames = frames.iter().map(|frame| square(frame, side, what, demanded)).collect::<Result<Vec<_>, _>>()?;
    Ok(frames.concat())
}

/// As many frames as there are, for some send fewer than four; `None` if there is not one.
fn frames(content: &[u8], side: u16) -> Option<Vec<Bitmap>> {
    let octets = usize::from(side) * usize::from(side) / 8;
    let frames = content.chunks_exact(octets).take(4).map(|frame| Bitmap::from_octets(side, side, frame));
    frames.collect::<Option<Vec<_>>>().filter(|frames| !frames.is_empty())
}
