//! A PDU: its kind, its header fields, its content.

use crate::address::MmsAddress;
use crate::content::Content;
use crate::header::{Field, Header};
use crate::kind::{PduType, Version};

/// A PDU of MMS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pdu {
    /// Which it is.
    pub kind: PduType,
    /// What ties an answer to its request; reports and messages that need no answer have none.
    pub transaction_id: Option<String>,
    /// The version of the protocol that its sender speaks.
    pub version: Version,
    /// The header fields, but for those that the other members are; in the order of the wire.
    pub headers: Vec<Header>,
    /// The content: of messages, and of what a mailbox holds.
    pub content: Option<Content>,
}

impl Pdu {
    /// A PDU without header fields and content.
    pub const fn new(kind: PduType, version: Version) -> Self {
        Self { kind, transaction_id: None, version, headers: Vec::new(), content: None }
    }

    /// The same with a transaction id.
    #[must_use]
    pub fn with_transaction_id(mut self, id: impl Into<String>) -> Self {
        self.transaction_id = Some(id.into());
        self
    }

    /// The same with one more header field.
    #[must_use]
    pub fn with(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// The same with more header fields; with none for `None`.
    #[must_use]
    pub fn with_all(mut self, headers: impl IntoIterator<Item = Header>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The same with this content.
    #[must_use]
    pub fn with_content(mut self, content: Content) -> Self {
        self.content = Some(content);
        self
    }

    /// The first header field of a kind.
    pub fn header(&self, field: Field) -> Option<&Header> {
        self.headers.iter().find(|header| header.field() == Some(field))
    }

    /// Sets a header field in the place of all of its kind.
    pub fn set(&mut self, header: Header) {
        if let Some(field) = header.field() {
            self.remove(field);
        }
        self.headers.push(header);
    }

    /// Removes all header fields of a kind.
    pub fn remove(&mut self, field: Field) {
        self.headers.retain(|header| header.field() != Some(field));
    }

    /// The value of a header field whose name is text, in any case.
    pub fn named(&self, name: &str) -> Option<&waxwing_wap::wsp::HeaderValue> {
        self.headers.iter().find_map(|header| match header {
            Header::Named { name: known, value } if known.eq_ignore_ascii_case(name) => Some(value),
            _ => None,
        })
    }

    /// Whom it is for, with the field that says so: `To`, `Cc` or `Bcc`.
    pub fn recipients(&self) -> impl Iterator<Item = (Field, &MmsAddress)> {
        self.headers.iter().filter_map(|header| match header {
            Header::To(address) => Some((Field::To, address)),
            Header::Cc(address) => Some((Field::Cc, address)),
            Header::Bcc(address) => Some((Field::Bcc, address)),
            _ => None,
        })
    }

    /// The address of the sender; `None` if there is none, or if it is to be filled in.
    pub fn sender(&self) -> Option<&MmsAddress> {
        self.from()?.address()
    }

    /// Every value of `X-Mms-Content-Location`: several are in PDUs about mailboxes alone.
    pub fn content_locations(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().filter_map(|header| match header {
            Header::ContentLocation(location) => Some(location.as_str()),
            Header::NumberedLocation(location) => Some(location.value.as_str()),
            _ => None,
        })
    }
}
