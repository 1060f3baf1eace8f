//! What a message is, and how it is stored.
//!
//! The stored form is a protocol-buffers message: fields may be added, numbers are never reused. Who owns a message (the account) is not
//! in it: that is the spool's group.

use bytes::Bytes;
use prost::Message as _;

/// Which way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Kind {
    /// From an account to a handset, over a connector.
    Mt = 0,
    /// From a handset to an account.
    Mo = 1,
    /// A delivery receipt to the account that submitted the message it is about.
    Receipt = 2,
    /// One part of a long MO message that waits for the others; never leaves.
    MoPart = 3,
    /// One part of a long MT message, submitted by itself, that waits for the others; never leaves as itself.
    MtPart = 4,
    /// A multimedia message to one recipient. Its content is in the media store; `native` says which, and whatever else the message centre
    /// knows of it.
    Mms = 5,
}

/// The door by which a message came in: its receipts leave by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Door {
    /// Made here (console, command line, commands).
    Internal = 0,
    /// An SMPP bind.
    Smpp = 1,
    /// `/api/v1`.
    Rest = 2,
    /// NowSMS URL parameters.
    NowSms = 3,
    /// `/cgi-bin/sendsms`.
    Kannel = 4,
    /// Received by a connector.
    Connector = 5,
    /// A CMPP connection.
    Cmpp = 6,
    /// `/pap`, the push proxy gateway.
    Pap = 7,
    /// MM1: a phone, at the message centre.
    Mm1 = 8,
    /// E-mail (MM3).
    Mail = 9,
    /// The message centre itself: its notifications and links, which are SMS.
    Mmsc = 10,
}

impl Door {
    /// Its name in the ledger and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Door::Internal => "internal",
            Door::Smpp => "smpp",
            Door::Rest => "rest",
            Door::NowSms => "nowsms",
            Door::Kannel => "kannel",
            Door::Connector => "connector",
            Door::Cmpp => "cmpp",
            Door::Pap => "pap",
            Door::Mm1 => "mm1",
            Door::Mail => "mail",
            Door::Mmsc => "mmsc",
        }
    }
}

/// An address: MSISDN, short code or alphanumeric sender, with SMPP's type of number and numbering plan (SMPP 3.4, 5.2.5 and 5.2.6).
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Address {
    /// Type of number: 0 unknown, 1 international, 2 national, 3 network specific, 4 subscriber, 5 alphanumeric, 6 abbreviated.
    #[prost(uint32, tag = "1")]
    pub ton: u32,
    /// Numbering plan indicator: 0 unknown, 1 ISDN (E.164), ...
    #[prost(uint32, tag = "2")]
    pub npi: u32,
    /// The digits or characters, without a leading `+`; octets, because networks send more than ASCII.
    #[prost(bytes = "bytes", tag = "3")]
    pub octets: Bytes,
}

/// A tag-length-value parameter (SMPP 3.4, 5.3) carried through unchanged.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Tlv {
    /// Its tag.
    #[prost(uint32, tag = "1")]
    pub tag: u32,
    /// Its value.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

/// Receipt events a submitter asks for; the bits are Kannel's `dlr-mask`.
pub mod want {
    /// Delivered to the handset.
    pub const DELIVERED: u32 = 1;
    /// Could not be delivered.
    pub const FAILED: u32 = 2;
    /// Buffered by the carrier (intermediate state).
    pub const BUFFERED: u32 = 4;
    /// Accepted by the carrier.
    pub const ACCEPTED: u32 = 8;
    /// Refused by the carrier.
    pub const REFUSED: u32 = 16;
    /// Read by whoever got it (multimedia messages).
    pub const READ: u32 = 32;
    /// The final states: delivered, failed, refused.
    pub const FINAL: u32 = DELIVERED | FAILED | REFUSED;
}

/// A message, as the spool stores it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Message {
    /// Which way.
    #[prost(enumeration = "Kind", tag = "1")]
    pub kind: i32,
    /// By which door it came.
    #[prost(enumeration = "Door", tag = "2")]
    pub door: i32,
    /// Sender.
    #[prost(message, required, tag = "3")]
    pub source: Address,
    /// Recipient.
    #[prost(message, required, tag = "4")]
    pub destination: Address,

    /// The content as text, where the door had text; else `payload` counts.
    #[prost(string, optional, tag = "5")]
    pub text: Option<String>,
    /// The content as octets, as it came: the user data, with its user data header if `udhi`. More than 140 octets where the door allows
    /// it (message_payload).
    #[prost(bytes = "bytes", tag = "6")]
    pub payload: Bytes,
    /// SMPP data_coding of `payload` (SMPP 3.4, 5.2.19); for `text`, a wish: `None`-like 0 = choose, 8 = force UCS-2.
    #[prost(uint32, tag = "7")]
    pub data_coding: u32,
    /// `payload` begins with a user data header (3GPP TS 23.040, 9.2.3.24).
    #[prost(bool, tag = "8")]
    pub udhi: bool,
    /// What data_coding 0 means at the door it came by (a charset name of the GSM crate), empty = GSM 7-bit, one octet a septet.
    #[prost(string, tag = "9")]
    pub charset: String,
    /// Message class 0-3 plus 1, 0 = none: for `text`, to be put into the data coding by the connector (1 = flash).
    #[prost(uint32, tag = "10")]
    pub class: u32,
    /// User data header for `text` (ports and such), with its length octet; empty = none.
    #[prost(bytes = "bytes", tag = "11")]
    pub udh: Bytes,

    /// TP-PID / protocol_id.
    #[prost(uint32, tag = "12")]
    pub protocol_id: u32,
    /// SMPP service_type.
    #[prost(string, tag = "13")]
    pub service_type: String,
    /// Reply path, other esm_class bits than UDHI and the message type: SMPP esm_class with those cleared.
    #[prost(uint32, tag = "14")]
    pub esm_class: u32,
    /// SMPP replace_if_present_flag.
    #[prost(bool, tag = "15")]
    pub replace_if_present: bool,
    /// TLVs to carry on, except those that the fields above stand for.
    #[prost(message, repeated, tag = "16")]
    pub tlvs: Vec<Tlv>,

    /// Which receipts the submitter wants: bits of [`want`].
    #[prost(uint32, tag = "20")]
    pub want: u32,
    /// Where receipts go, if not where the account says: Kannel's dlr-url with its escapes, or a webhook address.
    #[prost(string, tag = "21")]
    pub callback: String,
    /// The submitter's own reference, given back in receipts.
    #[prost(string, tag = "22")]
    pub reference: String,
    /// Free data of the door that must come back with receipts (Kannel: account, service, binfo, ...), its own format.
    #[prost(string, tag = "23")]
    pub door_data: String,
    /// SMPP user_message_reference and the like stay in `tlvs`; this is the system_id or web user's address for the ledger.
    /// UTF-8: see [`words`].
    #[prost(bytes = "bytes", tag = "24")]
    pub submitted_from: Bytes,

    /// The submitter gave a validity itself, so the carrier is told as well.
    #[prost(bool, tag = "25")]
    pub validity_given: bool,

    /// The connectors that may carry it, in order (failover); empty where there is only one.
    #[prost(string, repeated, tag = "30")]
    pub via: Vec<String>,
    /// The connector it was received by (MO) or sent by (receipts).
    #[prost(string, tag = "31")]
    pub connector: String,
    /// What a [`Kind::Receipt`] says.
    #[prost(message, optional, boxed, tag = "32")]
    pub receipt: Option<Box<Receipt>>,
    /// The carrier's id of a received message, if it gave one.
    #[prost(string, tag = "33")]
    pub remote_id: String,
    /// Fields of the protocol it came by that have no place in the others, in that protocol's own format; a door or line of the same
    /// protocol may carry them on. Receipts get those of the message they are about.
    #[prost(bytes = "bytes", tag = "34")]
    pub native: Bytes,
    /// Of a [`Kind::MtPart`]: which part it is, and what it was submitted with. Settled by [`crate::Gateway::submit`].
    #[prost(message, optional, boxed, tag = "35")]
    pub waiting: Option<Box<Waiting>>,
    /// Of a received message: the account that handed it to us, which is told what became of it by a [`Kind::Receipt`] in its queue; empty
    /// where nobody is. Of a message that came by e-mail: the account in whose queue its receipts wait, instead of its own.
    #[prost(string, tag = "36")]
    pub tell: String,
    /// Of a [`Kind::Mms`]: octets of its content, which is kept elsewhere.
    #[prost(uint64, tag = "37")]
    pub size: u64,
}

/// What a line about a message in the feed ([`waxwing_spool::Op::Note`]) is about: its `kind`. Stored and shown: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Remark {
    /// Anything else.
    Other = 0,
    /// The recipient was told that it can be fetched.
    Notified = 1,
    /// A phone fetched it; the words say which, and how it was adapted.
    Fetched = 2,
    /// The phone said that it will fetch it later.
    Deferred = 3,
    /// Somebody read it.
    Read = 4,
    /// The page with it was opened.
    Opened = 5,
}

impl Remark {
    /// Its number in the feed.
    pub fn code(self) -> u8 {
        u8::try_from(self as i32).unwrap_or(0)
    }

    /// Its name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Remark::Other => "",
            Remark::Notified => "notified",
            Remark::Fetched => "fetched",
            Remark::Deferred => "deferred",
            Remark::Read => "read",
            Remark::Opened => "opened",
        }
    }
}

/// What a submitted part of a long message knows of the whole.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Waiting {
    /// Reference number, 8 or 16 bits.
    #[prost(uint32, tag = "1")]
    pub reference: u32,
    /// Parts in all, 2 to 255.
    #[prost(uint32, tag = "2")]
    pub total: u32,
    /// This one, from 1.
    #[prost(uint32, tag = "3")]
    pub number: u32,
    /// Not to be sent before, milliseconds since 1970; 0 = at once.
    #[prost(uint64, tag = "4")]
    pub due: u64,
    /// Route or connector asked for; empty = none.
    #[prost(string, tag = "5")]
    pub route: String,
}

/// The content of a delivery receipt on its way to the submitter.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Receipt {
    /// Number of the message it is about.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The state: a [`crate::State`] as its number.
    #[prost(enumeration = "crate::State", tag = "2")]
    pub state: i32,
    /// The carrier's error code as it came, without the `err:`; empty if none. UTF-8: see [`words`].
    #[prost(bytes = "bytes", tag = "3")]
    pub error: Bytes,
    /// When the message was accepted, milliseconds since 1970.
    #[prost(uint64, tag = "4")]
    pub submitted: u64,
    /// When it reached the state, milliseconds since 1970.
    #[prost(uint64, tag = "5")]
    pub done: u64,
    /// Parts that the message was sent in.
    #[prost(uint32, tag = "6")]
    pub parts: u32,
    /// Parts that were delivered.
    #[prost(uint32, tag = "7")]
    pub delivered: u32,
    /// The beginning of the message's text (at most 20 characters), as the standard's receipts have it. UTF-8.
    #[prost(bytes = "bytes", tag = "8")]
    pub text: Bytes,
    /// The carrier's own id (of the part that decided the state). UTF-8.
    #[prost(bytes = "bytes", tag = "9")]
    pub remote_id: Bytes,
    /// What the carrier or this gateway said, for people.
    #[prost(string, tag = "10")]
    pub reason: String,
    /// One bit of [`want`]: which wish this receipt fulfils.
    #[prost(uint32, tag = "11")]
    pub event: u32,
    /// The carrier's status report as it came (receipt text), empty if this gateway made the receipt itself.
    #[prost(bytes = "bytes", tag = "12")]
    pub raw: Bytes,
    /// The state's name as the carrier spelt it (stat:...), empty if none. UTF-8.
    #[prost(bytes = "bytes", tag = "13")]
    pub stat: Bytes,
}

/// The words in a field that is UTF-8 and is kept as octets, which need not be copied out of what was read. Empty where it is not UTF-8
/// after all.
pub fn words(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap_or_default()
}

impl Message {
    /// A new MT text message with nothing special.
    pub fn new_text(source: Address, destination: Address, text: impl Into<String>) -> Message {
        Message { source, destination, text: Some(text.into()), ..Message::default() }
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Bytes {
        Bytes::from(self.encode_to_vec())
    }

    /// Reads the stored form; octet fields share the buffer.
    ///
    /// # Errors
    /// When the octets are not a stored message.
    pub fn from_bytes(body: Bytes) -> Result<Message, prost::DecodeError> {
        Message::decode(body)
    }

    /// A TLV's value.
    pub fn tlv(&self, tag: u16) -> Option<&Bytes> {
        self.tlvs.iter().find(|t| t.tag == u32::from(tag)).map(|t| &t.value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_stored_as_strings_is_read_as_octets() {
        let stored = b"\x1a\x03001\x42\x05hello\x4a\x026a\x6a\x07DELIVRD";
        let r = Receipt::decode(&stored[..]).unwrap();
        assert_eq!((words(&r.error), words(&r.text), words(&r.remote_id), words(&r.stat)), ("001", "hello", "6a", "DELIVRD"));
        assert_eq!(r.encode_to_vec(), stored);
        let m = Message::decode(&b"\x1a\x00\x22\x00\xc2\x01\x04shop"[..]).unwrap();
        assert_eq!(words(&m.submitted_from), "shop");
        assert_eq!(words(b"\xff"), "");
    }
}
