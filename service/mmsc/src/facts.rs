//! What the message centre knows of a multimedia message to one recipient, kept in [`waxwing_core::Message::native`].
//!
//! The content itself is in the media store. The header fields that every recipient gets are kept as they go out, so that fetching means
//! to put octets together.

use bytes::Bytes;
use prost::Message as _;
use waxwing_core::Message;

/// By which way it reaches its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Way {
    /// A notification to a phone, which fetches it.
    Phone = 0,
    /// An SMS with a link to a page.
    Link = 1,
    /// E-mail.
    Mail = 2,
    /// The webhook of the account whose number it is.
    Application = 3,
}

impl Way {
    /// Its name in the log and the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Way::Phone => "phone",
            Way::Link => "link",
            Way::Mail => "mail",
            Way::Application => "application",
        }
    }
}

/// What is known of one message. Stored: fields may be added, numbers are never reused.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Facts {
    /// SHA-256 of the content, its number in the media store. What lies there is the value of Content-Type and the body behind it, as they
    /// stand at the end of a PDU.
    #[prost(bytes = "bytes", tag = "1")]
    pub media: Bytes,
    /// What the phone fetches it by; also the transaction of its notification. Unguessable.
    #[prost(string, tag = "3")]
    pub token: String,
    /// What the page is opened by. Unguessable, and another than `token`.
    #[prost(string, tag = "4")]
    pub link: String,
    /// The X-Mms-Message-ID that the sender was told, without its domain. All recipients of a message have the same.
    #[prost(string, tag = "5")]
    pub message_id: String,
    /// Header fields for m-retrieve-conf, as octets: Date, From, To, Cc, Subject, class, priority, reports.
    #[prost(bytes = "bytes", tag = "6")]
    pub headers: Bytes,
    /// The sender as the recipient may see it (`+447700900123/TYPE=PLMN`, an e-mail address); empty = hidden.
    #[prost(string, tag = "7")]
    pub from: String,
    /// The subject; empty if none.
    #[prost(string, tag = "8")]
    pub subject: String,
    /// X-Mms-Message-Class, a token as text (`personal`).
    #[prost(string, tag = "9")]
    pub class: String,
    /// X-Mms-Priority: 0 low, 1 normal, 2 high.
    #[prost(uint32, tag = "10")]
    pub priority: u32,
    /// The sender wants to know of the delivery.
    #[prost(bool, tag = "11")]
    pub delivery_report: bool,
    /// The sender wants to know of the reading.
    #[prost(bool, tag = "12")]
    pub read_report: bool,
    /// Octets of the content.
    #[prost(uint64, tag = "13")]
    pub size: u64,
    /// By which way.
    #[prost(enumeration = "Way", tag = "14")]
    pub way: i32,
    /// The recipient as it was written, for the sender's reports.
    #[prost(string, tag = "15")]
    pub recipient: String,
    /// The content may be changed for the phone.
    #[prost(bool, tag = "16")]
    pub may_adapt: bool,
    /// The X-Mms-MMS-Version of the sender's phone; 0 where it was none.
    #[prost(uint32, tag = "17")]
    pub version: u32,
    /// Date, seconds since 1970.
    #[prost(uint64, tag = "18")]
    pub date: u64,
    /// Separate delivery (OMA DRM 1.0): rights to be pushed when the content was fetched, as WBXML
    /// documents.
    #[prost(bytes = "bytes", repeated, tag = "19")]
    pub rights: Vec<Bytes>,
    /// It may not leave the phone it was sent to (OMA DRM 1.0): neither forwarded nor shown on a page.
    #[prost(bool, tag = "20")]
    pub locked: bool,
}

impl Facts {
    /// Those of a stored message; `None` where it is none of the centre's.
    pub fn of(message: &Message) -> Option<Facts> {
        Facts::decode(message.native.clone()).ok().filter(|f| f.media.len() == 32)
    }

    /// As they are stored.
    pub fn to_bytes(&self) -> Bytes {
        Bytes::from(self.encode_to_vec())
    }
}
