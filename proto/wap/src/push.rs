//! The connectionless Push PDU: what WAP Push sends over SMS and UDP (WAP-230-WSP, section 8.2.4.1; WAP-189-PushOTA).

use crate::error::{DecodeError, EncodeError, Problem};
use crate::wsp::{ContentType, Headers, Reader, write};

/// A push: what kind of content, for whom on the phone, and the content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Push {
    /// Tells a push from the next, any number.
    pub transaction_id: u8,
    /// What the body is.
    pub content_type: ContentType,
    /// Header fields behind the content type.
    pub headers: Headers,
    /// The content.
    pub body: Vec<u8>,
}

/// A push as it was read, and what was wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The push.
    pub push: Push,
    /// What was wrong but could be understood.
    pub quirks: Vec<Quirk>,
}

/// What real senders do wrong and can be understood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Quirk {
    /// The header length is not that of the headers; the body was found by how it begins.
    #[error("the header length is {declared} octets and the headers have {actual}")]
    HeadersLength {
        /// What the PDU says.
        declared: usize,
        /// Where the body was found.
        actual: usize,
    },
    /// A header field can't be read; it and those after it are left out.
    #[error("unreadable header field: {0}")]
    Header(DecodeError),
}

/// PDU type of Push (WAP-230-WSP, table 34).
const PUSH: u8 = 0x06;

impl Push {
    /// A push without header fields.
    pub fn new(content_type: ContentType, body: Vec<u8>) -> Self {
        Self { transaction_id: 1, content_type, headers: Headers::default(), body }
    }

    /// The PDU on the wire.
    ///
    /// # Errors
    /// The content type or a header field has no coding.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut headers = Vec::new();
        self.content_type.encode(&mut headers)?;
        self.headers.encode(&mut headers)?;
        let mut out = vec![self.transaction_id, PUSH];
        let length = u32::try_from(headers.len()).map_err(|_| EncodeError::TooLong {
            what: "the headers of a push",
            length: headers.len(),
            limit: u32::MAX as usize,
        })?;
        write::uintvar(length, &mut out);
        out.extend(headers);
        out.extend_from_slice(&self.body);
        Ok(out)
    }

    /// Reads a PDU. Header fields that can't be read cost themselves only; a header length that is a little wrong is mended for MMS, whose
    /// PDUs tell where they begin.
    ///
    /// # Errors
    /// It is no Push PDU, or its content type can't be read.
    pub fn decode(octets: &[u8]) -> Result<Decoded, DecodeError> {
        let mut reader = Reader::new(octets);
        let transaction_id = reader.octet("transaction id")?;
        let pdu_type = reader.octet("PDU type")?;
        if pdu_type != PUSH {
            return Err(DecodeError::new("PDU type", 1, Problem::Unexpected(pdu_type)));
        }
        let declared = reader.uintvar()? as usize;
        let mut quirks = Vec::new();
        let behind_length = reader;
        let start = reader.offset();

        // The content type first, wherever the header length says that it ends: lengths are wrong more often than types.
        let content_type = ContentType::decode(&mut reader)?;
        let mut actual = (start + declared).clamp(reader.offset(), octets.len()) - start;
        if content_type.is(crate::mms::CONTENT_TYPE) {
            actual = mms_boundary(behind_length.rest(), actual, reader.offset() - start);
        }
        if actual != declared {
            quirks.push(Quirk::HeadersLength { declared, actual });
        }
        let mut fields = reader.sub((start + actual).saturating_sub(reader.offset()), "headers")?;
        let (headers, error) = Headers::decode(&mut fields);
        quirks.extend(error.map(Quirk::Header));
        let push = Self { transaction_id, content_type, headers, body: reader.rest().to_vec() };
        Ok(Decoded { push, quirks })
    }
}

/// Where an MMS PDU begins: where the header length says, or else at its `X-Mms-Message-Type` up to four octets away.
fn mms_boundary(octets: &[u8], declared: usize, after_type: usize) -> usize {
    /// How far senders are known to be off.
    const REACH: usize = 4;
    let begins = |at: &usize| matches!(octets.get(*at..), Some([0x8c, 0x80..=0x97, ..]));
    if begins(&declared) {
        return declared;
    }
    (after_type.max(declared.saturating_sub(REACH))..=declared + REACH).find(begins).unwrap_or(declared)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::wsp::{HeaderName, HeaderValue};

    #[test]
    fn a_push_goes_out_and_comes_back() {
        let mut push = Push::new(ContentType::new("application/vnd.wap.sic"), b"body".to_vec());
        push.headers.push(HeaderName::APPLICATION_ID, HeaderValue::Short(2));
        let wire = push.encode().unwrap();
        assert_eq!(wire, b"\x01\x06\x03\xae\xaf\x82body");
        assert_eq!(Push::decode(&wire).unwrap(), Decoded { push, quirks: vec![] });
    }

    #[test]
    fn a_wrong_header_length_is_mended_for_mms() {
        for declared in [1u8, 3, 5, 7] {
            let wire = [&[1, 6, declared], &b"\xbe\xaf\x84\x8c\x82\x98abc\0"[..]].concat();
            let decoded = Push::decode(&wire).unwrap();
            assert_eq!(decoded.push.body, b"\x8c\x82\x98abc\0", "{declared}");
            assert_eq!(decoded.push.headers.application_id(), Some(4));
            assert_eq!(decoded.quirks.is_empty(), declared == 3);
        }
    }

    #[test]
    fn lengths_that_lie_are_told() {
        assert!(Push::decode(b"\x01\x07\x01\xae").is_err());
        assert!(Push::decode(b"\x01\x06\x01").is_err());
        assert!(Push::decode(b"\x01\x06\x05\x1f\x90").is_err());
        let decoded = Push::decode(b"\x01\x06\x7f\xae\xb1\x09ab").unwrap();
        assert!(matches!(decoded.quirks[..], [Quirk::HeadersLength { declared: 127, actual: 5 }, Quirk::Header(_)]), "{decoded:?}");
    }
}
