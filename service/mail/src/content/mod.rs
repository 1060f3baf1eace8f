//! From a message's octets to what it says.

mod flatten;
mod html;
mod sms;
mod tree;

use bytes::Bytes;
use mail_parser::{Address, HeaderName, HeaderValue, Message};

pub use html::html_to_text;
pub use sms::{SmsTextOptions, sms_text};
pub(crate) use tree::{Entity, Reader};

use crate::Mailbox;
use crate::mms::{Importance, MessageClass};
use crate::report::{self, Report};

/// What a message says, without its structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MailContent {
    /// Who wrote it (`From`; where that is missing, `Sender`).
    pub from: Option<Mailbox>,
    /// Who gets answers (`Reply-To`).
    pub reply_to: Vec<Mailbox>,
    /// For whom it is, as the header says. Who really gets it, the envelope says.
    pub to: Vec<Mailbox>,
    /// Who gets a copy.
    pub cc: Vec<Mailbox>,
    /// The subject, in one line; empty where there is none.
    pub subject: String,
    /// When it was written, in seconds since 1970.
    pub date: Option<i64>,
    /// Its number without angle brackets.
    pub message_id: Option<String>,
    /// The number of the message that it answers, without angle brackets.
    pub in_reply_to: Option<String>,
    /// How urgent it is, from `Importance`, `Priority`, `X-Priority` and `X-Mms-Priority`.
    pub importance: Importance,
    /// The class of a multimedia message (`X-Mms-Message-Class`).
    pub class: Option<MessageClass>,
    /// Who wants to know when it was read (`Disposition-Notification-To`). Ask the recipient before you tell.
    pub read_report_to: Option<Mailbox>,
    /// Whether a machine wrote it by itself, or it went to a list: never answer it by a machine (RFC 3834 2).
    pub automatic: bool,
    /// How many servers it came through (`Received`). More than about 25 are a loop.
    pub hops: usize,
    /// Every `X-Mms-` header: its name as it came, and its value.
    pub mms_headers: Vec<(String, String)>,
    /// The report that it is, if it is one.
    pub report: Option<Report>,
    /// What it says, in order: of alternatives the best one, texts in UTF-8 without formatting, pictures, other files.
    pub parts: Vec<Part>,
}

/// A part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Type and subtype in lower case, without parameters, such as `image/jpeg`.
    pub content_type: String,
    /// Of a text, its charset. Texts that came in are UTF-8.
    pub charset: Option<String>,
    /// The file's name, without folders.
    pub name: Option<String>,
    /// The number that other parts refer to it by (`cid:`), without angle brackets.
    pub content_id: Option<String>,
    /// The address that other parts refer to it by.
    pub content_location: Option<String>,
    /// Whether it is shown with the message.
    pub disposition: Disposition,
    /// What it is, without any transfer encoding.
    pub data: Bytes,
}

/// Whether a part is shown with the message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Disposition {
    /// With the message.
    #[default]
    Inline,
    /// As a file that comes along.
    Attachment,
}

/// Bounds on a message's structure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContentLimits {
    /// Parts, counting those that have parts. Default 200.
    pub max_parts: usize,
    /// How deep parts lie within parts. Default 16; more than 64 count as 64.
    pub max_depth: usize,
}

impl Default for ContentLimits {
    fn default() -> Self {
        Self { max_parts: 200, max_depth: 16 }
    }
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ContentError {
    /// It has no header.
    #[error("the message has no header")]
    NoHeader,
    /// A header is too large.
    #[error("a header of the message has more than {limit} octets")]
    HeaderTooLarge {
        /// The limit.
        limit: usize,
    },
    /// It has too many parts.
    #[error("the message has more than {limit} parts")]
    TooManyParts {
        /// The limit.
        limit: usize,
    },
    /// Its parts lie too deep.
    #[error("the message's parts are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// Most addresses of a header that are looked at, most `X-Mms-` headers, and most octets of those.
const MAX_ADDRESSES: usize = 1000;
const MAX_MMS_HEADERS: usize = 200;
const MAX_VALUE: usize = 8 << 10;

impl MailContent {
    /// Reads a message.
    pub fn parse(message: &[u8], limits: &ContentLimits) -> Result<Self, ContentError> {
        let limits = ContentLimits { max_depth: limits.max_depth.min(64), ..limits.clone() };
        let root = Reader::new(&limits).read(message)?;
        let head = root.head().ok_or(ContentError::NoHeader)?;
        let report = report::read(&root);
        let header = |name: &str| root.text_header(name).map(str::trim).filter(|value| !value.is_empty());
        let importance =
            ["Importance", "X-Mms-Priority", "Priority", "X-Priority"].into_iter().find_map(|name| Importance::parse(header(name)?));
        let mut content = Self {
            from: addresses(head.from()).into_iter().next().or_else(|| addresses(head.sender()).into_iter().next()),
            reply_to: addresses(head.reply_to()),
            to: head.all_to().flat_map(|list| addresses(Some(list))).take(MAX_ADDRESSES).collect(),
            cc: head.all_cc().flat_map(|list| addresses(Some(list))).take(MAX_ADDRESSES).collect(),
            subject: one_line(head.subject().unwrap_or_default()),
            date: head.date().filter(|date| date.is_valid()).map(mail_parser::DateTime::to_timestamp),
            message_id: head.message_id().map(str::to_owned),
            in_reply_to: head.in_reply_to().as_text_list().and_then(|list| list.first()).map(ToString::to_string),
            importance: importance.unwrap_or_default(),
            class: header("X-Mms-Message-Class").and_then(MessageClass::parse),
            read_report_to: disposition_to(head),
            automatic: is_automatic(&root) || report.is_some(),
            hops: root.head().map_or(0, |head| head.headers().iter().filter(|h| h.name == HeaderName::Received).count()),
            mms_headers: mms_headers(head),
            report,
            parts: Vec::new(),
        };
        if content.in_reply_to.is_none() {
            content.in_reply_to = head.in_reply_to().as_text().map(str::to_owned);
        }
        flatten::flatten(&root, &mut content.parts);
        Ok(content)
    }

    /// The first `X-Mms-` header of that name (in full, any case).
    pub fn mms_header(&self, name: &str) -> Option<&str> {
        self.mms_headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The texts that are shown with the message, one after the other.
    pub fn text(&self) -> String {
        let texts: Vec<_> = self.parts.iter().filter(|part| part.is_plain_text()).filter_map(|part| part.text()).collect();
        texts.join("\n\n")
    }
}

impl Part {
    /// A text to be shown with the message.
    pub fn inline_text(text: impl Into<String>) -> Self {
        Self { content_type: "text/plain".to_owned(), charset: Some("utf-8".to_owned()), data: text.into().into(), ..Self::default() }
    }

    /// Whether it is a text of any kind.
    pub fn is_text(&self) -> bool {
        self.content_type.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"))
    }

    /// Whether it says how a multimedia message is shown.
    pub fn is_smil(&self) -> bool {
        self.content_type.eq_ignore_ascii_case("application/smil") || self.content_type.eq_ignore_ascii_case("application/smil+xml")
    }

    /// Whether it is words that are shown with the message.
    pub fn is_plain_text(&self) -> bool {
        self.content_type.eq_ignore_ascii_case("text/plain") && self.disposition == Disposition::Inline
    }

    /// Its words, if it is a text in UTF-8.
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.data).ok().filter(|_| self.is_text())
    }
}

fn addresses(list: Option<&Address<'_>>) -> Vec<Mailbox> {
    let mailbox = |address: &mail_parser::Addr<'_>| {
        let name = address.name.as_deref().map(one_line).filter(|name| !name.is_empty());
        Some(Mailbox { name, address: one_line(address.address.as_deref()?) })
    };
    list.into_iter().flat_map(Address::iter).filter_map(mailbox).filter(|mailbox| !mailbox.address.is_empty()).take(MAX_ADDRESSES).collect()
}

fn disposition_to(head: &Message<'_>) -> Option<Mailbox> {
    let header = head.headers().iter().find(|header| header.name == HeaderName::DispositionNotificationTo)?;
    match &header.value {
        HeaderValue::Address(list) => addresses(Some(list)).into_iter().next(),
        _ => None,
    }
}

/// RFC 3834 2: what answers itself must not be answered. The others are what is in use besides.
fn is_automatic(root: &Entity<'_>) -> bool {
    let word = |name: &str| root.text_header(name).map(|value| value.trim().to_ascii_lowercase());
    word("Auto-Submitted").is_some_and(|value| !value.starts_with("no"))
        || word("Precedence").is_some_and(|value| ["bulk", "list", "junk", "auto_reply"].contains(&value.as_str()))
        || word("X-Auto-Response-Suppress").is_some_and(|value| value.contains("all") || value.contains("autoreply"))
        || ["List-Id", "X-Autoreply", "X-Autorespond", "X-Mailing-List"]
            .into_iter()
            .any(|name| root.head().is_some_and(|head| head.headers().iter().any(|header| header.name.as_str().eq_ignore_ascii_case(name))))
}

fn mms_headers(head: &Message<'_>) -> Vec<(String, String)> {
    let of = |header: &mail_parser::Header<'_>| {
        let name = header.name.as_str();
        if !name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-Mms-")) {
            return None;
        }
        let value = header.value.as_text().map(one_line).unwrap_or_default();
        (value.len() <= MAX_VALUE).then(|| (name.to_owned(), value))
    };
    head.headers().iter().filter_map(of).take(MAX_MMS_HEADERS).collect()
}

/// Words in one line, without control characters.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}
