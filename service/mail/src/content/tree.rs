//! The structure of a message: entities within entities, bounded before anything is made of them.
//!
//! The structure is read here, and only headers and leaves are given to `mail-parser`: its own trees have no bound on how deep messages lie
//! within messages, nor on how many parts there are.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, MimeHeaders as _};

use super::{ContentError, ContentLimits};

/// A message, or a part of one.
pub(crate) struct Entity<'x> {
    head: Option<Message<'x>>,
    /// Main type and subtype, in lower case.
    pub(crate) main: String,
    pub(crate) sub: String,
    body: &'x [u8],
    /// Of a multipart; whose parts may be none.
    pub(crate) children: Vec<Entity<'x>>,
}

/// Largest header of an entity in octets.
const MAX_HEADER: usize = 256 << 10;

pub(crate) struct Reader<'l> {
    parser: MessageParser,
    limits: &'l ContentLimits,
    parts: usize,
}

impl<'l> Reader<'l> {
    pub(crate) fn new(limits: &'l ContentLimits) -> Self {
        // Comma lists and numbers are read as text: only what is used is interpreted.
        let parser = MessageParser::new()
            .with_mime_headers()
            .with_address_headers()
            .with_date_headers()
            .with_message_ids()
            .header_address(HeaderName::DispositionNotificationTo)
            .default_header_text();
        Self { parser, limits, parts: 0 }
    }

    /// Reads a message and everything in it.
    pub(crate) fn read<'x>(&mut self, octets: &'x [u8]) -> Result<Entity<'x>, ContentError> {
        self.entity(octets, 0, false)
    }

    fn entity<'x>(&mut self, octets: &'x [u8], depth: usize, in_digest: bool) -> Result<Entity<'x>, ContentError> {
        self.parts += 1;
        if self.parts > self.limits.max_parts {
            return Err(ContentError::TooManyParts { limit: self.limits.max_parts });
        }
        if depth > self.limits.max_depth {
            return Err(ContentError::TooDeep { limit: self.limits.max_depth });
        }
        let (header, body) = split_header(octets);
        if header.len() > MAX_HEADER {
            return Err(ContentError::HeaderTooLarge { limit: MAX_HEADER });
        }
        let head = self.parser.parse_headers(header);
        let content_type = head.as_ref().and_then(|head| head.content_type());
        let (main, sub) = match content_type {
            Some(found) => (found.ctype().to_ascii_lowercase(), found.subtype().unwrap_or_default().to_ascii_lowercase()),
            None if in_digest => ("message".to_owned(), "rfc822".to_owned()),
            None => ("text".to_owned(), "plain".to_owned()),
        };
        let boundary = content_type.filter(|_| main == "multipart").and_then(|found| found.attribute("boundary"));
        let mut children = Vec::new();
        if let Some(boundary) = boundary.filter(|boundary| !boundary.is_empty()) {
            for part in parts(body, boundary.as_bytes(), self.limits.max_parts) {
                children.push(self.entity(part, depth + 1, sub == "digest")?);
            }
        }
        // A multipart without any part is shown as the text that it is.
        let (main, sub) = if main == "multipart" && children.is_empty() { ("text".to_owned(), "plain".to_owned()) } else { (main, sub) };
        Ok(Entity { head, main, sub, body, children })
    }
}

impl<'x> Entity<'x> {
    pub(crate) fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    pub(crate) fn head(&self) -> Option<&Message<'x>> {
        self.head.as_ref()
    }

    /// The first header of that name, as text.
    pub(crate) fn text_header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Every header of that name, as text.
    pub(crate) fn headers<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n, 'x> {
        let headers = self.head.as_ref().map(Message::headers).unwrap_or_default();
        headers.iter().filter(move |header| header.name.as_str().eq_ignore_ascii_case(name)).filter_map(|header| match &header.value {
            HeaderValue::Text(text) => Some(text.as_ref()),
            HeaderValue::TextList(list) => list.first().map(Cow::as_ref),
            _ => None,
        })
    }

    /// A parameter of the content type.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.head.as_ref()?.content_type()?.attribute(name)
    }

    pub(crate) fn is_attachment(&self) -> bool {
        let disposition = self.head.as_ref().and_then(|head| head.content_disposition());
        disposition.is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment"))
    }

    /// The body without its transfer encoding. Damage is passed over as far as it goes.
    pub(crate) fn octets(&self) -> Cow<'x, [u8]> {
        let encoding = self.head.as_ref().and_then(|head| head.content_transfer_encoding()).unwrap_or_default().trim();
        if encoding.eq_ignore_ascii_case("base64") {
            let repaired = || {
                let good = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=".contains(octet);
                base64_decode(&self.body.iter().copied().filter(good).collect::<Vec<u8>>())
            };
            base64_decode(self.body).or_else(repaired).map_or(Cow::Borrowed(self.body), Cow::Owned)
        } else if encoding.eq_ignore_ascii_case("quoted-printable") {
            quoted_printable_decode(self.body).map_or(Cow::Borrowed(self.body), Cow::Owned)
        } else {
            Cow::Borrowed(self.body)
        }
    }

    /// The body as text. Without a charset it is UTF-8 if it can be, and Windows-1252 otherwise.
    pub(crate) fn text(&self) -> String {
        let octets = self.octets();
        let charset = self.parameter("charset").map(str::trim).filter(|charset| {
            // What says ASCII and is more, is mostly UTF-8.
            !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("us-ascii")
        });
        if let Some(decode) = charset.and_then(|charset| charset_decoder(charset.as_bytes())) {
            return decode(&octets);
        }
        match str::from_utf8(&octets) {
            Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
            Err(_) => {
                charset_decoder(b"windows-1252").map_or_else(|| String::from_utf8_lossy(&octets).into_owned(), |decode| decode(&octets))
            }
        }
    }
}

/// Header, its empty line included, and body.
fn split_header(octets: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < octets.len() {
        let end = octets[at..].iter().position(|octet| *octet == b'\n').map_or(octets.len(), |end| at + end + 1);
        if matches!(&octets[at..end], b"\n" | b"\r\n") {
            return octets.split_at(end);
        }
        at = end;
    }
    (octets, &[])
}

/// The parts between delimiters. A last one without an end is taken as far as it goes; at most one more than `limit`.
fn parts<'x>(body: &'x [u8], boundary: &[u8], limit: usize) -> Vec<&'x [u8]> {
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    while at < body.len() && found.len() <= limit {
        let end = body[at..].iter().position(|octet| *octet == b'\n').map_or(body.len(), |end| at + end + 1);
        if let Some(last) = delimiter(&body[at..end], boundary) {
            if let Some(start) = start {
                found.push(without_line_end(&body[start..at]));
            }
            start = Some(end);
            if last {
                return found;
            }
        }
        at = end;
    }
    if let Some(start) = start.filter(|start| *start < body.len() && found.len() <= limit) {
        found.push(&body[start..]);
    }
    found
}

/// Whether a line is a delimiter, and the last one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let blank = |rest: &[u8]| rest.iter().all(u8::is_ascii_whitespace);
    if blank(rest) {
        return Some(false);
    }
    rest.strip_prefix(b"--").filter(|rest| blank(rest)).map(|_| true)
}

/// The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1).
fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        let body = b"preamble\r\n--b\r\none\r\n--bb\r\nmore\r\n--b  \r\n\r\n--b\r\n--b--\r\n--b\r\nepilogue";
        assert_eq!(parts(body, b"b", 10), [b"one\r\n--bb\r\nmore".as_slice(), b"", b""]);
        assert_eq!(parts(b"--b\nopen", b"b", 10), [b"open"]);
        assert!(parts(b"--b--\n", b"b", 10).is_empty());
        assert_eq!(parts(b"--b\n1\n--b\n2\n--b\n3", b"b", 1).len(), 2);
    }
}
