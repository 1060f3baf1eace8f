//! Receipts written in their stored form straight from what is known, without making the structs first: each message has at least two.
//!
//! What is written here is exactly what [`Message`] and [`CarrierReceipt`] write, which the tests hold side by side.

use bytes::Bytes;
use prost::encoding::{encode_varint, encoded_len_varint};
use smallvec::SmallVec;

use crate::{Address, CarrierReceipt, Kind, Message, Millis, MsgId, State, Tlv};

/// user_message_reference, which belongs into receipts (SMPP 3.4, 4.6.1).
const USER_MESSAGE_REFERENCE: u32 = 0x0204;

/// Most characters of the message's text in a receipt.
const TEXT_MAX: usize = 20;

/// What is known when a receipt is made.
pub(crate) struct ReceiptFacts<'a> {
    pub(crate) id: MsgId,
    pub(crate) state: State,
    /// One bit of [`crate::want`].
    pub(crate) event: u32,
    pub(crate) submitted: Millis,
    pub(crate) done: Millis,
    pub(crate) parts: u32,
    pub(crate) delivered: u32,
    pub(crate) error: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) remote_id: &'a [u8],
    pub(crate) raw: &'a [u8],
    pub(crate) stat: &'a str,
}

impl ReceiptFacts<'_> {
    /// The stored form of the [`Kind::Receipt`] that tells it to the submitter of a message.
    pub(crate) fn about(&self, msg: &Message, connector: &str) -> Bytes {
        let text = crate::content::beginning(msg, TEXT_MAX);
        let remote_id = String::from_utf8_lossy(self.remote_id);
        message(|out| {
            out.number(1, Kind::Receipt as u64);
            out.number(2, msg.door() as u64);
            // As if the recipient answered: receipts go the other way (SMPP 3.4, appendix B).
            out.nested(3, |out| address(&msg.destination, out));
            out.nested(4, |out| address(&msg.source, out));
            out.octets(13, msg.service_type.as_bytes());
            for t in msg.tlvs.iter().filter(|t| t.tag == USER_MESSAGE_REFERENCE) {
                out.nested(16, |out| tlv(t, out));
            }
            out.octets(21, msg.callback.as_bytes());
            out.octets(22, msg.reference.as_bytes());
            out.octets(23, msg.door_data.as_bytes());
            out.octets(31, connector.as_bytes());
            out.nested(32, |out| {
                out.number(1, self.id.0);
                out.number(2, self.state as u64);
                out.octets(3, self.error.as_bytes());
                out.number(4, self.submitted);
                out.number(5, self.done);
                out.number(6, self.parts.into());
                out.number(7, self.delivered.into());
                out.octets(8, text.as_bytes());
                out.octets(9, remote_id.as_bytes());
                out.octets(10, self.reason.as_bytes());
                out.number(11, self.event.into());
                out.octets(12, self.raw);
                out.octets(13, self.stat.as_bytes());
            });
            out.octets(34, &msg.native);
        })
    }
}

/// The stored form of a carrier's receipt, with that spelling of its id alone that its message was found by.
pub(crate) fn carrier_receipt(r: &CarrierReceipt, remote: &[u8]) -> Bytes {
    message(|out| {
        out.item(1, remote);
        out.number(2, r.state() as u64);
        out.octets(3, &r.error);
        out.number(4, r.done);
        out.octets(5, &r.raw);
        out.octets(6, &r.stat);
    })
}

fn address(a: &Address, out: &mut Out) {
    out.number(1, a.ton.into());
    out.number(2, a.npi.into());
    out.octets(3, &a.octets);
}

fn tlv(t: &Tlv, out: &mut Out) {
    out.number(1, t.tag.into());
    out.octets(2, &t.value);
}

/// A message in the octets of protocol buffers: counted first, then written into a buffer of that size.
fn message(fields: impl Fn(&mut Out)) -> Bytes {
    let mut out = Out { to: None, len: 0, nested: SmallVec::new(), next: 0 };
    fields(&mut out);
    out.to = Some(Vec::with_capacity(out.len));
    fields(&mut out);
    Bytes::from(out.to.unwrap_or_default())
}

/// Where fields go: into a buffer, or only into a count. Fields that have their default value are left out.
struct Out {
    to: Option<Vec<u8>>,
    len: usize,
    /// Octets of the nested messages, in the order in which they begin: found by counting, used by writing.
    nested: SmallVec<[usize; 8]>,
    next: usize,
}

/// Wire types (protocol buffers, encoding).
const VARINT: u32 = 0;
const LENGTH_DELIMITED: u32 = 2;

impl Out {
    fn varint(&mut self, value: u64) {
        self.len += encoded_len_varint(value);
        if let Some(to) = &mut self.to {
            encode_varint(value, to);
        }
    }

    fn key(&mut self, tag: u32, wire_type: u32) {
        self.varint(u64::from(tag << 3 | wire_type));
    }

    fn number(&mut self, tag: u32, value: u64) {
        if value != 0 {
            self.key(tag, VARINT);
            self.varint(value);
        }
    }

    fn octets(&mut self, tag: u32, octets: &[u8]) {
        if !octets.is_empty() {
            self.item(tag, octets);
        }
    }

    /// One of a repeated field, which is there even if it is empty.
    fn item(&mut self, tag: u32, octets: &[u8]) {
        self.key(tag, LENGTH_DELIMITED);
        self.varint(octets.len() as u64);
        self.len += octets.len();
        if let Some(to) = &mut self.to {
            to.extend_from_slice(octets);
        }
    }

    fn nested(&mut self, tag: u32, fields: impl Fn(&mut Out)) {
        if self.to.is_some() {
            let len = self.nested.get(self.next).copied().unwrap_or_default();
            self.next += 1;
            self.key(tag, LENGTH_DELIMITED);
            self.varint(len as u64);
            return fields(self);
        }
        let (at, before) = (self.nested.len(), self.len);
        self.nested.push(0);
        fields(self);
        let len = self.len - before;
        self.nested[at] = len;
        self.key(tag, LENGTH_DELIMITED);
        self.varint(len as u64);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use prost::Message as _;

    use super::*;
    use crate::{Door, Receipt, want};

    fn message() -> Message {
        Message {
            door: Door::Kannel as i32,
            source: Address::parse("12345"),
            destination: Address::parse("+447778001210"),
            text: Some("grüße an alle, die dies lesen können".into()),
            service_type: "WAP".into(),
            tlvs: vec![
                Tlv { tag: 0x1400, value: Bytes::from_static(b"x") },
                Tlv { tag: 0x0204, value: Bytes::from_static(b"\0\x07") },
                Tlv { tag: 0x0204, value: Bytes::new() },
            ],
            callback: "http://localhost/?d=%d".into(),
            reference: "order-1".into(),
            door_data: "id=1".into(),
            submitted_from: "shop".into(),
            native: Bytes::from_static(b"\x01link\xff"),
            want: want::FINAL,
            ..Message::default()
        }
    }

    fn facts<'a>(raw: &'a [u8], error: &'a str) -> ReceiptFacts<'a> {
        ReceiptFacts {
            id: MsgId(0x6b03_0cc9),
            state: State::Undeliverable,
            event: want::FAILED,
            submitted: 1_780_000_000_000,
            done: 1_780_000_000_500,
            parts: 300,
            delivered: 0,
            error,
            reason: "absent subscriber",
            remote_id: b"6a\xff",
            raw,
            stat: "UNDELIV",
        }
    }

    /// The same by way of the structs.
    fn by_structs(f: &ReceiptFacts<'_>, msg: &Message, connector: &str) -> Message {
        let receipt = Receipt {
            id: f.id.0,
            state: f.state as i32,
            error: f.error.to_owned().into(),
            submitted: f.submitted,
            done: f.done,
            parts: f.parts,
            delivered: f.delivered,
            text: crate::content::beginning(msg, 20).into(),
            remote_id: String::from_utf8_lossy(f.remote_id).into_owned().into(),
            reason: f.reason.to_owned(),
            event: f.event,
            raw: Bytes::copy_from_slice(f.raw),
            stat: f.stat.to_owned().into(),
        };
        Message {
            kind: Kind::Receipt as i32,
            door: msg.door,
            source: msg.destination.clone(),
            destination: msg.source.clone(),
            service_type: msg.service_type.clone(),
            callback: msg.callback.clone(),
            reference: msg.reference.clone(),
            door_data: msg.door_data.clone(),
            native: msg.native.clone(),
            connector: connector.to_owned(),
            tlvs: msg.tlvs.iter().filter(|t| t.tag == 0x0204).cloned().collect(),
            receipt: Some(Box::new(receipt)),
            ..Message::default()
        }
    }

    #[test]
    fn a_receipt_is_written_as_its_structs_are() {
        let long = vec![b'r'; 20_000];
        for msg in [message(), Message::default()] {
            for (raw, error) in [(&b""[..], ""), (b"id:1 stat:UNDELIV", "001"), (&long, "001")] {
                let f = facts(raw, error);
                let written = f.about(&msg, "carrier");
                assert_eq!(written, by_structs(&f, &msg, "carrier").to_bytes());
                assert_eq!(Message::from_bytes(written).unwrap().receipt.unwrap().raw, raw);
            }
        }
    }

    #[test]
    fn a_carriers_receipt_is_written_as_its_struct_is() {
        let r = CarrierReceipt {
            remotes: vec![Bytes::from_static(b"255"), Bytes::from_static(b"ff")],
            state: State::Expired as i32,
            error: "001".into(),
            done: 1_780_000_000_000,
            raw: Bytes::from_static(b"id:255 stat:EXPIRED"),
            stat: "EXPIRED".into(),
        };
        for r in [r, CarrierReceipt::default()] {
            for remote in [&b"ff"[..], b""] {
                let alone = CarrierReceipt { remotes: vec![Bytes::copy_from_slice(remote)], ..r.clone() };
                assert_eq!(carrier_receipt(&r, remote), alone.encode_to_vec());
            }
        }
    }
}
