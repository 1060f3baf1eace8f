//! Writing PDUs: what the standard forbids does not leave.

use waxwing_wap::wsp::write;

use crate::error::EncodeError;
use crate::header::Field;
use crate::pdu::Pdu;

impl Pdu {
    /// The PDU on the wire.
    ///
    /// # Errors
    /// A header field is missing that the kind has to have, one stands twice, or something has no coding.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let size = self.content.as_ref().map_or(0, crate::content::Content::size_hint);
        let mut out = Vec::with_capacity(256 + size);
        self.encode_fields(&mut out)?;
        if let Some(content) = &self.content {
            out.push(0x80 | Field::ContentType.code());
            content.encode(&mut out)?;
        }
        Ok(out)
    }

    /// The PDU on the wire up to its body, the content type with it: of [`Content::Raw`](crate::Content::Raw) the octets of
    /// [`RawContent::body`](crate::RawContent::body) come behind it.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_headers(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(256);
        self.encode_fields(&mut out)?;
        if let Some(content) = &self.content {
            out.push(0x80 | Field::ContentType.code());
            content.encode_type(&mut out)?;
        }
        Ok(out)
    }

    fn encode_fields(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if let Some(field) = self.lacking().next() {
            return Err(EncodeError::Missing { kind: self.kind, field });
        }
        if let Some(field) = self.repeated() {
            return Err(EncodeError::Repeated { kind: self.kind, field });
        }
        out.extend([0x80 | Field::MessageType.code(), self.kind.code()]);
        if let Some(id) = &self.transaction_id {
            let place = Field::TransactionId.name();
            out.push(0x80 | Field::TransactionId.code());
            write::text(id, "the transaction id", out).map_err(|error| EncodeError::Value { place, error })?;
        }
        out.extend([0x80 | Field::Version.code(), 0x80 | self.version.0]);
        self.headers.iter().try_for_each(|header| {
            let place = header.field().map_or("a header field", Field::name);
            header.write(out).map_err(|error| EncodeError::Value { place, error })
        })
    }
}
