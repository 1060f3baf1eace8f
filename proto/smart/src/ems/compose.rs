//! Where the items of a message stand in its segments.

use bytes::Bytes;
use waxwing_gsm::alphabet::{Alphabet, pack};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::{Coding, DataCoding};
use waxwing_gsm::segment::SegmentError;
use waxwing_gsm::udh::Element;

use super::{EmsItem, EmsObject, TextFormat};
use crate::user_data::header_of;
use crate::{EncodeError, Splitting, UserData};

/// The user prompt indicator.
pub(super) const USER_PROMPT: u8 = 0x13;
/// How many octets it takes.
const USER_PROMPT_OCTETS: usize = 3;
/// How many octets a concatenation element takes.
const CONCAT_OCTETS: usize = 5;
/// How many octets of user data a segment has.
const CAPACITY: usize = 140;

pub(super) fn compose(items: &[EmsItem], splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
    let text = items.iter().filter_map(|item| if let EmsItem::Text { text, .. } = item { Some(text) } else { None });
    let gsm = text.into_iter().all(|text| Alphabet::DEFAULT.septet_count(text).is_ok());
    let coding = if gsm { Coding::Gsm7 } else { Coding::Ucs2 };

    let mut layout = Layout::of(items, coding, 0)?;
    if layout.drafts.len() > 1 {
        layout = Layout::of(items, coding, CONCAT_OCTETS)?;
    }
    let count = layout.drafts.len();
    let limit = splitting.max_segments;
    let total = u8::try_from(count).ok().filter(|total| *total <= limit).ok_or(SegmentError::TooManySegments { count, limit })?;
    let segments = (1..=u8::MAX).zip(layout.drafts).map(|(number, draft)| {
        let concat = (total > 1).then_some(Element::Concat8 { reference: splitting.reference, total, number });
        draft.user_data(concat, coding)
    });
    segments.collect()
}

/// A segment in the making.
#[derive(Default)]
struct Draft {
    elements: Vec<Element>,
    /// How many octets the elements take.
    octets: usize,
    text: String,
    /// How many septets or 16-bit units the text takes.
    units: usize,
    /// How many characters the text has, as positions count them: an escape sequence of the GSM alphabet is one character, a surrogate
    /// pair of UCS-2 is two.
    characters: usize,
}

struct Layout {
    coding: Coding,
    /// How many octets of each header are taken by the concatenation element.
    concat: usize,
    /// At least one.
    drafts: Vec<Draft>,
    current: Draft,
}

impl Layout {
    fn of(items: &[EmsItem], coding: Coding, concat: usize) -> Result<Self, EncodeError> {
        let mut layout = Self { coding, concat, drafts: Vec::new(), current: Draft::default() };
        for item in items {
            match item {
                EmsItem::Text { text, format } => layout.text(text, *format)?,
                EmsItem::Object(object) => layout.object(object, None)?,
                EmsItem::Group(objects) => {
                    let size = objects.len();
                    let count = u8::try_from(size).map_err(|_| EncodeError::TooLong {
                        what: "group",
                        size,
                        unit: "objects",
                        limit: usize::from(u8::MAX),
                    })?;
                    // A prompt for a single object says nothing.
                    let mut prompt = (count > 1).then_some(count);
                    for object in objects {
                        layout.object(object, prompt.take())?;
                    }
                }
            }
        }
        layout.next();
        Ok(layout)
    }

    /// How many units of text there is room for in all in the current segment if its elements grow by so many octets; `None` if the
    /// header is too long then.
    fn room(&self, more: usize) -> Option<usize> {
        let elements = self.concat + self.current.octets + more;
        let header = if elements == 0 { 0 } else { 1 + elements };
        let octets = CAPACITY.checked_sub(header)?;
        Some(match self.coding {
            Coding::Ucs2 => octets / 2,
            _ => (CAPACITY * 8 / 7).saturating_sub(pack::header_septets(header)),
        })
    }

    fn fits(&self, more: usize) -> bool {
        self.room(more).is_some_and(|room| self.current.units <= room)
    }

    /// Ends the current segment.
    fn next(&mut self) {
        self.drafts.push(std::mem::take(&mut self.current));
    }

    /// Puts an object where the text has got to, or into the next segment.
    fn object(&mut self, object: &EmsObject, prompt: Option<u8>) -> Result<(), EncodeError> {
        let content = object.content()?;
        let octets = 3 + content.len() + if prompt.is_some() { USER_PROMPT_OCTETS } else { 0 };
        if !self.fits(octets) {
            self.next();
            if !self.fits(octets) {
                let limit = CAPACITY - 1 - self.concat;
                return Err(EncodeError::TooLong { what: "element of an object", size: octets, unit: "octets", limit });
            }
        }
        if let Some(count) = prompt {
            self.current.elements.push(Element::Other { identifier: USER_PROMPT, data: Bytes::copy_from_slice(&[count]) });
        }
        let data = [&[self.current.position()], content.as_slice()].concat();
        self.current.elements.push(Element::Other { identifier: object.identifier(), data: data.into() });
        self.current.octets += octets;
        Ok(())
    }

    /// Puts text into this segment and as many more as it takes; a format is told in each.
    fn text(&mut self, text: &str, format: Option<TextFormat>) -> Result<(), EncodeError> {
        let more = format.map_or(0, TextFormat::octets);
        let mut rest = text;
        while !rest.is_empty() {
            let room = self.room(more).map_or(0, |room| room.saturating_sub(self.current.units));
            let (taken, units, characters) = self.take(rest, room);
            if taken == 0 {
                // An empty segment has room for any character, so this ends.
                self.next();
                continue;
            }
            let (now, later) = rest.split_at_checked(taken).unwrap_or((rest, ""));
            if let Some(format) = format {
                let length = u8::try_from(characters).unwrap_or(u8::MAX);
                self.current.elements.push(format.element(self.current.position(), length));
                self.current.octets += more;
            }
            self.current.text.push_str(now);
            self.current.units += units;
            self.current.characters += characters;
            rest = later;
        }
        Ok(())
    }

    /// How many octets of `text` fit into `room`, and their units and characters.
    fn take(&self, text: &str, room: usize) -> (usize, usize, usize) {
        let (mut units, mut characters) = (0, 0);
        for (at, char) in text.char_indices() {
            let (more, count) = match self.coding {
                Coding::Ucs2 => (char.len_utf16(), char.len_utf16()),
                _ => (Alphabet::DEFAULT.septets_of(char).unwrap_or(1), 1),
            };
            if units + more > room {
                return (at, units, characters);
            }
            units += more;
            characters += count;
        }
        (text.len(), units, characters)
    }
}

impl Draft {
    /// Where the text has got to: at most 160 characters.
    fn position(&self) -> u8 {
        u8::try_from(self.characters).unwrap_or(u8::MAX)
    }

    fn user_data(self, concat: Option<Element>, coding: Coding) -> Result<UserData, EncodeError> {
        let header = header_of(concat.into_iter().chain(self.elements))?;
        let charset = if coding == Coding::Ucs2 { Charset::Ucs2 } else { Charset::Gsm7 };
        let payload = charset.encode(&self.text).map_err(SegmentError::from)?;
        Ok(UserData { header, payload: payload.into(), data_coding: DataCoding::new(coding, None), protocol_id: 0 })
    }
}
