//! The user data of a short message with what tells how to read it, and the segmentation of content that goes to a port.

use bytes::Bytes;
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::{Coding, DataCoding};
use waxwing_gsm::segment::{Concat, Limits, Segment, SegmentError, TextPolicy, segment_octets, segment_with_header};
use waxwing_gsm::udh::{Element, UserDataHeader};

use crate::EncodeError;

/// 8-bit data of class 1, for the phone: what smart messages are sent with.
pub const SMART_DATA: DataCoding = DataCoding(0xf5);

/// The user data of one short message, and how it is to be read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserData {
    /// The user data header; without elements, none is sent and TP-UDHI is not set.
    pub header: UserDataHeader,
    /// What follows the header: octets, big-endian UCS-2, or septets of the GSM alphabet, an octet each, as `data_coding` says.
    pub payload: Bytes,
    /// TP-Data-Coding-Scheme.
    pub data_coding: DataCoding,
    /// TP-Protocol-Identifier: 0 for a plain message.
    pub protocol_id: u8,
}

/// How content is split.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Splitting {
    /// The reference that the segments share; of 8 bits on the wire.
    pub reference: u8,
    /// How many segments there may be; more are an error. Phones of the time took 3 of a ring tone, and 6 and more of a text.
    pub max_segments: u8,
}

impl UserData {
    /// The user data as an SMPP or CMPP message has it: the header, if there is one, and the payload.
    pub fn octets(&self) -> Vec<u8> {
        [self.header.encode().as_slice(), self.payload.as_ref()].concat()
    }

    /// There is a header: TP-UDHI, or 0x40 in `esm_class`, is to be set.
    pub fn has_header(&self) -> bool {
        !self.header.is_empty()
    }

    /// Reads user data that begins with a header if `udhi`. A broken header leaves what could be read of it, and the payload where its
    /// length octet says.
    pub fn parse(octets: &[u8], udhi: bool, data_coding: DataCoding, protocol_id: u8) -> Self {
        let (header, payload) = match udhi.then(|| UserDataHeader::parse(octets)) {
            None => (UserDataHeader::new(), octets),
            Some(Ok(read)) => read,
            Some(Err(error)) => (error.header, octets.get(error.payload_offset..).unwrap_or_default()),
        };
        Self { header, payload: Bytes::copy_from_slice(payload), data_coding, protocol_id }
    }

    /// The payload as text, whatever is odd in it replaced.
    pub fn text(&self) -> String {
        text(&self.payload, self.data_coding.coding(), &self.header)
    }
}

impl Default for Splitting {
    /// Reference 0, as many segments as can be numbered.
    fn default() -> Self {
        Self { reference: 0, max_segments: u8::MAX }
    }
}

impl Splitting {
    /// What the segmentation of waxwing-gsm takes.
    pub(crate) fn limits(self) -> Limits {
        Limits { concat: Concat::Udh8, max_segments: self.max_segments, ..Limits::default() }
    }

    /// Content for a port of the phone, in as many segments as it takes. The sender's port is the same, as gateways do.
    ///
    /// # Errors
    /// It takes more segments than allowed.
    pub fn to_port(self, port: u16, content: &[u8]) -> Result<Vec<UserData>, EncodeError> {
        let header = header_of([Element::Ports16 { destination: port, source: port }])?;
        let segments = segment_octets(content, &header, self.limits(), self.reference.into())?;
        Ok(segments.into_iter().map(|segment| user_data(segment, SMART_DATA, 0)).collect())
    }

    /// A text with a header of its own, in GSM 7-bit, or UCS-2 where that is needed and allowed; `data_coding` tells the scheme for the
    /// coding chosen.
    pub(crate) fn text(
        self,
        text: &str,
        header: &UserDataHeader,
        policy: TextPolicy,
        protocol_id: u8,
        data_coding: impl Fn(Coding) -> DataCoding,
    ) -> Result<Vec<UserData>, SegmentError> {
        let policy = TextPolicy { limits: self.limits(), ..policy };
        let segments = segment_with_header(text, &policy, header, self.reference.into())?;
        let each = |segment: Segment| {
            let coding = if segment.coding.charset == Charset::Ucs2 { Coding::Ucs2 } else { Coding::Gsm7 };
            user_data(segment, data_coding(coding), protocol_id)
        };
        Ok(segments.into_iter().map(each).collect())
    }
}

/// A header of these elements.
pub(crate) fn header_of(elements: impl IntoIterator<Item = Element>) -> Result<UserDataHeader, EncodeError> {
    let mut header = UserDataHeader::new();
    for element in elements {
        header.push(element).map_err(|error| EncodeError::TooLong {
            what: "user data header",
            size: error.octets,
            unit: "octets",
            limit: usize::from(u8::MAX),
        })?;
    }
    Ok(header)
}

/// Octets of a payload as text.
pub(crate) fn text(payload: &[u8], coding: Coding, header: &UserDataHeader) -> String {
    match coding {
        Coding::Ucs2 => Charset::Ucs2.decode(payload).text,
        Coding::Octets => match std::str::from_utf8(payload) {
            Ok(text) => text.to_owned(),
            Err(_) => Charset::Latin1.decode(payload).text,
        },
        Coding::Gsm7 | Coding::Reserved => header.alphabet().decode(payload).text,
    }
}

fn user_data(segment: Segment, data_coding: DataCoding, protocol_id: u8) -> UserData {
    let header = UserDataHeader::parse(&segment.udh).map(|(header, _)| header).unwrap_or_default();
    UserData { header, payload: segment.payload, data_coding, protocol_id }
}
