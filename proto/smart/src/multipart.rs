//! Picture messages and downloadable profiles: several items in one message (Smart Messaging Specification 3.0.0, 3.6 and 3.7).

use crate::bitmap::{Bitmap, read_ota, write_ota};
use crate::ringtone::Ringtone;
use crate::{DecodeError, EncodeError, Splitting, UserData};

/// The port of messages of several items.
pub const MULTIPART_PORT: u16 = 0x158a;

/// Version 0, as the specification writes it.
const VERSION: u8 = 0x30;

/// Items of one message: a picture with a text, or a profile.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Multipart {
    /// The items in the order of the message.
    pub items: Vec<MultipartItem>,
}

/// One item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MultipartItem {
    /// Text in ISO-8859-1.
    Latin1(String),
    /// Text in big-endian UCS-2.
    Unicode(String),
    /// A picture, of 72x28 pixels in phones.
    Picture(Bitmap),
    /// A ring tone of a profile.
    Ringtone(Ringtone),
    /// The name of a profile, in big-endian UCS-2.
    ProfileName(String),
    /// A picture for the screen saver.
    ScreenSaver(Bitmap),
    /// An item of another kind, and one whose content can't be read.
    Other {
        /// The kind.
        kind: u8,
        /// The content.
        content: Vec<u8>,
    },
}

impl Multipart {
    /// A picture message. Text that ISO-8859-1 has is sent so, other text in UCS-2; no text makes no item.
    pub fn picture(bitmap: Bitmap, text: &str) -> Self {
        let mut items = vec![MultipartItem::Picture(bitmap)];
        if text.chars().all(|char| u32::from(char) < 0x100) {
            if !text.is_empty() {
                items.push(MultipartItem::Latin1(text.to_owned()));
            }
        } else {
            items.push(MultipartItem::Unicode(text.to_owned()));
        }
        Self { items }
    }

    /// Reads the content of a message.
    ///
    /// # Errors
    /// The version is another, or an item is cut off. An item that can't be read is kept as it is.
    pub fn from_octets(octets: &[u8]) -> Result<Self, DecodeError> {
        let Some((&version, mut rest)) = octets.split_first() else {
            return Err(DecodeError::Truncated { what: "version", offset: 0 });
        };
        if version != VERSION {
            return Err(DecodeError::Unsupported { what: "version", value: version.into(), offset: 0 });
        }
        let mut items = Vec::new();
        while let Some((&kind, after)) = rest.split_first() {
            let missing = |what| DecodeError::Truncated { what, offset: octets.len() };
            let (&length, after) = after.split_first_chunk::<2>().ok_or(missing("length of an item"))?;
            let length = usize::from(u16::from_be_bytes(length));
            let (content, after) = after.split_at_checked(length).ok_or(missing("rest of an item"))?;
            items.push(MultipartItem::read(kind, content));
            rest = after;
        }
        Ok(Self { items })
    }

    /// The content of a message.
    ///
    /// # Errors
    /// An item is too long, a picture too large, or a ring tone can't be written.
    pub fn to_octets(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = vec![VERSION];
        for item in &self.items {
            let content = item.content()?;
            let length = u16::try_from(content.len()).map_err(|_| EncodeError::TooLong {
                what: "item of a picture message",
                size: content.len(),
                unit: "octets",
                limit: usize::from(u16::MAX),
            })?;
            out.push(item.kind());
            out.extend(length.to_be_bytes());
            out.extend(content);
        }
        Ok(out)
    }

    /// The items as short messages.
    ///
    /// # Errors
    /// As [`Multipart::to_octets`]; and they take more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        splitting.to_port(MULTIPART_PORT, &self.to_octets()?)
    }
}

impl MultipartItem {
    /// The kind as the message has it.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Latin1(_) => 0,
            Self::Unicode(_) => 1,
            Self::Picture(_) => 2,
            Self::Ringtone(_) => 3,
            Self::ProfileName(_) => 4,
            Self::ScreenSaver(_) => 6,
            Self::Other { kind, .. } => *kind,
        }
    }

    fn read(kind: u8, content: &[u8]) -> Self {
        let other = || Self::Other { kind, content: content.to_vec() };
        match kind {
            0 => Self::Latin1(latin1(content)),
            1 => utf16(content).map_or_else(other, Self::Unicode),
            2 => read_ota(content, 0).map_or_else(|_| other(), Self::Picture),
            3 => Ringtone::from_binary(content).map_or_else(|_| other(), Self::Ringtone),
            4 => utf16(content).map_or_else(other, Self::ProfileName),
            6 => read_ota(content, 0).map_or_else(|_| other(), Self::ScreenSaver),
            _ => other(),
        }
    }

    /// Characters that ISO-8859-1 lacks become question marks.
    fn content(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        match self {
            Self::Latin1(text) => {
                out.extend(text.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')));
            }
            Self::Unicode(text) | Self::ProfileName(text) => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Picture(bitmap) | Self::ScreenSaver(bitmap) => write_ota(bitmap, &mut out)?,
            Self::Ringtone(tone) => out = tone.to_binary()?,
            Self::Other { content, .. } => out.clone_from(content),
        }
        Ok(out)
    }
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// `None` if there is half a unit or half a pair.
fn utf16(octets: &[u8]) -> Option<String> {
    let (units, []) = octets.as_chunks::<2>() else { return None };
    let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn picture() -> Bitmap {
        Bitmap::from_octets(72, 28, &(0..252).collect::<Vec<u8>>()).unwrap()
    }

    #[test]
    fn a_picture_message_is_read_back() {
        for (text, items, length) in [("", 1, 1 + 3 + 256), ("Grüße", 2, 1 + 3 + 256 + 3 + 5), ("你好", 2, 1 + 3 + 256 + 3 + 4)] {
            let message = Multipart::picture(picture(), text);
            let octets = message.to_octets().unwrap();
            assert_eq!((message.items.len(), octets.len()), (items, length));
            assert_eq!(octets[..8], [0x30, 0x02, 0x01, 0x00, 0x00, 72, 28, 1]);
            assert_eq!(Multipart::from_octets(&octets), Ok(message.clone()));
            assert_eq!(message.encode(Splitting::default()).unwrap().len(), 3);
            for end in 0..octets.len() {
                let cut = Multipart::from_octets(&octets[..end]);
                assert!(cut.as_ref().map_or(true, |cut| cut.items.len() < items), "{cut:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_kept() {
        for item in [&[2, 0, 4, 0x02, 8, 1, 1][..], &[1, 0, 1, 0x41], &[1, 0, 2, 0xd8, 0x00], &[9, 0, 1, 7], &[3, 0, 1, 2]] {
            let octets = [&[VERSION], item].concat();
            let message = Multipart::from_octets(&octets).unwrap();
            assert!(matches!(message.items[..], [MultipartItem::Other { .. }]), "{message:?}");
            assert_eq!(message.to_octets().unwrap(), octets);
        }
        assert!(Multipart::from_octets(&[0x31]).is_err());
    }
}
