//! The message inside a PDU, wherever it stands.

use crate::tlv::Tlvs;
use crate::{DataCoding, DataSm, DeliverSm, EsmClass, Pdu, Quirks, SubmitMulti, SubmitSm, Tag};

/// What the PDUs that carry a message have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Mode, type and features.
    pub esm_class: EsmClass,
    /// Alphabet.
    pub data_coding: DataCoding,
    /// Octets of short_message.
    pub short_message: &'a [u8],
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

/// Place of a segment in a long message, from the sar_* TLVs (SMPP 3.4 section 5.3.2.22 to 24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Reference that all segments share.
    pub reference: u16,
    /// Number of segments, 1 to 255.
    pub total: u8,
    /// Number of this one, 1 to `total`.
    pub number: u8,
}

impl<'a> Message<'a> {
    /// The message: short_message, or message_payload where that is empty.
    pub fn octets(&self) -> &'a [u8] {
        if self.short_message.is_empty() { self.tlvs.get(Tag::MESSAGE_PAYLOAD).unwrap_or_default() } else { self.short_message }
    }

    /// User data header (its length octet included) and the rest of the message.
    ///
    /// The header is empty where esm_class announces none, or where the message does not begin with a whole one: some peers
    /// set the bit and send plain text.
    pub fn split_udh(&self) -> (&'a [u8], &'a [u8]) {
        let octets = self.octets();
        octets.split_at(if self.esm_class.udhi() { udh_length(octets).unwrap_or(0) } else { 0 })
    }

    /// Place in a long message by the sar_* TLVs; `None` where one is missing or out of range.
    pub fn segment(&self) -> Option<Segment> {
        let reference = self.tlvs.get_u16(Tag::SAR_MSG_REF_NUM)?;
        let total = self.tlvs.get_u8(Tag::SAR_TOTAL_SEGMENTS)?;
        let number = self.tlvs.get_u8(Tag::SAR_SEGMENT_SEQNUM)?;
        (1..=total).contains(&number).then_some(Segment { reference, total, number })
    }

    pub(crate) fn quirks(&self) -> Quirks {
        let mut quirks = Quirks::NONE;
        if self.esm_class.udhi() && udh_length(self.octets()).is_none() {
            quirks.insert(Quirks::UDHI_WITHOUT_UDH);
        }
        if !self.short_message.is_empty() && self.tlvs.get(Tag::MESSAGE_PAYLOAD).is_some_and(|payload| !payload.is_empty()) {
            quirks.insert(Quirks::TWO_MESSAGES);
        }
        quirks
    }
}

macro_rules! messages {
    ($($pdu:ident),*) => {
        $(impl<'a> $pdu<'a> {
            /// The message, wherever it stands.
            pub const fn message(&self) -> Message<'a> {
                Message { esm_class: self.esm_class, data_coding: self.data_coding, short_message: self.short_message, tlvs: self.tlvs }
            }
        })*

        impl<'a> Pdu<'a> {
            /// The message of a submit_sm, submit_multi, deliver_sm or data_sm.
            pub const fn message(&self) -> Option<Message<'a>> {
                match self {
                    $(Self::$pdu(body) => Some(body.message()),)*
                    Self::DataSm(body) => Some(body.message()),
                    _ => None,
                }
            }
        }
    };
}
messages!(SubmitSm, SubmitMulti, DeliverSm);

impl<'a> DataSm<'a> {
    /// The message, which data_sm has in message_payload only.
    pub const fn message(&self) -> Message<'a> {
        Message { esm_class: self.esm_class, data_coding: self.data_coding, short_message: &[], tlvs: self.tlvs }
    }
}

/// Octets of the user data header at the start of a message, its length octet included; `None` unless its elements fill it exactly.
fn udh_length(octets: &[u8]) -> Option<usize> {
    let (&length, rest) = octets.split_first()?;
    let mut elements = rest.get(..usize::from(length))?;
    while !elements.is_empty() {
        let (head, data) = elements.split_first_chunk::<2>()?;
        elements = data.get(usize::from(head[1])..)?;
    }
    Some(1 + usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TlvBuf;

    const CONCATENATED: &[u8] = b"\x05\x00\x03\x07\x02\x01hello";

    #[test]
    fn the_message_is_found_in_either_place() {
        let mut tlvs = TlvBuf::new();
        assert!(tlvs.put(Tag::MESSAGE_PAYLOAD, b"long").is_ok());
        let mut submit = SubmitSm { tlvs: tlvs.as_tlvs(), ..Default::default() };
        assert_eq!(submit.message().octets(), b"long");
        submit.short_message = b"short";
        assert_eq!(submit.message().octets(), b"short");
        assert_eq!(submit.message().quirks(), Quirks::TWO_MESSAGES);
    }

    #[test]
    fn a_header_is_split_off_only_where_there_is_one() {
        let mut submit = SubmitSm { short_message: CONCATENATED, ..Default::default() };
        assert_eq!(submit.message().split_udh(), (&b""[..], CONCATENATED));
        submit.esm_class = EsmClass(EsmClass::UDHI);
        assert_eq!(submit.message().split_udh(), CONCATENATED.split_at(6));
        submit.short_message = b"Hello";
        assert_eq!(submit.message().split_udh(), (&b""[..], &b"Hello"[..]));
        assert_eq!(submit.message().quirks(), Quirks::UDHI_WITHOUT_UDH);
    }

    #[test]
    fn a_segment_needs_all_three_tlvs_in_range() {
        let mut tlvs = TlvBuf::new();
        assert!(tlvs.put_u16(Tag::SAR_MSG_REF_NUM, 300).is_ok());
        assert!(tlvs.put_u8(Tag::SAR_TOTAL_SEGMENTS, 2).is_ok());
        assert_eq!(SubmitSm { tlvs: tlvs.as_tlvs(), ..Default::default() }.message().segment(), None);
        assert!(tlvs.put_u8(Tag::SAR_SEGMENT_SEQNUM, 2).is_ok());
        let segment = SubmitSm { tlvs: tlvs.as_tlvs(), ..Default::default() }.message().segment();
        assert_eq!(segment, Some(Segment { reference: 300, total: 2, number: 2 }));
    }
}
