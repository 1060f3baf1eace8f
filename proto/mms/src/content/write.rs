//! Writing content, strictly.

use waxwing_wap::wsp::write;

use super::{Content, Limits, Multipart, Part, RawContent};
use crate::error::EncodeError;

impl Content {
    /// Writes the value of `Content-Type` and the body.
    ///
    /// # Errors
    /// Something has no coding, or there are too many parts.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode_type(out)?;
        match self {
            Self::Multipart(multipart) => multipart.encode_body(out),
            Self::Raw(raw) => {
                out.extend_from_slice(raw.wire().get(raw.coded_type().len()..).unwrap_or_default());
                Ok(())
            }
            Self::Single(part) => {
                out.extend_from_slice(&part.data);
                Ok(())
            }
        }
    }

    /// Writes the value of `Content-Type` alone: of raw content as it came.
    ///
    /// # Errors
    /// It has no coding.
    pub fn encode_type(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Raw(raw) => {
                out.extend_from_slice(raw.coded_type());
                Ok(())
            }
            decoded => decoded.content_type().encode(out).map_err(|error| EncodeError::Value { place: "Content-Type", error }),
        }
    }

    /// The same as it stands on the wire, so that it is written only once.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn to_raw(&self) -> Result<RawContent, EncodeError> {
        if let Self::Raw(raw) = self {
            return Ok(raw.clone());
        }
        let mut wire = Vec::with_capacity(self.size_hint());
        self.encode_type(&mut wire)?;
        let body_at = wire.len();
        wire.clear();
        self.encode(&mut wire)?;
        Ok(RawContent { content_type: self.content_type().clone(), wire: wire.into(), body_at })
    }

    /// About as many octets as it has on the wire, so that a buffer grows once.
    pub(crate) fn size_hint(&self) -> usize {
        match self {
            Self::Raw(raw) => raw.wire().len(),
            decoded => 128 + decoded.parts().iter().map(|part| part.data.len() + 160).sum::<usize>(),
        }
    }
}

impl Multipart {
    /// Writes the number of parts, and each.
    ///
    /// # Errors
    /// A part has no coding, or there are too many.
    pub fn encode_body(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let limit = Limits::default().parts;
        let count = u32::try_from(self.parts.len()).ok().filter(|_| self.parts.len() <= limit);
        let count = count.ok_or(EncodeError::Parts { parts: self.parts.len(), limit })?;
        write::uintvar(count, out);
        let mut headers = Vec::with_capacity(160);
        self.parts.iter().try_for_each(|part| part.encode(&mut headers, out))
    }
}

impl Part {
    /// Writes both lengths, type and header fields, and the data. The buffer is for the header fields.
    fn encode(&self, headers: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let place = "the header of a part";
        headers.clear();
        self.content_type.encode(headers).map_err(|error| EncodeError::Value { place: "the content type of a part", error })?;
        self.headers.encode(headers).map_err(|error| EncodeError::Value { place, error })?;
        for length in [headers.len(), self.data.len()] {
            let length = u32::try_from(length).map_err(|_| EncodeError::Value {
                place: "a part",
                error: waxwing_wap::EncodeError::TooLong { what: "a part", length, limit: u32::MAX as usize },
            })?;
            write::uintvar(length, out);
        }
        out.extend_from_slice(headers);
        out.extend_from_slice(&self.data);
        Ok(())
    }
}
