//! Reading content: binary multiparts with all that real ones have wrong.

use bytes::Bytes;
use waxwing_wap::wsp::{ContentType, HeaderName, HeaderValue, Headers, Reader};

use super::{Content, DecodedContent, Limits, Multipart, Part, RawContent, is_multipart, transfer};
use crate::error::{DecodeError, Problem};
use crate::quirks::Quirks;

impl RawContent {
    /// Reads the value of a `Content-Type` and takes all behind it as the body.
    ///
    /// # Errors
    /// The content type can't be read.
    pub fn split(wire: Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(&wire);
        let content_type = ContentType::decode(&mut reader).map_err(|error| DecodeError::value("Content-Type", error))?;
        let body_at = reader.offset();
        Ok(Self { content_type, wire, body_at })
    }

    /// Looks into it.
    ///
    /// # Errors
    /// It has more parts than the limits allow.
    pub fn decode(&self, limits: Limits) -> Result<DecodedContent, DecodeError> {
        content(self.content_type.clone(), &self.wire, self.body_at, limits)
    }
}

impl Content {
    /// The same, looked into if it is raw.
    ///
    /// # Errors
    /// It has more parts than the limits allow.
    pub fn decode(&self, limits: Limits) -> Result<DecodedContent, DecodeError> {
        match self {
            Self::Raw(raw) => raw.decode(limits),
            decoded => Ok(DecodedContent { content: decoded.clone(), quirks: Quirks::NONE }),
        }
    }

    /// All parts, those of multiparts inside of multiparts in the place of these; of raw content too.
    ///
    /// # Errors
    /// There are more parts in all than the limits allow.
    pub fn leaves(&self, limits: Limits) -> Result<Vec<Part>, DecodeError> {
        let decoded = self.decode(limits)?.content;
        let mut leaves = Vec::new();
        collect(decoded.parts(), limits, limits.depth, &mut leaves)?;
        Ok(leaves)
    }
}

fn collect(parts: &[Part], limits: Limits, depth: usize, leaves: &mut Vec<Part>) -> Result<(), DecodeError> {
    for part in parts {
        if leaves.len() >= limits.parts {
            return Err(DecodeError::new("multipart", 0, Problem::Parts(limits.parts)));
        }
        let inner = if depth > 1 { part.multipart(limits).transpose()? } else { None };
        match inner {
            Some(inner) if !inner.content.parts().is_empty() => collect(inner.content.parts(), limits, depth - 1, leaves)?,
            _ => leaves.push(part.clone()),
        }
    }
    Ok(())
}

/// Reads a body, from a place in octets on.
pub(super) fn content(content_type: ContentType, wire: &Bytes, at: usize, limits: Limits) -> Result<DecodedContent, DecodeError> {
    let mut quirks = Quirks::NONE;
    let content = if is_multipart(&content_type) {
        Content::Multipart(Multipart { content_type, parts: parts(wire, at, limits, &mut quirks)? })
    } else {
        Content::Single(Part::new(content_type, wire.slice(at..)))
    };
    Ok(DecodedContent { content, quirks })
}

/// What the two lengths before a part say.
struct Entry {
    headers: usize,
    data: usize,
}

fn entry(reader: &mut Reader<'_>) -> Option<Entry> {
    let headers = reader.uintvar().ok()? as usize;
    let data = reader.uintvar().ok()? as usize;
    Some(Entry { headers, data })
}

fn parts(wire: &Bytes, at: usize, limits: Limits, quirks: &mut Quirks) -> Result<Vec<Part>, DecodeError> {
    let mut reader = Reader::new(wire);
    // A place in the octets, as the caller knows.
    let _ = reader.take(at, "body");
    if reader.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(declared) = reader.uintvar() else {
        quirks.insert(Quirks::PART_COUNT);
        return Ok(Vec::new());
    };
    let declared = declared as usize;
    let mut parts = Vec::with_capacity(declared.min(16));
    while !reader.is_empty() {
        let start = reader;
        let counted = parts.len() < declared;
        let Some(lengths) = entry(&mut reader) else {
            quirks.insert(if counted { Quirks::PART_LENGTH } else { Quirks::TRAILING_OCTETS });
            break;
        };
        let available = reader.rest().len();
        let fits = lengths.headers.checked_add(lengths.data).is_some_and(|length| length <= available);
        // Behind the number of parts that is told there may be more, or nothing that means anything.
        if !counted && (!fits || lengths.headers == 0) {
            quirks.insert(Quirks::TRAILING_OCTETS);
            break;
        }
        if parts.len() >= limits.parts {
            return Err(DecodeError::new("multipart", start.offset(), Problem::Parts(limits.parts)));
        }
        match part(wire, &mut reader, &lengths, quirks) {
            Some(part) => parts.push(part),
            None => {
                quirks.insert(Quirks::PART_LENGTH);
                break;
            }
        }
    }
    if parts.len() != declared {
        quirks.insert(Quirks::PART_COUNT);
    }
    Ok(parts)
}

/// Reads a part behind its lengths; `None` if nothing can be made of it.
fn part(wire: &Bytes, reader: &mut Reader<'_>, lengths: &Entry, quirks: &mut Quirks) -> Option<Part> {
    let start = reader.offset();
    let available = reader.rest().len();
    let mut head = reader.sub(lengths.headers.min(available), "part").ok()?;
    let content_type = match ContentType::decode(&mut head) {
        Ok(content_type) => content_type,
        // No type is as none said.
        Err(_) if lengths.headers == 0 => ContentType::new("*/*"),
        Err(_) => {
            quirks.insert(Quirks::PART_HEADERS);
            // Not even the type: what stands there is stepped over as a whole.
            head = Reader::new(&[]);
            ContentType::new("*/*")
        }
    };
    let (mut headers, error) = Headers::decode(&mut head);
    if error.is_some() {
        quirks.insert(Quirks::PART_HEADERS);
    }
    let data_at = start + lengths.headers.min(available);
    let data_end = data_at.saturating_add(lengths.data).min(wire.len());
    if lengths.headers > available || data_at.saturating_add(lengths.data) > wire.len() {
        quirks.insert(Quirks::PART_LENGTH);
    }
    let length = data_end.saturating_sub(data_at);
    reader.take(length, "part").ok()?;
    let data = wire.slice(data_at..data_end);
    Some(match undo_transfer(&mut headers, &data) {
        Some(decoded) => {
            quirks.insert(Quirks::TRANSFER_ENCODING);
            Part { content_type, headers, data: decoded.into() }
        }
        None => Part { content_type, headers, data },
    })
}

/// Decodes data in a transfer encoding; the header field goes, since it would be wrong then, and also where it changes nothing.
fn undo_transfer(headers: &mut Headers, data: &Bytes) -> Option<Vec<u8>> {
    let named = |name: &HeaderName| matches!(name, HeaderName::Text(name) if name.eq_ignore_ascii_case("Content-Transfer-Encoding"));
    let at = headers.0.iter().position(|header| named(&header.name))?;
    let HeaderValue::Text(encoding) = &headers.0.get(at)?.value else { return None };
    let decoded = transfer::decode(encoding, data);
    if decoded.is_some() || ["7bit", "8bit", "binary"].iter().any(|identity| encoding.trim().eq_ignore_ascii_case(identity)) {
        headers.0.remove(at);
    }
    decoded
}
