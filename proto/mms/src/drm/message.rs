//! Messages that a phone unpacks and keeps: forward lock, and combined delivery, `.dm` (OMA-Download-DRM-V1_0, section 5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use waxwing_wap::Document;
use waxwing_wap::document::Rights;
use waxwing_wap::wsp::{ContentType, Parameter, ParameterValue};

use super::{DrmError, MESSAGE};
use crate::content::{Part, transfer};

/// An object that may not leave the phone, with what may be done with it if that is limited.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// What may be done with the object. `None`: all but to pass it on, which is forward lock.
    pub rights: Option<Rights>,
    /// What the object is.
    pub content_type: ContentType,
    /// The Content-ID of the object, without angle brackets, which the rights name.
    pub content_id: Option<String>,
    /// The object.
    pub data: Bytes,
}

/// How the object stands in the message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Encoding {
    /// In base64.
    Base64,
    /// As it is, as all phones take it.
    #[default]
    Binary,
}

const RIGHTS_XML: &str = "application/vnd.oma.drm.rights+xml";
const RIGHTS_WBXML: &str = "application/vnd.oma.drm.rights+wbxml";
/// Octets of a boundary: RFC 2046 allows 70.
const LONGEST_BOUNDARY: usize = 200;
/// Parts that are looked at: there are two.
const PARTS: usize = 8;

impl Message {
    /// An object with forward lock.
    pub fn forward_lock(content_type: ContentType, data: impl Into<Bytes>) -> Self {
        Self { rights: None, content_type, content_id: None, data: data.into() }
    }

    /// An object with its rights, which name it by `cid:` and its Content-ID.
    pub fn combined(rights: Rights, content_type: ContentType, data: impl Into<Bytes>) -> Self {
        let id = rights.uid.strip_prefix("cid:").unwrap_or(&rights.uid).to_owned();
        Self { rights: Some(rights), content_type, content_id: Some(id), data: data.into() }
    }

    /// The octets of a `.dm` file, and the boundary that its content type has to name.
    ///
    /// # Errors
    /// The rights break a rule, or a header field has a line end.
    pub fn encode(&self, encoding: Encoding) -> Result<(String, Vec<u8>), DrmError> {
        let rights = match &self.rights {
            Some(rights) => {
                let rights = Document::Rights(rights.clone()).to_xml().map_err(|error| DrmError::Rights(error.to_string()))?;
                Some(rights)
            }
            None => None,
        };
        let content_type = self.content_type.to_string();
        for (what, text) in
            [("the content type", content_type.as_str()), ("the Content-ID", self.content_id.as_deref().unwrap_or_default())]
        {
            if text.contains(|char: char| char.is_control()) {
                return Err(DrmError::Characters(what));
            }
        }
        // A boundary that does not stand in what it divides; the first is taken all but always.
        let free =
            |boundary: &String| find(&self.data, boundary.as_bytes()).is_none() && !rights.as_ref().is_some_and(|it| it.contains(boundary));
        let boundary = (1..=LONGEST_BOUNDARY).map(|number| format!("waxwing-drm-{number}")).find(free);
        let boundary = boundary.ok_or(DrmError::NoMessage("every boundary stands in the object"))?;
        let mut out = Vec::with_capacity(self.data.len() + 512);
        if let Some(rights) = &rights {
            out.extend(
                format!("--{boundary}\r\nContent-Type: {RIGHTS_XML}\r\nContent-Transfer-Encoding: binary\r\n\r\n{rights}\r\n").into_bytes(),
            );
        }
        out.extend(format!("--{boundary}\r\nContent-Type: {content_type}\r\n").into_bytes());
        if let Some(id) = &self.content_id {
            out.extend(format!("Content-ID: <{id}>\r\n").into_bytes());
        }
        match encoding {
            Encoding::Binary => {
                out.extend_from_slice(b"Content-Transfer-Encoding: binary\r\n\r\n");
                out.extend_from_slice(&self.data);
            }
            Encoding::Base64 => {
                out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
                let digits = STANDARD.encode(&self.data);
                for (index, line) in digits.as_bytes().chunks(76).enumerate() {
                    out.extend_from_slice(if index == 0 { b"" } else { b"\r\n" });
                    out.extend_from_slice(line);
                }
            }
        }
        out.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        Ok((boundary, out))
    }

    /// The message as a part of another.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn to_part(&self, encoding: Encoding) -> Result<Part, DrmError> {
        let (boundary, data) = self.encode(encoding)?;
        Ok(Part::new(ContentType::new(MESSAGE).with(Parameter::text("boundary", boundary)), data))
    }

    /// Reads a part of a message.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn of_part(part: &Part) -> Result<Self, DrmError> {
        let boundary = match part.content_type.parameter("boundary") {
            Some(ParameterValue::Text(boundary)) => Some(boundary.as_str()),
            _ => None,
        };
        Self::decode(&part.data, boundary)
    }

    /// Reads a `.dm` file. Without a boundary, or with one that does not stand there, the first line is it. An object that is not in base64
    /// is a slice of the octets.
    ///
    /// # Errors
    /// It has no boundary or no object, or its rights can't be read.
    pub fn decode(octets: &Bytes, boundary: Option<&str>) -> Result<Self, DrmError> {
        let told = boundary.map(|boundary| format!("--{boundary}").into_bytes());
        let told = told.filter(|delimiter| find(octets, delimiter).is_some());
        let delimiter = told.or_else(|| first_line(octets)).ok_or(DrmError::NoMessage("no line begins with a boundary"))?;
        if delimiter.len() > LONGEST_BOUNDARY {
            return Err(DrmError::NoMessage("the boundary is too long"));
        }
        let mut rights = None;
        let mut at = find(octets, &delimiter).unwrap_or_default() + delimiter.len();
        for _ in 0..PARTS {
            let rest = octets.slice(at.min(octets.len())..);
            if rest.starts_with(b"--") || rest.is_empty() {
                break;
            }
            let end = part_end(&rest, &delimiter);
            let part = MimePart::read(&rest.slice(..end.unwrap_or(rest.len())))?;
            if part.content_type.is(RIGHTS_XML) {
                rights =
                    Some(document(Document::from_xml_octets(&part.data, part.content_type.charset()).map_err(|error| error.to_string()))?);
            } else if part.content_type.is(RIGHTS_WBXML) {
                rights = Some(document(Document::from_wbxml(&part.data).map_err(|error| error.to_string()))?);
            } else {
                return Ok(Self { rights, content_type: part.content_type, content_id: part.content_id, data: part.data });
            }
            let Some(end) = end else { break };
            // Behind the line end before the delimiter, and the delimiter.
            let skip = find(&rest.slice(end..), &delimiter).unwrap_or_default();
            at += end + skip + delimiter.len();
        }
        Err(DrmError::NoMessage("there is no object in it"))
    }
}

fn document(document: Result<Document, String>) -> Result<Rights, DrmError> {
    match document.map_err(DrmError::Rights)? {
        Document::Rights(rights) => Ok(rights),
        other => Err(DrmError::Rights(format!("this is a {}", other.kind()))),
    }
}

/// A part in MIME's own form.
struct MimePart {
    content_type: ContentType,
    content_id: Option<String>,
    data: Bytes,
}

impl MimePart {
    /// Reads a part from the end of its delimiter on.
    fn read(octets: &Bytes) -> Result<Self, DrmError> {
        let mut content_type = ContentType::new("text/plain");
        let (mut content_id, mut encoding) = (None, String::new());
        // The rest of the delimiter's line.
        let (_, mut at) = line(octets, 0).ok_or(DrmError::NoMessage("a part has no header"))?;
        if at >= octets.len() {
            return Err(DrmError::NoMessage("a part has no header"));
        }
        while let Some((text, next)) = line(octets, at) {
            at = next;
            if text.is_empty() {
                break;
            }
            let text = String::from_utf8_lossy(text);
            let Some((name, value)) = text.split_once(':') else { continue };
            match name.trim().to_ascii_lowercase().as_str() {
                "content-type" => content_type = ContentType::from_text(value.trim()),
                "content-id" => content_id = Some(value.trim().trim_matches(['<', '>']).to_owned()),
                "content-transfer-encoding" => encoding = value.trim().to_owned(),
                _ => {}
            }
        }
        let data = octets.slice(at.min(octets.len())..);
        let data = transfer::decode(&encoding, &data).map_or(data, Bytes::from);
        Ok(Self { content_type, content_id, data })
    }
}

/// The line at a place, without its end, and where the next begins; `None` at the end.
fn line(octets: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = octets.get(at..).filter(|rest| !rest.is_empty())?;
    let end = rest.iter().position(|octet| *octet == b'\n');
    let text = rest.get(..end.unwrap_or(rest.len()))?;
    Some((text.strip_suffix(b"\r").unwrap_or(text), at + end.map_or(rest.len(), |end| end + 1)))
}

/// The first line that is a delimiter; a few lines of preamble may stand before it.
fn first_line(octets: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    for _ in 0..PARTS {
        let (text, next) = line(octets, at)?;
        if text.len() > 2 && text.starts_with(b"--") {
            return Some(text.trim_ascii_end().to_vec());
        }
        at = next;
    }
    None
}

/// Where the data of a part ends: at the line end before the next delimiter.
fn part_end(octets: &[u8], delimiter: &[u8]) -> Option<usize> {
    let at = find(octets, &[b"\n", delimiter].concat())?;
    Some(if octets.get(..at).is_some_and(|before| before.ends_with(b"\r")) { at - 1 } else { at })
}

/// Where octets stand for the first time in others.
fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len().max(1)).position(|window| window == wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use waxwing_wap::document::{Constraint, Permission, PermissionKind};

    use super::*;

    fn rights() -> Rights {
        let constraint = Constraint { count: Some(3), ..Constraint::default() };
        super::super::rights(
            "cid:4567829547@example.com",
            None,
            vec![Permission { kind: PermissionKind::Display, constraint: Some(constraint) }],
        )
    }

    #[test]
    fn messages_go_out_and_come_back() {
        let object = [&b"GIF89a\r\n--\r\n--waxwing-drm\r\n"[..], &[0; 300], b"--waxwing-drm-1\n\r\n"].concat();
        let gif = ContentType::new("image/gif");
        for message in [Message::forward_lock(gif.clone(), object.clone()), Message::combined(rights(), gif, object.clone())] {
            for encoding in [Encoding::Binary, Encoding::Base64] {
                let part = message.to_part(encoding).unwrap();
                assert!(part.content_type.is("application/vnd.oma.drm.message"));
                assert_eq!(Message::of_part(&part).unwrap(), message);
                // The boundary can be found, too.
                assert_eq!(Message::decode(&part.data, None).unwrap(), message);
                assert_eq!(Message::decode(&part.data, Some("another")).unwrap(), message);
            }
        }
    }

    #[test]
    fn forward_lock_has_the_form_of_the_standard() {
        let (boundary, wire) = Message::forward_lock(ContentType::new("image/jpeg"), &b"jpeg"[..]).encode(Encoding::Binary).unwrap();
        assert_eq!(boundary, "waxwing-drm-1");
        let expected =
            "--waxwing-drm-1\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: binary\r\n\r\njpeg\r\n--waxwing-drm-1--\r\n";
        assert_eq!(String::from_utf8(wire).unwrap(), expected);
    }

    #[test]
    fn messages_of_others_are_read() {
        // As the standard shows them, with line ends of one octet, and cut off.
        for text in [
            "--boundary-1\r\nContent-type: image/jpeg\r\nContent-Transfer-Encoding: binary\r\n\r\nhi\r\n--boundary-1--",
            "--b\nContent-Type: image/jpeg\nContent-Transfer-Encoding: base64\n\naGk=\n--b--\n",
            "\r\n--b\r\nContent-Type: image/jpeg\r\n\r\nhi",
        ] {
            let message = Message::decode(&Bytes::from_static(text.as_bytes()), None).unwrap();
            assert_eq!((message.content_type.media.as_str(), &*message.data), ("image/jpeg", &b"hi"[..]), "{text}");
        }
        for (text, problem) in [
            ("", "no line begins with a boundary"),
            ("hello\n", "no line begins with a boundary"),
            ("--b--", "there is no object in it"),
            ("--b\r\n", "a part has no header"),
            ("--b\nContent-Type: application/vnd.oma.drm.rights+xml\n\n<x/>\n--b--", "rights can't be read"),
        ] {
            let error = Message::decode(&Bytes::from_static(text.as_bytes()), None).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
