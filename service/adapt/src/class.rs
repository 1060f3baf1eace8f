//! Content classes: how much of a message a phone is sure to take (OMA-TS-MMS-CONF 1.2 and 1.3).

use std::fmt;
use std::str::FromStr;

use crate::media::{canonical, kind};
use crate::phone::{MmsVersion, Profile, Size};
use crate::{Item, MediaKind, MediaTypes};

/// A content class; each takes all that those before it take, as far as media and octets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentClass {
    /// Text alone, 30 kB.
    Text,
    /// Images up to 160x120, 30 kB.
    ImageBasic,
    /// Images up to 640x480 and sound, 100 kB.
    ImageRich,
    /// With video (3GP of QCIF), 100 kB.
    VideoBasic,
    /// The same, 300 kB.
    VideoRich,
    /// Images up to 1600x1200, 600 kB.
    Megapixel,
    /// Any media in 100 kB (1.3).
    ContentBasic,
    /// Any media in 300 kB (1.3).
    ContentRich,
}

impl ContentClass {
    /// All of them, the smallest first.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::ImageBasic,
        Self::ImageRich,
        Self::VideoBasic,
        Self::VideoRich,
        Self::Megapixel,
        Self::ContentBasic,
        Self::ContentRich,
    ];

    /// Its name in MM4 and MM7, as `image-basic`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::ImageBasic => "image-basic",
            Self::ImageRich => "image-rich",
            Self::VideoBasic => "video-basic",
            Self::VideoRich => "video-rich",
            Self::Megapixel => "megapixel",
            Self::ContentBasic => "content-basic",
            Self::ContentRich => "content-rich",
        }
    }

    /// Its octet in `X-Mms-Content-Class` (OMA-TS-MMS-ENC 1.3 section 7.3.9).
    pub const fn code(self) -> u8 {
        // The variants are in the order of their codes.
        0x80 + self as u8
    }

    /// The class of an octet of `X-Mms-Content-Class`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }

    /// Octets of the largest message.
    pub const fn max_message_size(self) -> u64 {
        1024 * match self {
            Self::Text | Self::ImageBasic => 30,
            Self::ImageRich | Self::VideoBasic | Self::ContentBasic => 100,
            Self::VideoRich | Self::ContentRich => 300,
            Self::Megapixel => 600,
        }
    }

    /// The largest image; `None` where there are none.
    pub const fn max_image(self) -> Option<Size> {
        match self {
            Self::Text => None,
            Self::ImageBasic => Some(Size::new(160, 120)),
            Self::ImageRich | Self::VideoBasic | Self::VideoRich | Self::ContentBasic => Some(Size::new(640, 480)),
            Self::Megapixel | Self::ContentRich => Some(Size::new(1600, 1200)),
        }
    }

    /// The media types that every phone of the class shows.
    pub fn media_types(self) -> MediaTypes {
        let text = ["text/plain", "application/smil", "text/x-vcard", "text/x-vcalendar"];
        let image = ["image/jpeg", "image/gif", "image/vnd.wap.wbmp"];
        let sound = ["audio/amr", "audio/sp-midi"];
        let video = ["video/3gpp"];
        let groups: [&[&str]; 4] = [&text, &image, &sound, &video];
        let taken = match self {
            Self::Text => 1,
            Self::ImageBasic => 2,
            Self::ImageRich => 3,
            _ => 4,
        };
        MediaTypes::new(groups[..taken].iter().copied().flatten())
    }

    /// What it says of a phone that has it.
    pub fn profile(self) -> Profile {
        let minor = if self > Self::VideoRich { 3 } else { 2 };
        Profile {
            max_message_size: Some(self.max_message_size()),
            max_image: self.max_image(),
            accept: Some(self.media_types()),
            mms_version: Some(MmsVersion { major: 1, minor }),
            smil: Some(true),
            content_class: Some(self),
            ..Profile::default()
        }
    }
}

impl fmt::Display for ContentClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Its name, with any capitals, and with blanks, underscores or nothing for the hyphen.
impl FromStr for ContentClass {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |t: &str| t.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>();
        let wanted = plain(text);
        let found = Self::ALL.into_iter().find(|class| plain(class.name()) == wanted);
        found.ok_or_else(|| format!("{text:?} is no content class such as image-basic"))
    }
}

/// The smallest class that a message is within; `None` where it is larger than all of them. Only the headers of images are looked at.
pub fn classify(items: &[Item]) -> Option<ContentClass> {
    let size: u64 = items.iter().map(|item| item.data.len() as u64).sum();
    let within = |class: &ContentClass| {
        let any = *class >= ContentClass::ContentBasic;
        let types = class.media_types();
        size <= class.max_message_size()
            && items.iter().all(|item| {
                let usual = canonical(&item.content_type);
                if kind(&usual) == MediaKind::Image && !shows(*class, item, &usual) {
                    return false;
                }
                any || types.accepts(&usual)
            })
    };
    ContentClass::ALL.into_iter().find(within)
}

fn shows(class: ContentClass, item: &Item, usual: &str) -> bool {
    let (Some(most), Some(header)) = (class.max_image(), crate::image::Header::read(&item.data, usual)) else {
        return class >= ContentClass::ContentBasic;
    };
    let (long, short) = (header.width.max(header.height), header.width.min(header.height));
    long <= most.width && short <= most.height
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn codes_and_names_go_both_ways() {
        for class in ContentClass::ALL {
            assert_eq!(ContentClass::from_code(class.code()), Some(class));
            assert_eq!(class.name().parse(), Ok(class));
        }
        assert_eq!(ContentClass::Megapixel.code(), 0x85);
        assert_eq!("Image Basic".parse(), Ok(ContentClass::ImageBasic));
        assert!("image".parse::<ContentClass>().is_err() && ContentClass::from_code(0x88).is_none());
    }

    #[test]
    fn messages_are_of_the_smallest_class() {
        let text = |n: usize| Item::new("text/plain", "", vec![b'a'; n]);
        let gif = |w: u16, h: u16, n: usize| {
            let mut data = [b"GIF89a", &w.to_le_bytes()[..], &h.to_le_bytes()].concat();
            data.resize(n, 0);
            Item::new("image/gif", "", data)
        };
        let amr = Item::new("audio/amr", "", &b"#!AMR\n"[..]);
        let video = Item::new("video/3gpp", "", vec![0; 90_000]);
        let pdf = Item::new("application/pdf", "", vec![0; 9]);
        use ContentClass::*;
        assert_eq!(classify(&[]), Some(Text));
        assert_eq!(classify(&[text(30 * 1024)]), Some(Text));
        assert_eq!(classify(&[text(30 * 1024 + 1)]), Some(ImageRich));
        assert_eq!(classify(&[text(9), gif(120, 160, 2000)]), Some(ImageBasic));
        assert_eq!(classify(&[gif(161, 10, 2000)]), Some(ImageRich));
        assert_eq!(classify(&[gif(161, 10, 2000), amr.clone()]), Some(ImageRich));
        assert_eq!(classify(std::slice::from_ref(&video)), Some(VideoBasic));
        assert_eq!(classify(&[video.clone(), video.clone()]), Some(VideoRich));
        assert_eq!(classify(&[gif(1200, 1600, 2000)]), Some(Megapixel));
        assert_eq!(classify(std::slice::from_ref(&pdf)), Some(ContentBasic));
        assert_eq!(classify(&[pdf, text(200_000)]), Some(ContentRich));
        assert_eq!(classify(&[text(700_000)]), None);
    }
}
