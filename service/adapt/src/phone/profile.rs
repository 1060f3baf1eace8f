//! What one source says of a phone. Sources say only some things, and are laid over each other.

use std::fmt;
use std::str::FromStr;

use crate::{ContentClass, MediaTypes};

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// A size.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// `640x480`, and what phones write for it: another sign between, blanks, more behind it. Neither may be 0 or more than 65,535.
impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no size such as 640x480");
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).map(u16::from_str);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(width)), Some(Ok(height))) if width > 0 && height > 0 => Ok(Self::new(width.into(), height.into())),
            _ => Err(wrong()),
        }
    }
}

/// A version of MMS, as 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MmsVersion {
    /// What is before the point.
    pub major: u8,
    /// What is behind it.
    pub minor: u8,
}

impl fmt::Display for MmsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// `1.2`, and `2` for 2.0; words around it are passed over.
impl FromStr for MmsVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let number = number.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        let mut digits = number.split('.').map(u8::from_str);
        match (digits.next(), digits.next()) {
            (Some(Ok(major)), None | Some(Err(_))) => Ok(Self { major, minor: 0 }),
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self { major, minor }),
            _ => Err(format!("{text:?} is no version such as 1.2")),
        }
    }
}

/// What one source says of a phone; `None` is what it leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Octets of the largest message (MmsMaxMessageSize).
    pub max_message_size: Option<u64>,
    /// The largest image in pixels (MmsMaxImageResolution).
    pub max_image: Option<Size>,
    /// Media types (MmsCcppAccept).
    pub accept: Option<MediaTypes>,
    /// Charsets by their IANA names, the preferred one first (MmsCcppAcceptCharSet); `*` is all of them.
    pub charsets: Option<Vec<String>>,
    /// The screen in pixels (ScreenSize).
    pub screen: Option<Size>,
    /// Whether it shows colours (ColorCapable).
    pub color: Option<bool>,
    /// Bits of a pixel of the screen (BitsPerPixel); 1 is black and white.
    pub bits_per_pixel: Option<u8>,
    /// The newest version of MMS (MmsVersion).
    pub mms_version: Option<MmsVersion>,
    /// Whether it shows SMIL (MmsSmilBaseSet, or SMIL among the media types).
    pub smil: Option<bool>,
    /// The largest content class of OMA-TS-MMS-CONF.
    pub content_class: Option<ContentClass>,
    /// The maker (Vendor).
    pub vendor: Option<String>,
    /// The model (Model).
    pub model: Option<String>,
}

impl Profile {
    /// This, and where it leaves something open what the other says.
    #[must_use]
    pub fn over(self, other: &Self) -> Self {
        Self {
            max_message_size: self.max_message_size.or(other.max_message_size),
            max_image: self.max_image.or(other.max_image),
            accept: self.accept.or_else(|| other.accept.clone()),
            charsets: self.charsets.or_else(|| other.charsets.clone()),
            screen: self.screen.or(other.screen),
            color: self.color.or(other.color),
            bits_per_pixel: self.bits_per_pixel.or(other.bits_per_pixel),
            mms_version: self.mms_version.or(other.mms_version),
            smil: self.smil.or(other.smil),
            content_class: self.content_class.or(other.content_class),
            vendor: self.vendor.or_else(|| other.vendor.clone()),
            model: self.model.or_else(|| other.model.clone()),
        }
    }

    /// Whether everything is open.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_phones_write_them() {
        for text in ["640x480", " 640X480 ", "640*480", "640, 480", "640x480x24"] {
            assert_eq!(text.parse(), Ok(Size::new(640, 480)), "{text}");
        }
        for text in ["", "640", "0x480", "x", "99999x99999", "640x"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_as_phones_write_them() {
        let versions = ["1.2", "2", "MMS 1.0", "1.3.0", "1.", ""].map(|t| t.parse::<MmsVersion>().ok().map(|v| (v.major, v.minor)));
        assert_eq!(versions, [Some((1, 2)), Some((2, 0)), Some((1, 0)), Some((1, 3)), Some((1, 0)), None]);
    }

    #[test]
    fn one_is_laid_over_another() {
        let above = Profile { color: Some(false), ..Profile::default() };
        let below = Profile { color: Some(true), max_message_size: Some(30_720), ..Profile::default() };
        assert_eq!(above.over(&below), Profile { color: Some(false), max_message_size: Some(30_720), ..Profile::default() });
    }
}
