//! Messages from neutral parts.
//!
//! Written by hand rather than by a crate: it takes neither a clock nor a random source (the same input makes the same octets), and no
//! value can get out of its field.

pub(crate) mod body;
pub(crate) mod header;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::mms::{Importance, MessageClass};
use crate::{Disposition, Mailbox, Part};

/// A message to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Who wrote it.
    pub from: Mailbox,
    /// Who is to get answers, if somebody else.
    pub reply_to: Option<Mailbox>,
    /// For whom it is; may be empty (then `undisclosed-recipients:;`).
    pub to: Vec<Mailbox>,
    /// Who gets a copy.
    pub cc: Vec<Mailbox>,
    /// The subject; nothing is written where it is empty.
    pub subject: String,
    /// When it was written, in seconds since 1970.
    pub date: i64,
    /// Its number, `local@domain` without angle brackets.
    pub message_id: String,
    /// The number of the message that it answers.
    pub in_reply_to: Option<String>,
    /// How urgent it is.
    pub importance: Importance,
    /// The class of a multimedia message; `None` for plain mail.
    pub class: Option<MessageClass>,
    /// Who wants to know when it was read.
    pub read_report_to: Option<Mailbox>,
    /// Whether a machine wrote it (`Auto-Submitted: auto-generated`), so that no machine answers.
    pub automatic: bool,
    /// Further headers: names of `X-` only, such as `X-Mms-Message-ID`; values are words.
    pub headers: Vec<(String, String)>,
    /// What it says, in order. Texts are UTF-8 unless their charset says otherwise.
    pub parts: Vec<Part>,
    /// Whether a SMIL part goes along, with the others as what it refers to (`multipart/related`). Mail programs know nothing of it and some
    /// show it as an attachment; without it texts and pictures follow each other (`multipart/mixed`).
    pub keep_smil: bool,
}

/// Why a message cannot be written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// An address is none.
    #[error("`{address}` in {field} is no e-mail address; it must be name@domain")]
    Address {
        /// The header.
        field: &'static str,
        /// The address.
        address: String,
    },
    /// A number cannot stand in a header.
    #[error("`{id}` is no message number; it must be local@domain in printable ASCII without spaces and angle brackets")]
    MessageId {
        /// The number.
        id: String,
    },
    /// The date is outside of what a calendar has.
    #[error("{seconds} s since 1970 is no date that a header can have")]
    Date {
        /// The date.
        seconds: i64,
    },
    /// A further header has a name that is not its own.
    #[error("the header `{name}` cannot be added; names begin with X- and have letters, digits and hyphens")]
    Header {
        /// The name.
        name: String,
    },
    /// A part's type is none.
    #[error("`{content_type}` is no content type; it must be type/subtype")]
    ContentType {
        /// The type.
        content_type: String,
    },
}

impl Outgoing {
    /// The message, every line ended by `<CR><LF>`.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        let mut writer = Writer::new(&self.message_id);
        let out = &mut writer.out;
        header::write_mailbox_header(out, "From", std::slice::from_ref(&self.from))?;
        header::write_mailbox_header(out, "Reply-To", self.reply_to.as_slice())?;
        header::write_mailbox_header(out, "To", &self.to)?;
        if self.to.is_empty() && self.cc.is_empty() {
            out.extend_from_slice(b"To: undisclosed-recipients:;\r\n");
        }
        header::write_mailbox_header(out, "Cc", &self.cc)?;
        if !self.subject.trim().is_empty() {
            header::write_text_header(out, "Subject", &self.subject);
        }
        let common = Common { date: self.date, message_id: &self.message_id, in_reply_to: self.in_reply_to.as_deref() };
        writer.common(&common)?;
        self.mms_headers(&mut writer)?;
        for (name, value) in &self.headers {
            let good = |name: &str| name.len() <= 64 && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
            if !good(name) || !name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-")) {
                return Err(WriteError::Header { name: name.clone() });
            }
            header::write_text_header(&mut writer.out, name, value);
        }
        writer.line("MIME-Version: 1.0");
        self.body(&mut writer)?;
        Ok(writer.out)
    }

    fn mms_headers(&self, writer: &mut Writer) -> Result<(), WriteError> {
        // Normal is what is meant where nothing is said (RFC 4356 2.1.3).
        if self.importance != Importance::Normal {
            writer.line(&format!("Importance: {}", self.importance.word()));
        }
        if let Some(class) = self.class {
            writer.line(&format!("X-Mms-Message-Class: {}", class.word()));
        }
        if self.class == Some(MessageClass::Advertisement) {
            writer.line("Precedence: bulk");
        }
        if self.automatic || self.class == Some(MessageClass::Auto) {
            writer.line("Auto-Submitted: auto-generated");
        }
        header::write_mailbox_header(&mut writer.out, "Disposition-Notification-To", self.read_report_to.as_slice())
    }

    fn body(&self, writer: &mut Writer) -> Result<(), WriteError> {
        let smil = |part: &&Part| part.is_smil();
        let root = if self.keep_smil { self.parts.iter().find(smil) } else { None };
        let others: Vec<&Part> = self.parts.iter().filter(|part| !part.is_smil()).collect();
        match (root, others.as_slice()) {
            (Some(root), others) => {
                let boundary = writer.boundary();
                let start = root.content_id.as_deref().filter(|id| is_content_id(id)).unwrap_or("smil");
                writer.line("Content-Type: multipart/related; type=\"application/smil\";");
                writer.line(&format!("{};", header::parameter("start", &format!("<{start}>"))));
                writer.line(&header::parameter("boundary", &boundary));
                writer.line("");
                writer.delimiter(&boundary);
                writer.part(&Part { content_id: Some(start.to_owned()), ..root.clone() }, false)?;
                for part in others {
                    writer.delimiter(&boundary);
                    writer.part(part, false)?;
                }
                writer.end(&boundary);
            }
            (None, []) => {
                writer.line("Content-Type: text/plain; charset=utf-8");
                body::write_text(&mut writer.out, b"");
            }
            (None, [single]) if single.is_text() && single.disposition == Disposition::Inline => writer.part(single, true)?,
            (None, others) => {
                let boundary = writer.boundary();
                writer.line("Content-Type: multipart/mixed;");
                writer.line(&header::parameter("boundary", &boundary));
                writer.line("");
                for part in others {
                    writer.delimiter(&boundary);
                    writer.part(part, false)?;
                }
                writer.end(&boundary);
            }
        }
        Ok(())
    }
}

/// What every message has.
pub(crate) struct Common<'a> {
    pub(crate) date: i64,
    pub(crate) message_id: &'a str,
    pub(crate) in_reply_to: Option<&'a str>,
}

/// A message being written.
pub(crate) struct Writer {
    pub(crate) out: Vec<u8>,
    seed: u64,
    boundaries: u32,
}

impl Writer {
    /// Delimiters depend on the message's number, so that a message within another has different ones.
    pub(crate) fn new(message_id: &str) -> Self {
        let seed =
            message_id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, octet| (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3));
        Self { out: Vec::new(), seed, boundaries: 0 }
    }

    pub(crate) fn line(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    pub(crate) fn common(&mut self, common: &Common<'_>) -> Result<(), WriteError> {
        let out_of_range = || WriteError::Date { seconds: common.date };
        let date = Timestamp::from_second(common.date).map_err(|_| out_of_range())?;
        let date = DateTimePrinter::new().timestamp_to_string(&date).map_err(|_| out_of_range())?;
        self.line(&format!("Date: {date}"));
        for (name, id) in [("Message-ID", Some(common.message_id)), ("In-Reply-To", common.in_reply_to)] {
            let Some(id) = id else { continue };
            if !is_message_id(id) {
                return Err(WriteError::MessageId { id: id.to_owned() });
            }
            self.line(&format!("{name}: <{id}>"));
        }
        Ok(())
    }

    pub(crate) fn boundary(&mut self) -> String {
        self.boundaries += 1;
        format!("{}{}_{:016x}", body::BOUNDARY_START, self.boundaries, self.seed)
    }

    pub(crate) fn delimiter(&mut self, boundary: &str) {
        self.line(&format!("\r\n--{boundary}"));
    }

    pub(crate) fn end(&mut self, boundary: &str) {
        self.line(&format!("\r\n--{boundary}--"));
    }

    /// A part: its header, the empty line, its body. `alone` where it is the whole message.
    fn part(&mut self, part: &Part, alone: bool) -> Result<(), WriteError> {
        if !is_content_type(&part.content_type) {
            return Err(WriteError::ContentType { content_type: part.content_type.clone() });
        }
        let mut content_type = format!("Content-Type: {}", part.content_type);
        if part.is_text() {
            content_type.push_str(&format!("; charset={}", part.charset.as_deref().filter(|c| is_token(c)).unwrap_or("utf-8")));
        }
        if let Some(name) = part.name.as_deref().filter(|_| !alone) {
            content_type.push_str(&format!(";\r\n{}", header::parameter("name", name)));
        }
        self.line(&content_type);
        if let Some(id) = part.content_id.as_deref().filter(|id| is_content_id(id)) {
            self.line(&format!("Content-ID: <{id}>"));
        }
        if let Some(location) = part.content_location.as_deref().filter(|text| text.bytes().all(|octet| (b'!'..=b'~').contains(&octet))) {
            self.line(&format!("Content-Location: {location}"));
        }
        if !alone {
            let word = if part.disposition == Disposition::Inline { "inline" } else { "attachment" };
            match part.name.as_deref() {
                Some(name) => self.line(&format!("Content-Disposition: {word};\r\n{}", header::parameter("filename", name))),
                None => self.line(&format!("Content-Disposition: {word}")),
            }
        }
        let utf8 =
            part.charset.as_deref().is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii"));
        if part.is_text() && utf8 {
            body::write_text(&mut self.out, &part.data);
        } else {
            body::write_binary(&mut self.out, &part.data);
        }
        Ok(())
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 127 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&octet))
}

fn is_content_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub) && !main.eq_ignore_ascii_case("multipart"))
}

fn is_content_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 250 && id.bytes().all(|octet| (b'!'..=b'~').contains(&octet) && octet != b'<' && octet != b'>')
}

fn is_message_id(id: &str) -> bool {
    is_content_id(id) && id.contains('@')
}
