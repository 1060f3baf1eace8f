//! Optional parameters (TLVs): read in place, kept in order, octet for octet.
//!
//! A relay has to hand on TLVs that it does not know, so [`Tlvs`] is the octets as they came and
//! iterating them allocates nothing.

mod buf;
mod table;

use std::fmt;

pub use buf::TlvBuf;
pub use table::{Tag, TlvKind, TlvSpec};

use crate::Quirks;

/// One optional parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Which parameter it is.
    pub tag: Tag,
    /// Its octets, whatever their number.
    pub value: &'a [u8],
}

/// The optional parameters of a PDU in the order in which they came. Always a whole number of TLVs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tlvs<'a> {
    octets: &'a [u8],
}

/// Iterator over [`Tlvs`].
#[derive(Clone, Copy, Debug)]
pub struct TlvIter<'a> {
    rest: &'a [u8],
}

/// What [`Tlvs::parse`] made of some octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parsed<'a> {
    pub(crate) tlvs: Tlvs<'a>,
    /// Octets at the end that are no TLV.
    pub(crate) ignored: &'a [u8],
    pub(crate) quirks: Quirks,
    pub(crate) count: usize,
    /// The first TLV of the table with a length outside its range.
    pub(crate) bad_length: Option<Tag>,
}

impl<'a> Tlvs<'a> {
    /// Reads TLVs up to the first octet that cannot belong to one; the second part is what is left over.
    pub fn parse(octets: &'a [u8]) -> (Self, &'a [u8]) {
        let parsed = Self::examine(octets);
        (parsed.tlvs, parsed.ignored)
    }

    pub(crate) fn examine(octets: &'a [u8]) -> Parsed<'a> {
        let mut parsed = Parsed { tlvs: Self::default(), ignored: octets, quirks: Quirks::NONE, count: 0, bad_length: None };
        let mut iter = TlvIter { rest: octets };
        for tlv in iter.by_ref() {
            parsed.count += 1;
            if !tlv.fits_spec() {
                parsed.quirks.insert(Quirks::TLV_BAD_LENGTH);
                parsed.bad_length.get_or_insert(tlv.tag);
            }
        }
        let (whole, ignored) = octets.split_at(octets.len() - iter.rest.len());
        parsed.tlvs = Self { octets: whole };
        parsed.ignored = ignored;
        match ignored.len() {
            0 => {}
            1..=3 => parsed.quirks.insert(Quirks::TRAILING_OCTETS),
            _ => parsed.quirks.insert(Quirks::TLV_PAST_END),
        }
        parsed
    }

    /// The TLVs as they stand on the wire.
    pub const fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.octets.is_empty()
    }

    /// The TLVs in order.
    pub const fn iter(self) -> TlvIter<'a> {
        TlvIter { rest: self.octets }
    }

    /// Octets of the first TLV with this tag, whatever their number.
    pub fn get(self, tag: Tag) -> Option<&'a [u8]> {
        self.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value)
    }

    /// Value of the first TLV with this tag, if it has one octet.
    pub fn get_u8(self, tag: Tag) -> Option<u8> {
        self.get(tag)?.try_into().ok().map(u8::from_be_bytes)
    }

    /// Value of the first TLV with this tag, if it has two octets.
    pub fn get_u16(self, tag: Tag) -> Option<u16> {
        self.get(tag)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// Value of the first TLV with this tag, if it has four octets.
    pub fn get_u32(self, tag: Tag) -> Option<u32> {
        self.get(tag)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// String of the first TLV with this tag, up to its NUL or, where a peer left that out, to its end.
    pub fn get_cstring(self, tag: Tag) -> Option<&'a [u8]> {
        self.get(tag).map(up_to_nul)
    }
}

impl<'a> IntoIterator for Tlvs<'a> {
    type Item = Tlv<'a>;
    type IntoIter = TlvIter<'a>;

    fn into_iter(self) -> TlvIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Tlv<'_> {
    /// Whether the length is in the range of the specification; true for unknown and vendor tags.
    pub fn fits_spec(&self) -> bool {
        self.tag.spec().is_none_or(|spec| (spec.min..=spec.max).contains(&self.value.len()))
    }
}

impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.tag, self.value.escape_ascii())
    }
}

impl<'a> Iterator for TlvIter<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (head, tail) = self.rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (value, rest) = tail.split_at_checked(length)?;
        self.rest = rest;
        Some(Tlv { tag: Tag(u16::from_be_bytes([head[0], head[1]])), value })
    }
}

pub(crate) fn up_to_nul(octets: &[u8]) -> &[u8] {
    octets.split(|&octet| octet == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keeps_unknown_tlvs_and_order() {
        let octets = b"\x14\x00\x00\x02hi\x02\x0c\x00\x02\x00\x09\x14\x00\x00\x00";
        let (tlvs, ignored) = Tlvs::parse(octets);
        assert!(ignored.is_empty());
        assert_eq!(tlvs.octets(), octets);
        let tags: Vec<u16> = tlvs.iter().map(|tlv| tlv.tag.0).collect();
        assert_eq!(tags, [0x1400, 0x020C, 0x1400]);
        assert_eq!(tlvs.get_u16(Tag::SAR_MSG_REF_NUM), Some(9));
        assert_eq!(tlvs.get(Tag(0x1400)), Some(&b"hi"[..]));
        assert_eq!(tlvs.get_u8(Tag::SAR_MSG_REF_NUM), None);
    }

    #[test]
    fn a_cstring_ends_at_its_nul_or_at_its_end() {
        for octets in [&b"\x00\x1e\x00\x03ab\x00"[..], b"\x00\x1e\x00\x02ab"] {
            assert_eq!(Tlvs::parse(octets).0.get_cstring(Tag::RECEIPTED_MESSAGE_ID), Some(&b"ab"[..]));
        }
    }

    #[test]
    fn every_spec_has_a_sane_range_and_a_unique_tag() {
        let mut seen = std::collections::BTreeSet::new();
        for tag in Tag::ALL {
            let spec = tag.spec().unwrap();
            assert!(spec.min <= spec.max, "{tag}");
            assert!(seen.insert(tag.0), "{tag} is there twice");
        }
    }
}
