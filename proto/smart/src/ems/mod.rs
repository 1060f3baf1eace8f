//! Enhanced Messaging (3GPP TS 23.040, 9.2.3.24.10): texts with formats, pictures, animations and sounds among them.
//!
//! A message is a row of items. Writing it finds out where each stands in which segment: elements tell positions within their own
//! segment, and none is ever divided. Reading goes the other way.

mod compose;
mod format;
mod object;
mod read;

pub use self::format::{Alignment, FontSize, TextColors, TextFormat};
pub use self::object::{EmsObject, PREDEFINED_ANIMATIONS, PREDEFINED_SOUNDS};
use crate::bitmap::Bitmap;
use crate::{EncodeError, Splitting, UserData};

/// A message of text and objects.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EmsMessage {
    /// What is shown and heard, in order.
    pub items: Vec<EmsItem>,
}

/// A piece of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EmsItem {
    /// Text; without a format, the phone's own.
    Text {
        /// The characters.
        text: String,
        /// How they look.
        format: Option<TextFormat>,
    },
    /// A sound, a picture or an animation.
    Object(EmsObject),
    /// Objects that belong together, told by a user prompt indicator: pictures are shown side by side, sounds played one after the other
    /// (3GPP TS 23.040, 9.2.3.24.10.1.10).
    Group(Vec<EmsObject>),
}

impl EmsMessage {
    /// The message as short messages: in GSM 7-bit if the default alphabet has all of its text, else in UCS-2.
    ///
    /// # Errors
    /// An object is too large or has a wrong size; the message takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        compose::compose(&self.items, splitting)
    }

    /// Reads the segments of a message, in their order. Elements that are not understood are passed over. `None` if there is no element
    /// of EMS.
    pub fn decode(parts: &[UserData]) -> Option<Self> {
        read::read(parts)
    }
}

impl EmsItem {
    /// Text in the phone's own format.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), format: None }
    }

    /// A picture of any size: one variable picture if it is small enough, else several side by side. Its width is made a multiple of 8
    /// by white pixels on the right. `None` if it is higher than an element can have, or has no pixels.
    pub fn picture(bitmap: &Bitmap) -> Option<Self> {
        let (width, height) = (bitmap.width(), bitmap.height());
        if width == 0 || height == 0 {
            return None;
        }
        let most = object::MAX_DATA / usize::from(height) * 8;
        let strip = u16::try_from(most).unwrap_or(u16::MAX).min(width.next_multiple_of(8));
        if strip == 0 {
            return None;
        }
        let strips = (0..width).step_by(usize::from(strip)).map(|x| {
            let rest = (width - x).next_multiple_of(8);
            bitmap.piece(x, 0, strip.min(rest), height).map(EmsObject::VariablePicture)
        });
        let mut strips = strips.collect::<Option<Vec<_>>>()?;
        Some(if strips.len() == 1 { Self::Object(strips.swap_remove(0)) } else { Self::Group(strips) })
    }
}

#[cfg(test)]
mod tests;
