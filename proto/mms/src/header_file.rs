//! Header files: header fields as lines of text, from which messages are compiled and into which they are taken apart.
//!
//! The format is that of NowSMS's MMSCOMP: `Name: value`, a line each, in any order; `X-NowMMS-Content-Location` names a file that becomes
//! a part, and may stand often. Which files these are is the caller's business.

use std::fmt;

use waxwing_wap::Charset;
use waxwing_wap::wsp::ContentType;

use crate::header::{Field, Header};
use crate::kind::{PduType, Version};
use crate::pdu::Pdu;

/// A header file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderFile {
    /// The PDU, without its content.
    pub pdu: Pdu,
    /// What the content is to be; `None` leaves it to what there is: a multipart with a presentation, or without.
    pub content_type: Option<ContentType>,
    /// Files whose content become parts, in their order.
    pub files: Vec<String>,
}

/// A mistake in a header file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct HeaderFileError {
    /// The line, from 1 on; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: HeaderFileProblem,
}

/// What is wrong in a header file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeaderFileProblem {
    /// A line without a name.
    #[error("there is no name and colon; write `Name: value`")]
    NoName,
    /// No `X-Mms-Message-Type` at all.
    #[error("X-Mms-Message-Type is missing; write `X-Mms-Message-Type: m-retrieve-conf`")]
    NoType,
    /// A value that is none.
    #[error("{name}: {value:?} is not allowed; use {expected}")]
    Value {
        /// The header field.
        name: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
}

const FILE: &str = "X-NowMMS-Content-Location";

impl HeaderFile {
    /// Reads a header file. A line that begins with white space goes on from the one before; empty lines are skipped.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn parse(text: &str) -> Result<Self, HeaderFileError> {
        let mut pdu = Pdu::new(PduType::RetrieveConf, Version::V1_0);
        let mut kind = None;
        let (mut content_type, mut files) = (None, Vec::new());
        for (line, text) in unfolded(text.trim_start_matches('\u{feff}')) {
            let at = |problem| HeaderFileError { line, problem };
            let (name, value) = text.split_once(':').ok_or_else(|| at(HeaderFileProblem::NoName))?;
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(at(HeaderFileProblem::NoName));
            }
            let wrong = |expected| at(HeaderFileProblem::Value { name: name.to_owned(), value: value.to_owned(), expected });
            if name.eq_ignore_ascii_case(FILE) {
                files.push(value.to_owned());
                continue;
            }
            match Field::from_name(name) {
                Some(Field::MessageType) => {
                    kind = Some(PduType::from_name(value).ok_or_else(|| wrong("the name of a PDU, such as m-retrieve-conf"))?);
                }
                Some(Field::TransactionId) => pdu.transaction_id = Some(value.to_owned()),
                Some(Field::Version) => {
                    pdu.version = Version::from_text(value).ok_or_else(|| wrong("a version such as 1.0"))?;
                }
                Some(Field::ContentType) => content_type = Some(ContentType::from_text(value)),
                // No recipient is as none.
                Some(Field::Bcc | Field::Cc | Field::To) if value.is_empty() => {}
                _ => pdu.headers.push(Header::parse(name, value).map_err(wrong)?),
            }
        }
        pdu.kind = kind.ok_or(HeaderFileError { line: 0, problem: HeaderFileProblem::NoType })?;
        Ok(Self { pdu, content_type, files })
    }

    /// The header file of a PDU, with the names of files for its parts.
    pub fn of(pdu: &Pdu, files: Vec<String>) -> Self {
        let content_type = pdu.content.as_ref().map(|content| content.content_type().clone());
        Self { pdu: Pdu { content: None, ..pdu.clone() }, content_type, files }
    }

    /// Texts of the PDU are written in this charset, unless they have one already.
    pub fn set_charset(&mut self, charset: Charset) {
        self.pdu.headers.iter_mut().for_each(|header| header.set_charset(charset));
    }
}

/// Lines with their numbers, those that go on joined, empty ones left out.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let next = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        match lines.last_mut().filter(|_| next) {
            Some((_, last)) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            None if line.trim().is_empty() => {}
            None => lines.push((number, line.to_owned())),
        }
    }
    lines
}

impl fmt::Display for HeaderFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |text: &str| text.replace(char::is_control, " ");
        writeln!(f, "{}: {}", Field::MessageType, self.pdu.kind)?;
        if let Some(id) = &self.pdu.transaction_id {
            writeln!(f, "{}: {}", Field::TransactionId, one_line(id))?;
        }
        writeln!(f, "{}: {}", Field::Version, self.pdu.version)?;
        for header in &self.pdu.headers {
            writeln!(f, "{}: {}", one_line(&header.name()), header.value_text())?;
        }
        if let Some(content_type) = &self.content_type {
            writeln!(f, "{}: {}", Field::ContentType, one_line(&content_type.to_string()))?;
        }
        self.files.iter().try_for_each(|file| writeln!(f, "{FILE}: {}", one_line(file)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_header_file_is_read_and_written() {
        let text = "X-Mms-Message-Type: m-retrieve-conf\r\nX-Mms-Transaction-Id: abc\r\nX-Mms-Version: 1.0\r\nMessage-Id: 1@example.com\r\n\
            Date: Thu, 31 Dec 2026 23:59:59 GMT\r\nFrom: +447700900123\r\nTo: bob@example.com\r\nTo: 12345\r\nCc:\r\n\r\n\
            Subject: Grüße\r\n  aus dem Urlaub\r\nX-Mms-Message-Class: Personal\r\nX-Mms-Priority: high\r\nX-Mms-Delivery-Report: Yes\r\n\
            X-Mms-Read-Reply: no\r\nX-Extra: some: thing\r\nContent-type: application/vnd.wap.multipart.mixed\r\n\
            X-NowMMS-Content-Location: a.jpg\r\nX-NowMMS-Content-Location: b.txt\r\n";
        let file = HeaderFile::parse(text).unwrap();
        let printed = "X-Mms-Message-Type: m-retrieve-conf\nX-Mms-Transaction-Id: abc\nX-Mms-MMS-Version: 1.0\nMessage-ID: 1@example.com\n\
            Date: Thu, 31 Dec 2026 23:59:59 GMT\nFrom: +447700900123/TYPE=PLMN\nTo: bob@example.com\nTo: 12345\n\
            Subject: Grüße aus dem Urlaub\nX-Mms-Message-Class: Personal\nX-Mms-Priority: High\nX-Mms-Delivery-Report: Yes\n\
            X-Mms-Read-Report: No\nX-Extra: some: thing\nContent-Type: application/vnd.wap.multipart.mixed\n\
            X-NowMMS-Content-Location: a.jpg\nX-NowMMS-Content-Location: b.txt\n";
        assert_eq!(file.to_string(), printed);
        assert_eq!(HeaderFile::parse(printed).unwrap(), file);
    }

    #[test]
    fn texts_get_a_charset() {
        let mut file = HeaderFile::parse("X-Mms-Message-Type: m-retrieve-conf\nSubject: é").unwrap();
        file.set_charset(Charset::ISO_8859_1);
        assert_eq!(file.pdu.subject().unwrap().charset, Some(Charset::ISO_8859_1));
    }

    #[test]
    fn mistakes_have_lines() {
        for (text, error) in [
            ("", "line 0: X-Mms-Message-Type is missing; write `X-Mms-Message-Type: m-retrieve-conf`"),
            ("X-Mms-Message-Type: m-retrieve-conf\n\nhello", "line 3: there is no name and colon; write `Name: value`"),
            ("a b: c", "line 1: there is no name and colon; write `Name: value`"),
            (
                "X-Mms-Message-Type: m-what",
                "line 1: X-Mms-Message-Type: \"m-what\" is not allowed; use the name of a PDU, such as m-retrieve-conf",
            ),
            ("X-Mms-MMS-Version: x", "line 1: X-Mms-MMS-Version: \"x\" is not allowed; use a version such as 1.0"),
            (
                "\nX-Mms-Priority: urgent",
                "line 2: X-Mms-Priority: \"urgent\" is not allowed; use one of its names in the specification, or a number from 128 on",
            ),
            ("Date: today", "line 1: Date: \"today\" is not allowed; use a date such as Thu, 31 Dec 2026 23:59:59 GMT"),
            ("Content: x", "line 1: Content: \"x\" is not allowed; use it among X-Mms-Attributes only"),
        ] {
            assert_eq!(HeaderFile::parse(text).unwrap_err().to_string(), error);
        }
    }
}
