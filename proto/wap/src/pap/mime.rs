//! The parts of a MIME multipart entity (RFC 2046, section 5.1; RFC 2045, section 6).
//!
//! Boundaries alone say where a part ends; what a part's Content-Length says is not looked at, since it is counted before line ends are
//! changed on the way. An entity that does not end with its closing boundary was cut, and is refused.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::wsp::{ContentType, ParameterValue};

/// Most parts of one entity.
const MAX_PARTS: usize = 64;
/// Most header fields of one part.
const MAX_FIELDS: usize = 64;
/// The longest boundary (RFC 2046, 5.1.1).
const MAX_BOUNDARY: usize = 70;

const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// A part, its transfer encoding undone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Part {
    /// Header fields in their order, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

/// An entity that cannot be taken apart.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MimeError {
    /// It is no multipart entity.
    #[error("the content type is {0:?}, and has to be multipart/related")]
    NotMultipart(String),
    /// There is no usable boundary.
    #[error("the content type has no boundary of 1 to {MAX_BOUNDARY} characters; write it as in multipart/related; boundary=\"abc\"")]
    NoBoundary,
    /// The boundary does not occur.
    #[error("the boundary {0:?} of the content type is nowhere in the body")]
    UnknownBoundary(String),
    /// The end is missing.
    #[error("the closing boundary --{0}-- is missing: the body was cut, or its length is wrong")]
    Cut(String),
    /// A part's header is no header.
    #[error("part {part}: {line:?} is no header field; a blank line has to stand between header and content")]
    Field {
        /// Which, from 1.
        part: usize,
        /// The line, cut where it is long.
        line: String,
    },
    /// A transfer encoding is not kept, or not known.
    #[error("part {part}: {why}")]
    Encoding {
        /// Which, from 1.
        part: usize,
        /// What is wrong.
        why: String,
    },
    /// Too much.
    #[error("there are more than {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
}

impl Part {
    /// A header field, by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The content type; text/plain where there is none (RFC 2045, 5.2).
    pub fn content_type(&self) -> ContentType {
        ContentType::from_text(self.field("content-type").unwrap_or("text/plain"))
    }

    /// The content as text, by its charset: that of the content type, a byte order mark, or else UTF-8.
    pub fn text(&self) -> Option<String> {
        text_of(&self.content_type(), &self.body)
    }
}

/// See [`Part::text`].
fn text_of(content_type: &ContentType, body: &[u8]) -> Option<String> {
    match content_type.charset() {
        Some(charset) => charset.decode(body),
        None if body.starts_with(&[0xfe, 0xff]) || body.starts_with(&[0xff, 0xfe]) => crate::Charset::UTF_16.decode(body),
        None => std::str::from_utf8(body).ok().map(str::to_owned),
    }
}

/// Takes an entity apart.
///
/// # Errors
/// It is not multipart, has another boundary than it says, is cut, or a part cannot be read.
pub fn parts_of(content_type: &str, body: &[u8]) -> Result<Vec<Part>, MimeError> {
    let content_type = ContentType::from_text(content_type);
    if !content_type.media.get(..10).is_some_and(|m| m.eq_ignore_ascii_case("multipart/")) {
        return Err(MimeError::NotMultipart(content_type.media));
    }
    let boundary = match content_type.parameter("boundary") {
        Some(ParameterValue::Text(b)) if (1..=MAX_BOUNDARY).contains(&b.len()) => b.trim_end(),
        _ => return Err(MimeError::NoBoundary),
    };
    split(boundary, body)?.iter().enumerate().map(|(i, octets)| part(i + 1, octets)).collect()
}

/// What stands between the boundaries.
fn split<'a>(boundary: &str, body: &'a [u8]) -> Result<Vec<&'a [u8]>, MimeError> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (None, 0);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let start = at;
        at += line.len();
        let Some(behind) = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary.as_bytes())) else { continue };
        let (behind, last) = match behind.strip_prefix(b"--") {
            Some(behind) => (behind, true),
            None => (behind, false),
        };
        // Another boundary may begin with this one; blanks may follow it.
        if !last && !behind.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            continue;
        }
        if let Some(begin) = begin {
            let part = body.get(begin..start).unwrap_or_default();
            // The line end before a boundary belongs to it.
            let part = part.strip_suffix(b"\n").map_or(part, |p| p.strip_suffix(b"\r").unwrap_or(p));
            if parts.len() == MAX_PARTS {
                return Err(MimeError::Limit { what: "parts", limit: MAX_PARTS });
            }
            parts.push(part);
        }
        if last {
            return if begin.is_some() { Ok(parts) } else { Err(MimeError::UnknownBoundary(boundary.to_owned())) };
        }
        begin = Some(at);
    }
    Err(if begin.is_some() { MimeError::Cut(boundary.to_owned()) } else { MimeError::UnknownBoundary(boundary.to_owned()) })
}

fn part(number: usize, octets: &[u8]) -> Result<Part, MimeError> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    for line in octets.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            break;
        }
        // A folded line goes on with the field before.
        if let (true, Some((_, value))) = (text.starts_with([' ', '\t']), fields.last_mut()) {
            value.push(' ');
            value.push_str(text.trim());
            continue;
        }
        let (name, value) = text.split_once(':').filter(|(name, _)| is_token(name.trim_end())).ok_or_else(|| {
            let line = text.chars().take(60).collect();
            MimeError::Field { part: number, line }
        })?;
        if fields.len() == MAX_FIELDS {
            return Err(MimeError::Limit { what: "header fields in a part", limit: MAX_FIELDS });
        }
        fields.push((name.trim_end().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let body = octets.get(at..).unwrap_or_default();
    let part = Part { fields, body: Vec::new() };
    let encoding = part.field("content-transfer-encoding").unwrap_or("binary").to_ascii_lowercase();
    let body = match encoding.trim() {
        "7bit" | "8bit" | "binary" | "" => Ok(body.to_vec()),
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body),
        other => Err(format!("the transfer encoding {other:?} is not known; use base64, quoted-printable, 8bit or binary")),
    };
    Ok(Part { body: body.map_err(|why| MimeError::Encoding { part: number, why })?, ..part })
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
}

fn base64(body: &[u8]) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    BASE64.decode(digits).map_err(|e| format!("it is not base 64: {e}"))
}

/// RFC 2045, section 6.7.
fn quoted_printable(body: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'=' {
            out.push(*first);
            continue;
        }
        rest = match rest {
            [b'\r', b'\n', behind @ ..] | [b'\n', behind @ ..] => behind,
            [high, low, behind @ ..] => {
                let digit = |b: u8| char::from(b).to_digit(16);
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                    return Err(format!(
                        "it is not quoted-printable: two hexadecimal digits have to follow = at octet {}",
                        body.len() - rest.len()
                    ));
                };
                out.push((high * 16 + low) as u8);
                behind
            }
            _ => return Err("it is not quoted-printable: it ends within a code".to_owned()),
        };
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TYPE: &str = "Multipart/Related; type=\"application/xml\"; boundary=\"b b\"";

    #[test]
    fn parts_with_either_line_end() {
        for end in ["\r\n", "\n"] {
            let body = "preamble\n--b b  \nContent-Type: application/xml;\n charset=utf-8\n\n<a/>\n\n--b bc\n--b b\n\n\n--b b\nX-A:1\n--b b--\nmore"
                .replace('\n', end);
            let parts = parts_of(TYPE, body.as_bytes()).unwrap();
            assert_eq!(parts.len(), 3);
            assert_eq!(parts[0].field("content-type"), Some("application/xml; charset=utf-8"));
            assert_eq!(parts[0].body, format!("<a/>{end}{end}--b bc").as_bytes());
            assert!(parts[1].fields.is_empty() && parts[1].body.is_empty());
            assert_eq!((parts[2].field("x-a"), parts[2].body.len()), (Some("1"), 0));
        }
    }

    #[test]
    fn transfer_encodings() {
        let of = |encoding: &str, body: &str| {
            let body = format!("--b b\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n--b b--");
            parts_of(TYPE, body.as_bytes()).map(|mut p| p.remove(0).body)
        };
        assert_eq!(of("Base64", "AQ\r\nIDBA=\r\n").unwrap(), [1, 2, 3, 4]);
        assert_eq!(of("quoted-printable", "a=3D=\r\nb=c3=A9").unwrap(), "a=bé".as_bytes());
        assert_eq!(of("BINARY", "\u{1}").unwrap(), [1]);
        for (encoding, body) in [("base64", "!"), ("quoted-printable", "=3"), ("quoted-printable", "=xx"), ("uuencode", "")] {
            assert!(matches!(of(encoding, body), Err(MimeError::Encoding { part: 1, .. })), "{encoding}");
        }
    }

    #[test]
    fn what_is_no_entity_is_told() {
        let said = |content_type: &str, body: &str| parts_of(content_type, body.as_bytes()).unwrap_err().to_string();
        assert!(said("application/xml", "").contains("has to be multipart/related"));
        assert!(said("multipart/related", "--\n").contains("has no boundary"));
        assert!(said("multipart/related; boundary=x", "--y\n\n--y--").contains("\"x\" of the content type is nowhere"));
        assert!(said("multipart/related; boundary=x", "--x\n\nabc").contains("closing boundary --x-- is missing"));
        assert!(said("multipart/related; boundary=x", "--x--").contains("nowhere"));
        assert!(said("multipart/related; boundary=x", "--x\n<pap/>\n--x--").contains("\"<pap/>\" is no header field"));
        assert!(said("multipart/related; boundary=x", &"--x\n\n".repeat(100)).contains("more than 64 parts"));
        let fields = format!("--x\n{}\n--x--", "a:b\n".repeat(100));
        assert!(said("multipart/related; boundary=x", &fields).contains("more than 64 header fields"));
    }
}
