//! A multimedia message that somebody wants to send, by whichever door.

use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::Bytes;
use waxwing_core::{Door, Millis};
use waxwing_mms::{EncodedText, MessageClass, MmsAddress, Priority, RawContent};

/// What every door makes of what it read.
#[derive(Clone, Debug)]
pub struct Draft {
    /// By which door it came.
    pub door: Door,
    /// Who sends it.
    pub from: MmsAddress,
    /// The recipients do not see who.
    pub hide_sender: bool,
    /// Recipients.
    pub to: Vec<MmsAddress>,
    /// Recipients of copies.
    pub cc: Vec<MmsAddress>,
    /// Recipients whom the others do not see.
    pub bcc: Vec<MmsAddress>,
    /// The subject.
    pub subject: Option<EncodedText>,
    /// The class.
    pub class: MessageClass,
    /// The priority.
    pub priority: Priority,
    /// The sender wants to know of the delivery.
    pub delivery_report: bool,
    /// The sender wants to know of the reading.
    pub read_report: bool,
    /// Not to be told of before (absolute).
    pub not_before: Option<Millis>,
    /// Not to be kept longer (absolute).
    pub expires: Option<Millis>,
    /// The content, as it stands at the end of a PDU.
    pub content: RawContent,
    /// The content may be changed for the phone.
    pub may_adapt: bool,
    /// It may not leave the phone it was sent to (OMA DRM 1.0).
    pub locked: bool,
    /// Rights to be pushed after the content (OMA DRM 1.0, separate delivery): WBXML documents.
    pub rights: Vec<Bytes>,
    /// The version of the sender's phone; 0 where it is none.
    pub version: u8,
    /// Further header fields for m-retrieve-conf, as octets.
    pub more_headers: Vec<u8>,
    /// The submitter's own reference.
    pub reference: String,
    /// Where receipts go, if not where the account says.
    pub callback: String,
    /// Free data of the door that comes back with receipts.
    pub door_data: String,
    /// A key of the submitter's: the same key again, within a day, is the same message.
    pub idempotency: Option<Bytes>,
    /// Which receipts the submitter wants besides what `delivery_report` says: bits of [`waxwing_core::want`].
    pub want: u32,
    /// For single recipients, as they are written on the wire: which receipts instead of what the fields above say, and free data of
    /// the door.
    pub each: HashMap<String, (u32, String)>,
    /// The connector that it came by; empty = none.
    pub connector: String,
    /// Where it came from.
    pub peer: Option<SocketAddr>,
}

impl Draft {
    /// With a sender and a content, and all else as usual.
    pub fn new(door: Door, from: MmsAddress, content: RawContent) -> Draft {
        Draft {
            door,
            from,
            hide_sender: false,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: None,
            class: MessageClass::Personal,
            priority: Priority::Normal,
            delivery_report: false,
            read_report: false,
            not_before: None,
            expires: None,
            content,
            may_adapt: true,
            locked: false,
            rights: Vec::new(),
            version: 0,
            more_headers: Vec::new(),
            reference: String::new(),
            callback: String::new(),
            door_data: String::new(),
            idempotency: None,
            want: 0,
            each: HashMap::new(),
            connector: String::new(),
            peer: None,
        }
    }

    /// All recipients.
    pub fn recipients(&self) -> impl Iterator<Item = &MmsAddress> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }
}
