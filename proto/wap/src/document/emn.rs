//! E-Mail Notification: "there is mail in this mailbox" (OMA-Push-EMN 1.0).

use jiff::Timestamp;

use super::{DocumentError, check_names, check_url, date_of, required};
use crate::date;
use crate::wbxml::Element;

/// An e-mail notification.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Emn {
    /// The mailbox as a URI: `mailat:user@domain`, `pop://…`, `imap://…`, `http://…`.
    pub mailbox: String,
    /// When the mail came.
    pub timestamp: Option<Timestamp>,
}

impl Emn {
    /// Checks the rules.
    ///
    /// # Errors
    /// The mailbox is empty or has spaces.
    pub fn validate(&self) -> Result<(), DocumentError> {
        check_url("emn@mailbox", &self.mailbox)
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &["mailbox", "timestamp"], &[], "mailbox and timestamp in emn")?;
        Ok(Self { mailbox: required(root, "mailbox")?, timestamp: date_of(root, "timestamp")? })
    }

    pub(super) fn to_tree(&self) -> Element {
        Element::new("emn").with("mailbox", self.mailbox.as_str()).with_some("timestamp", self.timestamp.map(date::to_xml))
    }
}
