//! Splitting of messages into the short messages that carry them.
//!
//! [`segment`] finds the coding that takes the fewest segments under a [`TextPolicy`], cuts the text between characters, and writes the
//! user data headers. [`segment_octets`] does the same for data that already has its octets. [`count_segments`] only counts.

mod coding;
mod error;
mod plan;
mod policy;

use bytes::Bytes;

pub use self::coding::TextCoding;
pub use self::error::SegmentError;
use self::plan::{Plan, part_header};
pub use self::policy::{Concat, Limits, National, TextPolicy};
use crate::alphabet::pack;
use crate::charset::Charset;
use crate::udh::{Element, UserDataHeader};

/// One short message of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Segment {
    /// How the payload is coded; [`Charset::Octets`] for data.
    pub coding: TextCoding,
    /// Which part this is, from 1.
    pub number: u8,
    /// How many parts there are; 1 for a message that was not split.
    pub total: u8,
    /// The user data header with its length octet; empty if there is none.
    pub udh: Bytes,
    /// What follows the header: septets, an octet each, for [`Charset::Gsm7`]; for [`Charset::Gsm7Packed`] the fill bits and the packed
    /// septets; octets of the charset otherwise.
    pub payload: Bytes,
    /// How many septets the payload has if the coding counts septets, octets otherwise.
    pub units: usize,
}

/// What a text costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Count {
    /// How many segments the text takes.
    pub segments: usize,
    /// How the text is coded.
    pub coding: TextCoding,
    /// Characters were replaced by stand-ins.
    pub transliterated: bool,
    /// How many units the text has: septets if the coding counts them, 16-bit units of UCS-2, octets of other charsets.
    pub units: usize,
    /// How many units fit in each segment.
    pub units_per_segment: usize,
    /// How many more units the last segment has room for.
    pub units_left: usize,
}

impl Segment {
    /// Header and payload together: `short_message` of SMPP, TP-UD of a TPDU.
    pub fn user_data(&self) -> Vec<u8> {
        [self.udh.as_ref(), self.payload.as_ref()].concat()
    }

    /// TP-User-Data-Length: septets, header and fill bits included, if the payload is packed; octets otherwise (3GPP TS 23.040,
    /// 9.2.3.16).
    pub fn user_data_length(&self) -> usize {
        match self.coding.charset {
            Charset::Gsm7Packed => pack::header_septets(self.udh.len()) + self.units,
            _ => self.udh.len() + self.payload.len(),
        }
    }
}

/// Codes a text and splits it into segments that share `reference`; an 8-bit reference takes its low octet.
///
/// # Errors
/// No charset of the policy has the text, or it takes too many segments.
pub fn segment(text: &str, policy: &TextPolicy, reference: u16) -> Result<Vec<Segment>, SegmentError> {
    segment_with_header(text, policy, &UserDataHeader::new(), reference)
}

/// Like [`segment`], with a header whose elements (ports, for example) stand in every segment, in their order. Elements that select an
/// alphabet are left out: the policy does that.
///
/// # Errors
/// As [`segment`]; and the header leaves no room, or says that the message is a part already and the text does not fit one segment.
pub fn segment_with_header(text: &str, policy: &TextPolicy, header: &UserDataHeader, reference: u16) -> Result<Vec<Segment>, SegmentError> {
    let header = header.without(Element::is_shift);
    let Plan { coding, text, cuts } = Plan::choose(text, policy, &header)?;
    let maker = Maker { coding, header: &header, limits: policy.limits, reference, total: total(cuts.count(), policy.limits)? };
    let parts = (1..=u8::MAX).zip(cuts.parts());
    parts.map(|(number, part)| maker.segment(number, Payload::Text(text.get(part).unwrap_or_default()))).collect()
}

/// Splits data into segments that share `reference`, with the elements of `header` in every one.
///
/// Data that fits one segment keeps its header as it is, a concatenation element included.
///
/// # Errors
/// Too many segments; the header leaves no room, or says that the message is a part already and the data does not fit one segment.
pub fn segment_octets(data: &[u8], header: &UserDataHeader, limits: Limits, reference: u16) -> Result<Vec<Segment>, SegmentError> {
    let coding = TextCoding::plain(Charset::Octets);
    let capacity = usize::from(limits.capacity_octets);
    let mut parts = vec![data];
    if header.octets() + data.len() > capacity {
        let header = header.octets().max(1) + limits.concat.octets();
        let room = coding.room(capacity, header);
        if room == 0 {
            return Err(SegmentError::NoRoom { header, capacity });
        }
        parts = data.chunks(room).collect();
    }
    let maker = Maker { coding, header, limits, reference, total: total(parts.len(), limits)? };
    (1..=u8::MAX).zip(parts).map(|(number, part)| maker.segment(number, Payload::Octets(part))).collect()
}

/// Counts what [`segment`] would make, for showing it while a text is written.
///
/// # Errors
/// As [`segment`].
pub fn count_segments(text: &str, policy: &TextPolicy) -> Result<Count, SegmentError> {
    let Plan { coding, text: chosen, cuts } = Plan::choose(text, policy, &UserDataHeader::new())?;
    let unit = if coding.charset == Charset::Ucs2 { 2 } else { 1 };
    Ok(Count {
        segments: cuts.count(),
        coding,
        transliterated: chosen != text,
        units: cuts.units / unit,
        units_per_segment: cuts.room / unit,
        units_left: cuts.room.saturating_sub(cuts.last_units) / unit,
    })
}

fn total(count: usize, limits: Limits) -> Result<u8, SegmentError> {
    let limit = limits.max_segments;
    u8::try_from(count).ok().filter(|total| *total <= limit).ok_or(SegmentError::TooManySegments { count, limit })
}

/// What the segments of a message have in common.
struct Maker<'a> {
    coding: TextCoding,
    header: &'a UserDataHeader,
    limits: Limits,
    reference: u16,
    total: u8,
}

enum Payload<'a> {
    Octets(&'a [u8]),
    Text(&'a str),
}

impl Maker<'_> {
    fn segment(&self, number: u8, payload: Payload<'_>) -> Result<Segment, SegmentError> {
        if self.total > 1 && self.header.concatenation().is_some() {
            return Err(SegmentError::AlreadyPart { count: usize::from(self.total) });
        }
        let header = part_header(self.header, self.coding, self.concat(number))?;
        let (payload, units) = match payload {
            Payload::Octets(octets) => (Bytes::copy_from_slice(octets), octets.len()),
            Payload::Text(text) => {
                let (octets, units) = self.coding.encode(text, header.octets())?;
                (octets.into(), units)
            }
        };
        Ok(Segment { coding: self.coding, number, total: self.total, udh: header.encode().into(), payload, units })
    }

    fn concat(&self, number: u8) -> Option<Element> {
        let total = self.total;
        match self.limits.concat {
            _ if total == 1 => None,
            Concat::Udh8 => Some(Element::Concat8 { reference: (self.reference & 0xff) as u8, total, number }),
            Concat::Udh16 => Some(Element::Concat16 { reference: self.reference, total, number }),
            Concat::External => None,
        }
    }
}

#[cfg(test)]
mod tests;
