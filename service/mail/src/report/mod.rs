//! Reports: what became of a message (delivery status notifications, RFC 3464) and what its reader did with it (disposition notifications,
//! RFC 8098). Written as `multipart/report` (RFC 6522) with words for people first, and read back.

mod fields;
mod read;
mod write;

pub(crate) use read::read;
pub use write::ReportHead;

use crate::mms::{MmStatus, ReadStatus};
use crate::smtp::Enhanced;

/// A report that came as a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// What became of a message.
    Delivery(DeliveryReport),
    /// What a reader did with a message.
    Disposition(DispositionReport),
}

/// What became of a message, for each recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Who reports: a host's name, without `dns;`.
    pub reporting_mta: String,
    /// The sender's own number for the envelope (ENVID).
    pub envelope_id: Option<String>,
    /// The message's `Message-ID` without angle brackets, where the report carries its header.
    pub message_id: Option<String>,
    /// A recipient each; at least one.
    pub recipients: Vec<RecipientStatus>,
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientStatus {
    /// For whom it was at first, without `rfc822;`.
    pub original: Option<String>,
    /// For whom it was in the end, without `rfc822;`.
    pub recipient: String,
    /// What happened.
    pub action: Action,
    /// Why.
    pub status: Enhanced,
    /// The words of the system that said no, without `smtp;`.
    pub diagnostic: Option<String>,
    /// The status of a multimedia message, where the report names it (`X-Mms-Status`); otherwise see [`RecipientStatus::mm_status`].
    pub mms: Option<MmStatus>,
}

/// What happened to a message (RFC 3464 2.3.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// It could not be delivered.
    Failed,
    /// Not yet.
    Delayed,
    /// It was delivered.
    Delivered,
    /// It went on to somebody who sends no reports.
    Relayed,
    /// It was delivered, and went on to others.
    Expanded,
}

/// What a reader did with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DispositionReport {
    /// Who reports: a host's name and a program's.
    pub reporting_ua: Option<String>,
    /// For whom the message was at first, without `rfc822;`.
    pub original: Option<String>,
    /// Whose mailbox it was in, without `rfc822;`.
    pub recipient: String,
    /// The message's `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// `displayed`, `deleted`, `dispatched` or `processed`.
    pub disposition: String,
    /// Whether a machine did it rather than a person.
    pub automatic: bool,
}

impl Action {
    const ALL: [Self; 5] = [Self::Failed, Self::Delayed, Self::Delivered, Self::Relayed, Self::Expanded];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word().eq_ignore_ascii_case(text.trim()))
    }
}

impl RecipientStatus {
    /// A status in the terms of multimedia messages.
    pub fn of_mms(recipient: impl Into<String>, status: MmStatus) -> Self {
        let (action, code) = status.delivery();
        Self { original: None, recipient: recipient.into(), action, status: code, diagnostic: None, mms: Some(status) }
    }

    /// What it means for a multimedia message.
    pub fn mm_status(&self) -> MmStatus {
        self.mms.unwrap_or_else(|| MmStatus::of_delivery(self.action, self.status))
    }
}

impl DispositionReport {
    /// What it means for a multimedia message; `None` where no person read or deleted it.
    pub fn read_status(&self) -> Option<ReadStatus> {
        ReadStatus::of_disposition(&self.disposition)
    }
}
