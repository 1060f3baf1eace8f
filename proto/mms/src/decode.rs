//! Reading PDUs: what a phone takes is taken, and what is wrong with it is told.

use bytes::Bytes;
use waxwing_wap::wsp::Reader;

use crate::content::{Content, Limits, RawContent};
use crate::error::{DecodeError, Problem};
use crate::header::{Field, Header};
use crate::kind::{PduType, Version};
use crate::pdu::Pdu;
use crate::quirks::Quirks;

/// A PDU as it was read, and what was wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The PDU.
    pub pdu: Pdu,
    /// What was wrong and could be understood.
    pub quirks: Quirks,
}

impl Pdu {
    /// Reads a PDU with its parts, whose data are slices of the octets.
    ///
    /// # Errors
    /// It is no PDU of a kind that is known, a value tells a length beyond the end, or there are more parts than
    /// [`Limits::default`] allows.
    pub fn decode(octets: impl Into<Bytes>) -> Result<Decoded, DecodeError> {
        Self::decode_within(octets, Limits::default())
    }

    /// Reads a PDU with its parts, as [`decode`](Self::decode) does, within other limits.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_within(octets: impl Into<Bytes>, limits: Limits) -> Result<Decoded, DecodeError> {
        let mut decoded = Self::decode_headers(octets)?;
        if let Some(Content::Raw(raw)) = &decoded.pdu.content {
            let pdu = &decoded.pdu;
            let content = raw.decode(limits).map_err(|error| DecodeError {
                kind: Some(pdu.kind),
                transaction_id: pdu.transaction_id.clone(),
                version: Some(pdu.version),
                ..error
            })?;
            decoded.quirks.insert(content.quirks);
            decoded.pdu.content = Some(content.content);
        }
        Ok(decoded)
    }

    /// Reads the header fields; the content is [`Content::Raw`], and not looked into. It can go into another PDU as it is.
    ///
    /// # Errors
    /// It is no PDU of a kind that is known, or a value tells a length beyond the end.
    pub fn decode_headers(octets: impl Into<Bytes>) -> Result<Decoded, DecodeError> {
        let octets = octets.into();
        let mut head = Head { headers: Vec::with_capacity(12), ..Head::default() };
        let read = head.read(&octets);
        let error = |error: DecodeError| DecodeError {
            kind: head.kind,
            transaction_id: head.transaction_id.clone(),
            version: head.version,
            ..error
        };
        read.map_err(error)?;
        let Some(kind) = head.kind else {
            let problem = head.unknown_kind.map_or(Problem::NoMessageType, Problem::MessageType);
            return Err(error(DecodeError::new(Field::MessageType.name(), 0, problem)));
        };
        let Head { transaction_id, version, headers, content, mut quirks, .. } = head;
        if version.is_none() {
            quirks.insert(Quirks::MISSING_HEADER);
        }
        let pdu = Self { kind, transaction_id, version: version.unwrap_or(Version::V1_0), headers, content };
        if pdu.lacking().next().is_some() {
            quirks.insert(Quirks::MISSING_HEADER);
        }
        if pdu.repeated().is_some() {
            quirks.insert(Quirks::REPEATED_HEADER);
        }
        Ok(Decoded { pdu, quirks })
    }
}

/// What is read so far.
#[derive(Default)]
struct Head {
    kind: Option<PduType>,
    /// A message type that is not known. Reading goes on, for the transaction id.
    unknown_kind: Option<u8>,
    transaction_id: Option<String>,
    version: Option<Version>,
    headers: Vec<Header>,
    content: Option<Content>,
    quirks: Quirks,
}

/// More header fields than any PDU of a real peer's has, recipients included.
const MAX_HEADERS: usize = 4_096;
const TRANSACTION_ID: u8 = Field::TransactionId.code();
const MESSAGE_TYPE: u8 = Field::MessageType.code();
const VERSION: u8 = Field::Version.code();
const CONTENT_TYPE: u8 = Field::ContentType.code();

impl Head {
    fn read(&mut self, octets: &Bytes) -> Result<(), DecodeError> {
        let mut reader = Reader::new(octets);
        match octets.first() {
            None => return Err(DecodeError::new("PDU", 0, Problem::Empty)),
            Some(first) if *first != 0x80 | MESSAGE_TYPE => self.quirks.insert(Quirks::HEADER_ORDER),
            Some(_) => {}
        }
        // Past a change of the code page the numbers mean something else.
        let mut page = 1;
        while let Some(first) = reader.peek() {
            if self.headers.len() > MAX_HEADERS {
                return Err(DecodeError::new("header fields", reader.offset(), Problem::Headers(MAX_HEADERS)));
            }
            match first {
                0x80.. => {
                    let _ = reader.octet("header field");
                    let code = first & 0x7f;
                    if page != 1 {
                        self.quirks.insert(Quirks::UNKNOWN_HEADER);
                        reader.value().map_err(|error| DecodeError::value("header field of another code page", error))?;
                        continue;
                    }
                    if code == CONTENT_TYPE {
                        let at = reader.offset();
                        let raw =
                            RawContent::split(octets.slice(at..)).map_err(|error| DecodeError { offset: error.offset + at, ..error })?;
                        self.content = Some(Content::Raw(raw));
                        return Ok(());
                    }
                    self.numbered(code, &mut reader)?;
                }
                0x20..=0x7e => {
                    let header = Header::read_named(&mut reader, &mut self.quirks)
                        .map_err(|error| DecodeError::value("header field with a name", error))?;
                    self.headers.push(header);
                }
                0x00 if reader.rest().iter().all(|octet| *octet == 0) => {
                    self.quirks.insert(Quirks::TRAILING_OCTETS);
                    return Ok(());
                }
                0x00 => {
                    let _ = reader.octet("padding");
                    self.quirks.insert(Quirks::TRAILING_OCTETS);
                }
                0x7f => {
                    let _ = reader.octet("shift");
                    page = reader.octet("code page").map_or(1, |page| page.max(1));
                    self.quirks.insert(Quirks::SHIFT_CODE);
                }
                0x01..=0x1f => {
                    page = reader.octet("code page").unwrap_or(1);
                    self.quirks.insert(Quirks::SHIFT_CODE);
                }
            }
        }
        Ok(())
    }

    /// Reads the value behind a number.
    fn numbered(&mut self, code: u8, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let place = Field::from_code(code).map_or("header field", Field::name);
        let value = |error| DecodeError::value(place, error);
        match code {
            MESSAGE_TYPE if self.kind.is_none() && self.unknown_kind.is_none() => {
                let octet = reader.octet(place).map_err(value)?;
                self.kind = PduType::from_code(octet);
                if self.kind.is_none() {
                    self.unknown_kind = Some(octet);
                }
            }
            VERSION if self.version.is_none() && !matches!(reader.peek(), Some(0x1f..=0x7f)) => {
                let version = reader.integer().map_err(value)?;
                self.version = Some(Version((version & 0x7f) as u8));
            }
            TRANSACTION_ID if self.transaction_id.is_none() && reader.peek().is_some_and(|octet| octet < 0x80) => {
                if !reader.rest().contains(&0) {
                    self.quirks.insert(Quirks::UNTERMINATED_TEXT);
                }
                let id = reader.text();
                self.transaction_id = Some(waxwing_wap::Charset(0).decode(id).unwrap_or_default());
            }
            MESSAGE_TYPE | VERSION | TRANSACTION_ID => {
                self.quirks.insert(Quirks::REPEATED_HEADER);
                reader.value().map_err(value)?;
            }
            _ => {
                let header = Header::read(code, self.kind, reader, &mut self.quirks).map_err(value)?;
                self.headers.extend(header);
            }
        }
        Ok(())
    }
}
