//! From the segments of a message to its items.

use waxwing_gsm::dcs::Coding;
use waxwing_gsm::udh::Element;

use super::compose::USER_PROMPT;
use super::{EmsItem, EmsMessage, EmsObject, TextFormat, format};
use crate::UserData;

pub(super) fn read(parts: &[UserData]) -> Option<EmsMessage> {
    let known = |element: &Element| (format::IDENTIFIER..=USER_PROMPT).contains(&element.identifier());
    if !parts.iter().any(|part| part.header.elements().iter().any(known)) {
        return None;
    }
    let mut reader = Reader::default();
    for part in parts {
        reader.part(part);
    }
    Some(EmsMessage { items: reader.items })
}

/// An object, and where it stands.
struct Placed {
    position: u8,
    object: EmsObject,
    /// The group that it belongs to.
    group: Option<usize>,
}

#[derive(Default)]
struct Reader {
    items: Vec<EmsItem>,
    /// Where each group stands among the items, once it does.
    groups: Vec<Option<usize>>,
    /// How many more objects belong to the last group.
    prompted: u8,
    /// The format of all that follows, from an element of length 0.
    lasting: Option<TextFormat>,
}

impl Reader {
    fn part(&mut self, part: &UserData) {
        let mut objects = Vec::new();
        let mut formats = Vec::new();
        for element in part.header.elements() {
            let Element::Other { identifier, data } = element else { continue };
            match (*identifier, data.as_ref()) {
                (format::IDENTIFIER, data) => formats.extend(TextFormat::read(data)),
                (USER_PROMPT, [count, ..]) => {
                    self.prompted = *count;
                    self.groups.push(None);
                }
                (identifier, data) => {
                    let Some((position, object)) = EmsObject::read(identifier, data) else { continue };
                    let group = (self.prompted > 0).then(|| self.groups.len().saturating_sub(1));
                    self.prompted = self.prompted.saturating_sub(1);
                    objects.push(Placed { position, object, group });
                }
            }
        }
        // Those at the same position stay in the order of the header.
        objects.sort_by_key(|placed| placed.position);
        let mut objects = objects.into_iter().peekable();
        let wide = part.data_coding.coding() == Coding::Ucs2;
        let mut at = 0;
        for char in part.text().chars() {
            while let Some(placed) = objects.next_if(|placed| usize::from(placed.position) <= at) {
                self.object(placed);
            }
            let format = self.format_at(at, &formats);
            self.character(char, format);
            at += if wide { char.len_utf16() } else { 1 };
        }
        for placed in objects {
            self.object(placed);
        }
    }

    /// The last format that covers a position, or the last that lasts.
    fn format_at(&mut self, at: usize, formats: &[(u8, u8, TextFormat)]) -> Option<TextFormat> {
        let mut covering = None;
        for (start, length, format) in formats {
            let start = usize::from(*start);
            if *length == 0 && start == at {
                self.lasting = Some(*format);
            }
            if (start..start + usize::from(*length)).contains(&at) {
                covering = Some(*format);
            }
        }
        covering.or(self.lasting)
    }

    fn character(&mut self, char: char, format: Option<TextFormat>) {
        match self.items.last_mut() {
            Some(EmsItem::Text { text, format: last }) if *last == format => text.push(char),
            _ => self.items.push(EmsItem::Text { text: char.to_string(), format }),
        }
    }

    fn object(&mut self, placed: Placed) {
        let Some(group) = placed.group else { return self.items.push(EmsItem::Object(placed.object)) };
        let place = self.groups.get(group).copied().flatten();
        if let Some(EmsItem::Group(objects)) = place.and_then(|place| self.items.get_mut(place)) {
            return objects.push(placed.object);
        }
        if let Some(place) = self.groups.get_mut(group) {
            *place = Some(self.items.len());
        }
        self.items.push(EmsItem::Group(vec![placed.object]));
    }
}
