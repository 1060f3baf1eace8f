//! MIME multipart content as WSP has it (WAP-230-WSP, section 8.5).

use super::mime::{MimeError, Part, parts_of};
use crate::EncodeError;
use crate::document::{Document, is_xml_type};
use crate::wbxml::Options;
use crate::wsp::{ContentType, HeaderName, HeaderValue, Headers, write};
use crate::xml::XmlError;

/// How deep multipart entities may be nested.
const MAX_DEPTH: usize = 4;

/// Multipart content that cannot be written for handsets.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MultipartError {
    /// It cannot be taken apart.
    #[error(transparent)]
    Mime(#[from] MimeError),
    /// A document in it cannot be read.
    #[error("part {part}: {error}")]
    Xml {
        /// Which, from 1.
        part: usize,
        /// Where in it and why.
        error: XmlError,
    },
    /// A part has no coding.
    #[error("part {part}: {error}")]
    Encode {
        /// Which, from 1.
        part: usize,
        /// Why.
        error: EncodeError,
    },
    /// A document in it is no text.
    #[error("part {0}: it is not text of the charset that it says")]
    Charset(usize),
    /// Too deep.
    #[error("multipart entities are nested more than {MAX_DEPTH} deep")]
    Depth,
}

/// The content type and the octets of a multipart entity for handsets. Documents in it that handsets take as WBXML become that.
///
/// # Errors
/// See [`MultipartError`].
pub fn to_wsp(content_type: &str, body: &[u8]) -> Result<(ContentType, Vec<u8>), MultipartError> {
    convert(content_type, body, 0)
}

fn convert(content_type: &str, body: &[u8], depth: usize) -> Result<(ContentType, Vec<u8>), MultipartError> {
    if depth == MAX_DEPTH {
        return Err(MultipartError::Depth);
    }
    let parts = parts_of(content_type, body)?;
    let mut out = Vec::new();
    write::uintvar(parts.len() as u32, &mut out);
    for (i, part) in parts.iter().enumerate() {
        let (content_type, data) = content(i + 1, part, depth)?;
        let mut headers = Vec::new();
        let failed = |error| MultipartError::Encode { part: i + 1, error };
        content_type.encode(&mut headers).map_err(failed)?;
        fields(part).encode(&mut headers).map_err(failed)?;
        write::uintvar(headers.len() as u32, &mut out);
        write::uintvar(data.len() as u32, &mut out);
        out.extend(headers);
        out.extend(data);
    }
    let mut outer = ContentType::from_text(content_type);
    outer.media = outer.media.to_ascii_lowercase().replacen("multipart/", "application/vnd.wap.multipart.", 1);
    // Boundaries are MIME's alone.
    outer.parameters.retain(|p| p.name != "boundary");
    Ok((outer, out))
}

fn content(number: usize, part: &Part, depth: usize) -> Result<(ContentType, Vec<u8>), MultipartError> {
    let content_type = part.content_type();
    let media = content_type.media.to_ascii_lowercase();
    if media.starts_with("multipart/") {
        return convert(part.field("content-type").unwrap_or_default(), &part.body, depth + 1);
    }
    let generic = matches!(media.as_str(), "text/xml" | "application/xml");
    if generic || !is_xml_type(&media) {
        return Ok((content_type, part.body.clone()));
    }
    let text = part.text().ok_or(MultipartError::Charset(number))?;
    let document = Document::from_xml(text.trim_start()).map_err(|error| MultipartError::Xml { part: number, error })?;
    let wbxml = document.to_wbxml(Options::default()).map_err(|error| MultipartError::Encode { part: number, error })?;
    Ok((ContentType::new(document.content_type()), wbxml))
}

/// The header fields by which parts are told apart.
fn fields(part: &Part) -> Headers {
    let mut headers = Headers::default();
    for (name, code) in [("content-location", HeaderName::CONTENT_LOCATION), ("content-id", HeaderName::CONTENT_ID)] {
        if let Some(value) = part.field(name) {
            headers.push(code, HeaderValue::Text(value.to_owned()));
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_text_and_an_indication() {
        let body = "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: text/vnd.wap.sl\r\nContent-Location: a\r\n\r\n\
                    <sl href=\"http://a.example/\"/>\r\n--x--";
        let (content_type, octets) = to_wsp("multipart/mixed; boundary=x", body.as_bytes()).unwrap();
        assert_eq!(content_type, ContentType::new("application/vnd.wap.multipart.mixed"));
        // Two parts; the first has one octet of headers, text/plain, and two of content.
        assert_eq!(octets[..6], [2, 1, 2, 0x83, b'h', b'i']);
        let (headers, rest) = (usize::from(octets[6]), &octets[8..]);
        assert_eq!(rest[..headers], [0xb0, 0x8e, b'a', 0]);
        assert_eq!(rest.len() - headers, usize::from(octets[7]));
        assert!(matches!(Document::from_wbxml(&rest[headers..]).unwrap(), Document::Sl(_)));
    }

    #[test]
    fn errors_name_the_part() {
        let of = |part: &str| {
            to_wsp("multipart/related; boundary=x", format!("--x\n\n\n--x\n{part}\n--x--").as_bytes()).unwrap_err().to_string()
        };
        assert!(
            of("Content-Type: text/vnd.wap.si\n\n<si>").starts_with("part 2: line 1, column"),
            "{}",
            of("Content-Type: text/vnd.wap.si\n\n<si>")
        );
        assert_eq!(of("Content-Type: text/vnd.wap.si\n\n\u{e9}").split(':').next(), Some("part 2"));
        let mut deep = String::from("--b0\n\n--b0--");
        for depth in 0..4 {
            let outer = depth + 1;
            deep = format!("--b{outer}\nContent-Type: multipart/mixed; boundary=b{depth}\n\n{deep}\n--b{outer}--");
        }
        assert_eq!(to_wsp("multipart/related; boundary=b4", deep.as_bytes()), Err(MultipartError::Depth));
    }
}
